// adit/detail/socket_stream.hpp over TCP on the loopback and over a local socket pair.
#include "support/test.hpp"

#include <adit/detail/erase.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <netinet/tcp.h>

namespace asio = boost::asio;
using adit::error_code;
using adit::io_result;
using adit::task;
using adit::detail::any_stream;
using adit::detail::close_mode;
using tcp = asio::ip::tcp;
using local = asio::local::stream_protocol;

namespace {

struct fixture {
    fixture() : peer(io), local_peer(io) {
        tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        tcp::socket mine(io);
        mine.connect(acceptor.local_endpoint());
        acceptor.accept(peer);
        descriptor = mine.native_handle();
        over_tcp = adit::detail::erase(std::move(mine));
        local::socket here(io);
        asio::local::connect_pair(here, local_peer);
        over_local = adit::detail::erase(std::move(here));
    }

    error_code run(task<> body) {
        error_code result;
        asio::co_spawn(io, std::move(body), [&](std::exception_ptr e) {
            try {
                if (e) {
                    std::rethrow_exception(e);
                }
            } catch (const boost::system::system_error& thrown) {
                result = thrown.code();
            }
        });
        io.run();
        io.restart();
        return result;
    }
    io_result read(any_stream& stream, std::string& into) {
        std::array<adit::byte, 8> room{};
        const io_result done = stream.try_read(room);
        into.append(adit::as_text(adit::bytes_view(room).first(done.size)));
        return done;
    }

    asio::io_context io;
    tcp::socket peer;
    local::socket local_peer;
    int descriptor = -1;
    std::unique_ptr<any_stream> over_tcp;
    std::unique_ptr<any_stream> over_local;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(socket_stream, fixture)

BOOST_AUTO_TEST_CASE(tcp_sends_without_delay) {
    int on = 0;
    socklen_t size = sizeof on;
    BOOST_REQUIRE(::getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0);
    BOOST_TEST(on != 0);
}

BOOST_AUTO_TEST_CASE(reading_waits_without_a_buffer) {
    for (any_stream* stream : {over_tcp.get(), over_local.get()}) {
        std::string text;
        BOOST_TEST(read(*stream, text).ec == asio::error::would_block);
        if (stream == over_tcp.get()) {
            asio::write(peer, asio::buffer("hello, socket", 13));
        } else {
            asio::write(local_peer, asio::buffer("hello, socket", 13));
        }
        BOOST_TEST(!run(stream->wait_readable()));
        BOOST_TEST(read(*stream, text).size == 8U);
        BOOST_TEST(!run(stream->wait_readable()));
        BOOST_TEST(read(*stream, text).size == 5U);
        BOOST_TEST(text == "hello, socket");
        stream->quick_ack();
    }
}

BOOST_AUTO_TEST_CASE(one_read_fills_several_buffers) {
    asio::write(peer, asio::buffer("abcdef", 6));
    BOOST_TEST(!run(over_tcp->wait_readable()));
    std::array<char, 2> first{};
    std::array<char, 8> second{};
    const std::array<asio::mutable_buffer, 2> rooms{asio::buffer(first), asio::buffer(second)};
    BOOST_TEST(over_tcp->try_read(rooms).size == 6U);
    BOOST_TEST(std::string_view(second.data(), 4) == "cdef");
}

BOOST_AUTO_TEST_CASE(a_write_hands_over_up_to_64_buffers_of_any_size_at_once) {
    const std::string block(3000, 'b');
    const std::vector<asio::const_buffer> parts(70, asio::buffer(block));
    std::size_t written = 0;
    auto body = [](any_stream& s, adit::detail::const_buffers all, std::size_t& size) -> task<> {
        auto write = s.write_some(all);
        size = co_await std::move(write);
    };
    BOOST_TEST(!run(body(*over_tcp, parts, written)));
    BOOST_TEST(written > 65536U);  // where asio::async_write stops
    BOOST_TEST(written <= 64U * 3000U);
    std::string got(written, '\0');
    BOOST_TEST(asio::read(peer, asio::buffer(got)) == written);
}

BOOST_AUTO_TEST_CASE(trying_to_write_stops_when_the_peer_does_not_read) {
    const std::string block(65536, 'x');
    const std::array<asio::const_buffer, 1> parts{asio::buffer(block)};
    io_result last;
    std::size_t total = 0;
    while (!last.ec) {
        last = over_local->try_write(parts);
        total += last.size;
    }
    BOOST_TEST(last.ec == asio::error::would_block);
    BOOST_TEST(total > 0U);
}

BOOST_AUTO_TEST_CASE(an_orderly_end_is_eof_after_the_data) {
    const std::array<asio::const_buffer, 1> parts{asio::buffer("end", 3)};
    BOOST_TEST(over_tcp->try_write(parts).size == 3U);
    over_tcp->close(close_mode::orderly);
    std::string got(8, '\0');
    error_code ec;
    BOOST_TEST(asio::read(peer, asio::buffer(got), ec) == 3U);
    BOOST_TEST(ec == asio::error::eof);
}

BOOST_AUTO_TEST_CASE(an_abortive_end_is_a_reset) {
    over_tcp->close(close_mode::abortive);
    std::string got(8, '\0');
    error_code ec;
    asio::read(peer, asio::buffer(got), ec);
    BOOST_TEST(ec == asio::error::connection_reset);
}

BOOST_AUTO_TEST_CASE(a_reset_ends_the_wait_for_an_error) {
    peer.set_option(asio::socket_base::linger(true, 0));
    peer.close();
    BOOST_TEST(!run(over_tcp->wait_error()));
    std::string text;
    BOOST_TEST(read(*over_tcp, text).ec == asio::error::connection_reset);
}

BOOST_AUTO_TEST_CASE(half_closing_leaves_the_other_direction) {
    over_tcp->shutdown_send();
    std::string got(8, '\0');
    error_code ec;
    asio::read(peer, asio::buffer(got), ec);
    BOOST_TEST(ec == asio::error::eof);
    asio::write(peer, asio::buffer("back", 4));
    BOOST_TEST(!run(over_tcp->wait_readable()));
    std::string text;
    BOOST_TEST(read(*over_tcp, text).size == 4U);
}

BOOST_AUTO_TEST_CASE(closing_ends_what_waits) {
    // Twice round the queue, so that the wait has begun by then.
    asio::post(io, [this] { asio::post(io, [this] { over_tcp->close(close_mode::orderly); }); });
    BOOST_TEST(run(over_tcp->wait_readable()) == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(a_socket_that_is_not_open_says_so_when_used) {
    const auto stream = adit::detail::erase(tcp::socket(io));
    std::string text;
    BOOST_TEST(read(*stream, text).ec == asio::error::bad_descriptor);
    BOOST_TEST(run(stream->wait_readable()) == asio::error::bad_descriptor);
    stream->close(close_mode::abortive);
}

BOOST_AUTO_TEST_SUITE_END()
