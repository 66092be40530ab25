// Short sentences between a test and a session of the client's in a scene, RFC 4254 section 6: the
// session itself, what the server says on it, and what becomes of an operation. Used by the tests
// of session.hpp. Invariant: the client's number of the first channel is 0, the server's 1000.
#pragma once

#include "support/talk.hpp"

#include <adit/session.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

namespace adit::test {

/// What became of an operation; it outlives the operation.
struct ending {
    int completions = 0;
    error_code ec = asio::error::would_block;
    std::size_t size = 0;
    exit_result exit;
    asio::cancellation_signal cancel;

    [[nodiscard]] auto handler() {
        return asio::bind_cancellation_slot(cancel.slot(), [this](error_code e, auto... value) {
            ++completions;
            ec = e;
            (keep(std::move(value)), ...);
        });
    }

private:
    void keep(std::size_t n) { size = n; }
    void keep(exit_result r) { exit = std::move(r); }
};

[[nodiscard]] inline session open_session(scene& s, channel_terms terms = {}) {
    session opened;
    const auto client_part = [&]() -> task<> {
        auto opening = s.ssh().async_open_session(asio::deferred);
        opened = co_await std::move(opening);
    };
    const auto server_part = [&]() -> task<> {
        static_cast<void>(co_await s.server().accept_channel(terms));
    };
    s.play({client_part, server_part});
    return opened;
}

[[nodiscard]] inline std::vector<byte> errors_message(std::uint32_t channel, std::string_view text,
                                                      std::uint32_t type = 1) {
    return payload_of(wire::channel_extended_data{channel, type, as_bytes(text)});
}

/// A request of the server's on channel 0.
template <wire::fields Fields>
[[nodiscard]] std::vector<byte> told(const Fields& fields, bool want_reply = false) {
    const auto data = detail::encoded_fields(fields);
    return payload_of(wire::channel_request{0, Fields::request_type, want_reply, {data}});
}

/// The fields of a request that was heard, which has to be of this type.
template <wire::fields Fields>
[[nodiscard]] Fields asked_for(const std::vector<byte>& message, bool want_reply) {
    const auto m = value_of(wire::decode<wire::channel_request>(message));
    BOOST_TEST(m.recipient_channel == 1000U);
    BOOST_TEST(m.request_type == Fields::request_type);
    BOOST_TEST(m.want_reply == want_reply);
    return value_of(wire::decode_fields<Fields>(m.request_data.bytes));
}

[[nodiscard]] inline std::vector<byte> success() { return payload_of(wire::channel_success{0}); }
[[nodiscard]] inline std::vector<byte> failure() { return payload_of(wire::channel_failure{0}); }
[[nodiscard]] inline std::vector<byte> eof() { return payload_of(wire::channel_eof{0}); }
[[nodiscard]] inline std::vector<byte> closed() { return payload_of(wire::channel_close{0}); }

}  // namespace adit::test
