// examples/policy_bastion.cpp as a running program: its policy, asked by a real ssh.
#include "integration/bastion.hpp"

#include "support/run.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#ifdef ADIT_BASTION

using namespace adit::test;

namespace {

class policy_bastion {
public:
    policy_bastion() {
        static_cast<void>(make_key(folder_.file("host"), {"ed25519", ""}));
        static_cast<void>(make_key(folder_.file("id"), {"ed25519", ""}));
        // The same person twice; nobody else has let them in.
        std::filesystem::create_directory(folder_.file("keys"));
        for (const char* const user : {"alice", "mallory"}) {
            std::filesystem::copy(folder_.file("id.pub"), folder_.file("keys") + "/" + user);
        }
        process_.emplace(std::vector<std::string>{ADIT_EXAMPLES "/policy-bastion",
                                                  folder_.file("host"), folder_.file("keys"), "0"},
                         child_options{folder_.file("log")});
        const std::string line = "listening on port ";
        for (int i = 0; i < 200 && log().find(line) == std::string::npos; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        const std::string said = log();
        port_ = said.substr(said.find(line) + line.size());
        port_ = port_.substr(0, port_.find('\n'));
    }
    [[nodiscard]] std::string log() const { return read_file(folder_.file("log")); }
    /// What ssh says when this user wants to go there.
    [[nodiscard]] std::string asked_by(const std::string& user, const std::string& target) const {
        const run_result r =
            run({"ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=/dev/null",
                 "-o", "StrictHostKeyChecking=no", "-i", folder_.file("id"), "-p", port_, "-W",
                 target, user + "@127.0.0.1"});
        return r.errors;
    }
    [[nodiscard]] int end() {
        ::kill(process_->id(), SIGTERM);
        return process_->wait();
    }

private:
    temporary_directory folder_;
    std::optional<child> process_;
    std::string port_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(example_bastion)

BOOST_AUTO_TEST_CASE(its_policy_lets_the_right_people_go_to_databases_only) {
    policy_bastion gate;
    const std::string refused = "administratively prohibited";
    const std::string allowed = gate.asked_by("alice", "127.0.0.1:3306");
    BOOST_TEST(allowed.find(refused) == std::string::npos, allowed);
    for (const auto& [user, target] :
         {std::pair("mallory", "127.0.0.1:3306"), std::pair("alice", "127.0.0.1:22"),
          std::pair("alice", "169.254.169.254:3306")}) {
        const std::string said = gate.asked_by(user, target);
        BOOST_TEST(said.find(refused) != std::string::npos,
                   user << " to " << target << ": " << said);
    }
    const std::string as_bob = gate.asked_by("bob", "127.0.0.1:3306");
    BOOST_TEST(as_bob.find("Permission denied") != std::string::npos, as_bob);
    BOOST_TEST(gate.end() == 0);
    const std::string log = gate.log();
    BOOST_TEST(log.find("login 127.0.0.1") != std::string::npos, log);
    BOOST_TEST(log.find("mallory 127.0.0.1:3306 not permitted") != std::string::npos, log);
    BOOST_TEST(log.find("169.254.169.254:3306 address not permitted") != std::string::npos, log);
}

BOOST_AUTO_TEST_SUITE_END()

#endif
