// The table of key types: what an Ed25519 blob must look like after its name.
#include "support/test.hpp"

#include <adit/keys/key_types.hpp>

using namespace adit;

namespace {

std::vector<byte> point_of(std::size_t declared, std::size_t present) {
    std::vector<byte> fields(4 + present, 7);
    wire::writer w(fields);
    w.put_u32(static_cast<std::uint32_t>(declared));
    return fields;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_types)

BOOST_AUTO_TEST_CASE(every_row_is_found_by_its_name_and_nothing_else_is) {
    for (const keys::key_type& row : keys::key_types) {
        BOOST_TEST(keys::find_key_type(row.name) == &row);
    }
    for (const std::string_view name :
         {"", "ssh-ed2551", "ssh-ed25519 ", "SSH-ED25519", "ssh-dss"}) {
        BOOST_TEST(keys::find_key_type(name) == nullptr);
    }
}

BOOST_AUTO_TEST_CASE(c34_an_ed25519_point_has_exactly_32_bytes) {
    const keys::key_type& ed25519 = *keys::find_key_type("ssh-ed25519");
    BOOST_TEST((ed25519.check(point_of(32, 32)) == errc::ok));
    for (const std::size_t size : {0U, 1U, 31U, 33U, 64U}) {
        BOOST_TEST((ed25519.check(point_of(size, size)) == errc::malformed_field));
    }
    BOOST_TEST((ed25519.check(point_of(32, 31)) == errc::message_truncated));
    BOOST_TEST((ed25519.check(point_of(32, 33)) == errc::trailing_bytes));
    BOOST_TEST((ed25519.check({}) == errc::message_truncated));
}

BOOST_AUTO_TEST_SUITE_END()
