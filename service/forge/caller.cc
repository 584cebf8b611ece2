#include "service/forge/caller.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"
#include "service/transport/link.h"

#include <fmt/format.h>

#include <random>
#include <thread>

namespace linkspan::forge {

using transport::HttpRequest;
using transport::HttpResponse;
using transport::Url;

namespace {

constexpr std::size_t kMostCached = 128;
constexpr std::size_t kMostCachedBytes = 4 << 20;
constexpr std::size_t kLongestCached = 256 << 10;
// No platform's window is longer; who says more is wrong, or behind a proxy that is.
constexpr std::chrono::seconds kLongestHold{3600};
constexpr int kMostRedirects = 3;

double random_share() {
    thread_local std::mt19937 engine{std::random_device{}()};
    return std::uniform_real_distribution<double>{0, 1}(engine);
}

// The secret, and the form in which it travelled: "Basic …" has it encoded.
std::string without_credential(std::string text, const Authorization& authorization) {
    text = without(std::move(text), authorization.secret.reveal());
    const std::string& value = authorization.value.reveal();
    return without(std::move(text), std::string_view{value}.substr(value.find(' ') + 1));
}

bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 307 || status == 308;
}

}  // namespace

Caller::Caller(CallerOptions options) : options_{std::move(options)}, client_{options_.http} {}

void Caller::stop() {
    client_.stop();
    const std::lock_guard lock{mutex_};
    stopped_ = true;
}

bool Caller::pause(std::chrono::milliseconds how_long) {
    const auto until = std::chrono::steady_clock::now() + how_long;
    while (true) {
        {
            const std::lock_guard lock{mutex_};
            if (stopped_) return false;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now()
        );
        if (left.count() <= 0) return true;
        std::this_thread::sleep_for(std::min(left, std::chrono::milliseconds{100}));
    }
}

void Caller::remember(const std::string& url, Cached answer) {
    const std::lock_guard lock{mutex_};
    cached_bytes_ += answer.response.body.size();
    const auto known = cache_.find(url);
    if (known != cache_.end()) {
        cached_bytes_ -= known->second.response.body.size();
        known->second = std::move(answer);
    } else {
        cache_.emplace(url, std::move(answer));
        cached_.push_back(url);
    }
    while (cached_.size() > kMostCached || cached_bytes_ > kMostCachedBytes) {
        const auto oldest = cache_.find(cached_.front());
        cached_bytes_ -= oldest->second.response.body.size();
        cache_.erase(oldest);
        cached_.pop_front();
    }
}

std::optional<Error> Caller::held() {
    const std::lock_guard lock{mutex_};
    const auto left = held_until_ - std::chrono::steady_clock::now();
    if (left.count() <= 0) return std::nullopt;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left);
    Error error{
        Errc::RateLimited,
        fmt::format(
            "{} asked to wait; the next request goes out in {} s",
            to_string(options_.type),
            seconds.count()
        )};
    error.retry_after = seconds;
    return error;
}

void Caller::hold(std::chrono::seconds wait) {
    const std::lock_guard lock{mutex_};
    held_until_ = std::max(held_until_, std::chrono::steady_clock::now() + wait);
}

Result<HttpResponse> Caller::transmit(const Call& call, const std::string& url, Secret& shown) {
    Authorization authorization;
    if (options_.authorize) {
        auto made = options_.authorize();
        if (made.has_error()) return made.error();
        authorization = std::move(*made);
        shown = authorization.secret;
    }
    HttpRequest request{
        .method = call.method,
        .url = url,
        .headers = options_.headers,
        .body = call.body,
        .timeout = options_.timeout};
    if (!authorization.header.empty()) {
        request.headers.emplace_back(authorization.header, authorization.value.reveal());
    }
    if (!call.body.empty()) {
        request.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    }
    const bool read = call.method == "GET";
    std::optional<Cached> cached;
    if (read) {
        const std::lock_guard lock{mutex_};
        const auto it = cache_.find(url);
        // Another credential may see other things at the same place.
        if (it != cache_.end() && it->second.secret.equals(authorization.secret.reveal())) {
            cached = it->second;
        }
    }
    if (cached) request.headers.emplace_back("If-None-Match", cached->etag);

    auto sent = client_.send(request);
    if (sent.has_error()) {
        Error error = sent.error();
        error.message = without_credential(std::move(error.message), authorization);
        return error;
    }
    HttpResponse& response = *sent;
    if (cached && response.status == 304) return std::move(cached->response);
    if (response.status >= 300) {
        response.body = without_credential(std::move(response.body), authorization);
        for (auto& [name, value] : response.headers) {
            // Where it leads is no message; of it only the origin is told.
            if (!equal_ignoring_case(name, "location")) {
                value = without_credential(std::move(value), authorization);
            }
        }
    }
    const auto etag = response.header("etag");
    if (read && response.status == 200 && etag && !etag->empty() &&
        response.body.size() <= kLongestCached) {
        remember(url, Cached{std::string{*etag}, response, authorization.secret});
    }
    return std::move(response);
}

Result<HttpResponse> Caller::exchange(const Call& call) {
    const auto who = to_string(options_.type);
    if (auto error = held()) return *error;
    LINKSPAN_TRY(home, Url::parse(options_.base));
    std::string url = (call.graphql ? options_.graphql_base : options_.base) + call.path;
    bool renewed = false;
    for (int redirects = 0;;) {
        Secret shown;
        LINKSPAN_TRY(response, transmit(call, url, shown));
        if (auto limit = limit_of(response, std::chrono::system_clock::now())) {
            limit->wait = std::min(limit->wait, kLongestHold);
            hold(limit->wait);
            if (limit->refused) {
                Error error{
                    Errc::RateLimited,
                    fmt::format(
                        "{} answered {}: {}; waiting {} s",
                        who,
                        response.status,
                        words_of(response),
                        limit->wait.count()
                    )};
                error.retry_after = limit->wait;
                return error;
            }
        }
        if (response.status == 401 && !renewed && options_.renew && options_.renew(shown)) {
            renewed = true;
            continue;
        }
        // Azure shows people its sign-in page in place of a 401.
        if (options_.type == ForgeType::AzureDevops &&
            (response.status == 203 || response.status == 302)) {
            return Error{
                Errc::Unauthorized,
                "Azure DevOps answered with its sign-in page: the token is wrong or has expired"};
        }
        if (is_redirect(response.status)) {
            const auto target =
                Url::parse(url)->resolve(std::string{response.header("location").value_or("")});
            // 301 and 302 turn writes into reads, so only 307 and 308 are followed for those.
            const bool keeps = call.method == "GET" || response.status >= 307;
            if (target.has_error() || !target->same_origin(home) || !keeps ||
                ++redirects > kMostRedirects) {
                return Error{
                    Errc::InvalidInput,
                    fmt::format(
                        "{} redirects to {}; was the repository renamed, or is \"forge.url\" "
                        "another place?",
                        who,
                        target.has_error() ? "nowhere" : target->origin()
                    )};
            }
            url = target->str();
            continue;
        }
        if (response.status >= 500 || response.status == 408) {
            Error error = explain(options_.type, response);
            error.retry_after = response.retry_after();
            if (error.retry_after) {
                error.retry_after = std::min(*error.retry_after, kLongestHold);
            }
            return error;
        }
        if (is_success(response) && is_html(response)) {
            return Error{Errc::Unavailable, explain(options_.type, response).message};
        }
        return std::move(response);
    }
}

Result<HttpResponse> Caller::send(const Call& call) {
    const auto& retry = options_.read_retry;
    for (unsigned tries = 1;; ++tries) {
        auto answer = exchange(call);
        const bool again =
            answer.has_error() && call.method == "GET" && !call.graphql && tries < retry.tries &&
            (answer.error().kind == Errc::Unavailable || answer.error().kind == Errc::Timeout) &&
            !answer.error().retry_after;
        if (!again || !pause(retry.pause(tries, random_share()))) return answer;
    }
}

Result<Json> Caller::ask(const Call& call) {
    LINKSPAN_TRY(response, send(call));
    if (!is_success(response)) return explain(options_.type, response);
    // Of a read this is nothing that a platform says: whoever stands between cut it off.
    if (response.body.empty() && call.method == "GET" && response.status == 200) {
        return Error{
            Errc::Unavailable, fmt::format("{}: the answer is empty", to_string(options_.type))};
    }
    if (response.body.empty()) return Json{};
    auto value = read_json(response.body);
    if (value.has_error()) return value.error().within(to_string(options_.type));
    return value;
}

Status Caller::tell(const Call& call) {
    LINKSPAN_TRY(response, send(call));
    if (!is_success(response)) return explain(options_.type, response);
    return {};
}

Result<Json> Caller::pages(Call first, const ReadPage& read, unsigned most) {
    Json all = Json::array();
    std::optional<Call> call = std::move(first);
    for (unsigned page = 0; call && page < most; ++page) {
        LINKSPAN_TRY(response, send(*call));
        if (!is_success(response)) return explain(options_.type, response);
        auto value = read_json(response.body);
        if (value.has_error()) return value.error().within(to_string(options_.type));
        Page read_page = read(*call, response, std::move(*value));
        if (read_page.items.is_array()) {
            for (Json& item : read_page.items) all.push_back(std::move(item));
        }
        call = std::move(read_page.next);
    }
    return all;
}

Result<Json> Caller::linked_pages(Call first, unsigned most) {
    std::optional<Error> foreign;
    auto all = pages(
        std::move(first),
        [&](const Call& asked, const HttpResponse& response, Json body) {
            // null is how some write an empty list.
            if (!body.is_array() && !body.is_null()) {
                foreign = Error{
                    Errc::Unavailable,
                    fmt::format("{}: the answer is no list", to_string(options_.type))};
            }
            Page page{.items = std::move(body), .next = std::nullopt};
            if (const auto next = transport::find_next(response.headers)) {
                auto call = call_for(*next, options_.base + asked.path);
                if (call.has_error()) {
                    foreign = call.error();
                } else {
                    page.next = std::move(*call);
                }
            }
            return page;
        },
        most
    );
    if (foreign) return *foreign;
    return all;
}

Result<Call> Caller::call_for(const std::string& url, const std::string& from) const {
    LINKSPAN_TRY(base, Url::parse(options_.base));
    LINKSPAN_TRY(asked, Url::parse(from.empty() ? options_.base : from));
    auto target = asked.resolve(url);
    if (target.has_error()) return target.error().within("the next page");
    if (!target->same_origin(base)) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "the next page is at another server ({}), which gets no token", target->origin()
            )};
    }
    const std::string prefix = base.path() == "/" ? "" : base.path();
    const std::string rest =
        target->path() + (target->query().empty() ? "" : "?" + target->query());
    if (!rest.starts_with(prefix + "/")) {
        return Error{Errc::InvalidInput, "the next page is not below the API's address"};
    }
    return Call{.method = "GET", .path = rest.substr(prefix.size())};
}

}  // namespace linkspan::forge
