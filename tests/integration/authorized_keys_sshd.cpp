// authorized_keys as sshd reads it: for each line, whether a login succeeds there and whether we
// would grant it (A27, A31, C38), with a plain key and with a certificate of ssh-keygen's. What we
// refuse on purpose where sshd accepts is listed apart.
#include "support/test.hpp"

#include "integration/sshd.hpp"

#include <adit/config/authorized_keys.hpp>

#include <ctime>

namespace adit::test {
namespace {

struct sample_line {
    std::string text;  ///< KEY stands for "type base64", CA for the CA's
    bool granted;
};

[[nodiscard]] std::string replaced(std::string text, const std::string& word,
                                   const std::string& with) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
        text.replace(at, word.size(), with);
        at += with.size();
    }
    return text;
}

[[nodiscard]] std::string without_comment(const std::string& public_key_file) {
    const std::string line = read_file(public_key_file);
    return line.substr(0, line.rfind(' '));
}

void keygen(const std::vector<std::string>& arguments) {
    std::vector<std::string> command{"ssh-keygen", "-q"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto made = run(command);
    if (made.status != 0) throw std::runtime_error("ssh-keygen: " + made.errors);
}

[[nodiscard]] bool sshd_lets_in(const sshd& server) {
    const auto tried = run({"ssh",
                            "-F",
                            "none",
                            "-T",
                            "-v",
                            "-i",
                            server.user_key(),
                            "-p",
                            std::to_string(server.port()),
                            "-o",
                            "BatchMode=yes",
                            "-o",
                            "IdentitiesOnly=yes",
                            "-o",
                            "IdentityAgent=none",
                            "-o",
                            "StrictHostKeyChecking=no",
                            "-o",
                            "UserKnownHostsFile=/dev/null",
                            current_user() + "@127.0.0.1",
                            "true"});
    return tried.errors.find("Authenticated to 127.0.0.1") != std::string::npos;
}

/// As ssh does: with the certificate, where there is one, and then with the key.
[[nodiscard]] bool we_let_in(const sshd& server, const std::string& text) {
    const auto file = config::parse_authorized_keys(text);
    const std::string user = current_user();
    config::key_question question;
    question.user = user;
    question.source = "127.0.0.1";
    question.now = static_cast<std::uint64_t>(std::time(nullptr));
    const auto key = keys::public_key::parse_line(without_comment(server.file("id.pub"))).value();
    if (config::find_key(file, key, question).grant) return true;
    if (!std::filesystem::exists(server.file("id-cert.pub"))) return false;
    const auto certificate =
        keys::certificate::parse_line(without_comment(server.file("id-cert.pub"))).value();
    return config::find_key(file, certificate, question).grant.has_value();
}

/// The text with the keys in it, also as the server's file.
std::string install(const sshd& server, const std::string& text) {
    std::string filled = replaced(text, "KEY", without_comment(server.file("id.pub")));
    if (std::filesystem::exists(server.file("ca.pub"))) {
        filled = replaced(filled, "CA", without_comment(server.file("ca.pub")));
    }
    write_file(server.file("authorized_keys"), filled);
    std::filesystem::permissions(server.file("authorized_keys"), std::filesystem::perms(0644));
    return filled;
}

void compare(const sshd& server, const sample_line& line) {
    const std::string text = install(server, line.text);
    BOOST_TEST_CONTEXT(line.text) {
        BOOST_TEST(we_let_in(server, text) == line.granted);
        BOOST_TEST(sshd_lets_in(server) == line.granted);
    }
}

/// Logins take their time: what is to be refused is tried in one file, and alone only if the file
/// lets somebody in.
void compare_all(const sshd& server, const std::vector<sample_line>& lines) {
    std::string refused;
    for (const sample_line& line : lines) {
        if (line.granted) compare(server, line);
        if (!line.granted) refused += line.text;
    }
    const std::string text = install(server, refused);
    if (!we_let_in(server, text) && !sshd_lets_in(server)) return;
    for (const sample_line& line : lines) {
        if (!line.granted) compare(server, line);
    }
    BOOST_ERROR("refused lines let somebody in");
}

const std::vector<sample_line> plain_lines{
    {"KEY\n", true},
    {"  \tKEY a comment\r\n", true},
    {"KEY", true},
    {"# KEY\n\nrestrict\t KEY\n", true},
    {"RESTRICT,Pty,no-X11-forwarding,user-rc KEY\n", true},
    {",,restrict,,no-pty, KEY\n", true},
    {"no-touch-required,verify-required KEY\n", true},
    {"nonsense\nKEY\n", true},
    {"command=\"a \\\"b\\\" c\",from=\"127.0.0.0/8\" KEY\n", true},
    {"from=\"10.0.0.0/8,127.0.0.?\" KEY\n", true},
    {"permitopen=\"db:5432\",permitopen=\"[::1]:*\",permitlisten=\"8080\" KEY\n", true},
    {"expiry-time=\"20990101\",expiry-time=\"209901011200Z\" KEY\n", true},
    {"tunnel=\"any\",environment=\"A=1\" KEY\n", true},
    {"from=\"10.0.0.1\" KEY\nno-pty KEY\n", true},
    {"restrict pty KEY\n", false},
    {"restrict, pty KEY\n", false},
    {"unknown KEY\n", false},
    {"restricted KEY\n", false},
    {"no-restrict KEY\n", false},
    {"restrict,unknown=\"x\" KEY\n", false},
    {"command=x KEY\n", false},
    {"command=\"x KEY\n", false},
    {"command=\"x\"y KEY\n", false},
    {"command=\"x\\\" KEY\n", false},
    {"command=\"a\",command=\"a\" KEY\n", false},
    {"from=\"10.0.0.0/8\" KEY\n", false},
    {"from=\"*,!127.0.0.0/8\" KEY\n", false},
    {"from=\"127.0.0.1/8\" KEY\n", false},
    {"from=\"*,\" KEY\n", false},
    {"from=\"\" KEY\n", false},
    {"permitopen=\"db\" KEY\n", false},
    {"permitopen=\"db:0\" KEY\n", false},
    {"permitopen=\"db:65536\" KEY\n", false},
    {"permitlisten=\"localhost\" KEY\n", false},
    {"expiry-time=\"20200101\" KEY\n", false},
    {"expiry-time=\"20990101Z\",expiry-time=\"20200101Z\" KEY\n", false},
    {"expiry-time=\"soon\" KEY\n", false},
    {"environment=\"A\" KEY\n", false},
    {"tunnel=\"tun0\" KEY\n", false},
    {"principals=\"root\" KEY\n", false},
    {"cert-authority KEY\n", false},
    {"\xef\xbb\xbfKEY\n", false},
    {"ssh-rsa KEY\n", false},
};

const std::vector<sample_line> authority_lines{
    {"cert-authority CA\n", true},
    {"restrict,cert-authority,principals=\"x,ops\",from=\"127.0.0.1\" CA\n", true},
    {"cert-authority,command=\"true\" CA\n", true},
    {"CA\n", false},
    {"cert-authority,command=\"false\" CA\n", false},
    {"cert-authority,principals=\"x\" CA\n", false},
    {"cert-authority,principals=\"\" CA\n", false},
    {"cert-authority,principals=\"op*\" CA\n", false},
    {"cert-authority,from=\"10.0.0.0/8\" CA\n", false},
    {"cert-authority,expiry-time=\"20200101\" CA\n", false},
    {"cert-authority KEY\n", false},
};

void plain_keys(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer, {{"PermitUserEnvironment yes"}, std::nullopt});
    compare_all(server, plain_lines);
}

void sign(const sshd& server, std::vector<std::string> options) {
    std::vector<std::string> arguments{"-s", server.file("ca"), "-I", "id"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.push_back(server.file("id.pub"));
    keygen(arguments);
}

void certificates(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer);
    make_key(server.file("ca"));
    const std::string names = current_user() + ",ops";
    sign(server, {"-n", names, "-O", "force-command=true"});
    compare_all(server, authority_lines);
    const std::vector<std::pair<std::vector<std::string>, bool>> signings{
        {{"-n", names, "-O", "source-address=127.0.0.0/8"}, true},
        {{"-n", names, "-O", "extension:new@example.com=x"}, true},
        {{"-n", names, "-V", "-1d:+1d"}, true},
        {{"-n", "ops"}, false},
        {{"-n", names, "-O", "source-address=10.0.0.0/8"}, false},
        {{"-n", names, "-O", "critical:new@example.com=x"}, false},
        {{"-n", names, "-V", "-2d:-1d"}, false},
        {{"-n", names, "-V", "+1d:+2d"}, false},
        {{"-n", names, "-h"}, false},
    };
    for (const auto& [options, granted] : signings) {
        sign(server, options);
        BOOST_TEST_CONTEXT(options.back()) { compare(server, {"cert-authority CA\n", granted}); }
    }
}

/// sshd takes these; each of them is a surprise to somebody.
void refused_by_us_alone(const sshd_peer& peer) {
    if (missing(peer)) return;
    const sshd server(peer);
    for (const char* options : {"permitopen=\"db:http\"", "permitopen=\"db/80\"",
                                "permitopen=\":80\"", "expiry-time=\"20990231Z\""}) {
        const std::string text = install(server, std::string(options) + " KEY\n");
        BOOST_TEST(!we_let_in(server, text), options);
        BOOST_TEST(sshd_lets_in(server), options);
    }
}

BOOST_AUTO_TEST_SUITE(authorized_keys_sshd)

BOOST_AUTO_TEST_CASE(a31_plain_keys_as_sshd_9_2) { plain_keys(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(a31_plain_keys_as_sshd_10_0) { plain_keys(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(c38_certificates_as_sshd_9_2) { certificates(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(c38_certificates_as_sshd_10_0) { certificates(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(a27_what_only_we_refuse) { refused_by_us_alone(sshd_9_2()); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
