// Lens: what is looked for in a file, so that the index treats the shapes and markers that are
// known, and the fields that a configuration asks for, alike.
#pragma once

#include "core/manifest/place.h"
#include "core/plan/scope.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace linkspan::pipeline {

// Bytes; a larger file is skipped with a reason.
inline constexpr std::size_t kLargestManifest = std::size_t{8} << 20U;

struct Lens {
    // Null: shapes and markers.
    std::shared_ptr<const plan::FieldWatch> watch;

    // What its findings in a blob depend on, besides the file's name; empty for shapes.
    [[nodiscard]] std::string rule() const;
    // The same for lenses that find the same in the same files.
    [[nodiscard]] std::string identity() const;
    // By name and mode alone, before anything is read.
    [[nodiscard]] bool wants(const std::string& path) const;
    // Runs a parser only where cheaper means say that there may be something.
    [[nodiscard]] manifest::Scan scan(const std::string& path, std::string_view bytes) const;
};

}  // namespace linkspan::pipeline
