#include "service/pipeline/poller.h"

#include "service/pipeline/pipeline.h"
#include "service/pipeline/registry_questions.h"
#include "service/pipeline/store_access.h"
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

// Said once for each list, and in words for the trail.
std::string unread(
    const image::ImageName& image,
    const image::Tag& tag,
    const Result<std::optional<image::Digest>>& answer
) {
    if (!answer.has_error()) {
        return fmt::format("tag \"{}\" is listed, but not there; passed over", tag.str());
    }
    spdlog::warn("{}:{}: {}", image.str(), tag.str(), answer.error().message);
    return fmt::format("tag \"{}\" can't be read: {}", tag.str(), answer.error().message);
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
    if (started_) decide_new();
}

asio::awaitable<void> Poller::run() {
    started_ = true;
    decide_new();
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
    auto policies = watching(*config, name);
    Result<Finds> finds = Finds{};
    if (!page->listed) {
        finds = co_await find_first(name, std::move(policies), tags);
    } else {
        finds = co_await find_new(name, std::move(policies), std::move(*page), tags);
    }
    if (finds.has_error()) co_return finds.error();
    auto deliveries = std::make_shared<std::vector<store::NewDelivery>>();
    for (const auto& find : finds->events) {
        auto delivery = delivery_of(
            *config,
            name,
            find.tag,
            find.digest,
            work_of(*config, name, find.policies),
            Clock::now()
        );
        delivery.key = fmt::format("{}:{}@{}", name.str(), find.tag.str(), find.digest.str());
        // Two that list at once find the same; one that finds it again after the interval has seen
        // it move meanwhile.
        delivery.key_window = std::chrono::duration_cast<std::chrono::seconds>(
            std::max(times.interval / 2, milliseconds{1000})
        );
        deliveries->push_back(std::move(delivery));
    }
    if (!finds->unread.empty()) {
        auto readable = std::make_shared<std::vector<std::string>>();
        for (const auto& tag : *tags) {
            if (!finds->unread.contains(tag)) readable->push_back(tag);
        }
        tags = std::move(readable);
    }
    // The list and what follows from it are kept together: after a crash between the two, the new
    // tags would be known and nobody would decide about them.
    auto work = std::make_shared<std::vector<store::WorkItem>>();
    auto found = std::make_shared<const Finds>(std::move(*finds));
    std::function<Status(store::Store&)> also = [deliveries, found, work, name](store::Store& store
                                                ) -> Status {
        for (const auto& find : found->events) {
            auto status = store.known_tags().note_tag(
                name, find.tag, find.digest.str(), std::nullopt, find.at
            );
            if (status.has_error()) return status;
        }
        for (const auto& delivery : *deliveries) {
            auto status = record_event(store, delivery, found->passed_over, *work);
            if (status.has_error()) return status;
        }
        return {};
    };
    auto kept = co_await book_.keep_listing(name, tags, at, complete, std::move(also));
    if (kept.has_error()) co_return kept.error();
    for (const auto& delivery : *deliveries) log_event(delivery, "polling");
    if (!work->empty()) pipeline_.start(std::move(*work));
    co_return at + jittered(times.interval);
}

asio::awaitable<Result<Poller::Finds>> Poller::find_first(
    image::ImageName name, std::vector<policy::Policy> policies, Tags tags
) {
    auto work = [policies = std::move(policies), tags] { return wishes_of(policies, *tags); };
    auto wishes = co_await clients_.compute(std::move(work));
    if (wishes.has_error()) co_return wishes.error();
    Finds out{.events = {}};
    std::map<std::string, std::string> dropped;  // tag → why, in words
    std::map<std::string, std::size_t> events;   // tag → index
    for (const auto& wish : *wishes) {
        for (const auto& tag : wish.tags) {
            if (const auto event = events.find(tag.str()); event != events.end()) {
                out.events[event->second].policies.push_back(wish.policy);
                break;
            }
            if (!dropped.contains(tag.str())) {
                const auto at = Clock::now();
                auto digest = co_await decider_.resolve(name, tag);
                if (digest.has_value() && *digest) {
                    events[tag.str()] = out.events.size();
                    out.events.push_back(
                        {.tag = tag, .digest = **digest, .at = at, .policies = {wish.policy}}
                    );
                    break;
                }
                if (digest.has_error() && !is_unreadable(digest.error().kind)) {
                    co_return digest.error();
                }
                dropped[tag.str()] = unread(name, tag, digest);
                out.unread.insert(tag.str());
            }
            out.passed_over[wish.policy].push_back(dropped[tag.str()]);
        }
    }
    co_return out;
}

asio::awaitable<Result<Poller::Finds>> Poller::find_new(
    image::ImageName name, std::vector<policy::Policy> policies, TagPage before, Tags tags
) {
    auto work = [policies, table = before.table, tags] {
        return new_tags_of(policies, missing_from(table->tags, *tags));
    };
    auto fresh = co_await clients_.compute(std::move(work));
    if (fresh.has_error()) co_return fresh.error();
    Finds out{.events = {}};
    for (auto& [text, names] : *fresh) {
        auto tag = image::Tag::parse(text);
        if (tag.has_error()) continue;
        const auto at = Clock::now();
        auto digest = co_await decider_.resolve(name, *tag);
        if (digest.has_error() && !is_unreadable(digest.error().kind)) co_return digest.error();
        if (digest.has_error() || !*digest) {
            unread(name, *tag, digest);
            out.unread.insert(text);
            continue;
        }
        out.events.push_back(
            {.tag = std::move(*tag), .digest = **digest, .at = at, .policies = std::move(names)}
        );
    }
    // A tag that is followed is asked for its digest each time.
    for (const auto& policy : policies) {
        const auto* follow = std::get_if<policy::Follow>(&policy.select);
        if (follow == nullptr || out.unread.contains(follow->tag)) continue;
        auto tag = image::Tag::parse(follow->tag);
        if (tag.has_error()) continue;
        const auto same = std::find_if(out.events.begin(), out.events.end(), [&](const Find& find) {
            return find.tag == *tag;
        });
        if (same != out.events.end()) {
            // As a new tag it may be this policy's already.
            auto& mine = same->policies;
            const auto full = policy.full_name();
            if (std::find(mine.begin(), mine.end(), full) == mine.end()) mine.push_back(full);
            continue;
        }
        if (std::find(tags->begin(), tags->end(), follow->tag) == tags->end()) continue;
        auto known = co_await book_.find(name, *tag);
        if (known.has_error()) co_return known.error();
        const auto at = Clock::now();
        auto digest = co_await decider_.resolve(name, *tag);
        if (digest.has_error() && !is_unreadable(digest.error().kind)) co_return digest.error();
        if (digest.has_error()) {
            unread(name, *tag, digest);
            continue;
        }
        if (!*digest || (*known && (*known)->digest == (*digest)->str())) continue;
        out.events.push_back(
            {.tag = std::move(*tag), .digest = **digest, .at = at, .policies = {policy.full_name()}}
        );
    }
    co_return out;
}

}  // namespace linkspan::pipeline
