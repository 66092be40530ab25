// Certificates from end to end, a client of ours at a server of ours: the host's is believed by a
// CA in known_hosts, the user's by a CA of the accounts, and a bad one of either ends the login by
// the reason that it has (C38). Others' programs are in integration/certificates.cpp.
#include "support/certificates.hpp"
#include "support/scene.hpp"
#include "support/server_scene.hpp"
#include "support/temporary_directory.hpp"

#include <adit/accounts.hpp>
#include <adit/auth/identities.hpp>

using namespace adit;
using namespace adit::test;

namespace {

constexpr std::uint64_t for_ever = ~std::uint64_t{0};

/// Of sample key 1, by sample key 2.
certificate_content content_for(std::string name, std::uint32_t type) {
    certificate_content content;
    content.type = type;
    content.principals = {std::move(name)};
    content.valid_after = 0;
    content.valid_before = for_ever;
    return content;
}

struct meeting {
    certificate_content host = content_for("server.test", 2);
    certificate_content user = content_for("alice", 1);
    std::string known = "@cert-authority *.test " + sample_public_key(2).to_line() + "\n";
    std::string story;  // what the client says

    [[nodiscard]] error_code outcome();
};

std::shared_ptr<server_options> server_of(const meeting& m) {
    account_options terms;
    terms.pool.threads = 0;
    terms.trusted_user_ca_keys = sample_public_key(2).to_line() + "\n";
    const auto users = std::make_shared<accounts>(terms);
    account_table table;
    table["alice"];
    static_cast<void>(users->replace(std::move(table)));
    const auto plain = std::make_shared<key_signer>(sample_key(1));
    auto shown = keys::public_key::parse(sample_certificate_blob(m.host)).value();
    const host_key_signers proofs{std::make_shared<certified_signer>(plain, std::move(shown)),
                                  plain};
    auto options = std::make_shared<server_options>(proofs, users);
    options->limits.failure_delay = {};
    return options;
}

client_options client_of(const meeting& m, const known_hosts_files& files) {
    client_options options("alice", "server.test", trust_on_first_use(files));
    options.algorithms.host_keys =
        prefer_known_keys(options.algorithms.host_keys, files, "server.test", 22).value();
    const auto plain = std::make_shared<key_signer>(sample_key(1), "one");
    for (auto& one : with_certificates({plain}, {sample_certificate(m.user)})) {
        options.credentials.emplace_back(std::move(one));
    }
    return options;
}

error_code meeting::outcome() {
    const temporary_directory folder;
    const known_hosts_files files{{write_file(folder.file("known_hosts"), known)}, {}};
    asio::io_context ctx;
    auto [near, far] = memory_pair(ctx.get_executor());
    client ssh(std::move(near), client_of(*this, files));
    server peer(std::move(far), server_of(*this), peer_address{"192.0.2.7", 40312}, 1);
    error_code ec = asio::error::would_block;
    peer.async_handshake([](error_code) {});
    ssh.async_handshake([&](error_code result) {
        ec = result;
        story = ssh.diagnostics().describe(result);
        ssh.close();
    });
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (ctx.run_one_until(limit) != 0) {}
    return ec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(certificates)

BOOST_AUTO_TEST_CASE(c38_both_ends_show_one) {
    meeting m;
    BOOST_TEST(!m.outcome(), m.story);
}

BOOST_AUTO_TEST_CASE(c38_certificate_of_a_host_that_is_not_good_ends_the_login) {
    meeting m;
    m.host.valid_before = 2000;
    BOOST_TEST(m.outcome() == errc::host_certificate_refused);
    BOOST_TEST(m.story.find("expired") != std::string::npos, m.story);
    m.host = content_for("other.test", 2);
    BOOST_TEST(m.outcome() == errc::host_certificate_refused);
    m.host = content_for("server.test", 1);
    BOOST_TEST(m.outcome() == errc::host_certificate_refused);
    m.host = content_for("server.test", 2);
    m.known += "@revoked * " + sample_public_key(2).to_line() + "\n";
    BOOST_TEST(m.outcome() == errc::host_key_revoked);
}

BOOST_AUTO_TEST_CASE(c38_certificate_of_a_user_that_is_not_good_lets_nobody_in) {
    meeting m;
    m.user.valid_before = 2000;
    BOOST_TEST(m.outcome() == errc::authentication_failed);
    m.user = content_for("bob", 1);
    BOOST_TEST(m.outcome() == errc::authentication_failed);
    m.user = content_for("alice", 1);
    m.user.principals.clear();
    BOOST_TEST(m.outcome() == errc::authentication_failed);
    m.user = content_for("alice", 1);
    m.user.critical_options = {{"unknown@example.org", ""}};
    BOOST_TEST(m.outcome() == errc::authentication_failed);
    m.user.critical_options = {{"source-address", wire_string("198.51.100.0/24")}};
    BOOST_TEST(m.outcome() == errc::authentication_failed);
    m.user.critical_options = {{"source-address", wire_string("192.0.2.0/24")}};
    BOOST_TEST(!m.outcome(), m.story);
}

BOOST_AUTO_TEST_SUITE_END()
