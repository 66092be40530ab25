// The rows of deadline.hpp, stream_factory.hpp and bridge.hpp for the matrices of tests/tokens and
// tests/cancellation; operation.hpp says what a row is.
// Invariant: every public async_* of these headers is in the list at the end (check_operations.py).
#pragma once

#include "support/operations_client.hpp"

#include <adit/bridge.hpp>
#include <adit/deadline.hpp>
#include <adit/stream_factory.hpp>

namespace adit::test {

/// Around an operation that promises the same.
struct with_deadline_read : reading_row<std::size_t> {
    static constexpr std::string_view name = "async_with_deadline";
    static constexpr promise promised = promise::total;

    template <class Token>
    auto begin(Token&& token) {
        auto reading = c.async_read_some(asio::buffer(room), asio::deferred);
        return async_with_deadline(c.get_executor(), std::move(reading), std::chrono::hours(1),
                                   std::forward<Token>(token));
    }
    [[nodiscard]] bool right(std::size_t size) {
        return size == 8 && std::string_view(room.data(), size) == "01234567";
    }
    [[nodiscard]] bool intact() { return rest() == "89"; }
};

struct stream_factory_open : client_open {
    static constexpr std::string_view name = "stream_factory::async_open";

    stream_factory_open() {
        auto ssh = std::make_shared<client>(std::move(s.ssh()));
        streams.emplace(std::move(ssh), target("db.internal", 5432));
        link = &s.link();
    }
    template <class Token>
    auto begin(Token&& token) {
        return streams->async_open(std::forward<Token>(token));
    }
    [[nodiscard]] bool intact() { return link->channels().size() == 0; }
    // An opening keeps the connection: destroying the factory ends nothing.
    void destroy() = delete;
    void end() {
        streams.reset();
        s.finish();
    }

    std::optional<stream_factory> streams;
    detail::connection* link = nullptr;
};

struct bridge_wait_closed : channel_row<nothing> {
    static constexpr std::string_view name = "bridge::async_wait_closed";
    static constexpr promise promised = promise::total;

    bridge_wait_closed() { way.emplace(bridge::connected(std::move(c))); }
    template <class Token>
    auto begin(Token&& token) {
        return way->async_wait_closed(std::forward<Token>(token));
    }
    void wake() { way->close(); }
    [[nodiscard]] static error_code expected() { return errc::connection_closed; }
    void destroy() { way.reset(); }
    void end() {
        way.reset();
        s.finish();
    }

    std::optional<bridge> way;
};

using stream_operations = rows<with_deadline_read, stream_factory_open, bridge_wait_closed>;

}  // namespace adit::test
