#include "service/pipeline/decider.h"

#include "core/policy/soak.h"
#include "service/pipeline/image_details.h"
#include "service/pipeline/store_access.h"
#include "service/registry/signature.h"
#include "service/store/image_facts.h"

#include <boost/asio/as_tuple.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;
using Steady = std::chrono::steady_clock;

// A tag that is known but gone when asked for is forgotten and the choice made again, so often.
constexpr int kMostRounds = 16;
constexpr std::chrono::seconds kMoment{10};
constexpr std::size_t kMostRemembered = 10'000;
// Images asked for their age in one go.
constexpr std::size_t kAskedTogether = 16;
// How often a missing signature is looked for again.
constexpr std::chrono::milliseconds kShortestLook{500};
constexpr std::chrono::milliseconds kLongestLook{10'000};

bool selects_by_time(const policy::Policy& policy) {
    return std::holds_alternative<policy::Newest>(policy.select);
}

std::optional<store::TimePoint> digest_seen(const TagTable& table, std::string_view tag) {
    const auto found = table.digest_seen.find(std::string{tag});
    return found == table.digest_seen.end() ? std::nullopt : std::optional{found->second};
}

// Pure, but long for long lists.
Result<policy::SoakChoice> select_among(
    const policy::Policy& policy,
    const TagTable& table,
    const std::string& event_tag,
    store::TimePoint now
) {
    if (policy.soak <= policy.soak.zero()) {
        LINKSPAN_TRY(selection, policy::select(policy, table.tags));
        return policy::SoakChoice{.explanation = std::move(selection), .waiting = std::nullopt};
    }
    LINKSPAN_TRY(selection, policy::select_every(policy, table.tags));
    const policy::FirstSeen first_seen = [&table](std::string_view tag) {
        return digest_seen(table, tag);
    };
    return policy::choose_soaked(policy, std::move(selection), first_seen, now, event_tag);
}

struct Learned {
    std::vector<TagNote> notes;
    std::vector<image::Tag> gone;
    std::optional<Error> error;  // after which the rest was not asked
};

// Blocks.
Learned ask_times(
    registry::Client& client,
    const image::ImageName& image,
    const std::vector<std::pair<image::Tag, std::optional<image::Digest>>>& tags
) {
    Learned out;
    for (const auto& [tag, known] : tags) {
        std::optional<image::Digest> digest = known;
        if (!digest) {
            auto resolved = client.resolve(image, tag.str());
            if (resolved.has_error()) {
                if (resolved.error().kind == Errc::NotFound) {
                    out.gone.push_back(tag);
                    continue;
                }
                out.error = resolved.error();
                return out;
            }
            digest = resolved->digest;
        }
        auto details = registry::inspect(client, image, *digest);
        // An image that can't be read does not say when it was made.
        const bool unreadable =
            details.has_error() &&
            (details.error().kind == Errc::InvalidInput || details.error().kind == Errc::NotFound);
        if (details.has_error() && !unreadable) {
            out.error = details.error();
            return out;
        }
        TagNote note{.tag = tag, .digest = digest->str(), .at = Clock::now()};
        note.created = unreadable ? std::string{} : details->created.value_or(std::string{});
        out.notes.push_back(std::move(note));
    }
    return out;
}

// Blocks.
Result<policy::SignatureFact> ask_signature(
    registry::Client& client,
    const image::ImageName& image,
    const image::Digest& digest,
    const std::vector<policy::SigningKey>& wanted
) {
    std::vector<registry::PublicKey> keys;
    for (const auto& one : wanted) {
        auto key = registry::PublicKey::parse(one.pem);
        if (key.has_error()) return key.error().within(one.name);
        keys.push_back(std::move(*key));
    }
    LINKSPAN_TRY(candidates, registry::fetch_signatures(client, image, digest));
    const auto verdict = registry::verify(candidates, digest, keys);
    if (const auto* none = std::get_if<registry::NotSigned>(&verdict)) {
        return policy::SignatureFact{policy::NotSigned{none->reason}};
    }
    const auto& by = std::get<registry::Signed>(verdict);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i].name() == by.key) {
            return policy::SignatureFact{policy::SignedBy{wanted[i].name, by.found_in}};
        }
    }
    return policy::SignatureFact{policy::SignedBy{by.key, by.found_in}};
}

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

Decider::Decider(
    asio::any_io_executor executor, RegistryClients& clients, TagBook& book, store::Writer& writer
)
    : executor_{std::move(executor)}, clients_{clients}, book_{book}, writer_{writer} {}

std::optional<image::Digest> Decider::recall(const image::ImageName& image, const image::Tag& tag)
    const {
    const auto found = told_.find(image.str() + ":" + tag.str());
    if (found == told_.end() || Steady::now() - found->second.at > kMoment) return std::nullopt;
    return found->second.digest;
}

void Decider::remember(
    const image::ImageName& image, const image::Tag& tag, const image::Digest& digest
) {
    const auto now = Steady::now();
    if (told_.size() >= kMostRemembered) {
        std::erase_if(told_, [now](const auto& told) { return now - told.second.at > kMoment; });
        if (told_.size() >= kMostRemembered) told_.clear();
    }
    told_.insert_or_assign(image.str() + ":" + tag.str(), Told{digest, now});
}

asio::awaitable<Result<std::optional<image::Digest>>> Decider::resolve(
    image::ImageName image, image::Tag tag
) {
    if (auto known = recall(image, tag)) co_return known;
    auto ask = [image, tag](registry::Client& client) { return client.resolve(image, tag.str()); };
    auto manifest = co_await clients_.ask(image.host(), std::move(ask));
    if (manifest.has_error()) {
        if (manifest.error().kind == Errc::NotFound) co_return std::optional<image::Digest>{};
        co_return manifest.error();
    }
    remember(image, tag, manifest->digest);
    co_return std::optional{std::move(manifest->digest)};
}

asio::awaitable<Status> Decider::list_first(image::ImageName image) {
    const std::string name = image.str();
    if (const auto under_way = listing_.find(name); under_way != listing_.end()) {
        auto timer =
            std::make_shared<asio::steady_timer>(executor_, asio::steady_timer::time_point::max());
        under_way->second.push_back(timer);
        co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
        co_return Status{};
    }
    listing_[name];
    struct Ended {
        Decider& decider;
        const std::string& name;
        ~Ended() {
            for (const auto& timer : decider.listing_[name]) timer->cancel();
            decider.listing_.erase(name);
        }
    } const ended{*this, name};
    const auto at = Clock::now();
    auto listed = co_await clients_.list_tags(image);
    if (listed.has_error()) co_return listed.error();
    const bool complete = !listed->truncated;
    auto tags = std::make_shared<const std::vector<std::string>>(std::move(listed->tags));
    auto kept = co_await book_.keep_listing(image, std::move(tags), at, complete);
    if (kept.has_error()) co_return kept.error();
    co_return Status{};
}

asio::awaitable<Result<DecidedEvent>> Decider::decide(
    image::ImageEvent event, std::vector<Question> questions, Patience patience
) {
    DecidedEvent out;
    Confirmed confirmed;
    if (auto recent = recall(event.image, event.tag); recent && recent == claimed_digest(event)) {
        confirmed.digest = std::move(recent);
    } else {
        auto ask = [event, insist = patience.insist](registry::Client& client) {
            return confirm(client, event, insist);
        };
        auto answer = co_await clients_.ask(event.image.host(), std::move(ask));
        if (answer.has_error()) co_return answer.error();
        confirmed = std::move(*answer);
    }
    if (confirmed.not_yet) {
        if (patience.insist) {
            auto gone = co_await book_.forget(event.image, event.tag);
            if (gone.has_error()) co_return gone.error();
        }
        out.not_yet = std::move(confirmed.not_yet);
        co_return out;
    }
    remember(event.image, event.tag, *confirmed.digest);
    Now now{
        .event = event,
        .pushed = *confirmed.digest,
        .patience = patience,
        .times = std::any_of(
            questions.begin(),
            questions.end(),
            [](const Question& q) { return selects_by_time(q.policy); }
        ),
        .page = {},
        .notes = std::move(confirmed.notes)};
    for (;;) {
        std::vector<TagNote> notes{
            {.tag = event.tag, .digest = now.pushed.str(), .at = Clock::now()}};
        auto page = co_await book_.open(event.image, now.times, std::move(notes));
        if (page.has_error()) co_return page.error();
        now.page = std::move(*page);
        if (now.page.listed) break;
        auto listed = co_await list_first(event.image);
        if (listed.has_error()) co_return listed.error();
    }
    if (!now.page.listed->complete) {
        now.notes.push_back(
            fmt::format("the registry's tag list was cut at {} tags", now.page.listed->tags)
        );
    }
    for (auto& question : questions) {
        auto chosen = co_await choose(now, std::move(question));
        if (chosen.has_error()) co_return chosen.error();
        out.policies.push_back(std::move(*chosen));
    }
    co_return out;
}

asio::awaitable<Result<Chosen>> Decider::choose(Now& now, Question question) {
    const image::ImageName& image = now.event.image;
    Chosen out;
    out.notes = now.notes;
    for (int round = 1;; ++round) {
        if (selects_by_time(question.policy)) {
            auto learned = co_await learn_times(now, question.policy);
            if (learned.has_error()) co_return learned.error();
        }
        const auto table = now.page.table;
        auto work = [policy = question.policy, table, tag = now.event.tag.str()] {
            return select_among(policy, *table, tag, Clock::now());
        };
        auto choice = co_await clients_.compute(std::move(work));
        if (choice.has_error()) co_return choice.error();
        out.selection = std::move(choice->explanation);
        if (!out.selection.selected) co_return out;
        auto tag = image::Tag::parse(*out.selection.selected);
        if (tag.has_error()) co_return tag.error();
        std::optional<image::Digest> digest = now.pushed;
        if (*tag != now.event.tag) {
            auto resolved = co_await resolve(image, *tag);
            if (resolved.has_error()) co_return resolved.error();
            digest = std::move(*resolved);
        }
        if (!digest) {
            out.notes.push_back(
                fmt::format("tag \"{}\" was known, but is gone; passed over", tag->str())
            );
            if (round == kMostRounds) {
                co_return Error{
                    Errc::Unavailable,
                    fmt::format(
                        "{}: {} tags in a row are gone; waiting for a new list",
                        image.str(),
                        kMostRounds
                    )};
            }
            auto gone = co_await book_.forget(image, *tag);
            if (gone.has_error()) co_return gone.error();
            auto page = co_await book_.open(image, now.times);
            if (page.has_error()) co_return page.error();
            now.page = std::move(*page);
            continue;
        }
        if (*tag != now.event.tag) {
            std::vector<TagNote> notes{{.tag = *tag, .digest = digest->str(), .at = Clock::now()}};
            auto page = co_await book_.open(image, now.times, std::move(notes));
            if (page.has_error()) co_return page.error();
            now.page = std::move(*page);
            // It is another image than the one that had soaked, or was created then.
            const bool moved =
                digest_seen(*table, tag->str()) != digest_seen(*now.page.table, tag->str());
            const bool by_digest = question.policy.soak > question.policy.soak.zero() || now.times;
            if (moved && by_digest && !choice->waiting && round < kMostRounds) continue;
        }
        out.resolved = digest;
        out.first_seen = digest_seen(*now.page.table, tag->str());
        auto gates = co_await ask_gates(now, std::move(question), *tag, *digest);
        if (gates.has_error()) co_return gates.error();
        out.gates = std::move(*gates);
        co_return out;
    }
}

asio::awaitable<Status> Decider::learn_times(Now& now, policy::Policy policy) {
    const image::ImageName& image = now.event.image;
    for (;;) {
        auto work = [policy, table = now.page.table] {
            return policy::select_every(policy, table->tags);
        };
        auto passing = co_await clients_.compute(std::move(work));
        if (passing.has_error()) co_return passing.error();
        std::vector<std::string> wanted = std::move(passing->candidates);
        std::sort(wanted.begin(), wanted.end());
        std::vector<std::pair<image::Tag, std::optional<image::Digest>>> asked;
        for (const auto& known : now.page.table->tags) {
            if (known.created || !std::binary_search(wanted.begin(), wanted.end(), known.tag)) {
                continue;
            }
            auto tag = image::Tag::parse(known.tag);
            if (tag.has_error()) continue;
            auto digest = *tag == now.event.tag ? std::optional{now.pushed} : std::nullopt;
            asked.emplace_back(std::move(*tag), std::move(digest));
            if (asked.size() == kAskedTogether) break;
        }
        if (asked.empty()) co_return Status{};
        auto ask = [image, asked](registry::Client& client) -> Result<Learned> {
            return ask_times(client, image, asked);
        };
        auto learned = co_await clients_.ask(image.host(), std::move(ask));
        if (learned.has_error()) co_return learned.error();
        for (const auto& tag : learned->gone) {
            auto gone = co_await book_.forget(image, tag);
            if (gone.has_error()) co_return gone.error();
        }
        // Kept as it comes: who is interrupted goes on from there.
        auto page = co_await book_.open(image, true, std::move(learned->notes));
        if (page.has_error()) co_return page.error();
        now.page = std::move(*page);
        if (learned->error) co_return *learned->error;
    }
}

asio::awaitable<Result<policy::GateAnswer>> Decider::ask_gates(
    Now& now, Question question, image::Tag tag, image::Digest digest
) {
    const policy::Policy& policy = question.policy;
    const policy::Wants wants = policy::wants(policy);
    policy::GateFacts facts{.tag = tag.str()};
    facts.first_seen = digest_seen(*now.page.table, tag.str());
    auto answer = policy::pass_gates(policy, question.schedule, facts, Clock::now());
    const bool waits = std::holds_alternative<policy::Waiting>(answer.verdict);
    if (waits || !wants.registry()) co_return answer;
    if (wants.platforms || wants.labels) {
        auto found = co_await details(now.event.image, digest, wants.labels);
        if (found.has_error()) co_return found.error();
        facts.labels = labels_of(*found);
        facts.platforms = std::move(found->platforms);
    }
    if (wants.signature) {
        auto verdict = co_await signature(now.event.image, digest, policy);
        if (verdict.has_error()) co_return verdict.error();
        facts.signature = std::move(*verdict);
    }
    const auto at = Clock::now();
    answer = policy::pass_gates(policy, question.schedule, facts, at);
    be_patient(answer, facts.first_seen.value_or(at), now.patience);
    co_return answer;
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
        if (found.error().kind != Errc::NotFound) co_return found.error();
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
    if (found.has_error()) {
        // What can't be read has no labels and no platforms, and will not have any later.
        if (found.error().kind != Errc::InvalidInput) co_return found.error();
        co_return registry::ImageDetails{};
    }
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
        if (signed_.size() >= kMostRemembered) signed_.clear();
        signed_.emplace(std::move(key), *by);
    }
    co_return fact;
}

}  // namespace linkspan::pipeline
