#include "service/forge/azure_answers.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"
#include "service/transport/url.h"

#include <fmt/format.h>

namespace linkspan::forge::azure {

using transport::HttpResponse;
using transport::percent_encode;

namespace {

std::string branch_of(const std::string& ref) {
    constexpr std::string_view kHeads = "refs/heads/";
    return ref.starts_with(kHeads) ? ref.substr(kHeads.size()) : ref;
}

Mergeable mergeable_of(const std::string& status) {
    if (status == "succeeded") return Mergeable::Clean;
    if (status == "conflicts") return Mergeable::Conflict;
    if (status == "rejectedByPolicy") return Mergeable::Blocked;
    return Mergeable::Unknown;
}

std::string person(const Json& identity) {
    auto name = text(identity, {"uniqueName"});
    return name.empty() ? text(identity, {"displayName"}) : name;
}

}  // namespace

PullRequest read_request(const Json& request, const Repo& repo, const std::string& web) {
    PullRequest out;
    out.number = number(request, {"pullRequestId"});
    out.url = fmt::format(
        "{}/{}/{}/_git/{}/pullrequest/{}",
        web,
        percent_encode(repo.organization),
        percent_encode(repo.project),
        percent_encode(repo.name),
        out.number
    );
    const std::string status = text(request, {"status"});
    out.state = status == "completed"   ? State::Merged
                : status == "abandoned" ? State::Closed
                                        : State::Open;
    out.draft = flag(request, {"isDraft"});
    out.title = text(request, {"title"});
    out.body = text(request, {"description"});
    out.head = branch_of(text(request, {"sourceRefName"}));
    out.base = branch_of(text(request, {"targetRefName"}));
    out.head_commit = text(request, {"lastMergeSourceCommit", "commitId"});
    if (out.state == State::Merged) {
        out.merge_commit = text(request, {"lastMergeCommit", "commitId"});
    }
    out.author = person(field(request, {"createdBy"}));
    out.labels = read_labels(field(request, {"labels"}));
    for (const Json& reviewer : field(request, {"reviewers"})) {
        if (flag(reviewer, {"isContainer"})) {
            // "[platform]\\Reviewers"
            const auto name = text(reviewer, {"displayName"});
            out.teams.push_back(name.substr(name.rfind('\\') + 1));
        } else {
            out.reviewers.push_back(person(reviewer));
        }
    }
    const std::string set_by = text(request, {"autoCompleteSetBy", "id"});
    out.auto_merge = !set_by.empty() && set_by != kNobody;
    out.mergeable = mergeable_of(text(request, {"mergeStatus"}));
    out.closed_by = person(field(request, {"closedBy"}));
    return out;
}

std::vector<std::string> read_labels(const Json& labels) {
    std::vector<std::string> out;
    for (const Json& label : labels) {
        if (field(label, {"active"}).is_null() || flag(label, {"active"})) {
            out.push_back(text(label, {"name"}));
        }
    }
    return out;
}

// Symbols are at least a byte.
bool may_be_cut(const PullRequest& listed) { return listed.body.size() >= kListedDescription; }

std::vector<PullRequest> read_requests(const Json& body, const Repo& repo, const std::string& web) {
    std::vector<PullRequest> out;
    for (const Json& request : field(body, {"value"})) {
        if (field(request, {"forkSource"}).is_object()) continue;
        out.push_back(read_request(request, repo, web));
    }
    std::sort(out.begin(), out.end(), [](const PullRequest& a, const PullRequest& b) {
        return a.number > b.number;
    });
    return out;
}

std::vector<Comment> read_threads(const Json& body) {
    std::vector<Comment> out;
    for (const Json& thread : field(body, {"value"})) {
        for (const Json& comment : field(thread, {"comments"})) {
            if (flag(comment, {"isDeleted"}) || text(comment, {"commentType"}) == "system")
                continue;
            out.push_back(
                {.id = text(thread, {"id"}) + "/" + text(comment, {"id"}),
                 .author = person(field(comment, {"author"})),
                 .body = text(comment, {"content"})}
            );
        }
    }
    return out;
}

std::optional<std::string> read_ref(const Json& body, const std::string& branch) {
    for (const Json& ref : field(body, {"value"})) {
        if (text(ref, {"name"}) == "refs/heads/" + branch) return text(ref, {"objectId"});
    }
    return std::nullopt;
}

std::optional<MergeAnswer> judge(const Json& request, const PullRequest& now) {
    if (now.state == State::Merged) return MergeAnswer{Merged{now.merge_commit}};
    if (now.state == State::Closed) return MergeAnswer{MergeRefused{"it is abandoned"}};
    const std::string status = text(request, {"mergeStatus"});
    if (status == "conflicts") return MergeAnswer{NotYet{"it has conflicts"}};
    if (status == "rejectedByPolicy" || status == "failure") {
        const std::string why = text(request, {"mergeFailureMessage"});
        return MergeAnswer{NotYet{why.empty() ? "the merge status is " + status : why}};
    }
    return std::nullopt;
}

Result<std::optional<MergeAnswer>> read_completion(
    const HttpResponse& response, const Repo& repo, const std::string& web
) {
    if (is_success(response)) {
        LINKSPAN_TRY(body, read_json(response.body));
        return judge(body, read_request(body, repo, web));
    }
    const std::string why = words_of(response);
    const auto body = read_json(response.body);
    const std::string key = body.has_value() ? text(*body, {"typeKey"}) : std::string{};
    if (key.find("RejectedByPolicy") != std::string::npos) {
        return std::optional{MergeAnswer{NotYet{why}}};
    }
    if (response.status == 409) {
        if (why.find("conflicts") != std::string::npos) {
            return std::optional{MergeAnswer{NotYet{why}}};
        }
        if (key == "GitPullRequestStaleException") return std::optional{MergeAnswer{HeadMoved{}}};
        return std::optional{MergeAnswer{NotYet{why}}};
    }
    if (response.status == 400) return std::optional{MergeAnswer{MergeRefused{why}}};
    return explain(ForgeType::AzureDevops, response);
}

std::string unfinished_policies(const Json& body) {
    for (const Json& policy : field(body, {"value"})) {
        const std::string status = text(policy, {"status"});
        if (status == "approved" || status == "notApplicable" || status.empty()) continue;
        const Json& enabled = field(policy, {"configuration", "isEnabled"});
        if (enabled.is_boolean() && !enabled.get<bool>()) continue;
        std::string name = text(policy, {"configuration", "settings", "displayName"});
        if (name.empty()) name = text(policy, {"configuration", "type", "displayName"});
        return fmt::format("the policy \"{}\" is {}", name, status);
    }
    return {};
}

std::string unfinished_statuses(const Json& body) {
    for (const Json& one : field(body, {"value"})) {
        const std::string state = text(one, {"state"});
        const std::string genre = text(one, {"context", "genre"});
        // Ours say what we know already.
        if (genre == "linkspan") continue;
        if (state == "pending" || state == "failed" || state == "error") {
            return fmt::format("the status \"{}\" is {}", text(one, {"context", "name"}), state);
        }
    }
    return {};
}

Status read_ref_update(const Json& body) {
    const Json& list = field(body, {"value"});
    const Json none;
    const Json& first = list.is_array() && !list.empty() ? list.front() : none;
    const std::string status = text(first, {"updateStatus"});
    // Also: succeededNonExistentRef, succeededCorruptRef.
    if (flag(first, {"success"}) || status.starts_with("succeeded")) return {};
    if (status == "staleOldObjectId") {
        return Error{Errc::Conflict, "Azure DevOps: the branch has moved"};
    }
    // To delete is to push by force, for Azure DevOps; who made the branch may.
    if (status == "forcePushRequired") {
        return Error{
            Errc::Unauthorized,
            "Azure DevOps does not let the branch go: the user lacks the permission Force push"};
    }
    if (status.find("ermission") != std::string::npos || status == "locked" ||
        status.starts_with("rejectedBy")) {
        return Error{Errc::Unauthorized, "Azure DevOps does not let the branch go: " + status};
    }
    return Error{Errc::InvalidInput, "Azure DevOps does not let the branch go: " + status};
}

}  // namespace linkspan::forge::azure
