// URLs of connections: the seeds' own samples, escapes, brackets, and every fault at its place.
#include "support/test.hpp"

#include <adit/config/url.hpp>

using namespace adit;
using config::url_fault;

namespace {

config::url_problem problem_of_ssh(std::string_view text) {
    const auto url = config::parse_ssh_url(text);
    BOOST_REQUIRE_MESSAGE(!url.has_value(), text);
    return url.error();
}

config::url_problem problem_of_database(std::string_view text) {
    const auto url = config::parse_database_url(text);
    BOOST_REQUIRE_MESSAGE(!url.has_value(), text);
    return url.error();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(url)

BOOST_AUTO_TEST_CASE(c52_ssh_urls) {
    const auto all = config::parse_ssh_url("ssh://al%20ice@db.example.org:2222/").value();
    BOOST_TEST(all.user == "al ice");
    BOOST_TEST(all.host == "db.example.org");
    BOOST_TEST(all.port == 2222);
    const auto bare = config::parse_ssh_url("SSH://db").value();
    BOOST_TEST(bare.user.empty());
    BOOST_TEST(bare.host == "db");
    BOOST_TEST(bare.port == 0);
    BOOST_TEST(config::parse_ssh_url("ssh://u;fingerprint=x@[::1]:22").value().user == "u");
    BOOST_TEST(config::parse_ssh_url("ssh://[2001:db8::1]").value().host == "2001:db8::1");
    BOOST_TEST(config::parse_ssh_url("ssh://[fe80::1%25eth0]").value().host == "fe80::1%eth0");
}

BOOST_AUTO_TEST_CASE(c52_faults_of_ssh_urls_have_a_place) {
    const auto at = [](url_fault why, std::size_t place) {
        return config::url_problem{why, place};
    };
    BOOST_TEST((problem_of_ssh("http://db") == at(url_fault::unknown_scheme, 0)));
    BOOST_TEST((problem_of_ssh("ssh://") == at(url_fault::missing_host, 6)));
    BOOST_TEST((problem_of_ssh("ssh://@db") == at(url_fault::missing_user, 6)));
    BOOST_TEST((problem_of_ssh("ssh://u@") == at(url_fault::missing_host, 8)));
    BOOST_TEST((problem_of_ssh("ssh://u%2@db") == at(url_fault::malformed_escape, 7)));
    BOOST_TEST((problem_of_ssh("ssh://u%zz@db") == at(url_fault::malformed_escape, 7)));
    BOOST_TEST((problem_of_ssh("ssh://u%00@db") == at(url_fault::malformed_escape, 7)));
    BOOST_TEST((problem_of_ssh("ssh://%2doX@db") == at(url_fault::malformed_user, 6)));
    BOOST_TEST((problem_of_ssh("ssh://-oX") == at(url_fault::malformed_host, 6)));
    BOOST_TEST((problem_of_ssh("ssh://a%20b") == at(url_fault::malformed_host, 6)));
    BOOST_TEST((problem_of_ssh("ssh://::1") == at(url_fault::missing_host, 6)));
    BOOST_TEST((problem_of_ssh("ssh://[db]") == at(url_fault::malformed_host, 7)));
    BOOST_TEST((problem_of_ssh("ssh://[::1") == at(url_fault::malformed_host, 6)));
    BOOST_TEST((problem_of_ssh("ssh://[::1]x") == at(url_fault::malformed_port, 11)));
    BOOST_TEST((problem_of_ssh("ssh://db:0") == at(url_fault::malformed_port, 8)));
    BOOST_TEST((problem_of_ssh("ssh://db:") == at(url_fault::malformed_port, 8)));
    BOOST_TEST((problem_of_ssh("ssh://db:65536") == at(url_fault::malformed_port, 8)));
    BOOST_TEST((problem_of_ssh("ssh://db/x") == at(url_fault::path_given, 9)));
    BOOST_TEST((problem_of_ssh("ssh://u:secret@db") == at(url_fault::password_given, 6)));
    BOOST_TEST(
        (problem_of_ssh("ssh://" + std::string(9000, 'a')) == at(url_fault::too_long, 8192)));
}

// The sample of the seeds, as it stands there.
BOOST_AUTO_TEST_CASE(c52_a_database_url_fills_in_everything) {
    const auto url = config::parse_database_url(
                         "mysql+ssh://root@123.123.123.123:1234/"
                         "database_user:database_password@127.0.0.1/"
                         "database_name?name=FlashPanel&usePrivateKey=true")
                         .value();
    BOOST_TEST((url.kind == config::database_kind::mysql));
    BOOST_TEST(url.ssh.user == "root");
    BOOST_TEST(url.ssh.host == "123.123.123.123");
    BOOST_TEST(url.ssh.port == 1234);
    BOOST_TEST(!url.ssh_password.has_value());
    BOOST_TEST(url.user == "database_user");
    BOOST_TEST((as_text(url.password.value()) == "database_password"));
    BOOST_TEST(url.host == "127.0.0.1");
    BOOST_TEST(url.port == 0);
    BOOST_TEST(url.database == "database_name");
    BOOST_TEST(url.name == "FlashPanel");
    BOOST_TEST(url.use_private_key);
    BOOST_TEST(!url.use_ssh_agent);
    BOOST_TEST(url.agent_socket.empty());
}

BOOST_AUTO_TEST_CASE(c52_database_urls_in_other_forms) {
    const auto url =
        config::parse_database_url(
            "postgresql+ssh://u:p%40w@[::1]:22/a%40b:%3a%2f@c%2f@db.internal:5433/x%20y"
            "?useSSHAgent=1&agentSocket=~/Library/a%20b.sock&color=red&flag&&")
            .value();
    BOOST_TEST((url.kind == config::database_kind::postgres));
    BOOST_TEST((as_text(url.ssh_password.value()) == "p@w"));
    BOOST_TEST(url.ssh.host == "::1");
    BOOST_TEST(url.user == "a@b");
    BOOST_TEST((as_text(url.password.value()) == ":/@c/"));
    BOOST_TEST(url.host == "db.internal");
    BOOST_TEST(url.port == 5433);
    BOOST_TEST(url.database == "x y");
    BOOST_TEST(url.use_ssh_agent);
    BOOST_TEST(url.agent_socket == "~/Library/a b.sock");
    BOOST_TEST(url.parameters.size() == 2U);
    BOOST_TEST(url.parameters.front().second == "red");
    for (const char* scheme : {"mariadb", "postgres", "MySQL"}) {
        BOOST_TEST(config::parse_database_url(std::string(scheme) + "+ssh://h/d").has_value());
    }
    BOOST_TEST(config::parse_database_url("mysql+ssh://h/d").value().database.empty());
}

BOOST_AUTO_TEST_CASE(c52_faults_of_database_urls) {
    BOOST_TEST((problem_of_database("mysql://a/b").why == url_fault::unknown_scheme));
    BOOST_TEST((problem_of_database("redis+ssh://a/b").why == url_fault::unknown_scheme));
    BOOST_TEST((problem_of_database("mysql+ssh://a").why == url_fault::missing_database));
    BOOST_TEST((problem_of_database("mysql+ssh://a/").why == url_fault::missing_database));
    BOOST_TEST((problem_of_database("mysql+ssh://a/u:p@/d").why == url_fault::missing_host));
    BOOST_TEST((problem_of_database("mysql+ssh://a/b/c#d").why == url_fault::unexpected_text));
    BOOST_TEST((problem_of_database("mysql+ssh://a/b/c?usePrivateKey=perhaps").why ==
                url_fault::malformed_parameter));
    BOOST_TEST((problem_of_database("mysql+ssh://a/b/c?name=1&name=2").why ==
                url_fault::repeated_parameter));
    BOOST_TEST((problem_of_database("mysql+ssh://a/u:%00@b/c").why == url_fault::malformed_escape));
    BOOST_TEST((problem_of_database("mysql+ssh://a/b/c%2").position == 17U));
    BOOST_TEST((problem_of_database("mysql+ssh://$(x)/b").why == url_fault::malformed_host));
}

BOOST_AUTO_TEST_CASE(c52_every_fault_has_a_sentence) {
    const std::string unknown = config::sentence(url_fault{});
    for (int i = 1; i <= static_cast<int>(url_fault::repeated_parameter); ++i) {
        BOOST_TEST(config::sentence(static_cast<url_fault>(i)) != unknown);
    }
}

BOOST_AUTO_TEST_SUITE_END()
