// Whole first key exchanges, thousands of each method: both halves of transport/ over packet_stream
// in memory, with K, H, a host key's signature, NEWKEYS and a message under the new keys. A secret
// is short or has its first bit set once in 256 or 2 times, and whoever encodes K wrongly there
// works almost always (C11). K is known here from a twin of the client's key, made of the same
// randomness. In release builds only; the fixed vectors of such secrets, in every build, are in
// unit/crypto: curve25519, ecdh_nist, dh_group and key_agreement.
#include "support/fixed_random.hpp"
#include "support/memory_stream.hpp"
#include "support/print.hpp"
#include "support/sample_keys.hpp"
#include "support/test.hpp"

#include <adit/detail/erase.hpp>
#include <adit/transport/kex_client.hpp>
#include <adit/transport/kex_server.hpp>
#include <adit/transport/packet_stream.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace asio = boost::asio;
namespace crypto = adit::crypto;
namespace wire = adit::wire;
using adit::byte;
using adit::bytes_view;
using adit::packet_stream;
using adit::secret_bytes;
using adit::task;
using adit::protocol::phase;
using adit::protocol::role;
using adit::test::fixed_random;
using wire::message_id;

namespace {

/// What one method has to go through.
struct course {
    const char* name;
    std::size_t secret_size;  ///< of the raw secret
    unsigned handshakes;
    byte seed;  ///< one whose handshakes meet every form, where they are too few for chance
};

constexpr unsigned many = 2000;
constexpr unsigned some = 200;
constexpr std::array courses{
    course{"mlkem768x25519-sha256", 32, many, 1},
    course{"curve25519-sha256", 32, many, 1},
    course{"curve25519-sha256@libssh.org", 32, many, 1},
    course{"ecdh-sha2-nistp256", 32, many, 1},
    course{"ecdh-sha2-nistp384", 48, many, 1},
    course{"ecdh-sha2-nistp521", 66, many, 1},
    course{"diffie-hellman-group14-sha256", 256, some, 5},
    course{"diffie-hellman-group16-sha512", 512, some, 1},
    course{"diffie-hellman-group18-sha512", 1024, some, 4},
};

/// The messages of one exchange that the twin needs, as they were on the wire.
struct transcript {
    std::vector<byte> client_kexinit, server_kexinit, q_c, q_s, k_s;

    void note(const adit::trace_event& m) {
        switch (wire::peek_id(m.payload).value_or(message_id{})) {
            case message_id::kexinit:
                (m.sent ? client_kexinit : server_kexinit)
                    .assign(m.payload.begin(), m.payload.end());
                break;
            case message_id::kex_ecdh_init: {
                const auto init = wire::decode<wire::kex_ecdh_init>(m.payload).value();
                q_c.assign(init.q_c.begin(), init.q_c.end());
                break;
            }
            case message_id::kex_ecdh_reply: {
                const auto reply = wire::decode<wire::kex_ecdh_reply>(m.payload).value();
                q_s.assign(reply.q_s.begin(), reply.q_s.end());
                k_s.assign(reply.k_s.begin(), reply.k_s.end());
                break;
            }
            default: break;
        }
    }
};

[[nodiscard]] adit::algorithm_preferences only(const std::string& kex) {
    adit::algorithm_preferences p;
    p.kex = kex;
    return p;
}

/// Client and server of one handshake.
class pair_of_halves {
public:
    using ends = std::pair<adit::test::memory_stream, adit::test::memory_stream>;

    struct sources {
        fixed_random &client, &server, &padding;
    };

    pair_of_halves(ends wire_ends, const std::string& kex, sources random)
        : client_(adit::packet_stream_parts(adit::detail::erase(std::move(wire_ends.first)),
                                            role::client, {}, random.padding)),
          server_(adit::packet_stream_parts(adit::detail::erase(std::move(wire_ends.second)),
                                            role::server, {}, random.padding)),
          client_kex_(role::client, only(kex), random.client),
          server_kex_(role::server, only(kex), random.server) {
        client_.listen([this](const adit::trace_event& m) { heard.note(m); });
    }

    /// Both halves, to the first message under the new keys and its answer.
    void run(asio::io_context& ctx) {
        std::exception_ptr failure;
        const auto ended = [&failure](std::exception_ptr thrown) {
            if (thrown) failure = thrown;
        };
        asio::co_spawn(ctx, serve(), ended);
        asio::co_spawn(ctx, connect(), ended);
        ctx.restart();
        ctx.poll();
        if (failure) std::rethrow_exception(failure);
        BOOST_REQUIRE(ready_);
    }

    [[nodiscard]] const adit::kex_session& client() const { return client_kex_; }
    [[nodiscard]] const adit::kex_session& server() const { return server_kex_; }

    transcript heard;

private:
    task<> serve() {
        server_.send_identification(server_kex_.our_identification);
        adit::send_kexinit(server_, server_kex_);
        server_kex_.their_identification = co_await server_.receive_identification();
        const adit::protocol::packet kexinit = co_await server_.receive_packet();
        co_await adit::kex_server(server_, server_kex_, host_keys_, kexinit, phase::service);
        static_cast<void>(co_await server_.receive<wire::service_request>());
        server_.send(wire::service_accept{"ssh-userauth"});
        co_await server_.flush();
    }
    task<> connect() {
        client_.send_identification(client_kex_.our_identification);
        adit::send_kexinit(client_, client_kex_);
        client_kex_.their_identification = co_await client_.receive_identification();
        const adit::protocol::packet kexinit = co_await client_.receive_packet();
        co_await adit::kex_client(client_, client_kex_, identity_, kexinit, phase::service);
        client_.send(wire::service_request{"ssh-userauth"});
        const auto accepted = co_await client_.receive<wire::service_accept>();
        ready_ = accepted.service_name == "ssh-userauth";
    }

    packet_stream client_, server_;
    adit::kex_session client_kex_, server_kex_;
    adit::host_key_signers host_keys_{
        std::make_shared<adit::key_signer>(adit::test::sample_key(1))};
    adit::host_identity identity_{
        "host", 22, [](const adit::host_key_question&) -> task<adit::host_key_answer> {
            co_return adit::host_key_answer::trusted;
        }};
    bool ready_ = false;
};

struct forms {
    unsigned plain = 0, leading_zero = 0, high_bit = 0;
};

// K as it enters H: an mpint, or a string with every byte for the hybrid.
void count(const course& c, bytes_view k, forms& seen) {
    wire::reader r(k);
    const bytes_view content = r.take_string();
    BOOST_REQUIRE((r.finish() == adit::errc::ok && content.size() >= 2));
    const bool is_string = std::string_view(c.name).starts_with("mlkem");
    const bool sign_byte = !is_string && content[0] == 0;
    const std::size_t size = content.size() - (sign_byte ? 1 : 0);
    BOOST_REQUIRE(size <= c.secret_size);
    if (is_string) BOOST_REQUIRE(size == c.secret_size);
    if (!is_string) BOOST_REQUIRE(sign_byte == ((content[sign_byte ? 1 : 0] & 0x80U) != 0));
    const bool high_bit = is_string ? (content[0] & 0x80U) != 0 : sign_byte;
    const bool leading_zero = is_string ? content[0] == 0 : size < c.secret_size;
    if (high_bit) ++seen.high_bit;
    if (leading_zero) ++seen.leading_zero;
    if (!high_bit && !leading_zero) ++seen.plain;
}

// K, from the same randomness as the client's: the cookie first, then the key.
[[nodiscard]] secret_bytes twins_secret(const crypto::kex_algorithm& algorithm, fixed_random& twin,
                                        const transcript& heard) {
    std::array<byte, 16> cookie{};
    twin.fill(cookie);
    const auto agreement = algorithm.make_client(twin);
    BOOST_REQUIRE(agreement != nullptr);
    BOOST_REQUIRE(wire::same_bytes(agreement->public_value(), heard.q_c));
    return agreement->shared_secret(heard.q_s).value();
}

void run(std::string_view name) {
    const auto* const c = std::ranges::find(courses, name, &course::name);
    BOOST_REQUIRE(c != courses.end());
    const crypto::kex_algorithm* algorithm = crypto::find_kex(c->name);
    BOOST_REQUIRE(algorithm != nullptr);
    asio::io_context ctx;
    fixed_random client(c->seed);
    fixed_random twin(c->seed);
    fixed_random server(100);
    fixed_random padding(101);
    forms seen;
    for (unsigned i = 0; i < c->handshakes; ++i) {
        pair_of_halves both(adit::test::memory_pair(ctx.get_executor()), c->name,
                            {client, server, padding});
        both.run(ctx);
        const transcript& t = both.heard;
        const secret_bytes k = twins_secret(*algorithm, twin, t);
        const secret_bytes h = adit::protocol::exchange_hash(
            algorithm->hash, {adit::as_bytes(both.client().our_identification),
                              adit::as_bytes(both.server().our_identification), t.client_kexinit,
                              t.server_kexinit, t.k_s, t.q_c, t.q_s, k});
        BOOST_REQUIRE((both.client().session_id == h));
        BOOST_REQUIRE((both.server().session_id == h));
        count(*c, k, seen);
    }
    BOOST_TEST_MESSAGE(c->name << ": " << seen.plain << " plain, " << seen.leading_zero
                               << " with leading zeros, " << seen.high_bit << " with a high bit");
    BOOST_TEST(seen.plain > 0U);
    BOOST_TEST(seen.leading_zero > 0U);
    BOOST_TEST(seen.high_bit > 0U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handshakes)

BOOST_AUTO_TEST_CASE(c11_every_method_of_the_table_has_its_course) {
    BOOST_TEST(courses.size() == crypto::kex_algorithms.size());
    for (const course& c : courses) BOOST_TEST((crypto::find_kex(c.name) != nullptr));
}

BOOST_AUTO_TEST_CASE(c11_c23_two_thousand_of_mlkem768x25519) { run("mlkem768x25519-sha256"); }
BOOST_AUTO_TEST_CASE(c11_two_thousand_of_curve25519) { run("curve25519-sha256"); }
BOOST_AUTO_TEST_CASE(c11_two_thousand_of_curve25519_as_libssh) {
    run("curve25519-sha256@libssh.org");
}
BOOST_AUTO_TEST_CASE(c11_two_thousand_of_nistp256) { run("ecdh-sha2-nistp256"); }
BOOST_AUTO_TEST_CASE(c11_two_thousand_of_nistp384) { run("ecdh-sha2-nistp384"); }
BOOST_AUTO_TEST_CASE(c11_two_thousand_of_nistp521) { run("ecdh-sha2-nistp521"); }
BOOST_AUTO_TEST_CASE(c11_two_hundred_of_group14) { run("diffie-hellman-group14-sha256"); }
BOOST_AUTO_TEST_CASE(c11_two_hundred_of_group16) { run("diffie-hellman-group16-sha512"); }
BOOST_AUTO_TEST_CASE(c11_two_hundred_of_group18) { run("diffie-hellman-group18-sha512"); }

BOOST_AUTO_TEST_SUITE_END()
