#include "service/pipeline/branch_worker.h"

#include "service/pipeline/bid_memory.h"
#include "service/pipeline/diff_share.h"
#include "service/pipeline/git_options.h"
#include "service/pipeline/hold_reader.h"
#include "service/pipeline/outcomes.h"
#include "service/pipeline/pipeline.h"
#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"
#include "service/runtime/blocking.h"
#include "service/store/writes.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;

// How often one turn looks again on a tip that moved under it, before it stands back and lets time
// pass.
constexpr int kMaxLooks = 10;
// How often the server may refuse parts of a push until all that is left counts as refused: enough
// to find the one that it does not want among a hundred.
constexpr int kMostRefusals = 12;
// Files read again at a time after a change of the scanner, and the pause between: events go first.
constexpr std::size_t kRefreshFiles = 128;
constexpr std::chrono::milliseconds kRefreshPause{20};

std::vector<store::Write> writes_of(const PlannedTurn& planned, bool landed) {
    std::vector<store::Write> writes;
    const auto now = Clock::now();
    for (const auto& commit : planned.commits) {
        for (const auto& change : commit.part.changes) {
            writes.push_back(
                {.target = change.target,
                 .policy = change.policy,
                 .path = change.path,
                 .document = change.document,
                 .place = change.where,
                 .image = change.image.str(),
                 .old_tag = change.old_tag,
                 .old_digest = change.old_digest,
                 .new_tag = change.new_tag,
                 .new_digest = change.new_digest,
                 .commit = commit.id.hex,
                 .at = now,
                 .undone = {},
                 .landed = landed}
            );
        }
    }
    return writes;
}

// Two halves of the policies in their targets; the second is empty when there is only one.
std::pair<std::vector<WaitingWork>, std::vector<WaitingWork>> split(
    std::vector<WaitingWork>& waiting
) {
    std::set<std::pair<std::string, std::string>> questions;
    const auto question = [](const WaitingWork& one) {
        return std::pair{one.item.target, one.item.policy};
    };
    for (const auto& one : waiting) questions.insert(question(one));
    std::pair<std::vector<WaitingWork>, std::vector<WaitingWork>> halves;
    if (questions.size() < 2) return halves;
    const auto middle =
        std::next(questions.begin(), static_cast<std::ptrdiff_t>(questions.size() / 2));
    for (auto& one : waiting) {
        (question(one) < *middle ? halves.first : halves.second).push_back(std::move(one));
    }
    waiting.clear();
    return halves;
}

// A window that was open when the tag was chosen may have closed since.
void close_window(plan::Bid& bid, const config::Config& config, store::TimePoint now) {
    const auto* target = config.target(bid.target);
    if (target == nullptr || bid.asked_for || bid.is_stopped()) return;
    const auto schedule = policy::both(target->schedule, bid.policy.schedule);
    const auto opening = policy::opening(schedule, now);
    if (opening.open) return;
    if (const auto next = policy::next_open(schedule, now)) {
        bid.gate = policy::Waiting{.until = *next, .why = "schedule: " + opening.why};
    } else {
        bid.gate = policy::Refused{"schedule: " + opening.why};
    }
}

}  // namespace

BranchWorker::BranchWorker(Pipeline& pipeline, std::string repository)
    : pipeline_{pipeline},
      repository_{std::move(repository)},
      queue_{pipeline},
      view_{repository_, "mirrors", pipeline.blob_scans_, pipeline.git_stop_},
      mirror_{pipeline.executor_} {}

void BranchWorker::add(WaitingWork work) {
    queue_.add(std::move(work));
    start();
}

void BranchWorker::look_ahead() {
    ahead_ = true;
    start();
}

void BranchWorker::start() {
    if (running_) return;
    running_ = true;
    pipeline_.spawn(run_guarded());
}

std::shared_ptr<BranchIndex> BranchWorker::index() const { return view_.index(); }

std::shared_ptr<BranchView> BranchWorker::view() { return view_.get(pipeline_.config_); }

asio::awaitable<void> BranchWorker::run_guarded() {
    while ((ahead_ || !queue_.empty()) && !pipeline_.stopping_) {
        std::string bug;
        try {
            co_await run();
        } catch (const std::exception& e) {
            bug = e.what();
        } catch (...) {
            bug = "unknown exception";
        }
        if (bug.empty()) continue;
        spdlog::critical("repository {}: a turn ended by an exception: {}", repository_, bug);
        fail_or_retry(
            std::exchange(in_turn_, {}), "turn", Error{Errc::Unavailable, "internal error: " + bug}
        );
    }
    running_ = false;
}

asio::awaitable<void> BranchWorker::run() {
    // A turn looks for itself.
    if (std::exchange(ahead_, false) && queue_.empty()) co_await look_now();
    if (queue_.empty()) co_return;
    if (!co_await queue_.wait()) co_return;
    const auto mine = co_await mirror_.lock();
    co_await pipeline_.find_branch(repository_, view());
    std::vector<WaitingWork> waiting = queue_.take();
    in_turn_ = waiting;
    refusals_ = 0;
    co_await turn(std::move(waiting));
    in_turn_.clear();
    queue_.rest();
}

asio::awaitable<Result<std::optional<std::string>>> BranchWorker::first_contained(
    std::string revision, std::vector<std::string> commits
) {
    using Answer = Result<std::optional<std::string>>;
    const auto mine = co_await mirror_.lock();
    const auto view = this->view();
    if (!view) co_return Error{Errc::NotFound, "the repository is no longer configured"};
    auto ask = [view, revision, commits]() -> Answer {
        if (auto opened = open_mirror(*view); opened.has_error()) return opened.error();
        const git::CommitId tip{revision};
        // Asked from the branch's tip, which the mirror has: a tip that it has not looks like
        // damage.
        LINKSPAN_TRY(known, view->mirror->known_tip(view->branch));
        bool there = false;
        if (known) {
            LINKSPAN_TRY(in_it, view->mirror->contains(*known, tip));
            there = in_it;
        }
        if (!there) {
            LINKSPAN_TRY(fetched, view->mirror->fetch(view->branch));
            LINKSPAN_TRY(in_it, view->mirror->contains(fetched, tip));
            if (!in_it) return Error{Errc::NotFound, "the branch does not have this revision"};
        }
        for (const auto& commit : commits) {
            LINKSPAN_TRY(contains, view->mirror->contains(tip, git::CommitId{commit}));
            if (contains) return std::optional{commit};
        }
        return std::optional<std::string>{};
    };
    co_return co_await runtime::blocking(pipeline_.git_pool_, std::move(ask));
}

asio::awaitable<void> BranchWorker::look_now() {
    const auto mine = co_await mirror_.lock();
    co_await pipeline_.find_branch(repository_, view());
    const auto view = this->view();
    if (!view) co_return;
    Watches watches;
    for (const auto& target : pipeline_.config_->targets) {
        if (target.repository != repository_) continue;
        watches.insert(watches.end(), target.fields.begin(), target.fields.end());
    }
    const auto began = std::chrono::steady_clock::now();
    auto work = [view, watches] { return pipeline::look_ahead(*view, watches); };
    auto looked = co_await runtime::blocking(pipeline_.git_pool_, std::move(work));
    if (looked.has_error()) {
        // The first event that needs it says so to whoever sent it.
        spdlog::warn("repository {}: {}", repository_, looked.error().message);
        co_return;
    }
    spdlog::info(
        "repository {}: {} files looked at, {} of them read, in {} ms",
        repository_,
        looked->changed,
        looked->read,
        std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - began
        )
            .count()
    );
    if (refreshing_ || view->index->stale() == 0) co_return;
    refreshing_ = true;
    pipeline_.spawn(refresh(view->index));
}

asio::awaitable<void> BranchWorker::refresh(std::shared_ptr<BranchIndex> index) {
    spdlog::info(
        "repository {}: reading {} files again for a newer scanner", repository_, index->stale()
    );
    bool more = true;
    while (more && co_await pipeline_.pause(kRefreshPause)) {
        auto work = [index] { return index->refresh_some(kRefreshFiles); };
        auto done = co_await runtime::blocking(pipeline_.git_pool_, std::move(work));
        if (done.has_error()) {
            spdlog::warn("repository {}: {}", repository_, done.error().message);
        }
        more = done.has_value() && *done;
    }
    refreshing_ = false;
}

asio::awaitable<void> BranchWorker::turn(std::vector<WaitingWork> waiting) {
    // Taken together, after the wait for a batch: a reload may have come meanwhile.
    const ConfigPtr config = pipeline_.config_;
    const auto* repository = config->repository(repository_);
    const auto view = this->view();
    if (repository == nullptr || !view) {
        auto items = items_of(waiting);
        auto outcome = outcome_of(
            "refused",
            fmt::format("repository \"{}\" is no longer in the configuration", repository_)
        );
        co_await pipeline_.settle_all(std::move(items), std::move(outcome));
        co_return;
    }
    auto options = commit_options_of(*repository, Clock::now());
    if (options.has_error()) {
        fail_or_retry(std::move(waiting), "commit", options.error().within(repository_));
        co_return;
    }
    std::vector<plan::Bid*> remembering;
    for (auto& one : waiting) remembering.push_back(&one.bid);
    auto known = co_await recall_writes(pipeline_.writer_, std::move(remembering));
    if (known.has_error()) {
        fail_or_retry(std::move(waiting), "plan", known.error());
        co_return;
    }
    const PublishOptions how{
        .push_options = repository->push_options, .review = repository->review};
    bool healed = false;
    // First on the tip that is known: when it is still the tip, the push says so.
    Look look = Look::KnownTip;
    for (int looks = 0; looks < kMaxLooks && !waiting.empty() && !pipeline_.stopping_; ++looks) {
        auto bids = std::make_shared<std::vector<plan::Bid>>();
        auto intended = std::make_shared<std::vector<std::vector<std::string>>>();
        for (const auto& one : waiting) {
            bids->push_back(one.bid);
            bids->back().reviewed = !how.review.empty();
            intended->push_back(one.item.intended_commits);
        }
        // The work may have waited for its turn since the gates were asked.
        for (auto& bid : *bids) close_window(bid, *config, Clock::now());
        auto held = co_await read_holds(pipeline_.writer_, bids, Clock::now());
        if (held.has_error()) {
            fail_or_retry(std::move(waiting), "record", held.error());
            co_return;
        }
        auto began = std::chrono::steady_clock::now();
        auto look_work = [view, bids, intended, options = *options, look] {
            return plan_on_tip(*view, *bids, *intended, options, look);
        };
        auto looked = co_await runtime::blocking(pipeline_.git_pool_, std::move(look_work));
        pipeline_.metrics_.step("plan", std::chrono::steady_clock::now() - began);
        const bool known_tip = look == Look::KnownTip;
        look = Look::Fetch;
        if (looked.has_error() && looked.error().kind == Errc::Corrupt && !healed) {
            // The mirror is a cache, and has noted the damage: its next fetch makes a fresh one.
            spdlog::warn(
                "repository {}: {}; starting with a fresh mirror",
                repository_,
                looked.error().message
            );
            healed = true;
            continue;
        }
        if (looked.has_error()) {
            fail_or_retry(std::move(waiting), "plan", looked.error().within(repository_));
            co_return;
        }
        auto planned = std::make_shared<PlannedTurn>(std::move(*looked));
        const std::size_t before = waiting.size();
        waiting = keep_current(*planned, std::move(waiting));
        if (waiting.size() != before) {
            look = Look::KnownTip;
            continue;
        }
        // Nothing to push, so nobody says whether this is the tip.
        if (known_tip && !planned->fresh && planned->commits.empty()) continue;
        if (planned->fresh) waiting = co_await settle_without_commit(planned, std::move(waiting));
        if (waiting.empty()) co_return;

        if (auto noted = co_await intend(planned, waiting, how); noted.has_error()) {
            fail_or_retry(std::move(waiting), "record", noted.error());
            co_return;
        }
        began = std::chrono::steady_clock::now();
        auto push_work = [view, planned, how] { return publish(*view, *planned, how); };
        auto pushed = co_await runtime::blocking(pipeline_.git_pool_, std::move(push_work));
        pipeline_.metrics_.step("push", std::chrono::steady_clock::now() - began);
        if (pushed.has_error() && pushed.error().kind == Errc::Corrupt && !healed) {
            spdlog::warn(
                "repository {}: {}; starting with a fresh mirror",
                repository_,
                pushed.error().message
            );
            healed = true;
            continue;
        }
        if (pushed.has_error()) {
            fail_or_retry(std::move(waiting), "push", pushed.error().within(repository_));
            co_return;
        }
        if (const auto* done = std::get_if<git::Pushed>(&*pushed)) {
            planned->said = done->said;
        } else if (const auto* rejected = std::get_if<git::Rejected>(&*pushed)) {
            co_await settle_writes(planned, false);
            // What the server says of the push says nothing of those who need none.
            if (!planned->fresh) {
                waiting = co_await settle_without_commit(planned, std::move(waiting));
            }
            // One of them may be what it does not want.
            std::pair<std::vector<WaitingWork>, std::vector<WaitingWork>> halves;
            if (++refusals_ < kMostRefusals) halves = split(waiting);
            if (!halves.second.empty()) {
                spdlog::info(
                    "repository {}: the server refused the push; its parts are tried by themselves",
                    repository_
                );
                co_await turn(std::move(halves.first));
                co_await turn(std::move(halves.second));
                co_return;
            }
            auto items = items_of(waiting);
            auto outcome =
                outcome_of("refused", "the Git server refused the push: " + rejected->message);
            co_await pipeline_.settle_all(std::move(items), std::move(outcome));
            co_return;
        } else if (std::holds_alternative<git::Moved>(*pushed)) {
            spdlog::info("repository {}: the branch moved; looking again", repository_);
            pipeline_.metrics_.retry("moved");
            co_await settle_writes(planned, false);
            continue;
        }
        // The tip was the tip.
        if (!planned->fresh) {
            waiting = co_await settle_without_commit(planned, std::move(waiting));
        }
        pipeline_.metrics_.commit(repository_, planned->turn.plan.changes.size());
        co_await settle_committed(planned, std::move(waiting), how);
        co_return;
    }
    if (waiting.empty() || pipeline_.stopping_) co_return;
    fail_or_retry(
        std::move(waiting),
        "push",
        Error{Errc::Unavailable, fmt::format("the branch moved {} times in a row", kMaxLooks)}
    );
}

asio::awaitable<Status> BranchWorker::intend(
    std::shared_ptr<PlannedTurn> planned, std::vector<WaitingWork>& waiting, PublishOptions how
) {
    std::vector<std::pair<std::int64_t, std::string>> intended;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        if (planned->turn.answers[i].changes.empty()) continue;
        auto& item = waiting[i].item;
        const std::string commit = planned->commit_of(item.target, item.policy);
        item.intended_commits.insert(item.intended_commits.begin(), commit);
        intended.emplace_back(item.id, commit);
    }
    // A review is not in the branch, so that a commit which was not sent must not look as if it had
    // been: it is remembered when it is out.
    auto writes = how.review.empty() ? writes_of(*planned, false) : std::vector<store::Write>{};
    std::function<Status(store::Store&)> write = [intended,
                                                  writes = std::move(writes)](store::Store& store) {
        for (const auto& [id, commit] : intended) {
            if (auto status = store.intend(id, commit); status.has_error()) return status;
        }
        return store.writes().record(writes);
    };
    co_return co_await in_store_status(pipeline_.writer_, std::move(write));
}

asio::awaitable<std::vector<WaitingWork>> BranchWorker::settle_without_commit(
    std::shared_ptr<PlannedTurn> planned, std::vector<WaitingWork> waiting
) {
    co_await remember(planned);
    std::vector<WaitingWork> rest;
    std::vector<plan::BidAnswer> answers;
    std::vector<Ended> ended;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        plan::BidAnswer& answer = planned->turn.answers[i];
        if (planned->landed[i]) {
            store::Outcome outcome{
                .kind = "committed",
                .reason = "found in the branch: pushed before an interruption",
                .commit = planned->landed[i],
                .detail_json = "{}"};
            ended.push_back({.item = std::move(waiting[i].item), .outcome = std::move(outcome)});
            continue;
        }
        if (!answer.changes.empty()) {
            rest.push_back(std::move(waiting[i]));
            answers.push_back(std::move(answer));
            continue;
        }
        auto became = without_change(
            answer, detail_json(answer, planned->base.hex, "", waiting[i].notes, waiting[i].gates)
        );
        if (const auto* wait = std::get_if<policy::Waiting>(&became)) {
            pipeline_.spawn(
                pipeline_.wait_until({std::move(waiting[i].item)}, wait->until, wait->why)
            );
            continue;
        }
        auto outcome = std::get<store::Outcome>(std::move(became));
        ended.push_back({.item = std::move(waiting[i].item), .outcome = std::move(outcome)});
    }
    // In step with what is left.
    planned->turn.answers = std::move(answers);
    planned->landed.assign(rest.size(), std::nullopt);
    co_await pipeline_.settle(std::move(ended));
    co_return rest;
}

std::vector<WaitingWork> BranchWorker::keep_current(
    const PlannedTurn& planned, std::vector<WaitingWork> waiting
) {
    std::vector<WaitingWork> current;
    std::vector<store::WorkItem> stale;
    for (auto& one : waiting) {
        // What a person asked for was not decided by a policy.
        if (one.bid.asked_for || one.rules == planned.rules) {
            current.push_back(std::move(one));
        } else {
            stale.push_back(std::move(one.item));
        }
    }
    pipeline_.decide_again(std::move(stale));
    return current;
}

asio::awaitable<Result<RepositoryRulesPtr>> BranchWorker::rules(bool fetch) {
    const auto mine = co_await mirror_.lock();
    co_await pipeline_.find_branch(repository_, view());
    const ConfigPtr config = pipeline_.config_;
    const auto view = this->view();
    if (!view) co_return Error{Errc::NotFound, "the repository is no longer configured"};
    auto ask =
        [view, fetch, config, name = repository_, known = rules_]() -> Result<RepositoryRulesPtr> {
        if (auto status = open_mirror(*view); status.has_error()) return status.error();
        LINKSPAN_TRY(tip, view->mirror->known_tip(view->branch));
        if (!tip || fetch) {
            LINKSPAN_TRY(fetched, view->mirror->fetch(view->branch));
            tip = fetched;
        }
        return read_rules(*view->mirror, *tip, config, name, known);
    };
    auto rules = co_await runtime::blocking(pipeline_.git_pool_, std::move(ask));
    if (rules.has_value()) rules_ = *rules;
    co_return rules;
}

asio::awaitable<void> BranchWorker::remember(std::shared_ptr<PlannedTurn> planned) {
    std::map<std::int64_t, std::string> undone;
    std::set<std::int64_t> put_back;
    for (const auto& answer : planned->turn.answers) {
        for (const auto& one : answer.undone) undone.emplace(one.written, one.how);
        put_back.insert(answer.put_back.begin(), answer.put_back.end());
    }
    const auto arrived = planned->arrived;
    if (undone.empty() && put_back.empty() && arrived.empty()) co_return;
    std::function<Status(store::Store&)> mark = [undone, put_back, arrived](store::Store& store) {
        for (const auto& commit : arrived) {
            auto status = store.writes().settle(commit, true);
            if (status.has_error()) return status;
        }
        for (const auto id : put_back) {
            auto status = store.writes().clear_undone(id);
            if (status.has_error()) return status;
        }
        for (const auto& [id, how] : undone) {
            auto status = store.writes().mark_undone(id, how);
            if (status.has_error() && status.error().kind != Errc::NotFound) return status;
        }
        return Status{};
    };
    auto marked = co_await in_store_status(pipeline_.writer_, std::move(mark));
    // It will be noticed again.
    if (marked.has_error()) {
        spdlog::error("repository {}: {}", repository_, marked.error().message);
    }
}

asio::awaitable<void> BranchWorker::settle_writes(
    std::shared_ptr<PlannedTurn> planned, bool landed
) {
    std::function<Status(store::Store&)> settle = [planned, landed](store::Store& store) -> Status {
        for (const auto& commit : planned->commits) {
            auto status = store.writes().settle(commit.id.hex, landed);
            if (status.has_error()) return status;
        }
        return {};
    };
    auto settled = co_await in_store_status(pipeline_.writer_, std::move(settle));
    // Git is asked when it matters.
    if (settled.has_error()) {
        spdlog::error("repository {}: {}", repository_, settled.error().message);
    }
}

asio::awaitable<void> BranchWorker::settle_committed(
    std::shared_ptr<PlannedTurn> planned, std::vector<WaitingWork> waiting, PublishOptions how
) {
    const bool review = !how.review.empty();
    if (!review) {
        co_await settle_writes(planned, true);
    } else {
        std::function<Status(store::Store&)> write = [writes = writes_of(*planned, true)](
                                                         store::Store& store
                                                     ) { return store.writes().record(writes); };
        auto noted = co_await in_store_status(pipeline_.writer_, std::move(write));
        if (noted.has_error()) {
            spdlog::error("repository {}: {}", repository_, noted.error().message);
        }
    }
    std::vector<Ended> ended;
    const DiffShare diffs{planned->turn.plan};
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        const plan::BidAnswer& answer = planned->turn.answers[i];
        auto& item = waiting[i].item;
        store::Outcome outcome{
            .kind = review ? "pull_request" : "committed",
            .reason = answer.decision.explanation.why,
            .commit = planned->commit_of(item.target, item.policy),
            .detail_json = detail_json(
                answer, planned->base.hex, diffs.of(answer), waiting[i].notes, waiting[i].gates
            )};
        if (review) {
            outcome.reason = fmt::format(
                "sent to {} for review{}{}",
                how.review,
                planned->said.empty() ? "" : ": ",
                planned->said.substr(0, 1000)
            );
        }
        ended.push_back({.item = std::move(item), .outcome = std::move(outcome)});
    }
    co_await pipeline_.settle(std::move(ended));
}

void BranchWorker::fail_or_retry(std::vector<WaitingWork> waiting, std::string step, Error error) {
    if (pipeline_.stopping_) return;
    // Waits beside the queue: work that comes meanwhile has its own turn, and its own look at the
    // remote.
    pipeline_.retry(
        items_of(waiting), std::move(step), pipeline_.for_now(repository_, std::move(error))
    );
}

}  // namespace linkspan::pipeline
