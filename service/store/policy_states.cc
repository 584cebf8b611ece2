#include "service/store/policy_states.h"

#include "service/store/database.h"

#include <utility>

namespace linkspan::store {
namespace {

Result<std::optional<EndedWork>> read(Query row) {
    LINKSPAN_TRY(found, row.next());
    if (!found) return std::optional<EndedWork>{};
    return std::optional{EndedWork{
        .delivery = row.text(0),
        .outcome =
            {.kind = row.text(1),
             .reason = row.text(2),
             .commit = row.optional_text(3),
             .detail_json = row.text(4)},
        .at = row.time(5),
    }};
}

}  // namespace

Result<std::optional<EndedWork>> PolicyStates::last(
    std::string_view target, std::string_view policy, bool settled_in_git
) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT d.id, w.outcome, w.reason, w.outcome_commit, w.detail, w.done_at "
            "FROM work w CROSS JOIN deliveries d ON d.seq = w.delivery "
            "WHERE w.target = ?1 AND w.policy = ?2 AND w.done_at IS NOT NULL "
            "AND (NOT ?3 OR w.outcome IN ('committed', 'already_current')) "
            "ORDER BY w.done_at DESC, w.id DESC LIMIT 1",
            {target, policy, settled_in_git}
        )
    );
    return read(std::move(row));
}

Result<std::optional<EndedWork>> PolicyStates::last_commit(
    std::string_view target, std::string_view policy
) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT d.id, w.outcome, w.reason, w.outcome_commit, w.detail, w.done_at "
            "FROM work w CROSS JOIN deliveries d ON d.seq = w.delivery "
            "WHERE w.target = ? AND w.policy = ? AND w.done_at IS NOT NULL "
            "AND w.outcome = 'committed' ORDER BY w.done_at DESC, w.id DESC LIMIT 1",
            {target, policy}
        )
    );
    return read(std::move(row));
}

Result<std::size_t> PolicyStates::pending(std::string_view target, std::string_view policy) {
    LINKSPAN_TRY(
        count,
        database_.integer(
            "SELECT count(*) FROM work INDEXED BY work_pending "
            "WHERE done_at IS NULL AND target = ? AND policy = ?",
            {target, policy}
        )
    );
    return static_cast<std::size_t>(count);
}

Result<bool> PolicyStates::has_work(
    std::string_view target, std::string_view policy, const image::ImageName& image
) {
    LINKSPAN_TRY(
        found,
        database_.integer(
            "SELECT EXISTS (SELECT 1 FROM work w INDEXED BY work_ended CROSS JOIN events e "
            "ON e.delivery = w.delivery AND e.idx = w.event WHERE w.target = ?1 AND w.policy = ?2 "
            "AND w.done_at IS NOT NULL AND e.host = ?3 AND e.repository = ?4) OR EXISTS "
            "(SELECT 1 FROM work w INDEXED BY work_pending CROSS JOIN events e "
            "ON e.delivery = w.delivery AND e.idx = w.event WHERE w.target = ?1 AND w.policy = ?2 "
            "AND w.done_at IS NULL AND e.host = ?3 AND e.repository = ?4)",
            {target, policy, image.host(), image.repository()}
        )
    );
    return found != 0;
}

Result<bool> PolicyStates::awaits(
    std::string_view target,
    std::string_view policy,
    const image::ImageName& image,
    const image::Tag& tag
) {
    LINKSPAN_TRY(
        found,
        database_.integer(
            "SELECT EXISTS (SELECT 1 FROM work w INDEXED BY work_pending CROSS JOIN events e "
            "ON e.delivery = w.delivery AND e.idx = w.event WHERE w.target = ?1 AND w.policy = ?2 "
            "AND w.done_at IS NULL AND e.host = ?3 AND e.repository = ?4 AND e.tag = ?5)",
            {target, policy, image.host(), image.repository(), tag.str()}
        )
    );
    return found != 0;
}

Result<std::optional<std::string>> PolicyStates::newest_tag(const image::ImageName& image) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT tag FROM events WHERE host = ? AND repository = ? "
            "ORDER BY delivery DESC, idx DESC LIMIT 1",
            {image.host(), image.repository()}
        )
    );
    LINKSPAN_TRY(found, row.next());
    return found ? std::optional{row.text(0)} : std::nullopt;
}

}  // namespace linkspan::store
