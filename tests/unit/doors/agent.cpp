// adit/agent.hpp: an agent's keys and signatures, an agent that is broken or evil (A28), and a
// login with and without it. What ssh-agent makes of it is integration/agents.cpp's business.
#include "support/fake_agent.hpp"
#include "support/sample_keys.hpp"
#include "support/scene.hpp"
#include "support/temporary_directory.hpp"

#include <adit/agent.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>

#include <stdlib.h>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::agent;
using adit::agent_key;
using adit::agent_limits;
using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::agent_says;
using adit::test::fake_agent;
using adit::test::identities_frame;
using adit::test::sample_key;
using adit::test::sample_public_key;
using adit::test::scene;
using wire::agent_message_id;

namespace {

struct listed {
    error_code ec;
    std::vector<agent_key> keys;
};

listed list(const agent& a) {
    asio::io_context ctx;
    listed outcome;
    a.async_list(ctx.get_executor(), [&](error_code ec, std::vector<agent_key> keys) {
        outcome = {ec, std::move(keys)};
    });
    ctx.run();
    return outcome;
}

struct signature {
    error_code ec;
    std::vector<byte> blob;
};

signature sign(const agent& a, bytes_view key, std::string_view algorithm) {
    static const std::vector<byte> message{1, 2, 3};
    asio::io_context ctx;
    signature outcome;
    a.async_sign(ctx.get_executor(), {key, algorithm, message},
                 [&](error_code ec, std::vector<byte> blob) { outcome = {ec, std::move(blob)}; });
    ctx.run();
    return outcome;
}

std::vector<byte> blob_of(byte number) {
    const auto key = sample_public_key(number);
    return {key.blob().begin(), key.blob().end()};
}

bool is(bytes_view request, agent_message_id id) { return request[0] == static_cast<byte>(id); }

/// Signs with sample keys, as an agent that has them does.
agent_says honest(const std::vector<byte>& numbers, bytes_view request) {
    if (is(request, agent_message_id::request_identities)) {
        std::vector<std::vector<byte>> blobs;
        for (const byte n : numbers) blobs.push_back(blob_of(n));
        return {identities_frame(blobs)};
    }
    if (is(request, agent_message_id::extension)) return {adit::test::success_frame()};
    const auto wanted = wire::decode_agent<wire::agent_sign_request>(request);
    BOOST_REQUIRE(wanted.has_value());
    for (const byte n : numbers) {
        if (!wire::same_bytes(blob_of(n), wanted->key_blob)) continue;
        const auto made = sample_key(n).sign("ssh-ed25519", wanted->data).value();
        return {wire::agent_frame(wire::agent_sign_response{made})};
    }
    return {adit::test::failure_frame()};
}

fake_agent honest_agent(std::vector<byte> numbers) {
    return fake_agent([numbers](bytes_view request) { return honest(numbers, request); });
}

fake_agent saying(std::vector<byte> bytes, bool hangs_up = false) {
    return fake_agent([bytes, hangs_up](bytes_view) { return agent_says{bytes, hangs_up}; });
}

std::vector<byte> framed(std::vector<byte> message) {
    std::vector<byte> frame(4);
    wire::writer(frame).put_u32(static_cast<std::uint32_t>(message.size()));
    frame.insert(frame.end(), message.begin(), message.end());
    return frame;
}

struct evil {
    const char* name;
    std::vector<byte> bytes;
    bool hangs_up;
    errc expected;
};

/// A28, row by row. What a list and a signature have in common.
std::vector<evil> evil_answers() {
    std::vector<byte> many = framed({12, 0, 0, 8, 1});
    return {
        {"length 0", {0, 0, 0, 0}, false, errc::agent_answer_malformed},
        {"length 2^32-1", {255, 255, 255, 255}, false, errc::agent_answer_malformed},
        {"length over 256 KiB", {0, 4, 0, 1}, false, errc::agent_answer_malformed},
        {"wrong type", framed({99}), false, errc::agent_answer_malformed},
        {"success where it has no meaning", framed({6}), false, errc::agent_answer_malformed},
        {"refusal with more in it", framed({5, 0}), false, errc::agent_answer_malformed},
        {"refusal", framed({5}), false, errc::agent_refused},
        {"truncated list", framed({12, 0, 0, 0, 1, 0}), false, errc::agent_answer_malformed},
        {"bytes behind the list", framed({12, 0, 0, 0, 0, 0}), false, errc::agent_answer_malformed},
        {"truncated signature", framed({14, 0, 0, 0, 9, 0}), false, errc::agent_answer_malformed},
        {"2049 identities", many, false, errc::agent_answer_malformed},
        {"closes at once", {}, true, errc::agent_unavailable},
        {"closes in the length", {0, 0}, true, errc::agent_unavailable},
        {"closes in the frame", {0, 0, 0, 9, 12, 0}, true, errc::agent_unavailable}};
}

agent_limits short_limits() { return {std::chrono::milliseconds(1), std::chrono::milliseconds(1)}; }

/// The login of a scene whose server wants sample key 8, after `queries` others it does not want.
task<> server_that_wants_eight(scene& s, int others) {
    co_await s.server().shake();
    co_await s.server().accept_service();
    for (int i = 0; i < others; ++i) {
        static_cast<void>(co_await s.server().expect<wire::userauth_request>());
        s.server().reply(wire::userauth_failure{{"publickey"}, false});
    }
    static_cast<void>(co_await s.server().expect<wire::userauth_request>());
    const auto eight = sample_public_key(8);
    s.server().reply(wire::userauth_pk_ok{"ssh-ed25519", eight.blob()});
    const auto request = co_await s.server().expect<wire::userauth_publickey_request>();
    BOOST_TEST(request.has_signature);
    s.server().reply(wire::userauth_success{});
    co_await s.server().flush();
}

error_code log_in(scene& s, scene::part server_part) {
    error_code outcome = asio::error::would_block;
    const auto client_part = [&]() -> task<> {
        outcome = co_await adit::test::handshake_of(s.ssh());
    };
    s.play({client_part, std::move(server_part)});
    return outcome;
}

std::shared_ptr<adit::signer> key_of(const fake_agent& fake, byte number,
                                     agent_limits limits = {}) {
    agent holder(fake.dialler(), limits);
    return std::make_shared<adit::agent_signer>(
        holder, agent_key{sample_public_key(number), "from the agent"});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(agents)

BOOST_AUTO_TEST_CASE(keys_are_listed_in_the_agents_order_with_escaped_comments) {
    const fake_agent fake([](bytes_view) {
        const auto key = blob_of(3);
        const wire::agent_identity one{key, "evil\x1b[2Jname"};
        std::vector<byte> memory(wire::fields_size(one));
        wire::writer w(memory);
        wire::put_fields(w, one);
        return agent_says{wire::agent_frame(wire::agent_identities_answer{1, {memory}})};
    });
    const listed one = list(agent(fake.dialler()));
    BOOST_REQUIRE(one.keys.size() == 1U);
    BOOST_TEST(one.keys[0].comment.find('\x1b') == std::string::npos);
    const listed three = list(agent(honest_agent({5, 3, 9}).dialler()));
    BOOST_TEST(!three.ec);
    BOOST_REQUIRE(three.keys.size() == 3U);
    BOOST_TEST((three.keys[0].key == sample_public_key(5)));
    BOOST_TEST((three.keys[2].key == sample_public_key(9)));
}

BOOST_AUTO_TEST_CASE(c50_types_that_are_not_known_pass_through) {
    const auto token = adit::test::sample_unknown_key("sk-ssh-ed25519@openssh.com", 4);
    const std::vector<byte> blob(token.blob().begin(), token.blob().end());
    const fake_agent fake([blob](bytes_view request) {
        if (is(request, agent_message_id::request_identities)) {
            return agent_says{identities_frame({blob, {0, 0, 0, 0}})};
        }
        const std::vector<byte> made = adit::keys::to_blob({"sk-ssh-ed25519@openssh.com", blob});
        return agent_says{wire::agent_frame(wire::agent_sign_response{made})};
    });
    const agent holder(fake.dialler());
    const listed all = list(holder);
    BOOST_TEST(!all.ec);
    BOOST_REQUIRE(all.keys.size() == 1U);  // what has no type is no key
    BOOST_TEST((all.keys[0].key == token));
    BOOST_TEST(!sign(holder, blob, "sk-ssh-ed25519@openssh.com").ec);
}

BOOST_AUTO_TEST_CASE(c50_rsa_is_asked_for_sha_2) {
    std::vector<std::uint32_t> flags;
    const fake_agent fake([&flags](bytes_view request) {
        const auto wanted = wire::decode_agent<wire::agent_sign_request>(request);
        BOOST_REQUIRE(wanted.has_value());
        flags.push_back(wanted->flags);
        const std::vector<byte> bytes(3);
        const auto made = adit::keys::to_blob({"ssh-rsa", bytes});
        return agent_says{wire::agent_frame(wire::agent_sign_response{made})};
    });
    const agent holder(fake.dialler());
    // An agent that signs with SHA-1 all the same is not believed.
    BOOST_TEST(sign(holder, blob_of(1), "rsa-sha2-256").ec == errc::agent_answer_malformed);
    BOOST_TEST(sign(holder, blob_of(1), "rsa-sha2-512-cert-v01@openssh.com").ec ==
               errc::agent_answer_malformed);
    BOOST_TEST(sign(holder, blob_of(1), "ssh-ed25519").ec == errc::agent_answer_malformed);
    BOOST_TEST(flags == (std::vector<std::uint32_t>{2, 4, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a28_evil_answers_are_errors) {
    for (const evil& one : evil_answers()) {
        BOOST_TEST_CONTEXT(one.name) {
            const agent holder(saying(one.bytes, one.hangs_up).dialler());
            BOOST_TEST(list(holder).ec == one.expected);
            BOOST_TEST(sign(holder, blob_of(1), "ssh-ed25519").ec == one.expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(a28_2048_identities_are_not_too_many) {
    std::vector<std::vector<byte>> blobs(agent::most_identities, blob_of(2));
    BOOST_TEST(list(agent(saying(identities_frame(blobs)).dialler())).keys.size() == 2048U);
    blobs.push_back(blob_of(2));
    BOOST_TEST(list(agent(saying(identities_frame(blobs)).dialler())).ec ==
               errc::agent_answer_malformed);
}

BOOST_AUTO_TEST_CASE(s09_agent_that_says_nothing_has_its_time) {
    const agent holder(saying({}).dialler(), short_limits());
    BOOST_TEST(list(holder).ec == errc::deadline_exceeded);
    BOOST_TEST(sign(holder, blob_of(1), "ssh-ed25519").ec == errc::deadline_exceeded);
    const auto never = []() -> task<std::unique_ptr<adit::detail::any_stream>> {
        asio::steady_timer forever(co_await asio::this_coro::executor,
                                   asio::steady_timer::time_point::max());
        auto waiting = forever.async_wait(asio::deferred);
        co_await std::move(waiting);
        co_return nullptr;
    };
    BOOST_TEST(list(agent(never, short_limits())).ec == errc::deadline_exceeded);
}

BOOST_AUTO_TEST_CASE(a28_operations_can_be_cancelled) {
    asio::io_context ctx;
    const fake_agent fake = saying({});
    const agent holder(fake.dialler());
    asio::cancellation_signal stop;
    error_code outcome;
    holder.async_list(
        ctx.get_executor(),
        asio::bind_cancellation_slot(
            stop.slot(), [&](error_code ec, const std::vector<agent_key>&) { outcome = ec; }));
    ctx.poll();
    BOOST_REQUIRE(fake.heard().size() == 1U);
    stop.emit(asio::cancellation_type::total);
    ctx.run();
    BOOST_TEST(outcome == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(a28_login_is_bound_to_its_session_and_signed) {
    const fake_agent fake = honest_agent({8});
    scene s;
    s.options.credentials = {key_of(fake, 8)};
    BOOST_TEST(!log_in(s, [&] { return server_that_wants_eight(s, 0); }));
    BOOST_REQUIRE(fake.heard().size() == 1U);
    const auto& asked = fake.heard()[0].requests;
    BOOST_REQUIRE(asked.size() == 2U);
    const auto bind = wire::decode_agent<wire::agent_session_bind>(asked[0]);
    BOOST_REQUIRE(bind.has_value());
    BOOST_TEST(bind->extension_type == "session-bind@openssh.com");
    BOOST_TEST(!bind->is_forwarding);
    const auto host = sample_public_key(1);
    BOOST_TEST(wire::same_bytes(bind->host_key, host.blob()));
    BOOST_TEST(wire::same_bytes(bind->session_identifier, s.server().kex().session_id));
    BOOST_TEST((host.verify("ssh-ed25519", bind->session_identifier, bind->signature) == errc::ok));
    s.finish();
}

BOOST_AUTO_TEST_CASE(agent_without_the_extension_signs_all_the_same) {
    const fake_agent fake([](bytes_view request) {
        if (is(request, agent_message_id::extension)) return agent_says{framed({28})};
        return honest({8}, request);
    });
    scene s;
    s.options.credentials = {key_of(fake, 8)};
    BOOST_TEST(!log_in(s, [&] { return server_that_wants_eight(s, 0); }));
    s.finish();
}

BOOST_AUTO_TEST_CASE(a28_login_goes_on_without_an_agent_that_fails) {
    for (const evil& one : evil_answers()) {
        BOOST_TEST_CONTEXT(one.name) {
            const fake_agent fake = saying(one.bytes, one.hangs_up);
            scene s;
            s.options.credentials = {key_of(fake, 7), adit::key_credential(sample_key(8), "file")};
            const error_code ec = log_in(s, [&]() -> task<> {
                co_await s.server().shake();
                co_await s.server().accept_service();
                static_cast<void>(co_await s.server().expect<wire::userauth_request>());
                const auto seven = sample_public_key(7);
                s.server().reply(wire::userauth_pk_ok{"ssh-ed25519", seven.blob()});
                static_cast<void>(co_await s.server().expect<wire::userauth_request>());
                const auto eight = sample_public_key(8);
                s.server().reply(wire::userauth_pk_ok{"ssh-ed25519", eight.blob()});
                const auto r = co_await s.server().expect<wire::userauth_publickey_request>();
                BOOST_TEST(wire::same_bytes(r.public_key, eight.blob()));
                s.server().reply(wire::userauth_success{});
                co_await s.server().flush();
            });
            BOOST_TEST(!ec);
            s.finish();
        }
    }
}

BOOST_AUTO_TEST_CASE(a28_slow_agent_does_not_hang_the_login) {
    const fake_agent fake = saying({});
    scene s;
    s.options.credentials = {key_of(fake, 8, short_limits())};
    const error_code ec = log_in(s, [&]() -> task<> {
        co_await s.server().shake();
        co_await s.server().accept_service();
        static_cast<void>(co_await s.server().expect<wire::userauth_request>());
        const auto eight = sample_public_key(8);
        s.server().reply(wire::userauth_pk_ok{"ssh-ed25519", eight.blob()});
        static_cast<void>(co_await s.server().expect_disconnect());
    });
    BOOST_TEST(ec == errc::authentication_failed);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a28_no_agent_is_no_keys_and_says_why) {
    const auto signers_of = [](agent holder, error_code& why) {
        asio::io_context ctx;
        std::size_t count = 99;
        const auto body = [&]() -> task<> {
            auto asking = adit::agent_signers(holder, why);
            const auto all = co_await std::move(asking);
            count = all.size();
        };
        asio::co_spawn(ctx, body, [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
        ctx.run();
        return count;
    };
    error_code why;
    BOOST_TEST(signers_of(agent(honest_agent({1, 2}).dialler()), why) == 2U);
    BOOST_TEST(!why);
    BOOST_TEST(signers_of(agent(adit::test::temporary_directory().file("gone")), why) == 0U);
    BOOST_TEST(why == errc::agent_unavailable);
}

BOOST_AUTO_TEST_CASE(s09_socket_has_to_be_one_and_ours) {
    const adit::test::temporary_directory folder;
    const std::string file = adit::test::write_file(folder.file("file"), "no socket");
    BOOST_TEST(list(agent(file)).ec == errc::agent_socket_unsafe);
    BOOST_TEST(list(agent(folder.path().string())).ec == errc::agent_socket_unsafe);
    BOOST_TEST(list(agent(std::string())).ec == errc::agent_unavailable);
    BOOST_TEST(list(agent(folder.file(std::string(200, 'x')))).ec == errc::agent_unavailable);
    const std::string path = folder.file("socket");
    asio::io_context ctx;
    asio::local::stream_protocol::acceptor listener(ctx,
                                                    asio::local::stream_protocol::endpoint(path));
    if (::geteuid() == 0) {
        BOOST_REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
        BOOST_TEST(list(agent(path)).ec == errc::agent_socket_unsafe);
        BOOST_REQUIRE(::chown(path.c_str(), 0, 0) == 0);
    }
    // Ours, and nobody accepts: the agent is dead.
    BOOST_TEST(list(agent(path, short_limits())).ec == errc::deadline_exceeded);
    listener.close();
    BOOST_TEST(list(agent(path)).ec == errc::agent_unavailable);
}

BOOST_AUTO_TEST_CASE(identity_agent_names_a_socket) {
    BOOST_REQUIRE(::setenv("ADIT_TEST_AGENT", "/tmp/one", 1) == 0);
    const char* const before = std::getenv("SSH_AUTH_SOCK");
    const std::string kept = before == nullptr ? "" : before;
    BOOST_REQUIRE(::setenv("SSH_AUTH_SOCK", "/tmp/usual", 1) == 0);
    BOOST_TEST(adit::agent_socket_path() == "/tmp/usual");
    BOOST_TEST(adit::agent_socket_path("SSH_AUTH_SOCK") == "/tmp/usual");
    BOOST_TEST(adit::agent_socket_path("$ADIT_TEST_AGENT") == "/tmp/one");
    BOOST_TEST(adit::agent_socket_path("/run/agent").compare("/run/agent") == 0);
    BOOST_TEST(adit::agent_socket_path("none").empty());
    BOOST_REQUIRE(::unsetenv("SSH_AUTH_SOCK") == 0);
    BOOST_TEST(adit::agent_socket_path().empty());
    if (before != nullptr) BOOST_REQUIRE(::setenv("SSH_AUTH_SOCK", kept.c_str(), 1) == 0);
    BOOST_REQUIRE(::unsetenv("ADIT_TEST_AGENT") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
