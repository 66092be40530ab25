// Every way to protect packets: each AEAD alone, every other cipher with each MAC. For the tests
// that hold for all of them. The counter in the IVs runs over at once (C08).
#pragma once

#include <adit/crypto/algorithms.hpp>

#include <memory>
#include <numeric>
#include <ostream>
#include <string>
#include <vector>

namespace adit::test {

struct suite {
    const crypto::cipher_algorithm* cipher = nullptr;
    const crypto::mac_algorithm* mac = nullptr;

    friend std::ostream& operator<<(std::ostream& out, const suite& s) {
        out << s.cipher->name;
        return s.mac == nullptr ? out : out << " with " << s.mac->name;
    }
};

[[nodiscard]] inline std::vector<suite> suites() {
    std::vector<suite> all;
    for (const auto& cipher : crypto::ciphers) {
        if (cipher.aead) {
            all.push_back({&cipher, nullptr});
            continue;
        }
        for (const auto& mac : crypto::macs) all.push_back({&cipher, &mac});
    }
    return all;
}

struct suite_keys {
    explicit suite_keys(const suite& s, byte generation = 1)
        : mac(s.mac),
          key(s.cipher->key_size),
          iv(s.cipher->iv_size, 0xFF),
          mac_key(s.mac == nullptr ? 0 : s.mac->key_size) {
        std::iota(key.begin(), key.end(), generation);
        std::iota(mac_key.begin(), mac_key.end(), static_cast<byte>(generation + 100));
    }
    [[nodiscard]] crypto::cipher_keys view() const {
        return {.key = key, .iv = iv, .mac_key = mac_key, .mac = mac};
    }
    const crypto::mac_algorithm* mac;
    std::vector<byte> key, iv, mac_key;
};

struct cipher_pair {
    std::unique_ptr<crypto::sealer> sealer;
    std::unique_ptr<crypto::opener> opener;
};

[[nodiscard]] inline cipher_pair make(const suite& s, byte generation = 1) {
    const suite_keys keys(s, generation);
    return {s.cipher->make_sealer(keys.view()), s.cipher->make_opener(keys.view())};
}

}  // namespace adit::test
