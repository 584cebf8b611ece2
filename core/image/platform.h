// Platform: "linux/arm64/v8".
#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

namespace linkspan::image {

struct Platform {
    std::string os{};
    std::string architecture{};
    std::string variant{};  // may be empty

    // "os/architecture" or "os/architecture/variant". Errors: InvalidInput.
    static Result<Platform> parse(std::string_view text);
    [[nodiscard]] std::string str() const;

    // Whether an image for `this` is one for `wanted`: a variant counts when `wanted` names one;
    // arm64 without variant is v8, as https://github.com/containerd/platforms has it.
    [[nodiscard]] bool satisfies(const Platform& wanted) const;

    friend bool operator==(const Platform&, const Platform&) = default;
};

}  // namespace linkspan::image
