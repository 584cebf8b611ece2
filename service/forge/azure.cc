#include "service/forge/azure.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"
#include "service/forge/azure_answers.h"

#include <fmt/format.h>

namespace linkspan::forge {

using namespace azure;

namespace {

constexpr std::size_t kPage = 100;
constexpr int kLooks = 6;
constexpr std::chrono::milliseconds kBetweenLooks{500};

bool is_guid(const std::string& text) {
    return text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' &&
           text[23] == '-';
}

}  // namespace

Azure::Azure(CallerOptions options, Repo repo, std::string web)
    : caller_{std::move(options)}, repo_{std::move(repo)}, web_{std::move(web)} {}

const Capabilities& Azure::capabilities() const {
    static const Capabilities kAll{
        .labels = true,
        .assignees = false,
        .reviewers = true,
        .team_reviewers = true,
        .milestones = false,
        .drafts = true,
        .auto_merge = true,
        .reopen = true,
        .comments = true,
        .statuses = true,
        // A push through the API is not signed, and can't put a branch onto another base.
        .api_commits = false,
        .html_comments = true,
        .title_limit = 400,
        .body_limit = kLongestDescription};
    return kAll;
}

std::string Azure::name() const {
    return fmt::format("Azure DevOps {}/{}/{}", repo_.organization, repo_.project, repo_.name);
}

Result<PullRequest> Azure::read(const Json& request) const {
    auto now = read_request(request, repo_, web_);
    // A page that is JSON, but not of the API.
    if (now.number <= 0) return Error{Errc::Unavailable, "Azure DevOps' answer is no pull request"};
    return now;
}

Result<Json> Azure::skipping(const std::function<Call(std::size_t skip)>& call) {
    std::size_t skip = 0;
    bool foreign = false;
    auto all = caller_.pages(call(0), [&](const Call&, const transport::HttpResponse&, Json body) {
        Json items = field(body, {"value"});
        foreign = foreign || !items.is_array();
        const std::size_t count = items.is_array() ? items.size() : 0;
        skip += count;
        Caller::Page page{.items = std::move(items), .next = std::nullopt};
        if (count >= kPage) page.next = call(skip);
        return page;
    });
    if (foreign) return Error{Errc::Unavailable, "Azure DevOps' answer is no list"};
    return all;
}

Result<std::vector<PullRequest>> Azure::find(
    const std::string& head, const std::string& base, std::optional<State> state
) {
    const auto call = [&](std::size_t skip) {
        return find_requests(repo_, head, base, state, skip);
    };
    LINKSPAN_TRY(list, skipping(call));
    auto found = read_requests(Json{{"value", list}}, repo_, web_);
    for (std::size_t i = 0; i < found.size(); ++i) {
        PullRequest& one = found[i];
        if (!may_be_cut(one) || (i != 0 && one.state != State::Open)) continue;
        LINKSPAN_TRY(whole, get_alone(one.number));
        whole.labels = std::move(one.labels);
        one = std::move(whole);
    }
    return found;
}

Result<PullRequest> Azure::get_alone(std::int64_t number) {
    LINKSPAN_TRY(request, caller_.ask(get_request(repo_, number)));
    return read(request);
}

Result<PullRequest> Azure::get(std::int64_t number) {
    LINKSPAN_TRY(now, get_alone(number));
    if (now.state != State::Open) return now;
    LINKSPAN_TRY(labels, caller_.ask(list_labels(repo_, number)));
    now.labels = read_labels(field(labels, {"value"}));
    return now;
}

Result<PullRequest> Azure::open(const NewPullRequest& wanted) {
    auto request = caller_.ask(open_request(repo_, wanted));
    if (request.has_error()) return look_for_opened(*this, wanted, request.error());
    auto opened = read(*request);
    if (opened.has_error()) return look_for_opened(*this, wanted, opened.error());
    return opened;
}

Result<PullRequest> Azure::update(const PullRequest& now, const PullRequestChange& change) {
    const auto call = update_request(repo_, now, change);
    if (!call) return now;
    LINKSPAN_TRY(request, caller_.ask(*call));
    LINKSPAN_TRY(after, read(request));
    after.labels = now.labels;
    return after;
}

Status Azure::close(const PullRequest& now) {
    if (now.state != State::Open) return {};
    return caller_.tell(set_state(repo_, now.number, false));
}

Result<PullRequest> Azure::reopen(const PullRequest& now) {
    if (now.state == State::Open) return now;
    LINKSPAN_TRY(request, caller_.ask(set_state(repo_, now.number, true)));
    LINKSPAN_TRY(after, read(request));
    after.labels = now.labels;
    return after;
}

Status Azure::add_labels(const PullRequest& now, const std::vector<std::string>& labels) {
    for (const auto& label : missing_from(now.labels, labels)) {
        auto status = caller_.tell(add_label(repo_, now.number, label));
        if (status.has_error()) return status;
    }
    return {};
}

Status Azure::remove_labels(const PullRequest& now, const std::vector<std::string>& labels) {
    for (const auto& label : labels) {
        LINKSPAN_TRY(response, caller_.send(remove_label(repo_, now.number, label)));
        if (!is_success(response) && response.status != 404) {
            return explain(ForgeType::AzureDevops, response);
        }
    }
    return {};
}

Result<Json> Azure::people() {
    Json all = Json::array();
    const auto call = [&](std::size_t skip) { return list_teams(repo_, skip); };
    LINKSPAN_TRY(teams, skipping(call));
    for (const Json& team : teams) {
        all.push_back({{"id", text(team, {"id"})}, {"team", text(team, {"name"})}});
        LINKSPAN_TRY(members, caller_.ask(list_members(repo_, text(team, {"id"}))));
        for (const Json& member : field(members, {"value"})) {
            all.push_back(field(member, {"identity"}));
        }
    }
    return all;
}

Result<std::vector<Unasked>> Azure::ask(const PullRequest& now, const People& wanted) {
    std::vector<Unasked> unasked;
    for (const auto& who : wanted.assignees) {
        unasked.push_back({who, "Azure DevOps has no assignees"});
    }
    const auto users = missing_from(now.reviewers, wanted.reviewers);
    const auto teams = missing_from(now.teams, wanted.teams);
    if (users.empty() && teams.empty()) return unasked;
    std::optional<Json> known;
    for (std::size_t i = 0; i < users.size() + teams.size(); ++i) {
        const bool user = i < users.size();
        const auto& who = user ? users[i] : teams[i - users.size()];
        std::string id = is_guid(who) ? who : std::string{};
        if (id.empty() && !known) {
            LINKSPAN_TRY(list, people());
            known = std::move(list);
        }
        for (const Json& person : known.value_or(Json::array())) {
            const bool same =
                user ? equal_ignoring_case(text(person, {"uniqueName"}), who) ||
                           equal_ignoring_case(text(person, {"displayName"}), who)
                     : equal_ignoring_case(text(person, {"team"}), who.substr(who.rfind('/') + 1));
            if (same && id.empty()) id = text(person, {"id"});
        }
        if (id.empty()) {
            unasked.push_back({who, "no team of the project has them"});
            continue;
        }
        auto status = caller_.tell(add_reviewer(repo_, now.number, id));
        if (status.has_value()) continue;
        if (status.error().kind != Errc::InvalidInput && status.error().kind != Errc::NotFound) {
            return status.error();
        }
        unasked.push_back({who, status.error().message});
    }
    return unasked;
}

Status Azure::set_milestone(const PullRequest&, const std::string&) {
    return unsupported("Azure DevOps", "milestones");
}

Result<std::vector<Comment>> Azure::comments(const PullRequest& now) {
    LINKSPAN_TRY(body, caller_.ask(list_threads(repo_, now.number)));
    return read_threads(body);
}

Status Azure::comment(const PullRequest& now, const std::string& text) {
    auto answer = caller_.tell(add_thread(repo_, now.number, text));
    if (answer.has_error()) return look_for_comment(*this, now, text, answer.error());
    return {};
}

Result<MergeAnswer> Azure::other_head(const PullRequest& now, const MergeRequest& wanted) {
    LINKSPAN_TRY(head, head_of(now.head));
    if (head != wanted.head_commit) return MergeAnswer{HeadMoved{}};
    return MergeAnswer{NotYet{"Azure DevOps has not seen the new commit yet"}};
}

Result<std::string> Azure::unfinished(const Json& request, const std::string& commit) {
    const auto project = text(request, {"repository", "project", "id"});
    if (!project.empty()) {
        const auto number_of = number(request, {"pullRequestId"});
        LINKSPAN_TRY(policies, caller_.ask(list_policies(repo_, project, number_of)));
        auto why = unfinished_policies(policies);
        if (!why.empty()) return why;
    }
    LINKSPAN_TRY(statuses, caller_.ask(list_statuses(repo_, commit)));
    return unfinished_statuses(statuses);
}

Result<MergeAnswer> Azure::merge(const PullRequest& now, const MergeRequest& wanted) {
    if (now.state == State::Merged) return MergeAnswer{Merged{now.merge_commit}};
    LINKSPAN_TRY(before, caller_.ask(get_request(repo_, now.number)));
    LINKSPAN_TRY(as_is, read(before));
    if (as_is.state == State::Merged) return MergeAnswer{Merged{as_is.merge_commit}};
    if (as_is.draft) return MergeAnswer{NotYet{"it is a draft"}};
    LINKSPAN_TRY(why, unfinished(before, wanted.head_commit));
    if (!why.empty()) return MergeAnswer{NotYet{why}};
    auto response = caller_.send(complete(repo_, now.number, wanted));
    if (response.has_error()) return look_for_merged(*this, now, response.error());
    LINKSPAN_TRY(answer, read_completion(*response, repo_, web_));
    for (int look = 0; !answer && look < kLooks; ++look) {
        if (!caller_.pause(kBetweenLooks)) break;
        LINKSPAN_TRY(request, caller_.ask(get_request(repo_, now.number)));
        LINKSPAN_TRY(then, read(request));
        answer = judge(request, then);
    }
    if (!answer) return MergeAnswer{NotYet{"Azure DevOps is merging"}};
    if (std::holds_alternative<HeadMoved>(*answer)) return other_head(as_is, wanted);
    if (!is_success(*response)) {
        // What is completed already can't be edited.
        auto after = get(now.number);
        if (after.has_value() && after->state == State::Merged) {
            return MergeAnswer{Merged{after->merge_commit}};
        }
    }
    return std::move(*answer);
}

Result<MergeAnswer> Azure::arm_auto_merge(const PullRequest& now, const MergeRequest& wanted) {
    if (now.state == State::Merged) return MergeAnswer{Merged{now.merge_commit}};
    // Autocompletion takes whatever the head is then, so at least it is the right one now.
    LINKSPAN_TRY(fresh, caller_.ask(get_request(repo_, now.number)));
    LINKSPAN_TRY(as_is, read(fresh));
    if (as_is.state == State::Merged) return MergeAnswer{Merged{as_is.merge_commit}};
    if (as_is.head_commit != wanted.head_commit) return other_head(as_is, wanted);
    if (as_is.draft) return MergeAnswer{NotYet{"it is a draft"}};
    // In our own name: who opened it may be somebody else.
    auto me = caller_.ask(who_am_i());
    std::string id = me.has_value() ? text(*me, {"authenticatedUser", "id"}) : std::string{};
    if (id.empty()) id = text(fresh, {"createdBy", "id"});
    LINKSPAN_TRY(response, caller_.send(set_auto_complete(repo_, now.number, id, wanted)));
    if (!is_success(response)) {
        LINKSPAN_TRY(answer, read_completion(response, repo_, web_));
        return answer ? std::move(*answer) : MergeAnswer{NotYet{words_of(response)}};
    }
    LINKSPAN_TRY(body, read_json(response.body));
    LINKSPAN_TRY(after, read(body));
    if (after.state == State::Merged) return MergeAnswer{Merged{after.merge_commit}};
    if (after.auto_merge) return MergeAnswer{Armed{}};
    return MergeAnswer{MergeRefused{"Azure DevOps did not set autocomplete"}};
}

Status Azure::disarm_auto_merge(const PullRequest& now) {
    if (now.state != State::Open) return {};
    return caller_.tell(cancel_auto_complete(repo_, now.number));
}

Status Azure::set_status(const std::string& commit, const CheckStatus& status) {
    return caller_.tell(azure::set_status(repo_, commit, status));
}

Result<bool> Azure::may_write(const std::string& user) {
    LINKSPAN_TRY(all, people());
    return std::any_of(all.begin(), all.end(), [&](const Json& person) {
        return equal_ignoring_case(text(person, {"uniqueName"}), user) ||
               text(person, {"id"}) == user;
    });
}

Result<std::optional<std::string>> Azure::head_of(const std::string& branch) {
    LINKSPAN_TRY(body, caller_.ask(get_ref(repo_, branch)));
    return read_ref(body, branch);
}

Status Azure::delete_branch(const std::string& branch, const std::string& expected) {
    auto answer = caller_.ask(delete_ref(repo_, branch, expected));
    Status status;
    if (answer.has_error()) {
        status = answer.error();
    } else {
        status = read_ref_update(*answer);
    }
    if (status.has_value()) return status;
    // Stale may also be: gone.
    auto head = head_of(branch);
    if (head.has_value() && !*head) return {};
    return status;
}

Result<std::string> Azure::commit_through_api(const ApiCommit&) {
    return unsupported("Azure DevOps", "API");
}

}  // namespace linkspan::forge
