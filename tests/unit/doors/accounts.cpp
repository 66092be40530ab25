// adit/accounts.hpp: passwords and codes; A15 to A17 of security.md. Keys are in accounts_keys.cpp.
#include "accounts_scene.hpp"
#include "support/temporary_directory.hpp"

#include <adit/crypto/password_hash.hpp>

using namespace adit;
using namespace std::chrono_literals;
using test::accounts_scene;
using strings = std::vector<std::string>;

BOOST_FIXTURE_TEST_SUITE(accounts_with_passwords, accounts_scene)

BOOST_AUTO_TEST_CASE(the_right_password_and_no_other) {
    BOOST_TEST(password("alice", "wonderland"));
    BOOST_TEST(password("bob", "builder"));
    BOOST_TEST(!password("alice", "builder"));
    BOOST_TEST(!password("alice", ""));
    BOOST_TEST(!password("Alice", "wonderland"));
    BOOST_TEST(!password("carol", "wonderland"));
    BOOST_TEST(!password("nobody", "wonderland"));
    BOOST_TEST(!password("", ""));
}

BOOST_AUTO_TEST_CASE(a15_every_user_is_one_check_of_a_hash_that_somebody_has) {
    for (const char* user : {"alice", "bob", "carol", "nobody", "", "alice\n"}) {
        hashed.clear();
        BOOST_TEST(!password(user, "wrong"));
        BOOST_REQUIRE(hashed.size() == 1U);
        const bool known = hashed[0] == hash_of("wonderland") || hashed[0] == hash_of("builder");
        BOOST_TEST(known, user);
    }
}

BOOST_AUTO_TEST_CASE(a15_a_stranger_borrows_always_the_same_hash_and_strangers_all_of_them) {
    std::set<std::string> borrowed;
    for (int i = 0; i < 64; ++i) {
        hashed.clear();
        const std::string user = "nobody" + std::to_string(i);
        BOOST_TEST(!password(user, "wonderland"));
        BOOST_TEST(!password(user, "builder"));
        BOOST_REQUIRE(hashed.size() == 2U);
        BOOST_TEST(hashed[0] == hashed[1]);
        borrowed.insert(hashed[0]);
    }
    BOOST_TEST(borrowed.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a15_where_nobody_has_a_password_there_is_work_all_the_same) {
    table.clear();
    BOOST_TEST(!password("alice", "wonderland"));
    BOOST_TEST(hashed == strings{crypto::stand_in_password_hash()},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a16_a_password_beyond_1024_bytes_is_not_hashed) {
    const std::string longest(1024, 'x');
    table["alice"].password_hash = hash_of(longest);
    table["bob"].password_hash = hash_of(longest + 'x');
    BOOST_TEST(password("alice", longest));
    BOOST_TEST(hashed.size() == 1U);
    BOOST_TEST(!password("bob", longest + 'x'));
    BOOST_TEST(!password("nobody", std::string(1U << 20U, 'x')));
    BOOST_TEST(hashed.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a17_ten_wrong_passwords_and_even_the_right_one_has_to_wait) {
    for (int i = 0; i < 10; ++i) BOOST_TEST(!password("alice", "wrong"));
    BOOST_TEST(!password("alice", "wonderland"));
    BOOST_TEST(hashed.size() == 11U);  // and the work goes on
    BOOST_TEST(password("bob", "builder"));
    steady += 30s - 1ms;
    BOOST_TEST(!password("alice", "wonderland"));
    steady += 1ms;
    BOOST_TEST(password("alice", "wonderland"));
    for (int i = 0; i < 9; ++i) BOOST_TEST(!password("alice", "wrong"));
    BOOST_TEST(password("alice", "wonderland"));
}

BOOST_AUTO_TEST_CASE(a17_strangers_take_no_room_and_are_refused_for_ever) {
    options.throttle.users = 1;
    for (int i = 0; i < 10; ++i) BOOST_TEST(!password("alice", "wrong"));
    for (int i = 0; i < 100; ++i) BOOST_TEST(!password("nobody" + std::to_string(i), "wrong"));
    BOOST_TEST(!password("alice", "wonderland"));
}

BOOST_AUTO_TEST_CASE(the_table_can_be_replaced_and_the_throttle_remembers) {
    for (int i = 0; i < 10; ++i) BOOST_TEST(!password("alice", "wrong"));
    table["alice"].password_hash = hash_of("other");
    table["dave"].password_hash = hash_of("new");
    table.erase("bob");
    BOOST_TEST(users().replace(table).empty());
    BOOST_TEST(password("dave", "new"));
    BOOST_TEST(!password("bob", "builder"));
    BOOST_TEST(!password("alice", "other"));
    steady += 30s;
    BOOST_TEST(password("alice", "other"));
}

BOOST_AUTO_TEST_CASE(a17_accounts_that_take_the_place_of_others_count_on) {
    options.guesses = std::make_shared<guess_counter>(options.throttle);
    for (int i = 0; i < 10; ++i) BOOST_TEST(!password("alice", "wrong"));
    restart();
    BOOST_TEST(!password("alice", "wonderland"));
    steady += 30s;
    BOOST_TEST(password("alice", "wonderland"));
}

BOOST_AUTO_TEST_CASE(l21_an_unsound_hash_is_a_fault_and_nobody_s_password) {
    table["alice"].password_hash = "$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAA";
    table["bob"].authorized_keys = "# fine\nnonsense\n";
    static_cast<void>(users());
    BOOST_REQUIRE(faults.size() == 2U);
    BOOST_TEST(faults[0].user == "alice");
    BOOST_TEST(faults[0].line == 0U);
    BOOST_TEST(faults[1].user == "bob");
    BOOST_TEST(faults[1].line == 2U);
    BOOST_TEST(!password("alice", "wonderland"));
    BOOST_TEST(hashed.back() == hash_of("builder"));
}

BOOST_AUTO_TEST_CASE(concurrency_real_hashes_are_done_by_the_pool) {
    crypto::system_random random;
    options.hasher = crypto::check_password;
    options.pool.threads = 1;
    table["alice"].password_hash =
        crypto::hash_password(as_bytes("wonderland"), random, {64, 1, 1}).value();
    BOOST_TEST(password("alice", "wonderland"));
    BOOST_TEST(!password("alice", "Wonderland"));
    BOOST_TEST(!password("nobody", "wonderland"));
}

BOOST_AUTO_TEST_CASE(l21_a_guess_that_finds_no_room_is_an_error_and_not_counted) {
    options.pool = {1, 0};
    for (int i = 0; i < 20; ++i) {
        BOOST_CHECK_THROW(static_cast<void>(password("alice", "wonderland")),
                          boost::system::system_error);
    }
    BOOST_TEST(hashed.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(accounts_with_codes, accounts_scene)

BOOST_AUTO_TEST_CASE(the_right_code_and_no_other) {
    BOOST_TEST(!converse("alice", {"081805"}));
    BOOST_TEST(converse("alice", {"081804"}));
    BOOST_TEST(!converse("bob", {"081804"}));
    BOOST_TEST(!converse("nobody", {"081804"}));
}

BOOST_AUTO_TEST_CASE(a15_everybody_is_asked_the_same) {
    const strings expected{"|", "Verification code: |hidden"};
    for (const char* user : {"alice", "bob", "carol", "nobody"}) {
        BOOST_TEST(!converse(user, {"000000"}));
        BOOST_TEST(asked == expected, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a17_the_same_code_twice) {
    BOOST_TEST(converse("alice", {code()}));
    BOOST_TEST(!converse("alice", {code()}));
    wall += 30;
    BOOST_TEST(!converse("alice", {code(-1)}));
    BOOST_TEST(converse("alice", {code()}));
}

BOOST_AUTO_TEST_CASE(a17_the_previous_step_after_a_later_one) {
    BOOST_TEST(converse("alice", {code(1)}));
    BOOST_TEST(!converse("alice", {code()}));
    BOOST_TEST(!converse("alice", {code(-1)}));
    wall += 30;
    BOOST_TEST(!converse("alice", {code()}));
    BOOST_TEST(converse("alice", {code(1)}));
}

BOOST_AUTO_TEST_CASE(a17_one_step_either_way_and_not_two) {
    BOOST_TEST(!converse("alice", {code(-2)}));
    BOOST_TEST(!converse("alice", {code(2)}));
    BOOST_TEST(converse("alice", {code(-1)}));
    BOOST_TEST(converse("alice", {code()}));
    BOOST_TEST(converse("alice", {code(1)}));
}

BOOST_AUTO_TEST_CASE(a17_spaces_but_no_other_liberties) {
    for (const char* wrong : {"81804", "0818040", "08180", "0081804", "", "081-804", "081804\n",
                              "\xd9\xa0\xd9\xa8\xd9\xa1\xd9\xa8\xd9\xa0\xd9\xa4"}) {
        BOOST_TEST(!converse("alice", {wrong}));
    }
    BOOST_TEST(converse("alice", {"081 804"}));
}

BOOST_AUTO_TEST_CASE(a17_two_dialogues_at_once_are_one_success) {
    test::scripted_dialogue one("alice", {"081804"}), two("alice", {"081804"});
    int successes = 0, refusals = 0;
    const auto count = [&](std::exception_ptr e, const authenticator::answer& a) {
        BOOST_TEST(!e);
        ++(a ? successes : refusals);
    };
    asio::co_spawn(io, users().converse(one), count);
    asio::co_spawn(io, users().converse(two), count);
    io.run();
    BOOST_TEST(successes == 1);
    BOOST_TEST(refusals == 1);
}

BOOST_AUTO_TEST_CASE(a17_a_used_step_survives_the_server_where_it_is_in_a_file) {
    const test::temporary_directory folder;
    options.steps =
        std::make_shared<file_step_store>(folder.file("steps"), detail::work_pool_limits{0, 0});
    BOOST_TEST(converse("alice", {code()}));
    restart();
    BOOST_TEST(!converse("alice", {code()}));
    BOOST_TEST(converse("alice", {code(1)}));
}

BOOST_AUTO_TEST_CASE(a17_a_store_that_does_not_know_lets_nobody_in) {
    const test::temporary_directory folder;
    options.steps = std::make_shared<file_step_store>(folder.file("none/steps"),
                                                      detail::work_pool_limits{0, 0});
    BOOST_CHECK_THROW(static_cast<void>(converse("alice", {code()})), boost::system::system_error);
    BOOST_TEST(!converse("alice", {"000000"}));
}

BOOST_AUTO_TEST_CASE(a17_wrong_codes_are_counted_over_connections) {
    for (int i = 0; i < 10; ++i) BOOST_TEST(!converse("alice", {"000000"}));
    BOOST_TEST(!converse("alice", {code()}));
    steady += 30s;
    BOOST_TEST(converse("alice", {code()}));  // the one before did not use it up
}

BOOST_AUTO_TEST_CASE(a17_a_right_password_gives_no_new_guesses_of_the_code) {
    for (int i = 0; i < 10; ++i) {
        BOOST_TEST(!converse("alice", {"000000"}));
        BOOST_TEST(password("alice", "wonderland"));
    }
    BOOST_TEST(!converse("alice", {code()}));
}

BOOST_AUTO_TEST_CASE(a_dialogue_that_breaks_off_is_no_guess) {
    for (int i = 0; i < 20; ++i) {
        BOOST_CHECK_THROW(static_cast<void>(converse("alice", {})), protocol_error);
    }
    BOOST_TEST(converse("alice", {code()}));
}

BOOST_AUTO_TEST_CASE(password_and_code) {
    options.password_before_code = true;
    const strings expected{"|", "Password: |hidden", "|", "Verification code: |hidden"};
    for (const char* user : {"alice", "bob", "carol", "nobody"}) {
        hashed.clear();
        BOOST_TEST(!converse(user, {"wrong", "000000"}));
        BOOST_TEST(asked == expected, boost::test_tools::per_element());
        BOOST_TEST(hashed.size() == 1U);
    }
    BOOST_TEST(!converse("alice", {"wonderland", "000000"}));
    BOOST_TEST(!converse("alice", {"wrong", code()}));
    BOOST_TEST(!converse("bob", {"builder", code()}));
    BOOST_TEST(!converse("alice", {std::string(1025, 'x'), code()}));
    BOOST_TEST(converse("alice", {"wonderland", code()}));  // none of them used it up
    BOOST_TEST(!converse("alice", {"wonderland", code()}));
}

BOOST_AUTO_TEST_CASE(a17_with_both_each_of_them_is_throttled) {
    options.password_before_code = true;
    for (int i = 0; i < 10; ++i) BOOST_TEST(!converse("alice", {"wonderland", "000000"}));
    BOOST_TEST(!converse("alice", {"wonderland", code()}));
    steady += 1h;
    for (int i = 0; i < 10; ++i) BOOST_TEST(!converse("alice", {"wrong", code()}));
    BOOST_TEST(!converse("alice", {"wonderland", code()}));
    steady += 1h;
    BOOST_TEST(converse("alice", {"wonderland", code()}));
}

BOOST_AUTO_TEST_CASE(t08_the_wall_clock_does_not_move_the_throttle) {
    for (int i = 0; i < 10; ++i) BOOST_TEST(!converse("alice", {"000000"}));
    wall += 86400;
    BOOST_TEST(!converse("alice", {code()}));
    steady += 30s;
    BOOST_TEST(converse("alice", {code()}));
}

BOOST_AUTO_TEST_SUITE_END()
