// S02: what a process still holds of a secret when it is not needed any more, seen from outside:
// all memory that adit-tunnel and adit-bastion can write is searched for canaries, as they were
// typed and in the forms into which they are made on the way. S03 beside it: nothing of them in
// what is said.
#include "support/test.hpp"

#include "integration/bastion.hpp"
#include "integration/program.hpp"

#include <adit/bytes.hpp>
#include <adit/keys/base64.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>

#if defined(ADIT_BASTION) && defined(ADIT_TUNNEL)

namespace adit::test {
namespace {

struct form {
    std::string name;
    std::string text;
};

[[nodiscard]] std::string wide(std::string_view text) {
    std::string out;
    for (const char c : text) out += {c, '\0'};
    return out;
}

/// In hexadecimal, both cases; in base64 at each of the three places that it may have in a longer
/// text, without the characters that depend on its neighbours.
[[nodiscard]] std::vector<form> forms_of(const std::string& secret) {
    const bytes_view raw = as_bytes(secret);
    std::string hex = to_hex(raw);
    std::vector<form> all{{"as it is", secret}, {"UTF-16", wide(secret)}, {"hex", hex}};
    std::transform(hex.begin(), hex.end(), hex.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    all.push_back({"HEX", hex});
    for (std::size_t before = 0; before < 3; ++before) {
        const std::string padded = std::string(before, 'x') + secret;
        const std::string text = keys::to_base64(as_bytes(padded));
        const std::size_t first = before == 0 ? 0 : 4;
        const std::size_t whole = padded.size() / 3 * 4;
        all.push_back({"base64", text.substr(first, whole - first)});
    }
    return all;
}

/// Where a process may write. The kernel's own pages cannot be read, and are nobody's.
[[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> writable(pid_t process) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
    std::ifstream maps("/proc/" + std::to_string(process) + "/maps");
    for (std::string line; std::getline(maps, line);) {
        std::istringstream fields(line);
        std::uint64_t from = 0, to = 0;
        char dash = 0;
        std::string rights;
        fields >> std::hex >> from >> dash >> to >> rights;
        if (rights.starts_with("rw")) all.emplace_back(from, to);
    }
    return all;
}

/// Which forms are there, and where; empty: none.
[[nodiscard]] std::string found_in(pid_t process, const std::string& secret) {
    const int memory = ::open(("/proc/" + std::to_string(process) + "/mem").c_str(), O_RDONLY);
    BOOST_REQUIRE(memory >= 0);
    std::string found;
    std::uint64_t seen = 0;
    const std::vector<form> forms = forms_of(secret);
    for (const auto& [from, to] : writable(process)) {
        std::string area(to - from, '\0');
        const ssize_t got = ::pread(memory, area.data(), area.size(), static_cast<off_t>(from));
        if (got <= 0) continue;
        area.resize(static_cast<std::size_t>(got));
        seen += area.size();
        for (const form& one : forms) {
            const std::boyer_moore_horspool_searcher search(one.text.begin(), one.text.end());
            const auto at = std::search(area.begin(), area.end(), search);
            if (at == area.end()) continue;
            std::ostringstream place;
            place << one.name << " at " << std::hex
                  << from + static_cast<std::uint64_t>(at - area.begin()) << "; ";
            found += place.str();
        }
    }
    ::close(memory);
    BOOST_TEST_REQUIRE(seen > 100'000U);  // a process has a stack and a heap at least
    return found;
}

[[nodiscard]] arguments to(const bastion_program& server, const arguments& more) {
    const arguments all{"-vvv", "-L", "0:127.0.0.1:9", "-p", std::to_string(server.port())};
    return joined(joined(all, more), {"joe@127.0.0.1"});
}

void check_unsaid(const program& one, const bastion_program& server, const std::string& secret) {
    for (const form& f : forms_of(secret)) {
        BOOST_TEST((one.output().find(f.text) == std::string::npos), f.name << one.output());
        BOOST_TEST((server.log().find(f.text) == std::string::npos), f.name << server.log());
    }
}

constexpr const char* password = "canary-8d21f7-of-a-password";

struct with_password {
    with_password()
        : hash(hash_of_password(folder, password)),
          server({.options = {"PasswordAuthentication=yes", "KbdInteractiveAuthentication=yes"},
                  .users = "[user.joe]\npassword = \"" + hash + "\"\n"}) {}
    temporary_directory folder;
    std::string hash;
    bastion_program server;
};

BOOST_AUTO_TEST_SUITE(secrets_in_memory)

// That the search finds what is there: a program that holds it, in each form that it may have.
BOOST_AUTO_TEST_CASE(s02_the_search_finds_what_a_process_holds) {
    const temporary_directory folder;
    for (const form& one : forms_of(password)) {
        if (one.name == "UTF-16") continue;  // an argument has no zero byte
        // Its arguments are in its stack.
        child holder({"sh", "-c", "sleep 60; :", one.text}, {});
        const std::string name = "/proc/" + std::to_string(holder.id()) + "/comm";
        while (read_file(name) != "sh\n") {  // until then it is a copy of this process
            BOOST_TEST_REQUIRE(holder.running());
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        const std::string found = found_in(holder.id(), password);
        BOOST_TEST(found.starts_with(one.name), one.name << ": " << found);
    }
}

BOOST_AUTO_TEST_CASE(s02_nothing_is_left_of_a_password_that_was_right) {
    with_password at;
    const std::string says = make_askpass(
        at.folder,
        {"*) cat " + write_file(at.folder.file("word"), password + std::string("\n")) + " ;;"});
    program client(at.server.folder(), {.askpass = says},
                   to(at.server, {"-o", "PreferredAuthentications=password"}));
    const bool ready = client.says("\"event\":\"ready\"");
    BOOST_REQUIRE_MESSAGE(ready, client.output());
    BOOST_TEST(found_in(client.id(), password) == "");
    BOOST_TEST(found_in(at.server.id(), password) == "");
    BOOST_TEST(client.end() == 0);
    check_unsaid(client, at.server, password);
}

// Looked at while the next question waits for its answer.
void check_wrong_answers(const std::string& method) {
    with_password at;
    const std::string wrong = "canary-55c0-of-a-wrong-word";
    const std::string asked = at.folder.file("asked_once"), go_on = at.folder.file("go_on");
    const std::string word = write_file(at.folder.file("word"), wrong + "\n");
    const std::string wait = "while [ ! -e " + go_on + " ]; do sleep 0.05; done; exit 1";
    const std::string says =
        make_askpass(at.folder, {"*) if [ -e " + asked + " ]; then touch " + asked + ".again; " +
                                 wait + "; fi; touch " + asked + "; cat " + word + " ;;"});
    program client(at.server.folder(), {.askpass = says},
                   to(at.server, {"-o", "PreferredAuthentications=" + method}));
    for (int i = 0; i < 3000 && !std::filesystem::exists(asked + ".again"); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    BOOST_REQUIRE_MESSAGE(std::filesystem::exists(asked + ".again"), client.output());
    BOOST_TEST(found_in(client.id(), wrong) == "");
    BOOST_TEST(found_in(at.server.id(), wrong) == "");
    write_file(go_on, "");
    BOOST_TEST(client.wait() == 255);
    check_unsaid(client, at.server, wrong);
}

BOOST_AUTO_TEST_CASE(s02_nothing_is_left_of_a_password_that_was_wrong) {
    check_wrong_answers("password");
}
BOOST_AUTO_TEST_CASE(s02_nothing_is_left_of_an_answer_that_was_wrong) {
    check_wrong_answers("keyboard-interactive");
}

// The key itself lives on, for the next login; what opened it does not.
BOOST_AUTO_TEST_CASE(s02_nothing_is_left_of_a_passphrase) {
    const bastion_program server;
    const std::string key = server.file("locked");
    const std::string words = "canary-0b9e-of-a-passphrase";
    output_of({"ssh-keygen", "-q", "-t", "ed25519", "-N", words, "-f", key});
    write_file(server.file("authorized_keys"), read_file(key + ".pub"));
    const std::string says = make_askpass(
        server.folder(), {"*) cat " + write_file(server.file("word"), words + "\n") + " ;;"});
    program client(server.folder(), {.askpass = says}, to(server, {"-i", key}));
    const bool ready = client.says("\"event\":\"ready\"");
    BOOST_REQUIRE_MESSAGE(ready, client.output());
    BOOST_TEST(found_in(client.id(), words) == "");
    BOOST_TEST(client.end() == 0);
    check_unsaid(client, server, words);
}

// The seed of the codes lives on, as bytes; its text does not, and no code does.
BOOST_AUTO_TEST_CASE(s02_nothing_is_left_of_the_text_of_a_totp_secret) {
    const bastion_program server(
        {.options = {"KbdInteractiveAuthentication=yes"},
         .users = "[user.joe]\ntotp = \"" + std::string(totp_secret) + "\"\n"});
    write_file(server.file("totp"), totp_secret);
    program client(server.folder(), {},
                   to(server, {"-o", "TOTPSecretFile=" + server.file("totp")}));
    const bool ready = client.says("\"event\":\"ready\"");
    BOOST_REQUIRE_MESSAGE(ready, client.output());
    BOOST_TEST(found_in(client.id(), totp_secret) == "");
    BOOST_TEST(client.end() == 0);
    check_unsaid(client, server, totp_secret);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
