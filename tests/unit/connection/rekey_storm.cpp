// OPEN, data, window adjusts, EOF and CLOSE of many channels while either side begins to exchange
// keys again and again, so that each of them falls on each side of a boundary (T10, C19). The order
// is chosen by a generator with a seed, so every run is the same. C16 is checked by the server of
// every test (support/raw_port.hpp).
#include "support/scene.hpp"

#include <boost/asio/detached.hpp>

#include <map>

namespace asio = boost::asio;
namespace wire = adit::wire;
using adit::channel;
using adit::error_code;
using adit::task;
using adit::test::scene;
using wire::message_id;

namespace {

class dice {
public:
    explicit dice(unsigned seed) : state_(seed * 2654435761U + 1) {}
    [[nodiscard]] std::uint32_t below(std::uint32_t n) {
        state_ = state_ * 1664525U + 1013904223U;
        return (state_ >> 8U) % n;
    }
    [[nodiscard]] bool once_in(std::uint32_t n) { return below(n) == 0; }

private:
    std::uint32_t state_;
};

// Every channel's data is a beginning of this.
std::string_view all_text() {
    static const std::string text = adit::test::pattern(200'000);
    return text;
}

// The server's view of one channel, and what it may do with it.
struct far_end {
    std::uint32_t client = 0;
    std::size_t got = 0;
    std::uint64_t window = 0;  // what it may send
    bool eof_came = false, eof_sent = false, close_came = false, close_sent = false;
};

class stormy_server {
public:
    stormy_server(scene& s, unsigned seed, bool rekeys) : scene_(s), dice_(seed), rekeys_(rekeys) {}

    [[nodiscard]] task<> run();

    std::map<std::uint32_t, far_end> channels;  // by its own number; never given away twice
    std::size_t exchanges_begun = 0;
    std::exception_ptr thrown;

private:
    void on(const adit::protocol::packet& packet);
    void on_open(const wire::channel_open& m);
    void storm();
    void act(far_end& c);
    [[nodiscard]] far_end& living(std::uint32_t number);

    scene& scene_;
    dice dice_;
    bool rekeys_;
};

task<> stormy_server::run() {
    auto& server = scene_.server();
    try {
        for (;;) {
            const adit::protocol::packet packet = co_await server.port().receive_packet();
            if (packet.id() == message_id::kexinit) {
                co_await server.exchange(packet);
                continue;  // an exchange without anything in between is no storm but abuse (L20)
            }
            on(packet);
            storm();
        }
    } catch (const boost::system::system_error&) {
        co_return;  // the client has gone
    } catch (...) {
        thrown = std::current_exception();
    }
}

// What comes for a channel after the client's CLOSE would be the end of the connection in OpenSSH.
far_end& stormy_server::living(std::uint32_t number) {
    far_end& c = channels.at(number);
    if (c.close_came) throw std::logic_error("something behind a CLOSE");
    return c;
}

void stormy_server::on(const adit::protocol::packet& packet) {
    using adit::value_of;
    switch (packet.id()) {
        case message_id::channel_open:
            return on_open(value_of(wire::decode<wire::channel_open>(packet.payload)));
        case message_id::channel_data: {
            const auto m = value_of(wire::decode<wire::channel_data>(packet.payload));
            far_end& c = living(m.recipient_channel);
            if (c.eof_came) throw std::logic_error("data behind an EOF");
            c.got += m.data.size();
            const auto expected = all_text().substr(c.got - m.data.size(), m.data.size());
            if (adit::as_text(m.data) != expected) throw std::logic_error("other data");
            return;
        }
        case message_id::channel_window_adjust: {
            const auto m = value_of(wire::decode<wire::channel_window_adjust>(packet.payload));
            living(m.recipient_channel).window += m.bytes_to_add;
            return;
        }
        case message_id::channel_eof: {
            const auto m = value_of(wire::decode<wire::channel_eof>(packet.payload));
            far_end& c = living(m.recipient_channel);
            if (std::exchange(c.eof_came, true)) throw std::logic_error("a second EOF");
            return;
        }
        case message_id::channel_close: {
            const auto m = value_of(wire::decode<wire::channel_close>(packet.payload));
            far_end& c = living(m.recipient_channel);
            c.close_came = true;
            if (!std::exchange(c.close_sent, true)) {
                scene_.server().reply(wire::channel_close{c.client});
            }
            return;
        }
        default: throw std::logic_error("message " + std::to_string(packet.payload[0]));
    }
}

void stormy_server::on_open(const wire::channel_open& m) {
    if (dice_.once_in(5)) {
        return scene_.server().reply(wire::channel_open_failure{m.sender_channel, 2, "no", ""});
    }
    const auto number = static_cast<std::uint32_t>(1000 + channels.size());
    far_end& c = channels[number];
    c.client = m.sender_channel;
    c.window = m.initial_window_size;
    scene_.server().reply(
        wire::channel_open_confirmation{m.sender_channel, number, 100'000, 1000, {}});
}

void stormy_server::storm() {
    const bool idle = scene_.server().kex().our_kexinit.empty();
    if (rekeys_ && idle && dice_.once_in(9)) {
        scene_.server().send_kexinit();
        ++exchanges_begun;
    }
    for (auto& [number, c] : channels) {
        if (!c.close_sent && dice_.once_in(4)) act(c);
    }
}

void stormy_server::act(far_end& c) {
    auto& server = scene_.server();
    switch (dice_.below(8)) {
        case 0: c.close_sent = true; return server.reply(wire::channel_close{c.client});
        case 1:
            if (std::exchange(c.eof_sent, true)) return;
            return server.reply(wire::channel_eof{c.client});
        case 2:
        case 3: return server.reply(wire::channel_window_adjust{c.client, dice_.below(500)});
        default: break;
    }
    const std::string text(dice_.below(900) + 1, 'd');
    if (c.eof_sent || c.window < text.size()) return;
    c.window -= text.size();
    server.reply(wire::channel_data{c.client, adit::as_bytes(text)});
}

// The client's channels, and what each has written.
class stormy_client {
public:
    stormy_client(scene& s, unsigned seed) : scene_(s), dice_(seed + 1000) {}

    void storm();
    void open();
    // Whatever is left is closed.
    void end() {
        for (auto& c : channels_) c->stream.close();
    }
    [[nodiscard]] std::size_t refused() const { return refused_; }
    [[nodiscard]] std::size_t asked() const { return asked_; }

private:
    struct near_end {
        channel stream;
        std::size_t written = 0;
    };
    void act(near_end& c);

    scene& scene_;
    dice dice_;
    std::vector<std::unique_ptr<near_end>> channels_;
    std::size_t asked_ = 0, refused_ = 0;
};

void stormy_client::open() {
    ++asked_;
    adit::target to("db", 1);
    scene_.ssh().async_open(std::move(to), [this](error_code ec, channel c) {
        if (ec) {
            ++refused_;
        } else {
            channels_.push_back(std::make_unique<near_end>(near_end{std::move(c), 0}));
        }
    });
}

void stormy_client::storm() {
    if (dice_.once_in(3)) open();
    for (auto& c : channels_) {
        if (dice_.once_in(3)) act(*c);
    }
}

void stormy_client::act(near_end& c) {
    std::array<char, 700> room;
    switch (dice_.below(10)) {
        case 0: return c.stream.close();
        case 1: return c.stream.shutdown_send();
        case 2: return c.stream.abort();
        case 3:
        case 4:
        case 5: static_cast<void>(c.stream.try_read(asio::buffer(room))); return;
        default: break;
    }
    const auto text = all_text().substr(c.written, dice_.below(3000) + 1);
    c.written += c.stream.try_write(asio::buffer(text)).size;
}

enum class initiator : std::uint8_t { client, server, both };

// How many exchanges there were.
std::uint64_t weather(initiator who, unsigned seed) {
    scene s;
    s.wire.record = false;
    if (who != initiator::server) s.options.limits.rekey_packets = 14;
    s.make_ready();
    stormy_server server(s, seed, who != initiator::client);
    const auto serves = [&]() -> task<> { co_await server.run(); };
    asio::co_spawn(s.ctx, serves, asio::detached);
    stormy_client client(s, seed);
    dice turns(seed + 2000);
    s.ctx.restart();
    for (int round = 0; round < 300; ++round) {
        client.storm();
        // So that what follows comes at any moment of what has begun.
        for (auto n = turns.below(12); n != 0 && s.ctx.poll_one() != 0; --n) {}
    }
    s.step();
    client.end();
    s.step();
    BOOST_TEST(s.ssh().is_open());
    BOOST_TEST(s.ssh().info().channels == 0U);
    if (server.thrown) std::rethrow_exception(server.thrown);
    BOOST_TEST(client.asked() == client.refused() + server.channels.size());
    BOOST_TEST(s.server().port().seen(message_id::channel_close) == server.channels.size());
    for (const auto& [number, c] : server.channels) BOOST_TEST((c.close_came && c.close_sent));
    const std::uint64_t exchanges = s.ssh().info().rekeys;
    if (who != initiator::client) BOOST_TEST(server.exchanges_begun > 3U);
    s.finish();
    return exchanges;
}

void storms(initiator who) {
    for (unsigned seed = 0; seed < 12; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) { BOOST_TEST(weather(who, seed) > 3U); }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rekey_storm)

BOOST_AUTO_TEST_CASE(t10_c19_begun_by_us) { storms(initiator::client); }
BOOST_AUTO_TEST_CASE(t10_c19_begun_by_the_peer) { storms(initiator::server); }
BOOST_AUTO_TEST_CASE(t10_c19_begun_by_both) { storms(initiator::both); }

BOOST_AUTO_TEST_SUITE_END()
