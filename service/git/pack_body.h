// The bytes of a pack: header, objects one after the other, check sum. Private to service/git.
// Source: Documentation/gitformat-pack.txt.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace linkspan::git {

inline constexpr unsigned kRefDelta = 7;

class PackBody {
public:
    // zlib's levels; -1 is its default.
    explicit PackBody(int level = -1) : level_{level} {}

    // A whole object. `type` is libgit2's number for it, which is the pack's.
    Status add(unsigned type, std::string_view bytes);
    // A delta against the object with this id of 20 bytes.
    Status add_delta(std::string_view base_id, std::string_view delta);

    [[nodiscard]] std::uint32_t size() const { return count_; }
    // The pack. The body is empty afterwards.
    std::string finish();

private:
    void put_header(unsigned type, std::size_t size);
    Status put_compressed(std::string_view bytes);

    int level_;
    std::uint32_t count_ = 0;
    std::string bytes_ = std::string(12, '\0');  // room for the header
};

}  // namespace linkspan::git
