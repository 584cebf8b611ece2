#include "service/pipeline/poller.h"

#include "service/pipeline/pipeline.h"
#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"
#include "service/transport/backoff.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;
using std::chrono::milliseconds;

constexpr std::size_t kListsForHost = 2;
constexpr milliseconds kShortestSleep{50};
constexpr milliseconds kLongestSleep{1000};
// Of one image at one time. The best of them decide; the others are known from then on.
constexpr std::size_t kMostEvents = 50;

// The tags of one list that the other, in the order of its bytes, lacks.
std::vector<policy::KnownTag> missing_from(
    const std::vector<policy::KnownTag>& known, const std::vector<std::string>& listed
) {
    std::vector<policy::KnownTag> out;
    for (const auto& tag : listed) {
        const auto at = std::lower_bound(
            known.begin(),
            known.end(),
            tag,
            [](const policy::KnownTag& a, const std::string& b) { return a.tag < b; }
        );
        if (at != known.end() && at->tag == tag) continue;
        policy::KnownTag fresh;
        fresh.tag = tag;
        out.push_back(std::move(fresh));
    }
    return out;
}

// By newest, all are equal until somebody asked; so none is best, and any may be an event.
policy::Policy without_times(policy::Policy policy) {
    if (std::holds_alternative<policy::Newest>(policy.select)) {
        policy.select = policy::Alphabetical{};
    }
    return policy;
}

using Found = std::map<std::string, std::vector<std::string>>;  // tag → policies

// Pure. The first list leads to one decision for each policy; later ones, to one for each new tag
// that a policy may select.
Result<Found> choose_events(
    const std::vector<policy::Policy>& policies,
    const std::vector<policy::KnownTag>& tags,
    bool first
) {
    Found found;
    for (const auto& policy : policies) {
        LINKSPAN_TRY(all, policy::select_every(without_times(policy), tags));
        const std::size_t most = first ? 1 : kMostEvents;
        for (std::size_t i = 0; i < std::min(all.candidates.size(), most); ++i) {
            auto& asked = found[all.candidates[i]];
            const auto name = policy.full_name();
            if (std::find(asked.begin(), asked.end(), name) == asked.end()) asked.push_back(name);
        }
    }
    return found;
}

// Those that a target uses.
std::vector<policy::Policy> watching(const config::Config& config, const image::ImageName& name) {
    std::vector<policy::Policy> out;
    std::set<std::string> seen;
    for (const auto& watch : config::match(config, name)) {
        if (seen.insert(watch.policy->full_name()).second) out.push_back(*watch.policy);
    }
    return out;
}

store::NewDelivery delivery_of(
    const config::Config& config,
    const image::ImageName& image,
    const image::Tag& tag,
    const image::Digest& digest,
    const std::vector<std::string>& policies,
    milliseconds interval
) {
    const auto now = Clock::now();
    store::NewDelivery delivery;
    delivery.id = store::new_id(now);
    delivery.receiver = kPollReceiver;
    delivery.sender = kPollReceiver;
    delivery.key = fmt::format("{}:{}@{}", image.str(), tag.str(), digest.str());
    // Two that list at once find the same; one that finds it again after the interval has seen it
    // move meanwhile.
    delivery.key_window =
        std::chrono::duration_cast<std::chrono::seconds>(std::max(interval / 2, milliseconds{1000})
        );
    delivery.received_at = now;
    store::NewEvent event{
        .event =
            {.image = image,
             .tag = tag,
             .digest = digest.str(),
             .media_type = std::nullopt,
             .pushed_at = std::nullopt,
             .revision = std::nullopt,
             .source = std::nullopt,
             .build_url = std::nullopt,
             .actor = std::nullopt},
        .work = {}};
    for (const auto& watch : config::match(config, image)) {
        const auto name = watch.policy->full_name();
        if (std::find(policies.begin(), policies.end(), name) == policies.end()) continue;
        event.work.push_back({.target = watch.target->name, .policy = name});
    }
    delivery.events.push_back(std::move(event));
    delivery.answer_status = 202;
    delivery.answer_body = accepted_json(delivery, {}, config.server.public_url);
    return delivery;
}

}  // namespace

PollTimes poll_times(const config::Config& config, const image::ImageName& image) {
    const config::Registry& registry = registry_of(config, image.host());
    const auto shorter = [](milliseconds a, milliseconds b) {
        if (a <= a.zero()) return b;
        return b <= b.zero() ? a : std::min(a, b);
    };
    milliseconds poll{0};
    milliseconds resync{0};
    bool watched = false;
    for (const auto& watch : config::match(config, image)) {
        watched = true;
        poll = shorter(poll, watch.policy->poll.value_or(registry.poll));
        resync = shorter(resync, watch.policy->resync.value_or(registry.resync));
    }
    if (!watched) return {};
    return {.interval = shorter(poll, resync), .from_the_start = poll > poll.zero()};
}

Poller::Poller(
    Pipeline& pipeline,
    RegistryClients& clients,
    TagBook& book,
    Decider& decider,
    store::Writer& writer
)
    : pipeline_{pipeline},
      clients_{clients},
      book_{book},
      decider_{decider},
      writer_{writer},
      random_{std::random_device{}()} {
    use(pipeline.config());
}

milliseconds Poller::jittered(milliseconds interval) {
    std::uniform_real_distribution<double> share{0.9, 1.1};
    return milliseconds{
        static_cast<milliseconds::rep>(static_cast<double>(interval.count()) * share(random_))};
}

void Poller::use(ConfigPtr config) {
    config_ = std::move(config);
    std::map<image::ImageName, Image> images;
    for (const auto& policy : config_->policies) {
        const auto times = poll_times(*config_, policy.image);
        if (times.interval <= times.interval.zero()) continue;
        Image image{.times = times};
        if (const auto known = images_.find(policy.image); known != images_.end()) {
            image.running = known->second.running;
            image.due = std::min(known->second.due, Clock::now() + times.interval);
            if (known->second.times.from_the_start != times.from_the_start) image.due = {};
        }
        images.insert_or_assign(policy.image, image);
    }
    images_ = std::move(images);
}

asio::awaitable<void> Poller::run() {
    milliseconds sleep = kShortestSleep;
    while (co_await pipeline_.pause(sleep)) {
        const auto now = Clock::now();
        std::vector<std::pair<Time, image::ImageName>> due;
        Time next = now + kLongestSleep;
        for (const auto& [name, image] : images_) {
            if (image.running) continue;
            if (image.due <= now) {
                due.emplace_back(image.due, name);
            } else {
                next = std::min(next, image.due);
            }
        }
        std::sort(due.begin(), due.end());
        for (const auto& [since, name] : due) {
            auto& busy = running_[name.host()];
            if (busy >= kListsForHost) {
                next = now;
                continue;
            }
            ++busy;
            images_.at(name).running = true;
            pipeline_.spawn(poll_guarded(name));
        }
        sleep =
            std::max(kShortestSleep, std::chrono::duration_cast<milliseconds>(next - Clock::now()));
    }
}

asio::awaitable<void> Poller::poll_guarded(image::ImageName name) {
    Result<Time> next = Error{Errc::Internal, "an exception"};
    try {
        next = co_await poll(name);
    } catch (const std::exception& e) {
        next = Error{Errc::Internal, e.what()};
    }
    --running_[name.host()];
    const auto found = images_.find(name);
    if (found == images_.end()) co_return;
    Image& image = found->second;
    image.running = false;
    if (next.has_value()) {
        image.failures = 0;
        image.due = *next;
        co_return;
    }
    if (pipeline_.stopping()) co_return;
    ++image.failures;
    const transport::Backoff backoff{
        .initial = config_->retry.initial,
        .longest = std::max(image.times.interval, milliseconds{1000})};
    std::uniform_real_distribution<double> random{0, 1};
    const auto wait = backoff.pause(
        static_cast<unsigned>(image.failures), random(random_), next.error().retry_after
    );
    image.due = Clock::now() + wait;
    spdlog::warn("polling {}: {}; next in {} ms", name.str(), next.error().message, wait.count());
}

asio::awaitable<Result<Poller::Time>> Poller::poll(image::ImageName name) {
    const PollTimes times = images_.at(name).times;
    const ConfigPtr config = config_;
    auto before = co_await book_.open(name, false);
    if (before.has_error()) co_return before.error();
    const bool first = !before->listed;
    if (first && !times.from_the_start) co_return Clock::now() + jittered(times.interval);
    const auto at = Clock::now();
    // Listed meanwhile, by an event or in an earlier life.
    if (!first && before->listed->at + times.interval * 9 / 10 > at) {
        co_return before->listed->at + jittered(times.interval);
    }
    auto listed = co_await clients_.list_tags(name);
    if (listed.has_error()) co_return listed.error();
    const bool complete = !listed->truncated;
    auto tags = std::make_shared<const std::vector<std::string>>(std::move(listed->tags));
    // What came meanwhile by an event is not new.
    auto page = co_await book_.open(name, false);
    if (page.has_error()) co_return page.error();
    auto finds = co_await find_events(name, std::move(*page), tags);
    if (finds.has_error()) co_return finds.error();
    auto deliveries = std::make_shared<std::vector<store::NewDelivery>>();
    auto notes = std::make_shared<std::vector<TagNote>>();
    std::set<std::string> unread;
    for (const auto& find : *finds) {
        auto digest = co_await decider_.resolve(name, find.tag);
        if (digest.has_error() && is_transient(digest.error().kind)) co_return digest.error();
        if (digest.has_error() || !*digest) {
            // Gone already, not there yet, or not for us: it stays unknown, and is new next time.
            if (digest.has_error()) {
                spdlog::warn("{}:{}: {}", name.str(), find.tag.str(), digest.error().message);
            }
            unread.insert(find.tag.str());
            continue;
        }
        deliveries->push_back(
            delivery_of(*config, name, find.tag, **digest, find.policies, times.interval)
        );
        notes->push_back({.tag = find.tag, .digest = (*digest)->str(), .at = Clock::now()});
    }
    if (!unread.empty()) {
        auto readable = std::make_shared<std::vector<std::string>>();
        for (const auto& tag : *tags) {
            if (!unread.contains(tag)) readable->push_back(tag);
        }
        tags = std::move(readable);
    }
    // The list and what follows from it are kept together: after a crash between the two, the new
    // tags would be known and nobody would decide about them.
    auto work = std::make_shared<std::vector<store::WorkItem>>();
    std::function<Status(store::Store&)> also = [deliveries, notes, work, name](store::Store& store
                                                ) -> Status {
        for (const auto& note : *notes) {
            auto status =
                store.known_tags().note_tag(name, note.tag, note.digest, std::nullopt, note.at);
            if (status.has_error()) return status;
        }
        for (const auto& delivery : *deliveries) {
            auto recorded = store.record(delivery);
            if (recorded.has_error()) return recorded.error();
            for (auto& item : recorded->work) work->push_back(std::move(item));
        }
        return {};
    };
    auto kept = co_await book_.keep_listing(name, tags, at, complete, std::move(also));
    if (kept.has_error()) co_return kept.error();
    for (const auto& delivery : *deliveries) {
        spdlog::info(
            "delivery {} from polling: {}:{}",
            delivery.id,
            name.str(),
            delivery.events.front().event.tag.str()
        );
    }
    if (!work->empty()) pipeline_.start(std::move(*work));
    co_return at + jittered(times.interval);
}

asio::awaitable<Result<std::vector<Poller::Find>>> Poller::find_events(
    image::ImageName name, TagPage before, std::shared_ptr<const std::vector<std::string>> tags
) {
    const bool first = !before.listed;
    auto policies = watching(*config_, name);
    auto work = [policies, table = before.table, tags, first]() -> Result<Found> {
        const auto fresh = missing_from(table->tags, *tags);
        std::vector<policy::KnownTag> all;
        if (first) {
            for (const auto& tag : *tags) {
                policy::KnownTag known;
                known.tag = tag;
                all.push_back(std::move(known));
            }
        }
        return choose_events(policies, first ? all : fresh, first);
    };
    auto found = co_await clients_.compute(std::move(work));
    if (found.has_error()) co_return found.error();
    // A tag that is followed is asked for its digest each time.
    for (const auto& policy : policies) {
        const auto* follow = std::get_if<policy::Follow>(&policy.select);
        if (follow == nullptr) continue;
        // As a new tag it is this policy's already; found for another one, it is asked about again.
        const auto mine = found->find(follow->tag);
        const bool told = mine != found->end() &&
                          std::find(mine->second.begin(), mine->second.end(), policy.full_name()) !=
                              mine->second.end();
        if (told) continue;
        if (std::find(tags->begin(), tags->end(), follow->tag) == tags->end()) continue;
        auto tag = image::Tag::parse(follow->tag);
        if (tag.has_error()) continue;
        auto known = co_await book_.find(name, *tag);
        if (known.has_error()) co_return known.error();
        auto digest = co_await decider_.resolve(name, *tag);
        if (digest.has_error() && is_transient(digest.error().kind)) co_return digest.error();
        if (digest.has_error()) {
            spdlog::warn("{}:{}: {}", name.str(), follow->tag, digest.error().message);
            continue;
        }
        if (!*digest || (*known && (*known)->digest == (*digest)->str())) continue;
        (*found)[follow->tag].push_back(policy.full_name());
    }
    std::vector<Find> finds;
    for (auto& [text, names] : *found) {
        auto tag = image::Tag::parse(text);
        if (tag.has_error()) continue;
        finds.push_back({.tag = std::move(*tag), .policies = std::move(names)});
    }
    co_return finds;
}

}  // namespace linkspan::pipeline
