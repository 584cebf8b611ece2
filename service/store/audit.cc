#include "service/store/audit.h"

#include "service/store/database.h"

#include <limits>
#include <utility>

namespace linkspan::store {

namespace {

constexpr std::int64_t kNewest = std::numeric_limits<std::int64_t>::max();

Result<std::vector<AuditEntry>> read(Query row) {
    std::vector<AuditEntry> entries;
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return entries;
        entries.push_back(AuditEntry{
            .id = row.integer(0),
            .at = row.time(1),
            .who = row.text(2),
            .action = row.text(3),
            .subject = row.text(4),
            .why = row.text(5),
        });
    }
}

}  // namespace

Result<std::int64_t> Audit::append(const AuditEntry& entry) {
    auto status = database_.run(
        "INSERT INTO audit (at, who, action, subject, why) VALUES (?, ?, ?, ?, ?)",
        {entry.at, entry.who, entry.action, entry.subject, entry.why}
    );
    if (status.has_error()) return status.error().within("writing an audit entry");
    return database_.last_id();
}

Result<std::vector<AuditEntry>> Audit::list(std::optional<std::int64_t> after, std::size_t limit) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT id, at, who, action, subject, why FROM audit WHERE id < ? "
            "ORDER BY id DESC LIMIT ?",
            {after.value_or(kNewest), limit}
        )
    );
    return read(std::move(row));
}

Result<std::vector<AuditEntry>> Audit::list(
    const std::string& subject, std::optional<std::int64_t> after, std::size_t limit
) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT id, at, who, action, subject, why FROM audit WHERE subject = ? AND id < ? "
            "ORDER BY id DESC LIMIT ?",
            {subject, after.value_or(kNewest), limit}
        )
    );
    return read(std::move(row));
}

Result<std::size_t> Audit::expire(TimePoint older_than, std::size_t limit) {
    auto status = database_.run(
        "DELETE FROM audit WHERE id IN "
        "(SELECT id FROM audit WHERE at < ? ORDER BY at, id LIMIT ?)",
        {older_than, limit}
    );
    if (status.has_error()) return status.error().within("deleting old audit entries");
    return static_cast<std::size_t>(database_.changes());
}

}  // namespace linkspan::store
