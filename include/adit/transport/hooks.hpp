// What the user of the library supplies to a conversation: whether to trust a host key, a
// signature, a secret. Each is awaitable, because a person, an agent or a vault may have to be
// asked. Used by kex_client, auth/ and the options. RFC 4251 section 4.1, RFC 4252 section 7.
// Invariant: only an explicit, non-zero `trusted` is trust; an exception is a refusal (A11, S07).
#pragma once

#include <adit/bytes.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/detail/task.hpp>
#include <adit/error.hpp>
#include <adit/keys/certificate.hpp>
#include <adit/keys/private_key.hpp>
#include <adit/keys/public_key.hpp>
#include <adit/wire/trace.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace adit {

/// Secrets live in memory that is locked where the system allows it, and wiped.
using crypto::secret_bytes;

enum class host_key_answer : int {
    trusted = 1,
    unknown = 2,  ///< nobody knows this key, and the policy does not take unknown keys
    changed = 3,  ///< another key is known for this host
    revoked = 4,
    rejected = 5,         ///< somebody looked at it and said no
    bad_certificate = 6,  ///< of a CA that is believed, but not good for this host or for now
};

struct host_key_question {
    std::string host;  ///< as known_hosts knows it
    std::uint16_t port = 22;
    const keys::public_key* key = nullptr;  ///< never null; the plain one, also of a certificate
    std::string fingerprint;                ///< SHA256:…
    std::string* detail = nullptr;          ///< an answer may say which file and line it is about
    /// Null: the host showed its key alone. Nothing about it was checked but that it has this key.
    const keys::certificate* certificate = nullptr;
};

/// The question outlives the task.
using host_key_check = std::function<task<host_key_answer>(const host_key_question&)>;

/// Asks somebody outside the library. What is thrown and is no error of the system is a refusal: it
/// ends the conversation in good order and does not leave run(). `ask` outlives the task.
template <class Ask>
[[nodiscard]] std::invoke_result_t<const Ask&> guarded(const Ask& ask, errc refusal) {
    try {
        co_return co_await ask();
    } catch (const boost::system::system_error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw protocol_error(errc::out_of_memory);
    } catch (...) {
        throw protocol_error(refusal);
    }
}

/// The session in which a login signs: what an agent is told by session-bind@openssh.com.
struct session_proof {
    bytes_view host_key;    ///< its blob, as the server showed it
    bytes_view session_id;  ///< the first exchange hash
    bytes_view signature;   ///< of it, by the host key
};

/// A private key that somebody holds: this process, an agent, a token.
class signer {
public:
    signer() = default;
    signer(const signer&) = delete;
    signer& operator=(const signer&) = delete;
    virtual ~signer() = default;

    [[nodiscard]] virtual const keys::public_key& public_part() const noexcept = 0;
    /// What a report calls it: a file, a comment.
    [[nodiscard]] virtual std::string name() const = 0;
    /// The key itself where this process has it, so that its work can be done on another thread.
    [[nodiscard]] virtual const keys::private_key* private_part() const noexcept { return nullptr; }
    /// Whether a signature asks somebody first (for a passphrase, a touch): then the server is
    /// asked before, so that nobody is troubled for a key that it does not want.
    [[nodiscard]] virtual bool asks_somebody() const noexcept { return false; }
    /// Why the latest question for a signature got none, for the report; no error: it does not say.
    [[nodiscard]] virtual error_code why_not() const noexcept { return {}; }
    /// The signature blob; empty: there is none to be had, and the key is passed over. `message`
    /// outlives the task. Throws system_error, which ends the login.
    [[nodiscard]] virtual task<std::vector<byte>> sign(std::string_view algorithm,
                                                       bytes_view message) = 0;
    /// The same for a login, for whoever wants to know which session it is for. What the arguments
    /// view outlives the task.
    [[nodiscard]] virtual task<std::vector<byte>> sign_for(const session_proof& session,
                                                           std::string_view algorithm,
                                                           bytes_view message) {
        static_cast<void>(session);
        return sign(algorithm, message);
    }
};

/// A key in this process's memory.
class key_signer final : public signer {
public:
    explicit key_signer(keys::private_key key, std::string name = {})
        : key_(std::move(key)), name_(std::move(name)) {}

    [[nodiscard]] const keys::public_key& public_part() const noexcept override {
        return key_.public_part();
    }
    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] const keys::private_key* private_part() const noexcept override { return &key_; }
    [[nodiscard]] task<std::vector<byte>> sign(std::string_view algorithm,
                                               bytes_view message) override {
        auto blob = key_.sign(algorithm, message);
        if (!blob) throw protocol_error(blob.error());
        co_return std::move(*blob);
    }

private:
    keys::private_key key_;
    std::string name_;
};

/// A key that shows a certificate: a host's in kex_server.hpp, a user's in auth/.
class certified_signer final : public signer {
public:
    /// `certificate` is its whole blob; `key` signs.
    certified_signer(std::shared_ptr<signer> key, keys::public_key certificate)
        : key_(std::move(key)), certificate_(std::move(certificate)) {}

    [[nodiscard]] const keys::public_key& public_part() const noexcept override {
        return certificate_;
    }
    [[nodiscard]] std::string name() const override { return key_->name(); }
    [[nodiscard]] const keys::private_key* private_part() const noexcept override {
        return key_->private_part();
    }
    [[nodiscard]] bool asks_somebody() const noexcept override { return key_->asks_somebody(); }
    [[nodiscard]] error_code why_not() const noexcept override { return key_->why_not(); }
    [[nodiscard]] task<std::vector<byte>> sign(std::string_view algorithm,
                                               bytes_view message) override {
        return key_->sign(keys::uncertified_name(algorithm), message);
    }
    [[nodiscard]] task<std::vector<byte>> sign_for(const session_proof& session,
                                                   std::string_view algorithm,
                                                   bytes_view message) override {
        return key_->sign_for(session, keys::uncertified_name(algorithm), message);
    }

private:
    std::shared_ptr<signer> key_;
    keys::public_key certificate_;
};

struct password_question {
    std::string user;
    std::string host;
    unsigned attempt = 1;
    std::string hop{};  ///< which server of several, for a person: user@host:port
};

/// An empty answer gives up. The question outlives the task.
using password_source = std::function<task<secret_bytes>(const password_question&)>;

/// One thing that the server wants to know. The text is escaped.
struct prompt {
    std::string text;
    bool echo = false;  ///< whether the answer may be shown while it is typed
};

struct prompt_question {
    std::string user;
    std::string host;
    std::string name, instruction;  ///< the server's, escaped
    std::vector<prompt> prompts;
    unsigned round = 1;    ///< of this attempt
    unsigned attempt = 1;  ///< that the server was asked for
    std::string hop{};     ///< which server of several, for a person: user@host:port
};

/// As many answers as there are prompts; any other number gives up. The question outlives the task.
using prompt_responder = std::function<task<std::vector<secret_bytes>>(const prompt_question&)>;

/// One-time codes: from a secret, a token, or somebody who types them.
class code_source {
public:
    code_source() = default;
    code_source(const code_source&) = delete;
    code_source& operator=(const code_source&) = delete;
    virtual ~code_source() = default;

    /// Waits until a code can be given that was not used before. Called before anything is sent,
    /// outside every deadline.
    [[nodiscard]] virtual task<> prepare() { co_return; }
    /// A code made now; empty gives up. The question outlives the task.
    [[nodiscard]] virtual task<secret_bytes> code(const prompt_question& question) = 0;
};

/// A message that went by, for whoever listens. The text is made on demand.
struct trace_event {
    bool sent = false;
    bytes_view payload;
    /// The message by name with its fields; no secret and no channel's data in it.
    [[nodiscard]] std::string text() const { return wire::trace(payload); }
};
using trace_listener = std::function<void(const trace_event&)>;

}  // namespace adit
