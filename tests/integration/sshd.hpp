// A throwaway sshd on a free port of loopback: its own configuration, host key, user key and
// folder. One object is one running server. Used by all of tests/integration. Invariant: nothing of
// it is left when the object is gone, whether the test passed or not.
#pragma once

#include "integration/account.hpp"
#include "integration/child.hpp"
#include "integration/loop.hpp"
#include "integration/peers.hpp"
#include "support/run.hpp"
#include "support/temporary_directory.hpp"

#include <adit/adit.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

namespace adit::test {

/// Bound for a moment; for programs that cannot be asked to choose one themselves.
[[nodiscard]] std::uint16_t free_port();
[[nodiscard]] bool accepts_connections(std::uint16_t port);
/// Waits until it accepts connections; false when the program ended instead.
[[nodiscard]] bool serves(child& program, std::uint16_t port);

/// `ssh-keygen -t ed25519` without a passphrase; returns the path.
std::string make_key(const std::string& path);
[[nodiscard]] std::string current_user();
struct sshd_config {
    std::vector<std::string> lines;            ///< before ours, so they win
    std::optional<temporary_account> account;  ///< needs root
    std::vector<std::string> inside{};         ///< a command that runs sshd, where the account is
};

class sshd {
public:
    explicit sshd(const sshd_peer& peer, const sshd_config& config = {});

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
    [[nodiscard]] std::string user_key() const { return file("id"); }
    [[nodiscard]] std::string host_key_line() const { return read_file(file("host.pub")); }
    [[nodiscard]] std::string fingerprint() const { return fingerprint_of(file("host.pub")); }
    [[nodiscard]] std::string log() const { return read_file(file("log")); }
    /// The processes that serve connections.
    [[nodiscard]] std::vector<pid_t> serving() const { return program_->descendants(); }
    void stop() { program_->stop(); }

    [[nodiscard]] static std::string fingerprint_of(const std::string& public_key_file);
    /// Logs in by key, as who we are, and believes this server only.
    [[nodiscard]] client_options login() const;

private:
    void start(const sshd_peer& peer, const sshd_config& config);
    void write_config(const sshd_peer& peer, const sshd_config& config) const;
    [[nodiscard]] std::vector<std::string> command(const sshd_peer& peer,
                                                   const sshd_config& config) const;

    temporary_directory folder_;
    std::uint16_t port_ = 0;
    std::unique_ptr<child> program_;
};

// Details.

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

inline std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound =
        ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
    ::close(socket);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

inline bool accepts_connections(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const int outcome =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(socket);
    return outcome == 0;
}

inline bool serves(child& program, std::uint16_t port) {
    for (int i = 0; i < 3000; ++i) {
        if (!program.running()) return false;
        if (accepts_connections(port)) return program.running();
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

inline std::string make_key(const std::string& path) {
    const auto made =
        run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path});
    if (made.status != 0) throw std::runtime_error("ssh-keygen: " + made.errors);
    return path;
}

inline std::string current_user() {
    const passwd* entry = ::getpwuid(::geteuid());
    if (entry == nullptr) throw std::runtime_error("nobody knows who we are");
    return entry->pw_name;
}

inline sshd::sshd(const sshd_peer& peer, const sshd_config& config) {
    if (::geteuid() == 0) std::filesystem::create_directories("/run/sshd");
    make_key(file("host"));
    make_key(file("id"));
    std::filesystem::copy_file(file("id.pub"), file("authorized_keys"));
    // sshd reads it as the user that logs in.
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    std::filesystem::permissions(file("authorized_keys"), std::filesystem::perms(0644));
    // Somebody may take the port between our look and sshd's bind.
    for (int attempt = 0; attempt < 5; ++attempt) {
        start(peer, config);
        if (serves(*program_, port_)) return;
    }
    throw std::runtime_error("sshd does not start: " + log());
}

inline void sshd::start(const sshd_peer& peer, const sshd_config& config) {
    port_ = free_port();
    write_config(peer, config);
    program_ = std::make_unique<child>(command(peer, config), child_options{.log = file("log")});
}

inline void sshd::write_config(const sshd_peer& peer, const sshd_config& config) const {
    std::string text;
    for (const std::string& line : config.lines) text += line + "\n";
    for (const std::string& line : peer.settings) text += line + "\n";
    text += "ListenAddress 127.0.0.1:" + std::to_string(port_) + "\nHostKey " + file("host") +
            "\nAuthorizedKeysFile " + file("authorized_keys") +
            "\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\nUseDNS no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nLogLevel VERBOSE\n"
            "MaxStartups 200\nAllowTcpForwarding yes\nPrintMotd no\n";
    write_file(file("config"), text);
}

// UsePAM is off, so sshd reads /etc/shadow, and in its own mount namespace that is our copy.
inline std::vector<std::string> sshd::command(const sshd_peer& peer,
                                              const sshd_config& config) const {
    std::vector<std::string> serve = config.inside;
    serve.insert(serve.end(), {peer.binary, "-D", "-e", "-f", file("config")});
    if (!config.account) return serve;
    return with_account(folder_, *config.account, serve);
}

inline std::string sshd::fingerprint_of(const std::string& public_key_file) {
    const auto listed = run({"ssh-keygen", "-l", "-f", public_key_file});
    const auto begin = listed.output.find("SHA256:");
    if (begin == std::string::npos) throw std::runtime_error("ssh-keygen -l: " + listed.errors);
    return listed.output.substr(begin, listed.output.find(' ', begin) - begin);
}

inline client_options sshd::login() const {
    client_options options(current_user(), "127.0.0.1", trust_fingerprints({fingerprint()}));
    options.port = port_;
    auto key = config::load_private_key(user_key());
    if (!key) throw std::runtime_error("the user's key: " + key.error().message());
    options.credentials.push_back(key_credential(std::move(*key), "id"));
    return options;
}

}  // namespace adit::test
