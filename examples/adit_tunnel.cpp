// adit-tunnel: `ssh -N -L` with adit. Local ports that lead through an SSH server to where the
// server can go, with ssh's flags and options (--help lists them), a password prompt, JSON for
// scripts, and a live status line for people.
//
//     adit-tunnel -L 5433:db.internal:5432 alice@bastion.example.com
//
// Ends with 0 after SIGINT or SIGTERM and with 255 after a failure. The parts are in adit_tunnel/.
#include "adit_tunnel/command_line.hpp"
#include "adit_tunnel/prompt.hpp"
#include "adit_tunnel/report.hpp"
#include "adit_tunnel/settings.hpp"
#include "adit_tunnel/trust_policy.hpp"

#include <adit/adit.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace adit_tunnel {
namespace {

using namespace std::chrono_literals;
using adit::errc;
using adit::error_code;
using std::chrono::steady_clock;

constexpr int failure = 255;
constexpr auto farewell = 500ms;     // for the DISCONNECT, at the end
constexpr auto for_a_person = 150s;  // beyond sshd's LoginGraceTime

class program {
public:
    explicit program(const settings& s)
        : settings_(s),
          say_(s),
          trust_(s, say_),
          tunnel_(io_.get_executor(), options()),
          before_login_(io_),
          redraw_(io_),
          signals_(io_, SIGINT, SIGTERM, SIGHUP) {}

    [[nodiscard]] int run();

private:
    [[nodiscard]] adit::tunnel_options options();
    void set_limits(adit::limits& limits) const;
    void add_credentials(adit::client_options& login);
    void add_keys(adit::client_options& login);
    [[nodiscard]] bool may_ask_password() const;
    [[nodiscard]] task<secret_bytes> answer_password(const adit::password_question& q);

    void on_started(error_code ec);
    void on_closed(error_code cause);
    void end();
    void watch_signals();
    void watch_time_before_login();
    void stop();
    void redraw_from_now_on();

    const settings& settings_;
    reporter say_;
    trust_policy trust_;
    error_code key_problem_;
    std::string key_file_;
    bool has_credentials_ = false;
    asio::io_context io_{1};
    adit::tunnel tunnel_;
    asio::steady_timer before_login_, redraw_;
    asio::signal_set signals_;
    asio::cancellation_signal cancel_start_;
    steady_clock::time_point begin_;
    bool started_ = false, too_late_ = false;
    int signal_ = 0;
    int status_ = failure;
};

adit::local_forward to_forward(const forward_spec& spec) {
    adit::local_forward forward(adit::target(spec.host, spec.port));
    forward.bind_address = spec.bind_address;
    forward.bind_port = spec.bind_port;
    return forward;
}

adit::tunnel_options program::options() {
    const settings& s = settings_;
    adit::client_options login(s.user, s.host_name, trust_.check());
    login.port = s.port;
    login.password_attempts = s.password_prompts;
    if (!s.ciphers.empty()) login.algorithms.ciphers = s.ciphers;
    if (!s.macs.empty()) login.algorithms.macs = s.macs;
    if (!s.kex.empty()) login.algorithms.kex = s.kex;
    if (!s.host_key_algorithms.empty()) login.algorithms.host_keys = s.host_key_algorithms;
    login.public_key_algorithms = s.key_algorithms;
    set_limits(login.limits);
    add_credentials(login);
    has_credentials_ = !login.credentials.empty();
    if (s.level >= talk::debug) {
        login.trace = [this](const adit::trace_event& event) { say_.traced(event); };
    }
    adit::tunnel_options all(std::move(login), to_forward(s.forwards.front()));
    for (std::size_t i = 1; i < s.forwards.size(); ++i) {
        all.forwards.push_back(to_forward(s.forwards[i]));
    }
    all.require_all_forwards = s.exit_on_forward_failure;
    all.on_event = [this](const adit::tunnel_event& event) { say_.happened(event); };
    return all;
}

void program::set_limits(adit::limits& limits) const {
    if (settings_.connect_timeout) limits.connect_timeout = *settings_.connect_timeout;
    if (may_ask_password() || settings_.strict_host_keys == host_key_policy::ask) {
        limits.handshake_timeout = for_a_person;  // watch_time_before_login() is for the server
    }
    limits.keepalive_interval = settings_.keepalive_interval;
    limits.keepalive_count = settings_.keepalive_count;
    if (settings_.rekey_bytes != 0) limits.rekey_bytes = settings_.rekey_bytes;
    if (settings_.rekey_interval) limits.rekey_interval = *settings_.rekey_interval;
}

bool program::may_ask_password() const {
    const auto& wanted = settings_.authentications;
    const bool listed = std::ranges::find(wanted, "password") != wanted.end();
    return listed && settings_.password && !settings_.batch && settings_.password_prompts != 0 &&
           can_ask_password();
}

void program::add_credentials(adit::client_options& login) {
    for (const std::string& method : settings_.authentications) {
        if (method == "publickey" && settings_.publickey) add_keys(login);
        if (method == "password" && may_ask_password()) {
            login.credentials.emplace_back(adit::password_source(
                [this](const adit::password_question& q) { return answer_password(q); }));
        }
    }
}

void program::add_keys(adit::client_options& login) {
    std::vector<std::string> paths = settings_.identities;
    const bool by_default = paths.empty() && settings_.default_identity;
    if (by_default) paths.emplace_back("~/.ssh/id_ed25519");
    for (const std::string& named : paths) {
        const std::string path = expanded(settings_, named);
        auto key = adit::config::load_private_key(path);
        if (key) {
            login.credentials.push_back(adit::key_credential(std::move(*key), path));
            continue;
        }
        if (by_default && key.error() == errc::key_file_missing) continue;
        say_.warning(path + ": " + key.error().message());
        if (!key_problem_) key_file_ = path;
        if (!key_problem_) key_problem_ = key.error();
    }
}

task<secret_bytes> program::answer_password(const adit::password_question& q) {
    if (q.attempt > 1) say_.alarm("permission denied, please try again");
    const std::string prompt = adit::escaped(q.user + "@" + q.host) + "'s password: ";
    co_return co_await ask_password(prompt);
}

int program::run() {
    for (const std::string& text : settings_.warnings) say_.warning(text);
    if (key_problem_ && !has_credentials_) {
        say_.failed(key_file_ + ": " + key_problem_.message());
        return failure;
    }
    watch_signals();
    watch_time_before_login();
    begin_ = steady_clock::now();
    tunnel_.async_start(asio::bind_cancellation_slot(cancel_start_.slot(),
                                                     [this](error_code ec) { on_started(ec); }));
    io_.run();
    tunnel_.close();
    io_.restart();
    io_.run_for(farewell);
    return status_;
}

void program::on_started(error_code ec) {
    before_login_.cancel();
    if (signal_ != 0) return end();
    if (ec) {
        say_.failed(tunnel_.diagnostics(), too_late_ ? error_code(errc::deadline_exceeded) : ec);
        return end();
    }
    started_ = true;
    say_.ready(tunnel_, steady_clock::now() - begin_);
    redraw_from_now_on();
    tunnel_.async_wait_closed([this](error_code cause) { on_closed(cause); });
}

void program::on_closed(error_code cause) {
    const bool asked = signal_ != 0;
    if (!asked) say_.failed(tunnel_.diagnostics(), cause);
    say_.closed(tunnel_, asked ? "by a signal" : cause.message());
    end();
}

// run() goes on behind io_.run().
void program::end() {
    if (signal_ == SIGINT || signal_ == SIGTERM) status_ = EXIT_SUCCESS;
    signals_.cancel();
    before_login_.cancel();
    redraw_.cancel();
    io_.stop();
}

// ConnectTimeout, ssh's way: for everything up to the server's host key, not for people.
void program::watch_time_before_login() {
    const auto limit = settings_.connect_timeout.value_or(30s);
    if (limit == 0s) return;
    before_login_.expires_after(limit);
    before_login_.async_wait([this](error_code ec) {
        if (ec || started_ || tunnel_.diagnostics().stage >= adit::stage::host_key) return;
        too_late_ = true;
        cancel_start_.emit(asio::cancellation_type::terminal);
    });
}

void program::watch_signals() {
    signals_.async_wait([this](error_code ec, int number) {
        if (ec) return;
        signal_ = number;
        stop();
    });
}

void program::stop() {
    if (started_) {
        tunnel_.close();
    } else {
        cancel_start_.emit(asio::cancellation_type::terminal);
    }
    // Nothing that is still under way holds up the end.
    before_login_.expires_after(farewell);
    before_login_.async_wait([this](error_code ec) {
        if (!ec) end();
    });
}

void program::redraw_from_now_on() {
    if (!say_.is_live()) return;
    say_.status(tunnel_);
    redraw_.expires_after(500ms);
    redraw_.async_wait([this](error_code ec) {
        if (!ec) redraw_from_now_on();
    });
}

// A tunnel needs two descriptors for each connection.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace adit_tunnel

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    adit_tunnel::settings settings;
    if (const auto status = adit_tunnel::read_command_line(settings, argc, argv)) return *status;
    try {
        adit_tunnel::raise_descriptor_limit();
        adit_tunnel::program program(settings);
        return program.run();
    } catch (const adit_tunnel::usage_error& e) {
        std::fprintf(stderr, "adit-tunnel: %s\n", e.what());
    } catch (const std::exception& e) {
        std::fprintf(stderr, "adit-tunnel: %s\n", e.what());
    }
    return adit_tunnel::failure;
}
