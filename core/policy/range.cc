#include "core/policy/range.h"

#include "core/image/quote.h"
#include "core/policy/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace linkspan::policy {

namespace {

using Comparator = Range::Comparator;
using Group = Range::Group;
using Operator = Range::Operator;

constexpr std::size_t kLongestRange = 512;
constexpr std::size_t kMostGroups = 32;

constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool is_open(std::string_view part) { return part == "x" || part == "X" || part == "*"; }

// Longer spellings first.
constexpr std::pair<std::string_view, Operator> kOperators[] = {
    {"!=", Operator::NotEqual},
    {">=", Operator::GreaterEqual},
    {"=>", Operator::GreaterEqual},
    {"<=", Operator::LessEqual},
    {"=<", Operator::LessEqual},
    {"~>", Operator::Tilde},
    {"=", Operator::Equal},
    {">", Operator::Greater},
    {"<", Operator::Less},
    {"~", Operator::Tilde},
    {"^", Operator::Caret},
};

// One group: "^1.2, !=1.3.0" or "1.2 - 1.4".
class GroupParser {
public:
    explicit GroupParser(std::string_view text) : rest_{text} {}

    Result<Group> parse() {
        Group group;
        skip_spaces();
        if (rest_.empty()) return bad("a comparison is missing (write * for every release)");
        while (true) {
            LINKSPAN_TRY(first, comparator());
            const bool spaced = skip_spaces();
            if (spaced && rest_.size() > 1 && rest_[0] == '-' && is_space(rest_[1])) {
                if (operator_written_) return bad("a hyphen range takes no operator");
                rest_.remove_prefix(1);
                skip_spaces();
                LINKSPAN_TRY(last, comparator());
                if (operator_written_) return bad("a hyphen range takes no operator");
                first.op = Operator::GreaterEqual;
                last.op = Operator::LessEqual;
                add(group, first);
                add(group, last);
                if (end_or_separator(skip_spaces())) return group;
            } else {
                add(group, first);
                if (end_or_separator(spaced)) return group;
            }
            if (failed_) return bad("expected a space, ',' or \"||\" between comparisons");
        }
    }

private:
    static void add(Group& group, const Comparator& c) {
        group.names_prerelease |= !c.version.pre.empty();
        group.all_of.push_back(c);
    }

    bool skip_spaces() {
        const auto* const end = std::find_if_not(rest_.begin(), rest_.end(), is_space);
        const bool any = end != rest_.begin();
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.begin()));
        return any;
    }

    // True at the end of the group; otherwise past the separator, or failed_.
    bool end_or_separator(bool spaced) {
        if (rest_.empty()) return true;
        if (rest_.front() == ',') {
            rest_.remove_prefix(1);
            skip_spaces();
        } else {
            failed_ = !spaced;
        }
        return false;
    }

    Result<Comparator> comparator() {
        Comparator out;
        operator_written_ = false;
        for (const auto& [spelling, op] : kOperators) {
            if (!rest_.starts_with(spelling)) continue;
            rest_.remove_prefix(spelling.size());
            out.op = op;
            operator_written_ = true;
            skip_spaces();
            break;
        }
        const std::string_view written = rest_;
        if (rest_.starts_with('v')) rest_.remove_prefix(1);
        std::string_view parts[3];
        for (std::size_t i = 0; i < 3; ++i) {
            if (i > 0) {
                if (!rest_.starts_with('.')) break;
                rest_.remove_prefix(1);
            }
            parts[i] = part();
            if (parts[i].empty()) {
                return bad(fmt::format(
                    "expected a version like 1.2.3, 1.2 or 1.x at {}", image::quote(written)
                ));
            }
        }
        if (rest_.starts_with('-') && rest_.size() > 1 && !is_space(rest_[1])) {
            rest_.remove_prefix(1);
            out.version.pre = identifiers();
            if (!is_prerelease(out.version.pre)) {
                return bad(
                    fmt::format("the pre-release {} does not read", image::quote(out.version.pre))
                );
            }
        }
        if (rest_.starts_with('+')) {
            rest_.remove_prefix(1);
            if (!is_build_metadata(identifiers())) return bad("the build metadata does not read");
        }
        if (!fill(parts, out)) {
            return bad("a number is greater than 18446744073709551615");
        }
        return out;
    }

    std::string_view part() {
        if (!rest_.empty() && is_open(rest_.substr(0, 1))) return take(1);
        return take(static_cast<std::size_t>(
            std::find_if_not(rest_.begin(), rest_.end(), is_digit) - rest_.begin()
        ));
    }

    std::string_view identifiers() {
        return take(std::min(
            rest_.size(),
            rest_.find_first_not_of(
                "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-."
            )
        ));
    }

    std::string_view take(std::size_t count) {
        const std::string_view out = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return out;
    }

    static bool fill(const std::string_view (&parts)[3], Comparator& out) {
        const auto open = [](std::string_view part) { return part.empty() || is_open(part); };
        std::uint64_t* const numbers[] = {
            &out.version.major, &out.version.minor, &out.version.patch};
        for (std::size_t i = 0; i < 3; ++i) {
            if (open(parts[i])) {
                out.any = true;
                out.any_minor = i == 1;
                out.any_patch = i == 2;
                break;
            }
            const auto read = read_version(parts[i]);
            if (read.has_error()) return false;
            *numbers[i] = read->major;
        }
        return true;
    }

    static Error bad(std::string why) { return Error{Errc::InvalidInput, std::move(why)}; }

    std::string_view rest_;
    bool operator_written_ = false;
    bool failed_ = false;
};

bool is_same_or_after(const Version& v, const Comparator& c) { return order(v, c.version) >= 0; }

bool tilde(const Version& v, const Comparator& c) {
    if (!is_same_or_after(v, c)) return false;
    const Version& base = c.version;
    // "~*" takes everything, and so does the literal "~0.0.0": the language makes no difference.
    if (base.major == 0 && base.minor == 0 && base.patch == 0 && !c.any_minor && !c.any_patch) {
        return true;
    }
    return v.major == base.major && (c.any_minor || v.minor == base.minor);
}

bool caret(const Version& v, const Comparator& c) {
    if (!is_same_or_after(v, c)) return false;
    const Version& base = c.version;
    if (base.major > 0 || c.any_minor) return v.major == base.major;
    if (v.major > 0) return false;
    if (base.minor > 0 || c.any_patch) return v.minor == base.minor;
    return v.minor == 0 && v.patch == base.patch;
}

bool not_equal(const Version& v, const Comparator& c) {
    const Version& base = c.version;
    if (c.any) {
        if (v.major != base.major) return true;
        if (c.any_minor) return false;
        if (v.minor != base.minor) return true;
        if (c.any_patch) return order_prerelease(v.pre, base.pre) != 0;
    }
    return order(v, base) != 0;
}

bool greater(const Version& v, const Comparator& c) {
    const Version& base = c.version;
    if (c.any && v.major != base.major) return v.major > base.major;
    if (c.any_minor) return false;  // ">1": from 2.0.0
    if (c.any_patch) return v.minor > base.minor;
    return order(v, base) > 0;
}

bool less_equal(const Version& v, const Comparator& c) {
    const Version& base = c.version;
    if (!c.any) return order(v, base) <= 0;
    if (v.major != base.major) return v.major < base.major;
    return c.any_minor || v.minor <= base.minor;
}

bool satisfies(const Version& v, const Comparator& c) {
    switch (c.op) {
        case Operator::Equal:
            return c.any ? tilde(v, c) : order(v, c.version) == 0;
        case Operator::NotEqual:
            return not_equal(v, c);
        case Operator::Greater:
            return greater(v, c);
        case Operator::Less:
            return order(v, c.version) < 0;
        case Operator::GreaterEqual:
            return is_same_or_after(v, c);
        case Operator::LessEqual:
            return less_equal(v, c);
        case Operator::Tilde:
            return tilde(v, c);
        case Operator::Caret:
            return caret(v, c);
    }
    return false;
}

}  // namespace

Result<Range> Range::parse(std::string_view text) {
    if (text.size() > kLongestRange) {
        return Error{
            Errc::InvalidInput, fmt::format("range is longer than {} bytes", kLongestRange)};
    }
    Range range;
    range.text_ = std::make_shared<const std::string>(text);
    std::string_view rest = *range.text_;
    while (true) {
        const std::size_t bars = rest.find("||");
        GroupParser parser{rest.substr(0, bars)};
        auto group = parser.parse();
        if (group.has_error()) {
            return group.error().within(fmt::format("range {}", image::quote(text)));
        }
        range.any_of_.push_back(std::move(*group));
        if (range.any_of_.size() > kMostGroups) {
            return Error{
                Errc::InvalidInput,
                fmt::format("range {}: more than {} groups", image::quote(text), kMostGroups)};
        }
        if (bars == std::string_view::npos) return range;
        rest.remove_prefix(bars + 2);
    }
}

Range::Verdict Range::check(const Version& version) const {
    Verdict verdict = Verdict::Out;
    for (const Group& group : any_of_) {
        const bool satisfied =
            std::all_of(group.all_of.begin(), group.all_of.end(), [&](const Comparator& c) {
                return satisfies(version, c);
            });
        if (!satisfied) continue;
        if (version.pre.empty() || group.names_prerelease) return Verdict::In;
        verdict = Verdict::Prerelease;
    }
    return verdict;
}

}  // namespace linkspan::policy
