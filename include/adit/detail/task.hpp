// The names by which the Asio floors speak: asio, executor, and task, the coroutine that every
// conversation and loop is written as. Used by everything in F4 and above.
// Invariant: one executor type, so that a task never has to be a template.
#pragma once

#include <adit/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace adit {

namespace asio = boost::asio;

using executor = asio::any_io_executor;

template <class T = void>
using task = asio::awaitable<T, executor>;

}  // namespace adit
