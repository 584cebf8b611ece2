// Audit: who did what to which subject, and why. Appended, read, and deleted only by age.
//
// Write an entry in the same operation as what it is about: then there is both or neither.
// Reached through Store::audit(), on the store's thread. Errors: those of the store.
#pragma once

#include "core/result.h"
#include "service/store/time_point.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::store {

class Database;

struct AuditEntry {
    std::int64_t id = 0;  // given by append(); counts up, never used again
    TimePoint at;
    std::string who;
    std::string action;   // a verb: "hold", "resume", "rollback", "replay"
    std::string subject;  // "targets/prod/policies/flux-system:app", "deliveries/01J…"
    std::string why;
};

class Audit {
public:
    explicit Audit(Database& database) : database_{database} {}

    // The id; entry.id is not read.
    Result<std::int64_t> append(const AuditEntry& entry);
    // Newest first; `after` is the last id of the page before.
    Result<std::vector<AuditEntry>> list(std::optional<std::int64_t> after, std::size_t limit);
    Result<std::vector<AuditEntry>> list(
        const std::string& subject, std::optional<std::int64_t> after, std::size_t limit
    );
    // Deletes at most `limit` entries from before `older_than`, oldest first; how many.
    Result<std::size_t> expire(TimePoint older_than, std::size_t limit);

private:
    Database& database_;
};

}  // namespace linkspan::store
