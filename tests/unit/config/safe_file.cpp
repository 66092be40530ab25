// adit/config/safe_file.hpp: S05 and StrictModes. Whether another owner is refused cannot be shown
// without being root; the rule itself is tested on what stat would say.
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/config/safe_file.hpp>

using namespace adit;

namespace {

struct fixture {
    fixture() {
        std::filesystem::create_directories(folder.path() / "home/.ssh");
        for (const char* place : {"home", "home/.ssh"}) set_mode(place, 0755);
        test::write_file(path, "content");
    }
    void set_mode(const std::string& place, mode_t mode) const {
        BOOST_REQUIRE(::chmod(folder.file(place).c_str(), mode) == 0);
    }
    [[nodiscard]] error_code outcome() const {
        const auto text = config::read_safe_file(path, home, 100);
        if (text) BOOST_TEST(as_text(*text) == "content");
        return text ? error_code() : text.error();
    }
    const test::temporary_directory folder;
    const std::string home = folder.file("home");
    const std::string path = folder.file("home/.ssh/keys");
};

constexpr auto denied = boost::system::errc::permission_denied;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(safe_file, fixture)

BOOST_AUTO_TEST_CASE(s05_what_only_we_can_write_is_read) {
    BOOST_TEST(!outcome());
    set_mode("home/.ssh/keys", 0644);
    BOOST_TEST(!outcome());
}

BOOST_AUTO_TEST_CASE(s05_a_file_or_a_folder_that_others_can_write_is_refused) {
    for (const char* place : {"home", "home/.ssh", "home/.ssh/keys"}) {
        for (const mode_t mode : {0775U, 0757U, 01777U}) {
            set_mode(place, mode);
            BOOST_TEST((outcome() == denied), place << ' ' << mode);
        }
        set_mode(place, 0755);
        BOOST_TEST(!outcome());
    }
}

BOOST_AUTO_TEST_CASE(s05_above_the_home_nothing_is_looked_at_and_without_one_everything) {
    BOOST_REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
    BOOST_TEST(!outcome());
    BOOST_TEST((config::read_safe_file(path, "", 100).error() == denied));
    BOOST_TEST(
        (config::read_safe_file(path, folder.file("home/elsewhere"), 100).error() == denied));
    BOOST_REQUIRE(::chmod(folder.path().c_str(), 0700) == 0);
}

BOOST_AUTO_TEST_CASE(s05_a_symbolic_link_is_judged_by_where_it_leads) {
    std::filesystem::create_directory(folder.path() / "open");
    test::write_file(folder.file("open/keys"), "content");
    std::filesystem::remove(path);
    std::filesystem::create_symlink(folder.path() / "open/keys", path);
    set_mode("open", 0777);
    BOOST_TEST((outcome() == denied));
}

BOOST_AUTO_TEST_CASE(s05_other_owners) {
    struct stat status{};
    status.st_mode = S_IFREG | 0644U;
    status.st_uid = 0;
    BOOST_TEST(config::is_written_by(status, 1000, 1001));
    status.st_uid = 1000;
    BOOST_TEST(config::is_written_by(status, 1000, 1001));
    status.st_uid = 1001;
    BOOST_TEST(config::is_written_by(status, 1000, 1001));
    status.st_uid = 1002;
    BOOST_TEST(!config::is_written_by(status, 1000, 1001));
}

BOOST_AUTO_TEST_CASE(a29_what_is_missing_too_large_or_no_file) {
    BOOST_TEST((config::read_safe_file(home + "/none", home, 100).error() ==
                boost::system::errc::no_such_file_or_directory));
    BOOST_TEST((config::read_safe_file(path, home, 6).error() == errc::key_file_too_large));
    BOOST_TEST(config::read_safe_file(path, home, 7).has_value());
    BOOST_TEST((config::read_safe_file(home, home, 100).error() == errc::key_file_not_regular));
    BOOST_TEST(config::read_safe_file("/dev/null", home, 100).value().empty());
}

BOOST_AUTO_TEST_SUITE_END()
