// Questions to a person: secrets, on the terminal without echo or through SSH_ASKPASS as ssh does
// it, and what may be seen while it is typed. Asked without blocking, so that signals and deadlines
// work meanwhile. Used by person.hpp.
// Invariants: a password is only ever in secret memory; the terminal gets its echo back whatever
// ends the question, for the guard lives in the coroutine's frame.
#pragma once

#include "settings.hpp"

#include <adit/bytes.hpp>
#include <adit/transport/hooks.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

extern char** environ;  // POSIX says that a program declares it itself

namespace adit_tunnel {

namespace asio = boost::asio;
using adit::secret_bytes;
using adit::task;

enum class echo : std::uint8_t { off, on };

[[nodiscard]] inline bool has_terminal() {
    const int tty = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty >= 0) ::close(tty);
    return tty >= 0;
}

/// How SSH_ASKPASS, SSH_ASKPASS_REQUIRE and DISPLAY decide, as in ssh(1).
enum class askpass_use : std::uint8_t { never, without_terminal, always };
[[nodiscard]] askpass_use askpass_wish();

/// Whether anybody can be asked for a secret.
[[nodiscard]] inline bool can_ask() {
    return askpass_wish() != askpass_use::never || has_terminal();
}

/// An answer without its newline; empty when there is none. The prompt outlives the task.
[[nodiscard]] task<secret_bytes> ask_somehow(const std::string& prompt, echo how);
[[nodiscard]] task<secret_bytes> ask_on_terminal(const std::string& prompt, echo how);
[[nodiscard]] task<secret_bytes> ask_program(const std::string& prompt);

// Details.

/// Echo off for as long as it lives. Stopping by Ctrl-Z is held off too: the shell would bring the
/// echo back, and the rest of a password would be seen.
class silent_terminal {
public:
    explicit silent_terminal(int tty) : tty_(tty) {
        if (::tcgetattr(tty_, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL);
        changed_ = ::tcsetattr(tty_, TCSAFLUSH, &silent) == 0;
        struct sigaction ignore{};
        ignore.sa_handler = SIG_IGN;
        ::sigaction(SIGTSTP, &ignore, &stop_);
    }
    silent_terminal(const silent_terminal&) = delete;
    silent_terminal& operator=(const silent_terminal&) = delete;
    ~silent_terminal() {
        if (!changed_) return;
        ::tcsetattr(tty_, TCSAFLUSH, &before_);
        ::sigaction(SIGTSTP, &stop_, nullptr);
        static_cast<void>(::write(tty_, "\n", 1) == 1);
    }
    [[nodiscard]] bool silent() const noexcept { return changed_; }

private:
    int tty_;
    termios before_{};
    struct sigaction stop_{};
    bool changed_ = false;
};

inline constexpr std::size_t longest_answer = 1024;

/// Up to the end of a line, or of the file.
[[nodiscard]] inline task<secret_bytes> read_line(asio::posix::stream_descriptor& from) {
    secret_bytes answer(longest_answer);
    std::size_t filled = 0;
    while (filled < answer.size()) {
        std::size_t count = 0;
        try {
            const auto room = asio::buffer(answer.data() + filled, answer.size() - filled);
            auto reading = from.async_read_some(room, asio::deferred);
            count = co_await std::move(reading);
        } catch (const boost::system::system_error& e) {
            if (e.code() != asio::error::eof) throw;
            break;
        }
        const auto first = answer.begin() + static_cast<std::ptrdiff_t>(filled);
        const auto last = first + static_cast<std::ptrdiff_t>(count);
        filled += count;
        const auto end = std::find(first, last, std::uint8_t{'\n'});
        if (end == last) continue;
        filled = static_cast<std::size_t>(end - answer.begin());
        break;
    }
    answer.resize(filled);
    while (!answer.empty() && answer.back() == '\r') answer.pop_back();
    co_return answer;
}

inline task<secret_bytes> ask_on_terminal(const std::string& prompt, echo how) {
    asio::posix::stream_descriptor tty(co_await asio::this_coro::executor);
    const int descriptor = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) co_return secret_bytes();
    tty.assign(descriptor);
    std::unique_ptr<silent_terminal> guard;
    if (how == echo::off) {
        guard = std::make_unique<silent_terminal>(descriptor);
        if (!guard->silent()) co_return secret_bytes();
    }
    if (::write(descriptor, prompt.data(), prompt.size()) < 0) co_return secret_bytes();
    co_return co_await read_line(tty);
}

inline askpass_use askpass_wish() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
    };
    const std::string wish = variable("SSH_ASKPASS_REQUIRE");
    const bool display = !variable("DISPLAY").empty() || !variable("WAYLAND_DISPLAY").empty();
    if (wish == "never") return askpass_use::never;
    if (wish == "force") return askpass_use::always;
    if (!display) return askpass_use::never;
    return wish == "prefer" ? askpass_use::always : askpass_use::without_terminal;
}

/// A program whose output is read. Ended and waited for at the latest when this goes.
class asked_program {
public:
    asked_program(const std::string& path, const std::string& prompt);
    asked_program(const asked_program&) = delete;
    asked_program& operator=(const asked_program&) = delete;
    ~asked_program() {
        if (process_ > 0) ::kill(process_, SIGTERM);
        static_cast<void>(succeeded());
    }
    /// The reading end; -1 if it could not be started. For the caller to close.
    [[nodiscard]] int output() const noexcept { return output_; }
    [[nodiscard]] bool succeeded();

private:
    pid_t process_ = -1;
    int output_ = -1;
};

inline asked_program::asked_program(const std::string& path, const std::string& prompt) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    // Asio's sockets are not close-on-exec: the connection and the listeners are not its business.
#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
    ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
#endif
#endif
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t broken_pipe;
    ::sigemptyset(&broken_pipe);
    ::sigaddset(&broken_pipe, SIGPIPE);  // which we ignore
    ::posix_spawnattr_setsigdefault(&attributes, &broken_pipe);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    std::string name = path;
    std::string text = prompt;
    const std::array<char*, 3> arguments{name.data(), text.data(), nullptr};
    const int error =
        ::posix_spawnp(&process_, path.c_str(), &actions, &attributes, arguments.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (error != 0) {
        process_ = -1;
        ::close(ends[0]);
    } else {
        output_ = ends[0];
    }
}

inline bool asked_program::succeeded() {
    if (process_ < 0) return false;
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {}
    process_ = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

inline task<secret_bytes> ask_program(const std::string& prompt) {
    asio::posix::stream_descriptor output(co_await asio::this_coro::executor);
    const char* path = std::getenv("SSH_ASKPASS");
    asked_program program(path == nullptr ? "/usr/bin/ssh-askpass" : path, prompt);
    if (program.output() < 0) co_return secret_bytes();
    output.assign(program.output());
    secret_bytes answer = co_await read_line(output);
    if (!program.succeeded()) answer.clear();
    co_return answer;
}

inline task<secret_bytes> ask_somehow(const std::string& prompt, echo how) {
    const askpass_use wish = askpass_wish();
    const bool program =
        wish == askpass_use::always || (wish == askpass_use::without_terminal && !has_terminal());
    if (program) co_return co_await ask_program(prompt);
    co_return co_await ask_on_terminal(prompt, how);
}

}  // namespace adit_tunnel
