// Include, and the files behind it: where they are looked for, what ends a loop, and what is not
// read (C52, A29, S05).
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/config/ssh_config.hpp>

#include <sys/stat.h>

#include <map>

using namespace adit;

namespace {

config::config_facts facts() {
    config::config_facts all;
    all.home = "/home/me";
    all.local_user = "me";
    return all;
}

/// Files in memory; every pattern finds what has its name.
class files_in_memory {
public:
    std::map<std::string, std::string> texts;
    std::vector<std::string> asked;

    config::config_files files() {
        config::config_files all;
        all.find = [this](const std::string& pattern) {
            asked.push_back(pattern);
            std::vector<std::string> found;
            for (const auto& [name, text] : texts) {
                if (match_pattern(name, pattern).matched) found.push_back(name);
            }
            return found;
        };
        all.read = [this](const std::string& path, bool) -> result<std::string> {
            const auto found = texts.find(path);
            if (found != texts.end()) return found->second;
            return make_error_code(boost::system::errc::no_such_file_or_directory);
        };
        return all;
    }
    config::config_result<config::ssh_config> load(const std::string& path, bool of_user = true) {
        return config::ssh_config::load({{path, of_user}}, facts(), files());
    }
};

std::uint16_t port_of(const config::ssh_config& config, const std::string& alias) {
    return config.effective({alias}, facts()).value().port.value();
}

std::string fault_of_file(const std::string& path) {
    const auto config = config::ssh_config::load({{path}}, facts(), config::system_config_files());
    return config ? "" : config.error().what;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_source)

BOOST_AUTO_TEST_CASE(c52_relative_includes_begin_at_the_users_or_the_systems_folder) {
    files_in_memory user;
    user.texts = {{"/x/config", "Include a ~/b /c"}};
    BOOST_TEST(user.load("/x/config").has_value());
    BOOST_TEST((user.asked == std::vector<std::string>{"/home/me/.ssh/a", "/home/me/b", "/c"}));
    files_in_memory system;
    system.texts = {{"/x/config", "Include a"}, {"/x/home", "Include ~/a"}};
    BOOST_TEST(system.load("/x/config", false).has_value());
    BOOST_TEST((system.asked == std::vector<std::string>{"/etc/ssh/a"}));
    BOOST_TEST(system.load("/x/home", false).error().sentence().starts_with("/x/home:1: "));
}

BOOST_AUTO_TEST_CASE(c52_host_in_an_included_file_ends_with_it) {
    files_in_memory all;
    all.texts = {{"/main", "Host a\nInclude /d/*\nPort 9\nHost b\nPort 8"},
                 {"/d/1", "Host a\nUser x\nHost b\nPort 1"},
                 {"/d/2", "BindAddress ::1"}};
    const auto config = all.load("/main").value();
    BOOST_TEST(port_of(config, "a") == 9);
    BOOST_TEST(port_of(config, "b") == 8);  // what stands inside Host a is never b's
    const auto a = config.effective({"a"}, facts()).value();
    BOOST_TEST((a.user == "x"));
    BOOST_TEST((a.bind_address == "::1"));
    BOOST_TEST((config.aliases() == std::vector<std::string>{"a", "b"}));
}

BOOST_AUTO_TEST_CASE(c52_faults_name_the_included_file) {
    files_in_memory all;
    all.texts = {{"/main", "Include /part"}, {"/part", "\nPort 0"}};
    const auto settings = all.load("/main")->effective({"a"}, facts());
    BOOST_TEST(settings.error().file == "/part");
    BOOST_TEST(settings.error().line == 2U);
    all.texts["/part"] = "\n\nUser \"";
    BOOST_TEST(all.load("/main").error().sentence().starts_with("/part:3: "));
}

BOOST_AUTO_TEST_CASE(a29_includes_end_at_depth_sixteen) {
    files_in_memory all;
    for (int i = 0; i < 17; ++i) {
        all.texts["/f" + std::to_string(i)] = "Include /f" + std::to_string(i + 1);
    }
    BOOST_TEST(all.load("/f0").has_value());  // sixteen below it
    all.texts["/f17"] = "Port 1";
    BOOST_TEST(!all.load("/f0").has_value());
    files_in_memory itself;
    itself.texts = {{"/a", "Include /a"}};
    BOOST_TEST(!itself.load("/a").has_value());
    BOOST_TEST(itself.asked.size() <= 17U);
}

BOOST_AUTO_TEST_CASE(a29_includes_that_double_end_too) {
    files_in_memory all;
    for (int i = 0; i < 14; ++i) {
        const std::string next = "Include /f" + std::to_string(i + 1) + "\n";
        all.texts["/f" + std::to_string(i)] = next + next;
    }
    all.texts["/f14"] = "Port 1";
    BOOST_TEST(!all.load("/f0").has_value());
    BOOST_TEST(all.asked.size() <= config::config_sources::most_files);
}

BOOST_AUTO_TEST_CASE(c52_files_that_may_be_missing_and_files_that_may_not) {
    const test::temporary_directory folder;
    const auto files = config::system_config_files();
    const std::string missing = folder.file("missing");
    BOOST_TEST(config::ssh_config::load({{missing, true, false}}, facts(), files).has_value());
    BOOST_TEST(!config::ssh_config::load({{missing}}, facts(), files).has_value());
    const std::string path = test::write_file(folder.file("main"), "Include " + missing);
    BOOST_TEST(fault_of_file(path).empty());
    BOOST_TEST(fault_of_file("/dev/null").empty());
}

BOOST_AUTO_TEST_CASE(s05_odd_files_are_refused_at_once) {
    const test::temporary_directory folder;
    BOOST_TEST(fault_of_file("/dev/zero") == "it is not a regular file");
    BOOST_TEST(fault_of_file(folder.path().string()) == "it is not a regular file");
    BOOST_REQUIRE(::mkfifo(folder.file("fifo").c_str(), 0600) == 0);
    BOOST_TEST(fault_of_file(folder.file("fifo")) == "it is not a regular file");
    const std::string large = test::write_file(folder.file("large"), "#");
    std::filesystem::resize_file(large, std::uintmax_t{1} << 30U);
    BOOST_TEST(fault_of_file(large) == "it is too large");
}

BOOST_AUTO_TEST_CASE(s05_an_included_file_that_others_can_write_is_refused) {
    const test::temporary_directory folder;
    const std::string part = test::write_file(folder.file("part"), "Port 5");
    const std::string main = test::write_file(folder.file("main"), "Include " + part);
    BOOST_TEST(fault_of_file(main).empty());
    std::filesystem::permissions(part, std::filesystem::perms(0666));
    BOOST_TEST(!fault_of_file(main).empty());
    std::filesystem::permissions(part, std::filesystem::perms(0644));
    BOOST_TEST(fault_of_file(main).empty());
    // Given by name, a file is the business of who named it, as with ssh -F.
    std::filesystem::permissions(main, std::filesystem::perms(0666));
    BOOST_TEST(fault_of_file(main).empty());
    const config::config_root checked{main, true, true, true};
    BOOST_TEST(!config::ssh_config::load({checked}, facts(), config::system_config_files()));
}

BOOST_AUTO_TEST_CASE(c52_the_standard_files) {
    const auto roots = config::standard_config_roots("/home/me");
    BOOST_REQUIRE(roots.size() == 2U);
    BOOST_TEST(roots[0].path == "/home/me/.ssh/config");
    BOOST_TEST(roots[0].checked);
    BOOST_TEST(!roots[0].needed);
    BOOST_TEST(roots[1].path == "/etc/ssh/ssh_config");
    BOOST_TEST(!roots[1].of_user);
}

BOOST_AUTO_TEST_SUITE_END()
