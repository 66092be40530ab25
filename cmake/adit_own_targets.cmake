# How our own programs (tests, examples, benchmarks) are compiled: strict warnings as errors,
# sanitizers, ccache. None of it reaches a user of adit::adit.

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(ADIT_CCACHE ccache)
if(ADIT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # With precompiled headers ccache needs these two, or it never hits.
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        "${ADIT_CCACHE}")
endif()

add_library(adit_own INTERFACE)
target_link_libraries(adit_own INTERFACE adit::adit)
target_compile_options(adit_own INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wundef
    -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # ccache and precompiled headers: without it a header's time stamp is part of its hash.
    target_compile_options(adit_own INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
else()
    target_compile_options(adit_own INTERFACE -fpch-preprocess)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 sees overruns in std::string's own concatenation (GCC bugs 105329 and 105651), frames of
    # coroutines that another operator frees, and handlers of a parallel_group without what they were
    # made of. The sanitizer builds and clang look for the real ones.
    target_compile_options(adit_own INTERFACE
        -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
        -Wno-mismatched-new-delete -Wno-maybe-uninitialized)
endif()

if(ADIT_SANITIZE)
    # One list of flags for all of our objects, so that libraries of ours never mix with and without.
    set(adit_sanitize_flags
        "-fsanitize=${ADIT_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_compile_options(adit_own INTERFACE ${adit_sanitize_flags})
    target_link_options(adit_own INTERFACE ${adit_sanitize_flags})
    if(ADIT_SANITIZE MATCHES "thread")
        # g++ warns that TSan does not model atomic_thread_fence, which Asio uses.
        target_compile_options(adit_own INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
    endif()
endif()

if(ADIT_COVERAGE)
    target_compile_options(adit_own INTERFACE --coverage -fprofile-abs-path)
    target_link_options(adit_own INTERFACE --coverage)
endif()
