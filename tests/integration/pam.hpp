// An sshd with a PAM of its own: pam_oath asks for a one-time code (RFC 6238), and nothing else
// does. A service file of its own name, in a mount namespace of its own, so that the machine's /etc
// is only read. Needs root and libpam-oath. Used by pam.cpp. Invariant: each server has a secret of
// its own, so no code is ever used up by another test.
#pragma once

#include "integration/sshd.hpp"

#include <adit/crypto/totp.hpp>
#include <adit/auth/prompts.hpp>
#include <adit/auth/totp_source.hpp>

#include <botan/base32.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit::test {

/// A secret that nobody had before.
struct shared_secret {
    shared_secret() { crypto::system_random().fill(bytes); }
    [[nodiscard]] std::string base32() const {
        return Botan::base32_encode(bytes.data(), bytes.size());
    }
    std::array<byte, 20> bytes{};
};

class pam_sshd {
public:
    /// `methods` is AuthenticationMethods.
    pam_sshd(const sshd_peer& peer, const std::string& methods);

    [[nodiscard]] const sshd& server() const noexcept { return *server_; }
    [[nodiscard]] const temporary_directory& folder() const noexcept { return folder_; }
    [[nodiscard]] const temporary_account& account() const noexcept { return account_; }
    [[nodiscard]] const shared_secret& secret() const noexcept { return secret_; }
    /// Without credentials.
    [[nodiscard]] client_options login() const;

private:
    [[nodiscard]] sshd_peer named(sshd_peer peer) const;
    void write_service() const;

    static constexpr std::string_view service = "adit-test-sshd";

    temporary_directory folder_;
    temporary_account account_{"adit-test-user", "a password that opens nothing here"};
    shared_secret secret_;
    std::unique_ptr<sshd> server_;
};

/// Codes of a secret, made now, as keyboard-interactive's answers.
[[nodiscard]] credential codes_of(const shared_secret& secret);

/// Whether the test has to be left; says so.
[[nodiscard]] bool no_pam(const sshd_peer& peer);

// Details.

// The service file is that of the program's name until 9.7; later versions have an option.
inline sshd_peer pam_sshd::named(sshd_peer peer) const {
    if (!peer.settings.empty()) {
        peer.settings.push_back("PAMServiceName " + std::string(service));
        return peer;
    }
    const std::string copy = folder_.file(service);
    std::filesystem::copy_file(peer.binary, copy);
    std::filesystem::permissions(copy, std::filesystem::perms(0755));
    peer.binary = copy;
    return peer;
}

inline void pam_sshd::write_service() const {
    const std::string users = write_file(
        folder_.file("oath"), "HOTP/T30/6 " + account_.name + " - " + to_hex(secret_.bytes) + "\n");
    const std::filesystem::path services = folder_.file("pam.d");
    std::filesystem::create_directory(services);
    write_file((services / service).string(),
               "auth required pam_oath.so usersfile=" + users +
                   " window=5\naccount required pam_permit.so\nsession required pam_permit.so\n"
                   "password required pam_deny.so\n");
}

inline pam_sshd::pam_sshd(const sshd_peer& peer, const std::string& methods) {
    write_service();
    sshd_config config;
    config.lines = {"UsePAM yes", "KbdInteractiveAuthentication yes",
                    "AuthenticationMethods " + methods};
    config.account = account_;
    config.inside = {"sh", "-c", "mount --bind \"$0\" /etc/pam.d && exec \"$@\"",
                     folder_.file("pam.d")};
    server_ = std::make_unique<sshd>(named(peer), config);
}

inline client_options pam_sshd::login() const {
    client_options login = server_->login();
    login.user = account_.name;
    login.credentials.clear();
    return login;
}

inline credential codes_of(const shared_secret& secret) {
    auto made = crypto::totp::from_base32(secret.base32(), {});
    if (!made) throw std::runtime_error("the secret: " + made.error().message());
    auth::prompt_routing routing;
    routing.codes = std::make_shared<totp_source>(std::move(*made));
    return auth::route_prompts(std::move(routing));
}

inline bool no_pam(const sshd_peer& peer) {
    if (missing(peer)) return true;
    if (::geteuid() != 0) {
        skip("a private PAM service needs root");
        return true;
    }
    for (const char* folder : {"/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib"}) {
        if (std::filesystem::exists(std::string(folder) + "/security/pam_oath.so")) return false;
    }
    skip("libpam-oath is not installed");
    return true;
}

}  // namespace adit::test
