// Keys for tests, always the same ones: number n is the Ed25519 key whose seed is 32 bytes n. And
// the same thing as a blob of a type that adit does not know.
#pragma once

#include <adit/bytes.hpp>
#include <adit/keys/private_key.hpp>
#include <adit/keys/public_key.hpp>

#include <string_view>
#include <vector>

namespace adit::test {

[[nodiscard]] inline keys::private_key sample_key(byte number, std::string comment = {}) {
    const std::vector<byte> seed(keys::private_key::ed25519_seed_size, number);
    return keys::private_key::from_ed25519_seed(seed, std::move(comment)).value();
}

[[nodiscard]] inline keys::public_key sample_public_key(byte number) {
    return sample_key(number).public_part();
}

[[nodiscard]] inline keys::public_key sample_unknown_key(std::string_view type, byte number) {
    const std::vector<byte> content(40, number);
    std::vector<byte> blob(8 + type.size() + content.size());
    wire::writer w(blob);
    w.put_string(as_bytes(type));
    w.put_string(content);
    return keys::public_key::parse(blob).value();
}

}  // namespace adit::test
