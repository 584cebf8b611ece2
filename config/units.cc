#include "config/units.h"

#include "config/quote.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace linkspan::config {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// Milliseconds; the longest first, for format_duration.
constexpr std::array<Unit, 5> kTimes{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizes{
    {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}};
constexpr std::uint64_t kLongest = 36'525ULL * 86'400'000;  // 100 years
constexpr std::uint64_t kLargest = 1ULL << 50;

// A number at the start of `text`, which moves behind it.
bool take_number(std::string_view& text, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

std::string_view take_letters(std::string_view& text) {
    std::size_t n = 0;
    while (n < text.size() && (text[n] < '0' || text[n] > '9')) ++n;
    const std::string_view letters = text.substr(0, n);
    text.remove_prefix(n);
    return letters;
}

template <std::size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name, unsigned& seen) {
    for (std::size_t i = 0; i < N; ++i) {
        if (units[i].name != name || (seen & (1U << i)) != 0) continue;
        seen |= 1U << i;
        return &units[i];
    }
    return nullptr;
}

Error bad_duration(std::string_view text) {
    return {
        Errc::InvalidInput,
        fmt::format("{} is not a duration; write it like 250ms, 30s, 5m or 1h30m", quote(text))};
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    if (text == "0") return std::chrono::milliseconds{0};
    if (text.empty()) return bad_duration(text);
    std::uint64_t total = 0;
    unsigned seen = 0;
    for (std::string_view rest = text; !rest.empty();) {
        std::uint64_t number = 0;
        if (!take_number(rest, number)) return bad_duration(text);
        const Unit* unit = find_unit(kTimes, take_letters(rest), seen);
        if (unit == nullptr) return bad_duration(text);
        if (number > kLongest / unit->factor || total + number * unit->factor > kLongest) {
            return Error{Errc::InvalidInput, quote(text) + " is longer than 100 years"};
        }
        total += number * unit->factor;
    }
    return std::chrono::milliseconds{static_cast<std::int64_t>(total)};
}

std::string format_duration(std::chrono::milliseconds value) {
    auto rest = static_cast<std::uint64_t>(value.count() < 0 ? 0 : value.count());
    if (rest == 0) return "0s";
    std::string out;
    for (const Unit& unit : kTimes) {
        // "72h" is read more easily than "3d" next to other hours; days only where they are many.
        if (unit.name == "d" && rest < 10 * unit.factor) continue;
        if (rest >= unit.factor) out += fmt::format("{}{}", rest / unit.factor, unit.name);
        rest %= unit.factor;
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
        unsigned seen = 0;
        const Unit* unit = find_unit(kSizes, rest, seen);
        if (unit == nullptr) return bad;
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
