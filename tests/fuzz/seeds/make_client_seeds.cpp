// Writes the seeds of F04 into the folder that the command line names: what a server of ours says
// to the target's client (the bytes of whole handshakes, since both are deterministic), and logins
// as lists of messages. Not part of the build; after a change of the handshake's bytes compile it
// with -Iinclude -Itests and run it on tests/fuzz/seeds/f04_client.
#include "fuzz/watched_client.hpp"
#include "support/memory_stream.hpp"
#include "support/test_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

namespace {

namespace wire = adit::wire;
using adit::byte;
using adit::task;
using adit::test::payload_of;
using adit::test::test_server;
using octets = std::vector<byte>;

std::filesystem::path folder;

void write(const char* name, const octets& content) {
    std::ofstream file(folder / name, std::ios::binary);
    file.write(adit::as_text(content).data(), static_cast<std::streamsize>(content.size()));
}

/// A list of messages behind the bytes that choose the scene.
octets listed(octets first, const std::vector<octets>& messages) {
    for (const octets& m : messages) {
        first.push_back(static_cast<byte>(m.size() >> 8U));
        first.push_back(static_cast<byte>(m.size()));
        first.insert(first.end(), m.begin(), m.end());
    }
    return first;
}

/// What the server writes in a handshake with the target's client.
void record(const char* name, byte choice, const std::function<task<>(test_server&)>& part) {
    boost::asio::io_context ctx(1);
    auto [client_end, server_end] = adit::test::memory_pair(ctx.get_executor());
    const auto down = server_end.outgoing();
    const auto watch = std::make_shared<adit::fuzz::client_watch>();
    adit::client ssh(std::move(client_end), adit::fuzz::watched_options(watch, choice));
    test_server server(std::move(server_end), {});
    ssh.async_handshake([](adit::error_code) {});
    boost::asio::co_spawn(ctx, part(server), [](std::exception_ptr) {});
    ctx.poll();
    octets seed{0, choice};
    const octets said = down->written();
    seed.insert(seed.end(), said.begin(), said.end());
    write(name, seed);
}

task<> lets_in(test_server& s) {
    co_await s.shake();
    co_await s.log_in();
}

task<> only_shakes(test_server& s) {
    co_await s.shake();
    co_await s.flush();
}

task<> refuses(test_server& s) {
    co_await s.shake();
    co_await s.accept_service();
    s.reply(wire::userauth_banner{"hello\r\n", ""});
    s.reply(wire::userauth_failure{{"password,publickey"}, false});
    co_await s.flush();
    s.reply(wire::userauth_failure{{"password"}, true});
    s.reply(wire::userauth_success{});
    co_await s.flush();
}

octets info_request(wire::u32 prompts) {
    octets memory(256);
    wire::writer w(memory);
    for (wire::u32 i = 0; i < prompts; ++i) {
        w.put_string(adit::as_bytes("Code: "));
        w.put_u8(0);
    }
    return payload_of(wire::userauth_info_request{"Login", "Answer", "", prompts, {w.written()}});
}

octets ext_info() {
    octets memory(256);
    wire::writer w(memory);
    w.put_string(adit::as_bytes("server-sig-algs"));
    w.put_string(adit::as_bytes("ssh-ed25519,rsa-sha2-256"));
    return payload_of(wire::ext_info{1, {w.written()}});
}

octets pk_ok() {
    const auto key = adit::test::sample_public_key(7);
    return payload_of(wire::userauth_pk_ok{"ssh-ed25519", key.blob()});
}

octets kexinit() {
    wire::kexinit m;
    m.kex_algorithms = {"curve25519-sha256,ecdh-sha2-nistp256,kex-strict-s-v00@openssh.com"};
    m.server_host_key_algorithms = {"ssh-ed25519"};
    m.encryption_algorithms_client_to_server = {"aes256-gcm@openssh.com,aes128-ctr"};
    m.encryption_algorithms_server_to_client = {"chacha20-poly1305@openssh.com"};
    m.mac_algorithms_client_to_server = {"hmac-sha2-256-etm@openssh.com"};
    m.mac_algorithms_server_to_client = {"hmac-sha2-256-etm@openssh.com"};
    m.compression_algorithms_client_to_server = {"none"};
    m.compression_algorithms_server_to_client = {"none"};
    return payload_of(m);
}

octets kex_reply() {
    const auto key = adit::test::sample_public_key(1);
    const octets value(32, byte{9});
    octets memory(128);
    wire::writer w(memory);
    w.put_string(adit::as_bytes("ssh-ed25519"));
    w.put_string(octets(64, byte{3}));
    return payload_of(wire::kex_ecdh_reply{key.blob(), value, w.written()});
}

void logins() {
    const octets accept = payload_of(wire::service_accept{"ssh-userauth"});
    const octets in = payload_of(wire::userauth_success{});
    const octets no =
        payload_of(wire::userauth_failure{{"publickey,password,keyboard-interactive"}, false});
    const octets half = payload_of(wire::userauth_failure{{"keyboard-interactive"}, true});
    const octets banner = payload_of(wire::userauth_banner{"Authorized use only\r\n", "en"});
    const octets change = payload_of(wire::userauth_passwd_changereq{"New:", ""});
    write("login_none", listed({2, 0}, {accept, in}));
    write("login_key", listed({2, 1}, {ext_info(), accept, banner, in}));
    write("login_keys_asked", listed({2, 3}, {accept, pk_ok(), no, no}));
    write("login_password", listed({2, 4}, {accept, no, no, in}));
    write("login_password_change", listed({2, 4}, {accept, change}));
    write("login_prompts", listed({2, 8}, {accept, info_request(2), info_request(0), in}));
    write("login_two_factors", listed({2, 9}, {accept, half, info_request(1), in}));
    write("login_trivial", listed({2, 16 + 8}, {accept, info_request(0), in}));
    write("login_other_service", listed({2, 1}, {payload_of(wire::service_accept{"x"}), in}));
    write("login_gone", listed({2, 15}, {payload_of(wire::disconnect{2, "bye", ""}), accept}));
    write("kex_reply", listed({1, 1}, {kexinit(), kex_reply(), payload_of(wire::newkeys{})}));
    write("real_login", listed({3, 1, 0}, {accept, in, payload_of(wire::ignore{{}})}));
    write("real_in_turn", listed({3, 9, 4}, {accept, half, info_request(1), in}));
    write("real_other_key", listed({3, 4, 2}, {accept, in}));
    const octets ignore = payload_of(wire::ignore{{}});
    write("real_slip_in", listed({3, 4, 1 + 16 + 64}, {ignore, ignore, accept, in}));
    write("real_slip_in_strict", listed({3, 4, 16}, {ignore, accept, in}));
    write("real_early_success", listed({3, 4, 64}, {in, accept, in}));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: make_client_seeds FOLDER\n");
        return 2;
    }
    folder = argv[1];
    std::filesystem::create_directories(folder);
    record("stream_key", 1, lets_in);
    record("stream_password", 4, lets_in);
    record("stream_refused", 7, refuses);
    record("stream_kex", 1, only_shakes);
    logins();
    return 0;
}
