// Thousands of generated known_hosts, of lines good and bad, read by us and by ssh-keygen -F: both
// find the same lines, with the same markers (C51, F11). ADIT_KNOWN_HOSTS_FILES says how many
// files.
#include "support/test.hpp"

#include "support/run.hpp"
#include "support/sample_keys.hpp"
#include "support/temporary_directory.hpp"

#include <adit/config/known_hosts.hpp>
#include <adit/keys/hashed_name.hpp>

#include <cstdlib>
#include <random>

namespace adit::test {
namespace {

/// Files from a number, the same ones in every run.
class generator {
public:
    explicit generator(std::uint32_t seed) : random_(seed) {}

    [[nodiscard]] std::string file();
    [[nodiscard]] std::string name();

private:
    // The distributions of the standard library are not the same everywhere.
    [[nodiscard]] std::size_t below(std::size_t n) { return random_() % n; }
    [[nodiscard]] bool one_in(std::size_t n) { return below(n) == 0; }
    template <std::size_t N>
    [[nodiscard]] std::string one_of(const std::array<const char*, N>& all) {
        return all[below(N)];
    }
    [[nodiscard]] std::string pattern();
    [[nodiscard]] std::string names();
    [[nodiscard]] std::string hashed();
    [[nodiscard]] std::string key();
    [[nodiscard]] std::string blank() { return one_of(blanks); }
    [[nodiscard]] std::string line();

    static constexpr std::array blanks{" ", " ", " ", "\t", "  ", " \t "};

    std::mt19937 random_;
};

std::string generator::name() {
    static constexpr std::array all{"db.example.org",
                                    "db.test",
                                    "host",
                                    "192.0.2.7",
                                    "[host]:2222",
                                    "[db.test]:22",
                                    "[192.0.2.7]:443",
                                    "2001:db8::1",
                                    "[2001:db8::1]:2222",
                                    "HOST",
                                    "Db.Example.Org",
                                    "x"};
    return one_of(all);
}

std::string generator::pattern() {
    static constexpr std::array all{"*",     "?",     "h?st",     "*.example.org", "db.*",
                                    "*.*",   "[*]:*", "[host]:*", "[*]:2222",      "192.0.2.*",
                                    "??*",   "d*t",   "2001:*",   "*.EXAMPLE.org", "h",
                                    "hosts", "[host]"};
    return one_in(3) ? one_of(all) : name();
}

std::string generator::names() {
    std::string text;
    const std::size_t count = 1 + below(4);
    for (std::size_t i = 0; i < count; ++i) {
        if (i != 0) text += ',';
        if (one_in(6)) text += '!';
        text += pattern();
        if (one_in(40)) text += ',';
    }
    return text;
}

std::string generator::hashed() {
    std::vector<byte> salt(keys::name_salt_size);
    for (byte& b : salt) b = static_cast<byte>(below(256));
    std::string text = keys::hash_name(config::to_lower(name()), salt);
    if (one_in(10)) text.pop_back();
    if (one_in(20)) text.insert(3, "x");
    if (one_in(30)) text[1] = '2';
    return text;
}

std::string generator::key() {
    std::string text = sample_public_key(static_cast<byte>(1 + below(5))).to_line();
    const auto space = text.find(' ');
    switch (below(16)) {
        case 0: return "ssh-rsa" + text.substr(space);
        case 1: return text.substr(0, text.size() - 5);
        case 2: return text.substr(0, space);
        case 3: return text.insert(space + 8, "!");
        case 4: return "";
        default: break;
    }
    text.replace(space, 1, blank());
    if (one_in(3)) text += blank() + "a comment, with * and |1|";
    return text;
}

std::string generator::line() {
    switch (below(20)) {
        case 0: return "";
        case 1: return "# " + names() + " " + key();
        case 2: return blank();
        default: break;
    }
    std::string text = one_in(8) ? blank() : "";
    static constexpr std::array markers{"@revoked",        "@cert-authority", "@revoked",
                                        "@cert-authority", "@unknown",        "@"};
    if (one_in(4)) text += one_of(markers) + std::string(1 + below(2), ' ');
    if (one_in(60)) text += one_of(markers) + ' ';
    text += (one_in(4) ? hashed() : names()) + blank() + key();
    return one_in(12) ? text + "\r" : text;
}

std::string generator::file() {
    std::string text;
    const std::size_t count = 1 + below(8);
    for (std::size_t i = 0; i < count; ++i) text += line() + "\n";
    if (one_in(6)) text.pop_back();
    return text;
}

/// What ssh-keygen -F finds, one "line marker" after the other.
[[nodiscard]] std::string found_by_ssh(const std::string& path, const std::string& name) {
    const auto outcome = run({"ssh-keygen", "-l", "-F", name, "-f", path});
    std::string found;
    for (std::size_t at = 0;
         (at = outcome.output.find(" found: line ", at)) != std::string::npos;) {
        at += std::string_view(" found: line ").size();
        const std::string rest = outcome.output.substr(at, outcome.output.find('\n', at) - at);
        found += rest.substr(0, rest.find_last_not_of(' ') + 1) + "; ";
    }
    return found;
}

[[nodiscard]] std::string found_by_us(const std::string& path, std::string_view name) {
    const auto hosts = config::known_hosts::load(path).value();
    std::string found;
    for (const config::known_host& entry : hosts.entries()) {
        if (!config::speaks_of(entry, name)) continue;
        found += std::to_string(entry.line);
        if (entry.marker == config::host_marker::revoked) found += " REVOKED";
        if (entry.marker == config::host_marker::cert_authority) found += " CA";
        found += "; ";
    }
    return found;
}

BOOST_AUTO_TEST_SUITE(known_hosts_differential)

BOOST_AUTO_TEST_CASE(f11_generated_files_say_the_same_to_ssh_keygen) {
    const char* const wanted = std::getenv("ADIT_KNOWN_HOSTS_FILES");
    const unsigned long files = wanted == nullptr ? 300 : std::stoul(wanted);
    const temporary_directory folder;
    const std::string path = folder.file("known_hosts");
    std::size_t hits = 0;
    for (std::uint32_t i = 0; i < files; ++i) {
        generator g(i);
        const std::string text = g.file();
        const std::string name = config::to_lower(g.name());
        write_file(path, text);
        const std::string ours = found_by_us(path, name);
        BOOST_TEST_INFO("file " << i << ", looking for " << name << "\n" << text);
        BOOST_TEST(ours == found_by_ssh(path, name));
        if (!ours.empty()) ++hits;
    }
    BOOST_TEST(hits > files / 5);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
