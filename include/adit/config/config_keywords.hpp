// The tables behind config_options.hpp: every keyword that OpenSSH 9.2 to 10.x knows, by its name
// in lower case. Used by ssh_config.hpp; docs/ssh_config.md says the same for people.
// Invariant: each keyword stands in exactly one of the tables, older names in the third.
#pragma once

#include <adit/bodies.hpp>
#include <adit/config/config_options.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace adit::config {

// Details.

/// Older names, and Debian's own.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 11> keyword_aliases{
    {{"challengeresponseauthentication", "kbdinteractiveauthentication"},
     {"dsaauthentication", "pubkeyauthentication"},
     {"hostbasedkeytypes", "hostbasedacceptedalgorithms"},
     {"identityfile2", "identityfile"},
     {"keepalive", "tcpkeepalive"},
     {"protocolkeepalives", "serveraliveinterval"},
     {"pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms"},
     {"setuptimeout", "connecttimeout"},
     {"skeyauthentication", "kbdinteractiveauthentication"},
     {"smartcarddevice", "pkcs11provider"},
     {"tisauthentication", "kbdinteractiveauthentication"}}};

[[nodiscard]] inline std::string_view present_name(std::string_view keyword) noexcept {
    const auto row = std::ranges::find(keyword_aliases, keyword,
                                       &std::pair<std::string_view, std::string_view>::first);
    return row == keyword_aliases.end() ? keyword : row->second;
}

#if ADIT_BODIES

using settings_of = host_settings;

inline constexpr std::array option_rows{
    option_row{"addressfamily", read_one_of<&settings_of::address_family, family_words>},
    option_row{"batchmode", read_flag<&settings_of::batch_mode>},
    option_row{"bindaddress", read_text<&settings_of::bind_address>},
    option_row{"canonicaldomains", read_names<&settings_of::canonical_domains>},
    option_row{"canonicalizefallbacklocal", read_flag<&settings_of::canonicalize_fallback_local>},
    option_row{"canonicalizehostname",
               read_one_of<&settings_of::canonicalize_hostname, canonicalize_words>},
    option_row{"canonicalizemaxdots", read_count<&settings_of::canonicalize_max_dots>},
    option_row{"canonicalizepermittedcnames",
               read_names<&settings_of::canonicalize_permitted_cnames>},
    option_row{"casignaturealgorithms", read_text<&settings_of::ca_signature_algorithms>},
    option_row{"certificatefile", read_more<&settings_of::certificate_files>},
    option_row{"ciphers", read_text<&settings_of::ciphers>},
    option_row{"clearallforwardings", read_flag<&settings_of::clear_all_forwardings>},
    option_row{"connectionattempts", read_count<&settings_of::connection_attempts>},
    option_row{"connecttimeout", read_seconds<&settings_of::connect_timeout>},
    option_row{"dynamicforward",
               [](directive& d) {
                   return read_forward(d, forward_kind::dynamic, d.into.dynamic_forwards);
               }},
    option_row{"exitonforwardfailure", read_flag<&settings_of::exit_on_forward_failure>},
    option_row{"gatewayports", read_flag<&settings_of::gateway_ports>},
    option_row{"globalknownhostsfile", read_names<&settings_of::global_known_hosts_files>},
    option_row{"hashknownhosts", read_flag<&settings_of::hash_known_hosts>},
    option_row{"hostkeyalgorithms", read_text<&settings_of::host_key_algorithms>},
    option_row{"hostkeyalias", read_text<&settings_of::host_key_alias>},
    option_row{"hostname", read_text<&settings_of::host_name>},
    option_row{"identitiesonly", read_flag<&settings_of::identities_only>},
    option_row{"identityagent", read_identity_agent},
    option_row{"identityfile", read_more<&settings_of::identity_files>},
    option_row{"ignoreunknown", read_text<&settings_of::ignore_unknown>},
    option_row{"kbdinteractiveauthentication",
               read_flag<&settings_of::kbd_interactive_authentication>},
    option_row{"kexalgorithms", read_text<&settings_of::kex_algorithms>},
    option_row{
        "localforward",
        [](directive& d) { return read_forward(d, forward_kind::local, d.into.local_forwards); }},
    option_row{"loglevel", read_one_of<&settings_of::log_level, level_words>},
    option_row{"macs", read_text<&settings_of::macs>},
    option_row{"numberofpasswordprompts", read_count<&settings_of::number_of_password_prompts>},
    option_row{"passwordauthentication", read_flag<&settings_of::password_authentication>},
    option_row{"port", read_port_directive},
    option_row{"preferredauthentications", read_text<&settings_of::preferred_authentications>},
    option_row{"proxycommand", read_proxy_command},
    option_row{"proxyjump", read_proxy_jump},
    option_row{"pubkeyacceptedalgorithms", read_text<&settings_of::pubkey_accepted_algorithms>},
    option_row{"pubkeyauthentication",
               read_one_of<&settings_of::pubkey_authentication, pubkey_words>},
    option_row{"rekeylimit", read_rekey_limit},
    option_row{
        "remoteforward",
        [](directive& d) { return read_forward(d, forward_kind::remote, d.into.remote_forwards); }},
    option_row{"requiredrsasize", read_count<&settings_of::required_rsa_size>},
    option_row{"revokedhostkeys", read_text<&settings_of::revoked_host_keys>},
    option_row{"serveralivecountmax", read_count<&settings_of::server_alive_count_max>},
    option_row{"serveraliveinterval", read_seconds<&settings_of::server_alive_interval>},
    option_row{"stricthostkeychecking",
               read_one_of<&settings_of::strict_host_key_checking, strict_words>},
    option_row{"tag", read_text<&settings_of::tag>},
    option_row{"tcpkeepalive", read_flag<&settings_of::tcp_keep_alive>},
    option_row{"user", read_text<&settings_of::user>},
    option_row{"userknownhostsfile", read_names<&settings_of::user_known_hosts_files>},
};

// Nothing to a tunnel: about a shell, a terminal, a display or sockets of ssh's own, or how ssh
// prints; or gone from ssh long ago. Warned about: ssh would do something more or else with it,
// as safely. Refused: where a connection goes, or whom it believes, would be another thing.
inline constexpr std::array unused_rows{
    unused_row{"addkeystoagent", unused_effect::warned, "no"},
    unused_row{"afstokenpassing"},
    unused_row{"bindinterface", unused_effect::refused},
    unused_row{"channeltimeout", unused_effect::warned, "none"},
    unused_row{"checkhostip", unused_effect::warned, "no"},
    unused_row{"cipher"},
    unused_row{"compression", unused_effect::warned, "no"},
    unused_row{"compressionlevel"},
    unused_row{"controlmaster", unused_effect::warned, "no"},
    unused_row{"controlpath"},
    unused_row{"controlpersist"},
    unused_row{"enableescapecommandline"},
    unused_row{"enablesshkeysign"},
    unused_row{"escapechar"},
    unused_row{"fallbacktorsh"},
    unused_row{"fingerprinthash"},
    unused_row{"forkafterauthentication"},
    unused_row{"forwardagent"},
    unused_row{"forwardx11"},
    unused_row{"forwardx11timeout"},
    unused_row{"forwardx11trusted"},
    unused_row{"globalknownhostsfile2"},
    unused_row{"gssapiauthentication"},
    unused_row{"gssapiclientidentity"},
    unused_row{"gssapidelegatecredentials"},
    unused_row{"gssapikexalgorithms"},
    unused_row{"gssapikeyexchange", unused_effect::warned, "no"},
    unused_row{"gssapirenewalforcesrekey"},
    unused_row{"gssapiserveridentity"},
    unused_row{"gssapitrustdns"},
    unused_row{"hostbasedacceptedalgorithms"},
    unused_row{"hostbasedauthentication", unused_effect::warned, "no"},
    unused_row{"ipqos"},
    unused_row{"kbdinteractivedevices", unused_effect::warned},
    unused_row{"kerberosauthentication"},
    unused_row{"kerberostgtpassing"},
    unused_row{"knownhostscommand", unused_effect::refused, "none"},
    unused_row{"localcommand", unused_effect::warned, "none"},
    unused_row{"logverbose"},
    unused_row{"nohostauthenticationforlocalhost", unused_effect::warned, "no"},
    unused_row{"obscurekeystroketiming"},
    unused_row{"permitlocalcommand"},
    unused_row{"permitremoteopen", unused_effect::refused, "any"},
    unused_row{"pkcs11provider", unused_effect::warned, "none"},
    unused_row{"protocol"},
    unused_row{"proxyusefdpass", unused_effect::refused, "no"},
    unused_row{"refuseconnection", unused_effect::refused},
    unused_row{"remotecommand", unused_effect::warned, "none"},
    unused_row{"requesttty"},
    unused_row{"rhostsauthentication"},
    unused_row{"rhostsrsaauthentication"},
    unused_row{"rsaauthentication"},
    unused_row{"securitykeyprovider"},
    unused_row{"sendenv"},
    unused_row{"sessiontype"},
    unused_row{"setenv"},
    unused_row{"stdinnull"},
    unused_row{"streamlocalbindmask"},
    unused_row{"streamlocalbindunlink"},
    unused_row{"syslogfacility"},
    unused_row{"tunnel", unused_effect::warned, "no"},
    unused_row{"tunneldevice"},
    unused_row{"updatehostkeys"},
    unused_row{"useprivilegedport"},
    unused_row{"userknownhostsfile2"},
    unused_row{"useroaming"},
    unused_row{"usersh"},
    unused_row{"verifyhostkeydns", unused_effect::warned, "no"},
    unused_row{"versionaddendum"},
    unused_row{"visualhostkey"},
    unused_row{"warnweakcrypto"},
    unused_row{"xauthlocation"},
};

ADIT_DECL const option_row* find_option(std::string_view keyword) noexcept {
    const auto row = std::ranges::find(option_rows, present_name(keyword), &option_row::name);
    return row == option_rows.end() ? nullptr : &*row;
}

ADIT_DECL const unused_row* find_unused(std::string_view keyword) noexcept {
    const auto row = std::ranges::find(unused_rows, present_name(keyword), &unused_row::name);
    return row == unused_rows.end() ? nullptr : &*row;
}

#endif  // ADIT_BODIES

}  // namespace adit::config
