#include "core/manifest/finder.h"

#include "core/image/quote.h"
#include "core/image/reference.h"
#include "core/manifest/spelling.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>

namespace linkspan::manifest {

namespace {

// Hostile files: what is kept per file stays small whatever the file says.
constexpr std::size_t kMostPlaces = 20'000;
constexpr std::size_t kMostProblems = 1'000;
constexpr std::size_t kMostAliasLines = 100;
constexpr std::size_t kLongestValue = 4'096;
constexpr std::size_t kLongestWhere = 1'024;
constexpr std::size_t kLongestKey = 128;

bool ends_with_insensitive(std::string_view text, std::string_view end) {
    return text.size() >= end.size() &&
           std::equal(
               end.begin(),
               end.end(),
               text.end() - static_cast<std::ptrdiff_t>(end.size()),
               [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); }
           );
}

char most_used_quote(const Tree& tree) {
    std::size_t single = 0;
    std::size_t twice = 0;
    for (const Node& node : tree.nodes) {
        if (node.kind != NodeKind::Scalar || node.is_key) continue;
        if (node.style == ScalarStyle::SingleQuoted) ++single;
        if (node.style == ScalarStyle::DoubleQuoted) ++twice;
    }
    return single > twice ? '\'' : '"';
}

bool is_bare_key(std::string_view key) {
    return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '/';
    });
}

std::string step(std::string_view key) {
    const std::string_view shown = key.substr(0, kLongestKey);
    if (is_bare_key(shown)) return fmt::format(".{}", shown);
    std::string escaped;
    for (const char c : shown) {
        if (c == '"' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return fmt::format("[\"{}\"]", escaped);
}

}  // namespace

Finder::Finder(std::string_view path, const Tree& tree, Scan& scan)
    : path_{path}, tree_{tree}, scan_{scan}, lines_{tree.bytes} {
    json_ = ends_with_insensitive(path, ".json");
    quote_ = json_ ? '"' : most_used_quote(tree);
    for (const NodeId id : tree.aliases) {
        const Node& alias = tree[id];
        if (alias.target == kNoNode) continue;
        auto& at = alias_lines_[alias.target];
        if (at.size() < kMostAliasLines) at.push_back(lines_.line(alias.span.begin));
    }
}

Finder::Finder(const Finder& outer, const Tree& tree, Scan& scan)
    : Finder{std::string_view{}, tree, scan} {
    path_ = outer.path_;
    embedded_ = true;
}

std::string_view Finder::file_name() const { return path_.substr(path_.rfind('/') + 1); }

std::optional<Scalar> Finder::scalar(NodeId id, Role role) {
    const Node& node = tree_[id];
    if (!node.has_token) {
        problem_at(id, "no value to change");
        return std::nullopt;
    }
    // JSON's and YAML 1.1's typed tags say that the value is no text.
    static constexpr std::array<std::string_view, 6> kOtherTypes = {
        "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!binary"};
    if (std::find(kOtherTypes.begin(), kOtherTypes.end(), node.tag) != kOtherTypes.end()) {
        problem_at(
            id, fmt::format("the value is tagged {}, which is not text: remove the tag", node.tag)
        );
        return std::nullopt;
    }
    if (node.text.size() > kLongestValue) {
        problem_at(id, "the value is too long for an image");
        return std::nullopt;
    }
    const bool block = node.style == ScalarStyle::Literal || node.style == ScalarStyle::Folded;
    if (!block && tree_.bytes.substr(node.span.begin, node.span.size()).find_first_of("\r\n") !=
                      std::string_view::npos) {
        problem_at(id, "the value goes over several lines: write it on one");
        return std::nullopt;
    }
    Scalar out;
    out.role = role;
    out.span = node.span;
    out.style = node.style;
    out.value = node.text;
    out.line = lines_.line(node.span.begin);
    out.column = lines_.column(node.span.begin);
    const std::size_t begin = lines_.begin_of(node.span.begin);
    out.indent = std::min(tree_.bytes.find_first_not_of(' ', begin), node.span.begin) - begin;
    out.json = json_;
    out.flow = node.parent != kNoNode && tree_[node.parent].flow;
    out.tagged = !node.tag.empty();
    out.quote = quote_;
    return out;
}

std::string Finder::where(NodeId id) const {
    std::vector<std::string> steps;
    std::size_t size = 0;
    for (NodeId at = id; at != kNoNode && tree_[at].parent != kNoNode; at = tree_[at].parent) {
        const Node& node = tree_[at];
        steps.push_back(
            node.key != kNoNode ? step(tree_[node.key].text) : fmt::format("[{}]", node.index)
        );
        size += steps.back().size();
        if (size > kLongestWhere) {
            steps.emplace_back(".…");
            break;
        }
    }
    std::string out;
    for (auto it = steps.rbegin(); it != steps.rend(); ++it) out += *it;
    if (!out.empty() && out.front() == '.') out.erase(0, 1);
    return out;
}

const std::string& Finder::object_at(NodeId mapping) {
    const auto [entry, first] = objects_.try_emplace(mapping);
    std::string& out = entry->second;
    if (!first) return out;
    const NodeId kind = tree_.find_scalar(mapping, "kind");
    if (kind == kNoNode || tree_.find_scalar(mapping, "apiVersion") == kNoNode) return out;
    const NodeId metadata = tree_.find(mapping, "metadata");
    const auto text = [&](std::string_view key) {
        const NodeId found = tree_.find_scalar(metadata, key);
        return found == kNoNode ? std::string_view{} : tree_[found].text.substr(0, 253);
    };
    out = tree_[kind].text.substr(0, 253);
    const std::string_view name = text("name");
    const std::string_view space = text("namespace");
    if (!name.empty()) out += fmt::format(" {}{}{}", space, space.empty() ? "" : "/", name);
    return out;
}

std::string Finder::object_of(NodeId id) {
    for (NodeId at = tree_[id].parent; at != kNoNode; at = tree_[at].parent) {
        if (tree_[at].kind != NodeKind::Mapping) continue;
        if (const std::string& object = object_at(at); !object.empty()) return object;
    }
    return {};
}

namespace {

std::uint64_t taken_key(PlaceKind kind, NodeId main) {
    return std::uint64_t{main} << 1U | (kind == PlaceKind::Marker ? 1U : 0U);
}

}  // namespace

bool Finder::taken(PlaceKind kind, NodeId main) const {
    return taken_.contains(taken_key(kind, main));
}

bool Finder::has_room() {
    if (scan_.places.size() < kMostPlaces) return true;
    if (!full_) {
        scan_.problems.push_back(
            {0, fmt::format("more than {} places: the rest is not read", kMostPlaces)}
        );
    }
    full_ = true;
    return false;
}

void Finder::add(Place place, NodeId main, const std::vector<NodeId>& scalars) {
    if (!has_room() || !taken_.insert(taken_key(place.kind, main)).second) return;
    for (const NodeId id : scalars) taken_.insert(taken_key(place.kind, id));
    place.document = tree_[main].document;
    place.where = where(main);
    place.object = object_of(main);
    for (const NodeId id : scalars) add_alias_lines(place, id);
    std::sort(place.alias_lines.begin(), place.alias_lines.end());
    place.alias_lines.erase(
        std::unique(place.alias_lines.begin(), place.alias_lines.end()), place.alias_lines.end()
    );
    scan_.places.push_back(std::move(place));
}

void Finder::add_embedded(Place place, NodeId text) {
    if (!has_room()) return;
    place.document = tree_[text].document;
    place.where = fmt::format("{} | {}", where(text), place.where);
    place.object = object_of(text);
    add_alias_lines(place, text);
    scan_.places.push_back(std::move(place));
}

void Finder::add_alias_lines(Place& place, NodeId scalar) {
    if (alias_lines_.empty()) return;
    for (NodeId at = scalar; at != kNoNode; at = tree_[at].parent) {
        if (!tree_[at].anchored) continue;
        const auto found = alias_lines_.find(at);
        if (found == alias_lines_.end()) continue;
        for (const std::size_t line : found->second) {
            if (place.alias_lines.size() >= kMostAliasLines) return;
            place.alias_lines.push_back(line);
        }
    }
}

void Finder::problem(std::size_t line, std::string message) {
    if (scan_.problems.size() < kMostProblems) scan_.problems.push_back({line, std::move(message)});
}

void Finder::problem_at(NodeId id, std::string message) {
    NodeId at = id;
    while (at != kNoNode && tree_[at].kind == NodeKind::Scalar && !tree_[at].has_token) {
        at = tree_[at].key != kNoNode ? tree_[at].key : tree_[at].parent;
    }
    problem(at == kNoNode ? 0 : lines_.line(tree_[at].span.begin), std::move(message));
}

bool has_placeholder(std::string_view text) {
    return text.find('$') != std::string_view::npos || text.find("{{") != std::string_view::npos;
}

void Finder::add_reference(PlaceKind kind, NodeId scalar, const ReferenceRule& rule) {
    if (scalar == kNoNode || taken(kind, scalar)) return;
    const Node& node = tree_[scalar];
    if (!node.has_token && node.text.empty()) return;
    if (node.text.size() > kLongestValue) return;
    Scalar text;
    text.value = node.text;
    text.style = node.style;
    text.part = rule.part;
    const std::string_view core = core_of(text);
    if (core.empty() || has_placeholder(core)) return;
    auto written = image::parse_written(core);
    if (!written) {
        if (!rule.quiet) {
            problem_at(scalar, fmt::format("{}: {}", where(scalar), written.error().message));
        }
        return;
    }
    if (rule.needs_version && written->tag.empty() && written->digest.empty()) return;
    auto found = this->scalar(scalar, Role::Reference);
    if (!found) return;
    found->part = rule.part;
    Place place;
    place.kind = kind;
    place.image = written->meaning.name;
    place.scalars.push_back(std::move(*found));
    add(std::move(place), scalar, {scalar});
}

}  // namespace linkspan::manifest
