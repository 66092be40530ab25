// How a fuzz target says that an invariant does not hold: it prints the invariant and stops, which
// libFuzzer and the replay programs both take for a crash. Used by all fuzz targets.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace adit::fuzz {

inline void check(bool holds, const char* invariant) noexcept {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", invariant);
    std::abort();
}

}  // namespace adit::fuzz
