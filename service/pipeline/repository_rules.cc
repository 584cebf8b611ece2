#include "service/pipeline/repository_rules.h"

#include <fmt/format.h>

#include <utility>

namespace linkspan::pipeline {
namespace {

constexpr std::size_t kMostFiles = 200;
constexpr std::size_t kLargest = 256 << 10;  // bytes
constexpr std::uint32_t kRegular = 0100644;
constexpr std::uint32_t kExecutable = 0100755;

}  // namespace

Result<RepositoryRules> read_rules(const git::Mirror& mirror, const git::CommitId& commit) {
    const std::string folder{config::kRepositoryPolicies};
    LINKSPAN_TRY(files, mirror.files(commit, {folder}));
    RepositoryRules rules;
    for (const auto& file : files) {
        if (file.mode != kRegular && file.mode != kExecutable) continue;
        if (!file.path.ends_with(".yaml") && !file.path.ends_with(".yml")) continue;
        if (rules.files.size() == kMostFiles) {
            return Error{
                Errc::InvalidInput, fmt::format("{}: more than {} files", folder, kMostFiles)};
        }
        auto text = mirror.read(file.blob, kLargest);
        if (text.has_error()) return text.error().within(file.path);
        rules.fingerprint += file.path + "\n" + file.blob.hex + "\n";
        rules.files.push_back({.name = file.path, .text = std::move(*text)});
    }
    return rules;
}

}  // namespace linkspan::pipeline
