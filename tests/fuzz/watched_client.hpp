// A client with secrets, and somebody who watches all that it says and hears: who was asked for
// what, and whether the server had proved its host key by then. Used by F04, and by the program
// that records its seeds, so that both make the same client. Deterministic.
// Invariants that it checks: nobody is asked and no message of the login leaves before the host key
// was believed; the phase only goes forward; success is what the server said behind a request.
#pragma once

#include "fuzz/check.hpp"
#include "support/fixed_random.hpp"
#include "support/sample_keys.hpp"

#include <adit/client.hpp>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::fuzz {

class client_watch {
public:
    static constexpr std::string_view secret = "canary-of-a-password";

    void says(bytes_view payload) {
        const byte number = payload[0];
        const auto id = static_cast<wire::message_id>(number);
        const bool of_the_login = number >= 50 || id == wire::message_id::service_request;
        check(!of_the_login || believed, "C36: no login before the host key is verified");
        check(believed || std::ranges::search(payload, secret).empty(), "C36: no secret, either");
        requested = requested || id == wire::message_id::userauth_request;
        if (number >= 50 && number < 80) success = false;
    }
    void hears(bytes_view payload) {
        ++heard;
        const auto id = static_cast<wire::message_id>(payload[0]);
        success = success || (requested && id == wire::message_id::userauth_success);
    }
    void asked_for_a_secret() {
        check(believed, "C36: nobody is asked before the host key is verified");
        ++asked;
    }

    bool believed = false;   // the host key
    bool requested = false;  // a login
    bool success = false;    // the server's latest word about our latest request
    std::size_t heard = 0;
    std::size_t asked = 0;
};

/// Signs as sample key `number`.
class watched_signer final : public signer {
public:
    watched_signer(std::shared_ptr<client_watch> watch, byte number)
        : watch_(std::move(watch)), key_(test::sample_key(number)) {}
    [[nodiscard]] const keys::public_key& public_part() const noexcept override {
        return key_.public_part();
    }
    [[nodiscard]] std::string name() const override { return "watched"; }
    [[nodiscard]] task<std::vector<byte>> sign(std::string_view algorithm,
                                               bytes_view message) override {
        watch_->asked_for_a_secret();
        auto blob = key_.sign(algorithm, message);
        if (!blob) throw protocol_error(blob.error());
        co_return std::move(*blob);
    }

private:
    std::shared_ptr<client_watch> watch_;
    keys::private_key key_;
};

/// Believes the host key that is sample key 1; the bits of `choice` say how it logs in.
[[nodiscard]] inline client_options watched_options(const std::shared_ptr<client_watch>& watch,
                                                    unsigned choice) {
    const auto is_known = [watch](const host_key_question& q) -> task<host_key_answer> {
        const bool known = *q.key == test::sample_public_key(1);
        watch->believed = known;
        co_return known ? host_key_answer::trusted : host_key_answer::unknown;
    };
    client_options o("alice", "server.test", is_known);
    if ((choice & 1U) != 0) o.credentials.emplace_back(std::make_shared<watched_signer>(watch, 7));
    if ((choice & 2U) != 0) o.credentials.emplace_back(std::make_shared<watched_signer>(watch, 8));
    if ((choice & 4U) != 0) {
        o.credentials.emplace_back(
            password_source([watch](const password_question&) -> task<secret_bytes> {
                watch->asked_for_a_secret();
                co_return secret_bytes(client_watch::secret.begin(), client_watch::secret.end());
            }));
    }
    if ((choice & 8U) != 0) {
        o.credentials.emplace_back(
            prompt_responder([watch](const prompt_question& q) -> task<std::vector<secret_bytes>> {
                watch->asked_for_a_secret();
                const std::string_view text = client_watch::secret;
                co_return std::vector<secret_bytes>(q.prompts.size(),
                                                    secret_bytes(text.begin(), text.end()));
            }));
    }
    o.disable_trivial_auth = (choice & 16U) != 0;
    o.algorithms.kex = "curve25519-sha256";
    o.random = std::make_shared<test::fixed_random>(byte{1});
    // The stream ends, so nothing has to be waited for.
    o.limits.handshake_timeout = o.limits.keepalive_interval = {};
    o.limits.stalled_write_timeout = {};
    return o;
}

}  // namespace adit::fuzz
