// From positions in characters, as libyaml counts them, to positions in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace linkspan::manifest {

class CodePoints {
public:
    // `text` must be UTF-8 and outlive the object.
    explicit CodePoints(std::string_view text);

    // Byte offset of the character with that number; the size of the text past its end.
    [[nodiscard]] std::size_t offset(std::size_t index) const;

private:
    static constexpr std::size_t kStride = 64;

    std::string_view text_;
    bool ascii_ = true;
    std::vector<std::uint32_t> every_;  // offset of each 64th character
};

}  // namespace linkspan::manifest
