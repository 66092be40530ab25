// A tunnel that runs in a thread of its own while the test's thread runs programs that use it:
// psql, redis-benchmark. Used by databases.cpp and other_servers.cpp. Invariant: everything of the
// tunnel happens in that thread, until it has been joined.
#pragma once

#include "integration/through.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <thread>

namespace adit::test {

class background_tunnel {
public:
    background_tunnel(client_options login, std::uint16_t far_port)
        : work_(io_.get_executor()), way_(io_.get_executor(), std::move(login), far_port) {
        run_loop(io_, way_.start());
        port_ = std::to_string(way_.port());
        io_.restart();
        thread_ = std::thread([this] { io_.run(); });
    }
    background_tunnel(const background_tunnel&) = delete;
    background_tunnel& operator=(const background_tunnel&) = delete;
    ~background_tunnel() {
        io_.stop();
        thread_.join();
    }

    [[nodiscard]] const std::string& port() const noexcept { return port_; }
    /// Connections that did not end well, and how.
    [[nodiscard]] std::vector<std::string> failures();

private:
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    passage way_;
    std::string port_;
    std::thread thread_;
};

inline std::vector<std::string> background_tunnel::failures() {
    std::promise<std::vector<std::string>> answer;
    asio::post(io_, [&] {
        std::vector<std::string> found;
        for (const tunnel_event& e : way_.events()) {
            if (e.error) found.push_back(e.error.message() + " " + e.text);
        }
        answer.set_value(std::move(found));
    });
    return answer.get_future().get();
}

}  // namespace adit::test
