// An input of a fuzzer that is read byte by byte: operations and their numbers. Used by F06 and
// F07. Invariant: behind the end all bytes are zero.
#pragma once

#include <adit/bytes.hpp>

#include <algorithm>
#include <cstddef>

namespace adit::fuzz {

class input_bytes {
public:
    explicit input_bytes(bytes_view input) : left_(input) {}
    [[nodiscard]] bool empty() const { return left_.empty(); }
    [[nodiscard]] unsigned take() {
        if (left_.empty()) return 0;
        const byte first = left_[0];
        left_ = left_.subspan(1);
        return first;
    }
    [[nodiscard]] bytes_view take(std::size_t n) {
        const bytes_view first = left_.first(std::min(n, left_.size()));
        left_ = left_.subspan(first.size());
        return first;
    }

private:
    bytes_view left_;
};

}  // namespace adit::fuzz
