// adit/transport/kex_server.hpp: the server's half, against the client's half, both over
// packet_stream with its gate; and what clients may not do to it (C15, C24, C29 in the server's
// role).
#include "support/fixed_random.hpp"
#include "support/memory_stream.hpp"
#include "support/print.hpp"
#include "support/raw_port.hpp"
#include "support/sample_keys.hpp"
#include "support/test.hpp"
#include "support/test_server.hpp"

#include <adit/detail/erase.hpp>
#include <adit/transport/kex_client.hpp>
#include <adit/transport/kex_server.hpp>
#include <adit/transport/packet_stream.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::byte;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::protocol::role;
using adit::test::payload_of;
using wire::message_id;

namespace {

// The server that is tested, behind its gate, and a client that may say anything.
struct stage {
    asio::io_context ctx;
    adit::test::fixed_random random{3};
    std::pair<adit::test::memory_stream, adit::test::memory_stream> wire_ends =
        adit::test::memory_pair(ctx.get_executor());
    adit::packet_stream server{adit::packet_stream_parts(
        adit::detail::erase(std::move(wire_ends.first)), role::server, {}, random)};
    adit::test::raw_port client{adit::detail::erase(std::move(wire_ends.second)), role::client,
                                true, random};
    adit::kex_session server_kex{role::server, adit::test::fast_algorithms(), random};
    adit::kex_session client_kex{role::client, adit::test::fast_algorithms(), random};
    adit::host_key_signers keys{std::make_shared<adit::key_signer>(adit::test::sample_key(1))};
    adit::host_identity identity{"host", 22,
                                 [](const adit::host_key_question&) -> task<adit::host_key_answer> {
                                     co_return adit::host_key_answer::trusted;
                                 }};
    error_code server_end, client_end;

    task<> serve() {
        server.send_identification(server_kex.our_identification);
        adit::send_kexinit(server, server_kex);
        server_kex.their_identification = co_await server.receive_identification();
        const adit::protocol::packet kexinit = co_await server.receive_packet();
        co_await adit::kex_server(server, server_kex, keys, kexinit,
                                  adit::protocol::phase::service);
        const auto request = co_await server.receive<wire::service_request>();
        BOOST_TEST(request.service_name == "ssh-userauth");
        server.send(wire::service_accept{"ssh-userauth"});
        co_await server.flush();
    }
    task<> shake_as_client() {
        client.send_line(client_kex.our_identification);
        adit::send_kexinit(client, client_kex);
        client_kex.their_identification = co_await client.receive_line();
        const adit::protocol::packet kexinit = co_await client.receive_packet();
        co_await adit::kex_client(client, client_kex, identity, kexinit,
                                  adit::protocol::phase::service);
        client.send(wire::service_request{"ssh-userauth"});
        static_cast<void>(co_await client.receive<wire::service_accept>());
    }
    void run(task<> client_part) {
        spawn(serve(), server_end);
        spawn(std::move(client_part), client_end);
        ctx.run_for(std::chrono::seconds(30));
        BOOST_TEST(ctx.stopped());
    }

private:
    // Whoever ends with an error closes, so that the other ends too.
    void spawn(task<> part, error_code& end) {
        asio::co_spawn(ctx, std::move(part), [this, &end](std::exception_ptr thrown) {
            try {
                if (thrown) std::rethrow_exception(thrown);
            } catch (const boost::system::system_error& e) {
                end = e.code();
                server.stream().close(adit::detail::close_mode::orderly);
                client.stream().close(adit::detail::close_mode::orderly);
            }
        });
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(kex_server)

BOOST_AUTO_TEST_CASE(both_halves_agree) {
    stage s;
    s.run(s.shake_as_client());
    BOOST_TEST(!s.server_end);
    BOOST_TEST(!s.client_end);
    BOOST_TEST((s.server_kex.session_id == s.client_kex.session_id));
    BOOST_TEST(!s.server_kex.session_id.empty());
    BOOST_TEST(s.server_kex.strict);
    BOOST_TEST(s.server_kex.exchanges == 1U);
    BOOST_TEST(s.server_kex.our_kexinit.empty());
}

BOOST_AUTO_TEST_CASE(c24_anything_extra_of_a_strict_client_is_fatal) {
    for (const auto& payload :
         {payload_of(wire::ignore{}), payload_of(wire::debug{}), payload_of(wire::unimplemented{}),
          payload_of(wire::ext_info{}), payload_of(wire::ping{}), std::vector<byte>{200},
          payload_of(wire::service_request{"ssh-userauth"}),
          payload_of(wire::userauth_request{"a", "ssh-connection", "none", {}})}) {
        for (const message_id place : {message_id::kex_ecdh_init, message_id::newkeys}) {
            stage s;
            s.client.inject_before(place, payload);
            s.run(s.shake_as_client());
            BOOST_TEST(s.server_end == errc::strict_kex_violation);
            BOOST_TEST((s.server_kex.exchanges == 0U));
        }
    }
}

BOOST_AUTO_TEST_CASE(c24_generic_message_before_the_kexinit_is_found_out) {
    stage s;
    s.client.inject_before(message_id::kexinit, payload_of(wire::ignore{}));
    s.run(s.shake_as_client());
    BOOST_TEST(s.server_end == errc::strict_kex_violation);
}

// A05: extensions of a client count once, and only behind its NEWKEYS.
BOOST_AUTO_TEST_CASE(c26_one_extension_message_of_a_client_is_the_most) {
    for (const std::size_t count : {1U, 2U}) {
        stage s;
        for (std::size_t i = 0; i < count; ++i) {
            s.client.inject_before(message_id::service_request, payload_of(wire::ext_info{}));
        }
        s.run(s.shake_as_client());
        BOOST_TEST(s.server_end ==
                   (count == 1 ? error_code() : error_code(errc::unexpected_message)));
    }
}

// C15: the client's guess, right or wrong by either of the two lists.
BOOST_AUTO_TEST_CASE(c15_packet_of_a_wrong_guess_is_dropped_and_of_a_right_one_is_used) {
    for (const bool kex_guessed : {true, false}) {
        for (const bool host_key_guessed : {true, false}) {
            stage s;
            if (!kex_guessed) s.server_kex.preferences.kex = "other@test,curve25519-sha256";
            if (!host_key_guessed) s.server_kex.preferences.host_keys = "other@test,ssh-ed25519";
            const bool right = kex_guessed && host_key_guessed;
            const auto client_part = [&]() -> task<> {
                s.client.send_line(s.client_kex.our_identification);
                wire::kexinit m;
                m.kex_algorithms = {"curve25519-sha256,kex-strict-c-v00@openssh.com"};
                m.server_host_key_algorithms = {"ssh-ed25519"};
                m.encryption_algorithms_client_to_server = {"aes256-gcm@openssh.com"};
                m.encryption_algorithms_server_to_client = {"aes256-gcm@openssh.com"};
                m.compression_algorithms_client_to_server = {"none"};
                m.compression_algorithms_server_to_client = {"none"};
                m.first_kex_packet_follows = true;
                s.client_kex.our_kexinit = payload_of(m);
                s.client.send(m);
                const std::vector<byte> junk(32, 1);
                if (!right) s.client.send_now(payload_of(wire::kex_ecdh_init{junk}));
                s.client_kex.their_identification = co_await s.client.receive_line();
                const adit::protocol::packet kexinit = co_await s.client.receive_packet();
                co_await adit::kex_client(s.client, s.client_kex, s.identity, kexinit,
                                          adit::protocol::phase::service);
                s.client.send(wire::service_request{"ssh-userauth"});
                static_cast<void>(co_await s.client.receive<wire::service_accept>());
            };
            s.run(client_part());
            BOOST_TEST(!s.server_end);
            BOOST_TEST(!s.client_end);
        }
    }
}

BOOST_AUTO_TEST_CASE(c21_bad_values_of_a_client_are_refused) {
    for (const auto& value : {std::vector<byte>{}, std::vector<byte>(31, 9),
                              std::vector<byte>(33, 9), std::vector<byte>(32, 0)}) {
        stage s;
        s.client.skip(message_id::kex_ecdh_init);
        const auto client_part = [&]() -> task<> {
            s.client.send_line(s.client_kex.our_identification);
            adit::send_kexinit(s.client, s.client_kex);
            s.client.send_now(payload_of(wire::kex_ecdh_init{value}));
            static_cast<void>(co_await s.client.receive_line());
            static_cast<void>(co_await s.client.receive_packet());
            static_cast<void>(co_await s.client.receive_packet());
        };
        s.run(client_part());
        BOOST_TEST(s.server_end == errc::invalid_key_exchange_value);
    }
}

BOOST_AUTO_TEST_CASE(server_without_a_key_of_the_agreed_kind_signs_nothing) {
    stage s;
    s.keys.clear();
    s.run(s.shake_as_client());
    BOOST_TEST(s.server_end == errc::no_common_host_key_algorithm);
    BOOST_TEST(s.client.seen(message_id::kex_ecdh_reply) == 0U);
}

BOOST_AUTO_TEST_CASE(c02_client_has_to_begin_with_its_identification) {
    stage s;
    const auto client_part = [&]() -> task<> {
        s.client.send_now_in_clear("GET / HTTP/1.1\r\n\r\n");
        static_cast<void>(co_await s.client.receive_line());
        static_cast<void>(co_await s.client.receive_packet());
        static_cast<void>(co_await s.client.receive_packet());
    };
    s.run(client_part());
    BOOST_TEST(s.server_end == errc::not_an_ssh_server);
}

BOOST_AUTO_TEST_SUITE_END()
