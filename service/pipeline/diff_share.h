// Which part of a turn's diff belongs to one piece of work: other policies' changes are not its
// business, and a thousand images in one file must not store a thousand diffs of it.
#pragma once

#include "core/plan/turn.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace linkspan::pipeline {

class DiffShare {
public:
    // Once for a turn, however many pieces of work share its files.
    explicit DiffShare(const plan::EditPlan& plan);

    // The hunks with the changes of this answer.
    [[nodiscard]] std::string of(const plan::BidAnswer& answer) const;

private:
    // One "@@" part of a diff, and the lines of the old text that it covers.
    struct Hunk {
        std::size_t first = 0;
        std::size_t last = 0;
        std::string text;
    };
    struct FileDiff {
        std::string head;  // "--- a/…", "+++ b/…"
        std::vector<Hunk> hunks;
    };
    static FileDiff split(const std::string& diff);

    std::map<std::string, FileDiff> files_;
};

}  // namespace linkspan::pipeline
