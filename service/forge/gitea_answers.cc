#include "service/forge/gitea_answers.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"

namespace linkspan::forge::gitea {

using transport::HttpResponse;

PullRequest read_pull(const Json& pull) {
    PullRequest out;
    out.number = number(pull, {"number"});
    out.url = text(pull, {"html_url"});
    const bool merged = flag(pull, {"merged"});
    out.state =
        merged ? State::Merged : (text(pull, {"state"}) == "open" ? State::Open : State::Closed);
    auto title = read_title(text(pull, {"title"}), {"WIP:", "[WIP]"});
    out.draft = title.draft || flag(pull, {"draft"});
    out.title = std::move(title.text);
    out.body = text(pull, {"body"});
    out.head = text(pull, {"head", "ref"});
    // The branch's name stays in the label when the branch is gone.
    if (out.head.starts_with("refs/pull/")) out.head = text(pull, {"head", "label"});
    out.base = text(pull, {"base", "ref"});
    out.head_commit = text(pull, {"head", "sha"});
    if (merged) out.merge_commit = text(pull, {"merge_commit_sha"});
    out.author = text(pull, {"user", "login"});
    out.labels = texts(field(pull, {"labels"}), {"name"});
    out.assignees = texts(field(pull, {"assignees"}), {"login"});
    out.reviewers = texts(field(pull, {"requested_reviewers"}), {"login"});
    out.teams = texts(field(pull, {"requested_reviewers_teams"}), {"name"});
    out.closed_by = text(pull, {"merged_by", "login"});
    return out;
}

Mergeable read_mergeable(const Json& pull, const Json& statuses) {
    // "No" also while it still looks for conflicts.
    if (!flag(pull, {"mergeable"}) || read_pull(pull).draft) return Mergeable::Unknown;
    for (const Json& status : statuses) {
        const std::string state = text(status, {"status"});
        if (state != "success" && state != "skipped") return Mergeable::Blocked;
    }
    return Mergeable::Clean;
}

bool read_armed(const Json& timeline) {
    bool armed = false;
    for (const Json& event : timeline) {
        const std::string type = text(event, {"type"});
        if (type == "pull_scheduled_merge") armed = true;
        if (type == "pull_cancel_scheduled_merge") armed = false;
    }
    return armed;
}

std::string read_closer(const Json& timeline) {
    std::string who;
    for (const Json& event : timeline) {
        if (text(event, {"type"}) == "close") who = text(event, {"user", "login"});
    }
    return who;
}

bool makes_merges_wait(const Json& branch) {
    return flag(branch, {"protected"}) &&
           (flag(branch, {"enable_status_check"}) || number(branch, {"required_approvals"}) > 0);
}

std::string read_forbidden_style(const Json& repository, MergeMethod method) {
    const std::string_view name = method == MergeMethod::Merge    ? "allow_merge_commits"
                                  : method == MergeMethod::Squash ? "allow_squash_merge"
                                                                  : "allow_rebase";
    const Json& allowed = field(repository, {name});
    if (!allowed.is_boolean() || allowed.get<bool>()) return {};
    return "the repository does not allow this way of merging (" + std::string{name} + ")";
}

bool asked_teams(const Json& reviews) {
    return reviews.is_array() && std::any_of(reviews.begin(), reviews.end(), [](const Json& one) {
               return field(one, {"team"}).is_object();
           });
}

std::vector<PullRequest> read_pulls(
    const Json& list, const std::string& head, const std::string& base
) {
    std::vector<PullRequest> out;
    for (const Json& pull : list) {
        const bool inside = number(pull, {"head", "repo_id"}) == number(pull, {"base", "repo_id"});
        // The branch's name stays in the label when the branch is gone, and `ref` becomes
        // refs/pull/….
        const std::string ref = text(pull, {"head", "ref"});
        const std::string label = text(pull, {"head", "label"});
        if (!inside || (ref != head && label != head)) continue;
        if (!base.empty() && text(pull, {"base", "ref"}) != base) continue;
        out.push_back(read_pull(pull));
        out.back().head = head;
    }
    std::sort(out.begin(), out.end(), [](const PullRequest& a, const PullRequest& b) {
        return a.number > b.number;
    });
    return out;
}

std::vector<Comment> read_comments(const Json& list) {
    std::vector<Comment> out;
    for (const Json& comment : list) {
        out.push_back(
            {.id = text(comment, {"id"}),
             .author = text(comment, {"user", "login"}),
             .body = text(comment, {"body"})}
        );
    }
    return out;
}

std::optional<LabelEvent> read_timeline(const Json& list, const std::string& label) {
    std::optional<LabelEvent> last;
    for (const Json& event : list) {
        if (text(event, {"type"}) != "label") continue;
        if (!equal_ignoring_case(text(event, {"label", "name"}), label)) continue;
        last.reset();
        // Without a text it was taken off.
        if (!text(event, {"body"}).empty()) {
            last = {text(event, {"id"}), text(event, {"user", "login"})};
        }
    }
    return last;
}

Result<MergeAnswer> read_merge(const HttpResponse& response) {
    const std::string why = words_of(response);
    const auto says = [&](std::string_view sign) { return why.find(sign) != std::string::npos; };
    switch (response.status) {
        case 200:
            return MergeAnswer{Merged{}};
        case 201:
            return MergeAnswer{Armed{}};
        case 404:  // no longer open
            return MergeAnswer{MergeRefused{why}};
        case 405:
            if (says("not allowed to merge")) {
                Error error = explain(ForgeType::Gitea, response);
                error.kind = Errc::Unauthorized;
                return error;
            }
            if (says("merge style") || says("not allowed an allowed")) {
                return MergeAnswer{MergeRefused{why}};
            }
            return MergeAnswer{NotYet{why}};
        case 409:
            if (says("head out of date")) return MergeAnswer{HeadMoved{}};
            if (says("already scheduled")) return MergeAnswer{Armed{}};
            return MergeAnswer{NotYet{why}};
        case 422:
        case 423:
            return MergeAnswer{MergeRefused{why}};
        default:
            return explain(ForgeType::Gitea, response);
    }
}

}  // namespace linkspan::forge::gitea
