#include "service/pipeline/head_branches.h"

#include <memory>
#include <utility>

namespace linkspan::pipeline {
namespace {

constexpr std::chrono::minutes kTrusted{10};

}  // namespace

ConfigPtr HeadBranches::apply(ConfigPtr config) const {
    std::shared_ptr<config::Config> changed;
    for (std::size_t i = 0; i < config->repositories.size(); ++i) {
        const auto& repository = config->repositories[i];
        if (!repository.follows_head) continue;
        const auto known = known_.find(repository.name);
        if (known == known_.end() || known->second.url != repository.url) continue;
        if (repository.branch == known->second.branch) continue;
        if (!changed) changed = std::make_shared<config::Config>(*config);
        changed->repositories[i].branch = known->second.branch;
    }
    return changed ? ConfigPtr{std::move(changed)} : config;
}

bool HeadBranches::is_due(const config::Repository& repository, Time now) const {
    if (!repository.follows_head) return false;
    const auto known = known_.find(repository.name);
    return known == known_.end() || known->second.url != repository.url || !known->second.asked ||
           now - *known->second.asked >= kTrusted;
}

bool HeadBranches::learn(
    const config::Repository& repository, const std::string& branch, Time now
) {
    Known& known = known_[repository.name];
    const bool news = known.url != repository.url || known.branch != branch;
    known = {.url = repository.url, .branch = branch, .asked = now};
    return news;
}

bool HeadBranches::doubt(const std::string& repository) {
    const auto known = known_.find(repository);
    if (known == known_.end()) return false;
    known->second.asked.reset();
    return true;
}

}  // namespace linkspan::pipeline
