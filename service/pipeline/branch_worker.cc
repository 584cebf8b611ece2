#include "service/pipeline/branch_worker.h"

#include "core/manifest/diff.h"
#include "service/pipeline/pipeline.h"
#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"
#include "service/runtime/blocking.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;

// How often one turn looks again on a tip that moved under it, before it stands back and lets time
// pass.
constexpr int kMaxLooks = 10;

std::vector<store::WorkItem> items_of(const std::vector<WaitingWork>& waiting) {
    std::vector<store::WorkItem> items;
    items.reserve(waiting.size());
    for (const auto& one : waiting) items.push_back(one.item);
    return items;
}

store::Outcome refused(std::string reason) {
    return {.kind = "refused", .reason = std::move(reason), .commit = {}, .detail_json = "{}"};
}

git::Credentials to_git(const config::GitCredentials& from, Secret password, Secret passphrase) {
    return {
        .username = from.username,
        .password = std::move(password),
        .ssh_key = from.ssh_key,
        .ssh_passphrase = std::move(passphrase)};
}

git::RemoteOptions remote_of(const ConfigPtr& config, const config::Repository& repository) {
    git::RemoteOptions remote;
    remote.url = repository.url;
    remote.known_hosts = repository.credentials.known_hosts;
    remote.ca_file = repository.ca_file;
    remote.timeout = repository.timeout;
    // The config is kept alive by the copy.
    remote.credentials = [config, &repository]() -> Result<git::Credentials> {
        Secret password;
        Secret passphrase;
        const auto& from = repository.credentials;
        if (from.password) {
            LINKSPAN_TRY(read, from.password->read());
            password = std::move(read);
        }
        if (from.passphrase) {
            LINKSPAN_TRY(read, from.passphrase->read());
            passphrase = std::move(read);
        }
        return to_git(from, std::move(password), std::move(passphrase));
    };
    return remote;
}

// One "@@" part of a diff, and the lines of the old text that it covers.
struct Hunk {
    std::size_t first = 0;
    std::size_t last = 0;
    std::string text;
};
struct FileDiff {
    std::string head;  // "--- a/…", "+++ b/…"
    std::vector<Hunk> hunks;
};
using Diffs = std::map<std::string, FileDiff>;

FileDiff split(const std::string& diff) {
    FileDiff file;
    std::size_t at = 0;
    while (at < diff.size()) {
        const std::size_t end = std::min(diff.find('\n', at), diff.size() - 1) + 1;
        const std::string_view line{diff.data() + at, end - at};
        if (line.starts_with("@@ -")) {
            Hunk hunk;
            std::size_t count = 1;
            const char* p = line.data() + 4;
            const char* const stop = line.data() + line.size();
            auto read = std::from_chars(p, stop, hunk.first);
            if (read.ptr < stop && *read.ptr == ',') std::from_chars(read.ptr + 1, stop, count);
            hunk.last = hunk.first + count;
            file.hunks.push_back(std::move(hunk));
        }
        (file.hunks.empty() ? file.head : file.hunks.back().text) += line;
        at = end;
    }
    return file;
}

// Once for a turn, however many pieces of work share its files.
Diffs diffs_of(const plan::EditPlan& plan) {
    Diffs diffs;
    for (const auto& file : plan.files) {
        diffs.emplace(file.path, split(manifest::unified_diff(file.path, file.before, file.after)));
    }
    return diffs;
}

// The parts of the plan's diff that belong to one piece of work: other policies' changes are not
// its business, and a thousand images in one file must not store a thousand diffs of it.
std::string diff_for(const Diffs& diffs, const plan::BidAnswer& answer) {
    std::map<std::string, std::set<std::size_t>> lines;
    for (const auto& change : answer.changes) lines[change.path].insert(change.line);
    std::string out;
    for (const auto& [path, mine] : lines) {
        const auto file = diffs.find(path);
        if (file == diffs.end()) continue;
        std::string hunks;
        for (const auto& hunk : file->second.hunks) {
            const auto line = mine.lower_bound(hunk.first);
            if (line != mine.end() && *line <= hunk.last) hunks += hunk.text;
        }
        if (!hunks.empty()) out += file->second.head + hunks;
    }
    return out;
}

}  // namespace

BranchWorker::BranchWorker(Pipeline& pipeline, std::string repository)
    : pipeline_{pipeline}, repository_{std::move(repository)} {}

void BranchWorker::add(WaitingWork work) {
    queue_.push_back(std::move(work));
    if (running_) return;
    running_ = true;
    pipeline_.spawn(run_guarded());
}

std::shared_ptr<BranchView> BranchWorker::view() {
    const ConfigPtr config = pipeline_.config_;
    const auto* repository = config->repository(repository_);
    if (repository == nullptr) return nullptr;
    const std::string key = repository->url + "\n" + repository->branch;
    if (!view_ || view_key_ != key) {
        view_ = std::make_shared<BranchView>();
        view_->directory = config->data_dir + "/mirrors/" + repository_ + ".git";
        view_key_ = key;
    }
    // Credentials, deadlines and CA files may have changed with the config: the mirror is opened
    // anew with them. Only between turns, so nobody uses it now.
    if (view_config_ != config) {
        view_config_ = config;
        view_->mirror.reset();
        view_->remote = remote_of(config, *repository);
    }
    view_->branch = repository->branch;
    return view_;
}

asio::awaitable<void> BranchWorker::run_guarded() {
    while (!queue_.empty() && !pipeline_.stopping_) {
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
    std::chrono::milliseconds batch{0};
    for (const auto& one : queue_) batch = std::max(batch, one.batch);
    if (batch.count() > 0 && !co_await pipeline_.pause(batch)) co_return;
    in_turn_ = queue_;
    std::vector<WaitingWork> waiting = std::exchange(queue_, {});
    co_await turn(std::move(waiting));
    in_turn_.clear();
}

asio::awaitable<void> BranchWorker::turn(std::vector<WaitingWork> waiting) {
    // Taken together, after the wait for a batch: a reload may have come meanwhile.
    const ConfigPtr config = pipeline_.config_;
    const auto* repository = config->repository(repository_);
    const auto view = this->view();
    if (repository == nullptr || !view) {
        auto items = items_of(waiting);
        auto outcome =
            refused(fmt::format("repository \"{}\" is no longer in the configuration", repository_)
            );
        co_await pipeline_.settle_all(std::move(items), std::move(outcome));
        co_return;
    }
    bool healed = false;
    for (int look = 0; look < kMaxLooks && !waiting.empty() && !pipeline_.stopping_; ++look) {
        auto bids = std::make_shared<std::vector<plan::Bid>>();
        auto intended = std::make_shared<std::vector<std::optional<std::string>>>();
        for (const auto& one : waiting) {
            bids->push_back(one.bid);
            intended->push_back(one.item.intended_commit);
        }
        const CommitOptions options{
            .author = {.name = repository->author.name, .email = repository->author.email},
            .message = repository->message,
            .time = Clock::now()};
        auto began = std::chrono::steady_clock::now();
        auto look_work = [view, bids, intended, options] {
            return plan_on_tip(*view, *bids, *intended, options);
        };
        auto looked = co_await runtime::blocking(pipeline_.git_pool_, std::move(look_work));
        pipeline_.metrics_.step("plan", std::chrono::steady_clock::now() - began);
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
        waiting = co_await settle_without_commit(planned, std::move(waiting));
        if (waiting.empty()) co_return;

        // Before the push: after a crash, this commit in the branch means that the work is done.
        std::vector<std::int64_t> ids;
        for (auto& one : waiting) {
            ids.push_back(one.item.id);
            one.item.intended_commit = planned->commit->hex;
        }
        std::function<Status(store::Store&)> intend =
            [ids, commit = planned->commit->hex](store::Store& store) {
                for (const auto id : ids) {
                    if (auto status = store.intend(id, commit); status.has_error()) return status;
                }
                return Status{};
            };
        auto noted = co_await in_store_status(pipeline_.writer_, std::move(intend));
        if (noted.has_error()) {
            fail_or_retry(std::move(waiting), "record", noted.error());
            co_return;
        }
        began = std::chrono::steady_clock::now();
        auto push_work = [view, planned] { return publish(*view, *planned); };
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
        if (std::holds_alternative<git::Pushed>(*pushed) ||
            std::holds_alternative<git::AlreadyThere>(*pushed)) {
            pipeline_.metrics_.commit(repository_, planned->turn.plan.changes.size());
            co_await settle_committed(planned, std::move(waiting));
            co_return;
        }
        if (const auto* rejected = std::get_if<git::Rejected>(&*pushed)) {
            auto items = items_of(waiting);
            auto outcome = refused("the Git server refused the push: " + rejected->message);
            co_await pipeline_.settle_all(std::move(items), std::move(outcome));
            co_return;
        }
        spdlog::info("repository {}: the branch moved while planning; looking again", repository_);
        pipeline_.metrics_.retry("moved");
    }
    if (waiting.empty() || pipeline_.stopping_) co_return;
    fail_or_retry(
        std::move(waiting),
        "push",
        Error{Errc::Unavailable, fmt::format("the branch moved {} times in a row", kMaxLooks)}
    );
}

asio::awaitable<std::vector<WaitingWork>> BranchWorker::settle_without_commit(
    std::shared_ptr<PlannedTurn> planned, std::vector<WaitingWork> waiting
) {
    std::vector<WaitingWork> rest;
    std::vector<plan::BidAnswer> answers;
    std::vector<Pipeline::Ended> ended;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        plan::BidAnswer& answer = planned->turn.answers[i];
        if (planned->landed[i]) {
            store::Outcome outcome{
                .kind = "committed",
                .reason = "found in the branch: pushed before an interruption",
                .commit = waiting[i].item.intended_commit,
                .detail_json = "{}"};
            ended.push_back({.item = std::move(waiting[i].item), .outcome = std::move(outcome)});
            continue;
        }
        if (!answer.changes.empty()) {
            rest.push_back(std::move(waiting[i]));
            answers.push_back(std::move(answer));
            continue;
        }
        store::Outcome outcome{
            .kind = "already_current",
            .reason = "Git names the selected tag already",
            .commit = {},
            .detail_json =
                detail_json(answer, planned->base.hex, "", waiting[i].notes, waiting[i].gates)};
        if (const auto* refused = std::get_if<policy::Refused>(&answer.decision.verdict)) {
            outcome.kind = "refused";
            outcome.reason = refused->reason;
        }
        ended.push_back({.item = std::move(waiting[i].item), .outcome = std::move(outcome)});
    }
    // In step with what is left.
    planned->turn.answers = std::move(answers);
    co_await pipeline_.settle(std::move(ended));
    co_return rest;
}

asio::awaitable<void> BranchWorker::settle_committed(
    std::shared_ptr<PlannedTurn> planned, std::vector<WaitingWork> waiting
) {
    std::vector<Pipeline::Ended> ended;
    const Diffs diffs = diffs_of(planned->turn.plan);
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        const plan::BidAnswer& answer = planned->turn.answers[i];
        store::Outcome outcome{
            .kind = "committed",
            .reason = answer.decision.explanation.why,
            .commit = planned->commit->hex,
            .detail_json = detail_json(
                answer,
                planned->base.hex,
                diff_for(diffs, answer),
                waiting[i].notes,
                waiting[i].gates
            )};
        ended.push_back({.item = std::move(waiting[i].item), .outcome = std::move(outcome)});
    }
    co_await pipeline_.settle(std::move(ended));
}

void BranchWorker::fail_or_retry(std::vector<WaitingWork> waiting, std::string step, Error error) {
    if (pipeline_.stopping_) return;
    // Waits beside the queue: work that comes meanwhile has its own turn, and its own look at the
    // remote.
    pipeline_.spawn(come_back(std::move(waiting), std::move(step), std::move(error)));
}

asio::awaitable<void> BranchWorker::come_back(
    std::vector<WaitingWork> waiting, std::string step, Error error
) {
    auto items = items_of(waiting);
    if (!co_await pipeline_.retry_later(items, std::move(step), std::move(error))) co_return;
    // Those that were given up on meanwhile are not among them.
    for (auto& one : waiting) {
        const auto item = std::find_if(items.begin(), items.end(), [&](const auto& kept) {
            return kept.id == one.item.id;
        });
        if (item == items.end()) continue;
        one.item = *item;
        one.batch = std::chrono::milliseconds{0};
        add(std::move(one));
    }
}

}  // namespace linkspan::pipeline
