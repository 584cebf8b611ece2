// What a value of the configuration may be, declared once: the reader refuses what is not in it,
// json_schema() prints it, and a test holds docs/configuration.md against it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::config {

struct MappingShape;

// Inclusive. Of a number, of bytes, of milliseconds.
struct Range {
    std::uint64_t least = 0;
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / 4;
};

struct Shape {
    enum class Kind { Text, Boolean, Integer, Size, Duration, Choice, List, Table, Mapping, AnyOf };

    Kind kind = Kind::Text;
    std::string default_value;              // as the file would say it; empty: none
    std::string pattern = {};               // Text: regular expression that it matches
    Range range = {};                       // Integer, Size, Duration
    std::vector<std::string> choices = {};  // Choice
    const MappingShape* mapping = nullptr;  // Mapping
    std::vector<Shape> parts = {};          // List, Table: of what; AnyOf: the alternatives
    bool not_empty = false;                 // List: at least one
    bool may_be_empty = false;              // Text: "" is a value

    static Shape text(std::string pattern = {}) {
        return {.kind = Kind::Text, .default_value = {}, .pattern = std::move(pattern)};
    }
    static Shape choice(std::vector<std::string> names) {
        return {.kind = Kind::Choice, .default_value = {}, .choices = std::move(names)};
    }
    static Shape list(Shape of) {
        return {.kind = Kind::List, .default_value = {}, .parts = {std::move(of)}};
    }
    // Keys of the user's own.
    static Shape table(Shape of) {
        return {.kind = Kind::Table, .default_value = {}, .parts = {std::move(of)}};
    }
    static Shape of(const MappingShape& shape) {
        return {.kind = Kind::Mapping, .default_value = {}, .mapping = &shape};
    }
    static Shape any_of(std::vector<Shape> shapes) {
        return {.kind = Kind::AnyOf, .default_value = {}, .parts = std::move(shapes)};
    }
};

struct KeyShape {
    std::string name;
    std::string doc;
    Shape shape;
    bool required = false;
};

struct MappingShape {
    std::string name;  // "receiver": unique, the name of its definition in the schema
    std::string doc;
    std::vector<KeyShape> keys;
    // Keys of the design that this version does not have yet: refused, but not as unknown.
    std::vector<std::string> planned = {};
    // One key, not none and not two: {file: …} or {env: …}.
    bool exactly_one = false;
    // Said when something that is no mapping stands here; empty: the usual words.
    std::string expected = {};

    [[nodiscard]] std::vector<std::string> names() const;
};

}  // namespace linkspan::config
