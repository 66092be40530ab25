// One connection as a settings file describes it: plain values, in which nothing has been opened,
// looked up or run. Filled by profile_fields.hpp from what profile_toml.hpp and profile_json.hpp
// read; used by programs, which make their options of it. No RFC says it: the names are those that
// people have in the files of their database tools.
// Invariants: secrets stand in memory that is wiped (S01), and are taken only from a file that is
// closed to others (S05); a fault names file, line and key and repeats no value.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/config/config_line.hpp>
#include <adit/config/key_file.hpp>
#include <adit/crypto/secret.hpp>
#include <adit/crypto/totp.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

enum class profile_auth { password, key, agent, keyboard_interactive, none };

/// StrictHostKeyChecking without its "no": a profile cannot say that everybody is believed.
enum class profile_strictness { ask, yes, accept_new };

struct profile {
    using secret = std::optional<crypto::secret_bytes>;

    std::string name;      ///< what the file calls it; may be empty
    bool enabled = true;   ///< tools keep settings that are switched off
    std::string host;      ///< always there
    std::uint16_t port{};  ///< 0: not given
    std::string user;      ///< empty: not given

    std::vector<profile_auth> auth;      ///< in order; empty: whatever there is
    std::vector<std::string> key_paths;  ///< as written: they may begin with ~
    secret private_key;                  ///< the text of a key file
    secret passphrase;                   ///< of any of these keys
    secret password;
    secret totp_secret;  ///< base32
    crypto::totp_settings totp;
    std::string agent_socket;  ///< empty: the usual one
    std::optional<bool> identities_only;

    std::string local_host;  ///< where to listen; empty: not given
    std::optional<std::uint16_t> local_port;
    std::string remote_host;  ///< as the SSH server sees it; empty: not given
    std::uint16_t remote_port{};
    std::string remote_socket;  ///< a path on the server, instead of host and port

    std::vector<profile> jumps;  ///< in order; of each: how to reach it and log in, and its keys
    std::string proxy_host;      ///< of an HTTP proxy; empty: none
    std::uint16_t proxy_port{};

    std::optional<profile_strictness> strict_host_key_checking;
    std::vector<std::string> known_hosts;  ///< as written
    std::string host_key_alias;
    std::optional<std::chrono::seconds> keepalive_interval, connect_timeout;
    std::optional<unsigned> keepalive_count;
};

/// A value of a settings file, whatever its language.
struct profile_node {
    enum class kind { nothing, text, number, truth, list, table, other };

    kind what = kind::nothing;
    crypto::secret_bytes text;
    std::int64_t number = 0;
    bool truth = false;
    std::vector<profile_node> items;  ///< of a list or a table
    std::string name;                 ///< in a table
    std::size_t line = 0;

    [[nodiscard]] std::string_view as_text() const noexcept { return adit::as_text(text); }
    /// Null: a table has no such member, or this is none.
    [[nodiscard]] const profile_node* find(std::string_view member) const noexcept;
};

struct profile_document {
    std::string file;  ///< for messages
    profile_node root;
    bool others_can_read = false;
};

/// The profile called `name`, or, without a name, the one that there is: [ssh] or "ssh_tunnel" or
/// "ssh" (beside which host, port or a database's URL say where it leads), the only [profile.NAME],
/// or the whole document. In a list, and in a [profile] with several, the name decides.
/// A key that is not known is a fault, and so is a secret in a file that others can read.
[[nodiscard]] config_result<profile> read_profile(const profile_document& document,
                                                  std::string_view name);

/// What a file of settings holds: a regular file of 1 MiB at most, and whether others can read it.
struct profile_text {
    crypto::secret_bytes content;
    bool others_can_read = false;
};
[[nodiscard]] config_result<profile_text> read_profile_text(const std::string& path);

// Details.

#if ADIT_BODIES

ADIT_DECL const profile_node* profile_node::find(std::string_view member) const noexcept {
    if (what != kind::table) return nullptr;
    for (const profile_node& one : items) {
        if (one.name == member) return &one;
    }
    return nullptr;
}

ADIT_DECL config_result<profile_text> read_profile_text(const std::string& path) {
    profile_text text;
    auto content = read_key_file(path);
    if (!content && content.error() == errc::key_file_too_open) {
        text.others_can_read = true;
        content = read_file(path, {largest_key_file, file_privacy::any});
    }
    if (!content) return config_fault{path, 0, content.error().message()};
    text.content = std::move(*content);
    return text;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
