// The edge at which Botan's exceptions become errc: what a peer sent is wrong, or memory ran out.
// Used by the key agreements and the packet ciphers.
// Invariant: no exception leaves, and no text of Botan's reaches anybody: it may quote secrets.
#pragma once

#include <adit/error.hpp>

#include <new>
#include <utility>

namespace adit::crypto {

/// What `action` returns (a result<T> or an errc); `on_failure` where Botan throws.
template <class Action>
[[nodiscard]] auto attempt(errc on_failure, Action&& action) noexcept -> decltype(action()) {
    try {
        return std::forward<Action>(action)();
    } catch (const std::bad_alloc&) {
        return errc::out_of_memory;
    } catch (...) {
        return on_failure;
    }
}

/// What `action` makes, or null.
template <class Action>
[[nodiscard]] auto make_or_null(Action&& action) noexcept -> decltype(action()) {
    try {
        return std::forward<Action>(action)();
    } catch (...) {
        return nullptr;
    }
}

}  // namespace adit::crypto
