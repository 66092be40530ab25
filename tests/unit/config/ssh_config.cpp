// ssh_config as a whole (C52, A29): who wins, what counts, what is expanded, listed and refused.
// What is said here about OpenSSH, ssh_config_differential.cpp asks ssh itself.
#include "support/test.hpp"

#include <adit/config/ssh_config.hpp>

using namespace adit;
using strings = std::vector<std::string>;

namespace {

config::config_facts facts() {
    config::config_facts all;
    all.home = "/home/me";
    all.local_user = "me";
    all.local_host = "laptop.lan";
    all.user_id = 1000;
    return all;
}

config::ssh_config parse(std::string_view text) {
    auto config = config::ssh_config::parse(text, "file", facts(), {});
    BOOST_REQUIRE(config.has_value());
    return std::move(*config);
}

config::host_settings ask(std::string_view text, const std::string& alias) {
    auto settings = parse(text).effective({alias}, facts());
    BOOST_REQUIRE_MESSAGE(settings.has_value(), settings.error().sentence());
    return std::move(*settings);
}

std::string refusal(std::string_view text, const std::string& alias = "db") {
    const auto settings = parse(text).effective({alias}, facts());
    return settings ? "" : settings.error().sentence();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ssh_config)

BOOST_AUTO_TEST_CASE(c52_an_empty_file_leaves_the_alias_and_who_we_are) {
    const auto s = ask("", "DB");
    BOOST_TEST(s.alias == "DB");
    BOOST_TEST((s.host_name == "db"));
    BOOST_TEST((s.user == "me"));
    BOOST_TEST((s.port == 22));
    BOOST_TEST(s.applied.empty());
}

BOOST_AUTO_TEST_CASE(c52_the_first_value_wins_but_lists_grow) {
    const auto s =
        ask("User a\nHost db\n User b\n Port 1\n IdentityFile ~/x\nHost *\n Port 2\n"
            " IdentityFile /y\n IdentityFile ~/x\n LocalForward 1 a:1\n LocalForward 2 a:1\n",
            "db");
    BOOST_TEST((s.user == "a"));
    BOOST_TEST((s.port == 1));
    BOOST_TEST((s.identity_files == strings{"/home/me/x", "/y"}));
    BOOST_TEST(s.local_forwards.size() == 2U);
    BOOST_TEST(s.applied.size() == 6U);
    BOOST_TEST(s.applied[1].line == 4U);
}

BOOST_AUTO_TEST_CASE(c52_what_the_command_line_said_comes_first) {
    config::host_question question{"db"};
    question.user = "u";
    question.port = 9;
    question.host_name = "%h.example";
    const auto s = parse("User a\nPort 1\nHostName x\nMatch user u\n BindAddress ::1")
                       .effective(question, facts())
                       .value();
    BOOST_TEST((s.user == "u"));
    BOOST_TEST((s.port == 9));
    BOOST_TEST((s.host_name == "db.example"));
    BOOST_TEST((s.bind_address == "::1"));
}

BOOST_AUTO_TEST_CASE(c52_host_patterns_and_their_negation) {
    constexpr std::string_view text =
        "Host web* !web3\n Port 1\nHost \"a b\" w?b2\n User b\nHost WEB1\n User c";
    BOOST_TEST((ask(text, "web1").port == 1));
    BOOST_TEST((ask(text, "web2").user == "b"));
    BOOST_TEST((ask(text, "web3").port == 22));
    BOOST_TEST((ask(text, "web1").user == "me"));  // case matters
    BOOST_TEST((ask("Host !db\n Port 1", "x").port == 22));
}

BOOST_AUTO_TEST_CASE(c52_hostname_is_expanded_and_lowered) {
    BOOST_TEST((ask("HostName %h.Example.ORG", "Db").host_name == "db.example.org"));
    BOOST_TEST((ask("HostName a%%b", "db").host_name == "a%b"));
    BOOST_TEST((ask("HostName FE80::1", "db").host_name == "FE80::1"));
    BOOST_TEST(refusal("HostName %p.example").find("token") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(c52_match_knows_what_was_set_so_far) {
    constexpr std::string_view text =
        "Match host db.example\n Port 1\nHost db\n HostName %h.example\n User alice\n"
        "Match host db.example user alice,bob localuser m*\n Port 2\n"
        "Match !originalhost db\n Port 3\nMatch all\n Port 4";
    BOOST_TEST((ask(text, "db").port == 2));
    BOOST_TEST((ask(text, "x").port == 3));
}

BOOST_AUTO_TEST_CASE(c52_a_final_pass_knows_the_host_by_its_name) {
    constexpr std::string_view text =
        "Host real\n User late\nMatch final host real\n Port 7\nMatch canonical\n Tag t\n"
        "Host db\n HostName Real\n";
    const auto s = ask(text, "db");
    BOOST_TEST((s.host_name == "real"));
    BOOST_TEST((s.user == "late"));
    BOOST_TEST((s.port == 7));
    BOOST_TEST((s.tag == "t"));
    BOOST_TEST((ask("CanonicalizeHostname yes\nMatch canonical\n Port 5", "db").port == 5));
    BOOST_TEST((ask("Match canonical\n Port 5", "db").port == 22));
}

BOOST_AUTO_TEST_CASE(c52_tags) {
    BOOST_TEST((ask("Host db\n Tag work\nMatch tagged work,play\n Port 5", "db").port == 5));
    BOOST_TEST((ask("Match tagged work\n Port 5", "db").port == 22));
    BOOST_TEST((ask("Match tagged \"\"\n Port 5", "db").port == 5));
}

BOOST_AUTO_TEST_CASE(c52_times_lists_and_choices) {
    const auto s = ask(
        "ServerAliveInterval 1m\nServerAliveCountMax 2\nConnectTimeout none\nConnectTimeout 5\n"
        "StrictHostKeyChecking off\nUserKnownHostsFile ~/a \"/b %h\"\nGlobalKnownHostsFile none\n"
        "RekeyLimit default none\nRekeyLimit 1G 1h\nCiphers +aes128-ctr\nHostKeyAlias Key\n"
        "AddressFamily inet6\nPubkeyAuthentication host-bound\nLogLevel DEBUG1",
        "db");
    BOOST_TEST((s.server_alive_interval == std::chrono::seconds(60)));
    BOOST_TEST((s.connect_timeout == std::chrono::seconds(5)));
    BOOST_TEST((s.strict_host_key_checking == "no"));
    BOOST_TEST((s.user_known_hosts_files == strings{"/home/me/a", "/b db"}));
    BOOST_TEST((s.global_known_hosts_files == strings{}));
    BOOST_TEST((s.rekey_bytes == 0U));
    BOOST_TEST((s.rekey_interval == std::chrono::hours(1)));
    BOOST_TEST((s.ciphers == "+aes128-ctr"));
    BOOST_TEST((s.host_key_alias == "key"));
    BOOST_TEST((s.log_level == "debug"));
}

BOOST_AUTO_TEST_CASE(c52_identities_and_agents) {
    const auto none = ask("IdentityFile none\nIdentityAgent none", "db");
    BOOST_TEST(none.identity_files.empty());
    BOOST_TEST(none.no_identity_files);
    BOOST_TEST((none.identity_agent == "none"));
    BOOST_TEST((ask("IdentityAgent ~/agent.%n", "db").identity_agent == "/home/me/agent.db"));
    BOOST_TEST((ask("IdentityAgent $SOCK", "db").identity_agent == "$SOCK"));
    BOOST_TEST((ask("CertificateFile ~/%u-cert.pub", "db").certificate_files ==
                strings{"/home/me/me-cert.pub"}));
    BOOST_TEST(!refusal("IdentityFile ~/%y").empty());
    BOOST_TEST(!refusal("IdentityAgent ${NONE}").empty());
}

BOOST_AUTO_TEST_CASE(c52_jumps_are_taken_apart_before_they_are_expanded) {
    const auto s = ask("ProxyJump gate-%h,%r@%n:2222\nProxyCommand nc %h", "db");
    BOOST_REQUIRE(s.proxy_jump.value().size() == 2U);
    BOOST_TEST(s.proxy_jump->front().host == "gate-db");
    BOOST_TEST((s.proxy_jump->back() == config::jump_host{"me", "db", 2222}));
    BOOST_TEST(!s.proxy_command.has_value());
    BOOST_TEST(ask("ProxyJump none\nProxyJump a", "db").proxy_jump.value().empty());
    // As written: it is a shell's, and nobody here is one.
    BOOST_TEST((ask("ProxyCommand nc \"%h\" # x", "db").proxy_command == "nc \"%h\" # x"));
}

BOOST_AUTO_TEST_CASE(a29_names_that_are_options_or_commands_are_refused) {
    for (const char* alias : {"-oProxyCommand=x", "a;b", "$(x)", "a\nb", ""}) {
        BOOST_TEST(!parse("").effective({alias}, facts()).has_value());
    }
    for (const char* line : {"HostName -oX", "HostName a;b", "HostName \"$(x)\"", "User -l",
                             "User \"`x`\"", "HostName \"a b\""}) {
        BOOST_TEST(refusal(line).find(std::string(line).substr(0, 4)) != std::string::npos);
    }
    config::host_question question{"db"};
    question.user = "a;b";
    BOOST_TEST(!parse("").effective(question, facts()).has_value());
    // %r is the local user of the file's reader, who need not be harmless.
    auto odd = facts();
    odd.local_user = "a;b";
    BOOST_TEST(!parse("User x\nProxyJump %r@gate").effective({"db"}, odd)->proxy_jump->empty());
    BOOST_TEST(!parse("ProxyJump a%hb").effective({"::1"}, facts())->proxy_jump->empty());
}

BOOST_AUTO_TEST_CASE(a29_commands_of_match_run_only_for_whom_they_are_given) {
    constexpr std::string_view text = "Match host db exec \"test %h = db\"\n Port 5";
    BOOST_TEST(refusal(text).find("exec") != std::string::npos);
    BOOST_TEST(refusal(text, "other").empty());
    strings ran;
    auto with_shell = facts();
    with_shell.run = [&ran](const std::string& command) {
        ran.push_back(command);
        return true;
    };
    BOOST_TEST((parse(text).effective({"db"}, with_shell)->port == 5));
    BOOST_TEST((ran == strings{"test db = db"}));
    ran.clear();
    // What a shell would take for more than a word never gets there.
    with_shell.local_user = "x; rm";
    BOOST_TEST(!parse("Match exec \"echo %u\"\n Port 5").effective({"db"}, with_shell));
    BOOST_TEST(!parse("Match exec \"echo %x\"\n Port 5").effective({"db"}, with_shell));
    with_shell.local_user = "me";
    BOOST_TEST(
        (parse("Match host no exec \"x\"\n Port 5").effective({"db"}, with_shell)->port == 22));
    BOOST_TEST(ran.empty());
    with_shell.run = [](const std::string&) { return false; };
    BOOST_TEST((parse("Match !exec \"x\"\n Port 5").effective({"db"}, with_shell)->port == 5));
    BOOST_TEST(parse(text).hosts(with_shell).has_value());
}

BOOST_AUTO_TEST_CASE(c52_mistakes_are_faults_with_file_and_line_even_where_they_do_not_count) {
    for (const char* line :
         {"Port 0", "Port", "NoSuchOption x", "BatchMode maybe", "User \"\"", "User a b",
          "LocalForward 1", "ConnectTimeout x", "RekeyLimit 3", "RekeyLimit 1 2 3",
          "UserKnownHostsFile none a", "Match", "Match host", "Match no such", "Match all host a",
          "Host \"\"", "ProxyJump -x", "StrictHostKeyChecking perhaps", "Match localnetwork 1"}) {
        const auto settings =
            config::ssh_config::parse(std::string("Host x\n") + line, "a\tfile", facts(), {});
        const std::string what = settings ? settings->effective({"db"}, facts()).error().sentence()
                                          : settings.error().sentence();
        BOOST_TEST(what.find("file:2: ") != std::string::npos, line << ": " << what);
    }
}

BOOST_AUTO_TEST_CASE(c52_ignore_unknown) {
    BOOST_TEST(refusal("IgnoreUnknown UseKey*,x\nUseKeychain yes\nX 1").empty());
    BOOST_TEST(!refusal("UseKeychain yes\nIgnoreUnknown UseKeychain").empty());
    BOOST_TEST(!refusal("Host no\nIgnoreUnknown *\nHost *\nUseKeychain yes").empty());
}

BOOST_AUTO_TEST_CASE(c52_own_keywords_of_a_program_are_kept_for_it) {
    config::host_question question{"db"};
    question.own_keywords = {"totpsecretfile"};
    const auto s = parse("TOTPSecretFile \"a b\"").effective(question, facts()).value();
    BOOST_REQUIRE(s.applied.size() == 1U);
    BOOST_TEST(s.applied[0].keyword == "totpsecretfile");
    BOOST_TEST((s.applied[0].words == strings{"a b"}));
}

BOOST_AUTO_TEST_CASE(c52_what_routes_and_is_not_there_is_refused_and_the_rest_is_told) {
    BOOST_TEST(refusal("Host db\nBindInterface eth0").find("file:2: bindinterface eth0") == 0U);
    BOOST_TEST(refusal("KnownHostsCommand /x").find("knownhostscommand") != std::string::npos);
    BOOST_TEST(refusal("KnownHostsCommand none\nKnownHostsCommand /x").empty());
    BOOST_TEST(refusal("Host x\nBindInterface eth0").empty());
    BOOST_TEST(!parse("RefuseConnection \"ask me\"").effective({"db"}, facts()).has_value());
    const auto s = ask("Compression yes\nForwardX11 yes\nTunnel false\nSendEnv LANG LC_*", "db");
    BOOST_REQUIRE(s.warnings.size() == 1U);
    BOOST_TEST(s.warnings[0] == "file:1: compression yes has no effect here");
}

BOOST_AUTO_TEST_CASE(c52_every_keyword_stands_in_one_table) {
    std::set<std::string_view> seen;
    for (const auto& row : config::option_rows) BOOST_TEST(seen.insert(row.name).second, row.name);
    for (const auto& row : config::unused_rows) BOOST_TEST(seen.insert(row.name).second, row.name);
    for (const auto& [old, present] : config::keyword_aliases) {
        BOOST_TEST(seen.insert(old).second, old);
        BOOST_TEST(seen.contains(present), present);
    }
}

BOOST_AUTO_TEST_CASE(c52_hosts_lists_every_alias_once_with_its_settings) {
    constexpr std::string_view text =
        "Host db web*\n HostName %h.internal\n ProxyJump gate\nHost gate db !no\n Port 2222\n"
        "Host bad\n BindInterface eth0\nMatch host x\nHost *\n User deploy\n IdentityFile ~/k\n"
        "Host -oX a;b \"\\$(x)\"";
    const auto hosts = parse(text).hosts(facts()).value();
    BOOST_REQUIRE(hosts.size() == 3U);
    BOOST_TEST(hosts[0].alias == "db");
    BOOST_TEST(hosts[0].host_name == "db.internal");
    BOOST_TEST(hosts[0].user == "deploy");
    BOOST_TEST(hosts[0].port == 2222);
    BOOST_TEST((hosts[0].identity_files == strings{"/home/me/k"}));
    BOOST_TEST((hosts[0].proxy_jump == std::vector<config::jump_host>{{"", "gate", 0}}));
    BOOST_TEST(hosts[0].problem.empty());
    BOOST_TEST(hosts[1].alias == "gate");
    BOOST_TEST(hosts[2].alias == "bad");
    BOOST_TEST(!hosts[2].problem.empty());
}

BOOST_AUTO_TEST_CASE(a29_patterns_cost_no_more_than_their_length_times_the_names) {
    std::string pattern;
    for (int i = 0; i < 5000; ++i) pattern += "a*";
    const std::string alias(1000, 'a');
    const auto s = ask("Host " + pattern + "b\n Port 1", alias);
    BOOST_TEST((s.port == 22));
    BOOST_TEST(s.steps <= (alias.size() + 1) * (pattern.size() + 2));
}

BOOST_AUTO_TEST_CASE(a29_a_list_of_hosts_that_would_take_for_ever_is_refused) {
    std::string text;
    for (int i = 0; i < 6000; ++i) text += "Host h" + std::to_string(i) + "\nPort 1\n";
    BOOST_TEST(!parse(text).hosts(facts()).has_value());
    BOOST_TEST(parse(text).aliases().size() == 6000U);
    BOOST_TEST((ask(text, "h5999").port == 1));
}

BOOST_AUTO_TEST_SUITE_END()
