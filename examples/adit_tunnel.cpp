// adit-tunnel: `ssh -N -L` with adit. Local ports that lead through an SSH server to where the
// server can go, with ssh's flags and options (--help lists them), logging in by keys, prompts,
// passwords and one-time codes, JSON for scripts, and a live status line for people.
//
//     adit-tunnel -L 5433:db.internal:5432 alice@bastion.example.com
//
// A connection that is lost is made again. Ends with 0 after SIGINT or SIGTERM and with 255 after a
// failure that trying again would not mend. The parts are in adit_tunnel/.
// Over 300 lines: the program's one object.
#include "adit_tunnel/background.hpp"
#include "adit_tunnel/command_line.hpp"
#include "adit_tunnel/credentials.hpp"
#include "adit_tunnel/patience.hpp"
#include "adit_tunnel/person.hpp"
#include "adit_tunnel/report.hpp"
#include "adit_tunnel/sd_notify.hpp"
#include "adit_tunnel/settings.hpp"
#include "adit_tunnel/standard_streams.hpp"
#include "adit_tunnel/trust_policy.hpp"
#include "adit_tunnel/way.hpp"

#include <adit/adit.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <set>
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
constexpr auto farewell = 500ms;  // for the DISCONNECT, at the end
constexpr auto for_login = 30s;   // of the server's time, from the host key on

/// A server on the way: whom it is believed to be, and what logs in there.
struct party {
    party(const settings& s, reporter& say, person& whom)
        : chosen(s), trust(s, say, whom), logins(s, say, whom) {}
    const settings& chosen;
    trust_policy trust;
    credentials logins;
};

class program {
public:
    program(const settings& s, taken_streams* stdio)
        : settings_(s),
          stdio_(stdio),
          say_(s),
          person_(s, say_, patience_),
          jumps_(settings_of_jumps(s)),
          before_login_(io_),
          login_(io_),
          redraw_(io_),
          signals_(io_, SIGINT, SIGTERM, SIGHUP) {}
    program(const program&) = delete;
    program& operator=(const program&) = delete;
    ~program() { patience_.stop(); }

    [[nodiscard]] int run();

private:
    [[nodiscard]] task<> begin();
    void add_party(const settings& s);
    /// Of the jumps, and of the server behind them; empty: nothing logs in at one of them.
    [[nodiscard]] task<std::vector<adit::client_options>> all_logins();
    [[nodiscard]] adit::client_options login_options(party& at);
    [[nodiscard]] adit::tunnel_options options(std::vector<adit::client_options> logins,
                                               adit::stream_dialler upstream);
    void set_algorithms(adit::client_options& login, party& at);
    static void set_limits(adit::limits& limits, const settings& s);
    [[nodiscard]] adit::host_key_check trust(party& at);
    void on_hop(const adit::route_event& event);
    [[nodiscard]] const settings& first() const { return parties_.front()->chosen; }

    void on_started(error_code ec);
    void carry_stdio();
    void on_closed(error_code cause);
    void end();
    void say_warnings();
    void watch_signals();
    void watch_time_before_login(std::size_t hop);
    void too_late();
    void stop();
    void redraw_from_now_on();

    // What questions refer to is older than io_, which ends them.
    const settings& settings_;
    taken_streams* stdio_;  // null unless -W
    reporter say_;
    patience patience_;
    person person_;
    std::vector<std::unique_ptr<settings>> jumps_;
    std::vector<std::unique_ptr<party>> parties_;  // in order; the last one is settings_'s
    asio::io_context io_{1};
    std::optional<adit::tunnel> tunnel_;
    asio::steady_timer before_login_, login_, redraw_;
    asio::signal_set signals_;
    asio::cancellation_signal cancel_start_;
    steady_clock::time_point begin_;
    std::size_t reached_ = 0;  // the hop to which there is a stream
    bool started_ = false, too_late_ = false;
    bool over_ = false;  // what ended it was told
    int signal_ = 0;
    int status_ = failure;
};

adit::target target_of(const forward_spec& spec) {
    return spec.to_path.empty() ? adit::target(spec.host, spec.port)
                                : adit::target::at_path(spec.to_path);
}

adit::local_forward to_forward(const settings& s, const forward_spec& spec) {
    adit::local_forward forward =
        spec.dynamic ? adit::local_forward::by_socks() : adit::local_forward(target_of(spec));
    forward.bind_address = spec.bind_address.value_or(s.gateway_ports ? "0.0.0.0" : "127.0.0.1");
    forward.bind_port = spec.bind_port;
    forward.bind_path = spec.bind_path;
    forward.bind_mask = s.socket_mask;
    forward.replace_socket = s.replace_sockets;
    return forward;
}

adit::remote_forward to_remote_forward(const forward_spec& spec) {
    adit::forward_target at;
    at.is_socket = !spec.bind_path.empty();
    at.host = at.is_socket ? spec.bind_path : spec.bind_address.value_or("localhost");
    at.port = spec.bind_port;
    return {std::move(at), target_of(spec)};
}

adit::client_options program::login_options(party& at) {
    const settings& s = at.chosen;
    adit::client_options login(s.user, s.host_name, trust(at));
    login.port = s.port;
    login.password_attempts = s.password_prompts;
    set_algorithms(login, at);
    set_limits(login.limits, s);
    if (settings_.level >= talk::verbose) {
        login.trace = [this](const adit::trace_event& event) { say_.traced(event); };
    }
    return login;
}

adit::tunnel_options program::options(std::vector<adit::client_options> logins,
                                      adit::stream_dialler upstream) {
    const settings& s = settings_;
    adit::tunnel_options all(std::move(logins.back()));
    logins.pop_back();
    for (adit::client_options& login : logins) all.jumps.emplace_back(std::move(login));
    all.tcp = first().connect;
    all.upstream = std::move(upstream);
    all.on_hop = [this](const adit::route_event& event) { on_hop(event); };
    for (const forward_spec& one : s.forwards) all.forwards.push_back(to_forward(s, one));
    for (const forward_spec& one : s.remote_forwards) {
        all.remote_forwards.push_back(to_remote_forward(one));
    }
    all.require_all_forwards = s.exit_on_forward_failure;
    all.reconnect.enabled = s.reconnect && !s.stdio_forward;
    // Only the first login has the program's own deadlines, which are patient with people.
    all.reach = [this, again = all.way()](adit::executor ex) {
        adit::route anew = again;
        if (started_) {
            for (adit::hop& one : anew.jumps) one.client.limits.handshake_timeout = for_login;
            anew.last.client.limits.handshake_timeout = for_login;
        }
        return adit::connect_through(std::move(anew))(std::move(ex));
    };
    all.on_event = [this](const adit::tunnel_event& event) { say_.happened(event); };
    return all;
}

// As ssh does, unless told otherwise: what known_hosts can vouch for is asked for first.
void program::set_algorithms(adit::client_options& login, party& at) {
    const settings& s = at.chosen;
    if (!s.ciphers.empty()) login.algorithms.ciphers = s.ciphers;
    if (!s.macs.empty()) login.algorithms.macs = s.macs;
    if (!s.kex.empty()) login.algorithms.kex = s.kex;
    login.public_key_algorithms = s.key_algorithms;
    std::string& host_keys = login.algorithms.host_keys;
    if (!s.host_key_algorithms.empty()) {
        host_keys = s.host_key_algorithms;
    } else {
        host_keys = at.trust.preferred(host_keys);
    }
    say_.detail("host key algorithms: " + host_keys);
}

void program::set_limits(adit::limits& limits, const settings& s) {
    if (s.connect_timeout) limits.connect_timeout = *s.connect_timeout;
    limits.handshake_timeout = 0ms;  // before_login_ and patience_ stand for it
    limits.keepalive_interval = s.keepalive_interval;
    limits.keepalive_count = s.keepalive_count;
    if (s.rekey_bytes != 0) limits.rekey_bytes = s.rekey_bytes;
    if (s.rekey_interval) limits.rekey_interval = *s.rekey_interval;
}

// With the host key, what before_login_ measures is over and the login begins.
adit::host_key_check program::trust(party& at) {
    return [this, check = at.trust.check()](const adit::host_key_question& q) {
        if (!started_) patience_.start(login_, for_login, [this] { too_late(); });
        return check(q);
    };
}

void program::on_hop(const adit::route_event& event) {
    using kind = adit::route_event::kind;
    const settings& s = parties_.at(event.hop)->chosen;
    if (event.what == kind::ready) patience_.stop();
    if (event.what == kind::connected) reached_ = event.hop;
    if (event.what != kind::connecting) return;
    say_.step("connecting to " + adit::escaped(s.host_name) + ":" + std::to_string(s.port));
    watch_time_before_login(event.hop);
}

int program::run() {
    say_warnings();
    watch_signals();
    auto beginning = begin();
    asio::co_spawn(io_, std::move(beginning), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
    io_.run();
    if (tunnel_) tunnel_->close();
    io_.restart();
    io_.run_for(farewell);
    return status_;
}

// Of the jumps too; what is about all hosts is said once.
void program::say_warnings() {
    std::set<std::string> said;
    const auto say = [this, &said](const settings& s) {
        for (const std::string& text : s.warnings) {
            if (said.insert(text).second) say_.warning(text);
        }
    };
    for (const auto& jump : jumps_) say(*jump);
    say(settings_);
}

task<> program::begin() {
    for (const auto& s : jumps_) add_party(*s);
    add_party(settings_);
    std::vector<adit::client_options> logins = co_await all_logins();
    if (logins.empty()) co_return end();
    adit::stream_dialler upstream = co_await upstream_of(first(), person_);
    tunnel_.emplace(io_.get_executor(), options(std::move(logins), std::move(upstream)));
    begin_ = steady_clock::now();
    const auto started = [this](error_code ec) { on_started(ec); };
    tunnel_->async_start(asio::bind_cancellation_slot(cancel_start_.slot(), started));
}

void program::add_party(const settings& s) {
    parties_.push_back(std::make_unique<party>(s, say_, person_));
}

task<std::vector<adit::client_options>> program::all_logins() {
    std::vector<adit::client_options> all;
    for (const auto& at : parties_) {
        all.push_back(login_options(*at));
        co_await at->logins.add_to(all.back());
        if (at->logins.problem().empty() || !all.back().credentials.empty()) continue;
        say_.failed(at->logins.problem());
        all.clear();
        break;
    }
    co_return all;
}

void program::on_started(error_code ec) {
    before_login_.cancel();
    patience_.stop();
    if (signal_ != 0) return end();
    if (ec) {
        adit::diagnostics story = tunnel_->diagnostics();
        if (too_late_) story.subject.clear();  // that it was cancelled, by us
        say_.failed(story, too_late_ ? error_code(errc::deadline_exceeded) : ec);
        return end();
    }
    started_ = true;
    say_.ready(*tunnel_, steady_clock::now() - begin_);
    if (settings_.background) go_to_background(io_, settings_.level >= talk::verbose);
    tell_systemd("READY=1");
    redraw_from_now_on();
    tunnel_->async_wait_closed([this](error_code cause) { on_closed(cause); });
    if (stdio_ != nullptr) carry_stdio();
}

// -W: it ends when both directions have.
void program::carry_stdio() {
    standard_streams streams(io_.get_executor(), *stdio_);
    const auto carried = [this](error_code ec) {
        if (signal_ != 0 || std::exchange(over_, true)) return;
        if (ec) say_.failed(tunnel_->diagnostics(), ec);
        status_ = ec ? failure : EXIT_SUCCESS;
        end();
    };
    tunnel_->async_carry(std::move(streams), target_of(*settings_.stdio_forward), carried);
}

void program::on_closed(error_code cause) {
    if (std::exchange(over_, true)) return;
    const bool asked = signal_ != 0;
    if (!asked) say_.failed(tunnel_->diagnostics(), cause);
    say_.closed(*tunnel_, asked ? "by a signal" : cause.message());
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

// ConnectTimeout, ssh's way: for everything up to each server's host key, not for people.
void program::watch_time_before_login(std::size_t hop) {
    const auto limit = parties_.at(hop)->chosen.connect_timeout.value_or(30s);
    before_login_.cancel();
    if (limit == 0s) return;
    before_login_.expires_after(limit);
    before_login_.async_wait([this, hop](error_code ec) {
        const bool here = tunnel_->diagnostics().stage >= adit::stage::host_key;
        if (ec || started_ || (here && reached_ >= hop)) return;
        too_late();
    });
}

void program::too_late() {
    too_late_ = true;
    cancel_start_.emit(asio::cancellation_type::terminal);
}

void program::watch_signals() {
    signals_.async_wait([this](error_code ec, int number) {
        if (ec) return;
        signal_ = number;
        stop();
    });
}

void program::stop() {
    if (!tunnel_) return end();
    if (started_) {
        tunnel_->close();
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
    say_.status(*tunnel_);
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
        std::optional<adit_tunnel::taken_streams> stdio;
        if (settings.stdio_forward) stdio.emplace();
        adit_tunnel::program program(settings, stdio ? &*stdio : nullptr);
        return program.run();
    } catch (const adit_tunnel::usage_error& e) {
        std::fprintf(stderr, "adit-tunnel: %s\n", e.what());
    } catch (const std::exception& e) {
        std::fprintf(stderr, "adit-tunnel: %s\n", e.what());
    }
    return adit_tunnel::failure;
}
