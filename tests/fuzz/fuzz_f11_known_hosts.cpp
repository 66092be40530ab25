// F11: known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; C51, A30). The first byte of an input
// says what is done: 0 the file is read, 1 a key is added to it, 2 a key in it is replaced. The
// first line of the rest is a host's name, what follows is the file. A second reader here, which
// splits lines into words first, finds the same entries; a verdict is one that a line accounts for;
// and whatever is written, no other line changes its meaning.
#include "fuzz/check.hpp"
#include "support/certificates.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"

#include <adit/config/known_hosts.hpp>
#include <adit/config/known_hosts_replacer.hpp>
#include <adit/config/known_hosts_writer.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace {

using adit::byte;
using adit::fuzz::check;
using adit::test::sample_public_key;
namespace config = adit::config;
namespace keys = adit::keys;
using config::host_key_status;
using config::host_marker;

[[nodiscard]] std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    bool inside = false;
    for (const char c : line) {
        const bool blank = c == ' ' || c == '\t';
        if (!blank && !inside) words.emplace_back();
        if (!blank) words.back() += c;
        inside = !blank;
    }
    return words;
}

/// An entry as text: marker, names and key, or nothing.
[[nodiscard]] std::string second_reading(std::string_view line) {
    if (line.size() > config::known_hosts::longest_line) return {};
    if (line.ends_with('\r')) line.remove_suffix(1);
    std::vector<std::string> words = words_of(line);
    if (words.empty() || words[0][0] == '#') return {};
    std::string marker;
    if (words[0][0] == '@') {
        marker = words[0];
        words.erase(words.begin());
        if (marker != "@revoked" && marker != "@cert-authority") return {};
        if (words.empty() || words[0][0] == '@') return {};
        // OpenSSH's marker ends at the first space, if there is one.
        const std::string_view from_marker = line.substr(line.find('@'));
        const bool tab = from_marker[marker.size()] == '\t';
        const bool space = from_marker.find(' ') != std::string_view::npos;
        if (marker == "@cert-authority" && tab && space) return {};
    }
    if (words.size() < 3) return {};
    const auto key = keys::public_key::parse_line(words[1] + ' ' + words[2]);
    return key ? marker + ' ' + words[0] + ' ' + key->to_line() : std::string();
}

[[nodiscard]] std::string as_text(const config::known_host& entry) {
    const char* const marker = entry.marker == host_marker::revoked          ? "@revoked"
                               : entry.marker == host_marker::cert_authority ? "@cert-authority"
                                                                             : "";
    return std::string(marker) + ' ' + entry.names + ' ' + entry.key.to_line();
}

[[nodiscard]] std::vector<std::string> entries_of(const config::known_hosts& hosts) {
    std::vector<std::string> all;
    for (const config::known_host& entry : hosts.entries()) all.push_back(as_text(entry));
    return all;
}

void check_reading(const config::known_hosts& hosts, std::string_view text) {
    std::vector<std::string> expected;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        std::string entry = second_reading(line);
        if (!entry.empty()) expected.push_back(std::move(entry));
    }
    check(entries_of(hosts) == expected, "both readers find the same lines");
}

void check_verdict(const config::known_hosts& hosts, std::string_view host, std::uint16_t port) {
    const keys::public_key key = sample_public_key(1);
    const std::vector<std::string> names{config::known_host_name(host, port),
                                         config::known_host_name(host, 22)};
    const auto has = [&](host_marker marker, bool same_key) {
        for (const config::known_host& entry : hosts.entries()) {
            const bool fits = entry.marker == marker && (entry.key == key) == same_key;
            for (const std::string& name : names) {
                if (fits && config::speaks_of(entry, name)) return true;
            }
        }
        return false;
    };
    const auto verdict = hosts.check(host, port, key);
    const bool revoked = has(host_marker::revoked, true);
    check(revoked == (verdict.status == host_key_status::revoked), "what is revoked is revoked");
    if (verdict.status == host_key_status::match) {
        check(has(host_marker::none, true), "a key that is believed stands in a line");
    }
    if (verdict.status == host_key_status::mismatch) {
        check(has(host_marker::none, false), "another key stands in a line");
    }
    static const keys::certificate certificate = [] {
        adit::test::certificate_content content;
        content.type = 2;
        content.principals = {"host", "*.example.org"};
        return adit::test::sample_certificate(content);
    }();
    const auto believed = hosts.check_certificate(host, port, certificate, 1500);
    if (believed == config::certificate_verdict::ok) {
        check(hosts.has_authority(host, port), "a certificate is believed by a CA's line");
        check(!revoked, "and by no revoked key");
    }
}

/// Every entry of `before` is in `after`, in the same order.
[[nodiscard]] bool keeps(const std::vector<std::string>& before,
                         const std::vector<std::string>& after) {
    std::size_t found = 0;
    for (const std::string& entry : after) {
        if (found < before.size() && entry == before[found]) ++found;
    }
    return found == before.size();
}

[[nodiscard]] const std::string& scratch() {
    static const adit::test::temporary_directory folder;
    static const std::string path = folder.file("known_hosts");
    return path;
}

void check_adding(const std::string& host, std::string_view text) {
    const std::string& path = scratch();
    adit::test::write_file(path, text);
    const auto before = config::known_hosts::parse(text, path);
    const auto was = before.check(host, 2222, sample_public_key(1)).status;
    const auto ec = config::add_known_host(path, host, 2222, sample_public_key(1));
    const auto after = config::known_hosts::load(path).value();
    check(keeps(entries_of(before), entries_of(after)), "what stood there stands there");
    check(after.entries().size() <= before.entries().size() + 1, "and one line more at most");
    if (ec) {
        check(adit::test::read_file(path) == text, "what fails writes nothing");
        return;
    }
    check(config::is_recordable_host_name(host), "A30: no name that means more than itself");
    const auto now = after.check(host, 2222, sample_public_key(1)).status;
    check(was == host_key_status::unknown || was == now, "no verdict is turned round");
    check(now == host_key_status::match, "what was added is found");
}

void check_replacing(const std::string& host, std::string_view text) {
    const std::string& path = scratch();
    adit::test::write_file(path, text);
    const auto before = config::known_hosts::parse(text, path);
    const keys::public_key fresh = sample_public_key(2);
    const std::string known = keys::fingerprint(sample_public_key(1));
    const auto ec = config::replace_known_host(path, {host, 22, known, fresh});
    if (ec) {
        check(adit::test::read_file(path) == text, "what fails writes nothing");
        return;
    }
    const auto after = config::known_hosts::load(path).value();
    check(after.check(host, 22, fresh).status == host_key_status::match, "the new key is believed");
    const std::string name = config::known_host_name(host, 22);
    for (const config::known_host& entry : after.entries()) {
        const bool gone = entry.marker == host_marker::none && config::speaks_of(entry, name) &&
                          entry.key == sample_public_key(1);
        check(!gone, "the old one is not");
    }
    for (const char* other : {"host", "db.example.org", "[host]:2222", "192.0.2.1"}) {
        if (name == other) continue;
        for (const byte number : {byte{1}, byte{3}}) {
            const keys::public_key key = sample_public_key(number);
            check(before.check(other, 22, key).status == after.check(other, 22, key).status,
                  "other hosts keep theirs");
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view text = adit::as_text(adit::bytes_view(data, size).subspan(1));
    const std::string host(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(host.size() + 1, text.size()));
    const auto hosts = config::known_hosts::parse(text, "file");
    check_reading(hosts, text);
    check_verdict(hosts, host, 22);
    check_verdict(hosts, host, 2222);
    if (data[0] == 1) check_adding(host, text);
    if (data[0] == 2) check_replacing(host, text);
    return 0;
}
