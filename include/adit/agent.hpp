// An SSH agent (RFC 9987) as the holder of keys: what it has, and its signatures, for logins. Each
// question goes over a connection of its own, which is bound to the session that the signature is
// for (session-bind@openssh.com, PROTOCOL.agent section 1), so that signers of one agent can be
// shared by sessions side by side and an agent that was started anew is found again. Used by
// programs, through the options' credentials, and by adit-tunnel.
// Invariants: a socket of somebody else is never talked to (S09); every step has a deadline and can
// be cancelled; whatever an agent answers, what is not understood is an error (C50); a login goes
// on without an agent that fails (A28).
// Over 300 lines: the protocol, the socket and the signer are one thing to whoever reads it.
#pragma once

#include <adit/bodies.hpp>
#include <adit/detail/any_stream.hpp>
#include <adit/detail/deadline.hpp>
#include <adit/detail/door.hpp>
#include <adit/detail/erase.hpp>
#include <adit/diagnostics.hpp>
#include <adit/options.hpp>
#include <adit/transport/hooks.hpp>
#include <adit/wire/agent_messages.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace adit {

/// Connects to an agent; the stream belongs to the executor that the task runs on. Throws what it
/// likes; it means that there is no agent.
using agent_dialler = std::function<task<std::unique_ptr<detail::any_stream>>()>;

struct agent_limits {
    std::chrono::milliseconds answer = std::chrono::seconds(5);  ///< connecting, listing, binding
    /// Signing: somebody may have to touch a token or to say yes.
    std::chrono::milliseconds sign = std::chrono::minutes(2);
};

/// A key that an agent holds, of any type; a certificate is a type of its own.
struct agent_key {
    keys::public_key key;
    std::string comment;  ///< the agent's words, escaped
};

/// What to be signed, and with which key. Views, which outlive the operation.
struct agent_request {
    bytes_view key_blob;
    std::string_view algorithm;  ///< an RSA key's hash is taken from it
    bytes_view message;
};

/// A handle: copies are the same agent. Holds no connection.
class agent {
public:
    static constexpr std::uint32_t most_identities = 2048;

    /// The one at this socket. Nothing is looked at before it is asked.
    explicit agent(const std::string& path, agent_limits limits = {});
    /// One that is reached otherwise.
    explicit agent(agent_dialler dial, agent_limits limits = {})
        : state_(std::make_shared<const state>(state{std::move(dial), limits})) {}

    /// The keys that it holds, in its order. void(error_code, std::vector<agent_key>).
    /// Cancellation: any. Errors: agent_unavailable, agent_socket_unsafe, agent_answer_malformed,
    /// agent_refused, deadline_exceeded.
    template <class Token>
    auto async_list(executor ex, Token&& token) const {
        return detail::door(
            std::move(ex), [s = state_] { return list(s); }, std::forward<Token>(token),
            detail::any_cancellation);
    }

    /// The signature blob (RFC 4253 section 6.6), by the algorithm that was asked for and no other.
    /// void(error_code, std::vector<byte>). Cancellation: any. Errors: as async_list.
    template <class Token>
    auto async_sign(executor ex, agent_request what, Token&& token) const {
        return detail::door(
            std::move(ex), [s = state_, what] { return sign(s, nullptr, what); },
            std::forward<Token>(token), detail::any_cancellation);
    }

    /// The same as tasks. `session`, null for none, is one in which the key is to log in: an agent
    /// that does not know such a thing is asked all the same.
    [[nodiscard]] task<std::vector<agent_key>> list() const { return list(state_); }
    [[nodiscard]] task<std::vector<byte>> sign(const session_proof* session,
                                               agent_request what) const {
        return sign(state_, session, what);
    }

private:
    struct state {
        agent_dialler dial;
        agent_limits limits;
    };
    using shared_state = std::shared_ptr<const state>;
    using stream_pointer = std::shared_ptr<detail::any_stream>;

    [[nodiscard]] static task<std::vector<agent_key>> list(shared_state s);
    [[nodiscard]] static task<std::vector<byte>> sign(shared_state s, const session_proof* session,
                                                      agent_request what);
    [[nodiscard]] static task<stream_pointer> connect(shared_state s);
    [[nodiscard]] static task<> bind(shared_state s, stream_pointer stream,
                                     const session_proof& session);

    shared_state state_;
};

/// A key of an agent's as a key to log in with. What the agent does not sign is passed over.
class agent_signer final : public signer {
public:
    agent_signer(agent holder, agent_key key) : agent_(std::move(holder)), key_(std::move(key)) {}

    [[nodiscard]] const keys::public_key& public_part() const noexcept override { return key_.key; }
    [[nodiscard]] std::string name() const override { return "agent " + key_.comment; }
    [[nodiscard]] bool asks_somebody() const noexcept override { return true; }
    [[nodiscard]] error_code why_not() const noexcept override { return why_not_; }
    [[nodiscard]] task<std::vector<byte>> sign(std::string_view algorithm,
                                               bytes_view message) override {
        return ask(nullptr, algorithm, message);
    }
    [[nodiscard]] task<std::vector<byte>> sign_for(const session_proof& session,
                                                   std::string_view algorithm,
                                                   bytes_view message) override {
        return ask(&session, algorithm, message);
    }

private:
    [[nodiscard]] task<std::vector<byte>> ask(const session_proof* session,
                                              std::string_view algorithm, bytes_view message);

    agent agent_;
    agent_key key_;
    error_code why_not_;
};

/// The path of an agent's socket, by ssh_config's IdentityAgent: "SSH_AUTH_SOCK" and nothing at all
/// are that variable of the environment, "$NAME" is that one, "none" is no agent; anything else is
/// the path. Empty: there is none.
[[nodiscard]] std::string agent_socket_path(std::string_view identity_agent = {});

/// All the keys of an agent, in its order. `failure`, if any, says why there are none: a login goes
/// on without. Cancellation throws.
[[nodiscard]] task<std::vector<std::shared_ptr<signer>>> agent_signers(agent holder,
                                                                       error_code& failure);

// Details.

namespace agent_talk {

/// Whatever `body` returns, unless the limit comes first.
template <class Body>
std::invoke_result_t<Body&> within(std::chrono::milliseconds limit, Body body) {
    const executor ex = co_await asio::this_coro::executor;
    auto talk =
        detail::door(ex, std::move(body), asio::deferred, asio::cancellation_type::terminal);
    auto timed = detail::with_deadline(std::move(talk), limit);
    co_return co_await std::move(timed);
}

/// The keys in an answer; throws agent_answer_malformed. A key whose blob is none that could be
/// shown to a server is left out.
[[nodiscard]] std::vector<agent_key> read_identities(bytes_view answer);

/// The signature in an answer to this request; throws agent_answer_malformed, agent_refused.
[[nodiscard]] std::vector<byte> read_signature(bytes_view answer, const agent_request& what);

/// Sends a frame and returns what is in the answer's.
[[nodiscard]] task<std::vector<byte>> exchange(std::shared_ptr<detail::any_stream> stream,
                                               std::vector<byte> frame);

}  // namespace agent_talk

#if ADIT_BODIES

namespace agent_talk {

// S09, as far as a path can tell.
[[nodiscard]] inline errc check_socket(const std::string& path) noexcept {
    struct stat status{};
    if (path.empty() || path.find('\0') != std::string::npos) return errc::agent_unavailable;
    if (path.size() >= sizeof(sockaddr_un::sun_path)) return errc::agent_unavailable;
    if (::stat(path.c_str(), &status) != 0) return errc::agent_unavailable;
    const bool trusted = status.st_uid == 0 || status.st_uid == ::geteuid();
    return S_ISSOCK(status.st_mode) && trusted ? errc::ok : errc::agent_socket_unsafe;
}

inline task<std::unique_ptr<detail::any_stream>> dial_socket(std::string path) {
    const errc verdict = check_socket(path);
    if (verdict != errc::ok) throw protocol_error(verdict);
    using protocol = asio::local::stream_protocol;
    using socket_type = asio::basic_stream_socket<protocol, executor>;
    const executor ex = co_await asio::this_coro::executor;
    socket_type socket(ex);
    const protocol::endpoint where(path);
    auto connecting = socket.async_connect(where, asio::deferred);
    co_await std::move(connecting);
    co_return detail::erase(std::move(socket));
}

/// What went wrong with an agent, in our words; a cancellation stays one.
[[nodiscard]] inline error_code to_failure(error_code ec) noexcept {
    if (ec == asio::error::operation_aborted || ec.category() == category()) return ec;
    if (ec == asio::error::timed_out) return errc::deadline_exceeded;
    return ec == asio::error::no_memory ? errc::out_of_memory : errc::agent_unavailable;
}

inline task<> read_all(detail::any_stream& stream, mutable_bytes into) {
    while (!into.empty()) {
        const io_result got = stream.try_read(into);
        into = into.subspan(got.size);
        if (got.size != 0) continue;
        if (got.ec && got.ec != asio::error::would_block) throw protocol_error(got.ec);
        co_await stream.wait_readable();
    }
}

inline task<> write_all(detail::any_stream& stream, bytes_view bytes) {
    asio::const_buffer left(bytes.data(), bytes.size());
    while (left.size() != 0) {
        left += co_await stream.write_some(detail::const_buffers(&left, 1));
    }
}

// A length is believed once it is small enough for memory to be taken for it.
ADIT_DECL task<std::vector<byte>> exchange(std::shared_ptr<detail::any_stream> stream,
                                           std::vector<byte> frame) {
    if (frame.empty()) throw protocol_error(errc::message_too_large);
    co_await write_all(*stream, frame);
    std::array<byte, 4> length{};
    co_await read_all(*stream, length);
    const std::uint32_t size = wire::reader(length).take_u32();
    if (size == 0 || size > wire::largest_agent_message) {
        throw protocol_error(errc::agent_answer_malformed);
    }
    std::vector<byte> answer(size);
    co_await read_all(*stream, answer);
    co_return answer;
}

/// Throws unless the answer is of this kind; what an agent says instead is a refusal or nothing
/// that we asked for (CVE-2025-47913).
template <wire::agent_message M>
[[nodiscard]] M expect(bytes_view answer) {
    const auto is = [answer](wire::agent_message_id id) {
        return answer.size() == 1 && answer[0] == static_cast<byte>(id);
    };
    if (is(wire::agent_message_id::failure) || is(wire::agent_message_id::extension_failure)) {
        throw protocol_error(errc::agent_refused);
    }
    const auto message = wire::decode_agent<M>(answer);
    if (!message) throw protocol_error(errc::agent_answer_malformed);
    return *message;
}

ADIT_DECL std::vector<agent_key> read_identities(bytes_view answer) {
    const auto list = expect<wire::agent_identities_answer>(answer);
    if (list.nkeys > agent::most_identities) throw protocol_error(errc::agent_answer_malformed);
    wire::reader r(list.keys.bytes);
    std::vector<agent_key> all;
    for (std::uint32_t i = 0; i < list.nkeys; ++i) {
        wire::agent_identity one;
        wire::get_fields(r, one);
        if (r.failed()) break;
        auto key = keys::public_key::parse(one.key_blob);
        if (key) all.push_back({std::move(*key), escaped(one.comment)});
    }
    if (r.finish() != errc::ok) throw protocol_error(errc::agent_answer_malformed);
    return all;
}

// An agent from before RFC 8332 signs with SHA-1, whatever the flags say.
ADIT_DECL std::vector<byte> read_signature(bytes_view answer, const agent_request& what) {
    const bytes_view blob = expect<wire::agent_sign_response>(answer).signature;
    wire::reader r(blob);
    const std::string_view algorithm = as_text(r.take_string());
    const std::string_view wanted = keys::uncertified_name(what.algorithm);
    const bool known = keys::find_signature_algorithm(wanted) != nullptr;
    const bool sound = known ? keys::parse_signature(blob).has_value() : !r.failed();
    if (!sound || (known && algorithm != wanted)) {
        throw protocol_error(errc::agent_answer_malformed);
    }
    return {blob.begin(), blob.end()};
}

[[nodiscard]] inline wire::u32 flags_for(std::string_view algorithm) noexcept {
    const std::string_view plain = keys::uncertified_name(algorithm);
    if (plain == "rsa-sha2-256") return wire::agent_rsa_sha2_256;
    return plain == "rsa-sha2-512" ? wire::agent_rsa_sha2_512 : 0;
}

}  // namespace agent_talk

ADIT_DECL agent::agent(const std::string& path, agent_limits limits)
    : agent([path] { return agent_talk::dial_socket(path); }, limits) {}

ADIT_DECL task<agent::stream_pointer> agent::connect(shared_state s) {
    auto dialling = agent_talk::within(s->limits.answer, [s] { return s->dial(); });
    std::unique_ptr<detail::any_stream> stream = co_await std::move(dialling);
    if (stream == nullptr) throw protocol_error(errc::agent_unavailable);
    co_return stream_pointer(std::move(stream));
}

// An agent without the extension refuses; an agent that hangs here would hang at the signature.
ADIT_DECL task<> agent::bind(shared_state s, stream_pointer stream, const session_proof& session) {
    wire::agent_session_bind message;
    message.host_key = session.host_key;
    message.session_identifier = session.session_id;
    message.signature = session.signature;
    auto asking = agent_talk::within(s->limits.answer, [stream, frame = agent_frame(message)] {
        return agent_talk::exchange(stream, frame);
    });
    const std::vector<byte> answer = co_await std::move(asking);
    const auto is = [&answer](wire::agent_message_id id) {
        return answer[0] == static_cast<byte>(id);
    };
    const bool plain = answer.size() == 1 && (is(wire::agent_message_id::success) ||
                                              is(wire::agent_message_id::failure) ||
                                              is(wire::agent_message_id::extension_failure));
    if (!plain && !is(wire::agent_message_id::extension_response)) {
        throw protocol_error(errc::agent_answer_malformed);
    }
}

ADIT_DECL task<std::vector<agent_key>> agent::list(shared_state s) {
    try {
        auto connecting = connect(s);
        const stream_pointer stream = co_await std::move(connecting);
        auto asking = agent_talk::within(s->limits.answer, [stream] {
            return agent_talk::exchange(stream,
                                        wire::agent_frame(wire::agent_request_identities{}));
        });
        const std::vector<byte> answer = co_await std::move(asking);
        co_return agent_talk::read_identities(answer);
    } catch (const boost::system::system_error& e) {
        throw protocol_error(agent_talk::to_failure(e.code()));
    }
}

ADIT_DECL task<std::vector<byte>> agent::sign(shared_state s, const session_proof* session,
                                              agent_request what) {
    wire::agent_sign_request message;
    message.key_blob = what.key_blob;
    message.data = what.message;
    message.flags = agent_talk::flags_for(what.algorithm);
    try {
        auto connecting = connect(s);
        const stream_pointer stream = co_await std::move(connecting);
        if (session != nullptr) co_await bind(s, stream, *session);
        auto asking = agent_talk::within(s->limits.sign, [stream, frame = agent_frame(message)] {
            return agent_talk::exchange(stream, frame);
        });
        const std::vector<byte> answer = co_await std::move(asking);
        co_return agent_talk::read_signature(answer, what);
    } catch (const boost::system::system_error& e) {
        throw protocol_error(agent_talk::to_failure(e.code()));
    }
}

ADIT_DECL task<std::vector<byte>> agent_signer::ask(const session_proof* session,
                                                    std::string_view algorithm,
                                                    bytes_view message) {
    const agent_request what{key_.key.blob(), algorithm, message};
    why_not_ = {};
    try {
        auto signing = agent_.sign(session, what);
        co_return co_await std::move(signing);
    } catch (const boost::system::system_error& e) {
        if (e.code().category() != category()) throw;
        why_not_ = e.code();
        co_return std::vector<byte>();
    }
}

ADIT_DECL std::string agent_socket_path(std::string_view identity_agent) {
    std::string name = "SSH_AUTH_SOCK";
    if (identity_agent == "none") return {};
    if (!identity_agent.empty() && identity_agent != name) {
        if (!identity_agent.starts_with('$')) return std::string(identity_agent);
        name = identity_agent.substr(1);
    }
    const char* const path = std::getenv(name.c_str());
    return path == nullptr ? std::string() : std::string(path);
}

ADIT_DECL task<std::vector<std::shared_ptr<signer>>> agent_signers(agent holder,
                                                                   error_code& failure) {
    std::vector<std::shared_ptr<signer>> all;
    try {
        std::vector<agent_key> held = co_await holder.list();
        for (agent_key& one : held) {
            all.push_back(std::make_shared<agent_signer>(holder, std::move(one)));
        }
    } catch (const boost::system::system_error& e) {
        if (e.code().category() != category()) throw;
        failure = e.code();
    }
    co_return all;
}

#endif  // ADIT_BODIES

}  // namespace adit
