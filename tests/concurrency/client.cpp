// adit/client.hpp on an io_context that several threads run.
#include "support/scene.hpp"

#include <boost/asio/strand.hpp>

#include <thread>

namespace asio = boost::asio;
using adit::channel;
using adit::task;

BOOST_AUTO_TEST_SUITE(concurrency_client)

// Two threads run the context; a strand makes one of them at a time the connection's.
BOOST_AUTO_TEST_CASE(works_in_a_strand_on_two_threads) {
    asio::io_context ctx(2);
    const adit::executor strand = asio::make_strand(ctx);
    auto [ours, theirs] = adit::test::memory_pair(strand);
    adit::client ssh(std::move(ours), adit::test::sample_options());
    adit::test::test_server server(std::move(theirs), {});
    const std::string text = adit::test::pattern(200'000);
    std::string got;
    std::exception_ptr failures[2];
    const auto client_part = [&]() -> task<> {
        auto shaking = ssh.async_handshake(asio::deferred);
        co_await std::move(shaking);
        channel c = co_await adit::test::open_on(ssh);
        co_await adit::test::write_all(c, text);
        auto result = co_await adit::test::read_up_to(c, text.size());
        got = std::move(result.text);
        c.close();
        ssh.close();
    };
    const auto server_part = [&]() -> task<> {
        co_await server.make_ready();
        co_await server.echo();
        server.port().stream().close(adit::detail::close_mode::orderly);
    };
    asio::co_spawn(strand, client_part, [&](std::exception_ptr e) { failures[0] = e; });
    asio::co_spawn(strand, server_part, [&](std::exception_ptr e) { failures[1] = e; });
    std::thread other([&] { ctx.run_for(std::chrono::seconds(60)); });
    ctx.run_for(std::chrono::seconds(60));
    other.join();
    BOOST_TEST(ctx.stopped());
    BOOST_TEST(!failures[0]);
    BOOST_TEST(!failures[1]);
    BOOST_TEST((got == text));
}

BOOST_AUTO_TEST_SUITE_END()
