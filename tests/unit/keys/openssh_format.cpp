// OpenSSH's private key files: those of ssh-keygen, ours read by ssh-keygen, and damaged ones
// (C53).
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/keys/openssh_format.hpp>

#include <functional>

using namespace adit;

namespace {

std::string file_of(bytes_view binary) {
    return std::string(keys::openssh_format::begin_line) + '\n' + keys::to_base64(binary) + '\n' +
           std::string(keys::openssh_format::end_line) + '\n';
}

error_code error_of(std::string_view file) {
    const auto key = keys::parse_private_key(as_bytes(file));
    return key ? error_code() : key.error();
}

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

    std::string file() const {
        std::vector<byte> section(1000);
        wire::writer s(section);
        wire::put_fields(s, keys::openssh_format::ed25519_section{
                                check, check_again, type, point, secret, comment, {padding}});
        section.resize(s.size());
        std::vector<byte> binary(2000);
        wire::writer w(binary);
        w.put(as_bytes(keys::openssh_format::magic));
        wire::put_fields(w, keys::openssh_format::container{cipher, kdf, as_bytes(kdf_options),
                                                            keys_count, blob, section});
        w.put(behind);
        binary.resize(w.size());
        return file_of(binary);
    }
};

error_code error_after(const std::function<void(parts&)>& change) {
    parts p;
    change(p);
    return error_of(p.file());
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

BOOST_AUTO_TEST_CASE(c53_a_passphrase_is_asked_for_only_where_it_helps) {
    const test::temporary_directory folder;
    const auto made = [&folder](const std::string& type, const std::string& cipher) {
        const std::string path = folder.file(type + cipher);
        BOOST_REQUIRE(test::run({"ssh-keygen", "-q", "-t", type, "-N", "secret", "-a", "1", "-Z",
                                 cipher, "-f", path})
                          .status == 0);
        return error_of(test::read_file(path));
    };
    for (const std::string cipher : {"aes256-ctr", "aes128-cbc", "aes256-gcm@openssh.com",
                                     "chacha20-poly1305@openssh.com", "3des-cbc"}) {
        BOOST_TEST((made("ed25519", cipher) == errc::passphrase_needed));
    }
    BOOST_TEST((made("ecdsa", "aes256-ctr") == errc::unsupported_key_type));
    BOOST_TEST((error_after([](parts& p) { p.cipher = "rot13"; }) == errc::unsupported_key_cipher));
}

BOOST_AUTO_TEST_CASE(other_kinds_of_keys_are_named_as_such) {
    const test::temporary_directory folder;
    for (const std::string type : {"rsa", "ecdsa"}) {
        for (const std::string format : {"RFC4716", "PKCS8", "PEM"}) {
            const std::string path = folder.file(type + format);
            BOOST_REQUIRE(
                test::run({"ssh-keygen", "-q", "-t", type, "-m", format, "-N", "", "-f", path})
                    .status == 0);
            BOOST_TEST((error_of(test::read_file(path)) == errc::unsupported_key_type));
        }
    }
    BOOST_TEST((error_of("PuTTY-User-Key-File-3: ssh-ed25519\n") == errc::unsupported_key_type));
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
    const std::string begin(keys::openssh_format::begin_line);
    const std::string end(keys::openssh_format::end_line);
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
