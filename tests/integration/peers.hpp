// The programs that adit is tested against, where they are and how to skip when they are not: sshd
// 9.2 of the system, sshd 10.0 that `./dev setup --peers` unpacked. Used by all of
// tests/integration. Invariant: where CI is set, a peer that is missing is a failure.
#pragma once

#include "support/test.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace adit::test {

inline void skip(const std::string& reason) {
    const char* ci = std::getenv("CI");
    if (ci != nullptr && *ci != '\0') {
        BOOST_ERROR("missing, although this is CI: " + reason);
        return;
    }
    std::cout << "adit-test-skipped: " << reason << std::endl;
    BOOST_TEST_MESSAGE("skipped: " + reason);
}

/// In PATH, or where Debian keeps what is for root.
[[nodiscard]] inline std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::string folders = std::string(path == nullptr ? "" : path) + ":/usr/sbin:/sbin:";
    for (std::size_t colon = 0; (colon = folders.find(':')) != std::string::npos;
         folders.erase(0, colon + 1)) {
        const std::string candidate = folders.substr(0, colon) + "/" + name;
        if (colon != 0 && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return {};
}

struct sshd_peer {
    std::string binary;  ///< empty: not there
    std::vector<std::string> settings;
    std::string why_not;
};

/// Debian 12's own.
[[nodiscard]] inline sshd_peer sshd_9_2() {
    return {find_program("sshd"), {}, "no sshd is installed"};
}

/// Unpacked, so it has to be told where its helpers are. It punishes an address for failed logins
/// (PerSourcePenalties), which is not what these tests are about.
[[nodiscard]] inline sshd_peer sshd_10_0() {
    sshd_peer peer{{}, {"PerSourcePenalties no"}, "ADIT_SSHD_10 names no sshd 10.0"};
    const char* binary = std::getenv("ADIT_SSHD_10");
    if (binary == nullptr || ::access(binary, X_OK) != 0) return peer;
    peer.binary = binary;
    const auto root = std::filesystem::path(binary).parent_path().parent_path().parent_path();
    for (const char* helper : {"session", "auth"}) {
        const std::string name = std::string(helper) == "session" ? "SshdSession" : "SshdAuth";
        peer.settings.push_back(name + "Path " + (root / "usr/lib/openssh/sshd-").string() +
                                helper);
    }
    return peer;
}

/// Whether the test has to be left; says so.
[[nodiscard]] inline bool missing(const sshd_peer& peer) {
    if (!peer.binary.empty()) return false;
    skip(peer.why_not);
    return true;
}

}  // namespace adit::test
