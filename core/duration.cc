#include "core/duration.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace linkspan {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t milliseconds;
};

constexpr std::array<Unit, 5> kUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::uint64_t kLongest = 36'525ULL * 86'400'000;  // 100 years

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

const Unit* find_unit(std::string_view name, unsigned& seen) {
    for (std::size_t i = 0; i < kUnits.size(); ++i) {
        if (kUnits[i].name != name || (seen & (1U << i)) != 0) continue;
        seen |= 1U << i;
        return &kUnits[i];
    }
    return nullptr;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const Error bad{Errc::InvalidInput, "is not a duration; write it like 250ms, 30s, 5m or 1h30m"};
    if (text == "0") return std::chrono::milliseconds{0};
    if (text.empty()) return bad;
    std::uint64_t total = 0;
    unsigned seen = 0;
    for (std::string_view rest = text; !rest.empty();) {
        std::uint64_t number = 0;
        if (!take_number(rest, number)) return bad;
        const Unit* unit = find_unit(take_letters(rest), seen);
        if (unit == nullptr) return bad;
        if (number > kLongest / unit->milliseconds ||
            total + number * unit->milliseconds > kLongest) {
            return Error{Errc::InvalidInput, "is longer than 100 years"};
        }
        total += number * unit->milliseconds;
    }
    return std::chrono::milliseconds{static_cast<std::int64_t>(total)};
}

std::string format_duration(std::chrono::milliseconds value) {
    auto rest = static_cast<std::uint64_t>(value.count() < 0 ? 0 : value.count());
    if (rest == 0) return "0s";
    std::string out;
    for (const Unit& unit : kUnits) {
        // "72h" is read more easily than "3d" next to other hours; days only where they are many.
        if (unit.name == "d" && rest < 10 * unit.milliseconds) continue;
        if (rest >= unit.milliseconds) {
            out += std::to_string(rest / unit.milliseconds);
            out += unit.name;
        }
        rest %= unit.milliseconds;
    }
    return out;
}

}  // namespace linkspan
