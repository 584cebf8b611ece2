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

Result<SemverStrategy> SemverStrategy::make(const Semver& settings) {
    SemverStrategy out;
    LINKSPAN_TRY(range, Range::parse(settings.range));
    out.range_ = std::move(range);
    out.strict_ = settings.strict;
    const std::string quoted = image::quote(settings.range);
    out.out_of_range_ = fmt::format("not in the range {}", quoted);
    out.prerelease_ = fmt::format("a pre-release, and the range {} names none", quoted);
    out.praise_ = fmt::format("the greatest version in {}", quoted);
    return out;
}

Reading<Version> SemverStrategy::read(std::string_view text, const KnownTag& /*known*/) const {
    auto version = read_version(text);
    if (version.has_value() && strict_ && !version->complete) {
        return unread("not a complete semantic version: it needs three numbers (see strict)");
    }
    return version;
}

std::string_view SemverStrategy::refuse(const Version& key) const {
    switch (range_.check(key)) {
        case Range::Verdict::In:
            return {};
        case Range::Verdict::Out:
            return out_of_range_;
        case Range::Verdict::Prerelease:
            return prerelease_;
    }
    return out_of_range_;
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

Result<Strategy> make_strategy(const Selection& selection) {
    struct Make {
        Result<Strategy> operator()(const Semver& s) const {
            return make<SemverStrategy>(s, "select.semver");
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
    return std::visit(Make{}, selection);
}

}  // namespace linkspan::policy
