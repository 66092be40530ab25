// An asyncssh server that asks odd questions, prompts_server.py, as a running program. Used by
// prompts.cpp and prompts_program.cpp. Invariant: nothing of it is left when the object is gone.
#pragma once

#include "integration/sshd.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit::test {

inline const std::string python = "/usr/bin/python3";  // Debian's package is for Debian's python

[[nodiscard]] inline bool no_asyncssh() {
    if (run({python, "-W", "ignore", "-c", "import asyncssh"}).status == 0) return false;
    skip("asyncssh is not installed");
    return true;
}

class prompts_server {
public:
    prompts_server();

    [[nodiscard]] const temporary_directory& folder() const noexcept { return folder_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string host_key_line() const { return read_file(folder_.file("host.pub")); }
    /// As the user whose name is the scene's.
    [[nodiscard]] client_options login(const std::string& scene, prompt_responder answers) const;

private:
    temporary_directory folder_;
    std::uint16_t port_ = 0;
    std::unique_ptr<child> program_;
};

// Details.

inline prompts_server::prompts_server() {
    make_key(folder_.file("host"));
    program_ = std::make_unique<child>(
        std::vector<std::string>{python, ADIT_SOURCE_DIR "/tests/integration/prompts_server.py",
                                 folder_.path().string()},
        child_options{.log = folder_.file("log")});
    for (int i = 0; i < 3000 && program_->running() && port_ == 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        if (!std::filesystem::exists(folder_.file("port"))) continue;
        port_ = static_cast<std::uint16_t>(std::stoul(read_file(folder_.file("port"))));
    }
    BOOST_REQUIRE_MESSAGE(port_ != 0, read_file(folder_.file("log")));
}

inline client_options prompts_server::login(const std::string& scene,
                                            prompt_responder answers) const {
    const std::string pin = sshd::fingerprint_of(folder_.file("host.pub"));
    client_options options(scene, "127.0.0.1", trust_fingerprints({pin}));
    options.port = port_;
    options.credentials.emplace_back(std::move(answers));
    return options;
}

}  // namespace adit::test
