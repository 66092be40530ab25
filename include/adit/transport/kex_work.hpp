// How the halves of a key exchange do what costs time: on the session's threads if it has some, at
// once if not, and counted either way (L20). Used by kex_client.hpp and kex_server.hpp.
// Invariant: the session's source of randomness is used on the connection's own strand only; a job
// that may run elsewhere has one of its own.
#pragma once

#include <adit/crypto/random.hpp>
#include <adit/transport/kex_session.hpp>

#include <chrono>
#include <memory>
#include <type_traits>
#include <utility>

namespace adit::kex {

/// Randomness for one exchange's jobs.
class job_random {
public:
    explicit job_random(const kex_session& s) : source_(s.random) {
        if (s.pool == nullptr) return;
        own_ = std::make_unique<crypto::system_random>();
        source_ = own_.get();
    }
    [[nodiscard]] crypto::random_source& source() noexcept { return *source_; }

private:
    crypto::random_source* source_;
    std::unique_ptr<crypto::system_random> own_;
};

/// Adds the time of its life.
class stopwatch {
public:
    using clock = std::chrono::steady_clock;

    explicit stopwatch(clock::duration& sum) : sum_(&sum) {}
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;
    ~stopwatch() { *sum_ += clock::now() - began_; }

private:
    clock::duration* sum_;
    clock::time_point began_ = clock::now();
};

/// What the job returns or throws. What it refers to outlives the task, and nobody else changes it.
/// Cannot be cancelled. errc::too_busy: it was the first exchange, and too many wait.
template <class Job>
[[nodiscard]] task<std::invoke_result_t<const Job&>> work(kex_session& s, const Job& job) {
    stopwatch::clock::duration spent{0};
    const auto timed = [&job, &spent] {
        const stopwatch running(spent);
        return job();
    };
    if (s.pool == nullptr) {
        auto outcome = timed();
        s.work += spent;
        co_return outcome;
    }
    auto elsewhere = s.pool->run(s.first(), timed);
    auto outcome = co_await std::move(elsewhere);
    s.work += spent;
    co_return outcome;
}

}  // namespace adit::kex
