#include "service/forge/gitlab.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"
#include "service/forge/gitlab_answers.h"

namespace linkspan::forge {

using namespace gitlab;

namespace {

constexpr std::int64_t kDeveloper = 30;  // the least access level that may push

std::vector<std::int64_t> ids_of(const Json& people) {
    std::vector<std::int64_t> out;
    if (!people.is_array()) return out;
    for (const Json& person : people) out.push_back(number(person, {"id"}));
    return out;
}

}  // namespace

Gitlab::Gitlab(CallerOptions options, std::string project)
    : caller_{std::move(options)}, project_{std::move(project)} {}

Call Gitlab::placed(Call call) {
    const std::lock_guard lock{mutex_};
    const std::string old = get_project(project_).path;
    if (!moved_to_.empty() && call.path.starts_with(old)) {
        call.path.replace(0, old.size(), get_project(moved_to_).path);
    }
    return call;
}

Result<transport::HttpResponse> Gitlab::send(const Call& call) {
    auto response = caller_.send(placed(call));
    const bool moved = response.has_value() && response->status == 405 &&
                       words_of(*response).find("moved project") != std::string::npos;
    if (!moved) return response;
    LINKSPAN_TRY(project, caller_.ask(get_project(project_)));
    const auto id = number(project, {"id"});
    if (id == 0) return response;
    {
        const std::lock_guard lock{mutex_};
        moved_to_ = std::to_string(id);
    }
    return caller_.send(placed(call));
}

Result<Json> Gitlab::ask_for(const Call& call) {
    LINKSPAN_TRY(response, send(call));
    if (!is_success(response)) return explain(ForgeType::Gitlab, response);
    if (response.body.empty()) return Json{};
    auto value = read_json(response.body);
    if (value.has_error()) return value.error().within("GitLab");
    return value;
}

Status Gitlab::tell(const Call& call) {
    LINKSPAN_TRY(response, send(call));
    if (!is_success(response)) return explain(ForgeType::Gitlab, response);
    return {};
}

const Capabilities& Gitlab::capabilities() const {
    static const Capabilities kAll{
        .labels = true,
        .assignees = true,
        .reviewers = true,
        .team_reviewers = false,
        .milestones = true,
        .drafts = true,
        .auto_merge = true,
        .reopen = true,
        .comments = true,
        .statuses = true,
        .label_events = true,
        .api_commits = true,
        .html_comments = true,
        .title_limit = 255,
        .body_limit = 1'000'000};
    return kAll;
}

std::string Gitlab::name() const { return "GitLab " + project_; }

Result<std::vector<PullRequest>> Gitlab::find(
    const std::string& head, const std::string& base, std::optional<State> state
) {
    LINKSPAN_TRY(list, caller_.linked_pages(find_requests(project_, head, base, state)));
    return read_requests(list);
}

Result<PullRequest> Gitlab::get(std::int64_t number) {
    LINKSPAN_TRY(request, ask_for(get_request(project_, number)));
    return read_request(request);
}

Result<PullRequest> Gitlab::open(const NewPullRequest& wanted) {
    auto request = ask_for(open_request(project_, wanted));
    if (request.has_error()) return look_for_opened(*this, wanted, request.error());
    return read_request(*request);
}

Result<PullRequest> Gitlab::update(const PullRequest& now, const PullRequestChange& change) {
    const auto call = update_request(project_, now, change);
    if (!call) return now;
    LINKSPAN_TRY(request, ask_for(*call));
    return read_request(request);
}

Status Gitlab::close(const PullRequest& now) {
    if (now.state != State::Open) return {};
    return tell(set_state(project_, now.number, false));
}

Result<PullRequest> Gitlab::reopen(const PullRequest& now) {
    if (now.state == State::Open) return now;
    LINKSPAN_TRY(request, ask_for(set_state(project_, now.number, true)));
    return read_request(request);
}

Status Gitlab::add_labels(const PullRequest& now, const std::vector<std::string>& labels) {
    const auto missing = missing_from(now.labels, labels);
    if (missing.empty()) return {};
    return tell(change_labels(project_, now.number, missing, true));
}

Status Gitlab::remove_labels(const PullRequest& now, const std::vector<std::string>& labels) {
    if (labels.empty()) return {};
    return tell(change_labels(project_, now.number, labels, false));
}

Result<std::optional<std::int64_t>> Gitlab::user_id(const std::string& name) {
    LINKSPAN_TRY(list, ask_for(find_user(name)));
    if (!list.is_array() || list.empty()) return std::optional<std::int64_t>{};
    return std::optional{number(list.front(), {"id"})};
}

Result<std::vector<Unasked>> Gitlab::ask(const PullRequest& now, const People& people) {
    std::vector<Unasked> unasked;
    for (const auto& team : people.teams) {
        unasked.push_back({team, "GitLab asks people for a review, not groups"});
    }
    if (missing_from(now.assignees, people.assignees).empty() &&
        missing_from(now.reviewers, people.reviewers).empty()) {
        return unasked;
    }
    // Both lists are replaced by what is sent: who is there now stays.
    LINKSPAN_TRY(fresh, ask_for(get_request(project_, now.number)));
    auto assignees = ids_of(field(fresh, {"assignees"}));
    auto reviewers = ids_of(field(fresh, {"reviewers"}));
    const auto add = [&](const std::vector<std::string>& wanted,
                         const Json& have,
                         std::vector<std::int64_t>& ids) -> Status {
        for (const auto& who : missing_from(texts(have, {"username"}), wanted)) {
            LINKSPAN_TRY(id, user_id(who));
            if (id) {
                ids.push_back(*id);
            } else {
                unasked.push_back({who, "GitLab knows no such user"});
            }
        }
        return {};
    };
    auto status = add(people.assignees, field(fresh, {"assignees"}), assignees);
    if (status.has_error()) return status.error();
    status = add(people.reviewers, field(fresh, {"reviewers"}), reviewers);
    if (status.has_error()) return status.error();
    if (assignees.size() == ids_of(field(fresh, {"assignees"})).size() &&
        reviewers.size() == ids_of(field(fresh, {"reviewers"})).size()) {
        return unasked;
    }
    LINKSPAN_TRY(after, ask_for(set_people(project_, now.number, assignees, reviewers)));
    // Without a licence there is one of each; who may not see the project is left out, too.
    const auto shown = read_request(after);
    const auto silent = [&](const std::vector<std::string>& have,
                            const std::vector<std::string>& wanted) {
        for (const auto& who : missing_from(have, wanted)) {
            const bool told = std::any_of(unasked.begin(), unasked.end(), [&](const Unasked& one) {
                return one.who == who;
            });
            if (!told) unasked.push_back({who, "GitLab left them out without a reason"});
        }
    };
    silent(shown.assignees, people.assignees);
    silent(shown.reviewers, people.reviewers);
    return unasked;
}

Status Gitlab::set_milestone(const PullRequest& now, const std::string& title) {
    LINKSPAN_TRY(list, ask_for(find_milestone(project_, title)));
    if (!list.is_array() || list.empty()) {
        return Error{Errc::NotFound, "GitLab has no active milestone \"" + title + "\""};
    }
    return tell(gitlab::set_milestone(project_, now.number, number(list.front(), {"id"})));
}

Result<std::optional<LabelEvent>> Gitlab::labeled_by(
    const PullRequest& now, const std::string& label
) {
    LINKSPAN_TRY(list, caller_.linked_pages(list_label_events(project_, now.number)));
    return read_label_events(list, label);
}

Result<std::vector<Comment>> Gitlab::comments(const PullRequest& now) {
    LINKSPAN_TRY(list, caller_.linked_pages(list_notes(project_, now.number)));
    return read_notes(list);
}

Status Gitlab::comment(const PullRequest& now, const std::string& text) {
    auto answer = tell(add_note(project_, now.number, text));
    if (answer.has_error()) return look_for_comment(*this, now, text, answer.error());
    return {};
}

Result<MergeAnswer> Gitlab::judge(
    const PullRequest& now, const transport::HttpResponse& response, bool arming
) {
    LINKSPAN_TRY(fresh, ask_for(get_request(project_, now.number)));
    return read_merge(response, fresh, arming);
}

Result<MergeAnswer> Gitlab::merge(const PullRequest& now, const MergeRequest& wanted) {
    if (now.state == State::Merged) return MergeAnswer{Merged{now.merge_commit}};
    auto response = send(merge_request(project_, now.number, wanted, false));
    if (response.has_error()) return look_for_merged(*this, now, response.error());
    return judge(now, *response, false);
}

Result<bool> Gitlab::has_merge_trains() {
    {
        const std::lock_guard lock{mutex_};
        if (merge_trains_) return *merge_trains_;
    }
    LINKSPAN_TRY(answer, ask_for(get_project(project_)));
    const bool trains = flag(answer, {"merge_trains_enabled"});
    const std::lock_guard lock{mutex_};
    merge_trains_ = trains;
    return trains;
}

Result<MergeAnswer> Gitlab::arm_auto_merge(const PullRequest& now, const MergeRequest& wanted) {
    if (now.state == State::Merged) return MergeAnswer{Merged{now.merge_commit}};
    LINKSPAN_TRY(trains, has_merge_trains());
    if (trains) {
        LINKSPAN_TRY(response, send(add_to_merge_train(project_, now.number, wanted)));
        // Without a licence there is no train, whatever the setting says.
        if (response.status != 403 && response.status != 404) return judge(now, response, true);
    }
    LINKSPAN_TRY(fresh, ask_for(get_request(project_, now.number)));
    if (auto answer = read_before_arming(fresh, wanted.head_commit)) return std::move(*answer);
    auto response = send(merge_request(project_, now.number, wanted, true));
    if (response.has_error()) return look_for_merged(*this, now, response.error());
    return judge(now, *response, true);
}

Status Gitlab::disarm_auto_merge(const PullRequest& now) {
    LINKSPAN_TRY(response, send(cancel_auto_merge(project_, now.number)));
    // 405, 406, 409 by version, or 201 with an error inside: it was not armed, or still is.
    const bool was_not = response.status == 405 || response.status == 406 || response.status == 409;
    if (!is_success(response) && !was_not) return explain(ForgeType::Gitlab, response);
    if (!was_not && !cancel_failed(response)) return {};
    LINKSPAN_TRY(fresh, get(now.number));
    if (!fresh.auto_merge) return {};
    return Error{Errc::Unavailable, "GitLab did not cancel the auto-merge: " + words_of(response)};
}

Status Gitlab::set_status(const std::string& commit, const CheckStatus& status) {
    LINKSPAN_TRY(response, send(gitlab::set_status(project_, commit, status)));
    // The same state as before is refused.
    const bool same = response.status == 400 &&
                      words_of(response).find("Cannot transition status") != std::string::npos;
    if (is_success(response) || same) return {};
    return explain(ForgeType::Gitlab, response);
}

Result<bool> Gitlab::may_write(const std::string& user) {
    LINKSPAN_TRY(id, user_id(user));
    if (!id) return false;
    auto member = ask_for(get_member(project_, *id));
    if (member.has_error()) {
        if (member.error().kind == Errc::NotFound) return false;
        return member.error();
    }
    // Whoever was blocked stays a member.
    const std::string state = text(*member, {"state"});
    const bool active = state.empty() || state == "active";
    return active && number(*member, {"access_level"}) >= kDeveloper;
}

Result<std::optional<std::string>> Gitlab::head_of(const std::string& branch) {
    auto answer = ask_for(get_branch(project_, branch));
    if (answer.has_error()) {
        if (answer.error().kind == Errc::NotFound) return std::optional<std::string>{};
        return answer.error();
    }
    return std::optional{text(*answer, {"commit", "id"})};
}

Status Gitlab::delete_branch(const std::string& branch, const std::string& expected) {
    LINKSPAN_TRY(head, head_of(branch));
    if (!head) return {};
    if (*head != expected) {
        return Error{Errc::Conflict, "the branch " + branch + " has moved to " + *head};
    }
    LINKSPAN_TRY(response, send(gitlab::delete_branch(project_, branch)));
    if (is_success(response) || response.status == 404) return {};
    return explain(ForgeType::Gitlab, response);
}

Result<std::string> Gitlab::commit_through_api(const ApiCommit& commit) {
    const auto moved = [&] {
        return Error{
            Errc::Conflict, "the branch " + commit.branch + " is not where it was expected"};
    };
    LINKSPAN_TRY(head, head_of(commit.branch));
    if (head.value_or("") != commit.expected_head) return moved();
    auto made = ask_for(create_commit(project_, commit));
    if (made.has_value()) return text(*made, {"id"});
    // The answer was lost, or somebody was faster: the branch tells.
    auto after = head_of(commit.branch);
    if (after.has_error() || after->value_or("") == commit.expected_head) return made.error();
    if (!is_uncertain(made.error())) return moved();
    LINKSPAN_TRY(there, ask_for(get_commit(project_, after->value_or(""))));
    const auto parents = texts(field(there, {"parent_ids"}));
    const bool ours = parents == std::vector<std::string>{commit.base} &&
                      text(there, {"message"}) == commit.message;
    if (ours) return **after;
    return moved();
}

}  // namespace linkspan::forge
