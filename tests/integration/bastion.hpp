// adit-bastion as a running program, with keys and a folder of its own, and the commands of other
// people's clients that log in to it: ssh 9.2 and 10.0, dbclient, plink. Used by bastion_*.cpp.
// Over 300 lines: each client wants the same said in another way, and they are best seen together.
// Invariants: clients believe this server's host key only, and read nothing of the account under
// which the tests run; when the object is gone, so are the program and its folder.
#pragma once

#include "integration/key_files.hpp"
#include "integration/through.hpp"

#include <adit/crypto/totp.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#ifdef ADIT_BASTION

namespace adit::test {

struct bastion_config {
    std::vector<std::string> options{};  ///< for -o; they win over the rig's own
    std::string users{};                 ///< UsersFile; empty: the key "id" logs in anybody
    bool rsa_host_key = false;           ///< beside the one of Ed25519
    bool forwards = true;                ///< AllowTcpForwarding=yes
    bool any_rate = true;                ///< PerSourceStartupRate=none: all come from one address
    arguments flags{};
};

class bastion_program {
public:
    explicit bastion_program(const bastion_config& config = {});

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] const temporary_directory& folder() const noexcept { return folder_; }
    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
    [[nodiscard]] std::string key() const { return file("id"); }
    [[nodiscard]] std::string fingerprint() const { return sshd::fingerprint_of(file("host.pub")); }
    [[nodiscard]] std::string host_key_line() const { return read_file(file("host.pub")); }
    [[nodiscard]] std::string log() const { return read_file(file("log")); }
    /// Waits for the text, or for the end.
    [[nodiscard]] bool says(std::string_view text);
    void signal(int number) const { ::kill(process_->id(), number); }
    [[nodiscard]] pid_t id() const noexcept { return process_->id(); }
    [[nodiscard]] bool running() { return process_->running(); }
    [[nodiscard]] int wait() { return process_->wait(); }

    /// Its arguments; for -t, too.
    [[nodiscard]] static arguments command(const temporary_directory& folder,
                                           const bastion_config& config);

private:
    void make_files(const bastion_config& config) const;

    temporary_directory folder_;
    std::unique_ptr<child> process_;
    std::uint16_t port_ = 0;
};

/// A client program; without a path it is not there.
struct ssh_client {
    enum class family : std::uint8_t { openssh, dropbear, putty };
    family kind;
    std::string path;
    std::string why_not;
};

[[nodiscard]] ssh_client ssh_9_2();
[[nodiscard]] ssh_client ssh_10_0();
[[nodiscard]] ssh_client dbclient();
[[nodiscard]] ssh_client plink();
/// Whether the test has to be left; says so.
[[nodiscard]] bool missing(const ssh_client& client);

/// How a client is to log in.
struct login_wish {
    std::string user = "joe";
    std::string key{};     ///< a file in the client's own format; empty: none
    std::string answer{};  ///< to every question: a password, or a code
    arguments more{};      ///< before the host; they win
};

/// The command up to the host; a command for the server may follow.
[[nodiscard]] arguments command_of(const ssh_client& client, const bastion_program& server,
                                   const login_wish& wish);
/// A copy of an OpenSSH key that the client can read.
[[nodiscard]] std::string key_for(const ssh_client& client, const std::string& path);
/// Asks for a command, which there is none of; what the client made of it.
[[nodiscard]] run_result ask_for_a_session(const ssh_client& client, const bastion_program& server,
                                           const login_wish& wish);
/// Checks that the client was logged in by the method, and was told the line.
void check_login(const ssh_client& client, const bastion_program& server, const login_wish& wish,
                 std::string_view method);

/// A client that runs beside the test, and what it said.
class running_client {
public:
    running_client(const ssh_client& client, const bastion_program& server, login_wish wish,
                   const arguments& more)
        : log_(server.file("client.log")),
          process_(command_of(client, server, with(std::move(wish), client, server, more)),
                   {.log = log_}) {}

    [[nodiscard]] child& process() noexcept { return process_; }
    [[nodiscard]] const std::string& log() const noexcept { return log_; }

private:
    [[nodiscard]] static login_wish with(login_wish wish, const ssh_client& client,
                                         const bastion_program& server, const arguments& more) {
        if (wish.key.empty()) wish.key = key_for(client, server.key());
        wish.more = joined(std::move(wish.more), more);
        wish.more.emplace_back("-N");
        return wish;
    }

    std::string log_;
    child process_;
};

inline constexpr const char* totp_secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
/// The code of this moment.
[[nodiscard]] std::string code_now(std::string_view secret = totp_secret);
/// What adit-bastion makes of it for UsersFile.
[[nodiscard]] std::string hash_of_password(const temporary_directory& folder,
                                           const std::string& password);

/// Dials until the program listens there.
[[nodiscard]] task<tcp::socket> dial_soon(child& program, std::uint16_t port);
/// Waits until its output has the text; returns the output.
[[nodiscard]] task<std::string> told(child& program, std::string log, std::string text);

// Details.

inline arguments bastion_program::command(const temporary_directory& folder,
                                          const bastion_config& config) {
    arguments all{ADIT_BASTION, "-D", "-p", "0", "-h", folder.file("host")};
    if (config.rsa_host_key) all = joined(all, {"-h", folder.file("host_rsa")});
    all = joined(std::move(all), config.flags);
    for (const std::string& option : config.options) all = joined(all, {"-o", option});
    if (!config.users.empty()) all = joined(all, {"-o", "UsersFile=" + folder.file("users")});
    if (config.forwards) all = joined(all, {"-o", "AllowTcpForwarding=yes"});
    if (config.any_rate) all = joined(all, {"-o", "PerSourceStartupRate=none"});
    return joined(all,
                  {"-o", "ListenAddress=127.0.0.1", "-o",
                   "AuthorizedKeysFile=" + folder.file("authorized_keys"), "-o", "StrictModes=no"});
}

inline void bastion_program::make_files(const bastion_config& config) const {
    make_key(file("host"));
    if (config.rsa_host_key) make_key(file("host_rsa"), {"rsa", "3072"});
    make_key(key());
    std::filesystem::copy_file(file("id.pub"), file("authorized_keys"));
    if (!config.users.empty()) write_file(file("users"), config.users);
}

inline bastion_program::bastion_program(const bastion_config& config) {
    make_files(config);
    process_ = std::make_unique<child>(command(folder_, config), child_options{.log = file("log")});
    const std::string listening = "Server listening on 127.0.0.1 port ";
    if (!says(listening)) throw std::runtime_error("adit-bastion does not start: " + log());
    const std::string said = log();
    port_ = static_cast<std::uint16_t>(
        std::stoul(said.substr(said.find(listening) + listening.size())));
    std::string known = "[127.0.0.1]:" + std::to_string(port_) + " " + host_key_line();
    if (config.rsa_host_key) {
        known += "[127.0.0.1]:" + std::to_string(port_) + " " + read_file(file("host_rsa.pub"));
    }
    write_file(file("known_hosts"), known);
}

inline bool bastion_program::says(std::string_view text) {
    for (int i = 0; i < 3000; ++i) {
        const bool runs = process_->running();
        if (log().find(text) != std::string::npos) return true;
        if (!runs) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

inline ssh_client ssh_9_2() {
    return {ssh_client::family::openssh, find_program("ssh"), "no ssh is installed"};
}

// It lies beside the sshd of the same package.
inline ssh_client ssh_10_0() {
    ssh_client client{ssh_client::family::openssh, {}, "ADIT_SSHD_10 names no sshd 10.0"};
    const std::string server = sshd_10_0().binary;
    if (server.empty()) return client;
    const auto root = std::filesystem::path(server).parent_path().parent_path();
    client.path = (root / "bin/ssh").string();
    return client;
}

inline ssh_client dbclient() {
    return {ssh_client::family::dropbear, find_program("dbclient"), "no dbclient is installed"};
}

inline ssh_client plink() {
    return {ssh_client::family::putty, find_program("plink"), "no plink is installed"};
}

inline bool missing(const ssh_client& client) {
    if (!client.path.empty()) return false;
    skip(client.why_not);
    return true;
}

namespace clients {

[[nodiscard]] inline arguments openssh(const ssh_client& client, const bastion_program& server,
                                       const login_wish& wish) {
    arguments all{"env", "-u", "DISPLAY", "SSH_AUTH_SOCK="};
    if (wish.answer.empty()) {
        all = joined(all, {client.path, "-o", "BatchMode=yes"});
    } else {
        const std::string script =
            write_file(server.file("askpass"), "#!/bin/sh\nprintf '%s\\n' '" + wish.answer + "'\n");
        std::filesystem::permissions(script, std::filesystem::perms(0700));
        all = joined(all, {"SSH_ASKPASS=" + script, "SSH_ASKPASS_REQUIRE=force", client.path});
    }
    all = joined(std::move(all), wish.more);
    if (!wish.key.empty()) all = joined(std::move(all), {"-i", wish.key});
    return joined(
        all, {"-F", "none", "-T", "-o", "IdentitiesOnly=yes", "-o",
              "IdentityFile=" + (wish.key.empty() ? "/nonexistent" : wish.key), "-o",
              "GlobalKnownHostsFile=none", "-o", "UserKnownHostsFile=" + server.file("known_hosts"),
              "-o", "StrictHostKeyChecking=yes", "-o", "NumberOfPasswordPrompts=1", "-o",
              "ExitOnForwardFailure=yes", "-o", "ConnectTimeout=60"});
}

// It has no way to be told a host key but a file in its home; -y -y believes any.
[[nodiscard]] inline arguments dropbear(const ssh_client& client, const bastion_program& server,
                                        const login_wish& wish) {
    arguments all{"env", "-u", "DISPLAY", "HOME=" + server.folder().path().string()};
    if (!wish.answer.empty()) all.push_back("DROPBEAR_PASSWORD=" + wish.answer);
    all = joined(std::move(all), {client.path, "-y", "-y"});
    if (!wish.key.empty()) all = joined(std::move(all), {"-i", wish.key});
    return joined(std::move(all), wish.more);
}

[[nodiscard]] inline arguments putty(const ssh_client& client, const bastion_program& server,
                                     const login_wish& wish) {
    arguments all{"env",       "-u",
                  "DISPLAY",   "HOME=" + server.folder().path().string(),
                  client.path, "-ssh",
                  "-batch",    "-noagent",
                  "-hostkey",  server.fingerprint()};
    if (!wish.key.empty()) all = joined(std::move(all), {"-i", wish.key});
    if (!wish.answer.empty()) all = joined(std::move(all), {"-pw", wish.answer});
    return joined(std::move(all), wish.more);
}

}  // namespace clients

inline arguments command_of(const ssh_client& client, const bastion_program& server,
                            const login_wish& wish) {
    const bool is_putty = client.kind == ssh_client::family::putty;
    arguments all;
    switch (client.kind) {
        case ssh_client::family::openssh: all = clients::openssh(client, server, wish); break;
        case ssh_client::family::dropbear: all = clients::dropbear(client, server, wish); break;
        case ssh_client::family::putty: all = clients::putty(client, server, wish); break;
    }
    return joined(std::move(all), {is_putty ? "-P" : "-p", std::to_string(server.port()),
                                   wish.user + "@127.0.0.1"});
}

inline std::string key_for(const ssh_client& client, const std::string& path) {
    const std::string copy = path + ".other";
    switch (client.kind) {
        case ssh_client::family::openssh: return path;
        case ssh_client::family::dropbear:
            output_of({"dropbearconvert", "openssh", "dropbear", path, copy});
            break;
        case ssh_client::family::putty: output_of({"puttygen", path, "-o", copy}); break;
    }
    return copy;
}

inline run_result ask_for_a_session(const ssh_client& client, const bastion_program& server,
                                    const login_wish& wish) {
    return run(joined({"timeout", "60"}, joined(command_of(client, server, wish), {"true"})));
}

inline void check_login(const ssh_client& client, const bastion_program& server,
                        const login_wish& wish, std::string_view method) {
    const std::size_t before = server.log().size();
    const run_result outcome = ask_for_a_session(client, server, wish);
    const std::string log = server.log().substr(before);
    BOOST_TEST_CONTEXT(outcome.errors << log) {
        BOOST_TEST(outcome.status == 1);
        BOOST_TEST(outcome.output == "forwards only; use -L or -J\r\n");
        const std::string words = " " + wish.user + ": login " + std::string(method);
        BOOST_TEST((log.find(words) != std::string::npos));
    }
}

inline std::string code_now(std::string_view secret) {
    const auto made = crypto::totp::from_base32(secret, {});
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    const auto code = made.value().code(made->step_at(static_cast<std::uint64_t>(seconds)));
    return std::string(as_text(code.value()));
}

inline std::string hash_of_password(const temporary_directory& folder,
                                    const std::string& password) {
    const std::string typed = write_file(folder.file("typed"), password + "\n");
    const std::string script = "exec \"$0\" --hash-password <" + typed;
    const std::string printed = output_of({"sh", "-c", script, ADIT_BASTION});
    return printed.substr(0, printed.find('\n'));
}

inline task<tcp::socket> dial_soon(child& program, std::uint16_t port) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (;;) {
        tcp::socket socket(co_await asio::this_coro::executor);
        const tcp::endpoint to(asio::ip::address_v4::loopback(), port);
        const auto outcome = co_await socket.async_connect(to, as_result);
        if (!std::get<0>(outcome)) co_return socket;
        if (!program.running() || std::chrono::steady_clock::now() > end) {
            throw std::runtime_error("the client does not listen");
        }
        co_await sleep_for(std::chrono::milliseconds(10));
    }
}

inline task<std::string> told(child& program, std::string log, std::string text) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (;;) {
        const bool runs = program.running();
        std::string said = read_file(log);
        if (said.find(text) != std::string::npos) co_return said;
        if (!runs || std::chrono::steady_clock::now() > end) throw std::runtime_error(said);
        co_await sleep_for(std::chrono::milliseconds(10));
    }
}

}  // namespace adit::test

#endif
