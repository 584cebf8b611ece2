#include "service/registry/token.h"

#include "service/registry/answer.h"
#include "service/registry/base64.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace linkspan::registry {
namespace {

using nlohmann::json;
using transport::percent_encode;

// The specification's value for an answer that does not say.
constexpr std::int64_t kDefaultLife = 60;
constexpr std::int64_t kLongestLife = 24 * 3600;
constexpr std::size_t kMaxTokenBytes = 64 << 10;

// A token goes into a header: visible ASCII only, or it could add lines of its own.
bool is_visible(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::string TokenQuestion::key() const { return realm.str() + "\n" + service + "\n" + scope; }

Result<TokenQuestion> read_question(const Challenge& challenge, const std::string& own_scope) {
    const auto realm = challenge.param("realm");
    if (!realm) return Error{Errc::InvalidInput, "a Bearer challenge without a realm"};
    auto url = transport::Url::parse(*realm);
    if (url.has_error()) return url.error().within("the realm of a Bearer challenge");
    const auto scope = challenge.param("scope");
    return TokenQuestion{
        std::move(*url),
        challenge.param("service").value_or(""),
        scope && !scope->empty() ? *scope : own_scope};
}

transport::HttpRequest make_token_request(
    const TokenQuestion& question, const std::optional<Credentials>& credentials
) {
    transport::HttpRequest request;
    request.max_response = 1 << 20;
    const std::string asked = fmt::format(
        "service={}&scope={}", percent_encode(question.service), percent_encode(question.scope)
    );
    if (credentials && credentials->username == kIdentityTokenUser) {
        request.method = "POST";
        request.url = question.realm.str();
        request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
        request.body = fmt::format(
            "grant_type=refresh_token&client_id=linkspan&{}&refresh_token={}",
            asked,
            percent_encode(credentials->password.reveal())
        );
        return request;
    }
    request.url = question.realm.str();
    request.url += (question.realm.query().empty() ? "?" : "&") + asked;
    if (credentials) {
        request.headers.emplace_back("Authorization", make_basic(*credentials).reveal());
    }
    return request;
}

Result<Token> read_token_answer(
    const transport::HttpResponse& response, const TokenQuestion& question
) {
    const std::string who = fmt::format(
        "the token server at {} (scope {})", question.realm.origin(), quote(question.scope)
    );
    if (response.status != 200) {
        Error error = explain(response, who);
        // Its 404 or 400 is not about the image.
        if (error.kind == Errc::NotFound) error.kind = Errc::InvalidInput;
        return error;
    }
    const json document = json::parse(response.body, nullptr, false);
    if (!document.is_object()) return explain_not_json(response, who);
    Token token;
    for (const char* key : {"token", "access_token"}) {
        const auto it = document.find(key);
        if (it != document.end() && it->is_string() && !it->get_ref<const std::string&>().empty()) {
            token.value = Secret{it->get<std::string>()};
            break;
        }
    }
    if (token.value.empty() || token.value.reveal().size() > kMaxTokenBytes ||
        !is_visible(token.value.reveal())) {
        return Error{Errc::InvalidInput, who + " gave no usable token"};
    }
    std::int64_t life = kDefaultLife;
    const auto expires = document.find("expires_in");
    if (expires != document.end() && expires->is_number()) {
        life = static_cast<std::int64_t>(
            std::clamp(expires->get<double>(), 0.0, static_cast<double>(kLongestLife))
        );
    }
    token.life = std::chrono::seconds{
        std::max<std::int64_t>(0, life - std::max<std::int64_t>(5, life / 10))};
    return token;
}

Secret make_basic(const Credentials& credentials) {
    return Secret{
        "Basic " + encode_base64(credentials.username + ":" + credentials.password.reveal())};
}

}  // namespace linkspan::registry
