// Randomness that is the same in every run: first the bytes that a test gives, then a ChaCha20
// stream of a seed. For tests and fuzzers; no program of ours may include it (S08).
#pragma once

#include <adit/crypto/random.hpp>

#include <botan/rng.h>
#include <botan/stream_cipher.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace adit::test {

class fixed_random final : public crypto::random_source {
public:
    explicit fixed_random(byte seed = 0) : generator_(seed, {}) {}
    /// Hands `first` out before anything else, in the order in which bytes are asked for.
    explicit fixed_random(std::vector<byte> first) : generator_(0, std::move(first)) {}

    void fill(mutable_bytes output) noexcept override { generator_.randomize(output); }
    [[nodiscard]] Botan::RandomNumberGenerator& botan() noexcept override { return generator_; }

private:
    class generator final : public Botan::RandomNumberGenerator {
    public:
        generator(byte seed, std::vector<byte> first)
            : first_(std::move(first)),
              stream_(Botan::StreamCipher::create_or_throw("ChaCha(20)")) {
            std::array<byte, 32> key{};
            key.fill(seed);
            stream_->set_key(key);
        }
        [[nodiscard]] bool accepts_input() const override { return false; }
        [[nodiscard]] bool is_seeded() const override { return true; }
        [[nodiscard]] std::string name() const override { return "fixed"; }
        void clear() override {}

    private:
        void fill_bytes_with_input(std::span<byte> output, std::span<const byte>) override {
            const std::size_t n = std::min(output.size(), first_.size() - given_);
            const auto from = first_.begin() + static_cast<std::ptrdiff_t>(given_);
            std::copy_n(from, n, output.begin());
            given_ += n;
            stream_->write_keystream(output.subspan(n));
        }

        std::vector<byte> first_;
        std::size_t given_ = 0;
        std::unique_ptr<Botan::StreamCipher> stream_;
    };

    generator generator_;
};

}  // namespace adit::test
