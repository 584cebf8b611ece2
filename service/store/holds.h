// Holds: what must not be promoted, because a person said so or reverted it.
//
// Reached through Store::holds(), on the store's thread. Errors: those of the store.
#pragma once

#include "core/result.h"
#include "service/store/time_point.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::store {

class Database;

// There is one for each (target, policy, tag, digest).
struct Hold {
    std::int64_t id = 0;  // given by set()
    std::string target;
    std::string policy;
    // What is held. Neither: everything of the policy. Not empty.
    std::optional<std::string> tag{};
    std::optional<std::string> digest{};
    std::string who;
    std::string why;
    TimePoint since;
    std::optional<TimePoint> until{};  // until then, not then
    std::int64_t pull_request = 0;     // that a person closed; 0: held in another way
};

class Holds {
public:
    explicit Holds(Database& database) : database_{database} {}

    // Replaces the one for the same thing. The id; hold.id is not read.
    Result<std::int64_t> set(const Hold& hold);
    // False when there is none.
    Result<bool> clear(std::int64_t id);
    // All of a policy in a target, those for single tags too; how many.
    Result<std::size_t> clear(std::string_view target, std::string_view policy);
    // Those in force at `now`, oldest first.
    Result<std::vector<Hold>> list(TimePoint now);
    Result<std::vector<Hold>> list(std::string_view target, std::string_view policy, TimePoint now);
    // Those that have run out by `now` and were not deleted yet, and when the next one will.
    Result<std::vector<Hold>> ended(TimePoint now);
    Result<std::optional<TimePoint>> next_end(TimePoint now);
    // Deletes what has run out; how many.
    Result<std::size_t> expire(TimePoint now);

private:
    Database& database_;
};

}  // namespace linkspan::store
