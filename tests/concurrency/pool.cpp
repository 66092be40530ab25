// Many connections on an io_context that four threads run, each connection in a strand of its own:
// clients and servers of ours over sockets on the loopback (docs/threads.md), and operations that
// are begun and cancelled in another strand than their client's.
#include "support/scene.hpp"
#include "support/server_scene.hpp"

#include <adit/connect.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <thread>

using namespace adit;
using asio::ip::tcp;

namespace {

// One for all connections, so it has no state: it is asked by several threads at once.
class open_house final : public authenticator {
public:
    [[nodiscard]] task<answer> check_key(const key_question&) override {
        co_return permissions::all();
    }
    [[nodiscard]] task<answer> check_password(const login_question&, const secret_bytes&) override {
        co_return answer();
    }
    [[nodiscard]] task<answer> converse(prompt_dialogue&) override { co_return answer(); }
};

task<> echo_all(channel stream) {
    std::vector<char> room(4096);
    try {
        for (;;) {
            auto reading = stream.async_read_some(asio::buffer(room), asio::deferred);
            const std::size_t size = co_await std::move(reading);
            std::string text(room.data(), size);
            co_await test::write_all(stream, std::move(text));
        }
    } catch (const boost::system::system_error&) {
        stream.shutdown_send();
    }
}

task<> serve(tcp::socket accepted, std::shared_ptr<const server_options> options) {
    const executor here = accepted.get_executor();
    server peer(std::move(accepted), std::move(options));
    try {
        auto shaking = peer.async_handshake(asio::deferred);
        co_await std::move(shaking);
        for (;;) {
            auto accepting = peer.async_accept(asio::deferred);
            incoming asked = co_await std::move(accepting);
            asio::co_spawn(here, echo_all(asked.accept()), asio::detached);
        }
    } catch (const boost::system::system_error&) {
        co_return;  // the client has gone
    }
}

struct house {
    asio::io_context ctx{4};
    std::shared_ptr<server_options> options;
    tcp::acceptor acceptor{asio::make_strand(ctx), {asio::ip::address_v4::loopback(), 0}};
    std::atomic<int> left{0};
    std::atomic<int> failures{0};

    house() {
        const host_key_signers keys{std::make_shared<key_signer>(test::sample_key(1))};
        options = std::make_shared<server_options>(keys, std::make_shared<open_house>());
        options->algorithms = test::fast_algorithms();
        asio::co_spawn(acceptor.get_executor(), accept_all(), asio::detached);
    }
    task<> accept_all() {
        for (;;) {
            tcp::socket accepted(asio::make_strand(ctx));
            auto accepting = acceptor.async_accept(accepted, asio::deferred);
            co_await std::move(accepting);
            const executor strand = accepted.get_executor();
            asio::co_spawn(strand, serve(std::move(accepted), options), asio::detached);
        }
    }
    /// Connected and logged in, in the strand that this runs in.
    task<std::unique_ptr<client>> log_in() {
        const executor here = co_await asio::this_coro::executor;
        auto dialling =
            async_connect(here, "127.0.0.1", acceptor.local_endpoint().port(),
                          std::chrono::milliseconds(limits().connect_timeout), asio::deferred);
        connected_socket dialled = co_await std::move(dialling);
        client_options login = test::sample_options();
        login.random = nullptr;
        auto ssh = std::make_unique<client>(std::move(*dialled.socket), std::move(login));
        auto shaking = ssh->async_handshake(asio::deferred);
        co_await std::move(shaking);
        co_return ssh;
    }
    void start(executor where, std::function<task<>()> body) {
        ++left;
        asio::co_spawn(std::move(where), std::move(body), [this](std::exception_ptr thrown) {
            if (thrown) ++failures;
            if (--left == 0) asio::post(acceptor.get_executor(), [this] { acceptor.close(); });
        });
    }
    void run() {
        std::vector<std::thread> others;
        for (int i = 0; i < 3; ++i) {
            others.emplace_back([this] { ctx.run_for(std::chrono::seconds(60)); });
        }
        ctx.run_for(std::chrono::seconds(60));
        for (std::thread& one : others) one.join();
        BOOST_TEST(ctx.stopped());
        BOOST_TEST(left == 0);
        BOOST_TEST(failures == 0);
    }
};

task<> echo_once(client& ssh, unsigned seed, std::atomic<int>& echoed) {
    channel c = co_await test::open_on(ssh);
    const std::string text = test::pattern(20'000 + seed, seed);
    co_await test::write_all(c, text);
    const test::end_of_reading got = co_await test::read_up_to(c, text.size());
    if (got.text == text) ++echoed;
}

// What is opened here belongs to another strand, and goes home to be closed.
struct caller {
    client& ssh;
    asio::strand<asio::io_context::executor_type> here;
    asio::cancellation_signal stop{};
    unsigned left = 100;
    unsigned opened = 0, cancelled = 0, others = 0;
    std::function<void()> done{};

    void next() {
        if (left-- == 0) return asio::post(ssh.get_executor(), done);
        const unsigned turns = left % 7;
        auto handler = [this](error_code ec, channel c) { take(ec, std::move(c)); };
        target to("db.internal", 5432);
        ssh.async_open(std::move(to),
                       asio::bind_cancellation_slot(stop.slot(),
                                                    asio::bind_executor(here, std::move(handler))));
        if (left % 3 != 0) later(turns);
    }
    void later(unsigned turns) {
        asio::post(here, [this, turns] {
            if (turns != 0) return later(turns - 1);
            stop.emit(asio::cancellation_type::total);
        });
    }
    void take(error_code ec, channel c) {
        const bool wanted = ec == asio::error::operation_aborted;
        ++(!ec ? opened : wanted ? cancelled : others);
        asio::post(ssh.get_executor(), [gone = std::move(c)] {});
        next();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(concurrency_pool)

BOOST_AUTO_TEST_CASE(clients_in_strands_of_a_pool) {
    constexpr unsigned clients = 6;
    constexpr unsigned channels = 4;
    house h;
    std::atomic<int> echoed{0};
    for (unsigned i = 0; i < clients; ++i) {
        const executor strand = asio::make_strand(h.ctx);
        h.start(strand, [&h, &echoed, i]() -> task<> {
            const auto ssh = co_await h.log_in();
            const executor here = co_await asio::this_coro::executor;
            detail::signal ended(here);
            unsigned running = channels;
            for (unsigned j = 0; j < channels; ++j) {
                asio::co_spawn(here, echo_once(*ssh, i * channels + j, echoed),
                               [&](const std::exception_ptr&) {
                                   --running;
                                   ended.notify();
                               });
            }
            while (running != 0) co_await ended.wait();
            ssh->close();
        });
    }
    h.run();
    BOOST_TEST(echoed == static_cast<int>(clients * channels));
}

BOOST_AUTO_TEST_CASE(opens_of_another_strand_are_cancelled_there) {
    constexpr unsigned pairs = 3;
    house h;
    std::array<std::unique_ptr<client>, pairs> clients;
    std::array<std::optional<caller>, pairs> callers;
    for (unsigned i = 0; i < pairs; ++i) {
        const executor strand = asio::make_strand(h.ctx);
        h.start(strand, [&, i]() -> task<> {
            clients.at(i) = co_await h.log_in();
            detail::signal ended(co_await asio::this_coro::executor);
            caller& v = callers.at(i).emplace(*clients.at(i), asio::make_strand(h.ctx));
            v.done = [&] { ended.notify(); };
            asio::post(v.here, [&v] { v.next(); });
            co_await ended.wait();
            clients.at(i)->close();
        });
    }
    h.run();
    for (const auto& v : callers) {
        BOOST_REQUIRE(v.has_value());
        BOOST_TEST(v->opened + v->cancelled == 100U);
        BOOST_TEST(v->opened != 0U);
        BOOST_TEST(v->others == 0U);
    }
}

BOOST_AUTO_TEST_SUITE_END()
