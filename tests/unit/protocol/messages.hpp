// Messages as the bytes that a channel_table receives, for its tests and those of its model.
#pragma once

#include <adit/wire/message.hpp>

#include <vector>

namespace adit::test {

template <wire::message M>
[[nodiscard]] std::vector<byte> payload_of(const M& message) {
    std::vector<byte> bytes(wire::encoded_size(message));
    wire::writer w(bytes);
    wire::encode(w, message);
    bytes.resize(w.size());
    return bytes;
}

}  // namespace adit::test
