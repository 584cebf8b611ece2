#include "service/forge/github.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"

#include <fmt/format.h>

namespace linkspan::forge {

using namespace github;

namespace {

constexpr int kTries = 3;  // what GitHub itself is too early for
constexpr std::chrono::milliseconds kPause{500};

}  // namespace

Github::Github(CallerOptions options, Repo repo)
    : caller_{std::move(options)}, repo_{std::move(repo)}, owner_{repo_.owner} {}

const Capabilities& Github::capabilities() const {
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
        .api_commits = true,
        .html_comments = true,
        .title_limit = 256,
        .body_limit = 65536};
    return kAll;
}

std::string Github::name() const { return fmt::format("GitHub {}/{}", repo_.owner, repo_.name); }

Result<std::vector<PullRequest>> Github::find(
    const std::string& head, const std::string& base, std::optional<State> state
) {
    LINKSPAN_TRY(
        list, caller_.linked_pages(find_pulls(repo_, head_owner() + ":" + head, base, state))
    );
    auto pulls = read_pulls(list);
    // "closed" is both.
    std::erase_if(pulls, [&](const PullRequest& pull) {
        return (state && pull.state != *state) || pull.head != head ||
               (!base.empty() && pull.base != base);
    });
    return pulls;
}

Result<PullRequest> Github::get(std::int64_t number) {
    LINKSPAN_TRY(pull, caller_.ask(get_pull(repo_, number)));
    PullRequest out = read_pull(pull);
    if (out.state == State::Closed) {
        // Who closed it is told of the issue only; without the right to see it, nobody did.
        auto issue = caller_.ask(get_issue(repo_, number));
        if (issue.has_value()) out.closed_by = text(*issue, {"closed_by", "login"});
    }
    if (out.state == State::Open && !out.auto_merge) out.auto_merge = is_queued(out);
    return out;
}

std::string Github::head_owner() {
    const std::lock_guard lock{mutex_};
    return owner_;
}

// After a change of name GitHub redirects, but finds no branch by the old owner.
void Github::learn_owner() {
    const auto repository = caller_.ask(get_repository(repo_));
    if (repository.has_error()) return;
    const std::string owner = text(*repository, {"owner", "login"});
    const std::lock_guard lock{mutex_};
    if (!owner.empty()) owner_ = owner;
}

Result<PullRequest> Github::open(const NewPullRequest& wanted) {
    auto response = caller_.send(open_pull(repo_, wanted));
    for (int tries = 1; tries < kTries && response.has_value() && may_be_too_early(*response);
         ++tries) {
        if (!caller_.pause(tries * kPause)) break;
        response = caller_.send(open_pull(repo_, wanted));
    }
    if (response.has_error()) return look_for_opened(*this, wanted, response.error());
    if (!is_success(*response)) {
        const bool no_drafts =
            wanted.draft && response->status == 422 &&
            words_of(*response).find("Draft pull requests are not supported") != std::string::npos;
        if (!no_drafts) {
            Error refusal = read_open_refusal(*response);
            if (refusal.kind == Errc::Conflict) learn_owner();
            return refusal;
        }
        NewPullRequest plain = wanted;
        plain.draft = false;
        return open(plain);
    }
    LINKSPAN_TRY(pull, read_json(response->body));
    return read_pull(pull);
}

Status Github::mutate(const Call& call) {
    LINKSPAN_TRY(body, caller_.ask(call));
    if (auto error = read_graphql_errors(body)) return *error;
    return {};
}

Result<PullRequest> Github::update(const PullRequest& now, const PullRequestChange& change) {
    PullRequest out = now;
    if (const auto call = update_pull(repo_, now, change)) {
        LINKSPAN_TRY(pull, caller_.ask(*call));
        out = read_pull(pull);
    }
    if (change.draft && *change.draft != now.draft) {
        auto set = mutate(set_draft(now.id, *change.draft));
        if (set.has_error()) return set.error();
        out.draft = *change.draft;
    }
    return out;
}

Status Github::close(const PullRequest& now) {
    if (now.state != State::Open) return {};
    return caller_.tell(set_state(repo_, now.number, false));
}

Result<PullRequest> Github::reopen(const PullRequest& now) {
    if (now.state == State::Open) return now;
    LINKSPAN_TRY(pull, caller_.ask(set_state(repo_, now.number, true)));
    return read_pull(pull);
}

Status Github::add_labels(const PullRequest& now, const std::vector<std::string>& labels) {
    const auto missing = missing_from(now.labels, labels);
    if (missing.empty()) return {};
    return caller_.tell(github::add_labels(repo_, now.number, missing));
}

Status Github::remove_labels(const PullRequest& now, const std::vector<std::string>& labels) {
    for (const auto& label : labels) {
        LINKSPAN_TRY(response, caller_.send(remove_label(repo_, now.number, label)));
        if (!is_success(response) && response.status != 404) {
            return explain(ForgeType::Github, response);
        }
    }
    return {};
}

Status Github::assign(const PullRequest& now, const People& people, std::vector<Unasked>& unasked) {
    const auto missing = missing_from(now.assignees, people.assignees);
    if (missing.empty()) return {};
    // Just after it was opened, a pull request may not be known as an issue yet.
    auto answer = caller_.ask(add_assignees(repo_, now.number, missing));
    for (int tries = 1;
         tries < kTries && answer.has_error() && answer.error().kind == Errc::NotFound;
         ++tries) {
        if (!caller_.pause(kPause)) break;
        answer = caller_.ask(add_assignees(repo_, now.number, missing));
    }
    if (answer.has_error()) {
        if (answer.error().kind != Errc::NotFound && answer.error().kind != Errc::InvalidInput) {
            return answer.error();
        }
        for (const auto& who : missing) unasked.push_back({who, answer.error().message});
        return {};
    }
    // Who may not be assigned is left out without a word.
    const auto assigned = texts(field(*answer, {"assignees"}), {"login"});
    for (const auto& who : missing_from(assigned, missing)) {
        unasked.push_back({who, "GitHub does not assign them: no access to the repository"});
    }
    return {};
}

Status Github::request(
    const PullRequest& now, const People& people, std::vector<Unasked>& unasked
) {
    auto users = missing_from(now.reviewers, people.reviewers);
    std::erase_if(users, [&](const std::string& who) {
        if (!equal_ignoring_case(who, now.author)) return false;
        unasked.push_back({who, "the author can't review"});
        return true;
    });
    std::vector<std::string> teams;
    for (const auto& team : people.teams) {
        const auto slug = team.substr(team.rfind('/') + 1);
        if (!contains_ignoring_case(now.teams, slug)) teams.push_back(team);
    }
    if (users.empty() && teams.empty()) return {};
    // Unauthorized, too: of teams, when the token may not see the organization's.
    const auto refused = [](const Error& error) {
        return error.kind == Errc::InvalidInput || error.kind == Errc::NotFound ||
               error.kind == Errc::Unauthorized;
    };
    auto all = caller_.ask(request_reviews(repo_, now.number, users, teams));
    if (all.has_value()) return {};
    if (!refused(all.error())) return all.error();
    // All or nothing: one who left stops the others, so each is asked alone.
    for (std::size_t i = 0; i < users.size() + teams.size(); ++i) {
        const bool user = i < users.size();
        const auto& who = user ? users[i] : teams[i - users.size()];
        auto one = caller_.ask(
            user ? request_reviews(repo_, now.number, {who}, {})
                 : request_reviews(repo_, now.number, {}, {who})
        );
        if (one.has_value()) continue;
        if (!refused(one.error())) return one.error();
        unasked.push_back({who, one.error().message});
    }
    return {};
}

Result<std::vector<Unasked>> Github::ask(const PullRequest& now, const People& people) {
    std::vector<Unasked> unasked;
    if (auto status = assign(now, people, unasked); status.has_error()) return status.error();
    if (auto status = request(now, people, unasked); status.has_error()) return status.error();
    return unasked;
}

Status Github::set_milestone(const PullRequest& now, const std::string& title) {
    LINKSPAN_TRY(list, caller_.linked_pages(list_milestones(repo_)));
    for (const Json& milestone : list) {
        if (text(milestone, {"title"}) != title) continue;
        return caller_.tell(github::set_milestone(repo_, now.number, number(milestone, {"number"}))
        );
    }
    return Error{Errc::NotFound, "GitHub has no open milestone \"" + title + "\""};
}

Result<std::optional<LabelEvent>> Github::labeled_by(
    const PullRequest& now, const std::string& label
) {
    LINKSPAN_TRY(list, caller_.linked_pages(list_events(repo_, now.number)));
    return read_label_events(list, label);
}

Result<std::vector<Comment>> Github::comments(const PullRequest& now) {
    LINKSPAN_TRY(list, caller_.linked_pages(list_comments(repo_, now.number)));
    return read_comments(list);
}

Status Github::comment(const PullRequest& now, const std::string& text) {
    auto answer = caller_.ask(add_comment(repo_, now.number, text));
    if (answer.has_error()) return look_for_comment(*this, now, text, answer.error());
    return {};
}

}  // namespace linkspan::forge
