// Randomness for keys, cookies and padding, and where the system gives it (S08). A source belongs
// to one thread or strand at a time; there is no global one and no weaker fallback.
// Invariant: bytes are handed out once, and never again by a child process after fork() (A34).
#pragma once

#include <adit/bytes.hpp>
#include <adit/slab.hpp>

#include <botan/auto_rng.h>
#include <botan/rng.h>

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace adit::crypto {

class random_source {
public:
    random_source() = default;
    random_source(const random_source&) = delete;
    random_source& operator=(const random_source&) = delete;
    virtual ~random_source() = default;

    /// Fills `output`. A system that has no randomness ends the process here: there is no fallback.
    virtual void fill(mutable_bytes output) noexcept = 0;

    /// The same randomness for Botan's key generation.
    [[nodiscard]] virtual Botan::RandomNumberGenerator& botan() noexcept = 0;
};

/// A generator seeded by the system, in front of it a buffer: padding costs no system call.
class system_random final : public random_source {
public:
    /// Throws what Botan throws when the system gives no seed.
    system_random() = default;
    ~system_random() override;

    void fill(mutable_bytes output) noexcept override;
    [[nodiscard]] Botan::RandomNumberGenerator& botan() noexcept override { return generator_; }

private:
    // Keys never come from the buffer: Botan compares the process id at each of its own requests.
    static constexpr std::size_t longest_buffered = 64;

    void refill(std::uint64_t forks) noexcept;

    Botan::AutoSeeded_RNG generator_;
    std::array<byte, 2048> buffer_{};
    std::size_t left_ = 0;  // the unused bytes are the last ones
    std::uint64_t forks_ = 0;
};

/// How often this process and its ancestors have forked since the first call. Botan's own check
/// asks getpid() at each request, which is a system call.
[[nodiscard]] inline std::uint64_t fork_count() noexcept {
    static std::atomic<std::uint64_t> count{0};
    static const bool counting =
        pthread_atfork(nullptr, nullptr, +[]() { count.fetch_add(1); }) == 0;
    // Without a counter every call is as one after a fork: slower, never unsafe.
    return counting ? count.load(std::memory_order_relaxed) : count.fetch_add(1) + 1;
}

inline system_random::~system_random() { wipe(buffer_); }

inline void system_random::fill(mutable_bytes output) noexcept {
    if (output.size() > longest_buffered) return generator_.randomize(output);
    const std::uint64_t forks = fork_count();
    if (left_ < output.size() || forks != forks_) refill(forks);
    const mutable_bytes source = mutable_bytes(buffer_).last(left_).first(output.size());
    std::ranges::copy(source, output.begin());
    wipe(source);
    left_ -= output.size();
}

inline void system_random::refill(std::uint64_t forks) noexcept {
    generator_.randomize(buffer_);
    left_ = buffer_.size();
    forks_ = forks;
}

}  // namespace adit::crypto
