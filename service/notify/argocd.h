// Argo CD's webhook for Git, as GitHub's push event: applications that follow this repository and
// branch are refreshed now.
//
// Argo CD reads ref, before, after, repository.html_url and default_branch, and the files of
// commits, to leave applications alone whose paths have not changed; without files it refreshes all
// of the branch. Applications that follow HEAD are refreshed when the default branch moved, which
// we don't know: we say that it did, which costs a look at most.
//
// argoproj/argo-cd, util/webhook
#pragma once

#include "service/notify/request.h"

namespace linkspan::notify::argocd {

Result<transport::HttpRequest> make_request(const Sink& sink, const Message& message);

}  // namespace linkspan::notify::argocd
