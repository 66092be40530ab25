// What a bastion holds, by the allocator's own accounting: nothing of 10,000 logins that came and
// went, little of a thousand that stay, and less of those that have not logged in (L08). Both ends
// are in this process, and both are counted but where a test says otherwise. Where it is optimised
// only, and where no sanitizer owns malloc().
#include "heavy/allocated.hpp"
#include "support/bastion_deaths.hpp"
#include "support/bastion_scene.hpp"

#include <sys/resource.h>

#include <filesystem>

namespace asio = boost::asio;
using namespace adit::test;
using adit::byte;
using adit::task;
using asio::ip::tcp;

namespace {

[[nodiscard]] std::ptrdiff_t descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

void allow_descriptors(rlim_t wanted) {
    rlimit limit{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = std::max(limit.rlim_cur, std::min(wanted, limit.rlim_max));
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    BOOST_REQUIRE(limit.rlim_cur >= wanted);
}

/// No events are kept: they would be what grows.
void be_quiet(bastion_scene& s) {
    s.server_side->audit = nullptr;
    s.options->admission.per_source = 1000;
    s.options->admission.startups = 1000;
    s.options->admission.full = 1000;
}

void log_in_and_leave(bastion_scene& s, std::size_t times) {
    const auto comes_and_goes = [&]() -> task<> {
        const auto ssh = co_await s.log_in();
        ssh->close();
    };
    for (std::size_t i = 0; i < times; ++i) {
        s.play({comes_and_goes});
        s.run_until([&] { return s.gate().connections() == 0; });
    }
    s.step();
}

/// Raw connections that have sent this and wait; they hold nothing themselves but a socket.
void connect_many(bastion_scene& s, std::size_t n, const std::string& words,
                  std::vector<tcp::socket>& kept) {
    for (std::size_t i = 0; i < n; ++i) {
        tcp::socket socket(s.ctx);
        socket.connect(s.gate().endpoints().at(0));
        asio::write(socket, asio::buffer(words));
        kept.push_back(std::move(socket));
        s.step();
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bastion)

BOOST_AUTO_TEST_CASE(ten_thousand_logins_leave_nothing_behind) {
    bastion_scene s;
    be_quiet(s);
    log_in_and_leave(s, 100);
    const std::size_t memory = allocated();
    const std::ptrdiff_t open = descriptors();
    log_in_and_leave(s, 10'000);
    const std::size_t memory_after = allocated();
    BOOST_TEST_MESSAGE(memory << " bytes before, " << memory_after << " after");
    // A hash table or a deque may sit elsewhere in its stride; ten bytes of each login may not.
    BOOST_TEST(memory_after <= memory + 64 * kibibyte);
    BOOST_TEST(descriptors() == open);
    BOOST_TEST(s.gate().starting() == 0U);
    BOOST_TEST(s.gate().connections() == 0U);
    s.finish();
}

// A thousand deaths at each point; twenty of them are in unit/doors/bastion_limits.cpp.
BOOST_AUTO_TEST_CASE(a19_a_place_comes_back_wherever_its_holder_dies) {
    bastion_scene s;
    be_quiet(s);
    bastion_deaths deaths(s);
    deaths.die_everywhere(50);
    const std::size_t memory = allocated();
    const std::ptrdiff_t open = descriptors();
    deaths.die_everywhere(1000);
    BOOST_TEST(deaths.messages() >= 10U);
    BOOST_TEST(s.gate().starting() == 0U);
    BOOST_TEST(allocated() <= memory + 64 * kibibyte);
    BOOST_TEST(descriptors() == open);
    s.finish();
}

BOOST_AUTO_TEST_CASE(a_thousand_idle_connections_fit_into_64_mib) {
    constexpr std::size_t many = 1000;
    allow_descriptors(2 * many + 100);
    bastion_scene s;
    be_quiet(s);
    log_in_and_leave(s, 10);
    std::vector<std::unique_ptr<adit::client>> all;
    all.reserve(many);
    const std::size_t before = allocated();
    const auto logs_in = [&]() -> task<> { all.push_back(co_await s.log_in()); };
    for (std::size_t i = 0; i < many; ++i) s.play({logs_in});
    BOOST_TEST(s.gate().connections() == many);
    // What the logins needed is given back at the next look at the clock.
    const auto held = [before] { return allocated() - before; };
    s.run_until([&] { return held() < 64 * mebibyte; });
    BOOST_TEST_MESSAGE(held() / many << " bytes for a connection, both ends of it");
    all.clear();
    s.finish();
}

BOOST_AUTO_TEST_CASE(l08_a_hundred_without_a_login_fit_into_20_mib) {
    const std::string identification = "SSH-2.0-test\r\n";
    // The most of a packet that may come before the login.
    const std::string packet =
        identification + std::string("\0\0\xff\xfc\x05\x14", 6) + std::string(65'000, 'x');
    for (const std::string& words : {std::string(), identification, packet}) {
        bastion_scene s;
        be_quiet(s);
        log_in_and_leave(s, 2);
        std::vector<tcp::socket> kept;
        kept.reserve(100);
        const std::size_t before = allocated();
        connect_many(s, 100, words, kept);
        const std::size_t held = allocated() - before;
        BOOST_TEST(s.gate().starting() == 100U);
        BOOST_TEST_MESSAGE(held / 100 << " bytes for a connection without a login");
        BOOST_TEST(held < 20 * mebibyte);
        BOOST_TEST(held / 100 <= 192 * kibibyte);
        s.finish();
    }
}

// In the middle of a login: all keys are there, and a method has been tried.
BOOST_AUTO_TEST_CASE(l08_a_hundred_that_have_failed_once_fit_into_20_mib) {
    bastion_scene s;
    be_quiet(s);
    std::vector<std::unique_ptr<test_client>> all;
    all.reserve(100);
    const auto tries = [&]() -> task<> {
        auto c = co_await s.raw();
        co_await c->shake();
        co_await c->begin_login();
        static_cast<void>(co_await c->ask(c->key_request(8, 8)));
        all.push_back(std::move(c));
    };
    for (int i = 0; i < 100; ++i) s.play({tries});
    BOOST_TEST(s.gate().starting() == 100U);
    // The clients hold more than the server, and go on holding it when the server goes.
    const std::size_t before = allocated();
    s.gate().close();
    s.step();
    const std::size_t held = before - allocated();
    BOOST_TEST(s.gate().starting() == 0U);
    BOOST_TEST_MESSAGE(held / 100 << " bytes for a connection that has failed once");
    BOOST_TEST(held > 100 * kibibyte);
    BOOST_TEST(held < 20 * mebibyte);
    BOOST_TEST(held / 100 <= 192 * kibibyte);
    all.clear();
    s.finish();
}

// Nine of ten are refused.
BOOST_AUTO_TEST_CASE(a23_channels_that_come_and_go_leave_nothing_behind) {
    bastion_scene s;
    be_quiet(s);
    s.allows = [](const adit::forward_question& q) { return q.target.port != 1; };
    target_host target(s.ctx);
    std::unique_ptr<adit::client> ssh;
    const auto logs_in = [&]() -> task<> { ssh = co_await s.log_in(); };
    s.play({logs_in});
    std::size_t opened = 0;
    const auto churns = [&](std::size_t times) -> task<> {
        for (std::size_t i = 0; i < times; ++i) {
            const bool refused = i % 10 != 0;
            adit::target to("127.0.0.1", refused ? std::uint16_t{1} : target.port());
            auto opening = ssh->async_open(std::move(to), asio::as_tuple(asio::deferred));
            auto outcome = co_await std::move(opening);
            BOOST_REQUIRE(static_cast<bool>(std::get<0>(outcome)) == refused);
            s.asked.clear();
            if (refused) continue;
            ++opened;
            static_cast<void>(co_await target.take());
        }
        while (s.link().channels().size() != 0) co_await asio::post(asio::deferred);
    };
    s.play({[&] { return churns(1000); }});
    s.step();
    const std::size_t before = allocated();
    const std::ptrdiff_t open = descriptors();
    s.play({[&] { return churns(20'000); }});
    s.step();
    BOOST_TEST_MESSAGE(before << " bytes before, " << allocated() << " after");
    BOOST_TEST(allocated() <= before + 64 * kibibyte);
    BOOST_TEST(descriptors() == open);
    BOOST_TEST(opened == 2100U);
    ssh.reset();
    s.finish();
}

BOOST_AUTO_TEST_SUITE_END()
