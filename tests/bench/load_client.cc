#include "tests/bench/load_client.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace linkspan::bench {
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

struct Address {
    std::string host;
    std::string port;
    std::string target;
};

Result<Address> parse_url(std::string_view url) {
    constexpr std::string_view kScheme{"http://"};
    if (url.substr(0, kScheme.size()) != kScheme) {
        return Error{Errc::InvalidInput, fmt::format("{}: only http:// is spoken here", url)};
    }
    url.remove_prefix(kScheme.size());
    const auto slash = url.find('/');
    const auto authority = url.substr(0, slash);
    const auto colon = authority.rfind(':');
    Address out;
    out.host = authority.substr(0, colon);
    out.port = colon == std::string_view::npos ? "80" : std::string{authority.substr(colon + 1)};
    out.target = slash == std::string_view::npos ? "/" : std::string{url.substr(slash)};
    return out;
}

std::string serialise(const LoadRequest& request, const Address& address) {
    auto out = fmt::format(
        "{} {} HTTP/1.1\r\nHost: {}:{}\r\nContent-Length: {}\r\n",
        request.method,
        address.target,
        address.host,
        address.port,
        request.body.size()
    );
    for (const auto& [name, value] : request.headers) out += fmt::format("{}: {}\r\n", name, value);
    return out + "\r\n" + request.body;
}

// What all connections share; one thread.
struct Run {
    std::vector<std::string> requests;
    std::size_t next = 0;
    std::uint64_t sent = 0;
    std::uint64_t max_requests = 0;
    Clock::time_point measure_from;
    Clock::time_point end;
    Clock::time_point last;
    std::vector<Clock::duration> latencies;
    LoadResult result;

    bool take(Clock::time_point now) {
        if (now >= end || (max_requests != 0 && sent >= max_requests)) return false;
        ++sent;
        next = next + 1 < requests.size() ? next + 1 : 0;
        return true;
    }
};

struct AnswerHead {
    unsigned status = 0;
    std::size_t size = 0;  // head and body
    bool close = false;
};

std::optional<std::size_t> number_after(std::string_view head, std::string_view name) {
    const auto at = head.find(name);
    if (at == std::string_view::npos) return std::nullopt;
    std::size_t value = 0;
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), value);
    return value;
}

std::optional<AnswerHead> parse_head(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos || bytes.size() < 12) return std::nullopt;
    const auto head = bytes.substr(0, end + 2);
    AnswerHead out;
    std::from_chars(head.data() + 9, head.data() + 12, out.status);
    out.size = end + 4 + number_after(head, "\r\nContent-Length: ").value_or(0);
    out.close = head.find("\r\nConnection: close\r\n") != std::string_view::npos;
    return out;
}

asio::awaitable<void> drive(std::shared_ptr<Run> run, tcp::endpoint endpoint) {
    tcp::socket socket{co_await asio::this_coro::executor};
    error_code ec;
    std::vector<char> buffer(64 << 10);
    bool open = false;
    for (;;) {
        const auto began = Clock::now();
        if (!run->take(began)) co_return;
        const std::string& request = run->requests[run->next];
        if (!open) {
            socket = tcp::socket{socket.get_executor()};
            co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, ec));
            if (ec) {
                ++run->result.failed;
                co_return;
            }
            socket.set_option(tcp::no_delay{true}, ec);
            open = true;
        }
        co_await asio::async_write(
            socket, asio::buffer(request), asio::redirect_error(asio::use_awaitable, ec)
        );
        std::size_t got = 0;
        std::optional<AnswerHead> head;
        while (!ec && (!head || got < head->size)) {
            if (got == buffer.size()) buffer.resize(buffer.size() * 2);
            const auto space = asio::buffer(buffer.data() + got, buffer.size() - got);
            got += co_await socket.async_read_some(
                space, asio::redirect_error(asio::use_awaitable, ec)
            );
            if (!head) head = parse_head({buffer.data(), got});
        }
        if (ec || !head) {
            ++run->result.failed;
            open = false;
            continue;
        }
        const auto now = Clock::now();
        if (now >= run->measure_from) {
            ++run->result.statuses[head->status];
            run->latencies.push_back(now - began);
            run->last = now;
        }
        if (head->close) open = false;
    }
}

double milliseconds_at(const std::vector<Clock::duration>& sorted, double quantile) {
    if (sorted.empty()) return 0;
    const auto at = static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1));
    return std::chrono::duration<double, std::milli>(sorted[at]).count();
}

}  // namespace

Result<LoadResult> run_load(const Load& load) {
    LINKSPAN_TRY(address, parse_url(load.url));
    if (load.requests.empty()) return Error{Errc::InvalidInput, "no request to send"};
    asio::io_context io{1};
    tcp::resolver resolver{io};
    error_code ec;
    const auto found = resolver.resolve(address.host, address.port, ec);
    if (ec || found.empty()) {
        return Error{Errc::Unavailable, fmt::format("{}: {}", load.url, ec.message())};
    }
    auto run = std::make_shared<Run>();
    for (const auto& request : load.requests) run->requests.push_back(serialise(request, address));
    run->latencies.reserve(1 << 20);
    run->max_requests = load.max_requests;
    run->measure_from = Clock::now() + load.warm_up;
    run->end = run->measure_from + load.duration;
    run->last = run->measure_from;
    for (unsigned i = 0; i < load.connections; ++i) {
        auto on_end = [](std::exception_ptr e) {
            if (e) std::rethrow_exception(e);
        };
        asio::co_spawn(io, drive(run, found.begin()->endpoint()), on_end);
    }
    io.run();

    auto& result = run->result;
    std::sort(run->latencies.begin(), run->latencies.end());
    result.answered = run->latencies.size();
    if (result.answered == 0) {
        return Error{Errc::Unavailable, fmt::format("{}: nothing was answered", load.url)};
    }
    result.seconds = std::chrono::duration<double>(run->last - run->measure_from).count();
    result.per_second = static_cast<double>(result.answered) / std::max(result.seconds, 1e-9);
    result.p50_ms = milliseconds_at(run->latencies, 0.50);
    result.p99_ms = milliseconds_at(run->latencies, 0.99);
    result.max_ms = milliseconds_at(run->latencies, 1.0);
    return result;
}

std::string describe(const LoadResult& result) {
    auto out = fmt::format(
        "{:.0f} requests/s, p50 {:.2f} ms, p99 {:.2f} ms, max {:.1f} ms (",
        result.per_second,
        result.p50_ms,
        result.p99_ms,
        result.max_ms
    );
    bool first = true;
    for (const auto& [status, count] : result.statuses) {
        out += fmt::format("{}{}: {}", first ? "" : ", ", status, count);
        first = false;
    }
    if (result.failed > 0) out += fmt::format("; {} broken connections", result.failed);
    return out + ")";
}

}  // namespace linkspan::bench
