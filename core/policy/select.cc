#include "core/policy/select.h"

#include "core/policy/filter.h"
#include "core/policy/prefix_sort.h"
#include "core/policy/strategy.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace linkspan::policy {

namespace {

// "1 tag", "3 tags"
std::string count(std::size_t n, std::string_view noun) {
    return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string why_nobody(const Explanation& e) {
    if (e.considered == 0) return "no tag is known for this image";
    const auto [rule, dropped] = e.rejected.main_rule();
    return fmt::format(
        "none of {} passed; {} of them: {}", count(e.considered, "tag"), dropped, rule
    );
}

template <class Key>
struct Candidate {
    Key key;
    std::string_view text;  // what was compared
    std::string_view tag;
    std::uint64_t prefix = 0;  // of the key, while its text is still in the cache
};

template <class S>
using Candidates = std::vector<Candidate<typename S::Key>>;

// `second`: the next best, or null.
template <class S, class C = Candidate<typename S::Key>>
std::string why_winner(const S& strategy, const C& winner, const C* second, const Explanation& e) {
    std::string out = fmt::format(
        "{} is {} of {} ({} looked at)",
        winner.tag,
        strategy.praise(),
        count(e.passed, "candidate"),
        count(e.considered, "tag")
    );
    if constexpr (requires { strategy.remark(winner.key); }) out += strategy.remark(winner.key);
    if (winner.text != winner.tag) out += fmt::format(", compared by {}", winner.text);
    if (second != nullptr && strategy.order(winner.key, second->key) == 0) {
        out += fmt::format(
            "; it is equal to {}, and the tag that is greater in byte order is preferred",
            second->tag
        );
    }
    return out;
}

// A prefix that needs nothing but the key.
template <class S>
constexpr bool kOwnPrefix = requires(const S& s, const typename S::Key& key) {
    s.prefix(key);
};

// Indices, best first. By key, then by tag, both descending.
template <class S>
std::vector<Prefixed> ranking(const S& strategy, const Candidates<S>& candidates) {
    const auto better = [&](const auto& a, const auto& b) {
        const auto by_key = strategy.order(a.key, b.key);
        return by_key != 0 ? by_key > 0 : a.tag > b.tag;
    };
    if constexpr (kOwnPrefix<S>) {
        return prefix_sort(
            candidates, [](const auto& c) { return ~c.prefix; }, better
        );
    } else {
        const CommonPrefix common{candidates, [](const auto& c) { return c.text; }};
        return prefix_sort(
            candidates, [&](const auto& c) { return ~strategy.prefix(c.key, common); }, better
        );
    }
}

// Registries do repeat tags, across pages: the best of each stays.
template <class S>
void drop_repeated(
    [[maybe_unused]] std::span<const KnownTag> tags,
    std::vector<Prefixed>& order,
    const Candidates<S>& candidates,
    Rejections::Builder& rejected
) {
    const auto tag = [&](const Prefixed& item) { return candidates[item.index].tag; };
    if constexpr (requires { S::kReadsFacts; }) {
        // Mostly the list ascends, and so repeats nothing.
        if (std::adjacent_find(tags.begin(), tags.end(), [](const auto& a, const auto& b) {
                return a.tag >= b.tag;
            }) == tags.end()) {
            return;
        }
        std::unordered_set<std::string_view> seen(order.size());
        std::erase_if(order, [&](const Prefixed& item) { return !seen.insert(tag(item)).second; });
        rejected.remove_if([&](std::string_view t) { return seen.contains(t); });
    } else {
        const auto same = [&](const auto& a, const auto& b) { return tag(a) == tag(b); };
        order.erase(std::unique(order.begin(), order.end(), same), order.end());
    }
}

template <class S>
Explanation rank(
    const S& strategy,
    Filters& filters,
    std::span<const KnownTag> tags,
    const Unreadable& unreadable,
    std::size_t cap
) {
    Candidates<S> candidates;
    candidates.reserve(tags.size());
    Rejections::Builder rejected;
    const auto reject = [&](std::string_view tag, std::string_view text, std::string_view why) {
        if (text == tag) {
            rejected.add(tag, why);
        } else {
            rejected.add(tag, why, fmt::format(" (compared by {})", text));
        }
    };
    for (const KnownTag& known : tags) {
        const auto text = filters.read(known.tag);
        if (text.has_error()) {
            rejected.add(known.tag, text.error().why);
            continue;
        }
        auto key = strategy.read(*text, known);
        const std::string_view why = key.has_error() ? key.error().why : strategy.refuse(*key);
        if (!why.empty()) {
            reject(known.tag, *text, why);
        } else if (const auto one = unreadable.find(known.tag); one != unreadable.end()) {
            rejected.add(known.tag, "can't be read", ": " + one->second);
        } else {
            std::uint64_t prefix = 0;
            if constexpr (kOwnPrefix<S>) prefix = strategy.prefix(*key);
            candidates.push_back({std::move(*key), *text, known.tag, prefix});
        }
    }
    auto order = ranking(strategy, candidates);
    drop_repeated<S>(tags, order, candidates, rejected);
    const auto ranked = [&](std::size_t i) -> const auto& { return candidates[order[i].index]; };

    Explanation out;
    out.rejected = rejected.build();
    out.passed = order.size();
    out.considered = out.passed + out.rejected.size();
    const std::size_t listed = cap == 0 ? out.passed : std::min(cap, out.passed);
    out.candidates.reserve(listed);
    for (std::size_t i = 0; i < listed; ++i) out.candidates.emplace_back(ranked(i).tag);
    if (out.passed == 0) {
        out.why = why_nobody(out);
    } else {
        out.selected.emplace(ranked(0).tag);
        out.why = why_winner(strategy, ranked(0), out.passed > 1 ? &ranked(1) : nullptr, out);
    }
    return out;
}

Result<Explanation> select_with_cap(
    const Policy& policy,
    std::span<const KnownTag> tags,
    const Unreadable& unreadable,
    std::size_t cap
) {
    LINKSPAN_TRY(filters, Filters::compile(policy));
    LINKSPAN_TRY(strategy, make_strategy(policy.select, policy.also));
    return std::visit(
        [&](const auto& s) { return rank(s, filters, tags, unreadable, cap); }, strategy
    );
}

}  // namespace

Result<Explanation> select(
    const Policy& policy, std::span<const KnownTag> tags, const Unreadable& unreadable
) {
    return select_with_cap(policy, tags, unreadable, policy.tags.cap);
}

Result<Explanation> select_every(
    const Policy& policy, std::span<const KnownTag> tags, const Unreadable& unreadable
) {
    return select_with_cap(policy, tags, unreadable, 0);
}

std::vector<std::string> readings(const Policy& policy, std::span<const std::string> tags) {
    std::vector<std::string> out(tags.size());
    auto filter = Filter::compile(policy.tags);
    if (filter.has_error()) return out;
    for (std::size_t i = 0; i < tags.size(); ++i) {
        const auto text = filter->extract(tags[i]);
        if (text.has_value()) out[i] = *text;
    }
    return out;
}

std::vector<RejectedTag> rejected_above(
    const Policy& policy, const Rejections& rejected, std::string_view than, std::size_t most
) {
    auto filter = Filter::compile(policy.tags);
    const auto strategy = make_strategy(policy.select);
    if (filter.has_error() || strategy.has_error() || most == 0) return {};
    const auto above = [&](const auto& s) {
        using Key = typename std::remove_cvref_t<decltype(s)>::Key;
        const auto key_of = [&](std::string_view tag) -> std::optional<Key> {
            const auto text = tag == than ? filter->extract(tag) : filter->read(tag);
            if (text.has_error()) return std::nullopt;
            auto key = s.read(*text, KnownTag{.tag = std::string{tag}});
            if (key.has_error()) return std::nullopt;
            return std::move(*key);
        };
        std::vector<std::pair<Key, RejectedTag>> best;
        const auto floor = key_of(than);
        if (!floor) return std::vector<RejectedTag>{};
        for (const auto& [tag, reason] : rejected) {
            auto key = key_of(tag);
            if (!key || s.order(*key, *floor) <= 0) continue;
            const auto at = std::find_if(best.begin(), best.end(), [&](const auto& one) {
                return s.order(*key, one.first) > 0;
            });
            if (at == best.end() && best.size() >= most) continue;
            best.emplace(at, std::move(*key), RejectedTag{std::string{tag}, std::string{reason}});
            if (best.size() > most) best.pop_back();
        }
        std::vector<RejectedTag> out;
        for (auto& [key, one] : best) out.push_back(std::move(one));
        return out;
    };
    return std::visit(above, *strategy);
}

std::optional<std::weak_ordering> compare(
    const Policy& policy, std::string_view left, std::string_view right
) {
    auto filter = Filter::compile(policy.tags);
    const auto strategy = make_strategy(policy.select);
    if (filter.has_error() || strategy.has_error()) return std::nullopt;
    const auto left_text = filter->extract(left);
    const auto right_text = filter->extract(right);
    if (left_text.has_error() || right_text.has_error()) return std::nullopt;
    return std::visit(
        [&](const auto& s) -> std::optional<std::weak_ordering> {
            const auto left_key = s.read(*left_text, KnownTag{.tag = std::string{left}});
            const auto right_key = s.read(*right_text, KnownTag{.tag = std::string{right}});
            if (left_key.has_error() || right_key.has_error()) return std::nullopt;
            return s.order(*left_key, *right_key);
        },
        *strategy
    );
}

}  // namespace linkspan::policy
