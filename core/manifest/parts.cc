#include "core/manifest/parts.h"

#include "core/image/reference.h"

#include <string>
#include <utility>
#include <vector>

namespace linkspan::manifest {

void add_parts(Finder& finder, PlaceKind kind, const Parts& parts) {
    const Tree& tree = finder.tree();
    const auto usable = [&](NodeId id) {
        return id == kNoNode || (tree[id].has_token && !has_placeholder(tree[id].text));
    };
    if (parts.name == kNoNode || !usable(parts.name) || !usable(parts.tag) ||
        !usable(parts.digest) || has_placeholder(parts.registry)) {
        return;
    }
    std::string name{tree[parts.name].text};
    if (constexpr std::string_view kScheme = "oci://"; name.starts_with(kScheme)) {
        name.erase(0, kScheme.size());
    }
    if (!parts.registry.empty()) name = std::string{parts.registry} + "/" + name;
    const auto written = image::parse_written(name);
    // A name with a version in it has no use for one beside it.
    if (!written || !written->tag.empty() || !written->digest.empty()) return;
    if (parts.tag == kNoNode && parts.digest == kNoNode && !parts.new_tag) return;

    Place place;
    place.kind = kind;
    place.image = written->meaning.name;
    std::vector<NodeId> ids;
    const auto take = [&](NodeId id, Role role) {
        if (id == kNoNode) return true;
        auto scalar = finder.scalar(id, role);
        if (!scalar) return false;
        place.scalars.push_back(std::move(*scalar));
        ids.push_back(id);
        return true;
    };
    if (!take(parts.name, Role::Name) || !take(parts.tag, Role::Tag) ||
        !take(parts.digest, Role::Digest)) {
        return;
    }
    if (parts.new_tag) place.insertions.push_back(*parts.new_tag);
    const NodeId main = parts.tag != kNoNode      ? parts.tag
                        : parts.digest != kNoNode ? parts.digest
                                                  : parts.name;
    finder.add(std::move(place), main, ids);
}

}  // namespace linkspan::manifest
