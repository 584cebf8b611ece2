// RequestReader: bytes in, a Request or a refusal out. No sockets and no clocks: the session feeds
// it, and tests feed it byte by byte.
//
// Beast's basic_parser does the grammar; the fields go straight into Request, without Beast's own
// containers. On top of Beast's rules this refuses what makes two parties disagree about where a
// request ends (RFC 9112 6.3, 11.2), which Beast lets pass: any transfer coding but a single
// "chunked", Content-Length beside Transfer-Encoding, and a Content-Length that is repeated.
#pragma once

#include "service/http/server.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::http {

struct ReaderLimits {
    std::size_t max_headers = 64 << 10;  // bytes of the request line and all header lines
    std::size_t max_body = 1 << 20;
};

class RequestReader {
public:
    explicit RequestReader(ReaderLimits limits);
    ~RequestReader();
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    // Parses from the front of `bytes` and returns how many were used; show the others again with
    // more behind them. Returns early when the header is complete, so call it until it uses
    // nothing or done().
    std::size_t feed(std::string_view bytes);

    [[nodiscard]] bool started() const;      // a byte of a request was seen
    [[nodiscard]] bool header_done() const;  // including the empty line
    [[nodiscard]] bool done() const;         // a request or a refusal is ready

    // The answer to a request that no handler may see; the connection can't be used after it.
    [[nodiscard]] const std::optional<Response>& refusal() const;

    // Valid when header_done() and not refused.
    [[nodiscard]] bool keep_alive() const;
    [[nodiscard]] bool expects_continue() const;
    [[nodiscard]] bool http_1_0() const;

    // What is known so far; complete when done().
    Request& request();

    // Begins the next request.
    void reset();

private:
    class Parser;
    ReaderLimits limits_;
    std::unique_ptr<Parser> parser_;
};

}  // namespace linkspan::http
