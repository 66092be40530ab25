// A reference for all channels of one end of a connection, by what goes over its wire alone (RFC
// 4254 section 5): peer_... judges what the peer sends, we_... checks what we send. Used by F06.
// Knows none of the library's states; at most 200 lines (security.md, F06).
// The peer gives each
// number to one channel at a time. Invariants that it checks: sent <= granted; granted = what was
// open at first and what was used up since, within the largest window; open -> EOF -> CLOSE; a
// number has one life at a time; each question has one answer.
#pragma once

#include "fuzz/check.hpp"

#include <adit/limits.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>

namespace adit::fuzz {

class channel_model {
public:
    using number = std::uint32_t;
    struct terms {
        std::uint32_t window = 0, packet = 0;
    };
    struct half {
        std::int64_t granted = 0, moved = 0;
        bool eof = false, close = false;
        [[nodiscard]] std::int64_t open() const { return granted - moved; }
    };
    struct entry {
        bool confirmed = false;
        number peer = 0;
        std::int64_t peer_packet = 0;
        half in, out;
        std::int64_t first = 0, used = 0;  // our first grant; what the application took of `in`
        std::size_t owed = 0;              // replies to the peer's requests
    };

    explicit channel_model(const limits& caps) : caps_(caps) {}

    [[nodiscard]] const std::map<number, entry>& channels() const { return channels_; }
    /// All that the peer ever wanted an answer to.
    [[nodiscard]] std::size_t questions() const { return questions_; }

    // What the peer sends: whether it may.
    bool peer_opens(number theirs, terms t) {
        opens_[theirs] = t;
        ++questions_;
        return true;
    }
    bool peer_confirms(number ours, number theirs, terms t) {
        entry* e = find(ours);
        if (e == nullptr || e->confirmed || t.packet == 0) return false;
        confirm(*e, theirs, t);
        return true;
    }
    bool peer_refuses(number ours) {
        const entry* e = find(ours);
        return e != nullptr && !e->confirmed && channels_.erase(ours) == 1;
    }
    /// C43: adjusts for a channel that is gone, or at its end, are late and harmless.
    bool peer_adjusts(number ours, std::uint32_t bytes) {
        entry* e = hearing(ours);
        if (e == nullptr || e->out.eof || e->out.close) return true;
        e->out.granted += bytes;
        return e->out.open() <= 0xffffffff;
    }
    bool peer_sends(number ours, std::size_t size, bool is_extended) {
        entry* e = hearing(ours);
        const auto n = static_cast<std::int64_t>(size);
        if (e == nullptr || e->in.eof || n > e->in.open() || size > caps_.channel_packet) {
            return false;
        }
        e->in.moved += n;
        if (is_extended) e->used += n;  // C45: nobody reads it
        return true;
    }
    bool peer_ends(number ours) {
        if (entry* e = hearing(ours)) return e->in.eof = true;
        return false;
    }
    bool peer_closes(number ours) {
        entry* e = hearing(ours);
        if (e != nullptr) e->in.close = true;
        if (e != nullptr) forget_if_over(ours);
        return e != nullptr;
    }
    bool peer_asks(number ours, bool wants_reply) {
        entry* e = hearing(ours);
        return e != nullptr && peer_asks(wants_reply, e->owed);
    }
    bool peer_asks(bool wants_reply) { return peer_asks(wants_reply, owed_); }

    // What we send.
    void we_open(number ours, terms t) { add(ours, t); }
    void we_confirm(number theirs, number ours, terms t) {
        const auto asked = opens_.find(theirs);
        check(asked != opens_.end(), "C41: one answer to one open");
        confirm(add(ours, t), theirs, asked->second);
        opens_.erase(asked);
    }
    void we_refuse(number theirs) {
        check(opens_.erase(theirs) == 1, "C41: one answer to one open");
    }
    void we_adjust(number theirs, std::uint32_t bytes) {
        entry& e = speaking(theirs)->second;
        e.in.granted += bytes;
        check(bytes != 0 && e.in.open() <= 0xffffffff, "C43: a window fits its type");
        check(e.in.granted - e.used <= std::max<std::int64_t>(e.first, caps_.largest_window),
              "C45: credit is granted only for what was used up");
    }
    void we_send(number theirs, std::size_t size) {
        entry& e = speaking(theirs)->second;
        const auto n = static_cast<std::int64_t>(size);
        check(!e.out.eof && !e.in.close, "C46: no data behind EOF, or behind the peer's CLOSE");
        check(n != 0 && n <= e.peer_packet && size <= caps_.channel_packet, "C44: packets fit");
        check(n <= e.out.open(), "C44: sent <= granted");
        e.out.moved += n;
    }
    void we_end(number theirs) {
        entry& e = speaking(theirs)->second;
        check(!e.out.eof, "C46: one EOF");
        e.out.eof = true;
    }
    void we_close(number theirs) {
        const auto place = speaking(theirs);
        place->second.out.close = true;
        forget_if_over(place->first);
    }
    void we_reply(number theirs) {
        check(speaking(theirs)->second.owed-- > 0, "C47: one reply to one request");
    }
    void we_reply() { check(owed_-- > 0, "C39: one reply to one request"); }

    /// The application takes so many bytes; less than zero: it took fewer than it had wanted.
    void we_use(number ours, std::int64_t bytes) {
        if (entry* e = find(ours)) e->used += bytes;
    }

    /// When nothing waits to be written: `opens` and `asked` are still with the application.
    void check_at_rest(std::size_t opens, std::size_t asked) const {
        check(opens_.size() == opens, "C41: every open is answered");
        std::size_t owed = owed_;
        for (const auto& [ours, e] : channels_) {
            if (!e.out.close) owed += e.owed;
            check(!e.in.close || e.out.close, "C46: CLOSE is answered");
            const bool flows = e.confirmed && !e.in.eof && !e.in.close && !e.out.close;
            check(!flows || (e.in.granted - e.used) * 2 >= e.first, "C45: credit comes back");
        }
        check(owed <= asked, "C39, C47: every request is answered");
    }

private:
    bool peer_asks(bool wants_reply, std::size_t& owed) {
        owed += wants_reply ? 1 : 0;
        questions_ += wants_reply ? 1 : 0;
        return true;
    }
    [[nodiscard]] entry* find(number ours) {
        const auto found = channels_.find(ours);
        return found == channels_.end() ? nullptr : &found->second;
    }
    /// On which the peer may speak.
    [[nodiscard]] entry* hearing(number ours) {
        entry* e = find(ours);
        return e != nullptr && e->confirmed && !e->in.close ? e : nullptr;
    }
    /// On which we may speak.
    [[nodiscard]] std::map<number, entry>::iterator speaking(number theirs) {
        const auto found = std::ranges::find_if(channels_, [&](const auto& c) {
            return c.second.confirmed && !c.second.out.close && c.second.peer == theirs;
        });
        check(found != channels_.end(), "C43: nothing is sent but on an open channel");
        return found;
    }
    entry& add(number ours, terms t) {
        const auto [place, added] = channels_.try_emplace(ours);
        check(added, "C43: a number has one life at a time");
        place->second.in.granted = place->second.first = t.window;
        return place->second;
    }
    static void confirm(entry& e, number theirs, terms t) {
        e.confirmed = true, e.peer = theirs;
        e.peer_packet = t.packet;
        e.out.granted = t.window;
    }
    void forget_if_over(number ours) {
        if (channels_[ours].in.close && channels_[ours].out.close) channels_.erase(ours);
    }

    limits caps_;
    std::map<number, entry> channels_;
    std::map<number, terms> opens_;  // of the peer, not answered yet
    std::size_t owed_ = 0;           // replies to global requests
    std::size_t questions_ = 0;
};

}  // namespace adit::fuzz
