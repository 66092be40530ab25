// Wildcards against a reference that is too simple to be wrong (F15), and their cost (A29, C52).
#include "support/test.hpp"

#include <adit/wildcard.hpp>

using adit::letter_case;
using adit::match_pattern;

namespace {

bool matches_by_definition(std::string_view text, std::string_view pattern) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*') {
        return matches_by_definition(text, pattern.substr(1)) ||
               (!text.empty() && matches_by_definition(text.substr(1), pattern));
    }
    if (text.empty() || (pattern[0] != '?' && pattern[0] != text[0])) return false;
    return matches_by_definition(text.substr(1), pattern.substr(1));
}

/// Every text over the letters, up to a length.
std::vector<std::string> all_texts(std::string_view letters, std::size_t longest) {
    std::vector<std::string> texts{""};
    std::size_t begin = 0;
    for (std::size_t length = 1; length <= longest; ++length) {
        const std::size_t end = texts.size();
        for (std::size_t i = begin; i < end; ++i) {
            for (const char letter : letters) texts.push_back(texts[i] + letter);
        }
        begin = end;
    }
    return texts;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(wildcard)

BOOST_AUTO_TEST_CASE(agrees_with_the_definition_on_all_short_inputs) {
    const auto texts = all_texts("ab", 5);
    std::size_t matches = 0;
    for (const std::string& wildcards : all_texts("ab*?", 5)) {
        for (const std::string& text : texts) {
            const bool matched = match_pattern(text, wildcards).matched;
            if (matched) ++matches;
            if (matched != matches_by_definition(text, wildcards)) {
                BOOST_ERROR("pattern " << wildcards << " and text " << text);
            }
        }
    }
    BOOST_TEST(matches > 10'000U);
}

BOOST_AUTO_TEST_CASE(a29_c52_no_pattern_costs_more_than_text_times_pattern) {
    const std::string text(1000, 'a');
    std::string stars;
    for (int i = 0; i < 300; ++i) stars += "a*";
    for (const std::string& wildcards :
         {stars + "b", std::string(500, '*') + "b", "*" + std::string(400, 'a') + "b",
          std::string("*a*a*a*a*a*a*a*a*a*b"), stars, "*" + std::string(400, '?') + "b"}) {
        const auto result = match_pattern(text, wildcards);
        BOOST_TEST(result.steps <= (text.size() + 1) * (wildcards.size() + 1));
        BOOST_TEST(result.matched == (wildcards == stars));
    }
}

// A text may hold any byte; none of them is the end of a pattern.
BOOST_AUTO_TEST_CASE(a_nul_is_a_byte_like_others) {
    const std::string_view text("a\0", 2);
    BOOST_TEST(!match_pattern(text, "a").matched);
    BOOST_TEST(match_pattern(text, "a?").matched);
    BOOST_TEST(match_pattern(text, text).matched);
    BOOST_TEST(!match_pattern("a", text).matched);
}

BOOST_AUTO_TEST_CASE(case_matters_where_it_should) {
    BOOST_TEST(!match_pattern("a", "A").matched);
    BOOST_TEST(match_pattern("a", "A", letter_case::ignored).matched);
    // ASCII only: these two letters differ in one bit, like A and a.
    BOOST_TEST(!match_pattern("\xc4", "\xe4", letter_case::ignored).matched);
    BOOST_TEST(!match_pattern("[", "{", letter_case::ignored).matched);
}

BOOST_AUTO_TEST_SUITE_END()
