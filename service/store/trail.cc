// What reads the store: pending work, trails, lists.
#include "service/store/sqlite_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace linkspan::store {

bool Trail::settled() const {
    return std::none_of(work.begin(), work.end(), [](const WorkRow& row) {
        return row.state == "pending";
    });
}

Result<image::ImageEvent> read_event(const Query& row, int first) {
    auto name = image::ImageName::from_parts(row.text(first), row.text(first + 1));
    auto tag = image::Tag::parse(row.text(first + 2));
    if (name.has_error() || tag.has_error()) {
        const auto& error = name.has_error() ? name.error() : tag.error();
        return Error{
            Errc::Corrupt, "the store holds an event that can't be read: " + error.message};
    }
    return image::ImageEvent{
        .image = std::move(*name),
        .tag = std::move(*tag),
        .digest = row.optional_text(first + 3),
        .media_type = row.optional_text(first + 4),
        .pushed_at = row.optional_text(first + 5),
        .revision = row.optional_text(first + 6),
        .source = row.optional_text(first + 7),
        .build_url = row.optional_text(first + 8),
        .actor = row.optional_text(first + 9),
    };
}

namespace {

std::vector<std::string> words(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        if (end > at) out.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

// Of the columns in the order of both SELECTs below.
Result<std::vector<WorkItem>> read_items(Query row) {
    std::vector<WorkItem> items;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return items;
        LINKSPAN_TRY(event, read_event(row, 9));
        items.push_back(WorkItem{
            .id = row.integer(0),
            .delivery = row.text(1),
            .event_index = static_cast<std::size_t>(row.integer(2)),
            .event = std::move(event),
            .target = row.text(3),
            .policy = row.text(4),
            .created_at = row.time(5),
            .since = row.time(20),
            .attempts = static_cast<int>(row.integer(6)),
            .due_at = row.time(7),
            .intended_commits = words(row.optional_text(8).value_or("")),
            .directive = row.optional_text(19),
        });
    }
}

}  // namespace

Result<std::vector<WorkItem>> SqliteStore::pending() {
    LINKSPAN_TRY(
        row,
        database_->query(
            "SELECT w.id, d.id, w.event, w.target, w.policy, w.created_at, w.attempts, w.due_at, "
            "w.intended_commit, e.host, e.repository, e.tag, e.digest, e.media_type, e.pushed_at, "
            "e.revision, e.source, e.build_url, e.actor, w.directive, "
            "coalesce(w.since, w.created_at) "
            "FROM work w CROSS JOIN deliveries d ON d.seq = w.delivery "
            "CROSS JOIN events e ON e.delivery = w.delivery AND e.idx = w.event "
            "WHERE w.done_at IS NULL ORDER BY w.due_at, w.id"
        )
    );
    return read_items(std::move(row));
}

Result<std::vector<BuiltFrom>> SqliteStore::built_from(const image::ImageName& image) {
    LINKSPAN_TRY(
        row,
        database_->query(
            "SELECT tag, revision, coalesce(source, '') FROM (SELECT tag, revision, source FROM "
            "events WHERE host = ? AND repository = ? ORDER BY delivery DESC, idx DESC LIMIT 500) "
            "WHERE revision IS NOT NULL",
            {image.host(), image.repository()}
        )
    );
    std::vector<BuiltFrom> told;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return told;
        told.push_back({.tag = row.text(0), .revision = row.text(1), .source = row.text(2)});
    }
}

Result<std::vector<WorkItem>> SqliteStore::revise(
    std::string_view target,
    std::string_view policy,
    std::string_view tag,
    std::int64_t pull_request,
    const Outcome& outcome,
    TimePoint now
) {
    LINKSPAN_TRY(
        row,
        database_->query(
            "SELECT w.id, d.id, w.event, w.target, w.policy, w.created_at, w.attempts, w.due_at, "
            "w.intended_commit, e.host, e.repository, e.tag, e.digest, e.media_type, e.pushed_at, "
            "e.revision, e.source, e.build_url, e.actor, w.directive, "
            "coalesce(w.since, w.created_at) "
            "FROM work w CROSS JOIN deliveries d ON d.seq = w.delivery "
            "CROSS JOIN events e ON e.delivery = w.delivery AND e.idx = w.event "
            "WHERE w.outcome = 'pull_request' AND w.target = ? AND w.policy = ? "
            "AND json_extract(w.detail, '$.decision.selected') = ? "
            "AND json_extract(w.detail, '$.pull_request.number') = ? ORDER BY w.id",
            {target, policy, tag, pull_request}
        )
    );
    LINKSPAN_TRY(items, read_items(std::move(row)));
    LINKSPAN_TRY(transaction, Transaction::begin(*database_));
    for (const auto& item : items) {
        auto status = database_->run(
            "UPDATE work SET done_at = ?, outcome = ?, reason = ?, outcome_commit = ?, "
            "detail = json_patch(detail, ?) WHERE id = ?",
            {now, outcome.kind, outcome.reason, outcome.commit, outcome.detail_json, item.id}
        );
        if (!status.has_error()) status = note(item.id, "pull request", outcome.reason, now);
        if (status.has_error()) return status.error().within("revising an outcome");
    }
    if (auto done = transaction.commit(); done.has_error()) return done.error();
    return items;
}

Status SqliteStore::read_events(std::int64_t seq, Trail& trail) {
    LINKSPAN_TRY(
        row,
        database_->query(
            "SELECT host, repository, tag, digest, media_type, pushed_at, revision, source, "
            "build_url, actor FROM events WHERE delivery = ? ORDER BY idx",
            {seq}
        )
    );
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return {};
        LINKSPAN_TRY(event, read_event(row, 0));
        trail.delivery.events.push_back({std::move(event), {}});
    }
}

Status SqliteStore::read_work(std::int64_t seq, Trail& trail) {
    LINKSPAN_TRY(
        row,
        database_->query(
            "SELECT id, event, target, policy, attempts, due_at, last_error, done_at, outcome, "
            "reason, outcome_commit, detail, waiting FROM work WHERE delivery = ? ORDER BY id",
            {seq}
        )
    );
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return {};
        WorkRow work;
        work.id = row.integer(0);
        work.event_index = static_cast<std::size_t>(row.integer(1));
        work.target = row.text(2);
        work.policy = row.text(3);
        work.attempts = static_cast<int>(row.integer(4));
        work.last_error = row.optional_text(6);
        if (row.is_null(7)) {
            work.state = "pending";
            work.due_at = row.time(5);
            work.waiting = row.optional_text(12);
        } else {
            work.state = "done";
            work.done_at = row.time(7);
            work.outcome = Outcome{
                .kind = row.text(8),
                .reason = row.text(9),
                .commit = row.optional_text(10),
                .detail_json = row.text(11),
            };
        }
        trail.work.push_back(std::move(work));
    }
}

Status SqliteStore::read_steps(std::int64_t seq, Trail& trail) {
    std::unordered_map<std::int64_t, WorkRow*> by_id;
    for (WorkRow& work : trail.work) by_id.emplace(work.id, &work);
    LINKSPAN_TRY(
        row,
        database_->query(
            "SELECT s.work, s.n, s.at, s.step, s.text FROM work w CROSS JOIN steps s "
            "ON s.work = w.id WHERE w.delivery = ? ORDER BY s.work, s.n",
            {seq}
        )
    );
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return {};
        WorkRow& work = *by_id.at(row.integer(0));
        work.steps.push_back({.at = row.time(2), .step = row.text(3), .text = row.text(4)});
        work.steps_left_out = static_cast<std::size_t>(row.integer(1)) + 1 - work.steps.size();
    }
}

// The last write of a place counts, where it wrote what was selected now, nobody undid it, and its
// commit reached the branch.
Result<std::optional<std::string>> SqliteStore::current_since(std::int64_t work) {
    LINKSPAN_TRY(
        row,
        database_->query(
            "SELECT w.commit_id FROM work k "
            "JOIN writes w ON w.target = k.target AND w.policy = k.policy "
            "JOIN commits c ON c.id = w.commit_id "
            "WHERE k.id = ?1 AND json_valid(k.detail) AND w.undone IS NULL "
            "AND w.new_tag = json_extract(k.detail, '$.decision.selected') "
            "AND NOT EXISTS (SELECT 1 FROM writes n WHERE n.target = w.target "
            "AND n.policy = w.policy AND n.path = w.path AND n.document = w.document "
            "AND n.place = w.place AND n.id > w.id AND n.landed <> 0) "
            "ORDER BY w.id DESC LIMIT 1",
            {work}
        )
    );
    LINKSPAN_TRY(found, row.next());
    if (!found) return std::optional<std::string>{};
    return std::optional{row.text(0)};
}

Status SqliteStore::read_deployments(Trail& trail) {
    std::unordered_map<std::string, std::vector<DeploymentReport>> by_commit;
    for (WorkRow& work : trail.work) {
        if (!work.outcome) continue;
        if (work.outcome->kind == "already_current") {
            LINKSPAN_TRY(since, current_since(work.id));
            work.current_since = std::move(since);
        }
        const auto& known_commit = work.current_since ? work.current_since : work.outcome->commit;
        if (!known_commit) continue;
        const std::string& commit = *known_commit;
        auto known = by_commit.find(commit);
        if (known == by_commit.end()) {
            LINKSPAN_TRY(reports, deployments_.of(commit));
            known = by_commit.emplace(commit, std::move(reports)).first;
        }
        work.deployments = known->second;
    }
    return {};
}

Result<std::optional<Trail>> SqliteStore::trail(std::string_view delivery) {
    Trail trail;
    std::int64_t seq = 0;
    {
        LINKSPAN_TRY(
            row,
            database_->query(
                "SELECT seq, id, receiver, sender, key, key_window, received_at, remote_address, "
                "proven, ignored, answer_status, answer_body FROM deliveries WHERE id = ?",
                {delivery}
            )
        );
        LINKSPAN_TRY(found, row.next());
        if (!found) return std::optional<Trail>{};
        seq = row.integer(0);
        trail.delivery = NewDelivery{
            .id = row.text(1),
            .receiver = row.text(2),
            .sender = row.text(3),
            .key = row.text(4),
            .key_window = std::chrono::seconds{row.integer(5)},
            .received_at = row.time(6),
            .remote_address = row.text(7),
            .proven = row.integer(8) != 0,
            .ignored = row.optional_text(9),
            .events = {},
            .answer_status = static_cast<int>(row.integer(10)),
            .answer_body = row.text(11),
        };
    }
    auto status = read_events(seq, trail);
    if (!status.has_error()) status = read_work(seq, trail);
    if (!status.has_error()) status = read_steps(seq, trail);
    if (!status.has_error()) status = read_deployments(trail);
    if (status.has_error()) return status.error().within("reading a delivery");
    return std::optional{std::move(trail)};
}

Result<std::vector<DeliverySummary>> SqliteStore::deliveries(
    std::optional<std::string> after, std::size_t limit
) {
    // By id, which begins with the time: the page after one whose last delivery has been deleted
    // since is still the right one. No text is above a blob.
    LINKSPAN_TRY(
        row,
        database_->query(
            "SELECT id, receiver, sender, received_at, ignored, "
            "(SELECT count(*) FROM events WHERE delivery = d.seq), "
            "(SELECT count(*) FROM work WHERE delivery = d.seq AND done_at IS NULL), "
            "(SELECT count(*) FROM work WHERE delivery = d.seq AND outcome = 'failed'), "
            "(SELECT count(*) FROM work WHERE delivery = d.seq AND done_at IS NULL "
            "AND waiting IS NOT NULL) "
            "FROM deliveries d WHERE id < ? ORDER BY id DESC LIMIT ?",
            {after ? Value{*after} : Value{Blob{""}}, limit}
        )
    );
    std::vector<DeliverySummary> page;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return page;
        page.push_back(DeliverySummary{
            .id = row.text(0),
            .receiver = row.text(1),
            .sender = row.text(2),
            .received_at = row.time(3),
            .ignored = row.optional_text(4),
            .events = static_cast<std::size_t>(row.integer(5)),
            .pending = static_cast<std::size_t>(row.integer(6)),
            .failed = static_cast<std::size_t>(row.integer(7)),
            .waiting = static_cast<std::size_t>(row.integer(8)),
        });
    }
}

}  // namespace linkspan::store
