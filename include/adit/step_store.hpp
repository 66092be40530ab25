// Where a server remembers which TOTP steps were used: RFC 6238 section 5.2 wants each accepted
// once (A17). In memory, in a file, or, for a fleet, in a store of the embedder's own. Used by
// accounts.hpp. Invariant: advance() is a compare-and-swap: for one user and step it is true once,
// whoever asks at the same time, and what it said is durable when it says so.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/step_file.hpp>
#include <adit/detail/task.hpp>
#include <adit/detail/work_pool.hpp>
#include <adit/error.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace adit {

class step_store {
public:
    step_store() = default;
    step_store(const step_store&) = delete;
    step_store& operator=(const step_store&) = delete;
    virtual ~step_store() = default;

    /// Whether the step is later than any that was accepted for this user; then it is the last one
    /// now, for every server that shares the store. Throws when it cannot be known, which is a
    /// refusal. Called from any thread. The store outlives the task.
    [[nodiscard]] virtual task<bool> advance(std::string user, std::uint64_t step) = 0;
};

/// For one process. After a restart a code can be used again while it lasts, so a server that is
/// restarted wants the file.
class memory_step_store final : public step_store {
public:
    [[nodiscard]] task<bool> advance(std::string user, std::uint64_t step) override;

private:
    std::mutex mutex_;
    std::map<std::string, std::uint64_t, std::less<>> last_;
};

/// For all processes of a machine that name the same file (see config/step_file.hpp). Beside it
/// lies another one, which is locked.
class file_step_store final : public step_store {
public:
    explicit file_step_store(std::string path, const detail::work_pool_limits& disk = {})
        : path_(std::move(path)), disk_(disk) {}

    [[nodiscard]] task<bool> advance(std::string user, std::uint64_t step) override;

private:
    std::string path_;
    detail::work_pool disk_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL task<bool> memory_step_store::advance(std::string user, std::uint64_t step) {
    const std::scoped_lock lock(mutex_);
    const auto [last, is_first] = last_.emplace(std::move(user), step);
    if (is_first) co_return true;
    if (step <= last->second) co_return false;
    last->second = step;
    co_return true;
}

ADIT_DECL task<bool> file_step_store::advance(std::string user, std::uint64_t step) {
    const auto job = [this, &user, step] { return config::advance_step(path_, user, step); };
    auto advancing = disk_.run(job);
    const auto verdict = co_await std::move(advancing);
    if (!verdict) throw boost::system::system_error(verdict.error());
    co_return *verdict == config::step_verdict::accepted;
}

#endif  // ADIT_BODIES

}  // namespace adit
