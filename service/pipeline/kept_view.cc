#include "service/pipeline/kept_view.h"

#include "service/pipeline/git_options.h"

namespace linkspan::pipeline {

std::shared_ptr<BranchView> KeptView::get(const std::shared_ptr<const config::Config>& config) {
    const auto* repository = config->repository(repository_);
    if (repository == nullptr) return nullptr;
    std::string key = repository->url + "\n" + repository->branch;
    if (!view_ || made_for_ != key) {
        view_ = std::make_shared<BranchView>();
        view_->scans = scans_;
        view_->directory = config->data_dir + "/" + folder_ + "/" + repository_ + ".git";
        made_for_ = std::move(key);
        config_.reset();
    }
    // Credentials, deadlines and CA files may have changed with the config: the mirror gets them.
    if (config_ != config) {
        config_ = config;
        view_->remote = remote_of(config, *repository, stop_);
        view_->remote_changed = true;
    }
    view_->branch = repository->branch;
    return view_;
}

}  // namespace linkspan::pipeline
