// Images in Kubernetes objects, by shape: in anything that has apiVersion and kind, wherever a pod
// is described. That is every workload there is (Pod, Deployment, CronJob, Knative Service, Argo
// Rollout and Workflow, Tekton Task, …), every custom resource that embeds a pod, and lists and
// templates of objects, without a table of kinds that ages.
//
//   containers, initContainers, ephemeralContainers, sidecars, steps: [{image: ref}]
//   container, script, stepTemplate: {image: ref}
//   volumes: [{image: {reference: ref}}]
//   env: [{name: RELATED_IMAGE_X, value: ref}]     any name with IMAGE in it, or an unmistakable
//   value taskRef: {bundle: ref} image: ref                                     with a tag or
//   digest, or in the forms of charts
//
// Not looked at: metadata and status, which say what was, not what is wanted; data, which is text.
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

bool is_kubernetes_object(const Finder& finder, NodeId root);
void find_kubernetes_images(Finder& finder, NodeId root);

// A patch of an object: the same shapes in a document that may lack apiVersion and kind.
void find_in_object_patch(Finder& finder, NodeId root);

}  // namespace linkspan::manifest
