// What adit-bastion says on standard error: short lines for people, or one JSON object for each
// event. Used by adit_bastion.cpp. Invariant: an audit event has no secret and is escaped already;
// nothing else is printed of a peer's.
#pragma once

#include "../programs/json.hpp"

#include <adit/audit.hpp>

#include <cstdio>
#include <ctime>
#include <string>

namespace adit_bastion {

class reporter {
public:
    explicit reporter(bool json) : json_(json) {}

    void say(const std::string& text) const {
        if (json_) {
            print(programs::json_object("message").text("text", text).str());
        } else {
            print("adit-bastion: " + text);
        }
    }
    void operator()(const adit::audit_event& e) const { print(json_ ? as_json(e) : as_text(e)); }

private:
    static void print(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

    [[nodiscard]] static std::string as_json(const adit::audit_event& e) {
        programs::json_object o(adit::name_of(e.what));
        o.number("time", std::time(nullptr)).number("connection", e.connection);
        o.text("source", e.source).text("user", e.user);
        if (!e.method.empty()) o.text("method", e.method);
        if (!e.key_fingerprint.empty()) o.text("key", e.key_fingerprint);
        if (!e.target.empty()) o.text("target", e.target);
        o.number("bytes_to_target", e.bytes_to_target);
        o.number("bytes_from_target", e.bytes_from_target);
        o.number("milliseconds", e.duration.count());
        if (e.error) o.text("error", e.error.message());
        if (!e.text.empty()) o.text("text", e.text);
        return o.str();
    }

    [[nodiscard]] static std::string as_text(const adit::audit_event& e) {
        std::string line = "#" + std::to_string(e.connection) + " " + e.source;
        if (!e.user.empty()) line += " " + e.user;
        line += std::string(": ") + adit::name_of(e.what);
        for (const std::string* part : {&e.method, &e.key_fingerprint, &e.target}) {
            if (!part->empty()) line += " " + *part;
        }
        const auto bytes = e.bytes_to_target + e.bytes_from_target;
        if (bytes != 0) {
            line += ", " + std::to_string(e.bytes_to_target) + " bytes there, " +
                    std::to_string(e.bytes_from_target) + " back";
        }
        if (!e.text.empty()) line += ": " + e.text;
        return line;
    }

    bool json_;
};

}  // namespace adit_bastion
