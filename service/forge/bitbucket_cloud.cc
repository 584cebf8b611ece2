#include "service/forge/bitbucket_cloud.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"
#include "service/forge/bitbucket_cloud_answers.h"

#include <fmt/format.h>

namespace linkspan::forge {

using namespace bitbucket_cloud;
using transport::HttpResponse;

namespace {

constexpr int kLooks = 6;
constexpr std::chrono::milliseconds kBetweenLooks{500};

// {"values": […], "next": "https://…"}
// `enough`: no further pages after these.
Result<Json> value_pages(
    Caller& caller, Call first, const std::function<bool(const Json& items)>& enough = {}
) {
    std::optional<Error> foreign;
    auto all = caller.pages(std::move(first), [&](const Call&, const HttpResponse&, Json body) {
        Caller::Page page{.items = field(body, {"values"}), .next = std::nullopt};
        const auto next = text(body, {"next"});
        if (!next.empty() && !(enough && enough(page.items))) {
            auto call = caller.call_for(next);
            if (call.has_error()) {
                foreign = call.error();
            } else {
                page.next = std::move(*call);
            }
        }
        return page;
    });
    if (foreign) return *foreign;
    return all;
}

}  // namespace

BitbucketCloud::BitbucketCloud(CallerOptions options, Repo repo)
    : caller_{std::move(options)}, repo_{std::move(repo)} {}

const Capabilities& BitbucketCloud::capabilities() const {
    static const Capabilities kAll{
        .labels = false,
        .assignees = false,
        .reviewers = true,
        .team_reviewers = false,
        .milestones = false,
        .drafts = true,
        .auto_merge = false,
        .reopen = false,
        .comments = true,
        .statuses = true,
        .api_commits = false,
        .html_comments = false,
        .closing = "Decline",
        .title_limit = 255,
        .body_limit = 32768};
    return kAll;
}

std::string BitbucketCloud::name() const {
    return fmt::format("Bitbucket {}/{}", repo_.workspace, repo_.name);
}

Result<std::vector<PullRequest>> BitbucketCloud::find(
    const std::string& head, const std::string& base, std::optional<State> state
) {
    const auto look = [&](const std::vector<State>& states) -> Result<std::vector<PullRequest>> {
        const auto ours = [&](const Json& items) { return !read_pulls(items, repo_).empty(); };
        LINKSPAN_TRY(list, value_pages(caller_, find_pulls(repo_, head, base, states), ours));
        auto pulls = read_pulls(list, repo_);
        // A branch may have had hundreds, and each is two more requests.
        if (!pulls.empty()) pulls.front() = whole(std::move(pulls.front()));
        return pulls;
    };
    if (state) return look({*state});
    auto open = look({State::Open});
    if (open.has_error() || !open->empty()) return open;
    return look({State::Merged, State::Closed});
}

PullRequest BitbucketCloud::whole(PullRequest pull) {
    for (std::string* const commit : {&pull.head_commit, &pull.merge_commit}) {
        if (commit->empty() || commit->size() >= 40) continue;
        auto answer = caller_.ask(get_commit(repo_, *commit));
        if (answer.has_error()) continue;
        const auto hash = text(*answer, {"hash"});
        if (hash.starts_with(*commit)) *commit = hash;
    }
    return pull;
}

Result<PullRequest> BitbucketCloud::get(std::int64_t number) {
    LINKSPAN_TRY(answer, caller_.ask(get_pull(repo_, number)));
    auto pull = whole(read_pull(answer));
    if (pull.state != State::Open) return pull;
    // The platform does not say whether it may be merged; what its builds say is known, or nothing.
    auto statuses = value_pages(caller_, get_statuses(repo_, pull.head_commit));
    if (statuses.has_value()) pull.mergeable = read_mergeable(answer, *statuses);
    return pull;
}

Result<PullRequest> BitbucketCloud::open(const NewPullRequest& wanted) {
    // A second one for a branch is not refused: the first would be rewritten.
    LINKSPAN_TRY(there, find(wanted.head, wanted.base, State::Open));
    if (!there.empty()) {
        return Error{
            Errc::Conflict,
            fmt::format("Bitbucket Cloud: pull request {} is open already", there.front().number)};
    }
    auto pull = caller_.ask(open_pull(repo_, wanted));
    if (pull.has_error()) return look_for_opened(*this, wanted, pull.error());
    return whole(read_pull(*pull));
}

Result<PullRequest> BitbucketCloud::put(
    const Json& as_is,
    const PullRequestChange& change,
    const std::vector<std::string>& added,
    std::vector<Unasked>* unasked
) {
    auto reviewers = texts(field(as_is, {"reviewers"}), {"uuid"});
    for (auto& who : missing_from(reviewers, added)) reviewers.push_back(std::move(who));
    LINKSPAN_TRY(response, caller_.send(update_pull(repo_, as_is, change, reviewers)));
    if (is_about_reviewers(response)) {
        LINKSPAN_TRY(done, put_without_refused(as_is, change, reviewers, response));
        for (const auto& who : missing_from(done.reviewers, added)) {
            if (unasked != nullptr) unasked->push_back({who, words_of(response)});
        }
        response = std::move(done.response);
    }
    if (!is_success(response)) return explain(ForgeType::BitbucketCloud, response);
    LINKSPAN_TRY(pull, read_json(response.body));
    return whole(read_pull(pull));
}

Result<BitbucketCloud::Put> BitbucketCloud::put_without_refused(
    const Json& as_is,
    const PullRequestChange& change,
    std::vector<std::string> reviewers,
    const HttpResponse& refusal
) {
    const auto attempt = [&](std::vector<std::string> some) -> Result<Put> {
        LINKSPAN_TRY(response, caller_.send(update_pull(repo_, as_is, change, some)));
        return Put{std::move(response), std::move(some)};
    };
    const auto named = named_reviewers(refusal, as_is);
    if (std::erase_if(reviewers, [&](const auto& one) {
            return contains_ignoring_case(named, one);
        }) > 0) {
        LINKSPAN_TRY(done, attempt(reviewers));
        if (!is_about_reviewers(done.response)) return std::move(done);
    }
    // Whoever is left out for a moment loses an approval, so all but one stay, the new ones last.
    for (std::size_t i = reviewers.size(); i > 0; --i) {
        auto some = reviewers;
        some.erase(some.begin() + static_cast<std::ptrdiff_t>(i - 1));
        LINKSPAN_TRY(done, attempt(std::move(some)));
        if (!is_about_reviewers(done.response)) return std::move(done);
    }
    LINKSPAN_TRY(best, attempt({}));
    for (const auto& who : reviewers) {
        auto some = best.reviewers;
        some.push_back(who);
        LINKSPAN_TRY(done, attempt(std::move(some)));
        if (!is_about_reviewers(done.response)) best = std::move(done);
    }
    return std::move(best);
}

Result<PullRequest> BitbucketCloud::update(
    const PullRequest& now, const PullRequestChange& change
) {
    const bool same = (!change.title || *change.title == now.title) &&
                      (!change.body || *change.body == now.body) &&
                      (!change.draft || *change.draft == now.draft) &&
                      (!change.base || *change.base == now.base);
    if (same) return now;
    LINKSPAN_TRY(as_is, caller_.ask(get_pull(repo_, now.number)));
    const auto fresh = read_pull(as_is);
    if ((change.title && fresh.title != now.title) || (change.body && fresh.body != now.body)) {
        return Error{
            Errc::Conflict, "Bitbucket Cloud: somebody changed the pull request meanwhile"};
    }
    LINKSPAN_TRY(pull, put(as_is, change, {}, nullptr));
    if (pull.draft == now.draft) pull.mergeable = now.mergeable;
    return std::move(pull);
}

Status BitbucketCloud::close(const PullRequest& now) {
    if (now.state != State::Open) return {};
    LINKSPAN_TRY(response, caller_.send(decline(repo_, now.number)));
    if (is_success(response)) return {};
    auto after = get(now.number);
    if (after.has_value() && after->state == State::Closed) return {};
    return explain(ForgeType::BitbucketCloud, response);
}

Result<PullRequest> BitbucketCloud::reopen(const PullRequest&) {
    return Error{Errc::InvalidInput, "Bitbucket Cloud can't reopen a declined pull request"};
}

Status BitbucketCloud::add_labels(const PullRequest&, const std::vector<std::string>&) {
    return unsupported("Bitbucket Cloud", "labels");
}

Status BitbucketCloud::remove_labels(const PullRequest&, const std::vector<std::string>&) {
    return unsupported("Bitbucket Cloud", "labels");
}

Result<std::optional<std::string>> BitbucketCloud::account(const std::string& who) {
    if (who.starts_with('{')) return std::optional{who};
    LINKSPAN_TRY(members, value_pages(caller_, list_members(repo_)));
    for (const Json& member : members) {
        const Json& user = field(member, {"user"});
        if (text(user, {"account_id"}) == who ||
            equal_ignoring_case(text(user, {"nickname"}), who) ||
            equal_ignoring_case(text(user, {"display_name"}), who)) {
            return std::optional{text(user, {"uuid"})};
        }
    }
    return std::optional<std::string>{};
}

Result<std::vector<Unasked>> BitbucketCloud::ask(const PullRequest& now, const People& people) {
    std::vector<Unasked> unasked;
    for (const auto& who : people.assignees) {
        unasked.push_back({who, "Bitbucket Cloud has no assignees"});
    }
    for (const auto& who : people.teams) {
        unasked.push_back({who, "Bitbucket Cloud asks people for a review, not groups"});
    }
    if (people.reviewers.empty()) return unasked;
    LINKSPAN_TRY(as_is, caller_.ask(get_pull(repo_, now.number)));
    const auto fresh = read_pull(as_is);
    std::vector<std::string> added;
    for (const auto& who : people.reviewers) {
        auto id = account(who);
        if (id.has_error() && id.error().kind == Errc::Unauthorized) {
            // Tokens of a repository or project may not see the workspace's members.
            unasked.push_back({who, "give the UUID in braces: " + id.error().message});
        } else if (id.has_error()) {
            return id.error();
        } else if (!*id) {
            unasked.push_back({who, "not a member of the workspace"});
        } else if (**id == fresh.author) {
            unasked.push_back({who, "the author can't review"});
        } else {
            added.push_back(**id);
        }
    }
    if (missing_from(fresh.reviewers, added).empty()) return unasked;
    LINKSPAN_TRY(after, put(as_is, {}, added, &unasked));
    (void)after;
    return unasked;
}

Status BitbucketCloud::set_milestone(const PullRequest&, const std::string&) {
    return unsupported("Bitbucket Cloud", "milestones");
}

Result<std::vector<Comment>> BitbucketCloud::comments(const PullRequest& now) {
    LINKSPAN_TRY(list, value_pages(caller_, list_comments(repo_, now.number)));
    return read_comments(list);
}

Status BitbucketCloud::comment(const PullRequest& now, const std::string& text) {
    auto answer = caller_.tell(add_comment(repo_, now.number, text));
    if (answer.has_error()) return look_for_comment(*this, now, text, answer.error());
    return {};
}

Result<MergeAnswer> BitbucketCloud::await_merge(
    const PullRequest& now, const std::string& status_url
) {
    // The merge has begun: without a place to ask, the pull request tells how it went.
    const auto task = caller_.call_for(status_url);
    for (int look = 0; task.has_value() && look < kLooks && caller_.pause(kBetweenLooks); ++look) {
        LINKSPAN_TRY(response, caller_.send(*task));
        if (!is_success(response)) return read_merge(response);
        LINKSPAN_TRY(body, read_json(response.body));
        if (text(body, {"task_status"}) != "PENDING") break;
    }
    LINKSPAN_TRY(after, get(now.number));
    if (after.state == State::Merged) return MergeAnswer{Merged{after.merge_commit}};
    return MergeAnswer{NotYet{"Bitbucket is merging"}};
}

Result<MergeAnswer> BitbucketCloud::merge(const PullRequest& now, const MergeRequest& wanted) {
    if (now.state == State::Merged) return MergeAnswer{Merged{now.merge_commit}};
    LINKSPAN_TRY(fresh, get(now.number));
    if (fresh.state == State::Merged) return MergeAnswer{Merged{fresh.merge_commit}};
    if (fresh.state == State::Closed) return MergeAnswer{MergeRefused{"it was declined"}};
    // A hash may be short here.
    if (fresh.head_commit.empty() || !wanted.head_commit.starts_with(fresh.head_commit)) {
        return MergeAnswer{HeadMoved{}};
    }
    auto response = caller_.send(merge_pull(repo_, now.number, wanted));
    if (response.has_error()) return look_for_merged(*this, now, response.error());
    if (response->status == 202) {
        return await_merge(now, std::string{response->header("location").value_or("")});
    }
    LINKSPAN_TRY(answer, read_merge(*response));
    if (!std::holds_alternative<Merged>(answer)) return std::move(answer);
    PullRequest merged = now;
    merged.merge_commit = std::get<Merged>(answer).commit;
    return MergeAnswer{Merged{whole(std::move(merged)).merge_commit}};
}

Result<MergeAnswer> BitbucketCloud::arm_auto_merge(const PullRequest&, const MergeRequest&) {
    return unsupported("Bitbucket Cloud", "auto-merge");
}

Status BitbucketCloud::disarm_auto_merge(const PullRequest&) { return {}; }

Status BitbucketCloud::set_status(const std::string& commit, const CheckStatus& status) {
    const std::string home =
        fmt::format("https://bitbucket.org/{}/{}", repo_.workspace, repo_.name);
    return caller_.tell(bitbucket_cloud::set_status(repo_, commit, status, home));
}

Result<bool> BitbucketCloud::may_write(const std::string& user) {
    LINKSPAN_TRY(id, account(user));
    if (!id) return false;
    const auto writes = [](const Json& permission) {
        const std::string level = text(permission, {"permission"});
        return level == "admin" || level == "write";
    };
    // With what groups and the project give; where that may not be asked, what the user has alone.
    auto effective = caller_.ask(permissions_of(repo_, *id));
    if (effective.has_value()) {
        for (const Json& permission : field(*effective, {"values"})) {
            if (text(permission, {"user", "uuid"}) == *id) return writes(permission);
        }
        return false;
    }
    auto alone = caller_.ask(explicit_permission_of(repo_, *id));
    if (alone.has_value()) return writes(*alone);
    if (alone.error().kind == Errc::NotFound) return false;
    return alone.error();
}

Result<std::optional<std::string>> BitbucketCloud::head_of(const std::string& branch) {
    auto answer = caller_.ask(get_branch(repo_, branch));
    if (answer.has_error()) {
        if (answer.error().kind == Errc::NotFound) return std::optional<std::string>{};
        return answer.error();
    }
    return std::optional{text(*answer, {"target", "hash"})};
}

Status BitbucketCloud::delete_branch(const std::string& branch, const std::string& expected) {
    LINKSPAN_TRY(head, head_of(branch));
    if (!head) return {};
    if (*head != expected) {
        return Error{Errc::Conflict, "the branch " + branch + " has moved to " + *head};
    }
    LINKSPAN_TRY(response, caller_.send(bitbucket_cloud::delete_branch(repo_, branch)));
    if (is_success(response) || response.status == 404) return {};
    return explain(ForgeType::BitbucketCloud, response);
}

Result<std::string> BitbucketCloud::commit_through_api(const ApiCommit&) {
    return unsupported("Bitbucket Cloud", "API");
}

}  // namespace linkspan::forge
