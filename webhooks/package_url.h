// Package URLs: "pkg:oci/app@sha256%3A…?repository_url=r.example.com/acme/app&tag=1.0".
// https://github.com/package-url/purl-spec
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::webhooks {

struct PackageUrl {
    std::string type;   // "oci", in lower case
    std::string space;  // empty when absent
    std::string name;
    std::string version;  // empty when absent
    std::vector<std::pair<std::string, std::string>> qualifiers;

    // nullopt: not a package URL, or one with malformed escapes. A subpath is dropped.
    static std::optional<PackageUrl> parse(std::string_view text);
    [[nodiscard]] std::string qualifier(std::string_view key) const;  // empty when absent
};

}  // namespace linkspan::webhooks
