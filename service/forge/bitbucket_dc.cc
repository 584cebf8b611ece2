#include "service/forge/bitbucket_dc.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"
#include "service/forge/bitbucket_dc_answers.h"

#include <fmt/format.h>

namespace linkspan::forge {

using namespace bitbucket_dc;
using transport::HttpResponse;

namespace {

using MakeCall = std::function<Call(std::int64_t start)>;

// {"values": […], "isLastPage": false, "nextPageStart": 25}
// `enough`: no further pages after these.
Result<Json> value_pages(
    Caller& caller, const MakeCall& make, const std::function<bool(const Json& items)>& enough = {}
) {
    return caller.pages(make(0), [&](const Call&, const HttpResponse&, Json body) {
        Caller::Page page{.items = field(body, {"values"}), .next = std::nullopt};
        const Json& next = field(body, {"nextPageStart"});
        const bool more = !flag(body, {"isLastPage"}) && next.is_number_integer();
        if (more && !(enough && enough(page.items))) {
            page.next = make(next.get<std::int64_t>());
        }
        return page;
    });
}

}  // namespace

BitbucketDc::BitbucketDc(CallerOptions options, Repo repo)
    : caller_{std::move(options)}, repo_{std::move(repo)} {}

const Capabilities& BitbucketDc::capabilities() const {
    static const Capabilities kAll{
        .labels = false,
        .assignees = false,
        .reviewers = true,
        .team_reviewers = false,
        .milestones = false,
        .drafts = true,
        .auto_merge = true,
        .reopen = true,
        .comments = true,
        .statuses = true,
        // One file for one commit is all that its API can do.
        .api_commits = false,
        .html_comments = false,
        .closing = "Decline",
        .title_limit = 255,
        .body_limit = 32768};
    return kAll;
}

std::string BitbucketDc::name() const {
    return fmt::format("Bitbucket {}/{}", repo_.key, repo_.slug);
}

Result<std::vector<PullRequest>> BitbucketDc::find(
    const std::string& head, const std::string& base, std::optional<State> state
) {
    const auto look = [&](std::optional<State> wanted) -> Result<std::vector<PullRequest>> {
        const auto make = [&](std::int64_t start) {
            return find_pulls(repo_, head, wanted, start);
        };
        // A branch may have had hundreds; the newest tells what became of it.
        const auto ours = [&](const Json& items) { return !read_pulls(items, base).empty(); };
        LINKSPAN_TRY(list, value_pages(caller_, make, ours));
        return read_pulls(list, base);
    };
    if (state) return look(state);
    auto open = look(State::Open);
    if (open.has_error() || !open->empty()) return open;
    return look(std::nullopt);
}

Result<PullRequest> BitbucketDc::get(std::int64_t number) {
    LINKSPAN_TRY(pull, caller_.ask(get_pull(repo_, number)));
    PullRequest out = read_pull(pull);
    if (out.state == State::Closed) {
        const auto activities = caller_.ask(list_activities(repo_, number, 0));
        if (activities.has_value()) out.closed_by = read_decliner(field(*activities, {"values"}));
    }
    if (out.state != State::Open) return out;
    // All of this is told elsewhere; where it can't be had, nothing is known.
    if (auto answer = caller_.ask(get_mergeability(repo_, number)); answer.has_value()) {
        Json builds;
        if (may_merge_now(*answer)) {
            if (auto stats = caller_.ask(get_build_stats(out.head_commit)); stats.has_value()) {
                builds = std::move(*stats);
            }
        }
        out.mergeable = read_mergeability(pull, *answer, builds);
    }
    auto armed = caller_.ask(get_auto_merge(repo_, number));
    out.auto_merge = armed.has_value() && armed->is_object() && !armed->empty();
    return out;
}

Result<PullRequest> BitbucketDc::open(const NewPullRequest& wanted) {
    auto response = caller_.send(open_pull(repo_, wanted));
    if (response.has_error()) return look_for_opened(*this, wanted, response.error());
    if (!is_success(*response)) return read_refusal(*response);
    LINKSPAN_TRY(pull, read_json(response->body));
    return read_pull(pull);
}

Result<PullRequest> BitbucketDc::put(
    PullRequest now,
    const PullRequestChange& change,
    std::vector<std::string> reviewers,
    std::vector<Unasked>* unasked
) {
    // Once more for a stale version, once more for reviewers who are gone.
    for (int tries = 0;; ++tries) {
        LINKSPAN_TRY(response, caller_.send(update_pull(repo_, now, change, reviewers)));
        if (is_success(response)) {
            LINKSPAN_TRY(pull, read_json(response.body));
            return read_pull(pull);
        }
        if (tries >= 2) return read_refusal(response);
        const auto refused = refused_reviewers(response);
        for (const auto& [who, why] : refused) {
            std::erase(reviewers, who);
            if (unasked != nullptr) unasked->push_back({who, why});
        }
        if (!refused.empty()) continue;
        if (exception_of(response) != "PullRequestOutOfDateException") {
            return read_refusal(response);
        }
        LINKSPAN_TRY(fresh, caller_.ask(get_pull(repo_, now.number)));
        const auto before = now.reviewers;
        const auto as_is = read_pull(fresh);
        // What somebody wrote meanwhile is not written over: the caller looks again.
        if ((change.title && as_is.title != now.title) || (change.body && as_is.body != now.body)) {
            return read_refusal(response);
        }
        now = as_is;
        // Who came meanwhile stays, and who left meanwhile does not come back.
        auto added = missing_from(before, reviewers);
        reviewers = now.reviewers;
        for (auto& who : missing_from(reviewers, added)) reviewers.push_back(std::move(who));
    }
}

Result<PullRequest> BitbucketDc::update(const PullRequest& now, const PullRequestChange& change) {
    const bool same = (!change.title || *change.title == now.title) &&
                      (!change.body || *change.body == now.body) &&
                      (!change.draft || *change.draft == now.draft) &&
                      (!change.base || *change.base == now.base);
    if (same) return now;
    LINKSPAN_TRY(pull, put(now, change, now.reviewers, nullptr));
    pull.auto_merge = now.auto_merge;
    if (pull.draft == now.draft) pull.mergeable = now.mergeable;
    return std::move(pull);
}

Status BitbucketDc::turn(const PullRequest& now, std::string_view verb, State wanted) {
    if (now.state == wanted) return {};
    LINKSPAN_TRY(response, caller_.send(bitbucket_dc::turn(repo_, now, verb)));
    if (is_success(response)) return {};
    if (response.status != 409) return read_refusal(response);
    LINKSPAN_TRY(answer, caller_.ask(get_pull(repo_, now.number)));
    const auto fresh = read_pull(answer);
    if (fresh.state == wanted) return {};
    if (fresh.version == now.version) return read_refusal(response);
    LINKSPAN_TRY(again, caller_.send(bitbucket_dc::turn(repo_, fresh, verb)));
    if (is_success(again)) return {};
    return read_refusal(again);
}

Status BitbucketDc::close(const PullRequest& now) {
    if (now.state != State::Open) return {};
    return turn(now, "decline", State::Closed);
}

Result<PullRequest> BitbucketDc::reopen(const PullRequest& now) {
    auto status = turn(now, "reopen", State::Open);
    if (status.has_error()) return status.error();
    return get(now.number);
}

Status BitbucketDc::add_labels(const PullRequest&, const std::vector<std::string>&) {
    return unsupported("Bitbucket Data Center", "labels");
}

Status BitbucketDc::remove_labels(const PullRequest&, const std::vector<std::string>&) {
    return unsupported("Bitbucket Data Center", "labels");
}

Result<std::vector<Unasked>> BitbucketDc::ask(const PullRequest& now, const People& people) {
    std::vector<Unasked> unasked;
    for (const auto& who : people.assignees) {
        unasked.push_back({who, "Bitbucket Data Center has no assignees"});
    }
    for (const auto& who : people.teams) {
        unasked.push_back({who, "Bitbucket Data Center asks people for a review, not groups"});
    }
    if (people.reviewers.empty()) return unasked;
    LINKSPAN_TRY(answer, caller_.ask(get_pull(repo_, now.number)));
    const auto fresh = read_pull(answer);
    auto reviewers = fresh.reviewers;
    for (const auto& who : missing_from(fresh.reviewers, people.reviewers)) {
        if (equal_ignoring_case(who, fresh.author)) {
            unasked.push_back({who, "the author can't review"});
        } else {
            reviewers.push_back(who);
        }
    }
    if (reviewers.size() == fresh.reviewers.size()) return unasked;
    auto after = put(fresh, {}, std::move(reviewers), &unasked);
    if (after.has_error()) return after.error();
    return unasked;
}

Status BitbucketDc::set_milestone(const PullRequest&, const std::string&) {
    return unsupported("Bitbucket Data Center", "milestones");
}

Result<std::vector<Comment>> BitbucketDc::comments(const PullRequest& now) {
    LINKSPAN_TRY(list, value_pages(caller_, [&](std::int64_t start) {
                     return list_activities(repo_, now.number, start);
                 }));
    return read_activities(list);
}

Status BitbucketDc::comment(const PullRequest& now, const std::string& text) {
    auto answer = caller_.tell(add_comment(repo_, now.number, text));
    if (answer.has_error()) return look_for_comment(*this, now, text, answer.error());
    return {};
}

Result<MergeAnswer> BitbucketDc::try_merge(
    const PullRequest& now, const MergeRequest& wanted, bool when_green
) {
    if (now.state == State::Merged) return MergeAnswer{Merged{now.merge_commit}};
    // A push does not change the version, so the head is looked at beside it.
    PullRequest fresh;
    for (int tries = 0;; ++tries) {
        LINKSPAN_TRY(as_is, caller_.ask(get_pull(repo_, now.number)));
        fresh = read_pull(as_is);
        if (fresh.state == State::Merged) return MergeAnswer{Merged{fresh.merge_commit}};
        if (fresh.state == State::Closed) return MergeAnswer{MergeRefused{"it was declined"}};
        if (fresh.head_commit != wanted.head_commit) return MergeAnswer{HeadMoved{}};
        auto response = caller_.send(merge_pull(repo_, fresh, wanted, when_green));
        if (response.has_error()) return look_for_merged(*this, now, response.error());
        LINKSPAN_TRY(answer, read_merge(*response, when_green));
        // Another version, the same head: somebody changed the title.
        if (std::holds_alternative<HeadMoved>(answer) && tries == 0) continue;
        if (std::holds_alternative<Merged>(answer) && wanted.delete_branch) {
            (void)delete_branch(now.head, wanted.head_commit);
        }
        return std::move(answer);
    }
}

Result<MergeAnswer> BitbucketDc::merge(const PullRequest& now, const MergeRequest& wanted) {
    return try_merge(now, wanted, false);
}

Result<MergeAnswer> BitbucketDc::arm_auto_merge(
    const PullRequest& now, const MergeRequest& wanted
) {
    // What may be merged is merged at once then, whatever builds run that no merge check asks for.
    const auto answer = caller_.ask(get_mergeability(repo_, now.number));
    if (answer.has_value() && may_merge_now(*answer)) {
        LINKSPAN_TRY(fresh, caller_.ask(get_pull(repo_, now.number)));
        if (read_pull(fresh).head_commit != wanted.head_commit) return MergeAnswer{HeadMoved{}};
        return MergeAnswer{AlreadyMergeable{"no merge check stands in its way"}};
    }
    return try_merge(now, wanted, true);
}

Status BitbucketDc::disarm_auto_merge(const PullRequest& now) {
    LINKSPAN_TRY(response, caller_.send(bitbucket_dc::cancel_auto_merge(repo_, now.number)));
    // Not armed, or a version that can't.
    if (is_success(response) || response.status == 404 || response.status == 409) return {};
    return read_refusal(response);
}

Status BitbucketDc::set_status(const std::string& commit, const CheckStatus& status) {
    const std::string home =
        fmt::format("{}/projects/{}/repos/{}", caller_.options().base, repo_.key, repo_.slug);
    return caller_.tell(bitbucket_dc::set_status(commit, status, home));
}

Result<bool> BitbucketDc::may_write(const std::string& user) {
    LINKSPAN_TRY(body, caller_.ask(find_writers(repo_, user)));
    const auto names = texts(field(body, {"values"}), {"name"});
    return contains_ignoring_case(names, user);
}

Result<std::optional<std::string>> BitbucketDc::head_of(const std::string& branch) {
    LINKSPAN_TRY(body, caller_.ask(find_branches(repo_, branch)));
    for (const Json& one : field(body, {"values"})) {
        if (text(one, {"id"}) == "refs/heads/" + branch)
            return std::optional{text(one, {"latestCommit"})};
    }
    return std::optional<std::string>{};
}

Status BitbucketDc::delete_branch(const std::string& branch, const std::string& expected) {
    LINKSPAN_TRY(response, caller_.send(bitbucket_dc::delete_branch(repo_, branch, expected)));
    if (is_success(response) || response.status == 404) return {};
    if (response.status == 400 || response.status == 409) {
        auto head = head_of(branch);
        if (head.has_value() && !*head) return {};
        if (head.has_value() && **head != expected) {
            return Error{Errc::Conflict, "the branch " + branch + " has moved to " + **head};
        }
    }
    return read_refusal(response);
}

Result<std::string> BitbucketDc::commit_through_api(const ApiCommit&) {
    return unsupported("Bitbucket Data Center", "API");
}

}  // namespace linkspan::forge
