// A tunnel through an sshd to a port of loopback, for tests that send through it; and the exchange
// that most of them make: so many bytes each way, checked one by one. Used by all of
// tests/integration. Invariant: a tunnel that does not start throws what its diagnostics say.
#pragma once

#include "integration/local_server.hpp"
#include "integration/sshd.hpp"

#include <memory>
#include <vector>

namespace adit::test {

/// What a tunnel told, and the tunnel.
class passage {
public:
    passage(const executor& ex, client_options login, std::uint16_t far_port)
        : passage(ex, std::move(login), target("127.0.0.1", far_port)) {}
    passage(const executor& ex, client_options login, target to);

    [[nodiscard]] tunnel& get() noexcept { return tunnel_; }
    [[nodiscard]] std::uint16_t port() const { return tunnel_.endpoints().at(0).port(); }
    [[nodiscard]] task<> start();
    /// A local connection.
    [[nodiscard]] task<tcp::socket> dial() { return test::dial(port()); }
    /// Waits until no channel is left.
    [[nodiscard]] task<> idle();
    /// With what the tunnel ended.
    [[nodiscard]] task<error_code> closed();
    /// How it is: what diagnostics say, once it has ended.
    [[nodiscard]] std::string story() const {
        return ended_->error ? tunnel_.diagnostics().describe(ended_->error) : "it works";
    }

    [[nodiscard]] const std::vector<tunnel_event>& events() const noexcept { return *events_; }
    [[nodiscard]] std::size_t count(tunnel_event::kind what) const noexcept;

private:
    [[nodiscard]] static tunnel_options options(client_options login, target to,
                                                std::shared_ptr<std::vector<tunnel_event>> events);

    struct ending {
        bool seen = false;
        error_code error;
    };
    std::shared_ptr<ending> ended_ = std::make_shared<ending>();
    std::shared_ptr<std::vector<tunnel_event>> events_ =
        std::make_shared<std::vector<tunnel_event>>();
    tunnel tunnel_;
};

inline passage::passage(const executor& ex, client_options login, target to)
    : tunnel_(ex, options(std::move(login), std::move(to), events_)) {}

inline tunnel_options passage::options(client_options login, target to,
                                       std::shared_ptr<std::vector<tunnel_event>> events) {
    tunnel_options o(std::move(login), local_forward(std::move(to)));
    o.reconnect.enabled = false;  // what is lost is to end; staying_up.cpp is about the rest
    o.on_event = [events = std::move(events)](const tunnel_event& e) { events->push_back(e); };
    return o;
}

inline task<> passage::start() {
    const auto outcome = co_await tunnel_.async_start(as_result);
    const error_code ec = std::get<0>(outcome);
    if (ec) throw std::runtime_error(tunnel_.diagnostics().describe(ec));
    tunnel_.async_wait_closed([e = ended_](error_code why) {
        e->error = why;
        e->seen = true;
    });
}

inline task<> passage::idle() {
    const auto empty = [this] { return tunnel_.info().channels == 0; };
    co_await wait_until(empty, "a channel is left");
}

inline task<error_code> passage::closed() {
    const auto seen = [ended = ended_] { return ended->seen; };
    co_await wait_until(seen, "the tunnel does not end");
    co_return ended_->error;
}

inline std::size_t passage::count(tunnel_event::kind what) const noexcept {
    std::size_t n = 0;
    for (const tunnel_event& e : *events_) n += e.what == what ? 1U : 0U;
    return n;
}

inline void end_of_data(tcp::socket& socket) { socket.shutdown(tcp::socket::shutdown_send); }
inline void end_of_data(channel& stream) { stream.shutdown_send(); }

/// Sends `bytes` of the stream `id` and checks what an echo makes of them, and its clean end.
template <class Stream>
task<> check_echo(Stream& near, std::uint64_t id, std::uint64_t bytes) {
    group side(near.get_executor());
    const auto send = [&near, id, bytes]() -> task<> {
        const error_code ec = co_await send_payload(near, id, bytes);
        BOOST_TEST(!ec, ec.message());
        end_of_data(near);
    };
    side.spawn(send());
    const received back = co_await receive_payload(near, id, until_the_end);
    BOOST_TEST(back.exact);
    BOOST_TEST(back.bytes == bytes);
    BOOST_TEST(back.end == asio::error::eof);
    co_await side.join();
}

constexpr std::uint64_t payload_up = 1;  // stream numbers
constexpr std::uint64_t payload_down = 2;

/// One side of a connection: sends one stream while it receives the other.
inline task<> both_ways(tcp::socket& socket, std::uint64_t out, std::uint64_t in,
                        std::uint64_t bytes) {
    group side(socket.get_executor());
    const auto send = [&socket, out, bytes]() -> task<> {
        const error_code ec = co_await send_payload(socket, out, bytes);
        BOOST_TEST(!ec, ec.message());
        socket.shutdown(tcp::socket::shutdown_send);
    };
    side.spawn(send());
    const received got = co_await receive_payload(socket, in, until_the_end);
    BOOST_TEST(got.exact);
    BOOST_TEST(got.bytes == bytes);
    BOOST_TEST(got.end == asio::error::eof);
    co_await side.join();
}

}  // namespace adit::test
