#include "core/policy/calver.h"

#include "core/image/quote.h"
#include "core/policy/number.h"
#include "core/policy/prefix_sort.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace linkspan::policy {

namespace {

using Kind = CalverStrategy::Kind;
using Part = CalverStrategy::Part;

struct Token {
    std::string_view text;
    Kind kind;
    std::size_t width;
};
// A token that begins another comes after it.
constexpr Token kTokens[] = {
    {"YYYY", Kind::Year, 4},
    {"YY", Kind::Year, 0},
    {"0Y", Kind::Year, 2},
    {"MODIFIER", Kind::Modifier, 0},
    {"MAJOR", Kind::Major, 0},
    {"MINOR", Kind::Minor, 0},
    {"MICRO", Kind::Micro, 0},
    {"MM", Kind::Month, 0},
    {"0M", Kind::Month, 2},
    {"WW", Kind::Week, 0},
    {"0W", Kind::Week, 2},
    {"DD", Kind::Day, 0},
    {"0D", Kind::Day, 2},
};

constexpr bool is_calendar(Kind kind) { return kind <= Kind::Day; }
constexpr bool is_number(Kind kind) { return kind <= Kind::Micro; }

// The least and the greatest value of a calendar part.
bool in_calendar(Kind kind, std::string_view digits) {
    const auto within = [&](std::string_view least, std::string_view most) {
        return order_digits(digits, least) >= 0 && order_digits(digits, most) <= 0;
    };
    switch (kind) {
        case Kind::Month:
            return within("1", "12");
        case Kind::Week:
            return within("0", "53");
        case Kind::Day:
            return within("1", "31");
        case Kind::Year:
            return within("0", "9999");
        case Kind::Major:
        case Kind::Minor:
        case Kind::Micro:
        case Kind::Modifier:
        case Kind::Literal:
            return true;
    }
    return true;
}

std::vector<Part> split(std::string_view layout) {
    std::vector<Part> parts;
    while (!layout.empty()) {
        const auto* const token =
            std::find_if(std::begin(kTokens), std::end(kTokens), [&](const Token& t) {
                return layout.starts_with(t.text);
            });
        if (token != std::end(kTokens)) {
            parts.push_back(
                {.kind = token->kind,
                 .width = token->width,
                 .literal = {},
                 .rank = 0,
                 .no_match = std::string{token->text}}
            );
            layout.remove_prefix(token->text.size());
            continue;
        }
        if (parts.empty() || parts.back().kind != Kind::Literal) parts.push_back({});
        parts.back().literal += layout.front();
        layout.remove_prefix(1);
    }
    return parts;
}

std::string_view complaint(const std::vector<Part>& parts) {
    bool any = false;
    for (auto part = parts.begin(); part != parts.end(); ++part) {
        if (part->kind == Kind::Literal) continue;
        any |= is_number(part->kind);
        const auto again = std::find_if(part + 1, parts.end(), [&](const Part& other) {
            return other.kind == part->kind;
        });
        if (again != parts.end()) return "a part stands in it twice";
        const auto next = part + 1;
        if (part->kind == Kind::Modifier) {
            if (next != parts.end()) return "MODIFIER can only stand last";
            continue;
        }
        if (part->width != 0 || next == parts.end()) continue;
        const bool digits_follow = next->kind == Kind::Literal ? is_digit(next->literal.front())
                                                               : next->kind != Kind::Modifier;
        if (digits_follow) {
            return "digits of two parts can't be told apart: put a character between them, or use "
                   "the zero-padded form (0M, 0D)";
        }
    }
    return any ? "" : "it has no part such as YYYY, 0M, DD or MICRO";
}

// Places in the key: as in the layout, the calendar parts in calendar order among themselves.
std::size_t rank(std::vector<Part>& parts) {
    std::vector<std::size_t> calendar_places;
    std::vector<Part*> calendar;
    std::size_t place = 0;
    for (Part& part : parts) {
        if (!is_number(part.kind)) continue;
        if (is_calendar(part.kind)) {
            calendar_places.push_back(place);
            calendar.push_back(&part);
        }
        part.rank = place++;
    }
    std::sort(calendar.begin(), calendar.end(), [](const Part* a, const Part* b) {
        return a->kind < b->kind;
    });
    for (std::size_t i = 0; i < calendar.size(); ++i) calendar[i]->rank = calendar_places[i];
    return place;
}

// The digits of a number part at the front of `text`; empty when there are none that fit.
std::string_view digits_of(const Part& part, std::string_view text) {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    if (part.width != 0) {
        if (count < part.width) return {};
        count = part.width;
    }
    const std::string_view digits = text.substr(0, count);
    if (digits.empty() || !in_calendar(part.kind, digits)) return {};
    const bool padded = digits.size() > 1 && digits.front() == '0';
    if (padded && part.width == 0 && is_calendar(part.kind)) return {};
    return digits;
}

}  // namespace

Result<CalverStrategy> CalverStrategy::make(const Calver& settings) {
    const std::string quoted = image::quote(settings.layout);
    CalverStrategy out;
    out.parts_ = split(settings.layout);
    if (const auto why = complaint(out.parts_); !why.empty()) {
        return Error{Errc::InvalidInput, fmt::format("layout {}: {}", quoted, why)};
    }
    out.numbers_ = rank(out.parts_);
    for (Part& part : out.parts_) {
        const bool literal = part.kind == Kind::Literal;
        part.no_match = fmt::format(
            "not in the layout {}: expected {}",
            quoted,
            literal ? image::quote(part.literal) : part.no_match
        );
    }
    out.praise_ = fmt::format("the latest in the layout {}", quoted);
    out.too_long_ = fmt::format("not in the layout {}: there is more behind it", quoted);
    return out;
}

Reading<CalverStrategy::Key> CalverStrategy::read(
    std::string_view text, const KnownTag& /*known*/
) const {
    Key key{};
    for (auto part = parts_.begin(); part != parts_.end(); ++part) {
        if (part->kind == Kind::Literal) {
            const auto next = part + 1;
            const bool optional = next != parts_.end() && next->kind == Kind::Modifier;
            if (optional && text.empty()) return key;
            if (!text.starts_with(part->literal)) return unread(part->no_match);
            text.remove_prefix(part->literal.size());
            if (optional && text.empty()) return unread(next->no_match);
        } else if (part->kind == Kind::Modifier) {
            key.modifier = std::exchange(text, {});
        } else {
            const std::string_view digits = digits_of(*part, text);
            if (digits.empty()) return unread(part->no_match);
            key.numbers[part->rank] = digits;
            text.remove_prefix(digits.size());
        }
    }
    if (!text.empty()) return unread(too_long_);
    return key;
}

std::weak_ordering CalverStrategy::order(const Key& a, const Key& b) const {
    for (std::size_t i = 0; i < numbers_; ++i) {
        if (const auto step = order_digits(a.numbers[i], b.numbers[i]); step != 0) return step;
    }
    if (a.modifier.empty() || b.modifier.empty()) return a.modifier.empty() <=> b.modifier.empty();
    return order_naturally(a.modifier, b.modifier);
}

std::uint64_t CalverStrategy::prefix(const Key& key) const {
    const auto bits = static_cast<unsigned>(std::min<std::size_t>(63 / numbers_, 31));
    PrefixPacker packer;
    for (std::size_t i = 0; i < numbers_; ++i) {
        std::string_view digits = key.numbers[i];
        digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
        std::uint64_t value = 0;
        for (const char c : digits.substr(0, 10)) {
            value = value * 10 + static_cast<unsigned>(c - '0');
        }
        packer.add(digits.size() > 10 ? ~std::uint64_t{0} : value, bits);
    }
    return packer.value();
}

std::weak_ordering order_naturally(std::string_view a, std::string_view b) {
    // The run at the front: all digits, or none.
    const auto take_run = [](std::string_view& text) {
        const bool digits = is_digit(text.front());
        const auto* const end =
            std::find_if(text.begin(), text.end(), [&](char c) { return is_digit(c) != digits; });
        const std::string_view run = text.substr(0, static_cast<std::size_t>(end - text.begin()));
        text.remove_prefix(run.size());
        return run;
    };
    while (!a.empty() && !b.empty()) {
        const std::string_view left = take_run(a);
        const std::string_view right = take_run(b);
        const bool left_digits = is_digit(left.front());
        const bool right_digits = is_digit(right.front());
        if (left_digits != right_digits) {
            return left_digits ? std::weak_ordering::less : std::weak_ordering::greater;
        }
        const std::weak_ordering step =
            left_digits ? order_digits(left, right) : std::weak_ordering{left <=> right};
        if (step != 0) return step;
    }
    return !a.empty() <=> !b.empty();
}

}  // namespace linkspan::policy
