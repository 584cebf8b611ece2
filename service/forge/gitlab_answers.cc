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

Mergeable mergeable_of(const Json& request) {
    const std::string status = text(request, {"detailed_merge_status"});
    if (status == "mergeable") {
        // It merges whatever its pipeline says, where no setting makes it wait.
        const std::string pipeline = text(request, {"head_pipeline", "status"});
        const bool green = pipeline.empty() || pipeline == "success" || pipeline == "skipped";
        return green ? Mergeable::Clean : Mergeable::Blocked;
    }
    if (status == "conflict" || status == "broken_status") return Mergeable::Conflict;
    if (status == "need_rebase") return Mergeable::Behind;
    for (const std::string_view waits :
         {"", "checking", "unchecked", "preparing", "approvals_syncing"}) {
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
    if (out.state == State::Merged) out.closed_by = text(request, {"merge_user", "username"});
    return out;
}

std::vector<PullRequest> read_requests(const Json& list) {
    std::vector<PullRequest> out;
    for (const Json& request : list) {
        if (number(request, {"source_project_id"}) == number(request, {"target_project_id"})) {
            out.push_back(read_request(request));
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

Result<MergeAnswer> read_merge(const HttpResponse& response, const Json& fresh, bool arming) {
    if (state_of(fresh) == State::Merged) return MergeAnswer{Merged{merge_commit_of(fresh)}};
    if (state_of(fresh) == State::Closed) return MergeAnswer{MergeRefused{"it is closed"}};
    const std::string status = text(fresh, {"detailed_merge_status"});
    const std::string words = words_of(response);
    const std::string why = status.empty() ? words : words + " (" + status + ")";
    switch (response.status) {
        case 200:
        case 201:
        case 202:
            // The train's answer has no merge request in it.
            if (arming &&
                (flag(fresh, {"merge_when_pipeline_succeeds"}) || response.status != 200)) {
                return MergeAnswer{Armed{}};
            }
            return MergeAnswer{NotYet{"GitLab is merging"}};
        case 405:
        case 406:
            // Without a pipeline there is nothing to wait for, and GitLab does not arm.
            if (arming && status == "mergeable") return MergeAnswer{AlreadyMergeable{why}};
            return MergeAnswer{NotYet{why}};
        case 409:
            if (words.find("SHA") != std::string::npos) return MergeAnswer{HeadMoved{}};
            return MergeAnswer{NotYet{why}};
        case 422:
            return MergeAnswer{NotYet{why}};
        default:
            return explain(ForgeType::Gitlab, response);
    }
}

}  // namespace linkspan::forge::gitlab
