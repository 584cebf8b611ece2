#include "tests/bench/beast_reference.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <sys/resource.h>

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

}  // namespace

void Loop::start() {
    thread_ = std::thread{[this] {
        io.run();
        cpu_ = cpu_seconds();
    }};
}

double Loop::stop() {
    io.stop();
    thread_.join();
    return cpu_;
}

BeastReference::BeastReference(Loop& loop)
    : acceptor_{loop.io, {asio::ip::address_v4::loopback(), 0}} {
    auto on_end = [](std::exception_ptr) {};
    asio::co_spawn(loop.io, beast_accept(&acceptor_), on_end);
}

}  // namespace linkspan::bench
