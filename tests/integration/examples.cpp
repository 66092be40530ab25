// The examples as running programs: each goes through a real sshd to a real server, as its comment
// says that it is to be called. examples/policy_bastion.cpp has a file of its own.
#include "support/test.hpp"

#include "integration/database_servers.hpp"

#ifdef ADIT_EXAMPLES

namespace adit::test {
namespace {

/// A bastion that the programs know, and a home folder where they look for it.
class bastion_for_examples {
public:
    bastion_for_examples() : server_(sshd_9_2()) {
        std::filesystem::create_directory(home_.file(".ssh"));
        write_file(home_.file(".ssh/known_hosts"), "[127.0.0.1]:" + port() + " " + host_key());
    }

    /// `arguments` follow the bastion and the key file.
    [[nodiscard]] run_result run_example(const std::string& name,
                                         std::vector<std::string> arguments) const {
        const std::string password = "MYSQL_PWD=open sesame";
        std::vector<std::string> command{"env", "HOME=" + home_.path().string(), password,
                                         "BASTION_PORT=" + port(), program(name)};
        command.insert(command.end(), {current_user() + "@127.0.0.1", server_.user_key()});
        command.insert(command.end(), arguments.begin(), arguments.end());
        return run(command);
    }
    [[nodiscard]] std::size_t connections() const {
        const std::string log = server_.log();
        std::size_t n = 0;
        const std::string accepted = "Accepted publickey";
        for (auto at = log.find(accepted); at != std::string::npos; at = log.find(accepted, at + 1))
            ++n;
        return n;
    }

    [[nodiscard]] static std::string program(const std::string& name) {
        return ADIT_EXAMPLES "/" + name;
    }

private:
    [[nodiscard]] std::string port() const { return std::to_string(server_.port()); }
    [[nodiscard]] std::string host_key() const { return server_.host_key_line(); }

    sshd server_;
    temporary_directory home_;
};

[[nodiscard]] bool missing(const std::string& example, const std::string& needed) {
    if (::access(bastion_for_examples::program(example).c_str(), X_OK) != 0) {
        skip(example + " is not built");
        return true;
    }
    for (const std::string& program : {needed, std::string("sshd")}) {
        if (!find_program(program).empty()) continue;
        skip(program + " is not installed");
        return true;
    }
    return false;
}

void expect(const run_result& outcome, const std::string& output) {
    BOOST_TEST(outcome.status == 0, outcome.errors);
    BOOST_TEST(outcome.output == output);
}

/// A server that is started with the port as its last argument.
class on_some_port {
public:
    on_some_port(const std::vector<std::string>& command, const std::string& before_port) {
        for (int attempt = 0; attempt < 5; ++attempt) {
            port_ = free_port();
            std::vector<std::string> all = command;
            all.push_back(before_port + std::to_string(port_));
            server_ = std::make_unique<child>(all, child_options{.log = folder_.file("log")});
            if (serves(*server_, port_)) return;
        }
        throw std::runtime_error(command[0] + ": " + read_file(folder_.file("log")));
    }
    [[nodiscard]] std::string port() const { return std::to_string(port_); }

private:
    temporary_directory folder_;
    std::uint16_t port_ = 0;
    std::unique_ptr<child> server_;
};

/// A CA, and a certificate of it for one name.
class certificates {
public:
    explicit certificates(const std::string& name) {
        make("ca", "/CN=adit test CA", {});
        make("server", "/CN=" + name,
             {"-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-addext",
              "subjectAltName=DNS:" + name, "-addext", "basicConstraints=CA:FALSE"});
    }
    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }

private:
    void make(const std::string& what, const std::string& subject,
              const std::vector<std::string>& more) const {
        std::vector<std::string> command{"openssl",
                                         "req",
                                         "-x509",
                                         "-newkey",
                                         "ec",
                                         "-pkeyopt",
                                         "ec_paramgen_curve:P-256",
                                         "-nodes",
                                         "-days",
                                         "2",
                                         "-subj",
                                         subject,
                                         "-keyout",
                                         file(what + ".key"),
                                         "-out",
                                         file(what + ".pem")};
        command.insert(command.end(), more.begin(), more.end());
        const run_result made = run(command);
        if (made.status != 0) throw std::runtime_error("openssl: " + made.errors);
    }

    temporary_directory folder_;
};

[[nodiscard]] on_some_port tls_server(const certificates& known) {
    return on_some_port({"openssl", "s_server", "-www", "-quiet", "-key", known.file("server.key"),
                         "-cert", known.file("server.pem"), "-accept"},
                        "127.0.0.1:");
}

BOOST_AUTO_TEST_SUITE(examples)

BOOST_AUTO_TEST_CASE(http_over_channel_gets_a_page) {
    if (missing("http-over-channel", "python3")) return;
    const temporary_directory pages;
    write_file(pages.file("hello"), "hello from behind the bastion\n");
    const on_some_port server({"/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1",
                               "--directory", pages.path().string()},
                              "");
    const bastion_for_examples gate;
    expect(gate.run_example("http-over-channel", {"127.0.0.1", server.port(), "/hello"}),
           "200 OK\nhello from behind the bastion\n");
}

BOOST_AUTO_TEST_CASE(tls_over_channel_believes_the_real_name_and_no_other) {
    if (missing("tls-over-channel", "openssl")) return;
    const bastion_for_examples gate;
    const certificates right("localhost");
    const on_some_port server = tls_server(right);
    expect(gate.run_example("tls-over-channel", {"localhost", server.port(), right.file("ca.pem")}),
           "TLSv1.3, localhost is itself\nHTTP/1.0 200 ok\n");
    const certificates wrong("db.internal");
    const on_some_port impostor = tls_server(wrong);
    const run_result refused =
        gate.run_example("tls-over-channel", {"localhost", impostor.port(), wrong.file("ca.pem")});
    BOOST_TEST(refused.status == 1);
    BOOST_TEST(refused.output.empty(), refused.output);
    BOOST_TEST(refused.errors.find("certificate verify failed") != std::string::npos,
               refused.errors);
}

BOOST_AUTO_TEST_CASE(redis_over_channel_sets_and_gets) {
    if (missing("redis-over-channel", "redis-server")) return;
    const redis_server redis;
    const bastion_for_examples gate;
    expect(gate.run_example("redis-over-channel", {"127.0.0.1", std::to_string(redis.port())}),
           "SET adit:greeting hello -> +OK\nINCR adit:visits -> :1\n"
           "GET adit:greeting -> hello\n");
}

BOOST_AUTO_TEST_CASE(timeouts_and_cancellation_leave_the_channel_working) {
    if (missing("timeouts-and-cancellation", "redis-server")) return;
    const redis_server redis;
    const bastion_for_examples gate;
    expect(
        gate.run_example("timeouts-and-cancellation", {"127.0.0.1", std::to_string(redis.port())}),
        "with a limit of 200 ms: the deadline passed\n"
        "stopped by a signal: Operation canceled\n"
        "and it works on: +PONG\r\n");
}

BOOST_AUTO_TEST_CASE(connection_pool_has_four_database_connections_over_one_of_ssh) {
    if (missing("connection-pool", "sshd")) return;
    if (postgres_tools().empty()) return skip("PostgreSQL is not installed");
    const postgres database(postgres_tools());
    // Nobody gets an answer before all four have asked.
    database.use({"psql", "-q", "-c",
                  "create sequence arrived; create function meet() returns int language plpgsql as "
                  "'begin perform nextval(''arrived''); for i in 1..600 loop if (select last_value "
                  "from arrived) >= 4 then return 4; end if; perform pg_sleep(0.05); end loop; "
                  "return 0; end'"},
                 std::to_string(database.port()));
    const bastion_for_examples gate;
    const run_result outcome =
        gate.run_example("connection-pool", {"127.0.0.1", std::to_string(database.port()),
                                             "dbname=postgres user=adit", "select meet()"});
    BOOST_TEST(outcome.status == 0, outcome.errors);
    BOOST_TEST(outcome.output == "4\n4\n4\n4\n");
    BOOST_TEST(gate.connections() == 1U);
}

BOOST_AUTO_TEST_CASE(mysql_over_channel_asks_mariadb) {
    if (missing("mysql-over-channel", "mariadbd")) return;
    const mariadb database;
    const bastion_for_examples gate;
    const std::string port = std::to_string(database.port());
    expect(gate.run_example("mysql-over-channel", {"127.0.0.1", port, "reader",
                                                   "select n, n * 10 from shop.orders order by n"}),
           "1\t10\t\n2\t20\t\n3\t30\t\n");
    const run_result refused =
        gate.run_example("mysql-over-channel", {"127.0.0.1", port, "nobody", "select 1"});
    BOOST_TEST(refused.status == 1);
    BOOST_TEST(refused.errors.find("access_denied") != std::string::npos, refused.errors);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test

#endif
