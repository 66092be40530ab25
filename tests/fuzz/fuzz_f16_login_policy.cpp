// F16: logins of virtual users at a server, as a list of operations: a right or a wrong password,
// key, code, an answer too many, a dialogue left, another user. Two factors and one-time codes are
// asked for. A reference policy of a few lines says who gets in: success if and only if it says so;
// attempts stay below their caps; a user that does not exist gets the same answers as one that
// never gives the right secret.
#include "fuzz/check.hpp"
#include "fuzz/scripted_port.hpp"
#include "support/fixed_random.hpp"
#include "support/sample_keys.hpp"

#include <adit/auth/server.hpp>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

namespace {

using adit::byte;
using adit::bytes_view;
using adit::secret_bytes;
using adit::task;
using adit::fuzz::check;
using adit::fuzz::scripted_port;
namespace wire = adit::wire;

constexpr std::string_view service = "ssh-connection";

template <wire::message M>
[[nodiscard]] std::vector<byte> payload_of(const M& message) {
    std::vector<byte> payload(wire::encoded_size(message));
    wire::writer w(payload);
    wire::encode(w, message);
    return payload;
}

/// alice and bob exist; each secret is right for both. Codes are good once.
class two_users final : public adit::authenticator {
public:
    [[nodiscard]] static bool exists(std::string_view user) {
        return user == "alice" || user == "bob";
    }
    [[nodiscard]] task<answer> check_key(const adit::key_question& q) override {
        const bool good = exists(q.who.user) && *q.key == adit::test::sample_public_key(7);
        co_return good ? answer(adit::permissions::all()) : answer();
    }
    [[nodiscard]] task<answer> check_password(const adit::login_question& who,
                                              const secret_bytes& password) override {
        const bool good = exists(who.user) && adit::as_text(password) == "right";
        co_return good ? answer(adit::permissions::all()) : answer();
    }
    [[nodiscard]] task<answer> converse(adit::prompt_dialogue& dialogue) override {
        std::vector<adit::prompt> prompts{{"code", false}};
        auto asking = dialogue.ask("", "", std::move(prompts));
        const std::vector<secret_bytes> answers = co_await std::move(asking);
        const bool good = exists(dialogue.who().user) && adit::as_text(answers[0]) == "123456" &&
                          used_.insert(dialogue.who().user).second;
        co_return good ? answer(adit::permissions::all()) : answer();
    }

private:
    std::set<std::string> used_;
};

/// What the operations do, and what the reference makes of it.
class script {
public:
    script(bytes_view operations, std::vector<byte> session)
        : left_(operations), session_(std::move(session)) {}

    /// The next payload; what it means for the reference is noted before the server sees it.
    [[nodiscard]] std::vector<byte> next();
    [[nodiscard]] bool let_in() const noexcept { return let_in_; }

private:
    enum factor : std::uint8_t { key, password, code };

    void has_shown(factor f, bool right);
    [[nodiscard]] std::vector<byte> password_request(bool right);
    [[nodiscard]] std::vector<byte> key_request(bool right);
    [[nodiscard]] std::vector<byte> begin_dialogue();
    [[nodiscard]] std::vector<byte> answer(bool right, bool one_too_many);
    [[nodiscard]] bool exists() const { return two_users::exists(user_); }

    bytes_view left_;
    std::vector<byte> session_;
    std::string user_ = "alice";
    std::string first_user_;
    bool began_ = false;
    bool over_ = false;   // the server must have ended it
    bool asked_ = false;  // a dialogue waits for its answer
    bool code_used_ = false;
    unsigned passed_ = 0;  // of publickey, keyboard-interactive
    unsigned failures_ = 0;
    bool let_in_ = false;
};

// The reference: publickey and then a code, or a password alone as long as nothing has passed.
void script::has_shown(factor f, bool right) {
    if (over_ || let_in_) return;
    const bool awaited =
        (passed_ == 0 && (f == key || f == password)) || (passed_ == 1 && f == code);
    if (right && awaited && exists()) {
        ++passed_;
        let_in_ = f != key;
        return;
    }
    if (++failures_ >= 6) over_ = true;
}

std::vector<byte> script::password_request(bool right) {
    has_shown(password, right);
    wire::userauth_password_request m;
    m.user_name = user_;
    m.service_name = service;
    m.password = {right ? "right" : "wrong"};
    return payload_of(m);
}

std::vector<byte> script::key_request(bool right) {
    has_shown(key, right);
    const auto named = adit::test::sample_public_key(7);
    wire::userauth_publickey_signed_data covered;
    covered.session_identifier = session_;
    covered.user_name = user_;
    covered.service_name = service;
    covered.algorithm_name = named.type();
    covered.public_key = named.blob();
    std::vector<byte> message(wire::fields_size(covered));
    wire::writer w(message);
    wire::put_fields(w, covered);
    const byte signing = right ? 7 : 8;
    const auto signature = adit::test::sample_key(signing).sign(named.type(), message).value();
    wire::userauth_publickey_request m;
    m.user_name = user_;
    m.service_name = service;
    m.algorithm_name = named.type();
    m.public_key = named.blob();
    m.signature = signature;
    return payload_of(m);
}

std::vector<byte> script::begin_dialogue() {
    if (passed_ == 1) {
        asked_ = true;
    } else {
        has_shown(code, false);
    }
    wire::userauth_keyboard_interactive_request m;
    m.user_name = user_;
    m.service_name = service;
    return payload_of(m);
}

std::vector<byte> script::answer(bool right, bool one_too_many) {
    if (!asked_) over_ = true;  // C37: nobody has asked
    asked_ = false;
    const bool good = right && !one_too_many && !code_used_;
    if (right && !one_too_many && exists()) code_used_ = true;
    has_shown(code, good);
    const std::string text = right ? "123456" : "000000";
    const std::size_t count = one_too_many ? 2 : 1;
    std::vector<byte> encoded(count * (4 + text.size()));
    wire::writer w(encoded);
    for (std::size_t i = 0; i < count; ++i) w.put_string(adit::as_bytes(text));
    return payload_of(wire::userauth_info_response{static_cast<wire::u32>(count), {encoded}});
}

std::vector<byte> script::next() {
    if (!std::exchange(began_, true)) return payload_of(wire::service_request{"ssh-userauth"});
    if (left_.empty() || let_in_) return {};
    const unsigned operation = left_[0] % 8U;
    const bool right = (left_[0] & 0x80U) != 0;
    left_ = left_.subspan(1);
    const bool answers = operation == 3 || operation == 4;
    if (operation == 5) {
        const char* const names[] = {"alice", "bob", "nobody"};
        if (first_user_.empty()) user_ = names[right ? 1 : 2];
        return next();
    }
    if (operation == 6 && !first_user_.empty()) {
        user_ = user_ == "alice" ? "bob" : "alice";
        over_ = true;  // C30
    }
    // A dialogue that is left is an attempt that failed (C37).
    if (!answers && std::exchange(asked_, false)) has_shown(code, false);
    if (!answers) first_user_ = user_;
    switch (operation) {
        case 0: return password_request(right);
        case 1: return key_request(right);
        case 2: return begin_dialogue();
        case 3: return answer(right, false);
        case 4: return answer(right, true);
        default: return password_request(right);
    }
}

// A function, not a lambda: g++ 12 gives a lambda's coroutine in an extern "C" function the name of
// the lambda before it.
task<> log_in(scripted_port& port, adit::auth::server_settings& settings, std::string& user) {
    const adit::identity who = co_await adit::auth::authenticate_client(port, settings);
    user = who.user;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 200) return 0;
    const auto judge = std::make_shared<two_users>();
    adit::server_options options({}, judge);
    options.methods = {{"publickey", "keyboard-interactive"}, {"password"}};
    options.limits.failure_delay = {};
    adit::test::fixed_random random(byte{6});
    const std::vector<byte> session(32, byte{9});
    script play(bytes_view(data, size), session);
    scripted_port port(adit::protocol::role::server, adit::protocol::phase::service, random,
                       [&] { return play.next(); });
    unsigned attempts = 0;
    adit::auth::server_settings settings{
        options, session, {"192.0.2.1", 22}, [&](const adit::audit_event& event) {
            ++attempts;
            check(!event.user.empty(), "events name somebody");
        }};
    std::string user;
    const bool in = adit::fuzz::ends_well([&] { return log_in(port, settings, user); });
    check(in == play.let_in(), "success if and only if the reference says so");
    check(!in || two_users::exists(user), "who gets in exists");
    check(attempts <= 8, "L05: six failures, and the success");
    return 0;
}
