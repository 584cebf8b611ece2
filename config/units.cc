#include "config/units.h"

#include "config/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace linkspan::config {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 4> kSizes{
    {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}};
constexpr std::uint64_t kLargest = 1ULL << 50;

// A number at the start of `text`, which moves behind it.
bool take_number(std::string_view& text, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    auto out = linkspan::parse_duration(text);
    if (out.has_error()) {
        return Error{Errc::InvalidInput, quote(text) + " " + out.error().message};
    }
    return out;
}

Result<std::uint64_t> parse_size(std::string_view text) {
    const Error bad{
        Errc::InvalidInput,
        fmt::format("{} is not a size; write it like 65536, 64KiB, 1MiB or 2GiB", quote(text))};
    std::string_view rest = text;
    std::uint64_t number = 0;
    if (!take_number(rest, number)) return bad;
    std::uint64_t factor = 1;
    if (!rest.empty()) {
        const auto* const unit = std::find_if(kSizes.begin(), kSizes.end(), [&](const Unit& u) {
            return u.name == rest;
        });
        if (unit == kSizes.end()) return bad;
        factor = unit->factor;
    }
    if (number > kLargest / factor) {
        return Error{Errc::InvalidInput, quote(text) + " is larger than 1024 TiB"};
    }
    return number * factor;
}

std::string format_size(std::uint64_t bytes) {
    for (const Unit& unit : kSizes) {
        if (unit.factor > 1 && bytes >= unit.factor && bytes % unit.factor == 0) {
            return fmt::format("{}{}", bytes / unit.factor, unit.name);
        }
    }
    return fmt::format("{}", bytes);
}

}  // namespace linkspan::config
