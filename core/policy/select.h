// select(): the one judgement of the product, pure and total.
//
// Order: by the strategy, then by the tag's own bytes (the greater tag is preferred), so that equal
// versions ("1.0.0", "v1.0.0") have one winner whatever order the registry lists them in. A tag
// that can't be read is rejected with its reason, never fatal.
#pragma once

#include "core/policy/policy.h"
#include "core/policy/rejections.h"
#include "core/result.h"

#include <compare>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::policy {

struct KnownTag {
    std::string tag;
    // RFC 3339, where known. What does not read counts as unknown.
    std::optional<std::string> created{};     // from the image's config or annotations
    std::optional<std::string> first_seen{};  // by us
};

struct Explanation {
    std::optional<std::string> selected;
    std::vector<std::string> candidates;  // the tags that passed, best first (tags.cap)
    std::size_t passed = 0;               // how many passed, listed or not
    std::size_t considered = 0;           // how many different tags were looked at
    Rejections rejected;                  // tag → the rule that dropped it, in words
    std::string why;                      // one sentence: why the winner won, or why nobody did
};

// Tags that the registry would not let us read, each with the reason: rejected with it, after every
// rule of the policy.
using Unreadable = std::map<std::string, std::string, std::less<>>;

// Errors: InvalidInput for a policy that validate() would refuse. No tag at all is not an error.
Result<Explanation> select(
    const Policy& policy, std::span<const KnownTag> tags, const Unreadable& unreadable = {}
);

// The same with every candidate listed, whatever tags.cap says: for choose_soaked().
Result<Explanation> select_every(
    const Policy& policy, std::span<const KnownTag> tags, const Unreadable& unreadable = {}
);

// What each of these tags is compared by: the text that tags.pattern and tags.extract leave. Empty
// for a tag that they drop, or a policy that validate() would refuse.
std::vector<std::string> readings(const Policy& policy, std::span<const std::string> tags);

struct RejectedTag {
    std::string tag;
    std::string reason;
};
// Of those that a selection dropped, the ones that the policy would have preferred to `than`, had
// they passed ("2.0.0" is out of range): the best first, at most so many. What the policy can't
// order, or is not to look at, is not among them.
std::vector<RejectedTag> rejected_above(
    const Policy& policy, const Rejections& rejected, std::string_view than, std::size_t most
);

// How two tags stand under a policy, the preferred one greater: used to refuse going backwards.
// nullopt when the policy can't order one of them ("latest" under semver; any by newest, for want
// of times): the caller must say so.
std::optional<std::weak_ordering> compare(
    const Policy& policy, std::string_view left, std::string_view right
);

}  // namespace linkspan::policy
