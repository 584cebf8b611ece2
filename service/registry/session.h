// Session: requests to one registry with whatever it asks to be shown: nothing, a password, or a
// token from a token server. Redirects are followed here, without the secret when they leave.
//
// Rules for a hostile or broken registry:
// - A secret goes to the registry's own origin, and to the realm that its challenge names. The
// realm
//   may be on any host over https (Docker Hub's is); over plain HTTP only when the registry itself
//   is configured with plain HTTP, and then only on the same host name.
// - A redirect that changes the origin loses Authorization and the client certificate. One to plain
//   HTTP is followed by the same rule as a realm. At most five.
// - What a server was shown is taken out of its error's words before anybody quotes them.
// - One round of authentication per request; a token that was cached may be renewed once.
// - Every request to the registry waits for its turn at the Limiter. 429, and 503 with a
//   Retry-After, close it for everybody until the time has passed.
//
// Thread-safe; calls block.
#pragma once

#include "core/result.h"
#include "core/secret.h"
#include "service/registry/client.h"
#include "service/registry/endpoint.h"
#include "service/registry/limiter.h"
#include "service/registry/token.h"
#include "service/transport/http_client.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace linkspan::registry {

using Deadline = std::chrono::steady_clock::time_point;

struct Ask {
    std::string method = "GET";
    std::string url;
    std::string accept;
    std::string repository;
    std::string purpose;  // "manifests", "tags", "blobs": registries may want other scopes for each
    std::size_t max_response = 0;
    Deadline deadline;
};

class Session {
public:
    Session(const RegistryOptions& options, Endpoint endpoint);

    // Any status but 401 and 403, which are Unauthorized here.
    Result<transport::HttpResponse> send(const Ask& ask);

    [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
    void stop();

private:
    // What goes into Authorization, and how to name it in a message.
    struct Authorization {
        Secret value;
        std::string told;                       // "a token of https://… for scope …"
        std::optional<TokenQuestion> question;  // of a token
        Secret password;                        // when that is what is shown
    };
    static Authorization with_password(const Credentials& login);

    Result<std::optional<Authorization>> recall(const Ask& ask);
    Result<Authorization> authenticate(const transport::HttpResponse& refusal, const Ask& ask);
    Result<Authorization> fetch_token(const TokenQuestion& question, Deadline deadline);
    Result<std::optional<Credentials>> credentials() const;
    Result<transport::HttpResponse> transmit(
        const Ask& ask, const std::optional<Authorization>& authorization
    );
    // One request, tried again as options_.retry says. `own`: to the registry itself.
    Result<transport::HttpResponse> exchange(
        transport::HttpRequest request, bool own, Deadline deadline
    );
    Error refusal(
        const transport::HttpResponse& response, const std::optional<Authorization>& shown
    ) const;

    struct CachedToken {
        Secret value;
        Deadline until;
    };

    const RegistryOptions options_;
    const Endpoint endpoint_;
    transport::HttpClient client_;
    transport::HttpClient outside_;  // other origins: without the client certificate
    Limiter limiter_;

    std::mutex mutex_;  // guards what follows
    bool basic_ = false;
    std::map<std::string, TokenQuestion> questions_;  // by purpose and repository
    std::map<std::string, CachedToken> tokens_;       // by question
};

}  // namespace linkspan::registry
