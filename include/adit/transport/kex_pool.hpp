// Threads for the public-key work of key exchanges, so that an event loop with many connections is
// not held up by whoever begins one more (A33, L21): a value of group 18 costs some 160 ms. Shared
// by the connections of a server; used by kex_work.hpp. RFC 4253 section 8.
// Invariants: first exchanges, which strangers begin, wait in a bounded queue; later ones, of which
// every connection has one at most, always have a place and do not stand behind strangers.
#pragma once

#include <adit/detail/task.hpp>
#include <adit/detail/work_pool.hpp>
#include <adit/error.hpp>

#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>

namespace adit {

/// Thread-safe. Its threads start with the first job and end with the pool, or with the context of
/// whoever waits for one of them.
class kex_pool {
public:
    /// So many threads for first exchanges and as many for later ones.
    explicit kex_pool(const detail::work_pool_limits& limits = {})
        : first_(limits), later_({limits.threads, std::numeric_limits<std::size_t>::max()}) {}

    /// What the job returns or throws, which must be a value. errc::too_busy: the queue is full.
    /// Cannot be cancelled. May outlive the pool.
    template <class Job>
    [[nodiscard]] task<std::invoke_result_t<Job&>> run(bool is_first, Job job) {
        return run_in(is_first ? first_ : later_, std::move(job));
    }

private:
    template <class Job>
    static task<std::invoke_result_t<Job&>> run_in(detail::work_pool pool, Job job);

    detail::work_pool first_, later_;
};

// Details.

template <class Job>
task<std::invoke_result_t<Job&>> kex_pool::run_in(detail::work_pool pool, Job job) {
    try {
        auto running = pool.run(std::move(job));
        co_return co_await std::move(running);
    } catch (const boost::system::system_error& e) {
        if (e.code() != boost::system::errc::no_buffer_space) throw;
    }
    throw protocol_error(errc::too_busy);
}

}  // namespace adit
