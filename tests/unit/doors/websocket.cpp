// A websocket of Beast's on a channel, with an adit client on one side and an adit server on the
// other: what Beast asks of the stream below, up to the end of it.
#include "support/scene.hpp"
#include "support/server_scene.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace asio = boost::asio;
namespace beast = boost::beast;
using adit::channel;
using adit::error_code;
using adit::task;
using websocket = beast::websocket::stream<channel, false>;

namespace {

class two_sides {
public:
    two_sides();
    void play(std::vector<std::function<task<>()>> parts);
    [[nodiscard]] adit::client& near() { return *near_; }
    [[nodiscard]] adit::server& far() { return *far_; }

private:
    asio::io_context ctx_;
    std::shared_ptr<adit::test::test_authenticator> judge_ =
        std::make_shared<adit::test::test_authenticator>();
    std::optional<adit::client> near_;
    std::optional<adit::server> far_;
};

two_sides::two_sides() {
    const adit::host_key_signers host_keys{
        std::make_shared<adit::key_signer>(adit::test::sample_key(1))};
    auto options = std::make_shared<adit::server_options>(host_keys, judge_);
    options->algorithms = adit::test::fast_algorithms();
    auto [client_end, server_end] = adit::test::memory_pair(ctx_.get_executor(), {});
    near_.emplace(std::move(client_end), adit::test::sample_options());
    far_.emplace(std::move(server_end), options, adit::peer_address{"192.0.2.7", 40312}, 1);
    const auto client_part = [this]() -> task<> {
        const error_code ec = co_await adit::test::handshake_of(*near_);
        BOOST_REQUIRE_MESSAGE(!ec, near_->diagnostics().describe(ec));
    };
    const auto server_part = [this]() -> task<> {
        auto shaking = far_->async_handshake(asio::deferred);
        co_await std::move(shaking);
    };
    play({client_part, server_part});
}

void two_sides::play(std::vector<std::function<task<>()>> parts) {
    std::size_t left = parts.size();
    std::exception_ptr failure;
    for (auto& p : parts) {
        asio::co_spawn(ctx_, p, [&](std::exception_ptr thrown) {
            --left;
            if (thrown && !failure) failure = thrown;
        });
    }
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    ctx_.restart();
    while (left != 0 && !failure && ctx_.run_one_until(limit) != 0) {}
    if (failure) std::rethrow_exception(failure);
    BOOST_REQUIRE_MESSAGE(left == 0, "a part of the dialogue hangs");
}

task<std::string> receive(websocket& ws) {
    beast::flat_buffer buffer;
    auto reading = ws.async_read(buffer, asio::deferred);
    static_cast<void>(co_await std::move(reading));
    co_return beast::buffers_to_string(buffer.data());
}

task<> send(websocket& ws, std::string text) {
    auto writing = ws.async_write(asio::buffer(text), asio::deferred);
    static_cast<void>(co_await std::move(writing));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(websocket_on_a_channel)

BOOST_AUTO_TEST_CASE(talks_and_ends_on_both_sides) {
    two_sides s;
    const std::string long_text = adit::test::pattern(200'000);
    error_code far_end;
    bool near_ended = false;
    const auto client_part = [&]() -> task<> {
        channel stream = co_await adit::test::open_on(s.near());
        websocket ws(std::move(stream));
        auto shaking = ws.async_handshake("db.internal", "/", asio::deferred);
        co_await std::move(shaking);
        ws.binary(true);
        co_await send(ws, long_text);
        const std::string back = co_await receive(ws);
        BOOST_TEST((back == long_text));
        auto closing = ws.async_close(beast::websocket::close_code::normal, asio::deferred);
        co_await std::move(closing);
        near_ended = true;
    };
    const auto server_part = [&]() -> task<> {
        auto accepting = s.far().async_accept(asio::deferred);
        adit::incoming asked = co_await std::move(accepting);
        websocket ws(asked.accept());
        auto shaking = ws.async_accept(asio::deferred);
        co_await std::move(shaking);
        ws.binary(true);
        std::string text = co_await receive(ws);
        co_await send(ws, std::move(text));
        try {
            static_cast<void>(co_await receive(ws));
        } catch (const boost::system::system_error& e) {
            far_end = e.code();
        }
    };
    s.play({client_part, server_part});
    BOOST_TEST((far_end == beast::websocket::error::closed), far_end.message());
    BOOST_TEST(near_ended);
}

BOOST_AUTO_TEST_SUITE_END()
