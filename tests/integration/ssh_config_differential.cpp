// ssh_config read by us and by `ssh -G -F`: generated files, one seed each, on all keywords that
// host_settings has (C52, F12). 500 of them here; ADIT_SSH_CONFIG_CASES asks for another number.
// What differs on purpose is in docs/ssh_config.md and is not generated.
#include "support/test.hpp"

#include "integration/config_printer.hpp"
#include "integration/config_writer.hpp"
#include "integration/peers.hpp"
#include "support/run.hpp"
#include "support/temporary_directory.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace adit::test {
namespace {

constexpr const char* variable = "ADIT_TEST_PLACE";

[[nodiscard]] config::config_facts facts() {
    config::config_facts all;
    const passwd* entry = ::getpwuid(::getuid());
    BOOST_REQUIRE(entry != nullptr);
    all.home = entry->pw_dir;
    all.local_user = entry->pw_name;
    std::array<char, 256> name{};
    BOOST_REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
    all.local_host = name.data();
    all.user_id = ::getuid();
    all.environment = [](const std::string& asked) -> std::optional<std::string> {
        const char* value = std::getenv(asked.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    return all;
}

class comparison {
public:
    comparison() : facts_(facts()) {
        ::setenv(variable, "from-the-environment", 1);
        write_file(folder_.file("empty"), "");
        defaults_ = lines_of(ask("empty", "alias").output);
        for (const char* kind : {"cipher", "mac", "kex"}) {
            known_[kind] = list_of(run({"ssh", "-Q", kind}).output);
        }
    }
    ~comparison() { ::unsetenv(variable); }
    comparison(const comparison&) = delete;
    comparison& operator=(const comparison&) = delete;

    /// Where the two differ; empty: nowhere.
    [[nodiscard]] std::string differs(unsigned seed);
    [[nodiscard]] unsigned refused() const noexcept { return refused_; }

private:
    [[nodiscard]] run_result ask(const std::string& file, const std::string& alias) const {
        return run({"ssh", "-G", "-F", folder_.file(file), alias});
    }

    temporary_directory folder_;
    config::config_facts facts_;
    config_lines_by_keyword defaults_;
    std::map<std::string, std::string> known_;
    unsigned refused_ = 0;
};

std::string comparison::differs(unsigned seed) {
    config_writer writer(seed, folder_.path().string());
    const written_config written = writer.write();
    for (const auto& [name, text] : written.files) write_file(folder_.file(name), text);
    const std::string place = "seed " + std::to_string(seed) + ", " + written.alias + ", ";
    const auto theirs = ask("main", written.alias);

    const auto config =
        config::ssh_config::load({{folder_.file("main")}}, facts_, config::system_config_files());
    if (!config) {
        ++refused_;
        return theirs.status == 0 ? place + "refused: " + config.error().sentence() : "";
    }
    const config::host_question question{written.alias};
    const auto raw = config->values(question, facts_);
    const auto ours = config->effective(question, facts_);
    const bool read = raw.has_value() && ours.has_value();
    if (theirs.status != 0 || !read) {
        ++refused_;
        if (theirs.status != 0 && !read) return {};
        if (read) return place + "taken, although ssh says: " + theirs.errors;
        return place + "refused: " + (raw ? ours.error() : raw.error()).sentence();
    }
    const std::string difference =
        compare_config(lines_of(theirs.output), defaults_, print_config(*ours, *raw), known_);
    return difference.empty() ? difference : place + difference;
}

[[nodiscard]] unsigned cases() {
    const char* asked = std::getenv("ADIT_SSH_CONFIG_CASES");
    return asked == nullptr ? 500U : static_cast<unsigned>(std::stoul(asked));
}

BOOST_AUTO_TEST_SUITE(ssh_config_differential)

BOOST_AUTO_TEST_CASE(c52_generated_files_mean_to_us_what_they_mean_to_ssh) {
    if (find_program("ssh").empty()) return skip("no ssh is installed");
    comparison compare;
    const unsigned all = cases();
    unsigned different = 0;
    for (unsigned seed = 1; seed <= all && different < 5; ++seed) {
        const std::string difference = compare.differs(seed);
        if (!difference.empty()) ++different;
        BOOST_TEST(difference.empty(), difference);
    }
    // Else the generator writes nothing but mistakes, or none.
    BOOST_TEST(compare.refused() < all / 4);
    BOOST_TEST(compare.refused() > all / 50);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
