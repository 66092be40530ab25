// F01: the identification reader (RFC 4253 section 4.2; C01-C03), both roles. The first byte of an
// input is the role and the size of pieces, the rest is what the peer sends. However the bytes are
// cut, the outcome is the same; nothing is consumed past the line's LF; what is accepted is found
// again by a search that knows nothing of the reader's states.
#include "fuzz/check.hpp"

#include <adit/protocol/version.hpp>

#include <algorithm>

namespace {

using adit::bytes_view;
using adit::errc;
using adit::fuzz::check;
using adit::protocol::identification_reader;
using adit::protocol::role;

struct outcome {
    std::size_t consumed = 0;
    bool done = false;
    errc error = errc::ok;
    std::string line;
    friend bool operator==(const outcome&, const outcome&) = default;
};

/// Small enough to be reached by small inputs; the identification keeps its 255 (C01).
[[nodiscard]] adit::limits small_limits() {
    adit::limits caps;
    caps.lines_before_identification = 6;
    caps.bytes_before_identification = 400;
    return caps;
}

[[nodiscard]] outcome read_in_pieces(role ours, bytes_view input, std::size_t piece) {
    const adit::limits caps = small_limits();
    identification_reader reader(ours, caps);
    outcome o;
    while (o.consumed < input.size() && !reader.done() && reader.error() == errc::ok) {
        const bytes_view left = input.subspan(o.consumed);
        const bytes_view given = left.first(std::min(piece, left.size()));
        const std::size_t used = reader.feed(given);
        check(used <= given.size(), "no more is consumed than was given");
        const bool going_on = !reader.done() && reader.error() == errc::ok;
        check(!going_on || used == given.size(), "a reader that goes on consumes everything");
        check(reader.line().size() <= caps.identification_line, "what is held is capped");
        o.consumed += used;
    }
    if (reader.done() || reader.error() != errc::ok) {
        check(reader.feed(input) == 0, "after its end a reader consumes nothing");
    }
    o.done = reader.done();
    o.error = reader.error();
    o.line = reader.line();
    return o;
}

[[nodiscard]] bool has_prefix(role ours, std::string_view line) {
    return line.starts_with("SSH-2.0-") || (ours == role::client && line.starts_with("SSH-1.99-"));
}

void check_accepted(role ours, std::string_view input, const outcome& o) {
    const std::string_view consumed = input.substr(0, o.consumed);
    check(consumed.ends_with('\n'), "the identification ends at its LF and not behind");
    const auto before = consumed.substr(0, consumed.size() - 1).rfind('\n');
    const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
    std::string_view line = consumed.substr(start, consumed.size() - 1 - start);
    check(line.size() + 1 <= 255, "C01: at most 255 bytes with CR LF");
    if (line.ends_with('\r')) line.remove_suffix(1);
    check(line == o.line, "C03: the line is kept as it was received, without CR LF");
    check(has_prefix(ours, line), "C01: protocol version 2.0, or 1.99 of a server");
    check(line.find('\0') == std::string_view::npos, "C01: no NUL");
    check(line.find('\r') == std::string_view::npos, "C01: no CR but before LF");
    check(start == 0 || ours == role::client, "C02: a client's first line is its identification");
    const auto lines = std::ranges::count(consumed.substr(0, start), '\n');
    check(lines <= 6, "C02: the lines before are capped");
}

/// What must be accepted: at the very start, complete, well-formed and short enough.
void check_completeness(role ours, std::string_view input, const outcome& o) {
    const auto end = input.find('\n');
    if (end == std::string_view::npos || end + 1 > 255) return;
    std::string_view line = input.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool clean =
        line.find('\0') == std::string_view::npos && line.find('\r') == std::string_view::npos;
    if (!clean || !has_prefix(ours, line)) return;
    check(o.done && o.line == line, "a well-formed identification is accepted");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const role ours = (data[0] & 1U) != 0 ? role::server : role::client;
    const std::size_t piece = 2U + (data[0] >> 1U);
    const bytes_view input = bytes_view(data, size).subspan(1);

    const outcome whole = read_in_pieces(ours, input, std::max<std::size_t>(input.size(), 1));
    check(whole == read_in_pieces(ours, input, 1), "single bytes give the same");
    check(whole == read_in_pieces(ours, input, piece), "pieces give the same");
    check(!(whole.done && whole.error != errc::ok), "done or failed");
    check(ours == role::client || whole.consumed <= 255, "C02: a server reads one line at most");
    const std::string_view text = adit::as_text(input);
    if (whole.done) check_accepted(ours, text, whole);
    check_completeness(ours, text, whole);
    return 0;
}
