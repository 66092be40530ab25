// Writes ssh_config files at random, the same ones for the same seed: every keyword that
// host_settings has, Host, Match and Include, in all the ways in which a line may be written, and
// now and then a mistake. Used by ssh_config_differential.cpp.
// Invariant: nothing in a file makes ssh -G run a command or ask the network.
#pragma once

#include <array>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::test {

struct written_config {
    std::vector<std::pair<std::string, std::string>> files;  ///< the first is main
    std::string alias;
};

class config_writer {
public:
    /// `folder` is where the files will lie.
    config_writer(unsigned seed, std::string folder) : random_(seed), folder_(std::move(folder)) {}

    [[nodiscard]] written_config write();

private:
    using texts = std::vector<std::string>;

    [[nodiscard]] unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
    [[nodiscard]] bool one_in(unsigned n) { return below(n) == 0; }
    [[nodiscard]] std::string any(const texts& of) {
        return of[below(static_cast<unsigned>(of.size()))];
    }

    [[nodiscard]] std::string file(unsigned depth);
    [[nodiscard]] std::string directive();
    [[nodiscard]] std::string text_directive();
    [[nodiscard]] std::string list_directive();
    [[nodiscard]] std::string host_line();
    [[nodiscard]] std::string match_line();
    [[nodiscard]] std::string condition();
    [[nodiscard]] std::string include_line(unsigned depth);
    [[nodiscard]] std::string mistake();
    [[nodiscard]] std::string line(const std::string& keyword, const std::string& value);
    [[nodiscard]] std::string word(const std::string& text);
    [[nodiscard]] std::string pattern();
    [[nodiscard]] std::string list(const texts& of);
    [[nodiscard]] std::string path();
    [[nodiscard]] std::string endpoint();

    std::mt19937 random_;
    std::string folder_;
    written_config written_;
    bool commands_ = false;       ///< ProxyCommand: ssh 9.2 and 10.0 differ behind ProxyJump none
    bool canonicalizes_ = false;  ///< then no domain is given: ssh would look names up
};

// Details.

namespace config_texts {

inline const std::vector<std::string> aliases{"web1", "web2",  "db",           "DB",
                                              "web",  "db-10", "h.example.org"};
inline const std::vector<std::string> flags{"BatchMode",
                                            "ClearAllForwardings",
                                            "ExitOnForwardFailure",
                                            "GatewayPorts",
                                            "HashKnownHosts",
                                            "IdentitiesOnly",
                                            "KbdInteractiveAuthentication",
                                            "ChallengeResponseAuthentication",
                                            "PasswordAuthentication",
                                            "TCPKeepAlive",
                                            "KeepAlive"};
inline const std::vector<std::string> counts{"ConnectionAttempts", "NumberOfPasswordPrompts",
                                             "ServerAliveCountMax", "RequiredRSASize"};
inline const std::vector<std::string> ciphers{"aes128-ctr", "aes256-ctr", "aes192-ctr",
                                              "aes128-gcm@openssh.com",
                                              "chacha20-poly1305@openssh.com"};
inline const std::vector<std::string> macs{"hmac-sha2-256", "hmac-sha2-512", "hmac-sha1",
                                           "hmac-sha2-256-etm@openssh.com"};
inline const std::vector<std::string> kexes{"curve25519-sha256", "ecdh-sha2-nistp256",
                                            "diffie-hellman-group14-sha256",
                                            "diffie-hellman-group16-sha512"};
inline const std::vector<std::string> keys{"ssh-ed25519", "rsa-sha2-256", "rsa-sha2-512",
                                           "rsa-sha2-512,ecdsa-sha2-nistp256"};

}  // namespace config_texts

inline written_config config_writer::write() {
    canonicalizes_ = one_in(6);
    commands_ = one_in(2);
    written_.files.emplace_back("main", "");
    written_.alias = any(config_texts::aliases);
    std::string main = file(0);
    written_.files.front().second = std::move(main);
    return written_;
}

inline std::string config_writer::file(unsigned depth) {
    std::string text;
    const unsigned lines = 2 + below(14);
    for (unsigned i = 0; i < lines; ++i) {
        switch (below(12)) {
            case 0:
            case 1: text += host_line(); break;
            case 2: text += match_line(); break;
            case 3: text += depth < 3 && one_in(2) ? include_line(depth) : directive(); break;
            case 4: text += one_in(2) ? "# " + directive() : "\n"; break;
            case 5: text += one_in(5) ? mistake() : directive(); break;
            default: text += directive(); break;
        }
    }
    // The last line may end without a newline.
    if (one_in(4) && text.ends_with('\n')) text.pop_back();
    return text;
}

inline std::string config_writer::line(const std::string& keyword, const std::string& value) {
    std::string shown = keyword;
    if (one_in(3)) {
        for (char& c : shown) {
            const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (letter && one_in(2)) c = static_cast<char>(c ^ 0x20);
        }
    }
    if (one_in(12)) shown = '"' + shown + '"';
    const std::string indent = any({"", "", "", "  ", "\t", " \t "});
    const bool quoted = shown.front() == '"';
    const std::string between = any({" ", " ", " ", "\t", "  ", "=", " = ", "= ", " =", " \t"});
    const std::string end = any({"", "", "", "", " ", "\t", "\r", " \f"});
    return indent + shown + (quoted ? " " : between) + value + end + '\n';
}

inline std::string config_writer::word(const std::string& text) {
    switch (below(8)) {
        case 0: return '"' + text + '"';
        case 1: return '\'' + text + '\'';
        case 2: return text.substr(0, 1) + '"' + text.substr(1) + '"';
        default: return text;
    }
}

inline std::string config_writer::pattern() {
    return any({"*", "web*", "web?", "db", "DB", "!web1", "!db*", "*.example.org", "h*", "w*b?",
                "d?", "nobody", "web1", "web2", "?", "*1", "***", "!*"});
}

inline std::string config_writer::host_line() {
    std::string value = word(pattern());
    for (unsigned more = below(3); more > 0; --more) value += any({" ", "\t", "  "}) + pattern();
    if (one_in(6)) value += " # why";
    return line("Host", value);
}

inline std::string config_writer::condition() {
    const std::string negation = one_in(5) ? "!" : "";
    const std::string between = any({" ", " ", "=", "\t", " = "});
    const auto list = [this] { return pattern() + (one_in(3) ? "," + pattern() : ""); };
    switch (below(6)) {
        case 0: return negation + "host" + between + list();
        case 1: return negation + "originalhost" + between + list();
        case 2: return negation + "user" + between + any({"root", "alice,bob", "al*", "!root,*"});
        case 3: return negation + "localuser" + between + any({"root", "nobody", "r*,!root", "*"});
        case 4: return negation + any({"canonical", "final", "FINAL"});
        default: return negation + "Host" + between + '"' + list() + '"';
    }
}

inline std::string config_writer::match_line() {
    if (one_in(5)) return line("Match", any({"all", "!all", "final all", "canonical all", "ALL"}));
    std::string value = condition();
    for (unsigned more = below(3); more > 0; --more) value += ' ' + condition();
    if (one_in(6)) value += " # why";
    return line("Match", value);
}

inline std::string config_writer::include_line(unsigned depth) {
    const std::string name = "part" + std::to_string(written_.files.size());
    written_.files.emplace_back(name, "");
    const std::size_t place = written_.files.size() - 1;
    std::string text = file(depth + 1);
    written_.files[place].second = std::move(text);
    std::string value = folder_ + '/' + name;
    if (one_in(4)) value = folder_ + "/" + name + "* " + folder_ + "/missing*";
    if (one_in(6)) value = '"' + folder_ + '/' + name + '"';
    return line("Include", value);
}

inline std::string config_writer::mistake() {
    switch (below(9)) {
        case 0: return line("Port", any({"0", "65536", "-1", "2 2", "port"}));
        case 1: return line("NoSuchOption", "yes");
        case 2: return line("User", "\"open");
        case 3: return line("BatchMode", any({"maybe", "", "yes no"}));
        case 4: return line("Match", any({"", "host", "nothing x", "all host x", "host a all b"}));
        case 5: return line("ServerAliveInterval", any({"10x", "-3", "h"}));
        case 6: return line("LocalForward", any({"8080", "0 a:1", "8080 a", "x y:1", "1 [a:1"}));
        case 7: return line("IdentityAgent", any({"${}", "${NO_SUCH_VARIABLE}", "${open"}));
        default: return line("UserKnownHostsFile", any({"none a", "a none", "\"\""}));
    }
}

inline std::string config_writer::list(const texts& of) {
    std::string names = any(of);
    for (unsigned more = below(3); more > 0; --more) names += ',' + any(of);
    const std::string prefix = any({"", "", "", "+", "-", "^"});
    return prefix + (prefix == "-" && one_in(2) ? names.substr(0, 4) + "*" : names);
}

inline std::string config_writer::path() {
    return any({"~/.ssh/key", "/etc/key", "~/keys/%h_%p", "/k/%r@%n", "/k/%%/%u", "rel/%L.%l",
                "~/${ADIT_TEST_PLACE}/x", "/k/%i%k", "~/a b", "/%C", "/k/%d"});
}

inline std::string config_writer::endpoint() {
    return any({"db:5432", "localhost:80", "[::1]:80", "10.0.0.1:1", "[db]:22", "/run/%n.sock",
                "${ADIT_TEST_PLACE}:9"});
}

inline std::string config_writer::list_directive() {
    namespace texts_of = config_texts;
    switch (below(9)) {
        case 0: return line("Ciphers", list(texts_of::ciphers));
        case 1: return line("MACs", list(texts_of::macs));
        case 2: return line("KexAlgorithms", list(texts_of::kexes));
        case 3: return line("HostKeyAlgorithms", any(texts_of::keys));
        case 4: return line("PubkeyAcceptedKeyTypes", any(texts_of::keys));
        case 5: return line("CASignatureAlgorithms", any(texts_of::keys));
        case 6:
            return line("UserKnownHostsFile", any({"none", "~/kh", "/k/a /k/%h", "\"/a b\" /c"}));
        case 7: return line("GlobalKnownHostsFile", any({"none", "/k/a", "/k/a /k/b"}));
        default:
            if (canonicalizes_) return "\n";
            return line("CanonicalDomains", any({"none", "example.org", "a.b c.d"}));
    }
}

inline std::string config_writer::text_directive() {
    switch (below(15)) {
        case 0:
            return line("HostName",
                        word(any({"10.0.0.1", "%h.example.org", "Real", "a%%b", "db", "::1"})));
        case 1: return line("User", word(any({"root", "alice", "bob", "al ice"})));
        case 2: return line("Port", word(any({"22", "2222", "65535", "022"})));
        case 3: return line("IdentityFile", '"' + path() + '"');
        case 4: return line("CertificateFile", '"' + path() + '"');
        case 5:
            return line("IdentityAgent",
                        any({"none", "SSH_AUTH_SOCK", "~/agent", "/a/%h", "${ADIT_TEST_PLACE}"}));
        case 6:
            if (!commands_ && one_in(3)) return line("ProxyJump", any({"none", "NONE"}));
            return line("ProxyJump",
                        any({"gate", "a@gate:22", "g1,b@g2:2,[::1]:3", "ssh://u@gate:9"}));
        case 7:
            if (!commands_) return "\n";
            return line("ProxyCommand", any({"none", "nc %h %p", "nc \"%h\" # %p", "'a' b"}));
        case 8: return line("HostKeyAlias", word(any({"Alias", "alias2"})));
        case 9: return line("RevokedHostKeys", any({"/k/revoked", "none"}));
        case 10: return line("BindAddress", any({"127.0.0.1", "::1"}));
        case 11: return line("PreferredAuthentications", any({"publickey", "password,publickey"}));
        case 12: return line("IgnoreUnknown", any({"NoSuch*", "nosuchoption,x"}));
        case 13: return line("LogLevel", any({"INFO", "debug", "DEBUG1", "debug3", "Quiet"}));
        default: return line("AddressFamily", any({"any", "inet", "INET6"}));
    }
}

inline std::string config_writer::directive() {
    namespace texts_of = config_texts;
    switch (below(12)) {
        case 0: return line(any(texts_of::flags), word(any({"yes", "no", "true", "false", "YES"})));
        case 1: return line(any(texts_of::counts), word(any({"1", "3", "2048", "7"})));
        case 2:
            return line(any({"ServerAliveInterval", "ConnectTimeout"}),
                        any({"0", "15", "1m", "1h30m", "2D", "none", "1w"}));
        case 3:
            return line("RekeyLimit",
                        any({"1G", "default", "512K 1h", "default none", "16 30", "0 1d"}));
        case 4:
            return line("LocalForward", any({"8080 ", "[::1]:8080 ", "*:80 ", "localhost:1 ",
                                             "/run/l.sock ", ":81 "}) +
                                            endpoint());
        case 5:
            return line("RemoteForward", any({"8080 ", "0 ", "*:80 ", "/run/r.sock "}) +
                                             (one_in(4) ? "" : endpoint()));
        case 6: return line("DynamicForward", any({"1080", "[::1]:1080", "localhost:1080"}));
        case 7:
            return line("StrictHostKeyChecking",
                        any({"yes", "no", "ask", "accept-new", "off", "TRUE"}));
        case 8: return line("PubkeyAuthentication", any({"yes", "no", "unbound", "host-bound"}));
        case 9:
            if (canonicalizes_) return line("CanonicalizeHostname", any({"yes", "no", "always"}));
            return line("CanonicalizeMaxDots", any({"0", "2"}));
        case 10: return list_directive();
        default: return text_directive();
    }
}

}  // namespace adit::test
