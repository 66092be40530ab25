// adit/stream_factory.hpp: streams of one connection for a pool.
#include "support/scene.hpp"

#include <adit/stream_factory.hpp>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::stream_factory;
using adit::task;
using adit::test::scene;

namespace {

adit::target database() { return {"db.internal", 5432}; }

// Shares the scene's client without owning it.
std::shared_ptr<adit::client> shared(scene& s) { return {std::shared_ptr<void>(), &s.ssh()}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(stream_factory_door)

BOOST_AUTO_TEST_CASE(opens_one_channel_after_another_to_its_target) {
    scene s;
    s.make_ready();
    const stream_factory factory(shared(s), database());
    BOOST_TEST(factory.is_open());
    BOOST_TEST(factory.where().host == "db.internal");
    const stream_factory copy = factory;
    channel first, second;
    const auto client_part = [&]() -> task<> {
        auto opening = factory.async_open(asio::deferred);
        first = co_await std::move(opening);
        auto another = copy.async_open(asio::deferred);
        second = co_await std::move(another);
    };
    const auto server_part = [&]() -> task<> {
        for (const std::uint32_t number : {1000U, 1001U}) {
            const auto open = co_await s.server().expect<wire::channel_open>();
            BOOST_TEST(open.channel_type == "direct-tcpip");
            const auto rest = adit::as_text(open.channel_data.bytes);
            BOOST_TEST((rest.find("db.internal") != std::string_view::npos));
            s.server().reply(
                wire::channel_open_confirmation{open.sender_channel, number, 1024, 1024, {}});
            co_await s.server().flush();
        }
    };
    s.play({client_part, server_part});
    BOOST_TEST(first.is_open());
    BOOST_TEST(second.is_open());
    first.close();
    second.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(refusal_is_the_openings_error) {
    scene s;
    s.make_ready();
    const stream_factory factory(shared(s), database());
    error_code ec;
    const auto client_part = [&]() -> task<> {
        auto opening = factory.async_open(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(opening);
        ec = std::get<0>(outcome);
        BOOST_TEST(!std::get<1>(outcome).is_open());
    };
    const auto server_part = [&]() -> task<> {
        const auto open = co_await s.server().expect<wire::channel_open>();
        s.server().reply(wire::channel_open_failure{open.sender_channel, 2, "no", ""});
        co_await s.server().flush();
    };
    s.play({client_part, server_part});
    BOOST_TEST(ec == errc::open_connect_failed);
    s.finish();
}

BOOST_AUTO_TEST_CASE(connection_that_is_gone_opens_nothing) {
    scene s;
    s.make_ready();
    const stream_factory factory(shared(s), database());
    s.ssh().close();
    s.step();
    BOOST_TEST(!factory.is_open());
    error_code ec;
    factory.async_open([&](error_code e, const channel&) { ec = e; });
    s.step();
    BOOST_TEST(ec == errc::connection_closed);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
