#include "core/manifest/kustomize.h"

#include "core/image/reference.h"
#include "core/manifest/embedded.h"
#include "core/manifest/helm.h"
#include "core/manifest/insertion.h"
#include "core/manifest/json_patch.h"
#include "core/manifest/shapes.h"
#include "core/manifest/walk.h"

#include <fmt/format.h>

#include <utility>

namespace linkspan::manifest {

namespace {

bool kustomize_reads_by_name(std::string_view file) {
    return file == "kustomization.yaml" || file == "kustomization.yml" || file == "Kustomization";
}

bool is_flux(const Tree& tree, NodeId root) {
    return group_of(tree, root) == "kustomize.toolkit.fluxcd.io";
}

class Entry {
public:
    Entry(Finder& finder, NodeId mapping) : finder_{finder}, mapping_{mapping} {}

    void find() {
        const NodeId name = scalar("name");
        if (name == kNoNode) return;
        const NodeId new_name = scalar("newName");
        const NodeId effective = new_name == kNoNode ? name : new_name;
        const std::string_view text = finder_.tree()[effective].text;
        if (text.empty() || has_placeholder(text)) return;
        auto written = image::parse_written(text);
        if (!written) {
            finder_.problem_at(
                effective, fmt::format("{}: {}", finder_.where(effective), written.error().message)
            );
            return;
        }
        if (!written->tag.empty() || !written->digest.empty()) {
            finder_.problem_at(
                effective,
                fmt::format(
                    "{}: the name holds a tag or digest, which kustomize does not read there: use "
                    "newTag or digest",
                    finder_.where(effective)
                )
            );
            return;
        }
        place_.kind = PlaceKind::KustomizeImage;
        place_.image = std::move(written->meaning.name);
        if (!take(effective, Role::Name)) return;
        const NodeId behind = own(new_name == kNoNode ? "name" : "newName");
        if (!take_or_insert("newTag", Role::Tag, behind)) return;
        const NodeId tag = own("newTag");
        if (!take_or_insert("digest", Role::Digest, tag == kNoNode ? behind : tag)) return;
        finder_.add(std::move(place_), scalars_.size() > 1 ? scalars_[1] : mapping_, scalars_);
    }

private:
    [[nodiscard]] NodeId scalar(std::string_view key) const {
        return finder_.tree().find_scalar(mapping_, key);
    }

    // The value as the entry itself writes it: an alias stays one, and merged keys don't count.
    [[nodiscard]] NodeId own(std::string_view key) const {
        const NodeId value = finder_.tree().find(mapping_, key);
        return value != kNoNode && finder_.tree()[value].parent == mapping_ ? value : kNoNode;
    }

    bool take(NodeId id, Role role) {
        auto found = finder_.scalar(id, role);
        if (!found) return false;
        place_.scalars.push_back(std::move(*found));
        scalars_.push_back(id);
        return true;
    }

    bool take_or_insert(std::string_view key, Role role, NodeId behind) {
        if (const NodeId id = scalar(key); id != kNoNode) {
            if (!take(id, role)) return false;
            if (role == Role::Digest && own(key) != kNoNode) {
                if (auto removal = removal_of(finder_, mapping_, own(key), role)) {
                    place_.removals.push_back(std::move(*removal));
                }
            }
            return true;
        }
        if (finder_.tree().find(mapping_, key) != kNoNode) {
            finder_.problem_at(mapping_, fmt::format("{} is not text", key));
            return false;
        }
        if (behind == kNoNode) return true;
        if (auto insertion = insertion_behind(finder_, mapping_, behind, key, role)) {
            place_.insertions.push_back(std::move(*insertion));
        }
        return true;
    }

    Finder& finder_;
    NodeId mapping_;
    Place place_;
    std::vector<NodeId> scalars_;
};

}  // namespace

bool is_kustomization(const Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    if (!is_mapping(tree, root)) return false;
    const std::string_view kind = kind_of(tree, root);
    if (kind.empty()) return kustomize_reads_by_name(finder.file_name());
    if (kind != "Kustomization" && kind != "Component") return false;
    return tree.find_scalar(root, "apiVersion") == kNoNode || is_flux(tree, root) ||
           group_of(tree, root) == "kustomize.config.k8s.io";
}

void find_kustomize_images(Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    if (!is_flux(tree, root)) return find_in_kustomize_fields(finder, root);
    const NodeId spec = tree.resolve(tree.find(root, "spec"));
    find_in_kustomize_fields(finder, spec);
    const NodeId build = tree.resolve(tree.find(spec, "postBuild"));
    if (const NodeId variables = tree.find(build, "substitute"); variables != kNoNode) {
        find_helm_values(finder, variables);
    }
}

void find_in_kustomize_fields(Finder& finder, NodeId fields) {
    const Tree& tree = finder.tree();
    each_item(finder, tree.find(fields, "images"), [&](NodeId entry) {
        if (is_mapping(tree, entry)) Entry{finder, entry}.find();
    });
    for (const std::string_view key : {"patches", "patchesJson6902", "patchesStrategicMerge"}) {
        each_item(finder, tree.find(fields, key), [&](NodeId item) {
            const NodeId patch = is_mapping(tree, item) ? tree.find_scalar(item, "patch") : item;
            if (is_scalar(tree, patch)) find_embedded(finder, patch, find_patch_images);
        });
    }
    each_item(finder, tree.find(fields, "helmCharts"), [&](NodeId chart) {
        const NodeId values = tree.find(chart, "valuesInline");
        if (values != kNoNode) find_helm_values(finder, values);
    });
}

}  // namespace linkspan::manifest
