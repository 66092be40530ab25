// The clock of every test binary, see virtual_clock.hpp: std::chrono::steady_clock::now() is
// defined here a second time, and a program's own definition comes before that of a shared library.
// Invariant: nobody sees it go back, not even when a virtual_clock has gone.
#include "support/virtual_clock.hpp"

#include <time.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>

namespace {

// In nanoseconds. Whoever has seen the virtual time must not see an earlier one.
std::atomic<std::int64_t> virtual_now{0};  // 0: the clock goes by itself
std::atomic<std::int64_t> ahead{0};        // of the kernel's clock

std::int64_t kernel_now() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

std::chrono::steady_clock::time_point std::chrono::steady_clock::now() noexcept {
    const std::int64_t standing = virtual_now;
    return time_point(std::chrono::nanoseconds(standing != 0 ? standing : kernel_now() + ahead));
}

namespace adit::test {

virtual_clock::virtual_clock(boost::asio::io_context& ctx) : ctx_(ctx), began_(clock::now()) {
    if (virtual_now != 0) throw std::logic_error("there is a virtual clock already");
    virtual_now = began_.time_since_epoch().count();
}

virtual_clock::~virtual_clock() {
    ahead = virtual_now - kernel_now();
    virtual_now = 0;
}

void virtual_clock::move(clock::duration by) noexcept { virtual_now += by.count(); }

// Asio waits for its timers by a timer of the kernel, which knows nothing of this clock: one that
// is due already makes it look.
void virtual_clock::settle() {
    for (bool again = true; again;) {
        boost::asio::steady_timer now(ctx_, clock::time_point());
        now.async_wait([](const boost::system::error_code&) {});
        ctx_.restart();
        // The timer's own handler is one.
        again = ctx_.poll() > 1;
    }
}

}  // namespace adit::test
