// examples/remote_command.cpp as a running program, at a real sshd.
#include "support/test.hpp"

#include "integration/program.hpp"

#ifdef ADIT_EXAMPLES

namespace adit::test {
namespace {

class commands {
public:
    explicit commands(const sshd& server) : server_(&server) {
        std::filesystem::create_directory(home_.file(".ssh"));
        write_file(home_.file(".ssh/known_hosts"),
                   "[127.0.0.1]:" + std::to_string(server.port()) + " " + server.host_key_line());
    }
    [[nodiscard]] run_result run(const std::string& command) const {
        return test::run({"env", "HOME=" + home_.path().string(),
                          "SSH_PORT=" + std::to_string(server_->port()),
                          ADIT_EXAMPLES "/remote-command", current_user() + "@127.0.0.1",
                          server_->user_key(), command});
    }

private:
    const sshd* server_;
    temporary_directory home_;
};

BOOST_AUTO_TEST_SUITE(example_remote_command)

BOOST_AUTO_TEST_CASE(prints_both_streams_and_ends_as_the_command_does) {
    if (missing(sshd_9_2())) return;
    const sshd server(sshd_9_2());
    const commands there(server);
    const run_result mixed = there.run("echo out; echo err >&2; cat; exit 7");
    BOOST_TEST(mixed.output == "out\n");
    BOOST_TEST(mixed.errors == "err\n");
    BOOST_TEST(mixed.status == 7);
    const run_result much = there.run("head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero");
    BOOST_TEST(much.output.size() == 3'000'000U);
    BOOST_TEST(much.errors.size() == 3'000'000U);
    BOOST_TEST(much.status == 0);
    const run_result killed = there.run("kill -KILL $$");
    BOOST_TEST(killed.status == 255);
    BOOST_TEST(killed.errors.find("signal KILL") != std::string::npos, killed.errors);
}

BOOST_AUTO_TEST_CASE(says_why_it_could_not) {
    const run_result usage = run({ADIT_EXAMPLES "/remote-command"});
    BOOST_TEST(usage.status == 255);
    BOOST_TEST(usage.errors.find("usage") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
