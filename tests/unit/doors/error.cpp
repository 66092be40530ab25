// Tests of adit/error.hpp: each errc has its own sentence; which are final; what the peer is told.
#include "support/test.hpp"

#include <adit/error.hpp>

#include <set>

namespace {

using adit::disconnect_reason;
using adit::errc;
using adit::error_code;

/// Every errc: the enum has no gaps, so that the first value without a sentence ends it.
[[nodiscard]] std::vector<errc> all() {
    std::vector<errc> values;
    for (int i = 0; adit::sentence(static_cast<errc>(i)) != std::string_view("unknown error");
         ++i) {
        values.push_back(static_cast<errc>(i));
    }
    return values;
}

BOOST_AUTO_TEST_SUITE(error)

BOOST_AUTO_TEST_CASE(every_value_up_to_the_last_has_a_sentence) {
    // A value that is added behind this one belongs in here, and so does its sentence.
    BOOST_CHECK(all().back() == errc::too_many_pending_replies);
    BOOST_CHECK(all().front() == errc::ok);
}

BOOST_AUTO_TEST_CASE(c07_three_packet_errors_share_a_sentence_and_no_others_do) {
    const auto is_packet_error = [](errc e) {
        return e == errc::invalid_packet_length || e == errc::invalid_padding ||
               e == errc::mac_mismatch;
    };
    std::set<std::string> sentences;
    for (const errc e : all()) {
        const std::string sentence = adit::sentence(e);
        BOOST_TEST(sentence.size() > 6U);
        BOOST_TEST(sentence.back() != '.');
        if (is_packet_error(e)) {
            BOOST_TEST(sentence == "a packet of the peer is corrupt");
            BOOST_CHECK(adit::reason_for(e) == disconnect_reason::mac_error);
        } else {
            BOOST_TEST(sentences.insert(sentence).second, sentence);
            BOOST_TEST(sentence != "a packet of the peer is corrupt");
        }
    }
}

BOOST_AUTO_TEST_CASE(an_error_code_carries_category_value_and_sentence) {
    const error_code ec = errc::host_key_changed;
    BOOST_TEST(ec.failed());
    BOOST_CHECK(ec.category() == adit::category());
    BOOST_TEST(ec.category().name() == std::string_view("adit"));
    BOOST_CHECK(ec == errc::host_key_changed);
    BOOST_CHECK(ec != errc::host_key_unknown);
    BOOST_TEST(ec.message() == adit::sentence(errc::host_key_changed));
    const error_code fine = errc::ok;
    BOOST_TEST(!fine.failed());
    BOOST_TEST(adit::category().message(-1) == "unknown error");
    BOOST_TEST(adit::category().message(1 << 20) == "unknown error");
}

BOOST_AUTO_TEST_CASE(a_result_converts_from_errc) {
    const adit::result<int> failed = errc::malformed_field;
    BOOST_REQUIRE(failed.has_error());
    BOOST_CHECK(failed.error() == errc::malformed_field);
    const adit::result<int> fine = 7;
    BOOST_TEST(fine.value() == 7);
}

BOOST_AUTO_TEST_CASE(a_refused_login_and_a_refused_host_key_are_final) {
    for (const errc e :
         {errc::host_key_malformed, errc::host_key_signature_invalid, errc::host_key_unknown,
          errc::host_key_changed, errc::host_key_revoked, errc::host_key_rejected,
          errc::authentication_failed, errc::method_unavailable, errc::another_factor_needed,
          errc::no_credentials, errc::password_change_required, errc::prompt_cancelled,
          errc::no_common_kex_algorithm, errc::no_common_host_key_algorithm, errc::no_common_cipher,
          errc::no_common_mac}) {
        BOOST_TEST(adit::is_final(e), adit::sentence(e));
    }
}

BOOST_AUTO_TEST_CASE(what_the_network_did_is_worth_another_try) {
    for (const errc e : {errc::ok, errc::name_not_found, errc::connection_refused,
                         errc::network_unreachable, errc::connect_timed_out,
                         errc::deadline_exceeded, errc::connection_lost, errc::connection_closed,
                         errc::keepalive_lost, errc::disconnected_by_peer, errc::mac_mismatch}) {
        BOOST_TEST(!adit::is_final(e), adit::sentence(e));
    }
    // The same number in another category means something else.
    const error_code foreign(static_cast<int>(errc::host_key_changed),
                             boost::system::generic_category());
    BOOST_TEST(!adit::is_final(foreign));
}

BOOST_AUTO_TEST_CASE(disconnect_reasons_have_the_numbers_of_rfc4253) {
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::host_not_allowed_to_connect) == 1U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::protocol_error) == 2U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::key_exchange_failed) == 3U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::mac_error) == 5U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::compression_error) == 6U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::service_not_available) == 7U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::protocol_version_not_supported) == 8U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::host_key_not_verifiable) == 9U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::connection_lost) == 10U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::by_application) == 11U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::too_many_connections) == 12U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::auth_cancelled_by_user) == 13U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::no_more_auth_methods_available) == 14U);
    BOOST_TEST(static_cast<unsigned>(disconnect_reason::illegal_user_name) == 15U);
}

BOOST_AUTO_TEST_CASE(the_peer_is_told_a_reason_that_fits) {
    const auto told = [](errc e) { return adit::reason_for(e); };
    BOOST_CHECK(told(errc::no_common_cipher) == disconnect_reason::key_exchange_failed);
    BOOST_CHECK(told(errc::strict_kex_violation) == disconnect_reason::key_exchange_failed);
    BOOST_CHECK(told(errc::invalid_key_exchange_value) == disconnect_reason::key_exchange_failed);
    BOOST_CHECK(told(errc::host_key_changed) == disconnect_reason::host_key_not_verifiable);
    BOOST_CHECK(told(errc::host_key_signature_invalid) ==
                disconnect_reason::host_key_not_verifiable);
    BOOST_CHECK(told(errc::unsupported_protocol_version) ==
                disconnect_reason::protocol_version_not_supported);
    BOOST_CHECK(told(errc::authentication_failed) ==
                disconnect_reason::no_more_auth_methods_available);
    BOOST_CHECK(told(errc::prompt_cancelled) == disconnect_reason::auth_cancelled_by_user);
    BOOST_CHECK(told(errc::keepalive_lost) == disconnect_reason::connection_lost);
    BOOST_CHECK(told(errc::ok) == disconnect_reason::by_application);
    for (const errc e : {errc::message_truncated, errc::trailing_bytes, errc::malformed_field,
                         errc::unexpected_message, errc::window_exceeded, errc::unknown_channel}) {
        BOOST_CHECK_MESSAGE(told(e) == disconnect_reason::protocol_error, adit::sentence(e));
    }
    for (const errc e : all()) BOOST_CHECK(told(e) != disconnect_reason::none);
}

BOOST_AUTO_TEST_CASE(open_failures_have_the_numbers_of_rfc4254) {
    BOOST_TEST(static_cast<unsigned>(adit::open_failure::administratively_prohibited) == 1U);
    BOOST_TEST(static_cast<unsigned>(adit::open_failure::connect_failed) == 2U);
    BOOST_TEST(static_cast<unsigned>(adit::open_failure::unknown_channel_type) == 3U);
    BOOST_TEST(static_cast<unsigned>(adit::open_failure::resource_shortage) == 4U);
}

BOOST_AUTO_TEST_CASE(a_protocol_error_is_thrown_with_its_code) {
    try {
        throw adit::protocol_error(errc::trailing_bytes, "kexinit");
    } catch (const boost::system::system_error& e) {
        BOOST_CHECK(e.code() == errc::trailing_bytes);
        BOOST_TEST(std::string(e.what()).find("kexinit") != std::string::npos);
    }
    const adit::protocol_error plain(errc::connection_lost);
    BOOST_CHECK(plain.code() == errc::connection_lost);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
