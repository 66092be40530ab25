// The options of adit-bastion, by sshd_config(5)'s names: one table of what each does to the
// settings. What sshd has and a forwarding bastion has not is refused by name. As in sshd, the
// first value of an option counts, and -o comes before the file.
// Invariant: nothing is ignored silently unless it cannot matter. Over 300 lines: a table.
#include "../programs/values.hpp"
#include "settings.hpp"

#include <adit/bytes.hpp>
#include <adit/config/file.hpp>
#include <adit/config/key_option_parser.hpp>
#include <adit/config/network.hpp>
#include <adit/crypto/algorithm_lists.hpp>
#include <adit/crypto/algorithms.hpp>
#include <adit/keys/signature.hpp>
#include <adit/server_options.hpp>
#include <adit/wildcard.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace adit_bastion {
namespace {

namespace values = programs;
using words = std::vector<std::string>;
using setter = std::function<void(settings&, const words&)>;

[[nodiscard]] const std::string& one(const words& given) {
    if (given.size() != 1) throw usage_error("wants one value");
    return given.front();
}

[[nodiscard]] setter text(std::string settings::* where) {
    return [where](settings& s, const words& given) {
        s.*where = one(given) == "none" ? std::string() : given.front();
    };
}

[[nodiscard]] setter yes_no(bool settings::* where) {
    return [where](settings& s, const words& given) { s.*where = values::to_bool(one(given)); };
}

[[nodiscard]] setter number(unsigned settings::* where) {
    return [where](settings& s, const words& given) {
        s.*where = values::to_number<unsigned>(one(given));
    };
}

[[nodiscard]] setter seconds(std::chrono::seconds settings::* where) {
    return [where](settings& s, const words& given) { s.*where = values::to_seconds(one(given)); };
}

// "none", "any", or places.
void check_places(const words& given) {
    for (const std::string& place : given) {
        if (adit::config::parse_permitted_place(place)) continue;
        throw usage_error("\"" + place + "\" is not host:port, with a number or * as the port");
    }
}

// Networks only: a pattern with a typing error would deny nothing.
void set_denied(settings& s, const words& given) {
    s.deny_addresses = one(given) == "none" ? std::string() : given.front();
    const bool sound = s.deny_addresses.empty() ||
                       adit::config::match_network_list("127.0.0.1", s.deny_addresses) !=
                           adit::config::address_match::malformed;
    if (!sound) throw usage_error("wants addresses and networks, separated by commas");
}

[[nodiscard]] setter places(std::optional<words> settings::* where) {
    return [where](settings& s, const words& given) {
        if (given.empty()) throw usage_error("wants places");
        const bool any = given.size() == 1 && given.front() == "any";
        const bool none = given.size() == 1 && given.front() == "none";
        if (any) {
            (s.*where).reset();
        } else {
            if (!none) check_places(given);
            s.*where = none ? words() : given;
        }
    };
}

void set_listen(settings& s, const words& given) {
    const std::string& value = one(given);
    listen_address where;
    const auto colon = value.rfind(':');
    const bool bracketed = value.starts_with('[');
    const bool v6_alone = !bracketed && value.find(':') != colon;
    if (colon == std::string::npos || v6_alone || value.ends_with(']')) {
        where.address = value;
    } else {
        where.address = value.substr(0, colon);
        where.port = values::to_number<std::uint16_t>(std::string_view(value).substr(colon + 1));
    }
    if (bracketed) {
        const auto end = where.address.find(']');
        if (end == std::string::npos) throw usage_error("a ] is missing");
        where.address = where.address.substr(1, end - 1);
    }
    s.listen.push_back(std::move(where));
}

void set_forwarding(settings& s, const words& given) {
    const std::string value = values::to_lower(one(given));
    const bool both = value == "yes" || value == "all";
    if (!both && value != "no" && value != "local" && value != "remote") {
        throw usage_error("is yes, no, local or remote");
    }
    s.forwarding_is_said = true;
    s.forward_local = both || value == "local";
    s.forward_remote = both || value == "remote";
}

void set_methods(settings& s, const words& given) {
    constexpr std::array<std::string_view, 3> known{"publickey", "password",
                                                    "keyboard-interactive"};
    s.methods.clear();
    if (given.size() == 1 && given.front() == "any") return;
    for (const std::string& list : given) {
        words methods;
        for (const auto& part : values::split(list, ',')) {
            const std::string name = part.substr(0, part.find(':'));
            if (std::ranges::find(known, name) == known.end()) {
                throw usage_error("does not know the method \"" + name + "\"");
            }
            methods.push_back(name);
        }
        if (methods.empty()) throw usage_error("has an empty list");
        s.methods.push_back(std::move(methods));
    }
}

void set_startups(settings& s, const words& given) {
    const std::string& value = one(given);
    const auto first = value.find(':');
    s.startups = values::to_number<unsigned>(std::string_view(value).substr(0, first));
    s.startup_chance = 100;
    s.startups_full = s.startups;
    if (first == std::string::npos) return;
    const auto second = value.find(':', first + 1);
    if (second == std::string::npos) throw usage_error("is start:rate:full");
    const std::string_view rest(value);
    s.startup_chance = values::to_number<unsigned>(rest.substr(first + 1, second - first - 1));
    s.startups_full = values::to_number<unsigned>(rest.substr(second + 1));
    if (s.startup_chance > 100 || s.startups_full < s.startups) {
        throw usage_error("is start:rate:full, with a rate in percent");
    }
}

// As in sshd_config(5): type=interval, the type being a pattern; the first that fits counts.
void set_channel_timeout(settings& s, const words& given) {
    s.channel_timeout = {};
    if (given.empty()) throw usage_error("wants type=interval, or none");
    if (given.size() == 1 && given.front() == "none") return;
    const auto limit_of = [&given](std::string_view type) {
        for (const std::string& word : given) {
            const auto equals = word.find('=');
            if (equals == std::string::npos) throw usage_error("is a list of type=interval");
            const auto limit = values::to_seconds(std::string_view(word).substr(equals + 1));
            const std::string_view pattern = std::string_view(word).substr(0, equals);
            if (adit::match_pattern(type, pattern).matched) return limit;
        }
        return std::chrono::seconds(0);
    };
    adit::channel_timeouts& t = s.channel_timeout;
    t.session = limit_of("session");
    t.direct_tcpip = limit_of("direct-tcpip");
    t.direct_streamlocal = limit_of("direct-streamlocal@openssh.com");
    t.forwarded_tcpip = limit_of("forwarded-tcpip");
}

void set_rekey(settings& s, const words& given) {
    if (given.empty() || given.size() > 2) throw usage_error("wants a size, and perhaps a time");
    s.rekey_bytes = given[0] == "default" ? 0 : values::to_size(given[0]);
    const bool has_time = given.size() == 2 && given[1] != "none";
    s.rekey_interval = has_time ? values::to_seconds(given[1]) : std::chrono::seconds(0);
}

// OpenSSH's + - ^ over our defaults; a name that we do not have is refused.
[[nodiscard]] setter algorithms(std::string settings::* where, const std::string& defaults,
                                std::string_view known) {
    return [where, defaults, all = std::string(known)](settings& s, const words& given) {
        const adit::crypto::algorithm_choice choice{defaults, all};
        s.*where = values::to_algorithms(one(given), choice);
    };
}

[[nodiscard]] std::map<std::string, setter> make_table() {
    using std::string;
    const adit::algorithm_preferences ours = adit::server_algorithms();
    const adit::algorithm_preferences all;
    const string signatures = adit::keys::default_host_key_algorithm_names();
    std::map<string, setter> table;
    table["listenaddress"] = set_listen;
    table["port"] = [](settings& s, const words& v) {
        s.port = values::to_number<std::uint16_t>(one(v));
    };
    table["hostkey"] = [](settings& s, const words& v) { s.host_keys.push_back(one(v)); };
    table["hostcertificate"] = [](settings& s, const words& v) {
        s.host_certificates.push_back(one(v));
    };
    table["authorizedkeysfile"] = [](settings& s, const words& v) {
        s.authorized_keys_files = v.size() == 1 && v.front() == "none" ? words() : v;
    };
    table["strictmodes"] = yes_no(&settings::strict_modes);
    table["pubkeyauthentication"] = yes_no(&settings::public_keys);
    table["passwordauthentication"] = yes_no(&settings::passwords);
    table["kbdinteractiveauthentication"] = [](settings& s, const words& v) {
        s.keyboard_interactive = values::to_bool(one(v));
    };
    table["authenticationmethods"] = set_methods;
    table["maxauthtries"] = number(&settings::max_auth_tries);
    table["maxstartups"] = set_startups;
    table["persourcemaxstartups"] = [](settings& s, const words& v) {
        constexpr unsigned no_limit = 1U << 30U;
        s.per_source_startups = one(v) == "none" ? no_limit : values::to_number<unsigned>(v[0]);
    };
    table["persourcepenalties"] = yes_no(&settings::penalties);
    table["persourcestartuprate"] = [](settings& s, const words& v) {
        s.per_source_rate = one(v) == "none" ? 0 : values::to_number<unsigned>(v[0]);
    };
    table["channeltimeout"] = set_channel_timeout;
    table["unusedconnectiontimeout"] = [](settings& s, const words& v) {
        s.unused_connection_timeout =
            one(v) == "none" ? std::chrono::seconds(0) : values::to_seconds(v[0]);
    };
    table["kexthreads"] = number(&settings::kex_threads);
    table["logingracetime"] = seconds(&settings::login_grace);
    table["clientaliveinterval"] = seconds(&settings::alive_interval);
    table["clientalivecountmax"] = number(&settings::alive_count);
    table["rekeylimit"] = set_rekey;
    table["ciphers"] = algorithms(&settings::ciphers, ours.ciphers, all.ciphers);
    table["macs"] = algorithms(&settings::macs, ours.macs, all.macs);
    table["kexalgorithms"] = algorithms(&settings::kex, ours.kex, all.kex);
    table["hostkeyalgorithms"] =
        algorithms(&settings::host_key_algorithms, ours.host_keys, signatures);
    table["pubkeyacceptedalgorithms"] =
        algorithms(&settings::public_key_algorithms, signatures, signatures);
    table["casignaturealgorithms"] = algorithms(&settings::ca_algorithms, signatures, signatures);
    table["revokedkeys"] = text(&settings::revoked_keys);
    table["trustedusercakeys"] = text(&settings::trusted_user_ca_keys);
    table["banner"] = text(&settings::banner);
    table["pidfile"] = text(&settings::pid_file);
    table["allowtcpforwarding"] = set_forwarding;
    table["allowstreamlocalforwarding"] = yes_no(&settings::forward_sockets);
    table["permitopen"] = places(&settings::permit_open);
    table["permitlisten"] = places(&settings::permit_listen);
    table["usersfile"] = text(&settings::users_file);
    table["totpstepsfile"] = text(&settings::totp_steps_file);
    table["denyopenaddresses"] = set_denied;
    table["draintime"] = seconds(&settings::drain_time);
    return table;
}

// What sshd_config has and a bastion that only forwards does by itself, or never, when it is told
// so with this value; any other value is refused.
[[nodiscard]] const std::map<std::string, std::string>& only_with() {
    static const std::map<std::string, std::string> options{
        {"usepam", "no"},        {"gatewayports", "no"},         {"x11forwarding", "no"},
        {"permittty", "no"},     {"permittunnel", "no"},         {"allowagentforwarding", "no"},
        {"usedns", "no"},        {"permituserrc", "no"},         {"permituserenvironment", "no"},
        {"printmotd", "no"},     {"printlastlog", "no"},         {"compression", "no"},
        {"tcpkeepalive", "yes"}, {"permitemptypasswords", "no"}, {"hostbasedauthentication", "no"}};
    return options;
}

const std::set<std::string>& cannot_matter() {
    static const std::set<std::string> options{
        "loglevel",        "syslogfacility",  "subsystem",   "acceptenv",
        "permitrootlogin", "versionaddendum", "maxsessions", "ipqos"};
    return options;
}

struct option_line {
    std::string name;
    words given;
};

[[nodiscard]] option_line split(std::string_view line) {
    option_line result;
    const auto end = std::min(line.find_first_of(" \t="), line.size());
    result.name = values::to_lower(line.substr(0, end));
    line.remove_prefix(end);
    line.remove_prefix(std::min(line.find_first_not_of(" \t="), line.size()));
    result.given = values::to_words(line);
    return result;
}

void apply(settings& s, const option_line& option) {
    static const std::map<std::string, setter> table = make_table();
    if (const auto known = table.find(option.name); known != table.end()) {
        return known->second(s, option.given);
    }
    if (cannot_matter().contains(option.name)) return;
    if (const auto fixed = only_with().find(option.name); fixed != only_with().end()) {
        if (option.given == words{fixed->second}) return;
        throw usage_error("can only be \"" + fixed->second + "\" here");
    }
    throw usage_error("is not an option of adit-bastion");
}

void apply_named(settings& s, const option_line& option, const std::string& shown) {
    try {
        apply(s, option);
    } catch (const std::runtime_error& e) {
        throw usage_error(shown + ": " + e.what());
    }
}

[[nodiscard]] bool may_repeat(const std::string& name) {
    return name == "listenaddress" || name == "hostkey" || name == "hostcertificate";
}

}  // namespace

void set_option_lines(settings& s, const std::vector<std::string>& lines) {
    std::set<std::string> seen;
    for (const std::string& line : lines) {
        const option_line option = split(line);
        const bool is_first = seen.insert(option.name).second;
        if (is_first || may_repeat(option.name)) apply_named(s, option, option.name);
    }
}

void read_config_file(settings& s, const std::string& path) {
    const auto content = adit::config::read_file(path, {});
    if (!content) throw usage_error(path + ": " + content.error().message());
    std::set<std::string> seen;
    for (const std::string& line : s.options) seen.insert(split(line).name);
    std::string_view rest = adit::as_text(*content);
    for (std::size_t number = 1; !rest.empty(); ++number) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        constexpr std::string_view blank = " \t\r";
        line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
        line = line.substr(0, line.find_last_not_of(blank) + 1);
        if (line.empty() || line.starts_with('#')) continue;
        const option_line option = split(line);
        const std::string where = path + ":" + std::to_string(number) + ": " + option.name;
        // Whether a Match block counts depends on who asks, and nobody has asked.
        if (option.name == "match" || option.name == "include") {
            throw usage_error(where + ": is not supported");
        }
        const bool is_first = seen.insert(option.name).second;
        if (is_first || may_repeat(option.name)) apply_named(s, option, where);
    }
}

void check(const settings& s) {
    if (s.host_keys.empty()) throw usage_error("there is no HostKey (-h FILE)");
    const bool somebody =
        s.public_keys || s.passwords || s.keyboard_interactive.value_or(!s.methods.empty());
    if (!somebody) throw usage_error("every method of authentication is switched off");
    const auto off = [&](const std::string& method) {
        if (method == "publickey") return !s.public_keys;
        if (method == "password") return !s.passwords;
        return !s.keyboard_interactive.value_or(true);
    };
    for (const auto& list : s.methods) {
        const auto found = std::ranges::find_if(list, off);
        if (found == list.end()) continue;
        throw usage_error("authenticationmethods: \"" + *found + "\" is switched off");
    }
    if (s.passwords && s.users_file.empty()) {
        throw usage_error("passwordauthentication: there is no UsersFile");
    }
}

}  // namespace adit_bastion
