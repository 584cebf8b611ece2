// Small steps through a tree that several shapes take.
#pragma once

#include "core/manifest/finder.h"
#include "core/manifest/tree.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string_view>

namespace linkspan::manifest {

// Calls visit(key, value) for each entry of a mapping whose key is a scalar. The value may be an
// alias. Nothing happens for what is no mapping.
template <class Visit>
void each_entry(const Tree& tree, NodeId mapping, const Visit& visit) {
    if (mapping == kNoNode || tree[mapping].kind != NodeKind::Mapping) return;
    for (NodeId key = tree[mapping].first_child; key != kNoNode;) {
        const NodeId value = tree[key].next;
        if (value == kNoNode) return;
        if (tree[key].kind == NodeKind::Scalar) visit(tree[key].text, value);
        key = tree[value].next;
    }
}

// Calls visit(item) for each item of a sequence, aliases resolved; `list` may be one itself, and is
// then read once.
template <class Visit>
void each_item(Finder& finder, NodeId list, const Visit& visit) {
    const Tree& tree = finder.tree();
    const NodeId id = tree.resolve(list);
    if (id == kNoNode || tree[id].kind != NodeKind::Sequence) return;
    if (id != list && !finder.first_look(id)) return;
    for (NodeId item = tree[id].first_child; item != kNoNode; item = tree[item].next) {
        if (const NodeId at = tree.resolve(item); at != kNoNode) visit(at);
    }
}

inline bool is_mapping(const Tree& tree, NodeId id) {
    return id != kNoNode && tree[id].kind == NodeKind::Mapping;
}
inline bool is_sequence(const Tree& tree, NodeId id) {
    return id != kNoNode && tree[id].kind == NodeKind::Sequence;
}
inline bool is_scalar(const Tree& tree, NodeId id) {
    return id != kNoNode && tree[id].kind == NodeKind::Scalar;
}

// "baseImage", "BASE_IMAGE": what a key says that it names.
inline bool key_ends_with(std::string_view key, std::string_view lower_case) {
    return key.size() >= lower_case.size() &&
           std::equal(
               lower_case.begin(),
               lower_case.end(),
               key.end() - static_cast<std::ptrdiff_t>(lower_case.size()),
               [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); }
           );
}
inline bool names_an_image(std::string_view key) { return key_ends_with(key, "image"); }

// The key that a node is the value of; empty for items of sequences and for roots.
inline std::string_view key_of(const Tree& tree, NodeId id) {
    const NodeId key = tree[id].key;
    return key != kNoNode && tree[key].kind == NodeKind::Scalar ? tree[key].text
                                                                : std::string_view{};
}

}  // namespace linkspan::manifest
