// splice(): the new text of each file, checked by the independent parser, on several threads when
// there are many files: the check is what a large plan takes its time for.
#pragma once

#include "core/manifest/edit.h"
#include "core/result.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::plan {

struct Splice {
    std::string_view before;
    std::span<const manifest::Edit> edits;
};

// In the order of the files, whatever thread did which. Errors: those of manifest::apply() and
// manifest::verify().
std::vector<Result<std::string>> splice(std::span<const Splice> files);

}  // namespace linkspan::plan
