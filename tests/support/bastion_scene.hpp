// A bastion on a free port of the loopback, its clients and its targets on one io_context: play()
// runs the parts of a dialogue until all have ended. Used by the tests of the door bastion.hpp, and
// by tests/heavy. The clients are ours (log_in), or test_client.hpp's where a test says what is
// sent message by message (raw).
// Invariants: one thread, no sleeping; a part that throws fails the test, and one that hangs does
// after half a minute; finish() requires that nothing waits and that no place is held (A19).
#pragma once

#include "support/scene.hpp"
#include "support/server_scene.hpp"

#include <adit/bastion.hpp>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <ranges>

namespace adit::test {

/// Lets tests look at the guests of a bastion.
template <auto Member>
struct reveal_bastion_state {
    friend auto& state_of(bastion& b) { return b.*Member; }
};
auto& state_of(bastion& b);
template struct reveal_bastion_state<&bastion::state_>;

/// Lets sample key 7 in, and the password "canary-password" whose next factor is the code "918273".
class bastion_judge final : public authenticator {
public:
    [[nodiscard]] task<answer> check_key(const key_question& q) override {
        ++asked;
        for (int i = 0; i < turns; ++i) co_await asio::post(asio::deferred);
        if (*q.key == sample_public_key(7)) co_return grant;
        co_return answer();
    }
    [[nodiscard]] task<answer> check_password(const login_question&,
                                              const secret_bytes& password) override {
        ++asked;
        if (as_text(password) == "canary-password") co_return grant;
        co_return answer();
    }
    [[nodiscard]] task<answer> converse(prompt_dialogue& dialogue) override {
        ++asked;
        std::vector<prompt> prompts{{"Code: ", false}};
        auto asking = dialogue.ask("", "", std::move(prompts));
        const std::vector<secret_bytes> answers = co_await std::move(asking);
        if (as_text(answers.at(0)) == "918273") co_return grant;
        co_return answer();
    }

    permissions grant = permissions::all();
    std::size_t asked = 0;
    int turns = 0;  ///< that a key takes
};

template <class Fields>
[[nodiscard]] std::vector<byte> data_of(const Fields& fields) {
    std::vector<byte> data(wire::fields_size(fields));
    wire::writer w(data);
    wire::put_fields(w, fields);
    return data;
}

/// A listening socket of a target's, and what it takes.
class target_host {
public:
    explicit target_host(asio::io_context& ctx)
        : acceptor_(ctx, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

    using tcp = asio::ip::tcp;
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    [[nodiscard]] target at() const { return {"127.0.0.1", port()}; }
    [[nodiscard]] task<tcp::socket> take() {
        tcp::socket accepted(acceptor_.get_executor());
        auto accepting = acceptor_.async_accept(accepted, asio::deferred);
        co_await std::move(accepting);
        co_return accepted;
    }
    /// Whether somebody waits to be taken.
    [[nodiscard]] bool was_called() {
        tcp::socket accepted(acceptor_.get_executor());
        error_code ec;
        acceptor_.non_blocking(true);
        acceptor_.accept(accepted, ec);
        return !ec;
    }
    void close() { acceptor_.close(); }

private:
    tcp::acceptor acceptor_;
};

class bastion_scene {
public:
    using tcp = asio::ip::tcp;
    using part = std::function<task<>()>;
    using kind = audit_event::kind;

    bastion_scene();
    ~bastion_scene();

    asio::io_context ctx;
    std::shared_ptr<bastion_judge> judge = std::make_shared<bastion_judge>();
    std::shared_ptr<server_options> server_side;
    std::optional<bastion_options> options;
    client_options client_side = sample_options();
    std::vector<audit_event> events;
    std::vector<std::string> asked;  ///< of the policy: the target, and the address behind it
    std::function<bool(const forward_question&)> allows;  ///< the policy's answer; empty: yes

    /// Made, and listening.
    [[nodiscard]] bastion& gate();
    void remove_gate() { gate_.reset(); }

    /// A connection to the bastion and nothing more.
    [[nodiscard]] task<tcp::socket> dial(std::string from = "127.0.0.1");
    /// A client of ours, logged in.
    [[nodiscard]] task<std::unique_ptr<client>> log_in();
    /// One of a test, before its identification, and logged in.
    [[nodiscard]] task<std::unique_ptr<test_client>> raw();
    [[nodiscard]] task<std::unique_ptr<test_client>> raw_logged_in();

    void play(std::vector<part> parts);
    /// Everything that can happen without the clock.
    void step() {
        ctx.restart();
        while (ctx.poll() != 0) {}
    }
    /// Runs until this holds.
    void run_until(const std::function<bool()>& holds);
    void finish();

    [[nodiscard]] std::size_t count(kind what) const {
        return static_cast<std::size_t>(std::ranges::count(events, what, &audit_event::what));
    }
    /// The latest of its kind.
    [[nodiscard]] const audit_event& last(kind what) const;
    /// The connection behind the latest guest.
    [[nodiscard]] detail::connection& link() {
        return *state_of(state_of(gate())->guests.back()->peer())->link;
    }

private:
    std::optional<bastion> gate_;
};

// Lines of a dialogue of a raw client.

/// What a bastion answers to an open: 0 and its number of the channel, or its reason and words.
struct open_answer {
    std::uint32_t reason = 0, channel = 0;
    std::string words;
};
[[nodiscard]] task<open_answer> ask_open(test_client& c, std::string type, std::vector<byte> data);
/// direct-tcpip.
[[nodiscard]] task<open_answer> ask_direct(test_client& c, std::string host, std::uint32_t port);
/// A request that wants a reply: its data, or none where it failed.
[[nodiscard]] task<std::optional<std::vector<byte>>> ask_global(test_client& c, std::string name,
                                                                std::vector<byte> data);
/// tcpip-forward and its cancellation; the port of the listener, 0: refused.
[[nodiscard]] task<std::uint16_t> ask_listen(test_client& c, std::string host, std::uint32_t port);

// Details.

inline bastion_scene::bastion_scene() {
    const host_key_signers host_keys{std::make_shared<key_signer>(sample_key(1))};
    server_side = std::make_shared<server_options>(host_keys, judge);
    server_side->algorithms = fast_algorithms();
    server_side->limits.failure_delay = {};
    server_side->audit = [this](const audit_event& e) { events.push_back(e); };
    options.emplace(server_side);
    options->exchanges.threads = 0;  // so that step() is all that can happen
    options->guests.policy = [this](const forward_question& q) -> task<bool> {
        asked.push_back(q.target.to_string() + (q.address ? " " + q.address->to_string() : ""));
        co_return !allows || allows(q);
    };
}

inline bastion_scene::~bastion_scene() {
    if (gate_) gate_->close();
    step();
}

inline bastion& bastion_scene::gate() {
    if (!gate_) {
        gate_.emplace(ctx.get_executor(), *options);
        gate_->listen();
    }
    return *gate_;
}

inline auto bastion_scene::dial(std::string from) -> task<tcp::socket> {
    tcp::socket socket(ctx.get_executor());
    socket.open(tcp::v4());
    socket.bind({asio::ip::make_address(from), 0});
    auto connecting = socket.async_connect(gate().endpoints().at(0), asio::deferred);
    co_await std::move(connecting);
    co_return socket;
}

inline task<std::unique_ptr<client>> bastion_scene::log_in() {
    tcp::socket socket = co_await dial();
    auto ssh = std::make_unique<client>(std::move(socket), client_side);
    auto shaking = ssh->async_handshake(asio::deferred);
    co_await std::move(shaking);
    co_return ssh;
}

inline task<std::unique_ptr<test_client>> bastion_scene::raw() {
    tcp::socket socket = co_await dial();
    struct client_side plain;
    auto c = std::make_unique<test_client>(std::move(socket), plain);
    co_return c;
}

inline task<std::unique_ptr<test_client>> bastion_scene::raw_logged_in() {
    auto c = co_await raw();
    co_await c->shake();
    co_await c->log_in(7);
    co_return c;
}

inline void bastion_scene::play(std::vector<part> parts) {
    static_cast<void>(gate());
    std::size_t left = parts.size();
    std::exception_ptr failure;
    for (part& p : parts) {
        asio::co_spawn(ctx, p, [&left, &failure](std::exception_ptr thrown) {
            --left;
            if (thrown && !failure) failure = thrown;
        });
    }
    run_until([&] { return left == 0 || failure; });
    if (failure) std::rethrow_exception(failure);
}

inline void bastion_scene::run_until(const std::function<bool()>& holds) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    ctx.restart();
    while (!holds() && ctx.run_one_until(limit) != 0) {}
    BOOST_REQUIRE_MESSAGE(holds(), "a part of the dialogue hangs");
}

inline void bastion_scene::finish() {
    gate().close();
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    ctx.restart();
    while (ctx.run_one_until(limit) != 0) {}
    BOOST_TEST(ctx.stopped());
    BOOST_TEST(gate().connections() == 0U);
    BOOST_TEST(gate().starting() == 0U);
}

inline const audit_event& bastion_scene::last(kind what) const {
    const auto reversed = std::views::reverse(events);
    const auto found = std::ranges::find(reversed, what, &audit_event::what);
    if (found == reversed.end()) throw std::logic_error(std::string("no ") + name_of(what));
    return *found;
}

inline task<open_answer> ask_open(test_client& c, std::string type, std::vector<byte> data) {
    c.send(wire::channel_open{type, 5, 1U << 20U, 1U << 15U, {data}});
    co_await c.flush();
    const protocol::packet packet = co_await c.port().receive_packet();
    open_answer answer;
    if (packet.id() == wire::message_id::channel_open_confirmation) {
        const auto m = value_of(wire::decode<wire::channel_open_confirmation>(packet.payload));
        answer.channel = m.sender_channel;
    } else {
        const auto m = value_of(wire::decode<wire::channel_open_failure>(packet.payload));
        answer.reason = m.reason_code;
        answer.words = std::string(m.description);
    }
    co_return answer;
}

inline task<open_answer> ask_direct(test_client& c, std::string host, std::uint32_t port) {
    const wire::direct_tcpip fields{host, port, "127.0.0.1", 4711};
    co_return co_await ask_open(c, "direct-tcpip", data_of(fields));
}

inline task<std::optional<std::vector<byte>>> ask_global(test_client& c, std::string name,
                                                         std::vector<byte> data) {
    c.send(wire::global_request{name, true, {data}});
    co_await c.flush();
    const protocol::packet packet = co_await c.port().receive_packet();
    std::optional<std::vector<byte>> answer;
    if (packet.id() == wire::message_id::request_success) {
        answer.emplace(packet.payload.begin() + 1, packet.payload.end());
    } else if (packet.id() != wire::message_id::request_failure) {
        throw std::logic_error("ask_global: message " + std::to_string(packet.payload[0]));
    }
    co_return answer;
}

inline task<std::uint16_t> ask_listen(test_client& c, std::string host, std::uint32_t port) {
    const wire::tcpip_forward fields{host, port};
    const auto answer = co_await ask_global(c, "tcpip-forward", data_of(fields));
    if (!answer) co_return 0;
    if (port != 0) co_return static_cast<std::uint16_t>(port);
    const auto m = value_of(wire::decode_fields<wire::tcpip_forward_reply>(*answer));
    co_return static_cast<std::uint16_t>(m.port_bound);
}

}  // namespace adit::test
