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

// What is asked of a text before it counts as an image.
struct ReferenceRule {
    // Only with a tag or digest: for shapes that alone are not proof enough.
    bool needs_version = false;
    // Not reported when it does not read as a reference.
    bool quiet = false;
    // The part of the value that is the reference.
    std::optional<ByteSpan> part{};
};

class Finder {
public:
    Finder(std::string_view path, const Tree& tree, Scan& scan);
    // For a text inside of `outer`'s file.
    Finder(const Finder& outer, const Tree& tree, Scan& scan);
    Finder(const Finder&) = delete;
    Finder& operator=(const Finder&) = delete;

    [[nodiscard]] const Tree& tree() const { return tree_; }
    [[nodiscard]] const LineIndex& lines() const { return lines_; }
    [[nodiscard]] std::string_view path() const { return path_; }
    [[nodiscard]] std::string_view file_name() const;
    [[nodiscard]] bool json() const { return json_; }
    [[nodiscard]] bool embedded() const { return embedded_; }
    // The quote that the file's quoted values use most.
    [[nodiscard]] char quote() const { return quote_; }

    // A scalar of a place. `id` must be a scalar (resolve aliases first); nullopt when its bytes
    // can't be replaced on their own, which is then reported.
    std::optional<Scalar> scalar(NodeId id, Role role);

    // "spec.template.spec.containers[0].image"; keys with other characters as ["a.b"].
    [[nodiscard]] std::string where(NodeId id) const;
    // "Deployment web/app": the innermost Kubernetes object around the node.
    [[nodiscard]] std::string object_of(NodeId id);

    // True the first time it is asked about a node. What is reached through aliases is read once:
    // a file can name one long list from very many places.
    bool first_look(NodeId id) { return looked_at_.insert(id).second; }

    // Adds a place; `main` is the scalar that it is named after. Fills in where, document, object
    // and the aliases. A scalar belongs to one place, and to one marked place besides: the first
    // shape that finds it has it.
    void add(Place place, NodeId main, const std::vector<NodeId>& scalars);
    // The same for a place that was found in a text of the file and brings its own `where`.
    void add_embedded(Place place, NodeId text);
    [[nodiscard]] bool taken(PlaceKind kind, NodeId main) const;

    void problem(std::size_t line, std::string message);
    void problem_at(NodeId id, std::string message);

    // A place for a whole reference, or a problem, or nothing for text that is filled in later.
    void add_reference(PlaceKind kind, NodeId scalar, const ReferenceRule& rule = {});

private:
    void add_alias_lines(Place& place, NodeId scalar);
    const std::string& object_at(NodeId mapping);
    bool has_room();

    std::string_view path_;
    const Tree& tree_;
    Scan& scan_;
    LineIndex lines_;
    bool json_ = false;
    bool embedded_ = false;
    char quote_ = '"';
    bool full_ = false;
    std::unordered_set<std::uint64_t> taken_;
    std::unordered_set<NodeId> looked_at_;
    std::unordered_map<NodeId, std::vector<std::size_t>> alias_lines_;
    std::unordered_map<NodeId, std::string> objects_;  // by mapping; empty for what is no object
};

// Text that is filled in before anybody runs it: ${X}, $(X), $X, {{ x }}.
bool has_placeholder(std::string_view text);

}  // namespace linkspan::manifest
