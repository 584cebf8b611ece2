#include "core/manifest/embedded.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::manifest {

namespace {

// One line of the text: where it begins in the value, and in the file.
struct Line {
    std::size_t in_value = 0;
    std::size_t in_file = 0;
    std::size_t size = 0;
};

std::string_view take_line(std::string_view& rest) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
}

// nullopt when value and file don't agree line by line.
std::optional<std::vector<Line>> lines_of(const Tree& tree, const Node& node) {
    std::string_view value = node.text;
    std::string_view body = tree.bytes.substr(node.span.begin, node.span.size());
    take_line(body);  // the header
    std::vector<Line> out;
    while (!value.empty()) {
        const std::string_view text = take_line(value);
        std::string_view raw = take_line(body);
        if (raw.ends_with('\r')) raw.remove_suffix(1);
        if (!raw.ends_with(text) ||
            raw.substr(0, raw.size() - text.size()).find_first_not_of(' ') != raw.npos) {
            return std::nullopt;
        }
        out.push_back(
            {static_cast<std::size_t>(text.data() - node.text.data()),
             static_cast<std::size_t>(raw.data() - tree.bytes.data()) + raw.size() - text.size(),
             text.size()}
        );
    }
    return out;
}

std::optional<ByteSpan> to_file(const std::vector<Line>& lines, const ByteSpan& span) {
    auto it = std::partition_point(lines.begin(), lines.end(), [&](const Line& line) {
        return line.in_value <= span.begin;
    });
    if (it == lines.begin()) return std::nullopt;
    --it;
    if (span.end > it->in_value + it->size) return std::nullopt;
    const std::size_t begin = it->in_file + (span.begin - it->in_value);
    return ByteSpan{begin, begin + span.size()};
}

}  // namespace

void find_embedded(Finder& finder, NodeId text, void (*find)(Finder& inner, NodeId root)) {
    const Tree& tree = finder.tree();
    const Node& node = tree[text];
    if (finder.embedded() || node.kind != NodeKind::Scalar || node.style != ScalarStyle::Literal ||
        !node.has_token || !finder.first_look(text)) {
        return;
    }
    const auto lines = lines_of(tree, node);
    if (!lines || lines->empty()) return;
    const auto inner_tree = read_tree(node.text);
    if (!inner_tree) return;

    Scan inner_scan;
    Finder inner{finder, *inner_tree, inner_scan};
    for (const NodeId root : inner_tree->roots) {
        if (root != kNoNode) find(inner, root);
    }
    for (Place& place : inner_scan.places) {
        place.insertions.clear();
        place.removals.clear();
        place.alias_lines.clear();
        bool whole = true;
        for (Scalar& scalar : place.scalars) {
            const auto span = to_file(*lines, scalar.span);
            if (!span) {
                whole = false;
                break;
            }
            scalar.span = *span;
            scalar.line = finder.lines().line(span->begin);
            scalar.column = finder.lines().column(span->begin);
            scalar.embedded = true;
        }
        if (whole) finder.add_embedded(std::move(place), text);
    }
}

}  // namespace linkspan::manifest
