// The pipeline's share in pull requests: who delivers for a target, and when it is time to look.
#include "service/pipeline/branch_worker.h"
#include "service/pipeline/pipeline.h"
#include "service/pipeline/proposal_worker.h"
#include "service/pipeline/store_access.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;

// A clock that is set is noticed after this long.
constexpr std::chrono::minutes kLongestNap{1};
// What is due and can't be looked at is asked for so often at the most.
constexpr std::chrono::milliseconds kShortestNap{200};
constexpr std::chrono::seconds kAfterFailure{5};

}  // namespace

ProposalWorker& Pipeline::proposals(const std::string& repository) {
    auto& worker = proposals_[repository];
    if (!worker) worker = std::make_unique<ProposalWorker>(*this, repository);
    return *worker;
}

void Pipeline::hand_over(const config::Target& target, WaitingWork work) {
    if (target.deliver == config::Deliver::PullRequest) {
        proposals(target.repository).add(std::move(work));
    } else {
        worker(target.repository).add(std::move(work));
    }
}

void Pipeline::pull_requests_nudged() { proposals_looked(); }

void Pipeline::proposals_looked() {
    look_at_proposals_ = true;
    if (next_proposals_look_) next_proposals_look_->cancel();
}

asio::awaitable<void> Pipeline::nudge_proposals() {
    std::function<Status(store::Store&)> nudge = [config = config_](store::Store& store) -> Status {
        std::set<std::string> targets;
        for (const auto& target : config->targets) {
            if (target.deliver == config::Deliver::PullRequest) targets.insert(target.name);
        }
        // Also of those that propose no more.
        LINKSPAN_TRY(rows, store.pull_requests().list(std::nullopt));
        for (const auto& row : rows) {
            if (row.state == "open") targets.insert(row.target);
        }
        for (const auto& target : targets) {
            LINKSPAN_TRY(some, store.pull_requests().nudge_target(target, Clock::now()));
            (void)some;
        }
        return {};
    };
    auto nudged = co_await in_store_status(writer_, std::move(nudge));
    if (nudged.has_error()) spdlog::warn("{}", nudged.error().message);
    proposals_looked();
}

asio::awaitable<void> Pipeline::look_at_proposals_guarded() {
    struct Due {
        std::vector<std::pair<std::string, std::string>> looks;  // repository, target
        std::optional<store::TimePoint> next;
    };
    while (!stopping_) {
        look_at_proposals_ = false;
        std::function<Result<Due>(store::Store&)> ask = [](store::Store& store) -> Result<Due> {
            Due due;
            LINKSPAN_TRY(rows, store.pull_requests().due(Clock::now()));
            for (auto& row : rows) {
                due.looks.emplace_back(std::move(row.repository), std::move(row.target));
            }
            LINKSPAN_TRY(next, store.pull_requests().next_look());
            due.next = next;
            return due;
        };
        auto due = co_await in_store<Due>(writer_, std::move(ask));
        if (stopping_) co_return;
        std::chrono::milliseconds wait = kLongestNap;
        if (due.has_error()) {
            spdlog::warn("pull requests are not looked at: {}", due.error().message);
            wait = kAfterFailure;
        } else {
            for (const auto& [repository, target] : due->looks) {
                if (config_->repository(repository) != nullptr) proposals(repository).look(target);
            }
            if (due->next) {
                const auto left =
                    std::chrono::ceil<std::chrono::milliseconds>(*due->next - Clock::now());
                wait = std::clamp(left, kShortestNap, wait);
            }
            // A look tells when it has ended.
            if (!due->looks.empty()) wait = kLongestNap;
        }
        // A word that came while the store was asked.
        if (look_at_proposals_) continue;
        next_proposals_look_ = std::make_shared<asio::steady_timer>(executor_, wait);
        co_await sleep(next_proposals_look_);
    }
}

}  // namespace linkspan::pipeline
