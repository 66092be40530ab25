// What adit-bastion says of a configuration that is wrong, with the file and the line, and that -t
// says nothing of one that is right. The program as it runs is in bastion_service.cpp.
#include "support/test.hpp"

#include "integration/bastion.hpp"

#ifdef ADIT_BASTION

namespace adit::test {
namespace {

/// Files for -t, which needs no port.
class checked_folder {
public:
    checked_folder() { make_key(file("host")); }
    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
    [[nodiscard]] run_result check(const arguments& more) const {
        return run(joined({ADIT_BASTION, "-t", "-h", file("host")}, more));
    }
    void refuses(const arguments& more, const std::string& words) const {
        const run_result outcome = check(more);
        BOOST_TEST(outcome.status == 255, outcome.errors);
        BOOST_TEST((outcome.errors.find(words) != std::string::npos), outcome.errors);
    }
    void refuses_users(const std::string& users, const std::string& words) const {
        refuses({"-o", "UsersFile=" + write_file(file("users"), users)}, file("users") + words);
    }

    /// Of a key that there is, without a newline.
    [[nodiscard]] std::string key_line() const {
        const std::string line = read_file(file("host.pub"));
        return line.substr(0, line.find('\n'));
    }

private:
    temporary_directory folder_;
};

[[nodiscard]] std::string user_with_password() {
    const temporary_directory folder;
    return "[user.joe]\npassword = \"" + hash_of_password(folder, "word") + "\"\n";
}

BOOST_AUTO_TEST_SUITE(bastion_checks)

BOOST_AUTO_TEST_CASE(a_good_configuration_is_checked_in_silence) {
    const checked_folder folder;
    const std::string users = write_file(folder.file("users"), user_with_password());
    const std::string config = write_file(
        folder.file("config"), "# a comment\n\nPort 2222\nUsersFile " + users +
                                   "\nPasswordAuthentication yes\nMaxStartups 10:30:100\n"
                                   "PermitOpen db.internal:5432 [::1]:80\nX11Forwarding no\n"
                                   "ChannelTimeout direct-tcpip=5m *=1h\nKexThreads 2\n"
                                   "UnusedConnectionTimeout none\nPerSourceStartupRate 5\n");
    const run_result outcome = folder.check({"-f", config});
    BOOST_TEST(outcome.status == 0, outcome.errors);
    BOOST_TEST(outcome.errors.empty(), outcome.errors);
    BOOST_TEST(outcome.output.empty(), outcome.output);
}

// toml++ ends the program over these.
BOOST_AUTO_TEST_CASE(s05_users_in_what_is_no_toml_are_refused_by_line) {
    const checked_folder folder;
    const std::string good = user_with_password();
    for (const char* bad : {"[@]", "[[ @]]", "a = [}", "a = {]"}) {
        folder.refuses_users(good + bad + "\n", ":3: no TOML: ");
    }
}

BOOST_AUTO_TEST_CASE(a_mistake_is_told_with_file_and_line) {
    const checked_folder folder;
    const std::string config = folder.file("config");
    const auto refuses = [&](const std::string& lines, const std::string& words) {
        write_file(config, lines);
        folder.refuses({"-f", config}, config + words);
    };
    refuses("\n# a comment\nPort many\n", ":3: port: ");
    refuses("Port 2222\nPortt 2222\n", ":2: portt: is not an option of adit-bastion");
    refuses("UsePAM yes\n", ":1: usepam: can only be \"no\" here");
    refuses("Ciphers aes256-ctr,aes1024-ctr\n", ":1: ciphers: ");
    refuses("MaxStartups 10:30\n", ":1: maxstartups: ");
    refuses("ChannelTimeout direct-tcpip\n", ":1: channeltimeout: ");
    refuses("ChannelTimeout *=soon\n", ":1: channeltimeout: ");
    refuses("PerSourceStartupRate -1\n", ":1: persourcestartuprate: ");
    refuses("Match User joe\n", ":1: match: is not supported");
    folder.refuses({"-f", folder.file("nothing")}, folder.file("nothing") + ": ");
}

BOOST_AUTO_TEST_CASE(an_option_that_is_not_ours_is_refused_by_name) {
    const checked_folder folder;
    folder.refuses({"-o", "PermitTunnel=yes"}, "permittunnel: can only be \"no\" here");
    folder.refuses({"-o", "ChrootDirectory=/"}, "chrootdirectory: is not an option");
    folder.refuses({"-o", "AuthenticationMethods=hostbased"}, "\"hostbased\"");
    folder.refuses({"-Z"}, "-Z");
}

BOOST_AUTO_TEST_CASE(a_mistake_among_the_users_is_told_with_its_line) {
    const checked_folder folder;
    folder.refuses_users("[user.joe]\n\ntotpp = \"JBSWY3DP\"\n", ":3: there is no \"totpp\"");
    folder.refuses_users("[user.joe]\npassword = \"plain\"\n", ":2: password wants");
    folder.refuses_users("[user.joe]\ntotp = 12\n", ":2: totp wants a string");
    folder.refuses_users("[user.joe\n", ":1: ");
    folder.refuses_users("[users.joe]\n", ":1: only [user.NAME] is known");
}

// The line of the file, not the one of the text within it.
BOOST_AUTO_TEST_CASE(a_mistake_in_the_keys_of_a_user_is_told_with_its_line) {
    const checked_folder folder;
    const std::string good = folder.key_line();
    const std::string bad = "ssh-ed25519 AAAA";
    const std::string user = "[user.joe]\n\nkeys = ";
    folder.refuses_users(user + "\"" + bad + "\"\n", ":3: keys: ");
    folder.refuses_users(user + "[\n\"" + good + "\",\n\"" + bad + "\"]\n", ":5: keys: ");
    const std::string three = R"(""")";
    folder.refuses_users(user + three + "\n" + good + "\n" + bad + "\n" + three, ":5: keys: ");
    folder.refuses_users(user + three + good + "\n" + bad + three, ":4: keys: ");
    folder.refuses_users(user + "\"# a comment\\n\\n" + bad + "\"\n", ":3: keys: ");
}

BOOST_AUTO_TEST_CASE(c38_a_mistake_among_the_authorities_is_told_with_its_line) {
    const checked_folder folder;
    const std::string cas = folder.file("cas");
    write_file(cas, "# a comment\n" + folder.key_line() + "\nnonsense\n");
    const std::string users = write_file(folder.file("users"), "[user.joe]\n");
    folder.refuses({"-o", "TrustedUserCAKeys=" + cas}, cas + ":3: ");
    folder.refuses({"-o", "TrustedUserCAKeys=" + cas, "-o", "UsersFile=" + users}, cas + ":3: ");
    write_file(cas, "# a comment\n" + folder.key_line() + "\n");
    BOOST_TEST(folder.check({"-o", "TrustedUserCAKeys=" + cas}).status == 0);
}

BOOST_AUTO_TEST_CASE(an_rsa_host_key_of_3071_bits_is_too_weak) {
    const checked_folder folder;
    const std::string weak = make_key(folder.file("weak"), {"rsa", "3071"});
    folder.refuses({"-h", weak}, weak + ": an RSA host key has 3072 bits or more");
    const std::string strong = make_key(folder.file("strong"), {"rsa", "3072"});
    BOOST_TEST(folder.check({"-h", strong}).status == 0);
}

BOOST_AUTO_TEST_CASE(c38_a_host_certificate_is_a_host_s_and_of_a_host_key) {
    const checked_folder folder;
    const std::string ca = make_key(folder.file("ca"));
    const std::string other = make_key(folder.file("other"));
    const auto sign = [&](const std::string& key, const arguments& how) {
        const arguments command{"ssh-keygen", "-q", "-s", ca, "-I", "host", "-n", "127.0.0.1"};
        output_of(joined(joined(command, how), {key + ".pub"}));
        return "HostCertificate=" + key + "-cert.pub";
    };
    const std::string host = folder.file("host");
    folder.refuses({"-o", sign(host, {})}, host + "-cert.pub: is a user's certificate");
    folder.refuses({"-o", sign(other, {"-h"})}, other + "-cert.pub: certifies none");
    BOOST_TEST(folder.check({"-o", sign(host, {"-h"})}).status == 0);
}

BOOST_AUTO_TEST_CASE(a17_a_steps_file_that_cannot_be_used_is_told) {
    const checked_folder folder;
    const std::string steps = folder.file("steps");
    const arguments use{"-o", "TOTPStepsFile=" + steps};
    BOOST_TEST(folder.check(use).status == 0);
    BOOST_TEST(!std::filesystem::exists(steps));
    write_file(steps, "joe 12\n");
    BOOST_TEST(folder.check(use).status == 0);
    BOOST_TEST(read_file(steps) == "joe 12\n");
    write_file(steps, "joe 12\njim");  // somebody has cut it
    folder.refuses(use, steps + ": ");
    // And it does not start.
    const arguments start{"timeout", "60", ADIT_BASTION, "-p", "0", "-h", folder.file("host")};
    BOOST_TEST(run(joined(start, use)).status == 255);
    folder.refuses({"-o", "TOTPStepsFile=" + folder.file("nowhere/steps")}, "nowhere/steps: ");
    const std::string open = folder.file("open");
    std::filesystem::create_directory(open);
    std::filesystem::permissions(open, std::filesystem::perms(0777));
    folder.refuses({"-o", "TOTPStepsFile=" + open + "/steps"}, "open/steps: Permission denied");
}

BOOST_AUTO_TEST_CASE(s05_files_that_others_can_read_are_refused) {
    const checked_folder folder;
    const std::string users = write_file(folder.file("users"), "[user.joe]\n");
    std::filesystem::permissions(users, std::filesystem::perms(0644));
    folder.refuses({"-o", "UsersFile=" + users}, users + ": ");
    std::filesystem::permissions(folder.file("host"), std::filesystem::perms(0644));
    folder.refuses({}, folder.file("host") + ": ");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
