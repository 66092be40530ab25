// A reference for adit/protocol/channel_table.hpp in maps and counters, without any of its types:
// what RFC 4254 says must come of a message or an action. Used by channel_table_model.cpp, which
// drives both with the same operations. At most 200 lines (security.md, F06).
#pragma once

#include <cstdint>
#include <deque>
#include <map>

namespace adit::test {

/// What the model expects of a message.
enum class verdict {
    nothing,
    opened,
    open_failed,
    data,
    window,
    eof,
    close,
    request,
    reply,
    global_reply,
    broken  // the peer broke the law: the connection ends
};

struct expectation {
    verdict what = verdict::broken;
    std::uint64_t ticket = 0;
};

struct model_channel {
    bool open = false;
    bool eof_in = false, eof_out = false, close_in = false, close_out = false;
    std::uint32_t peer = 0;
    std::uint64_t sendable = 0;
    std::uint64_t receivable = 0;  // what the peer may still send
    std::uint64_t held = 0;        // what it sent and nobody took
    std::deque<std::uint64_t> tickets{};

    [[nodiscard]] bool hears() const { return open && !close_in; }
    [[nodiscard]] bool sends_data() const { return open && !eof_out && !close_out && !close_in; }
    [[nodiscard]] bool sends_other() const { return open && !close_out; }
    [[nodiscard]] bool over() const { return open && close_in && close_out; }
};

class channel_model {
public:
    std::map<std::uint32_t, model_channel> channels;
    std::deque<std::uint64_t> global_tickets;

    // Messages of the peer.

    expectation confirmation(std::uint32_t number, std::uint32_t peer, std::uint32_t window,
                             std::uint32_t packet) {
        model_channel* c = find(number);
        if (c == nullptr || c->open || packet == 0) return {};
        c->open = true;
        c->peer = peer;
        c->sendable = window;
        return {verdict::opened};
    }
    /// The channel is gone with it.
    expectation failure(std::uint32_t number) {
        const model_channel* c = find(number);
        if (c == nullptr || c->open) return {};
        channels.erase(number);
        return {verdict::open_failed};
    }
    expectation data(std::uint32_t number, std::uint64_t size, std::uint64_t largest) {
        model_channel* c = find(number);
        if (c == nullptr || !c->hears() || c->eof_in) return {};
        if (size > largest || size > c->receivable) return {};
        c->receivable -= size;
        c->held += size;
        return {verdict::data};
    }
    expectation adjust(std::uint32_t number, std::uint32_t bytes) {
        model_channel* c = find(number);
        if (c == nullptr || !c->sends_data()) return {verdict::nothing};
        if (c->sendable + bytes > 0xffffffff) return {};
        c->sendable += bytes;
        return {verdict::window};
    }
    expectation eof(std::uint32_t number) {
        model_channel* c = find(number);
        if (c == nullptr || !c->hears()) return {};
        if (c->eof_in) return {verdict::nothing};
        c->eof_in = true;
        return {verdict::eof};
    }
    expectation close(std::uint32_t number) {
        model_channel* c = find(number);
        if (c == nullptr || !c->hears()) return {};
        c->close_in = true;
        return {verdict::close};
    }
    expectation request(std::uint32_t number) {
        const model_channel* c = find(number);
        return c == nullptr || !c->hears() ? expectation{} : expectation{verdict::request};
    }
    expectation reply(std::uint32_t number) {
        model_channel* c = find(number);
        if (c == nullptr) return {};
        return first_of(c->tickets, verdict::reply);
    }
    expectation global_reply() { return first_of(global_tickets, verdict::global_reply); }

    // What we do. The caller asks may_… first, as the library does.

    void added(std::uint32_t number, std::uint32_t window) { channels[number].receivable = window; }
    void accepted(std::uint32_t number, std::uint32_t peer, std::uint32_t window) {
        model_channel& c = channels[number];
        c.open = true;
        c.peer = peer;
        c.sendable = window;
    }
    /// What was taken out of the buffers, and what the table granted for it.
    void consumed(std::uint32_t number, std::uint64_t bytes, std::uint32_t granted) {
        model_channel& c = channels[number];
        c.held -= bytes;
        c.receivable += granted;
    }
    [[nodiscard]] bool may_grant(std::uint32_t number) {
        const model_channel& c = channels[number];
        return c.sends_other() && !c.eof_in && !c.close_in;
    }
    [[nodiscard]] bool released(std::uint32_t number) {
        const model_channel* c = find(number);
        if (c == nullptr || !c->over()) return false;
        channels.erase(number);
        return true;
    }

private:
    model_channel* find(std::uint32_t number) {
        const auto found = channels.find(number);
        return found == channels.end() ? nullptr : &found->second;
    }
    static expectation first_of(std::deque<std::uint64_t>& tickets, verdict what) {
        if (tickets.empty()) return {verdict::nothing};
        const std::uint64_t ticket = tickets.front();
        tickets.pop_front();
        return {what, ticket};
    }
};

}  // namespace adit::test
