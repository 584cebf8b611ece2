#include "service/forge/caller.h"

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
constexpr std::size_t kLongestCached = 256 << 10;
constexpr int kMostRedirects = 3;

double random_share() {
    thread_local std::mt19937 engine{std::random_device{}()};
    return std::uniform_real_distribution<double>{0, 1}(engine);
}

std::string without(std::string text, const Secret& secret) {
    if (secret.empty()) return text;
    for (auto at = text.find(secret.reveal()); at != std::string::npos;
         at = text.find(secret.reveal(), at)) {
        text.replace(at, secret.reveal().size(), "***");
    }
    return text;
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
        if (const auto it = cache_.find(url); it != cache_.end()) cached = it->second;
    }
    if (cached) request.headers.emplace_back("If-None-Match", cached->etag);

    auto sent = client_.send(request);
    if (sent.has_error()) {
        Error error = sent.error();
        error.message = without(std::move(error.message), authorization.secret);
        return error;
    }
    HttpResponse& response = *sent;
    if (cached && response.status == 304) return std::move(cached->response);
    if (response.status >= 300 && !authorization.secret.empty()) {
        response.body = without(std::move(response.body), authorization.secret);
    }
    const auto etag = response.header("etag");
    if (read && response.status == 200 && etag && !etag->empty() &&
        response.body.size() <= kLongestCached) {
        const std::lock_guard lock{mutex_};
        if (cache_.insert_or_assign(url, Cached{std::string{*etag}, response}).second) {
            cached_.push_back(url);
        }
        if (cached_.size() > kMostCached) {
            cache_.erase(cached_.front());
            cached_.pop_front();
        }
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
        if (const auto limit = limit_of(response, std::chrono::system_clock::now())) {
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
        [&](const Call&, const HttpResponse& response, Json body) {
            Page page{.items = std::move(body), .next = std::nullopt};
            if (const auto next = transport::find_next(response.headers)) {
                auto call = call_for(*next);
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

Result<Call> Caller::call_for(const std::string& url) const {
    LINKSPAN_TRY(base, Url::parse(options_.base));
    auto target = base.resolve(url);
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
