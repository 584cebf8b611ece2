#include "service/store/outbox.h"

#include "service/store/database.h"

#include <limits>
#include <utility>

namespace linkspan::store {

namespace {

Result<std::vector<OutboxMessage>> read(Query row) {
    std::vector<OutboxMessage> messages;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return messages;
        messages.push_back(OutboxMessage{
            .seq = row.integer(0),
            .id = row.text(1),
            .sink = row.text(2),
            .kind = row.text(3),
            .content = row.text(4),
            .created_at = row.time(5),
            .due_at = row.time(6),
            .attempts = static_cast<int>(row.integer(7)),
            .state = row.text(8),
            .last_error = row.optional_text(9),
            .done_at = row.is_null(10) ? std::nullopt : std::optional{row.time(10)},
        });
    }
}

}  // namespace

Result<bool> Outbox::add(const OutboxMessage& message) {
    auto status = database_.run(
        "INSERT INTO outbox (id, sink, kind, content, created_at, due_at, state) "
        "VALUES (?, ?, ?, ?, ?, ?, 'pending') ON CONFLICT (id) DO NOTHING",
        {message.id,
         message.sink,
         message.kind,
         message.content,
         message.created_at,
         message.due_at}
    );
    if (status.has_error()) return status.error().within("adding a notification");
    return database_.changes() > 0;
}

Result<std::vector<OutboxMessage>> Outbox::pending(
    std::string_view sink, std::size_t limit, Order order
) {
    const Sql by_due{
        "SELECT seq, id, sink, kind, content, created_at, due_at, attempts, state, last_error, "
        "done_at FROM outbox WHERE sink = ? AND state = 'pending' ORDER BY due_at, seq LIMIT ?"};
    // The plus: sorted after the index of what is pending, rather than reading every row by age.
    const Sql by_age{
        "SELECT seq, id, sink, kind, content, created_at, due_at, attempts, state, last_error, "
        "done_at FROM outbox WHERE sink = ? AND state = 'pending' ORDER BY +seq LIMIT ?"};
    LINKSPAN_TRY(row, database_.query(order == Order::Age ? by_age : by_due, {sink, limit}));
    return read(std::move(row));
}

Result<std::vector<std::string>> Outbox::waiting_sinks() {
    LINKSPAN_TRY(row, database_.query("SELECT DISTINCT sink FROM outbox WHERE state = 'pending'"));
    std::vector<std::string> sinks;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return sinks;
        sinks.push_back(row.text(0));
    }
}

Status Outbox::delivered(std::string_view id, TimePoint now) {
    auto status = database_.run(
        "UPDATE outbox SET state = 'delivered', done_at = ?, attempts = attempts + 1, "
        "last_error = NULL WHERE id = ? AND state = 'pending'",
        {now, id}
    );
    if (status.has_error()) return status.error().within("noting a notification's delivery");
    return {};
}

Status Outbox::postpone(std::string_view id, TimePoint due, const std::string& error) {
    auto status = database_.run(
        "UPDATE outbox SET due_at = ?, attempts = attempts + 1, last_error = ? "
        "WHERE id = ? AND state = 'pending'",
        {due, error, id}
    );
    if (status.has_error()) return status.error().within("postponing a notification");
    return {};
}

Status Outbox::give_up(std::string_view id, const std::string& error, TimePoint now) {
    auto status = database_.run(
        "UPDATE outbox SET state = 'dead', done_at = ?, attempts = attempts + 1, last_error = ? "
        "WHERE id = ? AND state = 'pending'",
        {now, error, id}
    );
    if (status.has_error()) return status.error().within("giving up a notification");
    return {};
}

Result<std::size_t> Outbox::give_up_all(
    std::string_view sink, const std::string& error, TimePoint now
) {
    auto status = database_.run(
        "UPDATE outbox SET state = 'dead', done_at = ?, last_error = ? "
        "WHERE sink = ? AND state = 'pending'",
        {now, error, sink}
    );
    if (status.has_error()) return status.error().within("giving up notifications");
    return static_cast<std::size_t>(database_.changes());
}

Result<bool> Outbox::revive(std::string_view id, TimePoint now) {
    auto status = database_.run(
        "UPDATE outbox SET state = 'pending', done_at = NULL, created_at = ?1, due_at = ?1, "
        "attempts = 0 WHERE id = ?2 AND state = 'dead'",
        {now, id}
    );
    if (status.has_error()) return status.error().within("reviving a notification");
    return database_.changes() > 0;
}

Result<std::vector<OutboxMessage>> Outbox::list(
    std::optional<std::string> state, std::optional<std::int64_t> after, std::size_t limit
) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT seq, id, sink, kind, content, created_at, due_at, attempts, state, last_error, "
            "done_at FROM outbox WHERE (?1 IS NULL OR state = ?1) AND seq < ?2 "
            "ORDER BY seq DESC LIMIT ?3",
            {state, after.value_or(std::numeric_limits<std::int64_t>::max()), limit}
        )
    );
    return read(std::move(row));
}

Result<std::size_t> Outbox::expire(TimePoint older_than, std::size_t limit) {
    auto status = database_.run(
        "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE done_at < ? "
        "ORDER BY done_at LIMIT ?)",
        {older_than, limit}
    );
    if (status.has_error()) return status.error().within("deleting old notifications");
    return static_cast<std::size_t>(database_.changes());
}

Result<bool> Outbox::has(std::string_view id) {
    LINKSPAN_TRY(n, database_.integer("SELECT count(*) FROM outbox WHERE id = ?", {id}));
    return n > 0;
}

}  // namespace linkspan::store
