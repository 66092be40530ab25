// adit/transport/packet_port.hpp: what the seam adds to its two ends: whole messages, and secrets
// whose packets are padded (C36) inside the room that is theirs.
#include "support/fixed_random.hpp"
#include "support/memory_stream.hpp"
#include "support/test.hpp"

#include <adit/detail/erase.hpp>
#include <adit/transport/packet_stream.hpp>
#include <adit/wire/auth_messages.hpp>

#include <boost/asio/io_context.hpp>

namespace wire = adit::wire;

BOOST_AUTO_TEST_SUITE(packet_port)

BOOST_AUTO_TEST_CASE(c36_padded_secret_stays_in_its_place) {
    boost::asio::io_context ctx;
    adit::test::fixed_random random;
    // The largest that any cipher makes of it: 131 of padding, 64 of a tag.
    constexpr std::size_t behind = adit::protocol::secret_packet_step + 3 + 64;
    for (std::size_t size = 0; size < 8500; size += 13) {
        auto [ours, theirs] = adit::test::memory_pair(ctx.get_executor());
        adit::packet_stream stream(adit::packet_stream_parts(
            adit::detail::erase(std::move(ours)), adit::protocol::role::client, {}, random));
        stream.send(wire::service_request{"ssh-userauth"});
        const std::string password(size, 'p');
        wire::userauth_password_request request;
        request.password = {password};
        stream.send_secret(request);
        const auto& secret = stream.queue().back();
        const std::size_t end = secret.offset + secret.size + behind;
        BOOST_TEST(end <= secret.memory.size());
        const auto next = stream.reserve(1);
        if (next.memory.same_slab(secret.memory)) {
            BOOST_TEST(next.offset - adit::protocol::packet_front >= end);
        }
        BOOST_TEST(secret.pad_to == adit::protocol::secret_packet_step);
    }
}

BOOST_AUTO_TEST_SUITE_END()
