// Whether a tunnel would work, and if not, where and why: connects, logs in, opens the target and
// closes again, a step at a time, each with its deadline and the time that it took. What a "test
// connection" button asks for. RFC 4254 section 7.2. For programs.
// Invariants: no port is opened and nothing is left behind; every text of a report is ours or
// escaped.
#pragma once

#include <adit/bodies.hpp>
#include <adit/client.hpp>
#include <adit/detail/deadline.hpp>
#include <adit/tunnel/connector.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit {

struct probe_step {
    enum class kind : std::uint8_t {
        ssh,     ///< a server on the way: connected, trusted, logged in
        target,  ///< the server's connection to where the tunnel leads
        check,   ///< the caller's own
    };
    kind what = kind::ssh;
    std::string name;  ///< user@host:port of a server; host:port of the target, or its path
    error_code error;
    std::string text;  ///< why not, in the words of diagnostics::describe; what the check returned
    std::chrono::microseconds took{0};
};

struct probe_report {
    std::vector<probe_step> steps;  ///< as far as it came; only the last one can have failed
    session_info ssh;               ///< what was agreed on with the last server
    /// Of the step that failed; none when all worked.
    [[nodiscard]] error_code error() const {
        return steps.empty() ? error_code() : steps.back().error;
    }
    [[nodiscard]] bool ssh_works() const;
};

struct probe_options : way_options {
    using way_options::way_options;
    std::optional<target> to;  ///< none: only SSH is tried
    /// Talks to what is behind the channel, and says what it found; throws system_error otherwise.
    /// Cancelled at its deadline. The channel outlives the task.
    std::function<task<std::string>(channel& stream)> check;

    // Zero: no deadline. Questions to somebody do not count in what client.limits bound.
    std::chrono::milliseconds ssh_timeout{60'000};
    std::chrono::milliseconds target_timeout{10'000};
    std::chrono::milliseconds check_timeout{10'000};
};

/// Tries all steps in order, up to the first that fails. void(error_code, probe_report): what does
/// not work is in the report, not in the error_code. Cancellation: terminal; the connection is
/// closed and there is no report. Buffers: none. Errors: operation_aborted.
template <class Token>
auto async_probe(executor ex, probe_options options, Token&& token);

// Details.

namespace detail {

struct probing {
    probing(executor e, probe_options o) : ex(std::move(e)), options(std::move(o)) {}
    executor ex;
    probe_options options;
    std::shared_ptr<ssh_way> way;
    channel stream;
    std::string found;
    probe_report report;
};

[[nodiscard]] task<probe_report> probe(executor ex, probe_options options);

}  // namespace detail

template <class Token>
auto async_probe(executor ex, probe_options options, Token&& token) {
    return detail::door(
        ex, [ex, options = std::move(options)] { return detail::probe(ex, options); },
        std::forward<Token>(token));
}

#if ADIT_BODIES

ADIT_DECL bool probe_report::ssh_works() const {
    if (steps.empty()) return false;
    return steps.back().what != probe_step::kind::ssh || !steps.back().error;
}

namespace detail {

/// Runs `body` as the step that is the last of the report; whether it worked.
inline task<bool> probe_one(std::shared_ptr<probing> p, std::function<task<>()> body,
                            std::chrono::milliseconds limit) {
    const auto begin = std::chrono::steady_clock::now();
    error_code ec;
    try {
        auto running = door(p->ex, std::move(body), asio::deferred);
        if (limit.count() == 0) {
            co_await std::move(running);
        } else {
            auto in_time = with_deadline(std::move(running), limit);
            co_await std::move(in_time);
        }
    } catch (const boost::system::system_error& e) {
        ec = e.code();
    }
    if (ec == asio::error::timed_out) ec = errc::deadline_exceeded;
    probe_step& step = p->report.steps.back();
    step.error = ec;
    step.took = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begin);
    co_return !ec;
}

inline task<> probe_ssh(std::shared_ptr<probing> p) {
    co_await p->way->start();
    if (client* const last = p->way->ssh()) p->report.ssh = last->info();
}

inline task<> probe_target(std::shared_ptr<probing> p) {
    client* const last = p->way->ssh();
    if (last == nullptr) throw protocol_error(errc::connection_lost);
    auto opening = last->async_open(*p->options.to, asio::deferred);
    p->stream = co_await std::move(opening);
}

inline task<> probe_behind(std::shared_ptr<probing> p) {
    p->found = co_await p->options.check(p->stream);
}

// Hops before the last that were reached stand before it in the report.
inline task<bool> probe_way(std::shared_ptr<probing> p) {
    using clock = std::chrono::steady_clock;
    auto began = std::make_shared<clock::time_point>(clock::now());
    p->way->on_hop = [weak = std::weak_ptr(p), began](const std::string& hop) {
        const auto alive = weak.lock();
        if (alive == nullptr) return;
        probe_step done;
        done.name = hop;
        const auto now = clock::now();
        done.took = std::chrono::duration_cast<std::chrono::microseconds>(now - *began);
        *began = now;
        auto& steps = alive->report.steps;
        steps.insert(steps.end() - 1, std::move(done));
    };
    p->report.steps.emplace_back();
    std::function<task<>()> body = [p] { return probe_ssh(p); };
    const bool worked = co_await probe_one(p, std::move(body), p->options.ssh_timeout);
    p->way->on_hop = nullptr;
    auto& steps = p->report.steps;
    if (worked && steps.size() > 1) {
        steps.pop_back();  // the last hop has told its own
    } else {
        const diagnostics& story = p->way->story();
        steps.back().name = story.hop;
        if (!worked) steps.back().text = story.describe(steps.back().error);
    }
    co_return worked;
}

inline task<bool> probe_channel(std::shared_ptr<probing> p) {
    probe_step& step = p->report.steps.emplace_back();
    step.what = probe_step::kind::target;
    step.name = p->options.to->to_string();
    std::function<task<>()> body = [p] { return probe_target(p); };
    const bool worked = co_await probe_one(p, std::move(body), p->options.target_timeout);
    probe_step& done = p->report.steps.back();
    if (!worked) done.text = p->way->story().describe(done.error);
    co_return worked;
}

inline task<> probe_check(std::shared_ptr<probing> p) {
    probe_step& step = p->report.steps.emplace_back();
    step.what = probe_step::kind::check;
    step.name = p->report.steps[p->report.steps.size() - 2].name;
    std::function<task<>()> body = [p] { return probe_behind(p); };
    const bool worked = co_await probe_one(p, std::move(body), p->options.check_timeout);
    probe_step& done = p->report.steps.back();
    done.text = worked ? escaped(p->found) : done.error.message();
}

ADIT_DECL task<probe_report> probe(executor ex, probe_options options) {
    auto p = std::make_shared<probing>(ex, std::move(options));
    p->way = p->options.connection()(ex);
    bool goes_on = co_await probe_way(p);
    if (goes_on && p->options.to) goes_on = co_await probe_channel(p);
    if (goes_on && p->options.to && p->options.check) co_await probe_check(p);
    p->stream.close();
    p->way->close();
    if (p->report.error() == asio::error::operation_aborted) {
        throw boost::system::system_error(asio::error::operation_aborted);
    }
    co_return std::move(p->report);
}

}  // namespace detail

#endif  // ADIT_BODIES

}  // namespace adit
