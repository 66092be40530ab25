// Work that takes an event loop too long (a password's hash, a disk's fsync), done by a few threads
// of its own, which start with the first job. Used by step_store.hpp and accounts.hpp (L21).
// Invariants: a job ends before the awaiting coroutine goes on, in the coroutine's own executor;
// no job is under way on behalf of a context that has been destroyed; the queue is bounded.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/parked_handler.hpp>
#include <adit/detail/task.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace adit::detail {

struct work_pool_limits {
    std::size_t threads = 1;  ///< 0: every job is done at once, by whoever asks for it
    std::size_t queue = 64;   ///< jobs that are not done yet
};

class work_pool {
    struct state;

public:
    explicit work_pool(const work_pool_limits& limits) : state_(std::make_shared<state>(limits)) {}

    /// What the job returns or throws, which must be a value. no_buffer_space: the queue is full;
    /// resource_unavailable_try_again: the system has no thread.
    /// Cannot be cancelled. May outlive the pool.
    template <class Job>
    [[nodiscard]] task<std::invoke_result_t<Job&>> run(Job job) {
        return run_on(state_, std::move(job));
    }

private:
    // Joins the threads that may still post to a context before it goes.
    class guard;
    // One of the queue, until its job is done or can never be.
    class place;

    struct state {
        explicit state(const work_pool_limits& l) : limits(l) {}
        ~state() { join(); }

        [[nodiscard]] bool enter() noexcept;
        void start();
        template <class Function>
        void post(Function&& function);
        void join();

        const work_pool_limits limits;
        std::atomic<std::size_t> waiting{0};
        std::mutex mutex;
        std::unique_ptr<asio::thread_pool> threads;
    };

    template <class Job>
    static task<std::invoke_result_t<Job&>> run_on(std::shared_ptr<state> pool, Job job);
    template <class Work>
    class initiate;

    std::shared_ptr<state> state_;
};

// Details.

class work_pool::guard final : public asio::execution_context::service {
public:
    using key_type = guard;
    static inline asio::execution_context::id id;

    explicit guard(asio::execution_context& context) : asio::execution_context::service(context) {}

    void watch(const std::shared_ptr<state>& pool);

private:
    void shutdown() override;

    std::mutex mutex_;
    std::vector<std::weak_ptr<state>> pools_;
};

class work_pool::place {
public:
    explicit place(std::atomic<std::size_t>& waiting) noexcept : waiting_(&waiting) {}
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() { give_back(); }
    void give_back() noexcept {
        if (waiting_ != nullptr) std::exchange(waiting_, nullptr)->fetch_sub(1);
    }

private:
    std::atomic<std::size_t>* waiting_;
};

// Under the lock, so that join() comes before or after.
template <class Function>
void work_pool::state::post(Function&& function) {
    const std::scoped_lock lock(mutex);
    start();
    asio::post(*threads, std::forward<Function>(function));
}

template <class Work>
class work_pool::initiate {
public:
    using executor_type = executor;

    initiate(executor ex, state& pool, Work& work)
        : ex_(std::move(ex)), pool_(&pool), work_(&work) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return ex_; }

    // The handler owns the coroutine's frame, in which the work lies.
    template <class Handler>
    void operator()(Handler&& handler) const {
        parked_handler<void()> caller(std::forward<Handler>(handler), ex_);
        pool_->post([work = work_, caller = std::move(caller)]() mutable {
            (*work)();
            caller.post();
        });
    }

private:
    executor ex_;
    state* pool_;
    Work* work_;
};

template <class Job>
task<std::invoke_result_t<Job&>> work_pool::run_on(std::shared_ptr<state> pool, Job job) {
    if (pool->limits.threads == 0) co_return job();
    if (!pool->enter()) {
        throw boost::system::system_error(make_error_code(boost::system::errc::no_buffer_space));
    }
    place ours(pool->waiting);
    {
        // What is thrown where an operation begins leaves run(); a system without threads must not.
        const std::scoped_lock lock(pool->mutex);
        pool->start();
    }
    std::optional<std::invoke_result_t<Job&>> value;
    std::exception_ptr trouble;
    auto work = [&job, &value, &trouble, &ours] {
        try {
            value.emplace(job());
        } catch (...) {
            trouble = std::current_exception();
        }
        ours.give_back();
    };
    const executor ex = co_await asio::this_coro::executor;
    asio::use_service<guard>(asio::query(ex, asio::execution::context)).watch(pool);
    initiate<decltype(work)> start(ex, *pool, work);
    auto done =
        asio::async_initiate<const asio::deferred_t&, void()>(std::move(start), asio::deferred);
    co_await std::move(done);
    if (trouble) std::rethrow_exception(trouble);
    co_return std::move(*value);
}

#if ADIT_BODIES

ADIT_DECL void work_pool::guard::watch(const std::shared_ptr<state>& pool) {
    const std::scoped_lock lock(mutex_);
    bool known = false;
    std::erase_if(pools_, [&](const std::weak_ptr<state>& p) {
        known = known || p.lock() == pool;
        return p.expired();
    });
    if (!known) pools_.push_back(pool);
}

ADIT_DECL void work_pool::guard::shutdown() {
    for (const std::weak_ptr<state>& p : pools_) {
        if (const auto pool = p.lock()) pool->join();
    }
}

ADIT_DECL bool work_pool::state::enter() noexcept {
    if (waiting.fetch_add(1) < limits.queue) return true;
    waiting.fetch_sub(1);
    return false;
}

// Under the lock.
ADIT_DECL void work_pool::state::start() {
    if (threads == nullptr) threads = std::make_unique<asio::thread_pool>(limits.threads);
}

// What is queued is done all the same: it may belong to a context that lives on.
ADIT_DECL void work_pool::state::join() {
    std::unique_ptr<asio::thread_pool> ours;
    {
        const std::scoped_lock lock(mutex);
        ours = std::move(threads);
    }
    if (ours != nullptr) ours->join();
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
