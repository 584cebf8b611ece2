// Policies in the manifest repository: .linkspan/policies/*.yaml on the target branch, where the
// configuration allows them (repositories[].repository_policies). They are reviewed like everything
// else there, and so they may only narrow what the configuration allows: docs/policies.md has the
// rules.
//
// Pure: who calls brings the files. A file with anything wrong in it changes nothing at all.
// narrow.h says what they make of the configuration's policies.
#pragma once

#include "config/config.h"
#include "core/policy/policy.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::config {

inline constexpr std::string_view kRepositoryPolicies = ".linkspan/policies";
// Of one branch. What is beyond changes nothing and is reported.
inline constexpr std::size_t kMostRepositoryFiles = 200;
inline constexpr std::size_t kLargestRepositoryFile = 256 << 10;  // bytes
inline constexpr std::size_t kMostRepositoryBytes = 1 << 20;      // of all files
inline constexpr std::size_t kMostRepositoryPolicies = 1000;      // of all files
// Of one policy: entries of tags, windows, freezes, platforms and labels, of all files and its own.
inline constexpr std::size_t kMostConditions = 1000;

// What one entry asks for. What is not written is left as it is.
struct RepositoryPolicy {
    std::string file{};
    std::size_t line = 1;  // of the entry
    std::string name{};    // of a policy of the configuration, with its namespace or alone
    std::string name_space{};
    std::optional<image::ImageName> image{};  // the same; nothing else can be said
    policy::TagFilter tags{};                 // pattern, allow and ignore
    std::optional<policy::Selection> select{};
    std::optional<bool> strict{};  // select.semver.strict, where it is written
    std::optional<policy::DigestMode> digest{};
    std::optional<bool> allow_downgrade{};
    std::chrono::milliseconds soak{};
    policy::Schedule schedule{};
    std::vector<image::Platform> platforms{};
    std::vector<policy::LabelRule> labels{};

    [[nodiscard]] std::string full_name() const {
        return name_space.empty() ? name : name_space + ":" + name;
    }
};

struct RepositoryFile {
    std::string name;  // ".linkspan/policies/prod.yaml": for messages, and to say who narrowed
    std::string text;
    std::string problem{};  // why it can't be read; there is no text then
};

struct LoadedRepositoryPolicies {
    std::vector<RepositoryPolicy> policies;  // empty when there is any diagnostic
    std::vector<Diagnostic> diagnostics;
};

// A document is a mapping with a list `policies`, or one entry of it. At most
// kMostRepositoryPolicies of them, and a few dozen diagnostics.
LoadedRepositoryPolicies load_repository_policies(
    std::string_view text, const std::string& file_name
);

}  // namespace linkspan::config
