// Writes one valid message of each type into the folder that the command line names: the seeds of
// F03. Not part of the build; after a change of the messages compile it with -Iinclude -Itests and
// run it on tests/fuzz/seeds/f03_messages.
#include <adit/wire/auth_messages.hpp>
#include <adit/wire/channel_types.hpp>
#include <adit/wire/connection_messages.hpp>
#include <adit/wire/kex_messages.hpp>
#include <adit/wire/transport_messages.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>

namespace {

namespace wire = adit::wire;
using adit::as_bytes;
using adit::byte;
using adit::bytes_view;

class seed_folder {
public:
    explicit seed_folder(std::filesystem::path path) : path_(std::move(path)) {}

    template <wire::message M>
    void add(const char* name, const M& value) {
        std::array<byte, 2048> memory{};
        wire::writer w(memory);
        wire::encode(w, value);
        std::ofstream file(path_ / name, std::ios::binary);
        const auto text = adit::as_text(w.written());
        file.write(text.data(), static_cast<std::streamsize>(text.size()));
        complete_ = complete_ && w.error() == adit::errc::ok && file.good();
    }
    [[nodiscard]] bool complete() const noexcept { return complete_; }

private:
    std::filesystem::path path_;
    bool complete_ = true;
};

/// Strings one behind the other.
class joined {
public:
    joined(std::initializer_list<std::string_view> strings) {
        for (const auto s : strings) w_.put_string(as_bytes(s));
    }
    [[nodiscard]] wire::writer& more() noexcept { return w_; }
    [[nodiscard]] wire::rest rest() const noexcept { return {w_.written()}; }

private:
    std::array<byte, 512> memory_{};
    wire::writer w_{memory_};
};

void transport(seed_folder& seeds) {
    seeds.add("disconnect", wire::disconnect{11, "disconnected by user", ""});
    seeds.add("ignore", wire::ignore{as_bytes("noise")});
    seeds.add("unimplemented", wire::unimplemented{3});
    seeds.add("debug", wire::debug{true, "hello", "en"});
    seeds.add("service_request", wire::service_request{"ssh-userauth"});
    seeds.add("service_accept", wire::service_accept{"ssh-userauth"});
    const joined extensions{"server-sig-algs", "ssh-ed25519,rsa-sha2-256", "ping@openssh.com", "0"};
    seeds.add("ext_info", wire::ext_info{2, extensions.rest()});
}

void kex(seed_folder& seeds) {
    wire::kexinit m;
    m.kex_algorithms = {"mlkem768x25519-sha256,curve25519-sha256,ext-info-c"};
    m.server_host_key_algorithms = {"ssh-ed25519"};
    m.encryption_algorithms_client_to_server = {"aes256-gcm@openssh.com"};
    m.encryption_algorithms_server_to_client = {"chacha20-poly1305@openssh.com"};
    m.mac_algorithms_client_to_server = {"hmac-sha2-256-etm@openssh.com"};
    m.mac_algorithms_server_to_client = {"hmac-sha2-256-etm@openssh.com,"};
    m.compression_algorithms_client_to_server = {"none"};
    m.compression_algorithms_server_to_client = {"none,zlib@openssh.com"};
    seeds.add("kexinit", m);
    seeds.add("newkeys", wire::newkeys{});
    const std::string public_value(32, '\x41');
    seeds.add("kex_ecdh_init", wire::kex_ecdh_init{as_bytes(public_value)});
    const joined key{"ssh-ed25519", public_value};
    const joined signature{"ssh-ed25519", public_value};
    seeds.add("kex_ecdh_reply", wire::kex_ecdh_reply{key.rest().bytes, as_bytes(public_value),
                                                     signature.rest().bytes});
}

/// Fills what the requests of all methods begin with.
template <class Request>
[[nodiscard]] Request by_ann(Request m = {}) {
    m.user_name = "ann";
    m.service_name = "ssh-connection";
    return m;
}

void userauth_requests(seed_folder& seeds) {
    auto none = by_ann<wire::userauth_request>();
    none.method_name = "none";
    seeds.add("userauth_request_none", none);
    auto query = by_ann<wire::userauth_publickey_query>();
    query.algorithm_name = "ssh-ed25519";
    query.public_key = as_bytes("key");
    seeds.add("userauth_publickey_query", query);
    auto request = by_ann<wire::userauth_publickey_request>();
    request.algorithm_name = "ssh-ed25519";
    request.public_key = as_bytes("key");
    request.signature = as_bytes("signature");
    seeds.add("userauth_publickey_request", request);
    auto password = by_ann<wire::userauth_password_request>();
    password.password = {"correct horse"};
    seeds.add("userauth_password_request", password);
    auto interactive = by_ann<wire::userauth_keyboard_interactive_request>();
    interactive.submethods = "otp";
    seeds.add("userauth_keyboard_interactive_request", interactive);
}

void userauth_answers(seed_folder& seeds) {
    seeds.add("userauth_failure", wire::userauth_failure{{"publickey,password"}, true});
    seeds.add("userauth_success", wire::userauth_success{});
    seeds.add("userauth_banner", wire::userauth_banner{"Welcome.\r\n", "en"});
    seeds.add("userauth_pk_ok", wire::userauth_pk_ok{"ssh-ed25519", as_bytes("key")});
    seeds.add("userauth_passwd_changereq", wire::userauth_passwd_changereq{"New:", ""});
    joined prompts{"Password: "};
    prompts.more().put_u8(0);
    prompts.more().put_string(as_bytes("Code: "));
    prompts.more().put_u8(1);
    seeds.add("userauth_info_request",
              wire::userauth_info_request{"Login", "Two answers", "", 2, prompts.rest()});
    const joined responses{"pw", "123456"};
    seeds.add("userauth_info_response", wire::userauth_info_response{2, responses.rest()});
}

void channel_opening(seed_folder& seeds) {
    seeds.add("channel_open_session", wire::channel_open{"session", 0, 0x200000, 0x8000, {}});
    std::array<byte, 128> memory{};
    wire::writer target(memory);
    wire::put_fields(target, wire::direct_tcpip{"db.internal", 5432, "127.0.0.1", 40000});
    seeds.add("channel_open_direct_tcpip",
              wire::channel_open{"direct-tcpip", 1, 0x40000, 0x8000, {target.written()}});
    seeds.add("channel_open_confirmation",
              wire::channel_open_confirmation{1, 2, 0x40000, 0x8000, {}});
    seeds.add("channel_open_failure", wire::channel_open_failure{1, 2, "Connection refused", ""});
}

void connection(seed_folder& seeds) {
    joined forward{"localhost"};
    forward.more().put_u32(8080);
    seeds.add("global_request", wire::global_request{"tcpip-forward", true, forward.rest()});
    seeds.add("request_success", wire::request_success{});
    seeds.add("request_failure", wire::request_failure{});
    channel_opening(seeds);
    seeds.add("channel_window_adjust", wire::channel_window_adjust{1, 0x10000});
    seeds.add("channel_data", wire::channel_data{1, as_bytes("select 1;")});
    seeds.add("channel_extended_data", wire::channel_extended_data{1, 1, as_bytes("oops")});
    seeds.add("channel_eof", wire::channel_eof{1});
    seeds.add("channel_close", wire::channel_close{1});
    const joined command{"uptime"};
    seeds.add("channel_request", wire::channel_request{1, "exec", true, command.rest()});
    seeds.add("channel_success", wire::channel_success{1});
    seeds.add("channel_failure", wire::channel_failure{1});
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    seed_folder seeds(argv[1]);
    transport(seeds);
    kex(seeds);
    userauth_requests(seeds);
    userauth_answers(seeds);
    connection(seeds);
    return seeds.complete() ? 0 : 1;
}
