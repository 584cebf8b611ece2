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
    // It only says whether there are conflicts, and "no" while it still looks.
    out.mergeable = flag(pull, {"mergeable"}) && !out.draft ? Mergeable::Clean : Mergeable::Unknown;
    out.closed_by = text(pull, {"merged_by", "login"});
    return out;
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
