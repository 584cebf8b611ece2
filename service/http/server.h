// HTTP server on Beast coroutines: one io_context thread, a coroutine per connection, limits and
// deadlines on everything that a caller controls, TLS where a certificate is given, and a drain
// that answers what is in flight.
//
// Beast stops here: handlers see Request and Response.
#pragma once

#include "core/result.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::http {

struct Header {
    std::string name;
    std::string value;
};

struct Request {
    std::string method;  // "POST"
    std::string target;  // as sent: "/v1/deliveries/01J…?wait=30s"
    std::string path;    // percent-decoded (but "%2F" stays, see segments()), without the query
    std::string query;   // without '?'
    std::vector<Header> headers;
    std::string body;
    std::string remote_address;  // "127.0.0.1:52431"; behind a proxy see client_address.h
    // Subject of the client's certificate, verified against TlsOptions::client_ca_file, as RFC 2253
    // writes it ("CN=ci,O=Acme"). Empty: there was none.
    std::string client_subject;
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
    // First value of a query parameter, percent-decoded.
    [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
    // The path split at '/', each segment decoded in full: "/a/b%2Fc" gives "a" and "b/c".
    [[nodiscard]] std::vector<std::string> segments() const;
};

struct Response {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::vector<Header> headers;
    std::string body;
};

// application/problem+json, RFC 9457. `detail` says what, where and what to do.
Response problem(unsigned status, std::string_view title, std::string_view detail);

using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

// What observe() and failed() see of the headers; none of these is a credential.
inline constexpr std::string_view kObservedHeaders[] = {
    "User-Agent", "X-Forwarded-For", "X-Request-Id", "traceparent"};

struct TlsOptions {
    std::string certificate_file;  // PEM, with its chain
    std::string key_file;
    // PEM with the CAs of clients: their certificates are asked for and, when shown, verified. One
    // that does not verify ends the handshake.
    std::string client_ca_file{};
    bool require_client_certificate = false;
    // How often the files are looked at; when one has changed they are all loaded again, for
    // connections from then on. 0: never.
    std::chrono::milliseconds reload_interval{10000};
};

struct ServerOptions {
    std::string host = "0.0.0.0";
    std::uint16_t port = 8080;           // 0: any free one, see Server::port()
    std::size_t max_body = 1 << 20;      // bytes, decoded
    std::size_t max_headers = 64 << 10;  // bytes of the request line and all header lines
    // Each is for the whole of its phase; progress does not extend it. A handler has none.
    std::chrono::milliseconds header_timeout{10000};  // also for a TLS handshake
    std::chrono::milliseconds body_timeout{30000};
    std::chrono::milliseconds idle_timeout{60000};  // between two requests
    std::chrono::milliseconds write_timeout{30000};
    std::size_t max_connections = 4096;  // further ones are answered 503 and closed
    std::optional<TlsOptions> tls;
    // Told once per answered request, for the access log and the metrics. Also for requests that no
    // handler saw (400, 408, 413, 431, 503), with what is known of them. The body and all headers
    // but kObservedHeaders are left out. The time runs from the first byte read to the last byte
    // written. Must not throw.
    std::function<void(const Request&, const Response&, std::chrono::nanoseconds)> observe;
    // Told what a handler threw, or why its answer could not be sent, for the log: the caller gets
    // a 500 that does not say. Must not throw.
    std::function<void(const Request&, std::string_view what)> failed;
    // Told after changed certificate files were loaded, or why the old ones stay in use.
    std::function<void(const Status&)> tls_reloaded;
};

// All members are called on the executor's thread.
class Server {
public:
    Server(boost::asio::any_io_executor executor, ServerOptions options, Handler handler);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Binds, listens and begins to accept. Errors: Unavailable (address in use), InvalidInput
    // (certificate).
    Status start();
    [[nodiscard]] std::uint16_t port() const;  // after start()

    // Stops accepting, lets idle connections go, lets requests in flight finish (with "Connection:
    // close"), and after `patience` closes what is left. Ends when no connection is open.
    boost::asio::awaitable<void> drain(std::chrono::milliseconds patience);

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace linkspan::http
