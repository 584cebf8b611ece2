#include "service/store/image_facts.h"

#include "service/store/database.h"

namespace linkspan::store {

Result<std::optional<std::string>> ImageFacts::get(const image::Digest& digest, int version) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT facts FROM image_facts WHERE digest = ? AND version = ?",
            {digest.str(), version}
        )
    );
    LINKSPAN_TRY(found, row.next());
    return found ? std::optional{row.text(0)} : std::nullopt;
}

Status ImageFacts::put(
    const image::Digest& digest, const std::string& facts, int version, TimePoint now
) {
    auto status = database_.run(
        "INSERT INTO image_facts (digest, version, asked_at, facts) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (digest) DO UPDATE SET version = excluded.version, "
        "asked_at = excluded.asked_at, facts = excluded.facts",
        {digest.str(), version, now, Blob{facts}}
    );
    if (status.has_error()) return status.error().within("keeping what an image says");
    return {};
}

Result<std::size_t> ImageFacts::expire(TimePoint before, std::size_t limit) {
    auto status = database_.run(
        "DELETE FROM image_facts WHERE digest IN "
        "(SELECT digest FROM image_facts WHERE asked_at < ? ORDER BY asked_at LIMIT ?)",
        {before, limit}
    );
    if (status.has_error()) return status.error().within("forgetting what images said");
    return static_cast<std::size_t>(database_.changes());
}

}  // namespace linkspan::store
