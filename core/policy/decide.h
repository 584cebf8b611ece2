// decide(): from what was selected and what Git says now, to what happens.
#pragma once

#include "core/image/reference.h"
#include "core/policy/select.h"

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace linkspan::policy {

// What runs according to Git at one place. tag is empty when the place names none.
struct Current {
    std::string tag;
    std::optional<std::string> digest;
};

struct Promote {
    image::Tag tag;
    std::optional<image::Digest> digest;  // what the registry says the tag is
};
struct AlreadyCurrent {};
struct Refused {
    std::string reason;
};
struct Held {
    std::string by{};
    std::optional<std::chrono::system_clock::time_point> until{};
    std::string why{};
};
struct Waiting {
    std::chrono::system_clock::time_point until;
    std::string why;
};
using Verdict = std::variant<Promote, AlreadyCurrent, Refused, Held, Waiting>;

struct Judgement {
    Verdict verdict;
    std::string why;  // the selection's sentence, and what it means for this place
};

struct Decision {
    Verdict verdict;
    Explanation explanation;
};

// `resolved` is the digest of the selected tag, where the registry was asked. Never backwards
// unless the policy allows it; a current tag that the policy can't order does not block (the reason
// says so).
Decision decide(
    const Policy& policy,
    const Explanation& selection,
    const Current& current,
    const std::optional<image::Digest>& resolved
);

// The same without a copy of the candidates: for many places that share one selection.
Judgement judge(
    const Policy& policy,
    const Explanation& selection,
    const Current& current,
    const std::optional<image::Digest>& resolved
);

std::string_view verdict_name(const Verdict& verdict
);  // "promote", "already_current", "refused", …

}  // namespace linkspan::policy
