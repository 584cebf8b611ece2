// Finder: what the shapes share while they look for places in one file. Private to core/manifest.
#pragma once

#include "core/manifest/lines.h"
#include "core/manifest/place.h"
#include "core/manifest/tree.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace linkspan::manifest {

class Finder {
public:
    Finder(std::string_view path, const Tree& tree, Scan& scan);

    [[nodiscard]] const Tree& tree() const { return tree_; }
    [[nodiscard]] const LineIndex& lines() const { return lines_; }
    [[nodiscard]] std::string_view path() const { return path_; }
    [[nodiscard]] std::string_view file_name() const;
    [[nodiscard]] bool json() const { return json_; }
    // The quote that the file's quoted values use most.
    [[nodiscard]] char quote() const { return quote_; }

    // A scalar of a place. `id` must be a scalar (resolve aliases first); nullopt when its bytes
    // can't be replaced on their own, which is then reported.
    std::optional<Scalar> scalar(NodeId id, Role role);

    // "spec.template.spec.containers[0].image"; keys with other characters as ["a.b"].
    [[nodiscard]] std::string where(NodeId id) const;
    // "Deployment web/app": the innermost Kubernetes object around the node.
    [[nodiscard]] std::string object_of(NodeId id);

    // Adds a place; `main` is the scalar that it is named after. Fills in where, document, object
    // and the aliases. A scalar belongs to one place of a kind.
    void add(Place place, NodeId main, const std::vector<NodeId>& scalars);
    // True when `main` is already in a place of `kind`.
    [[nodiscard]] bool taken(PlaceKind kind, NodeId main) const;

    void problem(std::size_t line, std::string message);
    void problem_at(NodeId id, std::string message);

    // The container image field: a place of `kind` for a whole reference, or a problem, or nothing
    // for text that a template engine will replace.
    void add_reference(PlaceKind kind, NodeId scalar);

private:
    void add_alias_lines(Place& place, NodeId scalar);
    const std::string& object_at(NodeId mapping);

    std::string_view path_;
    const Tree& tree_;
    Scan& scan_;
    LineIndex lines_;
    bool json_ = false;
    char quote_ = '"';
    bool full_ = false;
    std::unordered_set<std::uint64_t> taken_;
    std::unordered_map<NodeId, std::vector<std::size_t>> alias_lines_;
    std::unordered_map<NodeId, std::string> objects_;  // by mapping; empty for what is no object
};

// Text that is filled in before Kubernetes sees it: ${X}, $(X), {{ x }}.
bool has_placeholder(std::string_view text);

}  // namespace linkspan::manifest
