// Merging on Gitea and Forgejo: at once, and scheduled.
#include "service/forge/again.h"
#include "service/forge/answer.h"
#include "service/forge/gitea.h"
#include "service/forge/gitea_answers.h"

namespace linkspan::forge {

using namespace gitea;

Result<MergeAnswer> Gitea::try_merge(
    const PullRequest& now, const MergeRequest& wanted, bool when_green
) {
    if (now.state == State::Merged) return MergeAnswer{Merged{now.merge_commit}};
    auto response = caller_.send(merge_pull(repo_, now.number, wanted, when_green));
    if (response.has_error()) return look_for_merged(*this, now, response.error());
    auto answer = read_merge(*response);
    if (answer.has_value() &&
        (std::holds_alternative<Armed>(*answer) || std::holds_alternative<HeadMoved>(*answer))) {
        return answer;
    }
    // A merge tells no commit, what is merged already is "not allowed", and a branch that can't be
    // deleted is an error after the merge.
    auto after = caller_.ask(get_pull(repo_, now.number));
    if (after.has_error()) return answer;
    const auto seen = read_pull(*after);
    return seen.state == State::Merged ? MergeAnswer{Merged{seen.merge_commit}} : answer;
}

Result<MergeAnswer> Gitea::merge(const PullRequest& now, const MergeRequest& wanted) {
    return try_merge(now, wanted, false);
}

Result<MergeAnswer> Gitea::arm_auto_merge(const PullRequest& now, const MergeRequest& wanted) {
    // A scheduled merge takes whatever the head is then, so at least it is the right one now.
    LINKSPAN_TRY(fresh, get(now.number));
    if (fresh.state == State::Merged) return MergeAnswer{Merged{fresh.merge_commit}};
    if (fresh.state == State::Open && fresh.head_commit != wanted.head_commit) {
        return MergeAnswer{HeadMoved{}};
    }
    LINKSPAN_TRY(unfit, unfit_for_scheduling(fresh, wanted));
    if (unfit) return std::move(*unfit);
    if (fresh.mergeable == Mergeable::Clean) {
        // Some versions look at what is scheduled only with the next status or review, and there
        // may be none.
        LINKSPAN_TRY(direct, try_merge(fresh, wanted, false));
        if (!std::holds_alternative<NotYet>(direct)) return std::move(direct);
    }
    return schedule(fresh, wanted);
}

Result<std::optional<MergeAnswer>> Gitea::unfit_for_scheduling(
    const PullRequest& fresh, const MergeRequest& wanted
) {
    using Answer = std::optional<MergeAnswer>;
    LINKSPAN_TRY(repository, caller_.ask(get_repository(repo_)));
    if (auto why = read_forbidden_style(repository, wanted.method); !why.empty()) {
        return Answer{MergeRefused{std::move(why)}};
    }
    LINKSPAN_TRY(base, caller_.ask(get_branch(repo_, fresh.base)));
    if (makes_merges_wait(base)) return Answer{};
    return Answer{AlreadyMergeable{"no branch rule makes " + fresh.base + " wait for anything"}};
}

Result<MergeAnswer> Gitea::schedule(const PullRequest& fresh, const MergeRequest& wanted) {
    LINKSPAN_TRY(answer, try_merge(fresh, wanted, true));
    if (!fresh.auto_merge || !std::holds_alternative<Armed>(answer)) return std::move(answer);
    // Scheduled for an earlier head, with its message.
    LINKSPAN_TRY(response, caller_.send(cancel_auto_merge(repo_, fresh.number)));
    // By somebody else: theirs stays.
    if (response.status == 403) return std::move(answer);
    if (!is_success(response) && response.status != 404) {
        return explain(ForgeType::Gitea, response);
    }
    return try_merge(fresh, wanted, true);
}

Status Gitea::disarm_auto_merge(const PullRequest& now) {
    LINKSPAN_TRY(response, caller_.send(cancel_auto_merge(repo_, now.number)));
    // Forbidden is it where somebody else has scheduled it, which is theirs to take off.
    const bool theirs = response.status == 403 && missing_permission(response).empty();
    if (is_success(response) || response.status == 404 || theirs) return {};
    return explain(ForgeType::Gitea, response);
}

}  // namespace linkspan::forge
