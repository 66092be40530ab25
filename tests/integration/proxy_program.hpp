// proxy.py as a running program: an HTTP or SOCKS5 proxy on a free port. Used by routes.cpp and
// profiles.cpp. Invariant: once the object is there, the port is.
#pragma once

#include "integration/key_files.hpp"
#include "integration/sshd.hpp"

#include <cstdint>
#include <string>

namespace adit::test {

class proxy_program {
public:
    /// "http" or "socks5", and perhaps "user:password".
    explicit proxy_program(const arguments& how)
        : process_(joined({"/usr/bin/python3", ADIT_SOURCE_DIR "/tests/integration/proxy.py"}, how),
                   {.log = folder_.file("log")}) {
        for (int i = 0; i < 1000 && !read_file(folder_.file("log")).ends_with('\n'); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        port_ = static_cast<std::uint16_t>(std::stoul(read_file(folder_.file("log"))));
    }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    temporary_directory folder_;
    child process_;
    std::uint16_t port_ = 0;
};

/// ssh's options for a server of ours and nothing of the account.
[[nodiscard]] inline arguments ssh_to(const sshd& server) {
    write_file(server.file("known"),
               "[127.0.0.1]:" + std::to_string(server.port()) + " " + server.host_key_line());
    return {"ssh",
            "-F",
            "none",
            "-i",
            server.user_key(),
            "-p",
            std::to_string(server.port()),
            "-o",
            "BatchMode=yes",
            "-o",
            "GlobalKnownHostsFile=none",
            "-o",
            "UserKnownHostsFile=" + server.file("known")};
}

}  // namespace adit::test
