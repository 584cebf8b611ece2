#include "service/store/writes.h"

#include "service/store/database.h"

#include <utility>

namespace linkspan::store {

namespace {

constexpr std::int64_t kKeptOfAPlace = 5;

// Of the columns in the order of every SELECT below.
Result<std::vector<Write>> read(Query row) {
    std::vector<Write> writes;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return writes;
        writes.push_back(Write{
            .id = row.integer(0),
            .target = row.text(1),
            .policy = row.text(2),
            .path = row.text(3),
            .document = static_cast<std::size_t>(row.integer(4)),
            .place = row.text(5),
            .image = row.text(6),
            .old_tag = row.text(7),
            .old_digest = row.optional_text(8),
            .new_tag = row.text(9),
            .new_digest = row.optional_text(10),
            .commit = row.text(11),
            .at = row.time(12),
            .undone = row.optional_text(13),
            .landed = row.integer(14) != 0,
        });
    }
}

}  // namespace

Status Writes::record(std::span<const Write> writes) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    for (const auto& write : writes) {
        auto status = database_.run(
            "INSERT INTO writes (target, policy, path, document, place, image, old_tag, "
            "old_digest, new_tag, new_digest, commit_id, at, landed) VALUES (?, ?, ?, ?, ?, ?, ?, "
            "?, "
            "?, ?, ?, ?, ?)",
            {write.target,
             write.policy,
             write.path,
             static_cast<std::int64_t>(write.document),
             write.place,
             write.image,
             write.old_tag,
             write.old_digest,
             write.new_tag,
             write.new_digest,
             write.commit,
             write.at,
             static_cast<std::int64_t>(write.landed ? 1 : 0)}
        );
        if (!status.has_error()) {
            status = database_.run(
                "DELETE FROM writes WHERE target = ?1 AND policy = ?2 AND path = ?3 AND "
                "document = ?4 AND place = ?5 AND landed = ?7 AND undone IS NULL AND id NOT IN "
                "(SELECT id FROM writes WHERE target = ?1 AND policy = ?2 AND path = ?3 AND "
                "document = ?4 AND place = ?5 AND landed = ?7 ORDER BY id DESC LIMIT ?6)",
                {write.target,
                 write.policy,
                 write.path,
                 static_cast<std::int64_t>(write.document),
                 write.place,
                 kKeptOfAPlace,
                 static_cast<std::int64_t>(write.landed ? 1 : 0)}
            );
        }
        if (status.has_error()) return status.error().within("remembering what was written");
    }
    return transaction.commit();
}

Status Writes::settle(std::string_view commit, bool landed) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    Status status;
    if (landed) {
        status = database_.run(
            "UPDATE writes SET landed = 1 WHERE commit_id = ? AND landed = 0", {commit}
        );
        if (!status.has_error() && database_.changes() > 0) {
            status = database_.run(
                "DELETE FROM writes WHERE landed = 0 AND EXISTS (SELECT 1 FROM writes AS ours "
                "WHERE "
                "ours.commit_id = ? AND ours.target = writes.target AND ours.policy = "
                "writes.policy "
                "AND ours.path = writes.path AND ours.document = writes.document AND ours.place = "
                "writes.place AND ours.id > writes.id)",
                {commit}
            );
        }
    } else {
        status = database_.run("DELETE FROM writes WHERE commit_id = ? AND landed = 0", {commit});
    }
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("noting what became of a push");
    return {};
}

Result<std::vector<Write>> Writes::current(std::string_view target, std::string_view policy) {
    LINKSPAN_TRY(
        rows,
        database_.query(
            "SELECT id, target, policy, path, document, place, image, old_tag, old_digest, "
            "new_tag, "
            "new_digest, commit_id, at, undone, landed FROM writes AS w WHERE target = ?1 AND "
            "policy = ?2 AND forgiven = 0 AND (undone IS NOT NULL OR landed = 0 OR id = (SELECT "
            "max(id) FROM writes WHERE target = ?1 AND policy = ?2 AND path = w.path AND document "
            "= w.document AND place = w.place AND landed = 1)) ORDER BY id",
            {target, policy}
        )
    );
    return read(std::move(rows));
}

Result<std::vector<Write>> Writes::undone() {
    LINKSPAN_TRY(
        rows,
        database_.query(
            "SELECT id, target, policy, path, document, place, image, old_tag, old_digest, "
            "new_tag, "
            "new_digest, commit_id, at, undone, landed FROM writes WHERE undone IS NOT NULL AND "
            "forgiven = 0 ORDER BY id DESC",
            {}
        )
    );
    return read(std::move(rows));
}

Status Writes::mark_undone(std::int64_t id, const std::string& how) {
    auto status = database_.run("UPDATE writes SET undone = ? WHERE id = ?", {how, id});
    if (status.has_error()) return status.error().within("noting what a person undid");
    if (database_.changes() == 0) return Error{Errc::NotFound, "no such write"};
    return {};
}

Status Writes::clear_undone(std::int64_t id) {
    auto status = database_.run("UPDATE writes SET undone = NULL WHERE id = ?", {id});
    if (status.has_error()) return status.error().within("noting what a person put back");
    return {};
}

Result<std::size_t> Writes::forgive(std::string_view target, std::string_view policy) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    auto status = database_.run(
        "UPDATE writes SET forgiven = 1 WHERE target = ? AND policy = ? AND undone IS NOT NULL AND "
        "forgiven = 0",
        {target, policy}
    );
    const auto count = static_cast<std::size_t>(database_.changes());
    if (!status.has_error()) {
        status = database_.run(
            "UPDATE writes SET forgiven = 1 WHERE target = ? AND policy = ?", {target, policy}
        );
    }
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("forgiving what was undone");
    return count;
}

Result<std::vector<Write>> Writes::history(std::string_view target, std::string_view policy) {
    LINKSPAN_TRY(
        rows,
        database_.query(
            "SELECT id, target, policy, path, document, place, image, old_tag, old_digest, "
            "new_tag, "
            "new_digest, commit_id, at, undone, landed FROM writes WHERE target = ?1 AND policy = "
            "?2 AND landed = 1 ORDER BY id DESC",
            {target, policy}
        )
    );
    return read(std::move(rows));
}

}  // namespace linkspan::store
