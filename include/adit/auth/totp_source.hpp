// TOTP codes from a shared secret (RFC 6238), each step used once by this process: a server accepts
// a code once, so a second login within the same period waits for the next step, before it
// connects. Used through the options; the code is made when it is asked for. Invariant: what is
// remembered is a digest of the secret and a step, for the life of the process.
#pragma once

#include <adit/bodies.hpp>
#include <adit/crypto/totp.hpp>
#include <adit/detail/wall_clock.hpp>
#include <adit/transport/hooks.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace adit {

/// Which steps were used, by secret. Thread-safe.
class used_steps {
public:
    /// The one of this process.
    [[nodiscard]] static used_steps& of_this_process();

    [[nodiscard]] bool used(const secret_bytes& fingerprint, std::uint64_t step) const;
    /// False where somebody else was faster: it, or a later one, is used already.
    [[nodiscard]] bool use(const secret_bytes& fingerprint, std::uint64_t step);

private:
    mutable std::mutex mutex_;
    std::map<secret_bytes, std::uint64_t> last_;
};

class totp_source final : public code_source {
public:
    /// Seconds since 1970, and a pause of some seconds; tests bring their own.
    struct clock {
        std::function<std::uint64_t()> now;
        std::function<task<>(std::chrono::seconds)> pause;
    };

    explicit totp_source(crypto::totp secret) : totp_source(std::move(secret), wall_clock()) {}
    totp_source(crypto::totp secret, clock time)
        : totp_source(std::move(secret), std::move(time), used_steps::of_this_process()) {}
    totp_source(crypto::totp secret, clock time, used_steps& memory)
        : secret_(std::move(secret)),
          fingerprint_(secret_.fingerprint()),
          clock_(std::move(time)),
          memory_(&memory) {}

    [[nodiscard]] task<> prepare() override;
    [[nodiscard]] task<secret_bytes> code(const prompt_question& question) override;

    [[nodiscard]] static clock wall_clock();

private:
    [[nodiscard]] std::uint64_t step() const { return secret_.step_at(clock_.now()); }

    crypto::totp secret_;
    secret_bytes fingerprint_;
    clock clock_;
    used_steps* memory_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL used_steps& used_steps::of_this_process() {
    static used_steps steps;
    return steps;
}

ADIT_DECL bool used_steps::used(const secret_bytes& fingerprint, std::uint64_t step) const {
    const std::scoped_lock lock(mutex_);
    const auto known = last_.find(fingerprint);
    return known != last_.end() && known->second >= step;
}

ADIT_DECL bool used_steps::use(const secret_bytes& fingerprint, std::uint64_t step) {
    const std::scoped_lock lock(mutex_);
    const auto [known, is_first] = last_.try_emplace(fingerprint, step);
    if (is_first) return true;
    if (known->second >= step) return false;
    known->second = step;
    return true;
}

ADIT_DECL totp_source::clock totp_source::wall_clock() {
    clock time;
    time.now = detail::unix_seconds;
    time.pause = [](std::chrono::seconds length) -> task<> {
        asio::steady_timer timer(co_await asio::this_coro::executor, length);
        auto waiting = timer.async_wait(asio::deferred);
        co_await std::move(waiting);
    };
    return time;
}

ADIT_DECL task<> totp_source::prepare() {
    const unsigned period = secret_.settings().period;
    while (memory_->used(fingerprint_, step())) {
        const std::chrono::seconds left(period - clock_.now() % period);
        co_await clock_.pause(left);
    }
}

// A server that asks again within one step cannot be given the same code again: it waits, too.
ADIT_DECL task<secret_bytes> totp_source::code(const prompt_question&) {
    std::uint64_t now = 0;
    do {
        co_await prepare();
        now = step();
    } while (!memory_->use(fingerprint_, now));
    auto made = secret_.code(now);
    if (!made) throw protocol_error(made.error());
    co_return std::move(*made);
}

#endif  // ADIT_BODIES

}  // namespace adit
