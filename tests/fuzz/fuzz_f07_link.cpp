// F07: our client at our server, from the identification to the last byte, through a link that cuts
// the stream into other pieces, delays them, flips a bit, or ends; new keys are begun at points
// that the input chooses. Some channels echo what the client writes. What must hold: what arrives
// is a beginning of what was written, and all of it where the link was honest; a dishonest link
// ends in an error at both ends; nothing hangs; and where both ends are there at the end, they
// agree on the session, the exchanges and the sequence numbers. Deterministic but for the clock,
// which nothing here waits for. Over 300 lines: a link, the two errands on it, and one scene.
#include "fuzz/check.hpp"
#include "fuzz/input_bytes.hpp"
#include "support/fixed_random.hpp"
#include "support/memory_stream.hpp"
#include "support/sample_keys.hpp"

#include <adit/client.hpp>
#include <adit/server.hpp>
#include <adit/trust.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace adit::fuzz {

/// Lets the target look at the connections, and begin new keys when it likes.
template <auto Member>
struct reveal_client {
    friend auto& state_of(client& c) { return c.*Member; }
};
auto& state_of(client& c);
template struct reveal_client<&client::state_>;
template <auto Member>
struct reveal_server {
    friend auto& state_of(server& s) { return s.*Member; }
};
auto& state_of(server& s);
template struct reveal_server<&server::state_>;
template <auto Member>
struct reveal_rekey {
    friend void begin_rekey_of(detail::connection& c) { (c.*Member)(); }
};
void begin_rekey_of(detail::connection& c);
template struct reveal_rekey<&detail::connection::begin_rekey>;

}  // namespace adit::fuzz

namespace {

namespace asio = boost::asio;
using adit::byte;
using adit::bytes_view;
using adit::channel;
using adit::error_code;
using adit::task;
using adit::detail::connection;
using adit::fuzz::check;
using adit::fuzz::input_bytes;
using adit::test::memory_stream;

/// One direction of the link: takes in what one end writes, and hands on what it is told to.
class wire_way {
public:
    wire_way(memory_stream& from, memory_stream& to) : from_(from), to_(to) { listen(); }
    [[nodiscard]] bool is_empty() const { return held_.empty(); }
    /// Hands on so many bytes at most.
    void pass(std::size_t most) {
        const std::size_t n = std::min(most, held_.size());
        if (n == 0) return;
        auto piece = std::make_shared<std::vector<byte>>(
            held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(n));
        held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(n));
        to_.async_write_some(asio::buffer(*piece), [piece](error_code, std::size_t) {});
    }
    /// Changes a bit of what is held; whether there was one.
    [[nodiscard]] bool flip(std::size_t at, unsigned bit) {
        if (held_.empty()) return false;
        held_[at % held_.size()] ^= static_cast<byte>(1U << (bit % 8));
        return true;
    }
    void drop() { held_.clear(); }

private:
    void listen() {
        from_.async_read_some(asio::buffer(room_), [this](error_code ec, std::size_t n) {
            held_.insert(held_.end(), room_.begin(),
                         room_.begin() + static_cast<std::ptrdiff_t>(n));
            if (ec) return to_.shutdown_send();
            listen();
        });
    }

    memory_stream& from_;
    memory_stream& to_;
    std::vector<byte> room_ = std::vector<byte>(16 * 1024);
    std::deque<byte> held_;
};

/// Lets sample key 7 in.
class lets_seven_in final : public adit::authenticator {
public:
    [[nodiscard]] task<answer> check_key(const adit::key_question& q) override {
        const bool good = *q.key == adit::test::sample_public_key(7);
        co_return good ? answer(adit::permissions::all()) : answer();
    }
};

[[nodiscard]] byte pattern(std::size_t stream, std::uint64_t offset) {
    return static_cast<byte>(stream * 37 + offset * 131 + (offset >> 8U) * 3);
}

/// The client's end of one channel: writes so many bytes and reads them again.
struct errand {
    channel stream;
    std::size_t number = 0;
    std::uint64_t size = 0, written = 0, back = 0;
    bool opened = false, ended = false, failed = false;

    void go_on() {
        if (!opened || failed) return;
        std::array<byte, 4096> room{};
        while (stream.core() != nullptr && written < size) {
            const std::size_t n = std::min<std::size_t>(room.size(), size - written);
            for (std::size_t i = 0; i < n; ++i) room[i] = pattern(number, written + i);
            const adit::io_result done = stream.try_write(asio::buffer(room.data(), n));
            written += done.size;
            if (done.size == 0) break;
            if (written == size) stream.shutdown_send();
        }
        for (;;) {
            const adit::io_result got = stream.try_read(asio::buffer(room));
            for (std::size_t i = 0; i < got.size; ++i) {
                check(room[i] == pattern(number, back++), "every byte comes back once, in order");
            }
            ended = ended || got.ec == asio::error::eof;
            failed = got.ec && got.ec != asio::error::eof && got.ec != asio::error::would_block;
            if (got.size == 0) break;
        }
        check(back <= written, "nothing comes back that was not written");
        check(!ended || (back == size && written == size), "an end of data is behind all data");
    }
};

/// The server's end of one: echoes.
struct echo {
    channel stream;
    std::vector<byte> held;
    bool over = false;

    void go_on() {
        if (over) return;
        std::array<byte, 4096> room{};
        bool ended = false;
        while (held.size() < 16 * 1024 && !ended) {
            const adit::io_result got = stream.try_read(asio::buffer(room));
            held.insert(held.end(), room.begin(),
                        room.begin() + static_cast<std::ptrdiff_t>(got.size));
            ended = got.ec && got.ec != asio::error::would_block;
            if (got.size == 0) break;
        }
        while (!held.empty()) {
            const adit::io_result done = stream.try_write(asio::buffer(held));
            held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(done.size));
            if (done.size == 0) break;
        }
        if (ended && held.empty()) {
            stream.shutdown_send();
            over = true;
        }
    }
};

class link_scene {
public:
    explicit link_scene(input_bytes& input);
    void run();

private:
    [[nodiscard]] static adit::algorithm_preferences algorithms(unsigned choice);
    [[nodiscard]] static std::shared_ptr<adit::server_options> server_options(unsigned choice);
    [[nodiscard]] static adit::client_options client_options(unsigned choice);
    void let_happen();
    void open_channels();
    void accept();
    void mischief();
    void rekey(connection& c);
    [[nodiscard]] bool all_done() const;
    void check_agreement();
    void cut();

    input_bytes& input_;
    asio::io_context ctx_{1};
    memory_stream at_client_, at_server_;
    std::optional<adit::client> client_;
    std::optional<adit::server> server_;
    std::shared_ptr<connection> ours_, theirs_;
    std::optional<wire_way> up_, down_;
    std::array<errand, 4> errands_;
    std::deque<echo> echoes_;
    std::size_t channels_ = 1;
    bool client_done_ = false, server_done_ = false, client_in_ = false, server_in_ = false;
    bool accepting_ = false, asked_ = false;
    bool honest_ = true;
};

adit::algorithm_preferences link_scene::algorithms(unsigned choice) {
    struct suite {
        const char* cipher;
        const char* mac;
    };
    constexpr std::array<suite, 4> suites{
        {{"aes128-gcm@openssh.com", "hmac-sha2-256-etm@openssh.com"},
         {"chacha20-poly1305@openssh.com", "hmac-sha2-256-etm@openssh.com"},
         {"aes256-ctr", "hmac-sha2-256"},
         {"aes128-ctr", "hmac-sha2-512-etm@openssh.com"}}};
    adit::algorithm_preferences p;
    p.kex = "curve25519-sha256";
    p.ciphers = suites[(choice >> 2U) & 3U].cipher;
    p.macs = suites[(choice >> 2U) & 3U].mac;
    return p;
}

std::shared_ptr<adit::server_options> link_scene::server_options(unsigned choice) {
    const adit::host_key_signers host_keys{
        std::make_shared<adit::key_signer>(adit::test::sample_key(1))};
    auto o = std::make_shared<adit::server_options>(host_keys, std::make_shared<lets_seven_in>());
    o->random = std::make_shared<adit::test::fixed_random>(byte{4});
    o->algorithms = algorithms(choice);
    adit::limits& l = o->limits;
    l.failure_delay = {};
    l.login_grace = l.identification_timeout = l.kex_timeout = l.keepalive_interval = {};
    l.stalled_write_timeout = {};
    l.rekey_timeout = std::chrono::hours(1);
    if ((choice & 1U) != 0) l.rekey_bytes = 8 * 1024;
    return o;
}

adit::client_options link_scene::client_options(unsigned choice) {
    adit::client_options o(
        "alice", "server.test",
        adit::trust_fingerprints({adit::keys::fingerprint(adit::test::sample_public_key(1))}));
    o.credentials.push_back(adit::key_credential(adit::test::sample_key(7)));
    o.random = std::make_shared<adit::test::fixed_random>(byte{1});
    o.algorithms = algorithms(choice);
    adit::limits& l = o.limits;
    l.handshake_timeout = l.open_timeout = l.keepalive_interval = l.stalled_write_timeout = {};
    l.rekey_timeout = std::chrono::hours(1);
    if ((choice & 2U) != 0) l.rekey_bytes = 6 * 1024;
    return o;
}

link_scene::link_scene(input_bytes& input) : input_(input) {
    const unsigned choice = input.take();
    channels_ = 1 + ((choice >> 4U) & 3U);
    for (std::size_t i = 0; i < errands_.size(); ++i) {
        errands_[i].number = i;
        errands_[i].size = 1 + input.take() * std::uint64_t{97};
    }
    adit::test::pipe_options pipe;
    pipe.record = false;
    pipe.capacity = adit::test::unlimited;
    auto near = adit::test::memory_pair(ctx_.get_executor(), pipe);
    auto far = adit::test::memory_pair(ctx_.get_executor(), pipe);
    at_client_ = std::move(near.second);
    at_server_ = std::move(far.second);
    client_.emplace(std::move(near.first), client_options(choice));
    server_.emplace(std::move(far.first), server_options(choice),
                    adit::peer_address{"192.0.2.7", 4}, 1);
    ours_ = adit::fuzz::state_of(*client_)->link;
    theirs_ = adit::fuzz::state_of(*server_)->link;
    up_.emplace(at_client_, at_server_);
    down_.emplace(at_server_, at_client_);
    client_->async_handshake([this](error_code ec) {
        client_done_ = true;
        client_in_ = !ec;
    });
    server_->async_handshake([this](error_code ec) {
        server_done_ = true;
        server_in_ = !ec;
    });
}

void link_scene::let_happen() {
    for (int i = 0; i < 2; ++i) {
        ctx_.restart();
        ctx_.poll();
        if (client_in_) open_channels();
        if (server_in_) accept();
        for (errand& e : errands_) e.go_on();
        for (echo& e : echoes_) e.go_on();
    }
}

void link_scene::open_channels() {
    if (std::exchange(asked_, true)) return;
    for (std::size_t i = 0; i < channels_; ++i) {
        client_->async_open(adit::target("db", 5432), [this, i](error_code ec, channel opened) {
            errands_[i].opened = !ec;
            errands_[i].failed = static_cast<bool>(ec);
            errands_[i].stream = std::move(opened);
        });
    }
}

void link_scene::accept() {
    if (std::exchange(accepting_, true)) return;
    server_->async_accept([this](error_code ec, adit::incoming asked) {
        if (ec) return;
        accepting_ = false;
        echoes_.push_back({asked.accept(), {}});
    });
}

// C18: one packet at least goes between two exchanges, or the peer objects (L20).
void link_scene::rekey(connection& c) {
    adit::packet_stream& s = c.stream();
    const bool works = !c.finished() && s.phase() == adit::protocol::phase::connection;
    if (!works || s.out().keys_pending() || s.out().packets_since_keys() == 0) return;
    adit::fuzz::begin_rekey_of(c);
}

void link_scene::mischief() {
    const unsigned what = input_.take();
    wire_way& way = (what & 1U) != 0 ? *up_ : *down_;
    const unsigned size = input_.take();
    switch ((what >> 1U) % 8) {
        case 0:
        case 1: way.pass(1 + size); break;
        case 2: way.pass(1 + size * std::size_t{64}); break;
        case 3:
            up_->pass(adit::test::unlimited);
            down_->pass(adit::test::unlimited);
            break;
        case 4: rekey((what & 1U) != 0 ? *ours_ : *theirs_); break;
        case 5:
            rekey(*ours_);
            rekey(*theirs_);
            break;
        case 6:
            if (what < 64 && way.flip(size * std::size_t{7}, what >> 4U)) honest_ = false;
            break;
        default:
            if (what < 192) break;
            way.drop();
            cut();
    }
}

void link_scene::cut() {
    honest_ = false;
    at_client_.close();
    at_server_.close();
}

bool link_scene::all_done() const {
    const auto is_done = [](const errand& e) { return e.ended || e.failed; };
    if (!client_done_ || !server_done_ || !client_in_) return client_done_ && server_done_;
    return std::ranges::all_of(errands_.begin(),
                               errands_.begin() + static_cast<std::ptrdiff_t>(channels_), is_done);
}

// At rest, with nothing on the link.
void link_scene::check_agreement() {
    check(ours_->kex().session_id == theirs_->kex().session_id, "one H at both ends");
    check(ours_->kex().exchanges == theirs_->kex().exchanges, "as many exchanges at both ends");
    check(ours_->kex().agreed.cipher_to_server == theirs_->kex().agreed.cipher_to_server,
          "one cipher at both ends");
    check(ours_->stream().out().sequence() == theirs_->stream().in().sequence() &&
              theirs_->stream().out().sequence() == ours_->stream().in().sequence(),
          "C08: the same numbers at both ends");
    check(ours_->stream().out().packets_since_keys() == theirs_->stream().in().packets_since_keys(),
          "C09: keys changed at the same packet");
}

void link_scene::run() {
    for (int i = 0; i < 2000 && !input_.empty(); ++i) {
        let_happen();
        mischief();
    }
    // From here on the link does its best; what does not move any more is cut, if it was harmed.
    for (int turns = 0;; ++turns) {
        check(turns < 20'000, "everything ends in bounded turns");
        let_happen();
        const bool moves = !up_->is_empty() || !down_->is_empty();
        up_->pass(adit::test::unlimited);
        down_->pass(adit::test::unlimited);
        if (!moves) break;
    }
    if (!honest_) cut();
    for (int i = 0; i < 4; ++i) let_happen();
    check(all_done(), "nothing hangs");
    if (honest_) {
        check(client_in_ && server_in_, "an honest link lets a client log in");
        for (std::size_t i = 0; i < channels_; ++i) {
            check(errands_[i].ended, "all that was written comes back over an honest link");
        }
        check_agreement();
    } else {
        check(!client_->is_open() && !server_->is_open(), "a link that was cut ends both");
    }
    for (errand& e : errands_) e.stream = channel();
    echoes_.clear();
    client_->close();
    server_->close();
    let_happen();
    at_client_.close();
    at_server_.close();
    let_happen();
    check(ctx_.stopped(), "all ends with the connection");
    const std::array<adit::slab_pool, 2> pools{ours_->stream().pool(), theirs_->stream().pool()};
    client_.reset();
    server_.reset();
    ours_.reset();
    theirs_.reset();
    for (const auto& pool : pools) check(pool.in_use() == 0, "T31: no slab is held");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    input_bytes input({data, size});
    link_scene(input).run();
    return 0;
}
