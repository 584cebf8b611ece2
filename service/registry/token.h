// Bearer tokens: the request to the token server and the reading of its answer. No sockets.
// https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/
#pragma once

#include "core/secret.h"
#include "service/registry/challenge.h"
#include "service/registry/client.h"
#include "service/transport/http_client.h"
#include "service/transport/url.h"

#include <chrono>
#include <optional>
#include <string>

namespace linkspan::registry {

// What a Bearer challenge asks to be shown.
struct TokenQuestion {
    transport::Url realm;
    std::string service;
    std::string scope;
    // One text for one question, for caches.
    [[nodiscard]] std::string key() const;
};

struct Token {
    Secret value;
    std::chrono::seconds life{
        0};  // from now; already shortened, so that it does not end on the way
};

// `own_scope` is what we need; the challenge's own word counts when it gives one (Azure asks for
// "metadata_read" where others want "pull"). Errors: InvalidInput (no realm, or not a URL).
Result<TokenQuestion> read_question(const Challenge& challenge, const std::string& own_scope);

// GET with Basic credentials, or POST with an identity token.
transport::HttpRequest make_token_request(
    const TokenQuestion& question, const std::optional<Credentials>& credentials
);

// Errors: Unauthorized (credentials refused), and as explain() says.
Result<Token> read_token_answer(
    const transport::HttpResponse& response, const TokenQuestion& question
);

// "Basic …" for an Authorization header.
Secret make_basic(const Credentials& credentials);

}  // namespace linkspan::registry
