// F15: the small languages, each against a reference that is too simple to be wrong: base64 (RFC
// 4648), mpint and name-list (RFC 4251 section 5), wildcards, base32 and TOTP (RFC 6238), and the
// lists of algorithms with their + - ^ (ssh_config(5)). The first byte of an input says which;
// where a language has two texts, a newline divides them. And, with what they promise for a
// reference, the settings files: profiles in JSON and TOML.
// Over 300 lines: eight languages, each with a reference.
#include "fuzz/check.hpp"

#include <adit/config/profile_json.hpp>
#include <adit/config/profile_toml.hpp>
#include <adit/crypto/algorithm_lists.hpp>
#include <adit/crypto/totp.hpp>
#include <adit/keys/base64.hpp>
#include <adit/wildcard.hpp>
#include <adit/wire/types.hpp>

#include <boost/json/src.hpp>
#include <botan/mac.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::fuzz::check;
using std::string_view;
namespace config = adit::config;
namespace crypto = adit::crypto;
namespace keys = adit::keys;
namespace wire = adit::wire;

using bits = std::vector<bool>;
using names = std::vector<string_view>;

[[nodiscard]] std::pair<string_view, string_view> in_two(string_view text) {
    const auto newline = text.find('\n');
    if (newline == string_view::npos) return {text, {}};
    return {text.substr(0, newline), text.substr(newline + 1)};
}

/// The digits' values one behind the other; nothing where a character is no digit.
[[nodiscard]] std::optional<bits> digits_of(string_view text, string_view alphabet,
                                            unsigned width) {
    bits all;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (c == '\0' || value == string_view::npos) return std::nullopt;
        for (unsigned bit = width; bit-- > 0;) all.push_back((value >> bit & 1U) != 0);
    }
    return all;
}

/// The whole bytes at the begin of `all`; `left` is what is too little for one more.
[[nodiscard]] std::vector<byte> whole_bytes(const bits& all, bits& left) {
    std::vector<byte> bytes(all.size() / 8);
    for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
        bytes[i / 8] = static_cast<byte>(bytes[i / 8] * 2U + (all[i] ? 1U : 0U));
    }
    left.assign(all.begin() + static_cast<std::ptrdiff_t>(bytes.size() * 8), all.end());
    return bytes;
}

// Base64.

[[nodiscard]] std::optional<std::vector<byte>> base64_by_definition(string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    const auto pads = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
    if (pads > 2 || (pads != 0 && text.size() == pads)) return std::nullopt;
    const auto all =
        digits_of(text.substr(0, text.size() - pads),
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6);
    if (!all) return std::nullopt;
    bits left;
    auto bytes = whole_bytes(*all, left);
    // The one text of these bytes has zeros there.
    if (std::ranges::find(left, true) != left.end()) return std::nullopt;
    return bytes;
}

void base64(bytes_view input) {
    check(keys::from_base64(adit::as_text(input)) == base64_by_definition(adit::as_text(input)),
          "base64 takes the one text of some bytes");
    const std::string text = keys::to_base64(input);
    const auto back = base64_by_definition(text);
    check(back && std::ranges::equal(*back, input), "what is written in base64 comes back");
}

// An mpint and a name-list, both as strings whose length is right.

template <class T>
[[nodiscard]] std::optional<T> read_string_as(const std::vector<byte>& string) {
    wire::reader r(string);
    T value{};
    get(r, value);
    if (r.finish() != errc::ok) return std::nullopt;
    return value;
}

[[nodiscard]] std::vector<byte> as_string(bytes_view content) {
    std::vector<byte> string(4 + content.size());
    wire::writer w(string);
    w.put_string(content);
    return string;
}

template <class T>
void check_written_again(const T& value, const std::vector<byte>& string) {
    std::vector<byte> again(string.size());
    wire::writer w(again);
    put(w, value);
    check(w.error() == errc::ok && again == string, "what was read is written as it was");
}

void mpint(bytes_view content) {
    const bool negative = !content.empty() && (content[0] & 0x80U) != 0;
    const bool zero = !content.empty() && content[0] == 0;
    const bool needless = zero && (content.size() == 1 || (content[1] & 0x80U) == 0);
    const bool too_long = content.size() - (zero ? 1 : 0) > 16384 / 8;
    const auto string = as_string(content);
    const auto value = read_string_as<wire::mpint>(string);
    check(value.has_value() == (!negative && !needless && !too_long), "C11: minimal, not negative");
    if (!value) return;
    check_written_again(*value, string);
    check(value->magnitude.empty() || value->magnitude[0] != 0, "C11: no leading zeros");
}

[[nodiscard]] names split_by_definition(string_view list) {
    names all{list.substr(0, 0)};
    std::size_t begin = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i] == ',') {
            begin = i + 1;
            all.push_back({});
        } else {
            all.back() = list.substr(begin, i + 1 - begin);
        }
    }
    std::erase(all, string_view());
    return all;
}

void name_list(bytes_view content) {
    const string_view list = adit::as_text(content);
    const names all = split_by_definition(list);
    const bool printable =
        std::ranges::all_of(content, [](byte b) { return b > 0x20 && b < 0x7f; });
    const bool short_names = std::ranges::all_of(all, [](string_view n) { return n.size() <= 64; });
    const auto string = as_string(content);
    const auto value = read_string_as<wire::name_list>(string);
    check(value.has_value() == (printable && short_names), "C12: names of printable ASCII");
    if (!value) return;
    check_written_again(*value, string);
    names visited;
    value->any_of([&visited](string_view name) {
        visited.push_back(name);
        return false;
    });
    check(visited == all, "C12: the names that are not empty, in order");
    check(value->first() == (all.empty() ? string_view() : all.front()), "the first is the first");
    for (const string_view name : all) check(value->contains(name), "a list has its names");
    check(!value->contains(""), "C12: the empty name is in no list");
    const bool has_x = std::ranges::find(all, "x") != all.end();
    check(value->contains("x") == has_x, "and no others");
}

// Wildcards.

/// By a table: whether the text from i on matches the pattern from k on.
[[nodiscard]] bool matches_by_definition(string_view text, string_view pattern) {
    std::vector<std::vector<char>> table(text.size() + 1, std::vector<char>(pattern.size() + 1));
    for (std::size_t i = text.size() + 1; i-- > 0;) {
        for (std::size_t k = pattern.size() + 1; k-- > 0;) {
            char& here = table[i][k];
            const bool more = i < text.size();
            if (k == pattern.size()) {
                here = !more;
            } else if (pattern[k] == '*') {
                here = table[i][k + 1] || (more && table[i + 1][k]);
            } else {
                here = more && (pattern[k] == '?' || pattern[k] == text[i]) && table[i + 1][k + 1];
            }
        }
    }
    return table[0][0] != 0;
}

void wildcards(string_view input) {
    const auto [text, pattern] = in_two(input);
    const auto result = adit::match_pattern(text, pattern);
    check(result.matched == matches_by_definition(text, pattern), "a pattern means what it says");
    check(result.steps <= (text.size() + 1) * (pattern.size() + 1), "A29, C52: and costs no more");
}

// One-time codes.

[[nodiscard]] std::optional<std::vector<byte>> base32_by_definition(string_view text) {
    std::string digits;
    for (const char c : text) {
        if (c == ' ' || c == '\t' || c == '-' || c == '=' || c == '\r' || c == '\n') continue;
        digits += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    const auto all = digits_of(digits, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5);
    bits left;
    if (!all) return std::nullopt;
    auto bytes = whole_bytes(*all, left);
    // A digit that is not needed for any byte is a mistake, and so are bits behind the last one.
    const bool stray = left.size() >= 5 || std::ranges::find(left, true) != left.end();
    if (bytes.empty() || stray) return std::nullopt;
    return bytes;
}

[[nodiscard]] std::string code_by_definition(const std::vector<byte>& secret, std::uint64_t step,
                                             unsigned digits) {
    const auto hmac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-1)");
    hmac->set_key(secret);
    hmac->update_be(step);
    const auto mac = hmac->final();
    const std::size_t at = mac[19] & 0x0fU;
    const std::uint32_t number = (mac[at] & 0x7fU) << 24U | std::uint32_t{mac[at + 1]} << 16U |
                                 std::uint32_t{mac[at + 2]} << 8U | mac[at + 3];
    const std::string text = "0000000000" + std::to_string(number);
    return text.substr(text.size() - digits);
}

void totp(bytes_view input) {
    if (input.size() < 2) return;
    const unsigned digits = input[0] % 10;
    const unsigned period = input[1];
    const string_view text = adit::as_text(input.subspan(2));
    const auto secret = crypto::totp::from_base32(text, {crypto::totp_hash::sha1, digits, period});
    const auto reference = base32_by_definition(text);
    const bool sound = digits >= 6 && digits <= 8 && period != 0;
    check(secret.has_value() == (sound && reference.has_value()), "a secret is base32");
    if (!secret) return;
    const std::uint64_t step = secret->step_at(1'234'567'890 + text.size());
    check(step == (1'234'567'890 + text.size()) / period, "a step is so long as its period");
    const auto code = secret->code(step);
    check(code && adit::as_text(*code) == code_by_definition(*reference, step, digits),
          "a code is RFC 4226's");
}

// Lists of algorithms.

void add_once(names& to, string_view name) {
    if (std::ranges::find(to, name) == to.end()) to.push_back(name);
}

[[nodiscard]] names matching(const names& known, string_view pattern) {
    names found;
    for (const string_view name : known) {
        if (matches_by_definition(name, pattern)) add_once(found, name);
    }
    return found;
}

[[nodiscard]] bool removed(string_view name, const names& patterns) {
    bool hit = false;
    for (string_view pattern : patterns) {
        const bool keeps = pattern.starts_with('!');
        if (!matches_by_definition(name, pattern.substr(keeps ? 1 : 0))) continue;
        if (keeps) return false;
        hit = true;
    }
    return hit;
}

/// Empty where the wish is an error.
[[nodiscard]] names chosen_by_definition(string_view wanted, const names& defaults,
                                         const names& known) {
    if (wanted.empty()) return defaults;
    const char sign = string_view("+-^").find(wanted[0]) == string_view::npos ? ' ' : wanted[0];
    const names patterns = split_by_definition(wanted.substr(sign == ' ' ? 0 : 1));
    names result;
    if (sign == '-') {
        for (const string_view name : defaults) {
            if (!removed(name, patterns)) add_once(result, name);
        }
        return result;
    }
    if (sign == '+') result = defaults;
    for (const string_view pattern : patterns) {
        const names found = matching(known, pattern);
        if (found.empty()) return {};
        for (const string_view name : found) add_once(result, name);
    }
    if (patterns.empty()) return {};
    if (sign == '^') {
        for (const string_view name : defaults) add_once(result, name);
    }
    return result;
}

void algorithm_list(string_view wanted) {
    constexpr string_view defaults = "aes-ctr,bee,c1";
    constexpr string_view known = "aes-ctr,aes-gcm,bee,c1,c2,d@e.org";
    std::string rejected;
    const auto chosen = crypto::apply_list(wanted, {defaults, known}, rejected);
    const names reference =
        chosen_by_definition(wanted, split_by_definition(defaults), split_by_definition(known));
    check(chosen.has_value() == !reference.empty(), "a list leaves something, or is an error");
    if (!chosen) {
        check(!rejected.empty() && wanted.find(rejected) != string_view::npos,
              "what is rejected stands in the list");
        return;
    }
    check(split_by_definition(*chosen) == reference, "a list means what ssh_config(5) says");
}

// Settings files.

void profile(const config::config_result<config::profile_node>& root) {
    if (!root) {
        check(root.error().line != 0, "what is no document has a line");
        return;
    }
    const auto read = config::read_profile({"file", *root, true}, {});
    if (!read) {
        const std::string told = read.error().sentence();
        const auto drives_a_terminal = [](char c) {
            return static_cast<byte>(c) < 0x20 || c == 0x7f;
        };
        check(std::ranges::none_of(told, drives_a_terminal), "A25: a fault can be printed");
        return;
    }
    check(config::is_harmless_host(read->host), "C52: a host is one");
    check(read->user.empty() || config::is_harmless_user(read->user), "C52: a user is one");
    check(!read->password && !read->private_key && !read->passphrase && !read->totp_secret,
          "S05: no secret from a file that others can read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t longest = 4096;
    if (size == 0 || size > longest) return 0;
    const bytes_view input = bytes_view(data, size).subspan(1);
    // A table is as large as the product of its texts.
    const string_view short_text =
        adit::as_text(input.first(std::min<std::size_t>(input.size(), 400)));
    switch (data[0] % 8) {
        case 0: base64(input); break;
        case 1: mpint(input); break;
        case 2: name_list(input); break;
        case 3: wildcards(short_text); break;
        case 4: totp(input); break;
        case 5: algorithm_list(short_text); break;
        case 6: profile(config::parse_json_profiles(input, "file")); break;
        default: profile(config::parse_toml_profiles(input, "file"));
    }
    return 0;
}
