// Profiles in TOML: SeeKi's own samples, [profile.NAME], lines, and modes of the file.
#include "support/test.hpp"

#include "unit/config/profile_samples.hpp"

#include <adit/config/profile_toml.hpp>

using namespace adit;
using config::profile_auth;
using test::text_of;

namespace {

config::profile load(std::string_view text, std::string_view name = {}) {
    return test::loaded_by(config::load_toml_profile, text, name);
}

std::string fault_of(std::string_view text, std::string_view name = {}) {
    return test::fault_by(config::load_toml_profile, text, name);
}

constexpr std::string_view two_profiles = R"(
[profile.shop]
host = "bastion"
username = "al"
password = "s3cret"
local_port = 5432
remote_host = "db.internal"
remote_port = 5432
[[profile.shop.jumps]]
host = "hop"
key_path = "~/.ssh/hop"

[profile.other]
host = "elsewhere"
)";

}  // namespace

BOOST_AUTO_TEST_SUITE(profile_toml)

BOOST_AUTO_TEST_CASE(the_samples_of_seeki) {
    const auto key = load(test::profile_sample("seeki_key.toml"));
    BOOST_TEST(key.host == "bastion.example.com");
    BOOST_TEST(key.port == 22);
    BOOST_TEST(key.user == "jlim");
    BOOST_TEST((key.auth == std::vector{profile_auth::key}));
    BOOST_TEST((key.key_paths == std::vector<std::string>{"/home/jlim/.ssh/id_ed25519"}));
    BOOST_TEST(key.remote_host == "10.0.12.7");
    BOOST_TEST(key.remote_port == 5432);
    const auto agent = load(test::profile_sample("seeki_agent.toml"));
    BOOST_TEST((agent.auth == std::vector{profile_auth::agent}));
    BOOST_TEST(agent.remote_host.empty());
}

BOOST_AUTO_TEST_CASE(profiles_by_name) {
    const auto p = load(two_profiles, "shop");
    BOOST_TEST(p.name == "shop");
    BOOST_TEST(text_of(p.password) == "s3cret");
    BOOST_TEST(p.local_port.value() == 5432);
    BOOST_TEST(p.remote_host == "db.internal");
    BOOST_REQUIRE(p.jumps.size() == 1U);
    BOOST_TEST(p.jumps[0].host == "hop");
    BOOST_TEST(load(two_profiles, "other").host == "elsewhere");
    BOOST_TEST(fault_of(two_profiles, "none") ==
               "settings: there is no profile \"none\": there is other, shop");
}

BOOST_AUTO_TEST_CASE(faults_name_file_line_and_key) {
    BOOST_TEST(fault_of("[ssh]\nhost = \"b\"\nprot = 22\n") == "settings:3: there is no \"prot\"");
    BOOST_TEST(fault_of("[ssh]\nhost = \"b\"\nport = 0\n") ==
               "settings:3: port: wants a number from 1 to 65535");
    BOOST_TEST(fault_of("[ssh]\nhost = 1979-05-27\n") == "settings:2: host: wants a text");
    BOOST_TEST(fault_of("ssh = 1\n") == "settings:1: a profile is a table");
    BOOST_TEST(fault_of("[ssh\n").starts_with("settings:1: no TOML: "));
    BOOST_TEST(fault_of("[database]\n") == "settings: there is no profile in it");
}

// A password of digits that somebody forgot to put into quotation marks.
BOOST_AUTO_TEST_CASE(s03_a_value_that_does_not_fit_is_not_repeated) {
    for (const char* value :
         {"271828182845904523536", "-271828182845904523536", "2718e28459045235"}) {
        const std::string told = fault_of("[ssh]\nhost = \"b\"\npassword = " + std::string(value));
        BOOST_TEST(told.starts_with("settings:3: "), told);
        BOOST_TEST(told.find("2718") == std::string::npos, told);
    }
}

BOOST_AUTO_TEST_CASE(s05_a_secret_in_a_file_that_others_can_read_is_refused) {
    const test::profile_file file(two_profiles);
    file.open_to_others();
    const auto refused = config::load_toml_profile(file.path(), "shop");
    BOOST_REQUIRE(refused.has_error());
    BOOST_TEST(file.told(refused.error()) ==
               "settings:5: password: the key file can be read by others, so it can hold no "
               "secret; chmod 600 it");
    BOOST_TEST(config::load_toml_profile(file.path(), "other").has_value());
}

// What only looks like such a header is none.
BOOST_AUTO_TEST_CASE(what_toml_plus_plus_asserts_is_refused) {
    for (const char* bad : {"[@]",
                            "[[ @]]",
                            "[\x1f]",
                            " [=]",
                            "[\xc3\xa9]",
                            "[#",
                            "[.a]",
                            "[\n",
                            "a = [}",
                            "a = {]",
                            "a = [\xe2\x80\xa8",
                            "a = [1,\xc2\x85",
                            "a = {b = \xc2\xa0",
                            "a = \xe2\x80\xa9",
                            "[a\xc3\xa9]",
                            "[a] \xc3\xa9",
                            "a = 1979-05-27\"\xc3\xa9\"",
                            "a = 1.\"\xc3\xa9\"",
                            "a = [1, 1.'\xc3\xa9']",
                            "a = \"\\\xc3\xa9\""}) {
        const std::string told = fault_of("[ssh]\nhost = \"b\"\n" + std::string(bad) + "\n");
        BOOST_TEST(told.starts_with("settings:3: no TOML: "), bad << ": " << told);
    }
    BOOST_TEST(fault_of("\xef\xbb\xbf[=]") ==
               "settings:1: no TOML: a table without a name, brackets that do not match, more "
               "than ASCII outside of quotation marks, or a name of too many parts");
    BOOST_TEST(fault_of("[ssh]\nhost = 1979-05-27trueT07:32:00Z\n").find("no TOML") !=
               std::string::npos);
    // Each part is a table in a table.
    std::string deep = "a";
    for (int i = 0; i < 200'000; ++i) deep += ".a";
    for (const std::string& name : {deep + " = 1", "[" + deep + "]", "x = { " + deep + " = 1 }"}) {
        BOOST_TEST(fault_of("[ssh]\n" + name + "\n").starts_with("settings:2: no TOML: "));
    }
    const auto p = load(R"([other]
a = [ # [@
 [{ b = "[@", c = '\' }],
]
d = """ â¨
[@\\"""
e = '''
[@''' # [@
f = "\\\"[@"
g = [{ a."b.c".'d' = 1.5, e."x" = 2 }]
h = ["""a""""", '''b''''']
["ssh"]
host = "b")");
    BOOST_TEST(p.host == "b");
}

// S01: toml++ keeps texts in std::string; they are wiped where they stand.
BOOST_AUTO_TEST_CASE(s01_the_texts_of_the_document_are_wiped) {
    toml::table root = toml::parse("a = \"a rather long text that is stored on the heap\"");
    const std::string& held = root.find("a")->second.as_string()->get();
    const config::profile_node node = config::profile_toml::take(root);
    BOOST_TEST(node.find("a")->as_text() == "a rather long text that is stored on the heap");
    BOOST_TEST(held == std::string(held.size(), '\0'));
}

BOOST_AUTO_TEST_SUITE_END()
