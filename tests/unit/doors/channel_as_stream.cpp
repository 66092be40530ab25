// adit/channel.hpp as the next layer of other libraries: what Beast, asio::ssl, Botan's TLS stream
// and Boost.MySQL ask of one, by their own traits where they need no library to be linked; the
// synchronous forms that never wait, and the end of a websocket.
#include "support/scene.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <concepts>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = adit::wire;
using adit::channel;
using adit::errc;
using adit::error_code;
using adit::task;
using adit::test::scene;

namespace {

// Beast: http asks for the first two, Boost.MySQL's connection<Stream> for all.
static_assert(beast::is_async_read_stream<channel>::value);
static_assert(beast::is_async_write_stream<channel>::value);
static_assert(beast::is_async_stream<channel>::value);
static_assert(beast::is_sync_read_stream<channel>::value);
static_assert(beast::is_sync_write_stream<channel>::value);
static_assert(beast::is_sync_stream<channel>::value);
static_assert(std::same_as<beast::executor_type<channel>, adit::executor>);
static_assert(std::same_as<beast::lowest_layer_type<channel>, channel>);

// asio::ssl::stream and Botan::TLS::Stream, as their headers use a next layer. Our Botan has no TLS
// module, so its own header cannot be asked.
template <class Stream>
concept next_layer_of_tls = requires(Stream& stream, const Stream& same, error_code ec,
                                     asio::mutable_buffer into, asio::const_buffer from) {
    typename Stream::executor_type;
    typename Stream::lowest_layer_type;
    { stream.lowest_layer() } -> std::same_as<typename Stream::lowest_layer_type&>;
    { same.lowest_layer() } -> std::same_as<const typename Stream::lowest_layer_type&>;
    { stream.get_executor() } -> std::same_as<typename Stream::executor_type>;
    { stream.lowest_layer().get_executor() } -> std::same_as<typename Stream::executor_type>;
    { stream.read_some(into, ec) } -> std::same_as<std::size_t>;
    { stream.write_some(from, ec) } -> std::same_as<std::size_t>;
    { stream.read_some(into) } -> std::same_as<std::size_t>;
    { stream.write_some(from) } -> std::same_as<std::size_t>;
    stream.async_read_some(into, asio::deferred);
    stream.async_write_some(from, asio::deferred);
};
static_assert(next_layer_of_tls<channel>);
static_assert(std::constructible_from<channel, channel&&>);

// A handle: moved, not copied, and there is an empty one.
static_assert(std::movable<channel> && !std::copy_constructible<channel>);
static_assert(std::is_nothrow_move_constructible_v<channel>);
static_assert(std::default_initializable<channel>);

void say(scene& s, std::string_view text) {
    const auto server_part = [&]() -> task<> {
        s.server().reply(wire::channel_data{0, adit::as_bytes(text)});
        co_await s.server().flush();
    };
    s.play({server_part});
    s.step();
}

template <class Message>
void expect_next(scene& s) {
    const auto server_part = [&]() -> task<> {
        static_cast<void>(co_await s.server().expect<Message>());
    };
    s.play({server_part});
}

template <class Message>
void answer(scene& s, const Message& message) {
    const auto server_part = [&]() -> task<> {
        s.server().reply(message);
        co_await s.server().flush();
    };
    s.play({server_part});
    s.step();
}

bool unsupported(const boost::system::system_error& e) {
    return e.code() == asio::error::operation_not_supported;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(channel_as_stream)

BOOST_AUTO_TEST_CASE(read_some_takes_what_is_there_and_never_waits) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    std::array<char, 3> a{};
    std::array<char, 8> b{};
    const std::array<asio::mutable_buffer, 2> into{asio::buffer(a), asio::buffer(b)};
    error_code ec;
    BOOST_TEST(c.read_some(into, ec) == 0U);
    BOOST_TEST(ec == asio::error::operation_not_supported);
    BOOST_CHECK_EXCEPTION(static_cast<void>(c.read_some(into)), boost::system::system_error,
                          unsupported);
    say(s, "abcdefg");
    BOOST_TEST(c.read_some(into, ec) == 7U);
    BOOST_TEST(!ec);
    BOOST_TEST(std::string_view(a.data(), 3) == "abc");
    BOOST_TEST(std::string_view(b.data(), 4) == "defg");
    say(s, "more");
    BOOST_TEST(c.read_some(into) == 4U);
    answer(s, wire::channel_eof{0});
    BOOST_TEST(c.read_some(into, ec) == 0U);
    BOOST_TEST(ec == asio::error::eof);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(write_some_fills_the_peers_window_and_never_waits) {
    scene s;
    s.make_ready();
    adit::test::channel_terms terms;
    terms.window = 5;
    channel c = s.open(terms);
    const std::array<asio::const_buffer, 2> from{asio::buffer("one", 3), asio::buffer("two", 3)};
    error_code ec = asio::error::would_block;
    BOOST_TEST(c.write_some(from, ec) == 5U);
    BOOST_TEST(!ec);
    BOOST_TEST(c.write_some(from, ec) == 0U);
    BOOST_TEST(ec == asio::error::operation_not_supported);
    BOOST_CHECK_EXCEPTION(static_cast<void>(c.write_some(from)), boost::system::system_error,
                          unsupported);
    expect_next<wire::channel_data>(s);
    answer(s, wire::channel_window_adjust{0, 100});
    BOOST_TEST(c.write_some(from) == 6U);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(composed_synchronous_write_of_asio_fails_where_it_would_wait) {
    scene s;
    s.make_ready();
    adit::test::channel_terms terms;
    terms.window = 4;
    channel c = s.open(terms);
    error_code ec;
    BOOST_TEST(asio::write(c, asio::buffer("123456", 6), ec) == 4U);
    BOOST_TEST(ec == asio::error::operation_not_supported);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(synchronous_forms_beside_a_parked_operation_get_already_started) {
    scene s;
    s.make_ready();
    adit::test::channel_terms terms;
    terms.window = 0;
    channel c = s.open(terms);
    std::array<char, 4> room{};
    c.async_read_some(asio::buffer(room), [](error_code, std::size_t) {});
    c.async_write_some(asio::buffer(room), [](error_code, std::size_t) {});
    error_code ec;
    BOOST_TEST(c.read_some(asio::buffer(room), ec) == 0U);
    BOOST_TEST(ec == asio::error::already_started);
    BOOST_TEST(c.write_some(asio::buffer(room), ec) == 0U);
    BOOST_TEST(ec == asio::error::already_started);
    c.close();
    BOOST_TEST(c.read_some(asio::buffer(room), ec) == 0U);
    BOOST_TEST(ec == asio::error::not_connected);
    BOOST_TEST(c.write_some(asio::buffer(room), ec) == 0U);
    BOOST_TEST(ec == asio::error::not_connected);
    s.finish();
}

BOOST_AUTO_TEST_CASE(websocket_ends_with_both_ends_of_data_and_then_close) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    say(s, "nobody reads this");
    error_code ec = asio::error::would_block;
    // As Beast calls it: its own template is in sight.
    using boost::beast::websocket::async_teardown;
    async_teardown(beast::role_type::client, c, [&](error_code e) { ec = e; });
    expect_next<wire::channel_eof>(s);
    s.step();
    BOOST_TEST(ec == asio::error::would_block);
    BOOST_TEST(s.server().port().seen(wire::message_id::channel_close) == 0U);
    say(s, "nor this");
    BOOST_TEST(ec == asio::error::would_block);
    answer(s, wire::channel_eof{0});
    expect_next<wire::channel_close>(s);
    BOOST_TEST(!ec);
    BOOST_TEST(s.link().stream().pool().in_use() == 0U);
    s.finish();
}

BOOST_AUTO_TEST_CASE(websocket_that_is_cut_off_says_so) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    error_code ec = asio::error::would_block;
    using boost::beast::websocket::async_teardown;
    async_teardown(beast::role_type::server, c, [&](error_code e) { ec = e; });
    s.step();
    s.server().port().stream().close(adit::detail::close_mode::abortive);
    s.step();
    BOOST_TEST(ec == errc::connection_lost);
    c.close();
    s.finish();
}

BOOST_AUTO_TEST_CASE(synchronous_teardown_sends_the_end_of_data_and_close) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    error_code ec = asio::error::would_block;
    using boost::beast::websocket::teardown;
    teardown(beast::role_type::client, c, ec);
    BOOST_TEST(!ec);
    BOOST_TEST(!c.is_open());
    expect_next<wire::channel_eof>(s);
    expect_next<wire::channel_close>(s);
    s.finish();
}

BOOST_AUTO_TEST_CASE(beast_closes_a_channel_that_took_too_long) {
    scene s;
    s.make_ready();
    channel c = s.open({});
    error_code ec;
    std::array<char, 4> room{};
    c.async_read_some(asio::buffer(room), [&](error_code e, std::size_t) { ec = e; });
    beast::close_socket(beast::get_lowest_layer(c));
    BOOST_TEST(!c.is_open());
    expect_next<wire::channel_close>(s);
    BOOST_TEST(ec == asio::error::operation_aborted);
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
