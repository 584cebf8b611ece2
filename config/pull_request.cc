// targets[].pull_request: how a target's changes are proposed.
#include "core/plan/pull_request.h"

#include "config/rule.h"
#include "config/sections.h"
#include "core/plan/branch_name.h"

namespace linkspan::config {

namespace {

Result<std::string> branch_template(std::string_view text) {
    if (auto name = plan::branch_name(text, "target", ""); name.has_error()) return name.error();
    return std::string{text};
}

Result<std::string> title_template(std::string_view text) {
    if (auto status = plan::check_title(text); status.has_error()) return status.error();
    return std::string{text};
}

Result<std::string> body_template(std::string_view text) {
    if (auto status = plan::check_body(text); status.has_error()) return status.error();
    return std::string{text};
}

const Choices<MergeMethod> kMergeMethods{
    {"merge", MergeMethod::Merge},
    {"squash", MergeMethod::Squash},
    {"rebase", MergeMethod::Rebase},
};
const Choices<bool> kDrafts{{"never", false}, {"soak", true}};
const Choices<plan::Grouping> kGroupings{
    {"all", plan::Grouping::All},
    {"directory", plan::Grouping::Directory},
    {"policy", plan::Grouping::Policy},
};

}  // namespace

const Mapping<PullRequest>& pull_request_mapping() {
    static const Mapping<PullRequest> mapping{
        "pull_request", "How changes are proposed.", [](Mapping<PullRequest>& m) {
            m.text(
                "branch",
                &PullRequest::branch,
                "Branch that the pull request comes from: {target} and {group} are replaced.",
                branch_template
            );
            m.text(
                "title",
                &PullRequest::title,
                "Template of the title. None: what is updated, in the repository's commit style.",
                title_template
            );
            m.text(
                "body",
                &PullRequest::body,
                "Template of the body, in Markdown. None: a table of images, places, builds, "
                "refusals and help.",
                body_template
            );
            m.texts("labels", &PullRequest::labels, "Labels to put on it.", rule::line);
            m.texts("assignees", &PullRequest::assignees, "Users to assign it to.", rule::line);
            m.texts("reviewers", &PullRequest::reviewers, "Users to ask for a review.", rule::line);
            m.texts("teams", &PullRequest::teams, "Teams to ask for a review.", rule::line);
            m.text("milestone", &PullRequest::milestone, "Title of a milestone.", rule::line);
            m.choice(
                "draft",
                &PullRequest::draft_while_soaking,
                "soak: open it as a draft while its images soak.",
                kDrafts
            );
            m.boolean(
                "automerge",
                &PullRequest::automerge,
                "Merge it when the platform's checks allow it, inside the target's windows."
            );
            m.choice(
                "merge_method", &PullRequest::merge_method, "How it is merged.", kMergeMethods
            );
            m.duration(
                "checks_within",
                &PullRequest::checks_within,
                "How long after a push checks may take to appear, where Linkspan merges by itself.",
                {.least = 0, .most = 3'600'000}
            );
            m.choice(
                "group",
                &PullRequest::group,
                "What shares a pull request: all of the target, a directory, or a policy.",
                kGroupings
            );
            m.integer(
                "max_open",
                &PullRequest::max_open,
                "How many may be open for the target; the others wait. 0: any number.",
                {.least = 0, .most = 1000}
            );
            m.integer(
                "max_per_hour",
                &PullRequest::max_per_hour,
                "How many may be opened in an hour for the target. 0: any number.",
                {.least = 0, .most = 1000}
            );
            m.boolean(
                "delete_branch",
                &PullRequest::delete_branch,
                "Delete the branch when it was merged, or closed by Linkspan."
            );
            m.boolean(
                "codeowners",
                &PullRequest::codeowners,
                "Ask the owners that CODEOWNERS names for the changed files."
            );
            m.boolean(
                "status",
                &PullRequest::status,
                "Report soak and signature checks as commit statuses."
            );
            m.boolean(
                "api_commits",
                &PullRequest::api_commits,
                "Have the platform make the commits, which it may sign then."
            );
        }};
    return mapping;
}

}  // namespace linkspan::config
