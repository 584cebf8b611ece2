#include "service/forge/bitbucket_cloud_answers.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"

namespace linkspan::forge::bitbucket_cloud {

using transport::HttpResponse;

PullRequest read_pull(const Json& pull) {
    PullRequest out;
    out.number = number(pull, {"id"});
    out.url = text(pull, {"links", "html", "href"});
    const std::string state = text(pull, {"state"});
    out.state = state == "MERGED"                              ? State::Merged
                : state == "DECLINED" || state == "SUPERSEDED" ? State::Closed
                                                               : State::Open;
    out.draft = flag(pull, {"draft"});
    out.title = text(pull, {"title"});
    out.body = text(pull, {"description"});
    if (out.body.empty()) out.body = text(pull, {"summary", "raw"});
    out.head = text(pull, {"source", "branch", "name"});
    out.base = text(pull, {"destination", "branch", "name"});
    out.head_commit = text(pull, {"source", "commit", "hash"});
    if (out.state == State::Merged) out.merge_commit = text(pull, {"merge_commit", "hash"});
    out.author = text(pull, {"author", "uuid"});
    out.reviewers = texts(field(pull, {"reviewers"}), {"uuid"});
    out.closed_by = text(pull, {"closed_by", "nickname"});
    if (out.closed_by.empty()) out.closed_by = text(pull, {"closed_by", "display_name"});
    return out;
}

Mergeable read_mergeable(const Json& pull, const Json& statuses) {
    for (const Json& one : field(pull, {"participants"})) {
        if (text(one, {"state"}) == "changes_requested") return Mergeable::Blocked;
    }
    if (number(pull, {"task_count"}) > 0) return Mergeable::Blocked;
    for (const Json& status : statuses) {
        if (text(status, {"state"}) != "SUCCESSFUL") return Mergeable::Blocked;
    }
    return Mergeable::Clean;
}

std::vector<PullRequest> read_pulls(const Json& list, const Repo& repo) {
    std::vector<PullRequest> out;
    for (const Json& pull : list) {
        if (equal_ignoring_case(
                text(pull, {"source", "repository", "full_name"}), repo.workspace + "/" + repo.name
            )) {
            out.push_back(read_pull(pull));
        }
    }
    std::sort(out.begin(), out.end(), [](const PullRequest& a, const PullRequest& b) {
        return a.number > b.number;
    });
    return out;
}

std::vector<Comment> read_comments(const Json& list) {
    std::vector<Comment> out;
    for (const Json& comment : list) {
        if (flag(comment, {"deleted"})) continue;
        out.push_back(
            {.id = text(comment, {"id"}),
             .author = text(comment, {"user", "uuid"}),
             .body = text(comment, {"content", "raw"})}
        );
    }
    return out;
}

Result<MergeAnswer> read_merge(const HttpResponse& response) {
    const std::string why = words_of(response);
    switch (response.status) {
        case 200: {
            LINKSPAN_TRY(body, read_json(response.body));
            const auto pull = read_pull(body);
            if (pull.state == State::Merged) return MergeAnswer{Merged{pull.merge_commit}};
            return MergeAnswer{NotYet{"Bitbucket is merging"}};
        }
        case 400:
            if (why.find("strategy") != std::string::npos) return MergeAnswer{MergeRefused{why}};
            return MergeAnswer{NotYet{why}};
        case 409:
            return MergeAnswer{NotYet{why}};
        default:
            return explain(ForgeType::BitbucketCloud, response);
    }
}

bool is_about_reviewers(const HttpResponse& response) {
    if (response.status != 400) return false;
    const auto body = read_json(response.body);
    if (body.has_error()) return false;
    return !field(*body, {"error", "fields", "reviewers"}).is_null() ||
           text(*body, {"error", "message"}).find("reviewer") != std::string::npos;
}

std::vector<std::string> named_reviewers(const HttpResponse& refusal, const Json& as_is) {
    std::vector<std::string> out;
    const auto body = read_json(refusal.body);
    if (body.has_error()) return out;
    const auto sentences = texts(field(*body, {"error", "fields", "reviewers"}));
    for (const Json& reviewer : field(as_is, {"reviewers"})) {
        const auto name = text(reviewer, {"display_name"});
        const bool named = std::any_of(sentences.begin(), sentences.end(), [&](const auto& one) {
            return !name.empty() &&
                   (one.starts_with(name + " is ") || one.starts_with(name + " does "));
        });
        if (named) out.push_back(text(reviewer, {"uuid"}));
    }
    return out;
}

}  // namespace linkspan::forge::bitbucket_cloud
