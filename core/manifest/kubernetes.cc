#include "core/manifest/kubernetes.h"

#include "core/manifest/helm.h"
#include "core/manifest/parts.h"
#include "core/manifest/shapes.h"
#include "core/manifest/walk.h"

#include <algorithm>
#include <array>

namespace linkspan::manifest {

namespace {

constexpr PlaceKind kKind = PlaceKind::KubernetesImage;

template <std::size_t N>
bool one_of(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::array<std::string_view, 5> kContainerLists = {
    "containers", "initContainers", "ephemeralContainers", "sidecars", "steps"};
constexpr std::array<std::string_view, 3> kContainers = {"container", "script", "stepTemplate"};
constexpr std::array<std::string_view, 5> kRecords = {
    "metadata", "status", "data", "stringData", "binaryData"};

// "redis:6379" reads as an image too; the variable's name, or a registry and a path, tell.
bool is_unmistakable(std::string_view name, std::string_view value) {
    if (name.find("IMAGE") != std::string_view::npos) return true;
    if (value.find('@') != std::string_view::npos) return true;
    const std::size_t slash = value.find('/');
    return slash != std::string_view::npos && value.substr(0, slash).find('.') != value.npos;
}

void visit_environment(Finder& finder, NodeId list) {
    const Tree& tree = finder.tree();
    each_item(finder, list, [&](NodeId variable) {
        const NodeId name = tree.find_scalar(variable, "name");
        const NodeId value = tree.find_scalar(variable, "value");
        if (name == kNoNode || value == kNoNode) return;
        if (!is_unmistakable(tree[name].text, tree[value].text)) return;
        finder.add_reference(kKind, value, {.needs_version = true, .quiet = true});
    });
}

// A container may be an alias; its image may come in by a merge key.
void visit_container(Finder& finder, NodeId container) {
    const Tree& tree = finder.tree();
    if (!is_mapping(tree, container)) return;
    finder.add_reference(kKind, tree.find_scalar(container, "image"));
}

void visit_entry(Finder& finder, std::string_view key, NodeId value) {
    const Tree& tree = finder.tree();
    if (one_of(kContainerLists, key)) {
        each_item(finder, value, [&](NodeId item) { visit_container(finder, item); });
    } else if (one_of(kContainers, key)) {
        visit_container(finder, tree.resolve(value));
    } else if (key == "volumes") {
        each_item(finder, value, [&](NodeId volume) {
            const NodeId image = tree.resolve(tree.find(volume, "image"));
            finder.add_reference(kKind, tree.find_scalar(image, "reference"));
        });
    } else if (key == "env") {
        visit_environment(finder, value);
    } else if (key == "taskRef" || key == "pipelineRef") {
        const NodeId bundle = tree.find_scalar(tree.resolve(value), "bundle");
        finder.add_reference(kKind, bundle, {.needs_version = true, .quiet = true});
    } else if (key == "params") {
        // Tekton's bundle resolver, and parameters that are called an image.
        each_item(finder, value, [&](NodeId param) {
            const NodeId name = tree.find_scalar(param, "name");
            if (name == kNoNode) return;
            if (tree[name].text != "bundle" && !names_an_image(tree[name].text)) return;
            for (const std::string_view text : {"value", "default"}) {
                finder.add_reference(
                    kKind, tree.find_scalar(param, text), {.needs_version = true, .quiet = true}
                );
            }
        });
    }
}

// Artifacts that are not run but are images all the same.
void visit_artifact(Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    const NodeId spec = tree.resolve(tree.find(root, "spec"));
    if (kind_of(tree, root) == "OCIRepository") {
        // spec: {url: oci://r.io/acme/manifests, ref: {tag: "1.2", digest: …}}
        const NodeId ref = tree.resolve(tree.find(spec, "ref"));
        Parts parts;
        parts.name = tree.find_scalar(spec, "url");
        parts.tag = tree.find_scalar(ref, "tag");
        parts.digest = tree.find_scalar(ref, "digest");
        add_parts(finder, kKind, parts);
    } else if (group_of(tree, root) == "pkg.crossplane.io") {
        finder.add_reference(
            kKind, tree.find_scalar(spec, "package"), {.needs_version = true, .quiet = true}
        );
    } else if (kind_of(tree, root) == "ClusterServiceVersion") {
        // An operator's own image, beside those under spec.
        const NodeId metadata = tree.resolve(tree.find(root, "metadata"));
        const NodeId notes = tree.resolve(tree.find(metadata, "annotations"));
        finder.add_reference(
            kKind, tree.find_scalar(notes, "containerImage"), {.needs_version = true, .quiet = true}
        );
    }
}

// Recursion is as deep as the tree, which has a limit.
void visit(Finder& finder, NodeId node, bool is_root_object) {
    const Tree& tree = finder.tree();
    if (is_sequence(tree, node)) {
        for (NodeId item = tree[node].first_child; item != kNoNode; item = tree[item].next) {
            visit(finder, item, false);
        }
        return;
    }
    if (!is_mapping(tree, node)) return;
    // OpenShift's ImageStream and BuildConfig: from: {kind: DockerImage, name: r.io/app:1}
    if (!is_root_object && kind_of(tree, node) == "DockerImage") {
        finder.add_reference(kKind, tree.find_scalar(node, "name"), {.quiet = true});
    }
    // Lists, templates and the like hold objects of any shape.
    if (!is_root_object && is_object(tree, node)) return find_images(finder, node);
    each_entry(tree, node, [&](std::string_view key, NodeId value) {
        if (!(is_root_object && one_of(kRecords, key))) visit_entry(finder, key, value);
    });
    find_in_values_mapping(finder, kKind, node, {}, {});
    each_entry(tree, node, [&](std::string_view key, NodeId value) {
        if (!(is_root_object && one_of(kRecords, key))) visit(finder, value, false);
    });
}

}  // namespace

bool is_kubernetes_object(const Finder& finder, NodeId root) {
    return is_object(finder.tree(), root);
}

void find_kubernetes_images(Finder& finder, NodeId root) {
    visit_artifact(finder, root);
    visit(finder, root, /*is_root_object=*/true);
}

void find_in_object_patch(Finder& finder, NodeId root) {
    visit(finder, root, /*is_root_object=*/true);
}

}  // namespace linkspan::manifest
