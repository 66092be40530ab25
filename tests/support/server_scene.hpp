// A server of ours on one io_context, joined in memory to a client of a test (test_client.hpp) or
// to a client of ours: play() runs the parts of a dialogue until all have ended. Used by the tests
// of auth/server and of the doors server.hpp and bastion.hpp; its mirror is scene.hpp.
// Invariants: one thread, no sleeping; a part that throws fails the test, and one that hangs does
// after half a minute; finish() requires that no slab is held and nothing waits (T31).
#pragma once

#include "support/memory_stream.hpp"
#include "support/print.hpp"
#include "support/test.hpp"
#include "support/test_client.hpp"

#include <adit/client.hpp>
#include <adit/server.hpp>
#include <adit/trust.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit::test {

/// Lets tests look at the connection behind a server.
template <auto Member>
struct reveal_server_state {
    friend auto& state_of(server& s) { return s.*Member; }
};
auto& state_of(server& s);
template struct reveal_server_state<&server::state_>;

/// Lets in: sample key 7, the password "open sesame", the code 123456 in a dialogue. Keeps a list
/// of what it was asked.
class test_authenticator final : public authenticator {
public:
    [[nodiscard]] task<answer> check_key(const key_question& q) override {
        asked.push_back((q.verified ? "verified " : "wanted ") + keys::fingerprint(*q.key));
        if (*q.key == sample_public_key(7)) co_return permissions::all();
        co_return answer();
    }
    [[nodiscard]] task<answer> check_password(const login_question& who,
                                              const secret_bytes& password) override {
        asked.push_back("password of " + who.user);
        if (as_text(password) == "open sesame") co_return permissions::all();
        co_return answer();
    }
    [[nodiscard]] task<answer> converse(prompt_dialogue& dialogue) override {
        asked.push_back("dialogue with " + dialogue.who().user);
        std::vector<prompt> prompts{{"Verification code: ", false}};
        auto asking = dialogue.ask("", "", std::move(prompts));
        const std::vector<secret_bytes> answers = co_await std::move(asking);
        if (as_text(answers.at(0)) == "123456") co_return permissions::all();
        co_return answer();
    }

    std::vector<std::string> asked;
};

class server_scene {
public:
    using part = std::function<task<>()>;

    server_scene();

    std::shared_ptr<test_authenticator> judge = std::make_shared<test_authenticator>();
    std::shared_ptr<server_options> options;
    client_side client_options;
    pipe_options wire;
    std::vector<audit_event> events;
    asio::io_context ctx;

    /// The two sides as the options say; play() and the like do it by themselves.
    void set_up();
    [[nodiscard]] server& peer() {
        set_up();
        return *server_;
    }
    [[nodiscard]] test_client& client() {
        set_up();
        return *client_;
    }
    [[nodiscard]] detail::connection& link() { return *link_; }

    void play(std::vector<part> parts);
    void step() {
        ctx.restart();
        ctx.poll();
    }
    /// The server's handshake against this; its error.
    [[nodiscard]] error_code handshake_against(part client_part);
    /// Both logged in.
    void make_ready();
    /// Everything ends; the server is destroyed.
    void finish();

private:
    std::optional<server> server_;
    std::shared_ptr<detail::connection> link_;
    std::optional<test_client> client_;
};

// Details.

inline server_scene::server_scene() {
    const host_key_signers host_keys{std::make_shared<key_signer>(sample_key(1))};
    options = std::make_shared<server_options>(host_keys, judge);
    options->algorithms = fast_algorithms();
    options->random = std::make_shared<fixed_random>(byte{4});
    options->limits.failure_delay = {};
    options->audit = [this](const audit_event& e) { events.push_back(e); };
}

inline void server_scene::set_up() {
    if (server_) return;
    auto [client_end, server_end] = memory_pair(ctx.get_executor(), wire);
    server_.emplace(std::move(server_end), options, peer_address{"192.0.2.7", 40312}, 1);
    link_ = state_of(*server_)->link;
    client_.emplace(std::move(client_end), client_options);
}

inline void server_scene::play(std::vector<part> parts) {
    set_up();
    std::size_t left = parts.size();
    std::exception_ptr failure;
    for (part& p : parts) {
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
        if (link_->finished()) {
            BOOST_TEST_MESSAGE(link_->stream().report().describe(link_->error()));
        }
        std::rethrow_exception(failure);
    }
    BOOST_REQUIRE_MESSAGE(left == 0, "a part of the dialogue hangs");
}

inline error_code server_scene::handshake_against(part client_part) {
    error_code outcome;
    const auto server_part = [&]() -> task<> {
        auto shaking = peer().async_handshake(asio::as_tuple(asio::deferred));
        const auto result = co_await std::move(shaking);
        outcome = std::get<0>(result);
    };
    play({server_part, std::move(client_part)});
    return outcome;
}

inline void server_scene::make_ready() {
    const auto logs_in = [&]() -> task<> {
        co_await client().shake();
        co_await client().log_in(7);
    };
    const error_code ec = handshake_against(logs_in);
    BOOST_REQUIRE_MESSAGE(!ec, peer().diagnostics().describe(ec));
}

inline void server_scene::finish() {
    server_->close();
    step();
    client_->port().stream().close(detail::close_mode::orderly);
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    ctx.restart();
    while (ctx.run_one_until(limit) != 0) {}
    BOOST_TEST(ctx.stopped());
    const slab_pool pool = link_->stream().pool();
    server_.reset();
    link_.reset();
    BOOST_TEST(pool.in_use() == 0U);
}

}  // namespace adit::test
