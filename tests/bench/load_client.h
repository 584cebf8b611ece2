// run_load(): keep a number of connections busy with requests and measure the answers.
//
// One thread, plain HTTP, one request at a time on each connection. Requests are serialised before
// the clock starts, and answers are looked at no further than their status and length, so that the
// client costs little beside what it measures.
#pragma once

#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::bench {

struct LoadRequest {
    std::string method = "POST";
    std::vector<std::pair<std::string, std::string>> headers;  // Host and Content-Length are added
    std::string body;
};

struct Load {
    std::string url;  // "http://127.0.0.1:8080/hooks/ci"
    // Sent in turn over all connections, from the start again after the last; for deliveries that
    // must differ, give as many as will be sent.
    std::vector<LoadRequest> requests;
    unsigned connections = 64;
    std::chrono::milliseconds warm_up{300};  // not measured
    std::chrono::milliseconds duration{3000};
    // Ends earlier when this many were answered in all; 0: no such limit.
    std::uint64_t max_requests = 0;
};

struct LoadResult {
    std::uint64_t answered = 0;  // in the measured time
    std::uint64_t failed = 0;    // connections that broke
    std::map<unsigned, std::uint64_t> statuses;
    double seconds = 0;
    double per_second = 0;
    double p50_ms = 0;
    double p99_ms = 0;
    double max_ms = 0;
};

// Errors: InvalidInput (URL), Unavailable (no connection could be made).
Result<LoadResult> run_load(const Load& load);

// "31250 requests/s, p50 1.98 ms, p99 3.40 ms, max 9.1 ms (202: 93750)"
std::string describe(const LoadResult& result);

}  // namespace linkspan::bench
