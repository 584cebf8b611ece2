// How much the HTTP server costs beside the least that Beast can do.
//
//   bench_http                      our Server and a minimal Beast loop in turn, and their ratio
//   bench_http http://host:port/x   any server
//   --connections N  --seconds S  --body BYTES  --rounds N
#include "service/http/server.h"
#include "tests/bench/load_client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace linkspan::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

asio::awaitable<void> beast_session(tcp::socket socket) {
    beast::flat_buffer buffer;
    beast::error_code ec;
    for (;;) {
        beast::http::request<beast::http::string_body> request;
        co_await beast::http::async_read(
            socket, buffer, request, asio::redirect_error(asio::use_awaitable, ec)
        );
        if (ec) co_return;
        beast::http::response<beast::http::string_body> response{
            beast::http::status::accepted, request.version()};
        response.set(beast::http::field::content_type, "application/json");
        response.keep_alive(request.keep_alive());
        response.body() = "{}";
        response.prepare_payload();
        co_await beast::http::async_write(
            socket, response, asio::redirect_error(asio::use_awaitable, ec)
        );
        if (ec || !response.keep_alive()) co_return;
    }
}

asio::awaitable<void> beast_accept(tcp::acceptor* acceptor) {
    auto on_end = [](std::exception_ptr) {};
    for (;;) {
        beast::error_code ec;
        auto socket =
            co_await acceptor->async_accept(asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return;
        socket.set_option(tcp::no_delay{true});
        asio::co_spawn(acceptor->get_executor(), beast_session(std::move(socket)), on_end);
    }
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// An io_context on a thread of its own, whose processor time is known afterwards. Processor time
// per request is the steadier figure on a machine that others use too.
class Loop {
public:
    void start() {
        thread_ = std::thread{[this] {
            io.run();
            cpu_ = cpu_seconds();
        }};
    }
    double stop() {
        io.stop();
        thread_.join();
        return cpu_;
    }
    asio::io_context io{1};

private:
    asio::executor_work_guard<asio::io_context::executor_type> guard_{io.get_executor()};
    std::thread thread_;
    double cpu_ = 0;
};

struct Measured {
    LoadResult load;
    double cpu_us = 0;  // of the server's thread, per request
};

Measured measure(Loop& loop, const Load& load) {
    loop.start();
    auto result = run_load(load);
    const double cpu = loop.stop();
    if (result.has_error()) {
        fmt::print(stderr, "{}\n", result.error().message);
        std::exit(1);
    }
    // The warm-up is in the processor time too.
    const double share = std::chrono::duration<double>(load.duration).count() /
                         std::chrono::duration<double>(load.duration + load.warm_up).count();
    return {*result, cpu * share * 1e6 / static_cast<double>(result->answered)};
}

Measured measure_beast(Load load) {
    Loop loop;
    tcp::acceptor acceptor{loop.io, {asio::ip::address_v4::loopback(), 0}};
    load.url = fmt::format("http://127.0.0.1:{}/hooks/ci", acceptor.local_endpoint().port());
    auto on_end = [](std::exception_ptr) {};
    asio::co_spawn(loop.io, beast_accept(&acceptor), on_end);
    return measure(loop, load);
}

asio::awaitable<http::Response> accepted(http::Request /*request*/) {
    http::Response response;
    response.status = 202;
    response.body = "{}";
    co_return response;
}

Measured measure_server(Load load) {
    Loop loop;
    http::ServerOptions options;
    options.host = "127.0.0.1";
    options.port = 0;
    std::uint64_t observed = 0;
    options.observe = [&observed](const auto&, const auto&, auto) { ++observed; };
    http::Server server{loop.io.get_executor(), options, accepted};
    if (auto started = server.start(); started.has_error()) {
        fmt::print(stderr, "{}\n", started.error().message);
        std::exit(1);
    }
    load.url = fmt::format("http://127.0.0.1:{}/hooks/ci", server.port());
    return measure(loop, load);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

std::string body_of(std::size_t size) {
    std::string out{R"({"type":"PUSH_ARTIFACT","padding":")"};
    out.resize(std::max(size, out.size() + 2) - 2, 'x');
    return out + "\"}";
}

int compare(const Load& load, int rounds) {
    std::vector<double> rate;
    std::vector<double> cpu;
    for (int i = 0; i < rounds; ++i) {
        // In turn, so that both meet the same neighbours.
        const auto beast = measure_beast(load);
        const auto server = measure_server(load);
        fmt::print("beast   {}, {:.1f} us\n", describe(beast.load), beast.cpu_us);
        fmt::print("server  {}, {:.1f} us\n", describe(server.load), server.cpu_us);
        rate.push_back(server.load.per_second / beast.load.per_second);
        cpu.push_back(server.cpu_us / beast.cpu_us);
    }
    fmt::print(
        "http server ÷ minimal Beast: {:.2f} of the requests/s, {:.2f} of the processor time per "
        "request (medians of {})\n",
        median(rate),
        median(cpu),
        rounds
    );
    return 0;
}

int main_with(const std::vector<std::string_view>& arguments) {
    Load load;
    std::size_t body = 1024;
    int rounds = 3;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto name = arguments[i];
        if (name.substr(0, 2) != "--") {
            load.url = name;
            continue;
        }
        if (i + 1 == arguments.size()) {
            fmt::print(stderr, "{} needs a value\n", name);
            return 2;
        }
        const int value = std::atoi(std::string{arguments[++i]}.c_str());
        if (name == "--connections") {
            load.connections = static_cast<unsigned>(value);
        } else if (name == "--seconds") {
            load.duration = std::chrono::seconds{value};
        } else if (name == "--body") {
            body = static_cast<std::size_t>(value);
        } else if (name == "--rounds") {
            rounds = value;
        } else {
            fmt::print(stderr, "unknown option {}\n", name);
            return 2;
        }
    }
    LoadRequest request;
    request.headers = {
        {"User-Agent", "harbor-webhook/2.10"},
        {"Content-Type", "application/json"},
        {"Accept-Encoding", "gzip"},
        {"Authorization", "test-secret-not-real"},
        {"X-Request-Id", "3f0f3f0e-6f5c-4c3a-9a86-0d8d8a7a4f11"}};
    request.body = body_of(body);
    load.requests = {request};
    if (load.url.empty()) return compare(load, rounds);
    auto result = run_load(load);
    if (result.has_error()) {
        fmt::print(stderr, "{}\n", result.error().message);
        return 1;
    }
    fmt::print("{}\n", describe(*result));
    return 0;
}

}  // namespace
}  // namespace linkspan::bench

int main(int argc, char** argv) { return linkspan::bench::main_with({argv + 1, argv + argc}); }
