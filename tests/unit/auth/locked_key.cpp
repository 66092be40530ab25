// Passphrases as awaitables: when they are asked for, how often, and what becomes of a key that is
// not to be had (adit/auth/locked_key.hpp; C53, S05).
#include "support/print.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/auth/locked_key.hpp>
#include <adit/crypto/random.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <filesystem>

namespace asio = boost::asio;
using adit::byte;
using adit::errc;
using adit::error_code;
using adit::secret_bytes;
using adit::task;
using adit::test::sample_key;
using adit::test::sample_public_key;

namespace {

secret_bytes secret(std::string_view text) { return {text.begin(), text.end()}; }

secret_bytes encrypted_key(byte number) {
    adit::crypto::system_random random;
    return adit::keys::to_openssh_format(sample_key(number), secret("right"), random);
}

/// Gives these answers in turn, then none; keeps what it was asked.
struct asked_person {
    std::vector<std::string> answers;
    std::vector<unsigned> attempts;

    adit::passphrase_source source() {
        return [this](const adit::passphrase_question& q) -> task<secret_bytes> {
            attempts.push_back(q.attempt);
            const std::size_t at = attempts.size() - 1;
            co_return at < answers.size() ? secret(answers[at]) : secret_bytes();
        };
    }
};

template <class T>
T result_of(task<T> body) {
    asio::io_context io;
    std::optional<T> outcome;
    asio::co_spawn(io, std::move(body), [&](std::exception_ptr thrown, T value) {
        if (thrown) std::rethrow_exception(thrown);
        outcome = std::move(value);
    });
    io.run();
    return std::move(outcome).value();
}

adit::locked_key_parts parts_of(byte number, asked_person& person) {
    adit::locked_key_parts parts;
    parts.name = "id";
    parts.content = encrypted_key(number);
    parts.public_half = adit::public_half(parts.content);
    parts.ask = person.source();
    return parts;
}

const std::vector<byte> message(3, byte{1});

std::vector<byte> signature_of(adit::locked_key& key) {
    return result_of(key.sign("ssh-ed25519", message));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(locked_key)

BOOST_AUTO_TEST_CASE(c53_is_asked_for_when_a_signature_is_wanted_and_once) {
    asked_person person{{"right"}, {}};
    adit::locked_key key(parts_of(byte{1}, person));
    BOOST_TEST((key.knows_public_half() && key.public_part() == sample_public_key(1)));
    BOOST_TEST(key.asks_somebody());
    BOOST_TEST(person.attempts.empty());
    const auto blob = signature_of(key);
    BOOST_TEST((key.public_part().verify("ssh-ed25519", message, blob) == errc::ok));
    BOOST_TEST(!key.asks_somebody());
    BOOST_TEST(!signature_of(key).empty());
    BOOST_TEST(person.attempts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(c53_a_wrong_one_is_asked_for_again) {
    asked_person person{{"wrong", "right"}, {}};
    adit::locked_key key(parts_of(byte{1}, person));
    BOOST_TEST(!signature_of(key).empty());
    BOOST_TEST(!key.failure());
    BOOST_TEST(person.attempts == (std::vector<unsigned>{1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(c53_after_the_last_attempt_nobody_is_asked_again) {
    asked_person person{{"a", "b", "c", "right"}, {}};
    adit::locked_key key(parts_of(byte{1}, person));
    BOOST_TEST(signature_of(key).empty());
    BOOST_TEST(key.failure() == errc::wrong_passphrase);
    BOOST_TEST(signature_of(key).empty());
    BOOST_TEST(person.attempts.size() == 3U);
}

BOOST_AUTO_TEST_CASE(who_gives_none_is_not_asked_again) {
    asked_person person;
    adit::locked_key key(parts_of(byte{1}, person));
    BOOST_TEST(signature_of(key).empty());
    BOOST_TEST(signature_of(key).empty());
    BOOST_TEST(key.failure() == errc::passphrase_needed);
    BOOST_TEST(person.attempts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(without_attempts_nobody_is_asked) {
    asked_person person{{"right"}, {}};
    auto parts = parts_of(byte{1}, person);
    parts.attempts = 0;
    adit::locked_key key(std::move(parts));
    BOOST_TEST(signature_of(key).empty());
    BOOST_TEST(person.attempts.empty());
}

BOOST_AUTO_TEST_CASE(c53_another_key_than_the_one_that_was_offered_does_not_sign) {
    asked_person person{{"right", "right"}, {}};
    auto parts = parts_of(byte{1}, person);
    parts.public_half = sample_public_key(2);
    adit::locked_key key(std::move(parts));
    BOOST_TEST(signature_of(key).empty());
    BOOST_TEST(key.failure() == errc::signing_failed);
    BOOST_TEST((key.public_part() == sample_public_key(2)));
}

BOOST_AUTO_TEST_CASE(file_as_credential_asks_nobody_before_it_has_to) {
    const adit::test::temporary_directory folder;
    const std::string path = folder.file("id");
    adit::test::write_file(path, adit::as_text(encrypted_key(byte{1})));
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    asked_person person{{"right"}, {}};
    const auto made = result_of(adit::load_key_credential(path, person.source()));
    const auto key = std::get<std::shared_ptr<adit::signer>>(made);
    BOOST_TEST((key->public_part() == sample_public_key(1)));
    BOOST_TEST(key->name() == path);
    BOOST_TEST(key->asks_somebody());
    BOOST_TEST(person.attempts.empty());
}

BOOST_AUTO_TEST_CASE(file_without_a_passphrase_needs_none) {
    const adit::test::temporary_directory folder;
    const std::string path = folder.file("id");
    adit::test::write_file(path, adit::as_text(adit::keys::to_openssh_format(sample_key(1))));
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    const auto made = result_of(adit::load_key_credential(path, {}));
    BOOST_TEST(!std::get<std::shared_ptr<adit::signer>>(made)->asks_somebody());
}

BOOST_AUTO_TEST_CASE(file_that_is_not_there_is_an_error) {
    const auto missing = [] {
        static_cast<void>(result_of(adit::load_key_credential("/nonexistent/id", {})));
    };
    const auto is_missing = [](const boost::system::system_error& e) {
        return e.code() == errc::key_file_missing;
    };
    BOOST_CHECK_EXCEPTION(missing(), boost::system::system_error, is_missing);
}

BOOST_AUTO_TEST_SUITE_END()
