// Loopback: a Server on a free port of 127.0.0.1, its io_context on a thread of its own, and a
// record of what it told its observers. Tests talk to it with Client.
#pragma once

#include "service/http/server.h"
#include "tests/unit/http/client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace linkspan::http {

struct Seen {
    Request request;
    Response response;
    std::chrono::nanoseconds took{};
};

// A gate for handlers: they wait at it until the test opens it; the test waits until a number of
// them has come. Waiting takes no time that a clock decides.
class Gate {
public:
    explicit Gate(boost::asio::any_io_executor executor) : timer_{std::move(executor)} {
        timer_.expires_at(boost::asio::steady_timer::time_point::max());
    }

    // On the loop.
    boost::asio::awaitable<void> pass() {
        {
            const std::lock_guard lock{mutex_};
            ++arrived_;
        }
        changed_.notify_all();
        if (open_) co_return;
        co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }

    void open() {  // any thread
        boost::asio::post(timer_.get_executor(), [this] {
            open_ = true;
            timer_.cancel();
        });
    }

    bool wait_for(int arrivals) {  // any other thread than the loop's
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, kPatience, [&] { return arrived_ >= arrivals; });
    }

private:
    boost::asio::steady_timer timer_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int arrived_ = 0;
    bool open_ = false;  // the loop's
};

class Loopback {
public:
    Loopback() = default;
    ~Loopback() { stop(); }
    Loopback(const Loopback&) = delete;
    Loopback& operator=(const Loopback&) = delete;

    // Set before start().
    ServerOptions options = defaults();

    Status start(Handler handler) {
        options.observe = [this](const Request& q, const Response& a, std::chrono::nanoseconds d) {
            const std::lock_guard lock{mutex_};
            seen_.push_back({q, a, d});
            changed_.notify_all();
        };
        options.failed = [this](const Request&, std::string_view what) {
            const std::lock_guard lock{mutex_};
            failures_.emplace_back(what);
        };
        server_ = std::make_unique<Server>(io.get_executor(), options, std::move(handler));
        auto started = server_->start();
        if (started.has_error()) {
            server_.reset();
            return started;
        }
        port_ = server_->port();
        thread_ = std::thread{[this] { io.run(); }};
        return {};
    }

    void stop() {
        if (thread_.joinable()) {
            boost::asio::post(io, [this] { server_.reset(); });
            guard_.reset();
            thread_.join();  // every coroutine has ended: run() returned
        }
        server_.reset();
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

    std::future<void> drain(std::chrono::milliseconds patience) {
        return boost::asio::co_spawn(io, server_->drain(patience), boost::asio::use_future);
    }

    // What observe() was told, once it was told `count` times.
    std::vector<Seen> seen(std::size_t count) {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, kPatience, [&] { return seen_.size() >= count; });
        return seen_;
    }
    std::vector<std::string> failures() {
        const std::lock_guard lock{mutex_};
        return failures_;
    }

    boost::asio::io_context io{1};
    Gate gate{io.get_executor()};

private:
    static ServerOptions defaults() {
        ServerOptions o;
        o.host = "127.0.0.1";
        o.port = 0;
        return o;
    }

    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{
        io.get_executor()};
    std::unique_ptr<Server> server_;
    std::thread thread_;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Seen> seen_;
    std::vector<std::string> failures_;
};

// "POST /x?y 5 hello 3 headers"-like description of what arrived.
inline boost::asio::awaitable<Response> echo(Request request) {
    Response response;
    response.content_type = "text/plain";
    response.body =
        request.method + " " + request.path + " [" + request.query + "] " + request.body;
    co_return response;
}

inline std::string post(std::string_view path, std::string_view body, std::string_view more = {}) {
    std::string out{"POST "};
    out.append(path).append(" HTTP/1.1\r\nHost: localhost\r\nContent-Length: ");
    out.append(std::to_string(body.size())).append("\r\n").append(more).append("\r\n").append(body);
    return out;
}

inline std::string get(std::string_view path, std::string_view more = {}) {
    std::string out{"GET "};
    out.append(path).append(" HTTP/1.1\r\nHost: localhost\r\n").append(more).append("\r\n");
    return out;
}

}  // namespace linkspan::http
