// null_cipher.hpp: nothing changes.
#include "support/test.hpp"

#include <adit/crypto/null_cipher.hpp>

using adit::byte;
using adit::errc;

BOOST_AUTO_TEST_SUITE(null_cipher)

BOOST_AUTO_TEST_CASE(changes_nothing_and_reads_the_length) {
    adit::crypto::null_opener opener;
    adit::crypto::null_sealer sealer;
    const std::vector<byte> original{0x01, 0x02, 0x03, 0x04, 5, 6, 7, 8};
    auto packet = original;
    BOOST_TEST(opener.length(packet, 3) == 0x01020304U);
    BOOST_TEST((sealer.seal(packet, 0) == errc::ok));
    BOOST_TEST((opener.open(packet, 0) == errc::ok));
    BOOST_TEST((packet == original));
    BOOST_TEST((opener.shape() == adit::crypto::packet_shape{8, 0, 4, true}));
    BOOST_TEST((sealer.shape() == opener.shape()));
}

BOOST_AUTO_TEST_CASE(a_packet_without_a_body_is_refused) {
    std::vector<byte> packet(4);
    BOOST_TEST((adit::crypto::null_opener{}.open(packet, 0) == errc::invalid_packet_length));
    BOOST_TEST((adit::crypto::null_sealer{}.seal(packet, 0) == errc::encryption_failed));
}

BOOST_AUTO_TEST_SUITE_END()
