// What this program holds, by the C library's own accounting. Used by tests/heavy, which runs where
// no sanitizer owns malloc().
#pragma once

#include <malloc.h>

#include <cstddef>

namespace adit::test {

inline constexpr std::size_t kibibyte = 1024;
inline constexpr std::size_t mebibyte = 1024 * kibibyte;

/// Mapped memory included.
[[nodiscard]] inline std::size_t allocated() {
    const struct mallinfo2 info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
}

}  // namespace adit::test
