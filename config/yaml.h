// A YAML document as a tree with positions: what the rest of this folder reads. yaml-cpp stops
// here.
//
// Hostile input is bounded: the text has to be UTF-8 without control characters, at most kMaxText
// bytes and kMaxDepth levels, and what aliases expand to is counted before anybody walks it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::config {

inline constexpr std::size_t kMaxText = 4 << 20;  // bytes of a file
inline constexpr std::size_t kMaxDepth = 40;      // levels of nesting
// Nodes plus bytes of text after every alias is expanded.
inline constexpr std::size_t kMaxWeight = 4 * kMaxText;

// 1-based; the column counts characters, as editors do.
struct Mark {
    std::size_t line = 1;
    std::size_t column = 1;
};

// Immutable once parsed. An alias shares the node of its anchor.
struct Node {
    enum class Kind { Null, Scalar, Sequence, Mapping };
    struct Member {
        std::string key;
        Mark mark;  // of the key
        std::shared_ptr<const Node> value;
    };

    Kind kind = Kind::Null;
    Mark mark;
    std::string text;     // Scalar
    bool quoted = false;  // Scalar: written in quotes or as a block, so never a number or a boolean
    std::vector<std::shared_ptr<const Node>> items;  // Sequence
    std::vector<Member> members;                     // Mapping, in the order of the file
    std::size_t weight = 1;

    // The value of a key, the first when it is given twice; nullptr when there is none.
    [[nodiscard]] const Node* find(std::string_view key) const;
};

// The node that a message such as "tags.allow[1]: …" speaks about, or the nearest one around it
// that exists.
const Node& locate(const Node& root, std::string_view message);

struct Problem {
    Mark mark;
    std::string message;
};

struct ParsedYaml {
    std::shared_ptr<const Node> root;  // null when the text could not be read to its end
    std::vector<Problem> problems;
};

// Never throws for bad input. Keys that are given twice are problems, and both stay in the tree.
ParsedYaml parse_yaml(std::string_view text);

}  // namespace linkspan::config
