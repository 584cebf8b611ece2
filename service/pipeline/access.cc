#include "service/pipeline/access.h"

#include "core/glob.h"

#include <algorithm>
#include <string_view>

namespace linkspan::pipeline {
namespace {

std::string_view bearer(const http::Request& request) {
    const auto given = request.header("Authorization");
    if (!given || !given->starts_with("Bearer ")) return {};
    return given->substr(7);
}

bool is(const config::SecretRef& reference, std::string_view token) {
    const auto secret = reference.read();
    return secret.has_value() && !token.empty() && secret->equals(token);
}

const config::Operator* owner(const config::Config& config, std::string_view token) {
    const config::Operator* found = nullptr;
    for (const auto& one : config.operators) {
        const bool mine = is(one.token, token);
        if (mine && found == nullptr) found = &one;
    }
    return found;
}

http::Response unauthorized(std::string_view detail) {
    auto response = http::problem(401, "Unauthorized", detail);
    response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"linkspan\""});
    return response;
}

}  // namespace

std::optional<http::Response> refuse_reader(
    const config::Config& config, const http::Request& request
) {
    const auto& read_token = config.server.read_token;
    if (!read_token && config.operators.empty()) return std::nullopt;
    const auto token = bearer(request);
    const bool reader = read_token && is(*read_token, token);
    if (owner(config, token) != nullptr || reader) return std::nullopt;
    return unauthorized("this call needs the token of server.read_token or of one of \"operators\""
    );
}

std::variant<const config::Operator*, http::Response> acting_operator(
    const config::Config& config, const http::Request& request
) {
    const bool any =
        std::any_of(config.operators.begin(), config.operators.end(), [](const auto& one) {
            return one.role == config::Operator::Role::Operator;
        });
    if (!any) {
        return http::problem(
            403,
            "Forbidden",
            "nobody may act: configure operators: [{name: …, role: operator, token: {file: …}}]"
        );
    }
    const auto* who = owner(config, bearer(request));
    if (who == nullptr) return unauthorized("this call needs the token of an operator");
    if (who->role != config::Operator::Role::Operator) {
        return http::problem(
            403, "Forbidden", who->name + " may read, but not act: its role is reader"
        );
    }
    return who;
}

bool may_act_on(const config::Operator& who, const std::string& target) {
    return std::any_of(who.targets.begin(), who.targets.end(), [&](const auto& glob) {
        return glob_matches(glob, target);
    });
}

}  // namespace linkspan::pipeline
