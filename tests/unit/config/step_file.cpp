// adit/config/step_file.hpp: A17 and S06 for the steps that were used, also with other processes.
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/config/step_file.hpp>

#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <limits>

using namespace adit;
using config::advance_step;
using config::step_verdict;
using boost::system::errc::bad_message;
using boost::system::errc::permission_denied;

namespace {

struct fixture {
    [[nodiscard]] bool accepts(std::string_view user, std::uint64_t step) const {
        const auto verdict = advance_step(path, user, step);
        BOOST_REQUIRE_MESSAGE(verdict, verdict.error().message());
        return *verdict == step_verdict::accepted;
    }
    [[nodiscard]] error_code error(std::string_view user, std::uint64_t step) const {
        const auto verdict = advance_step(path, user, step);
        return verdict ? error_code() : verdict.error();
    }
    [[nodiscard]] mode_t mode_of(const std::string& file) const {
        struct stat status{};
        BOOST_REQUIRE(::stat(file.c_str(), &status) == 0);
        return status.st_mode & 0777U;
    }

    const test::temporary_directory folder;
    const std::string path = folder.file("steps");
};

/// Runs `part` in a process of its own; its exit status.
template <class Part>
pid_t start(const Part& part) {
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) ::_exit(part());
    return child;
}

int status_of(pid_t child) {
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    return status;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(step_file, fixture)

BOOST_AUTO_TEST_CASE(a17_a_step_is_accepted_once_and_none_before_it) {
    BOOST_TEST(accepts("alice", 100));
    BOOST_TEST(!accepts("alice", 100));
    BOOST_TEST(!accepts("alice", 99));
    BOOST_TEST(accepts("alice", 101));
    BOOST_TEST(accepts("bob", 100));
    BOOST_TEST(!accepts("alice", 101));
    BOOST_TEST(test::read_file(path) == "alice 101\nbob 100\n");
}

BOOST_AUTO_TEST_CASE(the_first_and_the_last_step) {
    BOOST_TEST(accepts("alice", 0));
    BOOST_TEST(!accepts("alice", 0));
    BOOST_TEST(accepts("alice", std::numeric_limits<std::uint64_t>::max()));
    BOOST_TEST(!accepts("alice", std::numeric_limits<std::uint64_t>::max()));
}

BOOST_AUTO_TEST_CASE(s06_the_files_are_ours_alone) {
    const mode_t old_mask = ::umask(0);
    BOOST_TEST(accepts("alice", 1));
    ::umask(old_mask);
    BOOST_TEST(mode_of(path) == 0600U);
    BOOST_TEST(mode_of(path + ".lock") == 0600U);
    BOOST_TEST(!std::filesystem::exists(path + ".new"));
}

BOOST_AUTO_TEST_CASE(a30_any_name_is_one_line_of_its_own) {
    const std::vector<std::string> names{"a b", "a\nbob 9",        "",         "%",  "a%20b",
                                         "a",   std::string(1, 0), "\xc3\xa4", "#a", "A"};
    for (const std::string& name : names) BOOST_TEST(accepts(name, 5));
    for (const std::string& name : names) BOOST_TEST(!accepts(name, 5));
    BOOST_TEST(accepts("bob", 5));
}

BOOST_AUTO_TEST_CASE(remarks_and_the_lines_of_others_stay) {
    test::write_file(path, "# mine\n\nbob 7\ncarol what\n");
    BOOST_TEST(accepts("alice", 1));
    BOOST_TEST(test::read_file(path) == "# mine\n\nbob 7\ncarol what\nalice 1\n");
}

BOOST_AUTO_TEST_CASE(a17_a_broken_line_refuses_its_user_and_nobody_else) {
    for (const char* rest : {"", " ", " x", " 5x", "  5", " 5 ", "\t5", " 05", " -5", " +5", ":5",
                             " 18446744073709551616", " 5\r", " 5 6", " 0x5"}) {
        test::write_file(path, "alice" + std::string(rest) + "\nbob 7\n");
        BOOST_TEST((error("alice", 100) == bad_message), rest);
        BOOST_TEST(!accepts("bob", 7));
        BOOST_TEST(accepts("bob", 8));
        BOOST_TEST((error("alice", 100) == bad_message), rest);
    }
    test::write_file(path, "alice 5\nbob 7\nalice 3\n");
    BOOST_TEST((error("alice", 100) == bad_message));
    BOOST_TEST(accepts("bob", 8));
}

BOOST_AUTO_TEST_CASE(a17_a_file_that_was_cut_or_of_nobody_knows_whom_refuses_everybody) {
    for (const char* text : {"alice 5\nbob 7", "bob", " alice 5\n", "\x01lice 5\n", "\r\n"}) {
        test::write_file(path, text);
        BOOST_TEST((error("alice", 100) == bad_message), text);
        BOOST_TEST((error("bob", 100) == bad_message), text);
        BOOST_TEST(test::read_file(path) == text);
    }
}

BOOST_AUTO_TEST_CASE(s06_a_file_or_folder_that_others_can_write_is_refused) {
    BOOST_TEST(accepts("alice", 1));
    for (const mode_t mode : {0620U, 0602U, 0666U}) {
        BOOST_REQUIRE(::chmod(path.c_str(), mode) == 0);
        BOOST_TEST((error("alice", 2) == permission_denied));
    }
    BOOST_REQUIRE(::chmod(path.c_str(), 0644) == 0);
    BOOST_TEST(accepts("alice", 2));
    BOOST_REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
    BOOST_TEST((error("alice", 3) == permission_denied));
    BOOST_REQUIRE(::chmod(folder.path().c_str(), 0700) == 0);
    BOOST_TEST(accepts("alice", 3));
}

BOOST_AUTO_TEST_CASE(s06_what_is_no_file_is_refused) {
    BOOST_TEST(advance_step("/dev/null", "alice", 1).has_error());
    BOOST_TEST(advance_step(folder.path().string(), "alice", 1).has_error());
    BOOST_TEST((advance_step(folder.file("none/steps"), "alice", 1).error() ==
                boost::system::errc::no_such_file_or_directory));
}

BOOST_AUTO_TEST_CASE(s06_a_symbolic_link_stays_one_and_shares_the_lock) {
    std::filesystem::create_directory(folder.path() / "real");
    test::write_file(folder.file("real/steps"), "alice 5\n");
    std::filesystem::create_symlink(folder.path() / "real/steps", path);
    BOOST_TEST(!accepts("alice", 5));
    BOOST_TEST(accepts("alice", 6));
    BOOST_TEST(std::filesystem::is_symlink(path));
    BOOST_TEST(test::read_file(folder.file("real/steps")) == "alice 6\n");
    BOOST_TEST(std::filesystem::exists(folder.file("real/steps.lock")));
}

BOOST_AUTO_TEST_CASE(s06_what_a_killed_process_left_behind_is_in_nobody_s_way) {
    BOOST_TEST(accepts("alice", 1));
    test::write_file(path + ".new", "alice 9");
    BOOST_TEST(accepts("alice", 2));
    BOOST_TEST(test::read_file(path) == "alice 2\n");
}

BOOST_AUTO_TEST_CASE(s06_a_full_disk_accepts_nothing_and_keeps_the_old_file) {
    test::write_file(path, "alice 1\n");
    const pid_t child = start([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit room{4, 4};
        if (::setrlimit(RLIMIT_FSIZE, &room) != 0) return 1;
        return advance_step(path, "alice", 2).has_error() ? 0 : 2;
    });
    BOOST_TEST(status_of(child) == 0);
    BOOST_TEST(test::read_file(path) == "alice 1\n");
    BOOST_TEST(accepts("alice", 2));
}

BOOST_AUTO_TEST_CASE(a17_of_processes_side_by_side_one_accepts_a_step) {
    constexpr int processes = 8, accepted = 1, used = 0, failed = 100;
    const auto attempt_at = [this](std::uint64_t step) {
        return start([this, step] {
            for (;;) {
                const auto verdict = advance_step(path, "alice", step);
                if (verdict) return *verdict == step_verdict::accepted ? accepted : used;
                if (verdict.error() != boost::system::errc::timed_out) return failed;
            }
        });
    };
    for (std::uint64_t step = 1; step <= 10; ++step) {
        std::vector<pid_t> children;
        for (int i = 0; i < processes; ++i) children.push_back(attempt_at(step));
        int sum = 0;
        for (const pid_t child : children) {
            const int status = status_of(child);
            BOOST_REQUIRE(WIFEXITED(status));
            sum += WEXITSTATUS(status);
        }
        BOOST_TEST(sum == 1);
    }
    BOOST_TEST(test::read_file(path) == "alice 10\n");
}

BOOST_AUTO_TEST_CASE(a_check_finds_what_refuses_every_step_and_changes_nothing) {
    BOOST_TEST(!config::check_step_file(path));
    BOOST_TEST(!std::filesystem::exists(path));
    test::write_file(path, "alice 7\nbob nonsense\n");
    BOOST_TEST(!config::check_step_file(path));  // bob's own trouble
    BOOST_TEST(test::read_file(path) == "alice 7\nbob nonsense\n");
    test::write_file(path, "alice 7\nbob");
    BOOST_TEST((config::check_step_file(path) == bad_message));
    test::write_file(path, "alice 7\n");
    BOOST_REQUIRE(::chmod(path.c_str(), 0666) == 0);
    BOOST_TEST((config::check_step_file(path) == permission_denied));
    BOOST_TEST(config::check_step_file(folder.file("nowhere/steps")));
}

BOOST_AUTO_TEST_SUITE_END()
