// What tunnels are for: PostgreSQL and Redis with their own tools through one, without an error,
// and a dump that is the same as one taken directly.
#include "support/test.hpp"

#include "integration/background.hpp"
#include "integration/database_servers.hpp"

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

BOOST_AUTO_TEST_SUITE(databases)

BOOST_AUTO_TEST_CASE(pgbench_through_sshd_9_2) { benchmark_postgres(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(pg_dump_through_sshd_9_2) { dump_postgres(sshd_9_2()); }
BOOST_AUTO_TEST_CASE(pg_dump_through_sshd_10_0) { dump_postgres(sshd_10_0()); }
BOOST_AUTO_TEST_CASE(redis_benchmark_through_sshd_10_0) { benchmark_redis(sshd_10_0()); }

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace adit::test
