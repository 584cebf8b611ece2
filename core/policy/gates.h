// Gates: what must hold, after selection, before a tag may be promoted. Pure: the caller finds the
// facts, and learns from wants() which of them a policy asks for.
//
// In this order, which is also that of GateAnswer::gates:
//
//   soak       the tag has been with this digest for so long               waits
//   schedule   a window of the policy and of the target is open            waits
//   platforms  the image is there for every platform that is named         refuses
//   labels     labels of the image's config, or annotations, are as named  refuses
//   signature  one of the keys has signed the digest                       refuses
//
// Gates that wait come first, and while one waits the others are not judged: signatures and
// platforms may follow the push, and the registry need not be asked before the answer counts. So a
// caller may call once without the registry's facts, and ask for them when nothing waits.
//
// "Never backwards" is judge()'s (decide.h), before the gates; holds are the store's.
#pragma once

#include "core/image/platform.h"
#include "core/policy/decide.h"
#include "core/policy/policy.h"
#include "core/policy/schedule.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace linkspan::policy {

struct SignedBy {
    std::string key;    // SigningKey::name
    std::string where;  // "tag sha256-….sig", "referrer sha256:…"
};
struct NotSigned {
    std::string reason;
};
using SignatureFact = std::variant<SignedBy, NotSigned>;

// Of the selected tag with the digest that is to be promoted. A fact that is not there was not
// looked up: a gate that needs it does not pass.
struct GateFacts {
    std::string tag{};
    // Of this tag with this digest. None: it is being seen for the first time now.
    std::optional<TimePoint> first_seen{};
    // Those of the index, or the one of a single image.
    std::optional<std::vector<image::Platform>> platforms{};
    // Labels of every platform's config have one place: where platforms differ, the caller gives
    // what all of them have. Annotations of the index or manifest fill in what is not a label.
    std::optional<std::map<std::string, std::string>> labels{};
    std::optional<SignatureFact> signature{};
};

// Which facts a policy's gates ask for.
struct Wants {
    bool first_seen = false;
    bool platforms = false;
    bool labels = false;
    bool signature = false;
    // Whether anything must be asked of the registry.
    [[nodiscard]] bool registry() const { return platforms || labels || signature; }
};
Wants wants(const Policy& policy);

// One gate's line of the trail.
struct GateLine {
    enum class Outcome {
        Passed,
        Waiting,
        Refused,
        NotJudged,  // another gate waits first
    };
    std::string_view gate;  // "soak", "schedule", "platforms", "labels", "signature"
    Outcome outcome = Outcome::Passed;
    std::string reason;              // one line, in every outcome
    std::optional<TimePoint> until;  // Waiting: when to ask again
};
std::string_view outcome_name(GateLine::Outcome outcome);  // "passed", "waiting", …

struct Open {};
// Waiting: until the latest of all that wait; it says what for. Refused: the first that refuses.
// Both are decide.h's, and go into a Verdict as they are.
using GateVerdict = std::variant<Open, Waiting, Refused>;

struct GateAnswer {
    GateVerdict verdict;
    std::vector<GateLine> gates;  // those that the policy or the target has, in order
};

// `target` is the schedule of the place that would be changed. A schedule that never opens again
// refuses.
GateAnswer pass_gates(
    const Policy& policy, const Schedule& target, const GateFacts& facts, TimePoint now
);

}  // namespace linkspan::policy
