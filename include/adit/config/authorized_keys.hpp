// authorized_keys as sshd(8) describes it (A27, A31, L22): parsing, and the decision what a key or
// a certificate may do that a user shows. Used by publickey authentication of the server.
// Invariants: a line that is not understood grants nothing and stops no other line; a long line is
// refused as a whole and never read from its middle; every comparison of keys is in constant time
// (S04). Deciding has no side effects, so it may be asked before there is a signature (C32).
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/certificate_check.hpp>
#include <adit/config/key_option_parser.hpp>
#include <adit/config/key_options.hpp>
#include <adit/config/network.hpp>
#include <adit/keys/certificate.hpp>
#include <adit/keys/public_key.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

struct authorized_key {
    key_options options;
    keys::public_key key;
    std::string comment;
    std::size_t line = 0;
};

/// A line that grants nothing, and why.
struct refused_line {
    std::size_t line = 0;
    line_fault why = line_fault::none;
};

struct authorized_keys {
    static constexpr std::size_t largest_file = std::size_t{1024} * 1024;
    static constexpr std::size_t longest_line = 10'000;  ///< RSA keys of 16384 bits need 2,800
    static constexpr std::size_t most_lines = 10'000;

    std::vector<authorized_key> entries;
    std::vector<refused_line> refused;
};

/// Lines end with LF or CRLF. After most_lines the rest is refused in one go.
[[nodiscard]] authorized_keys parse_authorized_keys(std::string_view text);

/// One line that is neither empty nor a comment; or why not.
struct key_line {
    line_fault fault = line_fault::none;
    std::optional<authorized_key> key;
};
[[nodiscard]] key_line parse_authorized_key(std::string_view line);

/// Who asks. Something that was forgotten is refused.
struct key_question {
    std::string_view user;
    std::string_view source;                                        ///< the peer's address
    std::uint64_t now = std::numeric_limits<std::uint64_t>::max();  ///< seconds since 1970
    std::function<bool(const keys::public_key&)> revoked;           ///< none: no key is
    std::string_view authority_algorithms;                          ///< as in certificate_question
};

/// Why a key is not let in. With several lines for it, the reason of the last one.
enum class key_refusal {
    none = 0,  ///< it is let in
    unknown_key,
    revoked,
    expired,
    wrong_source_address,
    certificate,  ///< key_verdict::certificate says what is wrong with it
    commands_differ,
};

struct key_verdict {
    std::optional<key_grant> grant;  ///< nothing but this lets in
    std::size_t line = 0;            ///< of the entry that granted or refused; 0: there was none
    key_refusal why = key_refusal::unknown_key;
    certificate_verdict certificate = certificate_verdict::authority_not_trusted;
};

/// The first line that lets the key in decides. Lines with cert-authority never do.
[[nodiscard]] key_verdict find_key(const authorized_keys& file, const keys::public_key& key,
                                   const key_question& question);

/// The same for a certificate, by the lines with cert-authority.
[[nodiscard]] key_verdict find_key(const authorized_keys& file,
                                   const keys::certificate& certificate,
                                   const key_question& question);

// Details.

inline constexpr std::string_view blanks_in_keys = " \t";

inline void skip_blanks(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks_in_keys), line.size()));
}

/// What a line says about time and place, before anything else is looked at.
[[nodiscard]] inline key_refusal check_line(const authorized_key& entry,
                                            const key_question& question) {
    const auto& expires = entry.options.grant.expires;
    if (expires && question.now > *expires) return key_refusal::expired;
    const auto& from = entry.options.from;
    if (from && match_address_list(question.source, *from) != address_match::yes) {
        return key_refusal::wrong_source_address;
    }
    return key_refusal::none;
}

#if ADIT_BODIES

inline std::string_view take_word(std::string_view& line) {
    const std::string_view word = line.substr(0, line.find_first_of(blanks_in_keys));
    line.remove_prefix(word.size());
    skip_blanks(line);
    return word;
}

ADIT_DECL authorized_keys parse_authorized_keys(std::string_view text) {
    authorized_keys file;
    for (std::size_t number = 1; !text.empty(); ++number) {
        if (number > authorized_keys::most_lines) {
            file.refused.push_back({number, line_fault::too_many_lines});
            break;
        }
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.size() > authorized_keys::longest_line) {
            file.refused.push_back({number, line_fault::too_long});
            continue;
        }
        skip_blanks(line);
        if (line.empty() || line.starts_with('#')) continue;
        key_line read = parse_authorized_key(line);
        if (!read.key) {
            file.refused.push_back({number, read.fault});
            continue;
        }
        read.key->line = number;
        file.entries.push_back(std::move(*read.key));
    }
    return file;
}

/// "type base64 comment". A key of a type that adit cannot verify is no use to anybody.
[[nodiscard]] inline key_line read_key(std::string_view line, key_options options) {
    auto key = keys::public_key::parse_line(line);
    if (!key) return {line_fault::not_a_key, std::nullopt};
    if (!key->supported()) return {line_fault::unsupported_key_type, std::nullopt};
    static_cast<void>(take_word(line));
    static_cast<void>(take_word(line));
    return {line_fault::none,
            authorized_key{std::move(options), std::move(*key), std::string(line)}};
}

ADIT_DECL key_line parse_authorized_key(std::string_view line) {
    skip_blanks(line);
    if (line.find('\0') != std::string_view::npos) return {line_fault::holds_nul, std::nullopt};
    key_options options;
    options.grant = full_grant();
    // Whatever begins with a key is a line without options; whatever does not, begins with some.
    key_line bare = read_key(line, options);
    if (bare.fault != line_fault::not_a_key) return bare;
    const std::string_view first = line.substr(0, line.find_first_of(blanks_in_keys));
    if (keys::find_key_type(first) != nullptr) return bare;
    const line_fault fault = take_key_options(line, options);
    if (fault != line_fault::none) return {fault, std::nullopt};
    skip_blanks(line);
    return read_key(line, std::move(options));
}

ADIT_DECL key_verdict find_key(const authorized_keys& file, const keys::public_key& key,
                               const key_question& question) {
    key_verdict verdict;
    if (question.revoked && question.revoked(key)) {
        verdict.why = key_refusal::revoked;
        return verdict;
    }
    for (const authorized_key& entry : file.entries) {
        if (entry.options.cert_authority || !(entry.key == key)) continue;
        verdict.line = entry.line;
        verdict.why = check_line(entry, question);
        if (verdict.why != key_refusal::none) continue;
        verdict.grant = entry.options.grant;
        break;
    }
    return verdict;
}

/// The line's word for whom its CA may vouch: its principals, or else the user.
[[nodiscard]] inline certificate_question question_for(const authorized_key& entry,
                                                       const key_question& question) {
    certificate_question asked;
    asked.names = {question.user};
    if (const auto& principals = entry.options.principals) {
        asked.names.assign(principals->begin(), principals->end());
    }
    asked.source = question.source;
    asked.now = question.now;
    asked.trusted = [&entry](const keys::public_key& authority) { return authority == entry.key; };
    asked.revoked = question.revoked;
    asked.authority_algorithms = question.authority_algorithms;
    return asked;
}

ADIT_DECL key_verdict find_key(const authorized_keys& file, const keys::certificate& certificate,
                               const key_question& question) {
    key_verdict verdict;
    for (const authorized_key& entry : file.entries) {
        if (!entry.options.cert_authority || !(entry.key == certificate.authority())) continue;
        verdict.line = entry.line;
        verdict.why = check_line(entry, question);
        if (verdict.why != key_refusal::none) continue;
        verdict.certificate = verify_certificate(certificate, question_for(entry, question));
        if (verdict.certificate != certificate_verdict::ok) {
            verdict.why = key_refusal::certificate;
            // Another line of this CA cannot mend that, and would cost as much again (A14).
            if (verdict.certificate == certificate_verdict::signature_invalid) break;
            continue;
        }
        verdict.grant = joined(entry.options.grant, grant_of(certificate));
        verdict.why = verdict.grant ? key_refusal::none : key_refusal::commands_differ;
        if (verdict.grant) break;
    }
    return verdict;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
