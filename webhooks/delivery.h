// A delivery on its way from bytes to events: RawDelivery → VerifiedDelivery → ParsedDelivery.
#pragma once

#include "core/image/event.h"
#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::webhooks {

// Header names compare without case; the first value wins.
class Headers {
public:
    Headers() = default;
    Headers(std::initializer_list<std::pair<std::string, std::string>> list) : list_{list} {}
    void add(std::string name, std::string value) {
        list_.emplace_back(std::move(name), std::move(value));
    }
    [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const {
        return list_;
    }

private:
    std::vector<std::pair<std::string, std::string>> list_;
};

struct RawDelivery {
    std::string receiver;  // name in the config
    std::string method = "POST";
    std::string query;       // after '?', as sent
    std::string path_token;  // what follows /hooks/{receiver}/, decoded; empty when nothing does
    // Names (subject's common name, alternative names) in the client's certificate, when TLS ends
    // here and the certificate was verified; else empty.
    std::vector<std::string> client_names;
    Headers headers;
    std::string body;
    std::string remote_address;
    std::chrono::system_clock::time_point received_at;
};

// What recognises a repeated delivery. `window` is how long an equal key counts as the same
// delivery: an id that the sender made counts long, a hash of the body only as long as the sender
// retries (Sender::body_window), because the next push of a tag may have the same words.
//
// What a signature covers counts before all else: whoever captured a signed delivery can't make it
// a new one. An id beside a signature over the body alone does not stop that.
struct DeliveryKey {
    std::string value;  // within one receiver
    std::chrono::seconds window{};
};

class VerifiedDelivery;
struct Receiver;
// Errors, whose messages are for the log and the metric, never for the caller:
//   Unauthorized  answer 401
//   NotFound      the token is signed with a key that its KeySource does not have: fetch the keys
//                 again, unless that was just done, and call again; then answer 401
//   Unavailable   the keys or the certificate were never fetched: fetch, and call again; else 503
Result<VerifiedDelivery> verify(RawDelivery delivery, const Receiver& receiver);

// Only verify() can make one.
class VerifiedDelivery {
public:
    [[nodiscard]] const RawDelivery& raw() const { return raw_; }
    [[nodiscard]] const DeliveryKey& key() const { return key_; }
    // False for senders that can't prove their origin: the event is a hint and the registry has the
    // last word.
    [[nodiscard]] bool proven() const { return proven_; }

private:
    friend Result<VerifiedDelivery> verify(RawDelivery delivery, const Receiver& receiver);
    VerifiedDelivery(RawDelivery raw, DeliveryKey key, bool proven)
        : raw_{std::move(raw)}, key_{std::move(key)}, proven_{proven} {}
    RawDelivery raw_;
    DeliveryKey key_;
    bool proven_ = true;
};

// A tagged push of something that is not an image to run: a signature, an attestation, an SBOM, a
// Helm chart. Its facts are kept for people to see; nothing follows from it.
struct SetAside {
    image::ImageEvent event;
    std::string reason;  // "push of a Helm chart"
};

// What the HTTP layer must answer, word for word, in place of its own answer: handshakes.
struct Answer {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

// What a controller reports of a commit that it saw.
struct DeploymentReport {
    enum class State { Progressing, Applied, Failed };
    std::string controller;  // "flux", "argocd"
    std::string object;      // "Kustomization/flux-system/apps"
    State state = State::Progressing;
    std::string revision;  // 40 hex digits
    std::string branch;    // that it followed; empty: not said
    std::string message;   // one line, at most 1000 bytes
    std::chrono::system_clock::time_point at;
};

// A word of a platform about a pull request. A hint to look, and who asked for what: the platform
// has the last word.
struct PullRequestEvent {
    enum class What {
        Changed,  // title, body, draft, reviewers, …
        Opened,   // also again
        Pushed,
        Merged,
        Closed,
        Commented,
        Labelled,
        Reviewed,
        Checked,  // a check has ended; mostly known by its branch only
    };
    What what = What::Changed;
    std::string repository{};  // as the platform names it: "acme/fleet"
    // Azure DevOps' events do not name the organization: "project/fleet".
    bool without_owner = false;
    bool fork = false;        // its branch is another repository's, whatever it is called
    std::int64_t number = 0;  // 0: not said
    std::string head{};       // branches; empty where the event does not say
    std::string base{};
    std::string head_commit{};
    std::string actor{};    // as Forge::may_write() takes it
    std::string text{};     // of the comment
    std::string comment{};  // its id
    std::string label{};    // that was put on
};

struct ParsedDelivery {
    std::vector<image::ImageEvent> events;  // what to act on
    std::vector<SetAside> set_aside;
    // Beside an ignored_reason: no image is in such a delivery.
    std::vector<PullRequestEvent> pull_requests{};
    std::vector<DeploymentReport> deployments;  // from senders that are controllers
    // Set exactly when `events` and `deployments` are empty, with the reason in words: "layer
    // push", "ping", "deletion of a tag", "push of a Helm chart".
    std::optional<std::string> ignored_reason;
    // A handshake: answer with this; there is nothing to record.
    std::optional<Answer> answer;
    // Amazon SNS asks to confirm the subscription: GET this URL once, without credentials, with
    // redirects off. Set only when the message's signature, its topic and the URL's host are right.
    std::optional<std::string> confirm_url;
};

// Errors: InvalidInput, with what and where ("events[0].target.repository: missing").
Result<ParsedDelivery> parse(const VerifiedDelivery& delivery, const Receiver& receiver);

// The CloudEvents abuse-protection handshake: what to answer to OPTIONS /hooks/{receiver}, which
// comes without credentials. nullopt: the receiver takes no CloudEvents, or the request is not that
// handshake; then 405. https://github.com/cloudevents/spec, http-webhook.md, 4.
std::optional<Answer> answer_options(const RawDelivery& request, const Receiver& receiver);

}  // namespace linkspan::webhooks
