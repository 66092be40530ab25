// adit/crypto/password_hash.hpp: the published vectors of both formats, and what is refused before
// any work. Costs are small here: what is tested is the format.
#include "support/fixed_random.hpp"
#include "support/test.hpp"

#include <adit/crypto/password_hash.hpp>

using namespace adit;
using crypto::check_password;
using crypto::hash_password;
using crypto::password_cost;
using crypto::password_hash_is_sound;

namespace {

constexpr password_cost cheap{64, 1, 1};

// From the tests of the reference implementation: password "password", salt "somesalt".
constexpr std::string_view argon2id =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
constexpr std::string_view argon2id_two_lanes =
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";
// From the tests of crypt_blowfish.
constexpr std::string_view bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

std::string argon2_with(const std::string& cost) {
    return "$argon2id$v=19$" + cost + "$" + std::string(22, 'A') + "$" + std::string(43, 'A');
}

std::string bcrypt_with(std::string_view beginning) {
    return std::string(beginning) + std::string(53, 'C');
}

}  // namespace

BOOST_AUTO_TEST_SUITE(password_hash)

BOOST_AUTO_TEST_CASE(published_vectors) {
    for (const std::string_view stored : {argon2id, argon2id_two_lanes}) {
        BOOST_TEST(check_password(stored, as_bytes("password")));
        BOOST_TEST(!check_password(stored, as_bytes("Password")));
        BOOST_TEST(!check_password(stored, as_bytes("")));
    }
    BOOST_TEST(check_password(bcrypt, as_bytes("U*U")));
    BOOST_TEST(!check_password(bcrypt, as_bytes("U*V")));
}

BOOST_AUTO_TEST_CASE(what_is_made_is_sound_and_checks) {
    test::fixed_random random;
    const auto one = hash_password(as_bytes("secret"), random, cheap);
    const auto two = hash_password(as_bytes("secret"), random, cheap);
    BOOST_REQUIRE((one && two));
    BOOST_TEST(*one != *two);
    BOOST_TEST(one->starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
    BOOST_TEST(password_hash_is_sound(*one));
    BOOST_TEST(check_password(*one, as_bytes("secret")));
    BOOST_TEST(!check_password(*one, as_bytes("secret ")));
}

BOOST_AUTO_TEST_CASE(the_three_names_of_bcrypt_mean_the_same) {
    for (const char name : {'a', 'b', 'y'}) {
        std::string stored(bcrypt);
        stored[2] = name;
        BOOST_TEST(check_password(stored, as_bytes("U*U")));
    }
}

BOOST_AUTO_TEST_CASE(a_byte_zero_is_a_byte_of_the_password) {
    test::fixed_random random;
    const std::string_view password("a\0b", 3);
    const std::string stored = hash_password(as_bytes(password), random, cheap).value();
    BOOST_TEST(check_password(stored, as_bytes(password)));
    BOOST_TEST(!check_password(stored, as_bytes("a")));
}

BOOST_AUTO_TEST_CASE(l21_absurd_work_is_refused_and_the_most_is_not) {
    for (const char* most : {"m=262144,t=16,p=16", "m=8,t=1,p=1", "m=128,t=1,p=16"}) {
        BOOST_TEST(password_hash_is_sound(argon2_with(most)), most);
    }
    for (const char* absurd :
         {"m=262145,t=1,p=1", "m=1024,t=17,p=1", "m=1024,t=1,p=17", "m=4294967295,t=1,p=1",
          "m=18446744073709551617,t=1,p=1", "m=7,t=1,p=1", "m=127,t=1,p=16", "m=0,t=1,p=1",
          "m=64,t=0,p=1", "m=64,t=1,p=0"}) {
        BOOST_TEST(!password_hash_is_sound(argon2_with(absurd)), absurd);
    }
    BOOST_TEST(password_hash_is_sound(bcrypt_with("$2b$04$")));
    BOOST_TEST(password_hash_is_sound(bcrypt_with("$2b$15$")));
    for (const char* absurd : {"$2b$03$", "$2b$16$", "$2b$31$", "$2b$99$"}) {
        BOOST_TEST(!password_hash_is_sound(bcrypt_with(absurd)), absurd);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_stored_password_is_refused) {
    for (const char* cost : {"m=064,t=1,p=1", "m=+64,t=1,p=1", "m= 64,t=1,p=1", "t=1,m=64,p=1",
                             "m=64,t=1", "m=64,t=1,p=1,x=1", "m=64,t=1,p=1$", ""}) {
        BOOST_TEST(!password_hash_is_sound(argon2_with(cost)), cost);
    }
    const std::string sound = argon2_with("m=64,t=1,p=1");
    for (const std::string& wrong :
         {std::string(), std::string("password"), std::string("$1$salt$hash"),
          std::string("$argon2i$v=19$m=64,t=1,p=1$") + std::string(22, 'A') + "$" +
              std::string(43, 'A'),
          sound + "=", sound + "\n", sound + "$", " " + sound, sound.substr(0, 60), sound + "AA",
          bcrypt_with("$2x$05$"), bcrypt_with("$2b$5$") + "C", bcrypt_with("$2b$05C"),
          bcrypt_with("$2b$05$") + "C", bcrypt_with("$2b$-5$"),
          bcrypt_with("$2b$05$").substr(0, 59) + "="}) {
        BOOST_TEST(!password_hash_is_sound(wrong), wrong);
        BOOST_TEST(!check_password(wrong, as_bytes("password")), wrong);
    }
}

BOOST_AUTO_TEST_CASE(l21_an_absurd_cost_is_not_made_either) {
    test::fixed_random random;
    for (const password_cost& absurd :
         {password_cost{256 * 1024 + 1, 1, 1}, password_cost{1024, 17, 1},
          password_cost{1024, 1, 17}, password_cost{7, 1, 1}, password_cost{1024, 0, 1}}) {
        BOOST_TEST(hash_password(as_bytes("x"), random, absurd).has_error());
    }
}

BOOST_AUTO_TEST_CASE(a15_the_stand_in_is_work_like_any_other_and_nobody_s_password) {
    const std::string stand_in = crypto::stand_in_password_hash(cheap);
    BOOST_TEST(password_hash_is_sound(stand_in));
    BOOST_TEST(!check_password(stand_in, as_bytes("")));
    BOOST_TEST(!check_password(stand_in, as_bytes("password")));
    BOOST_TEST(password_hash_is_sound(crypto::stand_in_password_hash()));
}

BOOST_AUTO_TEST_SUITE_END()
