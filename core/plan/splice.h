// splice(): the new text of each file, checked by the independent parser. The check is what a large
// plan takes its time for, and the files know nothing of each other.
#pragma once

#include "core/manifest/edit.h"
#include "core/result.h"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::plan {

// Calls its second argument for 0 … count - 1, in any order and on any threads, and returns when
// all have ended.
using Each = std::function<void(std::size_t count, const std::function<void(std::size_t)>& work)>;

struct Splice {
    std::string_view before;
    std::span<const manifest::Edit> edits;
};

// In the order of the files. `each` may be empty: one after the other. Errors: those of
// manifest::apply() and manifest::verify().
std::vector<Result<std::string>> splice(std::span<const Splice> files, const Each& each);

}  // namespace linkspan::plan
