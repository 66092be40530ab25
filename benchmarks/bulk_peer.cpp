// The two ends of a bulk measurement: sends or receives a numbered stream of bytes over plain TCP
// and says how long it took. Used by bench.py, one on each side of a tunnel; it knows no SSH.
//
//     bulk-peer serve source|sink BYTES               prints its port, then one result per
//     connection bulk-peer dial  source|sink BYTES PORT          prints its result
//
// The stream is 64-bit numbers, so the receiver notices a byte that is lost, doubled or moved.
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

constexpr std::size_t block_words = 32768;  // 256 KiB

void fill(std::vector<std::uint64_t>& block, std::uint64_t first) {
    for (std::uint64_t& word : block) word = first++;
}

// The receiver says when it has everything, so that both ends measure delivery and not buffering.
void send_all(tcp::socket& peer, std::uint64_t bytes) {
    std::vector<std::uint64_t> block(block_words);
    const std::uint64_t block_bytes = block_words * sizeof(std::uint64_t);
    for (std::uint64_t sent = 0; sent < bytes; sent += block_bytes) {
        fill(block, sent / sizeof(std::uint64_t));
        const auto size = static_cast<std::size_t>(std::min(block_bytes, bytes - sent));
        asio::write(peer, asio::buffer(block.data(), size));
    }
    char thanks = 0;
    asio::read(peer, asio::buffer(&thanks, 1));
}

bool receive_all(tcp::socket& peer, std::uint64_t bytes) {
    std::vector<std::uint64_t> block(block_words);
    const std::uint64_t block_bytes = block_words * sizeof(std::uint64_t);
    bool right = true;
    for (std::uint64_t got = 0; got < bytes; got += block_bytes) {
        const auto size = static_cast<std::size_t>(std::min(block_bytes, bytes - got));
        asio::read(peer, asio::buffer(block.data(), size));
        std::uint64_t expected = got / sizeof(std::uint64_t);
        for (std::size_t i = 0; i < size / sizeof(std::uint64_t); ++i) {
            right = right && block[i] == expected++;
        }
    }
    asio::write(peer, asio::buffer("!", 1));
    return right;
}

int measure(tcp::socket peer, std::string_view role, std::uint64_t bytes) {
    peer.set_option(tcp::no_delay(true));
    const auto begin = std::chrono::steady_clock::now();
    bool right = true;
    if (role == "source") {
        send_all(peer, bytes);
    } else {
        right = receive_all(peer, bytes);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%s %.6f\n", right ? "ok" : "WRONG", took.count());
    std::fflush(stdout);
    return right ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
    if (count < 4) return 64;
    const std::string_view mode = words[1];
    const std::string_view role = words[2];
    const std::uint64_t bytes = std::strtoull(words[3], nullptr, 10);
    asio::io_context io;
    if (mode == "serve") {
        tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
        std::printf("%u\n", static_cast<unsigned>(acceptor.local_endpoint().port()));
        std::fflush(stdout);
        for (;;) measure(acceptor.accept(), role, bytes);
    }
    if (count < 5) return 64;
    tcp::socket peer(io);
    const auto port = static_cast<std::uint16_t>(std::strtoul(words[4], nullptr, 10));
    peer.connect({asio::ip::address_v4::loopback(), port});
    return measure(std::move(peer), role, bytes);
}
