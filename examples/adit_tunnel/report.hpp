// What adit-tunnel says: short lines for a person, or one JSON object per line with --json; on a
// terminal one live status line below them. Warnings and failures go to stderr, the rest to stdout.
// Used by adit_tunnel.cpp and the prompts. Invariants: no text of a peer reaches a terminal or a
// log without having been escaped; a line never lands on the status line, nor that on a question.
// Over 300 lines: each event twice, for people and for programs.
#pragma once

#include "../programs/json.hpp"
#include "settings.hpp"
#include "steps.hpp"

#include <adit/tunnel.hpp>

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace adit_tunnel {

using programs::json_object;

class reporter {
public:
    explicit reporter(const settings& s)
        : settings_(s),
          live_(!s.json && s.level >= talk::info && ::isatty(STDOUT_FILENO) == 1 && smart()) {}
    reporter(const reporter&) = delete;
    reporter& operator=(const reporter&) = delete;
    ~reporter() { clear_status(); }

    void ready(const adit::tunnel& t, std::chrono::steady_clock::duration time);
    void happened(const adit::tunnel_event& event);
    void warning(const std::string& text);
    /// A warning that only -q silences.
    void alarm(const std::string& text);
    /// Something that the server wants a person to read before it asks; escaped.
    void shown(const std::string& text);
    /// What is done next, for -v.
    void step(const std::string& text);
    /// Why, for -vvv.
    void detail(const std::string& text);
    /// A message that went by, for -v (where it is a step) and more.
    void traced(const adit::trace_event& event);
    void failed(const adit::diagnostics& story, adit::error_code cause);
    void failed(const std::string& text);
    void closed(const adit::tunnel& t, const std::string& cause);
    /// Redraws the status line, if there is one.
    void status(const adit::tunnel& t);
    [[nodiscard]] bool is_live() const noexcept { return live_; }

    /// There is no status line for as long as one of these lives: a question has the terminal.
    class question {
    public:
        explicit question(reporter& whose) : whose_(whose) {
            ++whose_.questions_;
            whose_.clear_status();
        }
        question(const question&) = delete;
        question& operator=(const question&) = delete;
        ~question() { --whose_.questions_; }

    private:
        reporter& whose_;
    };

    [[nodiscard]] talk level() const noexcept { return settings_.level; }

private:
    [[nodiscard]] static bool smart() {
        const char* kind = std::getenv("TERM");
        return kind != nullptr && std::string_view(kind) != "dumb";
    }
    void line(std::FILE* where, const std::string& text);
    void person(talk from, const std::string& text);
    void json(const json_object& object);
    void clear_status();
    void event_as_json(const adit::tunnel_event& event);
    void changed(const adit::tunnel_event& event);
    [[nodiscard]] std::string rates(const adit::tunnel_counters& now);
    [[nodiscard]] std::string target_of(const adit::tunnel_event& event) const;
    [[nodiscard]] std::string forwards_as_json(const adit::tunnel& t);
    [[nodiscard]] std::string time_shown() const;

    const settings& settings_;
    const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    const bool live_;
    std::string shown_;  // the status line on the screen
    unsigned questions_ = 0;
    std::uint64_t open_ = 0, served_ = 0, refused_ = 0, times_connected_ = 0;
    // What the status line showed last.
    std::chrono::steady_clock::time_point rated_at_ = begin_;
    std::uint64_t rated_up_ = 0, rated_down_ = 0;
};

/// 1234567 as "1.2 MB".
[[nodiscard]] std::string readable(std::uint64_t bytes);

// Details.

inline std::string readable(std::uint64_t bytes) {
    constexpr std::array<const char*, 5> units{"B", "kB", "MB", "GB", "TB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    std::array<char, 32> text{};
    const int digits = unit == 0 || value >= 99.5 ? 0 : 1;
    const int size = std::snprintf(text.data(), text.size(), "%.*f %s", digits, value, units[unit]);
    return {text.data(), static_cast<std::size_t>(size)};
}

inline void reporter::line(std::FILE* where, const std::string& text) {
    clear_status();
    std::fprintf(where, "%s\n", text.c_str());
    std::fflush(where);
}

inline void reporter::person(talk from, const std::string& text) {
    if (!settings_.json && settings_.level >= from) line(stdout, text);
}

inline void reporter::json(const json_object& object) {
    if (settings_.json) line(stdout, object.str());
}

inline void reporter::clear_status() {
    if (shown_.empty()) return;
    std::fputs("\r\033[K", stdout);
    std::fflush(stdout);
    shown_.clear();
}

inline std::string forward_spec::target() const {
    if (dynamic) return "SOCKS";
    if (!to_path.empty()) return adit::escaped(to_path);
    return adit::forward_target{false, host, port, {}, 0}.to_string();
}

inline std::string reporter::target_of(const adit::tunnel_event& event) const {
    const auto& all = event.remote ? settings_.remote_forwards : settings_.forwards;
    if (event.forward < all.size()) return all[event.forward].target();
    return settings_.stdio_forward ? settings_.stdio_forward->target() : "";
}

[[nodiscard]] inline std::string to_milliseconds(std::chrono::steady_clock::duration time) {
    std::array<char, 32> text{};
    const double ms = std::chrono::duration<double, std::milli>(time).count();
    const int size = std::snprintf(text.data(), text.size(), "%.1f", ms);
    return {text.data(), static_cast<std::size_t>(size)};
}

// Also told to a person; what could not be bound was told before.
inline std::string reporter::forwards_as_json(const adit::tunnel& t) {
    std::string all;
    const auto endpoints = t.endpoints();
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        const std::string at = t.listens_at(i);
        if (at.empty()) continue;
        const forward_spec& f = settings_.forwards[i];
        person(talk::info, at + " -> " + f.target());
        json_object one;
        if (!f.bind_path.empty()) {
            one.text("bind_path", at);
        } else {
            one.text("bind", endpoints[i].address().to_string());
            one.number("port", endpoints[i].port());
        }
        if (f.dynamic) {
            one.truth("socks", true);
        } else if (!f.to_path.empty()) {
            one.text("path", adit::escaped(f.to_path));
        } else {
            one.text("host", adit::escaped(f.host)).number("host_port", f.port);
        }
        all += (all.empty() ? "" : ",") + one.str();
    }
    return all;
}

inline void reporter::ready(const adit::tunnel& t, std::chrono::steady_clock::duration time) {
    const adit::session_info info = t.info();
    const std::string mac = info.mac_to_server.empty() ? "" : " " + info.mac_to_server;
    if (!t.diagnostics().banner.empty()) {
        person(talk::info, "the server says: " + t.diagnostics().banner);
    }
    person(talk::info, "ready in " + to_milliseconds(time) + " ms: " + t.diagnostics().hop);
    person(talk::verbose, info.peer_version + ", " + info.kex + ", " + info.cipher_to_server + mac +
                              ", " + info.host_key_algorithm + " " + info.host_key_fingerprint);
    json_object event("ready");
    event.text("server", t.diagnostics().hop).text("server_version", info.peer_version);
    event.raw("forwards", "[" + forwards_as_json(t) + "]").raw("ready_ms", to_milliseconds(time));
    event.text("kex", info.kex).text("host_key_algorithm", info.host_key_algorithm);
    event.text("host_key_fingerprint", info.host_key_fingerprint);
    event.text("cipher_to_server", info.cipher_to_server).text("mac_to_server", info.mac_to_server);
    event.text("cipher_to_client", info.cipher_to_client).text("mac_to_client", info.mac_to_client);
    json(event.truth("strict_kex", info.strict_kex));
}

[[nodiscard]] inline const char* name_of(adit::tunnel_event::kind what) {
    using kind = adit::tunnel_event::kind;
    switch (what) {
        case kind::opened: return "connection_opened";
        case kind::closed: return "connection_closed";
        case kind::refused: return "connection_refused";
        case kind::held: return "connection_held";
        case kind::unbound: return "forward_failed";
        case kind::bound: return "forward_bound";
        case kind::state: return "state";
    }
    return "unknown";
}

inline void reporter::event_as_json(const adit::tunnel_event& event) {
    using kind = adit::tunnel_event::kind;
    json_object object(name_of(event.what));
    if (event.id != 0) object.number("id", event.id).text("peer", event.peer);
    object.number("forward", event.forward).text("to", target_of(event));
    if (event.what == kind::closed) {
        object.number("bytes_up", event.bytes_up).number("bytes_down", event.bytes_down);
    }
    if (event.error) object.text("error", event.error.message());
    if (event.remote) object.truth("remote", true);
    const bool is_place = event.what == kind::bound || event.what == kind::unbound;
    if (!event.text.empty()) object.text(is_place ? "at" : "server_text", event.text);
    json(object);
}

[[nodiscard]] inline std::string to_seconds_shown(std::chrono::milliseconds time) {
    std::array<char, 32> text{};
    const double s = std::chrono::duration<double>(time).count();
    const int size = std::snprintf(text.data(), text.size(), "%.1f s", s);
    return {text.data(), static_cast<std::size_t>(size)};
}

// The first connection is "ready", and the last end "closed".
inline void reporter::changed(const adit::tunnel_event& event) {
    using state = adit::tunnel_state;
    if (event.state == state::waiting) {
        json(json_object("reconnecting")
                 .text("error", event.error.message())
                 .text("text", event.text)
                 .number("next_ms", event.next.count()));
        if (settings_.level >= talk::info) {
            line(stderr, "adit-tunnel: " + event.text + "; trying again in " +
                             to_seconds_shown(event.next));
        }
    } else if (event.state == state::connected && ++times_connected_ > 1) {
        json(json_object("connected").number("reconnects", times_connected_ - 1));
        person(talk::info, "connected again");
    } else if (event.state == state::reconnecting) {
        step("connecting again");
    }
}

inline void reporter::happened(const adit::tunnel_event& event) {
    using kind = adit::tunnel_event::kind;
    if (event.what == kind::state) return changed(event);
    event_as_json(event);
    const std::string who =
        "#" + std::to_string(event.id) + " " + event.peer + " -> " + target_of(event) + ": ";
    switch (event.what) {
        case kind::opened:
            ++open_;
            ++served_;
            return person(talk::verbose, who + "open");
        case kind::closed: {
            --open_;
            const std::string bytes =
                readable(event.bytes_up) + " up, " + readable(event.bytes_down) + " down";
            return event.error ? person(talk::info, who + event.error.message() + ", " + bytes)
                               : person(talk::verbose, who + "closed, " + bytes);
        }
        case kind::refused: {
            ++refused_;
            const std::string words =
                event.text.empty() ? "" : "; the server says: \"" + event.text + "\"";
            return person(talk::info, who + event.error.message() + words);
        }
        case kind::held: return person(talk::verbose, who + "waits for the SSH connection");
        case kind::bound:
            if (event.remote) {
                return person(talk::info, "the server's " + event.text + " -> " + target_of(event));
            }
            return person(talk::info, target_of(event) + " has its port again");
        case kind::state: return;
        case kind::unbound:
            return warning("nothing listens for " + target_of(event) + ": " +
                           event.error.message() + " (" + event.text + ")");
    }
}

inline void reporter::warning(const std::string& text) {
    json(json_object("warning").text("text", adit::escaped(text, text.size())));
    if (settings_.level >= talk::info) line(stderr, "adit-tunnel: " + text);
}

inline void reporter::alarm(const std::string& text) {
    json(json_object("warning").text("text", adit::escaped(text, text.size())));
    if (settings_.level >= talk::error) line(stderr, "adit-tunnel: " + text);
}

inline void reporter::shown(const std::string& text) {
    if (settings_.level >= talk::error) line(stderr, text);
}

inline void reporter::step(const std::string& text) {
    if (settings_.level >= talk::verbose) line(stderr, "- " + time_shown() + text);
}

inline void reporter::detail(const std::string& text) {
    if (settings_.level >= talk::everything) line(stderr, "  " + time_shown() + text);
}

inline void reporter::traced(const adit::trace_event& event) {
    if (settings_.level >= talk::debug) {
        line(stderr, (event.sent ? "> " : "< ") + time_shown() + event.text());
    }
    const std::string text = step_of(event);
    if (!text.empty()) step(text);
}

// Only -vvv says when.
inline std::string reporter::time_shown() const {
    if (settings_.level < talk::everything) return {};
    return to_milliseconds(std::chrono::steady_clock::now() - begin_) + " ms ";
}

inline void reporter::failed(const adit::diagnostics& story, adit::error_code cause) {
    if (!story.banner.empty()) warning("the server says: " + story.banner);
    json(json_object("failed")
             .text("stage", to_text(story.stage))
             .text("error", cause.message())
             .text("server_text", story.peer_text)
             .text("text", adit::escaped(story.describe(cause), std::size_t{16} * 1024)));
    if (settings_.level >= talk::error) line(stderr, "adit-tunnel: " + story.describe(cause));
}

inline void reporter::failed(const std::string& text) {
    json(json_object("failed").text("text", adit::escaped(text, text.size())));
    if (settings_.level >= talk::error) line(stderr, "adit-tunnel: " + text);
}

inline void reporter::closed(const adit::tunnel& t, const std::string& cause) {
    json(json_object("closed")
             .text("cause", cause)
             .number("bytes_up", t.bytes_up())
             .number("bytes_down", t.bytes_down())
             .number("connections", served_)
             .number("rekeys", t.info().rekeys));
    person(talk::info, "closed: " + cause + "; " + std::to_string(served_) + " connections, " +
                           readable(t.bytes_up()) + " up, " + readable(t.bytes_down()) + " down");
}

inline std::string reporter::rates(const adit::tunnel_counters& now) {
    const auto when = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(when - rated_at_).count();
    rated_at_ = when;
    const auto rate = [seconds](std::uint64_t before, std::uint64_t bytes) {
        const double moved = static_cast<double>(bytes - before);
        return bytes == before || seconds <= 0
                   ? std::string()
                   : " (" + readable(static_cast<std::uint64_t>(moved / seconds)) + "/s)";
    };
    const std::string up = rate(std::exchange(rated_up_, now.bytes_up), now.bytes_up);
    const std::string down = rate(std::exchange(rated_down_, now.bytes_down), now.bytes_down);
    return readable(now.bytes_up) + " up" + up + ", " + readable(now.bytes_down) + " down" + down;
}

inline void reporter::status(const adit::tunnel& t) {
    if (!live_ || questions_ != 0) return;
    const adit::tunnel_counters now = t.counters();
    std::string text = std::string(to_text(t.state())) + "; " + std::to_string(open_) + " open, " +
                       std::to_string(served_) + " served";
    if (now.held != 0) text += ", " + std::to_string(now.held) + " waiting";
    if (refused_ != 0) text += ", " + std::to_string(refused_) + " refused";
    text += "; " + rates(now);
    if (text == shown_) return;
    clear_status();
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
    shown_ = text;
}

}  // namespace adit_tunnel
