// F10: files of private keys in every format (C53, L21). The first byte of an input says what the
// rest is: in its lowest three bits 0 the text of a file, 1 to 5 what is in the armour of one; with
// 8 in it the passphrase of the seeds is given. Costs are capped tightly, or the fuzzer only
// hashes. A key that comes out signs, its public part verifies that, and writing and reading gives
// it again; what is encrypted gives nothing without its passphrase.
#include "fuzz/check.hpp"

#include <adit/keys/key_parser.hpp>

#include <array>
#include <string_view>

namespace {

using adit::bytes_view;
using adit::errc;
using adit::fuzz::check;
namespace crypto = adit::crypto;
namespace keys = adit::keys;

constexpr std::array<std::string_view, 5> labels{"OPENSSH PRIVATE KEY", "RSA PRIVATE KEY",
                                                 "EC PRIVATE KEY", "PRIVATE KEY",
                                                 "ENCRYPTED PRIVATE KEY"};

[[nodiscard]] keys::key_cost_limits tight_limits() {
    keys::key_cost_limits limits;
    limits.bcrypt_rounds = 1;
    limits.pbkdf2_iterations = 64;
    limits.scrypt_bytes = 64 * 1024;
    return limits;
}

[[nodiscard]] const crypto::secret_bytes& passphrase() {
    static const crypto::secret_bytes secret{'s', 'e', 'c', 'r', 'e', 't'};
    return secret;
}

[[nodiscard]] auto parse(bytes_view file, const crypto::secret_bytes* with) {
    return keys::parse_private_key(file, with, tight_limits());
}

void check_key(const keys::private_key& key) {
    const keys::public_key& shown = key.public_part();
    check(shown.supported(), "a key that was read can be used");
    const auto names = keys::signature_algorithms_for(shown.type());
    check(!names.empty(), "there is an algorithm for it");
    const auto blob = key.sign(names[0], adit::as_bytes("text"));
    check(blob.has_value(), "it signs");
    check(shown.verify(names[0], adit::as_bytes("text"), *blob) == errc::ok, "and truly");
    const auto written = keys::to_openssh_format(key);
    const auto again = parse(written, nullptr);
    check(again.has_value(), "what is written can be read");
    check(again->public_part() == shown && again->comment() == key.comment(), "and is the same");
}

void check_file(bytes_view file, bool with_passphrase) {
    const auto without = parse(file, nullptr);
    if (without) check_key(*without);
    if (!with_passphrase) return;
    const auto with = parse(file, &passphrase());
    if (without) {
        check(with.has_value() && with->public_part() == without->public_part(),
              "a passphrase does not disturb what needs none");
        return;
    }
    if (!with) {
        check(with.error() != errc::passphrase_needed, "a passphrase that is given is enough");
        return;
    }
    check(without.error() == errc::passphrase_needed, "an encrypted key says that it is");
    check_key(*with);
    const crypto::secret_bytes wrong{'w', 'r', 'o', 'n', 'g'};
    check(!parse(file, &wrong).has_value(), "a wrong passphrase yields no key");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bytes_view rest = bytes_view(data, size).subspan(1);
    const std::size_t form = data[0] & 7U;
    const bool with_passphrase = (data[0] & 8U) != 0;
    if (form == 0 || form > labels.size()) {
        check_file(rest, with_passphrase);
    } else {
        check_file(keys::encode_pem(labels[form - 1], rest, 64), with_passphrase);
    }
    return 0;
}
