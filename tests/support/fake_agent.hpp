// An SSH agent in memory that says whatever a test wants: for each request a frame, raw bytes,
// nothing at all, or the end of the connection. Used by the tests of agent.hpp.
// Invariant: what was heard is kept, by connection, in order.
#pragma once

#include "support/memory_stream.hpp"

#include <adit/agent.hpp>
#include <adit/detail/erase.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace adit::test {

/// What the agent says to a request. `bytes` go out as they are; then, perhaps, the end.
struct agent_says {
    std::vector<byte> bytes;
    bool hangs_up = false;
};

class fake_agent {
public:
    using behaviour = std::function<agent_says(bytes_view request)>;
    struct conversation {
        std::vector<std::vector<byte>> requests;  ///< without their lengths
    };

    explicit fake_agent(behaviour how)
        : state_(std::make_shared<state>(state{std::move(how), {}})) {}

    [[nodiscard]] agent_dialler dialler() const {
        return [s = state_] { return dial(s); };
    }
    [[nodiscard]] const std::vector<conversation>& heard() const { return state_->heard; }

private:
    struct state {
        behaviour how;
        std::vector<conversation> heard;
    };

    static task<std::unique_ptr<detail::any_stream>> dial(std::shared_ptr<state> s);
    static task<> serve(std::shared_ptr<state> s, memory_stream stream, std::size_t number);

    std::shared_ptr<state> state_;
};

[[nodiscard]] inline std::vector<byte> failure_frame() { return {0, 0, 0, 1, 5}; }
[[nodiscard]] inline std::vector<byte> success_frame() { return {0, 0, 0, 1, 6}; }

/// An answer to a list: these blobs, with comments "key 0" and on.
[[nodiscard]] inline std::vector<byte> identities_frame(
    const std::vector<std::vector<byte>>& blobs) {
    std::vector<byte> list;
    for (std::size_t i = 0; i < blobs.size(); ++i) {
        const std::string comment = "key " + std::to_string(i);
        const wire::agent_identity one{blobs[i], comment};
        std::vector<byte> memory(wire::fields_size(one));
        wire::writer w(memory);
        wire::put_fields(w, one);
        list.insert(list.end(), memory.begin(), memory.end());
    }
    return wire::agent_frame(
        wire::agent_identities_answer{static_cast<std::uint32_t>(blobs.size()), {list}});
}

// Details.

inline task<std::unique_ptr<detail::any_stream>> fake_agent::dial(std::shared_ptr<state> s) {
    const executor ex = co_await asio::this_coro::executor;
    auto [near, far] = memory_pair(ex);
    const std::size_t number = s->heard.size();
    s->heard.emplace_back();
    asio::co_spawn(ex, serve(s, std::move(far), number), [](std::exception_ptr) {});
    co_return detail::erase(std::move(near));
}

inline task<> fake_agent::serve(std::shared_ptr<state> s, memory_stream stream,
                                std::size_t number) {
    for (;;) {
        std::array<byte, 4> length{};
        auto reading = asio::async_read(stream, asio::buffer(length), asio::deferred);
        co_await std::move(reading);
        std::vector<byte> request(wire::reader(length).take_u32());
        auto rest = asio::async_read(stream, asio::buffer(request), asio::deferred);
        co_await std::move(rest);
        s->heard[number].requests.push_back(request);
        const agent_says answer = s->how(request);
        auto writing = asio::async_write(stream, asio::buffer(answer.bytes), asio::deferred);
        co_await std::move(writing);
        if (answer.hangs_up) co_return;
    }
}

}  // namespace adit::test
