// adit-bastion: an SSH server that forwards and nothing else: what a jump host needs of sshd, with
// its options (--help lists them), users in a file, one-time codes, and an audit of who went where.
//
//     adit-bastion -p 2222 -h host_key -o AuthorizedKeysFile=keys/%u -o PermitOpen=db.internal:5432
//
// SIGHUP reads files again, SIGTERM drains, SIGINT ends. The parts are in adit_bastion/.
#include "adit_bastion/configuration.hpp"
#include "adit_bastion/pid_file.hpp"
#include "adit_bastion/report.hpp"
#include "adit_bastion/settings.hpp"
#include "adit_bastion/users_file.hpp"

#include <adit/accounts.hpp>
#include <adit/bastion.hpp>
#include <adit/crypto/password_hash.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace adit_bastion {
namespace {

namespace asio = boost::asio;
constexpr int failure = 255;

[[nodiscard]] std::vector<asio::ip::tcp::endpoint> endpoints_of(const settings& s) {
    std::vector<asio::ip::tcp::endpoint> all;
    for (const listen_address& where : s.listen) {
        boost::system::error_code ec;
        const auto address = asio::ip::make_address(where.address, ec);
        if (ec) throw usage_error("listenaddress: \"" + where.address + "\" is not an address");
        all.emplace_back(address, where.port.value_or(s.port));
    }
    return all;
}

[[nodiscard]] adit::protocol::admission_limits admission_of(const settings& s) {
    adit::protocol::admission_limits limits;
    limits.startups = s.startups;
    limits.chance = s.startup_chance;
    limits.full = s.startups_full;
    limits.per_source = s.per_source_startups;
    limits.penalties.enabled = s.penalties;
    limits.rate.per_second = s.per_source_rate;
    return limits;
}

[[nodiscard]] std::string shown(const asio::ip::tcp::endpoint& where) {
    return where.address().to_string() + " port " + std::to_string(where.port());
}

// What stays when users are read again: which codes were used, and how often was guessed (A17).
[[nodiscard]] login_memory memory_of(const settings& s) {
    login_memory kept;
    kept.guesses = std::make_shared<adit::guess_counter>(adit::protocol::throttle_limits());
    if (s.totp_steps_file.empty()) {
        kept.steps = std::make_shared<adit::memory_step_store>();
    } else {
        kept.steps = std::make_shared<adit::file_step_store>(s.totp_steps_file);
    }
    return kept;
}

void check_steps_file(const std::string& path) {
    if (path.empty()) return;
    const adit::error_code ec = adit::config::check_step_file(path);
    if (ec) throw usage_error("totpstepsfile: " + path + ": " + ec.message());
}

class program {
public:
    program(settings& s, int argc, const char* const* argv)
        : settings_(s),
          arguments_(argv, argv + argc),
          say_(s.json),
          memory_(memory_of(s)),
          signals_(io_) {}

    [[nodiscard]] int run();

private:
    void start();
    void watch_signals();
    void on_signal(int number);
    void read_again();
    void drain();

    settings& settings_;
    std::vector<const char*> arguments_;
    reporter say_;
    login_memory memory_;
    asio::io_context io_{1};
    asio::signal_set signals_;
    std::optional<adit::bastion> gate_;
    std::optional<pid_file> pid_file_;
    bool draining_ = false;
};

void program::start() {
    check_steps_file(settings_.totp_steps_file);
    const configuration now(settings_, say_, memory_);
    adit::guest_options guests = now.guests();
    adit::bastion_options options(guests.server);
    options.guests = std::move(guests);
    options.listen = endpoints_of(settings_);
    options.admission = admission_of(settings_);
    options.exchanges.threads = settings_.kex_threads;
    gate_.emplace(io_.get_executor(), std::move(options));
    try {
        gate_->listen();
    } catch (const boost::system::system_error& e) {
        std::string all;
        for (const auto& where : endpoints_of(settings_)) all += " " + shown(where) + ":";
        throw usage_error("cannot listen on" + all + " " + e.code().message());
    }
    if (!settings_.pid_file.empty()) pid_file_.emplace(settings_.pid_file);
    for (const auto& where : gate_->endpoints()) {
        say_.say("Server listening on " + shown(where) + ".");
    }
}

void program::watch_signals() {
    signals_.async_wait([this](boost::system::error_code ec, int number) {
        if (ec) return;
        on_signal(number);
        watch_signals();
    });
}

void program::on_signal(int number) {
    if (number == SIGHUP) return read_again();
    if (number == SIGTERM) return drain();
    gate_->close();
    io_.stop();
}

// A mistake in the new files changes nothing.
void program::read_again() {
    settings next;
    const int count = static_cast<int>(arguments_.size());
    if (read_command_line(next, count, arguments_.data())) {
        return say_.say("SIGHUP: the configuration is wrong, the old one stays");
    }
    try {
        const configuration now(next, say_, memory_);
        gate_->use(now.guests());
        settings_ = std::move(next);
        say_.say("SIGHUP: keys, users and options were read again");
    } catch (const std::exception& e) {
        say_.say(std::string("SIGHUP: ") + e.what() + "; the old configuration stays");
    }
}

void program::drain() {
    if (std::exchange(draining_, true)) return;
    say_.say("SIGTERM: draining " + std::to_string(gate_->connections()) + " connections");
    gate_->async_drain(settings_.drain_time, [this](boost::system::error_code) { io_.stop(); });
}

int program::run() {
    try {
        if (settings_.only_test) {
            check_steps_file(settings_.totp_steps_file);
            const configuration now(settings_, say_, memory_);
            static_cast<void>(now.guests());
            static_cast<void>(endpoints_of(settings_));
            return 0;
        }
        start();
    } catch (const std::exception& e) {
        say_.say(e.what());
        return failure;
    }
    for (const int number : {SIGHUP, SIGTERM, SIGINT}) signals_.add(number);
    watch_signals();
    io_.run();
    gate_.reset();
    io_.restart();
    io_.poll();
    return 0;
}

// Without echo from a terminal; a line from anything else.
[[nodiscard]] std::string read_password() {
    std::string line;
    if (::isatty(STDIN_FILENO) != 1) {
        std::getline(std::cin, line);
    } else if (char* const typed = ::getpass("password: "); typed != nullptr) {
        line = typed;
        Botan::secure_scrub_memory(typed, line.size());
    }
    return line;
}

[[nodiscard]] int print_hash() {
    std::string line = read_password();
    if (line.empty()) {
        std::fprintf(stderr, "adit-bastion: there is no password\n");
        return failure;
    }
    adit::crypto::system_random random;
    const auto hash = adit::crypto::hash_password(adit::as_bytes(line), random);
    Botan::secure_scrub_memory(line.data(), line.size());
    if (!hash) return failure;
    std::printf("%s\n", hash->c_str());
    return 0;
}

[[nodiscard]] int print_totp(const std::string& name) {
    const new_totp made = make_totp(name);
    std::printf("%s\n%s\n", made.secret.c_str(), made.otpauth.c_str());
    return 0;
}

}  // namespace
}  // namespace adit_bastion

int main(int argc, char** argv) {
    using namespace adit_bastion;
    settings s;
    if (const auto status = read_command_line(s, argc, argv)) return *status;
    if (s.hash_password) return print_hash();
    if (!s.new_totp.empty()) return print_totp(s.new_totp);
    program bastion(s, argc, argv);
    return bastion.run();
}
