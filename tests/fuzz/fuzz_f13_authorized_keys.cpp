// F13: authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT; A27, A31). The first byte of an input
// says what the rest is: 0 the options before a good key on one line; 1 a whole file; 2 a source
// address and, after a newline, a list of addresses.
// A line that we take is one that a second reader here takes too, which looks for the end of the
// options first and splits them afterwards, as OpenSSH does: what grants a key is never a matter of
// how one reads. What was read, written anew, is the same; and a key is granted what its line says.
#include "fuzz/check.hpp"
#include "support/certificates.hpp"
#include "support/sample_keys.hpp"

#include <adit/config/authorized_keys.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using adit::fuzz::check;
namespace config = adit::config;
namespace keys = adit::keys;

// --- The second reader.

/// Where the options end: the first blank that stands in no quotes; npos where a quote is open.
[[nodiscard]] std::size_t end_of_options(std::string_view line) {
    bool quoted = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const bool escaped = line.substr(at, 2) == "\\\"";
        if (escaped) ++at;
        if (!escaped && line[at] == '"') quoted = !quoted;
        if (!escaped && !quoted && (line[at] == ' ' || line[at] == '\t')) return at;
    }
    return quoted ? std::string_view::npos : line.size();
}

/// The parts between commas outside quotes.
[[nodiscard]] std::vector<std::string> split(std::string_view options) {
    std::vector<std::string> parts(1);
    bool quoted = false;
    for (std::size_t at = 0; at < options.size(); ++at) {
        const bool escaped = options.substr(at, 2) == "\\\"";
        if (!escaped && options[at] == '"') quoted = !quoted;
        if (!quoted && options[at] == ',') {
            parts.emplace_back();
            continue;
        }
        parts.back() += options[at];
        if (escaped) parts.back() += options[++at];
    }
    return parts;
}

[[nodiscard]] bool is_known(const std::string& part) {
    static const std::set<std::string> flags{"",
                                             "restrict",
                                             "cert-authority",
                                             "port-forwarding",
                                             "agent-forwarding",
                                             "pty",
                                             "user-rc",
                                             "x11-forwarding",
                                             "touch-required",
                                             "verify-required",
                                             "no-pty",
                                             "no-user-rc",
                                             "no-port-forwarding",
                                             "no-agent-forwarding",
                                             "no-x11-forwarding",
                                             "no-touch-required",
                                             "no-verify-required"};
    static const std::set<std::string> values{"command",    "environment",  "expiry-time",
                                              "from",       "permitlisten", "permitopen",
                                              "principals", "tunnel"};
    const auto equals = part.find('=');
    const std::string name = config::to_lower(part.substr(0, equals));
    if (equals == std::string::npos) return flags.contains(name);
    const std::string value = part.substr(equals + 1);
    if (!values.contains(name) || value.size() < 2 || value[0] != '"') return false;
    // The one quote that is not escaped stands at the end.
    for (std::size_t at = 1; at < value.size(); ++at) {
        if (value.substr(at, 2) == "\\\"") {
            ++at;
        } else if (value[at] == '"') {
            return at + 1 == value.size();
        }
    }
    return false;
}

[[nodiscard]] bool second_reader_takes(std::string_view line) {
    config::skip_blanks(line);
    if (keys::public_key::parse_line(line)) return true;
    const std::size_t end = end_of_options(line);
    if (end == std::string_view::npos) return false;
    for (const std::string& part : split(line.substr(0, end))) {
        if (!is_known(part)) return false;
    }
    return keys::public_key::parse_line(line.substr(end)).has_value();
}

// --- Writing an entry anew.

[[nodiscard]] std::string quoted(std::string_view value) {
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"') text += '\\';
        text += c;
    }
    return text + '"';
}

void write_places(std::string& text, const char* name,
                  const std::optional<std::vector<config::permitted_place>>& places) {
    if (!places) return;
    for (const config::permitted_place& place : *places) {
        const std::string port = place.port == 0 ? "*" : std::to_string(place.port);
        const bool v6 = place.host.find(':') != std::string::npos;
        const std::string host = v6 ? '[' + place.host + ']' : place.host;
        text += std::string(",") + name + '=' + quoted(host + ':' + port);
    }
}

[[nodiscard]] std::string written(const config::authorized_key& entry) {
    const config::key_grant& grant = entry.options.grant;
    std::string text = "restrict";
    if (entry.options.cert_authority) text += ",cert-authority";
    if (grant.port_forwarding) text += ",port-forwarding";
    if (grant.agent_forwarding) text += ",agent-forwarding";
    if (grant.x11_forwarding) text += ",x11-forwarding";
    if (grant.pty) text += ",pty";
    if (grant.user_rc) text += ",user-rc";
    if (!grant.touch_required) text += ",no-touch-required";
    if (grant.verify_required) text += ",verify-required";
    if (grant.command) text += ",command=" + quoted(*grant.command);
    if (!grant.tunnel.empty()) text += ",tunnel=" + quoted(grant.tunnel);
    if (entry.options.from) text += ",from=" + quoted(*entry.options.from);
    for (const std::string& variable : grant.environment) {
        text += ",environment=" + quoted(variable);
    }
    if (entry.options.principals) {
        std::string names;
        for (const std::string& name : *entry.options.principals) names += name + ',';
        text += ",principals=" + quoted(names);
    }
    write_places(text, "permitopen", grant.permit_open);
    write_places(text, "permitlisten", grant.permit_listen);
    return text + ' ' + entry.key.to_line(entry.comment);
}

[[nodiscard]] bool same(const config::key_grant& a, const config::key_grant& b) {
    return a.port_forwarding == b.port_forwarding && a.agent_forwarding == b.agent_forwarding &&
           a.x11_forwarding == b.x11_forwarding && a.pty == b.pty && a.user_rc == b.user_rc &&
           a.permit_open == b.permit_open && a.permit_listen == b.permit_listen &&
           a.command == b.command && a.environment == b.environment && a.tunnel == b.tunnel &&
           a.touch_required == b.touch_required && a.verify_required == b.verify_required;
}

/// The same host with a backslash before a quote, or longer than a line may be, cannot be written.
[[nodiscard]] bool can_be_written(const std::string& line) {
    return line.size() <= config::authorized_keys::longest_line &&
           line.find("\\\\\"") == std::string::npos;
}

void check_written(const config::authorized_key& entry) {
    const std::string line = written(entry);
    if (!can_be_written(line)) return;
    const config::key_line read = config::parse_authorized_key(line);
    check(read.key.has_value(), "an entry can be written and read again");
    check(read.key->key == entry.key && read.key->comment == entry.comment, "with its key");
    check(same(read.key->options.grant, entry.options.grant), "and with what it grants");
    check(read.key->options.from == entry.options.from &&
              read.key->options.principals == entry.options.principals &&
              read.key->options.cert_authority == entry.options.cert_authority,
          "and with whom it is for");
}

// --- What is checked.

[[nodiscard]] config::key_question question() {
    config::key_question asked;
    asked.user = "user";
    asked.source = "192.0.2.1";
    asked.now = 1500;
    return asked;
}

void check_decisions(const config::authorized_keys& file) {
    static const keys::public_key key = adit::test::sample_public_key(1);
    static const keys::certificate certificate = adit::test::sample_certificate();
    const auto entry_at = [&file](std::size_t line) {
        for (const config::authorized_key& entry : file.entries) {
            if (entry.line == line) return &entry;
        }
        std::abort();
    };
    const auto plain = config::find_key(file, key, question());
    if (plain.grant) {
        const config::authorized_key& entry = *entry_at(plain.line);
        check(entry.key == key && !entry.options.cert_authority, "a key is granted by its line");
        check(same(*plain.grant, entry.options.grant), "what the line says");
    }
    const auto by_ca = config::find_key(file, certificate, question());
    if (by_ca.grant) {
        const config::authorized_key& entry = *entry_at(by_ca.line);
        check(entry.key == certificate.authority() && entry.options.cert_authority,
              "a certificate is granted by its CA's line");
        check(!by_ca.grant->port_forwarding && !by_ca.grant->pty,
              "and never more than it permits itself");
    }
    check(config::find_key(file, key, {}).line == plain.line || !plain.grant,
          "an empty question meets the same lines");
}

void check_file(std::string_view text) {
    const config::authorized_keys file = config::parse_authorized_keys(text);
    std::set<std::size_t> lines;
    for (const config::refused_line& line : file.refused) {
        check(line.why != config::line_fault::none, "a refused line has a fault");
        check(lines.insert(line.line).second, "a line is refused once");
    }
    for (const config::authorized_key& entry : file.entries) {
        check(lines.insert(entry.line).second, "a refused line grants nothing");
        check_written(entry);
    }
    std::size_t number = 0;
    for (std::string_view left = text; !left.empty();) {
        std::string_view line = left.substr(0, left.find('\n'));
        left.remove_prefix(std::min(line.size() + 1, left.size()));
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        const bool taken = std::ranges::find(file.entries, number, &config::authorized_key::line) !=
                           file.entries.end();
        if (taken) check(line.size() <= 10'000, "A31: a long line grants nothing");
        if (taken) check(second_reader_takes(line), "both readers take the line");
    }
    check_decisions(file);
}

void check_addresses(std::string_view text) {
    const std::string_view source = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(source.size() + 1, text.size()));
    const auto any = config::match_address_list(source, text);
    const auto networks = config::match_network_list(source, text);
    if (networks == config::address_match::yes) {
        check(any == config::address_match::yes, "a list of networks is a list of addresses");
    }
    const bool known = config::parse_address(source).has_value();
    check(known || any != config::address_match::yes, "an unknown address is let in by nothing");
    const auto denied = config::match_address_list(source, std::string(text) + ",!*");
    check(denied != config::address_match::yes, "a denial wins");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view rest = adit::as_text(adit::bytes_view(data, size).subspan(1));
    static const std::string key = ' ' + adit::test::sample_public_key(1).to_line("a comment");
    switch (data[0]) {
        case 0: check_file(std::string(rest) + key); break;
        case 1: check_file(rest); break;
        case 2: check_addresses(rest); break;
        default: break;
    }
    return 0;
}
