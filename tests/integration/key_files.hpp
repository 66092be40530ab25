// Key files that other programs make in a folder of their own, and what those programs say about
// them: the public key and its fingerprint. Used by the matrices of algorithms and of keys.
// Invariant: a command that fails is an exception with its words, never a key that is not there.
#pragma once

#include "integration/sshd.hpp"

#include <string>
#include <utility>
#include <vector>

namespace adit::test {

/// What ssh-keygen and puttygen call a kind of key.
struct key_kind {
    std::string type;
    std::string bits;  ///< empty where the type has one size

    [[nodiscard]] std::string name() const { return type + bits; }
    [[nodiscard]] std::vector<std::string> arguments() const {
        std::vector<std::string> all{"-t", type};
        if (!bits.empty()) all.insert(all.end(), {"-b", bits});
        return all;
    }
};

/// Each type once.
[[nodiscard]] inline std::vector<key_kind> key_kinds() {
    return {{"ed25519", ""}, {"ecdsa", "256"}, {"ecdsa", "384"}, {"ecdsa", "521"}, {"rsa", "2048"}};
}

struct key_file {
    std::string name;  ///< tells how it was made
    std::string path;
    bool locked = false;  ///< by the one passphrase of all
};

using arguments = std::vector<std::string>;

/// Runs the program; what it printed.
inline std::string output_of(const arguments& command) {
    auto outcome = run(command);
    if (outcome.status != 0) throw std::runtime_error(command.front() + ": " + outcome.errors);
    return std::move(outcome.output);
}

[[nodiscard]] inline arguments joined(arguments first, const arguments& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/// A new key in OpenSSH's format, without a passphrase, and its .pub beside it; returns the path.
inline std::string make_key(const std::string& path, const key_kind& kind) {
    output_of(joined({"ssh-keygen", "-q", "-N", "", "-C", "test", "-f", path}, kind.arguments()));
    return path;
}

class key_folder {
public:
    static constexpr const char* passphrase = "a pass phrase";

    /// In the file, the passphrase for programs that want it so.
    key_folder() { write_file(file("passphrase"), passphrase); }

    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
    [[nodiscard]] const std::vector<key_file>& all() const noexcept { return all_; }

    /// By a command that ends with the path of the key.
    void make(std::string name, arguments command, bool locked);
    /// From a copy of `source`, which the command changes.
    void change(std::string name, const std::string& source, arguments command, bool locked);
    /// The path of the next key.
    [[nodiscard]] std::string next() const { return file("key" + std::to_string(all_.size())); }

private:
    temporary_directory folder_;
    std::vector<key_file> all_;
};

[[nodiscard]] inline secret_bytes secret(std::string_view text) {
    return {text.begin(), text.end()};
}

// Details.

inline void key_folder::make(std::string name, arguments command, bool locked) {
    const std::string path = next();
    command.push_back(path);
    output_of(command);
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    all_.push_back({std::move(name), path, locked});
}

inline void key_folder::change(std::string name, const std::string& source, arguments command,
                               bool locked) {
    std::filesystem::copy_file(source, next());
    make(std::move(name), std::move(command), locked);
}

}  // namespace adit::test
