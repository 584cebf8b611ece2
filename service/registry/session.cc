#include "service/registry/session.h"

#include "service/registry/answer.h"
#include "service/registry/challenge.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

namespace linkspan::registry {
namespace {

using transport::HttpRequest;
using transport::HttpResponse;
using transport::Url;

constexpr int kMaxRedirects = 5;
// Far more than a process watches; a bound, not a working size.
constexpr std::size_t kMaxRemembered = 50000;
// For a 429 that does not say how long, and for one that exaggerates.
constexpr std::chrono::seconds kDefaultHold{1};
constexpr std::chrono::seconds kLongestHold{600};

transport::HttpClientOptions client_options(const RegistryOptions& options, bool own_origin) {
    transport::HttpClientOptions out;
    out.ca_file = options.ca_file;
    out.proxy = options.proxy;
    if (own_origin) {
        out.client_certificate = options.client_certificate;
        out.client_key = options.client_key;
    }
    return out;
}

std::chrono::milliseconds remaining(Deadline deadline) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now()
    );
}

bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// How long nobody should ask, when the answer says so.
std::optional<std::chrono::seconds> asks_to_wait(const HttpResponse& response) {
    if (response.status != 429 && response.status != 503) return std::nullopt;
    const auto told = response.retry_after();
    if (!told && response.status == 503) return std::nullopt;
    return std::min(told.value_or(kDefaultHold), kLongestHold);
}

bool is_passing_failure(unsigned status) { return status == 502 || status == 503 || status == 504; }

double random_share() {
    static thread_local std::minstd_rand engine{std::random_device{}()};
    return std::uniform_real_distribution<double>{0, 1}(engine);
}

std::vector<Challenge> challenges_of(const HttpResponse& response) {
    std::vector<Challenge> out;
    for (const auto& [name, value] : response.headers) {
        HttpResponse one;
        one.headers = {{name, value}};
        if (!one.header("WWW-Authenticate")) continue;
        for (auto& challenge : parse_challenges(value)) out.push_back(std::move(challenge));
    }
    return out;
}

const Challenge* find(const std::vector<Challenge>& challenges, std::string_view scheme) {
    const auto it = std::find_if(challenges.begin(), challenges.end(), [&](const auto& challenge) {
        return challenge.scheme == scheme;
    });
    return it == challenges.end() ? nullptr : &*it;
}

// Shorter ones are in many a word.
constexpr std::size_t kShortestStripped = 6;

// A server's words go into messages: what it was shown must not come back in them.
void strip(HttpResponse& response, const std::vector<Secret>& shown) {
    if (response.status < 400) return;
    for (const Secret& secret : shown) {
        const std::string& text = secret.reveal();
        if (text.size() < kShortestStripped) continue;
        for (std::size_t at = 0; (at = response.body.find(text, at)) != std::string::npos;) {
            response.body.replace(at, text.size(), "***");
        }
    }
}

// Without the scheme in front.
Secret bare(const Secret& authorization) {
    const std::string& text = authorization.reveal();
    return Secret{text.substr(text.find(' ') + 1)};
}

std::string memory_key(const Ask& ask) { return ask.purpose + "\n" + ask.repository; }

}  // namespace

Session::Session(const RegistryOptions& options, Endpoint endpoint)
    : options_{options},
      endpoint_{std::move(endpoint)},
      client_{client_options(options, true)},
      outside_{client_options(options, false)},
      limiter_{options.host, options.limits} {}

void Session::stop() {
    limiter_.stop();
    client_.stop();
    outside_.stop();
}

Result<HttpResponse> Session::send(const Ask& ask) {
    auto known = recall(ask);
    if (known.has_error()) return known.error();
    auto response = transmit(ask, *known);
    if (response.has_error()) return response;
    if (response->status == 403) return refusal(*response, *known);
    if (response->status != 401) return response;

    if (known->has_value() && (*known)->question) {
        const std::lock_guard lock{mutex_};
        tokens_.erase((*known)->question->key());
    }
    LINKSPAN_TRY(fresh, authenticate(*response, ask));
    const std::optional<Authorization> shown{std::move(fresh)};
    auto second = transmit(ask, shown);
    if (second.has_value() && (second->status == 401 || second->status == 403)) {
        if (shown->question) {
            const std::lock_guard lock{mutex_};
            tokens_.erase(shown->question->key());
        }
        return refusal(*second, shown);
    }
    return second;
}

Session::Authorization Session::with_password(const Credentials& login) {
    return {
        .value = make_basic(login),
        .told = "the configured password",
        .question = std::nullopt,
        .password = login.password};
}

// What the last answer taught us, so that the usual request is one request.
Result<std::optional<Session::Authorization>> Session::recall(const Ask& ask) {
    std::optional<TokenQuestion> question;
    bool basic = false;
    {
        const std::lock_guard lock{mutex_};
        basic = basic_;
        const auto it = questions_.find(memory_key(ask));
        if (it != questions_.end()) question = it->second;
    }
    if (question) {
        LINKSPAN_TRY(token, fetch_token(*question, ask.deadline));
        return std::optional<Authorization>{std::move(token)};
    }
    if (basic) {
        LINKSPAN_TRY(login, credentials());
        if (login) return std::optional<Authorization>{with_password(*login)};
    }
    return std::optional<Authorization>{};
}

Result<Session::Authorization> Session::authenticate(const HttpResponse& refused, const Ask& ask) {
    const auto answered_by = Url::parse(refused.url);
    if (answered_by.has_error() || !answered_by->same_origin(endpoint_.base())) {
        // A redirect led there; our secrets are not for that host.
        return refusal(refused, std::nullopt);
    }
    const auto challenges = challenges_of(refused);
    if (const Challenge* bearer = find(challenges, "bearer")) {
        auto question = read_question(*bearer, "repository:" + ask.repository + ":pull");
        if (question.has_error()) return question.error().within(options_.host);
        if (!endpoint_.trusts(question->realm)) {
            return Error{
                Errc::Unauthorized,
                fmt::format(
                    "{} asks for a token from {}: refused, since a password may travel over plain "
                    "HTTP only to the host of a registry that is configured with plain HTTP",
                    options_.host,
                    question->realm.origin()
                )};
        }
        auto token = fetch_token(*question, ask.deadline);
        if (token.has_error()) return token.error();
        const std::lock_guard lock{mutex_};
        if (questions_.size() >= kMaxRemembered) questions_.clear();
        questions_.insert_or_assign(memory_key(ask), std::move(*question));
        return token;
    }
    if (find(challenges, "basic") != nullptr) {
        LINKSPAN_TRY(login, credentials());
        if (!login) {
            return Error{
                Errc::Unauthorized,
                options_.host + " asks for a user name and a password, and none is configured"};
        }
        const std::lock_guard lock{mutex_};
        basic_ = true;
        return with_password(*login);
    }
    if (challenges.empty()) return refusal(refused, std::nullopt);
    return Error{
        Errc::Unauthorized,
        fmt::format(
            "{} asks for authentication by \"{}\"; Bearer and Basic are what Linkspan knows",
            options_.host,
            quote(challenges.front().scheme, 40)
        )};
}

Result<Session::Authorization> Session::fetch_token(
    const TokenQuestion& question, Deadline deadline
) {
    const std::string key = question.key();
    const std::string told =
        fmt::format("a token of {} for scope {}", question.realm.origin(), quote(question.scope));
    {
        const std::lock_guard lock{mutex_};
        const auto it = tokens_.find(key);
        if (it != tokens_.end() && it->second.until > std::chrono::steady_clock::now()) {
            return Authorization{it->second.value, told, question, {}};
        }
    }
    LINKSPAN_TRY(login, credentials());
    const bool own = question.realm.same_origin(endpoint_.base());
    auto response = exchange(make_token_request(question, login), own, deadline);
    if (response.has_error()) return response.error().within("getting " + told);
    if (login) strip(*response, {bare(make_basic(*login)), login->password});
    LINKSPAN_TRY(token, read_token_answer(*response, question));
    Secret value{"Bearer " + token.value.reveal()};
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock{mutex_};
    if (tokens_.size() >= kMaxRemembered) {
        std::erase_if(tokens_, [&](const auto& entry) { return entry.second.until <= now; });
        if (tokens_.size() >= kMaxRemembered) tokens_.clear();
    }
    tokens_.insert_or_assign(key, CachedToken{value, now + token.life});
    return Authorization{std::move(value), told, question, {}};
}

Result<std::optional<Credentials>> Session::credentials() const {
    if (!options_.credentials) return std::optional<Credentials>{};
    auto login = options_.credentials();
    if (login.has_error()) return login.error().within("credentials for " + options_.host);
    return login;
}

Result<HttpResponse> Session::transmit(
    const Ask& ask, const std::optional<Authorization>& authorization
) {
    LINKSPAN_TRY(url, Url::parse(ask.url));
    for (int hops = 0;; ++hops) {
        const bool own = url.same_origin(endpoint_.base());
        HttpRequest request;
        request.method = ask.method;
        request.url = url.str();
        request.max_response = ask.max_response;
        if (!ask.accept.empty()) request.headers.emplace_back("Accept", ask.accept);
        if (own && authorization) {
            request.headers.emplace_back("Authorization", authorization->value.reveal());
        }
        auto response = exchange(std::move(request), own, ask.deadline);
        if (response.has_error()) return response;
        if (authorization) strip(*response, {bare(authorization->value), authorization->password});
        if (!is_redirect(response->status)) return response;
        const auto location = response->header("Location");
        if (!location) {
            return Error{
                Errc::InvalidInput,
                fmt::format("{} answered {} without a Location", url.origin(), response->status)};
        }
        auto next = url.resolve(*location);
        if (next.has_error()) return next.error().within(url.origin() + " redirects");
        if (hops == kMaxRedirects) {
            return Error{
                Errc::InvalidInput,
                fmt::format("{} redirects more than {} times", url.origin(), kMaxRedirects)};
        }
        if (!endpoint_.trusts(*next) || (url.is_https() && !next->is_https())) {
            return Error{
                Errc::InvalidInput,
                fmt::format(
                    "{} redirects to {}: not followed, since that is plain HTTP",
                    url.origin(),
                    next->origin()
                )};
        }
        url = std::move(*next);
    }
}

Result<HttpResponse> Session::exchange(HttpRequest request, bool own, Deadline deadline) {
    for (unsigned tries = 1;; ++tries) {
        auto response = [&]() -> Result<HttpResponse> {
            if (!own) {
                request.timeout = remaining(deadline);
                return outside_.send(request);
            }
            LINKSPAN_TRY(turn, limiter_.enter(deadline));
            const Limiter::Turn inside{std::move(turn)};
            request.timeout = remaining(deadline);
            return client_.send(request);
        }();
        std::optional<Error> failure;
        if (response.has_error()) {
            failure = response.error();
        } else if (const auto wait = asks_to_wait(*response)) {
            if (own) limiter_.hold(*wait);
        } else if (is_passing_failure(response->status)) {
            failure = Error{Errc::Unavailable, {}};
        }
        // What asked to be left alone is not asked again.
        if (!failure || failure->kind == Errc::RateLimited) return response;
        const auto pause =
            options_.retry.next(*failure, tries, remaining(deadline), random_share());
        if (!pause || !limiter_.pause(*pause)) return response;
    }
}

Error Session::refusal(const HttpResponse& response, const std::optional<Authorization>& shown)
    const {
    Error error = explain(response, options_.host);
    error.kind = Errc::Unauthorized;
    error.message += shown ? " to " + shown->told : std::string{" to an anonymous request"};
    return error;
}

}  // namespace linkspan::registry
