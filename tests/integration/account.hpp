// An account that exists for one program only: in a mount namespace of its own, /etc/passwd and
// /etc/shadow are copies with a line more. For servers that log in nobody but accounts. Needs root.
// Used by sshd.hpp and other_servers.cpp. Invariant: the system's own files are only read.
#pragma once

#include "support/run.hpp"
#include "support/temporary_directory.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace adit::test {

struct temporary_account {
    std::string name;
    std::string password;
    std::string home = "/nonexistent";
    std::string shell = "/bin/false";
};

inline constexpr int temporary_account_id = 54321;

/// A password's form in /etc/shadow.
[[nodiscard]] inline std::string crypted(const std::string& password) {
    const auto made = run({"openssl", "passwd", "-6", password});
    if (made.status != 0) throw std::runtime_error("openssl passwd: " + made.errors);
    return made.output.substr(0, made.output.find('\n'));
}

/// The command that runs `program` where the account exists; writes two files into the folder.
[[nodiscard]] inline std::vector<std::string> with_account(
    const temporary_directory& folder, const temporary_account& who,
    const std::vector<std::string>& program) {
    const std::string id = std::to_string(temporary_account_id);
    write_file(folder.file("passwd"), read_file("/etc/passwd") + who.name + ":x:" + id + ":" + id +
                                          "::" + who.home + ":" + who.shell + "\n");
    write_file(folder.file("shadow"), read_file("/etc/shadow") + who.name + ":" +
                                          crypted(who.password) + ":19000:0:99999:7:::\n");
    std::filesystem::permissions(folder.file("passwd"), std::filesystem::perms(0644));
    const std::string script =
        "mount --bind \"$0/passwd\" /etc/passwd && mount --bind \"$0/shadow\" /etc/shadow && "
        "exec \"$@\"";
    std::vector<std::string> all{"unshare", "-m", "sh", "-c", script, folder.path().string()};
    all.insert(all.end(), program.begin(), program.end());
    return all;
}

}  // namespace adit::test
