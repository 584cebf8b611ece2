// The one outgoing HTTP transport, over libcurl: deadlines, size limits, CA files, proxies,
// connection reuse.
//
// Registry and forge clients build requests and read responses; this joins them to the network. A
// call blocks: use it on a pool. One HttpClient may be used from several threads at once (each call
// takes its own handle; connections stay open in it for the next).
//
// Proxies come from the environment as curl reads it: https_proxy, HTTPS_PROXY, http_proxy (lower
// case only: HTTP_PROXY may be a CGI header), all_proxy, and NO_PROXY/no_proxy with names,
// suffixes, addresses and CIDR ranges.
#pragma once

#include "core/result.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::transport {

struct HttpRequest {
    std::string method = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::chrono::milliseconds timeout{30000};
    std::size_t max_response = 16 << 20;  // bytes; a longer body is Errc::InvalidInput
};

struct HttpResponse {
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string url;  // that answered
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
    // Retry-After in seconds, from either of its forms (RFC 9110 10.2.3).
    [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const;
    // When the sender's clock says that it answered.
    [[nodiscard]] std::optional<std::chrono::system_clock::time_point> date() const;
};

struct HttpClientOptions {
    std::string ca_file{};  // PEM; trusted beside the system's certificate directory
    std::string user_agent = "linkspan/" LINKSPAN_VERSION;
    std::string client_certificate{};  // PEM files for servers that ask who is calling
    std::string client_key{};          // empty: the key is in client_certificate
    std::string proxy{};               // URL; empty: the environment's. NO_PROXY counts for both
    std::chrono::milliseconds connect_timeout{10000};  // never longer than the request's timeout
    // Redirects are never followed here: the caller decides, since a token must not travel to
    // another host.
};

class HttpClient {
public:
    explicit HttpClient(HttpClientOptions options = {});
    ~HttpClient();
    HttpClient(HttpClient&&) noexcept;

    // Any status is a response. Errors: Unavailable (no connection, TLS, cut off), Timeout,
    // InvalidInput (too large, not http or https, a header that can't be sent). Error texts name
    // scheme, host and port; never path, query or header.
    Result<HttpResponse> send(const HttpRequest& request);

    // For shutting down: calls under way end within a second (Unavailable), later ones at once.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace linkspan::transport
