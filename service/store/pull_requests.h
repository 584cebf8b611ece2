// PullRequests: for each target and group its one pull request, as it is remembered between looks.
//
// A row is written before each step outside and after it, so that a crash between any two leaves
// either the step's intention or its result. What only the life cycle reads is `memory`, a text
// that this module does not look into. Reached through Store::pull_requests(), on the store's
// thread. Errors: those of the store.
#pragma once

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

// An image in it, with what is needed to propose it again together with others.
struct PullRequestImage {
    std::string image;   // host/repository
    std::string policy;  // full name
    std::string tag;
    std::string digest{};  // empty: none is written
    std::string why{};
    std::string delivery{};
    std::optional<std::string> pushed_at{};
    std::optional<std::string> revision{};
    std::optional<std::string> source{};
    std::optional<std::string> build_url{};
    std::optional<std::string> actor{};
    std::string signed_by{};                 // a sentence; empty: no policy asked for a signature
    std::optional<TimePoint> soaks_until{};  // proposed as a draft while it soaks
    std::string asked_for{};                 // by whom and why, of a rollback
    friend bool operator==(const PullRequestImage&, const PullRequestImage&) = default;
};

struct PullRequest {
    std::string repository;  // name in the config
    std::string target;
    std::string group{};  // empty: all of the target
    std::string branch{};
    std::string base{};   // branch
    std::string state{};  // "waiting" (for a limit), "open", "merged", "closed", "ignored", "none"
    std::int64_t number = 0;
    std::string url{};
    std::string title{};
    std::string head{};  // commit
    std::string note{};  // a sentence: why it waits, is left alone, was closed
    std::string memory = "{}";
    std::string changes = "[]";  // the places that its branch changes: the proposer's, as JSON
    std::string origins = "{}";  // what images say about their sources: the proposer's, as JSON
    std::vector<PullRequestImage> images{};
    std::optional<TimePoint> waiting_since{};
    std::optional<TimePoint> opened_at{};
    std::optional<TimePoint> look_at{};  // when it is worth looking again
    TimePoint updated_at{};
    // A word of somebody since the last look: when the newest came, and who asked for what (JSON).
    // Of nudge() and answered(); put() leaves both alone.
    std::optional<TimePoint> nudged_at{};
    std::string wish{};
};

// What limits are about.
struct PullRequestCounts {
    std::size_t open = 0;             // of the target
    std::vector<TimePoint> opened{};  // in the last hour, oldest first
    std::size_t waiting_before = 0;   // groups of the target that have waited longer
};

class PullRequests {
public:
    explicit PullRequests(Database& database) : database_{database} {}

    Result<std::optional<PullRequest>> get(
        std::string_view repository, std::string_view target, std::string_view group
    );
    // Makes the row, or replaces it with its images. A new opened_at counts for the hourly limit.
    Status put(const PullRequest& row);
    // Those of a repository's branch: for events.
    Result<std::vector<PullRequest>> of_branch(
        std::string_view repository, std::string_view branch
    );
    // Those of a target, or all; by repository, target and group.
    Result<std::vector<PullRequest>> list(std::optional<std::string_view> target);
    // Those that are open, or wait, and are worth a look at `now`, and all that were nudged; the
    // longest waiting first.
    Result<std::vector<PullRequest>> due(TimePoint now);
    // The earliest that a look at any will be due; nullopt: at none.
    Result<std::optional<TimePoint>> next_look();
    // Something happened to the pull request of this branch or number (0: not known): it is worth
    // a look. An empty wish leaves the one that is there. How many it is about.
    Result<std::size_t> nudge(
        std::string_view repository,
        std::string_view branch,
        std::int64_t number,
        std::string_view wish,
        TimePoint now
    );
    // All of a target: its holds or its base have changed.
    Result<std::size_t> nudge_target(std::string_view target, TimePoint now);
    // Those that were merged and whose branch was not seen to be gone: after a crash, it may be
    // left.
    Result<std::size_t> nudge_merged(TimePoint now);
    // A look that began with this nudge has ended; a newer nudge stays. `heard`: the wish, too.
    Status answered(const PullRequest& row, bool heard = true);
    Result<PullRequestCounts> counts(
        std::string_view target, std::string_view group, TimePoint now
    );
    // Forgets openings before `older_than`; how many.
    Result<std::size_t> expire(TimePoint older_than);

private:
    Database& database_;
};

}  // namespace linkspan::store
