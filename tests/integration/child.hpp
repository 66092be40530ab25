// A program that a test starts and must not outlive: sshd, postgres, redis-server. Its output goes
// into a file, so that a failed test can show it. Used by all of tests/integration.
// Invariants: only processes of our own are ever signalled, by their ids: the child and what it
// forked; when the object is gone, so are they. start() from the main thread only (PDEATHSIG).
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <grp.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace adit::test {

struct child_options {
    std::string log;  ///< both outputs; empty: nowhere
    uid_t user = 0;   ///< 0: who we are
    gid_t group = 0;
    int stop_signal = SIGTERM;  ///< before SIGKILL
};

class child {
public:
    child(const std::vector<std::string>& argv, const child_options& options);
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child() { stop(); }

    [[nodiscard]] pid_t id() const noexcept { return id_; }
    [[nodiscard]] bool running();
    /// Its exit status, once it ends by itself; 128 and above for a signal, -1 if it does not end.
    [[nodiscard]] int wait();
    /// What it forked, and what that forked, youngest last.
    [[nodiscard]] std::vector<pid_t> descendants() const;
    void stop();

private:
    [[nodiscard]] bool ends_within(std::chrono::milliseconds limit);

    pid_t id_ = -1;
    int status_ = 0;
    int stop_signal_;
};

// Details.

namespace children {

// The only work between fork and exec: system calls.
[[noreturn]] inline void become(char* const* argv, int output, const child_options& o) {
    const int input = ::open("/dev/null", O_RDONLY);
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    if (::chdir("/") != 0) ::_exit(126);
    if (o.user != 0 &&
        (::setgroups(0, nullptr) != 0 || ::setgid(o.group) != 0 || ::setuid(o.user) != 0)) {
        ::_exit(126);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execvp(argv[0], argv);
    ::_exit(127);
}

// The fourth field of /proc/PID/stat, behind a name that may hold anything but the last ')'.
[[nodiscard]] inline pid_t parent_of(const std::string& process) {
    std::ifstream file("/proc/" + process + "/stat");
    std::string line;
    std::getline(file, line);
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos || line.size() < name_end + 4) return -1;
    return static_cast<pid_t>(std::stol(line.substr(name_end + 4)));
}

[[nodiscard]] inline std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        if (parent_of(name) == parent) found.push_back(static_cast<pid_t>(std::stol(name)));
    }
    return found;
}

}  // namespace children

inline child::child(const std::vector<std::string>& argv, const child_options& options)
    : stop_signal_(options.stop_signal) {
    const std::string log = options.log.empty() ? "/dev/null" : options.log;
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (output < 0) throw std::runtime_error("cannot write " + log);
    std::vector<char*> arguments;
    for (const std::string& a : argv) arguments.push_back(const_cast<char*>(a.c_str()));
    arguments.push_back(nullptr);
    id_ = ::fork();
    if (id_ == 0) children::become(arguments.data(), output, options);
    ::close(output);
    if (id_ < 0) throw std::runtime_error("fork failed");
}

inline bool child::running() {
    if (id_ < 0) return false;
    if (::waitpid(id_, &status_, WNOHANG) == 0) return true;
    id_ = -1;
    return false;
}

inline std::vector<pid_t> child::descendants() const {
    std::vector<pid_t> all;
    if (id_ < 0) return all;
    all = children::children_of(id_);
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (const pid_t younger : children::children_of(all[i])) all.push_back(younger);
    }
    return all;
}

inline bool child::ends_within(std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (running()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

inline int child::wait() {
    if (!ends_within(std::chrono::seconds(60))) return -1;
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

inline void child::stop() {
    if (!running()) return;
    // While the parent lives their ids are theirs; a stopped one hears nothing but SIGKILL.
    const std::vector<pid_t> younger =
        stop_signal_ == SIGTERM ? descendants() : std::vector<pid_t>();
    for (const pid_t process : younger) ::kill(process, SIGKILL);
    ::kill(id_, stop_signal_);
    if (ends_within(std::chrono::seconds(10))) return;
    ::kill(id_, SIGKILL);
    static_cast<void>(ends_within(std::chrono::seconds(10)));
}

}  // namespace adit::test
