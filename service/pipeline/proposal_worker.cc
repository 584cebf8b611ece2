#include "service/pipeline/proposal_worker.h"

#include "core/plan/codeowners.h"
#include "service/pipeline/bid_memory.h"
#include "service/pipeline/branch_worker.h"
#include "service/pipeline/forge_clients.h"
#include "service/pipeline/git_options.h"
#include "service/pipeline/hold_reader.h"
#include "service/pipeline/notices.h"
#include "service/pipeline/outcomes.h"
#include "service/pipeline/pipeline.h"
#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"
#include "service/runtime/blocking.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;

// After closed pull requests were found, the rest is planned again; so often.
constexpr int kMostPlans = 4;
// Before another look at what failed.
constexpr std::chrono::seconds kLookAfterFailure{30};
constexpr std::chrono::minutes kLookAfterRefusal{10};
constexpr std::chrono::milliseconds kLongestWait{std::chrono::hours{1}};
constexpr std::size_t kLargestOwners = 3 << 20;  // GitHub's limit for CODEOWNERS
// Images of one proposal that are asked where they were built from.
constexpr std::size_t kMostOrigins = 60;

}  // namespace

ProposalWorker::ProposalWorker(Pipeline& pipeline, std::string repository)
    : pipeline_{pipeline},
      repository_{std::move(repository)},
      queue_{pipeline},
      view_{repository_, "proposals", pipeline.blob_scans_, pipeline.git_stop_} {}

ProposalWorker::~ProposalWorker() = default;

void ProposalWorker::add(WaitingWork work) {
    queue_.add(std::move(work));
    start();
}

std::shared_ptr<BranchIndex> ProposalWorker::index() const { return view_.index(); }

void ProposalWorker::look(const std::string& target) {
    // What came since it began is still due when it ends.
    if (looking_.contains(target)) return;
    looks_.insert(target);
    queue_.hurry();
    start();
}

void ProposalWorker::reconsider() {
    for (auto& [target, works] : std::exchange(parked_, {})) {
        pipeline_.decide_again(items_of(works));
    }
}

void ProposalWorker::stop() {
    if (forge_) forge_->stop();
}

void ProposalWorker::start() {
    if (running_) return;
    running_ = true;
    pipeline_.spawn(run_guarded());
}

asio::awaitable<void> ProposalWorker::run_guarded() {
    while ((!looks_.empty() || !queue_.empty()) && !pipeline_.stopping_) {
        std::string bug;
        try {
            co_await run();
        } catch (const std::exception& e) {
            bug = e.what();
        } catch (...) {
            bug = "unknown exception";
        }
        looking_.clear();
        if (bug.empty()) continue;
        spdlog::critical("repository {}: a look ended by an exception: {}", repository_, bug);
        fail_or_retry(
            std::exchange(in_look_, {}),
            "propose",
            Error{Errc::Unavailable, "internal error: " + bug}
        );
        co_await pipeline_.pause(kLookAfterFailure);
    }
    running_ = false;
}

asio::awaitable<void> ProposalWorker::run() {
    if (!co_await queue_.wait()) co_return;
    std::map<std::string, std::vector<WaitingWork>> targets;
    for (const auto& target : std::exchange(looks_, {})) targets[target];
    for (auto& one : queue_.take()) {
        const std::string target = one.bid.target;
        targets[target].push_back(std::move(one));
    }
    for (auto& [target, works] : targets) {
        looking_.insert(target);
        // What waits for a place asks again, before whoever came later.
        if (const auto parked = parked_.find(target); parked != parked_.end()) {
            auto all = std::move(parked->second);
            parked_.erase(parked);
            for (auto& one : works) all.push_back(std::move(one));
            works = std::move(all);
        }
        in_look_.insert(in_look_.end(), works.begin(), works.end());
    }
    for (auto& [target, works] : targets) {
        if (pipeline_.stopping_) co_return;
        const std::string name = target;
        co_await look_at(name, std::move(works));
        std::erase_if(in_look_, [&](const auto& one) { return one.bid.target == name; });
        looking_.erase(name);
        pipeline_.proposals_looked();
    }
    in_look_.clear();
    queue_.rest();
}

std::shared_ptr<BranchView> ProposalWorker::view() { return view_.get(pipeline_.config_); }

asio::awaitable<void> ProposalWorker::look_at(
    std::string target_name, std::vector<WaitingWork> works
) {
    co_await pipeline_.find_branch(repository_, view());
    ProposalLook look;
    look.config = pipeline_.config_;
    look.target = look.config->target(target_name);
    look.repository = look.config->repository(repository_);
    look.view = view();
    look.works = std::move(works);
    look.now = Clock::now();
    const bool proposes = look.target != nullptr && look.repository != nullptr && look.view &&
                          look.target->repository == repository_ &&
                          look.target->deliver == config::Deliver::PullRequest;
    if (!proposes) {
        // It was configured otherwise meanwhile.
        auto items = items_of(look.works);
        auto outcome = outcome_of(
            "refused",
            fmt::format("target \"{}\" does not propose pull requests any more", target_name)
        );
        co_await pipeline_.settle_all(std::move(items), std::move(outcome));
        co_await take_back(look, target_name);
        co_return;
    }
    if (!co_await gather(look)) co_return;
    if (auto made = make_forge(look); made.has_error()) {
        std::string step = "propose";
        Error error = made.error();
        co_await give_up(look, std::move(step), std::move(error));
        co_return;
    }
    auto options = commit_options_of(*look.repository, look.now);
    if (options.has_error()) {
        std::string step = "propose";
        Error error = options.error().within(repository_);
        co_await give_up(look, std::move(step), std::move(error));
        co_return;
    }
    look.options = std::move(*options);
    look.options.dry_run = true;
    look.options.group = plan::Grouping::All;

    for (int plans = 0; plans < kMostPlans; ++plans) {
        if (!co_await plan(look)) co_return;
        const std::size_t held = look.held.size();
        for (const std::string& name : look.in_order()) {
            if (pipeline_.stopping_) co_return;
            std::string group = name;
            GroupLook mine = look.groups.at(name);
            auto row = mine.row;
            // A person's no to all of it: the branch stays, so that they may change their mind.
            const auto said = look.answers.find(name);
            if (mine.plan.empty() && said != look.answers.end() && !said->second.held.empty()) {
                continue;
            }
            const std::pair place{look.target->name, name};
            const auto last = looked_at_.find(place);
            const auto print = look_print(mine.plan);
            if (may_rest(
                    mine,
                    look.candidates,
                    last == looked_at_.end() ? std::nullopt : std::optional{last->second},
                    look.now
                )) {
                continue;
            }
            looked_at_.erase(place);
            auto answer = co_await propose(look, std::move(group), std::move(mine));
            if (pipeline_.stopping_) co_return;
            if (answer.has_value()) looked_at_[place] = print;
            if (answer.has_error()) {
                spdlog::warn(
                    "repository {} target {}{}{}: {}",
                    repository_,
                    look.target->name,
                    name.empty() ? "" : " group ",
                    name,
                    answer.error().message
                );
                look.errors.insert_or_assign(name, answer.error());
                if (row) {
                    Error error = answer.error();
                    co_await postpone(std::move(*row), std::move(error));
                }
                continue;
            }
            look.errors.erase(name);
            look.held.insert(look.held.end(), answer->held.begin(), answer->held.end());
            look.answers.insert_or_assign(name, std::move(*answer));
        }
        if (look.held.size() == held) break;
    }
    co_await settle(look);
}

asio::awaitable<bool> ProposalWorker::gather(ProposalLook& look) {
    std::function<Result<std::vector<store::PullRequest>>(store::Store&)> read =
        [name = look.target->name](store::Store& store) {
            return store.pull_requests().list(name);
        };
    auto rows =
        co_await in_store<std::vector<store::PullRequest>>(pipeline_.writer_, std::move(read));
    if (rows.has_error()) {
        std::string step = "propose";
        Error error = rows.error();
        co_await give_up(look, std::move(step), std::move(error));
        co_return false;
    }
    std::erase_if(*rows, [this](const auto& row) { return row.repository != repository_; });
    look.rows = std::move(*rows);
    look.candidates = candidates_of(*look.config, *look.target, look.works, look.rows);
    if (look.repository->repository_policies) {
        // What is proposed already is asked as strictly as what is new.
        auto rules = co_await pipeline_.worker(repository_).rules(true);
        if (rules.has_error()) {
            std::string step = "propose";
            Error error = rules.error();
            co_await give_up(look, std::move(step), std::move(error));
            co_return false;
        }
        for (auto& one : look.candidates) {
            if (one.work) continue;
            one.bid.policy = (*rules)->of(one.bid.policy);
        }
    }
    co_await renew_soaks(look);
    std::vector<plan::Bid*> bids;
    for (auto& one : look.candidates) bids.push_back(&one.bid);
    auto known = co_await recall_writes(pipeline_.writer_, std::move(bids));
    if (known.has_error()) {
        std::string step = "propose";
        Error error = known.error();
        co_await give_up(look, std::move(step), std::move(error));
        co_return false;
    }
    std::function<Result<std::vector<store::Hold>>(store::Store&)> ask = [](store::Store& store) {
        return store.holds().list(Clock::now());
    };
    auto holds = co_await in_store<std::vector<store::Hold>>(pipeline_.writer_, std::move(ask));
    if (holds.has_error()) {
        std::string step = "propose";
        Error error = holds.error().within("reading the holds");
        co_await give_up(look, std::move(step), std::move(error));
        co_return false;
    }
    look.ignored = apply_holds(look.candidates, *holds);
    std::vector<Ended> ended;
    for (auto& one : take_held(look.candidates)) {
        const auto held = policy::held_by(one.bid.holds, one.fact.tag, one.bid.resolved);
        auto& work = look.works[*one.work];
        look.answered.insert(*one.work);
        plan::BidAnswer answer;
        answer.decision = {.verdict = *held, .explanation = one.bid.selection};
        auto outcome = outcome_of("held", held_reason(*held));
        outcome.detail_json = detail_json(answer, {}, {}, work.notes, work.gates);
        ended.push_back({.item = std::move(work.item), .outcome = std::move(outcome)});
    }
    co_await pipeline_.settle(std::move(ended));
    drop_superseded(look.candidates);
    co_return true;
}

asio::awaitable<bool> ProposalWorker::plan(ProposalLook& look) {
    auto bids = std::make_shared<const std::vector<plan::Bid>>(look.bids());
    auto work = [view = look.view, bids, options = look.options] {
        const std::vector<std::vector<std::string>> intended(bids->size());
        return plan_on_tip(*view, *bids, intended, options, Look::Fetch);
    };
    const auto began = std::chrono::steady_clock::now();
    auto planned = co_await runtime::blocking(pipeline_.git_pool_, std::move(work));
    pipeline_.metrics_.step("plan", std::chrono::steady_clock::now() - began);
    if (planned.has_error()) {
        std::string step = "plan";
        Error error = planned.error().within(repository_);
        co_await give_up(look, std::move(step), std::move(error));
        co_return false;
    }
    // Decided under other rules than those of the base: decided again.
    if (look.options.rules) {
        const auto stale =
            std::any_of(look.candidates.begin(), look.candidates.end(), [&](const auto& one) {
                return one.work && !one.bid.asked_for &&
                       look.works[*one.work].rules != planned->rules;
            });
        if (stale) {
            // The worker of commits knows the rules; it looks at the branch anew.
            auto rules = co_await pipeline_.worker(repository_).rules(true);
            if (rules.has_error()) {
                std::string step = "policies";
                Error error = rules.error();
                co_await give_up(look, std::move(step), std::move(error));
                co_return false;
            }
            for (auto& one : look.take_rest()) {
                parked_[look.target->name].push_back(std::move(one));
            }
            reconsider();
            co_return false;
        }
    }
    look.planned = std::make_shared<PlannedTurn>(std::move(*planned));
    auto parts = plan::split_apart(look.planned->turn.plan, look.target->pull_request.group);
    if (parts.has_error()) {
        std::string step = "plan";
        Error error = parts.error();
        co_await give_up(look, std::move(step), std::move(error));
        co_return false;
    }
    look.groups = groups_of(std::move(*parts), look.rows);
    co_return true;
}

asio::awaitable<void> ProposalWorker::renew_soaks(ProposalLook& look) {
    for (auto& one : look.candidates) {
        if (one.work || !one.fact.soaks_until) continue;
        const auto known =
            co_await pipeline_.book_.find(one.bid.policy.image, one.bid.cause.event.tag);
        if (known.has_error() || !*known || !(*known)->digest_seen) continue;
        if (!one.fact.digest.empty() && (*known)->digest != one.fact.digest) continue;
        one.fact.soaks_until = *(*known)->digest_seen + one.bid.policy.soak;
    }
}

asio::awaitable<std::map<std::string, plan::ImageOrigin>> ProposalWorker::learn_origins(
    std::vector<ImageSide> sides, std::map<std::string, plan::ImageOrigin> known
) {
    std::map<std::string, plan::ImageOrigin> origins;
    std::size_t asked = 0;
    for (std::size_t i = 0; i < sides.size(); ++i) {
        const std::string name = sides[i].image.str() + ":" + sides[i].tag.str();
        if (origins.contains(name)) continue;
        if (const auto found = known.find(name); found != known.end()) {
            origins.emplace(name, found->second);
            continue;
        }
        if (++asked > kMostOrigins) continue;
        auto origin =
            co_await pipeline_.decider_.origin(sides[i].image, sides[i].tag, sides[i].digest);
        // A registry that is away costs a link, never the pull request.
        if (origin.has_value()) origins.emplace(name, std::move(*origin));
    }
    co_return origins;
}

asio::awaitable<Result<ProposeAnswer>> ProposalWorker::propose(
    ProposalLook& look, std::string group, GroupLook wanted
) {
    const auto& target = *look.target;
    auto row = wanted.row;
    using Known = std::pair<std::optional<store::PullRequest>, store::PullRequestCounts>;
    std::function<Result<Known>(store::Store&)> read =
        [repository = repository_, name = target.name, group](store::Store& store
        ) -> Result<Known> {
        LINKSPAN_TRY(now, store.pull_requests().get(repository, name, group));
        LINKSPAN_TRY(counts, store.pull_requests().counts(name, group, Clock::now()));
        return Known{std::move(now), std::move(counts)};
    };
    auto known = co_await in_store<Known>(pipeline_.writer_, std::move(read));
    if (known.has_error()) co_return known.error();
    // As the look began with it: a nudge that came since is another look's.
    if (known->first && row) {
        known->first->nudged_at = row->nudged_at;
        known->first->wish = row->wish;
    }
    GroupFacts facts{.counts = known->second};
    auto before = read_origins(known->first ? known->first->origins : "{}");
    auto sides = sides_of(wanted.plan);
    facts.origins = co_await learn_origins(std::move(sides), std::move(before));
    const std::string origins_text = write_origins(facts.origins);
    if (target.pull_request.codeowners && !wanted.plan.empty()) {
        auto people = co_await owners(look, wanted.plan);
        if (people.has_error()) co_return people.error();
        facts.people = std::move(*people);
    }
    auto request = request_of(look, group, std::move(wanted), std::move(facts));
    const auto soaks_until = request.proposal.soaks_until;

    auto proposer = std::make_shared<Proposer>(
        *forge_, *look.view->mirror, std::move(request), std::move(known->first)
    );
    const auto nudged_at = row ? row->nudged_at : std::nullopt;
    const auto began = std::chrono::steady_clock::now();
    const auto done = co_await drive(look, proposer, origins_text);
    if (done.has_error()) co_return done.error();
    pipeline_.metrics_.step("propose", std::chrono::steady_clock::now() - began);
    auto change = proposer->to_record();
    change.row.origins = origins_text;
    change.row.nudged_at = nudged_at;
    // Events may be lost or not configured at all: looked at again after a while.
    if (change.row.state == "open" || change.row.state == "waiting") {
        auto again = look.now + look.repository->forge->poll;
        if (soaks_until && *soaks_until > look.now) again = std::min(again, *soaks_until);
        change.row.look_at = change.row.look_at ? std::min(*change.row.look_at, again) : again;
    }
    auto kept = co_await keep(look.config, std::move(change), true);
    if (kept.has_error()) co_return kept.error();
    co_return proposer->answer();
}

asio::awaitable<Status> ProposalWorker::drive(
    const ProposalLook& look, std::shared_ptr<Proposer> proposer, std::string origins
) {
    // The forge lives as long as its calls.
    const auto forge = forge_;
    for (;;) {
        auto decide = [proposer, forge] { return proposer->decide(); };
        auto more = co_await runtime::blocking(pipeline_.git_pool_, std::move(decide));
        if (more.has_error()) co_return more.error();
        if (!*more) co_return Status{};
        auto intended = proposer->to_record();
        intended.row.origins = origins;
        spdlog::debug(
            "target {} group {}: {}", intended.row.target, intended.row.group, proposer->step()
        );
        auto noted = co_await keep(look.config, std::move(intended), false);
        if (noted.has_error()) co_return noted;
        auto act = [proposer, forge] { return proposer->act(); };
        auto acted = co_await runtime::blocking(pipeline_.git_pool_, std::move(act));
        if (acted.has_error()) co_return acted;
        auto change = proposer->to_record();
        change.row.origins = origins;
        auto kept = co_await keep(look.config, std::move(change), false);
        if (kept.has_error()) co_return kept;
        if (pipeline_.stopping_) co_return Error{Errc::Unavailable, "stopping"};
    }
}

Status ProposalWorker::make_forge(const ProposalLook& look) {
    if (forge_config_ == look.config && forge_) return {};
    LINKSPAN_TRY(made, forge_of(look.config, *look.repository));
    forge_ = std::move(made);
    forge_config_ = look.config;
    return {};
}

asio::awaitable<void> ProposalWorker::take_back(ProposalLook& look, std::string target) {
    using Rows = std::vector<store::PullRequest>;
    std::function<Result<Rows>(store::Store&)> read = [target](store::Store& store) {
        return store.pull_requests().list(target);
    };
    auto rows = co_await in_store<Rows>(pipeline_.writer_, std::move(read));
    if (rows.has_error()) {
        spdlog::error("target {}: {}", target, rows.error().message);
        co_return;
    }
    for (auto& row : *rows) {
        if (row.repository != repository_ || row.state == "none") continue;
        const bool reachable = look.repository != nullptr && look.view && look.repository->forge;
        if (row.state == "open" && reachable) {
            auto taken = co_await take_back_one(look, row);
            if (pipeline_.stopping_) co_return;
            if (taken.has_error()) {
                spdlog::warn("target {}: {}", target, taken.error().message);
                Error error = taken.error();
                const bool again = is_transient(error.kind);
                if (again) {
                    co_await postpone(std::move(row), std::move(error));
                    continue;
                }
            }
        }
        std::function<Status(store::Store&)> forget = [row](store::Store& store) -> Status {
            LINKSPAN_TRY(now, store.pull_requests().get(row.repository, row.target, row.group));
            if (!now) return {};
            now->state = "none";
            now->note = "the target is no longer configured to propose pull requests";
            now->look_at.reset();
            if (auto put = store.pull_requests().put(*now); put.has_error()) return put;
            return store.pull_requests().answered(row);
        };
        auto forgotten = co_await in_store_status(pipeline_.writer_, std::move(forget));
        if (forgotten.has_error()) spdlog::error("{}", forgotten.error().message);
    }
}

asio::awaitable<Status> ProposalWorker::take_back_one(ProposalLook& look, store::PullRequest row) {
    if (auto made = make_forge(look); made.has_error()) co_return made;
    auto options = commit_options_of(*look.repository, look.now);
    if (options.has_error()) co_return options.error();
    auto fetch = [view = look.view]() -> Result<git::CommitId> {
        if (auto opened = open_mirror(*view); opened.has_error()) return opened.error();
        return view->mirror->fetch(view->branch);
    };
    auto base = co_await runtime::blocking(pipeline_.git_pool_, std::move(fetch));
    if (base.has_error()) co_return base.error().within(repository_);
    ProposeRequest request{
        .repository = repository_,
        .base_branch = look.repository->branch,
        .base = std::move(*base),
        .author = options->author,
        .committer = options->committer,
        .message = options->message};
    request.proposal.target = row.target;
    request.proposal.group = row.group;
    request.gone = "The configuration proposes nothing for this target any more.";
    request.gone_kind = "refused";
    request.now = look.now;
    const std::string origins = row.origins;
    auto proposer = std::make_shared<Proposer>(
        *forge_, *look.view->mirror, std::move(request), std::optional{std::move(row)}
    );
    co_return co_await drive(look, std::move(proposer), origins);
}

asio::awaitable<Result<std::vector<std::string>>> ProposalWorker::owners(
    ProposalLook& look, const plan::EditPlan& plan
) {
    auto form = plan::OwnersForm::Github;
    const auto type = forge_type_of(*look.repository);
    if (type == forge::ForgeType::Gitlab) form = plan::OwnersForm::Gitlab;
    if (type == forge::ForgeType::Gitea) form = plan::OwnersForm::Gitea;
    std::vector<std::string> paths;
    for (const auto& file : plan.files) paths.push_back(file.path);
    auto work = [view = look.view, base = look.planned->base, form, paths](
                ) -> Result<std::vector<std::string>> {
        for (const auto& file : plan::owners_files(form)) {
            LINKSPAN_TRY(found, view->mirror->find(base, file));
            if (!found) continue;
            LINKSPAN_TRY(text, view->mirror->read(found->blob, kLargestOwners));
            return plan::owners_of(form, text, paths);
        }
        return std::vector<std::string>{};
    };
    co_return co_await runtime::blocking(pipeline_.git_pool_, std::move(work));
}

asio::awaitable<Status> ProposalWorker::keep(ConfigPtr config, ToRecord change, bool end) {
    auto shared = std::make_shared<const ToRecord>(std::move(change));
    auto told = std::make_shared<std::size_t>(0);
    std::function<Status(store::Store&)> write = [shared, config, end, told](store::Store& store
                                                 ) -> Status {
        std::vector<RevisedWork> revised;
        if (auto done = record(store, *shared, &revised); done.has_error()) return done;
        std::vector<SettledWork> settled;
        for (const auto& one : revised) settled.push_back({&one.item, &one.outcome});
        const auto notices = notices_of_outcomes(*config, settled, Clock::now());
        *told = notices.messages.size();
        if (auto done = notices.write(store); done.has_error()) return done;
        return end ? store.pull_requests().answered(shared->row) : Status{};
    };
    auto written = co_await in_store_status(pipeline_.writer_, std::move(write));
    if (*told > 0) pipeline_.notifier_.wake();
    co_return written;
}

// What can't be looked at now is looked at later, and says why.
asio::awaitable<void> ProposalWorker::postpone(store::PullRequest row, Error error) {
    std::chrono::milliseconds wait = kLookAfterRefusal;
    if (is_transient(error.kind)) wait = error.retry_after.value_or(kLookAfterFailure);
    std::function<Status(store::Store&)> write = [row, wait, error](store::Store& store) -> Status {
        LINKSPAN_TRY(now, store.pull_requests().get(row.repository, row.target, row.group));
        if (!now) return {};
        now->look_at = Clock::now() + wait;
        now->note = error.message;
        if (auto put = store.pull_requests().put(*now); put.has_error()) return put;
        // A wish that could not be heard is heard later.
        return store.pull_requests().answered(row, !is_transient(error.kind));
    };
    auto written = co_await in_store_status(pipeline_.writer_, std::move(write));
    if (written.has_error()) spdlog::error("{}", written.error().message);
}

asio::awaitable<void> ProposalWorker::settle(ProposalLook& look) {
    auto end = end_of(look);
    for (auto& one : end.later) {
        pipeline_.spawn(
            pipeline_.wait_until({std::move(one.item)}, one.until.until, std::move(one.until.why))
        );
    }
    co_await pipeline_.settle(std::move(end.ended));
    fail_or_retry(std::move(end.failed), "propose", std::move(end.failure));
    if (end.parked.empty()) co_return;
    const auto due = end.parked_until.value_or(Clock::now() + kLongestWait);
    std::function<Status(store::Store&)> note =
        [items = items_of(end.parked), due, why = end.parked_why](store::Store& store) {
            for (const auto& item : items) {
                auto status = store.wait(item.id, due, why);
                if (status.has_error()) return status;
            }
            return Status{};
        };
    auto noted = co_await in_store_status(pipeline_.writer_, std::move(note));
    if (noted.has_error()) {
        spdlog::error("the wait is not in the trail: {}", noted.error().message);
    }
    auto& waiting = parked_[look.target->name];
    for (auto& one : end.parked) waiting.push_back(std::move(one));
}

asio::awaitable<void> ProposalWorker::give_up(ProposalLook& look, std::string step, Error error) {
    for (auto& row : look.rows) {
        if (row.state != "open" && row.state != "waiting" && !row.nudged_at) continue;
        co_await postpone(row, error);
    }
    if (look.works.empty()) {
        spdlog::warn(
            "repository {} target {}: {}: {}", repository_, look.target->name, step, error.message
        );
    }
    fail_or_retry(look.take_rest(), std::move(step), std::move(error));
}

void ProposalWorker::fail_or_retry(std::vector<WaitingWork> works, std::string step, Error error) {
    error = pipeline_.for_now(repository_, std::move(error));
    // The mirror has noted its damage: once more, with a fresh one.
    const bool first = std::all_of(works.begin(), works.end(), [](const auto& one) {
        return one.item.attempts == 0;
    });
    if (error.kind == Errc::Corrupt && first) error.kind = Errc::Unavailable;
    if (pipeline_.stopping_ || works.empty()) return;
    pipeline_.retry(items_of(works), std::move(step), std::move(error));
}

}  // namespace linkspan::pipeline
