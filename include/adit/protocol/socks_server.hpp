// The server's half of SOCKS, as a machine: version 4 and its extension 4a, and version 5 (RFC
// 1928) without authentication or with a user name and a password (RFC 1929). CONNECT is all it
// does. Used by tunnel/socks_greeting.hpp for dynamic forwards, and fuzzed.
// Invariants: it never wants a byte that is not its own, so that what stands behind a request stays
// unread for whoever is connected; no request is longer than 255 + 255 + 255 bytes and a few.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/secret.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::protocol {

/// How a request ended; the numbers of RFC 1928 section 6.
enum class socks_reply : std::uint8_t {
    succeeded = 0,
    general_failure = 1,
    not_allowed = 2,
    network_unreachable = 3,
    host_unreachable = 4,
    connection_refused = 5,
    command_not_supported = 7,
    address_type_not_supported = 8,
};

/// What a client has to know; an empty user: nothing. Version 4 knows no passwords, and is refused
/// where one is wanted.
struct socks_login {
    std::string user, password;
};

class socks_server {
public:
    enum class state : std::uint8_t {
        reading,  ///< give it wanted() bytes
        asked,    ///< host() and port() are there; it waits for reply()
        over,     ///< send output(), and hang up unless reply() said succeeded
    };

    explicit socks_server(socks_login login = {}) : login_(std::move(login)) {}

    [[nodiscard]] state now() const noexcept { return state_; }
    /// How many bytes it is to be given next, while it reads; never zero.
    [[nodiscard]] std::size_t wanted() const noexcept { return wanted_; }
    /// Takes exactly wanted() bytes.
    void take(bytes_view bytes);
    /// What is to be sent before anything else is read; afterwards there is none.
    [[nodiscard]] std::vector<byte> output() { return std::exchange(output_, {}); }

    /// Where the client wants to go: a name or an address in text, as the client said it.
    [[nodiscard]] const std::string& host() const noexcept { return host_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] unsigned version() const noexcept { return version_; }
    /// Answers the request that was asked.
    void reply(socks_reply how);

private:
    using step = void (socks_server::*)(bytes_view);

    void next(std::size_t wanted, step then) noexcept {
        wanted_ = wanted;
        then_ = then;
    }
    void end() noexcept { state_ = state::over; }
    void on_version(bytes_view bytes);

    // Version 4.
    void on_request_4(bytes_view bytes);
    void on_user_4(bytes_view bytes);
    void on_host_4(bytes_view bytes);

    // Version 5.
    void on_methods(bytes_view bytes);
    void on_login_head(bytes_view bytes);
    void on_login_user(bytes_view bytes);
    void on_login_password(bytes_view bytes);
    void on_request_5(bytes_view bytes);
    void on_name_length(bytes_view bytes);
    void on_address(bytes_view bytes);
    void refuse(socks_reply how);

    socks_login login_;
    state state_ = state::reading;
    std::size_t wanted_ = 1;
    step then_ = &socks_server::on_version;
    std::vector<byte> output_;
    unsigned version_ = 0;
    std::uint8_t command_ = 0, address_type_ = 0;
    std::size_t text_size_ = 0;
    std::string user_;
    std::string host_;
    std::uint16_t port_ = 0;
};

// Details.

#if ADIT_BODIES

namespace socks {

inline constexpr byte connect_command = 1;
inline constexpr byte type_v4 = 1, type_name = 3, type_v6 = 4;
inline constexpr byte no_login = 0, password_login = 2, no_method = 0xff;
inline constexpr std::size_t longest_text = 255;

[[nodiscard]] inline std::uint16_t port_in(bytes_view two) {
    return static_cast<std::uint16_t>(two[0] * 256U + two[1]);
}

[[nodiscard]] inline std::string v4_text(bytes_view four) {
    std::string text;
    for (const byte part : four.first(4)) {
        text += (text.empty() ? "" : ".") + std::to_string(part);
    }
    return text;
}

// All eight groups, which every reader of addresses takes.
[[nodiscard]] inline std::string v6_text(bytes_view sixteen) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < 16; i += 2) {
        const unsigned group = port_in(sixteen.subspan(i, 2));
        if (i != 0) text += ':';
        bool shown = false;
        for (int shift = 12; shift >= 0; shift -= 4) {
            const unsigned digit = (group >> static_cast<unsigned>(shift)) & 0xfU;
            shown = shown || digit != 0 || shift == 0;
            if (shown) text += digits[digit];
        }
    }
    return text;
}

}  // namespace socks

ADIT_DECL void socks_server::take(bytes_view bytes) {
    if (state_ != state::reading || bytes.size() != wanted_) return end();
    (this->*then_)(bytes);
}

ADIT_DECL void socks_server::on_version(bytes_view bytes) {
    version_ = bytes[0];
    if (version_ == 4) return next(7, &socks_server::on_request_4);
    if (version_ == 5) return next(1, &socks_server::on_methods);
    end();
}

// CD, DSTPORT, DSTIP; then a user's name up to a zero. 0.0.0.x: a name follows, that is 4a.
ADIT_DECL void socks_server::on_request_4(bytes_view bytes) {
    command_ = bytes[0];
    port_ = socks::port_in(bytes.subspan(1, 2));
    const bytes_view address = bytes.subspan(3, 4);
    const bool named = address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] != 0;
    if (!named) host_ = socks::v4_text(address);
    next(1, &socks_server::on_user_4);
}

ADIT_DECL void socks_server::on_user_4(bytes_view bytes) {
    if (bytes[0] != 0) return ++text_size_ > socks::longest_text ? end() : void();
    if (host_.empty()) return next(1, &socks_server::on_host_4);
    on_host_4(bytes);
}

ADIT_DECL void socks_server::on_host_4(bytes_view bytes) {
    if (bytes[0] != 0) {
        host_ += static_cast<char>(bytes[0]);
        return host_.size() > socks::longest_text ? end() : void();
    }
    state_ = state::asked;
    if (!login_.user.empty()) return refuse(socks_reply::not_allowed);
    if (command_ != socks::connect_command) return refuse(socks_reply::command_not_supported);
    if (host_.empty() || port_ == 0) refuse(socks_reply::general_failure);
}

// The number of methods, and then they.
ADIT_DECL void socks_server::on_methods(bytes_view bytes) {
    if (text_size_ == 0) {
        text_size_ = bytes[0];
        if (text_size_ == 0) {
            output_ = {5, socks::no_method};
            return end();
        }
        return next(text_size_, &socks_server::on_methods);
    }
    const byte ours = login_.user.empty() ? socks::no_login : socks::password_login;
    bool offered = false;
    for (const byte method : bytes) offered = offered || method == ours;
    output_ = {5, offered ? ours : socks::no_method};
    if (!offered) return end();
    if (ours == socks::password_login) return next(2, &socks_server::on_login_head);
    next(4, &socks_server::on_request_5);
}

// RFC 1929: its version, and how long the name is; the name, and how long the password is.
ADIT_DECL void socks_server::on_login_head(bytes_view bytes) {
    if (bytes[0] != 1) return end();
    next(std::size_t{bytes[1]} + 1, &socks_server::on_login_user);
}

ADIT_DECL void socks_server::on_login_user(bytes_view bytes) {
    user_ = as_text(bytes.first(bytes.size() - 1));
    const std::size_t size = bytes.back();
    if (size == 0) return on_login_password({});
    next(size, &socks_server::on_login_password);
}

ADIT_DECL void socks_server::on_login_password(bytes_view bytes) {
    const bool user = crypto::same_secret(as_bytes(user_), as_bytes(login_.user));
    const bool password = crypto::same_secret(bytes, as_bytes(login_.password));
    const bool right = user && password;
    output_ = {1, static_cast<byte>(right ? 0 : 1)};
    if (!right) return end();
    next(4, &socks_server::on_request_5);
}

// VER, CMD, RSV, ATYP.
ADIT_DECL void socks_server::on_request_5(bytes_view bytes) {
    if (bytes[0] != 5) return end();
    command_ = bytes[1];
    address_type_ = bytes[3];
    switch (address_type_) {
        case socks::type_v4: return next(4 + 2, &socks_server::on_address);
        case socks::type_v6: return next(16 + 2, &socks_server::on_address);
        case socks::type_name: return next(1, &socks_server::on_name_length);
        default: refuse(socks_reply::address_type_not_supported);
    }
}

ADIT_DECL void socks_server::on_name_length(bytes_view bytes) {
    next(std::size_t{bytes[0]} + 2, &socks_server::on_address);
}

ADIT_DECL void socks_server::on_address(bytes_view bytes) {
    const bytes_view address = bytes.first(bytes.size() - 2);
    port_ = socks::port_in(bytes.last(2));
    if (address_type_ == socks::type_v4) host_ = socks::v4_text(address);
    if (address_type_ == socks::type_v6) host_ = socks::v6_text(address);
    if (address_type_ == socks::type_name) host_ = as_text(address);
    state_ = state::asked;
    if (command_ != socks::connect_command) return refuse(socks_reply::command_not_supported);
    if (host_.empty() || port_ == 0) refuse(socks_reply::general_failure);
}

ADIT_DECL void socks_server::refuse(socks_reply how) {
    state_ = state::asked;
    reply(how);
}

// The address that was connected from is the SSH server's to know: all zero, as ssh says it.
ADIT_DECL void socks_server::reply(socks_reply how) {
    if (state_ != state::asked) return;
    end();
    if (version_ == 4) {
        constexpr byte granted = 90, rejected = 91;
        output_.assign(8, 0);
        output_[1] = how == socks_reply::succeeded ? granted : rejected;
        return;
    }
    output_.assign(10, 0);
    output_[0] = 5;
    output_[1] = static_cast<byte>(how);
    output_[3] = socks::type_v4;
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
