// Appending to known_hosts: S06's rules, A30's names, and what ssh-keygen makes of the result.
#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/config/known_hosts_writer.hpp>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace adit;
using config::host_key_status;

namespace {

error_code add(const std::string& path, std::string_view host, std::uint16_t port = 22,
               byte number = 1) {
    return config::add_known_host(path, host, port, test::sample_public_key(number));
}

host_key_status verdict(const std::string& path, std::string_view host, std::uint16_t port = 22,
                        byte number = 1) {
    const auto hosts = config::known_hosts::load(path).value();
    return hosts.check(host, port, test::sample_public_key(number)).status;
}

mode_t mode_of(const std::string& path) {
    struct stat status{};
    BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 0777U;
}

/// Lets a child run until it sleeps or has ended; its exit status, or nothing if it sleeps.
std::optional<int> run_until_it_sleeps(pid_t child) {
    for (;;) {
        int status = -1;
        if (::waitpid(child, &status, WNOHANG) == child) return status;
        const std::string stat = test::read_file("/proc/" + std::to_string(child) + "/stat");
        if (stat.find(") S ") != std::string::npos) return std::nullopt;
        ::usleep(1000);
    }
}

std::string key_text(byte number) { return test::sample_public_key(number).to_line(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(known_hosts_writer)

BOOST_AUTO_TEST_CASE(s06_a_missing_file_and_folder_are_made_for_us_alone) {
    const test::temporary_directory folder;
    const mode_t old_mask = ::umask(0);
    const std::string path = folder.file(".ssh/known_hosts");
    const error_code ec = add(path, "Host.Example.ORG", 2222);
    ::umask(old_mask);
    BOOST_TEST(!ec);
    BOOST_TEST(mode_of(path) == 0600U);
    BOOST_TEST(mode_of(folder.file(".ssh")) == 0700U);
    BOOST_TEST(test::read_file(path) == "[host.example.org]:2222 " + key_text(1) + '\n');
    BOOST_TEST(test::run({"ssh-keygen", "-F", "[host.example.org]:2222", "-f", path}).status == 0);
}

BOOST_AUTO_TEST_CASE(s06_what_is_there_stays_as_it_is) {
    const test::temporary_directory folder;
    const std::string before = "# mine\r\na " + key_text(2) + " comment\n\nnot a line";
    const std::string path = test::write_file(folder.file("hosts"), before);
    BOOST_REQUIRE(::chmod(path.c_str(), 0644) == 0);
    BOOST_TEST(!add(path, "host"));
    BOOST_TEST(!add(path, "other"));
    BOOST_TEST(test::read_file(path) ==
               before + "\nhost " + key_text(1) + "\nother " + key_text(1) + '\n');
    BOOST_TEST(mode_of(path) == 0644U);
}

BOOST_AUTO_TEST_CASE(s06_a_symbolic_link_is_followed_and_stays_one) {
    const test::temporary_directory folder;
    const std::string path = folder.file("link");
    std::filesystem::create_symlink(folder.file("hosts"), path);
    BOOST_TEST(!add(path, "host"));
    BOOST_TEST(std::filesystem::is_symlink(path));
    BOOST_TEST((verdict(folder.file("hosts"), "host") == host_key_status::match));
}

BOOST_AUTO_TEST_CASE(s06_a_known_key_is_not_written_twice_and_a_conflict_not_at_all) {
    const test::temporary_directory folder;
    const std::string path = folder.file("hosts");
    BOOST_TEST(!add(path, "host"));
    const std::string content = test::read_file(path);
    BOOST_TEST(!add(path, "HOST"));
    BOOST_TEST(!add(path, "host", 2222));  // found by the portless retry
    BOOST_TEST((add(path, "host", 22, 2) == errc::host_key_changed));
    BOOST_TEST(test::read_file(path) == content);

    test::write_file(path, "@revoked * " + key_text(1) + '\n');
    BOOST_TEST((add(path, "host") == errc::host_key_revoked));
    BOOST_TEST(test::read_file(path) == "@revoked * " + key_text(1) + '\n');
}

BOOST_AUTO_TEST_CASE(s06_a_hashed_name_is_found_by_us_and_by_ssh_keygen) {
    const test::temporary_directory folder;
    const std::string path = folder.file("hosts");
    crypto::system_random random;
    for (const std::uint16_t port : {std::uint16_t{22}, std::uint16_t{2222}}) {
        const auto key = test::sample_public_key(static_cast<byte>(port));
        BOOST_TEST(!config::add_hashed_known_host(path, "Host", port, key, random));
        BOOST_TEST(!config::add_hashed_known_host(path, "host", port, key, random));
    }
    const std::string content = test::read_file(path);
    BOOST_TEST(std::ranges::count(content, '\n') == 2);
    BOOST_TEST(content.find("host") == std::string::npos);
    BOOST_TEST(test::run({"ssh-keygen", "-F", "host", "-f", path}).status == 0);
    BOOST_TEST(test::run({"ssh-keygen", "-F", "[host]:2222", "-f", path}).status == 0);
    BOOST_TEST(test::run({"ssh-keygen", "-F", "other", "-f", path}).status != 0);
}

BOOST_AUTO_TEST_CASE(l22_the_null_device_and_none_are_never_written) {
    const test::temporary_directory folder;
    std::filesystem::create_symlink("/dev/null", folder.file("link"));
    for (const std::string& path :
         {std::string("none"), std::string("/dev/null"), folder.file("link")}) {
        BOOST_TEST(!add(path, "host"));
    }
    BOOST_TEST(!std::filesystem::exists("none"));
    BOOST_TEST(std::filesystem::is_character_file("/dev/null"));
}

BOOST_AUTO_TEST_CASE(a30_names_that_could_mean_more_than_themselves_are_refused) {
    const test::temporary_directory folder;
    const std::string path = folder.file("hosts");
    crypto::system_random random;
    for (const std::string& host : {std::string(),
                                    std::string("h\n@cert-authority *"),
                                    std::string("h h"),
                                    std::string("h\th"),
                                    std::string("h\rh"),
                                    std::string("h\0h", 3),
                                    std::string("h\x7f"),
                                    std::string("h\x1b[31m"),
                                    std::string("a,b"),
                                    std::string("*"),
                                    std::string("h*"),
                                    std::string("h?"),
                                    std::string("!h"),
                                    std::string("|1|a|b"),
                                    std::string("#h"),
                                    std::string("@revoked"),
                                    std::string("[h]:22"),
                                    std::string("h]:1"),
                                    std::string("h\xc2\xa0h"),
                                    std::string("h\xc3\xa4"),
                                    std::string("\"h\""),
                                    std::string(256, 'h')}) {
        BOOST_TEST_INFO(host);
        BOOST_TEST((add(path, host) == errc::unsafe_host_name));
        BOOST_TEST((config::add_hashed_known_host(path, host, 22, test::sample_public_key(1),
                                                  random) == errc::unsafe_host_name));
    }
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(a30_ordinary_names_and_addresses_are_written_and_found) {
    const test::temporary_directory folder;
    const std::string path = folder.file("hosts");
    for (const std::string host : {"db-1.example.org", "192.0.2.1", "2001:db8::1", "fe80::1%eth0",
                                   "under_score", "xn--mnchen-3ya.de", "a"}) {
        BOOST_TEST(!add(path, host, 22));
        BOOST_TEST(!add(path, host, 2222, 2));
        BOOST_TEST((verdict(path, host, 22) == host_key_status::match));
        BOOST_TEST((verdict(path, host, 2222, 2) == host_key_status::match));
        BOOST_TEST(test::run({"ssh-keygen", "-F", host, "-f", path}).status == 0);
        BOOST_TEST(test::run({"ssh-keygen", "-F", '[' + host + "]:2222", "-f", path}).status == 0);
    }
}

BOOST_AUTO_TEST_CASE(what_ssh_keygen_removes_is_unknown_again) {
    const test::temporary_directory folder;
    const std::string path = folder.file("hosts");
    BOOST_TEST(!add(path, "host"));
    BOOST_TEST(!add(path, "other"));
    BOOST_REQUIRE(test::run({"ssh-keygen", "-R", "host", "-f", path}).status == 0);
    BOOST_TEST((verdict(path, "host") == host_key_status::unknown));
    BOOST_TEST((verdict(path, "other") == host_key_status::match));
}

BOOST_AUTO_TEST_CASE(s06_what_cannot_be_written_says_so) {
    const test::temporary_directory folder;
    BOOST_REQUIRE(::mkfifo(folder.file("fifo").c_str(), 0600) == 0);
    const std::string file = test::write_file(folder.file("file"), "");
    for (const std::string& path : {folder.path().string(), folder.file("a/b/c"), file + "/x",
                                    folder.file("fifo"), std::string("/dev/full")}) {
        BOOST_TEST_INFO(path);
        BOOST_TEST((add(path, "host") == errc::known_hosts_unwritable));
    }
    test::write_file(file, std::string(config::known_hosts::largest_file + 1, '\n'));
    BOOST_TEST((add(file, "host") == errc::known_hosts_unreadable));
}

BOOST_AUTO_TEST_CASE(s06_a_line_that_did_not_fit_harms_no_other) {
    const test::temporary_directory folder;
    const std::string path = folder.file("hosts");
    BOOST_REQUIRE(!add(path, "first"));
    const std::string before = test::read_file(path);

    // A limit on the file's size stands for a disk that is full after 30 bytes more.
    rlimit old{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
    const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit full{before.size() + 30, old.rlim_max};
    BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
    const error_code partly = add(path, "second");
    const error_code not_at_all = add(path, "second");
    BOOST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &old) == 0);
    ::signal(SIGXFSZ, old_handler);

    BOOST_TEST((partly == errc::known_hosts_unwritable));
    BOOST_TEST((not_at_all == errc::known_hosts_unwritable));
    BOOST_TEST(test::read_file(path).size() == before.size() + 30);
    BOOST_TEST((verdict(path, "first") == host_key_status::match));
    BOOST_TEST((verdict(path, "second") == host_key_status::unknown));
    BOOST_TEST(!add(path, "second"));
    BOOST_TEST((verdict(path, "first") == host_key_status::match));
    BOOST_TEST((verdict(path, "second") == host_key_status::match));
}

BOOST_AUTO_TEST_CASE(s06_who_waited_for_the_lock_looks_again) {
    const test::temporary_directory folder;
    const std::string path = test::write_file(folder.file("hosts"), "");
    const config::file_descriptor other(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC));
    BOOST_REQUIRE(::flock(other.get(), LOCK_EX) == 0);
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) ::_exit(add(path, "host") == errc::host_key_changed ? 0 : 1);
    BOOST_TEST(!run_until_it_sleeps(child).has_value());

    const std::string line = "host " + key_text(2) + '\n';
    BOOST_REQUIRE(::write(other.get(), line.data(), line.size()) ==
                  static_cast<ssize_t>(line.size()));
    BOOST_REQUIRE(::flock(other.get(), LOCK_UN) == 0);
    int status = -1;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
    BOOST_TEST(test::read_file(path) == line);
}

BOOST_AUTO_TEST_CASE(s06_twenty_processes_append_twenty_hosts_each) {
    constexpr int processes = 20, hosts = 20;
    const test::temporary_directory folder;
    // No folder yet, and one host that all of them add: both are races too.
    const std::string path = folder.file(".ssh/known_hosts");
    std::vector<pid_t> children;
    for (int p = 0; p < processes; ++p) {
        const pid_t child = ::fork();
        BOOST_REQUIRE(child >= 0);
        if (child == 0) {
            // Nineteen others at one lock: on a busy machine a second is not enough for everybody.
            const auto add_in_the_end = [&](const std::string& name) {
                auto outcome = add(path, name);
                for (int i = 0; i < 100 && outcome == errc::known_hosts_unwritable; ++i)
                    outcome = add(path, name);
                return !outcome;
            };
            bool good = add_in_the_end("common");
            for (int h = 0; h < hosts; ++h) {
                const std::string name = "p" + std::to_string(p) + "h" + std::to_string(h);
                good = add_in_the_end(name) && good;
            }
            ::_exit(good ? 0 : 1);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = -1;
        BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
        BOOST_TEST(status == 0);
    }
    const auto known = config::known_hosts::load(path).value();
    BOOST_TEST(known.entries().size() == processes * hosts + 1U);
    const std::string content = test::read_file(path);
    BOOST_TEST(std::ranges::count(content, '\n') == processes * hosts + 1);
    for (int p = 0; p < processes; ++p) {
        for (int h = 0; h < hosts; ++h) {
            const std::string name = "p" + std::to_string(p) + "h" + std::to_string(h);
            BOOST_TEST((known.check(name, 22, test::sample_public_key(1)).status ==
                        host_key_status::match));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
