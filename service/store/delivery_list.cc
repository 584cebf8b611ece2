// The list of deliveries with filters.
#include "service/store/delivery_filter.h"
#include "service/store/sqlite_store.h"

namespace linkspan::store {
namespace {

// How many deliveries one call looks at: the store's thread does nothing else meanwhile.
constexpr std::size_t kLooks = 20000;

std::string_view first_part(const std::string& image) {
    return std::string_view{image}.substr(0, image.find('/'));
}

std::string_view second_part(const std::string& image) {
    const auto slash = image.find('/');
    return slash == std::string::npos ? std::string_view{}
                                      : std::string_view{image}.substr(slash + 1);
}

}  // namespace

// Three sets of candidates: all, newest first and so many at most; or by the index of what is
// pending or failed, of which there is little.
#define LINKSPAN_DELIVERY_COLUMNS                                                    \
    "SELECT d.id, d.receiver, d.sender, d.received_at, d.ignored, "                  \
    "(SELECT count(*) FROM events WHERE delivery = d.seq), "                         \
    "(SELECT count(*) FROM work WHERE delivery = d.seq AND done_at IS NULL), "       \
    "(SELECT count(*) FROM work WHERE delivery = d.seq AND outcome = 'failed'), "    \
    "(SELECT count(*) FROM work WHERE delivery = d.seq AND waiting IS NOT NULL AND " \
    "done_at IS NULL) FROM "
#define LINKSPAN_DELIVERY_FILTERS                                                              \
    " WHERE d.id < ?1 AND (?2 IS NULL OR d.receiver = ?2) "                                    \
    "AND (?3 IS NULL OR EXISTS (SELECT 1 FROM work WHERE delivery = d.seq AND target = ?3)) "  \
    "AND (?4 IS NULL OR EXISTS (SELECT 1 FROM events WHERE delivery = d.seq "                  \
    "  AND host = ?4 AND repository = ?5)) "                                                   \
    "AND (?6 IS NULL OR EXISTS (SELECT 1 FROM work WHERE delivery = d.seq AND outcome = ?6)) " \
    "AND (?7 IS NULL OR d.received_at >= ?7) AND (?8 IS NULL OR d.received_at < ?8) "          \
    "ORDER BY d.id DESC LIMIT ?9"

Result<DeliveryPage> SqliteStore::deliveries(
    const DeliveryFilter& filter, std::optional<std::string> after, std::size_t limit, TimePoint now
) {
    const std::string state = filter.state.value_or("");
    const std::string outcome = filter.outcome.value_or("");
    const Value before = after ? Value{*after} : Value{Blob{""}};  // no text is above a blob
    Value host = std::nullopt;
    Value repository = std::nullopt;
    if (filter.image) {
        host = first_part(*filter.image);
        repository = second_part(*filter.image);
    }
    const auto run = [&](Sql sql, Value last) {
        return database_->query(
            sql,
            {before,
             filter.receiver,
             filter.target,
             host,
             repository,
             filter.outcome,
             filter.since,
             filter.until,
             limit,
             last}
        );
    };
    DeliveryPage page;
    const bool few = !state.empty() || outcome == "failed";
    {
        LINKSPAN_TRY(
            row,
            state == "pending" || state == "waiting"
                ? run(LINKSPAN_DELIVERY_COLUMNS
                      "(SELECT * FROM deliveries WHERE seq IN (SELECT delivery FROM work "
                      "INDEXED BY work_pending WHERE done_at IS NULL AND "
                      "(?10 IS NULL OR (attempts > 0 AND due_at > ?10)))) "
                      "d" LINKSPAN_DELIVERY_FILTERS,
                      state == "waiting" ? Value{now} : Value{std::nullopt})
            : few ? run(LINKSPAN_DELIVERY_COLUMNS
                        "(SELECT * FROM deliveries WHERE ?10 AND seq IN (SELECT delivery FROM work "
                        "INDEXED BY work_failed WHERE outcome = 'failed')) "
                        "d" LINKSPAN_DELIVERY_FILTERS,
                        1)
                  : run(LINKSPAN_DELIVERY_COLUMNS
                        "(SELECT * FROM deliveries WHERE id < ?1 ORDER BY id DESC LIMIT ?10) "
                        "d" LINKSPAN_DELIVERY_FILTERS,
                        kLooks)
        );
        for (;;) {
            LINKSPAN_TRY(more, row.next());
            if (!more) break;
            page.deliveries.push_back(DeliverySummary{
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
    if (page.deliveries.size() == limit && limit > 0) {
        page.next = page.deliveries.back().id;
    } else if (!few) {
        // Where the look ended, when it did not come to the end.
        LINKSPAN_TRY(
            row,
            database_->query(
                "SELECT id FROM deliveries WHERE id < ? ORDER BY id DESC LIMIT 1 OFFSET ?",
                {before, kLooks - 1}
            )
        );
        LINKSPAN_TRY(more, row.next());
        if (more) page.next = row.text(0);
    }
    return page;
}

}  // namespace linkspan::store
