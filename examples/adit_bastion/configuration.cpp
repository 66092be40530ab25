// From settings to the library's options.
#include "configuration.hpp"

#include "../programs/values.hpp"
#include "users_file.hpp"

#include <adit/config/key_file.hpp>
#include <adit/config/key_option_parser.hpp>
#include <adit/config/network.hpp>
#include <adit/config/revoked_keys.hpp>
#include <adit/diagnostics.hpp>
#include <adit/keys/certificate.hpp>
#include <adit/keys/rsa.hpp>

#include <optional>

namespace adit_bastion {
namespace {

using adit::task;

[[nodiscard]] std::string text_of_file(const std::string& path) {
    if (path.empty()) return {};
    const auto content = adit::config::read_file(path, {});
    if (!content) throw usage_error(path + ": " + content.error().message());
    return std::string(adit::as_text(*content));
}

[[nodiscard]] bool is_weak(const adit::keys::public_key& key) {
    constexpr std::size_t fewest_bits = 3072;
    if (key.type() != adit::keys::rsa_type) return false;
    adit::wire::reader blob(key.blob());
    static_cast<void>(blob.take_string());
    const auto numbers = adit::wire::decode_fields<adit::keys::rsa_fields>(blob.take_rest());
    return !numbers || adit::keys::bits_of(numbers->n) < fewest_bits;
}

[[nodiscard]] std::shared_ptr<adit::signer> certified(const adit::host_key_signers& keys,
                                                      const std::string& path) {
    const auto certificate = adit::keys::certificate::parse_line(text_of_file(path));
    if (!certificate) throw usage_error(path + ": " + certificate.error().message());
    if (certificate->use() != adit::keys::certificate_use::host) {
        throw usage_error(path + ": is a user's certificate, not a host's");
    }
    for (const auto& key : keys) {
        if (!(key->public_part() == certificate->key())) continue;
        auto blob = adit::keys::public_key::parse(certificate->blob());
        return std::make_shared<adit::certified_signer>(key, std::move(*blob));
    }
    throw usage_error(path + ": certifies none of the HostKeys");
}

// As in authorized_keys; they have been read once before.
[[nodiscard]] bool is_place(const std::vector<std::string>& places, const std::string& host,
                            std::uint16_t port) {
    for (const std::string& text : places) {
        const auto place = adit::config::parse_permitted_place(text);
        if (!place || (place->port != 0 && place->port != port)) continue;
        const bool same = programs::to_lower(place->host) == programs::to_lower(host);
        if (same || place->host == "*") return true;
    }
    return false;
}

}  // namespace

std::function<bool(const adit::keys::public_key&)> configuration::revoked() const {
    if (settings_.revoked_keys.empty()) return nullptr;
    auto list = adit::config::revoked_keys::load(settings_.revoked_keys);
    if (!list) throw usage_error("RevokedKeys: " + list.error().sentence());
    return [all = std::move(*list)](const adit::keys::public_key& key) {
        return all.line_of(key) != 0;
    };
}

std::shared_ptr<adit::accounts> configuration::users() const {
    adit::account_options options;
    options.keys_files = settings_.authorized_keys_files;
    options.strict_modes = settings_.strict_modes;
    options.keys_file_trouble = [&say = say_](const std::string& path, adit::error_code ec) {
        const bool refused = ec == boost::system::errc::permission_denied;
        const char* const hint =
            refused ? " (StrictModes: can others write it or its folders?)" : "";
        // A path may hold the name that a client gave.
        say.say(adit::escaped(path) + ": " + ec.message() + hint);
    };
    options.trusted_user_ca_keys = text_of_file(settings_.trusted_user_ca_keys);
    options.ca_signature_algorithms = settings_.ca_algorithms;
    options.revoked = revoked();
    options.steps = memory_.steps;
    options.guesses = memory_.guesses;
    adit::account_table users;
    // Without a file of users, whoever has a key in a file that serves every name gets in.
    if (settings_.users_file.empty()) {
        options.everybody.emplace();
    } else {
        users = read_users(settings_.users_file);
    }
    auto all = std::make_shared<adit::accounts>(std::move(options));
    for (const adit::account_fault& fault : all->replace(std::move(users))) {
        if (fault.user.empty() && fault.line != 0) {
            throw usage_error(settings_.trusted_user_ca_keys + ":" + std::to_string(fault.line) +
                              ": " + fault.what);
        }
        throw usage_error(settings_.users_file + ": user " + fault.user + ": " + fault.what);
    }
    return all;
}

adit::host_key_signers configuration::host_keys() const {
    adit::host_key_signers all;
    for (const std::string& path : settings_.host_keys) {
        auto key = adit::config::load_private_key(path);
        if (!key) throw usage_error(path + ": " + key.error().message());
        if (is_weak(key->public_part())) {
            throw usage_error(path + ": an RSA host key has 3072 bits or more");
        }
        all.push_back(std::make_shared<adit::key_signer>(std::move(*key), path));
    }
    for (const std::string& path : settings_.host_certificates) all.push_back(certified(all, path));
    return all;
}

std::vector<std::vector<std::string>> configuration::methods() const {
    if (!settings_.methods.empty()) return settings_.methods;
    std::vector<std::vector<std::string>> any;
    if (settings_.public_keys) any.push_back({"publickey"});
    if (settings_.keyboard_interactive.value_or(false)) any.push_back({"keyboard-interactive"});
    if (settings_.passwords) any.push_back({"password"});
    return any;
}

void configuration::set_limits(adit::limits& limits) const {
    limits.authentication_failures = settings_.max_auth_tries;
    limits.login_grace = settings_.login_grace;
    limits.keepalive_interval = settings_.alive_interval;
    limits.keepalive_count = settings_.alive_count;
    limits.channel_timeout = settings_.channel_timeout;
    limits.unused_connection_timeout = settings_.unused_connection_timeout;
    if (settings_.rekey_bytes != 0) limits.rekey_bytes = settings_.rekey_bytes;
    if (settings_.rekey_interval.count() != 0) limits.rekey_interval = settings_.rekey_interval;
}

std::shared_ptr<adit::server_options> configuration::server() const {
    auto options = std::make_shared<adit::server_options>(host_keys(), users());
    options->methods = methods();
    adit::algorithm_preferences& offer = options->algorithms;
    if (!settings_.kex.empty()) offer.kex = settings_.kex;
    if (!settings_.ciphers.empty()) offer.ciphers = settings_.ciphers;
    if (!settings_.macs.empty()) offer.macs = settings_.macs;
    if (!settings_.host_key_algorithms.empty()) offer.host_keys = settings_.host_key_algorithms;
    if (adit::provable_algorithms(offer.host_keys, options->host_keys).empty()) {
        throw usage_error("no HostKey is of a type in HostKeyAlgorithms (" + offer.host_keys + ")");
    }
    options->public_key_algorithms = settings_.public_key_algorithms;
    options->banner = text_of_file(settings_.banner);
    set_limits(options->limits);
    options->audit = [&say = say_](const adit::audit_event& event) { say(event); };
    return options;
}

adit::forward_policy configuration::policy() const {
    using kind = adit::incoming::kind;
    return [s = settings_](const adit::forward_question& q) -> task<bool> {
        bool allowed = false;
        switch (q.what) {
            case kind::direct_tcpip:
                allowed = s.forward_local || (s.permit_open && !s.forwarding_is_said);
                if (allowed && s.permit_open) {
                    allowed = is_place(*s.permit_open, q.target.host, q.target.port);
                }
                break;
            case kind::direct_streamlocal: allowed = s.forward_sockets; break;
            case kind::tcpip_forward:
                allowed =
                    s.forward_remote &&
                    (!s.permit_listen || is_place(*s.permit_listen, q.target.host, q.target.port));
                break;
            default: break;
        }
        if (!allowed || !q.address || s.deny_addresses.empty()) co_return allowed;
        const std::string address = q.address->to_string();
        co_return adit::config::match_network_list(address, s.deny_addresses) ==
            adit::config::address_match::no;
    };
}

adit::guest_options configuration::guests() const {
    adit::guest_options options;
    options.server = server();
    options.policy = policy();
    return options;
}

}  // namespace adit_bastion
