// The one outgoing HTTP transport, over libcurl: deadlines, size limits, CA files, proxies,
// connection reuse.
//
// Registry and forge clients build requests and read responses; this joins them to the network. A
// call blocks: use it on a pool. One HttpClient may be used from several threads at once (each call
// takes its own handle; connections are shared).
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
};

struct HttpClientOptions {
    std::string ca_file;
    std::string user_agent = "linkspan/" LINKSPAN_VERSION;
    // Redirects are never followed here: the caller decides, since a token must not travel to
    // another host.
};

class HttpClient {
public:
    explicit HttpClient(HttpClientOptions options = {});
    ~HttpClient();
    HttpClient(HttpClient&&) noexcept;

    // Any status is a response. Errors: Unavailable (no connection, TLS), Timeout, InvalidInput
    // (too large).
    Result<HttpResponse> send(const HttpRequest& request);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace linkspan::transport
