// A key file whose content is encrypted, as a key to log in with: the library's locked_key, which
// asks the person in front, who is told what becomes of it. Used by credentials.hpp.
// Invariant: a key that is passed over says so, once.
#pragma once

#include "person.hpp"
#include "report.hpp"

#include <adit/auth/locked_key.hpp>

#include <string>
#include <utility>
#include <vector>

namespace adit_tunnel {

using adit::byte;
using adit::errc;
using adit::error_code;

struct key_file {
    std::string path;
    secret_bytes content;
};

class locked_identity final : public adit::signer {
public:
    locked_identity(key_file file, person& whom, reporter& say, unsigned tries)
        : person_(whom), say_(say), key_(parts(std::move(file), tries)) {}

    [[nodiscard]] bool knows_public_half() const noexcept { return key_.knows_public_half(); }
    /// Asks for the passphrase, unless that was done. Afterwards there is a public half, or the key
    /// is not to be had, which was said.
    [[nodiscard]] task<bool> unlock();

    [[nodiscard]] const adit::keys::public_key& public_part() const noexcept override {
        return key_.public_part();
    }
    [[nodiscard]] std::string name() const override { return key_.name(); }
    [[nodiscard]] bool asks_somebody() const noexcept override { return key_.asks_somebody(); }
    [[nodiscard]] task<std::vector<byte>> sign(std::string_view algorithm,
                                               adit::bytes_view message) override;

private:
    [[nodiscard]] adit::locked_key_parts parts(key_file file, unsigned tries);
    [[nodiscard]] task<secret_bytes> ask(const adit::passphrase_question& q);
    [[nodiscard]] std::string why_not(error_code failure) const;

    person& person_;
    reporter& say_;
    adit::locked_key key_;
};

// Details.

inline adit::locked_key_parts locked_identity::parts(key_file file, unsigned tries) {
    adit::locked_key_parts all;
    all.public_half = adit::public_half(file.path, file.content);
    all.name = std::move(file.path);
    all.content = std::move(file.content);
    all.ask = [this](const adit::passphrase_question& q) { return ask(q); };
    all.attempts = tries;
    return all;
}

inline task<secret_bytes> locked_identity::ask(const adit::passphrase_question& q) {
    if (q.attempt > 1) {
        say_.alarm(error_code(errc::wrong_passphrase).message() + ", please try again");
    }
    const std::string prompt = "Enter passphrase for key '" + adit::escaped(q.key) + "': ";
    co_return co_await person_.ask(prompt, echo::off);
}

inline std::string locked_identity::why_not(error_code failure) const {
    if (failure == errc::passphrase_needed) return "no passphrase was given";
    if (failure == errc::signing_failed) return "another key than the one in " + name() + ".pub";
    return failure.message();
}

inline task<bool> locked_identity::unlock() {
    if (key_.failure()) co_return false;
    const error_code failure = co_await key_.unlock();
    if (failure) say_.warning(name() + ": " + why_not(failure) + "; the key is passed over");
    co_return !failure;
}

inline task<std::vector<byte>> locked_identity::sign(std::string_view algorithm,
                                                     adit::bytes_view message) {
    const bool open = co_await unlock();
    if (!open) co_return std::vector<byte>();
    co_return co_await key_.sign(algorithm, message);
}

}  // namespace adit_tunnel
