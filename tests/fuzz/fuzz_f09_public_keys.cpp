// F09: public keys as blobs and as lines, certificates, and signatures (RFC 4253 section 6.6, RFC
// 5656, RFC 8332, RFC 8709, PROTOCOL.certkeys; C33, C38, A13, A14). The first byte of an input says
// what the rest is: 0 a blob, of a certificate too; 1 a line of a file; 127 at which place a good
// certificate is changed, and how; from 128 on, which of our keys signs, at which place the
// signature is changed, and how; otherwise a signature blob, for the key with that number.
// What is accepted has exactly one form, keeps to the sizes that are allowed, and verifies nothing
// that it did not sign.
#include "fuzz/check.hpp"
#include "support/certificates.hpp"
#include "unit/keys/key_samples.hpp"

#include <adit/config/certificate_check.hpp>
#include <adit/keys/certificate.hpp>
#include <adit/keys/fingerprint.hpp>
#include <adit/keys/private_key.hpp>

#include <array>
#include <string_view>
#include <vector>

namespace {

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::fuzz::check;
namespace keys = adit::keys;
namespace wire = adit::wire;

constexpr std::string_view message = "text";

[[nodiscard]] keys::private_key ed25519_key() {
    const std::vector<byte> seed(32, 1);
    return keys::private_key::from_ed25519_seed(seed).value();
}

[[nodiscard]] const std::vector<keys::private_key>& signers() {
    static const std::vector<keys::private_key> all = [] {
        std::vector<keys::private_key> made;
        made.push_back(ed25519_key());
        for (const auto* curve : keys::nist_curves) {
            made.push_back(adit::test::sample_ecdsa_key(*curve, 7));
        }
        made.push_back(adit::test::sample_rsa_key());
        return made;
    }();
    return all;
}

void check_ecdsa_blob(const keys::nist_curve& curve, bytes_view fields, bytes_view blob) {
    const auto decoded = wire::decode_fields<keys::ecdsa_fields>(fields);
    check(decoded.has_value(), "an accepted ECDSA key has its fields");
    check(decoded->point.size() == 1 + 2 * curve.size, "and a whole point");
    const auto again = keys::ecdsa_blob(curve, decoded->point);
    check(wire::same_bytes(again, blob), "ECDSA has one form");
}

void check_rsa_blob(bytes_view fields, bytes_view blob) {
    const auto decoded = wire::decode_fields<keys::rsa_fields>(fields);
    check(decoded.has_value(), "an accepted RSA key has its fields");
    const std::size_t n = keys::bits_of(decoded->n);
    check(n >= 2048 && n <= 16384 && keys::is_odd(decoded->n), "L21: 2048 to 16384 bits");
    check(keys::bits_of(decoded->e) <= 64 && keys::is_odd(decoded->e), "A14: a short exponent");
    check(wire::same_bytes(keys::rsa_blob(*decoded), blob), "RSA has one form");
}

/// A signature that is well-formed and not this key's, for each algorithm.
void check_verifies_nothing(const keys::public_key& key) {
    for (const keys::private_key& signer : signers()) {
        const std::string_view algorithm = signer.public_part().type();
        static const std::vector<byte> zeros(64, 0);
        const auto blob = keys::to_blob({algorithm, zeros});
        check(key.verify(algorithm, adit::as_bytes(message), blob) != errc::ok,
              "zeros are no signature");
    }
    for (const std::string_view algorithm : keys::signature_algorithms_for("ssh-rsa")) {
        const std::vector<byte> ones(256, 1);
        const auto blob = keys::to_blob({algorithm, ones});
        check(key.verify(algorithm, adit::as_bytes(message), blob) != errc::ok,
              "ones are no signature");
    }
}

void check_key(const keys::public_key& key) {
    wire::reader r(key.blob());
    const std::string_view type = adit::as_text(r.take_string());
    check(type == key.type(), "the type is the blob's");
    if (const auto* const curve = keys::find_curve(type)) {
        check_ecdsa_blob(*curve, r.remaining(), key.blob());
    }
    if (type == keys::rsa_type) check_rsa_blob(r.remaining(), key.blob());
    const auto from_line = keys::public_key::parse_line(key.to_line("a comment"));
    check(from_line.has_value() && *from_line == key, "a line of it gives the key again");
    check(keys::matches_fingerprint(key, keys::fingerprint(key)), "it has its own fingerprint");
    check_verifies_nothing(key);
}

/// The certificate's blob, written anew from what was read.
[[nodiscard]] std::vector<byte> written_again(const keys::certificate& certificate) {
    std::vector<byte> memory(certificate.blob().size());
    wire::reader r(certificate.blob());
    wire::writer w(memory);
    w.put_string(r.take_string());
    w.put_string(r.take_string());
    wire::reader key(certificate.key().blob());
    static_cast<void>(key.take_string());
    w.put(key.remaining());
    wire::put_fields(w, certificate.fields());
    memory.resize(w.size());
    return memory;
}

/// Everything about the certificate is granted; only itself can be wrong.
void check_verdict(const keys::certificate& certificate) {
    adit::config::certificate_question question;
    question.use = certificate.use();
    question.names = certificate.principals();
    question.source = "192.0.2.1";
    question.now = certificate.fields().valid_after;
    question.trusted = [](const keys::public_key&) { return true; };
    const auto verdict = adit::config::verify_certificate(certificate, question);
    if (verdict != adit::config::certificate_verdict::ok) return;
    check(certificate.verify_authority() == errc::ok, "C38: a good certificate is signed");
    check(certificate.authority().supported(), "C38: by a key, and not by a certificate");
    check(question.now < certificate.fields().valid_before, "C38: and was valid once");
    check(!question.names.empty(), "C38: for somebody");
    question.revoked = question.trusted;
    check(adit::config::verify_certificate(certificate, question) ==
              adit::config::certificate_verdict::revoked,
          "C38: revocation beats all");
}

void check_certificate(bytes_view blob) {
    const auto read = keys::certificate::parse(blob);
    if (!read) return;
    check(wire::same_bytes(written_again(*read), blob), "a certificate has one form");
    check(keys::plain_name(read->type()) == read->key().type(), "its key is what it says");
    check(read->key().supported(), "and can be used");
    check(read->principals().size() <= 256, "C38: at most 256 principals");
    check_verdict(*read);
}

void check_changed_certificate(bytes_view control) {
    auto blob = adit::test::sample_certificate_blob({});
    const std::size_t place = control[0] * 256U + control[1];
    blob[place % blob.size()] ^= control[2];
    const auto read = keys::certificate::parse(blob);
    const bool verifies = read && read->verify_authority() == errc::ok;
    check(verifies == (control[2] == 0), "C38: a changed certificate is none");
}

void check_blob(bytes_view blob) {
    check_certificate(blob);
    const auto key = keys::public_key::parse(blob);
    if (!key) return;
    check(wire::same_bytes(key->blob(), blob), "a key is its whole blob");
    check_key(*key);
}

void check_line(std::string_view line) {
    const auto key = keys::public_key::parse_line(line);
    if (!key) return;
    const std::string base64 = keys::to_base64(key->blob());
    check(line.find(base64) != std::string_view::npos, "a key is what its line says");
    check_key(*key);
}

void check_signature(const keys::private_key& signer, bytes_view blob) {
    const keys::public_key& key = signer.public_part();
    for (const keys::signature_algorithm& row : keys::signature_algorithms) {
        if (key.verify(row.name, adit::as_bytes(message), blob) != errc::ok) continue;
        check(row.key_type == key.type(), "C32: a key verifies its own algorithm only");
        const auto parsed = keys::parse_signature(blob);
        check(parsed.has_value() && parsed->algorithm == row.name, "A13: and by its name");
        check(keys::to_blob(*parsed).size() == blob.size(), "A13: and to its end");
        const auto mine = signer.sign(row.name, adit::as_bytes(message)).value();
        const bytes_view bytes = keys::parse_signature(mine).value().bytes;
        // C33: leading zeros may be missing from RSA's.
        check(wire::to_mpint(bytes) == wire::to_mpint(parsed->bytes),
              "what verifies is what was signed");
    }
}

void check_changed(bytes_view control) {
    const keys::private_key& signer = signers()[control[0] % signers().size()];
    const auto names = keys::signature_algorithms_for(signer.public_part().type());
    auto blob = signer.sign(names[0], adit::as_bytes(message)).value();
    blob[control[1] % blob.size()] ^= control[2];
    const errc verdict = signer.public_part().verify(names[0], adit::as_bytes(message), blob);
    check((verdict == errc::ok) == (control[2] == 0), "a signature with a changed bit is none");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bytes_view rest = bytes_view(data, size).subspan(1);
    if (data[0] >= 128) {
        if (size >= 4) check_changed(rest);
        return 0;
    }
    switch (data[0]) {
        case 0: check_blob(rest); break;
        case 1: check_line(adit::as_text(rest)); break;
        case 127:
            if (size >= 4) check_changed_certificate(rest);
            break;
        default: check_signature(signers()[(data[0] - 2U) % signers().size()], rest);
    }
    return 0;
}
