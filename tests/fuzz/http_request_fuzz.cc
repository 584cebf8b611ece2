// A stream of requests, as a connection carries them. Beside not crashing: how the bytes are cut
// into packets must not decide what they mean, or a proxy and this server may disagree.
#include "service/http/request_reader.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using linkspan::http::Request;
using linkspan::http::RequestReader;

constexpr linkspan::http::ReaderLimits kLimits{.max_headers = 600, .max_body = 300};

void add(std::string& trace, const Request& request) {
    trace +=
        request.method + " " + request.target + " " + request.path + "?" + request.query + "\n";
    for (const auto& header : request.headers) trace += header.name + ":" + header.value + "\n";
    trace += request.body + "\n--\n";
    (void)request.segments();
    (void)request.parameter("wait");
}

// All requests up to the first refusal or the end.
std::string read(std::string_view stream, std::size_t step) {
    RequestReader reader{kLimits};
    std::string trace;
    std::string pending;
    bool refused = false;
    for (std::size_t at = 0; at < stream.size() && !refused; at += step) {
        pending += stream.substr(at, step);
        std::size_t used = 1;
        while (used > 0 && !pending.empty() && !refused) {
            used = reader.feed(pending);
            if (used > pending.size()) std::abort();
            pending.erase(0, used);
            if (reader.refusal()) {
                refused = true;
            } else if (reader.done()) {
                if (reader.request().body.size() > kLimits.max_body) std::abort();
                add(trace, reader.request());
                (void)reader.keep_alive();
                reader.reset();
                used = 1;
            }
        }
        if (pending.size() > kLimits.max_headers + step) std::abort();
    }
    return trace;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view stream{reinterpret_cast<const char*>(data), size};
    const auto whole = read(stream, size == 0 ? 1 : size);
    for (const std::size_t step : {1U, 3U, 17U}) {
        const auto cut = read(stream, step);
        // What is malformed may be refused at once in one cut and waited for in another, until it
        // times out; but what is accepted must be the same.
        if (cut != whole) std::abort();
    }
    return 0;
}
