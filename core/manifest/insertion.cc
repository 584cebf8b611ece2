#include "core/manifest/insertion.h"

#include "core/manifest/encoding.h"
#include "core/manifest/walk.h"

#include <algorithm>
#include <string>

namespace linkspan::manifest {

namespace {

char quote_of(ScalarStyle style) {
    if (style == ScalarStyle::SingleQuoted) return '\'';
    if (style == ScalarStyle::DoubleQuoted) return '"';
    return ' ';
}

bool is_block_scalar(const Node& node) {
    return node.kind == NodeKind::Scalar &&
           (node.style == ScalarStyle::Literal || node.style == ScalarStyle::Folded);
}

// The line break at `end` (the end of a line's text), or the one the file uses.
std::string line_break_at(std::string_view bytes, std::size_t end) {
    const auto read = [&](std::size_t at) -> std::string {
        if (bytes.substr(at, 2) == "\r\n") return "\r\n";
        return std::string{bytes.substr(at, 1)};
    };
    if (end < bytes.size()) return read(end);
    const std::size_t first = bytes.find_first_of("\r\n");
    return first == std::string_view::npos ? "\n" : read(first);
}

// What stands before a block mapping's keys, as spaces: the line's own indentation with "- " turned
// into spaces. nullopt when something else (an anchor, "? ", a tab) is in front of the key.
std::optional<std::string> indentation(const Finder& finder, NodeId key) {
    const std::string_view bytes = finder.tree().bytes;
    const std::size_t at = finder.tree()[key].span.begin;
    std::size_t begin = finder.lines().begin_of(at);
    if (begin == 0 && bytes.starts_with(kByteOrderMark)) begin = kByteOrderMark.size();
    const std::string_view prefix = bytes.substr(begin, at - begin);
    if (prefix.find_first_not_of(" -") != std::string_view::npos) return std::nullopt;
    return std::string(prefix.size(), ' ');
}

std::string spelled_key(const Tree& tree, NodeId model, std::string_view key) {
    const char quote = quote_of(tree[model].style);
    return quote == ' ' ? std::string{key} : quote + std::string{key} + quote;
}

std::optional<Insertion> in_block(const Finder& finder, NodeId behind, Insertion out) {
    const Tree& tree = finder.tree();
    const auto indent = indentation(finder, tree[behind].key);
    if (!indent) return std::nullopt;
    out.at = finder.lines().end_of(tree[behind].span.end);
    out.before = line_break_at(tree.bytes, out.at) + *indent +
                 spelled_key(tree, tree[behind].key, out.key) + ": ";
    return out;
}

// {name: app} becomes {name: app, newTag: v}. When the entry has its keys on lines of their own,
// the new one gets such a line.
std::optional<Insertion> in_flow(const Finder& finder, NodeId behind, Insertion out) {
    const Tree& tree = finder.tree();
    const std::string_view bytes = tree.bytes;
    const NodeId key = tree[behind].key;
    const std::size_t key_at = tree[key].span.begin;
    const std::size_t line = finder.lines().begin_of(key_at);
    const std::string_view prefix = bytes.substr(line, key_at - line);
    const bool own_line = prefix.find_first_not_of(" \t") == std::string_view::npos;
    // JSON writes "key": "value" or "key":"value"; the space is copied.
    const std::size_t colon = bytes.find(':', tree[key].span.end);
    const bool spaced = colon != std::string_view::npos && colon + 1 < tree[behind].span.begin;
    const bool quoted_key = quote_of(tree[key].style) != ' ';
    out.flow = true;
    out.at = tree[behind].span.end;
    const std::string spelled =
        spelled_key(tree, key, out.key) + (spaced || !quoted_key ? ": " : ":");
    if (!own_line) {
        out.before = ", " + spelled;
        return out;
    }
    const std::size_t end = finder.lines().end_of(out.at);
    std::string_view rest = bytes.substr(out.at, end - out.at);
    const std::string next_line = line_break_at(bytes, end) + std::string{prefix} + spelled;
    const std::size_t first = rest.find_first_not_of(" \t");
    if (first != std::string_view::npos && rest[first] == ',') {
        // "name: app, # comment": the comment stays where it is.
        rest.remove_prefix(first + 1);
        const std::size_t next = rest.find_first_not_of(" \t");
        if (next != std::string_view::npos && rest[next] == '#') {
            out.at = end;
            out.before = next_line;
            out.after = ",";
            return out;
        }
    }
    out.before = "," + next_line;
    return out;
}

}  // namespace

std::optional<Insertion> insertion_behind(
    const Finder& finder, NodeId mapping, NodeId behind, std::string_view key, Role role
) {
    const Tree& tree = finder.tree();
    const Node& value = tree[behind];
    if (value.parent != mapping || value.key == kNoNode || !value.has_token ||
        is_block_scalar(value) || !tree[value.key].has_token ||
        tree[value.key].kind != NodeKind::Scalar || is_block_scalar(tree[value.key])) {
        return std::nullopt;
    }
    Insertion out;
    out.role = role;
    out.line = finder.lines().line(value.span.begin);
    out.key = key;
    out.json = finder.json();
    out.quote = finder.quote();
    out.style = out.json ? '"' : quote_of(value.style);
    if (tree[mapping].flow) return in_flow(finder, behind, std::move(out));
    return in_block(finder, behind, std::move(out));
}

std::optional<Removal> removal_of(const Finder& finder, NodeId mapping, NodeId value, Role role) {
    const Tree& tree = finder.tree();
    const Node& node = tree[value];
    if (node.parent != mapping || tree[mapping].flow || node.key == kNoNode || !node.has_token ||
        node.kind != NodeKind::Scalar || node.anchored || is_block_scalar(node) ||
        !tree[node.key].has_token) {
        return std::nullopt;
    }
    // With one of two gone, the other would count.
    const std::string_view name = tree[node.key].text;
    std::size_t times = 0;
    each_entry(tree, mapping, [&](std::string_view key, NodeId) { times += key == name ? 1 : 0; });
    if (times != 1) return std::nullopt;
    const std::string_view bytes = tree.bytes;
    const std::size_t key_at = tree[node.key].span.begin;
    const std::size_t begin = finder.lines().begin_of(key_at);
    if (bytes.substr(begin, key_at - begin).find_first_not_of(' ') != std::string_view::npos ||
        begin == 0) {
        return std::nullopt;
    }
    // From the line break before to the end of the text: right with and without a final newline.
    std::size_t from = begin - 1;
    if (from > 0 && bytes[from] == '\n' && bytes[from - 1] == '\r') --from;
    const std::size_t to = finder.lines().end_of(node.span.end);
    return Removal{role, {from, to}, std::string{tree[node.key].text}};
}

}  // namespace linkspan::manifest
