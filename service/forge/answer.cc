#include "service/forge/answer.h"

#include "service/forge/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace linkspan::forge {

using transport::HttpResponse;

namespace {

constexpr std::size_t kLongestWords = 500;

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

void append(std::string& out, std::string_view words) {
    if (words.empty() || out.find(words) != std::string::npos) return;
    if (!out.empty()) out += "; ";
    out += words;
}

// Texts of any shape: "a", ["a", "b"], {"base": ["a"]}, {"message": "a"}.
void gather(std::string& out, const Json& value, int depth = 0) {
    if (value.is_string()) {
        append(out, value.get_ref<const std::string&>());
    } else if (value.is_array() && depth < 4) {
        for (const Json& item : value) gather(out, item, depth + 1);
    } else if (value.is_object() && depth < 4) {
        if (const Json& message = field(value, {"message"}); !message.is_null()) {
            gather(out, message, depth + 1);
            if (const Json& fields = field(value, {"fields"}); fields.is_object()) {
                gather(out, fields, depth + 1);
            }
            if (const Json& detail = field(value, {"detail"}); detail.is_string()) {
                gather(out, detail, depth + 1);
            }
            return;
        }
        for (const auto& [key, item] : value.items()) {
            if (item.is_array() || item.is_string()) {
                std::string inner;
                gather(inner, item, depth + 1);
                if (!inner.empty()) append(out, key + ": " + inner);
            }
        }
    }
}

std::optional<std::int64_t> number_in(std::optional<std::string_view> header) {
    if (!header) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, code] =
        std::from_chars(header->data(), header->data() + header->size(), value);
    if (code != std::errc{} || end != header->data() + header->size()) return std::nullopt;
    return value;
}

// X-RateLimit-Reset (GitHub, Azure, Gitea) and RateLimit-Reset (GitLab): seconds since 1970.
std::optional<std::chrono::seconds> until_reset(
    const HttpResponse& response, std::chrono::system_clock::time_point now
) {
    for (const std::string_view name : {"x-ratelimit-reset", "ratelimit-reset"}) {
        const auto at = number_in(response.header(name));
        if (!at) continue;
        const auto since = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
        // Never more than the window is long, whatever the two clocks say.
        return std::chrono::seconds{std::clamp<std::int64_t>(*at - since.count() + 1, 1, 3600)};
    }
    return std::nullopt;
}

bool used_up(const HttpResponse& response) {
    return number_in(response.header("x-ratelimit-remaining")) == 0 ||
           number_in(response.header("ratelimit-remaining")) == 0;
}

// error="insufficient_scope", scope="api"
std::string challenge_value(std::string_view challenge, std::string_view name) {
    const std::string key = fmt::format("{}=\"", name);
    const auto at = challenge.find(key);
    if (at == std::string_view::npos) return {};
    const auto rest = challenge.substr(at + key.size());
    return std::string{rest.substr(0, rest.find('"'))};
}

std::string joined(const Json& list) {
    std::string out;
    for (const auto& item : texts(list)) out += (out.empty() ? "" : ", ") + item;
    return out;
}

}  // namespace

std::string_view to_string(ForgeType type) {
    switch (type) {
        case ForgeType::Github:
            return "GitHub";
        case ForgeType::Gitlab:
            return "GitLab";
        case ForgeType::Gitea:
            return "Gitea";
        case ForgeType::BitbucketCloud:
            return "Bitbucket Cloud";
        case ForgeType::BitbucketDataCenter:
            return "Bitbucket Data Center";
        case ForgeType::AzureDevops:
            return "Azure DevOps";
    }
    return "?";
}

std::string words_of(const HttpResponse& response) {
    if (is_html(response)) return {};
    const auto body = read_json(response.body);
    if (body.has_error()) return {};
    std::string out;
    for (const std::string_view name : {"message", "error", "error_description", "errors"}) {
        gather(out, field(*body, {name}));
    }
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    if (out.size() > kLongestWords) {
        std::size_t end = kLongestWords;
        while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U) --end;
        out.resize(end);
        out += "…";
    }
    return out;
}

std::string missing_permission(const HttpResponse& response) {
    // GitHub: fine-grained tokens and Apps; then classic tokens, which say what they have.
    if (const auto wanted = response.header("x-accepted-github-permissions");
        wanted && !wanted->empty()) {
        return std::string{*wanted};
    }
    const auto accepted = response.header("x-accepted-oauth-scopes");
    if (const auto has = response.header("x-oauth-scopes"); accepted && !accepted->empty() && has) {
        return fmt::format(
            "scope {} (it has: {})", *accepted, has->empty() ? "none" : std::string{*has}
        );
    }
    if (const auto challenge = response.header("www-authenticate");
        challenge && challenge->find("insufficient_scope") != std::string_view::npos) {
        const auto scope = challenge_value(*challenge, "scope");
        if (!scope.empty()) return "scope " + scope;
    }
    const auto body = read_json(response.body);
    if (body.has_error()) return {};
    if (text(*body, {"error"}) == "insufficient_scope") {
        const auto scope = text(*body, {"scope"});
        return scope.empty() ? "a wider scope" : "scope " + scope;
    }
    // Bitbucket Cloud: {"error": {"detail": {"required": […], "granted": […]}}}
    if (const Json& required = field(*body, {"error", "detail", "required"}); !required.is_null()) {
        const std::string wanted = required.is_array() ? joined(required) : text(required);
        const std::string has = joined(field(*body, {"error", "detail", "granted"}));
        return fmt::format("scope {} (it has: {})", wanted, has.empty() ? "none" : has);
    }
    // Gitea: "token does not have at least one of required scope(s): [write:issue]"; Azure: "You
    // need the Git 'PullRequestContribute' permission".
    const std::string message = text(*body, {"message"});
    if (const auto at = message.find("required scope(s)"); at != std::string::npos) {
        const auto from = message.find('[', at);
        const auto to = message.find(']', at);
        if (from != std::string::npos && to != std::string::npos && to > from) {
            return "scope " + message.substr(from + 1, to - from - 1);
        }
    }
    if (const auto at = message.find("You need the "); at != std::string::npos) {
        const auto from = message.find('\'', at);
        const auto to = from == std::string::npos ? from : message.find('\'', from + 1);
        if (to != std::string::npos) return message.substr(from + 1, to - from - 1);
    }
    return {};
}

std::optional<Limit> limit_of(
    const HttpResponse& response, std::chrono::system_clock::time_point now
) {
    const auto told = response.retry_after();
    const auto reset = until_reset(response, now);
    const std::chrono::seconds usual{60};  // what GitHub asks for when it does not say
    if (response.status == 429) return Limit{told.value_or(reset.value_or(usual)), true};
    if (response.status == 403) {
        if (told) return Limit{*told, true};
        if (used_up(response)) return Limit{reset.value_or(usual), true};
        const std::string words = lower(words_of(response));
        for (const std::string_view sign :
             {"secondary rate limit",
              "rate limit exceeded",
              "abuse detection",
              "submitted too quickly"}) {
            if (words.find(sign) != std::string::npos) return Limit{usual, true};
        }
        return std::nullopt;
    }
    if (response.status == 503 && told) return Limit{*told, false};
    if (response.status < 400) {
        if (told && *told > std::chrono::seconds{0} && response.status < 300 &&
            response.status != 202) {
            return Limit{*told, false};  // Azure: answered late, and asks for a pause
        }
        if (used_up(response) && reset) return Limit{*reset, false};
    }
    return std::nullopt;
}

bool is_html(const HttpResponse& response) {
    if (const auto type = response.header("content-type")) {
        if (lower(*type).find("text/html") != std::string::npos) return true;
        if (lower(*type).find("json") != std::string::npos) return false;
    }
    const auto first = response.body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
    return first != std::string::npos && response.body[first] == '<';
}

std::string_view needed_permissions(ForgeType type) {
    switch (type) {
        case ForgeType::Github:
            return "Contents, Pull requests, Issues and Commit statuses write, Metadata read";
        case ForgeType::Gitlab:
            return "the scope api and the role Developer, or one that may push to and merge into "
                   "the branch";
        case ForgeType::Gitea:
            return "write:repository and write:issue, of a user who may write to the repository";
        case ForgeType::BitbucketCloud:
            return "pullrequest:write and repository:write";
        case ForgeType::BitbucketDataCenter:
            return "Repository write";
        case ForgeType::AzureDevops:
            return "Code read, write and status, and the user Contribute to pull requests";
    }
    return "more";
}

Error explain(ForgeType type, const HttpResponse& response) {
    const auto who = to_string(type);
    std::string words = words_of(response);
    if (words.empty() && is_html(response)) {
        words =
            "with an HTML page, not the API: is \"forge.url\" right, and is there a proxy between?";
    }
    const std::string says =
        fmt::format("{} answered {}{}{}", who, response.status, words.empty() ? "" : ": ", words);
    const std::string lacks = missing_permission(response);
    switch (response.status) {
        case 401:
        case 403:
            if (!lacks.empty()) {
                return {Errc::Unauthorized, fmt::format("{}; the token lacks {}", says, lacks)};
            }
            // No permission helps.
            if (words.find("archived") != std::string::npos) return {Errc::Unauthorized, says};
            // It does not say what is missing, so it is said what is needed.
            return {
                Errc::Unauthorized,
                fmt::format(
                    "{}; {}the token needs {}",
                    says,
                    response.status == 401 ? "it is wrong, or has expired, or: " : "",
                    needed_permissions(type)
                )};
        case 404:
        case 410:
            // Private repositories are hidden from tokens that may not see them.
            return {
                Errc::NotFound,
                lacks.empty() ? says
                              : fmt::format("{}; if it exists, the token lacks {}", says, lacks)};
        case 409:
        case 412:
            return {Errc::Conflict, says};
        case 408:
            return {Errc::Unavailable, says};
        case 429:
            return {Errc::RateLimited, says};
        default:
            return {response.status >= 500 ? Errc::Unavailable : Errc::InvalidInput, says};
    }
}

}  // namespace linkspan::forge
