// Deployments: what controllers said became of the commits that Linkspan made.
//
// Commits are remembered per branch in the order in which they were pushed. Since a branch only
// grows, a report on one of them is a report on those before it too: a controller that was slow may
// have skipped them. A report on a commit of somebody else is placed at the newest one of ours that
// it contains, by whoever can read the history; until then it is kept without a place.
//
// Reached through Store::deployments(), on the store's thread. Errors: those of the store.
#pragma once

#include "core/image/event.h"
#include "core/result.h"
#include "service/store/time_point.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::store {

class Database;

struct PushedCommit {
    std::string repository;  // name in the configuration
    std::string branch;
    std::string id;  // 40 hex digits
    TimePoint at;
};

struct DeploymentReport {
    std::int64_t id = 0;     // given by report()
    std::string controller;  // "flux", "argocd"
    std::string object;      // "Kustomization/flux-system/apps"
    std::string state;       // "applied", "failed", "progressing"
    std::string revision;    // commit that the controller saw, 40 hex digits
    std::string branch;      // that it followed; empty: not said
    std::string message;
    TimePoint at;  // by its clock
};

// A piece of work whose commit a report is news for.
struct Reached {
    std::int64_t work = 0;
    std::string delivery;
    std::size_t event_index = 0;
    image::ImageEvent event;
    std::string target;
    std::string policy;
    std::string repository;
    std::string branch;
    std::string commit;
    std::string detail_json;
};

struct ReportAnswer {
    std::int64_t id = 0;
    bool placed = false;
    // Work whose commit this object had not reported so before; work of the last day, of at most 50
    // commits.
    std::vector<Reached> news;
};

class Deployments {
public:
    explicit Deployments(Database& database) : database_{database} {}

    // A commit that is on its branch now, with the reports that came before this note of it.
    // Nothing happens when it is known.
    Status pushed(const PushedCommit& commit);
    // Ours, newest first.
    Result<std::vector<PushedCommit>> commits(
        std::string_view repository, std::string_view branch, std::size_t limit
    );
    // Every branch that has commits of ours: repository and branch are set, nothing else.
    Result<std::vector<PushedCommit>> branches();

    // Keeps a report; an equal one (all but message and time) is replaced. Placed at once when its
    // revision is a commit of ours.
    Result<ReportAnswer> report(const DeploymentReport& report, TimePoint now);
    // Reports without a place, oldest first.
    Result<std::vector<DeploymentReport>> unplaced(std::size_t limit);
    // The report's revision contains `commit`, and none of ours that is newer. Errors: NotFound.
    Result<ReportAnswer> place(std::int64_t report, const PushedCommit& commit, TimePoint now);
    // It concerns nothing of ours.
    Status drop(std::int64_t report);

    // What is known of a commit: for each object one report. The first revision that contains the
    // commit and was applied counts, else the latest one; of several on one revision the latest,
    // but progress does not take back what was reached. Empty: nobody said anything.
    Result<std::vector<DeploymentReport>> of(std::string_view commit);

    // Deletes commits from before `older_than` with their reports, and reports without a place from
    // then; how many commits.
    Result<std::size_t> expire(TimePoint older_than, std::size_t limit);

private:
    // Commit `seq` of `branch` (ids of rows) and the report that is to stand there.
    Result<ReportAnswer> put(
        std::int64_t branch, std::int64_t seq, const DeploymentReport& report, TimePoint now
    );
    Result<std::vector<Reached>> reached(
        std::int64_t branch, std::int64_t after, std::int64_t until, TimePoint since
    );

    Database& database_;
};

}  // namespace linkspan::store
