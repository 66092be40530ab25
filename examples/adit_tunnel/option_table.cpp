// Every option that ssh 9.2 to 10.0 knows, in three tables: those that work here, those that may
// stand there because their value changes nothing here, and the rest, refused by name.
// Used through settings.hpp by the command line and by -F.
// Invariant: no option is ignored silently unless its value cannot matter to a tunnel.
// Over 300 lines: most of them are tables.
#include "settings.hpp"
#include "values.hpp"

#include <adit/config/config_endpoints.hpp>
#include <adit/config/config_keywords.hpp>
#include <adit/config/safe_name.hpp>
#include <adit/options.hpp>

#include <boost/asio/ip/address.hpp>

#include <array>
#include <utility>

namespace adit_tunnel {
namespace {

struct option {
    std::string_view name;
    void (*set)(settings& s, std::string_view value);
    bool adds = false;  // each of them counts, not just the first
};

void set_strict_host_keys(settings& s, std::string_view value) {
    const std::string word = to_lower(to_word(value));
    if (word == "yes" || word == "true") {
        s.strict_host_keys = host_key_policy::yes;
    } else if (word == "ask") {
        s.strict_host_keys = host_key_policy::ask;
    } else if (word == "accept-new") {
        s.strict_host_keys = host_key_policy::accept_new;
    } else if (word == "no" || word == "off" || word == "false") {
        s.strict_host_keys = host_key_policy::no;
        s.warnings.emplace_back(
            "StrictHostKeyChecking=no believes every server it meets; accept-new is as convenient "
            "and refuses a key that has changed");
    } else {
        throw not_understood(value);
    }
}

void set_identity(settings& s, std::string_view value) {
    const std::string path = to_word(value);
    if (to_lower(path) == "none") {
        s.default_identity = false;
    } else {
        s.identities.push_back(path);
    }
}

void set_authentications(settings& s, std::string_view value) {
    constexpr std::array<std::string_view, 4> methods{"publickey", "keyboard-interactive",
                                                      "password", "none"};
    s.authentications.clear();
    for (const std::string& name : split(to_word(value), ',')) {
        if (std::ranges::find(methods, name) == methods.end()) {
            throw usage_error("\"" + name +
                              "\" is not there; publickey, keyboard-interactive and password are");
        }
        s.authentications.push_back(name);
    }
}

void set_connect_timeout(settings& s, std::string_view value) {
    const std::string word = to_lower(to_word(value));
    s.connect_timeout = word == "none" ? std::chrono::seconds(0) : to_seconds(word);
}

void set_rekey_limit(settings& s, std::string_view value) {
    constexpr std::uint64_t smallest = 16;
    const auto words = to_words(value);
    if (words.empty() || words.size() > 2) throw not_understood(value);
    if (to_lower(words[0]) != "default") {
        s.rekey_bytes = to_size(words[0]);
        if (s.rekey_bytes != 0 && s.rekey_bytes < smallest) throw usage_error("that is too small");
    }
    if (words.size() == 2 && to_lower(words[1]) != "none") s.rekey_interval = to_seconds(words[1]);
}

// In a configuration file the two ends stand apart: "5432 db:5432".
[[nodiscard]] std::string joined_ends(std::string_view value) {
    const auto words = to_words(value);
    if (words.empty() || words.size() > 2) throw not_understood(value);
    return words.size() == 2 ? words[0] + ":" + words[1] : words[0];
}

void set_level(settings& s, std::string_view value) {
    constexpr std::array<std::pair<std::string_view, talk>, 9> levels{
        {{"quiet", talk::quiet},
         {"fatal", talk::error},
         {"error", talk::error},
         {"info", talk::info},
         {"verbose", talk::verbose},
         {"debug", talk::verbose},
         {"debug1", talk::verbose},
         {"debug2", talk::debug},
         {"debug3", talk::everything}}};
    const std::string word = to_lower(to_word(value));
    for (const auto& [name, level] : levels) {
        if (name == word) {
            s.level = level;
            return;
        }
    }
    throw not_understood(value);
}

void set_totp_algorithm(settings& s, std::string_view value) {
    using adit::crypto::totp_hash;
    const std::string word = to_lower(to_word(value));
    if (word == "sha1") {
        s.totp.hash = totp_hash::sha1;
    } else if (word == "sha256") {
        s.totp.hash = totp_hash::sha256;
    } else if (word == "sha512") {
        s.totp.hash = totp_hash::sha512;
    } else {
        throw usage_error("\"" + std::string(value) + "\" is not SHA1, SHA256 or SHA512");
    }
}

void set_totp_digits(settings& s, std::string_view value) {
    s.totp.digits = to_number<unsigned>(to_word(value));
    if (s.totp.digits < 6 || s.totp.digits > 8) throw usage_error("a code has 6, 7 or 8 digits");
}

void set_totp_period(settings& s, std::string_view value) {
    s.totp.period = static_cast<unsigned>(to_seconds(to_word(value)).count());
    if (s.totp.period == 0) throw usage_error("there is no period of 0");
}

void set_reconnect(settings& s, std::string_view value) { s.reconnect = to_bool(to_word(value)); }

void set_address_family(settings& s, std::string_view value) {
    const std::string word = to_lower(to_word(value));
    if (word == "any") {
        s.connect.family = adit::address_family::any;
    } else if (word == "inet") {
        s.connect.family = adit::address_family::inet;
    } else if (word == "inet6") {
        s.connect.family = adit::address_family::inet6;
    } else {
        throw not_understood(value);
    }
}

void set_bind_address(settings& s, std::string_view value) {
    const std::string address = to_word(value);
    adit::error_code wrong;
    boost::asio::ip::make_address(address, wrong);
    if (wrong) throw usage_error("\"" + address + "\" is no address; names are not looked up here");
    s.connect.bind_address = address;
}

void set_proxy_jump(settings& s, std::string_view value) {
    const auto hops = adit::config::parse_jump_hosts(to_word(value));
    if (!hops || value.find('%') != std::string_view::npos) throw not_understood(value);
    if (!s.proxy_command) s.jumps = *hops;
}

// What is behind the name is the shell's, quotes and all.
void set_proxy_command(settings& s, std::string_view value) {
    if (!s.jumps) s.proxy_command = to_lower(value) == "none" ? std::string() : std::string(value);
}

// scheme://[user@]host[:port], without a password: everybody can read a command line.
void set_upstream(settings& s, std::string_view value) {
    const std::string whole = to_word(value);
    std::string_view text = whole;
    if (to_lower(text) == "none") return;
    proxy_spec proxy;
    constexpr std::string_view http = "http://", socks = "socks5://";
    proxy.socks = text.starts_with(socks);
    if (!proxy.socks && !text.starts_with(http)) throw not_understood(value);
    text.remove_prefix((proxy.socks ? socks : http).size());
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        proxy.user = text.substr(0, at);
        if (proxy.user->find(':') != std::string::npos) {
            throw usage_error("a password belongs into UpstreamPasswordFile, or is asked for");
        }
        text.remove_prefix(at + 1);
    }
    if (text.ends_with('/')) text.remove_suffix(1);
    const std::vector<std::string> fields = split_addresses(text);
    if (fields.empty() || fields.size() > 2 || !adit::config::is_harmless_host(fields[0])) {
        throw not_understood(whole);
    }
    proxy.host = fields[0];
    constexpr std::uint16_t usual_http = 3128, usual_socks = 1080;
    proxy.port = proxy.socks ? usual_socks : usual_http;
    if (fields.size() == 2) proxy.port = to_port(fields[1]);
    s.upstream = std::move(proxy);
}

void set_ciphers(settings& s, std::string_view value) {
    const adit::algorithm_preferences usual;
    s.ciphers =
        to_algorithms(to_word(value), {usual.ciphers, adit::crypto::default_cipher_names()});
}

void set_macs(settings& s, std::string_view value) {
    const adit::algorithm_preferences usual;
    s.macs = to_algorithms(to_word(value), {usual.macs, adit::crypto::default_mac_names()});
}

void set_kex(settings& s, std::string_view value) {
    const adit::algorithm_preferences usual;
    s.kex = to_algorithms(to_word(value), {usual.kex, adit::crypto::default_kex_names()});
}

void set_host_key_algorithms(settings& s, std::string_view value) {
    const adit::algorithm_preferences usual;
    const std::string all = adit::keys::default_host_key_algorithm_names();
    s.host_key_algorithms = to_algorithms(to_word(value), {usual.host_keys, all});
}

void set_key_algorithms(settings& s, std::string_view value) {
    const std::string all = adit::keys::default_host_key_algorithm_names();
    s.key_algorithms = to_algorithms(to_word(value), {all, all});
}

void set_ca_algorithms(settings& s, std::string_view value) {
    const std::string all = adit::keys::default_host_key_algorithm_names();
    s.ca_algorithms = to_algorithms(to_word(value), {all, all});
}

void set_revoked_host_keys(settings& s, std::string_view value) {
    const std::string path = to_word(value);
    s.revoked_host_keys = to_lower(path) == "none" ? std::string() : path;
}

const std::array options{
    option{"addressfamily", set_address_family},
    option{"batchmode", [](settings& s, std::string_view v) { s.batch = to_bool(to_word(v)); }},
    option{"bindaddress", set_bind_address},
    option{"casignaturealgorithms", set_ca_algorithms},
    option{"certificatefile",
           [](settings& s, std::string_view v) { s.certificates.push_back(to_word(v)); }, true},
    option{"ciphers", set_ciphers},
    option{"connecttimeout", set_connect_timeout},
    option{
        "dynamicforward",
        [](settings& s, std::string_view v) { s.forwards.push_back(to_forward(to_word(v), true)); },
        true},
    option{
        "exitonforwardfailure",
        [](settings& s, std::string_view v) { s.exit_on_forward_failure = to_bool(to_word(v)); }},
    option{"forkafterauthentication",
           [](settings& s, std::string_view v) { s.background = to_bool(to_word(v)); }},
    option{"gatewayports",
           [](settings& s, std::string_view v) { s.gateway_ports = to_bool(to_word(v)); }},
    option{"globalknownhostsfile",
           [](settings& s, std::string_view v) { s.global_known_hosts = to_words(v); }},
    option{"hashknownhosts",
           [](settings& s, std::string_view v) { s.hash_known_hosts = to_bool(to_word(v)); }},
    option{"hostkeyalgorithms", set_host_key_algorithms},
    option{"hostkeyalias", [](settings& s, std::string_view v) { s.host_key_alias = to_word(v); }},
    option{"hostname", [](settings& s, std::string_view v) { s.host_name = to_word(v); }},
    option{"identitiesonly",
           [](settings& s, std::string_view v) { s.identities_only = to_bool(to_word(v)); }},
    option{"identityagent", [](settings& s, std::string_view v) { s.identity_agent = to_word(v); }},
    option{"identityfile", set_identity, true},
    option{"kbdinteractiveauthentication",
           [](settings& s, std::string_view v) { s.kbd_interactive = to_bool(to_word(v)); }},
    option{"kexalgorithms", set_kex},
    option{
        "localforward",
        [](settings& s, std::string_view v) { s.forwards.push_back(to_forward(joined_ends(v))); },
        true},
    option{"loglevel", set_level},
    option{"macs", set_macs},
    option{"numberofpasswordprompts",
           [](settings& s, std::string_view v) {
               s.password_prompts = to_number<unsigned>(to_word(v));
           }},
    option{"passwordauthentication",
           [](settings& s, std::string_view v) { s.password = to_bool(to_word(v)); }},
    option{"port", [](settings& s, std::string_view v) { s.port = to_port(to_word(v)); }},
    option{"preferredauthentications", set_authentications},
    option{"proxycommand", set_proxy_command},
    option{"proxyjump", set_proxy_jump},
    option{"pubkeyacceptedalgorithms", set_key_algorithms},
    option{"pubkeyauthentication",
           [](settings& s, std::string_view v) { s.publickey = to_bool(to_word(v)); }},
    option{"reconnect", set_reconnect},
    option{"rekeylimit", set_rekey_limit},
    option{"remoteforward",
           [](settings& s, std::string_view v) {
               s.remote_forwards.push_back(to_remote_forward(joined_ends(v)));
           },
           true},
    option{"revokedhostkeys", set_revoked_host_keys},
    option{"serveralivecountmax",
           [](settings& s, std::string_view v) {
               s.keepalive_count = to_number<unsigned>(to_word(v));
           }},
    option{"serveraliveinterval",
           [](settings& s, std::string_view v) { s.keepalive_interval = to_seconds(to_word(v)); }},
    option{"streamlocalbindmask",
           [](settings& s, std::string_view v) { s.socket_mask = to_mask(to_word(v)); }},
    option{"streamlocalbindunlink",
           [](settings& s, std::string_view v) { s.replace_sockets = to_bool(to_word(v)); }},
    option{"stricthostkeychecking", set_strict_host_keys},
    option{"totpalgorithm", set_totp_algorithm},
    option{"totpdigits", set_totp_digits},
    option{"totpperiod", set_totp_period},
    option{"totpsecretfile",
           [](settings& s, std::string_view v) { s.totp_secret_file = to_word(v); }},
    option{"upstream", set_upstream},
    option{"upstreampasswordfile",
           [](settings& s, std::string_view v) { s.upstream_password_file = to_word(v); }},
    option{"user", [](settings& s, std::string_view v) { s.user = to_word(v); }},
    option{"userknownhostsfile",
           [](settings& s, std::string_view v) { s.user_known_hosts = to_words(v); }},
};

// What may stand there because it changes nothing here. The empty value means any: these options
// are about a shell, a terminal or a display on the server (there is none under -N), about key
// types or sockets that we do not have, or about ssh's own logging.
struct harmless {
    std::string_view name;
    std::string_view value;
};

constexpr std::array harmless_options{
    harmless{"addkeystoagent", "no"},
    harmless{"canonicalizehostname", "no"},
    harmless{"checkhostip", "no"},
    harmless{"clearallforwardings", "no"},
    harmless{"compression", "no"},
    harmless{"connectionattempts", "1"},
    harmless{"controlmaster", "no"},
    harmless{"controlpath", "none"},
    harmless{"controlpersist", "no"},
    harmless{"enableescapecommandline", ""},
    harmless{"escapechar", ""},
    harmless{"fingerprinthash", "sha256"},
    harmless{"forwardagent", "no"},
    harmless{"forwardx11", "no"},
    harmless{"forwardx11timeout", ""},
    harmless{"forwardx11trusted", ""},
    harmless{"gssapiauthentication", "no"},
    harmless{"gssapidelegatecredentials", ""},
    harmless{"gssapikeyexchange", "no"},
    harmless{"hostbasedauthentication", "no"},
    harmless{"obscurekeystroketiming", ""},
    harmless{"permitlocalcommand", "no"},
    harmless{"proxyusefdpass", "no"},
    harmless{"remotecommand", "none"},
    harmless{"requesttty", ""},
    harmless{"requiredrsasize", ""},
    harmless{"sendenv", ""},
    harmless{"sessiontype", "none"},
    harmless{"setenv", ""},
    harmless{"stdinnull", ""},
    harmless{"syslogfacility", ""},
    harmless{"tcpkeepalive", "yes"},
    harmless{"tunnel", "no"},
    harmless{"tunneldevice", ""},
    harmless{"updatehostkeys", "no"},
    harmless{"verifyhostkeydns", "no"},
    harmless{"visualhostkey", "no"},
    harmless{"warnweakcrypto", ""},
    harmless{"xauthlocation", ""},
};

// Known to ssh, or planned here, and refused by name whatever their value.
constexpr std::array<std::string_view, 27> refused_options{"bindinterface",
                                                           "canonicaldomains",
                                                           "canonicalizefallbacklocal",
                                                           "canonicalizemaxdots",
                                                           "canonicalizepermittedcnames",
                                                           "channeltimeout",
                                                           "enablesshkeysign",
                                                           "gssapiclientidentity",
                                                           "gssapikexalgorithms",
                                                           "gssapirenewalforcesrekey",
                                                           "gssapiserveridentity",
                                                           "gssapitrustdns",
                                                           "hostbasedacceptedalgorithms",
                                                           "hostbasedkeytypes",
                                                           "ignoreunknown",
                                                           "include",
                                                           "ipqos",
                                                           "kbdinteractivedevices",
                                                           "knownhostscommand",
                                                           "localcommand",
                                                           "logverbose",
                                                           "match",
                                                           "nohostauthenticationforlocalhost",
                                                           "permitremoteopen",
                                                           "pkcs11provider",
                                                           "refuseconnection",
                                                           "securitykeyprovider"};

template <class Table>
auto find_by_name(const Table& table, std::string_view name) {
    return std::ranges::find_if(table, [name](const auto& row) { return row.name == name; });
}

void refuse_unless_harmless(std::string_view shown, const std::string& name,
                            std::string_view value) {
    const auto row = find_by_name(harmless_options, name);
    const bool refused = std::ranges::find(refused_options, name) != refused_options.end();
    if (row == harmless_options.end() && !refused) {
        throw usage_error("there is no option \"" + std::string(shown) + "\"");
    }
    if (row == harmless_options.end()) {
        throw usage_error(std::string(shown) + " is not there yet");
    }
    if (row->value.empty() || row->value == to_lower(value)) return;
    const bool off = row->value == "no" && to_lower(value) == "false";
    if (off || (row->value == "yes" && to_lower(value) == "true")) return;
    throw usage_error(std::string(shown) + "=" + std::string(value) +
                      " is not there yet; what it does here is \"" + std::string(row->value) +
                      "\"");
}

}  // namespace

void set_option(settings& s, std::string_view name, std::string_view value) {
    const std::string key(adit::config::present_name(to_lower(name)));
    const auto row = find_by_name(options, key);
    if (row == options.end()) return refuse_unless_harmless(name, key, value);
    try {
        if (value.empty()) throw usage_error("a value is missing");
        if (!row->adds && !s.given.insert(key).second) {
            settings unused;
            row->set(unused, value);  // a second one is still read, so that a mistake shows
            return;
        }
        row->set(s, value);
    } catch (const usage_error& e) {
        throw usage_error(std::string(name) + ": " + e.what());
    }
}

void set_option_line(settings& s, std::string_view line) {
    constexpr std::string_view blank = " \t\r\n";
    const auto trim = [&line, blank] {
        line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
        line = line.substr(0, line.find_last_not_of(blank) + 1);
    };
    trim();
    const auto end = std::min(line.find_first_of(" \t="), line.size());
    const std::string_view name = line.substr(0, end);
    line.remove_prefix(end);
    trim();
    if (line.starts_with('=')) {
        line.remove_prefix(1);
        trim();
    }
    set_option(s, name, line);
}

void set_destination(settings& s, std::string_view text) {
    const std::string whole(text);
    constexpr std::string_view scheme = "ssh://";
    const bool uri = text.starts_with(scheme);
    if (uri) text.remove_prefix(scheme.size());
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        if (at == 0) throw not_understood(whole);
        if (s.given.insert("user").second) s.user = text.substr(0, at);
        text.remove_prefix(at + 1);
    }
    if (uri) {
        if (text.ends_with('/')) text.remove_suffix(1);
        const std::vector<std::string> fields = split_addresses(text);
        if (fields.size() > 2) throw not_understood(whole);
        if (fields.size() == 2) set_option(s, "Port", fields[1]);
        s.host = fields[0];
    } else {
        s.host = text;
    }
    if (s.host.empty() || s.host.starts_with('-')) throw not_understood(whole);
}

}  // namespace adit_tunnel
