// What tunnels are for: PostgreSQL and Redis with their own tools through one, without an error,
// and a dump that is the same as one taken directly.
#include "support/test.hpp"

#include "integration/background.hpp"

namespace adit::test {
namespace {

// The newest one of Debian's, whose tools are not in PATH.
[[nodiscard]] std::string postgres_tools() {
    std::string newest;
    std::error_code ignored;
    for (const auto& version :
         std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
        const std::string folder = (version.path() / "bin").string();
        if (::access((folder + "/initdb").c_str(), X_OK) == 0) newest = std::max(newest, folder);
    }
    return newest;
}

/// A throwaway cluster. As root it runs as the account postgres, because it will not run as root.
class postgres {
public:
    explicit postgres(std::string tools);

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
    [[nodiscard]] std::string tool(const std::string& name) const { return tools_ + "/" + name; }
    /// A tool against `port`; fails the test when the tool fails.
    run_result use(std::vector<std::string> command, const std::string& port) const;

private:
    [[nodiscard]] std::vector<std::string> server_command() const;

    std::string tools_;
    temporary_directory folder_;
    child_options how_;
    std::uint16_t port_ = 0;
    std::unique_ptr<child> server_;
};

postgres::postgres(std::string tools) : tools_(std::move(tools)) {
    how_.log = file("log");
    how_.stop_signal = SIGINT;
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0777));
    if (::geteuid() == 0) {
        const passwd* account = ::getpwnam("postgres");
        if (account == nullptr) throw std::runtime_error("there is no account postgres");
        how_.user = account->pw_uid;
        how_.group = account->pw_gid;
    }
    child initdb({tool("initdb"), "-D", file("data"), "-A", "trust", "-U", "adit", "--no-sync",
                  "--locale=C", "-E", "UTF8"},
                 how_);
    if (initdb.wait() != 0) throw std::runtime_error("initdb: " + read_file(file("log")));
    for (int attempt = 0; attempt < 5; ++attempt) {
        port_ = free_port();
        server_ = std::make_unique<child>(server_command(), how_);
        if (serves(*server_, port_)) break;
    }
    if (!server_->running()) throw std::runtime_error("postgres: " + read_file(file("log")));
    // It accepts connections before it answers them.
    for (int i = 0; i < 200; ++i) {
        const std::string number = std::to_string(port_);
        if (run({tool("pg_isready"), "-q", "-h", "127.0.0.1", "-p", number}).status == 0) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    throw std::runtime_error("postgres does not get ready: " + read_file(file("log")));
}

std::vector<std::string> postgres::server_command() const {
    return {tool("postgres"),
            "-D",
            file("data"),
            "-F",
            "-h",
            "127.0.0.1",
            "-p",
            std::to_string(port_),
            "-k",
            folder_.path().string(),
            "-c",
            "max_connections=60",
            "-c",
            "autovacuum=off"};
}

run_result postgres::use(std::vector<std::string> command, const std::string& port) const {
    command[0] = tool(command[0]);
    for (const char* more : {"-h", "127.0.0.1", "-U", "adit", "-p"}) command.emplace_back(more);
    command.push_back(port);
    command.emplace_back("postgres");
    run_result outcome = run(command);
    BOOST_TEST(outcome.status == 0, command[0] << ": " << outcome.errors);
    return outcome;
}

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
    const temporary_directory folder;
    std::unique_ptr<child> redis;
    std::uint16_t port = 0;
    bool up = false;
    for (int attempt = 0; attempt < 5 && !up; ++attempt) {
        port = free_port();
        redis = std::make_unique<child>(
            std::vector<std::string>{"redis-server", "--port", std::to_string(port), "--bind",
                                     "127.0.0.1", "--dir", folder.path().string(), "--save", "",
                                     "--appendonly", "no"},
            child_options{.log = folder.file("log")});
        up = serves(*redis, port);
    }
    BOOST_REQUIRE(up);
    const sshd server(peer);
    background_tunnel way(server.login(), port);
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
