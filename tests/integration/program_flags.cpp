// Flags of adit-tunnel that need no server: what they print, compared with what ssh prints.
#include "support/test.hpp"

#include "integration/key_files.hpp"

#include <sstream>

#ifdef ADIT_TUNNEL

namespace adit::test {
namespace {

BOOST_AUTO_TEST_SUITE(program_flags)

// ssh has more; what we have is called as there.
BOOST_AUTO_TEST_CASE(algorithms_are_listed_by_the_names_of_ssh) {
    for (const std::string what : {"cipher", "mac", "kex", "sig", "Ciphers", "KexAlgorithms"}) {
        const std::string theirs = "\n" + output_of({"ssh", "-Q", what});
        std::istringstream ours(output_of({ADIT_TUNNEL, "-Q", what}));
        std::size_t count = 0;
        for (std::string name; std::getline(ours, name); ++count) {
            // The ssh of Debian 12 is older than this one.
            if (name == "mlkem768x25519-sha256") continue;
            BOOST_TEST(theirs.find("\n" + name + "\n") != std::string::npos, what << ": " << name);
        }
        BOOST_TEST(count > 3U);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_listed_is_said) {
    const auto outcome = run({ADIT_TUNNEL, "-Q", "nothing"});
    BOOST_TEST(outcome.status == 255);
    BOOST_TEST(outcome.errors ==
               "adit-tunnel: -Q: nothing is called \"nothing\"; "
               "-Q help lists all\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
