// A key file whose content is encrypted, as a key to log in with: its public half is offered first,
// and the passphrase is asked for when the server wants a signature, as ssh does it. Used by
// credentials.hpp. Invariants: a passphrase lives no longer than the attempt to use it; a key that
// is not the one that was offered never signs; after NumberOfPasswordPrompts wrong ones, or none,
// nobody is asked again and the key is passed over.
#pragma once

#include "person.hpp"
#include "report.hpp"

#include <adit/config/key_file.hpp>
#include <adit/keys/key_parser.hpp>
#include <adit/keys/openssh_format.hpp>
#include <adit/transport/hooks.hpp>

#include <optional>
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

/// The public half of an encrypted key: what the file says before its secret part, or else the
/// file beside it with .pub behind its name; nothing where neither tells.
[[nodiscard]] std::optional<adit::keys::public_key> public_half(const key_file& file);

class locked_key final : public adit::signer {
public:
    locked_key(key_file file, person& whom, reporter& say, unsigned tries)
        : file_(std::move(file)),
          public_(public_half(file_)),
          person_(whom),
          say_(say),
          tries_(tries) {}

    [[nodiscard]] bool knows_public_half() const noexcept { return public_.has_value(); }
    /// Asks for the passphrase, unless that was done. Afterwards there is a public half, or the key
    /// is not to be had, which was said.
    [[nodiscard]] task<bool> unlock();

    [[nodiscard]] const adit::keys::public_key& public_part() const noexcept override {
        return *public_;
    }
    [[nodiscard]] std::string name() const override { return file_.path; }
    [[nodiscard]] bool asks_somebody() const noexcept override { return !key_; }
    [[nodiscard]] task<std::vector<byte>> sign(std::string_view algorithm,
                                               adit::bytes_view message) override;

private:
    [[nodiscard]] bool take(adit::keys::private_key key);

    key_file file_;
    std::optional<adit::keys::public_key> public_;
    person& person_;
    reporter& say_;
    unsigned tries_;
    std::optional<adit::keys::private_key> key_;
};

// Details.

[[nodiscard]] inline std::optional<adit::keys::public_key> public_half_inside(
    const secret_bytes& content) {
    namespace format = adit::keys::openssh_format;
    const auto block = adit::keys::find_pem_block(adit::as_text(content), format::label);
    if (!block) return std::nullopt;
    const auto binary = adit::keys::decode_pem(*block);
    if (!binary) return std::nullopt;
    adit::wire::reader r(*binary);
    if (adit::as_text(r.take(format::magic.size())) != format::magic) return std::nullopt;
    const auto fields = adit::wire::decode_fields<format::container>(r.remaining());
    if (!fields) return std::nullopt;
    auto key = adit::keys::public_key::parse(fields->public_blob);
    if (!key) return std::nullopt;
    return std::move(*key);
}

inline std::optional<adit::keys::public_key> public_half(const key_file& file) {
    if (auto inside = public_half_inside(file.content)) return inside;
    const auto beside = adit::config::read_file(file.path + ".pub", {});
    if (!beside) return std::nullopt;
    const std::string_view text = adit::as_text(*beside);
    auto key = adit::keys::public_key::parse_line(text.substr(0, text.find_first_of("\r\n")));
    if (!key) return std::nullopt;
    return std::move(*key);
}

inline bool locked_key::take(adit::keys::private_key key) {
    tries_ = 0;
    if (!public_) public_ = key.public_part();
    if (key.public_part() != *public_) {
        say_.warning(file_.path + ": another key than the one in " + file_.path +
                     ".pub; it is passed over");
        return false;
    }
    key_ = std::move(key);
    return true;
}

inline task<bool> locked_key::unlock() {
    if (key_) co_return true;
    if (tries_ == 0) co_return false;
    std::string why = "no passphrase was given";
    while (tries_ > 0) {
        const std::string prompt = "Enter passphrase for key '" + adit::escaped(file_.path) + "': ";
        const secret_bytes passphrase = co_await person_.ask(prompt, echo::off);
        if (passphrase.empty()) break;
        auto key = adit::keys::parse_private_key(file_.content, &passphrase);
        if (key) co_return take(std::move(*key));
        --tries_;
        why = key.error().message();
        if (key.error() != errc::wrong_passphrase) break;
        if (tries_ > 0) say_.alarm(why + ", please try again");
    }
    tries_ = 0;
    say_.warning(file_.path + ": " + why + "; the key is passed over");
    co_return false;
}

inline task<std::vector<byte>> locked_key::sign(std::string_view algorithm,
                                                adit::bytes_view message) {
    const bool open = co_await unlock();
    if (!open) co_return std::vector<byte>();
    auto blob = key_->sign(algorithm, message);
    if (!blob) throw adit::protocol_error(blob.error());
    co_return std::move(*blob);
}

}  // namespace adit_tunnel
