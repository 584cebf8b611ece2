// Policies in the manifest repository: .linkspan/policies/*.yaml on the target branch, where the
// configuration allows them (repositories[].repository_policies). They are reviewed like everything
// else there, and so they may only narrow what the configuration allows: docs/policies.md has the
// rules.
//
// Pure: who calls brings the files. A file with anything wrong in it changes nothing at all.
#pragma once

#include "config/config.h"
#include "core/policy/policy.h"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::config {

inline constexpr std::string_view kRepositoryPolicies = ".linkspan/policies";

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
};

struct LoadedRepositoryPolicies {
    std::vector<RepositoryPolicy> policies;  // empty when there is any diagnostic
    std::vector<Diagnostic> diagnostics;
};

// A document is a mapping with a list `policies`, or one entry of it.
LoadedRepositoryPolicies load_repository_policies(
    std::string_view text, const std::string& file_name
);

// `allowed`, and everything that `wanted` asks for on top. Errors: InvalidInput for what would
// widen, or could never be met; the message begins with file and key: "….yaml: allow_downgrade: …".
Result<policy::Policy> narrow(const policy::Policy& allowed, const RepositoryPolicy& wanted);

struct NarrowedPolicies {
    std::vector<policy::Policy> policies;  // in the order of `allowed`, each narrowed or as it was
    std::vector<Diagnostic> diagnostics;   // of every file that was left out
};

// All files of a branch, in the order of their names. Several may narrow one policy.
NarrowedPolicies narrow_policies(
    std::span<const policy::Policy> allowed, std::span<const RepositoryFile> files
);

// One of the configuration's policies as the files of a repository narrow it; the files may speak
// of all that the repository's targets follow.
struct NarrowedPolicy {
    policy::Policy policy;
    std::vector<Diagnostic> diagnostics;  // of every file that was left out
};
NarrowedPolicy narrow_policy(
    const Config& config,
    const std::string& repository,
    const policy::Policy& policy,
    std::span<const RepositoryFile> files
);

}  // namespace linkspan::config
