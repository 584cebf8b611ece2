// Writes: what Linkspan wrote at which place, so that it notices when a person undid it, and knows
// what a rollback goes back to.
//
// A row is written before the push that it tells of, as one that has not landed; whether its commit
// is in the branch is for Git to say. Reached through Store::writes(), on the store's thread.
// Errors: those of the store.
#pragma once

#include "core/result.h"
#include "service/store/time_point.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::store {

class Database;

struct Write {
    std::int64_t id = 0;  // given by record(); counts up
    std::string target;
    std::string policy;  // full name
    std::string path;
    std::size_t document = 0;  // 0-based number of the YAML document in the file
    std::string place;         // "spec.template.spec.containers[0].image"
    std::string image;
    std::string old_tag;  // empty when none was written
    std::optional<std::string> old_digest{};
    std::string new_tag;
    std::optional<std::string> new_digest{};
    std::string commit;
    TimePoint at{};
    std::optional<std::string> undone{};  // by whom and how, in words
    // False: it was about to be pushed, and nobody knows yet whether that went through.
    bool landed = true;
};

class Writes {
public:
    explicit Writes(Database& database) : database_{database} {}

    // The ids of the rows are not read. Of one place only the newest rows are kept, and those that
    // a person undid.
    Status record(std::span<const Write> writes);
    // What the remote said of a commit. In the branch: older rows of its places that had not landed
    // can't land any more, and go. Not in it: its rows go.
    Status settle(std::string_view commit, bool landed);
    // For each place the newest row that has landed, those that have not, and every row that was
    // undone; oldest first. What was forgiven is not among them.
    Result<std::vector<Write>> current(std::string_view target, std::string_view policy);
    // All that were undone and not forgiven, newest first.
    Result<std::vector<Write>> undone();
    // NotFound: there is no such row (any more).
    Status mark_undone(std::int64_t id, const std::string& how);
    // A person put it back.
    Status clear_undone(std::int64_t id);
    // From now on nothing of the past holds the policy's places; how many had been undone.
    Result<std::size_t> forgive(std::string_view target, std::string_view policy);
    // All rows that have landed and are kept, forgiven or not, newest first: what a rollback goes
    // back along.
    Result<std::vector<Write>> history(std::string_view target, std::string_view policy);

private:
    Database& database_;
};

}  // namespace linkspan::store
