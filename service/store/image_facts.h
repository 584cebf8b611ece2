// ImageFacts: what images say about themselves, by digest: bytes that never change, so they are
// asked for once. A cache: any of it may be missing.
//
// Reached through Store::image_facts(), on the store's thread. Errors: those of the store.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "service/store/time_point.h"

#include <cstddef>
#include <optional>
#include <string>

namespace linkspan::store {

class Database;

class ImageFacts {
public:
    explicit ImageFacts(Database& database) : database_{database} {}

    // Bytes, as the caller encodes them; nullopt: not known to this version of the encoding.
    Result<std::optional<std::string>> get(const image::Digest& digest, int version);
    Status put(const image::Digest& digest, const std::string& facts, int version, TimePoint now);
    // Deletes at most `limit` that were put before; how many.
    Result<std::size_t> expire(TimePoint before, std::size_t limit);

private:
    Database& database_;
};

}  // namespace linkspan::store
