// Byte offset to line and column, for people. Line breaks: LF, CR LF, and a CR alone (YAML 1.2,
// 5.4).
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace linkspan::manifest {

class LineIndex {
public:
    // `bytes` must outlive the index, which looks at it on the first use only.
    explicit LineIndex(std::string_view bytes) : bytes_{bytes} {}

    [[nodiscard]] std::size_t line(std::size_t offset) const;    // 1-based
    [[nodiscard]] std::size_t column(std::size_t offset) const;  // 1-based, in bytes
    // Where the line that holds `offset` begins, and where it ends without its line break.
    [[nodiscard]] std::size_t begin_of(std::size_t offset) const;
    [[nodiscard]] std::size_t end_of(std::size_t offset) const;

private:
    [[nodiscard]] std::size_t index_of(std::size_t offset) const;

    std::string_view bytes_;
    mutable std::vector<std::size_t> starts_;
};

}  // namespace linkspan::manifest
