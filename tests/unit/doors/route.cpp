// adit/route.hpp: chains of connections through one bastion on the loopback, which is every hop.
// T24: whatever is killed, the error names the hop, the teardown goes from the inside to the
// outside, and no rekey of one connection waits for one of another. Real sshd's are in
// tests/integration.
#include "support/bastion_scene.hpp"
#include "support/operation.hpp"

#include <adit/route.hpp>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

using namespace adit;
using namespace adit::test;
using tcp = asio::ip::tcp;

namespace adit::test {

/// Lets tests look at the clock of a chain.
template <auto Member>
struct reveal_chain_state {
    friend auto& state_of(chain& c) { return c.*Member; }
};
auto& state_of(chain& c);
template struct reveal_chain_state<&chain::state_>;

}  // namespace adit::test

namespace {

/// Between a client and a server: passes everything on until it is cut, and then nothing, without a
/// word to either side.
class fault_wire {
public:
    fault_wire(asio::io_context& ctx, std::uint16_t to)
        : acceptor_(ctx, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          near_(ctx),
          far_(ctx),
          to_(asio::ip::address_v4::loopback(), to) {}

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    /// Of one connection; ends with it.
    [[nodiscard]] task<> run() {
        auto accepting = acceptor_.async_accept(near_, asio::deferred);
        co_await std::move(accepting);
        auto connecting = far_.async_connect(to_, asio::deferred);
        co_await std::move(connecting);
        detail::spawn(near_.get_executor(), pass(far_, near_));
        auto back = [this] { return pass(near_, far_); };
        co_await until_gone(std::move(back));
    }
    void cut() { cut_ = true; }
    void close() {
        near_.close();
        far_.close();
    }

private:
    task<> pass(tcp::socket& from, tcp::socket& to) {
        std::vector<char> room(16 * 1024);
        for (;;) {
            auto reading = from.async_read_some(asio::buffer(room), asio::deferred);
            const std::size_t n = co_await std::move(reading);
            if (cut_) continue;
            auto writing = asio::async_write(to, asio::buffer(room.data(), n), asio::deferred);
            static_cast<void>(co_await std::move(writing));
        }
    }

    tcp::acceptor acceptor_;
    tcp::socket near_, far_;
    tcp::endpoint to_;
    bool cut_ = false;
};

struct chain_scene : bastion_scene {
    target_host behind{ctx};
    std::optional<chain> ssh;
    std::optional<tcp::socket> served;
    std::vector<route_event> seen;

    [[nodiscard]] hop hop_of(const std::string& name) {
        client_options login = client_side;
        login.host = name;
        login.port = gate().endpoints().at(0).port();
        hop one(std::move(login));
        one.address = "127.0.0.1";
        return one;
    }
    [[nodiscard]] route way(std::size_t hops = 3) {
        route all(hop_of("hop" + std::to_string(hops)));
        for (std::size_t i = 1; i < hops; ++i) {
            all.jumps.push_back(hop_of("hop" + std::to_string(i)));
        }
        all.on_event = [this](const route_event& e) { seen.push_back(e); };
        return all;
    }
    [[nodiscard]] task<error_code> start(route all) {
        ssh.emplace(ctx.get_executor(), std::move(all));
        auto starting = ssh->async_start(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(starting);
        co_return std::get<0>(outcome);
    }
    [[nodiscard]] task<> start_well(route all) {
        const error_code ec = co_await start(std::move(all));
        BOOST_REQUIRE_MESSAGE(!ec, ssh->diagnostics().describe(ec));
    }
    [[nodiscard]] task<error_code> closed() {
        auto waiting = ssh->async_wait_closed(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(waiting);
        co_return std::get<0>(outcome);
    }
    // Whatever the target says comes back.
    [[nodiscard]] task<> echo() {
        auto taking = behind.take();
        served.emplace(co_await std::move(taking));
        std::vector<char> room(16 * 1024);
        for (;;) {
            auto reading = served->async_read_some(asio::buffer(room), asio::deferred);
            const std::size_t n = co_await std::move(reading);
            auto writing = asio::async_write(*served, asio::buffer(room.data(), n), asio::deferred);
            static_cast<void>(co_await std::move(writing));
        }
    }
    [[nodiscard]] task<channel> open() {
        auto opening = ssh->last().async_open(behind.at(), asio::deferred);
        co_return co_await std::move(opening);
    }
    // Both ways at once.
    [[nodiscard]] task<> transfer(channel& c, const std::string& text) {
        bool written = false;
        detail::spawn(ctx.get_executor(), send(c, text, written));
        const end_of_reading back = co_await read_up_to(c, text.size());
        BOOST_TEST(!back.why);
        BOOST_TEST((back.text == text));
        BOOST_TEST(written);
    }
    static task<> send(channel& c, const std::string& text, bool& written) {
        co_await write_all(c, text);
        written = true;
    }
    // The bastion's end of a hop's connection.
    [[nodiscard]] detail::connection& far_end(std::size_t index) {
        auto& guests = state_of(gate())->guests;
        const auto guest = std::next(guests.begin(), static_cast<std::ptrdiff_t>(index));
        return *state_of((*guest)->peer())->link;
    }
    void end() {
        ssh.reset();
        served.reset();
        finish();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(route_door)

BOOST_AUTO_TEST_CASE(three_hops_and_each_is_told) {
    chain_scene s;
    const auto works = [&]() -> task<> {
        co_await s.start_well(s.way());
        BOOST_TEST(s.ssh->is_open());
        BOOST_TEST(s.ssh->size() == 3U);
        channel c = co_await s.open();
        co_await s.transfer(c, pattern(200'000));
        s.ssh->close();
        BOOST_TEST(!s.ssh->is_open());
    };
    s.play({works, [&] { return until_gone([&] { return s.echo(); }); }});
    using kind = route_event::kind;
    std::vector<std::pair<kind, std::size_t>> told;
    for (const route_event& e : s.seen) told.emplace_back(e.what, e.hop);
    std::vector<std::pair<kind, std::size_t>> wanted;
    for (std::size_t i = 0; i < 3; ++i) {
        for (const kind k : {kind::connecting, kind::connected, kind::ready}) {
            wanted.emplace_back(k, i);
        }
    }
    BOOST_TEST((told == wanted));
    BOOST_TEST(s.count(bastion_scene::kind::login) == 3U);
    s.end();
}

BOOST_AUTO_TEST_CASE(t24_close_takes_leave_from_the_inside_to_the_outside) {
    chain_scene s;
    const auto works = [&]() -> task<> {
        co_await s.start_well(s.way());
        s.ssh->close();
        const error_code ec = co_await s.closed();
        BOOST_TEST(ec == errc::connection_closed);
    };
    s.play({works});
    s.run_until([&] { return s.count(bastion_scene::kind::connection_ended) == 3; });
    std::vector<std::uint64_t> order;
    for (const audit_event& e : s.events) {
        if (e.what != bastion_scene::kind::connection_ended) continue;
        order.push_back(e.connection);
        BOOST_TEST(e.error == errc::disconnected_by_peer, e.text);
    }
    BOOST_TEST((order.at(0) > order.at(1) && order.at(1) > order.at(2)));
    s.end();
}

BOOST_AUTO_TEST_CASE(t24_inner_rekeys_while_outer_rekeys) {
    chain_scene s;
    s.client_side.limits.rekey_bytes = 24 * 1024;
    const auto works = [&]() -> task<> {
        co_await s.start_well(s.way());
        channel c = co_await s.open();
        co_await s.transfer(c, pattern(400'000));
        for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(s.ssh->at(i).info().rekeys > 4U);
        s.ssh->close();
    };
    s.play({works, [&] { return until_gone([&] { return s.echo(); }); }});
    s.end();
}

BOOST_AUTO_TEST_CASE(t24_killed_hop_is_named_while_data_flows) {
    for (const std::size_t killed : {0U, 1U, 2U}) {
        chain_scene s;
        const auto works = [&]() -> task<> {
            co_await s.start_well(s.way());
            channel c = co_await s.open();
            const std::string text = pattern(100'000);
            bool written = false;
            detail::spawn(s.ctx.get_executor(), chain_scene::send(c, text, written));
            static_cast<void>(co_await read_up_to(c, 1000));
            s.far_end(killed).stream().stream().close(detail::close_mode::abortive);
            const error_code ec = co_await s.closed();
            BOOST_TEST(ec == errc::connection_lost);
            BOOST_TEST(s.ssh->failed_hop() == killed);
            const std::string name = "alice@hop" + std::to_string(killed + 1);
            BOOST_TEST(s.ssh->diagnostics().describe(ec).starts_with(name));
            // What was open learns of it.
            const end_of_reading rest = co_await read_to_end(c);
            BOOST_TEST(rest.why == errc::connection_lost);
        };
        s.play({works, [&] { return until_gone([&] { return s.echo(); }); }});
        s.end();
    }
}

BOOST_AUTO_TEST_CASE(t24_killed_target_ends_its_channel_only) {
    chain_scene s;
    const auto works = [&]() -> task<> {
        co_await s.start_well(s.way());
        channel c = co_await s.open();
        co_await write_all(c, "x");
        static_cast<void>(co_await read_up_to(c, 1));
        s.served->set_option(asio::socket_base::linger(true, 0));
        s.served->close();
        const end_of_reading rest = co_await read_to_end(c);
        BOOST_TEST(rest.why == errc::channel_reset);
        BOOST_TEST(s.ssh->is_open());
        s.ssh->close();
    };
    s.play({works, [&] { return until_gone([&] { return s.echo(); }); }});
    s.end();
}

BOOST_AUTO_TEST_CASE(t24_partition_is_blamed_on_the_hop_that_is_silent) {
    for (const std::size_t hop : {0U, 1U}) {
        chain_scene s;
        s.client_side.limits.keepalive_interval = std::chrono::milliseconds(40);
        s.client_side.limits.keepalive_count = 2;
        fault_wire wire(s.ctx, s.gate().endpoints().at(0).port());
        const auto works = [&]() -> task<> {
            route all = s.way(2);
            client_options& login = hop == 0 ? all.jumps[0].client : all.last.client;
            login.port = wire.port();
            co_await s.start_well(std::move(all));
            wire.cut();
            const error_code ec = co_await s.closed();
            BOOST_TEST(ec == errc::keepalive_lost);
            BOOST_TEST(s.ssh->failed_hop() == hop);
            wire.close();
        };
        s.play({works, [&] { return wire.run(); }});
        s.end();
    }
}

BOOST_AUTO_TEST_CASE(refused_login_names_its_hop) {
    chain_scene s;
    const auto works = [&]() -> task<> {
        route all = s.way();
        all.jumps[1].client.credentials = {key_credential(sample_key(9), "nine")};
        const error_code ec = co_await s.start(std::move(all));
        BOOST_TEST(ec == errc::authentication_failed);
        BOOST_TEST(s.ssh->failed_hop() == 1U);
        BOOST_TEST(s.ssh->diagnostics().describe(ec).starts_with("alice@hop2:"));
        BOOST_TEST((s.ssh->diagnostics().stage == stage::authentication));
    };
    s.play({works});
    s.end();
}

BOOST_AUTO_TEST_CASE(each_hop_is_trusted_by_itself) {
    chain_scene s;
    const auto works = [&]() -> task<> {
        route all = s.way();
        all.last.client.trust = trust_fingerprints({fingerprint_of(2)});
        const error_code ec = co_await s.start(std::move(all));
        BOOST_TEST(ec == errc::host_key_changed);
        BOOST_TEST(s.ssh->failed_hop() == 2U);
        BOOST_TEST(s.ssh->diagnostics().hop.starts_with("alice@hop3:"));
    };
    s.play({works});
    s.end();
}

BOOST_AUTO_TEST_CASE(hop_that_cannot_be_reached_is_told_of_the_one_before) {
    chain_scene s;
    const auto works = [&]() -> task<> {
        route all = s.way();
        all.last.address = "db.forbidden.test";
        s.allows = [](const forward_question& q) { return q.target.host != "db.forbidden.test"; };
        const error_code ec = co_await s.start(std::move(all));
        BOOST_TEST(ec == errc::open_administratively_prohibited);
        BOOST_TEST(s.ssh->failed_hop() == 1U);
        const diagnostics& story = s.ssh->diagnostics();
        BOOST_TEST(story.hop.starts_with("alice@hop2:"));
        BOOST_TEST(story.subject.starts_with("db.forbidden.test:"));
        BOOST_TEST(!story.peer_text.empty());
    };
    s.play({works});
    // The name was looked up by hop 2 and by nobody else.
    BOOST_TEST(s.asked.back().starts_with("db.forbidden.test"));
    s.end();
}

BOOST_AUTO_TEST_CASE(l01_one_limit_for_the_whole_way) {
    chain_scene s;
    const auto works = [&]() -> task<> {
        route all = s.way();
        all.last.client.port = s.behind.port();  // listens, and says nothing
        all.timeout = std::chrono::milliseconds(200);
        const error_code ec = co_await s.start(std::move(all));
        BOOST_TEST(ec == errc::deadline_exceeded);
        BOOST_TEST(!s.ssh->is_open());
    };
    s.play({works});
    s.end();
}

BOOST_AUTO_TEST_CASE(l01_questions_do_not_count) {
    chain_scene s;
    s.server_side->methods = {{"publickey"}, {"password"}};
    std::vector<std::string> stood;
    const auto look = [&](const std::string& who) {
        if (state_of(*s.ssh)->clock->stands_still()) stood.push_back(who);
    };
    const auto works = [&]() -> task<> {
        route all = s.way(2);
        all.timeout = std::chrono::hours(1);
        all.upstream = [&](const dial_question& q) -> task<std::unique_ptr<detail::any_stream>> {
            look("nobody");
            const auto asking = q.asking();
            look("a proxy's password");
            tcp::socket socket = co_await s.dial();
            co_return detail::erase(std::move(socket));
        };
        all.last.client.credentials = {
            password_source([&](const password_question&) -> task<secret_bytes> {
                look("a hop's password");
                const std::string_view word = "canary-password";
                co_return secret_bytes(word.begin(), word.end());
            })};
        co_await s.start_well(std::move(all));
        look("nobody");
        s.ssh->close();
    };
    s.play({works});
    const std::vector<std::string> wanted{"a proxy's password", "a hop's password"};
    BOOST_TEST(stood == wanted, boost::test_tools::per_element());
    s.end();
}

BOOST_AUTO_TEST_CASE(close_in_the_middle_of_a_start) {
    chain_scene s;
    const auto works = [&]() -> task<> {
        route all = s.way();
        all.on_event = [&s](const route_event& e) {
            if (e.hop == 1 && e.what == route_event::kind::connected) s.ssh->close();
        };
        const error_code ec = co_await s.start(std::move(all));
        BOOST_TEST(ec == errc::connection_closed);
    };
    s.play({works});
    s.end();
}

// At each event of the way: nobody is asked anything any more.
BOOST_AUTO_TEST_CASE(t28_an_event_may_destroy_its_chain) {
    using kind = route_event::kind;
    for (const std::size_t hop : {0U, 1U}) {
        for (const kind what : {kind::connecting, kind::connected, kind::ready}) {
            chain_scene s;
            std::size_t asked_late = 0;
            const auto works = [&]() -> task<> {
                route all = s.way(2);
                for (client_options* login : {&all.jumps[0].client, &all.last.client}) {
                    login->trust = [&, check = login->trust](const host_key_question& q) {
                        if (!s.ssh) ++asked_late;
                        return check(q);
                    };
                }
                all.on_event = [&](const route_event& e) {
                    if (e.hop == hop && e.what == what) s.ssh.reset();
                };
                const error_code ec = co_await s.start(std::move(all));
                BOOST_TEST(ec == errc::connection_closed);
            };
            s.play({works});
            BOOST_TEST(asked_late == 0U);
            s.end();
        }
    }
}

BOOST_AUTO_TEST_CASE(close_while_a_fresh_code_is_waited_for) {
    struct slow_codes final : code_source {
        explicit slow_codes(chain_scene& scene) : s(scene) {}
        task<> prepare() override {
            s.ssh->close();
            detail::signal never(s.ctx.get_executor());
            co_await never.wait();
        }
        task<secret_bytes> code(const prompt_question&) override { co_return secret_bytes(); }
        chain_scene& s;
    };
    chain_scene s;
    const auto works = [&]() -> task<> {
        route all = s.way();
        all.last.client.codes = std::make_shared<slow_codes>(s);
        const error_code ec = co_await s.start(std::move(all));
        BOOST_TEST(ec == errc::connection_closed);
    };
    s.play({works});
    s.end();
}

BOOST_AUTO_TEST_CASE(close_while_the_first_server_is_dialled) {
    chain_scene s;
    const auto works = [&]() -> task<> {
        route all = s.way();
        all.upstream = [&s](const dial_question& q) -> task<std::unique_ptr<detail::any_stream>> {
            s.ssh->close();
            detail::signal never(q.ex);
            co_await never.wait();
            co_return nullptr;
        };
        const error_code ec = co_await s.start(std::move(all));
        BOOST_TEST(ec == errc::connection_closed);
    };
    s.play({works});
    s.end();
}

BOOST_AUTO_TEST_CASE(upstream_is_asked_for_the_first_server) {
    chain_scene s;
    std::string asked;
    const auto works = [&]() -> task<> {
        route all = s.way(2);
        all.upstream = [&](const dial_question& q) -> task<std::unique_ptr<detail::any_stream>> {
            asked = q.host + " " + std::to_string(q.options.timeout.count());
            tcp::socket socket = co_await s.dial();
            co_return detail::erase(std::move(socket));
        };
        all.jumps[0].address = "first.test";
        all.jumps[0].client.limits.connect_timeout = std::chrono::milliseconds(12'345);
        co_await s.start_well(std::move(all));
        s.ssh->close();
    };
    s.play({works});
    BOOST_TEST(asked == "first.test 12345");
    s.end();
}

BOOST_AUTO_TEST_SUITE_END()
