// What changes the store. Reading it is in trail.cc, the thread that owns it in writer.cc.
#include "service/store/store.h"

#include "service/store/beside.h"
#include "service/store/migrations.h"
#include "service/store/sqlite_store.h"

#include <fmt/format.h>

namespace linkspan::store {

namespace {

// A work's steps: the beginning says what it was about, the end how it went.
constexpr std::int64_t kFirstSteps = 50;
constexpr std::int64_t kLastSteps = 150;
// Ids of commits are 40 characters, and a blank stands between them.
constexpr std::int64_t kKeptIntents = 7 * 41 - 1;

}  // namespace

Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::string& path) {
    auto opened = SqliteStore::open(path, Database::Options{});
    if (opened.has_error()) return opened.error();
    return std::unique_ptr<Store>{std::move(*opened)};
}

Result<std::unique_ptr<Store>> open_beside(const std::string& path) {
    auto opened = SqliteStore::open_read_only(path);
    if (opened.has_error()) return opened.error();
    return std::unique_ptr<Store>{std::move(*opened)};
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open_read_only(const std::string& path) {
    auto database = Database::open(path, {.vfs = {}, .read_only = true});
    if (database.has_error()) return database.error();
    if (auto status = check_schema(**database); status.has_error()) return status.error();
    LINKSPAN_TRY(version, (*database)->integer("PRAGMA user_version"));
    if (version != schema_version()) {
        return Error{
            Errc::Conflict,
            fmt::format(
                "{} has schema {}, this program knows {}: a service of this version has not "
                "opened it yet",
                (*database)->path(),
                version,
                schema_version()
            )};
    }
    return std::unique_ptr<SqliteStore>{new SqliteStore{std::move(*database)}};
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(
    const std::string& path, const Database::Options& options
) {
    auto database = Database::open(path, options);
    if (database.has_error()) return database.error();
    // Looked at before anything is written: a file that is not ours stays as it is.
    if (auto status = check_schema(**database); status.has_error()) return status.error();
    if (auto status = (*database)->make_durable(); status.has_error()) return status.error();
    if (auto status = migrate(**database); status.has_error()) return status.error();
    return std::unique_ptr<SqliteStore>{new SqliteStore{std::move(*database)}};
}

Result<std::optional<Recorded>> SqliteStore::find_duplicate(const NewDelivery& delivery) {
    std::int64_t first = 0;
    {
        LINKSPAN_TRY(
            row,
            database_->query(
                "SELECT seq, received_at, id, answer_status, answer_body FROM deliveries "
                "WHERE receiver = ? AND key = ? AND key_live = 1",
                {delivery.receiver, delivery.key}
            )
        );
        LINKSPAN_TRY(found, row.next());
        if (!found) return std::optional<Recorded>{};
        // The distance, not the difference: after a clock that ran ahead was set right, the key
        // must not count as fresh until the clock gets there again.
        const auto distance = std::chrono::abs(delivery.received_at - row.time(1));
        if (distance < delivery.key_window) {
            Recorded answer;
            answer.id = row.text(2);
            answer.duplicate = true;
            answer.answer_status = static_cast<int>(row.integer(3));
            answer.answer_body = row.text(4);
            return std::optional{std::move(answer)};
        }
        first = row.integer(0);
    }
    auto status = database_->run("UPDATE deliveries SET key_live = 0 WHERE seq = ?", {first});
    if (status.has_error()) return status.error();
    return std::optional<Recorded>{};
}

Status SqliteStore::insert_event(
    std::int64_t seq, std::size_t index, const NewDelivery& delivery, Recorded& recorded
) {
    const auto& [event, work] = delivery.events[index];
    auto status = database_->run(
        "INSERT INTO events (delivery, idx, host, repository, tag, digest, media_type, pushed_at, "
        "revision, source, build_url, actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {seq,
         index,
         event.image.host(),
         event.image.repository(),
         event.tag.str(),
         event.digest,
         event.media_type,
         event.pushed_at,
         event.revision,
         event.source,
         event.build_url,
         event.actor}
    );
    if (status.has_error()) return status;
    for (const NewWork& item : work) {
        status = database_->run(
            "INSERT INTO work (delivery, event, target, policy, created_at, due_at, directive) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            {seq,
             index,
             item.target,
             item.policy,
             delivery.received_at,
             delivery.received_at,
             item.directive}
        );
        if (status.has_error()) return status;
        recorded.work.push_back(WorkItem{
            .id = database_->last_id(),
            .delivery = delivery.id,
            .event_index = index,
            .event = event,
            .target = item.target,
            .policy = item.policy,
            .created_at = delivery.received_at,
            .since = delivery.received_at,
            .attempts = 0,
            .due_at = delivery.received_at,
            .directive = item.directive,
        });
    }
    return {};
}

Result<Recorded> SqliteStore::record(const NewDelivery& delivery) {
    LINKSPAN_TRY(transaction, Transaction::begin(*database_));
    if (!delivery.key.empty()) {
        LINKSPAN_TRY(duplicate, find_duplicate(delivery));
        if (duplicate) return std::move(*duplicate);
    }
    auto status = database_->run(
        "INSERT INTO deliveries (id, receiver, sender, key, key_window, key_live, received_at, "
        "remote_address, proven, ignored, answer_status, answer_body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        {delivery.id,
         delivery.receiver,
         delivery.sender,
         delivery.key,
         delivery.key_window.count(),
         !delivery.key.empty(),
         delivery.received_at,
         delivery.remote_address,
         delivery.proven,
         delivery.ignored,
         delivery.answer_status,
         delivery.answer_body}
    );
    Recorded recorded;
    recorded.id = delivery.id;
    recorded.answer_status = delivery.answer_status;
    recorded.answer_body = delivery.answer_body;
    const std::int64_t seq = database_->last_id();
    for (std::size_t i = 0; i < delivery.events.size() && !status.has_error(); ++i) {
        status = insert_event(seq, i, delivery, recorded);
    }
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("recording a delivery");
    return recorded;
}

Status SqliteStore::explain_unchanged(std::int64_t work) {
    LINKSPAN_TRY(known, database_->integer("SELECT count(*) FROM work WHERE id = ?", {work}));
    if (known == 0) return Error{Errc::NotFound, fmt::format("there is no work {}", work)};
    return Error{Errc::Conflict, fmt::format("work {} has ended already", work)};
}

Status SqliteStore::intend(std::int64_t work, const std::string& commit) {
    auto status = database_->run(
        "UPDATE work SET intended_commit = ?1 || CASE WHEN intended_commit IS NULL THEN '' ELSE ' "
        "' "
        "|| substr(intended_commit, 1, ?3) END WHERE id = ?2 AND done_at IS NULL",
        {commit, work, kKeptIntents}
    );
    if (status.has_error()) return status.error().within("noting an intended commit");
    return database_->changes() == 1 ? Status{} : explain_unchanged(work);
}

Status SqliteStore::postpone(std::int64_t work, TimePoint due, const std::string& error) {
    auto status = database_->run(
        "UPDATE work SET attempts = attempts + 1, due_at = ?, last_error = ?, waiting = NULL "
        "WHERE id = ? AND done_at IS NULL",
        {due, error, work}
    );
    if (status.has_error()) return status.error().within("postponing work");
    return database_->changes() == 1 ? Status{} : explain_unchanged(work);
}

Status SqliteStore::wait(std::int64_t work, TimePoint until, const std::string& reason) {
    auto status = database_->run(
        "UPDATE work SET due_at = ?1, since = ?1, waiting = ?2 WHERE id = ?3 AND done_at IS NULL",
        {until, reason, work}
    );
    if (status.has_error()) return status.error().within("letting work wait");
    return database_->changes() == 1 ? Status{} : explain_unchanged(work);
}

Status SqliteStore::settle(std::int64_t work, const Outcome& outcome, TimePoint now) {
    auto status = database_->run(
        "UPDATE work SET done_at = ?, outcome = ?, reason = ?, outcome_commit = ?, detail = ? "
        "WHERE id = ? AND done_at IS NULL",
        {now, outcome.kind, outcome.reason, outcome.commit, outcome.detail_json, work}
    );
    if (status.has_error()) return status.error().within("settling work");
    return database_->changes() == 1 ? Status{} : explain_unchanged(work);
}

Status SqliteStore::note(
    std::int64_t work, const std::string& step, const std::string& text, TimePoint now
) {
    LINKSPAN_TRY(transaction, Transaction::begin(*database_));
    auto status = database_->run(
        "INSERT INTO steps (work, n, at, step, text) SELECT id, "
        "(SELECT coalesce(max(n) + 1, 0) FROM steps WHERE work = ?1), ?2, ?3, ?4 "
        "FROM work WHERE id = ?1",
        {work, now, step, text}
    );
    if (!status.has_error() && database_->changes() == 0) return explain_unchanged(work);
    if (!status.has_error()) {
        status = database_->run(
            "DELETE FROM steps WHERE work = ?1 AND n >= ?2 AND n <= "
            "(SELECT max(n) FROM steps WHERE work = ?1) - ?3",
            {work, kFirstSteps, kLastSteps}
        );
    }
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("noting a step");
    return {};
}

Result<std::size_t> SqliteStore::expire(TimePoint older_than, std::size_t limit) {
    auto status = database_->run(
        "DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries d "
        "WHERE received_at < ? AND NOT EXISTS "
        "(SELECT 1 FROM work WHERE delivery = d.seq AND done_at IS NULL) "
        "ORDER BY received_at LIMIT ?)",
        {older_than, limit}
    );
    if (status.has_error()) return status.error().within("deleting old deliveries");
    return static_cast<std::size_t>(database_->changes());
}

Status SqliteStore::probe() {
    auto status = database_->run("UPDATE probe SET n = n + 1");
    if (status.has_error()) return status.error().within("writing to the store");
    return {};
}

}  // namespace linkspan::store
