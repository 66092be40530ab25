// adit/tunnel/entrance.hpp: who comes in by a port, a Unix socket and SOCKS, what they are told,
// and what is left of an entrance that was closed. Real kernel sockets on the loopback.
#include "support/print.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/tunnel/entrance.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_literals;
namespace asio = boost::asio;
using adit::entrance;
using adit::errc;
using adit::error_code;
using adit::local_forward;
using adit::visitor;
using asio::ip::tcp;
using local = asio::local::stream_protocol;

namespace {

struct hall {
    asio::io_context ctx;
    std::vector<visitor> came;
    std::optional<entrance> way;

    void open(local_forward where) {
        way.emplace(ctx.get_executor(), std::move(where));
        way->bind();
        way->listen([this](visitor who) { came.push_back(std::move(who)); });
    }
    // Everything up to `done`, or whatever happens within a long time.
    template <class Done>
    void run_until(Done done) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        ctx.restart();
        while (!done() && ctx.run_one_until(limit) != 0) {}
        BOOST_TEST(done());
    }
    void wait_for_visitor() {
        run_until([this] { return !came.empty(); });
    }
    [[nodiscard]] tcp::socket call() {
        tcp::socket caller(ctx);
        caller.connect(way->endpoint());
        return caller;
    }
    [[nodiscard]] local::socket call(const std::string& path) {
        local::socket caller(ctx);
        caller.connect(local::endpoint(path));
        return caller;
    }
    // What comes up to the end, and how it ends.
    template <class Socket>
    [[nodiscard]] std::pair<std::string, error_code> hear(Socket& from) {
        std::pair<std::string, error_code> heard;
        asio::async_read(from, asio::dynamic_buffer(heard.first),
                         [&](error_code ec, std::size_t) { heard.second = ec; });
        run_until([&] { return static_cast<bool>(heard.second); });
        return heard;
    }
};

[[nodiscard]] local_forward to_database() {
    return local_forward(adit::target("db.internal", 5432));
}
[[nodiscard]] local_forward at_path(const std::string& path) {
    local_forward where = to_database();
    where.bind_path = path;
    return where;
}
[[nodiscard]] unsigned permissions_of(const std::string& path) {
    struct stat there{};
    BOOST_REQUIRE(::lstat(path.c_str(), &there) == 0);
    return there.st_mode & 0777U;
}
[[nodiscard]] bool exists(const std::string& path) {
    struct stat there{};
    return ::lstat(path.c_str(), &there) == 0;
}
[[nodiscard]] std::string said_by(visitor& who) {
    std::array<adit::byte, 64> room{};
    const auto got = who.stream->try_read(adit::mutable_bytes(room));
    return std::string(adit::as_text(adit::bytes_view(room).first(got.size)));
}

const std::string ask_by_name =
    "\x05\x01\x00\x05\x01\x00\x03\x02"
    "db\x15\x38"s;

}  // namespace

BOOST_AUTO_TEST_SUITE(entrance_door)

BOOST_AUTO_TEST_CASE(port_is_held_from_bind_on_and_answers_from_listen_on) {
    hall h;
    h.way.emplace(h.ctx.get_executor(), to_database());
    BOOST_TEST(!h.way->is_bound());
    h.way->bind();
    BOOST_TEST(h.way->is_bound());
    const tcp::endpoint at = h.way->endpoint();
    BOOST_TEST(h.way->to_string() == "127.0.0.1:" + std::to_string(at.port()));
    error_code ec;
    tcp::socket early(h.ctx);
    early.connect(at, ec);
    BOOST_TEST(ec == asio::error::connection_refused);
    h.way->listen([&h](visitor who) { h.came.push_back(std::move(who)); });
    const tcp::socket caller = h.call();
    h.wait_for_visitor();
    const visitor& who = h.came.front();
    const auto from = caller.local_endpoint();
    BOOST_TEST(who.peer == "127.0.0.1:" + std::to_string(from.port()));
    BOOST_TEST(who.to.host == "db.internal");
    BOOST_TEST(who.to.originator_port == from.port());
}

BOOST_AUTO_TEST_CASE(who_is_turned_away_at_a_port_is_reset) {
    hall h;
    h.open(to_database());
    tcp::socket caller = h.call();
    h.wait_for_visitor();
    h.came.front().turn_away(errc::open_connect_failed);
    BOOST_TEST(h.hear(caller).second == asio::error::connection_reset);
}

BOOST_AUTO_TEST_CASE(closed_entrance_leaves_nothing) {
    const adit::test::temporary_directory folder;
    const std::string path = folder.file("way");
    hall h;
    h.open(at_path(path));
    BOOST_TEST(h.way->to_string() == path);
    BOOST_TEST(exists(path));
    h.way->close();
    BOOST_TEST(!exists(path));
    h.ctx.run();
    BOOST_TEST(h.came.empty());
}

BOOST_AUTO_TEST_CASE(closing_from_a_visit_is_allowed) {
    hall h;
    h.way.emplace(h.ctx.get_executor(), to_database());
    h.way->bind();
    h.way->listen([&h](visitor who) {
        h.way->close();
        h.came.push_back(std::move(who));
    });
    const tcp::socket caller = h.call();
    h.wait_for_visitor();
    h.ctx.run();
    BOOST_TEST(h.came.size() == 1U);
}

BOOST_AUTO_TEST_CASE(unix_socket_has_the_permissions_that_the_mask_leaves) {
    const adit::test::temporary_directory folder;
    const mode_t before = ::umask(022);
    for (const unsigned mask : {0177U, 0117U, 0111U, 0777U}) {
        hall h;
        local_forward where = at_path(folder.file("way"));
        where.bind_mask = mask;
        h.open(std::move(where));
        BOOST_TEST(permissions_of(folder.file("way")) == (0777U & ~mask));
    }
    BOOST_TEST(::umask(before) == 022U);
}

BOOST_AUTO_TEST_CASE(unix_socket_carries) {
    const adit::test::temporary_directory folder;
    hall h;
    h.open(at_path(folder.file("way")));
    local::socket caller = h.call(folder.file("way"));
    asio::write(caller, asio::buffer("hello", 5));
    h.wait_for_visitor();
    BOOST_TEST(h.came.front().peer == folder.file("way"));
    BOOST_TEST(h.came.front().welcome());
    BOOST_TEST(said_by(h.came.front()) == "hello");
}

BOOST_AUTO_TEST_CASE(socket_that_is_there_stays_unless_it_may_go) {
    const adit::test::temporary_directory folder;
    const std::string path = folder.file("way");
    hall first;
    first.open(at_path(path));
    hall second;
    second.way.emplace(second.ctx.get_executor(), at_path(path));
    BOOST_CHECK_EXCEPTION(second.way->bind(), boost::system::system_error,
                          [](const auto& e) { return e.code() == asio::error::address_in_use; });
    BOOST_TEST(exists(path));
    hall third;
    local_forward where = at_path(path);
    where.replace_socket = true;
    third.open(std::move(where));
    // What is no longer its own stays.
    first.way->close();
    BOOST_TEST(exists(path));
    const local::socket caller = third.call(path);
    third.wait_for_visitor();
}

BOOST_AUTO_TEST_CASE(what_is_no_socket_is_never_removed) {
    const adit::test::temporary_directory folder;
    const std::string path = adit::test::write_file(folder.file("way"), "dear");
    const std::string link = folder.file("link");
    std::filesystem::create_symlink(path, link);
    for (const std::string& there : {path, link}) {
        hall h;
        local_forward where = at_path(there);
        where.replace_socket = true;
        h.way.emplace(h.ctx.get_executor(), std::move(where));
        BOOST_CHECK_EXCEPTION(h.way->bind(), boost::system::system_error, [](const auto& e) {
            return e.code() == asio::error::address_in_use;
        });
    }
    BOOST_TEST(adit::test::read_file(path) == "dear");
}

BOOST_AUTO_TEST_CASE(path_that_fits_no_address_is_told) {
    for (const std::string& path : {std::string(), std::string(108, 'x')}) {
        asio::local::stream_protocol::acceptor acceptor(asio::system_executor{});
        BOOST_CHECK_THROW(
            static_cast<void>(adit::detail::socket_file::bind(acceptor, path, 0177, false)),
            boost::system::system_error);
    }
}

BOOST_AUTO_TEST_CASE(socks_client_says_where_to_and_its_payload_is_left) {
    hall h;
    h.open(local_forward::by_socks());
    tcp::socket caller = h.call();
    asio::write(caller, asio::buffer(ask_by_name + "SELECT"));
    h.wait_for_visitor();
    visitor& who = h.came.front();
    BOOST_TEST(who.to.host == "db");
    BOOST_TEST(who.to.port == 5432);
    BOOST_TEST(who.to.originator_port == caller.local_endpoint().port());
    BOOST_TEST(who.welcome());
    BOOST_TEST(said_by(who) == "SELECT");
    who.stream->close(adit::detail::close_mode::orderly);
    BOOST_TEST(h.hear(caller).first == "\x05\x00\x05\x00\x00\x01\0\0\0\0\0\0"s);
}

BOOST_AUTO_TEST_CASE(socks_client_is_told_why_not) {
    struct row {
        error_code why;
        std::string words;
        char code;
    };
    const std::vector<row> rows{
        {errc::open_administratively_prohibited, "open failed", 2},
        {errc::open_connect_failed, "Connection refused", 5},
        {errc::open_connect_failed, "", 5},
        {errc::open_connect_failed, "Network is unreachable", 3},
        {errc::open_connect_failed, "No route to host", 4},
        {errc::open_connect_failed, "Name or service not known", 4},
        {errc::open_connect_failed, "Connection timed out", 4},
        {errc::deadline_exceeded, "", 4},
        {errc::open_resource_shortage, "", 1},
        {errc::connection_lost, "", 1},
    };
    for (const row& one : rows) {
        hall h;
        h.open(local_forward::by_socks());
        tcp::socket caller = h.call();
        asio::write(caller, asio::buffer(ask_by_name));
        h.wait_for_visitor();
        h.came.front().turn_away(one.why, one.words);
        const auto heard = h.hear(caller);
        BOOST_TEST(heard.second == asio::error::eof);
        BOOST_TEST(heard.first == "\x05\x00\x05"s + one.code + "\x00\x01\0\0\0\0\0\0"s);
    }
}

BOOST_AUTO_TEST_CASE(request_that_is_none_is_answered_and_ends) {
    hall h;
    h.open(local_forward::by_socks());
    tcp::socket caller = h.call();
    asio::write(caller, asio::buffer("\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x01"s));
    const auto heard = h.hear(caller);
    BOOST_TEST(heard.second == asio::error::eof);
    BOOST_TEST(heard.first == "\x05\x00\x05\x07\x00\x01\0\0\0\0\0\0"s);
    BOOST_TEST(h.came.empty());
}

BOOST_AUTO_TEST_CASE(greeting_has_a_deadline) {
    hall h;
    local_forward where = local_forward::by_socks();
    where.socks_timeout = std::chrono::milliseconds(20);
    h.open(std::move(where));
    tcp::socket caller = h.call();
    asio::write(caller, asio::buffer("\x05"s));
    BOOST_TEST(h.hear(caller).second == asio::error::connection_reset);
    BOOST_TEST(h.came.empty());
}

BOOST_AUTO_TEST_CASE(close_ends_a_greeting) {
    hall h;
    h.open(local_forward::by_socks());
    tcp::socket caller = h.call();
    asio::write(caller, asio::buffer("\x05\x01\x00"s));
    std::array<char, 2> answer{};
    bool answered = false;
    asio::async_read(caller, asio::buffer(answer),
                     [&](error_code, std::size_t) { answered = true; });
    h.run_until([&] { return answered; });
    h.way->close();
    BOOST_TEST(h.hear(caller).second == asio::error::connection_reset);
    h.ctx.run();
    BOOST_TEST(h.came.empty());
}

BOOST_AUTO_TEST_CASE(greetings_are_bounded_in_number) {
    hall h;
    h.open(local_forward::by_socks());
    std::vector<tcp::socket> callers;
    for (int i = 0; i < 128; ++i) callers.push_back(h.call());
    h.ctx.restart();
    h.ctx.poll();
    tcp::socket late = h.call();
    // It has said nothing, so SOCKS has no word for it.
    BOOST_TEST(h.hear(late).second == asio::error::connection_reset);
    // The others are not disturbed.
    asio::write(callers.front(), asio::buffer(ask_by_name));
    h.wait_for_visitor();
}

BOOST_AUTO_TEST_SUITE_END()
