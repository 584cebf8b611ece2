// make_request(): a message as the HTTP request that one type of receiver understands. Pure: the
// secrets and the time are given.
#pragma once

#include "core/result.h"
#include "core/secret.h"
#include "service/notify/message.h"
#include "service/transport/http_client.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::notify {

enum class Type { FluxReceiver, ArgoCd, Slack, CloudEvents, Webhook };

// One receiver, with its secrets as they are now.
struct Sink {
    std::string name;
    Type type = Type::Webhook;
    std::string url;
    std::optional<Secret> secret{};  // signs
    std::optional<Secret> token{};   // bearer
    std::vector<std::pair<std::string, std::string>> headers{};
    std::chrono::milliseconds timeout{10000};
};

// One for each piece of work, or one for everything that a commit did.
bool gathers(Type type);
// A type that only wants to know that a branch moved: one message for each commit, whatever the
// targets.
bool is_poke(Type type);

// `now`: what signatures that hold a time are made with; of this try, not of the message.
// Errors: InvalidInput, when the secret is not of the form that the signature needs, or the message
// can't be told to this type (Argo CD and a repository that has no host).
Result<transport::HttpRequest> make_request(
    const Sink& sink, const Message& message, std::chrono::system_clock::time_point now
);

}  // namespace linkspan::notify
