#include "core/manifest/embedded.h"

#include "core/manifest/spelling.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::manifest {

namespace {

// Each byte of quoted text takes sixteen while it is looked into.
constexpr std::size_t kLongestQuoted = std::size_t{1} << 20U;

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

// How the bytes of a text's value lie in the file.
class TextMap {
public:
    static std::optional<TextMap> of(const Tree& tree, const Node& node) {
        TextMap out;
        out.style_ = node.style;
        if (node.style == ScalarStyle::Literal || node.style == ScalarStyle::Folded) {
            auto lines = lines_of(tree, node);
            if (!lines || lines->empty()) return std::nullopt;
            out.lines_ = std::move(*lines);
            return out;
        }
        if (node.style == ScalarStyle::Plain || node.span.size() < 2 ||
            node.span.size() > kLongestQuoted) {
            return std::nullopt;
        }
        out.begin_ = node.span.begin + 1;
        const auto raw = tree.bytes.substr(out.begin_, node.span.size() - 2);
        out.units_ = units_of(raw, node.style == ScalarStyle::DoubleQuoted);
        if (out.units_.empty() || out.units_.back().value_end != node.text.size()) {
            return std::nullopt;
        }
        return out;
    }

    // Brings a scalar of the text to the file. False when it can't be changed there on its own.
    bool bring(std::string_view file, std::string_view text, Scalar& scalar) const {
        if (!lines_.empty()) {
            const auto span = in_lines(scalar.span);
            if (span) scalar.span = *span;
            return span.has_value();
        }
        const bool block =
            scalar.style == ScalarStyle::Literal || scalar.style == ScalarStyle::Folded;
        if (block || scalar.span.size() == 0) return false;
        const ByteSpan token = in_quotes(scalar.span);
        if (as_written(file, text, scalar.span, token)) {
            scalar.span = token;
            scalar.quote = style_ == ScalarStyle::DoubleQuoted ? '\'' : '"';
            // JSON has no quotes to choose.
            if (scalar.json && scalar.quote == '\'') return false;
            return true;
        }
        // Quotes that are escaped: what is between them is changed.
        if (scalar.style == ScalarStyle::Plain || scalar.span.size() < 3) return false;
        const ByteSpan inner{scalar.span.begin + 1, scalar.span.end - 1};
        const ByteSpan span = in_quotes(inner);
        if (!as_written(file, text, inner, span) ||
            text.substr(inner.begin, inner.size()) != scalar.value) {
            return false;
        }
        scalar.span = span;
        scalar.text = true;
        return true;
    }

private:
    static bool as_written(
        std::string_view file, std::string_view text, const ByteSpan& inner, const ByteSpan& outer
    ) {
        return text.substr(inner.begin, inner.size()) == file.substr(outer.begin, outer.size());
    }

    [[nodiscard]] std::optional<ByteSpan> in_lines(const ByteSpan& span) const {
        return to_file(lines_, span);
    }

    // From the end of the unit before it to the end of its last one.
    [[nodiscard]] ByteSpan in_quotes(const ByteSpan& span) const {
        const auto raw_end = [&](std::size_t value_end) {
            const auto it = std::partition_point(units_.begin(), units_.end(), [&](const Unit& u) {
                return u.value_end <= value_end;
            });
            return it == units_.begin() ? std::size_t{0} : std::prev(it)->raw_end;
        };
        return {begin_ + raw_end(span.begin), begin_ + raw_end(span.end)};
    }

    ScalarStyle style_ = ScalarStyle::Literal;
    std::vector<Line> lines_;  // of a block
    std::vector<Unit> units_;  // of quoted text
    std::size_t begin_ = 0;    // behind the quote
};

}  // namespace

void find_embedded(Finder& finder, NodeId text, void (*find)(Finder& inner, NodeId root)) {
    const Tree& tree = finder.tree();
    const Node& node = tree[text];
    if (finder.embedded() || node.kind != NodeKind::Scalar || !node.has_token ||
        !finder.first_look(text)) {
        return;
    }
    const auto map = TextMap::of(tree, node);
    if (!map) return;
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
            if (!map->bring(tree.bytes, node.text, scalar)) {
                whole = false;
                break;
            }
            scalar.line = finder.lines().line(scalar.span.begin);
            scalar.column = finder.lines().column(scalar.span.begin);
            scalar.embedded = true;
        }
        if (whole) finder.add_embedded(std::move(place), text);
    }
}

}  // namespace linkspan::manifest
