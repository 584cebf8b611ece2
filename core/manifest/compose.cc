#include "core/manifest/compose.h"

#include "core/image/reference.h"
#include "core/manifest/expansion.h"
#include "core/manifest/walk.h"

#include <optional>
#include <utility>

namespace linkspan::manifest {

namespace {

constexpr std::size_t kLongestImage = 1'024;

// The bytes of the value that `part` (a view into the expanded text) comes from, when they are one
// stretch.
std::optional<ByteSpan> origin_of(const Expansion& expansion, std::string_view part) {
    if (part.empty()) return std::nullopt;
    const auto begin = static_cast<std::size_t>(part.data() - expansion.text.data());
    const std::size_t first = expansion.origin[begin];
    const std::size_t last = expansion.origin[begin + part.size() - 1];
    if (last - first != part.size() - 1) return std::nullopt;
    return ByteSpan{first, last + 1};
}

void visit_image(Finder& finder, NodeId image) {
    const Tree& tree = finder.tree();
    const std::string_view value = tree[image].text;
    if (value.find('$') == std::string_view::npos) {
        return finder.add_reference(PlaceKind::ComposeImage, image);
    }
    if (value.size() > kLongestImage || finder.taken(PlaceKind::ComposeImage, image)) return;
    const auto expansion = expand_defaults(value);
    if (!expansion) return;
    const auto written = image::parse_written(expansion->text);
    if (!written) return;
    Role role = Role::Reference;
    auto part = origin_of(*expansion, expansion->text);
    if (!part && !written->tag.empty()) {
        // The name is put together; the tag alone, with its digest, is not.
        role = Role::Tag;
        const std::size_t size = written->digest.empty()
                                     ? written->tag.size()
                                     : written->tag.size() + 1 + written->digest.size();
        part = origin_of(*expansion, {written->tag.data(), size});
    }
    if (!part) return;
    auto scalar = finder.scalar(image, role);
    if (!scalar) return;
    scalar->part = part;
    Place place;
    place.kind = PlaceKind::ComposeImage;
    place.image = written->meaning.name;
    place.scalars.push_back(std::move(*scalar));
    finder.add(std::move(place), image, {image});
}

// Services that stand beside each other, and what they extend under x-….
void visit_service(Finder& finder, NodeId service) {
    const Tree& tree = finder.tree();
    if (!is_mapping(tree, service) || tree.find(service, "build") != kNoNode) return;
    if (const NodeId image = tree.find_scalar(service, "image"); image != kNoNode) {
        visit_image(finder, image);
    }
}

}  // namespace

bool is_compose_file(const Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    const NodeId services = tree.resolve(tree.find(root, "services"));
    if (!is_mapping(tree, services) || tree.find(root, "jobs") != kNoNode) return false;
    bool found = false;
    each_entry(tree, services, [&](std::string_view, NodeId value) {
        const NodeId service = tree.resolve(value);
        found = found || tree.find(service, "image") != kNoNode ||
                tree.find(service, "build") != kNoNode;
    });
    return found;
}

void find_compose_images(Finder& finder, NodeId root) {
    const Tree& tree = finder.tree();
    each_entry(tree, root, [&](std::string_view key, NodeId value) {
        const NodeId id = tree.resolve(value);
        if (key == "services") {
            each_entry(tree, id, [&](std::string_view, NodeId service) {
                visit_service(finder, tree.resolve(service));
            });
        } else if (key.starts_with("x-")) {
            visit_service(finder, id);
        }
    });
}

}  // namespace linkspan::manifest
