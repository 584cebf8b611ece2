#include "core/manifest/json_patch.h"

#include "core/manifest/kubernetes.h"
#include "core/manifest/walk.h"

namespace linkspan::manifest {

bool is_json_patch(const Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    if (!is_sequence(tree, root)) return false;
    const NodeId first = tree.resolve(tree[root].first_child);
    return first != kNoNode && tree.find_scalar(first, "op") != kNoNode &&
           tree.find_scalar(first, "path") != kNoNode;
}

void find_json_patch_images(Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    each_item(finder, root, [&](NodeId operation) {
        const NodeId path = tree.find_scalar(operation, "path");
        const NodeId value = tree.resolve(tree.find(operation, "value"));
        if (path == kNoNode || value == kNoNode) return;
        if (!is_scalar(tree, value)) return find_in_object_patch(finder, value);
        if (!tree[path].text.ends_with("/image")) return;
        finder.add_reference(PlaceKind::KubernetesImage, value, {.quiet = true});
    });
}

void find_patch_images(Finder& finder, NodeId root) {
    if (is_json_patch(finder, root)) return find_json_patch_images(finder, root);
    find_in_object_patch(finder, root);
}

}  // namespace linkspan::manifest
