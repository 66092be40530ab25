// Opening and reading files by S05: what is refused is refused at once, whoever runs the test.
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/config/file.hpp>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

using namespace adit;
using config::file_privacy;

namespace {

error_code error_of(const std::string& path, config::file_rules rules = {}) {
    const auto content = config::read_file(path, rules);
    return content ? error_code() : content.error();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(file)

BOOST_AUTO_TEST_CASE(s05_a_regular_file_is_read_whole_and_through_links) {
    const test::temporary_directory folder;
    for (const std::size_t size : {0U, 1U, 4095U, 4096U, 100'000U}) {
        const std::string path = test::write_file(folder.file("file"), std::string(size, 'x'));
        const auto content = config::read_file(path, {});
        BOOST_REQUIRE(content.has_value());
        BOOST_TEST((as_text(*content) == std::string(size, 'x')));
    }
    std::filesystem::create_symlink(folder.file("file"), folder.file("link"));
    BOOST_TEST(config::read_file(folder.file("link"), {}).value().size() == 100'000U);
}

BOOST_AUTO_TEST_CASE(s05_a_file_whose_size_is_not_told_is_read_whole) {
    const auto content = config::read_file("/proc/self/status", {});
    BOOST_REQUIRE(content.has_value());
    BOOST_TEST(as_text(*content).find("VmPeak") != std::string_view::npos);
    BOOST_TEST(
        (error_of("/proc/self/status", {100, file_privacy::any}) == errc::key_file_too_large));
}

BOOST_AUTO_TEST_CASE(l22_the_cap_is_exact) {
    const test::temporary_directory folder;
    const std::string path = test::write_file(folder.file("file"), std::string(1000, 'x'));
    BOOST_TEST(!error_of(path, {1000, file_privacy::any}));
    BOOST_TEST((error_of(path, {999, file_privacy::any}) == errc::key_file_too_large));
}

BOOST_AUTO_TEST_CASE(a29_a_huge_sparse_file_is_refused_unread) {
    const test::temporary_directory folder;
    const std::string path = test::write_file(folder.file("file"), "");
    std::filesystem::resize_file(path, std::uintmax_t{1} << 40U);
    BOOST_TEST((error_of(path) == errc::key_file_too_large));
}

BOOST_AUTO_TEST_CASE(s05_what_is_not_a_regular_file_is_refused_without_waiting) {
    const test::temporary_directory folder;
    BOOST_REQUIRE(::mkfifo(folder.file("fifo").c_str(), 0600) == 0);
    BOOST_TEST((error_of(folder.file("fifo")) == errc::key_file_not_regular));
    BOOST_TEST((error_of(folder.path().string()) == errc::key_file_not_regular));
    BOOST_TEST((error_of("/dev/zero") == errc::key_file_not_regular));

    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder.file("socket");
    BOOST_REQUIRE(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const config::file_descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    BOOST_TEST((error_of(path) == errc::key_file_not_regular));
}

BOOST_AUTO_TEST_CASE(l22_the_null_device_is_empty_under_any_name) {
    const test::temporary_directory folder;
    std::filesystem::create_symlink("/dev/null", folder.file("link"));
    for (const std::string& path : {std::string("/dev/null"), folder.file("link")}) {
        const auto content = config::read_file(path, {0, file_privacy::private_to_us});
        BOOST_REQUIRE(content.has_value());
        BOOST_TEST(content->empty());
    }
}

BOOST_AUTO_TEST_CASE(s05_our_own_file_must_be_closed_to_others) {
    const test::temporary_directory folder;
    const std::string path = test::write_file(folder.file("file"), "x");
    for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0610U, 0601U, 0644U, 0777U}) {
        BOOST_REQUIRE(::chmod(path.c_str(), mode) == 0);
        BOOST_TEST((error_of(path, {10, file_privacy::private_to_us}) == errc::key_file_too_open));
        BOOST_TEST(!error_of(path, {10, file_privacy::any}));
    }
    for (const mode_t mode : {0600U, 0400U, 0700U}) {
        BOOST_REQUIRE(::chmod(path.c_str(), mode) == 0);
        BOOST_TEST(!error_of(path, {10, file_privacy::private_to_us}));
    }
}

BOOST_AUTO_TEST_CASE(s05_another_owners_file_is_that_owners_business) {
    if (::getuid() != 0) {
        BOOST_TEST_MESSAGE("adit-test-skipped: only root can give a file away");
        return;
    }
    const test::temporary_directory folder;
    const std::string path = test::write_file(folder.file("file"), "x");
    BOOST_REQUIRE(::chmod(path.c_str(), 0444) == 0);
    BOOST_REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
    BOOST_TEST(!error_of(path, {10, file_privacy::private_to_us}));
}

BOOST_AUTO_TEST_CASE(each_system_error_stays_itself) {
    const test::temporary_directory folder;
    const std::string path = test::write_file(folder.file("file"), "x");
    BOOST_TEST((error_of(folder.file("absent")) == boost::system::errc::no_such_file_or_directory));
    BOOST_TEST((error_of("") == boost::system::errc::no_such_file_or_directory));
    BOOST_TEST((error_of(path + '\0' + "x") == boost::system::errc::no_such_file_or_directory));
    BOOST_TEST((error_of(path + "/x") == boost::system::errc::not_a_directory));
    BOOST_TEST((error_of(std::string(5000, 'x')) == boost::system::errc::filename_too_long));
}

BOOST_AUTO_TEST_CASE(running_out_of_descriptors_is_not_the_files_fault) {
    const test::temporary_directory folder;
    const std::string path = test::write_file(folder.file("file"), "x");
    rlimit old{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
    const rlimit none{0, old.rlim_max};
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    const error_code ec = error_of(path);
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &old) == 0);
    BOOST_TEST((ec == boost::system::errc::too_many_files_open));
    BOOST_TEST(config::is_exhaustion(ec));
}

BOOST_AUTO_TEST_CASE(s05_no_descriptor_leaks_into_a_child) {
    const test::temporary_directory folder;
    const auto file = config::open_file(test::write_file(folder.file("file"), "x"), O_RDONLY);
    BOOST_REQUIRE(file.has_value());
    BOOST_TEST((::fcntl(file->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

BOOST_AUTO_TEST_SUITE_END()
