// Clients that die at each point of an honest login (A19): before and within the identification,
// within a KEXINIT, and behind each message, in either direction. Used by bastion_limits.cpp, some
// times, and by tests/heavy, a thousand times.
// Invariant: a death is over when the bastion has no connection any more.
#pragma once

#include "support/bastion_scene.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace adit::test {

inline constexpr std::string_view some_identification = "SSH-2.0-test\r\n";

/// The beginning of a KEXINIT that promises more.
[[nodiscard]] inline std::string half_a_kexinit() {
    return std::string(some_identification) + std::string("\0\0\1\xfc\x05\x14", 6) +
           std::string(40, 'x');
}

class bastion_deaths {
public:
    using tcp = asio::ip::tcp;

    explicit bastion_deaths(bastion_scene& s) : scene_(s) {}

    /// This often at each point.
    void die_everywhere(std::size_t rounds);
    /// How many messages a login had, at most, before its client died.
    [[nodiscard]] std::size_t messages() const noexcept { return messages_; }
    static constexpr std::size_t points = 16;

private:
    static constexpr std::size_t last_message = 12;

    // Ports that have just been used rest for a minute, each at its own address.
    [[nodiscard]] std::string next_source() {
        return "127.0.1." + std::to_string(1 + ++dialled_ % 250);
    }
    [[nodiscard]] task<> say_and_stop(std::string words, std::vector<tcp::socket>& kept);
    void die_behind_words(const std::string& words, bool by_reset);
    void die_behind_message(std::size_t last);
    void wait_until_gone() {
        scene_.run_until([this] { return scene_.gate().connections() == 0; });
    }

    bastion_scene& scene_;
    std::size_t dialled_ = 0, messages_ = 0;
};

// Details.

inline task<> bastion_deaths::say_and_stop(std::string words, std::vector<tcp::socket>& kept) {
    tcp::socket socket = co_await scene_.dial(next_source());
    auto writing = asio::async_write(socket, asio::buffer(words), asio::deferred);
    static_cast<void>(co_await std::move(writing));
    kept.push_back(std::move(socket));
}

inline void bastion_deaths::die_behind_words(const std::string& words, bool by_reset) {
    std::vector<tcp::socket> kept;
    scene_.play({[&] { return say_and_stop(words, kept); }});
    kept[0].set_option(asio::socket_base::linger(by_reset, 0));
    kept.clear();
    wait_until_gone();
}

inline void bastion_deaths::die_behind_message(std::size_t last) {
    std::size_t seen = 0;
    std::unique_ptr<client> ssh;
    client_options o = scene_.client_side;
    o.trace = [&](const trace_event&) {
        if (++seen == last) asio::post(scene_.ctx, [&ssh] { ssh->close(); });
    };
    const auto dies = [&]() -> task<> {
        tcp::socket socket = co_await scene_.dial(next_source());
        ssh = std::make_unique<client>(std::move(socket), o);
        auto shaking = ssh->async_handshake(asio::as_tuple(asio::deferred));
        static_cast<void>(co_await std::move(shaking));
    };
    scene_.play({dies});
    ssh->close();
    wait_until_gone();
    messages_ = std::max(messages_, seen);
}

inline void bastion_deaths::die_everywhere(std::size_t rounds) {
    const std::vector<std::string> words{"", "SSH-2.0", std::string(some_identification),
                                         half_a_kexinit()};
    static_assert(points == 4 + last_message);
    for (std::size_t i = 0; i < rounds; ++i) {
        for (const std::string& w : words) die_behind_words(w, i % 2 == 0);
        for (std::size_t last = 1; last <= last_message; ++last) die_behind_message(last);
    }
}

}  // namespace adit::test
