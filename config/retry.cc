// retry: pauses and patience.
#include "config/sections.h"

namespace linkspan::config {

const Mapping<Retry>& retry_mapping() {
    static const Mapping<Retry> mapping{
        "retry",
        "What happens when a registry or Git server can't be reached.",
        [](Mapping<Retry>& m) {
            m.duration(
                "initial",
                &Retry::initial,
                "Pause before the first new try; it doubles each time, with jitter.",
                {.least = 10, .most = 3'600'000}
            );
            m.duration(
                "longest",
                &Retry::longest,
                "The longest pause.",
                {.least = 10, .most = 24 * 3'600'000}
            );
            m.duration(
                "give_up_after",
                &Retry::give_up_after,
                "After this long the work is a dead letter: visible, and replayable by hand. Whole "
                "hours.",
                {.least = 3'600'000, .most = 8760ULL * 3'600'000}
            );
            m.duration(
                "missing_tag",
                &Retry::missing_tag,
                "How long a pushed tag may be missing from its registry before the event is "
                "refused; some registries notify before they write the tag.",
                {.least = 0, .most = 3'600'000}
            );
            m.duration(
                "missing_signature",
                &Retry::missing_signature,
                "How long an image may be without the signature that a policy wants, from when it "
                "was first seen; it is signed after it was pushed.",
                {.least = 0, .most = 24 * 3'600'000}
            );
            m.check([](Reader& reader, const Node& node, Retry& retry) {
                if (retry.longest >= retry.initial) return;
                const Node* at = node.find("longest");
                if (at == nullptr) at = node.find("initial");
                reader.problem(
                    at == nullptr ? node.mark : at->mark,
                    "\"longest\" is shorter than \"initial\"; swap them"
                );
            });
        }};
    return mapping;
}

}  // namespace linkspan::config
