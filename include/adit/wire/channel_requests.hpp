// What each request on a session channel carries: RFC 4254 sections 6.2 to 6.10, in both
// directions, and the encoded terminal modes of section 8. Used by session.hpp and by servers that
// look at what a client asks. Texts are the peer's: commands and values may be any bytes.
#pragma once

#include <adit/bodies.hpp>
#include <adit/wire/message.hpp>

#include <vector>

namespace adit::wire {

/// The one type of extended data there is, RFC 4254 section 5.2: standard error.
inline constexpr u32 extended_data_stderr = 1;

struct session_open {  // RFC 4254 section 6.1
    static constexpr text channel_type = "session";
    static constexpr text names = "";
    static constexpr auto wire(auto&) { return std::tie(); }
};

struct pty_request {  // RFC 4254 section 6.2
    static constexpr text request_type = "pty-req";
    text terminal;  ///< the value of TERM
    u32 columns{}, rows{}, width_pixels{}, height_pixels{};
    octets modes;
    static constexpr text names = "terminal columns rows width_pixels height_pixels modes";
    static constexpr auto wire(auto& m) {
        return std::tie(m.terminal, m.columns, m.rows, m.width_pixels, m.height_pixels, m.modes);
    }
};

struct env_request {  // RFC 4254 section 6.4
    static constexpr text request_type = "env";
    text variable_name, variable_value;
    static constexpr text names = "variable_name variable_value";
    static constexpr auto wire(auto& m) { return std::tie(m.variable_name, m.variable_value); }
};

struct shell_request {  // RFC 4254 section 6.5
    static constexpr text request_type = "shell";
    static constexpr text names = "";
    static constexpr auto wire(auto&) { return std::tie(); }
};

struct exec_request {  // RFC 4254 section 6.5
    static constexpr text request_type = "exec";
    text command;
    static constexpr text names = "command";
    static constexpr auto wire(auto& m) { return std::tie(m.command); }
};

struct subsystem_request {  // RFC 4254 section 6.5
    static constexpr text request_type = "subsystem";
    text subsystem_name;
    static constexpr text names = "subsystem_name";
    static constexpr auto wire(auto& m) { return std::tie(m.subsystem_name); }
};

struct window_change {  // RFC 4254 section 6.7
    static constexpr text request_type = "window-change";
    u32 columns{}, rows{}, width_pixels{}, height_pixels{};
    static constexpr text names = "columns rows width_pixels height_pixels";
    static constexpr auto wire(auto& m) {
        return std::tie(m.columns, m.rows, m.width_pixels, m.height_pixels);
    }
};

struct signal_request {  // RFC 4254 section 6.9
    static constexpr text request_type = "signal";
    text signal_name;  ///< without SIG
    static constexpr text names = "signal_name";
    static constexpr auto wire(auto& m) { return std::tie(m.signal_name); }
};

struct exit_status {  // RFC 4254 section 6.10
    static constexpr text request_type = "exit-status";
    u32 status{};
    static constexpr text names = "status";
    static constexpr auto wire(auto& m) { return std::tie(m.status); }
};

struct exit_signal {  // RFC 4254 section 6.10
    static constexpr text request_type = "exit-signal";
    text signal_name;  ///< without SIG
    boolean core_dumped{};
    text error_message, language_tag;
    static constexpr text names = "signal_name core_dumped error_message language_tag";
    static constexpr auto wire(auto& m) {
        return std::tie(m.signal_name, m.core_dumped, m.error_message, m.language_tag);
    }
};

/// One of the terminal's modes, such as 53 (ECHO) and 0.
struct terminal_mode {
    u8 opcode{};
    u32 value{};
    friend bool operator==(const terminal_mode&, const terminal_mode&) = default;
};

/// RFC 4254 section 8.
[[nodiscard]] std::vector<byte> encode_modes(const std::vector<terminal_mode>& modes);
/// Reads up to TTY_OP_END, to an opcode without a meaning (160 and above), or to the end.
[[nodiscard]] std::vector<terminal_mode> decode_modes(octets encoded);

// Details.

inline constexpr u8 last_mode_opcode = 159;

#if ADIT_BODIES

ADIT_DECL std::vector<byte> encode_modes(const std::vector<terminal_mode>& modes) {
    std::vector<byte> encoded(modes.size() * 5 + 1);
    writer w(encoded);
    for (const terminal_mode& mode : modes) {
        put(w, mode.opcode);
        put(w, mode.value);
    }
    put(w, u8{0});
    return encoded;
}

ADIT_DECL std::vector<terminal_mode> decode_modes(octets encoded) {
    std::vector<terminal_mode> modes;
    reader r(encoded);
    for (;;) {
        terminal_mode mode;
        get(r, mode.opcode);
        if (mode.opcode == 0 || mode.opcode > last_mode_opcode) return modes;
        get(r, mode.value);
        if (r.error() != errc::ok) return modes;
        modes.push_back(mode);
    }
}

#endif  // ADIT_BODIES

}  // namespace adit::wire
