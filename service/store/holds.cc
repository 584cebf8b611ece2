#include "service/store/holds.h"

#include "service/store/database.h"

#include <utility>

namespace linkspan::store {

namespace {

// The columns of SELECT below; '' stands for "any" so that the primary key can hold it.
Result<std::vector<Hold>> read(Query row) {
    const auto any = [&](int column) {
        auto text = row.text(column);
        return text.empty() ? std::nullopt : std::optional{std::move(text)};
    };
    std::vector<Hold> holds;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return holds;
        holds.push_back(Hold{
            .id = row.integer(0),
            .target = row.text(1),
            .policy = row.text(2),
            .tag = any(3),
            .digest = any(4),
            .who = row.text(5),
            .why = row.text(6),
            .since = row.time(7),
            .until = row.is_null(8) ? std::nullopt : std::optional{row.time(8)},
            .pull_request = row.integer(9),
        });
    }
}

}  // namespace

Result<std::int64_t> Holds::set(const Hold& hold) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    const std::string tag = hold.tag.value_or("");
    const std::string digest = hold.digest.value_or("");
    auto status = database_.run(
        "DELETE FROM holds WHERE target = ? AND policy = ? AND tag = ? AND digest = ?",
        {hold.target, hold.policy, tag, digest}
    );
    if (!status.has_error()) {
        status = database_.run(
            "INSERT INTO holds (target, policy, tag, digest, who, why, since, until, pull_request) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            {hold.target,
             hold.policy,
             tag,
             digest,
             hold.who,
             hold.why,
             hold.since,
             hold.until,
             hold.pull_request}
        );
    }
    const std::int64_t id = database_.last_id();
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("setting a hold");
    return id;
}

Result<bool> Holds::clear(std::int64_t id) {
    auto status = database_.run("DELETE FROM holds WHERE id = ?", {id});
    if (status.has_error()) return status.error().within("clearing a hold");
    return database_.changes() > 0;
}

Result<std::size_t> Holds::clear(std::string_view target, std::string_view policy) {
    auto status =
        database_.run("DELETE FROM holds WHERE target = ? AND policy = ?", {target, policy});
    if (status.has_error()) return status.error().within("clearing holds");
    return static_cast<std::size_t>(database_.changes());
}

Result<std::vector<Hold>> Holds::list(TimePoint now) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT id, target, policy, tag, digest, who, why, since, until, pull_request FROM "
            "holds "
            "WHERE until IS NULL OR until > ? ORDER BY id",
            {now}
        )
    );
    return read(std::move(row));
}

Result<std::vector<Hold>> Holds::list(
    std::string_view target, std::string_view policy, TimePoint now
) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT id, target, policy, tag, digest, who, why, since, until, pull_request FROM "
            "holds "
            "WHERE target = ? AND policy = ? AND (until IS NULL OR until > ?) ORDER BY id",
            {target, policy, now}
        )
    );
    return read(std::move(row));
}

Result<std::vector<Hold>> Holds::ended(TimePoint now) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT id, target, policy, tag, digest, who, why, since, until, pull_request FROM "
            "holds "
            "WHERE until <= ? ORDER BY id",
            {now}
        )
    );
    return read(std::move(row));
}

Result<std::optional<TimePoint>> Holds::next_end(TimePoint now) {
    LINKSPAN_TRY(row, database_.query("SELECT min(until) FROM holds WHERE until > ?", {now}));
    LINKSPAN_TRY(found, row.next());
    if (!found || row.is_null(0)) return std::optional<TimePoint>{};
    return std::optional{row.time(0)};
}

Result<std::size_t> Holds::expire(TimePoint now) {
    auto status = database_.run("DELETE FROM holds WHERE until <= ?", {now});
    if (status.has_error()) return status.error().within("deleting holds that have run out");
    return static_cast<std::size_t>(database_.changes());
}

}  // namespace linkspan::store
