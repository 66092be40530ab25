// adit/upstream.hpp: proxies that a script plays on the loopback, and commands. What a proxy says
// is its machine's test (tests/unit/protocol); here it is what is asked of it, and what is left for
// the server behind it. Real proxies are in tests/integration.
#include "support/operation.hpp"
#include "support/print.hpp"
#include "support/temporary_directory.hpp"

#include <adit/upstream.hpp>

#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <filesystem>
#include <fstream>

using namespace adit;
using namespace adit::test;
using tcp = asio::ip::tcp;
using stream = std::unique_ptr<detail::any_stream>;

namespace {

task<> write_all(detail::any_stream& to, bytes_view bytes) {
    while (!bytes.empty()) {
        const asio::const_buffer left(bytes.data(), bytes.size());
        auto writing = to.write_some(detail::const_buffers(&left, 1));
        bytes = bytes.subspan(co_await std::move(writing));
    }
}

task<> read_exactly(detail::any_stream& from, mutable_bytes into) {
    while (!into.empty()) {
        co_await from.wait_readable();
        const io_result got = from.try_read(into);
        if (got.ec && got.ec != asio::error::would_block) throw protocol_error(got.ec);
        into = into.subspan(got.size);
    }
}

struct proxy_scene {
    asio::io_context ctx;
    tcp::acceptor acceptor{ctx, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::optional<tcp::socket> at_proxy;
    std::string asked;  ///< of the proxy
    diagnostics report;
    stream made;
    error_code ec;

    [[nodiscard]] proxy_server proxy() { return {"127.0.0.1", acceptor.local_endpoint().port()}; }
    [[nodiscard]] task<> accept() {
        auto accepting = acceptor.async_accept(asio::deferred);
        at_proxy.emplace(co_await std::move(accepting));
    }
    /// Takes n bytes of the client's and answers.
    [[nodiscard]] task<> turn(std::size_t n, std::string answer) {
        std::string room(n, '\0');
        auto reading = asio::async_read(*at_proxy, asio::buffer(room), asio::deferred);
        static_cast<void>(co_await std::move(reading));
        asked += room;
        auto writing = asio::async_write(*at_proxy, asio::buffer(answer), asio::deferred);
        static_cast<void>(co_await std::move(writing));
    }
    /// Takes a head and answers.
    [[nodiscard]] task<> head(std::string answer) {
        co_await accept();
        auto reading = asio::async_read_until(*at_proxy, asio::dynamic_buffer(asked), "\r\n\r\n",
                                              asio::deferred);
        static_cast<void>(co_await std::move(reading));
        auto writing = asio::async_write(*at_proxy, asio::buffer(answer), asio::deferred);
        static_cast<void>(co_await std::move(writing));
    }
    /// The dialler against this.
    void dial(stream_dialler way, std::function<task<>()> script,
              std::string host = "ssh.internal") {
        bool done = false;
        const auto asks = [&]() -> task<> {
            const dial_question q{ctx.get_executor(), host, 2222, {}, &report, {}};
            try {
                made = co_await way(q);
            } catch (const boost::system::system_error& e) {
                ec = e.code();
            }
            done = true;
        };
        spawn(ctx, asks);
        if (script) spawn(ctx, [&script] { return until_gone(script); });
        run_until(ctx, [&] { return done; });
        BOOST_REQUIRE(done);
    }
    /// What comes first behind the proxy's answer.
    [[nodiscard]] std::string next(std::size_t n) {
        std::string text;
        bool done = false;
        const auto reads = [&]() -> task<> {
            std::vector<byte> room(n);
            co_await read_exactly(*made, room);
            text = as_text(room);
            done = true;
        };
        spawn(ctx, reads);
        run_until(ctx, [&] { return done; });
        return text;
    }
};

[[nodiscard]] std::function<task<secret_bytes>()> password(std::string word) {
    return [word]() -> task<secret_bytes> { co_return secret_bytes(word.begin(), word.end()); };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(upstream_door)

BOOST_AUTO_TEST_CASE(http_leaves_the_servers_bytes_to_the_server) {
    proxy_scene s;
    s.dial(through_http(s.proxy()), [&s] {
        return s.head("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nSSH-2.0-behind\r\n");
    });
    BOOST_REQUIRE(!s.ec);
    BOOST_TEST(s.asked.starts_with("CONNECT ssh.internal:2222 HTTP/1.1\r\n"));
    BOOST_TEST(s.next(14) == "SSH-2.0-behind");
    BOOST_TEST(s.report.subject.empty());
}

BOOST_AUTO_TEST_CASE(http_with_a_login) {
    proxy_scene s;
    proxy_server proxy = s.proxy();
    proxy.user = "joe";
    proxy.password = password("canary-password");
    s.dial(through_http(std::move(proxy)),
           [&s] { return s.head("HTTP/1.1 407 Who are you, joe?\x1b[2J\r\n\r\n"); });
    BOOST_TEST(s.asked.find("Basic am9lOmNhbmFyeS1wYXNzd29yZA==\r\n") != std::string::npos);
    BOOST_TEST(s.ec == errc::proxy_authentication_failed);
    BOOST_TEST(is_final(s.ec));
    // The proxy's words, escaped, and nothing of the login.
    const std::string told = s.report.describe(s.ec);
    BOOST_TEST(told.find("Who are you") != std::string::npos);
    BOOST_TEST(told.find('\x1b') == std::string::npos);
    BOOST_TEST(told.find("canary") == std::string::npos);
    BOOST_TEST(told.find("am9l") == std::string::npos);
    BOOST_TEST(s.report.subject.starts_with("proxy 127.0.0.1:"));
}

BOOST_AUTO_TEST_CASE(http_proxy_that_goes) {
    proxy_scene s;
    s.dial(through_http(s.proxy()), [&s]() -> task<> {
        co_await s.head("HTTP/1.1 200 OK\r\nVia:");
        s.at_proxy->close();
    });
    BOOST_TEST(s.ec == errc::connection_lost);
}

BOOST_AUTO_TEST_CASE(proxy_that_is_not_there_is_named) {
    proxy_scene s;
    proxy_server gone = s.proxy();
    s.acceptor.close();
    s.dial(through_http(gone), {});
    BOOST_TEST(s.ec == errc::connection_refused);
    BOOST_TEST(s.report.subject == "proxy 127.0.0.1:" + std::to_string(gone.port));
}

BOOST_AUTO_TEST_CASE(a29_name_that_is_none_is_not_sent) {
    proxy_scene s;
    s.dial(through_http(s.proxy()), {}, "a\r\nX-Evil: y");
    BOOST_TEST(s.ec == errc::malformed_field);
    s.dial(through_socks5(s.proxy()), {}, std::string(256, 'a'));
    BOOST_TEST(s.ec == errc::malformed_field);
}

BOOST_AUTO_TEST_CASE(socks5_without_a_login) {
    proxy_scene s;
    s.dial(through_socks5(s.proxy()), [&s]() -> task<> {
        co_await s.accept();
        co_await s.turn(3, std::string("\5\0", 2));
        co_await s.turn(19, std::string("\5\0\0\3\5proxy\1\2", 12) + "SSH-2.0-behind\r\n");
    });
    BOOST_REQUIRE(!s.ec);
    BOOST_TEST(s.asked.substr(3) == std::string("\5\1\0\3\014ssh.internal\x08\xae", 19));
    BOOST_TEST(s.next(14) == "SSH-2.0-behind");
}

BOOST_AUTO_TEST_CASE(socks5_with_a_login) {
    proxy_scene s;
    proxy_server proxy = s.proxy();
    proxy.user = "joe";
    proxy.password = password("secret");
    s.dial(
        through_socks5(std::move(proxy)),
        [&s]() -> task<> {
            co_await s.accept();
            co_await s.turn(4, "\5\2");
            co_await s.turn(12, std::string("\1\0", 2));
            co_await s.turn(10, std::string("\5\0\0\1\0\0\0\0\0\0", 10));
        },
        "192.0.2.1");
    BOOST_REQUIRE(!s.ec);
    BOOST_TEST(s.asked.substr(4, 12) == "\1\3joe\6secret");
    BOOST_TEST(s.asked.substr(16) == std::string("\5\1\0\1\xc0\0\2\1\x08\xae", 10));
}

BOOST_AUTO_TEST_CASE(socks5_refusals) {
    const std::pair<char, errc> rows[] = {{'\2', errc::proxy_refused},
                                          {'\4', errc::network_unreachable},
                                          {'\5', errc::connection_refused}};
    for (const auto& [reply, meaning] : rows) {
        proxy_scene s;
        s.dial(through_socks5(s.proxy()), [&s, code = reply]() -> task<> {
            co_await s.accept();
            co_await s.turn(3, std::string("\5\0", 2));
            co_await s.turn(19, std::string("\5") + code + std::string("\0\1\0\0\0\0\0\0", 8));
        });
        BOOST_TEST(s.ec == meaning);
        BOOST_TEST(!s.report.peer_text.empty());
    }
}

BOOST_AUTO_TEST_CASE(proxy_behind_a_proxy) {
    proxy_scene s;
    proxy_server inner("second.test", 3128);
    inner.before = through_socks5(s.proxy());
    s.dial(through_http(std::move(inner)), [&s]() -> task<> {
        co_await s.accept();
        co_await s.turn(3, std::string("\5\0", 2));
        co_await s.turn(18, std::string("\5\0\0\1\0\0\0\0\0\0", 10));
        auto reading = asio::async_read_until(*s.at_proxy, asio::dynamic_buffer(s.asked),
                                              "\r\n\r\n", asio::deferred);
        static_cast<void>(co_await std::move(reading));
        std::string answer = "HTTP/1.1 200 OK\r\n\r\n!";
        auto writing = asio::async_write(*s.at_proxy, asio::buffer(answer), asio::deferred);
        static_cast<void>(co_await std::move(writing));
    });
    BOOST_REQUIRE(!s.ec);
    BOOST_TEST(s.asked.find("second.test") != std::string::npos);
    BOOST_TEST(s.asked.find("CONNECT ssh.internal:2222") != std::string::npos);
    BOOST_TEST(s.next(1) == "!");
}

BOOST_AUTO_TEST_CASE(command_is_a_stream_both_ways) {
    proxy_scene s;
    s.dial(through_command({"tr", "a-z", "A-Z"}), {});
    BOOST_REQUIRE(!s.ec);
    std::string end;
    const auto talks = [&]() -> task<> {
        co_await write_all(*s.made, as_bytes("hello"));
        s.made->shutdown_send();
        std::vector<byte> room(5);
        co_await read_exactly(*s.made, room);
        end = as_text(room);
        co_await s.made->wait_readable();
        BOOST_TEST(s.made->try_read(room).ec == asio::error::eof);
    };
    spawn(s.ctx, talks);
    run_until(s.ctx, [] { return false; });
    BOOST_TEST(end == "HELLO");
}

BOOST_AUTO_TEST_CASE(command_that_is_not_there) {
    proxy_scene s;
    s.dial(through_command({"/nonexistent/program"}), {});
    BOOST_TEST(s.ec == error_code(ENOENT, boost::system::system_category()));
    BOOST_TEST(s.report.subject == "command");
}

BOOST_AUTO_TEST_CASE(a29_words_of_a_command_reach_no_shell) {
    const temporary_directory folder;
    proxy_scene s;
    s.dial(through_command({"echo", "$(touch " + folder.file("made") + ")", ";", "x"}), {});
    BOOST_REQUIRE(!s.ec);
    BOOST_TEST(s.next(8) == "$(touch ");
    BOOST_TEST(!std::filesystem::exists(folder.file("made")));
}

BOOST_AUTO_TEST_CASE(shell_becomes_the_command) {
    proxy_scene s;
    s.dial(through_shell("echo one two | tr o 0", "/bin/sh"), {});
    BOOST_REQUIRE(!s.ec);
    BOOST_TEST(s.next(7) == "0ne tw0");
}

// Of our sockets, which Asio lets children inherit, it has those that are its input and output.
BOOST_AUTO_TEST_CASE(child_has_no_descriptor_of_ours) {
    proxy_scene s;
    s.dial(through_command({"ls", "-l", "/proc/self/fd"}), {});
    BOOST_REQUIRE(!s.ec);
    std::string list;
    const auto reads = [&]() -> task<> {
        std::vector<byte> room(4096);
        for (;;) {
            co_await s.made->wait_readable();
            const io_result got = s.made->try_read(room);
            if (got.ec && got.ec != asio::error::would_block) break;
            list += as_text(bytes_view(room).first(got.size));
        }
    };
    spawn(s.ctx, reads);
    run_until(s.ctx, [] { return false; });
    std::size_t sockets = 0;
    for (auto at = list.find("socket:"); at != list.npos; at = list.find("socket:", at + 1)) {
        ++sockets;
    }
    BOOST_TEST(sockets == 2U, list);
    BOOST_TEST((list.find("eventpoll") == list.npos), list);
}

BOOST_AUTO_TEST_CASE(no_child_is_left) {
    for (const std::string command : {"cat", "trap '' HUP; exec sleep 1000", "true"}) {
        proxy_scene s;
        s.dial(through_shell(command == "cat" ? command : "sh -c \"" + command + "\"", "/bin/sh"),
               {});
        BOOST_REQUIRE(!s.ec);
        s.made->close(detail::close_mode::orderly);
        s.made.reset();
        run_until(s.ctx, [] { return false; });
        BOOST_TEST(::waitpid(-1, nullptr, WNOHANG) == -1, command);
        BOOST_TEST(errno == ECHILD);
    }
}

BOOST_AUTO_TEST_CASE(no_child_is_left_where_nothing_runs_any_more) {
    {
        proxy_scene s;
        s.dial(through_command({"sleep", "1000"}), {});
        s.made.reset();
    }
    BOOST_TEST(::waitpid(-1, nullptr, WNOHANG) == -1);
    BOOST_TEST(errno == ECHILD);
}

BOOST_AUTO_TEST_CASE(writing_to_a_command_that_has_gone_is_no_signal) {
    proxy_scene s;
    s.dial(through_command({"true"}), {});
    error_code failure;
    const auto writes = [&]() -> task<> {
        std::vector<byte> room(1);
        co_await s.made->wait_readable();
        BOOST_TEST(s.made->try_read(room).ec == asio::error::eof);
        const std::string text(1000, 'x');
        try {
            for (int i = 0; i < 1000; ++i) co_await write_all(*s.made, as_bytes(text));
        } catch (const boost::system::system_error& e) {
            failure = e.code();
        }
    };
    spawn(s.ctx, writes);
    run_until(s.ctx, [] { return false; });
    BOOST_TEST(failure == asio::error::broken_pipe);
}

BOOST_AUTO_TEST_SUITE_END()
