// Any bytes to both readers of YAML trees: where the short way answers, libyaml reads the file too,
// and gives the same tree, node by node and token by token.
#include "core/manifest/simple_tree.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace linkspan;
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    const auto quick = manifest::read_simple_tree(bytes, {});
    if (!quick) return 0;
    const auto slow = manifest::read_tree_with_libyaml(bytes);
    if (!slow || !manifest::same_tree(*quick, *slow)) std::abort();
    return 0;
}
