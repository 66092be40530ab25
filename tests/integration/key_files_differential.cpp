// Three hundred private keys in the files that ssh-keygen, openssl and puttygen make of a few:
// every type, format, cipher, derivation and comment. Each gives the public key of `ssh-keygen -y`
// and the size, fingerprint, comment and type of `ssh-keygen -l` (C53). A fifth of them is read
// unless ADIT_ALL_KEY_FILES is set, because each costs its maker a process and ssh-keygen two.
#include "support/test.hpp"

#include "integration/key_files.hpp"

#include <adit/keys/rsa.hpp>

#include <cstdlib>
#include <functional>

namespace adit::test {
namespace {

const std::string words = key_folder::passphrase;

struct planned_file {
    std::string name;
    bool locked = false;
    std::function<void(const std::string& path)> make;
};

/// What can be made of a few keys, each of which is made once, when it is needed.
class plan {
public:
    plan();

    [[nodiscard]] const std::vector<planned_file>& files() const noexcept { return files_; }
    [[nodiscard]] std::string scratch(std::string_view name) const { return folder_.file(name); }

private:
    void add_by_ssh_keygen(const key_kind& kind);
    void add_by_openssl(const key_kind& kind);
    void add_by_puttygen(const key_kind& kind);

    /// Rewrites a copy: ssh-keygen -p with these arguments.
    void change(const std::string& name, const key_kind& kind, bool locked, const arguments& more);
    /// A command that ends with where the key is to be written.
    void write(const std::string& name, bool locked, const arguments& command);
    [[nodiscard]] std::string source(const key_kind& kind) const { return scratch(kind.name()); }
    [[nodiscard]] std::string pkcs8(const key_kind& kind) const {
        return scratch(kind.name() + ".pk8");
    }

    temporary_directory folder_;
    std::vector<planned_file> files_;
};

plan::plan() {
    write_file(scratch("passphrase"), words);
    write_file(scratch("nothing"), "");
    std::vector<key_kind> kinds = key_kinds();
    kinds.push_back({"rsa", "3072"});
    for (const key_kind& kind : kinds) {
        make_key(source(kind), kind);
        add_by_ssh_keygen(kind);
        add_by_openssl(kind);
        add_by_puttygen(kind);
    }
}

void plan::change(const std::string& name, const key_kind& kind, bool locked,
                  const arguments& more) {
    const std::string from = source(kind);
    const arguments command =
        joined({"ssh-keygen", "-q", "-p", "-P", "", "-N", locked ? words : ""}, more);
    files_.push_back({"ssh-keygen " + kind.name() + " " + name, locked,
                      [from, command](const std::string& path) {
                          std::filesystem::copy_file(from, path);
                          output_of(joined(command, {"-f", path}));
                      }});
}

void plan::write(const std::string& name, bool locked, const arguments& command) {
    files_.push_back({name, locked, [command](const std::string& path) {
                          output_of(joined(command, {path}));
                          std::filesystem::permissions(path, std::filesystem::perms(0600));
                      }});
}

void plan::add_by_ssh_keygen(const key_kind& kind) {
    change("plain", kind, false, {});
    for (const char* cipher : {"aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-cbc", "aes192-cbc",
                               "aes256-cbc", "3des-cbc", "aes128-gcm@openssh.com",
                               "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"}) {
        change(std::string("-Z ") + cipher, kind, true, {"-Z", cipher, "-a", "1"});
    }
    for (const char* rounds : {"2", "3", "7"}) {
        change(std::string("-a ") + rounds, kind, true, {"-a", rounds});
    }
    for (const char* format : {"PEM", "PKCS8"}) {
        change(std::string("-m ") + format, kind, false, {"-m", format});
        change(std::string("-m ") + format + " locked", kind, true, {"-m", format, "-a", "1"});
    }
    const std::string from = source(kind);
    for (const char* comment :
         {"", "joe@example.org", "two  words", "\"quoted\"", "ssh-rsa AAAA",
          "caf\xc3\xa9 \xe2\x82\xac", "#", "-----BEGIN", " led and trailed ",
          "0123456789012345678901234567890123456789012345678901234567890123"
          "0123456789012345678901234567890123456789012345678901234567890123"
          "0123456789012345678901234567890123456789012345678901234567890123"}) {
        files_.push_back({"ssh-keygen " + kind.name() + " -C '" + comment + "'", false,
                          [from, comment](const std::string& path) {
                              std::filesystem::copy_file(from, path);
                              output_of({"ssh-keygen", "-q", "-c", "-C", comment, "-f", path});
                          }});
    }
}

void plan::add_by_openssl(const key_kind& kind) {
    // OpenSSL does not read OpenSSH's own format; ssh-keygen writes that of Ed25519 from 9.6 on.
    const bool edwards = kind.type == "ed25519";
    if (edwards) {
        output_of({"openssl", "genpkey", "-algorithm", "ed25519", "-out", pkcs8(kind)});
    } else {
        std::filesystem::copy_file(source(kind), pkcs8(kind));
        output_of({"ssh-keygen", "-q", "-p", "-P", "", "-N", "", "-m", "PKCS8", "-f", pkcs8(kind)});
    }
    const std::string name = "openssl " + kind.name() + " ";
    const std::string pass = "pass:" + words;
    write(name + "pkey", false, {"openssl", "pkey", "-in", pkcs8(kind), "-out"});
    const arguments lock{"openssl",  "pkcs8", "-topk8", "-in", pkcs8(kind),
                         "-passout", pass,    "-iter",  "1000"};
    for (const char* cipher : {"aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des3"}) {
        for (const char* hash :
             {"hmacWithSHA1", "hmacWithSHA256", "hmacWithSHA384", "hmacWithSHA512"}) {
            write(name + cipher + " " + hash, true,
                  joined(lock, {"-v2", cipher, "-v2prf", hash, "-out"}));
        }
    }
    write(name + "scrypt", true,
          {"openssl", "pkcs8", "-topk8", "-in", pkcs8(kind), "-passout", pass, "-scrypt",
           "-scrypt_N", "1024", "-out"});
    if (edwards) return;
    const bool rsa = kind.type == "rsa";
    arguments old{"openssl", rsa ? "rsa" : "ec", "-in", pkcs8(kind)};
    if (rsa) old.emplace_back("-traditional");
    write(name + "old", false, joined(old, {"-out"}));
    for (const char* cipher : {"-aes128", "-aes192", "-aes256", "-des3"}) {
        write(name + "old " + cipher, true, joined(old, {cipher, "-passout", pass, "-out"}));
    }
}

void plan::add_by_puttygen(const key_kind& kind) {
    for (const char* format : {"private-openssh", "private-openssh-new"}) {
        for (const bool locked : {false, true}) {
            for (const char* comment : {"of putty", "x"}) {
                const arguments command{"puttygen",
                                        source(kind),
                                        "-q",
                                        "-O",
                                        format,
                                        "-C",
                                        comment,
                                        "--new-passphrase",
                                        scratch(locked ? "passphrase" : "nothing"),
                                        "-o"};
                write("puttygen " + kind.name() + " " + format + " " + comment +
                          (locked ? " locked" : ""),
                      locked, command);
            }
        }
    }
}

/// "type base64 comment" by ssh-keygen -y; by openssl where ssh-keygen before 9.6 knows no such
/// file (Ed25519 in PKCS#8).
[[nodiscard]] std::string public_line(const std::string& path, bool locked) {
    const std::string pass = locked ? words : "";
    const auto listed = run({"ssh-keygen", "-y", "-P", pass, "-f", path});
    if (listed.status == 0) return listed.output.substr(0, listed.output.find('\n'));
    const std::string der = output_of(
        {"openssl", "pkey", "-in", path, "-passin", "pass:" + pass, "-pubout", "-outform", "DER"});
    constexpr std::size_t ed25519_der = 44;
    BOOST_REQUIRE_MESSAGE(der.size() == ed25519_der, listed.errors);
    const auto blob = keys::ed25519_blob(as_bytes(der).last(keys::ed25519_public_size));
    return keys::public_key::parse(blob).value().to_line();
}

[[nodiscard]] std::size_t bits_of(const keys::public_key& key) {
    if (key.type() == "ssh-ed25519") return 256;
    if (key.type() != keys::rsa_type) return std::stoul(std::string(key.type().substr(16)));
    wire::reader blob(key.blob());
    static_cast<void>(blob.take_string());
    return keys::bits_of(wire::decode_fields<keys::rsa_fields>(blob.take_rest()).value().n);
}

[[nodiscard]] std::string listed_type(const keys::public_key& key) {
    if (key.type() == "ssh-ed25519") return "(ED25519)";
    return key.type() == keys::rsa_type ? "(RSA)" : "(ECDSA)";
}

void check_file(const planned_file& planned, const std::string& path) {
    planned.make(path);
    auto key = planned.locked ? config::load_private_key(path, secret(words))
                              : config::load_private_key(path);
    BOOST_REQUIRE_MESSAGE(key.has_value(), key.error().message());
    const std::string line = public_line(path, planned.locked);
    std::string ours = key->public_part().to_line();
    if (!key->comment().empty()) ours += " " + std::string(key->comment());
    BOOST_TEST(ours == line);
    write_file(path + ".line", line + "\n");
    const std::string listed = output_of({"ssh-keygen", "-l", "-f", path + ".line"});
    const std::string begin = std::to_string(bits_of(key->public_part())) + " " +
                              keys::fingerprint(key->public_part()) + " ";
    BOOST_TEST(listed.starts_with(begin), listed << " is not " << begin);
    BOOST_TEST(listed.ends_with(" " + listed_type(key->public_part()) + "\n"), listed);
    if (!planned.locked) return;
    const auto without = config::load_private_key(path);
    BOOST_TEST((without.has_error() && without.error() == errc::passphrase_needed));
}

BOOST_AUTO_TEST_SUITE(key_files_differential)

BOOST_AUTO_TEST_CASE(c53_files_of_all_kinds_agree_with_ssh_keygen) {
    if (find_program("puttygen").empty()) return skip("puttygen is not installed");
    const plan all;
    BOOST_TEST(all.files().size() >= 300U);
    const std::size_t step = std::getenv("ADIT_ALL_KEY_FILES") == nullptr ? 5 : 1;
    std::size_t read = 0;
    for (std::size_t i = 0; i < all.files().size(); i += step) {
        const planned_file& one = all.files()[i];
        BOOST_TEST_CONTEXT(one.name) { check_file(one, all.scratch("key" + std::to_string(i))); }
        ++read;
    }
    BOOST_TEST_MESSAGE(read << " of " << all.files().size() << " files");
}

// PuTTY's own format is none of ours, and says so.
BOOST_AUTO_TEST_CASE(c53_putty_files_are_refused_by_name) {
    if (find_program("puttygen").empty()) return skip("puttygen is not installed");
    const key_folder keys;
    const std::string plain = make_key(keys.file("ed25519"), key_kinds().front());
    for (const char* version : {"version=2", "version=3"}) {
        const std::string path = keys.file(version);
        output_of({"puttygen", plain, "-q", "-O", "private", "--ppk-param", version, "-o", path});
        std::filesystem::permissions(path, std::filesystem::perms(0600));
        const auto key = config::load_private_key(path);
        BOOST_TEST((key.has_error() && key.error() == errc::unsupported_key_type));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
