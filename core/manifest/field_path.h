// The path language of `fields`: where in a document a value is.
//
//   spec.template.spec.containers[name=app].image
//   images[0].newTag        images[-1]       images[*].newTag      services.*.image
//   metadata.annotations["example.com/image"]    metadata.annotations.example\.com/image
//   spec.**.image           at any depth
//   [kind=Deployment][metadata.name=app].spec…   of the documents, these
//
// A filter in brackets keeps the items of a list (or the mapping itself) that have that value. A
// leading "$" or "." is allowed. Aliases are followed, merge keys too.
#pragma once

#include "core/manifest/tree.h"
#include "core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace linkspan::manifest {

class FieldPath {
public:
    // Errors: InvalidInput, with the column.
    static Result<FieldPath> parse(std::string_view text);

    // The nodes that the path leads to, aliases resolved, in file order, each once. Bounded: at
    // most 10,000 nodes.
    [[nodiscard]] std::vector<NodeId> find(const Tree& tree, NodeId root) const;

private:
    enum class Kind { Key, Index, Every, Filter, Descend };
    struct Step {
        Kind kind = Kind::Key;
        std::vector<std::string> keys;  // Key: one; Filter: the way to the value
        std::string value;              // Filter
        long index = 0;                 // from the end when negative
    };
    friend class FieldPathReader;

    static void take(
        const Tree& tree,
        const Step& step,
        NodeId node,
        std::vector<NodeId>& out,
        std::size_t& budget
    );

    std::vector<Step> steps_;
};

}  // namespace linkspan::manifest
