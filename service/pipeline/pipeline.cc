#include "service/pipeline/pipeline.h"

#include "service/pipeline/blob_scans.h"
#include "service/pipeline/branch_worker.h"
#include "service/pipeline/poller.h"
#include "service/pipeline/proposal_worker.h"
#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"
#include "service/runtime/blocking.h"
#include "service/store/audit.h"
#include "service/store/image_facts.h"
#include "service/transport/backoff.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kGitThreads = 16;
// Who did what is kept for longer than what came of it.
constexpr std::chrono::hours kAuditLonger{24 * 365};
// What images say about themselves is asked for again after this long.
constexpr std::chrono::hours kKeepFacts{24 * 90};
constexpr std::chrono::hours kKeepOpenings{2};  // the limit is by the hour
constexpr std::chrono::minutes kExpireEvery{10};
constexpr std::chrono::minutes kLongestNap{10};
constexpr std::size_t kExpireChunk = 1000;
constexpr std::chrono::hours kCollectEvery{12};

using Clock = std::chrono::system_clock;

}  // namespace

Pipeline::Pipeline(
    asio::any_io_executor executor, ConfigPtr config, store::Writer& writer, Metrics& metrics
)
    : executor_{std::move(executor)},
      config_{std::move(config)},
      writer_{writer},
      blob_scans_{std::make_shared<BlobScans>(&writer)},
      metrics_{metrics},
      notifier_{
          executor_,
          config_,
          writer,
          metrics,
          [this](std::string repository, std::string revision, std::vector<std::string> commits) {
              return worker(repository).first_contained(std::move(revision), std::move(commits));
          }},
      git_pool_{kGitThreads},
      clients_{executor_, config_},
      book_{writer_},
      decider_{executor_, clients_, book_, writer_},
      random_{std::random_device{}()},
      all_done_{std::make_shared<asio::steady_timer>(executor_)} {
    poller_ = std::make_unique<Poller>(*this, clients_, book_, decider_, writer_);
}

Pipeline::~Pipeline() { git_pool_.join(); }

void Pipeline::use(ConfigPtr config) {
    config_ = heads_.apply(std::move(config));
    clients_.use(config_);
    poller_->use(config_);
    // What they wait for may be asked of them no longer.
    for (const auto& waiter : waiters_) {
        if (const auto timer = waiter.lock()) timer->cancel();
    }
    notifier_.use(config_);
    look_ahead();
    for (const auto& [name, proposer] : proposals_) proposer->reconsider();
    spawn(nudge_proposals());
}

void Pipeline::look_ahead() {
    for (const auto& target : config_->targets) {
        if (target.deliver == config::Deliver::Commit) worker(target.repository).look_ahead();
    }
}

asio::awaitable<void> Pipeline::find_branch(
    std::string repository, std::shared_ptr<BranchView> view
) {
    const ConfigPtr config = config_;
    const auto* configured = config->repository(repository);
    if (configured == nullptr || !view) co_return;
    if (!heads_.is_due(*configured, std::chrono::steady_clock::now())) co_return;
    auto ask = [view]() -> Result<std::string> {
        if (auto opened = open_mirror(*view); opened.has_error()) return opened.error();
        LINKSPAN_TRY(branch, view->mirror->default_branch());
        if (branch) return std::move(*branch);
        return Error{Errc::NotFound, view->remote.url + ": HEAD names no branch"};
    };
    auto branch = co_await runtime::blocking(git_pool_, std::move(ask));
    if (branch.has_error()) {
        spdlog::warn("repository {}: {}", repository, branch.error().message);
        co_return;
    }
    if (!heads_.learn(*configured, *branch, std::chrono::steady_clock::now())) co_return;
    spdlog::info("repository {}: the remote's HEAD is the branch {} now", repository, *branch);
    // As after any change of the configuration: what was decided for another branch is looked at
    // again.
    ConfigPtr now = config_;
    use(std::move(now));
}

BranchWorker& Pipeline::worker(const std::string& repository) {
    auto& worker = workers_[repository];
    if (!worker) worker = std::make_unique<BranchWorker>(*this, repository);
    return *worker;
}

void Pipeline::spawn(asio::awaitable<void> task) {
    ++running_;
    asio::co_spawn(executor_, std::move(task), [this](std::exception_ptr failure) {
        // Tasks catch what they throw; this is the last net, so that a bug is seen.
        if (failure) {
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& e) {
                spdlog::critical("a task ended by an exception: {}", e.what());
            } catch (...) {
                spdlog::critical("a task ended by an exception");
            }
        }
        if (--running_ == 0 && stopping_) all_done_->cancel();
    });
}

asio::awaitable<Status> Pipeline::resume() {
    std::function<Result<std::vector<store::WorkItem>>(store::Store&)> read =
        [](store::Store& store) -> Result<std::vector<store::WorkItem>> {
        LINKSPAN_TRY(nudged, store.pull_requests().nudge_merged(Clock::now()));
        (void)nudged;
        return store.pending();
    };
    auto pending = co_await in_store<std::vector<store::WorkItem>>(writer_, std::move(read));
    if (pending.has_error()) co_return pending.error();
    if (!pending->empty())
        spdlog::info("taking up {} pieces of work left pending", pending->size());
    start(std::move(*pending));
    spawn(expire_guarded());
    notifier_.start();
    spawn(collect_guarded());
    look_ahead();
    spawn(release_holds_guarded());
    spawn(poller_->run());
    spawn(look_at_proposals_guarded());
    co_return Status{};
}

void Pipeline::start(std::vector<store::WorkItem> work) {
    for (const auto& item : work) {
        ++pending_;
        ++open_[item.delivery];
    }
    metrics_.pending(pending_);
    decide_again(std::move(work));
}

void Pipeline::decide_again(std::vector<store::WorkItem> work) {
    std::map<std::pair<std::string, std::size_t>, std::vector<store::WorkItem>> events;
    for (auto& item : work) {
        auto key = std::pair{item.delivery, item.event_index};
        events[std::move(key)].push_back(std::move(item));
    }
    for (auto& [key, items] : events) spawn(process_event_guarded(std::move(items)));
}

asio::awaitable<void> Pipeline::process_event_guarded(std::vector<store::WorkItem> items) {
    std::string bug;
    const auto copy = items;
    try {
        if (items.front().directive) {
            co_await process_directive(std::move(items));
        } else {
            co_await process_event(std::move(items));
        }
    } catch (const std::exception& e) {
        bug = e.what();
    } catch (...) {
        bug = "unknown exception";
    }
    if (bug.empty() || stopping_) co_return;
    spdlog::error("delivery {}: internal error: {}", copy.front().delivery, bug);
    auto outcome = outcome_of("failed", "internal error: " + bug);
    co_await settle_all(copy, std::move(outcome));
}

void Pipeline::retry(std::vector<store::WorkItem> items, std::string step, Error error) {
    spawn(retry_guarded(std::move(items), std::move(step), std::move(error)));
}

asio::awaitable<void> Pipeline::retry_guarded(
    std::vector<store::WorkItem> items, std::string step, Error error
) {
    const bool again = co_await retry_later(items, std::move(step), std::move(error));
    // Those that were given up on are not among them.
    if (again) decide_again(std::move(items));
}

Error Pipeline::for_now(const std::string& repository, Error error) {
    if (error.kind != Errc::NotFound) return error;
    (void)heads_.doubt(repository);
    error.kind = Errc::Unavailable;
    return error;
}

asio::awaitable<void> Pipeline::wait_until(
    std::vector<store::WorkItem> items, store::TimePoint until, std::string reason
) {
    spdlog::info(
        "delivery {} target {} policy {}: waiting until {}: {}",
        items.front().delivery,
        items.front().target,
        items.front().policy,
        rfc3339(until),
        reason
    );
    std::function<Status(store::Store&)> note = [items, until, reason](store::Store& store) {
        for (const auto& item : items) {
            auto status = store.wait(item.id, until, reason);
            if (status.has_error()) return status;
        }
        return Status{};
    };
    auto noted = co_await in_store_status(writer_, std::move(note));
    // It is pending on the disk either way, and decided anew after a restart.
    if (noted.has_error()) {
        spdlog::error("the wait is not in the trail: {}", noted.error().message);
    }
    for (auto& item : items) item.since = until;
    if (stopping_) co_return;
    // The clock on the wall decides, and it may be set meanwhile: looked at again and again.
    auto timer = std::make_shared<asio::steady_timer>(executor_);
    std::erase_if(waiters_, [](const auto& waiter) { return waiter.expired(); });
    waiters_.push_back(timer);
    const ConfigPtr config = config_;
    while (!stopping_ && config == config_) {
        const auto left = until - Clock::now();
        if (left <= left.zero()) break;
        timer->expires_after(std::min<std::chrono::nanoseconds>(left, kLongestNap));
        co_await sleep(timer);
    }
    if (stopping_) co_return;
    co_await process_event_guarded(std::move(items));
}

asio::awaitable<bool> Pipeline::retry_later(
    std::vector<store::WorkItem>& items, std::string step, Error error
) {
    const ConfigPtr config = config_;
    const auto now = Clock::now();
    const std::string reason = fmt::format("{}: {}", step, error.message);
    if (!is_transient(error.kind)) {
        auto outcome = outcome_of("failed", reason);
        co_await settle_all(std::exchange(items, {}), std::move(outcome));
        co_return false;
    }
    // Each by its own age: fresh work that shares a turn with old work is not given up with it.
    std::vector<store::WorkItem> old;
    for (auto& item : items) {
        if (now - item.since > config->retry.give_up_after) old.push_back(std::move(item));
    }
    if (!old.empty()) {
        std::set<std::int64_t> gone;
        for (const auto& item : old) gone.insert(item.id);
        std::erase_if(items, [&](const auto& item) { return gone.contains(item.id); });
        auto outcome =
            outcome_of("failed", reason + "; given up after the time in retry.give_up_after");
        co_await settle_all(std::move(old), std::move(outcome));
        if (items.empty()) co_return false;
    }
    metrics_.retry(step);
    // The pause of whoever has tried least: nobody waits longer for being in company.
    const auto least =
        std::min_element(items.begin(), items.end(), [](const auto& a, const auto& b) {
            return a.attempts < b.attempts;
        });
    const auto wait = pause_after(least->attempts, error);
    for (auto& item : items) ++item.attempts;
    spdlog::warn(
        "delivery {}: {}: {}; attempt {}, next in {} ms",
        items.front().delivery,
        step,
        error.message,
        items.front().attempts,
        wait.count()
    );
    std::vector<std::int64_t> ids;
    for (const auto& item : items) ids.push_back(item.id);
    std::function<Status(store::Store&)> postpone =
        [ids, due = now + wait, text = step + ": " + error.message](store::Store& store) {
            for (const auto id : ids) {
                if (auto status = store.postpone(id, due, text); status.has_error()) return status;
            }
            return Status{};
        };
    auto noted = co_await in_store_status(writer_, std::move(postpone));
    // The work is on the disk either way; only the trail is poorer.
    if (noted.has_error())
        spdlog::error("the retry is not in the trail: {}", noted.error().message);
    co_return co_await pause(wait);
}

asio::awaitable<void> Pipeline::expire_guarded() {
    while (co_await pause(kExpireEvery)) {
        const auto retention = config_->retention;
        std::function<Result<std::size_t>(store::Store&)> expire = [retention](store::Store& store
                                                                   ) -> Result<std::size_t> {
            const auto before = Clock::now() - retention;
            auto audit = store.audit().expire(before - kAuditLonger, kExpireChunk);
            if (audit.has_error()) return audit.error();
            auto facts = store.image_facts().expire(Clock::now() - kKeepFacts, kExpireChunk);
            if (facts.has_error()) return facts.error();
            auto openings = store.pull_requests().expire(Clock::now() - kKeepOpenings);
            if (openings.has_error()) return openings.error();
            return store.expire(before, kExpireChunk);
        };
        auto gone = co_await in_store<std::size_t>(writer_, std::move(expire));
        if (gone.has_error()) {
            spdlog::warn("old deliveries are not deleted: {}", gone.error().message);
        } else if (*gone > 0) {
            spdlog::info("{} deliveries older than {} h deleted", *gone, retention.count());
        }
    }
}

asio::awaitable<void> Pipeline::collect_guarded() {
    while (co_await pause(kCollectEvery)) {
        std::vector<std::shared_ptr<BranchIndex>> indexes;
        bool all = true;
        for (const auto& target : config_->targets) {
            const bool proposes = target.deliver == config::Deliver::PullRequest;
            indexes.push_back(
                proposes ? proposals(target.repository).index() : worker(target.repository).index()
            );
            // What a repository that could not be read needs is not known.
            all = all && indexes.back() && !indexes.back()->commit().hex.empty();
        }
        if (!all || indexes.empty()) continue;
        auto work = [scans = blob_scans_, indexes] { return collect(*scans, indexes); };
        auto gone = co_await runtime::blocking(git_pool_, std::move(work));
        if (gone.has_error()) {
            spdlog::warn("the index is not tidied: {}", gone.error().message);
        } else if (*gone > 0) {
            spdlog::info("the index forgot {} files that no branch has any more", *gone);
        }
    }
}

std::chrono::milliseconds Pipeline::pause_after(int attempts, const Error& error) {
    const transport::Backoff backoff{
        .initial = config_->retry.initial, .longest = config_->retry.longest};
    std::uniform_real_distribution<double> random{0, 1};
    return backoff.pause(static_cast<unsigned>(attempts) + 1, random(random_), error.retry_after);
}

asio::awaitable<bool> Pipeline::pause(std::chrono::milliseconds time) {
    auto timer = std::make_shared<asio::steady_timer>(executor_, time);
    co_await sleep(std::move(timer));
    co_return !stopping_;
}

asio::awaitable<void> Pipeline::sleep(std::shared_ptr<asio::steady_timer> timer) {
    if (stopping_) co_return;
    std::erase_if(sleepers_, [](const auto& sleeper) { return sleeper.expired(); });
    sleepers_.push_back(timer);
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> Pipeline::settle_all(
    std::vector<store::WorkItem> items, store::Outcome outcome
) {
    std::vector<Ended> ended;
    ended.reserve(items.size());
    for (auto& item : items) ended.push_back({.item = std::move(item), .outcome = outcome});
    co_await settle(std::move(ended));
}

asio::awaitable<void> Pipeline::settle(std::vector<Ended> ended) {
    if (ended.empty()) co_return;
    const auto now = Clock::now();
    auto shared = std::make_shared<const std::vector<Ended>>(std::move(ended));
    std::vector<SettledWork> settled;
    for (const auto& one : *shared) settled.push_back({&one.item, &one.outcome});
    auto notices = std::make_shared<const Notices>(notices_of_outcomes(*config_, settled, now));
    // A disk that is full for a while must not lose the outcome: tried until it is written or the
    // process ends, and then the work, still pending, is found to be done.
    for (int attempt = 0;; ++attempt) {
        std::function<Status(store::Store&)> write = [shared, notices, now](store::Store& store) {
            for (const auto& one : *shared) {
                auto status = store.settle(one.item.id, one.outcome, now);
                // Ended already, or gone with its delivery: there is nothing to try again.
                const bool done = status.has_error() && (status.error().kind == Errc::Conflict ||
                                                         status.error().kind == Errc::NotFound);
                if (status.has_error() && !done) return status;
            }
            return notices->write(store);
        };
        auto written = co_await in_store_status(writer_, std::move(write));
        if (!written.has_error()) break;
        spdlog::error(
            "delivery {}: the outcome can't be written: {}",
            shared->front().item.delivery,
            written.error().message
        );
        const auto wait = pause_after(attempt, written.error());
        if (!co_await pause(wait)) co_return;
    }
    if (!notices->messages.empty()) notifier_.wake();
    for (const auto& one : *shared) count_settled(one, now);
}

void Pipeline::count_settled(const Ended& ended, store::TimePoint now) {
    const auto& [item, outcome] = ended;
    metrics_.outcome(item.target, outcome.kind);
    // Without what it waited for.
    metrics_.settled_after(item.target, now - std::min(item.since, now));
    metrics_.pending(--pending_);
    spdlog::info(
        "delivery {} target {} policy {} image {}:{}: {}{}{}",
        item.delivery,
        item.target,
        item.policy,
        item.event.image.str(),
        item.event.tag.str(),
        outcome.kind,
        outcome.commit ? " " + *outcome.commit : "",
        outcome.reason.empty() ? "" : ": " + outcome.reason
    );
    const auto open = open_.find(item.delivery);
    if (open == open_.end() || --open->second > 0) return;
    open_.erase(open);
    const auto watching = watchers_.find(item.delivery);
    if (watching == watchers_.end()) return;
    for (const auto& timer : watching->second) timer->cancel();
    watchers_.erase(watching);
}

asio::awaitable<void> Pipeline::wait_settled(
    std::string delivery, std::chrono::milliseconds patience
) {
    if (stopping_ || released_ || !open_.contains(delivery)) co_return;
    auto timer = std::make_shared<asio::steady_timer>(executor_, patience);
    watchers_[delivery].push_back(timer);
    co_await sleep(timer);
    if (const auto mine = watchers_.find(delivery); mine != watchers_.end()) {
        std::erase(mine->second, timer);
        if (mine->second.empty()) watchers_.erase(mine);
    }
}

void Pipeline::release_watchers() {
    released_ = true;
    notifier_.release_watchers();
    for (const auto& [delivery, timers] : watchers_) {
        for (const auto& timer : timers) timer->cancel();
    }
}

asio::awaitable<bool> Pipeline::stop(std::chrono::milliseconds patience) {
    stopping_ = true;
    clients_.stop();
    for (const auto& [name, proposer] : proposals_) proposer->stop();
    for (const auto& sleeper : sleepers_) {
        if (const auto timer = sleeper.lock()) timer->cancel();
    }
    const bool told = co_await notifier_.stop(patience);
    if (running_ == 0) co_return told;
    all_done_->expires_after(patience);
    co_await all_done_->async_wait(asio::as_tuple(asio::use_awaitable));
    // What has not ended by itself is cut short: its work is in the store.
    git_stop_->store(true);
    co_return told&& running_ == 0;
}

}  // namespace linkspan::pipeline
