// The nodes of a YAML (or JSON) file with their exact byte ranges, read with libyaml.
//
// Private to core/manifest. A flat arena rather than a tree of objects: one vector of nodes that
// name each other by number, one vector of tokens in file order. Values are views into the file's
// bytes where YAML reads them as they are written, so the bytes must outlive the tree.
//
// Why libyaml: its marks are exact, it is what kubectl, Flux and Argo CD read with (go-yaml is a
// port of it), and its parser has been fuzzed for years. libfyaml 0.7.12 is as fast and marks bytes
// rather than characters, but uses memory after it is freed on some malformed files, which anyone
// can push to a repository (https://github.com/pantoniou/libfyaml/issues/57).
// Why events and not documents: they come without recursion, and let the reader stop at a limit
// before memory is spent.
#pragma once

#include "core/manifest/place.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::manifest {

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = std::numeric_limits<NodeId>::max();

enum class NodeKind : std::uint8_t { Scalar, Sequence, Mapping, Alias };

struct Node {
    NodeKind kind = NodeKind::Scalar;
    ScalarStyle style = ScalarStyle::Plain;
    bool is_key = false;
    bool flow = false;
    bool anchored = false;
    bool has_token = false;  // false for an empty value, which has no bytes, and a scalar whose
                             // token could not be told for sure
    std::uint32_t document = 0;
    NodeId parent = kNoNode;
    NodeId first_child = kNoNode;  // of a mapping: key, value, key, value, …
    NodeId next = kNoNode;         // sibling
    NodeId key = kNoNode;          // of a value in a mapping
    std::uint32_t index = 0;       // of an item in a sequence
    NodeId target = kNoNode;       // of an alias: the anchored node; kNoNode when there is none
    // Scalars: the whole token (quotes, block header and body). Flow collections: both brackets.
    // Block collections: from the first byte of the first entry, to an end that is not exact.
    ByteSpan span;
    std::string_view text;  // a scalar's value, an alias's name
    std::string_view tag;   // as written ("!!str"); empty when there is none

    friend bool operator==(const Node&, const Node&) = default;
};

// A stretch of bytes that is not white space, an indicator or a comment. In file order.
struct Token {
    ByteSpan span;
    NodeId node = kNoNode;  // kNoNode for anchors, tags and "---"
    bool closes = false;    // the closing bracket of a flow collection

    friend bool operator==(const Token&, const Token&) = default;
};

struct Limits {
    std::size_t depth = 200;
    std::size_t nodes = 1'000'000;
};

struct Tree {
    std::string_view bytes;
    std::vector<Node> nodes;
    std::vector<NodeId> roots;  // one per document; kNoNode for an empty one
    std::vector<Token> tokens;
    std::vector<NodeId> aliases;
    std::deque<std::string> decoded;  // values that are written with escapes or folds

    [[nodiscard]] const Node& operator[](NodeId id) const { return nodes[id]; }
    // Follows an alias to what it stands for; kNoNode when that does not exist.
    [[nodiscard]] NodeId resolve(NodeId id) const;
    // The value under a key of a mapping, through aliases and merge keys ("<<"); kNoNode when there
    // is none. The mapping's own keys win over merged ones, as in YAML; of a key that is written
    // twice the last one counts, as loaders have it.
    [[nodiscard]] NodeId find(NodeId mapping, std::string_view key) const;
    // find(), but only a scalar, resolved.
    [[nodiscard]] NodeId find_scalar(NodeId mapping, std::string_view key) const;

    // How many more keys find() looks at before it finds nothing any more. A hostile file can name
    // one large mapping from very many places; an honest one never comes near.
    mutable std::size_t lookups = 50'000'000;
};

// Errors: InvalidInput with "line N: …" for what is not YAML or is past a limit.
Result<Tree> read_tree(std::string_view bytes, const Limits& limits = {});

// The same, always by libyaml: read_tree() takes the short way through simple_tree.h where it can.
Result<Tree> read_tree_with_libyaml(std::string_view bytes, const Limits& limits = {});

// Done with a tree: its memory serves the next one that this thread reads. Thousands of small files
// in a row need not ask for kilobytes each.
void recycle(Tree tree);

// Equal in every node and token.
bool same_tree(const Tree& a, const Tree& b);

}  // namespace linkspan::manifest
