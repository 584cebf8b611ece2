#include "core/manifest/argo.h"

#include "core/manifest/embedded.h"
#include "core/manifest/helm.h"
#include "core/manifest/json_patch.h"
#include "core/manifest/parts.h"
#include "core/manifest/shapes.h"
#include "core/manifest/walk.h"

#include <map>
#include <string>
#include <string_view>

namespace linkspan::manifest {

namespace {

constexpr PlaceKind kKind = PlaceKind::ArgoImage;

// "[old=]new[:tag|@digest]"
void visit_kustomize(Finder& finder, NodeId kustomize) {
    const Tree& tree = finder.tree();
    each_item(finder, tree.find(kustomize, "images"), [&](NodeId entry) {
        if (!is_scalar(tree, entry)) return;
        const std::string_view text = tree[entry].text;
        const std::size_t equals = text.find('=');
        ReferenceRule rule;
        if (equals != std::string_view::npos) rule.part = ByteSpan{equals + 1, text.size()};
        finder.add_reference(kKind, entry, rule);
    });
    each_item(finder, tree.find(kustomize, "patches"), [&](NodeId patch) {
        const NodeId text = tree.find_scalar(patch, "patch");
        if (text != kNoNode) find_embedded(finder, text, find_patch_images);
    });
}

// Parameters are the values' keys, spelled out: those with the same beginning are one image.
void visit_parameters(Finder& finder, NodeId list) {
    const Tree& tree = finder.tree();
    struct Group {
        Parts parts;
        NodeId registry = kNoNode;
    };
    std::map<std::string_view, Group> groups;
    std::string_view global;
    each_item(finder, list, [&](NodeId parameter) {
        const NodeId name = tree.find_scalar(parameter, "name");
        const NodeId value = tree.find_scalar(parameter, "value");
        if (name == kNoNode || value == kNoNode) return;
        const std::string_view key = tree[name].text;
        const std::size_t dot = key.rfind('.');
        const std::string_view leaf = dot == key.npos ? key : key.substr(dot + 1);
        if (key == "global.imageRegistry") {
            global = tree[value].text;
            return;
        }
        if (leaf == "repository" || leaf == "name" || leaf == "registry" || leaf == "tag" ||
            leaf == "digest") {
            Group& group = groups[dot == key.npos ? std::string_view{} : key.substr(0, dot)];
            if (leaf == "repository" || (leaf == "name" && group.parts.name == kNoNode)) {
                group.parts.name = value;
            }
            if (leaf == "registry") group.registry = value;
            if (leaf == "tag") group.parts.tag = value;
            if (leaf == "digest") group.parts.digest = value;
            return;
        }
        if (leaf.ends_with("image") || leaf.ends_with("Image")) {
            finder.add_reference(kKind, value, {.needs_version = true, .quiet = true});
        }
    });
    for (auto& [prefix, group] : groups) {
        if (group.registry != kNoNode) group.parts.registry = tree[group.registry].text;
        if (!global.empty()) group.parts.registry = global;
        add_parts(finder, kKind, group.parts);
    }
}

void visit_helm(Finder& finder, NodeId helm) {
    const Tree& tree = finder.tree();
    visit_parameters(finder, tree.find(helm, "parameters"));
    if (const NodeId values = tree.find(helm, "valuesObject"); values != kNoNode) {
        find_helm_values(finder, values);
    }
    if (const NodeId text = tree.find_scalar(helm, "values"); text != kNoNode) {
        find_embedded(finder, text, find_helm_values);
    }
}

// Sources are under spec.source, spec.sources and, in ApplicationSets, deeper. Recursion is as deep
// as the tree.
void visit(Finder& finder, NodeId node) {
    const Tree& tree = finder.tree();
    for (NodeId child = tree[node].first_child; child != kNoNode; child = tree[child].next) {
        if (tree[child].is_key) continue;
        const std::string_view key = key_of(tree, child);
        const NodeId value = tree.resolve(child);
        if (key == "kustomize" && is_mapping(tree, value)) {
            visit_kustomize(finder, value);
        } else if (key == "helm" && is_mapping(tree, value)) {
            visit_helm(finder, value);
        } else if (key == "elements" && is_sequence(tree, value)) {
            // What an ApplicationSet's list generator fills in.
            find_helm_values(finder, child);
        } else if (key == "templatePatch" && is_scalar(tree, value)) {
            find_embedded(finder, value, find_argo_images);
        } else {
            visit(finder, child);
        }
    }
}

}  // namespace

bool is_argo_application(const Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    if (!is_object(tree, root) || group_of(tree, root) != "argoproj.io") return false;
    const std::string_view kind = kind_of(tree, root);
    return kind == "Application" || kind == "ApplicationSet";
}

bool is_argo_source_file(const Finder& finder, NodeId root) {
    return finder.file_name().starts_with(".argocd-source") && is_mapping(finder.tree(), root);
}

void find_argo_images(Finder& finder, NodeId root) { visit(finder, root); }

}  // namespace linkspan::manifest
