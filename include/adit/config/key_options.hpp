// What a key of a user may do once it has logged in: the options of a line of authorized_keys
// (sshd(8), AUTHORIZED_KEYS FILE FORMAT) and the terms of a certificate, both as the same plain
// struct. Filled by key_option_parser.hpp and certificate_check.hpp, joined by authorized_keys.hpp,
// and asked by the server for each forward and session (A27).
// Invariants: a key_grant that nobody filled allows nothing; joining two never allows more than
// either.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/pattern.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace adit::config {

/// host:port of permitopen or permitlisten. An IPv6 address has no brackets here.
struct permitted_place {
    std::string host;
    std::uint16_t port = 0;  ///< 0 is any, written `*`
    friend bool operator==(const permitted_place&, const permitted_place&) = default;
};

struct key_grant {
    bool port_forwarding = false;  ///< nothing of it, not even what the two lists name
    bool agent_forwarding = false;
    bool x11_forwarding = false;
    bool pty = false;
    bool user_rc = false;
    /// Where to, and where to listen; no list means that any place may be asked for. Ask may_open()
    /// and may_listen() instead of these.
    std::optional<std::vector<permitted_place>> permit_open, permit_listen;
    /// Runs instead of what was asked for, where sessions are taken at all.
    std::optional<std::string> command;
    std::vector<std::string> environment;  ///< "NAME=value"; adit's own programs ignore it
    std::string tunnel;                    ///< the tun device, or "any"
    /// Seconds since 1970: good up to and with this one. Of a certificate, the last of its life.
    std::optional<std::uint64_t> expires;
    /// Of security keys, which adit does not have yet.
    bool touch_required = true;
    bool verify_required = false;
};

/// What a line of authorized_keys says before the key.
struct key_options {
    key_grant grant;
    bool cert_authority = false;
    std::optional<std::string> from;                     ///< for match_address_list()
    std::optional<std::vector<std::string>> principals;  ///< whole names, of which one is needed
};

/// What a line without options grants.
[[nodiscard]] key_grant full_grant();

/// Whether the key may have a connection made to that target. As in OpenSSH, hosts are compared
/// letter by letter and never looked up; a host `*` in the list is any.
[[nodiscard]] bool may_open(const key_grant& grant, std::string_view host, std::uint16_t port);

/// The same for listening; hosts in the list are patterns. Port 0 asks for any free one, which
/// only an entry for all ports allows.
[[nodiscard]] bool may_listen(const key_grant& grant, std::string_view host, std::uint16_t port);

/// What both allow: of a line that names a CA, and of the certificate. Nothing where both force a
/// command, and not the same one.
[[nodiscard]] std::optional<key_grant> joined(const key_grant& line, const key_grant& certificate);

// Details.

#if ADIT_BODIES

ADIT_DECL key_grant full_grant() {
    key_grant grant;
    grant.port_forwarding = true;
    grant.agent_forwarding = true;
    grant.x11_forwarding = true;
    grant.pty = true;
    grant.user_rc = true;
    return grant;
}

ADIT_DECL bool may_open(const key_grant& grant, std::string_view host, std::uint16_t port) {
    if (!grant.port_forwarding) return false;
    if (!grant.permit_open) return true;
    const auto permits = [host, port](const permitted_place& place) {
        const bool same_port = place.port == 0 || place.port == port;
        return same_port && (place.host == "*" || place.host == host);
    };
    return std::ranges::any_of(*grant.permit_open, permits);
}

ADIT_DECL bool may_listen(const key_grant& grant, std::string_view host, std::uint16_t port) {
    if (!grant.port_forwarding) return false;
    if (!grant.permit_listen) return true;
    const auto permits = [host, port](const permitted_place& place) {
        const bool same_port = place.port == 0 || place.port == port;
        return same_port && match_pattern(host, place.host, letter_case::ignored).matched;
    };
    return std::ranges::any_of(*grant.permit_listen, permits);
}

// Places, environment and device are words of lines only, so the certificate has none to add.
ADIT_DECL std::optional<key_grant> joined(const key_grant& line, const key_grant& certificate) {
    if (line.command && certificate.command && line.command != certificate.command) {
        return std::nullopt;
    }
    key_grant both = line;
    both.port_forwarding = line.port_forwarding && certificate.port_forwarding;
    both.agent_forwarding = line.agent_forwarding && certificate.agent_forwarding;
    both.x11_forwarding = line.x11_forwarding && certificate.x11_forwarding;
    both.pty = line.pty && certificate.pty;
    both.user_rc = line.user_rc && certificate.user_rc;
    both.touch_required = line.touch_required || certificate.touch_required;
    both.verify_required = line.verify_required || certificate.verify_required;
    if (!both.command) both.command = certificate.command;
    if (!both.expires || (certificate.expires && *certificate.expires < *both.expires)) {
        both.expires = certificate.expires;
    }
    return both;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
