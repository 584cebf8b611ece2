// How much the HTTP server costs beside the least that Beast can do.
//
//   bench_http                      our Server and a minimal Beast loop in turn, and their ratio
//   bench_http http://host:port/x   any server
//   --connections N  --seconds S  --body BYTES  --rounds N
#include "service/http/server.h"
#include "tests/bench/beast_reference.h"
#include "tests/bench/load_client.h"

#include <boost/asio/awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::bench {
namespace {

namespace asio = boost::asio;
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
    BeastReference reference{loop};
    load.url = fmt::format("http://127.0.0.1:{}/hooks/ci", reference.port());
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
