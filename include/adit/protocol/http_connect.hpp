// A connection through an HTTP proxy, RFC 9110 section 9.3.6 (CONNECT) with Basic authentication,
// RFC 7617: what is asked, and the head of the answer byte by byte. Used by upstream.hpp.
// Invariants: nothing behind the answer's head is taken, for that belongs to the server; a head is
// bounded; no name and no credential can add a line to what is asked.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/error.hpp>
#include <adit/keys/base64.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace adit::protocol {

/// The request in memory that is wiped; no user, no authentication. Errors: malformed_field.
[[nodiscard]] result<crypto::secret_bytes> http_connect_request(std::string_view host,
                                                                std::uint16_t port,
                                                                std::optional<std::string> user,
                                                                bytes_view password);

class http_connect_answer {
public:
    /// Takes one byte. Afterwards see done().
    void feed(byte b);
    /// The head is complete, or wrong.
    [[nodiscard]] bool done() const noexcept { return done_; }
    /// Without an error what follows is the server's.
    [[nodiscard]] errc error() const noexcept { return error_; }
    /// The status line, unescaped.
    [[nodiscard]] const std::string& status_line() const noexcept { return status_; }

private:
    static constexpr std::size_t longest_head = 16 * 1024;
    static constexpr std::size_t longest_status = 1024;

    void end_of_line();
    void end_of_head();
    void fail(errc e) noexcept {
        error_ = e;
        done_ = true;
    }

    std::string status_;
    std::size_t size_ = 0;  // of all heads
    std::size_t line_ = 0;  // bytes of this line
    bool in_status_ = true;
    bool done_ = false;
    errc error_ = errc::ok;
};

// Details.

#if ADIT_BODIES

/// A host as it may stand in a request line: an address, or letters of a name.
[[nodiscard]] inline bool is_plain_host(std::string_view host) noexcept {
    constexpr std::size_t longest = 255;
    if (host.empty() || host.size() > longest) return false;
    for (const char c : host) {
        if (c <= ' ' || c >= '\x7f' || std::string_view("/?#@[]\"\\").find(c) != host.npos) {
            return false;
        }
    }
    return true;
}

ADIT_DECL result<crypto::secret_bytes> http_connect_request(std::string_view host,
                                                            std::uint16_t port,
                                                            std::optional<std::string> user,
                                                            bytes_view password) {
    constexpr std::size_t longest_credential = 1024;
    if (!is_plain_host(host)) return errc::malformed_field;
    const bool is_v6 = host.find(':') != std::string_view::npos;
    const std::string where =
        (is_v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + std::to_string(port);
    const std::string head = "CONNECT " + where + " HTTP/1.1\r\nHost: " + where + "\r\n";
    crypto::secret_bytes request(head.begin(), head.end());
    const auto add = [&request](std::string_view text) {
        request.insert(request.end(), text.begin(), text.end());
    };
    if (user) {
        const bool fits = user->size() <= longest_credential &&
                          password.size() <= longest_credential &&
                          user->find(':') == std::string::npos;
        if (!fits) return errc::malformed_field;
        crypto::secret_bytes pair(user->begin(), user->end());
        pair.push_back(':');
        pair.insert(pair.end(), password.begin(), password.end());
        add("Proxy-Authorization: Basic ");
        const crypto::secret_bytes encoded = keys::to_secret_base64(pair);
        request.insert(request.end(), encoded.begin(), encoded.end());
        add("\r\n");
    }
    add("\r\n");
    return request;
}

ADIT_DECL void http_connect_answer::feed(byte b) {
    if (done_) return;
    if (++size_ > longest_head) return fail(errc::proxy_answer_malformed);
    if (b == '\n') return end_of_line();
    if (in_status_) {
        const bool long_one = status_.size() == longest_status;
        // What cannot become "HTTP/1." is not read to its end.
        constexpr std::string_view begin = "HTTP/1.";
        const bool other = line_ < begin.size() && static_cast<char>(b) != begin[line_];
        if (long_one || other) return fail(errc::proxy_answer_malformed);
        status_ += static_cast<char>(b);
    }
    ++line_;
    if (b == '\r') --line_;
}

ADIT_DECL void http_connect_answer::end_of_line() {
    if (in_status_) {
        if (status_.ends_with('\r')) status_.pop_back();
        in_status_ = false;
    } else if (line_ == 0) {
        return end_of_head();
    }
    line_ = 0;
}

// "HTTP/1.1 200 Connection established"
ADIT_DECL void http_connect_answer::end_of_head() {
    constexpr std::size_t code_at = 9;
    const std::string_view line = status_;
    const auto digit = [line](std::size_t i) { return line[i] >= '0' && line[i] <= '9'; };
    const bool formed = line.size() >= code_at + 3 && digit(7) && line[8] == ' ' && digit(9) &&
                        digit(10) && digit(11) && (line.size() == 12 || line[12] == ' ');
    if (!formed) return fail(errc::proxy_answer_malformed);
    const std::string_view code = line.substr(code_at, 3);
    switch (code[0]) {
        case '1':
            // An interim answer; another one follows.
            status_.clear();
            in_status_ = true;
            line_ = 0;
            return;
        case '2': done_ = true; return;
        default: break;
    }
    fail(code == "407" ? errc::proxy_authentication_failed : errc::proxy_refused);
}

#endif  // ADIT_BODIES

}  // namespace adit::protocol
