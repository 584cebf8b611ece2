#include "service/forge/bitbucket_dc_answers.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"

namespace linkspan::forge::bitbucket_dc {

using transport::HttpResponse;

namespace {

std::string branch_of(const std::string& ref) {
    constexpr std::string_view kHeads = "refs/heads/";
    return ref.starts_with(kHeads) ? ref.substr(kHeads.size()) : ref;
}

// The first of {"errors": […]}.
Json error_of(const HttpResponse& response) {
    const auto body = read_json(response.body);
    if (body.has_error()) return {};
    const Json& errors = field(*body, {"errors"});
    return errors.is_array() && !errors.empty() ? errors.front() : Json{};
}

}  // namespace

PullRequest read_pull(const Json& pull) {
    PullRequest out;
    out.number = number(pull, {"id"});
    out.version = text(pull, {"version"});
    const Json& self = field(pull, {"links", "self"});
    if (self.is_array() && !self.empty()) out.url = text(self.front(), {"href"});
    const std::string state = text(pull, {"state"});
    out.state = state == "MERGED"     ? State::Merged
                : state == "DECLINED" ? State::Closed
                                      : State::Open;
    out.draft = flag(pull, {"draft"});
    out.title = text(pull, {"title"});
    out.body = text(pull, {"description"});
    out.head = branch_of(text(pull, {"fromRef", "id"}));
    out.base = branch_of(text(pull, {"toRef", "id"}));
    out.head_commit = text(pull, {"fromRef", "latestCommit"});
    if (out.state == State::Merged) {
        out.merge_commit = text(pull, {"properties", "mergeCommit", "id"});
    }
    out.author = text(pull, {"author", "user", "name"});
    for (const Json& reviewer : field(pull, {"reviewers"})) {
        out.reviewers.push_back(text(reviewer, {"user", "name"}));
    }
    return out;
}

std::vector<PullRequest> read_pulls(const Json& list, const std::string& base) {
    std::vector<PullRequest> out;
    for (const Json& pull : list) {
        const bool inside = number(pull, {"fromRef", "repository", "id"}) ==
                            number(pull, {"toRef", "repository", "id"});
        if (inside && (base.empty() || branch_of(text(pull, {"toRef", "id"})) == base)) {
            out.push_back(read_pull(pull));
        }
    }
    std::sort(out.begin(), out.end(), [](const PullRequest& a, const PullRequest& b) {
        return a.number > b.number;
    });
    return out;
}

std::vector<Comment> read_activities(const Json& list) {
    std::vector<Comment> out;
    for (const Json& activity : list) {
        if (text(activity, {"action"}) != "COMMENTED" ||
            text(activity, {"commentAction"}) == "DELETED") {
            continue;
        }
        out.push_back(
            {.id = text(activity, {"comment", "id"}),
             .author = text(activity, {"comment", "author", "name"}),
             .body = text(activity, {"comment", "text"})}
        );
    }
    // Activities are listed newest first.
    std::sort(out.begin(), out.end(), [](const Comment& a, const Comment& b) {
        return a.id.size() != b.id.size() ? a.id.size() < b.id.size() : a.id < b.id;
    });
    return out;
}

std::string read_decliner(const Json& activities) {
    for (const Json& activity : activities) {
        if (text(activity, {"action"}) == "DECLINED") return text(activity, {"user", "name"});
    }
    return {};
}

bool may_merge_now(const Json& mergeability) { return flag(mergeability, {"canMerge"}); }

Mergeable read_mergeability(const Json& pull, const Json& answer, const Json& builds) {
    if (may_merge_now(answer)) {
        for (const Json& reviewer : field(pull, {"reviewers"})) {
            if (text(reviewer, {"status"}) == "NEEDS_WORK") return Mergeable::Blocked;
        }
        if (number(pull, {"properties", "openTaskCount"}) > 0) return Mergeable::Blocked;
        if (!builds.is_object()) return Mergeable::Unknown;
        for (const std::string_view state : {"inProgress", "failed", "cancelled", "unknown"}) {
            if (number(builds, {state}) > 0) return Mergeable::Blocked;
        }
        return Mergeable::Clean;
    }
    if (flag(answer, {"conflicted"})) return Mergeable::Conflict;
    return field(answer, {"canMerge"}).is_boolean() ? Mergeable::Blocked : Mergeable::Unknown;
}

std::string exception_of(const HttpResponse& response) {
    const std::string name = text(error_of(response), {"exceptionName"});
    return name.substr(name.rfind('.') + 1);
}

std::vector<std::pair<std::string, std::string>> refused_reviewers(const HttpResponse& response) {
    std::vector<std::pair<std::string, std::string>> out;
    if (exception_of(response) != "InvalidPullRequestReviewersException") return out;
    const Json error = error_of(response);
    for (const Json& one : field(error, {"reviewerErrors"})) {
        out.emplace_back(text(one, {"context"}), text(one, {"message"}));
    }
    return out;
}

Error read_refusal(const HttpResponse& response) {
    Error error = explain(ForgeType::BitbucketDataCenter, response);
    const std::string exception = exception_of(response);
    if (exception == "EmptyPullRequestException" ||
        exception == "InvalidPullRequestReviewersException") {
        error.kind = Errc::InvalidInput;
    }
    return error;
}

Result<MergeAnswer> read_merge(const HttpResponse& response, bool auto_merge) {
    if (is_success(response)) {
        LINKSPAN_TRY(body, read_json(response.body));
        const auto pull = read_pull(body);
        if (pull.state == State::Merged) return MergeAnswer{Merged{pull.merge_commit}};
        if (auto_merge) return MergeAnswer{Armed{}};
        return MergeAnswer{NotYet{"Bitbucket is merging"}};
    }
    std::string why = words_of(response);
    const Json error = error_of(response);
    for (const auto& veto : texts(field(error, {"vetoes"}), {"detailedMessage"})) {
        why += "; " + veto;
    }
    if (response.status == 409) {
        const std::string exception = exception_of(response);
        if (exception == "PullRequestOutOfDateException") return MergeAnswer{HeadMoved{}};
        return MergeAnswer{NotYet{why}};
    }
    if (response.status == 400) return MergeAnswer{MergeRefused{why}};
    // Switched off for the repository; a permission that lacks is 401 here.
    if (response.status == 403 && auto_merge) {
        return MergeAnswer{MergeRefused{why}};
    }
    return explain(ForgeType::BitbucketDataCenter, response);
}

}  // namespace linkspan::forge::bitbucket_dc
