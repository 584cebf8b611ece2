#include "service/http/request_reader.h"

#include "service/http/target.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace linkspan::http {
namespace beast = boost::beast;

namespace {

// Bytes of chunk extensions in one body. They mean nothing here, and a chunk of one byte may carry
// any number of them.
constexpr std::size_t kMaxChunkExtensions = 16 << 10;
// The announced length is only a claim: more than this is allocated as the bytes arrive.
constexpr std::uint64_t kBodyReserve = 64 << 10;
// "0\r\n\r\n". See feed().
constexpr std::size_t kShortestChunkHeader = 5;

bool all_digits(beast::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A request line of another version of HTTP, as opposed to one that is malformed.
bool is_other_version(std::string_view head) {
    const auto line = head.substr(0, head.find("\r\n"));
    const auto version = line.substr(line.rfind(' ') + 1);
    return version.size() == 8 && version.substr(0, 5) == "HTTP/" && version[6] == '.';
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

class RequestReader::Parser final : public beast::http::basic_parser<true> {
public:
    explicit Parser(const ReaderLimits& limits) : limits_{limits} {
        header_limit(static_cast<std::uint32_t>(
            std::min<std::size_t>(limits.max_headers, std::numeric_limits<std::uint32_t>::max())
        ));
        body_limit(limits.max_body);
        request.headers.reserve(12);
    }

    void refuse(unsigned status, std::string_view title, std::string_view detail) {
        if (!refusal) refusal = problem(status, title, detail);
    }

    void refuse(beast::error_code ec) {
        using beast::http::error;
        if (refusal) return;
        if (ec == error::header_limit) {
            if (!line_done) {
                refuse(
                    414,
                    "URI too long",
                    fmt::format("the request line is longer than {} bytes", limits_.max_headers)
                );
            } else {
                refuse(
                    431,
                    "Request header fields too large",
                    fmt::format("the headers are longer than {} bytes", limits_.max_headers)
                );
            }
        } else if (ec == error::body_limit) {
            refuse(
                413,
                "Content too large",
                fmt::format("the body is longer than {} bytes", limits_.max_body)
            );
        } else if (ec == error::bad_version && other_version) {
            refuse(505, "HTTP version not supported", "use HTTP/1.1 or HTTP/1.0");
        } else {
            refuse(400, "Malformed request", fmt::format("not HTTP/1.1: {}", ec.message()));
        }
    }

    // In a chunked body, between two chunks.
    [[nodiscard]] bool at_chunk_header() const {
        return is_header_done() && chunked() && chunk_left_ == 0;
    }

    Request request;
    std::optional<Response> refusal;
    std::size_t head_bytes = 0;
    bool line_done = false;  // the request line was seen to its end
    bool other_version = false;
    bool expects_continue = false;
    bool http_1_0 = false;

private:
    using error_code = beast::error_code;
    using string_view = beast::string_view;

    void fail(error_code& ec, unsigned status, std::string_view title, std::string_view detail) {
        refuse(status, title, detail);
        ec = beast::http::error::bad_value;
    }

    void on_request_impl(
        beast::http::verb /*known*/,
        string_view method,
        string_view target,
        int version,
        error_code& ec
    ) override {
        request.method = view(method);
        request.target = view(target);
        http_1_0 = version == 10;
        auto parsed = http::parse_target(request.method, request.target);
        if (parsed.has_error()) {
            return fail(ec, 400, "Malformed request target", parsed.error().message);
        }
        request.path = std::move(parsed->path);
        request.query = std::move(parsed->query);
    }

    void on_response_impl(int, string_view, int, error_code&) override {}

    void on_field_impl(
        beast::http::field field, string_view name, string_view value, error_code& ec
    ) override {
        using beast::http::field::content_length;
        using beast::http::field::expect;
        using beast::http::field::host;
        using beast::http::field::transfer_encoding;
        // Trailers are dropped: nobody signed or asked for them, and they must not pass for
        // headers.
        if (in_body_) return;
        switch (field) {
            case content_length:
                if (has_length_ || !all_digits(value)) {
                    return fail(
                        ec, 400, "Malformed request", "Content-Length must be one decimal number"
                    );
                }
                has_length_ = true;
                break;
            case transfer_encoding:
                if (!beast::iequals(value, "chunked")) {
                    return fail(
                        ec,
                        501,
                        "Transfer coding not implemented",
                        "the only Transfer-Encoding known here is \"chunked\""
                    );
                }
                if (has_coding_) {
                    return fail(
                        ec, 400, "Malformed request", "Transfer-Encoding is there more than once"
                    );
                }
                has_coding_ = true;
                break;
            case host:
                ++hosts_;
                break;
            case expect:
                if (!beast::iequals(value, "100-continue")) {
                    return fail(
                        ec,
                        417,
                        "Expectation failed",
                        "the only expectation known here is \"100-continue\""
                    );
                }
                expects_continue = true;
                break;
            default:
                break;
        }
        request.headers.push_back({std::string{view(name)}, std::string{view(value)}});
    }

    void on_header_impl(error_code& ec) override {
        in_body_ = true;
        if (has_coding_ && (has_length_ || http_1_0)) {
            return fail(
                ec,
                400,
                "Malformed request",
                has_length_ ? "Content-Length and Transfer-Encoding exclude each other"
                            : "HTTP/1.0 has no Transfer-Encoding"
            );
        }
        // RFC 9112 3.2
        if (hosts_ > 1 || (hosts_ == 0 && !http_1_0)) {
            return fail(ec, 400, "Malformed request", "HTTP/1.1 asks for exactly one Host header");
        }
        if (http_1_0) expects_continue = false;  // RFC 9110 10.1.1
    }

    void on_body_init_impl(
        const boost::optional<std::uint64_t>& length, error_code& /*ec*/
    ) override {
        if (length) {
            request.body.reserve(static_cast<std::size_t>(std::min(*length, kBodyReserve)));
        }
    }

    std::size_t on_body_impl(string_view bytes, error_code& /*ec*/) override {
        request.body.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& ec) override {
        chunk_left_ = size;
        extension_bytes_ += extensions.size();
        if (extension_bytes_ > kMaxChunkExtensions) {
            fail(ec, 400, "Malformed request", "the body has too many chunk extensions");
        }
    }

    std::size_t on_chunk_body_impl(
        std::uint64_t /*remain*/, string_view bytes, error_code& /*ec*/
    ) override {
        request.body.append(bytes.data(), bytes.size());
        chunk_left_ -= bytes.size();
        return bytes.size();
    }

    void on_finish_impl(error_code& /*ec*/) override {}

    const ReaderLimits& limits_;
    std::uint64_t chunk_left_ = 0;
    std::size_t extension_bytes_ = 0;
    int hosts_ = 0;
    bool has_length_ = false;
    bool has_coding_ = false;
    bool in_body_ = false;
};

RequestReader::RequestReader(ReaderLimits limits) : limits_{limits} { reset(); }
RequestReader::~RequestReader() = default;

void RequestReader::reset() { parser_ = std::make_unique<Parser>(limits_); }

std::size_t RequestReader::feed(std::string_view bytes) {
    auto& p = *parser_;
    if (done() || bytes.empty()) return 0;
    if (!p.is_header_done()) {
        std::size_t used = 0;
        if (!p.got_some()) {
            // RFC 9112 2.2: empty lines before the request line are skipped.
            while (used < bytes.size() && (bytes[used] == '\r' || bytes[used] == '\n')) ++used;
            p.head_bytes += used;
        }
        beast::error_code ec;
        const auto rest = bytes.substr(used);
        if (!rest.empty()) {
            const auto taken = p.put(boost::asio::buffer(rest.data(), rest.size()), ec);
            used += taken;
            p.head_bytes += taken;
        }
        p.line_done = p.line_done || rest.substr(0, limits_.max_headers).find('\n') != rest.npos;
        const bool more = ec == beast::http::error::need_more;
        // Counted here because Beast applies its limit to the request line, to the first packet and
        // to the rest separately.
        const auto seen = p.head_bytes + (more ? bytes.size() - used : 0);
        if (seen > limits_.max_headers) {
            p.refuse(beast::http::error::header_limit);
        } else if (ec && !more) {
            p.other_version = is_other_version(rest);
            p.refuse(ec);
        }
        return used;
    }
    // Beast asserts that the rest of a final chunk header comes in one piece ("0\r\n", then "\r",
    // then "\n" would stop a debug build), and nothing shorter than this can end a body.
    if (p.at_chunk_header() && bytes.size() < kShortestChunkHeader) return 0;
    p.eager(true);
    beast::error_code ec;
    const auto used = p.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
    if (ec == beast::http::error::need_more) {
        // A chunk header, or the trailers.
        if (bytes.size() - used > limits_.max_headers) {
            p.refuse(beast::http::error::header_limit);
        }
    } else if (ec) {
        p.refuse(ec);
    }
    return used;
}

bool RequestReader::started() const { return parser_->got_some(); }
bool RequestReader::header_done() const { return parser_->is_header_done(); }
bool RequestReader::done() const { return parser_->refusal || parser_->is_done(); }
const std::optional<Response>& RequestReader::refusal() const { return parser_->refusal; }
bool RequestReader::keep_alive() const { return parser_->keep_alive(); }
bool RequestReader::expects_continue() const { return parser_->expects_continue; }
bool RequestReader::http_1_0() const { return parser_->http_1_0; }
Request& RequestReader::request() { return parser_->request; }

}  // namespace linkspan::http
