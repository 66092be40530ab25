// What an attempt to read or write without waiting came to. Returned by any_stream and by every
// stream that can try, channels among them.
// Invariant: size is what was moved even when ec says why it was not more.
#pragma once

#include <adit/error.hpp>

#include <cstddef>

namespace adit {

/// `ec` is asio::error::would_block when nothing can be done now, asio::error::eof at the end.
struct io_result {
    std::size_t size = 0;
    error_code ec;
};

}  // namespace adit
