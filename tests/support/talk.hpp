// Short sentences between a test and the client of a scene, once both are ready: what the server
// says in one segment, and all that the client has said. Used by the tests of connection/ and the
// doors. Invariant: say() and heard() return when everything that follows from them has happened.
#pragma once

#include "support/scene.hpp"

#include <string_view>
#include <vector>

namespace adit::test {

using payloads = std::vector<std::vector<byte>>;

/// Sends these in one segment, whatever the rules say.
inline void say(scene& s, const payloads& messages) {
    const auto server_part = [&]() -> task<> {
        for (const auto& m : messages) s.server().port().send_now(m);
        co_await s.server().flush();
    };
    s.play({server_part});
    s.step();
}

[[nodiscard]] inline std::vector<byte> data_message(std::uint32_t channel, std::string_view text) {
    return payload_of(wire::channel_data{channel, as_bytes(text)});
}

/// Everything that the client has to say by now. Answers overtake the messages of channels, so it
/// is asked twice whether that was all.
[[nodiscard]] inline payloads heard(scene& s) {
    payloads messages;
    const auto question = payload_of(wire::global_request{"over", true, {}});
    const auto listens = [&]() -> task<> {
        for (int answers = 0; answers < 2;) {
            s.server().port().send_now(question);
            for (const int before = answers; answers == before;) {
                const protocol::packet p = co_await s.server().port().receive_packet();
                if (p.id() == wire::message_id::request_failure) {
                    ++answers;
                } else {
                    messages.emplace_back(p.payload.begin(), p.payload.end());
                }
            }
        }
    };
    s.play({listens});
    return messages;
}

[[nodiscard]] inline std::vector<int> numbers(const payloads& messages) {
    std::vector<int> ids;
    for (const auto& m : messages) ids.push_back(m[0]);
    return ids;
}

/// The connection's end after these; no error when it goes on.
[[nodiscard]] inline error_code end_after(scene& s, const payloads& messages) {
    const auto closed = std::make_shared<error_code>();
    s.ssh().async_wait_closed([closed](error_code ec) { *closed = ec; });
    say(s, messages);
    return *closed;
}

/// All that can be read without waiting, and what the next read would say.
[[nodiscard]] inline std::string all_there_is(channel& c, error_code& why) {
    std::string text;
    std::vector<char> room(5000);
    for (;;) {
        const auto got = c.try_read(asio::buffer(room));
        why = got.ec;
        if (got.size == 0) return text;
        text.append(room.data(), got.size);
    }
}

}  // namespace adit::test
