// --profile: the library's profile as ssh's options, so that each value is read in one way and the
// command line, which came before, wins. A jump's are options of its own (way.hpp).
// Invariant: a secret becomes no option and is in no message.
#include "settings.hpp"

#include <adit/config/profile_json.hpp>
#include <adit/config/profile_toml.hpp>

// Boost.JSON's bodies, once in this program.
#include <boost/json/src.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace adit_tunnel {
namespace {

namespace config = adit::config;
using config::profile;
using config::profile_auth;

/// As one word of ssh_config(5).
[[nodiscard]] std::string quoted(std::string_view text) {
    std::string word = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') word += '\\';
        word += c;
    }
    return word + '"';
}

/// The same for a path, in which a '%' is no token.
[[nodiscard]] std::string quoted_path(std::string_view text) {
    std::string path;
    for (const char c : text) path.append(c == '%' ? 2 : 1, c);
    return quoted(path);
}

[[nodiscard]] bool has(const profile& p, profile_auth kind) {
    return p.auth.empty() || std::ranges::find(p.auth, kind) != p.auth.end();
}

// A known password is also what keyboard-interactive's prompts for one are about.
void set_authentications(settings& s, const profile& p) {
    std::string methods;
    const auto add = [&methods](std::string_view method) {
        if (("," + methods + ",").find("," + std::string(method) + ",") != std::string::npos)
            return;
        methods.append(methods.empty() ? "" : ",").append(method);
    };
    for (const profile_auth kind : p.auth) {
        switch (kind) {
            case profile_auth::key:
            case profile_auth::agent: add("publickey"); break;
            case profile_auth::keyboard_interactive: add("keyboard-interactive"); break;
            case profile_auth::none: add("none"); break;
            case profile_auth::password:
                add("password");
                add("keyboard-interactive");
                break;
        }
    }
    if (!methods.empty()) set_option(s, "PreferredAuthentications", methods);
}

void set_keys(settings& s, const profile& p) {
    const bool keys = has(p, profile_auth::key);
    for (const std::string& path : p.key_paths) set_option(s, "IdentityFile", quoted_path(path));
    const bool some = !p.key_paths.empty() || p.private_key;
    if (!keys || some) set_option(s, "IdentityFile", "none");
    if (!has(p, profile_auth::agent)) set_option(s, "IdentityAgent", "none");
    if (!p.agent_socket.empty()) set_option(s, "IdentityAgent", quoted_path(p.agent_socket));
    if (p.identities_only) set_option(s, "IdentitiesOnly", *p.identities_only ? "yes" : "no");
    s.secrets.password = p.password;
    s.secrets.private_key = p.private_key;
    s.secrets.passphrase = p.passphrase;
    s.secrets.totp = p.totp_secret;
    if (!p.totp_secret) return;
    s.totp = p.totp;
    s.given.insert({"totpalgorithm", "totpdigits", "totpperiod"});
}

void set_trust(settings& s, const profile& p) {
    if (p.strict_host_key_checking) {
        switch (*p.strict_host_key_checking) {
            case config::profile_strictness::ask:
                set_option(s, "StrictHostKeyChecking", "ask");
                break;
            case config::profile_strictness::yes:
                set_option(s, "StrictHostKeyChecking", "yes");
                break;
            case config::profile_strictness::accept_new:
                set_option(s, "StrictHostKeyChecking", "accept-new");
                break;
        }
    }
    std::string files;
    for (const std::string& path : p.known_hosts) {
        files += (files.empty() ? "" : " ") + quoted_path(path);
    }
    if (!files.empty()) set_option(s, "UserKnownHostsFile", files);
    if (!p.host_key_alias.empty()) set_option(s, "HostKeyAlias", quoted(p.host_key_alias));
}

void set_times(settings& s, const profile& p) {
    if (p.keepalive_interval) {
        set_option(s, "ServerAliveInterval", std::to_string(p.keepalive_interval->count()));
    }
    if (p.keepalive_count) {
        set_option(s, "ServerAliveCountMax", std::to_string(*p.keepalive_count));
    }
    if (p.connect_timeout) {
        set_option(s, "ConnectTimeout", std::to_string(p.connect_timeout->count()));
    }
}

[[nodiscard]] std::string place(std::string_view host, std::uint16_t port) {
    const bool colon = host.find(':') != std::string_view::npos;
    const std::string name = colon ? "[" + std::string(host) + "]" : std::string(host);
    return name + ":" + std::to_string(port);
}

void set_forward(settings& s, const profile& p) {
    std::string to = p.remote_socket;
    if (!p.remote_host.empty()) to = place(p.remote_host, p.remote_port);
    if (to.empty()) return;
    const std::uint16_t port = p.local_port.value_or(0);
    const std::string from =
        p.local_host.empty() ? std::to_string(port) : place(p.local_host, port);
    set_option(s, "LocalForward", from + ":" + to);
}

void set_upstream(settings& s, const profile& p) {
    if (p.proxy_host.empty()) return;
    constexpr std::uint16_t usual = 3128;
    if (!s.given.insert("upstream").second) return;
    s.upstream = proxy_spec{false, p.proxy_host, p.proxy_port == 0 ? usual : p.proxy_port, {}};
}

// As with ssh, what the command line says about the way there takes the place of all of it.
void set_jumps(settings& s, const profile& p) {
    if (p.jumps.empty() || s.proxy_command || !s.given.insert("proxyjump").second) return;
    s.jumps.emplace();
    for (const profile& hop : p.jumps) s.jumps->push_back({hop.user, hop.host, hop.port});
    s.jump_profiles = p.jumps;
}

void apply(settings& s, const profile& p) {
    if (!p.enabled) throw usage_error("the profile is switched off: enabled is false");
    s.host = p.host;
    if (!p.user.empty()) set_option(s, "User", quoted(p.user));
    if (p.port != 0) set_option(s, "Port", std::to_string(p.port));
    set_authentications(s, p);
    set_keys(s, p);
    set_trust(s, p);
    set_times(s, p);
    set_forward(s, p);
    set_upstream(s, p);
    set_jumps(s, p);
}

void apply_from(settings& s, const profile& p, const std::string& source) {
    s.secrets.source = source;
    try {
        apply(s, p);
    } catch (const usage_error& e) {
        throw usage_error(source + ": " + e.what());
    }
}

}  // namespace

void read_profile_file(settings& s, std::string_view text) {
    const auto slash = text.rfind('/');
    const auto colon = text.rfind(':');
    const bool named =
        colon != std::string_view::npos && (slash == std::string_view::npos || slash < colon);
    const std::string_view name = named ? text.substr(colon + 1) : std::string_view();
    const std::string path(named ? text.substr(0, colon) : text);
    const auto loaded = path.ends_with(".json") ? config::load_json_profile(path, name)
                                                : config::load_toml_profile(path, name);
    if (!loaded) throw usage_error(loaded.error().sentence());
    apply_from(s, *loaded, path + (loaded->name.empty() ? "" : ": profile " + loaded->name));
}

void set_jump(settings& s, const config::profile& hop, const std::string& source) {
    apply_from(s, hop, source + ": jump " + hop.host);
}

}  // namespace adit_tunnel
