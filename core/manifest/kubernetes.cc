#include "core/manifest/kubernetes.h"

namespace linkspan::manifest {

namespace {

bool is_container_list(std::string_view key) {
    return key == "containers" || key == "initContainers" || key == "ephemeralContainers";
}

// The containers may be an alias, and so may each of them; the image may come in by a merge key.
void visit_containers(Finder& finder, NodeId list) {
    const Tree& tree = finder.tree();
    list = tree.resolve(list);
    if (list == kNoNode || tree[list].kind != NodeKind::Sequence) return;
    for (NodeId item = tree[list].first_child; item != kNoNode; item = tree[item].next) {
        const NodeId image = tree.find_scalar(item, "image");
        if (image != kNoNode) finder.add_reference(PlaceKind::KubernetesImage, image);
    }
}

// Recursion is as deep as the tree, which has a limit.
void visit(Finder& finder, NodeId node, bool in_object) {
    const Tree& tree = finder.tree();
    if (tree[node].kind == NodeKind::Sequence) {
        for (NodeId item = tree[node].first_child; item != kNoNode; item = tree[item].next) {
            visit(finder, item, in_object);
        }
        return;
    }
    if (tree[node].kind != NodeKind::Mapping) return;
    const bool is_object = tree.find_scalar(node, "apiVersion") != kNoNode &&
                           tree.find_scalar(node, "kind") != kNoNode;
    in_object = in_object || is_object;
    for (NodeId key = tree[node].first_child; key != kNoNode;) {
        const NodeId value = tree[key].next;
        if (value == kNoNode) break;
        const std::string_view name =
            tree[key].kind == NodeKind::Scalar ? tree[key].text : std::string_view{};
        const bool record = is_object && (name == "metadata" || name == "status");
        if (!record) {
            if (in_object && is_container_list(name)) visit_containers(finder, value);
            visit(finder, value, in_object);
        }
        key = tree[value].next;
    }
}

}  // namespace

void find_kubernetes_images(Finder& finder, NodeId root) {
    visit(finder, root, /*in_object=*/false);
}

}  // namespace linkspan::manifest
