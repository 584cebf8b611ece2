#include "core/policy/decide.h"

#include "core/image/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace linkspan::policy {

namespace {

// With the tag already right: does the digest ask for an edit? A sentence says why, or why not.
struct DigestAnswer {
    bool edit = false;
    std::string why;
};

DigestAnswer judge_digest(
    DigestMode mode, const Current& current, const std::optional<image::Digest>& resolved
) {
    if (mode == DigestMode::Never) {
        if (!current.digest) return {false, "Git names this tag already"};
        return {true, "Git names this tag with a digest, and the policy drops digests"};
    }
    if (!current.digest && mode == DigestMode::Keep) return {false, "Git names this tag already"};
    if (!resolved) {
        return {false, "Git names this tag already; its digest was not looked up, so not compared"};
    }
    if (!current.digest)
        return {true, "Git names this tag without the digest that is to be pinned"};
    if (*current.digest == resolved->str()) {
        return {false, "Git names this tag and digest already"};
    }
    return {
        true,
        fmt::format(
            "the tag has moved: Git names {}, the registry {}",
            image::quote(*current.digest),
            resolved->str()
        )};
}

enum class Direction { Forward, Backward, Unknown };

Direction direction(const Policy& policy, const Explanation& selection, const Current& current) {
    // The candidates are ranked by whatever facts they were selected. The selected one need not be
    // the first: a better one may still soak. One that is not listed is after those that are.
    const auto& all = selection.candidates;
    const auto running = std::find(all.begin(), all.end(), current.tag);
    if (running != all.end()) {
        const auto chosen = std::find(all.begin(), all.end(), *selection.selected);
        return running < chosen ? Direction::Backward : Direction::Forward;
    }
    const auto order = compare(policy, *selection.selected, current.tag);
    if (!order) return Direction::Unknown;
    return *order < 0 ? Direction::Backward : Direction::Forward;
}

}  // namespace

Judgement judge(
    const Policy& policy,
    const Explanation& selection,
    const Current& current,
    const std::optional<image::Digest>& resolved
) {
    Judgement out{.verdict = AlreadyCurrent{}, .why = selection.why};
    std::string& why = out.why;
    const auto refuse = [&](std::string reason) { out.verdict = Refused{std::move(reason)}; };

    if (!selection.selected) {
        refuse(selection.why.empty() ? "no tag was selected" : selection.why);
        return out;
    }
    auto tag = image::Tag::parse(*selection.selected);
    if (tag.has_error()) {
        refuse(tag.error().message);
        return out;
    }
    const Promote promote{.tag = std::move(*tag), .digest = resolved};

    // A place that names a digest alone is judged by it.
    const bool digest_alone = current.tag.empty() && current.digest && resolved;
    if (current.tag == *selection.selected || digest_alone) {
        const DigestAnswer answer = judge_digest(digest_mode(policy), current, resolved);
        why += "; " + answer.why;
        if (answer.edit) out.verdict = promote;
        return out;
    }
    if (!current.tag.empty()) {
        switch (direction(policy, selection, current)) {
            case Direction::Forward:
                break;
            case Direction::Backward:
                if (!policy.allow_downgrade) {
                    refuse(fmt::format(
                        "{} would go backwards from {}, which is in Git; remove it there, or set "
                        "allow_downgrade",
                        *selection.selected,
                        image::quote(current.tag)
                    ));
                    return out;
                }
                why += fmt::format(
                    "; this goes backwards from {}, which allow_downgrade permits",
                    image::quote(current.tag)
                );
                break;
            case Direction::Unknown:
                why += fmt::format(
                    "; {}, which is in Git, has no place in this order, so it was not compared",
                    image::quote(current.tag)
                );
                break;
        }
    }
    out.verdict = promote;
    return out;
}

Decision decide(
    const Policy& policy,
    const Explanation& selection,
    const Current& current,
    const std::optional<image::Digest>& resolved
) {
    Judgement judgement = judge(policy, selection, current, resolved);
    Decision out{.verdict = std::move(judgement.verdict), .explanation = selection};
    out.explanation.why = std::move(judgement.why);
    return out;
}

std::string_view verdict_name(const Verdict& verdict) {
    struct Name {
        std::string_view operator()(const Promote& /*v*/) const { return "promote"; }
        std::string_view operator()(const AlreadyCurrent& /*v*/) const { return "already_current"; }
        std::string_view operator()(const Refused& /*v*/) const { return "refused"; }
        std::string_view operator()(const Held& /*v*/) const { return "held"; }
        std::string_view operator()(const Waiting& /*v*/) const { return "waiting"; }
    };
    return std::visit(Name{}, verdict);
}

}  // namespace linkspan::policy
