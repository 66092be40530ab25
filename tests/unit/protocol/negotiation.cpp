// Tests of adit/protocol/negotiation.hpp: the client's first that the server has too, for each kind
// by itself; guesses; pseudo names (RFC 4253 section 7.1, RFC 8308; C12, C14, C15, C24, C26).
#include "support/test.hpp"

#include <adit/protocol/negotiation.hpp>

namespace {

using adit::errc;
using adit::protocol::negotiated;
using adit::protocol::no_common;
using adit::protocol::role;
using adit::wire::kexinit;
using adit::wire::name_list;

constexpr std::array both{role::client, role::server};
constexpr std::string_view gcm = "aes256-gcm@openssh.com";
constexpr std::string_view chacha = "chacha20-poly1305@openssh.com";

kexinit offer() {
    kexinit m;
    m.kex_algorithms = {"k1,k2"};
    m.server_host_key_algorithms = {"h1,h2"};
    m.encryption_algorithms_client_to_server = {gcm};
    m.encryption_algorithms_server_to_client = {gcm};
    m.compression_algorithms_client_to_server = {"none"};
    m.compression_algorithms_server_to_client = {"none"};
    return m;
}

struct outcome {
    bool agreed = false;
    negotiated chosen;
    no_common failure;
};

outcome negotiate(const kexinit& client, const kexinit& server, role ours = role::client) {
    outcome o;
    o.agreed = adit::protocol::negotiate({client, server, ours}, o.chosen, o.failure);
    return o;
}

BOOST_AUTO_TEST_SUITE(negotiation)

BOOST_AUTO_TEST_CASE(c14_the_clients_first_that_the_server_has_too) {
    struct sample {
        std::string_view client, server, chosen;
    };
    for (const sample& s : {sample{"a,b,c", "c,b,a", "a"},
                            {"a,b,c", "c,b", "b"},
                            {"a,b,c", "c", "c"},
                            {"a", "a", "a"},
                            {"aa,a", "a,aaa", "a"},
                            {"a,b", "B,A,b", "b"}}) {
        for (const role ours : both) {
            kexinit client = offer();
            kexinit server = offer();
            client.kex_algorithms = {s.client};
            server.kex_algorithms = {s.server};
            BOOST_TEST(negotiate(client, server, ours).chosen.kex == s.chosen);
            client = server = offer();
            client.server_host_key_algorithms = {s.client};
            server.server_host_key_algorithms = {s.server};
            BOOST_TEST(negotiate(client, server, ours).chosen.host_key == s.chosen);
        }
    }
}

BOOST_AUTO_TEST_CASE(c14_the_two_directions_are_chosen_by_themselves) {
    kexinit client = offer();
    kexinit server = offer();
    client.encryption_algorithms_client_to_server = {"c1,c2"};
    server.encryption_algorithms_client_to_server = {"c2,c1"};
    client.encryption_algorithms_server_to_client = {"d2,d1"};
    server.encryption_algorithms_server_to_client = {"d1,d2"};
    client.mac_algorithms_client_to_server = {"m1,m2"};
    server.mac_algorithms_client_to_server = {"m2"};
    client.mac_algorithms_server_to_client = {"n1"};
    server.mac_algorithms_server_to_client = {"n2,n1"};
    for (const role ours : both) {
        const outcome o = negotiate(client, server, ours);
        BOOST_TEST(o.agreed);
        BOOST_TEST(o.chosen.cipher_to_server == "c1");
        BOOST_TEST(o.chosen.cipher_to_client == "d2");
        BOOST_TEST(o.chosen.mac_to_server == "m2");
        BOOST_TEST(o.chosen.mac_to_client == "n1");
    }
}

BOOST_AUTO_TEST_CASE(c14_an_aead_needs_no_mac_in_common) {
    for (const std::string_view cipher : {gcm, chacha}) {
        kexinit client = offer();
        kexinit server = offer();
        for (kexinit* m : {&client, &server}) {
            m->encryption_algorithms_client_to_server = {cipher};
            m->encryption_algorithms_server_to_client = {cipher};
        }
        for (const auto& [ours, theirs] : {std::pair{"hmac-a", "hmac-b"},
                                           {"", "hmac-b"},
                                           {"hmac-a", ""},
                                           {"", ""},
                                           {"same", "same"}}) {
            client.mac_algorithms_client_to_server = {ours};
            client.mac_algorithms_server_to_client = {ours};
            server.mac_algorithms_client_to_server = {theirs};
            server.mac_algorithms_server_to_client = {theirs};
            const outcome o = negotiate(client, server);
            BOOST_TEST(o.agreed);
            BOOST_TEST(o.chosen.mac_to_server.empty());
            BOOST_TEST(o.chosen.mac_to_client.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(c14_any_other_cipher_needs_one) {
    kexinit client = offer();
    kexinit server = offer();
    for (kexinit* m : {&client, &server})
        m->encryption_algorithms_client_to_server = {"aes256-ctr"};
    client.mac_algorithms_client_to_server = {"hmac-a"};
    server.mac_algorithms_client_to_server = {"hmac-b,hmac-c"};
    const outcome o = negotiate(client, server);
    BOOST_TEST(!o.agreed);
    BOOST_TEST((o.failure.error == errc::no_common_mac));
    BOOST_TEST(o.failure.client_list == "hmac-a");
    BOOST_TEST(o.failure.server_list == "hmac-b,hmac-c");
    // The other direction alone fails too.
    kexinit back = offer();
    back.encryption_algorithms_server_to_client = {"aes256-ctr"};
    BOOST_TEST((negotiate(back, back).failure.error == errc::no_common_mac));
}

BOOST_AUTO_TEST_CASE(each_list_that_does_not_meet_is_named) {
    struct sample {
        name_list kexinit::* list;
        errc error;
    };
    for (const sample& s :
         {sample{&kexinit::kex_algorithms, errc::no_common_kex_algorithm},
          {&kexinit::server_host_key_algorithms, errc::no_common_host_key_algorithm},
          {&kexinit::encryption_algorithms_client_to_server, errc::no_common_cipher},
          {&kexinit::encryption_algorithms_server_to_client, errc::no_common_cipher},
          {&kexinit::compression_algorithms_client_to_server, errc::no_common_compression},
          {&kexinit::compression_algorithms_server_to_client, errc::no_common_compression}}) {
        for (const role ours : both) {
            for (const std::string_view servers : {"other1,other2", ""}) {
                kexinit client = offer();
                kexinit server = offer();
                client.*s.list = {"mine1,mine2"};
                server.*s.list = {servers};
                const outcome o = negotiate(client, server, ours);
                BOOST_TEST(!o.agreed);
                BOOST_TEST((o.failure.error == s.error));
                BOOST_TEST(o.failure.client_list == "mine1,mine2");
                BOOST_TEST(o.failure.server_list == servers);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(c10_a_peer_that_only_compresses_is_refused) {
    for (const std::string_view names : {"zlib@openssh.com", "zlib,zlib@openssh.com"}) {
        for (const role ours : both) {
            kexinit theirs = offer();
            theirs.compression_algorithms_client_to_server = {names};
            const outcome o = ours == role::client ? negotiate(offer(), theirs, ours)
                                                   : negotiate(theirs, offer(), ours);
            BOOST_TEST(!o.agreed);
            BOOST_TEST((o.failure.error == errc::no_common_compression));
        }
    }
}

BOOST_AUTO_TEST_CASE(c12_stray_commas_match_nothing) {
    kexinit client = offer();
    kexinit server = offer();
    client.kex_algorithms = {",a,,"};
    server.kex_algorithms = {",,b,"};
    BOOST_TEST((negotiate(client, server).failure.error == errc::no_common_kex_algorithm));
    server.kex_algorithms = {"b,,a,"};
    BOOST_TEST(negotiate(client, server).chosen.kex == "a");
}

BOOST_AUTO_TEST_CASE(c14_a_pseudo_name_is_never_chosen) {
    for (const std::string_view pseudo :
         {"ext-info-c", "ext-info-s", "kex-strict-c-v00@openssh.com",
          "kex-strict-s-v00@openssh.com"}) {
        kexinit client = offer();
        kexinit server = offer();
        const std::string first = std::string(pseudo) + ",a";
        client.kex_algorithms = {first};
        server.kex_algorithms = {first};
        BOOST_TEST(negotiate(client, server).chosen.kex == "a");
        client.kex_algorithms = {pseudo};
        BOOST_TEST((negotiate(client, server).failure.error == errc::no_common_kex_algorithm));
    }
}

BOOST_AUTO_TEST_CASE(c24_c26_the_peers_pseudo_names_are_heard_and_ours_are_not) {
    struct sample {
        std::string_view client, server;
        bool client_hears_strict, client_hears_ext, server_hears_strict, server_hears_ext;
    };
    const std::vector<sample> samples{
        {"a,ext-info-c,kex-strict-c-v00@openssh.com", "a", false, false, true, true},
        {"a", "a,kex-strict-s-v00@openssh.com,ext-info-s", true, true, false, false},
        {"a,kex-strict-c-v00@openssh.com", "a,kex-strict-s-v00@openssh.com", true, false, true,
         false},
        // The other role's names mean nothing.
        {"a,ext-info-s,kex-strict-s-v00@openssh.com", "a,ext-info-c,kex-strict-c-v00@openssh.com",
         false, false, false, false},
        {"a", "a", false, false, false, false},
        // Whole names only.
        {"a,xext-info-c,kex-strict-c-v00@openssh.co", "a,ext-info-sx", false, false, false, false}};
    for (const sample& s : samples) {
        kexinit client = offer();
        kexinit server = offer();
        client.kex_algorithms = {s.client};
        server.kex_algorithms = {s.server};
        const negotiated at_client = negotiate(client, server, role::client).chosen;
        BOOST_TEST(at_client.peer_strict == s.client_hears_strict);
        BOOST_TEST(at_client.peer_wants_ext_info == s.client_hears_ext);
        const negotiated at_server = negotiate(client, server, role::server).chosen;
        BOOST_TEST(at_server.peer_strict == s.server_hears_strict);
        BOOST_TEST(at_server.peer_wants_ext_info == s.server_hears_ext);
    }
}

// A guess is right if both first names are the same on both sides, whatever is chosen in the end.
BOOST_AUTO_TEST_CASE(c15_four_combinations_of_guesses_for_both_roles) {
    for (const role ours : both) {
        for (const bool kex_differs : {false, true}) {
            for (const bool host_key_differs : {false, true}) {
                for (const bool follows : {false, true}) {
                    kexinit client = offer();
                    kexinit server = offer();
                    if (kex_differs) server.kex_algorithms = {"k2,k1"};
                    if (host_key_differs) server.server_host_key_algorithms = {"h2,h1"};
                    kexinit& peer = ours == role::client ? server : client;
                    kexinit& us = ours == role::client ? client : server;
                    peer.first_kex_packet_follows = follows;
                    us.first_kex_packet_follows = true;  // ours is the other side's business
                    const outcome o = negotiate(client, server, ours);
                    BOOST_TEST(o.agreed);
                    BOOST_TEST(o.chosen.peer_guessed_wrong ==
                               (follows && (kex_differs || host_key_differs)));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(c15_a_guess_can_be_wrong_though_the_guessed_name_is_chosen) {
    kexinit client = offer();
    kexinit server = offer();
    server.kex_algorithms = {"k2,k1"};
    client.first_kex_packet_follows = true;
    const outcome o = negotiate(client, server, role::server);
    BOOST_TEST(o.chosen.kex == "k1");
    BOOST_TEST(o.chosen.peer_guessed_wrong);
}

BOOST_AUTO_TEST_CASE(names_outlive_the_messages) {
    negotiated chosen;
    {
        const std::string names = "k1-with-a-name-that-is-not-short-enough-for-a-small-string";
        kexinit m = offer();
        m.kex_algorithms = {names};
        no_common failure;
        BOOST_TEST(adit::protocol::negotiate({m, m, role::client}, chosen, failure));
    }
    BOOST_TEST(chosen.kex == "k1-with-a-name-that-is-not-short-enough-for-a-small-string");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
