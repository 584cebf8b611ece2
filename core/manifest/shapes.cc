#include "core/manifest/shapes.h"

#include "core/manifest/argo.h"
#include "core/manifest/ci.h"
#include "core/manifest/compose.h"
#include "core/manifest/helm.h"
#include "core/manifest/json_patch.h"
#include "core/manifest/kubernetes.h"
#include "core/manifest/kustomize.h"

#include <array>

namespace linkspan::manifest {

namespace {

struct Shape {
    bool (*recognises)(const Finder& finder, NodeId root);
    void (*find)(Finder& finder, NodeId root);
};

constexpr bool any(const Finder& /*finder*/, NodeId /*root*/) { return true; }

// In order: the more a shape asks for, the earlier it is.
constexpr std::array kShapes = {
    Shape{is_kustomization, find_kustomize_images},
    Shape{is_argo_application, find_argo_images},
    Shape{is_helm_release, find_helm_release_images},
    Shape{is_kubernetes_object, find_kubernetes_images},
    Shape{is_argo_source_file, find_argo_images},
    Shape{is_json_patch, find_json_patch_images},
    Shape{is_compose_file, find_compose_images},
    Shape{is_ci_file, find_ci_images},
    Shape{is_chart_file, find_chart_images},
    Shape{any, find_helm_values},
};

std::string_view text_of(const Tree& tree, NodeId mapping, std::string_view key) {
    const NodeId id = tree.find_scalar(mapping, key);
    return id == kNoNode ? std::string_view{} : tree[id].text;
}

}  // namespace

void find_images(Finder& finder, NodeId root) {
    for (const Shape& shape : kShapes) {
        if (shape.recognises(finder, root)) return shape.find(finder, root);
    }
}

bool is_object(const Tree& tree, NodeId mapping) {
    return mapping != kNoNode && tree[mapping].kind == NodeKind::Mapping &&
           tree.find_scalar(mapping, "apiVersion") != kNoNode &&
           tree.find_scalar(mapping, "kind") != kNoNode;
}

std::string_view group_of(const Tree& tree, NodeId object) {
    const std::string_view version = text_of(tree, object, "apiVersion");
    const std::size_t slash = version.find('/');
    return slash == std::string_view::npos ? std::string_view{} : version.substr(0, slash);
}

std::string_view kind_of(const Tree& tree, NodeId object) { return text_of(tree, object, "kind"); }

}  // namespace linkspan::manifest
