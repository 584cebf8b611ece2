// KeptView: the BranchView that a repository's worker keeps, made anew when the configuration names
// another remote or branch. On the io_context thread, between turns: nobody uses the view then.
#pragma once

#include "config/config.h"
#include "service/pipeline/branch_view.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace linkspan::pipeline {

class KeptView {
public:
    // `folder` of the data directory has the mirror. `stop` ends what the mirror has under way.
    KeptView(
        std::string repository,
        std::string folder,
        std::shared_ptr<BlobScans> scans,
        std::shared_ptr<std::atomic<bool>> stop
    )
        : repository_{std::move(repository)},
          folder_{std::move(folder)},
          scans_{std::move(scans)},
          stop_{std::move(stop)} {}

    // As the config has it now; null when it no longer has the repository.
    std::shared_ptr<BranchView> get(const std::shared_ptr<const config::Config>& config);
    // The last look's; null before the first.
    [[nodiscard]] std::shared_ptr<BranchIndex> index() const {
        return view_ ? view_->index : nullptr;
    }

private:
    std::string repository_;
    std::string folder_;
    std::shared_ptr<BlobScans> scans_;
    std::shared_ptr<std::atomic<bool>> stop_;
    std::shared_ptr<BranchView> view_;
    std::string made_for_;  // URL and branch
    std::shared_ptr<const config::Config> config_;
};

}  // namespace linkspan::pipeline
