// Throwaway database servers on free ports of loopback: PostgreSQL, Redis, MariaDB, ClickHouse,
// each with its own folder and without a service of the system. Used by databases.cpp and
// examples.cpp. Invariant: a server that does not get ready throws what it logged; when the object
// is gone, so is the server and its folder.
#pragma once

#include "integration/sshd.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace adit::test {

// The newest one of Debian's, whose tools are not in PATH.
[[nodiscard]] inline std::string postgres_tools() {
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

class redis_server {
public:
    redis_server();
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    temporary_directory folder_;
    std::uint16_t port_ = 0;
    std::unique_ptr<child> server_;
};

/// With a table shop.orders of three rows that the user reader, password "open sesame", may read.
class mariadb {
public:
    mariadb();
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
    [[nodiscard]] std::vector<std::string> command() const;
    void make_tables() const;

    temporary_directory folder_;
    std::uint16_t port_ = 0;
    std::unique_ptr<child> server_;
};

/// Answers over HTTP and by its own protocol.
class clickhouse {
public:
    clickhouse();
    [[nodiscard]] std::uint16_t http_port() const noexcept { return http_port_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    [[nodiscard]] std::string file(std::string_view name) const { return folder_.file(name); }
    void write_config() const;

    temporary_directory folder_;
    std::uint16_t http_port_ = 0, port_ = 0;
    std::unique_ptr<child> server_;
};

// Details.

inline postgres::postgres(std::string tools) : tools_(std::move(tools)) {
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

inline std::vector<std::string> postgres::server_command() const {
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

inline run_result postgres::use(std::vector<std::string> command, const std::string& port) const {
    command[0] = tool(command[0]);
    for (const char* more : {"-h", "127.0.0.1", "-U", "adit", "-p"}) command.emplace_back(more);
    command.push_back(port);
    command.emplace_back("postgres");
    run_result outcome = run(command);
    BOOST_TEST(outcome.status == 0, command[0] << ": " << outcome.errors);
    return outcome;
}

inline redis_server::redis_server() {
    for (int attempt = 0; attempt < 5; ++attempt) {
        port_ = free_port();
        server_ = std::make_unique<child>(
            std::vector<std::string>{"redis-server", "--port", std::to_string(port_), "--bind",
                                     "127.0.0.1", "--dir", folder_.path().string(), "--save", "",
                                     "--appendonly", "no"},
            child_options{.log = folder_.file("log")});
        if (serves(*server_, port_)) return;
    }
    throw std::runtime_error("redis: " + read_file(folder_.file("log")));
}

inline mariadb::mariadb() {
    std::filesystem::create_directory(file("data"));
    make_tables();
    for (int attempt = 0; attempt < 5; ++attempt) {
        port_ = free_port();
        std::vector<std::string> serve = command();
        serve.insert(serve.end(), {"--bind-address=127.0.0.1", "--port=" + std::to_string(port_),
                                   "--socket=" + file("socket"), "--pid-file=" + file("pid"),
                                   "--skip-name-resolve", "--skip-log-bin"});
        server_ = std::make_unique<child>(serve, child_options{.log = file("log")});
        if (serves(*server_, port_)) return;
    }
    throw std::runtime_error("mariadbd: " + read_file(file("log")));
}

inline std::vector<std::string> mariadb::command() const {
    return {find_program("mariadbd"), "--no-defaults", "--user=" + current_user(),
            "--datadir=" + file("data"), "--innodb-buffer-pool-size=8M"};
}

// What mariadb-install-db does, which wants more packages than the server itself.
inline void mariadb::make_tables() const {
    const std::string ours =
        write_file(file("ours.sql"),
                   "flush privileges;\ncreate database shop;\ncreate table shop.orders (n int);\n"
                   "insert into shop.orders values (1), (2), (3);\n"
                   "create user reader@'127.0.0.1' identified by 'open sesame';\n"
                   "grant select on shop.* to reader@'127.0.0.1';\n");
    std::string server;
    for (const std::string& word : command()) server += word + " ";
    const run_result made =
        run({"sh", "-c",
             "cd /usr/share/mysql && { printf 'create database mysql;\\nuse mysql;\\n'; "
             "sed /@current_hostname/d mysql_system_tables.sql mysql_performance_tables.sql "
             "mysql_system_tables_data.sql; cat " +
                 ours + "; } | " + server + "--bootstrap --innodb-log-file-size=4M"});
    if (made.status != 0) throw std::runtime_error("mariadbd --bootstrap: " + made.errors);
}

inline clickhouse::clickhouse() {
    for (int attempt = 0; attempt < 5; ++attempt) {
        http_port_ = free_port();
        port_ = free_port();
        write_config();
        server_ =
            std::make_unique<child>(std::vector<std::string>{find_program("clickhouse-server"),
                                                             "--config-file=" + file("config.xml")},
                                    child_options{.log = file("log")});
        if (serves(*server_, http_port_) && serves(*server_, port_)) return;
    }
    throw std::runtime_error("clickhouse: " + read_file(file("log")));
}

// Without a cluster, an interserver port and what would be written elsewhere than into the folder.
inline void clickhouse::write_config() const {
    const auto folder = [this](const std::string& name) {
        return "<" + name + "_path>" + file(name) + "/</" + name + "_path>";
    };
    write_file(file("config.xml"),
               "<yandex><logger><level>warning</level><console>1</console></logger><http_port>" +
                   std::to_string(http_port_) + "</http_port><tcp_port>" + std::to_string(port_) +
                   "</tcp_port><listen_host>127.0.0.1</listen_host><path>" + file("data") +
                   "/</path>" + folder("tmp") + folder("user_files") + folder("format_schema") +
                   "<users_config>users.xml</users_config><default_profile>default"
                   "</default_profile><default_database>default</default_database>"
                   "<mark_cache_size>5368709</mark_cache_size></yandex>");
    write_file(file("users.xml"),
               "<yandex><profiles><default/></profiles><users><default><password></password>"
               "<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default"
               "</quota></default></users><quotas><default/></quotas></yandex>");
}

}  // namespace adit::test
