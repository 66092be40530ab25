// URLs of connections (RFC 3986): ssh://user@host:port, and what people paste from database tools,
// mysql+ssh://sshuser@sshhost:port/dbuser:dbpassword@dbhost/db?name=Shop&usePrivateKey=true.
// Used by programs and by config_endpoints.hpp (ProxyJump).
// Invariants: passwords are decoded straight into memory that is wiped (S01); hosts and users are
// safe names (C52); a fault says what and where and repeats nothing of the text.
// Over 300 lines: two kinds of URL and the reader of both.
#pragma once

#include <adit/bodies.hpp>
#include <adit/bytes.hpp>
#include <adit/config/config_values.hpp>
#include <adit/config/safe_name.hpp>
#include <adit/crypto/secret.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <boost/throw_exception.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::config {

enum class url_fault : int {
    too_long = 1,
    unknown_scheme,
    malformed_escape,  ///< a '%' without two digits, or %00
    missing_user,      ///< nothing before the '@'
    malformed_user,
    password_given,  ///< where none may stand, because others can see it
    missing_host,
    malformed_host,
    malformed_port,
    path_given,        ///< ssh:// has none
    missing_database,  ///< nothing of a database behind the SSH server
    unexpected_text,
    malformed_parameter,
    repeated_parameter,
};

/// What is wrong, and at which byte of the text.
struct url_problem {
    url_fault why{};
    std::size_t position = 0;

    friend bool operator==(const url_problem&, const url_problem&) = default;
};

/// One sentence, without a full stop.
[[nodiscard]] const char* sentence(url_fault fault) noexcept;

/// What value() of a result throws where there is none; Boost.System finds it by its argument.
[[noreturn]] void throw_exception_from_error(const url_problem& problem,
                                             const boost::source_location& where);

template <class T>
using url_result = boost::system::result<T, url_problem>;

struct ssh_url {
    std::string user;        ///< empty: not given
    std::string host;        ///< without brackets
    std::uint16_t port = 0;  ///< 0: not given
};

/// ssh://[user@]host[:port]. What comes behind a ';' in the user is passed over.
[[nodiscard]] url_result<ssh_url> parse_ssh_url(std::string_view text);

enum class database_kind : int { mysql = 1, mariadb, postgres };

struct database_url {
    database_kind kind{};
    ssh_url ssh;
    std::optional<crypto::secret_bytes> ssh_password;

    std::string user;  ///< empty: not given
    std::optional<crypto::secret_bytes> password;
    std::string host;        ///< as the SSH server sees it
    std::uint16_t port = 0;  ///< 0: not given
    std::string database;

    std::string name;  ///< the connection's, for people
    bool use_private_key = false;
    bool use_ssh_agent = false;
    std::string agent_socket;  ///< as written: it may begin with ~
    /// What else stood behind the '?', decoded.
    std::vector<std::pair<std::string, std::string>> parameters;
};

/// mysql+ssh, mariadb+ssh, postgres+ssh or postgresql+ssh, in any case.
[[nodiscard]] url_result<database_url> parse_database_url(std::string_view text);

// Details.

#if ADIT_BODIES

ADIT_DECL const char* sentence(url_fault fault) noexcept {
    switch (fault) {
        case url_fault::too_long: return "the URL is too long";
        case url_fault::unknown_scheme: return "the URL's scheme is not known";
        case url_fault::malformed_escape: return "a '%' without two hexadecimal digits";
        case url_fault::missing_user: return "the user is missing";
        case url_fault::malformed_user: return "no such user can be";
        case url_fault::password_given: return "a password does not belong into this URL";
        case url_fault::missing_host: return "the host is missing";
        case url_fault::malformed_host: return "no such host can be";
        case url_fault::malformed_port: return "a port is 1 to 65535";
        case url_fault::path_given: return "the URL has a path";
        case url_fault::missing_database: return "the database is missing";
        case url_fault::unexpected_text: return "there is more than belongs there";
        case url_fault::malformed_parameter: return "a parameter's value is neither true nor false";
        case url_fault::repeated_parameter: return "a parameter is given twice";
    }
    return "unknown fault";
}

ADIT_DECL void throw_exception_from_error(const url_problem& problem,
                                          const boost::source_location& where) {
    boost::throw_exception(std::runtime_error(sentence(problem.why)), where);
}

/// The text of one URL and what is wrong with it. Each taker leaves the first fault that it finds.
class url_reader {
public:
    explicit url_reader(std::string_view whole) : whole_(whole) {
        constexpr std::size_t longest = std::size_t{8} * 1024;
        if (whole.size() > longest) fail(url_fault::too_long, whole.substr(longest));
    }

    [[nodiscard]] bool failed() const noexcept { return problem_.has_value(); }
    [[nodiscard]] url_problem problem() const noexcept { return problem_.value_or(url_problem{}); }
    void fail(url_fault why, std::string_view at) {
        if (!problem_) problem_ = {why, static_cast<std::size_t>(at.data() - whole_.data())};
    }

    /// Percent-decoded into a string or into bytes that are wiped.
    template <class Text>
    [[nodiscard]] Text decode(std::string_view text);
    [[nodiscard]] std::string user(std::string_view text);
    void host_and_port(std::string_view text, std::string& host, std::uint16_t& port);
    /// "[user[:password]@]host[:port]".
    void authority(std::string_view text, ssh_url& into,
                   std::optional<crypto::secret_bytes>& password);
    [[nodiscard]] bool flag(std::string_view text);

private:
    std::string_view whole_;
    std::optional<url_problem> problem_;
};

[[nodiscard]] inline std::optional<unsigned> hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    const char lower = to_lower(c);
    if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a') + 10;
    return std::nullopt;
}

template <class Text>
Text url_reader::decode(std::string_view text) {
    Text decoded;
    decoded.reserve(text.size());  // so that no half of a secret stays behind
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = static_cast<unsigned char>(text[i]);
        if (text[i] == '%') {
            const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
            const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
            value = low ? *high * 16 + *low : 0;
            if (value == 0) {
                fail(url_fault::malformed_escape, text.substr(i));
                return {};
            }
            i += 2;
        }
        decoded.push_back(static_cast<typename Text::value_type>(value));
    }
    return decoded;
}

inline std::string url_reader::user(std::string_view text) {
    if (text.empty()) fail(url_fault::missing_user, text);
    auto name = decode<std::string>(text);
    if (!failed() && !is_harmless_user(name)) fail(url_fault::malformed_user, text);
    return name;
}

inline void url_reader::host_and_port(std::string_view text, std::string& host,
                                      std::uint16_t& port) {
    const std::string_view whole = text;
    const bool bracketed = text.starts_with('[');
    const auto end = bracketed ? text.find(']') : text.find(':');
    if (bracketed && end == std::string_view::npos) return fail(url_fault::malformed_host, whole);
    const std::string_view name = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
    text.remove_prefix(std::min(bracketed ? end + 1 : end, text.size()));
    if (name.empty()) return fail(url_fault::missing_host, whole);
    // A zone is %25eth0 in a URL (RFC 6874) and %eth0 to everybody else.
    host = bracketed && name.find("%25") != std::string_view::npos ? decode<std::string>(name)
                                                                   : std::string(name);
    const bool has_colon = host.find(':') != std::string::npos;
    if (!is_harmless_host(host) || bracketed != has_colon ||
        host.find_first_of("@/?#[]") != std::string::npos ||
        (!bracketed && host.find('%') != std::string::npos)) {
        return fail(url_fault::malformed_host, name);
    }
    if (text.empty()) return;
    const auto number = read_port(text.substr(1));
    if (text.front() != ':' || !number) return fail(url_fault::malformed_port, text);
    port = *number;
}

inline void url_reader::authority(std::string_view text, ssh_url& into,
                                  std::optional<crypto::secret_bytes>& password) {
    // The last '@': one in a password that somebody forgot to escape is none of a host's.
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        const std::string_view person = text.substr(0, at);
        const auto colon = person.find(':');
        into.user = user(person.substr(0, std::min(colon, person.find(';'))));
        if (colon != std::string_view::npos) {
            password = decode<crypto::secret_bytes>(person.substr(colon + 1));
        }
        text.remove_prefix(at + 1);
    }
    host_and_port(text, into.host, into.port);
}

inline bool url_reader::flag(std::string_view text) {
    if (text == "1") return true;
    if (text == "0") return false;
    const auto value = read_yes_or_no(text);
    if (!value) fail(url_fault::malformed_parameter, text);
    return value.value_or(false);
}

/// Cuts `text` before the first `mark`, and gives what was behind it.
[[nodiscard]] inline std::optional<std::string_view> cut_at(std::string_view& text, char mark) {
    const auto at = text.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view behind = text.substr(at + 1);
    text = text.substr(0, at);
    return behind;
}

[[nodiscard]] inline bool take_scheme(std::string_view& text, std::string_view scheme) {
    if (to_lower(text.substr(0, scheme.size())) != scheme) return false;
    text.remove_prefix(scheme.size());
    return true;
}

ADIT_DECL url_result<ssh_url> parse_ssh_url(std::string_view text) {
    url_reader reader(text);
    if (reader.failed()) return reader.problem();
    std::string_view rest = text;
    if (!take_scheme(rest, "ssh://")) return url_problem{url_fault::unknown_scheme, 0};
    const auto path = cut_at(rest, '/');
    if (path && !path->empty()) reader.fail(url_fault::path_given, *path);
    ssh_url url;
    std::optional<crypto::secret_bytes> password;
    reader.authority(rest, url, password);
    if (password) reader.fail(url_fault::password_given, rest);
    if (reader.failed()) return reader.problem();
    return url;
}

inline void read_parameter(url_reader& reader, std::string_view text, database_url& into,
                           std::vector<std::string>& seen) {
    if (text.empty()) return;
    std::string_view key = text;
    const std::string_view value = cut_at(key, '=').value_or(text.substr(text.size()));
    auto name = reader.decode<std::string>(key);
    if (std::ranges::find(seen, name) != seen.end()) {
        return reader.fail(url_fault::repeated_parameter, text);
    }
    seen.push_back(name);
    if (name == "usePrivateKey") {
        into.use_private_key = reader.flag(value);
    } else if (name == "useSSHAgent") {
        into.use_ssh_agent = reader.flag(value);
    } else if (name == "name") {
        into.name = reader.decode<std::string>(value);
    } else if (name == "agentSocket") {
        into.agent_socket = reader.decode<std::string>(value);
    } else {
        into.parameters.emplace_back(std::move(name), reader.decode<std::string>(value));
    }
}

struct database_scheme {
    std::string_view text;
    database_kind kind;
};

inline constexpr std::array database_schemes{
    database_scheme{"mysql+ssh://", database_kind::mysql},
    database_scheme{"mariadb+ssh://", database_kind::mariadb},
    database_scheme{"postgres+ssh://", database_kind::postgres},
    database_scheme{"postgresql+ssh://", database_kind::postgres},
};

ADIT_DECL url_result<database_url> parse_database_url(std::string_view text) {
    url_reader reader(text);
    if (reader.failed()) return reader.problem();
    std::string_view rest = text;
    const auto row = std::ranges::find_if(
        database_schemes, [&rest](const database_scheme& s) { return take_scheme(rest, s.text); });
    if (row == database_schemes.end()) return url_problem{url_fault::unknown_scheme, 0};
    database_url url;
    url.kind = row->kind;
    const auto fragment = cut_at(rest, '#');
    if (fragment) reader.fail(url_fault::unexpected_text, *fragment);
    const auto query = cut_at(rest, '?');
    auto behind = cut_at(rest, '/');
    reader.authority(rest, url.ssh, url.ssh_password);
    if (!behind || behind->empty()) {
        reader.fail(url_fault::missing_database, text.substr(text.size()));
        return reader.problem();
    }
    const auto database = cut_at(*behind, '/');
    ssh_url place;
    reader.authority(*behind, place, url.password);
    url.user = std::move(place.user);
    url.host = std::move(place.host);
    url.port = place.port;
    if (database) url.database = reader.decode<std::string>(*database);
    std::vector<std::string> seen;
    for (auto left = query; left && !reader.failed();) {
        std::string_view one = *left;
        left = cut_at(one, '&');
        read_parameter(reader, one, url, seen);
    }
    if (reader.failed()) return reader.problem();
    return url;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
