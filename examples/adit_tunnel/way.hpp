// The way to the server, from the settings: each jump with those of its own Host block, as ssh has
// it, and a proxy or a command before the first of them. Used by adit_tunnel.cpp.
// Invariants: the command line's options are the last server's, except how much is said and asked
// and the proxy, which is the first one's; its password is in no message and in no process list.
#pragma once

#include "person.hpp"
#include "settings.hpp"

#include <adit/config/key_file.hpp>
#include <adit/config/safe_name.hpp>
#include <adit/upstream.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit_tunnel {

/// The jumps in order, without the last server, which `s` is. Throws usage_error.
[[nodiscard]] std::vector<std::unique_ptr<settings>> settings_of_jumps(const settings& s);

/// How the first server is reached; empty: by TCP. Asks for a proxy's password. Throws usage_error.
[[nodiscard]] task<adit::stream_dialler> upstream_of(const settings& first, person& whom);

// Details.

[[nodiscard]] inline std::unique_ptr<settings> settings_of_jump(const settings& from,
                                                                std::size_t index,
                                                                const settings& last) {
    const adit::config::jump_host& to = from.jumps->at(index);
    auto s = std::make_unique<settings>();
    s->batch = last.batch;
    s->level = last.level;
    s->json = last.json;
    s->given = {"loglevel"};
    if (last.batch) s->given.insert("batchmode");
    if (!to.user.empty()) set_option(*s, "User", to.user);
    if (to.port != 0) set_option(*s, "Port", std::to_string(to.port));
    s->host = to.host;
    if (index < from.jump_profiles.size()) {
        set_jump(*s, from.jump_profiles[index], from.secrets.source);
    }
    read_config_files(*s, last.config_files);
    return s;
}

// The first may have jumps of its own; those of the others are nobody's business, as with ssh -J.
inline std::vector<std::unique_ptr<settings>> settings_of_jumps(const settings& s) {
    constexpr std::size_t most = 16;
    std::vector<std::unique_ptr<settings>> all;
    const settings* first = &s;
    while (first->jumps && !first->jumps->empty()) {
        std::vector<std::unique_ptr<settings>> before;
        for (std::size_t i = 0; i < first->jumps->size(); ++i) {
            before.push_back(settings_of_jump(*first, i, s));
        }
        std::ranges::move(all, std::back_inserter(before));
        all = std::move(before);
        if (all.size() > most) throw usage_error("ProxyJump: that leads in a circle");
        first = all.front().get();
    }
    // Past it nothing can be reached, so it is not for the last server alone; one that the first
    // has, or has not, by its own Host block comes before it.
    if (!all.empty() && s.upstream && !all.front()->given.contains("upstream")) {
        all.front()->upstream = s.upstream;
        all.front()->upstream_password_file = s.upstream_password_file;
    }
    return all;
}

// The first line of a file that nobody else can read.
[[nodiscard]] inline secret_bytes proxy_password(const settings& s) {
    const std::string path = expanded(s, s.upstream_password_file);
    auto content = adit::config::read_key_file(path);
    if (!content) {
        throw usage_error("UpstreamPasswordFile " + path + ": " + content.error().message());
    }
    const auto end = std::ranges::find_if(*content, [](auto c) { return c == '\n' || c == '\r'; });
    content->erase(end, content->end());
    return std::move(*content);
}

[[nodiscard]] inline task<adit::stream_dialler> proxy_of(const settings& s, person& whom) {
    const proxy_spec& spec = *s.upstream;
    adit::proxy_server proxy(spec.host, spec.port);
    proxy.user = spec.user;
    const auto word = std::make_shared<secret_bytes>();
    if (spec.user && !s.upstream_password_file.empty()) {
        *word = proxy_password(s);
    } else if (spec.user && whom.can_answer()) {
        const std::string prompt = "proxy " + adit::escaped(*spec.user + "@" + spec.host) + ":" +
                                   std::to_string(spec.port) + "'s password: ";
        *word = co_await whom.ask(prompt, echo::off);
    }
    proxy.password = [word]() -> task<secret_bytes> { co_return *word; };
    if (spec.socks) co_return adit::through_socks5(std::move(proxy));
    co_return adit::through_http(std::move(proxy));
}

inline task<adit::stream_dialler> upstream_of(const settings& first, person& whom) {
    const bool by_command = first.proxy_command && !first.proxy_command->empty();
    if (by_command && first.upstream) {
        throw usage_error("Upstream and ProxyCommand: there can be one way only");
    }
    if (first.upstream) co_return co_await proxy_of(first, whom);
    if (!by_command) co_return adit::stream_dialler();
    const char* shell = std::getenv("SHELL");
    co_return adit::through_shell(expanded_command(first, *first.proxy_command),
                                  shell == nullptr ? "" : shell);
}

}  // namespace adit_tunnel
