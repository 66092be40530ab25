// adit/transport/ext_info.hpp: the extensions of a peer, bounded by the bytes that are there.
#include "support/test.hpp"

#include <adit/transport/ext_info.hpp>

namespace wire = adit::wire;
using adit::byte;
using adit::errc;

namespace {

struct pair {
    std::string name, value;
};

std::vector<byte> message(std::uint32_t count, const std::vector<pair>& pairs) {
    std::vector<byte> bytes(64 * 1024);
    wire::writer w(bytes);
    w.put_u8(static_cast<byte>(wire::message_id::ext_info));
    w.put_u32(count);
    for (const pair& p : pairs) {
        w.put_string(adit::as_bytes(p.name));
        w.put_string(adit::as_bytes(p.value));
    }
    bytes.resize(w.size());
    return bytes;
}

errc read(const std::vector<byte>& payload, adit::peer_extensions& known) {
    return adit::read_ext_info(payload, adit::limits(), known);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ext_info)

BOOST_AUTO_TEST_CASE(known_names_are_kept_and_others_ignored) {
    adit::peer_extensions known;
    const auto payload = message(3, {{"a@b", "1"}, {"server-sig-algs", "x,y"}, {"delay", ""}});
    BOOST_TEST((read(payload, known) == errc::ok));
    BOOST_TEST(known.server_sig_algs.value_or("") == "x,y");
    BOOST_TEST(known.messages == 1U);
}

BOOST_AUTO_TEST_CASE(later_value_wins) {
    adit::peer_extensions known;
    const auto payload = message(2, {{"server-sig-algs", "x"}, {"server-sig-algs", "y"}});
    BOOST_TEST((read(payload, known) == errc::ok));
    BOOST_TEST(known.server_sig_algs.value_or("") == "y");
}

BOOST_AUTO_TEST_CASE(values_may_hold_nul) {
    adit::peer_extensions known;
    const std::string value("a\0b", 3);
    BOOST_TEST((read(message(1, {{"server-sig-algs", value}}), known) == errc::ok));
    BOOST_TEST((known.server_sig_algs == value));
}

BOOST_AUTO_TEST_CASE(none_at_all_is_legal) {
    adit::peer_extensions known;
    BOOST_TEST((read(message(0, {}), known) == errc::ok));
    BOOST_TEST(!known.server_sig_algs.has_value());
}

BOOST_AUTO_TEST_CASE(c26_count_is_bounded_by_the_bytes) {
    adit::peer_extensions known;
    BOOST_TEST((read(message(0xffffffffU, {}), known) == errc::field_too_long));
    BOOST_TEST((read(message(1025, {}), known) == errc::field_too_long));
    BOOST_TEST((read(message(2, {{"a", "b"}}), known) == errc::message_truncated));
    BOOST_TEST((read(message(1, {{"a", "b"}, {"c", "d"}}), known) == errc::trailing_bytes));
    BOOST_TEST(known.messages == 1U);
}

BOOST_AUTO_TEST_CASE(c26_a_thousand_and_24_are_the_most) {
    adit::peer_extensions known;
    const std::vector<pair> all(1024, pair{"n@t", "v"});
    BOOST_TEST((read(message(1024, all), known) == errc::ok));
    const std::vector<pair> more(1025, pair{"n@t", "v"});
    BOOST_TEST((read(message(1025, more), known) == errc::field_too_long));
}

BOOST_AUTO_TEST_SUITE_END()
