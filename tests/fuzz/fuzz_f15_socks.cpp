// F15, SOCKS: the server's half takes any bytes, in the pieces that it asks for, and is compared to
// a reader that has all of them at once (RFC 1928, RFC 1929, the memoranda of SOCKS 4 and 4a). The
// first byte of an input says whether a password is wanted.
#include "fuzz/check.hpp"

#include <adit/protocol/socks_server.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace {

using adit::byte;
using adit::bytes_view;
using adit::fuzz::check;
using adit::protocol::socks_login;
using adit::protocol::socks_reply;
using adit::protocol::socks_server;
using state = socks_server::state;

constexpr std::string_view user = "joe", password = "a word";

struct place {
    std::string host;
    unsigned port = 0;
    bool is_v6 = false;    // then the text is the machine's own business
    std::size_t used = 0;  // bytes up to the payload
};

/// A view that is read from its begin; what is beyond its end makes it fail.
class reader {
public:
    explicit reader(bytes_view all) : all_(all) {}
    [[nodiscard]] unsigned u8() {
        if (at_ >= all_.size()) return failed_ = true, 0;
        return all_[at_++];
    }
    [[nodiscard]] unsigned u16() {
        const unsigned high = u8();
        return high * 256 + u8();
    }
    [[nodiscard]] std::string text(std::size_t size) {
        std::string read;
        for (std::size_t i = 0; i < size && !failed_; ++i) read += static_cast<char>(u8());
        return read;
    }
    [[nodiscard]] std::string up_to_zero() {
        std::string read;
        for (;;) {
            const unsigned c = u8();
            if (failed_ || c == 0) return read;
            read += static_cast<char>(c);
            if (read.size() > 255) failed_ = true;
        }
    }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] std::size_t at() const noexcept { return at_; }

private:
    bytes_view all_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

[[nodiscard]] std::string dotted(const std::string& four) {
    std::string text;
    for (const char c : four) {
        text += (text.empty() ? "" : ".") + std::to_string(static_cast<byte>(c));
    }
    return text;
}

/// What a valid CONNECT asks for; nothing: it is none, or not wholly there.
[[nodiscard]] std::optional<place> read_4(reader& in, bool login) {
    const unsigned command = in.u8();
    place to;
    to.port = in.u16();
    const std::string address = in.text(4);
    static_cast<void>(in.up_to_zero());
    if (in.failed()) return std::nullopt;
    const bool named = address.starts_with(std::string(3, '\0')) && address.back() != '\0';
    to.host = named ? in.up_to_zero() : dotted(address);
    if (in.failed() || login || command != 1) return std::nullopt;
    return to;
}

[[nodiscard]] std::optional<place> read_5(reader& in, bool login) {
    const std::string methods = in.text(in.u8());
    if (methods.find(login ? '\x02' : '\0') == std::string::npos) return std::nullopt;
    if (login) {
        if (in.u8() != 1) return std::nullopt;
        const std::string name = in.text(in.u8());
        const std::string secret = in.text(in.u8());
        if (name != user || secret != password) return std::nullopt;
    }
    if (in.u8() != 5) return std::nullopt;
    const unsigned command = in.u8();
    static_cast<void>(in.u8());
    const unsigned type = in.u8();
    place to;
    if (type == 1) to.host = dotted(in.text(4));
    if (type == 3) to.host = in.text(in.u8());
    to.is_v6 = type == 4;
    if (to.is_v6) to.host = in.text(16);
    to.port = in.u16();
    const bool known = type == 1 || type == 3 || type == 4;
    if (in.failed() || !known || command != 1) return std::nullopt;
    return to;
}

[[nodiscard]] std::optional<place> by_definition(bytes_view all, bool login) {
    reader in(all);
    const unsigned version = in.u8();
    std::optional<place> to;
    if (version == 4) to = read_4(in, login);
    if (version == 5) to = read_5(in, login);
    if (to && (to->port == 0 || to->host.empty())) to.reset();
    if (to) to->used = in.at();
    return to;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t longest = 2048;
    if (size == 0 || size > longest) return 0;
    const bool login = (data[0] & 1U) != 0;
    const bytes_view all = bytes_view(data, size).subspan(1);
    socks_server machine(login ? socks_login{std::string(user), std::string(password)}
                               : socks_login{});
    std::size_t used = 0;
    while (machine.now() == state::reading) {
        const std::size_t wanted = machine.wanted();
        check(wanted != 0 && wanted <= 512, "it wants something, and not much");
        if (wanted > all.size() - used) break;
        machine.take(all.subspan(used, wanted));
        used += wanted;
        if (machine.now() != state::over) check(machine.output().size() <= 4, "it says little");
    }
    const auto expected = by_definition(all, login);
    check((machine.now() == state::asked) == expected.has_value(), "it asks for what is valid");
    if (!expected) {
        check(machine.output().size() <= 12, "a refusal is short");
        return 0;
    }
    check(used == expected->used, "what stands behind the request is not read");
    check(machine.port() == expected->port, "the port is the client's");
    if (!expected->is_v6) check(machine.host() == expected->host, "the host is the client's");
    machine.reply(socks_reply::succeeded);
    check(machine.output().size() == (machine.version() == 4 ? 8 : 10), "it is answered once");
    check(machine.now() == state::over, "and then it is over");
    return 0;
}
