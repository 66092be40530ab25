// What tunnels are for: PostgreSQL, Redis, MariaDB and ClickHouse with their own tools through one,
// by adit-tunnel and by the library, without an error; and a dump that is the same as one taken
// directly.
#include "support/test.hpp"

#include "integration/background.hpp"
#include "integration/database_servers.hpp"
#include "integration/program.hpp"

namespace adit::test {
namespace {

void expect_no_failures(background_tunnel& way) {
    const auto failures = way.failures();
    BOOST_TEST(failures.empty(), failures.size() << " failed, the first: " << failures.front());
}

void benchmark_postgres(const sshd_peer& peer) {
    if (missing(peer)) return;
    if (postgres_tools().empty()) return skip("PostgreSQL is not installed");
    const postgres database(postgres_tools());
    const sshd server(peer);
    background_tunnel way(server.login(), database.port());
    database.use({"pgbench", "-i", "-s", "5", "-q"}, way.port());
    const auto measured = database.use({"pgbench", "-c", "20", "-T", "10"}, way.port());
    BOOST_TEST_MESSAGE(measured.output);
    BOOST_TEST(measured.output.find("number of failed transactions: 0 ") != std::string::npos,
               measured.output << measured.errors);
    BOOST_TEST(measured.errors.find("error") == std::string::npos, measured.errors);
    expect_no_failures(way);
}

// Newer ones write a random key into each dump unless they are given one.
[[nodiscard]] std::vector<std::string> dump_command(const postgres& database, std::string to) {
    std::vector<std::string> command{"pg_dump", "-f", std::move(to)};
    const auto help = run({database.tool("pg_dump"), "--help"});
    if (help.output.find("--restrict-key") != std::string::npos) {
        command.emplace_back("--restrict-key=adit");
    }
    return command;
}

void dump_postgres(const sshd_peer& peer) {
    if (missing(peer)) return;
    if (postgres_tools().empty()) return skip("PostgreSQL is not installed");
    const postgres database(postgres_tools());
    const sshd server(peer);
    background_tunnel way(server.login(), database.port());
    const std::string direct = std::to_string(database.port());
    database.use({"psql", "-q", "-c",
                  "create table big as select n, repeat(md5(n::text), 8) as words "
                  "from generate_series(1, 420000) n"},
                 direct);
    database.use(dump_command(database, database.file("direct.sql")), direct);
    database.use(dump_command(database, database.file("tunnel.sql")), way.port());
    BOOST_TEST(std::filesystem::file_size(database.file("tunnel.sql")) > 100'000'000U);
    const auto compared = run({"cmp", database.file("direct.sql"), database.file("tunnel.sql")});
    BOOST_TEST(compared.status == 0, compared.output);
    expect_no_failures(way);
}

void benchmark_redis(const sshd_peer& peer) {
    if (missing(peer)) return;
    if (find_program("redis-server").empty()) return skip("Redis is not installed");
    const redis_server redis;
    const sshd server(peer);
    background_tunnel way(server.login(), redis.port());
    const auto measured = run(
        {"redis-benchmark", "-h", "127.0.0.1", "-p", way.port(), "-q", "-n", "20000", "-c", "20"});
    BOOST_TEST(measured.status == 0, measured.errors);
    BOOST_TEST(measured.errors.empty(), measured.errors);
    BOOST_TEST(measured.output.find("rror") == std::string::npos, measured.output);
    BOOST_TEST(measured.output.find("MSET (10 keys): ") != std::string::npos, measured.output);
    expect_no_failures(way);
}

#ifdef ADIT_TUNNEL

// adit-tunnel -L from a free port to that of a server on loopback.
class tunnel_to {
public:
    tunnel_to(const sshd& server, std::uint16_t far_port)
        : port_(std::to_string(free_port())),
          program_(known(folder_, server), {},
                   {"-L", port_ + ":127.0.0.1:" + std::to_string(far_port), "-p",
                    std::to_string(server.port()), "-i", server.user_key(),
                    current_user() + "@127.0.0.1"}) {
        if (!program_.says("\"event\":\"ready\"")) throw std::runtime_error(program_.output());
    }
    tunnel_to(const tunnel_to&) = delete;
    tunnel_to& operator=(const tunnel_to&) = delete;
    ~tunnel_to() {
        // What a client has ended, the tunnel may still have to hear of.
        for (int i = 0; i < 3000 && count("opened") != count("closed"); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        BOOST_TEST(program_.end() == 0);
        BOOST_TEST(count("opened") > 0U);
        BOOST_TEST(program_.output().find("\"error\"") == std::string::npos, program_.output());
    }

    [[nodiscard]] const std::string& port() const noexcept { return port_; }

private:
    [[nodiscard]] std::size_t count(const std::string& what) const {
        const std::string said = program_.output(), event = "\"connection_" + what + "\"";
        std::size_t n = 0;
        for (auto at = said.find(event); at != std::string::npos; at = said.find(event, at + 1)) {
            ++n;
        }
        return n;
    }
    [[nodiscard]] static const temporary_directory& known(const temporary_directory& folder,
                                                          const sshd& server) {
        know_host(folder, server.port(), server.host_key_line());
        return folder;
    }

    temporary_directory folder_;
    std::string port_;
    program program_;
};

// Without one of them the test is left; says so.
[[nodiscard]] bool have(const sshd_peer& peer, const std::vector<std::string>& programs) {
    if (missing(peer)) return false;
    for (const std::string& name : programs) {
        if (!find_program(name).empty()) continue;
        skip(name + " is not installed");
        return false;
    }
    return true;
}

void expect(const run_result& outcome, std::string_view output) {
    BOOST_TEST(outcome.status == 0, outcome.errors);
    BOOST_TEST(outcome.output == output, outcome.output << outcome.errors);
}

void ask_postgres(const sshd_peer& peer) {
    if (!have(peer, {})) return;
    if (postgres_tools().empty()) return skip("PostgreSQL is not installed");
    const postgres database(postgres_tools());
    const sshd server(peer);
    const tunnel_to way(server, database.port());
    expect(database.use({"psql", "-At", "-c", "select sum(n) from generate_series(1, 1000) n"},
                        way.port()),
           "500500\n");
}

void ask_mariadb(const sshd_peer& peer) {
    if (!have(peer, {"mariadbd", "mariadb"})) return;
    const mariadb database;
    const sshd server(peer);
    const tunnel_to way(server, database.port());
    expect(run({"mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", way.port(), "-u", "reader",
                "-popen sesame", "-N", "-B", "-e", "select sum(n), count(*) from shop.orders"}),
           "6\t3\n");
}

void ask_redis(const sshd_peer& peer) {
    if (!have(peer, {"redis-server", "redis-cli"})) return;
    const redis_server database;
    const sshd server(peer);
    const tunnel_to way(server, database.port());
    const std::vector<std::string> client{"redis-cli", "-h", "127.0.0.1", "-p", way.port()};
    const auto ask = [&client](const std::vector<std::string>& words) {
        std::vector<std::string> all = client;
        all.insert(all.end(), words.begin(), words.end());
        return run(all);
    };
    expect(ask({"set", "greeting", "hello"}), "OK\n");
    expect(ask({"get", "greeting"}), "hello\n");
}

// By HTTP, what its drivers speak: a table is made, filled and asked, and an answer is large.
void ask_clickhouse_over_http(const sshd_peer& peer) {
    if (!have(peer, {"clickhouse-server", "curl"})) return;
    const clickhouse database;
    const sshd server(peer);
    const tunnel_to way(server, database.http_port());
    const auto ask = [&way](const std::string& query) {
        return run({"curl", "-sS", "--noproxy", "*", "--data-binary", query,
                    "http://127.0.0.1:" + way.port() + "/"});
    };
    expect(ask("create table orders (n UInt32) engine = Memory"), "");
    expect(ask("insert into orders select number from numbers(1000)"), "");
    expect(ask("select sum(n), count() from orders"), "499500\t1000\n");
    const auto much = ask("select number from numbers(1000000)");
    BOOST_TEST(much.status == 0, much.errors);
    BOOST_TEST(much.output.size() == 6'888'890U);
    BOOST_TEST(much.output.ends_with("\n999999\n"));
    BOOST_TEST(ask("select wrong").output.starts_with("Code: 47, "));
}

void ask_clickhouse_by_its_client(const sshd_peer& peer) {
    if (!have(peer, {"clickhouse-server", "clickhouse-client"})) return;
    const clickhouse database;
    const sshd server(peer);
    const tunnel_to way(server, database.port());
    expect(run({"clickhouse-client", "--host", "127.0.0.1", "--port", way.port(), "--query",
                "select sum(number) from numbers(1001)"}),
           "500500\n");
}

#endif

BOOST_AUTO_TEST_SUITE(databases)

BOOST_AUTO_TEST_CASE(pgbench_through_sshd_9_2) { benchmark_postgres(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(pg_dump_through_sshd_9_2) { dump_postgres(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(pg_dump_through_sshd_10_0) { dump_postgres(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(redis_benchmark_through_sshd_10_0) { benchmark_redis(sshd_10_0()); }
#ifdef ADIT_TUNNEL
BOOST_AUTO_TEST_CASE(psql_through_adit_tunnel) { ask_postgres(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(mariadb_through_adit_tunnel) { ask_mariadb(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(redis_cli_through_adit_tunnel) { ask_redis(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(clickhouse_over_http_through_adit_tunnel) {
    ask_clickhouse_over_http(sshd_9_2());
}
BOOST_AUTO_TEST_CASE(clickhouse_client_through_adit_tunnel) {
    ask_clickhouse_by_its_client(sshd_10_0());
}
#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
