// No cipher: the state of a connection before its first NEWKEYS (RFC 4253 section 6). It is not in
// the table of algorithms.hpp, so that `none` can never be negotiated.
// Invariant: changes no byte.
#pragma once

#include <adit/crypto/packet_cipher.hpp>

namespace adit::crypto {

class null_opener final : public opener {
public:
    [[nodiscard]] packet_shape shape() const noexcept override { return {}; }
    [[nodiscard]] std::uint32_t length(mutable_bytes header,
                                       std::uint32_t /*sequence*/) noexcept override {
        return plain_length(header);
    }
    [[nodiscard]] errc open(mutable_bytes packet, std::uint32_t /*sequence*/) noexcept override {
        return fits(packet, shape()) ? errc::ok : errc::invalid_packet_length;
    }
};

class null_sealer final : public sealer {
public:
    [[nodiscard]] packet_shape shape() const noexcept override { return {}; }
    [[nodiscard]] errc seal(mutable_bytes packet, std::uint32_t /*sequence*/) noexcept override {
        return fits(packet, shape()) ? errc::ok : errc::encryption_failed;
    }
};

}  // namespace adit::crypto
