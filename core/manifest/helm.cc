#include "core/manifest/helm.h"

#include "core/manifest/embedded.h"
#include "core/manifest/insertion.h"
#include "core/manifest/kubernetes.h"
#include "core/manifest/kustomize.h"
#include "core/manifest/parts.h"
#include "core/manifest/shapes.h"
#include "core/manifest/walk.h"

#include <fmt/format.h>

#include <string>

namespace linkspan::manifest {

namespace {

std::string_view text_at(const Tree& tree, NodeId mapping, std::string_view key) {
    const NodeId id = tree.find_scalar(mapping, key);
    return id == kNoNode ? std::string_view{} : tree[id].text;
}

// Whether a mapping is what a key names: "image: {…}", or an item of "images: […]".
bool is_under_image(const Tree& tree, NodeId mapping) {
    if (names_an_image(key_of(tree, mapping))) return true;
    const NodeId parent = tree[mapping].parent;
    return is_sequence(tree, parent) && key_ends_with(key_of(tree, parent), "images");
}

// Some charts pin by "sha: 0123…" beside the tag. A new tag beside it would not be what runs.
bool has_other_pin(Finder& finder, NodeId mapping) {
    for (const std::string_view key : {"sha", "sha256"}) {
        const NodeId pin = finder.tree().find_scalar(mapping, key);
        if (pin == kNoNode || finder.tree()[pin].text.empty()) continue;
        finder.problem_at(
            pin,
            fmt::format(
                "{}: pins the image in a way that is not read: use \"digest\"", finder.where(pin)
            )
        );
        return true;
    }
    return false;
}

// "imageRepository" with "imageTag", "web_image_repository" with "web_image_tag".
void find_spelled_out(Finder& finder, PlaceKind kind, NodeId mapping) {
    const Tree& tree = finder.tree();
    each_entry(tree, mapping, [&](std::string_view key, NodeId value) {
        constexpr std::string_view kName = "repository";
        if (!key_ends_with(key, kName)) return;
        const std::string stem{key.substr(0, key.size() - kName.size())};
        const std::string_view word =
            std::string_view{stem}.substr(0, stem.find_last_not_of("_-") + 1);
        const NodeId name = tree.resolve(value);
        if (!names_an_image(word) || !is_scalar(tree, name)) return;
        const bool capital = key[stem.size()] == 'R';
        Parts parts;
        parts.name = name;
        parts.tag = tree.find_scalar(mapping, stem + (capital ? "Tag" : "tag"));
        parts.digest = tree.find_scalar(mapping, stem + (capital ? "Digest" : "digest"));
        parts.registry = text_at(tree, mapping, stem + (capital ? "Registry" : "registry"));
        add_parts(finder, kind, parts);
    });
}

// "images: {web: r.io/web:1, tags: {db: r.io/db:1}}", "images: [r.io/web:1]".
void find_in_images(Finder& finder, PlaceKind kind, NodeId list) {
    const Tree& tree = finder.tree();
    const NodeId images = tree.resolve(list);
    if (images == kNoNode || (images != list && !finder.first_look(images))) return;
    const auto add = [&](NodeId value) {
        const NodeId id = tree.resolve(value);
        if (!is_scalar(tree, id)) return;
        finder.add_reference(kind, id, {.needs_version = true, .quiet = true});
    };
    each_item(finder, images, add);
    each_entry(tree, images, [&](std::string_view key, NodeId value) {
        add(value);
        if (key != "tags") return;
        each_entry(tree, value, [&](std::string_view, NodeId tag) { add(tag); });
    });
}

struct Globals {
    std::string_view registry;  // wins over the image's own (Bitnami's global.imageRegistry)
    std::string_view fallback;  // for images without one
};

Globals globals_of(const Tree& tree, NodeId values) {
    const NodeId global = tree.find(values, "global");
    Globals out{text_at(tree, global, "imageRegistry"), text_at(tree, global, "registry")};
    if (has_placeholder(out.registry)) out.registry = {};
    if (has_placeholder(out.fallback)) out.fallback = {};
    return out;
}

void visit(Finder& finder, NodeId node, const Globals& globals) {
    const Tree& tree = finder.tree();
    if (is_sequence(tree, node)) {
        for (NodeId item = tree[node].first_child; item != kNoNode; item = tree[item].next) {
            visit(finder, item, globals);
        }
        return;
    }
    if (!is_mapping(tree, node)) return;
    // Values may hold whole objects ("extraDeploy").
    if (is_object(tree, node)) return find_images(finder, node);
    find_in_values_mapping(finder, PlaceKind::HelmImage, node, globals.registry, globals.fallback);
    each_entry(tree, node, [&](std::string_view, NodeId value) { visit(finder, value, globals); });
}

}  // namespace

void find_in_values_mapping(
    Finder& finder,
    PlaceKind kind,
    NodeId mapping,
    std::string_view global_registry,
    std::string_view default_registry
) {
    const Tree& tree = finder.tree();
    const bool under_image = is_under_image(tree, mapping);
    if (under_image && has_other_pin(finder, mapping)) return;
    // Merge keys count: find_scalar() follows them.
    const NodeId repository = tree.find_scalar(mapping, "repository");
    const NodeId tag = tree.find_scalar(mapping, "tag");
    Parts parts;
    if (repository != kNoNode) {
        const std::string_view own = text_at(tree, mapping, "registry");
        parts.name = repository;
        parts.registry = !global_registry.empty() ? global_registry
                         : !own.empty()           ? own
                                                  : default_registry;
        parts.tag = tag;
        parts.digest = tree.find_scalar(mapping, "digest");
        if (parts.tag == kNoNode && under_image) {
            parts.tag = tree.find_scalar(mapping, "version");
            if (tree.find(mapping, "tag") == kNoNode && parts.tag == kNoNode &&
                parts.digest == kNoNode) {
                parts.new_tag = insertion_behind(
                    finder, mapping, tree.find(mapping, "repository"), "tag", Role::Tag
                );
            }
        }
        // The default registry is for names without a host of their own.
        if (own.empty() && global_registry.empty() && !default_registry.empty()) {
            const std::string_view text = tree[repository].text;
            if (text.substr(0, text.find('/')).find_first_of(".:") != std::string_view::npos) {
                parts.registry = {};
            }
        }
        add_parts(finder, kind, parts);
        // The whole reference under the name's key.
        if (under_image && own.empty() && parts.tag == kNoNode && parts.digest == kNoNode) {
            finder.add_reference(kind, repository, {.needs_version = true, .quiet = true});
        }
    } else if (const NodeId name = tree.find_scalar(mapping, "name");
               under_image && name != kNoNode) {
        parts.name = name;
        parts.tag = tag != kNoNode ? tag : tree.find_scalar(mapping, "version");
        parts.digest = tree.find_scalar(mapping, "digest");
        parts.registry = text_at(tree, mapping, "registry");
        // Entries with a name and a digest alone are kustomize's way, not charts'.
        const bool pinned = parts.digest != kNoNode && names_an_image(key_of(tree, mapping));
        if (parts.tag != kNoNode || pinned) {
            add_parts(finder, kind, parts);
        } else {
            finder.add_reference(kind, name, {.needs_version = true, .quiet = true});
        }
    }
    const NodeId image = tree.find_scalar(mapping, "image");
    if (image != kNoNode) {
        NodeId version = tree.find_scalar(mapping, "imageTag");
        if (version == kNoNode) version = tag;
        if (version != kNoNode) {
            Parts pair;
            pair.name = image;
            pair.tag = version;
            add_parts(finder, kind, pair);
        }
    }
    each_entry(tree, mapping, [&](std::string_view key, NodeId value) {
        const NodeId id = tree.resolve(value);
        if (names_an_image(key) && is_scalar(tree, id)) {
            finder.add_reference(kind, id, {.needs_version = true, .quiet = true});
        } else if (key_ends_with(key, "images")) {
            find_in_images(finder, kind, value);
        }
    });
    find_spelled_out(finder, kind, mapping);
}

bool is_chart_file(const Finder& finder, NodeId root) {
    return finder.file_name() == "Chart.yaml" && is_mapping(finder.tree(), root);
}

void find_chart_images(Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    const NodeId notes = tree.resolve(tree.find(root, "annotations"));
    const NodeId text = tree.find_scalar(notes, "artifacthub.io/images");
    if (text != kNoNode) find_embedded(finder, text, find_helm_values);
}

void find_helm_values(Finder& finder, NodeId values) {
    const NodeId id = finder.tree().resolve(values);
    if (id == kNoNode || (id != values && !finder.first_look(id))) return;
    visit(finder, id, globals_of(finder.tree(), id));
}

bool is_helm_release(const Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    if (!is_object(tree, root)) return false;
    const std::string_view group = group_of(tree, root);
    const std::string_view kind = kind_of(tree, root);
    return (kind == "HelmRelease" && group.starts_with("helm.")) ||
           (kind.starts_with("HelmChart") && group == "helm.cattle.io");
}

void find_helm_release_images(Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    const NodeId spec = tree.resolve(tree.find(root, "spec"));
    if (const NodeId values = tree.find(spec, "values"); values != kNoNode) {
        find_helm_values(finder, values);
    }
    if (const NodeId text = tree.find_scalar(spec, "valuesContent"); text != kNoNode) {
        find_embedded(finder, text, find_helm_values);
    }
    each_item(finder, tree.find(spec, "postRenderers"), [&](NodeId renderer) {
        const NodeId kustomize = tree.resolve(tree.find(renderer, "kustomize"));
        if (kustomize != kNoNode) find_in_kustomize_fields(finder, kustomize);
    });
    find_kubernetes_images(finder, root);
}

}  // namespace linkspan::manifest
