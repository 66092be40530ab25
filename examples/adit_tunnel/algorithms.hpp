// The answers to -Q: which algorithms there are, one name a line, by the words that ssh -Q has for
// kinds and by the options that take their lists. Used by command_line.cpp. Invariant: the names
// are those of the library's own tables.
#pragma once

#include "values.hpp"

#include <adit/crypto/algorithms.hpp>
#include <adit/keys/signature.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace adit_tunnel {

/// The answer to `-Q what`. Throws usage_error where nothing is called so.
[[nodiscard]] inline std::string algorithms_of(std::string_view what) {
    const std::string kind = to_lower(what);
    std::string names;
    if (kind == "cipher" || kind == "ciphers") {
        names = adit::crypto::default_cipher_names();
    } else if (kind == "mac" || kind == "macs") {
        names = adit::crypto::default_mac_names();
    } else if (kind == "kex" || kind == "kexalgorithms") {
        names = adit::crypto::default_kex_names();
    } else if (kind == "sig" || kind == "hostkeyalgorithms" || kind == "casignaturealgorithms" ||
               kind == "pubkeyacceptedalgorithms") {
        names = adit::keys::default_host_key_algorithm_names();
    } else if (kind == "compression") {
        names = "none";
    } else if (kind == "protocol-version") {
        names = "2";
    } else if (kind == "help") {
        names = "cipher,compression,kex,mac,protocol-version,sig";
    } else {
        throw usage_error("-Q: nothing is called \"" + std::string(what) + "\"; -Q help lists all");
    }
    std::replace(names.begin(), names.end(), ',', '\n');
    return names + "\n";
}

}  // namespace adit_tunnel
