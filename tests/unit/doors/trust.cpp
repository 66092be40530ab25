// adit/trust.hpp: the usual answers to whether a host key is the right one, over files and pins.
// What a file says is the subject of unit/config/known_hosts.cpp; here it is what follows from it
// (S07).
#include "support/certificates.hpp"
#include "support/print.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"
#include "support/test.hpp"

#include <adit/trust.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace asio = boost::asio;
using adit::error_code;
using adit::errc;
using adit::host_key_answer;
using adit::host_key_check;
using adit::host_key_question;
using adit::known_hosts_files;
using adit::task;
using adit::test::sample_public_key;

namespace {

struct reply {
    host_key_answer answer{};
    std::string detail;
    error_code failure;
};

// What `check` says about sample key `number` of host "db.test", port 22.
reply ask(const host_key_check& check, adit::byte number,
          const adit::keys::certificate* certificate = nullptr) {
    reply r;
    const auto key = sample_public_key(number);
    const host_key_question question{"db.test", 22,         &key, adit::keys::fingerprint(key),
                                     &r.detail, certificate};
    asio::io_context ctx;
    const auto body = [&]() -> task<> { r.answer = co_await check(question); };
    asio::co_spawn(ctx, body, [&](std::exception_ptr thrown) {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const boost::system::system_error& e) {
            r.failure = e.code();
        }
    });
    ctx.run();
    return r;
}

struct folder {
    adit::test::temporary_directory place;
    std::string user = place.file("known_hosts");
    std::string global = place.file("global");
    known_hosts_files files{{user}, {global}};

    std::string line(adit::byte number) const {
        return "db.test " + sample_public_key(number).to_line() + "\n";
    }
    std::string content() const {
        return std::filesystem::exists(user) ? adit::test::read_file(user) : std::string();
    }
};

adit::unknown_host_question saying(bool answer, int& asked) {
    return [answer, &asked](const host_key_question&) -> task<bool> {
        ++asked;
        co_return answer;
    };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trust)

BOOST_AUTO_TEST_CASE(s07_known_hosts_take_known_keys_only) {
    const folder f;
    adit::test::write_file(f.user, f.line(1));
    const auto check = adit::trust_known_hosts(f.files);
    BOOST_TEST((ask(check, 1).answer == host_key_answer::trusted));
    const reply other = ask(check, 2);
    BOOST_TEST((other.answer == host_key_answer::changed));
    BOOST_TEST(other.detail.find(f.user + ":1") != std::string::npos);
    BOOST_TEST(other.detail.find(adit::keys::fingerprint(sample_public_key(1))) !=
               std::string::npos);
    BOOST_TEST(f.content() == f.line(1));
}

BOOST_AUTO_TEST_CASE(s07_unknown_host_is_unknown_and_nothing_is_written) {
    const folder f;
    BOOST_TEST((ask(adit::trust_known_hosts(f.files), 1).answer == host_key_answer::unknown));
    BOOST_TEST(!std::filesystem::exists(f.user));
}

BOOST_AUTO_TEST_CASE(s07_revoked_key_is_refused_by_every_policy) {
    const folder f;
    adit::test::write_file(f.user, f.line(1));
    adit::test::write_file(f.global, "@revoked * " + sample_public_key(1).to_line() + "\n");
    int asked = 0;
    for (const auto& check : {adit::trust_known_hosts(f.files), adit::trust_on_first_use(f.files),
                              adit::trust_after_asking(f.files, saying(true, asked))}) {
        BOOST_TEST((ask(check, 1).answer == host_key_answer::revoked));
    }
    BOOST_TEST(asked == 0);
}

BOOST_AUTO_TEST_CASE(s07_changed_key_is_refused_by_every_policy) {
    const folder f;
    adit::test::write_file(f.user, f.line(1));
    int asked = 0;
    for (const auto& check : {adit::trust_known_hosts(f.files), adit::trust_on_first_use(f.files),
                              adit::trust_after_asking(f.files, saying(true, asked))}) {
        BOOST_TEST((ask(check, 2).answer == host_key_answer::changed));
    }
    BOOST_TEST(asked == 0);
    BOOST_TEST(f.content() == f.line(1));
}

BOOST_AUTO_TEST_CASE(first_use_is_remembered_and_held_to) {
    const folder f;
    const auto check = adit::trust_on_first_use(f.files);
    BOOST_TEST((ask(check, 1).answer == host_key_answer::trusted));
    BOOST_TEST(f.content().find(sample_public_key(1).to_line()) != std::string::npos);
    BOOST_TEST((ask(check, 1).answer == host_key_answer::trusted));
    BOOST_TEST((ask(check, 2).answer == host_key_answer::changed));
}

BOOST_AUTO_TEST_CASE(asking_decides_about_new_hosts_only) {
    const folder f;
    int asked = 0;
    BOOST_TEST((ask(adit::trust_after_asking(f.files, saying(false, asked)), 1).answer ==
                host_key_answer::rejected));
    BOOST_TEST(!std::filesystem::exists(f.user));
    const auto yes = adit::trust_after_asking(f.files, saying(true, asked));
    BOOST_TEST((ask(yes, 1).answer == host_key_answer::trusted));
    BOOST_TEST((ask(yes, 1).answer == host_key_answer::trusted));
    BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_CASE(s06_file_that_cannot_be_read_is_no_empty_file) {
    const folder f;
    std::filesystem::create_directory(f.user);
    for (const auto& check :
         {adit::trust_known_hosts(f.files), adit::trust_on_first_use(f.files)}) {
        const reply r = ask(check, 1);
        BOOST_TEST(r.failure == errc::known_hosts_unreadable);
        BOOST_TEST((r.answer != host_key_answer::trusted));
    }
}

BOOST_AUTO_TEST_CASE(host_that_cannot_be_remembered_is_trusted_once_and_said_so) {
    const folder f;
    known_hosts_files nowhere{{f.place.file("missing") + "/deep/known_hosts"}, {}};
    adit::test::write_file(f.place.file("missing"), "a file, not a folder");
    const reply r = ask(adit::trust_on_first_use(nowhere), 1);
    BOOST_TEST(!r.failure);
    BOOST_TEST((r.answer == host_key_answer::trusted));
    BOOST_TEST(r.detail.find(nowhere.user[0]) != std::string::npos);
}

// Two programs meet a new host at the same time, and only one of them its real key.
BOOST_AUTO_TEST_CASE(s07_key_that_was_learnt_while_somebody_was_asked_counts) {
    for (const bool revoked : {false, true}) {
        const folder f;
        const auto slow = [&](const host_key_question&) -> task<bool> {
            const std::string key = sample_public_key(revoked ? 1 : 2).to_line();
            adit::test::write_file(f.user, (revoked ? "@revoked * " : "db.test ") + key + "\n");
            co_return true;
        };
        const reply r = ask(adit::trust_after_asking(f.files, slow), 1);
        BOOST_TEST((r.answer == (revoked ? host_key_answer::revoked : host_key_answer::changed)));
    }
}

BOOST_AUTO_TEST_CASE(pins_take_exactly_their_keys) {
    const auto one = adit::keys::fingerprint(sample_public_key(1));
    const auto two = adit::keys::fingerprint(sample_public_key(2));
    const auto check = adit::trust_fingerprints({one, two});
    BOOST_TEST((ask(check, 1).answer == host_key_answer::trusted));
    BOOST_TEST((ask(check, 2).answer == host_key_answer::trusted));
    BOOST_TEST((ask(check, 3).answer == host_key_answer::changed));
    for (const std::string& wrong : {std::string(), std::string("SHA256:"), one.substr(0, 20),
                                     one.substr(7), "MD5:" + one.substr(7)}) {
        BOOST_TEST((ask(adit::trust_fingerprints({wrong}), 1).answer == host_key_answer::changed),
                   wrong);
    }
    BOOST_TEST((ask(adit::trust_fingerprints({}), 1).answer == host_key_answer::changed));
}

BOOST_AUTO_TEST_CASE(s07_algorithms_of_known_keys_are_offered_first) {
    const std::string all = adit::keys::default_host_key_algorithm_names();
    using adit::trust::known_first;
    BOOST_TEST(known_first(all, {}) == all);
    BOOST_TEST(known_first(all, {"no-such-type"}) == all);
    BOOST_TEST(known_first("a,ssh-ed25519,b", {"ssh-ed25519"}) == "ssh-ed25519,a,b");
    // Both of RSA's, in the order in which they were, and nothing is lost.
    BOOST_TEST(
        known_first("ssh-ed25519,rsa-sha2-512,ecdsa-sha2-nistp256,rsa-sha2-256", {"ssh-rsa"}) ==
        "rsa-sha2-512,rsa-sha2-256,ssh-ed25519,ecdsa-sha2-nistp256");
    BOOST_TEST(known_first("rsa-sha2-512,ssh-ed25519", {"ssh-ed25519", "ssh-rsa"}) ==
               "rsa-sha2-512,ssh-ed25519");
    BOOST_TEST(known_first("", {"ssh-rsa"}).empty());
}

BOOST_AUTO_TEST_CASE(s07_order_of_offers_comes_from_what_vouches_for_the_host) {
    const folder f;
    const std::string rsa = "rsa-sha2-512,ssh-ed25519";
    const auto order = [&](std::string_view host, std::uint16_t port) {
        return adit::prefer_known_keys(rsa, f.files, host, port).value();
    };
    BOOST_TEST(order("db.test", 22) == rsa);  // no file at all
    adit::test::write_file(
        f.global, f.line(1) + "@revoked new.test " + sample_public_key(2).to_line() + "\n");
    BOOST_TEST(order("db.test", 22) == "ssh-ed25519,rsa-sha2-512");
    BOOST_TEST(order("db.test", 2222) == "ssh-ed25519,rsa-sha2-512");
    BOOST_TEST(order("other.test", 22) == rsa);
    BOOST_TEST(order("new.test", 22) == rsa);  // a revoked key vouches for nothing
    const known_hosts_files odd{{f.place.path().string()}, {}};
    BOOST_TEST(
        (adit::prefer_known_keys(rsa, odd, "db.test", 22).error() == errc::known_hosts_unreadable));
}

BOOST_AUTO_TEST_CASE(s07_changed_key_is_replaced_when_somebody_says_so_with_both_in_hand) {
    for (const auto said : {adit::changed_key_answer::replace, adit::changed_key_answer::refuse,
                            adit::changed_key_answer{}}) {
        const folder f;
        adit::test::write_file(f.user, f.line(1));
        adit::known_hosts_policy policy;
        policy.files = f.files;
        int asked = 0;
        policy.on_changed = [&](const adit::changed_host_key& q) -> task<adit::changed_key_answer> {
            ++asked;
            BOOST_TEST(q.shown.fingerprint == adit::keys::fingerprint(sample_public_key(2)));
            BOOST_TEST(q.known.known_fingerprint == adit::keys::fingerprint(sample_public_key(1)));
            BOOST_TEST(q.known.file == f.user);
            BOOST_TEST(q.known.line == 1U);
            BOOST_TEST(q.known.text + "\n" == f.line(1));
            co_return said;
        };
        const bool replaces = said == adit::changed_key_answer::replace;
        const auto check = adit::trust_by(policy);
        BOOST_TEST((ask(check, 2).answer ==
                    (replaces ? host_key_answer::trusted : host_key_answer::changed)));
        BOOST_TEST(f.content() == f.line(replaces ? 2 : 1));
        BOOST_TEST(asked == 1);
    }
}

BOOST_AUTO_TEST_CASE(s07_what_may_not_be_replaced_stays_changed_or_revoked) {
    const folder f;
    adit::known_hosts_policy policy;
    policy.files = f.files;
    int asked = 0;
    policy.on_changed = [&](const adit::changed_host_key&) -> task<adit::changed_key_answer> {
        ++asked;
        co_return adit::changed_key_answer::replace;
    };
    const auto check = adit::trust_by(policy);
    adit::test::write_file(f.global, f.line(1));  // not the user's
    const reply r = ask(check, 2);
    BOOST_TEST((r.answer == host_key_answer::changed));
    BOOST_TEST(r.detail.find(f.global + ":1") != std::string::npos);
    BOOST_TEST(asked == 1);
    adit::test::write_file(f.user, "@revoked * " + sample_public_key(2).to_line() + "\n");
    BOOST_TEST((ask(check, 2).answer == host_key_answer::revoked));
    BOOST_TEST(asked == 1);
    BOOST_TEST((ask(check, 3).answer == host_key_answer::changed));
}

BOOST_AUTO_TEST_CASE(alias_stands_for_the_name_and_the_port) {
    const folder f;
    adit::known_hosts_policy policy;
    policy.files = f.files;
    policy.alias = "cluster";
    adit::test::write_file(f.user, "cluster " + sample_public_key(1).to_line() + "\n" + "db.test " +
                                       sample_public_key(2).to_line() + "\n");
    BOOST_TEST((ask(adit::trust_by(policy), 1).answer == host_key_answer::trusted));
    BOOST_TEST((ask(adit::trust_by(policy), 2).answer == host_key_answer::changed));
}

BOOST_AUTO_TEST_CASE(names_are_hashed_where_that_is_asked_for) {
    const folder f;
    adit::known_hosts_policy policy;
    policy.files = f.files;
    policy.hash_names = true;
    policy.on_unknown = [](const host_key_question&) -> task<bool> { co_return true; };
    const auto check = adit::trust_by(policy);
    BOOST_TEST((ask(check, 1).answer == host_key_answer::trusted));
    BOOST_TEST(f.content().starts_with("|1|"));
    BOOST_TEST((ask(check, 2).answer == host_key_answer::changed));
}

BOOST_AUTO_TEST_CASE(c38_certificate_of_a_host_by_a_ca_of_the_files) {
    const folder f;
    adit::test::certificate_content content;
    content.type = 2;
    content.principals = {"db.test"};
    content.valid_after = 0;
    content.valid_before = ~std::uint64_t{0};
    const auto good = adit::test::sample_certificate(content);  // of key 1, by key 2
    content.valid_before = 2000;
    const auto expired = adit::test::sample_certificate(content);
    int asked = 0;
    const auto check = adit::trust_after_asking(f.files, saying(true, asked));
    adit::test::write_file(f.global,
                           "@cert-authority *.test " + sample_public_key(2).to_line() + "\n");
    BOOST_TEST((ask(check, 1, &good).answer == host_key_answer::trusted));
    const reply late = ask(check, 1, &expired);
    BOOST_TEST((late.answer == host_key_answer::bad_certificate));
    BOOST_TEST(late.detail == "the certificate has expired");
    BOOST_TEST(asked == 0);  // who has a bad certificate is not new
    BOOST_TEST(!std::filesystem::exists(f.user));
    // The key alone is known: then it does not need the certificate.
    adit::test::write_file(f.user, f.line(1));
    BOOST_TEST((ask(check, 1, &expired).answer == host_key_answer::trusted));
    // A CA's word is enough, whatever key stood there; but not against a revocation.
    adit::test::write_file(f.user, f.line(3));
    BOOST_TEST((ask(check, 1, &good).answer == host_key_answer::trusted));
    for (const adit::byte revoked : {adit::byte{1}, adit::byte{2}}) {
        adit::test::write_file(f.user, "@revoked * " + sample_public_key(revoked).to_line() + "\n");
        BOOST_TEST((ask(check, 1, &good).answer == host_key_answer::revoked));
    }
    // A CA that nobody knows neither helps nor hurts.
    adit::test::write_file(f.user, "");
    adit::test::write_file(f.global, "");
    BOOST_TEST(
        (ask(adit::trust_known_hosts(f.files), 1, &good).answer == host_key_answer::unknown));
    BOOST_TEST((ask(check, 1, &good).answer == host_key_answer::trusted));
    BOOST_TEST(asked == 1);
}

// RevokedHostKeys and CASignatureAlgorithms.
BOOST_AUTO_TEST_CASE(s07_list_of_revoked_keys_beats_everything) {
    const folder f;
    adit::test::certificate_content content;
    content.type = 2;
    content.principals = {"db.test"};
    content.valid_after = 0;
    content.valid_before = ~std::uint64_t{0};
    const auto certificate = adit::test::sample_certificate(content);  // of key 1, by key 2
    adit::test::write_file(
        f.user, "@cert-authority * " + sample_public_key(2).to_line() + "\n" + f.line(1));
    adit::known_hosts_policy policy;
    policy.files = f.files;
    policy.revoked_host_keys = f.place.file("revoked");
    const auto answer = [&](const adit::keys::certificate* shown) {
        return ask(adit::trust_by(policy), 1, shown);
    };
    const auto list = [&](adit::byte number) {
        adit::test::write_file(policy.revoked_host_keys,
                               sample_public_key(number).to_line() + "\n");
    };
    list(3);
    BOOST_TEST((answer(nullptr).answer == host_key_answer::trusted));
    BOOST_TEST((answer(&certificate).answer == host_key_answer::trusted));
    list(1);
    const reply plain = answer(nullptr);
    BOOST_TEST((plain.answer == host_key_answer::revoked));
    BOOST_TEST(plain.detail == policy.revoked_host_keys + ":1");
    BOOST_TEST((answer(&certificate).answer == host_key_answer::revoked));
    list(2);
    BOOST_TEST((answer(nullptr).answer == host_key_answer::trusted));
    BOOST_TEST((answer(&certificate).answer == host_key_answer::revoked));
    // What cannot be read revokes everybody.
    adit::test::write_file(policy.revoked_host_keys, "SSHKRL\n");
    const reply krl = answer(nullptr);
    BOOST_TEST(krl.failure == errc::revoked_keys_unreadable);
    BOOST_TEST((krl.detail.find("is a KRL") != std::string::npos));
    std::filesystem::remove(policy.revoked_host_keys);
    BOOST_TEST(answer(nullptr).failure == errc::revoked_keys_unreadable);
    // A CA may sign with these alone.
    policy.revoked_host_keys.clear();
    adit::test::write_file(f.user, "@cert-authority * " + sample_public_key(2).to_line() + "\n");
    policy.ca_signature_algorithms = "rsa-sha2-512,ssh-ed25519";
    BOOST_TEST((answer(&certificate).answer == host_key_answer::trusted));
    policy.ca_signature_algorithms = "rsa-sha2-512";
    BOOST_TEST((answer(&certificate).answer == host_key_answer::bad_certificate));
}

BOOST_AUTO_TEST_CASE(c38_certificates_are_asked_for_where_a_ca_is_known) {
    const folder f;
    adit::test::write_file(
        f.user, "@cert-authority *.test " + sample_public_key(2).to_line() + "\n" + f.line(1));
    const auto order = [&](std::string_view host) {
        return adit::prefer_known_keys("rsa-sha2-512,ssh-ed25519", f.files, host, 22).value();
    };
    BOOST_TEST(order("db.test") ==
               "ssh-ed25519-cert-v01@openssh.com,rsa-sha2-512-cert-v01@openssh.com,"
               "ssh-ed25519,rsa-sha2-512");
    BOOST_TEST(order("db.example") == "rsa-sha2-512,ssh-ed25519");
}

BOOST_AUTO_TEST_SUITE_END()
