// The version of adit, for users who must know at compile time what they include.
// CMakeLists.txt reads the three numbers from here, so this file is the only place that has them.
// Invariant: semantic versioning; before 1.0 a minor step may change the root headers.
#pragma once

#include <string_view>

namespace adit {

inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;
inline constexpr std::string_view version_text = "0.1.0";

}  // namespace adit
