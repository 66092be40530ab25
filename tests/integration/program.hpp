// adit-tunnel as a running program with what it said, and who answers its questions. Used by
// pam.cpp, passphrases.cpp and others. Invariant: it is told every file that it reads, so that
// nothing of the account under which the tests run has a say.
#pragma once

#include "integration/sshd.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#ifdef ADIT_TUNNEL

namespace adit::test {

/// Who answers its questions; the default is nobody.
struct audience {
    std::string askpass{};                ///< see make_askpass()
    std::vector<std::string> terminal{};  ///< what is asked there, and what is typed, in turn
};

class program {
public:
    /// `arguments` end with user@host.
    program(const temporary_directory& folder, const audience& who,
            const std::vector<std::string>& arguments);

    /// Waits for the event, or for the end.
    [[nodiscard]] bool says(std::string_view text);
    [[nodiscard]] pid_t id() const noexcept { return process_.id(); }
    [[nodiscard]] int wait() { return process_.wait(); }
    /// By SIGTERM; its exit status.
    [[nodiscard]] int end();
    [[nodiscard]] std::string output() const { return read_file(log_); }

private:
    [[nodiscard]] static std::vector<std::string> command(const temporary_directory& folder,
                                                          const audience& who,
                                                          const std::vector<std::string>& more);

    std::string log_;
    child process_;
};

/// Makes it believe the server.
inline void know_host(const temporary_directory& folder, std::uint16_t port,
                      const std::string& host_key_line) {
    write_file(folder.file("known_hosts"),
               "[127.0.0.1]:" + std::to_string(port) + " " + host_key_line);
}

/// Of its first forward, from the event that says that it is ready.
[[nodiscard]] inline std::uint16_t local_port(const std::string& ready) {
    const std::string begin = "\"bind\":\"127.0.0.1\",\"port\":";
    const auto at = ready.find(begin);
    if (at == std::string::npos) throw std::runtime_error("no port in: " + ready);
    return static_cast<std::uint16_t>(std::stoul(ready.substr(at + begin.size())));
}

/// A script for SSH_ASKPASS: lines of "pattern) command ;;" over the prompt.
[[nodiscard]] std::string make_askpass(const temporary_directory& folder,
                                       const std::vector<std::string>& cases);

// Details.

inline std::vector<std::string> program::command(const temporary_directory& folder,
                                                 const audience& who,
                                                 const std::vector<std::string>& more) {
    std::vector<std::string> all{"env", "-u",           "DISPLAY", "-u", "WAYLAND_DISPLAY",
                                 "-u",  "SSH_AUTH_SOCK"};
    all.push_back("HOME=" + folder.path().string());
    const bool asks_program = !who.askpass.empty();
    all.push_back(asks_program ? "SSH_ASKPASS=" + who.askpass : "SSH_ASKPASS=/bin/false");
    all.push_back(asks_program ? "SSH_ASKPASS_REQUIRE=force" : "SSH_ASKPASS_REQUIRE=never");
    if (who.terminal.empty()) {
        all.push_back("setsid");
    } else {
        all.insert(all.end(),
                   {"/usr/bin/python3", ADIT_SOURCE_DIR "/tests/integration/at_terminal.py"});
        all.insert(all.end(), who.terminal.begin(), who.terminal.end());
        all.push_back("--");
    }
    all.insert(all.end(),
               {ADIT_TUNNEL, "--json", "-F", "none", "-o", "GlobalKnownHostsFile=none", "-o",
                "UserKnownHostsFile=" + folder.file("known_hosts"), "-o", "ConnectTimeout=60"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

inline program::program(const temporary_directory& folder, const audience& who,
                        const std::vector<std::string>& more)
    : log_(folder.file("program.log")), process_(command(folder, who, more), {.log = log_}) {}

inline bool program::says(std::string_view text) {
    for (int i = 0; i < 6000; ++i) {
        const bool runs = process_.running();
        if (output().find(text) != std::string::npos) return true;
        if (!runs) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

inline int program::end() {
    if (process_.running()) ::kill(process_.id(), SIGTERM);  // else its id is nobody's any more
    return process_.wait();
}

inline std::string make_askpass(const temporary_directory& folder,
                                const std::vector<std::string>& cases) {
    std::string text =
        "#!/bin/sh\nprintf '%s\\n' \"$1\" >>" + folder.file("asked") + "\ncase \"$1\" in\n";
    for (const std::string& one : cases) text += one + "\n";
    text += "*) exit 1 ;;\nesac\n";
    const std::string path = write_file(folder.file("askpass"), text);
    std::filesystem::permissions(path, std::filesystem::perms(0700));
    return path;
}

}  // namespace adit::test

#endif
