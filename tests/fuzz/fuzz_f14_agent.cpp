// F14: what an agent says to us (RFC 9987; C50, A28). An input is all that comes over the
// connection; its first byte chooses between a list and a signature, and in how small pieces it
// comes. Whatever it is, the operation ends, with an error or with something that is whole.
#include "fuzz/check.hpp"
#include "support/sample_keys.hpp"

#include <adit/agent.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace {

using namespace adit;
using fuzz::check;

/// Says what is in the input, then nothing more; hears everything.
class scripted_stream final : public detail::any_stream {
public:
    scripted_stream(executor ex, bytes_view input, std::size_t piece)
        : ex_(std::move(ex)), left_(input), piece_(piece) {}

    executor get_executor() override { return ex_; }
    using any_stream::try_read;
    io_result try_read(detail::mutable_buffers buffers) override {
        if (left_.empty()) return {0, asio::error::eof};
        const std::size_t most = std::min(piece_, left_.size());
        const std::size_t size = asio::buffer_copy(detail::buffer_span(buffers),
                                                   asio::buffer(left_.data(), left_.size()), most);
        left_ = left_.subspan(size);
        return {size, {}};
    }
    task<> wait_readable() override { co_return; }
    io_result try_write(detail::const_buffers) override { return {0, asio::error::would_block}; }
    task<std::size_t> write_some(detail::const_buffers buffers) override {
        co_return asio::buffer_size(detail::buffer_span(buffers));
    }
    void close(detail::close_mode) noexcept override {}

private:
    executor ex_;
    bytes_view left_;
    std::size_t piece_;
};

// g++ 12 calls the parts of a coroutine lambda in an extern "C" function alike.
agent_dialler dialler(const executor& ex, bytes_view input, std::size_t piece) {
    return [ex, input, piece]() -> task<std::unique_ptr<detail::any_stream>> {
        co_return std::make_unique<scripted_stream>(ex, input, piece);
    };
}

void check_list(const agent& holder, asio::io_context& ctx) {
    bool done = false;
    holder.async_list(ctx.get_executor(), [&done](error_code ec, std::vector<agent_key> keys) {
        done = true;
        check(!ec || keys.empty(), "an error comes without keys");
        check(keys.size() <= agent::most_identities, "C50: keys are counted");
        for (const agent_key& one : keys) {
            const auto again = keys::public_key::parse(one.key.blob());
            check(again && *again == one.key, "a key is whole");
            const bool plain = std::ranges::all_of(one.comment, [](char c) {
                return static_cast<unsigned char>(c) >= ' ' && c != '\x7f';
            });
            check(plain, "a comment can be shown");
        }
    });
    ctx.run();
    check(done, "the operation ends");
}

void check_signature(const agent& holder, asio::io_context& ctx, std::string_view algorithm) {
    const keys::public_key key = test::sample_public_key(1);
    const std::vector<byte> message{1, 2, 3};
    bool done = false;
    holder.async_sign(ctx.get_executor(), {key.blob(), algorithm, message},
                      [&done, algorithm](error_code ec, std::vector<byte> blob) {
                          done = true;
                          check(!ec || blob.empty(), "an error comes without a signature");
                          if (ec) return;
                          const auto made = keys::parse_signature(blob);
                          check(made && made->algorithm == algorithm,
                                "C50: a signature is what was asked for");
                      });
    ctx.run();
    check(done, "the operation ends");
}

void check_frames(bytes_view data) {
    const std::size_t half = data.size() / 2;
    const wire::agent_sign_request request{data.first(half), data.subspan(half), 4};
    const std::vector<byte> frame = wire::agent_frame(request);
    if (frame.empty()) return;
    const auto read = wire::decode_agent<wire::agent_sign_request>(bytes_view(frame).subspan(4));
    check(read && wire::operator==(*read, request), "what is framed is read again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bytes_view input = bytes_view(data, size).subspan(1);
    const std::size_t piece = (data[0] & 0x80U) != 0 ? 1 : 4096;
    asio::io_context ctx(1);
    const executor ex = ctx.get_executor();
    const agent holder(dialler(ex, input, piece));
    switch (data[0] & 0x7fU) {
        case 0: check_list(holder, ctx); break;
        case 1: check_signature(holder, ctx, "ssh-ed25519"); break;
        case 2: check_signature(holder, ctx, "rsa-sha2-512"); break;
        default: check_frames(input); break;
    }
    return 0;
}
