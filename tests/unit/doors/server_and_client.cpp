// A client of ours at a server of ours, with nothing between them but a pipe: every key exchange,
// host key, cipher and MAC once, logins by each method, rekeys that either side begins, a listener
// of the client's, and the end (C17-C19, A26). Other peers are in integration/.
#include "support/scene.hpp"
#include "support/server_scene.hpp"
#include "unit/crypto/suites.hpp"
#include "unit/keys/key_samples.hpp"

#include <adit/session.hpp>

using namespace adit;
using namespace adit::test;

namespace {

/// Both on one io_context.
struct pair_scene {
    asio::io_context ctx;
    std::shared_ptr<test_authenticator> judge = std::make_shared<test_authenticator>();
    std::shared_ptr<server_options> at_server;
    client_options at_client = sample_options();
    pipe_options wire;

    pair_scene() {
        const host_key_signers host_keys{std::make_shared<key_signer>(sample_key(1))};
        at_server = std::make_shared<server_options>(host_keys, judge);
        at_server->algorithms = fast_algorithms();
        at_server->random = std::make_shared<fixed_random>(byte{4});
        at_server->limits.failure_delay = {};
    }
    [[nodiscard]] client& ssh() {
        set_up();
        return *ssh_;
    }
    [[nodiscard]] server& peer() {
        set_up();
        return *peer_;
    }
    void prove_by(keys::private_key key);
    void play(std::vector<std::function<task<>()>> parts);
    /// Both errors of the handshake.
    [[nodiscard]] std::pair<error_code, error_code> shake();
    void make_ready();
    /// `size` bytes there and back over a channel.
    void echo(std::size_t size);
    void finish();

private:
    void set_up();
    std::optional<client> ssh_;
    std::optional<server> peer_;
};

void pair_scene::set_up() {
    if (ssh_) return;
    auto [client_end, server_end] = memory_pair(ctx.get_executor(), wire);
    ssh_.emplace(std::move(client_end), at_client);
    peer_.emplace(std::move(server_end), at_server, peer_address{"192.0.2.7", 40312}, 1);
}

void pair_scene::prove_by(keys::private_key key) {
    at_client.trust = trust_fingerprints({keys::fingerprint(key.public_part())});
    at_server->host_keys = {std::make_shared<key_signer>(std::move(key))};
}

void pair_scene::play(std::vector<std::function<task<>()>> parts) {
    set_up();
    std::size_t left = parts.size();
    std::exception_ptr failure;
    for (auto& p : parts) {
        asio::co_spawn(ctx, p, [&left, &failure](std::exception_ptr thrown) {
            --left;
            if (thrown && !failure) failure = thrown;
        });
    }
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    ctx.restart();
    while (left != 0 && !failure && ctx.run_one_until(limit) != 0) {}
    if (failure) {
        ctx.stop();
        std::rethrow_exception(failure);
    }
    BOOST_REQUIRE_MESSAGE(left == 0, "a part of the dialogue hangs");
}

std::pair<error_code, error_code> pair_scene::shake() {
    error_code ours;
    error_code theirs;
    const auto client_part = [&]() -> task<> { theirs = co_await handshake_of(ssh()); };
    const auto server_part = [&]() -> task<> {
        auto shaking = peer().async_handshake(asio::as_tuple(asio::deferred));
        const auto result = co_await std::move(shaking);
        ours = std::get<0>(result);
    };
    play({client_part, server_part});
    return {theirs, ours};
}

void pair_scene::make_ready() {
    const auto [client_error, server_error] = shake();
    BOOST_REQUIRE_MESSAGE(!client_error, ssh().diagnostics().describe(client_error));
    BOOST_REQUIRE_MESSAGE(!server_error, peer().diagnostics().describe(server_error));
}

task<> echo_all(channel& stream) {
    std::vector<char> room(16 * 1024);
    for (;;) {
        auto reading = stream.async_read_some(asio::buffer(room), asio::as_tuple(asio::deferred));
        const auto got = co_await std::move(reading);
        if (std::get<0>(got)) break;
        std::string text(room.data(), std::get<1>(got));
        co_await write_all(stream, std::move(text));
    }
    stream.shutdown_send();
}

void pair_scene::echo(std::size_t size) {
    const std::string text = pattern(size);
    channel ours;
    channel theirs;
    end_of_reading back;
    const auto serves = [&]() -> task<> {
        auto accepting = peer().async_accept(asio::deferred);
        incoming asked = co_await std::move(accepting);
        ours = asked.accept();
        co_await echo_all(ours);
    };
    bool open = false;
    const auto sends = [&]() -> task<> {
        theirs = co_await open_on(ssh());
        open = true;
        co_await write_all(theirs, text);
        theirs.shutdown_send();
    };
    const auto reads = [&]() -> task<> {
        while (!open) {
            auto turn = asio::post(ctx, asio::deferred);
            co_await std::move(turn);
        }
        back = co_await read_to_end(theirs);
    };
    play({serves, sends, reads});
    BOOST_TEST((back.text == text));
    BOOST_TEST(back.why == asio::error::eof);
}

void pair_scene::finish() {
    ssh_->close();
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    ctx.restart();
    while (ctx.run_one_until(limit) != 0) {}
    BOOST_TEST(ctx.stopped());
    BOOST_TEST(!peer_->is_open());
}

std::vector<std::string> names_of(std::string_view list) {
    std::vector<std::string> names;
    wire::name_list{list}.any_of([&](std::string_view name) {
        names.emplace_back(name);
        return false;
    });
    return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(server_and_client)

BOOST_AUTO_TEST_CASE(every_key_exchange) {
    for (const std::string& name : names_of(crypto::default_kex_names())) {
        pair_scene s;
        s.at_client.algorithms.kex = s.at_server->algorithms.kex = name;
        s.make_ready();
        BOOST_TEST(s.ssh().info().kex == name);
        s.echo(1000);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(every_kind_of_host_key) {
    struct row {
        std::string algorithm;
        keys::private_key key;
    };
    std::vector<row> rows;
    rows.push_back({"ssh-ed25519", sample_key(9)});
    rows.push_back({"ecdsa-sha2-nistp256", sample_ecdsa_key(keys::nistp256, 7)});
    rows.push_back({"ecdsa-sha2-nistp384", sample_ecdsa_key(keys::nistp384, 7)});
    rows.push_back({"ecdsa-sha2-nistp521", sample_ecdsa_key(keys::nistp521, 7)});
    rows.push_back({"rsa-sha2-512", sample_rsa_key()});
    rows.push_back({"rsa-sha2-256", sample_rsa_key()});
    for (row& r : rows) {
        pair_scene s;
        s.at_client.algorithms.host_keys = r.algorithm;
        s.prove_by(std::move(r.key));
        s.make_ready();
        BOOST_TEST(s.ssh().info().host_key_algorithm == r.algorithm);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(every_cipher_with_every_mac) {
    for (const suite& chosen : suites()) {
        pair_scene s;
        for (algorithm_preferences* p : {&s.at_client.algorithms, &s.at_server->algorithms}) {
            p->ciphers = chosen.cipher->name;
            if (chosen.mac != nullptr) p->macs = chosen.mac->name;
        }
        s.make_ready();
        BOOST_TEST(s.ssh().info().cipher_to_server == chosen.cipher->name);
        s.echo(100'000);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(the_servers_own_defaults_meet_the_clients) {
    pair_scene s;
    s.at_server->algorithms = server_algorithms();
    s.at_client.algorithms = algorithm_preferences();
    s.make_ready();
    BOOST_TEST(s.ssh().info().kex == "mlkem768x25519-sha256");
    BOOST_TEST(s.ssh().info().strict_kex);
    s.finish();
}

BOOST_AUTO_TEST_CASE(every_method_and_two_of_them_in_a_row) {
    const auto password = [] {
        const std::string_view text = "open sesame";
        return password_credential(secret_bytes(text.begin(), text.end()));
    };
    const auto code = [] {
        return credential(
            prompt_responder([](const prompt_question&) -> task<std::vector<secret_bytes>> {
                const std::string_view text = "123456";
                std::vector<secret_bytes> answers;
                answers.emplace_back(text.begin(), text.end());
                co_return answers;
            }));
    };
    const std::vector<std::vector<std::string>> lists{{"publickey"},
                                                      {"password"},
                                                      {"keyboard-interactive"},
                                                      {"publickey", "keyboard-interactive"},
                                                      {"password", "publickey"}};
    for (const auto& list : lists) {
        pair_scene s;
        s.at_server->methods = {list};
        s.at_server->banner = "authorized use only";
        s.at_client.credentials.push_back(password());
        s.at_client.credentials.push_back(code());
        s.make_ready();
        BOOST_TEST(s.peer().who().methods == list, boost::test_tools::per_element());
        BOOST_TEST(s.ssh().diagnostics().banner == "authorized use only");
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(who_is_not_let_in_is_told_what_is_missing) {
    pair_scene s;
    s.at_server->methods = {{"publickey", "password"}};
    const auto [client_error, server_error] = s.shake();
    BOOST_TEST(client_error == errc::another_factor_needed);
    BOOST_TEST(server_error);
    BOOST_TEST(s.ssh().diagnostics().methods_left == "password");
    s.finish();
}

BOOST_AUTO_TEST_CASE(works_when_every_read_and_write_is_one_byte) {
    pair_scene s;
    s.wire.most_per_read = s.wire.most_per_write = 1;
    s.make_ready();
    s.echo(500);
    s.finish();
}

BOOST_AUTO_TEST_CASE(c17_c19_rekeys_of_either_side_and_of_both_lose_nothing) {
    for (const std::string who : {"client", "server", "both"}) {
        pair_scene s;
        if (who != "server") s.at_client.limits.rekey_bytes = 64 * 1024;
        if (who != "client") s.at_server->limits.rekey_bytes = 64 * 1024;
        s.make_ready();
        s.echo(1024 * 1024);
        BOOST_TEST(s.ssh().info().rekeys >= 10U, who);
        s.finish();
    }
}

// A26: a client of ours has no listeners.
BOOST_AUTO_TEST_CASE(a26_a_forwarded_channel_that_nobody_asked_for_is_refused) {
    pair_scene s;
    s.make_ready();
    error_code ec;
    const auto opens = [&]() -> task<> {
        forward_target listener;
        listener.host = "localhost";
        listener.port = 8080;
        auto opening =
            s.peer().async_open_forwarded(std::move(listener), asio::as_tuple(asio::deferred));
        const auto result = co_await std::move(opening);
        ec = std::get<0>(result);
    };
    s.play({opens});
    BOOST_TEST(ec == errc::open_administratively_prohibited);
    s.finish();
}

// The server's CLOSE without EOF is a reset, and its software version says so.
BOOST_AUTO_TEST_CASE(a_channel_that_the_server_resets_is_a_reset_at_the_client) {
    pair_scene s;
    s.make_ready();
    end_of_reading end;
    const auto serves = [&]() -> task<> {
        auto accepting = s.peer().async_accept(asio::deferred);
        incoming asked = co_await std::move(accepting);
        channel stream = asked.accept();
        stream.close();
    };
    const auto opens = [&]() -> task<> {
        channel stream = co_await open_on(s.ssh());
        end = co_await read_to_end(stream);
    };
    s.play({serves, opens});
    BOOST_TEST(end.why == errc::channel_reset);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
