// adit/detail/{any_stream,erase,ready_stream,buffered_stream}.hpp in memory; the form over sockets
// is in socket_stream.cpp.
#include "support/memory_stream.hpp"
#include "support/test.hpp"

#include <adit/detail/erase.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <algorithm>

namespace asio = boost::asio;
using adit::error_code;
using adit::io_result;
using adit::task;
using adit::detail::any_stream;
using adit::detail::close_mode;
using adit::test::memory_pair;
using adit::test::memory_stream;

namespace {

// What adit's channel offers beyond an AsyncStream, over a fixed text.
class trying_stream : public memory_stream {
public:
    trying_stream(memory_stream base, std::string text)
        : memory_stream(std::move(base)), text_(std::move(text)) {}

    io_result try_read(asio::mutable_buffer buffer) {
        if (text_.empty()) {
            return {0, asio::error::eof};
        }
        const std::size_t size = asio::buffer_copy(buffer, asio::buffer(text_));
        text_.erase(0, size);
        return {size, {}};
    }
    io_result try_write(asio::const_buffer buffer) {
        const std::size_t size = std::min<std::size_t>(buffer.size(), room_);
        room_ -= size;
        return {size, size > 0 ? error_code() : error_code(asio::error::would_block)};
    }
    template <class Token>
    auto async_wait_readable(Token&& token) {
        return asio::post(get_executor(), std::forward<Token>(token));
    }

private:
    std::string text_;
    std::size_t room_ = 5;
};

static_assert(adit::detail::can_try_read<trying_stream>);
static_assert(!adit::detail::can_try_read<memory_stream>);
static_assert(adit::detail::is_stream_socket<asio::ip::tcp::socket>);
static_assert(adit::detail::is_stream_socket<asio::local::stream_protocol::socket>);
static_assert(!adit::detail::is_stream_socket<memory_stream>);

struct fixture {
    fixture() : ends(memory_pair(io.get_executor())) {}

    void run(task<> body) {
        asio::co_spawn(io, std::move(body), [this](std::exception_ptr e) { thrown = e; });
        io.run();
        io.restart();
        if (thrown) {
            std::rethrow_exception(std::exchange(thrown, nullptr));
        }
    }
    io_result read(any_stream& stream, std::string& into) {
        std::array<adit::byte, 8> room{};
        const io_result done = stream.try_read(room);
        into.append(adit::as_text(adit::bytes_view(room).first(done.size)));
        return done;
    }
    void peer_writes(std::string_view text) {
        ends.second.async_write_some(asio::buffer(text), asio::detached);
    }

    asio::io_context io;
    std::pair<memory_stream, memory_stream> ends;
    std::exception_ptr thrown;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(any_stream_in_memory, fixture)

BOOST_AUTO_TEST_CASE(a_plain_stream_blocks_until_it_was_waited_for) {
    const auto stream = adit::detail::erase(std::move(ends.first));
    std::string text;
    peer_writes("hello, world");
    BOOST_TEST(read(*stream, text).ec == asio::error::would_block);
    run(stream->wait_readable());
    BOOST_TEST(read(*stream, text).size == 8U);
    run(stream->wait_readable());  // at once: four bytes are left
    BOOST_TEST(read(*stream, text).size == 4U);
    BOOST_TEST(text == "hello, world");
    BOOST_TEST(read(*stream, text).ec == asio::error::would_block);
}

BOOST_AUTO_TEST_CASE(a_plain_stream_reads_into_several_buffers) {
    const auto stream = adit::detail::erase(std::move(ends.first));
    peer_writes("abcdef");
    run(stream->wait_readable());
    std::array<char, 2> first{};
    std::array<char, 8> second{};
    const std::array<asio::mutable_buffer, 2> rooms{asio::buffer(first), asio::buffer(second)};
    BOOST_TEST(stream->try_read(rooms).size == 6U);
    BOOST_TEST(std::string_view(first.data(), 2) == "ab");
    BOOST_TEST(std::string_view(second.data(), 4) == "cdef");
}

BOOST_AUTO_TEST_CASE(the_end_comes_after_the_data_and_stays) {
    const auto stream = adit::detail::erase(std::move(ends.first));
    std::string text;
    peer_writes("bye");
    ends.second.close();
    run(stream->wait_readable());
    BOOST_TEST(read(*stream, text).size == 3U);
    run(stream->wait_readable());
    BOOST_TEST(read(*stream, text).ec == asio::error::eof);
    run(stream->wait_readable());
    BOOST_TEST(read(*stream, text).ec == asio::error::eof);
    BOOST_TEST(text == "bye");
}

BOOST_AUTO_TEST_CASE(an_error_comes_out_of_try_read_not_of_the_wait) {
    const auto stream = adit::detail::erase(std::move(ends.first));
    std::string text;
    ends.second.abort();
    run(stream->wait_readable());
    BOOST_TEST(read(*stream, text).ec == asio::error::connection_reset);
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_can_be_repeated) {
    const auto stream = adit::detail::erase(std::move(ends.first));
    asio::cancellation_signal stop;
    error_code result;
    auto body = [](any_stream& s, error_code& ec) -> task<> {
        try {
            auto readable = s.wait_readable();
            co_await std::move(readable);
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
    };
    asio::co_spawn(io, body(*stream, result),
                   asio::bind_cancellation_slot(stop.slot(), asio::detached));
    io.poll();
    stop.emit(asio::cancellation_type::terminal);
    io.run();
    io.restart();
    BOOST_TEST(result == asio::error::operation_aborted);
    std::string text;
    BOOST_TEST(read(*stream, text).ec == asio::error::would_block);
    peer_writes("still here");
    run(stream->wait_readable());
    BOOST_TEST(read(*stream, text).size == 8U);
}

BOOST_AUTO_TEST_CASE(a_plain_stream_writes_only_by_waiting) {
    const auto pipe = ends.first.outgoing();
    const auto stream = adit::detail::erase(std::move(ends.first));
    const std::array<asio::const_buffer, 2> parts{asio::buffer("ab", 2), asio::buffer("cd", 2)};
    BOOST_TEST(stream->try_write(parts).ec == asio::error::would_block);
    auto body = [](any_stream& s, adit::detail::const_buffers all) -> task<> {
        auto written = s.write_some(all);
        const std::size_t size = co_await std::move(written);
        BOOST_TEST(size == 4U);
    };
    run(body(*stream, parts));
    BOOST_TEST(pipe->flights().size() == 1U);
    BOOST_TEST(adit::as_text(pipe->written()) == "abcd");
}

BOOST_AUTO_TEST_CASE(no_more_than_64_buffers_are_handed_over) {
    const auto pipe = ends.first.outgoing();
    const auto stream = adit::detail::erase(std::move(ends.first));
    const std::vector<asio::const_buffer> parts(70, asio::buffer("x", 1));
    auto body = [](any_stream& s, adit::detail::const_buffers all) -> task<> {
        auto written = s.write_some(all);
        const std::size_t size = co_await std::move(written);
        BOOST_TEST(size == adit::detail::most_buffers);
    };
    run(body(*stream, parts));
    BOOST_TEST(pipe->bytes_written() == 64U);
}

BOOST_AUTO_TEST_CASE(a_failed_write_throws) {
    const auto stream = adit::detail::erase(std::move(ends.first));
    ends.second.close();
    const std::array<asio::const_buffer, 1> parts{asio::buffer("ab", 2)};
    auto body = [](any_stream& s, adit::detail::const_buffers all) -> task<> {
        auto written = s.write_some(all);
        co_await std::move(written);
    };
    BOOST_CHECK_EXCEPTION(run(body(*stream, parts)), boost::system::system_error,
                          [](const auto& e) { return e.code() == asio::error::broken_pipe; });
}

BOOST_AUTO_TEST_CASE(closing_orderly_or_not_is_seen_by_the_peer) {
    for (const auto mode : {close_mode::orderly, close_mode::abortive}) {
        auto [mine, peer] = memory_pair(io.get_executor());
        const auto stream = adit::detail::erase(std::move(mine));
        const auto other = adit::detail::erase(std::move(peer));
        stream->close(mode);
        std::string text;
        run(other->wait_readable());
        const error_code expected = mode == close_mode::orderly
                                        ? error_code(asio::error::eof)
                                        : error_code(asio::error::connection_reset);
        BOOST_TEST(read(*other, text).ec == expected);
    }
}

BOOST_AUTO_TEST_CASE(half_closing_leaves_the_other_direction) {
    const auto stream = adit::detail::erase(std::move(ends.first));
    const auto other = adit::detail::erase(std::move(ends.second));
    stream->shutdown_send();
    std::string text;
    run(other->wait_readable());
    BOOST_TEST(read(*other, text).ec == asio::error::eof);
    const std::array<asio::const_buffer, 1> parts{asio::buffer("back", 4)};
    auto body = [](any_stream& s, adit::detail::const_buffers all) -> task<> {
        auto written = s.write_some(all);
        co_await std::move(written);
    };
    run(body(*other, parts));
    run(stream->wait_readable());
    BOOST_TEST(read(*stream, text).size == 4U);
}

BOOST_AUTO_TEST_CASE(a_stream_that_can_try_is_asked_itself) {
    const auto stream = adit::detail::erase(trying_stream(std::move(ends.first), "no wait needed"));
    std::string text;
    BOOST_TEST(read(*stream, text).size == 8U);
    run(stream->wait_readable());
    BOOST_TEST(read(*stream, text).size == 6U);
    BOOST_TEST(read(*stream, text).ec == asio::error::eof);
    BOOST_TEST(text == "no wait needed");
}

BOOST_AUTO_TEST_CASE(trying_several_buffers_stops_at_the_first_that_is_not_done) {
    const auto stream = adit::detail::erase(trying_stream(std::move(ends.first), "abc"));
    std::array<char, 2> first{};
    std::array<char, 2> second{};
    std::array<char, 2> third{};
    const std::array<asio::mutable_buffer, 3> rooms{asio::buffer(first), asio::buffer(second),
                                                    asio::buffer(third)};
    const io_result got = stream->try_read(rooms);
    BOOST_TEST(got.size == 3U);
    BOOST_TEST(!got.ec);
    BOOST_TEST(stream->try_read(rooms).ec == asio::error::eof);

    const std::array<asio::const_buffer, 3> parts{asio::buffer("ab", 2), asio::buffer("cde", 3),
                                                  asio::buffer("f", 1)};
    const io_result put = stream->try_write(parts);
    BOOST_TEST(put.size == 5U);
    BOOST_TEST(!put.ec);
    BOOST_TEST(stream->try_write(parts).ec == asio::error::would_block);
}

BOOST_AUTO_TEST_CASE(what_is_erased_already_is_handed_through) {
    auto stream = adit::detail::erase(std::move(ends.first));
    const any_stream* const before = stream.get();
    const auto again = adit::detail::erase(std::move(stream));
    BOOST_TEST(again.get() == before);
}

BOOST_AUTO_TEST_CASE(waiting_for_an_error_that_cannot_be_seen_ends_when_cancelled) {
    const auto stream = adit::detail::erase(std::move(ends.first));
    asio::cancellation_signal stop;
    bool ended = false;
    asio::co_spawn(io, stream->wait_error(),
                   asio::bind_cancellation_slot(
                       stop.slot(), [&](std::exception_ptr e) { ended = e != nullptr; }));
    io.poll();
    BOOST_TEST(!ended);
    stop.emit(asio::cancellation_type::terminal);
    io.run();
    BOOST_TEST(ended);
}

BOOST_AUTO_TEST_SUITE_END()
