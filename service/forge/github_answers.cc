#include "service/forge/github_answers.h"

#include "service/forge/again.h"
#include "service/forge/answer.h"

#include <array>

namespace linkspan::forge::github {

using transport::HttpResponse;

namespace {

Mergeable mergeable_of(const Json& pull) {
    const std::string state = text(pull, {"mergeable_state"});
    if (state == "clean" || state == "has_hooks") return Mergeable::Clean;
    if (state == "behind") return Mergeable::Behind;
    if (state == "dirty") return Mergeable::Conflict;
    // Unstable: it may be merged, but a check that is not required runs or has failed.
    if (state == "blocked" || state == "draft" || state == "unstable") return Mergeable::Blocked;
    return Mergeable::Unknown;
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

template <std::size_t N>
bool has_any(const std::string& words, const std::array<std::string_view, N>& signs) {
    for (const auto sign : signs) {
        if (words.find(sign) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

PullRequest read_pull(const Json& pull) {
    PullRequest out;
    out.number = number(pull, {"number"});
    out.id = text(pull, {"node_id"});
    out.url = text(pull, {"html_url"});
    // merge_commit_sha is there before a merge, too; lists leave `merged` out.
    const bool merged = flag(pull, {"merged"}) || !text(pull, {"merged_at"}).empty();
    out.state =
        merged ? State::Merged : (text(pull, {"state"}) == "open" ? State::Open : State::Closed);
    out.draft = flag(pull, {"draft"});
    out.title = text(pull, {"title"});
    out.body = text(pull, {"body"});
    out.head = text(pull, {"head", "ref"});
    out.base = text(pull, {"base", "ref"});
    out.head_commit = text(pull, {"head", "sha"});
    if (merged) out.merge_commit = text(pull, {"merge_commit_sha"});
    out.author = text(pull, {"user", "login"});
    out.labels = texts(field(pull, {"labels"}), {"name"});
    out.assignees = texts(field(pull, {"assignees"}), {"login"});
    out.reviewers = texts(field(pull, {"requested_reviewers"}), {"login"});
    out.teams = texts(field(pull, {"requested_teams"}), {"slug"});
    out.auto_merge = field(pull, {"auto_merge"}).is_object();
    out.mergeable = mergeable_of(pull);
    out.closed_by = text(pull, {"merged_by", "login"});
    return out;
}

std::vector<PullRequest> read_pulls(const Json& list) {
    std::vector<PullRequest> out;
    for (const Json& pull : list) {
        const std::string of = text(pull, {"head", "repo", "full_name"});
        if (!of.empty() && equal_ignoring_case(of, text(pull, {"base", "repo", "full_name"}))) {
            out.push_back(read_pull(pull));
        }
    }
    return out;
}

std::vector<Comment> read_comments(const Json& list) {
    std::vector<Comment> out;
    for (const Json& comment : list) {
        out.push_back(
            {.id = text(comment, {"id"}),
             .author = text(comment, {"user", "login"}),
             .body = text(comment, {"body"})}
        );
    }
    return out;
}

std::optional<LabelEvent> read_label_events(const Json& list, const std::string& label) {
    std::optional<LabelEvent> last;
    for (const Json& event : list) {
        const std::string what = text(event, {"event"});
        if (what != "labeled" && what != "unlabeled") continue;
        if (!equal_ignoring_case(text(event, {"label", "name"}), label)) continue;
        last.reset();
        if (what == "labeled") last = {text(event, {"id"}), text(event, {"actor", "login"})};
    }
    return last;
}

Error read_open_refusal(const HttpResponse& response) {
    Error error = explain(ForgeType::Github, response);
    if (response.status == 422 &&
        words_of(response).find("pull request already exists") != std::string::npos) {
        error.kind = Errc::Conflict;
    }
    return error;
}

bool may_be_too_early(const HttpResponse& response) {
    if (response.status != 422) return false;
    return has_any<4>(
        lower(words_of(response)),
        {"no commits between", "sha can't be blank", "field: head", "head ref must be a branch"}
    );
}

Queue read_queue(const Json& body) {
    return {
        .enabled = flag(body, {"data", "node", "isMergeQueueEnabled"}),
        .in = flag(body, {"data", "node", "isInMergeQueue"})};
}

std::optional<Error> read_graphql_errors(const Json& body) {
    const Json& errors = field(body, {"errors"});
    if (!errors.is_array() || errors.empty()) return std::nullopt;
    std::string words;
    for (const auto& message : texts(errors, {"message"})) {
        words += (words.empty() ? "" : "; ") + message;
    }
    const std::string type = text(errors.front(), {"type"});
    Errc kind = Errc::InvalidInput;
    if (type == "NOT_FOUND") kind = Errc::NotFound;
    if (type == "FORBIDDEN" || type == "INSUFFICIENT_SCOPES") kind = Errc::Unauthorized;
    const std::string lowered = lower(words);
    if (type == "RATE_LIMITED" || type == "RATE_LIMIT" ||
        has_any<2>(lowered, {"rate limit exceeded", "secondary rate limit"})) {
        kind = Errc::RateLimited;
    }
    if (type == "SERVICE_UNAVAILABLE" || type == "INTERNAL" ||
        has_any<1>(lowered, {"something went wrong while executing your query"})) {
        kind = Errc::Unavailable;
    }
    Error error{kind, "GitHub answered: " + (words.empty() ? type : words.substr(0, 500))};
    if (kind == Errc::RateLimited) error.retry_after = std::chrono::seconds{60};
    return error;
}

Result<MergeAnswer> read_merge(const HttpResponse& response, bool& through_queue) {
    through_queue = false;
    const std::string why = words_of(response);
    const std::string words = lower(why);
    switch (response.status) {
        case 200: {
            const auto body = read_json(response.body);
            if (body.has_error()) return body.error().within("GitHub");
            return MergeAnswer{Merged{text(*body, {"sha"})}};
        }
        case 405:
            if (words.find("merge queue") != std::string::npos) {
                through_queue = true;
                return MergeAnswer{NotYet{why}};
            }
            if (has_any<2>(words, {"merges are not allowed", "commits are not allowed"})) {
                return MergeAnswer{MergeRefused{why}};
            }
            return MergeAnswer{NotYet{why}};
        case 409:
            if (words.find("head branch was modified") != std::string::npos || words.empty()) {
                return MergeAnswer{HeadMoved{}};
            }
            return MergeAnswer{NotYet{why}};
        case 422:
            return MergeAnswer{MergeRefused{why}};
        default:
            return explain(ForgeType::Github, response);
    }
}

Result<MergeAnswer> read_arming(const Status& answer) {
    if (answer.has_value()) return MergeAnswer{Armed{}};
    const Error refusal = answer.error();
    if (refusal.kind != Errc::InvalidInput) return refusal;
    const std::string& why = refusal.message;
    const std::string words = lower(why);
    // Unstable waits for nothing either: what still runs, or has failed, is not required. The last
    // one is what older servers say for all of these.
    if (has_any<6>(
            words,
            {"clean status",
             "unstable status",
             "has_hooks status",
             "protected branch rules not configured",
             "does not have required protected branch rules",
             "can't enable auto-merge for this pull request"}
        )) {
        return MergeAnswer{AlreadyMergeable{why}};
    }
    if (has_any<4>(
            words,
            {"already enabled",
             "already in the merge queue",
             "already in the queue",
             "already queued"}
        )) {
        return MergeAnswer{Armed{}};
    }
    if (has_any<3>(words, {"head sha", "expected head", "expectedheadoid"})) {
        return MergeAnswer{HeadMoved{}};
    }
    if (has_any<3>(words, {"is not allowed", "not allowed for this repository", "not enabled"})) {
        return MergeAnswer{MergeRefused{why}};
    }
    return MergeAnswer{NotYet{why}};
}

}  // namespace linkspan::forge::github
