#include "service/forge/gitlab_answers.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"

namespace linkspan::forge::gitlab {

using transport::HttpResponse;

namespace {

State state_of(const Json& request) {
    const std::string state = text(request, {"state"});
    if (state == "merged") return State::Merged;
    if (state == "closed") return State::Closed;
    return State::Open;  // opened, locked (being merged)
}

// In today's words. Before 15.6 GitLab said less: not whether approvals are missing, which shows
// when it refuses to merge.
std::string merge_status_of(const Json& request) {
    if (auto status = text(request, {"detailed_merge_status"}); !status.empty()) return status;
    const std::string old = text(request, {"merge_status"});
    if (old == "cannot_be_merged") return "conflict";
    if (old != "can_be_merged") return old;
    const Json& resolved = field(request, {"blocking_discussions_resolved"});
    if (resolved.is_boolean() && !resolved.get<bool>()) return "discussions_not_resolved";
    return "mergeable";
}

// Of the head's pipeline; empty: it has none. GitLab goes on naming the last one of an older head
// when a push gets none. That of a merge result has a commit of its own.
std::string pipeline_of(const Json& request) {
    const Json& pipeline = field(request, {"head_pipeline"});
    const std::string commit = text(pipeline, {"sha"});
    const std::string ref = text(pipeline, {"ref"});
    const bool of_result = ref.ends_with("/merge") || ref.ends_with("/train");
    const bool stale = !of_result && !commit.empty() && commit != text(request, {"sha"});
    return stale ? std::string{} : text(pipeline, {"status"});
}

Mergeable mergeable_of(const Json& request) {
    const std::string status = merge_status_of(request);
    if (status == "mergeable") {
        // It merges whatever its pipeline says, where no setting makes it wait.
        const std::string pipeline = pipeline_of(request);
        const bool green = pipeline.empty() || pipeline == "success" || pipeline == "skipped";
        return green ? Mergeable::Clean : Mergeable::Blocked;
    }
    if (status == "conflict" || status == "broken_status") return Mergeable::Conflict;
    if (status == "need_rebase") return Mergeable::Behind;
    for (const std::string_view waits :
         {"",
          "checking",
          "unchecked",
          "preparing",
          "approvals_syncing",
          "cannot_be_merged_recheck",
          "cannot_be_merged_rechecking"}) {
        if (status == waits) return Mergeable::Unknown;
    }
    return Mergeable::Blocked;
}

std::string merge_commit_of(const Json& request) {
    for (const std::string_view name : {"merge_commit_sha", "squash_commit_sha", "sha"}) {
        if (auto commit = text(request, {name}); !commit.empty()) return commit;
    }
    return {};
}

}  // namespace

PullRequest read_request(const Json& request) {
    PullRequest out;
    out.number = number(request, {"iid"});
    out.id = text(request, {"id"});
    out.url = text(request, {"web_url"});
    out.state = state_of(request);
    auto title =
        read_title(text(request, {"title"}), {"Draft:", "[Draft]", "(Draft)", "WIP:", "[WIP]"});
    out.draft = flag(request, {"draft"}) || title.draft;
    out.title = std::move(title.text);
    out.body = text(request, {"description"});
    out.head = text(request, {"source_branch"});
    out.base = text(request, {"target_branch"});
    out.head_commit = text(request, {"sha"});
    if (out.state == State::Merged) out.merge_commit = merge_commit_of(request);
    out.author = text(request, {"author", "username"});
    out.labels = texts(field(request, {"labels"}));
    out.assignees = texts(field(request, {"assignees"}), {"username"});
    out.reviewers = texts(field(request, {"reviewers"}), {"username"});
    out.auto_merge = out.state == State::Open && flag(request, {"merge_when_pipeline_succeeds"});
    out.mergeable = mergeable_of(request);
    out.closed_by = text(request, {"closed_by", "username"});
    if (out.state == State::Merged) {
        out.closed_by = text(request, {"merge_user", "username"});
        if (out.closed_by.empty()) out.closed_by = text(request, {"merged_by", "username"});
    }
    return out;
}

std::vector<PullRequest> read_requests(const Json& list) {
    std::vector<PullRequest> out;
    for (const Json& request : list) {
        if (number(request, {"source_project_id"}) == number(request, {"target_project_id"})) {
            out.push_back(read_request(request));
            // Without their pipelines, it can't be told.
            out.back().mergeable = Mergeable::Unknown;
        }
    }
    return out;
}

std::vector<Comment> read_notes(const Json& list) {
    std::vector<Comment> out;
    for (const Json& note : list) {
        if (flag(note, {"system"})) continue;
        out.push_back(
            {.id = text(note, {"id"}),
             .author = text(note, {"author", "username"}),
             .body = text(note, {"body"})}
        );
    }
    return out;
}

std::optional<LabelEvent> read_label_events(const Json& list, const std::string& label) {
    std::optional<LabelEvent> last;
    for (const Json& event : list) {
        // A label that was deleted since has none.
        if (!equal_ignoring_case(text(event, {"label", "name"}), label)) continue;
        last.reset();
        if (text(event, {"action"}) == "add") {
            last = {text(event, {"id"}), text(event, {"user", "username"})};
        }
    }
    return last;
}

std::optional<MergeAnswer> read_before_arming(const Json& fresh, const std::string& head_commit) {
    if (state_of(fresh) == State::Merged) return MergeAnswer{Merged{merge_commit_of(fresh)}};
    if (const auto head = text(fresh, {"sha"}); !head.empty() && head != head_commit) {
        return MergeAnswer{HeadMoved{}};
    }
    const std::string pipeline = pipeline_of(fresh);
    const std::string status = merge_status_of(fresh);
    if (status == "mergeable") {
        for (const std::string_view ended : {"", "success", "skipped", "failed", "canceled"}) {
            if (pipeline == ended) {
                return MergeAnswer{AlreadyMergeable{"no pipeline is running for it"}};
            }
        }
    }
    if (pipeline.empty() && mergeable_of(fresh) == Mergeable::Unknown) {
        return MergeAnswer{NotYet{"GitLab is still looking at it (" + status + ")"}};
    }
    return std::nullopt;
}

bool cancel_failed(const HttpResponse& response) {
    const auto body = read_json(response.body);
    return body.has_value() && text(*body, {"status"}) == "error";
}

Result<MergeAnswer> read_merge(const HttpResponse& response, const Json& fresh, bool arming) {
    if (state_of(fresh) == State::Merged) return MergeAnswer{Merged{merge_commit_of(fresh)}};
    if (state_of(fresh) == State::Closed) return MergeAnswer{MergeRefused{"it is closed"}};
    const std::string status = merge_status_of(fresh);
    const std::string words = words_of(response);
    const std::string why = status.empty() ? words : words + " (" + status + ")";
    const std::string failed = text(fresh, {"merge_error"});
    switch (response.status) {
        case 200:
        case 201:
        case 202:
            // The train's answer has no merge request in it.
            if (arming &&
                (flag(fresh, {"merge_when_pipeline_succeeds"}) || response.status != 200)) {
                return MergeAnswer{Armed{}};
            }
            return MergeAnswer{NotYet{failed.empty() ? "GitLab is merging" : failed}};
        case 405:
        case 406:
            // Without a pipeline there is nothing to wait for, and GitLab does not arm.
            if (arming && status == "mergeable") return MergeAnswer{AlreadyMergeable{why}};
            return MergeAnswer{NotYet{why}};
        case 409:
            if (words.find("SHA") != std::string::npos) return MergeAnswer{HeadMoved{}};
            return MergeAnswer{NotYet{why}};
        case 422:
            return MergeAnswer{NotYet{failed.empty() ? why : failed}};
        case 400:
            // A train that does not take it now.
            if (arming) return MergeAnswer{NotYet{why}};
            return explain(ForgeType::Gitlab, response);
        default:
            return explain(ForgeType::Gitlab, response);
    }
}

}  // namespace linkspan::forge::gitlab
