#include "core/policy/groups.h"

#include "core/image/quote.h"
#include "core/policy/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace linkspan::policy {

namespace {

constexpr std::size_t kMostCaptures = 32;

}  // namespace

Result<GroupsStrategy> GroupsStrategy::make(const Groups& settings) {
    const auto bad = [](std::string why) { return Error{Errc::InvalidInput, std::move(why)}; };
    GroupsStrategy out;
    LINKSPAN_TRY(pattern, compile_pattern(settings.pattern));
    out.pattern_ = std::move(pattern);
    if (out.pattern_->NumberOfCapturingGroups() > static_cast<int>(kMostCaptures)) {
        return bad(fmt::format("the pattern has more than {} groups", kMostCaptures));
    }
    std::string names;
    const auto add = [&](const std::string& name, int index, Order order) {
        out.groups_.push_back({.index = static_cast<std::size_t>(index), .order = order});
        names +=
            (names.empty() ? "" : ", ") + name + (order == Order::Desc ? " (least first)" : "");
    };
    if (settings.compare.empty()) {
        for (const auto& [index, name] : out.pattern_->CapturingGroupNames()) {
            add(name, index, Order::Asc);
        }
    }
    const auto& known = out.pattern_->NamedCapturingGroups();
    for (const Groups::Group& group : settings.compare) {
        const auto found = known.find(group.name);
        if (found == known.end()) {
            return bad(fmt::format(
                "the pattern {} has no group named {}",
                image::quote(settings.pattern),
                image::quote(group.name)
            ));
        }
        add(group.name, found->second, group.order);
    }
    if (out.groups_.empty()) {
        return bad("the pattern needs a named group to compare by, such as (?P<build>[0-9]+)");
    }
    if (out.groups_.size() > kMostGroups) {
        return bad(fmt::format("more than {} groups to compare by", kMostGroups));
    }
    out.no_match_ = fmt::format("does not match select.regex {}", image::quote(settings.pattern));
    out.praise_ = fmt::format("the greatest by {}", names);
    return out;
}

Reading<GroupsStrategy::Key> GroupsStrategy::read(
    std::string_view text, const KnownTag& /*known*/
) const {
    std::array<re2::StringPiece, kMostCaptures + 1> submatches;
    const bool matched = pattern_->Match(
        {text.data(), text.size()},
        0,
        text.size(),
        re2::RE2::UNANCHORED,
        submatches.data(),
        pattern_->NumberOfCapturingGroups() + 1
    );
    if (!matched) return unread(no_match_);
    Key key{};
    for (std::size_t i = 0; i < groups_.size(); ++i) {
        const re2::StringPiece& piece = submatches[groups_[i].index];
        key.values[i] = {piece.data(), piece.size()};
    }
    return key;
}

std::weak_ordering GroupsStrategy::order(const Key& a, const Key& b) const {
    for (std::size_t i = 0; i < groups_.size(); ++i) {
        const auto step = groups_[i].order == Order::Asc ? order_value(a.values[i], b.values[i])
                                                         : order_value(b.values[i], a.values[i]);
        if (step != 0) return step;
    }
    return std::weak_ordering::equivalent;
}

std::uint64_t GroupsStrategy::prefix(const Key& key) const {
    const std::string_view first = key.values[0];
    std::uint64_t out = 0;
    if (all_digits(first)) {
        out = (std::uint64_t{1} << 62U) | digits_prefix(first);
    } else if (!first.empty()) {
        for (std::size_t i = 0; i < 7; ++i) {
            out = (out << 8U) | (i < first.size() ? static_cast<unsigned char>(first[i]) : 0U);
        }
        out |= std::uint64_t{1} << 63U;
    }
    return groups_.front().order == Order::Asc ? out : ~out;
}

std::weak_ordering order_value(std::string_view a, std::string_view b) {
    const auto kind = [](std::string_view text) {
        return text.empty() ? 0 : all_digits(text) ? 1 : 2;
    };
    const int left = kind(a);
    const int right = kind(b);
    if (left != right) return left <=> right;
    return left == 1 ? order_digits(a, b) : std::weak_ordering{a <=> b};
}

}  // namespace linkspan::policy
