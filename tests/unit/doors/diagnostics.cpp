// Tests of adit/diagnostics.hpp: what a peer said is safe to print (C04, A25); the one line.
#include "support/test.hpp"

#include <adit/diagnostics.hpp>

namespace {

using adit::errc;
using adit::escaped;

BOOST_AUTO_TEST_SUITE(diagnostics)

BOOST_AUTO_TEST_CASE(c04_printable_text_stays_as_it_is) {
    const std::string ascii = " !\"#$%&'()*+,-./0189:;<=>?@AZ[]^_`az{|}~";
    BOOST_TEST(escaped(ascii) == ascii);
    // é, €, 日, 😀: two, three, three and four bytes.
    const std::string wide = "\xc3\xa9 \xe2\x82\xac \xe6\x97\xa5 \xf0\x9f\x98\x80";
    BOOST_TEST(escaped(wide) == wide);
    BOOST_TEST(escaped("").empty());
}

BOOST_AUTO_TEST_CASE(c04_controls_are_escaped) {
    BOOST_TEST(escaped("a\r\nb\t\x7f") == "a\\x0d\\x0ab\\x09\\x7f");
    BOOST_TEST(escaped(std::string_view("\0", 1)) == "\\x00");
    for (char c = 0; c < ' '; ++c) BOOST_TEST(escaped({&c, 1}).starts_with("\\x"));
}

BOOST_AUTO_TEST_CASE(c04_nobody_can_imitate_an_escape) {
    BOOST_TEST(escaped("\\x1b") == "\\x5cx1b");
}

BOOST_AUTO_TEST_CASE(a25_terminal_sequences_are_escaped) {
    BOOST_TEST(escaped("\x1b[2J") == "\\x1b[2J");
    BOOST_TEST(escaped("\x1b]0;title\x07") == "\\x1b]0;title\\x07");
    BOOST_TEST(escaped("\xc2\x9b"
                       "31m") == "\\xc2\\x9b31m");  // CSI as one code point
    BOOST_TEST(escaped("\x9b") == "\\x9b");         // and as one byte
}

BOOST_AUTO_TEST_CASE(a25_text_cannot_be_reordered_or_hidden) {
    for (const std::string_view hidden :
         {"\xe2\x80\xae", "\xe2\x80\xad", "\xe2\x81\xa6", "\xe2\x80\x8f", "\xe2\x80\x8b",
          "\xe2\x80\xa8", "\xef\xbb\xbf", "\xd8\x9c", "\xc2\xad", "\xf3\xa0\x80\x81"}) {
        const std::string safe = escaped(hidden);
        BOOST_TEST(safe.size() == 4 * hidden.size());
        BOOST_TEST(safe.starts_with("\\x"));
    }
}

BOOST_AUTO_TEST_CASE(a25_malformed_utf8_is_escaped_byte_by_byte) {
    BOOST_TEST(escaped("\xc0\x8a") == "\\xc0\\x8a");                    // overlong LF
    BOOST_TEST(escaped("\xe0\x80\x8a") == "\\xe0\\x80\\x8a");           // overlong LF
    BOOST_TEST(escaped("\xf0\x80\x80\x8a") == "\\xf0\\x80\\x80\\x8a");  // overlong LF
    BOOST_TEST(escaped("\xe0\x9f\xbf") == "\\xe0\\x9f\\xbf");           // overlong U+07FF
    BOOST_TEST(escaped("\xf0\x8f\xbf\xbd") == "\\xf0\\x8f\\xbf\\xbd");  // overlong U+FFFD
    BOOST_TEST(escaped("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // surrogate
    BOOST_TEST(escaped("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
    BOOST_TEST(escaped("\xff") == "\\xff");
    BOOST_TEST(escaped("\xe2\x82") == "\\xe2\\x82");  // cut off
    BOOST_TEST(escaped("\xc3-") == "\\xc3-");         // what follows is read anew
    BOOST_TEST(escaped("\x80") == "\\x80");
}

BOOST_AUTO_TEST_CASE(a25_every_pair_of_bytes_is_safe) {
    for (unsigned pair = 0; pair < 0x10000; ++pair) {
        const std::array<char, 2> text{static_cast<char>(pair >> 8U), static_cast<char>(pair)};
        for (const char c : escaped({text.data(), text.size()})) {
            const bool control = static_cast<adit::byte>(c) < 0x20 || c == 0x7f;
            BOOST_REQUIRE_MESSAGE(!control, pair);
        }
    }
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_and_says_so) {
    BOOST_TEST(escaped("abcdef", 3) == "abc...");
    BOOST_TEST(escaped("abc", 3) == "abc");
    BOOST_TEST(escaped(std::string(5000, 'x')).size() == 1024U + 3);
    BOOST_TEST(escaped("\xe2\x82\xac", 2) == "\\xe2\\x82...");
}

BOOST_AUTO_TEST_CASE(every_stage_has_words_of_its_own) {
    std::vector<std::string_view> seen;
    for (const adit::stage s :
         {adit::stage::resolving, adit::stage::connecting, adit::stage::identification,
          adit::stage::negotiation, adit::stage::key_exchange, adit::stage::host_key,
          adit::stage::authentication, adit::stage::established}) {
        const std::string_view words = adit::to_text(s);
        BOOST_TEST((std::ranges::find(seen, words) == seen.end()), words);
        BOOST_TEST(words != "unknown stage");
        seen.push_back(words);
    }
}

BOOST_AUTO_TEST_CASE(the_line_has_hop_stage_and_cause) {
    adit::diagnostics d;
    d.hop = "ann@bastion:22";
    d.stage = adit::stage::authentication;
    BOOST_TEST(d.describe(errc::authentication_failed) ==
               "ann@bastion:22: authenticating: authentication failed");
    d.methods_tried = {"publickey", "password"};
    d.methods_left = "keyboard-interactive";
    d.peer_text = "go away";
    BOOST_TEST(d.describe(errc::authentication_failed) ==
               "ann@bastion:22: authenticating: authentication failed; tried publickey password; "
               "the server would accept keyboard-interactive; the peer says: \"go away\"");
}

BOOST_AUTO_TEST_CASE(the_line_shows_both_lists_when_nothing_was_common) {
    adit::diagnostics d;
    d.stage = adit::stage::negotiation;
    d.our_list = "a,b";
    d.subject = "cipher";
    const std::string line = d.describe(errc::no_common_cipher);
    BOOST_TEST(line ==
               "negotiating algorithms: no cipher in common (cipher); we offer [a,b], the "
               "peer offers []");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
