// A test without file descriptors: all that the process may have are taken for as long as an object
// lives. Used by the tests of exhaustion (T22, L24). Invariant: what was taken is given back, and
// the limit of the process is what it was.
#pragma once

#include "support/test.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace adit::test {

// clang's UBSan looks at memory through a pipe before it believes in a virtual function: without
// descriptors it reports what is not there.
inline boost::test_tools::assertion_result nothing_else_wants_any(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result yes(true);
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
    yes = boost::test_tools::assertion_result(false);
    yes.message() << "the sanitizer needs descriptors of its own";
#endif
#endif
    return yes;
}

/// All descriptors but those that are open already, and `left` more.
class few_descriptors {
public:
    few_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit few = before_;
        few.rlim_cur = 256;
        ::setrlimit(RLIMIT_NOFILE, &few);
        for (int one = next(); one >= 0; one = next()) taken_.push_back(one);
    }
    few_descriptors(const few_descriptors&) = delete;
    few_descriptors& operator=(const few_descriptors&) = delete;
    ~few_descriptors() {
        give(taken_.size());
        ::setrlimit(RLIMIT_NOFILE, &before_);
    }
    void give(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            ::close(taken_.back());
            taken_.pop_back();
        }
    }
    [[nodiscard]] bool none_left() {
        const int one = next();
        if (one >= 0) ::close(one);
        return one < 0;
    }

private:
    [[nodiscard]] static int next() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

    rlimit before_{};
    std::vector<int> taken_;
};

}  // namespace adit::test
