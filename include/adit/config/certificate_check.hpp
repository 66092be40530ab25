// Whether a certificate is to be believed (PROTOCOL.certkeys, C38): one pure question with
// everything that the answer depends on, and one value for each reason to refuse. Used by
// authorized_keys.hpp for logins and, by whoever trusts CAs of hosts, for host certificates.
// Invariants: a question in which something was forgotten is refused; no verdict is zero, and only
// `ok` is good; the signature is computed last, at most once, and never by a CA that is not
// trusted, so a stranger's certificate costs nothing (A14).
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/key_options.hpp>
#include <adit/config/network.hpp>
#include <adit/config/pattern.hpp>
#include <adit/error.hpp>
#include <adit/keys/certificate.hpp>
#include <adit/keys/public_key.hpp>
#include <adit/keys/signature.hpp>
#include <adit/wire/types.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace adit::config {

enum class certificate_verdict : int {
    ok = 1,
    revoked,  ///< the key or the CA's; it beats all other reasons
    wrong_use,
    authority_is_certificate,
    authority_not_trusted,
    not_yet_valid,
    expired,
    no_principals,  ///< good for nobody, as in OpenSSH since 10.3
    wrong_principal,
    unknown_critical_option,
    malformed_option,
    wrong_source_address,
    algorithm_not_allowed,
    signature_invalid,
};

struct certificate_question {
    keys::certificate_use use = keys::certificate_use::user;
    /// One of them must stand in the certificate: the user's name, or the host's in lower case.
    std::vector<std::string_view> names;
    std::string_view source;  ///< the peer's address; of hosts it is not asked
    std::uint64_t now = std::numeric_limits<std::uint64_t>::max();  ///< seconds since 1970
    std::function<bool(const keys::public_key&)> trusted;           ///< none: no CA is
    std::function<bool(const keys::public_key&)> revoked;           ///< none: no key is
    /// With what a CA may sign, separated by commas; empty: with all that adit has (no SHA-1).
    std::string_view authority_algorithms;
};

[[nodiscard]] certificate_verdict verify_certificate(const keys::certificate& certificate,
                                                     const certificate_question& question);

/// What a user's certificate allows. Meaningful only after verify_certificate() has said ok.
[[nodiscard]] key_grant grant_of(const keys::certificate& certificate);

/// One sentence, without a full stop.
[[nodiscard]] const char* sentence(certificate_verdict verdict) noexcept;

// Details.

[[nodiscard]] inline certificate_verdict check_signature(const keys::certificate& certificate,
                                                         const certificate_question& question) {
    const wire::name_list allowed{question.authority_algorithms};
    const std::string_view algorithm = certificate.authority_algorithm();
    if (algorithm.empty()) return certificate_verdict::signature_invalid;
    const bool known = keys::find_signature_algorithm(algorithm) != nullptr;
    if (!known || (!allowed.names.empty() && !allowed.contains(algorithm))) {
        return certificate_verdict::algorithm_not_allowed;
    }
    return certificate.verify_authority() == errc::ok ? certificate_verdict::ok
                                                      : certificate_verdict::signature_invalid;
}

#if ADIT_BODIES

/// The options of a user's certificate, read.
struct certificate_terms {
    certificate_verdict verdict = certificate_verdict::ok;
    key_grant grant;
    std::optional<std::string_view> sources;
};

/// The string that is the data of force-command and source-address; false where it is not one.
[[nodiscard]] inline bool read_option_text(bytes_view data, std::optional<std::string_view>& out) {
    wire::reader r(data);
    const std::string_view text = as_text(r.take_string());
    if (r.finish() != errc::ok || out || !keys::is_plain_text(text)) return false;
    out = text;
    return true;
}

[[nodiscard]] inline certificate_verdict read_critical(const keys::certificate_option& option,
                                                       certificate_terms& terms) {
    bool well_formed = false;
    if (option.name == "force-command") {
        std::optional<std::string_view> command;
        well_formed = !terms.grant.command && read_option_text(option.data, command);
        if (well_formed) terms.grant.command = std::string(*command);
    } else if (option.name == "source-address") {
        well_formed = read_option_text(option.data, terms.sources);
    } else if (option.name == "verify-required") {
        well_formed = option.data.empty();
        terms.grant.verify_required = true;
    } else {
        return certificate_verdict::unknown_critical_option;
    }
    return well_formed ? certificate_verdict::ok : certificate_verdict::malformed_option;
}

struct extension_row {
    std::string_view name;
    bool key_grant::* flag;
    bool value;
};

inline constexpr std::array extension_rows{
    extension_row{"permit-X11-forwarding", &key_grant::x11_forwarding, true},
    extension_row{"permit-agent-forwarding", &key_grant::agent_forwarding, true},
    extension_row{"permit-port-forwarding", &key_grant::port_forwarding, true},
    extension_row{"permit-pty", &key_grant::pty, true},
    extension_row{"permit-user-rc", &key_grant::user_rc, true},
    extension_row{"no-touch-required", &key_grant::touch_required, false},
};

[[nodiscard]] inline certificate_verdict read_extension(const keys::certificate_option& option,
                                                        certificate_terms& terms) {
    const auto* const row = std::ranges::find(extension_rows, option.name, &extension_row::name);
    if (row == extension_rows.end()) return certificate_verdict::ok;
    terms.grant.*row->flag = row->value;
    return option.data.empty() ? certificate_verdict::ok : certificate_verdict::malformed_option;
}

[[nodiscard]] inline certificate_terms read_terms(const keys::certificate& certificate) {
    certificate_terms terms;
    const auto reading = [&terms](auto read) {
        return [&terms, read](const keys::certificate_option& option) {
            if (terms.verdict == certificate_verdict::ok) terms.verdict = read(option, terms);
        };
    };
    const keys::certificate_fields fields = certificate.fields();
    const errc critical = keys::visit_options(fields.critical_options, reading(read_critical));
    const errc extensions = keys::visit_options(fields.extensions, reading(read_extension));
    if (critical != errc::ok || extensions != errc::ok) {
        terms.verdict = certificate_verdict::malformed_option;
    }
    constexpr std::uint64_t forever = std::numeric_limits<std::uint64_t>::max();
    if (fields.valid_before != 0 && fields.valid_before != forever) {
        terms.grant.expires = fields.valid_before - 1;
    }
    return terms;
}

ADIT_DECL key_grant grant_of(const keys::certificate& certificate) {
    const certificate_terms terms = read_terms(certificate);
    return terms.verdict == certificate_verdict::ok ? terms.grant : key_grant();
}

[[nodiscard]] inline certificate_verdict check_names(const keys::certificate& certificate,
                                                     const certificate_question& question) {
    const auto principals = certificate.principals();
    if (principals.empty()) return certificate_verdict::no_principals;
    const bool patterns = question.use == keys::certificate_use::host;
    for (const std::string_view name : question.names) {
        const auto stands_for = [name, patterns](std::string_view principal) {
            return patterns ? match_pattern(name, principal).matched : name == principal;
        };
        if (!name.empty() && std::ranges::any_of(principals, stands_for)) {
            return certificate_verdict::ok;
        }
    }
    return certificate_verdict::wrong_principal;
}

[[nodiscard]] inline certificate_verdict check_authority(const keys::certificate& certificate,
                                                         const certificate_question& question) {
    const keys::public_key& authority = certificate.authority();
    const auto& revoked = question.revoked;
    if (revoked && (revoked(certificate.key()) || revoked(authority))) {
        return certificate_verdict::revoked;
    }
    if (certificate.use() != question.use) return certificate_verdict::wrong_use;
    if (keys::is_certificate_name(authority.type())) {
        return certificate_verdict::authority_is_certificate;
    }
    const bool trusted = question.trusted && question.trusted(authority);
    return trusted ? certificate_verdict::ok : certificate_verdict::authority_not_trusted;
}

// There are no critical options for hosts, so each one is unknown (OpenSSH since 8.0).
[[nodiscard]] inline certificate_verdict check_terms(const keys::certificate& certificate,
                                                     const certificate_question& question) {
    if (question.use == keys::certificate_use::host) {
        return certificate.fields().critical_options.empty()
                   ? certificate_verdict::ok
                   : certificate_verdict::unknown_critical_option;
    }
    const certificate_terms terms = read_terms(certificate);
    if (terms.verdict != certificate_verdict::ok || !terms.sources) return terms.verdict;
    switch (match_network_list(question.source, *terms.sources)) {
        case address_match::yes: return certificate_verdict::ok;
        case address_match::malformed: return certificate_verdict::malformed_option;
        default: return certificate_verdict::wrong_source_address;
    }
}

ADIT_DECL certificate_verdict verify_certificate(const keys::certificate& certificate,
                                                 const certificate_question& question) {
    const keys::certificate_fields fields = certificate.fields();
    certificate_verdict verdict = check_authority(certificate, question);
    if (verdict != certificate_verdict::ok) return verdict;
    if (question.now < fields.valid_after) return certificate_verdict::not_yet_valid;
    if (question.now >= fields.valid_before) return certificate_verdict::expired;
    verdict = check_names(certificate, question);
    if (verdict != certificate_verdict::ok) return verdict;
    verdict = check_terms(certificate, question);
    if (verdict != certificate_verdict::ok) return verdict;
    return check_signature(certificate, question);
}

ADIT_DECL const char* sentence(certificate_verdict verdict) noexcept {
    switch (verdict) {
        case certificate_verdict::ok: return "the certificate is good";
        case certificate_verdict::revoked: return "the certificate's key or its CA is revoked";
        case certificate_verdict::wrong_use:
            return "a certificate of a host was shown for a user, or the other way round";
        case certificate_verdict::authority_is_certificate:
            return "the CA's key is a certificate itself";
        case certificate_verdict::authority_not_trusted: return "the CA is not trusted";
        case certificate_verdict::not_yet_valid: return "the certificate is not valid yet";
        case certificate_verdict::expired: return "the certificate has expired";
        case certificate_verdict::no_principals: return "the certificate names no principals";
        case certificate_verdict::wrong_principal: return "the certificate is for other names";
        case certificate_verdict::unknown_critical_option:
            return "the certificate has a critical option that is not known";
        case certificate_verdict::malformed_option:
            return "an option in the certificate is malformed";
        case certificate_verdict::wrong_source_address:
            return "the certificate is not good for the peer's address";
        case certificate_verdict::algorithm_not_allowed:
            return "the CA signed with an algorithm that is not allowed";
        case certificate_verdict::signature_invalid: return "the CA's signature is wrong";
    }
    return "unknown verdict";
}

#endif  // ADIT_BODIES

}  // namespace adit::config
