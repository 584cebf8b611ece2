#include "service/store/pull_requests.h"

#include "service/store/database.h"

#include <chrono>
#include <utility>

namespace linkspan::store {

namespace {

std::optional<TimePoint> time_or_none(const Query& row, int column) {
    return row.is_null(column) ? std::nullopt : std::optional{row.time(column)};
}

struct Numbered {
    std::int64_t id = 0;
    PullRequest row;
};

// Of the columns in the order of every SELECT below.
Result<std::vector<Numbered>> read(Query row) {
    std::vector<Numbered> rows;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return rows;
        rows.push_back(
            {.id = row.integer(0),
             .row =
                 {
                     .repository = row.text(1),
                     .target = row.text(2),
                     .group = row.text(3),
                     .branch = row.text(4),
                     .base = row.text(5),
                     .state = row.text(6),
                     .number = row.integer(7),
                     .url = row.text(8),
                     .title = row.text(9),
                     .head = row.text(10),
                     .note = row.text(11),
                     .memory = row.text(12),
                     .changes = row.text(17),
                     .origins = row.text(18),
                     .images = {},
                     .waiting_since = time_or_none(row, 13),
                     .opened_at = time_or_none(row, 14),
                     .look_at = time_or_none(row, 15),
                     .updated_at = row.time(16),
                     .nudged_at = time_or_none(row, 19),
                     .wish = row.text(20),
                 }}
        );
    }
}

Result<std::vector<PullRequest>> with_images(
    Database& database, Result<std::vector<Numbered>> numbered
) {
    if (numbered.has_error()) return numbered.error();
    std::vector<PullRequest> rows;
    for (auto& one : *numbered) {
        LINKSPAN_TRY(
            image,
            database.query(
                "SELECT image, policy, tag, digest, why, delivery, pushed_at, revision, source, "
                "build_url, actor, signed_by, soaks_until, asked_for FROM pull_request_images "
                "WHERE pull_request = ? ORDER BY n",
                {one.id}
            )
        );
        for (;;) {
            LINKSPAN_TRY(more, image.next());
            if (!more) break;
            one.row.images.push_back({
                .image = image.text(0),
                .policy = image.text(1),
                .tag = image.text(2),
                .digest = image.text(3),
                .why = image.text(4),
                .delivery = image.text(5),
                .pushed_at = image.optional_text(6),
                .revision = image.optional_text(7),
                .source = image.optional_text(8),
                .build_url = image.optional_text(9),
                .actor = image.optional_text(10),
                .signed_by = image.text(11),
                .soaks_until = time_or_none(image, 12),
                .asked_for = image.text(13),
            });
        }
        rows.push_back(std::move(one.row));
    }
    return rows;
}

}  // namespace

Result<std::optional<PullRequest>> PullRequests::get(
    std::string_view repository, std::string_view target, std::string_view group
) {
    LINKSPAN_TRY(
        found,
        database_.query(
            "SELECT id, repository, target, grp, branch, base, state, number, url, title, head, "
            "note, memory, waiting_since, opened_at, look_at, updated_at, changes, origins, "
            "nudged_at, wish FROM pull_requests "
            "WHERE repository = ? AND target = ? AND grp = ?",
            {repository, target, group}
        )
    );
    LINKSPAN_TRY(rows, with_images(database_, read(std::move(found))));
    if (rows.empty()) return std::optional<PullRequest>{};
    return std::optional{std::move(rows.front())};
}

Status PullRequests::put(const PullRequest& row) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    auto status = database_.run(
        "INSERT INTO pull_requests (repository, target, grp, branch, base, state, number, url, "
        "title, head, note, memory, waiting_since, opened_at, look_at, updated_at, changes, "
        "origins) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (repository, target, grp) DO UPDATE SET branch = excluded.branch, "
        "base = excluded.base, state = excluded.state, number = excluded.number, "
        "url = excluded.url, title = excluded.title, head = excluded.head, note = excluded.note, "
        "memory = excluded.memory, waiting_since = excluded.waiting_since, "
        "opened_at = excluded.opened_at, look_at = excluded.look_at, "
        "updated_at = excluded.updated_at, changes = excluded.changes, "
        "origins = excluded.origins",
        {row.repository,
         row.target,
         row.group,
         row.branch,
         row.base,
         row.state,
         row.number,
         row.url,
         row.title,
         row.head,
         row.note,
         row.memory,
         row.waiting_since,
         row.opened_at,
         row.look_at,
         row.updated_at,
         row.changes,
         row.origins}
    );
    if (status.has_error()) return status.error().within("remembering a pull request");
    LINKSPAN_TRY(
        id,
        database_.integer(
            "SELECT id FROM pull_requests WHERE repository = ? AND target = ? AND grp = ?",
            {row.repository, row.target, row.group}
        )
    );
    status = database_.run("DELETE FROM pull_request_images WHERE pull_request = ?", {id});
    std::int64_t n = 0;
    for (const auto& image : row.images) {
        if (status.has_error()) break;
        status = database_.run(
            "INSERT INTO pull_request_images (pull_request, n, image, policy, tag, digest, why, "
            "delivery, pushed_at, revision, source, build_url, actor, signed_by, soaks_until, "
            "asked_for) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            {id,
             n++,
             image.image,
             image.policy,
             image.tag,
             image.digest,
             image.why,
             image.delivery,
             image.pushed_at,
             image.revision,
             image.source,
             image.build_url,
             image.actor,
             image.signed_by,
             image.soaks_until,
             image.asked_for}
        );
    }
    if (!status.has_error() && row.opened_at) {
        status = database_.run(
            "INSERT OR IGNORE INTO pull_request_openings (target, grp, at) VALUES (?, ?, ?)",
            {row.target, row.group, *row.opened_at}
        );
    }
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("remembering a pull request");
    return {};
}

Result<std::vector<PullRequest>> PullRequests::of_branch(
    std::string_view repository, std::string_view branch
) {
    LINKSPAN_TRY(
        found,
        database_.query(
            "SELECT id, repository, target, grp, branch, base, state, number, url, title, head, "
            "note, memory, waiting_since, opened_at, look_at, updated_at, changes, origins, "
            "nudged_at, wish FROM pull_requests "
            "WHERE repository = ? AND branch = ? ORDER BY id",
            {repository, branch}
        )
    );
    return with_images(database_, read(std::move(found)));
}

Result<std::vector<PullRequest>> PullRequests::list(std::optional<std::string_view> target) {
    LINKSPAN_TRY(
        found,
        database_.query(
            "SELECT id, repository, target, grp, branch, base, state, number, url, title, head, "
            "note, memory, waiting_since, opened_at, look_at, updated_at, changes, origins, "
            "nudged_at, wish FROM pull_requests "
            "WHERE ?1 IS NULL OR target = ?1 ORDER BY repository, target, grp",
            {target}
        )
    );
    return with_images(database_, read(std::move(found)));
}

Result<std::vector<PullRequest>> PullRequests::due(TimePoint now) {
    LINKSPAN_TRY(
        found,
        database_.query(
            "SELECT id, repository, target, grp, branch, base, state, number, url, title, head, "
            "note, memory, waiting_since, opened_at, look_at, updated_at, changes, origins, "
            "nudged_at, wish FROM pull_requests "
            "WHERE nudged_at IS NOT NULL OR (state IN ('open', 'waiting') AND "
            "(look_at IS NULL OR look_at <= ?)) "
            "ORDER BY waiting_since IS NULL, waiting_since, id",
            {now}
        )
    );
    return with_images(database_, read(std::move(found)));
}

Result<std::optional<TimePoint>> PullRequests::next_look() {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT min(CASE WHEN nudged_at IS NOT NULL THEN 0 ELSE coalesce(look_at, 0) END) "
            "FROM pull_requests WHERE nudged_at IS NOT NULL OR state IN ('open', 'waiting')"
        )
    );
    LINKSPAN_TRY(more, row.next());
    return more ? time_or_none(row, 0) : std::nullopt;
}

Result<std::size_t> PullRequests::nudge(
    std::string_view repository,
    std::string_view branch,
    std::int64_t number,
    std::string_view wish,
    TimePoint now
) {
    auto status = database_.run(
        "UPDATE pull_requests SET nudged_at = ?1, wish = CASE WHEN ?2 = '' THEN wish ELSE ?2 END "
        "WHERE repository = ?3 AND ((?4 <> '' AND branch = ?4) OR (?5 <> 0 AND number = ?5))",
        {now, wish, repository, branch, number}
    );
    if (status.has_error()) return status.error().within("noting a word about a pull request");
    return static_cast<std::size_t>(database_.changes());
}

Result<std::size_t> PullRequests::nudge_target(std::string_view target, TimePoint now) {
    auto status = database_.run(
        "UPDATE pull_requests SET nudged_at = ? WHERE target = ? AND state IN ('open', 'waiting')",
        {now, target}
    );
    if (status.has_error()) return status.error().within("noting a word about pull requests");
    return static_cast<std::size_t>(database_.changes());
}

Result<std::size_t> PullRequests::nudge_merged(TimePoint now) {
    auto status = database_.run(
        "UPDATE pull_requests SET nudged_at = ? WHERE state = 'merged' AND head <> ''", {now}
    );
    if (status.has_error()) return status.error().within("noting a word about pull requests");
    return static_cast<std::size_t>(database_.changes());
}

Status PullRequests::answered(const PullRequest& row, bool heard) {
    auto status = database_.run(
        "UPDATE pull_requests SET nudged_at = NULL, wish = CASE WHEN ? THEN '' ELSE wish END "
        "WHERE repository = ? AND target = ? AND grp = ? AND nudged_at IS ?",
        {std::int64_t{heard ? 1 : 0}, row.repository, row.target, row.group, row.nudged_at}
    );
    if (status.has_error()) return status.error().within("ending a look at a pull request");
    return {};
}

Result<PullRequestCounts> PullRequests::counts(
    std::string_view target, std::string_view group, TimePoint now
) {
    PullRequestCounts counts;
    LINKSPAN_TRY(
        open,
        database_.integer(
            "SELECT count(*) FROM pull_requests WHERE target = ? AND state = 'open'", {target}
        )
    );
    counts.open = static_cast<std::size_t>(open);
    LINKSPAN_TRY(
        before,
        database_.integer(
            "SELECT count(*) FROM pull_requests WHERE target = ?1 AND state = 'waiting' AND "
            "grp <> ?2 AND (waiting_since, id) < (coalesce((SELECT waiting_since FROM "
            "pull_requests WHERE target = ?1 AND grp = ?2 AND state = 'waiting'), ?3), "
            "coalesce((SELECT id FROM pull_requests WHERE target = ?1 AND grp = ?2), "
            "9223372036854775807))",
            {target, group, now}
        )
    );
    counts.waiting_before = static_cast<std::size_t>(before);
    LINKSPAN_TRY(
        opened,
        database_.query(
            "SELECT at FROM pull_request_openings WHERE target = ? AND at > ? ORDER BY at",
            {target, now - std::chrono::hours{1}}
        )
    );
    for (;;) {
        LINKSPAN_TRY(more, opened.next());
        if (!more) return counts;
        counts.opened.push_back(opened.time(0));
    }
}

Result<std::size_t> PullRequests::expire(TimePoint older_than) {
    auto status = database_.run("DELETE FROM pull_request_openings WHERE at < ?", {older_than});
    if (status.has_error()) return status.error().within("forgetting old openings");
    return static_cast<std::size_t>(database_.changes());
}

}  // namespace linkspan::store
