#include "service/store/deployments.h"

#include "service/store/database.h"
#include "service/store/sqlite_store.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace linkspan::store {

namespace {

// Reports that are looked at for one commit, from the commit on: enough to find who applied it.
constexpr std::size_t kReportsLookedAt = 300;
constexpr std::size_t kNewsCommits = 50;
constexpr std::chrono::hours kNewsAge{24};

// The columns id, controller, object, state, revision, followed, message, at.
DeploymentReport read_report(const Query& row) {
    return {
        .id = row.integer(0),
        .controller = row.text(1),
        .object = row.text(2),
        .state = row.text(3),
        .revision = row.text(4),
        .branch = row.text(5),
        .message = row.text(6),
        .at = row.time(7),
    };
}

// Of two reports of one object on one revision: whether `b` takes the place of `a`.
bool takes_over(const DeploymentReport& a, const DeploymentReport& b) {
    if (b.state == "progressing" && a.state != "progressing") return false;
    if (a.state == "progressing" && b.state != "progressing") return true;
    return std::pair{b.at, b.id} > std::pair{a.at, a.id};
}

}  // namespace

Status Deployments::pushed(const PushedCommit& commit) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    auto status = database_.run(
        "INSERT INTO branches (repository, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
        {commit.repository, commit.branch}
    );
    if (!status.has_error()) {
        status = database_.run(
            "INSERT INTO commits (branch, id, at) SELECT b.id, ?3, ?4 FROM branches b "
            "WHERE b.repository = ?1 AND b.name = ?2 ON CONFLICT DO NOTHING",
            {commit.repository, commit.branch, commit.id, commit.at}
        );
    }
    if (status.has_error()) return status.error().within("remembering a commit");
    if (database_.changes() > 0) {
        // A controller may be faster than the note of what was pushed.
        std::vector<std::int64_t> early;
        {
            LINKSPAN_TRY(
                row,
                database_.query(
                    "SELECT id FROM reports WHERE place IS NULL AND revision = ? ORDER BY id",
                    {commit.id}
                )
            );
            for (;;) {
                LINKSPAN_TRY(more, row.next());
                if (!more) break;
                early.push_back(row.integer(0));
            }
        }
        for (const auto report : early) {
            auto placed = place(report, commit, commit.at);
            if (placed.has_error()) return placed.error();
        }
    }
    if (status = transaction.commit(); status.has_error()) return status;
    return {};
}

Result<std::vector<PushedCommit>> Deployments::commits(
    std::string_view repository, std::string_view branch, std::size_t limit
) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT c.id, c.at FROM branches b JOIN commits c ON c.branch = b.id "
            "WHERE b.repository = ? AND b.name = ? ORDER BY c.seq DESC LIMIT ?",
            {repository, branch, limit}
        )
    );
    std::vector<PushedCommit> commits;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return commits;
        commits.push_back(PushedCommit{
            .repository = std::string{repository},
            .branch = std::string{branch},
            .id = row.text(0),
            .at = row.time(1),
        });
    }
}

Result<std::vector<PushedCommit>> Deployments::branches() {
    LINKSPAN_TRY(row, database_.query("SELECT repository, name FROM branches ORDER BY id"));
    std::vector<PushedCommit> branches;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return branches;
        branches.push_back({.repository = row.text(0), .branch = row.text(1), .id = {}, .at = {}});
    }
}

Result<ReportAnswer> Deployments::report(const DeploymentReport& report, TimePoint now) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    std::vector<std::pair<std::int64_t, std::int64_t>> places;  // branch, commit
    {
        LINKSPAN_TRY(
            row, database_.query("SELECT branch, seq FROM commits WHERE id = ?", {report.revision})
        );
        for (;;) {
            LINKSPAN_TRY(more, row.next());
            if (!more) break;
            places.emplace_back(row.integer(0), row.integer(1));
        }
    }
    ReportAnswer answer;
    if (places.empty()) {
        auto status = database_.run(
            "DELETE FROM reports WHERE place IS NULL AND controller = ? AND object = ? AND "
            "revision = ? AND state = ?",
            {report.controller, report.object, report.revision, report.state}
        );
        if (!status.has_error()) {
            status = database_.run(
                "INSERT INTO reports (controller, object, state, revision, followed, message, at, "
                "received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                {report.controller,
                 report.object,
                 report.state,
                 report.revision,
                 report.branch,
                 report.message,
                 report.at,
                 now}
            );
        }
        if (status.has_error()) return status.error().within("keeping a report");
        answer.id = database_.last_id();
    }
    // The same commit in several branches or repositories: forks, and renamed entries.
    for (const auto& [branch, seq] : places) {
        LINKSPAN_TRY(one, put(branch, seq, report, now));
        answer.id = one.id;
        answer.placed = true;
        answer.news.insert(answer.news.end(), one.news.begin(), one.news.end());
    }
    if (auto status = transaction.commit(); status.has_error()) return status.error();
    return answer;
}

Result<ReportAnswer> Deployments::put(
    std::int64_t branch, std::int64_t seq, const DeploymentReport& report, TimePoint now
) {
    ReportAnswer answer;
    answer.placed = true;
    std::int64_t reached_before = seq - 1;
    if (report.state == "applied") {
        LINKSPAN_TRY(
            highest,
            database_.integer(
                "SELECT coalesce(max(place), 0) FROM reports WHERE branch = ? AND controller = ? "
                "AND object = ? AND state = 'applied'",
                {branch, report.controller, report.object}
            )
        );
        reached_before = highest;
    } else if (report.state == "failed") {
        LINKSPAN_TRY(
            known,
            database_.integer(
                "SELECT count(*) FROM reports WHERE branch = ? AND place = ? AND controller = ? "
                "AND object = ? AND state = 'failed'",
                {branch, seq, report.controller, report.object}
            )
        );
        if (known > 0) reached_before = seq;
    }
    auto status = database_.run(
        "DELETE FROM reports WHERE branch = ? AND place = ? AND controller = ? AND object = ? AND "
        "revision = ? AND state = ?",
        {branch, seq, report.controller, report.object, report.revision, report.state}
    );
    if (!status.has_error()) {
        status = database_.run(
            "INSERT INTO reports (branch, place, controller, object, state, revision, followed, "
            "message, at, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            {branch,
             seq,
             report.controller,
             report.object,
             report.state,
             report.revision,
             report.branch,
             report.message,
             report.at,
             now}
        );
    }
    if (status.has_error()) return status.error().within("keeping a report");
    answer.id = database_.last_id();
    if (report.state == "progressing") return answer;
    LINKSPAN_TRY(news, reached(branch, reached_before, seq, now - kNewsAge));
    answer.news = std::move(news);
    return answer;
}

Result<std::vector<Reached>> Deployments::reached(
    std::int64_t branch, std::int64_t after, std::int64_t until, TimePoint since
) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT w.id, d.id, w.event, w.target, w.policy, w.outcome_commit, w.detail, "
            "b.repository, b.name, e.host, e.repository, e.tag, e.digest, e.media_type, "
            "e.pushed_at, e.revision, e.source, e.build_url, e.actor "
            "FROM (SELECT id, branch FROM commits WHERE branch = ?1 AND seq > ?2 AND seq <= ?3 "
            "AND at >= ?4 ORDER BY seq DESC LIMIT ?5) c "
            "JOIN branches b ON b.id = c.branch "
            "JOIN work w ON w.outcome_commit = c.id "
            "JOIN deliveries d ON d.seq = w.delivery "
            "JOIN events e ON e.delivery = w.delivery AND e.idx = w.event ORDER BY w.id",
            {branch, after, until, since, kNewsCommits}
        )
    );
    std::vector<Reached> news;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return news;
        LINKSPAN_TRY(event, read_event(row, 9));
        news.push_back(Reached{
            .work = row.integer(0),
            .delivery = row.text(1),
            .event_index = static_cast<std::size_t>(row.integer(2)),
            .event = std::move(event),
            .target = row.text(3),
            .policy = row.text(4),
            .repository = row.text(7),
            .branch = row.text(8),
            .commit = row.text(5),
            .detail_json = row.text(6),
        });
    }
}

Result<std::vector<DeploymentReport>> Deployments::unplaced(std::size_t limit) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT id, controller, object, state, revision, followed, message, at FROM reports "
            "WHERE place IS NULL ORDER BY id LIMIT ?",
            {limit}
        )
    );
    std::vector<DeploymentReport> reports;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return reports;
        reports.push_back(read_report(row));
    }
}

Result<ReportAnswer> Deployments::place(
    std::int64_t report, const PushedCommit& commit, TimePoint now
) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    DeploymentReport found;
    std::int64_t branch = 0;
    std::int64_t seq = 0;
    {
        LINKSPAN_TRY(
            row,
            database_.query(
                "SELECT id, controller, object, state, revision, followed, message, at "
                "FROM reports WHERE id = ? AND place IS NULL",
                {report}
            )
        );
        LINKSPAN_TRY(there, row.next());
        if (!there) return Error{Errc::NotFound, "there is no such report without a place"};
        found = read_report(row);
    }
    {
        LINKSPAN_TRY(
            row,
            database_.query(
                "SELECT c.branch, c.seq FROM commits c JOIN branches b ON b.id = c.branch "
                "WHERE c.id = ? AND b.repository = ? AND b.name = ?",
                {commit.id, commit.repository, commit.branch}
            )
        );
        LINKSPAN_TRY(there, row.next());
        if (!there) return Error{Errc::NotFound, "there is no such commit of ours"};
        branch = row.integer(0);
        seq = row.integer(1);
    }
    if (auto status = drop(report); status.has_error()) return status.error();
    LINKSPAN_TRY(answer, put(branch, seq, found, now));
    if (auto status = transaction.commit(); status.has_error()) return status.error();
    return std::move(answer);
}

Status Deployments::drop(std::int64_t report) {
    auto status = database_.run("DELETE FROM reports WHERE id = ?", {report});
    if (status.has_error()) return status.error().within("forgetting a report");
    return {};
}

Result<std::vector<DeploymentReport>> Deployments::of(std::string_view commit) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT r.id, r.controller, r.object, r.state, r.revision, r.followed, r.message, "
            "r.at, r.place FROM commits c JOIN reports r ON r.branch = c.branch "
            "AND r.place >= c.seq WHERE c.id = ? ORDER BY r.place, r.id LIMIT ?",
            {commit, kReportsLookedAt}
        )
    );
    struct Known {
        std::int64_t place = 0;
        DeploymentReport report;
    };
    // By object: what was last said of each revision, in the order of the branch.
    std::map<std::pair<std::string, std::string>, std::vector<Known>> objects;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) break;
        Known known{.place = row.integer(8), .report = read_report(row)};
        auto& revisions = objects[{known.report.controller, known.report.object}];
        if (revisions.empty() || revisions.back().place != known.place) {
            revisions.push_back(std::move(known));
        } else if (takes_over(revisions.back().report, known.report)) {
            revisions.back() = std::move(known);
        }
    }
    std::vector<DeploymentReport> reports;
    for (auto& [object, revisions] : objects) {
        auto one = std::find_if(revisions.begin(), revisions.end(), [](const Known& known) {
            return known.report.state == "applied";
        });
        if (one == revisions.end()) --one;
        reports.push_back(std::move(one->report));
    }
    return reports;
}

Result<std::size_t> Deployments::expire(TimePoint older_than, std::size_t limit) {
    auto status =
        database_.run("DELETE FROM reports WHERE place IS NULL AND received_at < ?", {older_than});
    if (!status.has_error()) {
        status = database_.run(
            "DELETE FROM commits WHERE seq IN "
            "(SELECT seq FROM commits WHERE at < ? ORDER BY seq LIMIT ?)",
            {older_than, limit}
        );
    }
    if (status.has_error()) return status.error().within("deleting old commits");
    return static_cast<std::size_t>(database_.changes());
}

}  // namespace linkspan::store
