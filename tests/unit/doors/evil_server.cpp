// A client against servers that are evil under keys (attack table, client role: A08, A09, A25,
// A36): forged lengths, counts and flipped bits under every cipher, and words that would drive a
// terminal at every place where a server has words. What happens before the keys is in evil_kex.cpp
// and evil_host_key.cpp.
#include "support/scene.hpp"
#include "unit/crypto/suites.hpp"

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::payload_of;
using adit::test::scene;
using adit::test::suite;
using wire::message_id;

namespace {

using octets = std::vector<byte>;

void use(scene& s, const suite& chosen) {
    for (adit::algorithm_preferences* p : {&s.options.algorithms, &s.server_side.algorithms}) {
        p->ciphers = chosen.cipher->name;
        if (chosen.mac != nullptr) p->macs = chosen.mac->name;
    }
}

/// The next packet of the server's as it would go on the wire; the server has "sent" it.
octets seal(scene& s, bytes_view payload) {
    adit::protocol::outbound& out = s.server().port().out();
    adit::protocol::chunk c = out.reserve(payload.size());
    std::ranges::copy(payload, c.room().begin());
    c.size = static_cast<std::uint32_t>(payload.size());
    const bytes_view sealed = adit::value_of(out.seal(c));
    return {sealed.begin(), sealed.end()};
}

task<> write(scene& s, octets bytes) {
    asio::const_buffer left(bytes.data(), bytes.size());
    while (left.size() != 0) {
        const adit::detail::const_buffers all(&left, 1);
        left += co_await s.server().port().stream().write_some(all);
    }
}

/// How the connection ends when these bytes come; no error while it waits for more.
error_code end_after_bytes(scene& s, const octets& bytes) {
    const auto closed = std::make_shared<error_code>();
    s.ssh().async_wait_closed([closed](error_code ec) { *closed = ec; });
    const auto server_part = [&]() -> task<> { co_await write(s, bytes); };
    s.play({server_part});
    s.step();
    return *closed;
}

void rekey(scene& s) {
    const auto begins = payload_of(wire::global_request{"x", true, {}});
    const auto server_part = [&]() -> task<> {
        s.server().port().send_now(begins);
        static_cast<void>(co_await s.server().expect<wire::request_failure>());
        co_await s.server().rekey();
    };
    s.play({server_part});
    BOOST_REQUIRE(s.ssh().info().rekeys == 1U);
}

constexpr std::string_view drives_terminals = "\x1b[2J\x1b]0;you\x07";
constexpr std::string_view turns_lines = "\xe2\x80\xaegnp.exe";
constexpr std::string_view overlong = "\xc0\x8a\xe0\x80\x8a";
constexpr std::string_view breaks_lines = "ok\r\nroot logged in";

/// All of them in one text.
std::string evil_words() {
    return std::string(drives_terminals) + std::string(turns_lines) + std::string(overlong) +
           std::string(breaks_lines) + "\x9b" + "31m";
}

void check_shown(std::string_view text) {
    for (const char c : text) {
        BOOST_TEST((static_cast<byte>(c) >= 0x20 && c != 0x7f), "a control in: " << text);
    }
    for (const std::string_view bad :
         {turns_lines.substr(0, 3), overlong.substr(0, 2), std::string_view("\x9b")}) {
        BOOST_TEST(text.find(bad) == std::string_view::npos);
    }
}

/// Everything that a person may be shown.
void check_report(const adit::diagnostics& d, error_code ec) {
    check_shown(d.describe(ec));
    for (const std::string* text : {&d.peer_version, &d.peer_text, &d.subject, &d.warning,
                                    &d.their_list, &d.methods_left, &d.banner}) {
        check_shown(*text);
    }
}

/// Checks the lines of -vv, too.
void watch(scene& s) {
    s.options.trace = [](const adit::trace_event& e) { check_shown(e.text()); };
}

error_code end_of_login(scene& s, const scene::part& evil) {
    watch(s);
    const error_code ec = s.failing_handshake([&]() -> task<> {
        try {
            co_await s.server().shake();
            co_await s.server().accept_service();
            static_cast<void>(co_await s.server().expect<wire::userauth_request>());
            co_await evil();
            co_await s.server().expect_end();
        } catch (const boost::system::system_error&) {
            // The client has gone.
            co_return;
        }
    });
    check_report(s.ssh().diagnostics(), ec);
    return ec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evil_server)

// A length can be forged under every cipher here: it is in the clear, or a keystream hides it.
BOOST_AUTO_TEST_CASE(a08_forged_lengths_are_refused_before_and_after_a_rekey) {
    for (const suite& chosen : adit::test::suites()) {
        if (chosen.cipher->name == "aes192-ctr" || chosen.cipher->name == "aes128-ctr") continue;
        for (const std::uint32_t length : {0U, 4U, 256U * 1024 + 16, 0x7ffffff0U, 0xffffffffU}) {
            for (const bool later : {false, true}) {
                scene s;
                use(s, chosen);
                s.make_ready();
                if (later) rekey(s);
                octets packet = seal(s, payload_of(wire::ignore{}));
                const std::size_t tag = adit::test::make(chosen).sealer->shape().tag;
                const auto honest = static_cast<std::uint32_t>(packet.size() - 4 - tag);
                for (unsigned i = 0; i < 4; ++i) {
                    packet[i] ^= static_cast<byte>((length ^ honest) >> (24 - 8 * i));
                }
                const error_code ec = end_after_bytes(s, packet);
                // Where the length is used before the MAC, one error stands for both (C07).
                BOOST_TEST((ec == errc::invalid_packet_length || ec == errc::mac_mismatch),
                           chosen << ", length " << length << ": " << ec);
                BOOST_TEST(s.link().stream().pool().bytes_in_use() <= 1U << 20U);
                s.finish();
            }
        }
    }
}

// Every bit is flipped in heavy/bit_flips.cpp; here it is a connection that has to see it.
BOOST_AUTO_TEST_CASE(a36_a_flipped_bit_ends_the_connection_and_delivers_nothing) {
    for (const suite& chosen : adit::test::suites()) {
        for (const std::size_t bit : {0U, 31U, 32U, 40U, 47U, 100U, 200U, 400U}) {
            scene s;
            use(s, chosen);
            s.make_ready();
            adit::channel c = s.open({});
            octets packet = seal(s, payload_of(wire::channel_data{0, octets(40, 'x')}));
            packet[bit / 8] ^= static_cast<byte>(1U << bit % 8);
            // Whatever length it was taken for, this is more than the longest packet.
            packet.resize(packet.size() + 300 * 1024);
            s.down().options.capacity = adit::test::unlimited;
            const error_code ec = end_after_bytes(s, packet);
            BOOST_TEST((ec == errc::mac_mismatch || ec == errc::invalid_packet_length),
                       chosen << ", bit " << bit << ": " << ec);
            char byte_of_it = 0;
            BOOST_TEST(c.try_read(asio::buffer(&byte_of_it, 1)).size == 0U);
            c.close();
            s.finish();
        }
    }
}

BOOST_AUTO_TEST_CASE(a09_counts_and_lists_without_end_are_refused_at_once) {
    {
        scene s;
        octets message = payload_of(wire::ext_info{0xffffffff, {}});
        s.server().port().inject_before(message_id::service_accept, message);
        const error_code ec = end_of_login(s, [&]() -> task<> { co_return; });
        BOOST_TEST((ec == errc::field_too_long || ec == errc::message_truncated));
        s.finish();
    }
    scene s;
    const std::string commas(60'000, ',');
    const error_code ec = end_of_login(s, [&]() -> task<> {
        s.server().reply(wire::userauth_failure{{commas}, false});
        co_await s.server().flush();
    });
    BOOST_TEST(ec == errc::method_unavailable);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a25_words_of_the_identification_the_banner_and_the_farewell) {
    const std::string words = evil_words();
    scene s;
    s.server_side.identification = "SSH-2.0-evil " + words.substr(0, 20);
    const error_code ec = end_of_login(s, [&]() -> task<> {
        s.server().reply(wire::userauth_banner{words, words});
        s.server().reply(wire::debug{true, words, words});
        s.server().reply(wire::disconnect{2, words, words});
        co_await s.server().flush();
    });
    BOOST_TEST(ec == errc::disconnected_by_peer);
    BOOST_TEST(!s.ssh().diagnostics().banner.empty());
    BOOST_TEST(!s.ssh().diagnostics().peer_text.empty());
    s.finish();
}

BOOST_AUTO_TEST_CASE(a25_words_of_what_is_no_ssh_server) {
    const std::string words = "HTTP/1.1 400 " + std::string(drives_terminals) +
                              std::string(turns_lines) + "\r\n" + evil_words() + "\r\n";
    scene s;
    watch(s);
    const error_code ec = s.failing_handshake([&]() -> task<> {
        static_cast<void>(co_await s.server().port().receive_line());
        s.server().port().send_now_in_clear(words);
        co_await s.server().flush();
        s.server().port().stream().close(adit::detail::close_mode::orderly);
    });
    BOOST_TEST(ec == errc::not_an_ssh_server);
    check_report(s.ssh().diagnostics(), ec);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a25_words_of_prompts_and_demands) {
    const std::string words = evil_words();
    {
        scene s;
        s.options.credentials = {adit::prompt_responder(
            [](const adit::prompt_question& q) -> task<std::vector<adit::secret_bytes>> {
                check_shown(q.name);
                check_shown(q.instruction);
                for (const auto& p : q.prompts) check_shown(p.text);
                BOOST_TEST(q.prompts.size() == 1U);
                co_return std::vector<adit::secret_bytes>();
            })};
        octets prompt(8 + words.size());
        wire::writer w(prompt);
        wire::put_fields(w, wire::userauth_prompt{words, false});
        prompt.resize(w.size());
        const error_code ec = end_of_login(s, [&]() -> task<> {
            s.server().reply(wire::userauth_info_request{words, words, words, 1, {prompt}});
            co_await s.server().flush();
        });
        BOOST_TEST(ec == errc::prompt_cancelled);
        s.finish();
    }
    scene s;
    const std::string_view secret = "password";
    s.options.credentials = {
        adit::password_credential(adit::secret_bytes(secret.begin(), secret.end()))};
    const error_code ec = end_of_login(s, [&]() -> task<> {
        s.server().reply(wire::userauth_passwd_changereq{words, words});
        co_await s.server().flush();
    });
    BOOST_TEST(ec == errc::password_change_required);
    BOOST_TEST(!s.ssh().diagnostics().peer_text.empty());
    s.finish();
}

BOOST_AUTO_TEST_CASE(a25_words_of_a_refused_channel) {
    const std::string words = evil_words();
    scene s;
    watch(s);
    s.make_ready();
    error_code ec;
    const auto client_part = [&]() -> task<> {
        adit::target to("db.internal", 5432);
        auto opening = s.ssh().async_open(std::move(to), asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(opening);
        ec = std::get<0>(outcome);
    };
    const auto server_part = [&]() -> task<> {
        const auto open = co_await s.server().expect<wire::channel_open>();
        s.server().reply(wire::channel_open_failure{open.sender_channel, 2, words, words});
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    BOOST_TEST(!s.ssh().diagnostics().peer_text.empty());
    check_report(s.ssh().diagnostics(), ec);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
