// Profiles in JSON: the tools' own samples, each field by its name, and what is refused. The table
// of names is every language's, so what is tried here holds for TOML, too.
#include "support/test.hpp"

#include "unit/config/profile_samples.hpp"

#include <adit/config/profile_json.hpp>

// Boost.JSON's bodies, once in this program.
#include <boost/json/src.hpp>

using namespace adit;
using config::profile_auth;
using test::text_of;

namespace {

config::profile load(std::string_view text, std::string_view name = {}) {
    return test::loaded_by(config::load_json_profile, text, name);
}

std::string fault_of(std::string_view text, std::string_view name = {}) {
    return test::fault_by(config::load_json_profile, text, name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(profile_json)

BOOST_AUTO_TEST_CASE(the_first_sample_of_signalpilot) {
    const auto p = load(test::profile_sample("signalpilot_tailscale.json"));
    BOOST_TEST(p.name == "my-staging-db");
    BOOST_TEST(p.enabled);
    BOOST_TEST(p.host == "203.0.113.10");
    BOOST_TEST(p.port == 22);
    BOOST_TEST(p.user == "ubuntu");
    BOOST_TEST((p.auth == std::vector{profile_auth::key}));
    BOOST_TEST(text_of(p.private_key) == "-----BEGIN OPENSSH PRIVATE KEY-----\n...");
    BOOST_TEST(p.remote_host == "100.64.1.50");
    BOOST_TEST(p.remote_port == 5432);
    BOOST_TEST(!p.password.has_value());
}

BOOST_AUTO_TEST_CASE(the_second_sample_of_signalpilot) {
    const auto p = load(test::profile_sample("signalpilot_aws.json"), "prod-analytics");
    BOOST_TEST(p.host == "bastion.example.com");
    BOOST_TEST(p.user == "ec2-user");
    BOOST_TEST(p.remote_host == "10.0.2.45");
}

BOOST_AUTO_TEST_CASE(the_names_of_zequel) {
    const auto p = load(test::profile_sample("zequel.json"));
    BOOST_TEST((p.auth == std::vector{profile_auth::key}));
    BOOST_TEST(text_of(p.password) == "ssh_password");
    BOOST_TEST(text_of(p.passphrase) == "a pass phrase");
    BOOST_TEST(text_of(p.private_key).starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"));
    BOOST_TEST(p.remote_host == "internal-db.example.com");
    BOOST_TEST(p.remote_port == 5432);
}

BOOST_AUTO_TEST_CASE(a_document_may_be_one_profile) {
    const auto p = load(R"({"enabled": false, "host": "b", "port": 2222, "username": "u",
        "authMethod": "password", "password": "p", "privateKey": "",
        "privateKeyPassphrase": null})");
    BOOST_TEST(!p.enabled);
    BOOST_TEST(p.port == 2222);
    BOOST_TEST((p.auth == std::vector{profile_auth::password}));
    BOOST_TEST(text_of(p.password) == "p");
    BOOST_TEST(!p.private_key.has_value());
    BOOST_TEST(!p.passphrase.has_value());
    BOOST_TEST(p.remote_host.empty());
}

BOOST_AUTO_TEST_CASE(every_field_has_a_name) {
    const auto p = load(R"({"host": "b", "user": "u",
        "auth_methods": ["agent", "key", "keyboard-interactive", "none"],
        "key_paths": ["~/.ssh/a", "~/.ssh/b"], "passphrase": "x\u00e9\"", "totp_secret": "ABC",
        "totp_algorithm": "SHA256", "totp_digits": 8, "totp_period": 60, "agent_socket": "~/a s",
        "identities_only": true, "local_host": "::1", "local_port": 0, "remote_socket": "/run/pg",
        "proxy_host": "proxy", "proxy_port": 3128, "strict_host_key_checking": "accept-new",
        "known_hosts": "~/kh", "host_key_alias": "alias", "keepalive_interval": "1m30s",
        "keepalive_count": 4, "connect_timeout": 5})");
    using enum profile_auth;
    BOOST_TEST((p.auth == std::vector{agent, key, keyboard_interactive, none}));
    BOOST_TEST((p.key_paths == std::vector<std::string>{"~/.ssh/a", "~/.ssh/b"}));
    BOOST_TEST(text_of(p.passphrase) == "x\xc3\xa9\"");
    BOOST_TEST(text_of(p.totp_secret) == "ABC");
    BOOST_TEST((p.totp.hash == crypto::totp_hash::sha256));
    BOOST_TEST(p.totp.digits == 8U);
    BOOST_TEST(p.totp.period == 60U);
    BOOST_TEST(p.agent_socket == "~/a s");
    BOOST_TEST(p.identities_only.value());
    BOOST_TEST(p.local_host == "::1");
    BOOST_TEST(p.local_port.value() == 0);
    BOOST_TEST(p.remote_socket == "/run/pg");
    BOOST_TEST(p.proxy_host == "proxy");
    BOOST_TEST(p.proxy_port == 3128);
    BOOST_TEST((p.strict_host_key_checking == config::profile_strictness::accept_new));
    BOOST_TEST((p.known_hosts == std::vector<std::string>{"~/kh"}));
    BOOST_TEST(p.host_key_alias == "alias");
    BOOST_TEST(p.keepalive_interval->count() == 90);
    BOOST_TEST(p.keepalive_count.value() == 4U);
    BOOST_TEST(p.connect_timeout->count() == 5);
}

BOOST_AUTO_TEST_CASE(hops_are_texts_or_tables) {
    const auto p = load(R"({"host": "b", "jumps": ["al@one:2222,two",
        {"host": "three", "username": "u", "authMethod": "key", "keyPath": "k"}]})");
    BOOST_REQUIRE(p.jumps.size() == 3U);
    BOOST_TEST(p.jumps[0].host == "one");
    BOOST_TEST(p.jumps[0].user == "al");
    BOOST_TEST(p.jumps[0].port == 2222);
    BOOST_TEST(p.jumps[1].host == "two");
    BOOST_TEST(p.jumps[2].user == "u");
    BOOST_TEST((p.jumps[2].key_paths == std::vector<std::string>{"k"}));
    BOOST_TEST(load(R"({"host": "b", "jumps": "one,two"})").jumps.size() == 2U);
    BOOST_TEST(fault_of(R"({"host": "b", "jumps": ["-oX"]})") ==
               "settings:1: jumps: wants \"user@host:port\", or a table for each");
    BOOST_TEST(fault_of("{\"host\": \"b\", \"jumps\": [\n{\"host\": \"c\", \"local_port\": 1}]}") ==
               "settings:2: jumps: there is no \"local_port\" of a hop");
}

BOOST_AUTO_TEST_CASE(a_name_chooses_among_several) {
    constexpr std::string_view two = R"({"profile": {"a": {"host": "one"}, "b": {"host": "two"}}})";
    BOOST_TEST(load(two, "b").host == "two");
    BOOST_TEST(fault_of(two) == "settings:1: there is more than one profile; there is a, b");
    BOOST_TEST(fault_of(two, "c") == "settings: there is no profile \"c\": there is a, b");
    constexpr std::string_view list =
        R"([{"name": "x", "ssh": {"host": "one"}}, {"name": "y", "ssh_tunnel": {"host": "two"}}])";
    BOOST_TEST(load(list, "y").host == "two");
    BOOST_TEST(fault_of("{}") == "settings: there is no profile in it");
}

BOOST_AUTO_TEST_CASE(faults_name_file_line_and_key) {
    BOOST_TEST(fault_of("{\n\"host\": \"b\",\n\"auth_mehtod\": \"key\"}") ==
               "settings:3: there is no \"auth_mehtod\"");
    BOOST_TEST(fault_of("{\"host\": \"b\",\n\"port\": 70000}") ==
               "settings:2: port: wants a number from 1 to 65535");
    BOOST_TEST(fault_of("{\"host\": \"b\",\n\"port\": \"22\"}") ==
               "settings:2: port: wants a number from 1 to 65535");
    BOOST_TEST(fault_of("{\"host\": \"b\", \"port\": 2.5}") ==
               "settings:1: port: wants a number from 1 to 65535");
    BOOST_TEST(fault_of("{\"host\": \"-oX\"}") == "settings:1: host: no such host can be");
    BOOST_TEST(fault_of("{\"host\": \"b\", \"user\": \"-l\"}") ==
               "settings:1: user: no such user can be");
    BOOST_TEST(fault_of("{\"host\": \"b\", \"user\": \"u\", \"username\": \"v\"}") ==
               "settings:1: username: is given twice");
    BOOST_TEST(fault_of("{\"ssh\": {\"user\": \"u\"}}") == "settings:1: host: is missing");
    BOOST_TEST(fault_of("{\"host\": \"b\", \"key_path\": \"a\\u0007\"}") ==
               "settings:1: key_path: has a control character in it");
    BOOST_TEST(fault_of("{\"host\": \"b\", \"auth_method\": \"gssapi\"}") ==
               "settings:1: auth_method: is none of password, key, agent, keyboard-interactive and "
               "none");
    BOOST_TEST(fault_of("{\"host\": \"b\", \"strict_host_key_checking\": \"no\"}") ==
               "settings:1: strict_host_key_checking: is none of ask, yes and accept-new");
    BOOST_TEST(fault_of("{\"host\": \"b\", \"Auth_Method\": \"key\"}") ==
               "settings:1: there is no \"Auth_Method\"");
    BOOST_TEST(fault_of("{\"host\": \"b\", \"remote_host\": \"c\"}") ==
               "settings:1: remote_port: is missing");
}

BOOST_AUTO_TEST_CASE(what_is_no_json_has_its_line) {
    BOOST_TEST(fault_of("{\n\"host\": \"b\"\n").starts_with("settings:3: no JSON: "));
    BOOST_TEST(fault_of("{\n\"host\": \"b\"\n,}").starts_with("settings:3: no JSON: "));
    BOOST_TEST(fault_of("{}\n{}").starts_with("settings:2: no JSON: "));
    BOOST_TEST(fault_of("").starts_with("settings:1: no JSON: "));
    BOOST_TEST(fault_of(std::string(40, '[')).starts_with("settings:1: no JSON: "));
}

BOOST_AUTO_TEST_CASE(s05_a_secret_in_a_file_that_others_can_read_is_refused) {
    const test::profile_file secret(test::profile_sample("signalpilot_aws.json"));
    secret.open_to_others();
    const auto refused = config::load_json_profile(secret.path());
    BOOST_REQUIRE(refused.has_error());
    BOOST_TEST(secret.told(refused.error()) ==
               "settings:15: private_key: the key file can be read by others, so it can hold no "
               "secret; chmod 600 it");
    // What is no secret may be read by everybody.
    const test::profile_file open(R"({"host": "b", "password": ""})");
    open.open_to_others();
    BOOST_TEST(config::load_json_profile(open.path()).value().host == "b");
    BOOST_TEST(fault_of("{\"host\": \"b\", \"password\": 7}") ==
               "settings:1: password: wants a text");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_none_is_refused) {
    const test::temporary_directory folder;
    const auto missing = config::load_json_profile(folder.file("none"));
    BOOST_TEST(missing.error().what == "the key file does not exist");
    const auto of_folder = config::load_json_profile(folder.path().string());
    BOOST_TEST(of_folder.error().what == "the key file is not a regular file");
}

BOOST_AUTO_TEST_SUITE_END()
