#include "service/forge/gitea.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"
#include "service/forge/gitea_answers.h"

#include <fmt/format.h>

namespace linkspan::forge {

using namespace gitea;

Gitea::Gitea(CallerOptions options, Repo repo)
    : caller_{std::move(options)}, repo_{std::move(repo)} {}

const Capabilities& Gitea::capabilities() const {
    static const Capabilities kAll{
        .labels = true,
        .assignees = true,
        .reviewers = true,
        .team_reviewers = true,
        .milestones = true,
        .drafts = true,
        .auto_merge = true,
        .tells_auto_merge = false,
        .reopen = true,
        .comments = true,
        .statuses = true,
        .label_events = true,
        // Its contents API can't put a branch onto another base.
        .api_commits = false,
        .html_comments = true,
        .title_limit = 255,
        .body_limit = 65536};
    return kAll;
}

std::string Gitea::name() const { return fmt::format("Gitea {}/{}", repo_.owner, repo_.name); }

Result<std::vector<PullRequest>> Gitea::find(
    const std::string& head, const std::string& base, std::optional<State> state
) {
    LINKSPAN_TRY(list, caller_.linked_pages(list_pulls(repo_, state)));
    auto pulls = read_pulls(list, head, base);
    std::erase_if(pulls, [&](const PullRequest& pull) { return state && pull.state != *state; });
    return pulls;
}

Result<PullRequest> Gitea::get(std::int64_t number) {
    LINKSPAN_TRY(pull, caller_.ask(get_pull(repo_, number)));
    return read_pull(pull);
}

Result<PullRequest> Gitea::open(const NewPullRequest& wanted) {
    auto pull = caller_.ask(open_pull(repo_, wanted));
    if (pull.has_error()) return look_for_opened(*this, wanted, pull.error());
    return read_pull(*pull);
}

Result<PullRequest> Gitea::update(const PullRequest& now, const PullRequestChange& change) {
    const auto call = update_pull(repo_, now, change);
    if (!call) return now;
    LINKSPAN_TRY(pull, caller_.ask(*call));
    return read_pull(pull);
}

Status Gitea::close(const PullRequest& now) {
    if (now.state != State::Open) return {};
    return caller_.tell(set_state(repo_, now.number, false));
}

Result<PullRequest> Gitea::reopen(const PullRequest& now) {
    if (now.state == State::Open) return now;
    LINKSPAN_TRY(pull, caller_.ask(set_state(repo_, now.number, true)));
    return read_pull(pull);
}

Result<Json> Gitea::labels() {
    LINKSPAN_TRY(list, caller_.linked_pages(list_labels(repo_)));
    auto more = caller_.linked_pages(list_organization_labels(repo_));
    // Users are no organizations, and a token may see the repository alone.
    if (more.has_value()) {
        for (const Json& label : *more) list.push_back(label);
    } else if (more.error().kind != Errc::NotFound && more.error().kind != Errc::Unauthorized) {
        return more.error();
    }
    return std::move(list);
}

Status Gitea::add_labels(const PullRequest& now, const std::vector<std::string>& wanted) {
    const auto missing = missing_from(now.labels, wanted);
    if (missing.empty()) return {};
    LINKSPAN_TRY(known, labels());
    std::vector<std::int64_t> ids;
    for (const auto& name : missing) {
        const auto it = std::find_if(known.begin(), known.end(), [&](const Json& label) {
            return equal_ignoring_case(text(label, {"name"}), name);
        });
        if (it != known.end()) {
            ids.push_back(number(*it, {"id"}));
            continue;
        }
        LINKSPAN_TRY(made, caller_.ask(create_label(repo_, name)));
        ids.push_back(number(made, {"id"}));
    }
    return caller_.tell(gitea::add_labels(repo_, now.number, ids));
}

Status Gitea::remove_labels(const PullRequest& now, const std::vector<std::string>& wanted) {
    if (wanted.empty()) return {};
    LINKSPAN_TRY(known, labels());
    for (const Json& label : known) {
        if (!contains_ignoring_case(wanted, text(label, {"name"}))) continue;
        LINKSPAN_TRY(
            response, caller_.send(remove_label(repo_, now.number, number(label, {"id"})))
        );
        // Not on this pull request: 404 or 422, by version.
        if (!is_success(response) && response.status != 404 && response.status != 422) {
            return explain(ForgeType::Gitea, response);
        }
    }
    return {};
}

Status Gitea::assign(const PullRequest& now, const People& people, std::vector<Unasked>& unasked) {
    const auto missing = missing_from(now.assignees, people.assignees);
    if (missing.empty()) return {};
    auto all = now.assignees;
    all.insert(all.end(), missing.begin(), missing.end());
    auto answer = caller_.tell(set_assignees(repo_, now.number, all));
    if (answer.has_value()) return {};
    auto assigned = now.assignees;
    for (const auto& who : missing) {
        assigned.push_back(who);
        auto one = caller_.tell(set_assignees(repo_, now.number, assigned));
        if (one.has_value()) continue;
        assigned.pop_back();
        if (one.error().kind != Errc::InvalidInput && one.error().kind != Errc::NotFound) {
            return one.error();
        }
        unasked.push_back({who, one.error().message});
    }
    return {};
}

Status Gitea::request(const PullRequest& now, const People& people, std::vector<Unasked>& unasked) {
    const auto users = missing_from(now.reviewers, people.reviewers);
    std::vector<std::string> teams;
    for (const auto& team : people.teams) {
        if (!contains_ignoring_case(now.teams, team.substr(team.rfind('/') + 1))) {
            teams.push_back(team);
        }
    }
    if (users.empty() && teams.empty()) return {};
    auto all = caller_.tell(request_reviews(repo_, now.number, users, teams));
    if (all.has_value()) return {};
    for (std::size_t i = 0; i < users.size() + teams.size(); ++i) {
        const bool user = i < users.size();
        const auto& who = user ? users[i] : teams[i - users.size()];
        auto one = caller_.tell(
            user ? request_reviews(repo_, now.number, {who}, {})
                 : request_reviews(repo_, now.number, {}, {who})
        );
        if (one.has_value()) continue;
        if (one.error().kind != Errc::InvalidInput && one.error().kind != Errc::NotFound) {
            return one.error();
        }
        unasked.push_back({who, one.error().message});
    }
    return {};
}

Result<std::vector<Unasked>> Gitea::ask(const PullRequest& now, const People& people) {
    std::vector<Unasked> unasked;
    if (auto status = assign(now, people, unasked); status.has_error()) return status.error();
    if (auto status = request(now, people, unasked); status.has_error()) return status.error();
    return unasked;
}

Status Gitea::set_milestone(const PullRequest& now, const std::string& title) {
    LINKSPAN_TRY(list, caller_.linked_pages(list_milestones(repo_)));
    for (const Json& milestone : list) {
        if (text(milestone, {"title"}) != title) continue;
        return caller_.tell(gitea::set_milestone(repo_, now.number, number(milestone, {"id"})));
    }
    return Error{Errc::NotFound, "Gitea has no open milestone \"" + title + "\""};
}

Result<std::optional<LabelEvent>> Gitea::labeled_by(
    const PullRequest& now, const std::string& label
) {
    // It links to no next page, and leaves out of a page what the token may not see: the end is an
    // empty one, or one that was there before.
    int page_number = 1;
    std::string first;
    LINKSPAN_TRY(
        list,
        caller_.pages(
            list_timeline(repo_, now.number, page_number),
            [&](const Call&, const transport::HttpResponse&, Json body) {
                Caller::Page page{.items = std::move(body), .next = std::nullopt};
                if (!page.items.is_array() || page.items.empty()) return page;
                const std::string id = text(page.items.front(), {"id"});
                if (id == std::exchange(first, id)) {
                    page.items = Json::array();
                } else {
                    page.next = list_timeline(repo_, now.number, ++page_number);
                }
                return page;
            }
        )
    );
    return read_timeline(list, label);
}

Result<std::vector<Comment>> Gitea::comments(const PullRequest& now) {
    LINKSPAN_TRY(list, caller_.linked_pages(list_comments(repo_, now.number)));
    return read_comments(list);
}

Status Gitea::comment(const PullRequest& now, const std::string& text) {
    auto answer = caller_.tell(add_comment(repo_, now.number, text));
    if (answer.has_error()) return look_for_comment(*this, now, text, answer.error());
    return {};
}

Result<MergeAnswer> Gitea::try_merge(
    const PullRequest& now, const MergeRequest& wanted, bool when_green
) {
    if (now.state == State::Merged) return MergeAnswer{Merged{now.merge_commit}};
    auto response = caller_.send(merge_pull(repo_, now.number, wanted, when_green));
    if (response.has_error()) return look_for_merged(*this, now, response.error());
    LINKSPAN_TRY(answer, read_merge(*response));
    if (std::holds_alternative<Armed>(answer) || std::holds_alternative<HeadMoved>(answer)) {
        return std::move(answer);
    }
    // A merge tells no commit, and what is merged already is "not allowed".
    auto after = get(now.number);
    if (after.has_error() || after->state != State::Merged) return std::move(answer);
    return MergeAnswer{Merged{after->merge_commit}};
}

Result<MergeAnswer> Gitea::merge(const PullRequest& now, const MergeRequest& wanted) {
    return try_merge(now, wanted, false);
}

Result<MergeAnswer> Gitea::arm_auto_merge(const PullRequest& now, const MergeRequest& wanted) {
    // A scheduled merge takes whatever the head is then, so at least it is the right one now.
    LINKSPAN_TRY(fresh, get(now.number));
    if (fresh.state == State::Open && fresh.head_commit != wanted.head_commit) {
        return MergeAnswer{HeadMoved{}};
    }
    return try_merge(fresh, wanted, true);
}

Status Gitea::disarm_auto_merge(const PullRequest& now) {
    LINKSPAN_TRY(response, caller_.send(cancel_auto_merge(repo_, now.number)));
    if (is_success(response) || response.status == 404) return {};
    return explain(ForgeType::Gitea, response);
}

Status Gitea::set_status(const std::string& commit, const CheckStatus& status) {
    return caller_.tell(gitea::set_status(repo_, commit, status));
}

Result<bool> Gitea::may_write(const std::string& user) {
    auto answer = caller_.ask(permission_of(repo_, user));
    if (answer.has_error()) {
        if (answer.error().kind == Errc::NotFound) return false;
        return answer.error();
    }
    const std::string permission = text(*answer, {"permission"});
    return permission == "owner" || permission == "admin" || permission == "write";
}

Result<std::optional<std::string>> Gitea::head_of(const std::string& branch) {
    auto answer = caller_.ask(get_branch(repo_, branch));
    if (answer.has_error()) {
        if (answer.error().kind == Errc::NotFound) return std::optional<std::string>{};
        return answer.error();
    }
    return std::optional{text(*answer, {"commit", "id"})};
}

Status Gitea::delete_branch(const std::string& branch, const std::string& expected) {
    LINKSPAN_TRY(head, head_of(branch));
    if (!head) return {};
    if (*head != expected) {
        return Error{Errc::Conflict, "the branch " + branch + " has moved to " + *head};
    }
    LINKSPAN_TRY(response, caller_.send(gitea::delete_branch(repo_, branch)));
    if (is_success(response) || response.status == 404) return {};
    return explain(ForgeType::Gitea, response);
}

Result<std::string> Gitea::commit_through_api(const ApiCommit&) {
    return unsupported("Gitea", "API");
}

}  // namespace linkspan::forge
