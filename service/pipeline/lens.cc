#include "service/pipeline/lens.h"

#include "core/manifest/scan.h"

#include <vector>

namespace linkspan::pipeline {

std::string Lens::rule() const { return watch ? watch->rule.identity() : std::string{}; }

std::string Lens::identity() const {
    return watch ? watch->files + "\n" + watch->rule.identity() : std::string{};
}

bool Lens::wants(const std::string& path) const {
    return watch ? watch->wants(path) : manifest::readable_name(path);
}

manifest::Scan Lens::scan(const std::string& path, std::string_view bytes) const {
    if (watch) return manifest::scan_fields(path, bytes, std::vector{watch->rule});
    return manifest::worth_scanning(path, bytes) ? manifest::scan(path, bytes) : manifest::Scan{};
}

}  // namespace linkspan::pipeline
