// The users of adit-bastion: a TOML file with a table [user.NAME] for each. Used by
// adit_bastion.cpp. Invariant: the file is closed to others (S05), and what is not understood is an
// error with its line, never a user with fewer factors than was meant.
#pragma once

#include <adit/accounts.hpp>

#include <string>

namespace adit_bastion {

/// Throws usage_error with file and line.
[[nodiscard]] adit::account_table read_users(const std::string& path);

/// A new secret in base32, and the line that an authenticator app reads from a QR code.
struct new_totp {
    std::string secret, otpauth;
};
[[nodiscard]] new_totp make_totp(const std::string& name);

}  // namespace adit_bastion
