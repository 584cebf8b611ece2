#include "service/forge/gitea.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"
#include "service/forge/gitea_answers.h"
#include "service/forge/gitea_pages.h"

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
        .reopen = true,
        .comments = true,
        .statuses = true,
        .label_events = true,
        // Its contents API can't put a branch onto another base.
        .api_commits = false,
        .html_comments = true,
        .title_limit = 250,  // 255 bytes, and the draft prefix is among them
        .body_limit = 65536};
    return kAll;
}

std::string Gitea::name() const { return fmt::format("Gitea {}/{}", repo_.owner, repo_.name); }

Result<std::vector<PullRequest>> Gitea::find(
    const std::string& head, const std::string& base, std::optional<State> state
) {
    if (!state || *state == State::Open) {
        const Pages open{.make = [&](unsigned page) { return list_pulls(repo_, true, page); }};
        LINKSPAN_TRY(list, numbered_pages(caller_, open));
        auto pulls = read_pulls(list, head, base);
        if (state || !pulls.empty()) return pulls;
    }
    const auto ended = [&](const Json& list) {
        auto pulls = read_pulls(list, head, base);
        std::erase_if(pulls, [&](const PullRequest& pull) {
            return state && pull.state != *state;
        });
        return pulls;
    };
    // The newest says what became of the branch; all of them would be thousands.
    const Pages closed{
        .make = [&](unsigned page) { return list_pulls(repo_, false, page); },
        .enough = [&](const Json& items) { return !ended(items).empty(); }};
    LINKSPAN_TRY(list, numbered_pages(caller_, closed));
    return ended(list);
}

Result<PullRequest> Gitea::get(std::int64_t number) {
    LINKSPAN_TRY(pull, caller_.ask(get_pull(repo_, number)));
    PullRequest out = read_pull(pull);
    const Pages events{
        .make = [&](unsigned page) { return list_timeline(repo_, number, page); },
        .counted = false};
    if (out.state == State::Closed) {
        auto timeline = numbered_pages(caller_, events);
        if (timeline.has_value()) out.closed_by = read_closer(*timeline);
    }
    if (out.state != State::Open) return out;
    const Pages checks{
        .make = [&](unsigned page) { return get_statuses(repo_, out.head_commit, page); },
        .member = "statuses"};
    // Where they can't be had, nothing is known of them, and nothing is merged.
    if (auto statuses = numbered_pages(caller_, checks); statuses.has_value()) {
        out.mergeable = read_mergeable(pull, *statuses);
    }
    auto timeline = numbered_pages(caller_, events);
    // Taking off what is not there does no harm; leaving on what must not be does.
    out.auto_merge = timeline.has_error() || read_armed(*timeline);
    return out;
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
    PullRequest out = read_pull(pull);
    out.auto_merge = now.auto_merge;
    if (out.draft == now.draft) out.mergeable = now.mergeable;
    return out;
}

Status Gitea::close(const PullRequest& now) {
    if (now.state != State::Open) return {};
    LINKSPAN_TRY(response, caller_.send(set_state(repo_, now.number, false)));
    if (is_success(response)) return {};
    Error error = explain(ForgeType::Gitea, response);
    if (response.status == 412) {
        // Merged meanwhile, or it depends on others that are open: no second look changes that.
        auto after = caller_.ask(get_pull(repo_, now.number));
        if (after.has_value() && read_pull(*after).state == State::Open) {
            error.kind = Errc::InvalidInput;
        }
    }
    return error;
}

Result<PullRequest> Gitea::reopen(const PullRequest& now) {
    if (now.state == State::Open) return now;
    LINKSPAN_TRY(pull, caller_.ask(set_state(repo_, now.number, true)));
    return read_pull(pull);
}

Result<Json> Gitea::labels() {
    const Pages own{.make = [&](unsigned page) { return list_labels(repo_, page); }};
    const Pages shared{
        .make = [&](unsigned page) { return list_organization_labels(repo_, page); }};
    LINKSPAN_TRY(list, numbered_pages(caller_, own));
    auto more = numbered_pages(caller_, shared);
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
    Status all;
    for (const auto& name : missing) {
        const auto it = std::find_if(known.begin(), known.end(), [&](const Json& label) {
            return equal_ignoring_case(text(label, {"name"}), name);
        });
        if (it != known.end()) {
            ids.push_back(number(*it, {"id"}));
            continue;
        }
        // One that can't be made does not keep the others away.
        auto made = caller_.ask(create_label(repo_, name));
        if (made.has_value()) {
            ids.push_back(number(*made, {"id"}));
        } else {
            all = made.error();
        }
    }
    if (!ids.empty()) {
        auto status = caller_.tell(gitea::add_labels(repo_, now.number, ids));
        if (status.has_error()) return status;
    }
    return all;
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
    auto missing = missing_from(now.assignees, people.assignees);
    if (missing.empty()) return {};
    auto all = now.assignees;
    all.insert(all.end(), missing.begin(), missing.end());
    auto answer = caller_.tell(set_assignees(repo_, now.number, all));
    if (answer.has_value()) return {};
    // An account that may not be assigned, as of someone who left, is answered with 500.
    auto list = caller_.ask(list_assignable(repo_));
    if (list.has_error()) return answer.error();
    const auto assignable = texts(*list, {"login"});
    std::erase_if(missing, [&](const std::string& who) {
        if (contains_ignoring_case(assignable, who)) return false;
        unasked.push_back({who, "Gitea can't assign pull requests of this repository to them"});
        return true;
    });
    auto assigned = now.assignees;
    std::erase_if(assigned, [&](const std::string& who) {
        return !contains_ignoring_case(assignable, who);
    });
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
    const auto ask_all = [&](const auto& some_users, const auto& some_teams) -> Status {
        LINKSPAN_TRY(
            reviews, caller_.ask(request_reviews(repo_, now.number, some_users, some_teams))
        );
        if (some_teams.empty() || asked_teams(reviews)) return {};
        for (const auto& team : some_teams) {
            unasked.push_back({team, "Gitea asked no team: has the repository's owner any?"});
        }
        return {};
    };
    auto all = ask_all(users, teams);
    if (all.has_value()) return {};
    using Names = std::vector<std::string>;
    for (std::size_t i = 0; i < users.size() + teams.size(); ++i) {
        const bool user = i < users.size();
        const auto& who = user ? users[i] : teams[i - users.size()];
        auto one = user ? ask_all(Names{who}, Names{}) : ask_all(Names{}, Names{who});
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
    const Pages pages{.make = [&](unsigned page) { return list_milestones(repo_, page); }};
    LINKSPAN_TRY(list, numbered_pages(caller_, pages));
    for (const Json& milestone : list) {
        if (text(milestone, {"title"}) != title) continue;
        return caller_.tell(gitea::set_milestone(repo_, now.number, number(milestone, {"id"})));
    }
    return Error{Errc::NotFound, "Gitea has no open milestone \"" + title + "\""};
}

Result<std::optional<LabelEvent>> Gitea::labeled_by(
    const PullRequest& now, const std::string& label
) {
    const Pages events{
        .make = [&](unsigned page) { return list_timeline(repo_, now.number, page); },
        .counted = false};
    LINKSPAN_TRY(list, numbered_pages(caller_, events));
    return read_timeline(list, label);
}

Result<std::vector<Comment>> Gitea::comments(const PullRequest& now) {
    // All of them: they have no pages.
    LINKSPAN_TRY(list, caller_.ask(list_comments(repo_, now.number)));
    return read_comments(list);
}

Status Gitea::comment(const PullRequest& now, const std::string& text) {
    auto answer = caller_.tell(add_comment(repo_, now.number, text));
    if (answer.has_error()) return look_for_comment(*this, now, text, answer.error());
    return {};
}

Status Gitea::set_status(const std::string& commit, const CheckStatus& status) {
    return caller_.tell(gitea::set_status(repo_, commit, status));
}

Result<bool> Gitea::may_write(const std::string& user) {
    if (equal_ignoring_case(user, repo_.owner)) return true;
    auto answer = caller_.ask(permission_of(repo_, user));
    if (answer.has_error()) {
        if (answer.error().kind == Errc::NotFound) return false;
        if (answer.error().kind != Errc::Unauthorized) return answer.error();
        return Error{
            Errc::Unauthorized,
            answer.error().message + "; only administrators of the repository may ask this"};
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
