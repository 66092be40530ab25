// The identification line, RFC 4253 section 4.2: finding the peer's among what may precede it.
// Used by transport/versions.hpp. Fed with bytes as they come, in pieces of any size.
// Invariant: never consumes past the line's LF, and never holds more than the caps allow.
#pragma once

#include <adit/bytes.hpp>
#include <adit/error.hpp>
#include <adit/limits.hpp>
#include <adit/protocol/gate.hpp>
#include <adit/version.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace adit::protocol {

/// Our own line, without CR LF.
[[nodiscard]] inline std::string our_identification() {
    return "SSH-2.0-adit_" + std::string(version_text);
}

class identification_reader {
public:
    identification_reader(role ours, const limits& caps) noexcept
        : ours_(ours),
          longest_line_(caps.identification_line),
          lines_left_(caps.lines_before_identification),
          bytes_left_(caps.bytes_before_identification) {}

    /// How many bytes of `input` were used up; look at done() and error() afterwards.
    [[nodiscard]] std::size_t feed(bytes_view input);

    [[nodiscard]] bool done() const noexcept { return done_; }
    [[nodiscard]] errc error() const noexcept { return error_; }

    /// The peer's line as received, without CR LF: it enters the exchange hash like this (C03).
    /// While not done: the line that is being read, so that an error can quote it.
    [[nodiscard]] const std::string& line() const noexcept { return line_; }
    /// What came first, if it was no identification: the words of whatever listens there. It may
    /// be the beginning of a line.
    [[nodiscard]] const std::string& foreign_words() const noexcept {
        return first_line_.empty() && !may_be_identification() ? line_ : first_line_;
    }

private:
    void end_of_line();
    void check_identification();
    [[nodiscard]] bool may_be_identification() const noexcept {
        constexpr std::string_view prefix = "SSH-";
        const std::size_t size = line_.size() < prefix.size() ? line_.size() : prefix.size();
        return std::string_view(line_).substr(0, size) == prefix.substr(0, size);
    }
    void add(byte b);

    role ours_;
    std::size_t longest_line_;
    std::size_t lines_left_;
    std::size_t bytes_left_;
    std::string line_;
    std::string first_line_;  // of those before the identification
    std::size_t line_bytes_ = 0;
    bool carriage_return_ = false;
    bool done_ = false;
    errc error_ = errc::ok;
};

inline std::size_t identification_reader::feed(bytes_view input) {
    std::size_t used = 0;
    while (used < input.size() && !done_ && error_ == errc::ok) {
        const byte b = input[used++];
        if (b == '\n') {
            end_of_line();
        } else {
            add(b);
        }
    }
    return used;
}

inline void identification_reader::add(byte b) {
    // C01: CR only before LF. Elsewhere it belongs to the line, which then is no identification.
    if (std::exchange(carriage_return_, false)) {
        if (line_.starts_with("SSH-")) {
            error_ = errc::malformed_identification;
            return;
        }
        if (line_.size() < longest_line_) line_ += '\r';
    }
    const bool identification = may_be_identification();
    ++line_bytes_;
    if (identification && line_bytes_ + 1 > longest_line_) {  // one more for LF
        error_ = errc::identification_too_long;
        return;
    }
    if (!identification) {
        if (ours_ == role::server || bytes_left_ == 0) {
            error_ = errc::not_an_ssh_server;
            return;
        }
        --bytes_left_;
    }
    if (b == 0 && line_.starts_with("SSH-")) {  // C01: NUL never
        error_ = errc::malformed_identification;
        return;
    }
    if (b == '\r') {
        carriage_return_ = true;
        return;
    }
    // A line that is none is dropped but for its beginning, which an error may quote.
    if (identification || line_.size() < longest_line_) line_ += static_cast<char>(b);
}

inline void identification_reader::end_of_line() {
    if (line_.starts_with("SSH-")) {
        check_identification();
        return;
    }
    // C02: only a server may say something first, and not for ever.
    if (ours_ == role::server || lines_left_ == 0) {
        error_ = errc::not_an_ssh_server;
        return;
    }
    --lines_left_;
    if (first_line_.empty()) first_line_ = line_;
    line_.clear();
    line_bytes_ = 0;
    carriage_return_ = false;
}

inline void identification_reader::check_identification() {
    const bool compatible =
        line_.starts_with("SSH-2.0-") || (ours_ == role::client && line_.starts_with("SSH-1.99-"));
    if (!compatible) {
        error_ = errc::unsupported_protocol_version;
        return;
    }
    done_ = true;
}

}  // namespace adit::protocol
