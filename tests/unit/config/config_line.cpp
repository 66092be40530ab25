// How a line of ssh_config falls apart: keywords, words, quotes, comments.
#include "support/test.hpp"

#include <adit/config/config_line.hpp>

using namespace adit;

namespace {

using words = std::vector<std::string>;

config::config_line only_line(std::string_view text) {
    const auto lines = config::split_lines(text);
    BOOST_REQUIRE(lines.has_value());
    BOOST_REQUIRE(lines->size() == 1U);
    return lines->front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_line)

BOOST_AUTO_TEST_CASE(c52_a_keyword_ends_at_blanks_or_one_equals_sign) {
    for (const std::string_view text :
         {"Port 22", "port=22", "PORT = 22", "\t Port\t=22\r\n", "\"Port\" 22", "Port 22 \f\r"}) {
        const auto line = only_line(text);
        BOOST_TEST(line.keyword == "port");
        BOOST_TEST(line.rest == "22");
    }
    BOOST_TEST(only_line("Port==22").rest == "=22");
    BOOST_TEST(only_line("Port = = 22").rest == "= 22");
}

BOOST_AUTO_TEST_CASE(c52_words_have_quotes_escapes_and_comments) {
    BOOST_TEST((config::split_words("a \"b c\" 'd e' f\\ g") == words{"a", "b c", "d e", "f g"}));
    BOOST_TEST((config::split_words("a#b #c d") == words{"a#b"}));
    BOOST_TEST((config::split_words("a\"b c\"d \"\"") == words{"ab cd", ""}));
    BOOST_TEST((config::split_words("\"it's\" '\"' \\\" \\\\ \\n") ==
                words{"it's", "\"", "\"", "\\", "\\n"}));
    BOOST_TEST((config::split_words("\"a\\ b\"") == words{"a\\ b"}));
    BOOST_TEST((config::split_words("a 'b") == std::nullopt));
    BOOST_TEST((config::split_words("a\\") == words{"a\\"}));
}

BOOST_AUTO_TEST_CASE(c52_words_can_be_joined_and_split_again) {
    const words all{"plain", "", "with blanks", "it's", "\"", "back\\slash", "#", "tab\t", "\\\""};
    BOOST_TEST((config::split_words(config::join_words(all)) == all));
}

BOOST_AUTO_TEST_CASE(c52_empty_lines_and_comments_are_no_lines_but_are_counted) {
    const auto lines = config::split_lines("\n  \n# Port 1\n\t#x\r\nUser a\n\nPort 2");
    BOOST_REQUIRE(lines.has_value());
    BOOST_REQUIRE(lines->size() == 2U);
    BOOST_TEST((*lines)[0].number == 5U);
    BOOST_TEST((*lines)[1].number == 7U);
}

BOOST_AUTO_TEST_CASE(c52_what_cannot_be_read_is_a_fault_with_its_line) {
    const std::string nul("User a\nUser b\0c", 15);
    const std::string longest = "User " + std::string(70'000, 'x');
    for (const std::string& text : {std::string("\nUser \"a"), std::string("\nPort"), nul,
                                    "\n" + longest, std::string("\n\"Port 22")}) {
        const auto lines = config::split_lines(text);
        BOOST_REQUIRE(!lines.has_value());
        BOOST_TEST(lines.error().line == 2U);
        BOOST_TEST(!lines.error().what.empty());
    }
    BOOST_TEST(
        (config::config_fault{"a\nb", 3, "what"}.sentence() == escaped("a\nb") + ":3: what"));
    BOOST_TEST((config::config_fault{"file", 0, "what"}.sentence() == "file: what"));
}

BOOST_AUTO_TEST_CASE(c52_match_is_split_by_blanks_and_equals_signs) {
    config::delimited_text text("host=a,b  user = \"c d\" # e");
    for (const char* word : {"host", "a,b", "user", "c d", "#", "e"}) {
        BOOST_TEST((text.next() == std::string(word)));
    }
    BOOST_TEST(!text.next().has_value());
    config::delimited_text open("a \"b");
    BOOST_TEST((open.next() == std::string("a")));
    BOOST_TEST(!open.next().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
