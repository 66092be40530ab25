// Whether the time of a refusal tells if there is such a user (A15): wrong passwords, keys and
// codes of one who is there and of one who is not, in turn, each over a connection of its own on
// the loopback, and how likely such a difference is by chance (Kolmogorov and Smirnov). Run by
// bench.py; it judges nothing. The delay of refusals, which hides differences, is off.
//
//     login-timing ATTEMPTS       of each kind and user
#include <adit/accounts.hpp>
#include <adit/bastion.hpp>
#include <adit/client.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using adit::task;
using tcp = asio::ip::tcp;

namespace {

using microseconds = std::vector<double>;

constexpr std::array<std::string_view, 3> kinds{"publickey", "keyboard-interactive", "password"};
constexpr const char* someone = "alice";
constexpr const char* nobody = "mallo";

[[nodiscard]] adit::keys::private_key new_key() {
    adit::crypto::system_random random;
    return adit::keys::private_key::generate_ed25519(random).value();
}

[[nodiscard]] std::shared_ptr<adit::accounts> users() {
    constexpr std::string_view password = "correct horse battery staple";
    constexpr std::string_view seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    adit::crypto::system_random random;
    adit::account_table table;
    for (const char* name : {someone, "bob", "carol"}) {
        adit::account& one = table[name];
        one.password_hash = adit::crypto::hash_password(adit::as_bytes(password), random).value();
        one.totp = adit::crypto::totp::from_base32(seed, {}).value();
        one.authorized_keys = new_key().public_part().to_line();
    }
    auto all = std::make_shared<adit::accounts>(adit::account_options());
    if (!all->replace(std::move(table)).empty()) throw std::logic_error("an account is unsound");
    return all;
}

[[nodiscard]] adit::bastion_options server() {
    adit::host_key_signers host_keys{std::make_shared<adit::key_signer>(new_key())};
    auto options = std::make_shared<adit::server_options>(std::move(host_keys), users());
    for (const std::string_view kind : kinds) options->methods.push_back({std::string(kind)});
    options->limits.failure_delay = {};
    adit::bastion_options all(std::move(options));
    all.listen = {{asio::ip::address_v4::loopback(), 0}};
    return all;
}

task<adit::host_key_answer> trust(const adit::host_key_question&) {
    co_return adit::host_key_answer::trusted;
}

task<std::vector<adit::secret_bytes>> guess_codes(const adit::prompt_question& question) {
    const std::string_view wrong = "000000";
    co_return std::vector<adit::secret_bytes>(question.prompts.size(),
                                              adit::secret_bytes(wrong.begin(), wrong.end()));
}

[[nodiscard]] adit::credential wrong(std::string_view kind) {
    constexpr std::string_view guess = "a guess";
    if (kind == "publickey") return adit::key_credential(new_key());
    if (kind == "keyboard-interactive") return adit::prompt_responder(guess_codes);
    return adit::password_credential(adit::secret_bytes(guess.begin(), guess.end()));
}

class measurement {
public:
    measurement() : gate_(ctx_.get_executor(), server()) { gate_.listen(); }

    /// How long the server took to refuse this, from the client's last message on.
    [[nodiscard]] double refuse(const std::string& user, std::string_view kind);

private:
    using clock = std::chrono::steady_clock;

    asio::io_context ctx_{1};
    adit::bastion gate_;
};

double measurement::refuse(const std::string& user, std::string_view kind) {
    clock::time_point asked;
    clock::duration taken{};
    adit::client_options options(user, "127.0.0.1", trust);
    options.credentials = {wrong(kind)};
    options.password_attempts = 1;
    options.trace = [&asked, &taken](const adit::trace_event& e) {
        const auto id = static_cast<adit::wire::message_id>(e.payload.front());
        if (e.sent) asked = clock::now();
        if (!e.sent && id == adit::wire::message_id::userauth_failure) taken = clock::now() - asked;
    };
    const auto logs_in = [&]() -> task<> {
        tcp::socket socket(ctx_);
        auto connecting = socket.async_connect(gate_.endpoints().at(0), asio::deferred);
        co_await std::move(connecting);
        adit::client ssh(std::move(socket), options);
        auto shaking = ssh.async_handshake(asio::as_tuple(asio::deferred));
        const auto outcome = co_await std::move(shaking);
        if (!std::get<0>(outcome)) throw std::logic_error("a guess was right");
    };
    std::exception_ptr failure;
    bool done = false;
    asio::co_spawn(ctx_, logs_in, [&](std::exception_ptr thrown) {
        failure = std::move(thrown);
        done = true;
    });
    ctx_.restart();
    while (!done || gate_.connections() != 0) ctx_.run_one();
    if (failure) std::rethrow_exception(failure);
    return std::chrono::duration<double, std::micro>(taken).count();
}

// Of two samples of one distribution, how often they are at least so different.
[[nodiscard]] double chance_of(microseconds a, microseconds b) {
    std::ranges::sort(a);
    std::ranges::sort(b);
    const auto n = static_cast<double>(a.size());
    const auto m = static_cast<double>(b.size());
    double distance = 0;
    for (const microseconds& from : {a, b}) {
        for (const double x : from) {
            const auto below_a = std::ranges::upper_bound(a, x) - a.begin();
            const auto below_b = std::ranges::upper_bound(b, x) - b.begin();
            distance = std::max(distance, std::abs(static_cast<double>(below_a) / n -
                                                   static_cast<double>(below_b) / m));
        }
    }
    const double root = std::sqrt(n * m / (n + m));
    const double lambda = (root + 0.12 + 0.11 / root) * distance;
    if (lambda < 0.2) return 1;  // where the series hardly converges
    double sum = 0;
    for (int k = 1; k <= 100; ++k) {
        sum += (k % 2 == 1 ? 2 : -2) * std::exp(-2.0 * k * k * lambda * lambda);
    }
    return std::clamp(sum, 0.0, 1.0);
}

[[nodiscard]] double part_of(microseconds sample, double part) {
    std::ranges::sort(sample);
    return sample.at(static_cast<std::size_t>(static_cast<double>(sample.size() - 1) * part));
}

void measure(measurement& m, std::string_view kind, int attempts) {
    microseconds known, unknown;
    for (int i = 0; i < attempts; ++i) {
        // Whoever is first in a pair is first in the next pair's other half.
        const bool swapped = i % 2 == 1;
        (swapped ? unknown : known).push_back(m.refuse(swapped ? nobody : someone, kind));
        (swapped ? known : unknown).push_back(m.refuse(swapped ? someone : nobody, kind));
    }
    std::printf("%-22s%8d", std::string(kind).c_str(), attempts);
    for (const microseconds& sample : {known, unknown}) {
        std::printf("%10.0f%10.0f", part_of(sample, 0.5), part_of(sample, 0.9));
    }
    std::printf("%10.3f\n", chance_of(known, unknown));
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    const int attempts = argc == 2 ? std::atoi(argv[1]) : 0;
    if (attempts <= 0) {
        std::fprintf(stderr, "usage: login-timing ATTEMPTS\n");
        return 2;
    }
    try {
        std::printf("refused logins of a user who is there and of one who is not; microseconds\n");
        std::printf("%-22s%8s%10s%10s%10s%10s%10s\n", "method", "each", "median", "90 %", "median",
                    "90 %", "KS p");
        measurement m;
        for (const std::string_view kind : kinds) measure(m, kind, attempts);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "login-timing: %s\n", e.what());
        return 1;
    }
    return 0;
}
