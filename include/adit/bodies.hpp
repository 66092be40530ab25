// Header-only or compiled once: where the bodies of functions that are no templates are seen.
// As they are, adit's headers are all that a program needs. A program of many files may define
// ADIT_SEPARATE_COMPILATION everywhere and include <adit/src.hpp> in one file: the others then
// read declarations and templates only.
// Invariant: every header with a part "#if ADIT_BODIES" is reached from <adit/src.hpp>.
#pragma once

#if defined(ADIT_SEPARATE_COMPILATION) && defined(ADIT_SOURCE)
#define ADIT_BODIES 1
#define ADIT_DECL
#elif defined(ADIT_SEPARATE_COMPILATION)
#define ADIT_BODIES 0
#define ADIT_DECL
#else
#define ADIT_BODIES 1
#define ADIT_DECL inline
#endif
