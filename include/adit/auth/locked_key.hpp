// A key whose file is encrypted, as a key to log in with: its public half is offered first, and the
// passphrase, an awaitable, is asked for when the server wants a signature, as ssh does it. Made by
// programs, as one of the options' credentials. RFC 4252 section 7.
// Invariants: a passphrase lives no longer than the attempt to use it; a key that is not the one
// that was offered never signs; after the last attempt, or none, nobody is asked again and the key
// is passed over.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/file.hpp>
#include <adit/config/key_file.hpp>
#include <adit/keys/key_parser.hpp>
#include <adit/keys/openssh_format.hpp>
#include <adit/options.hpp>
#include <adit/transport/hooks.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adit {

struct passphrase_question {
    std::string key;       ///< what the key is called: its path
    unsigned attempt = 1;  ///< beyond the first: the one before was wrong
};

/// An empty answer gives up. The question outlives the task.
using passphrase_source = std::function<task<secret_bytes>(const passphrase_question&)>;

/// The public half of an encrypted key, by what the file says before its secret part, as OpenSSH's
/// does; nothing where it does not tell.
[[nodiscard]] std::optional<keys::public_key> public_half(bytes_view file_content);
/// Otherwise by the file beside it with .pub behind its name.
[[nodiscard]] std::optional<keys::public_key> public_half(const std::string& path,
                                                          bytes_view file_content);

struct locked_key_parts {
    std::string name;
    secret_bytes content;                         ///< of the file
    std::optional<keys::public_key> public_half;  ///< nothing: known once it is open
    passphrase_source ask;
    unsigned attempts = 3;
};

class locked_key final : public signer {
public:
    explicit locked_key(locked_key_parts parts) : parts_(std::move(parts)) {
        if (parts_.attempts == 0 || !parts_.ask) failure_ = errc::passphrase_needed;
    }

    /// Where it is not, the key has to be opened before it becomes a credential.
    [[nodiscard]] bool knows_public_half() const noexcept { return parts_.public_half.has_value(); }
    /// Asks for the passphrase, unless that was done. No error: the key can sign.
    /// passphrase_needed: nobody gave one; wrong_passphrase; signing_failed: it is another key than
    /// its public half says; what else parse_private_key() finds. Which is then final.
    [[nodiscard]] task<error_code> unlock();
    /// Why the key is passed over; no error: it is not, so far.
    [[nodiscard]] error_code failure() const noexcept { return failure_; }

    [[nodiscard]] const keys::public_key& public_part() const noexcept override {
        return *parts_.public_half;
    }
    [[nodiscard]] std::string name() const override { return parts_.name; }
    [[nodiscard]] bool asks_somebody() const noexcept override { return !key_; }
    [[nodiscard]] error_code why_not() const noexcept override { return failure_; }
    [[nodiscard]] task<std::vector<byte>> sign(std::string_view algorithm,
                                               bytes_view message) override;

private:
    [[nodiscard]] error_code open(const secret_bytes& passphrase);

    locked_key_parts parts_;
    unsigned asked_ = 0;
    std::optional<keys::private_key> key_;
    error_code failure_;
};

/// A key file as a credential, encrypted or not. Asks at once only where neither the file nor its
/// .pub tells the public half. Throws what load_private_key() and locked_key::unlock() say.
[[nodiscard]] task<credential> load_key_credential(std::string path, passphrase_source ask);

// Details.

#if ADIT_BODIES

ADIT_DECL std::optional<keys::public_key> public_half(bytes_view file_content) {
    namespace format = keys::openssh_format;
    const auto block = keys::find_pem_block(as_text(file_content), format::label);
    if (!block) return std::nullopt;
    const auto binary = keys::decode_pem(*block);
    if (!binary) return std::nullopt;
    wire::reader r(*binary);
    if (as_text(r.take(format::magic.size())) != format::magic) return std::nullopt;
    const auto fields = wire::decode_fields<format::container>(r.remaining());
    if (!fields) return std::nullopt;
    auto key = keys::public_key::parse(fields->public_blob);
    if (!key) return std::nullopt;
    return std::move(*key);
}

ADIT_DECL std::optional<keys::public_key> public_half(const std::string& path,
                                                      bytes_view file_content) {
    if (auto inside = public_half(file_content)) return inside;
    const auto beside = config::read_file(path + ".pub", {});
    if (!beside) return std::nullopt;
    const std::string_view text = as_text(*beside);
    auto key = keys::public_key::parse_line(text.substr(0, text.find_first_of("\r\n")));
    if (!key) return std::nullopt;
    return std::move(*key);
}

// No error where the key is open, or where one more attempt is due.
ADIT_DECL error_code locked_key::open(const secret_bytes& passphrase) {
    if (passphrase.empty()) return asked_ > 1 ? errc::wrong_passphrase : errc::passphrase_needed;
    auto key = keys::parse_private_key(parts_.content, &passphrase);
    const bool again = !key && key.error() == errc::wrong_passphrase && asked_ < parts_.attempts;
    if (again) return {};
    if (!key) return key.error();
    if (!parts_.public_half) parts_.public_half = key->public_part();
    if (key->public_part() != *parts_.public_half) return errc::signing_failed;
    key_ = std::move(*key);
    return {};
}

ADIT_DECL task<error_code> locked_key::unlock() {
    while (!key_ && !failure_) {
        const passphrase_question question{parts_.name, ++asked_};
        const secret_bytes passphrase = co_await parts_.ask(question);
        failure_ = open(passphrase);
    }
    co_return failure_;
}

ADIT_DECL task<std::vector<byte>> locked_key::sign(std::string_view algorithm, bytes_view message) {
    const error_code failure = co_await unlock();
    if (failure) co_return std::vector<byte>();
    auto blob = key_->sign(algorithm, message);
    if (!blob) throw protocol_error(blob.error());
    co_return std::move(*blob);
}

ADIT_DECL task<credential> load_key_credential(std::string path, passphrase_source ask) {
    auto content = config::read_key_file(path);
    if (!content) throw protocol_error(content.error());
    auto key = keys::parse_private_key(*content);
    if (key) co_return key_credential(std::move(*key), std::move(path));
    if (key.error() != errc::passphrase_needed) throw protocol_error(key.error());
    locked_key_parts parts;
    parts.public_half = public_half(path, *content);
    parts.name = std::move(path);
    parts.content = std::move(*content);
    parts.ask = std::move(ask);
    const auto locked = std::make_shared<locked_key>(std::move(parts));
    if (!locked->knows_public_half()) {
        const error_code failure = co_await locked->unlock();
        if (failure) throw protocol_error(failure);
    }
    co_return std::shared_ptr<signer>(locked);
}

#endif  // ADIT_BODIES

}  // namespace adit
