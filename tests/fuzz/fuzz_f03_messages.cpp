// F03: every message parser through one dispatcher over all 256 numbers (RFC 4250 section 4.1). An
// input is one payload. What is accepted is written again and must be the same bytes, but for
// booleans, of which any that is not zero is true; nothing allocates; and the message minus its
// last byte is no message, nor does it fit into a buffer that is one byte shorter.
#include "fuzz/allocation_count.hpp"
#include "fuzz/check.hpp"

#include <adit/wire/auth_messages.hpp>
#include <adit/wire/channel_requests.hpp>
#include <adit/wire/channel_types.hpp>
#include <adit/wire/connection_messages.hpp>
#include <adit/wire/kex_messages.hpp>
#include <adit/wire/transport_messages.hpp>

#include <memory>

namespace {

using adit::byte;
using adit::bytes_view;
using adit::errc;
using adit::mutable_bytes;
using adit::fuzz::check;
namespace wire = adit::wire;

constexpr std::size_t longest_payload = 64 * 1024;

template <wire::fields T>
[[nodiscard]] adit::result<T> decode_any(bytes_view input) {
    if constexpr (wire::message<T>) {
        return wire::decode<T>(input);
    } else {
        return wire::decode_fields<T>(input);
    }
}

template <wire::fields T>
void encode_any(wire::writer& w, const T& value) {
    if constexpr (wire::message<T>) {
        wire::encode(w, value);
    } else {
        wire::put_fields(w, value);
    }
}

template <class Field>
[[nodiscard]] std::size_t written_size(const Field& field) {
    static byte scratch[longest_payload];
    wire::writer w(scratch);
    put(w, field);
    check(w.error() == errc::ok, "a field that was read can be written");
    return w.size();
}

/// The input of which `value` was read, with its booleans as 0 or 1.
template <wire::fields T>
[[nodiscard]] bytes_view canonical(const T& value, bytes_view input, mutable_bytes expected) {
    std::ranges::copy(input, expected.begin());
    std::size_t place = wire::message<T> ? 1 : 0;
    const auto walk = [&](const auto& field) {
        if constexpr (std::is_same_v<decltype(field), const wire::boolean&>) {
            expected[place] = expected[place] != 0 ? 1 : 0;
        }
        place += written_size(field);
    };
    std::apply([&walk](const auto&... field) { (walk(field), ...); }, T::wire(value));
    check(place == input.size(), "the fields are as long as the input");
    return expected.first(input.size());
}

template <wire::fields T>
constexpr bool ends_in_rest() {
    bool last_is_rest = false;
    T value{};
    const auto look = [&last_is_rest]<class Field>(const Field&) {
        last_is_rest = std::is_same_v<Field, wire::rest>;
    };
    std::apply([&look](const auto&... field) { (look(field), ...); }, T::wire(value));
    return last_is_rest;
}

template <wire::fields T>
void check_small_buffer(const T& value, std::size_t size) {
    if (size == 0) return;
    const auto memory = std::make_unique<byte[]>(size - 1);  // ASan guards its end
    wire::writer w({memory.get(), size - 1});
    encode_any(w, value);
    check(w.error() == errc::message_too_large, "a buffer one byte too short is refused");
}

/// Whether `input` is a T.
template <wire::fields T>
bool try_as(bytes_view input) {
    static byte output[longest_payload];
    static byte expected[longest_payload];
    const std::size_t before = adit::fuzz::allocations;
    const auto decoded = decode_any<T>(input);
    check(adit::fuzz::allocations == before, "parsing allocates nothing");
    if (!decoded) return false;

    wire::writer w(mutable_bytes(output).first(input.size()));
    encode_any(w, *decoded);
    check(w.error() == errc::ok, "what was read can be written in as many bytes");
    check(adit::fuzz::allocations == before, "writing allocates nothing");
    const bytes_view same = canonical(*decoded, input, expected);
    check(std::ranges::equal(w.written(), same), "what is written is what was read");
    const auto again = decode_any<T>(w.written());
    check(again.has_value() && *again == *decoded, "what was written reads as the same");

    if (!ends_in_rest<T>() && !input.empty()) {
        check(!decode_any<T>(input.first(input.size() - 1)), "a shorter message is refused");
    }
    check_small_buffer(*decoded, input.size());
    return true;
}

/// Reads `count` entries as a receiver does: at most as many as there are bytes.
template <wire::fields Entry>
void read_list(wire::u32 count, bytes_view entries) {
    wire::reader r(entries);
    std::size_t steps = 0;
    for (wire::u32 i = 0; i < count && !r.failed(); ++i, ++steps) {
        Entry entry{};
        get_fields(r, entry);
    }
    check(steps <= entries.size() / 4 + 1, "a count drives no more steps than there are bytes");
}

void userauth_request(bytes_view payload) {
    if (!try_as<wire::userauth_request>(payload)) return;
    const auto request = *wire::decode<wire::userauth_request>(payload);
    if (request.method_name == "publickey") {
        const bool query = try_as<wire::userauth_publickey_query>(payload);
        const bool signed_request = try_as<wire::userauth_publickey_request>(payload);
        check(!(query && signed_request), "a request has a signature or has none");
    } else if (request.method_name == "password") {
        try_as<wire::userauth_password_request>(payload);
    } else if (request.method_name == "keyboard-interactive") {
        try_as<wire::userauth_keyboard_interactive_request>(payload);
    }
}

void number_60(bytes_view payload) {
    try_as<wire::userauth_pk_ok>(payload);
    try_as<wire::userauth_passwd_changereq>(payload);
    if (!try_as<wire::userauth_info_request>(payload)) return;
    const auto request = *wire::decode<wire::userauth_info_request>(payload);
    read_list<wire::userauth_prompt>(request.num_prompts, request.prompts.bytes);
    try_as<wire::userauth_prompt>(request.prompts.bytes);
}

void ext_info(bytes_view payload) {
    if (!try_as<wire::ext_info>(payload)) return;
    const auto info = *wire::decode<wire::ext_info>(payload);
    read_list<wire::extension>(info.nr_extensions, info.extensions.bytes);
    try_as<wire::extension>(info.extensions.bytes);
}

void channel_open(bytes_view payload) {
    if (!try_as<wire::channel_open>(payload)) return;
    const auto open = *wire::decode<wire::channel_open>(payload);
    if (open.channel_type == wire::direct_tcpip::channel_type) {
        try_as<wire::direct_tcpip>(open.channel_data.bytes);
    }
}

template <class... Messages>
void try_each(bytes_view payload) {
    (try_as<Messages>(payload), ...);
}

// As a server reads them, and as a client reads how a program ended.
void channel_request(bytes_view payload) {
    if (!try_as<wire::channel_request>(payload)) return;
    const auto request = *wire::decode<wire::channel_request>(payload);
    const bytes_view data = request.request_data.bytes;
    try_each<wire::env_request, wire::exec_request, wire::subsystem_request, wire::window_change,
             wire::signal_request, wire::exit_status, wire::exit_signal>(data);
    if (!try_as<wire::pty_request>(data)) return;
    const auto modes = wire::decode_modes(wire::decode_fields<wire::pty_request>(data)->modes);
    check(modes.size() * 5 <= data.size(), "modes are made of their bytes");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > longest_payload) return 0;
    const bytes_view payload(data, size);
    // Every parser sees every input: all but those of this number have to refuse it.
    try_each<wire::disconnect, wire::ignore, wire::unimplemented, wire::debug,
             wire::service_request, wire::service_accept, wire::kexinit, wire::newkeys,
             wire::kex_ecdh_init, wire::kex_ecdh_reply, wire::userauth_failure,
             wire::userauth_success, wire::userauth_banner, wire::userauth_info_response,
             wire::global_request, wire::request_success, wire::request_failure,
             wire::channel_open_confirmation, wire::channel_open_failure,
             wire::channel_window_adjust, wire::channel_data, wire::channel_extended_data,
             wire::channel_eof, wire::channel_close, wire::channel_success, wire::channel_failure,
             wire::ping, wire::pong>(payload);
    userauth_request(payload);
    number_60(payload);
    ext_info(payload);
    channel_open(payload);
    channel_request(payload);
    try_as<wire::userauth_publickey_signed_data>(payload);
    return 0;
}
