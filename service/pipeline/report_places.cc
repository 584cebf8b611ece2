// The Notifier's part that finds the place of reports on commits of other people.
#include "service/pipeline/notifier.h"
#include "service/pipeline/store_access.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;

// A controller that is further behind than this is not waited for.
constexpr std::size_t kCommitsAsked = 100;
constexpr std::size_t kPlacedAtOnce = 100;
constexpr std::chrono::seconds kAskAgain{15};

}  // namespace

asio::awaitable<void> Notifier::place_reports() {
    if (placing_) co_return;
    placing_ = true;
    bool later = false;
    do {
        later = false;
        place_again_ = false;
        std::function<Result<std::vector<store::DeploymentReport>>(store::Store&)> read =
            [](store::Store& store) { return store.deployments().unplaced(kPlacedAtOnce); };
        auto reports =
            co_await in_store<std::vector<store::DeploymentReport>>(writer_, std::move(read));
        if (reports.has_error()) break;
        bool unsure = false;
        for (auto& report : *reports) {
            if (stopping_) break;
            if (!co_await place(std::move(report))) unsure = true;
        }
        if (!unsure || stopping_) continue;
        later = true;
        placing_pause_->expires_after(kAskAgain);
        co_await placing_pause_->async_wait(asio::as_tuple(asio::use_awaitable));
    } while ((later || place_again_) && !stopping_);
    placing_ = false;
}

asio::awaitable<bool> Notifier::place(store::DeploymentReport report) {
    std::function<Result<std::vector<store::PushedCommit>>(store::Store&)> list =
        [](store::Store& store) { return store.deployments().branches(); };
    auto branches = co_await in_store<std::vector<store::PushedCommit>>(writer_, std::move(list));
    if (branches.has_error()) co_return false;
    bool sure = true;
    // Progress of somebody else's commit is not worth a fetch.
    if (report.state == "progressing") branches->clear();
    for (const auto& branch : *branches) {
        if (!report.branch.empty() && report.branch != branch.branch) continue;
        std::function<Result<std::vector<store::PushedCommit>>(store::Store&)> read =
            [branch](store::Store& store) {
                return store.deployments().commits(branch.repository, branch.branch, kCommitsAsked);
            };
        auto ours = co_await in_store<std::vector<store::PushedCommit>>(writer_, std::move(read));
        if (ours.has_error()) co_return false;
        if (ours->empty()) continue;
        std::vector<std::string> ids;
        for (const auto& commit : *ours) ids.push_back(commit.id);
        const auto found = co_await history_(branch.repository, report.revision, std::move(ids));
        if (found.has_error()) {
            if (found.error().kind == Errc::NotFound) continue;
            spdlog::warn(
                "a report on {} of {} can't be placed now: {}",
                report.revision,
                branch.repository,
                found.error().message
            );
            sure = false;
            continue;
        }
        if (!*found) continue;
        const auto commit = std::find_if(ours->begin(), ours->end(), [&](const auto& one) {
            return one.id == **found;
        });
        std::function<Status(store::Store&)> put =
            [report, commit = *commit, config = config_](store::Store& store) -> Status {
            const auto now = Clock::now();
            LINKSPAN_TRY(answer, store.deployments().place(report.id, commit, now));
            return notices_of_report(*config, report, answer.news, now).write(store);
        };
        auto placed = co_await in_store_status(writer_, std::move(put));
        if (placed.has_error()) co_return placed.error().kind == Errc::NotFound;
        news();
        co_return true;
    }
    if (!sure) co_return false;
    std::function<Status(store::Store&)> drop = [id = report.id](store::Store& store) {
        return store.deployments().drop(id);
    };
    auto dropped = co_await in_store_status(writer_, std::move(drop));
    co_return !dropped.has_error();
}

}  // namespace linkspan::pipeline
