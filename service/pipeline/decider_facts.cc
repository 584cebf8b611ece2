// The decider's questions about one image: what its gates must know, and where it was built from.
#include "service/pipeline/decider.h"
#include "service/pipeline/image_details.h"
#include "service/pipeline/registry_questions.h"
#include "service/pipeline/store_access.h"
#include "service/store/image_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;

constexpr std::size_t kMostSigned = 10'000;
// How often a missing signature is looked for again.
constexpr std::chrono::milliseconds kShortestLook{500};
constexpr std::chrono::milliseconds kLongestLook{10'000};

// An image is pushed before it is signed: for a while, no signature is no refusal.
void be_patient(policy::GateAnswer& answer, store::TimePoint first_seen, Patience patience) {
    const auto now = Clock::now();
    const auto end = first_seen + patience.missing_signature;
    if (now >= end || answer.gates.empty()) return;
    auto& line = answer.gates.back();
    if (line.gate != "signature" || line.outcome != policy::GateLine::Outcome::Refused) return;
    // Only where nothing else refuses: signature is the last gate.
    for (const auto& other : answer.gates) {
        if (&other != &line && other.outcome == policy::GateLine::Outcome::Refused) return;
    }
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - first_seen);
    const auto pause = std::clamp(age / 2, kShortestLook, kLongestLook);
    line.outcome = policy::GateLine::Outcome::Waiting;
    line.until = std::min<store::TimePoint>(now + pause, end);
    line.reason += "; it may still be signed";
    answer.verdict = policy::Waiting{.until = *line.until, .why = "signature: " + line.reason};
}

}  // namespace

asio::awaitable<Result<std::optional<policy::GateAnswer>>> Decider::ask_gates(
    Now& now, const Question& question, image::Tag tag, image::Digest digest, Chosen& chosen
) {
    const image::ImageName& image = now.event.image;
    const policy::Policy& policy = question.policy;
    const policy::Wants wants = policy::wants(policy);
    policy::GateFacts facts{.tag = tag.str()};
    facts.first_seen = now.page.table->seen(tag.str());
    auto answer = policy::pass_gates(policy, question.schedule, facts, Clock::now());
    const bool waits = std::holds_alternative<policy::Waiting>(answer.verdict);
    if (waits || !wants.registry()) co_return std::optional{std::move(answer)};
    if (wants.platforms || wants.labels) {
        auto found = co_await details(image, digest, wants.labels);
        if (found.has_error() && found.error().kind == Errc::NotFound) {
            // The tag itself, or something below it?
            auto there = co_await ask_digest(image, tag);
            if (there.has_error()) co_return there.error();
            if (!*there) co_return std::optional<policy::GateAnswer>{};
            if (**there != digest) {
                co_return Error{
                    Errc::Unavailable,
                    fmt::format("{}:{} moved while it was read", image.str(), tag.str())};
            }
        }
        if (found.has_error()) {
            const Error& error = found.error();
            const bool lost = error.kind == Errc::NotFound || error.kind == Errc::InvalidInput;
            if (!lost) co_return error;
            // It has no labels and no platforms, and will not have any later.
            chosen.notes.push_back(fmt::format("{} can't be read: {}", tag.str(), error.message));
            found = registry::ImageDetails{};
        }
        facts.labels = labels_of(*found);
        facts.platforms = std::move(found->platforms);
    }
    if (wants.signature) {
        auto verdict = co_await signature(image, digest, policy);
        if (verdict.has_error()) co_return verdict.error();
        facts.signature = std::move(*verdict);
    }
    const auto at = Clock::now();
    answer = policy::pass_gates(policy, question.schedule, facts, at);
    be_patient(answer, facts.first_seen.value_or(at), now.patience);
    co_return std::optional{std::move(answer)};
}

asio::awaitable<Result<plan::ImageOrigin>> Decider::origin(
    image::ImageName image, image::Tag tag, std::optional<std::string> digest
) {
    std::optional<image::Digest> known;
    if (digest) {
        if (auto parsed = image::Digest::parse(*digest); parsed.has_value()) {
            known = std::move(*parsed);
        }
    }
    if (!known) {
        auto resolved = co_await resolve(image, tag);
        if (resolved.has_error()) co_return resolved.error();
        if (!*resolved) co_return plan::ImageOrigin{};
        known = std::move(**resolved);
    }
    auto found = co_await details(image, *known, false);
    if (found.has_error()) {
        const auto kind = found.error().kind;
        if (kind != Errc::NotFound && kind != Errc::InvalidInput) co_return found.error();
        co_return plan::ImageOrigin{};
    }
    const auto label = [&](const char* name) {
        if (const auto at = found->labels.find(name); at != found->labels.end()) return at->second;
        const auto at = found->annotations.find(name);
        return at == found->annotations.end() ? std::string{} : at->second;
    };
    co_return plan::ImageOrigin{
        .revision = label("org.opencontainers.image.revision"),
        .source = label("org.opencontainers.image.source"),
        .created = found->created.value_or("")};
}

asio::awaitable<Result<registry::ImageDetails>> Decider::details(
    image::ImageName image, image::Digest digest, bool labels
) {
    std::function<Result<std::optional<std::string>>(store::Store&)> read =
        [digest](store::Store& store) { return store.image_facts().get(digest, kDetailsVersion); };
    auto kept = co_await in_store<std::optional<std::string>>(writer_, std::move(read));
    if (kept.has_error()) co_return kept.error();
    if (*kept) {
        auto decoded = decode_details(**kept);
        if (decoded && (decoded->every_platform || !labels)) co_return std::move(*decoded);
    }
    auto ask = [image, digest, labels](registry::Client& client) {
        const auto whose = labels ? registry::LabelsOf::Every : registry::LabelsOf::Wanted;
        return registry::inspect(client, image, digest, {"linux", "amd64", ""}, whose);
    };
    auto found = co_await clients_.ask(image.host(), std::move(ask));
    if (found.has_error()) co_return found.error();
    auto bytes = encode_details(*found);
    if (bytes.size() > kLargestDetails) co_return found;
    std::function<Status(store::Store&)> keep = [digest,
                                                 bytes = std::move(bytes)](store::Store& store) {
        return store.image_facts().put(digest, bytes, kDetailsVersion, Clock::now());
    };
    auto put = co_await in_store_status(writer_, std::move(keep));
    if (put.has_error()) co_return put.error();
    co_return found;
}

asio::awaitable<Result<policy::SignatureFact>> Decider::signature(
    image::ImageName image, image::Digest digest, policy::Policy policy
) {
    std::string key = image.str() + "@" + digest.str();
    for (const auto& one : policy.signature) key += "\n" + one.name + "\n" + one.pem;
    if (const auto found = signed_.find(key); found != signed_.end()) {
        co_return policy::SignatureFact{found->second};
    }
    auto ask = [image, digest, keys = policy.signature](registry::Client& client) {
        return ask_signature(client, image, digest, keys);
    };
    auto fact = co_await clients_.ask(image.host(), std::move(ask));
    if (fact.has_error()) co_return fact.error();
    // "Not signed" is never remembered: a signature comes after its image.
    if (const auto* by = std::get_if<policy::SignedBy>(&*fact)) {
        if (signed_.size() >= kMostSigned) signed_.clear();
        signed_.emplace(std::move(key), *by);
    }
    co_return fact;
}

}  // namespace linkspan::pipeline
