// The armour of keys: blocks found among other text, headers, base64, and what is none of it.
#include "key_samples.hpp"
#include "support/test.hpp"

#include <adit/keys/pem.hpp>

using namespace adit;

namespace {

error_code error_of(std::string_view text) {
    const auto block = keys::find_pem_block(text, "PRIVATE KEY");
    return block ? error_code() : block.error();
}

const std::string a_block = "-----BEGIN A PRIVATE KEY-----\nYWJj\n-----END A PRIVATE KEY-----\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(pem)

BOOST_AUTO_TEST_CASE(the_first_block_with_such_a_label_is_found) {
    const std::string other = "-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n";
    for (const std::string& text :
         {a_block, "Bag Attributes: none\n\n" + a_block, other + a_block, " \t" + a_block,
          a_block + "-----BEGIN B PRIVATE KEY-----\n", a_block.substr(0, a_block.size() - 1),
          "-----BEGIN PRIVATE KEY\n" + a_block}) {
        BOOST_TEST_INFO(text);
        const auto block = keys::find_pem_block(text, "PRIVATE KEY");
        BOOST_REQUIRE(block.has_value());
        BOOST_TEST(block->label == "A PRIVATE KEY");
        BOOST_TEST(block->headers.empty());
        BOOST_TEST(as_text(keys::decode_pem(*block).value()) == "abc");
    }
}

BOOST_AUTO_TEST_CASE(no_block_and_no_end_are_told_apart) {
    for (const std::string_view text :
         {"", "\n", "-----BEGIN ", "-----BEGIN PRIVATE KEY", "-----BEGIN PRIVATE KEY----",
          "x-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
          "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----"}) {
        BOOST_TEST_INFO(text);
        BOOST_TEST((error_of(text) == errc::not_a_key));
    }
    for (const std::string_view text :
         {"-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nAAAA\n",
          "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY----",
          "-----BEGIN PRIVATE KEY-----\n-----END A PRIVATE KEY-----"}) {
        BOOST_TEST_INFO(text);
        BOOST_TEST((error_of(text) == errc::key_corrupt));
    }
}

BOOST_AUTO_TEST_CASE(headers_end_at_the_first_empty_line) {
    for (const std::string line_end : {"\n", "\r\n"}) {
        const std::string text = "-----BEGIN A PRIVATE KEY-----" + line_end +
                                 "Proc-Type: 4,ENCRYPTED" + line_end + "DEK-Info:  X,00 " +
                                 line_end + line_end + "YWJj" + line_end +
                                 "-----END A PRIVATE KEY-----" + line_end;
        const auto block = keys::find_pem_block(text, "PRIVATE KEY").value();
        BOOST_TEST(keys::find_pem_header(block, "Proc-Type").value() == "4,ENCRYPTED");
        BOOST_TEST(keys::find_pem_header(block, "DEK-Info").value() == "X,00");
        BOOST_TEST(!keys::find_pem_header(block, "DEK").has_value());
        BOOST_TEST(!keys::find_pem_header(block, "Comment").has_value());
        BOOST_TEST(as_text(keys::decode_pem(block).value()) == "abc");
    }
    const auto open_ended = keys::find_pem_block(
        "-----BEGIN A PRIVATE KEY-----\nDEK-Info: X\n-----END A PRIVATE KEY-----\n", "PRIVATE KEY");
    BOOST_TEST((keys::decode_pem(*open_ended).error() == errc::key_corrupt));
}

BOOST_AUTO_TEST_CASE(c53_what_is_no_base64_is_corrupt) {
    for (const std::string_view body :
         {"", "\n", "!!!!", "AA=A", "AAA=AAAA", "====", "A", "\xff"}) {
        BOOST_TEST_INFO(body);
        BOOST_TEST((keys::decode_pem({"A", {}, body}).error() == errc::key_corrupt));
    }
}

BOOST_AUTO_TEST_CASE(lines_are_as_long_as_asked_for) {
    const std::vector<byte> content(100, 1);
    const auto file = keys::encode_pem("A", content, 70);
    const auto block = keys::find_pem_block(as_text(file), "A").value();
    BOOST_TEST(to_hex(keys::decode_pem(block).value()) == to_hex(content));
    std::string_view left = as_text(file);
    BOOST_TEST(keys::take_line(left) == "-----BEGIN A-----");
    BOOST_TEST(keys::take_line(left).size() == 70U);
    BOOST_TEST(keys::take_line(left).size() == 66U);
    BOOST_TEST(keys::take_line(left) == "-----END A-----");
    BOOST_TEST(left.empty());
}

BOOST_AUTO_TEST_SUITE_END()
