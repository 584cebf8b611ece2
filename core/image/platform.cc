#include "core/image/platform.h"

#include "core/image/quote.h"

#include <fmt/format.h>

namespace linkspan::image {
namespace {

std::string_view variant_of(const Platform& platform) {
    if (platform.variant.empty() && platform.architecture == "arm64") return "v8";
    return platform.variant;
}

}  // namespace

Result<Platform> Platform::parse(std::string_view text) {
    const auto first = text.find('/');
    const auto second = first == std::string_view::npos ? first : text.find('/', first + 1);
    Platform out;
    out.os = text.substr(0, first);
    if (first != std::string_view::npos) {
        out.architecture =
            text.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
    }
    if (second != std::string_view::npos) out.variant = text.substr(second + 1);
    const bool complete = !out.os.empty() && !out.architecture.empty() &&
                          (second == std::string_view::npos || !out.variant.empty());
    if (!complete || out.variant.find('/') != std::string::npos) {
        return Error{
            Errc::InvalidInput,
            fmt::format("{} is not a platform; write \"linux/amd64\"", quote(text))};
    }
    return out;
}

std::string Platform::str() const {
    std::string out = os + "/" + architecture;
    if (!variant.empty()) out += "/" + variant;
    return out;
}

bool Platform::satisfies(const Platform& wanted) const {
    if (os != wanted.os || architecture != wanted.architecture) return false;
    return wanted.variant.empty() || variant_of(*this) == variant_of(wanted);
}

}  // namespace linkspan::image
