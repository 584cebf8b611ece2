// Caller: Calls to one forge over the network. Everything that is the same for all of them is here:
// credentials, limits, conditional reads, redirects, pages, HTML pages in place of JSON.
//
// - Credentials go to the API's own origin only. A redirect or a next page elsewhere is refused.
// - After a limit (429; 403 with Retry-After, x-ratelimit-remaining: 0 or GitHub's words; an answer
//   that used up the last request) nothing is sent until the time has passed: RateLimited with
//   retry_after at once, and never for longer than an hour.
// - Reads are sent with the ETag of the last answer to the same credential, and 304 is that answer;
//   at most 4 MB of answers are kept. Reads that fail with
//   Unavailable or Timeout are tried again; writes never are, since they may have had their effect:
//   who writes looks again (forge.h).
// - A secret that an answer repeats is cut out of messages.
//
// Thread-safe; calls block.
#pragma once

#include "core/result.h"
#include "core/secret.h"
#include "service/forge/call.h"
#include "service/forge/forge_type.h"
#include "service/forge/json_fields.h"
#include "service/transport/backoff.h"
#include "service/transport/http_client.h"
#include "service/transport/url.h"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::forge {

struct Authorization {
    std::string header;  // "Authorization", "PRIVATE-TOKEN"; empty: anonymous
    Secret value;        // of the header
    Secret secret;       // what must not be in a message
};

struct CallerOptions {
    ForgeType type = ForgeType::Github;
    std::string base{};          // of the API, without '/' at the end
    std::string graphql_base{};  // of GitHub's GraphQL
    std::vector<std::pair<std::string, std::string>> headers{};  // of every request
    std::function<Result<Authorization>()> authorize{};
    // After 401 for this secret: whether authorize() will give another one now.
    std::function<bool(const Secret& refused)> renew{};
    std::chrono::milliseconds timeout{30000};  // of one request
    transport::HttpClientOptions http{};
    transport::Backoff read_retry{
        .initial = std::chrono::milliseconds{250},
        .longest = std::chrono::milliseconds{2000},
        .tries = 3};
};

class Caller {
public:
    explicit Caller(CallerOptions options);

    // An answer of a status below 500 that is no refused limit, no HTML page with a good status and
    // no sign-in page. Errors: as forge.h has them.
    Result<transport::HttpResponse> send(const Call& call);
    // The same, and successful: else explain()ed. Null for an empty body.
    Result<Json> ask(const Call& call);
    // The same, when what it says does not matter.
    Status tell(const Call& call);

    // The items of all pages, or of the first `most` pages: platforms list the newest first where
    // that matters. `items` gives those of one answer, `next` the following call.
    struct Page {
        Json items;
        std::optional<Call> next;
    };
    using ReadPage = std::function<Page(const Call&, const transport::HttpResponse&, Json)>;
    Result<Json> pages(Call first, const ReadPage& read, unsigned most = 20);
    // With Link: <…>; rel="next" (GitHub, GitLab, Gitea).
    Result<Json> linked_pages(Call first, unsigned most = 20);

    // The call for a URL of this API, relative to the address `from` that named it. Errors:
    // InvalidInput, for another origin or place.
    Result<Call> call_for(const std::string& url, const std::string& from = {}) const;

    [[nodiscard]] const CallerOptions& options() const { return options_; }
    // Waits between looks at something that the platform does on its own; false when stopped.
    bool pause(std::chrono::milliseconds how_long);
    void stop();

private:
    Result<transport::HttpResponse> exchange(const Call& call);
    Result<transport::HttpResponse> transmit(
        const Call& call, const std::string& url, Secret& shown
    );
    std::optional<Error> held();
    void hold(std::chrono::seconds wait);

    struct Cached {
        std::string etag;
        transport::HttpResponse response;
        Secret secret;  // that it was answered to
    };
    void remember(const std::string& url, Cached answer);

    const CallerOptions options_;
    transport::HttpClient client_;
    std::mutex mutex_;  // guards what follows
    std::chrono::steady_clock::time_point held_until_{};
    std::map<std::string, Cached> cache_;  // by URL
    std::deque<std::string> cached_;       // oldest first
    std::size_t cached_bytes_ = 0;
    bool stopped_ = false;
};

}  // namespace linkspan::forge
