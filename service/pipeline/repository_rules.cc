#include "service/pipeline/repository_rules.h"

#include "service/registry/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace linkspan::pipeline {
namespace {

constexpr std::uint32_t kRegular = 0100644;
constexpr std::uint32_t kExecutable = 0100755;

struct Listing {
    std::vector<git::File> files;
    std::size_t beyond = 0;  // how many more there are than are read
    std::string fingerprint;
};

Result<Listing> list(const git::Mirror& mirror, const git::CommitId& commit) {
    LINKSPAN_TRY(files, mirror.files(commit, {std::string{config::kRepositoryPolicies}}));
    Listing out;
    for (auto& file : files) {
        if (file.mode != kRegular && file.mode != kExecutable) continue;
        if (!file.path.ends_with(".yaml") && !file.path.ends_with(".yml")) continue;
        if (out.files.size() == config::kMostRepositoryFiles) {
            ++out.beyond;
        } else {
            out.files.push_back(std::move(file));
        }
    }
    if (out.files.empty()) return out;
    std::string all;
    for (const auto& file : out.files) all += file.path + "\n" + file.blob.hex + "\n";
    // Of those beyond, the number is all that is told.
    all += std::to_string(out.beyond);
    out.fingerprint = registry::compute_digest(all).str();
    return out;
}

Result<std::vector<config::RepositoryFile>> read(const git::Mirror& mirror, const Listing& list) {
    std::vector<config::RepositoryFile> out;
    std::size_t left = config::kMostRepositoryBytes;
    for (const auto& file : list.files) {
        auto& one = out.emplace_back(config::RepositoryFile{.name = file.path, .text = {}});
        auto text =
            mirror.read(file.blob, std::min<std::size_t>(left, config::kLargestRepositoryFile));
        if (text.has_value()) {
            left -= text->size();
            one.text = std::move(*text);
            continue;
        }
        // The mirror is in order, the file is what it should not be.
        if (text.error().kind != Errc::InvalidInput) return text.error().within(file.path);
        one.problem = left < config::kLargestRepositoryFile
                          ? fmt::format(
                                "is not read: {}; all files together may have {}",
                                text.error().message,
                                config::kMostRepositoryBytes
                            )
                          : "is not read: " + text.error().message;
    }
    if (list.beyond > 0) {
        out.push_back(
            {.name = std::string{config::kRepositoryPolicies},
             .text = {},
             .problem = fmt::format(
                 "has more than {} files; the {} after {} are not read",
                 config::kMostRepositoryFiles,
                 list.beyond,
                 list.files.back().path
             )}
        );
    }
    return out;
}

}  // namespace

policy::Policy RepositoryRules::of(const policy::Policy& policy) const {
    const auto* const found = narrowed.find(policy.full_name());
    return found == nullptr ? policy : *found;
}

std::vector<std::string> RepositoryRules::notes() const {
    std::vector<std::string> out;
    for (const auto& problem : narrowed.diagnostics) {
        out.push_back("not followed: " + problem.str());
    }
    return out;
}

Result<std::string> rules_fingerprint(const git::Mirror& mirror, const git::CommitId& commit) {
    LINKSPAN_TRY(listing, list(mirror, commit));
    return std::move(listing.fingerprint);
}

Result<RepositoryRulesPtr> read_rules(
    const git::Mirror& mirror,
    const git::CommitId& commit,
    std::shared_ptr<const config::Config> config,
    const std::string& repository,
    RepositoryRulesPtr known
) {
    LINKSPAN_TRY(listing, list(mirror, commit));
    if (known && known->config == config && known->fingerprint == listing.fingerprint) {
        return known;
    }
    LINKSPAN_TRY(files, read(mirror, listing));
    auto rules = std::make_shared<RepositoryRules>();
    rules->fingerprint = std::move(listing.fingerprint);
    rules->narrowed =
        config::narrow_policies(config::followed_policies(*config, repository), files);
    rules->config = std::move(config);
    return RepositoryRulesPtr{std::move(rules)};
}

}  // namespace linkspan::pipeline
