#include "core/policy/select.h"

#include "core/policy/filter.h"
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

// The reason that dropped most tags; the first in byte order among equals.
std::string main_reason(const std::map<std::string, std::string>& rejected) {
    std::map<std::string_view, std::size_t> tally;
    for (const auto& [tag, reason] : rejected) ++tally[reason];
    const auto most = std::max_element(
        tally.begin(), tally.end(), [](const auto& a, const auto& b) { return a.second < b.second; }
    );
    return fmt::format("{} of them: {}", most->second, most->first);
}

std::string why_nobody(const Explanation& e) {
    if (e.considered == 0) return "no tag is known for this image";
    return fmt::format(
        "none of {} passed; {}", count(e.considered, "tag"), main_reason(e.rejected)
    );
}

template <class Key>
struct Candidate {
    Key key;
    std::string_view text;  // what was compared
    std::string_view tag;
};

template <class S>
std::string why_winner(
    const S& strategy,
    const std::vector<Candidate<typename S::Key>>& ranked,
    const Explanation& explanation
) {
    const auto& winner = ranked.front();
    std::string out = fmt::format(
        "{} is {} of {} ({} looked at)",
        winner.tag,
        strategy.praise(),
        count(ranked.size(), "candidate"),
        count(explanation.considered, "tag")
    );
    if constexpr (requires { strategy.remark(winner.key); }) out += strategy.remark(winner.key);
    if (winner.text != winner.tag) out += fmt::format(", compared by {}", winner.text);
    if (ranked.size() > 1 && strategy.order(winner.key, ranked[1].key) == 0) {
        out += fmt::format(
            "; it is equal to {}, and the tag that is greater in byte order is preferred",
            ranked[1].tag
        );
    }
    return out;
}

// Registries do repeat tags, across pages. `ranked` is sorted.
template <class S>
void drop_repeated(
    std::vector<Candidate<typename S::Key>>& ranked, std::map<std::string, std::string>& rejected
) {
    if constexpr (requires { S::kReadsFacts; }) {
        std::unordered_set<std::string_view> seen;
        std::erase_if(ranked, [&](const auto& c) { return !seen.insert(c.tag).second; });
        std::erase_if(rejected, [&](const auto& r) { return seen.contains(r.first); });
    } else {
        const auto same = [](const auto& a, const auto& b) { return a.tag == b.tag; };
        ranked.erase(std::unique(ranked.begin(), ranked.end(), same), ranked.end());
    }
}

template <class S>
Explanation rank(
    const S& strategy, Filter& filter, std::span<const KnownTag> tags, std::size_t cap
) {
    Explanation out;
    std::vector<Candidate<typename S::Key>> ranked;
    const auto reject = [&](std::string_view tag, std::string_view text, std::string_view why) {
        std::string reason{why};
        if (text != tag) reason += fmt::format(" (compared by {})", text);
        out.rejected.emplace(tag, std::move(reason));
    };
    for (const KnownTag& known : tags) {
        const auto text = filter.read(known.tag);
        if (text.has_error()) {
            reject(known.tag, known.tag, text.error().why);
            continue;
        }
        auto key = strategy.read(*text, known);
        const std::string_view why = key.has_error() ? key.error().why : strategy.refuse(*key);
        if (!why.empty()) {
            reject(known.tag, *text, why);
        } else {
            ranked.push_back({std::move(*key), *text, known.tag});
        }
    }
    std::sort(ranked.begin(), ranked.end(), [&](const auto& a, const auto& b) {
        const auto by_key = strategy.order(a.key, b.key);
        return by_key != 0 ? by_key > 0 : a.tag > b.tag;
    });
    drop_repeated<S>(ranked, out.rejected);

    out.passed = ranked.size();
    out.considered = ranked.size() + out.rejected.size();
    const std::size_t listed = cap == 0 ? ranked.size() : std::min(cap, ranked.size());
    out.candidates.reserve(listed);
    for (std::size_t i = 0; i < listed; ++i) out.candidates.emplace_back(ranked[i].tag);
    if (ranked.empty()) {
        out.why = why_nobody(out);
    } else {
        out.selected = out.candidates.front();
        out.why = why_winner(strategy, ranked, out);
    }
    return out;
}

}  // namespace

Result<Explanation> select(const Policy& policy, std::span<const KnownTag> tags) {
    LINKSPAN_TRY(filter, Filter::compile(policy.tags));
    LINKSPAN_TRY(strategy, make_strategy(policy.select));
    return std::visit(
        [&](const auto& s) { return rank(s, filter, tags, policy.tags.cap); }, strategy
    );
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
