// OpenSSH's private key files: those of ssh-keygen, ours read by ssh-keygen, and damaged ones
// (C53).
#include "key_samples.hpp"
#include "support/fixed_random.hpp"
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/keys/key_parser.hpp>
#include <adit/keys/openssh_format.hpp>

#include <functional>

using namespace adit;

namespace {

namespace format = keys::openssh_format;

const std::string begin_line = "-----BEGIN OPENSSH PRIVATE KEY-----";
const std::string end_line = "-----END OPENSSH PRIVATE KEY-----";

std::string file_of(bytes_view binary) {
    return begin_line + '\n' + keys::to_base64(binary) + '\n' + end_line + '\n';
}

error_code error_of(std::string_view file) { return test::key_error(file); }

/// Everything that a file says, to be changed and written again.
struct parts {
    keys::private_key key = test::sample_key(1);
    std::string cipher = "none", kdf = "none", kdf_options, type = "ssh-ed25519",
                comment = "abcdefg";
    std::uint32_t keys_count = 1, check = 7, check_again = 7;
    std::vector<byte> blob{key.public_part().blob().begin(), key.public_part().blob().end()};
    std::vector<byte> point{blob.end() - 32, blob.end()};
    std::vector<byte> secret = std::vector<byte>(32, 1);
    std::vector<byte> padding{1, 2, 3, 4, 5, 6};  // for a comment of seven bytes
    std::vector<byte> behind;

    parts() { secret.insert(secret.end(), point.begin(), point.end()); }

    /// Says so, and does not do it.
    void encrypt(std::uint32_t rounds) {
        cipher = "aes256-ctr";
        kdf = "bcrypt";
        const std::array<byte, 16> salt{1, 2, 3};
        std::array<byte, 24> options{};
        wire::writer w(options);
        wire::put_fields(w, format::bcrypt_options{salt, rounds});
        kdf_options = as_text(options);
    }

    std::string file() const {
        std::vector<byte> section(1000);
        wire::writer s(section);
        wire::put_fields(s, format::section_head{check, check_again, type});
        wire::put_fields(s, format::ed25519_secret{point, secret});
        s.put_string(as_bytes(comment));
        s.put(padding);
        section.resize(s.size());
        std::vector<byte> binary(2000);
        wire::writer w(binary);
        w.put(as_bytes(format::magic));
        wire::put_fields(
            w, format::container{
                   cipher, kdf, as_bytes(kdf_options), keys_count, blob, section, {behind}});
        binary.resize(w.size());
        return file_of(binary);
    }
};

error_code error_after(const std::function<void(parts&)>& change) {
    parts p;
    change(p);
    return error_of(p.file());
}

std::vector<keys::private_key> every_type() {
    std::vector<keys::private_key> made;
    made.push_back(test::sample_key(1));
    for (const auto* curve : keys::nist_curves) made.push_back(test::sample_ecdsa_key(*curve, 7));
    made.push_back(test::sample_rsa_key());
    return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openssh_format)

BOOST_AUTO_TEST_CASE(keys_of_ssh_keygen_load_and_agree_with_its_public_part) {
    const test::temporary_directory folder;
    for (const std::string comment : {"", "a", "ab", "abcdefg", "user@host with blanks"}) {
        const std::string path = folder.file("key" + std::to_string(comment.size()));
        BOOST_REQUIRE(
            test::run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path})
                .status == 0);
        const std::string file = test::read_file(path);
        const auto key = keys::parse_private_key(as_bytes(file));
        BOOST_REQUIRE(key.has_value());
        BOOST_TEST(key->comment() == comment);
        BOOST_TEST(key->public_part().to_line(comment) + '\n' ==
                   test::run({"ssh-keygen", "-y", "-f", path}).output);
    }
}

BOOST_AUTO_TEST_CASE(our_files_load_here_and_in_ssh_keygen) {
    const test::temporary_directory folder;
    for (const std::string comment : {"", "a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"}) {
        const auto key = test::sample_key(3, comment);
        const auto file = keys::to_openssh_format(key);
        const auto again = keys::parse_private_key(file);
        BOOST_REQUIRE(again.has_value());
        BOOST_TEST((again->public_part() == key.public_part()));
        BOOST_TEST(again->comment() == comment);
        const std::string path = test::write_file(folder.file("key"), as_text(file));
        const auto printed = test::run({"ssh-keygen", "-y", "-f", path});
        BOOST_TEST(printed.output == key.public_part().to_line(comment) + '\n');
    }
}

BOOST_AUTO_TEST_CASE(line_ends_and_blanks_of_other_systems_do_not_matter) {
    std::string file = parts().file();
    BOOST_REQUIRE(!error_of(file));
    BOOST_TEST(!error_of(" \r\n\t" + file + "anything behind it\n"));
    for (auto at = file.find('\n'); at != std::string::npos; at = file.find('\n', at + 2)) {
        file.insert(at, 1, '\r');
    }
    BOOST_TEST(!error_of(file));
}

BOOST_AUTO_TEST_CASE(our_files_of_every_type_load_here_and_in_ssh_keygen) {
    const test::temporary_directory folder;
    test::fixed_random random(1);
    for (keys::private_key& key : every_type()) {
        key.set_comment("my comment");
        const auto plain = keys::to_openssh_format(key);
        const auto encrypted = keys::to_openssh_format(key, test::secret_of("secret"), random);
        const std::string path = test::write_file(folder.file("key"), as_text(plain));
        const std::string line = key.public_part().to_line(key.comment()) + '\n';
        BOOST_TEST(test::run({"ssh-keygen", "-y", "-f", path}).output == line);
        test::write_file(path, as_text(encrypted));
        BOOST_TEST(test::run({"ssh-keygen", "-y", "-P", "secret", "-f", path}).output == line);
        BOOST_TEST(!test::key_error(as_text(plain)));
        BOOST_TEST(!test::key_error(as_text(encrypted), "secret"));
        BOOST_TEST((test::key_error(as_text(encrypted)) == errc::passphrase_needed));
        BOOST_TEST((test::key_error(as_text(encrypted), "") == errc::wrong_passphrase));
    }
}

BOOST_AUTO_TEST_CASE(c53_a_passphrase_is_asked_for_only_where_it_helps) {
    BOOST_TEST((error_after([](parts& p) { p.cipher = "rot13"; }) == errc::unsupported_key_cipher));
    BOOST_TEST((error_after([](parts& p) { p.cipher = "aes256-ctr"; }) ==
                errc::unsupported_key_cipher));  // and no key derivation
    BOOST_TEST((error_after([](parts& p) { p.encrypt(1); }) == errc::passphrase_needed));
    const auto unknown = test::sample_unknown_key("ssh-future", 1);
    BOOST_TEST((error_after([&unknown](parts& p) {
                    p.encrypt(1);
                    p.blob.assign(unknown.blob().begin(), unknown.blob().end());
                }) == errc::unsupported_key_type));
}

BOOST_AUTO_TEST_CASE(l21_rounds_are_capped_before_anybody_types_a_passphrase) {
    BOOST_TEST((error_after([](parts& p) { p.encrypt(1024); }) == errc::passphrase_needed));
    for (const std::uint32_t rounds : {1025U, 0x7fffffffU, 0xffffffffU}) {
        const auto error = error_after([rounds](parts& p) { p.encrypt(rounds); });
        BOOST_TEST((error == keys::key_too_costly()));
    }
    BOOST_TEST((error_after([](parts& p) { p.encrypt(0); }) == errc::key_corrupt));
}

BOOST_AUTO_TEST_CASE(c53_the_frame_of_an_encrypted_section_is_checked_first) {
    using change = std::function<void(parts&)>;
    const std::vector<change> changes{
        [](parts& p) { p.kdf_options.pop_back(); },
        [](parts& p) { p.kdf_options += 'x'; },
        [](parts& p) { p.kdf_options.clear(); },
        [](parts& p) { p.kdf_options = std::string(7, '\0') + '\1'; },  // no salt
        [](parts& p) { p.behind = {0}; },
        [](parts& p) { p.cipher = "aes256-gcm@openssh.com"; },  // without its tag
        [](parts& p) { p.padding.push_back(7); },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        BOOST_TEST_INFO("change " << i);
        const auto error = error_after([&changes, i](parts& p) {
            p.encrypt(1);
            changes[i](p);
        });
        BOOST_TEST((error == errc::key_corrupt));
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_private_key_is_not_a_key) {
    for (const std::string& text :
         {std::string(), std::string("\n\n"), std::string("-----BEGIN "), std::string(1000, '\0'),
          test::sample_public_key(1).to_line(), std::string("-----BEGIN CERTIFICATE-----\nAAAA\n"),
          std::string("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")}) {
        BOOST_TEST((error_of(text) == errc::not_a_key));
    }
}

BOOST_AUTO_TEST_CASE(c53_an_empty_or_open_ended_body_is_corrupt) {
    const std::string& begin = begin_line;
    const std::string& end = end_line;
    for (const std::string& text :
         {begin, begin + "\n", begin + end, begin + "\n" + end + "\n", begin + "\nAAAA\n" + end,
          begin + "\n!!!!\n" + end, begin + "\n" + begin + "\n" + end}) {
        BOOST_TEST((error_of(text) == errc::key_corrupt));
    }
}

BOOST_AUTO_TEST_CASE(c53_every_inconsistency_is_corrupt) {
    using change = std::function<void(parts&)>;
    const std::vector<change> changes{
        [](parts& p) { p.check = 8; },
        [](parts& p) { p.padding[2] = 4; },
        [](parts& p) { p.padding = {0, 1, 2, 3, 4, 5}; },
        [](parts& p) { p.padding.pop_back(); },
        [](parts& p) { p.padding.clear(); },
        [](parts& p) { p.behind = {0}; },
        [](parts& p) { p.keys_count = 0; },
        [](parts& p) { p.keys_count = 2; },
        [](parts& p) { p.kdf = "bcrypt"; },
        [](parts& p) { p.kdf_options = "salt"; },
        [](parts& p) { p.type = "ssh-rsa"; },
        [](parts& p) { p.point[0] ^= 1; },
        [](parts& p) { p.point.pop_back(); },
        [](parts& p) { p.secret[0] ^= 1; },
        [](parts& p) { p.secret[63] ^= 1; },
        [](parts& p) { p.secret.pop_back(); },
        [](parts& p) { p.secret.push_back(0); },
        [](parts& p) { p.blob.back() ^= 1; },
        [](parts& p) { p.blob.pop_back(); },
        [](parts& p) { p.blob.push_back(0); },
        [](parts& p) { p.blob.clear(); },
    };
    BOOST_REQUIRE(!error_of(parts().file()));
    for (std::size_t i = 0; i < changes.size(); ++i) {
        BOOST_TEST_INFO("change " << i);
        BOOST_TEST((error_after(changes[i]) == errc::key_corrupt));
    }
}

BOOST_AUTO_TEST_CASE(c53_every_truncation_is_refused) {
    const std::string whole = parts().file();
    const std::size_t begin = whole.find('\n') + 1;
    const std::string base64 = whole.substr(begin, whole.find('\n', begin) - begin);
    const auto binary = keys::from_base64(base64).value();
    for (std::size_t size = 0; size < binary.size(); ++size) {
        BOOST_TEST((error_of(file_of(bytes_view(binary).first(size))) == errc::key_corrupt));
    }
}

BOOST_AUTO_TEST_SUITE_END()
