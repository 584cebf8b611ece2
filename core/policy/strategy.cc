#include "core/policy/strategy.h"

#include "core/image/quote.h"

#include <fmt/format.h>

#include <utility>

namespace linkspan::policy {

namespace {

template <class S, class Settings>
Result<Strategy> make(const Settings& settings, std::string_view key) {
    auto made = S::make(settings);
    if (made.has_error()) return made.error().within(key);
    return Strategy{std::move(*made)};
}

}  // namespace

Result<SemverStrategy> SemverStrategy::make(
    const Semver& settings, std::span<const Narrowing> also
) {
    SemverStrategy out;
    out.strict_ = settings.strict;
    out.praise_ = "the greatest version in ";
    const auto demand = [&](const std::string& text, const std::string& from) -> Status {
        LINKSPAN_TRY(range, Range::parse(text));
        std::string quoted = image::quote(text);
        if (!from.empty()) quoted += " of " + from;
        out.praise_ += (out.demands_.empty() ? "" : " and ") + quoted;
        out.demands_.push_back(
            {.range = std::move(range),
             .out_of_range = fmt::format("not in the range {}", quoted),
             .prerelease = fmt::format("a pre-release, and the range {} names none", quoted)}
        );
        return {};
    };
    if (const Status own = demand(settings.range, {}); own.has_error()) return own.error();
    for (const Narrowing& narrowing : also) {
        if (narrowing.range.empty()) continue;
        const Status more = demand(narrowing.range, narrowing.from);
        if (more.has_error()) return more.error();
    }
    return out;
}

Reading<Version> SemverStrategy::read(std::string_view text, const KnownTag& /*known*/) const {
    auto version = read_version(text);
    if (version.has_value() && strict_ && !version->complete) {
        return unread("not a complete semantic version: it needs three numbers (see strict)");
    }
    return version;
}

std::string_view SemverStrategy::refuse(const Key& key) const {
    for (const Demand& demand : demands_) {
        switch (demand.range.check(key)) {
            case Range::Verdict::In:
                break;
            case Range::Verdict::Out:
                return demand.out_of_range;
            case Range::Verdict::Prerelease:
                return demand.prerelease;
        }
    }
    return {};
}

Result<NumericalStrategy> NumericalStrategy::make(const Numerical& settings) {
    NumericalStrategy out;
    out.order_ = settings.order;
    return out;
}

Result<AlphabeticalStrategy> AlphabeticalStrategy::make(const Alphabetical& settings) {
    AlphabeticalStrategy out;
    out.order_ = settings.order;
    return out;
}

Result<FollowStrategy> FollowStrategy::make(const Follow& settings) {
    LINKSPAN_TRY(tag, image::Tag::parse(settings.tag));
    FollowStrategy out;
    out.tag_ = tag.str();
    out.not_followed_ = fmt::format("only the tag {} is followed", tag.str());
    return out;
}

Result<Strategy> make_strategy(const Selection& selection, std::span<const Narrowing> also) {
    struct Make {
        std::span<const Narrowing> also;
        Result<Strategy> operator()(const Semver& s) const {
            auto made = SemverStrategy::make(s, also);
            if (made.has_error()) return made.error().within("select.semver");
            return Strategy{std::move(*made)};
        }
        Result<Strategy> operator()(const Numerical& s) const {
            return make<NumericalStrategy>(s, "select.numerical");
        }
        Result<Strategy> operator()(const Alphabetical& s) const {
            return make<AlphabeticalStrategy>(s, "select.alphabetical");
        }
        Result<Strategy> operator()(const Newest& /*s*/) const {
            return Strategy{NewestStrategy{}};
        }
        Result<Strategy> operator()(const Follow& s) const {
            return make<FollowStrategy>(s, "select.digest");
        }
        Result<Strategy> operator()(const Calver& s) const {
            return make<CalverStrategy>(s, "select.calver");
        }
        Result<Strategy> operator()(const Groups& s) const {
            return make<GroupsStrategy>(s, "select.regex");
        }
    };
    return std::visit(Make{also}, selection);
}

}  // namespace linkspan::policy
