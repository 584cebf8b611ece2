#include "service/pipeline/decider.h"

#include "core/policy/soak.h"
#include "service/pipeline/registry_questions.h"

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

// A tag that is known but gone when asked for is forgotten and the choice made again. After so many
// the known tags are compared with a list; after twice as many it has to wait.
constexpr std::size_t kManyGone = 16;
// Tags in a row that can't be read.
constexpr std::size_t kMostUnread = 16;
// How often a tag may have moved since it was known.
constexpr int kMostMoves = 16;
constexpr std::chrono::seconds kMoment{10};
// What the first list brings was there before the tag that was pushed: by newest, it is older.
constexpr std::chrono::milliseconds kBeforeThePush{1};
constexpr std::size_t kMostRemembered = 10'000;
// Images asked for their age in one go.
constexpr std::size_t kAskedTogether = 16;

bool selects_by_time(const policy::Policy& policy) {
    return std::holds_alternative<policy::Newest>(policy.select);
}

std::string key_of(const image::ImageName& image, const image::Tag& tag) {
    return image.str() + ":" + tag.str();
}

std::string was_gone(const image::Tag& tag) {
    return fmt::format("tag \"{}\" was known, but is gone; passed over", tag.str());
}

// Pure, but long for long lists.
Result<policy::SoakChoice> select_among(
    const policy::Policy& policy,
    const TagTable& table,
    const policy::Unreadable& unreadable,
    const std::string& event_tag,
    store::TimePoint now
) {
    if (policy.soak <= policy.soak.zero()) {
        LINKSPAN_TRY(selection, policy::select(policy, table.tags, unreadable));
        return policy::SoakChoice{.explanation = std::move(selection), .waiting = std::nullopt};
    }
    LINKSPAN_TRY(selection, policy::select_every(policy, table.tags, unreadable));
    const policy::FirstSeen first_seen = [&table](std::string_view tag) { return table.seen(tag); };
    return policy::choose_soaked(policy, std::move(selection), first_seen, now, event_tag);
}

}  // namespace

Decider::Decider(
    asio::any_io_executor executor, RegistryClients& clients, TagBook& book, store::Writer& writer
)
    : executor_{std::move(executor)}, clients_{clients}, book_{book}, writer_{writer} {}

std::optional<image::Digest> Decider::recall(const image::ImageName& image, const image::Tag& tag)
    const {
    const auto found = told_.find(key_of(image, tag));
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
    told_.insert_or_assign(key_of(image, tag), Told{digest, now});
}

asio::awaitable<Result<std::optional<image::Digest>>> Decider::resolve(
    image::ImageName image, image::Tag tag
) {
    if (auto known = recall(image, tag)) co_return known;
    co_return co_await ask_digest(std::move(image), std::move(tag));
}

asio::awaitable<Result<std::optional<image::Digest>>> Decider::ask_digest(
    image::ImageName image, image::Tag tag
) {
    auto ask = [image, tag](registry::Client& client) { return client.resolve(image, tag.str()); };
    auto manifest = co_await clients_.ask(image.host(), std::move(ask));
    if (manifest.has_error()) {
        if (manifest.error().kind == Errc::NotFound) co_return std::optional<image::Digest>{};
        co_return manifest.error();
    }
    remember(image, tag, manifest->digest);
    co_return std::optional{std::move(manifest->digest)};
}

asio::awaitable<Status> Decider::list(image::ImageName image, ListFor what, store::TimePoint at) {
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
    auto listed = co_await clients_.list_tags(image);
    if (listed.has_error()) co_return listed.error();
    const bool complete = !listed->truncated;
    auto tags = std::make_shared<const std::vector<std::string>>(std::move(listed->tags));
    if (what == ListFor::TheGone) {
        // A list that was cut does not tell who is gone.
        if (!complete) co_return Status{};
        auto left = co_await book_.forget_missing(image, std::move(tags), at);
        if (left.has_error()) co_return left.error();
        co_return Status{};
    }
    auto kept = co_await book_.keep_listing(image, std::move(tags), at, complete);
    if (kept.has_error()) co_return kept.error();
    co_return Status{};
}

asio::awaitable<Result<DecidedEvent>> Decider::decide(
    image::ImageEvent event, std::vector<Question> questions, Patience patience
) {
    DecidedEvent out;
    Confirmed confirmed;
    // Before asking: what another one learns meanwhile is newer.
    const auto at = Clock::now();
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
    unread_.clear(event.image, event.tag);
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
        std::vector<TagNote> notes{{.tag = event.tag, .digest = now.pushed.str(), .at = at}};
        auto page = co_await book_.open(event.image, now.times, std::move(notes));
        if (page.has_error()) co_return page.error();
        now.page = std::move(*page);
        if (now.page.listed) break;
        auto listed = co_await list(event.image, ListFor::TheFirstTime, at - kBeforeThePush);
        if (listed.has_error()) co_return listed.error();
    }
    if (!now.page.listed->complete) {
        now.notes.push_back(
            fmt::format("the registry's tag list was cut at {} tags", now.page.listed->tags)
        );
    }
    for (auto& question : questions) {
        auto chosen = co_await choose(now, std::move(question));
        out.policies.push_back(std::move(chosen));
    }
    co_return out;
}

asio::awaitable<Status> Decider::drop_gone(Now& now, image::Tag tag) {
    const image::ImageName& image = now.event.image;
    told_.erase(key_of(image, tag));
    auto gone = co_await book_.forget(image, tag);
    if (gone.has_error()) co_return gone.error();
    ++now.gone;
    if (now.gone == kManyGone) {
        auto listed = co_await list(image, ListFor::TheGone, Clock::now());
        // Who may not list can still be asked tag by tag.
        if (listed.has_error() && is_transient(listed.error().kind)) co_return listed.error();
    }
    if (now.gone >= 2 * kManyGone) {
        co_return Error{
            Errc::Unavailable,
            fmt::format("{}: {} known tags in a row are gone", image.str(), now.gone)};
    }
    auto page = co_await book_.open(image, now.times);
    if (page.has_error()) co_return page.error();
    now.page = std::move(*page);
    co_return Status{};
}

asio::awaitable<Result<std::optional<image::Digest>>> Decider::see(
    Now& now, image::Tag tag, Chosen& chosen
) {
    const image::ImageName& image = now.event.image;
    if (tag == now.event.tag) co_return std::optional{now.pushed};
    const auto at = Clock::now();
    auto digest = co_await resolve(image, tag);
    if (digest.has_error()) {
        Error error = digest.error();
        if (!is_unreadable(error.kind) || ++now.unread >= kMostUnread) co_return error;
        unread_.note(image, tag, UnreadTags::What::Digest, std::move(error.message), Steady::now());
        co_return std::optional<image::Digest>{};
    }
    if (!*digest) {
        chosen.notes.push_back(was_gone(tag));
        auto dropped = co_await drop_gone(now, tag);
        if (dropped.has_error()) co_return dropped.error();
        co_return std::optional<image::Digest>{};
    }
    std::vector<TagNote> notes{{.tag = tag, .digest = (*digest)->str(), .at = at}};
    auto page = co_await book_.open(image, now.times, std::move(notes));
    if (page.has_error()) co_return page.error();
    now.page = std::move(*page);
    co_return digest;
}

asio::awaitable<Result<Chosen>> Decider::choose(Now& now, Question question) {
    const image::ImageName& image = now.event.image;
    const bool by_time = selects_by_time(question.policy);
    const bool soaks = question.policy.soak > question.policy.soak.zero();
    Chosen out;
    out.notes = now.notes;
    now.unread = 0;
    for (int moves = 0;;) {
        if (by_time) {
            auto learned = co_await learn_times(now, question.policy);
            if (learned.has_error()) co_return learned.error();
        }
        const auto table = now.page.table;
        auto work = [policy = question.policy,
                     table,
                     unreadable = unread_.of(image, by_time, Steady::now()),
                     tag = now.event.tag.str()] {
            return select_among(policy, *table, unreadable, tag, Clock::now());
        };
        auto choice = co_await clients_.compute(std::move(work));
        if (choice.has_error()) co_return choice.error();
        out.selection = std::move(choice->explanation);
        if (!out.selection.selected) co_return out;
        auto tag = image::Tag::parse(*out.selection.selected);
        if (tag.has_error()) co_return tag.error();
        // The best one, where it still soaks and another one goes on.
        std::optional<image::Tag> best;
        if (soaks && !out.selection.candidates.empty()) {
            auto first = image::Tag::parse(out.selection.candidates.front());
            if (first.has_value() && *first != *tag) best = std::move(*first);
        }
        // A tag that was only listed begins to soak when its digest is known.
        if (best && !table->seen(best->str()) && ++moves < kMostMoves) {
            auto seen = co_await see(now, *best, out);
            if (seen.has_error()) co_return seen.error();
            continue;
        }
        auto digest = co_await see(now, *tag, out);
        if (digest.has_error()) co_return digest.error();
        if (!*digest) continue;
        // It is another image than the one that had soaked, or was created then.
        const bool moved = table->seen(tag->str()) != now.page.table->seen(tag->str());
        if (moved && (soaks || now.times) && !choice->waiting && ++moves < kMostMoves) continue;
        out.resolved = *digest;
        out.first_seen = now.page.table->seen(tag->str());
        if (!choice->waiting) out.soaking = std::move(best);
        auto gates = co_await ask_gates(now, question, *tag, **digest, out);
        if (gates.has_error()) co_return gates.error();
        if (*gates) {
            out.gates = std::move(**gates);
            co_return out;
        }
        out.resolved.reset();
        out.first_seen.reset();
        out.soaking.reset();
        out.notes.push_back(was_gone(*tag));
        auto dropped = co_await drop_gone(now, *tag);
        if (dropped.has_error()) co_return dropped.error();
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
        const auto unread = unread_.of(image, true, Steady::now());
        std::vector<TimeQuestion> asked;
        for (const auto& known : now.page.table->tags) {
            if (known.created || !std::binary_search(wanted.begin(), wanted.end(), known.tag)) {
                continue;
            }
            auto tag = image::Tag::parse(known.tag);
            if (tag.has_error()) continue;
            const bool pushed = *tag == now.event.tag;
            if (!pushed && unread.contains(known.tag)) continue;
            if (now.asked.contains(known.tag)) continue;
            asked.push_back({std::move(*tag), pushed ? std::optional{now.pushed} : std::nullopt});
            if (asked.size() == kAskedTogether) break;
        }
        if (asked.empty()) co_return Status{};
        auto ask = [image, asked](registry::Client& client) -> Result<TimeAnswers> {
            return ask_times(client, image, asked);
        };
        auto answers = co_await clients_.ask(image.host(), std::move(ask));
        if (answers.has_error()) co_return answers.error();
        for (auto& one : answers->unread) {
            const auto what = one.at_all ? UnreadTags::What::Digest : UnreadTags::What::Image;
            unread_.note(image, one.tag, what, std::move(one.why), Steady::now());
        }
        for (const auto& tag : answers->gone) {
            auto gone = co_await book_.forget(image, tag);
            if (gone.has_error()) co_return gone.error();
        }
        // Kept as it comes: who is interrupted goes on from there.
        auto page = co_await book_.open(image, true, std::move(answers->notes));
        if (page.has_error()) co_return page.error();
        now.page = std::move(*page);
        if (answers->error) co_return *answers->error;
        // Each once: where the store knows better (a clock that was set back) it learned nothing.
        for (const auto& question : asked) now.asked.insert(question.tag.str());
    }
}

}  // namespace linkspan::pipeline
