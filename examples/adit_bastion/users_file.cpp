// Reading UsersFile with toml++, and making what goes into it.
#include "users_file.hpp"

#include "settings.hpp"

#include <adit/config/authorized_keys.hpp>
#include <adit/config/key_file.hpp>
#include <adit/config/key_option_parser.hpp>
#include <adit/config/profile_toml.hpp>
#include <adit/crypto/password_hash.hpp>

#include <botan/base32.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace adit_bastion {
namespace {

[[nodiscard]] usage_error at(const std::string& path, const toml::node& node,
                             const std::string& what) {
    return usage_error(path + ":" + std::to_string(node.source().begin.line) + ": " + what);
}

[[nodiscard]] std::string text_of(const std::string& path, const toml::node& node,
                                  std::string_view name) {
    const auto value = node.value<std::string>();
    if (!value) throw at(path, node, std::string(name) + " wants a string");
    return *value;
}

// Where this line of a text of several lines stands in the file. A newline right behind the opening
// quotation marks is not of the text; where newlines are written as escapes, the text's own line.
[[nodiscard]] std::size_t line_in_file(const toml::node& node, std::string_view text,
                                       std::size_t line) {
    const toml::source_region& place = node.source();
    const auto newlines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
    const std::size_t height = place.end.line - place.begin.line;
    if (height != newlines && height != newlines + 1) return place.begin.line;
    return place.begin.line + (height - newlines) + line - 1;
}

// Lines of authorized_keys in one string. One that means nothing lets nobody in, which nobody
// would have meant.
[[nodiscard]] std::string key_lines(const std::string& path, const toml::node& node) {
    std::string text = text_of(path, node, "keys");
    const auto refused = adit::config::parse_authorized_keys(text).refused;
    if (refused.empty()) return text + "\n";
    const auto& first = refused.front();
    const std::size_t line = line_in_file(node, text, first.line);
    throw usage_error(path + ":" + std::to_string(line) +
                      ": keys: " + adit::config::sentence(first.why));
}

[[nodiscard]] std::string keys_of(const std::string& path, const toml::node& node) {
    const toml::array* const list = node.as_array();
    if (list == nullptr) return key_lines(path, node);
    std::string lines;
    for (const toml::node& line : *list) lines += key_lines(path, line);
    return lines;
}

void set(adit::account& user, const std::string& path, std::string_view name,
         const toml::node& node) {
    if (name == "password") {
        user.password_hash = text_of(path, node, name);
        const bool sound = adit::crypto::password_hash_is_sound(user.password_hash);
        if (!sound) throw at(path, node, "password wants an Argon2id or bcrypt string");
    } else if (name == "totp") {
        auto totp = adit::crypto::totp::from_base32(text_of(path, node, name), {});
        if (!totp) throw at(path, node, "totp: " + totp.error().message());
        user.totp = std::move(*totp);
    } else if (name == "keys") {
        user.authorized_keys = keys_of(path, node);
    } else if (name == "home") {
        user.home = text_of(path, node, name);
    } else {
        throw at(path, node, "there is no \"" + std::string(name) + "\" of a user");
    }
}

[[nodiscard]] toml::table parse(const std::string& path) {
    // Read as a key file is: a regular file, closed to others, of a size that is bounded.
    const auto content = adit::config::read_key_file(path);
    if (!content) throw usage_error(path + ": " + content.error().message());
    auto table = adit::config::parse_toml(*content, path);
    if (!table) throw usage_error(table.error().sentence());
    return std::move(*table);
}

}  // namespace

adit::account_table read_users(const std::string& path) {
    adit::account_table users;
    const toml::table file = parse(path);
    for (const auto& [section, node] : file) {
        const toml::table* const all = node.as_table();
        if (section.str() != "user" || all == nullptr) {
            throw at(path, node, "only [user.NAME] is known");
        }
        for (const auto& [name, user] : *all) {
            const toml::table* const fields = user.as_table();
            if (fields == nullptr) throw at(path, user, "a user is a table: [user.NAME]");
            adit::account one;
            for (const auto& [field, value] : *fields) set(one, path, field.str(), value);
            users.emplace(std::string(name.str()), std::move(one));
        }
    }
    return users;
}

new_totp make_totp(const std::string& name) {
    adit::crypto::system_random random;
    adit::secret_bytes seed(20);  // what RFC 4226 recommends
    random.fill(seed);
    new_totp made;
    made.secret = Botan::base32_encode(seed);
    made.otpauth = "otpauth://totp/adit-bastion:" + name + "?secret=" + made.secret +
                   "&issuer=adit-bastion&algorithm=SHA1&digits=6&period=30";
    return made;
}

}  // namespace adit_bastion
