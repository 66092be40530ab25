// Secrets: memory that is wiped when it is freed and never swapped where the system allows it, and
// the only way in which adit compares them (S01, S04). Used by every floor above.
// Invariant: same_secret() takes the same time wherever two inputs of one size differ.
#pragma once

#include <adit/bytes.hpp>

#include <botan/mem_ops.h>
#include <botan/secmem.h>

namespace adit::crypto {

using secret_bytes = Botan::secure_vector<byte>;

/// Whether both hold the same bytes. Only the sizes, which are public, may show in the time.
[[nodiscard]] inline bool same_secret(bytes_view a, bytes_view b) noexcept {
    return a.size() == b.size() && Botan::constant_time_compare(a.data(), b.data(), a.size());
}

}  // namespace adit::crypto
