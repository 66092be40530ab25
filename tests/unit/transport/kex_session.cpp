// adit/transport/kex_session.hpp: strict key exchange, guesses, negotiation that fails, and the
// order of the first exchange as a client lives it. Honest exchanges again and again are tests of
// connection/; what the client thinks of host keys is in kex_client.cpp.
#include "support/scene.hpp"

#include <sys/wait.h>
#include <unistd.h>

namespace wire = adit::wire;
using adit::byte;
using adit::disconnect_reason;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::payload_of;
using adit::test::scene;
using wire::message_id;

namespace {

using octets48 = std::array<byte, 48>;

struct intruder {
    const char* name;
    std::vector<byte> payload;
};

// Messages that are harmless anywhere but in a strict first exchange.
std::vector<intruder> intruders() {
    wire::ext_info none;
    return {{"ignore", payload_of(wire::ignore{adit::as_bytes("x")})},
            {"debug", payload_of(wire::debug{false, "x", ""})},
            {"unimplemented", payload_of(wire::unimplemented{0})},
            {"ext_info", payload_of(none)},
            {"ping", payload_of(wire::ping{})},
            {"unknown", {200}},
            {"kexinit again", {20}},
            {"service_accept", payload_of(wire::service_accept{"ssh-userauth"})},
            {"userauth_success", payload_of(wire::userauth_success{})},
            {"channel_open", payload_of(wire::channel_open{"session", 0, 1, 1, {}})}};
}

// The client's error when `payload` comes in front of the server's next `place`.
error_code error_with(const std::vector<byte>& payload, message_id place, bool strict) {
    scene s;
    s.server_side.strict = strict;
    s.server().port().inject_before(place, payload);
    const auto server_part = [&]() -> task<> {
        try {
            co_await s.server().make_ready();
        } catch (const boost::system::system_error&) {
            // The client has gone; why is what the test asks it.
            co_return;
        }
    };
    error_code outcome;
    const auto client_part = [&]() -> task<> {
        outcome = co_await adit::test::handshake_of(s.ssh());
        if (outcome) s.server().port().stream().close(adit::detail::close_mode::orderly);
    };
    s.play({client_part, server_part});
    if (outcome) {
        BOOST_TEST(s.server().port().seen(message_id::service_request) <= 1U);
        BOOST_TEST(s.server().port().seen(message_id::channel_open) == 0U);
    }
    s.finish();
    return outcome;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kex_session)

// A04: whatever slips in, the exchange ends. Before its KEXINIT nobody knows yet that it is strict.
BOOST_AUTO_TEST_CASE(c24_anything_extra_in_a_strict_exchange_is_fatal) {
    for (const auto& [name, payload] : intruders()) {
        BOOST_TEST_CONTEXT(name) {
            BOOST_TEST(error_with(payload, message_id::kex_ecdh_reply, true) ==
                       errc::strict_kex_violation);
            BOOST_TEST(error_with(payload, message_id::newkeys, true) ==
                       errc::strict_kex_violation);
            const error_code early = error_with(payload, message_id::kexinit, true);
            BOOST_TEST((early == errc::strict_kex_violation || early == errc::unexpected_message ||
                        early == errc::message_truncated));
        }
    }
}

BOOST_AUTO_TEST_CASE(c24_generic_messages_before_a_strict_kexinit_are_found_out) {
    for (std::size_t i = 0; i < 3; ++i) {
        const intruder one = intruders()[i];
        BOOST_TEST_CONTEXT(one.name) {
            BOOST_TEST(error_with(one.payload, message_id::kexinit, true) ==
                       errc::strict_kex_violation);
        }
    }
}

BOOST_AUTO_TEST_CASE(c24_without_strict_kex_generic_messages_are_harmless) {
    for (std::size_t i = 0; i < 3; ++i) {
        const intruder one = intruders()[i];
        for (const message_id place :
             {message_id::kexinit, message_id::kex_ecdh_reply, message_id::newkeys}) {
            BOOST_TEST_CONTEXT(one.name << " before " << static_cast<int>(place)) {
                BOOST_TEST(!error_with(one.payload, place, false));
            }
        }
    }
}

// A03, A05: and everything that means something is refused without strict kex too.
BOOST_AUTO_TEST_CASE(c25_without_strict_kex_other_messages_are_fatal) {
    for (std::size_t i = 3; i < intruders().size(); ++i) {
        const intruder one = intruders()[i];
        for (const message_id place :
             {message_id::kexinit, message_id::kex_ecdh_reply, message_id::newkeys}) {
            BOOST_TEST_CONTEXT(one.name << " before " << static_cast<int>(place)) {
                const error_code ec = error_with(one.payload, place, false);
                BOOST_TEST((ec == errc::unexpected_message || ec == errc::message_truncated));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(c24_first_packet_that_is_no_kexinit_is_fatal) {
    scene s;
    const error_code ec = s.failing_handshake([&]() -> task<> {
        s.server().port().send_line("SSH-2.0-test");
        s.server().port().send_now(payload_of(wire::newkeys{}));
        static_cast<void>(co_await s.server().port().receive_line());
        co_await s.server().expect_end();
    });
    BOOST_TEST(ec == errc::unexpected_message);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a03_newkeys_without_a_reply_is_fatal) {
    for (const bool strict : {true, false}) {
        scene s;
        s.server_side.strict = strict;
        s.server().port().skip(message_id::kex_ecdh_reply);
        const error_code ec = s.failing_handshake([&]() -> task<> {
            co_await s.server().greet();
            static_cast<void>(co_await s.server().expect<wire::kex_ecdh_init>());
            s.server().port().send_now(payload_of(wire::newkeys{}));
            co_await s.server().flush();
            co_await s.server().expect_end();
        });
        BOOST_TEST(ec == errc::unexpected_message);
        const auto& seen = s.server().port().seen();
        BOOST_TEST(seen[0] == 20);
        BOOST_TEST(seen[1] == 30);
        BOOST_TEST(s.server().port().seen(message_id::userauth_request) == 0U);
        s.finish();
    }
}

BOOST_AUTO_TEST_CASE(c24_sequence_numbers_begin_anew_at_newkeys) {
    for (const bool strict : {true, false}) {
        scene s;
        s.server_side.strict = strict;
        s.make_ready();
        BOOST_TEST(s.ssh().info().strict_kex == strict);
        // Since NEWKEYS: SERVICE_ACCEPT, SUCCESS; SERVICE_REQUEST, USERAUTH_REQUEST. Before it
        // three.
        const std::uint32_t expected = strict ? 2 : 5;
        BOOST_TEST(s.link().stream().in().sequence() == expected);
        BOOST_TEST(s.link().stream().out().sequence() == expected);
        s.finish();
    }
}

// C15: the server's guess, of a packet that a client cannot use. Only a wrong one is dropped.
BOOST_AUTO_TEST_CASE(c15_packet_of_a_wrong_guess_is_dropped_once) {
    const auto guesses = [](const char* kex, const char* host_keys, std::size_t guessed) {
        scene s;
        s.server_side.strict = false;
        s.server_side.kex_packet_follows = true;
        s.server_side.guessed.assign(guessed, payload_of(wire::kex_ecdh_reply{}));
        s.server_side.algorithms.kex = kex;
        s.server_side.algorithms.host_keys = host_keys;
        error_code ec;
        const auto client_part = [&]() -> task<> {
            ec = co_await adit::test::handshake_of(s.ssh());
            if (ec) s.server().port().stream().close(adit::detail::close_mode::orderly);
        };
        const auto server_part = [&]() -> task<> {
            try {
                co_await s.server().make_ready();
            } catch (const boost::system::system_error&) {
                co_return;
            }
        };
        s.play({client_part, server_part});
        s.finish();
        return ec;
    };
    BOOST_TEST(!guesses("curve25519-sha256", "ssh-ed25519", 0));
    BOOST_TEST(guesses("curve25519-sha256", "ssh-ed25519", 1));
    BOOST_TEST(!guesses("unknown@test,curve25519-sha256", "ssh-ed25519", 1));
    BOOST_TEST(!guesses("curve25519-sha256", "unknown@test,ssh-ed25519", 1));
    BOOST_TEST(!guesses("unknown@test,curve25519-sha256", "unknown@test,ssh-ed25519", 1));
    BOOST_TEST(guesses("unknown@test,curve25519-sha256", "ssh-ed25519", 2));
}

BOOST_AUTO_TEST_CASE(c14_lists_that_do_not_meet_are_both_told) {
    const auto run = [](auto change) {
        scene s;
        change(s.server_side.algorithms);
        const error_code ec = s.failing_handshake([&]() -> task<> {
            co_await s.server().greet();
            const auto why = co_await s.server().expect_disconnect();
            BOOST_TEST(why == disconnect_reason::key_exchange_failed);
        });
        BOOST_TEST(!s.ssh().diagnostics().our_list.empty());
        BOOST_TEST(s.ssh().diagnostics().their_list.starts_with("theirs@test"));
        s.finish();
        return ec;
    };
    BOOST_TEST(run([](auto& a) { a.kex = "theirs@test"; }) == errc::no_common_kex_algorithm);
    BOOST_TEST(run([](auto& a) { a.host_keys = "theirs@test"; }) ==
               errc::no_common_host_key_algorithm);
    BOOST_TEST(run([](auto& a) { a.ciphers = "theirs@test"; }) == errc::no_common_cipher);
}

// A peer that would like to compress is told what it gets: nothing but "none", in a first exchange
// and in a later one, from either of us.
BOOST_AUTO_TEST_CASE(c10_compression_is_never_offered) {
    std::size_t seen = 0;
    scene s;
    s.options.trace = [&seen](const adit::trace_event& e) {
        const auto message = wire::decode<wire::kexinit>(e.payload);
        if (!message) return;
        ++seen;
        BOOST_TEST(message->compression_algorithms_client_to_server.names == "none");
        BOOST_TEST(message->compression_algorithms_server_to_client.names == "none");
    };
    s.make_ready();
    s.finish();
    BOOST_TEST(seen == 2U);  // ours, and the server's, which is adit's too
}

namespace {

/// The cookie and the public value of a client's first exchange.
octets48 first_values(const std::shared_ptr<adit::crypto::system_random>& random) {
    octets48 values{};
    scene s;
    s.options.random = random;
    s.options.trace = [&values](const adit::trace_event& e) {
        const auto id = wire::peek_id(e.payload);
        if (e.sent && id == message_id::kexinit) {
            std::ranges::copy(e.payload.subspan(1, 16), values.begin());
        } else if (e.sent && id == message_id::kex_ecdh_init) {
            std::ranges::copy(e.payload.subspan(5, 32), values.begin() + 16);
        }
    };
    s.make_ready();
    s.finish();
    return values;
}

/// The same in a child process.
octets48 first_values_of_a_child(const std::shared_ptr<adit::crypto::system_random>& random) {
    std::array<int, 2> ends{};
    BOOST_REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        const octets48 values = first_values(random);
        const auto written = ::write(ends[1], values.data(), values.size());
        ::_exit(written == static_cast<ssize_t>(values.size()) ? 0 : 1);
    }
    octets48 values{};
    const auto got = ::read(ends[0], values.data(), values.size());
    int status = -1;
    ::waitpid(child, &status, 0);
    ::close(ends[0]);
    ::close(ends[1]);
    BOOST_REQUIRE(got == static_cast<ssize_t>(values.size()));
    BOOST_REQUIRE(status == 0);
    return values;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a34_a_child_process_shakes_hands_with_other_values) {
    const auto random = std::make_shared<adit::crypto::system_random>();
    const octets48 before = first_values(random);  // a buffer that a child inherits is filled
    const octets48 childs = first_values_of_a_child(random);
    const octets48 second = first_values_of_a_child(random);
    const octets48 parents = first_values(random);
    const std::array all{before, childs, second, parents};
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            BOOST_TEST(
                !std::ranges::equal(std::span(all[i]).first(16), std::span(all[k]).first(16)));
            BOOST_TEST(
                !std::ranges::equal(std::span(all[i]).subspan(16), std::span(all[k]).subspan(16)));
        }
    }
}

BOOST_AUTO_TEST_CASE(every_method_and_cipher_shakes_hands) {
    const auto shakes = [](const std::string& kex, const std::string& cipher) {
        scene s;
        s.options.algorithms.kex = s.server_side.algorithms.kex = kex;
        s.options.algorithms.ciphers = s.server_side.algorithms.ciphers = cipher;
        s.make_ready();
        BOOST_TEST(s.ssh().info().kex == kex);
        BOOST_TEST(s.ssh().info().cipher_to_server == cipher);
        BOOST_TEST(s.ssh().info().cipher_to_client == cipher);
        s.finish();
    };
    const wire::name_list all_kex{adit::crypto::default_kex_names()};
    const wire::name_list all_ciphers{adit::crypto::default_cipher_names()};
    std::size_t tried = 0;
    all_kex.any_of([&](std::string_view name) {
        shakes(std::string(name), "chacha20-poly1305@openssh.com");
        return ++tried == 0;
    });
    all_ciphers.any_of([&](std::string_view name) {
        shakes("curve25519-sha256", std::string(name));
        return ++tried == 0;
    });
    BOOST_TEST(tried >= 4U);
}

BOOST_AUTO_TEST_SUITE_END()
