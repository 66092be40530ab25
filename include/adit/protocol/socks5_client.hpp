// A connection through a SOCKS5 proxy, RFC 1928, with user and password, RFC 1929: what is asked,
// and what the answers mean. Used by upstream.hpp, which reads as many bytes as the functions say.
// Invariants: names are looked up by the proxy; no answer is longer than its own fields say.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace adit::protocol {

/// RFC 1928 section 3.
enum class socks5_method : byte { none = 0, password = 2, refused = 0xff };

/// The methods that we have: none, and with a login the password too.
[[nodiscard]] std::vector<byte> socks5_greeting(bool with_login);
/// Of two bytes.
[[nodiscard]] result<socks5_method> socks5_chosen_method(bytes_view answer, bool with_login);

/// RFC 1929. Errors: malformed_field, for what does not fit.
[[nodiscard]] result<crypto::secret_bytes> socks5_login(std::string_view user, bytes_view password);
/// Of two bytes.
[[nodiscard]] errc socks5_login_answer(bytes_view answer) noexcept;

/// CONNECT, to a name, or to the bytes of an address of 4 or 16. Errors: malformed_field.
[[nodiscard]] result<std::vector<byte>> socks5_connect(std::string_view name, bytes_view address,
                                                       std::uint16_t port);
/// The first five bytes of the answer: how many more there are.
[[nodiscard]] result<std::size_t> socks5_rest_of_answer(bytes_view begin);
/// RFC 1928 section 6: what the answer's second byte means, and says.
[[nodiscard]] errc socks5_answer(byte reply) noexcept;
[[nodiscard]] std::string_view socks5_words(byte reply) noexcept;

// Details.

#if ADIT_BODIES

inline constexpr byte socks_version = 5;
inline constexpr byte socks_login_version = 1;
inline constexpr std::size_t longest_socks_field = 255;

ADIT_DECL std::vector<byte> socks5_greeting(bool with_login) {
    if (!with_login) return {socks_version, 1, 0};
    return {socks_version, 2, 0, 2};
}

ADIT_DECL result<socks5_method> socks5_chosen_method(bytes_view answer, bool with_login) {
    if (answer.size() != 2 || answer[0] != socks_version) return errc::proxy_answer_malformed;
    switch (static_cast<socks5_method>(answer[1])) {
        case socks5_method::none: return socks5_method::none;
        case socks5_method::password:
            if (!with_login) return errc::proxy_answer_malformed;
            return socks5_method::password;
        case socks5_method::refused: return errc::proxy_authentication_failed;
    }
    return errc::proxy_answer_malformed;
}

ADIT_DECL result<crypto::secret_bytes> socks5_login(std::string_view user, bytes_view password) {
    const auto fits = [](std::size_t n) { return n != 0 && n <= longest_socks_field; };
    if (!fits(user.size()) || !fits(password.size())) return errc::malformed_field;
    crypto::secret_bytes message{socks_login_version, static_cast<byte>(user.size())};
    message.insert(message.end(), user.begin(), user.end());
    message.push_back(static_cast<byte>(password.size()));
    message.insert(message.end(), password.begin(), password.end());
    return message;
}

ADIT_DECL errc socks5_login_answer(bytes_view answer) noexcept {
    if (answer.size() != 2 || answer[0] != socks_login_version) {
        return errc::proxy_answer_malformed;
    }
    return answer[1] == 0 ? errc::ok : errc::proxy_authentication_failed;
}

ADIT_DECL result<std::vector<byte>> socks5_connect(std::string_view name, bytes_view address,
                                                   std::uint16_t port) {
    constexpr byte connect = 1, ipv4 = 1, domain = 3, ipv6 = 4;
    std::vector<byte> message{socks_version, connect, 0};
    if (!address.empty()) {
        message.push_back(address.size() == 4 ? ipv4 : ipv6);
        message.insert(message.end(), address.begin(), address.end());
    } else {
        const bool odd = name.find('\0') != std::string_view::npos;
        if (name.empty() || name.size() > longest_socks_field || odd) return errc::malformed_field;
        message.push_back(domain);
        message.push_back(static_cast<byte>(name.size()));
        message.insert(message.end(), name.begin(), name.end());
    }
    message.push_back(static_cast<byte>(port >> 8U));
    message.push_back(static_cast<byte>(port & 0xffU));
    return message;
}

// VER REP RSV ATYP and the first byte of the address, which is a name's length.
ADIT_DECL result<std::size_t> socks5_rest_of_answer(bytes_view begin) {
    constexpr byte ipv4 = 1, domain = 3, ipv6 = 4;
    constexpr std::size_t port = 2;
    if (begin.size() != 5 || begin[0] != socks_version) return errc::proxy_answer_malformed;
    switch (begin[3]) {
        case ipv4: return 4 - 1 + port;
        case domain: return begin[4] + port;
        case ipv6: return 16 - 1 + port;
        default: return errc::proxy_answer_malformed;
    }
}

ADIT_DECL errc socks5_answer(byte reply) noexcept {
    switch (reply) {
        case 0: return errc::ok;
        case 3:
        case 4: return errc::network_unreachable;
        case 5: return errc::connection_refused;
        case 6: return errc::connect_timed_out;
        default: return errc::proxy_refused;
    }
}

ADIT_DECL std::string_view socks5_words(byte reply) noexcept {
    switch (reply) {
        case 0: return "succeeded";
        case 1: return "general SOCKS server failure";
        case 2: return "connection not allowed by ruleset";
        case 3: return "network unreachable";
        case 4: return "host unreachable";
        case 5: return "connection refused";
        case 6: return "TTL expired";
        case 7: return "command not supported";
        case 8: return "address type not supported";
        default: return "unknown reply";
    }
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
