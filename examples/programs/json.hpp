// One JSON object in one line, for --json. Used by the report.hpp of adit_tunnel/ and of
// adit_bastion/. Invariant: the texts are UTF-8 already, as adit::escaped() makes them; here they
// only get their quotes.
#pragma once

#include <adit/bytes.hpp>

#include <string>
#include <string_view>

namespace programs {

/// One JSON object, built field by field. Texts must be UTF-8, as adit::escaped() makes them.
class json_object {
public:
    json_object() = default;
    explicit json_object(std::string_view event) { text("event", event); }

    json_object& text(std::string_view name, std::string_view value) {
        return raw(name, quoted(value));
    }
    template <class Number>
    json_object& number(std::string_view name, Number value) {
        return raw(name, std::to_string(value));
    }
    json_object& truth(std::string_view name, bool value) {
        return raw(name, value ? "true" : "false");
    }
    /// `json` is JSON already.
    json_object& raw(std::string_view name, std::string_view json) {
        body_.append(body_.empty() ? "" : ",").append(quoted(name)).append(":").append(json);
        return *this;
    }
    [[nodiscard]] std::string str() const { return "{" + body_ + "}"; }

    [[nodiscard]] static std::string quoted(std::string_view value);

private:
    std::string body_;
};

// Details.

inline std::string json_object::quoted(std::string_view value) {
    std::string out = "\"";
    for (const char c : value) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            (out += '\\') += c;
        } else if (code < 0x20 || code == 0x7f) {
            out += "\\u00" + adit::to_hex({&code, 1});
        } else {
            out += c;
        }
    }
    return out + '"';
}

}  // namespace programs
