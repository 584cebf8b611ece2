// Reader: typed access to nodes that collects everything that is wrong instead of stopping at it.
//
// Lives for one load, on one thread.
#pragma once

#include "config/config.h"
#include "config/shape.h"
#include "config/yaml.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::config {

class Reader {
public:
    // Relative paths start at `directory`, which is absolute.
    Reader(std::string directory, LoadOptions options);

    // Notes a problem, with the place in front: "receivers[1].secret: …".
    void problem(const Mark& mark, std::string_view message);
    [[nodiscard]] std::vector<Problem> take() { return std::move(problems_); }
    [[nodiscard]] const LoadOptions& options() const { return options_; }
    [[nodiscard]] const std::string& directory() const { return directory_; }

    // Where in the file we are, for as long as it lives.
    class [[nodiscard]] Place {
    public:
        explicit Place(std::vector<std::string>& stack) : stack_{stack} {}
        ~Place() { stack_.pop_back(); }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

    private:
        std::vector<std::string>& stack_;
    };
    Place inside(std::string_view key);
    Place inside(std::size_t index);

    // Each gives nullopt after noting why.
    std::optional<std::string> text(const Node& node);  // not empty
    std::optional<bool> boolean(const Node& node);
    std::optional<std::uint64_t> integer(const Node& node, Range range);
    std::optional<std::uint64_t> size(const Node& node, Range range);
    // A whole number of `unit`s.
    std::optional<std::chrono::milliseconds> duration(
        const Node& node, Range range, std::chrono::milliseconds unit
    );
    // Position in `names`.
    std::optional<std::size_t> choice(const Node& node, const std::vector<std::string>& names);
    // A file that is there and can be read; absolute.
    std::optional<std::string> file(const Node& node);
    std::optional<SecretRef> secret(const Node& node);

    // The items of a list; none for an empty value. nullopt after noting why.
    const std::vector<std::shared_ptr<const Node>>* list(const Node& node, const Shape& shape);
    // Everything about a mapping but its values: that it is one, keys unknown, missing, or too
    // many.
    bool mapping(const Node& node, const MappingShape& shape);

    [[nodiscard]] std::string absolute(std::string_view path) const;

private:
    void wrong_kind(const Node& node, std::string_view expected);
    void exactly_one(const Node& node, const MappingShape& shape);

    std::string directory_;
    LoadOptions options_;
    std::vector<std::string> place_;
    std::vector<Problem> problems_;
};

}  // namespace linkspan::config
