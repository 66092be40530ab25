// Accepts connections for ever: what tunnels, bastions and remote listeners do. Used by tunnel.hpp
// and bastion/. Invariants (L24): without descriptors or memory it waits and tries again; it never
// spins, and never ends before its acceptor is closed (or broken, for who asks for that); who calls
// while there are no descriptors is hung up on, by means of one that is kept for that, and does not
// hang.
#pragma once

#include <adit/detail/task.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <new>
#include <utility>

namespace adit::detail {

[[nodiscard]] inline bool out_of_descriptors(error_code ec) noexcept {
    return ec == boost::system::errc::too_many_files_open ||
           ec == boost::system::errc::too_many_files_open_in_system ||
           ec == boost::system::errc::no_buffer_space ||
           ec == boost::system::errc::not_enough_memory;
}

/// Whether the listening socket itself is of no use any more (T29), and not the caller or the
/// network behind it: accept(2) names those.
[[nodiscard]] inline bool breaks_acceptor(error_code ec) noexcept {
    return ec == boost::system::errc::invalid_argument ||
           ec == boost::system::errc::bad_file_descriptor ||
           ec == boost::system::errc::not_a_socket;
}

/// A descriptor that is kept for the day on which there is no other.
class reserve_descriptor {
public:
    reserve_descriptor() { take(); }
    reserve_descriptor(const reserve_descriptor&) = delete;
    reserve_descriptor& operator=(const reserve_descriptor&) = delete;
    ~reserve_descriptor() { give(); }

    /// None where the system has none.
    void take() noexcept {
        if (number_ < 0) number_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    void give() noexcept {
        if (number_ >= 0) ::close(std::exchange(number_, -1));
    }

private:
    int number_ = -1;
};

/// Takes who waits at the acceptor, as many as its backlog may hold, and hangs up.
template <class Protocol>
void hang_up_on_callers(asio::basic_socket_acceptor<Protocol>& from, reserve_descriptor& reserve) {
    constexpr int longest_backlog = 128;
    reserve.give();
    error_code ec;
    from.non_blocking(true, ec);
    for (int i = 0; i < longest_backlog && !ec; ++i) {
        typename Protocol::socket unwanted(from.get_executor());
        from.accept(unwanted, ec);
    }
    reserve.take();
}

template <class Protocol>
[[nodiscard]] task<error_code> accept_one(asio::basic_socket_acceptor<Protocol>& from,
                                          typename Protocol::socket& accepted,
                                          typename Protocol::endpoint& peer) {
    try {
        auto accepting = from.async_accept(accepted, peer, asio::deferred);
        co_await std::move(accepting);
        co_return error_code();
    } catch (const boost::system::system_error& e) {
        co_return e.code();
    }
}

enum class when_broken : bool { wait, end };

/// Gives each connection to `take`, which throws nothing but bad_alloc. The acceptor outlives the
/// task; closing it ends the task, and so does, for who asks for it, that it is broken.
template <class Protocol>
[[nodiscard]] task<> accept_loop(
    asio::basic_socket_acceptor<Protocol>& from,
    std::function<void(typename Protocol::socket, typename Protocol::endpoint)> take,
    when_broken broken = when_broken::wait) {
    constexpr std::chrono::milliseconds first_pause{50};
    constexpr std::chrono::milliseconds longest_pause{1000};
    auto pause = first_pause;
    asio::steady_timer timer(from.get_executor());
    reserve_descriptor reserve;
    while (from.is_open()) {
        typename Protocol::socket accepted(from.get_executor());
        typename Protocol::endpoint peer;
        error_code ec = co_await accept_one<Protocol>(from, accepted, peer);
        try {
            if (!ec) take(std::move(accepted), peer);
        } catch (const std::bad_alloc&) {
            ec = make_error_code(boost::system::errc::not_enough_memory);
        }
        if (!ec) {
            pause = first_pause;
        } else if (breaks_acceptor(ec) && broken == when_broken::end) {
            co_return;
        } else if (out_of_descriptors(ec) || breaks_acceptor(ec)) {
            if (from.is_open() && !breaks_acceptor(ec)) hang_up_on_callers(from, reserve);
            timer.expires_after(pause);
            pause = std::min(pause * 2, longest_pause);
            auto waiting = timer.async_wait(asio::deferred);
            co_await std::move(waiting);
        }
    }
}

}  // namespace adit::detail
