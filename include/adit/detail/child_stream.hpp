// A child process as a stream: what is written is its standard input, what is read its standard
// output; its standard error is ours. Used by upstream.hpp (ProxyCommand). Invariants: no shell
// that nobody asked for, no descriptor in the child but 0, 1 and 2 (where the system can do that);
// a child that was started is reaped, at the latest when its stream is gone, and never outlives it
// by more than a moment; a child that has gone is an error or an end of data, never a signal.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/erase.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace adit::detail {

/// argv[0] is looked up in PATH. Throws system_error where nothing can be started.
[[nodiscard]] std::unique_ptr<any_stream> start_child(const executor& ex,
                                                      const std::vector<std::string>& argv);

/// One process that we started.
class child_process {
public:
    explicit child_process(pid_t pid) noexcept : pid_(pid) {}
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    ~child_process() { kill(); }

    [[nodiscard]] pid_t id() const noexcept { return pid_; }
    /// Whether it has ended, and is reaped now.
    [[nodiscard]] bool reap() noexcept;
    /// Asks it to end, as ssh asks a ProxyCommand.
    void hang_up() noexcept;
    /// Ends and reaps it.
    void kill() noexcept;

private:
    pid_t pid_;
    bool reaped_ = false;
};

class child_stream final : public any_stream {
public:
    using socket = asio::local::stream_protocol::socket;

    child_stream(std::unique_ptr<child_process> child, socket input, socket output)
        : child_(std::move(child)), input_(std::move(input)), output_(std::move(output)) {}
    ~child_stream() override { close(close_mode::abortive); }

    executor get_executor() override { return output_.get_executor(); }
    using any_stream::try_read;
    io_result try_read(mutable_buffers buffers) override { return output_.try_read(buffers); }
    task<> wait_readable() override { return output_.wait_readable(); }
    io_result try_write(const_buffers buffers) override { return input_.try_write(buffers); }
    task<std::size_t> write_some(const_buffers buffers) override {
        return input_.write_some(buffers);
    }
    task<bool> wait_writable() override { return input_.wait_writable(); }
    void shutdown_send() noexcept override { input_.shutdown_send(); }
    void close(close_mode mode) noexcept override;

private:
    static task<> reap(executor ex, std::unique_ptr<child_process> child);

    std::unique_ptr<child_process> child_;
    socket_stream<socket> input_, output_;
};

// Details.

#if ADIT_BODIES

ADIT_DECL bool child_process::reap() noexcept {
    if (reaped_) return true;
    int status = 0;
    const pid_t gone = ::waitpid(pid_, &status, WNOHANG);
    // Somebody who ignores SIGCHLD has it reaped by the system.
    reaped_ = gone == pid_ || (gone < 0 && errno == ECHILD);
    return reaped_;
}

ADIT_DECL void child_process::hang_up() noexcept {
    if (!reap()) ::kill(pid_, SIGHUP);
}

ADIT_DECL void child_process::kill() noexcept {
    if (reap()) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    reaped_ = true;
}

ADIT_DECL void child_stream::close(close_mode mode) noexcept {
    input_.close(mode);
    output_.close(mode);
    if (child_ == nullptr) return;
    child_->hang_up();
    if (child_->reap()) return child_.reset();
    // Its end is waited for beside everything else; where nothing runs any more, it is killed.
    try {
        const executor ex = output_.get_executor();
        asio::co_spawn(ex, reap(ex, std::move(child_)), asio::detached);
    } catch (const std::exception&) {
        child_.reset();
    }
}

ADIT_DECL task<> child_stream::reap(executor ex, std::unique_ptr<child_process> child) {
    constexpr auto step = std::chrono::milliseconds(10);
    constexpr int steps = 100;
    asio::steady_timer timer(ex);
    for (int i = 0; i < steps && !child->reap(); ++i) {
        timer.expires_after(step);
        auto waiting = timer.async_wait(asio::deferred);
        co_await std::move(waiting);
    }
}

namespace children {

// Two pairs and not one: the end of its output is seen while its input is still open.
struct pair {
    explicit pair(const executor& ex) : ours(ex), theirs(ex) {
        asio::local::connect_pair(ours, theirs);
        // Where nothing else closes them: a child with our end would never see the end of its
        // input.
        for (auto* one : {&ours, &theirs}) set_close_on_exec(*one);
    }
    static void set_close_on_exec(child_stream::socket& one) {
        const int handle = one.native_handle();
        if (::fcntl(handle, F_SETFD, FD_CLOEXEC) == 0) return;
        throw boost::system::system_error(errno, boost::system::system_category());
    }
    child_stream::socket ours, theirs;
};

struct actions {
    actions() {
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawnattr_init(&attributes);
    }
    actions(const actions&) = delete;
    actions& operator=(const actions&) = delete;
    ~actions() {
        ::posix_spawn_file_actions_destroy(&files);
        ::posix_spawnattr_destroy(&attributes);
    }
    // What we ignore or block is nothing for the child to inherit.
    void usual_signals() {
        sigset_t none, all;
        ::sigemptyset(&none);
        ::sigemptyset(&all);
        for (const int one : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGCHLD}) ::sigaddset(&all, one);
        ::posix_spawnattr_setsigmask(&attributes, &none);
        ::posix_spawnattr_setsigdefault(&attributes, &all);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};
};

}  // namespace children

ADIT_DECL std::unique_ptr<any_stream> start_child(const executor& ex,
                                                  const std::vector<std::string>& argv) {
    children::pair input(ex), output(ex);
    children::actions how;
    how.usual_signals();
    ::posix_spawn_file_actions_adddup2(&how.files, input.theirs.native_handle(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&how.files, output.theirs.native_handle(), STDOUT_FILENO);
    // Asio's sockets are inherited: connections and listeners that the child could hold open.
#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
    ::posix_spawn_file_actions_addclosefrom_np(&how.files, STDERR_FILENO + 1);
#endif
#endif
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    if (argv.empty()) throw boost::system::system_error(ENOENT, boost::system::system_category());
    pid_t pid = -1;
    const int failure =
        ::posix_spawnp(&pid, words[0], &how.files, &how.attributes, words.data(), environ);
    if (failure != 0) throw boost::system::system_error(failure, boost::system::system_category());
    auto child = std::make_unique<child_process>(pid);
    return std::make_unique<child_stream>(std::move(child), std::move(input.ours),
                                          std::move(output.ours));
}

#endif  // ADIT_BODIES

}  // namespace adit::detail
