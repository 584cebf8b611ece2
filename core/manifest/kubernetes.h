// Container images of Kubernetes objects, by shape: in anything that has apiVersion and kind, the
// items of `containers`, `initContainers` and `ephemeralContainers` lists. That is every workload
// there is (Pod, Deployment, CronJob, Knative Service, Argo Rollout, …), every custom resource that
// embeds a pod spec, and lists and templates of objects, without a table of kinds that ages.
//
// Not looked at: metadata and status, which say what was, not what is wanted.
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

void find_kubernetes_images(Finder& finder, NodeId root);

}  // namespace linkspan::manifest
