#include "core/manifest/scan.h"

#include "core/manifest/encoding.h"
#include "core/manifest/finder.h"
#include "core/manifest/marked.h"
#include "core/manifest/shapes.h"
#include "core/manifest/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string>
#include <utility>

namespace linkspan::manifest {

namespace {

// Above this a file is data, not a manifest; the largest bundles of custom resource definitions are
// a few MiB.
constexpr std::size_t kLargestFile = std::size_t{16} << 20U;

bool has_extension(std::string_view file, std::string_view extension) {
    if (file.size() < extension.size()) return false;
    const std::string_view end = file.substr(file.size() - extension.size());
    return std::equal(end.begin(), end.end(), extension.begin(), [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) == b;
    });
}

// "{{ x }}" happens to be YAML: a flow mapping as the key of a flow mapping. Nobody writes that.
bool is_template(const Tree& tree) {
    if (tree.bytes.find("{{") == std::string_view::npos) return false;
    return std::any_of(tree.nodes.begin(), tree.nodes.end(), [&](const Node& node) {
        return node.kind == NodeKind::Mapping && node.is_key && node.flow && node.span.begin > 0 &&
               tree.bytes[node.span.begin - 1] == '{';
    });
}

std::size_t place_begin(const Place& place) {
    return place.scalars.empty() ? 0 : place.scalars.back().span.begin;
}

}  // namespace

bool readable_name(std::string_view path) {
    const std::string_view file = path.substr(path.rfind('/') + 1);
    return has_extension(file, ".yaml") || has_extension(file, ".yml") ||
           has_extension(file, ".json") || file == "Kustomization";
}

bool worth_scanning(std::string_view path, std::string_view bytes) {
    if (!readable_name(path)) return false;
    // In UTF-16 the words below can't be found; scan() says why the file is not read.
    if (has_wide_mark(bytes) || may_have_markers(bytes)) return true;
    if (path.substr(path.rfind('/') + 1).starts_with("cloudbuild")) return true;
    // No shape names an image without one of these: "mage" is in image, Image and images,
    // "epository" in Flux's OCIRepository too.
    static constexpr std::array<std::string_view, 8> kWords = {
        "mage",
        "container",
        "epository",
        "services",
        "docker://",
        "IMAGE",
        "bundle",
        "pkg.crossplane.io"};
    return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
        return memmem(bytes.data(), bytes.size(), word.data(), word.size()) != nullptr;
    });
}

Scan scan(std::string_view path, std::string_view bytes) {
    Scan out;
    const auto skip = [&](std::string why) {
        if (may_have_markers(bytes)) report_unread_markers(bytes, why, out);
        out.skipped = std::move(why);
        return std::move(out);
    };
    if (bytes.size() > kLargestFile) {
        out.skipped = fmt::format("larger than {} MiB", kLargestFile >> 20U);
        return out;
    }
    if (auto problem = encoding_problem(bytes)) return skip(std::move(*problem));
    auto tree = read_tree(bytes);
    if (!tree) {
        const bool braces = bytes.find("{{") != std::string_view::npos;
        return skip(fmt::format(
            "{}: {}", braces ? "a Helm or Go template, not YAML" : "not YAML", tree.error().message
        ));
    }
    if (is_template(*tree)) return skip("a Helm or Go template: {{ }} outside of quotes");

    {
        Finder finder{path, *tree, out};
        if (may_have_markers(bytes)) find_marked_places(finder);
        for (const NodeId root : tree->roots) {
            if (root != kNoNode) find_images(finder, root);
        }
    }
    recycle(std::move(*tree));
    // Sorting takes memory even where there is nothing to sort.
    const auto earlier = [](const Place& a, const Place& b) {
        return place_begin(a) < place_begin(b);
    };
    if (!std::is_sorted(out.places.begin(), out.places.end(), earlier)) {
        std::stable_sort(out.places.begin(), out.places.end(), earlier);
    }
    std::stable_sort(out.problems.begin(), out.problems.end(), [](const auto& a, const auto& b) {
        return a.line < b.line;
    });
    return out;
}

}  // namespace linkspan::manifest
