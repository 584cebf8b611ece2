#include "webhooks/pull_request_event.h"

#include "webhooks/text.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>
#include <utility>

namespace linkspan::webhooks {
namespace {

using What = PullRequestEvent::What;

constexpr std::string_view kRebuildLabel = "linkspan:rebuild";

std::string text(const JsonView& view) { return view.text().value_or(""); }

// "refs/heads/main" → "main"
std::string branch(const JsonView& view) {
    std::string name = text(view);
    if (name.starts_with("refs/heads/")) name.erase(0, 11);
    return name;
}

ParsedDelivery ignored(std::string reason) {
    ParsedDelivery parsed;
    parsed.ignored_reason = std::move(reason);
    return parsed;
}

// Whether both are said and differ. A fork that was deleted is null where a repository would be.
bool differ(const JsonView& head, std::string_view name, const JsonView& base) {
    if (head.has(name) && !head[name].exists()) return true;
    const auto one = head[name]["full_name"].text();
    const auto other = base.text();
    return one && other && lower(*one) != lower(*other);
}

std::string header(const RawDelivery& delivery, std::string_view name) {
    return std::string{delivery.headers.get(name).value_or("")};
}

}  // namespace

std::optional<PullRequestEvent> github_pull_request(const JsonView& root) {
    PullRequestEvent event;
    event.repository = text(root["repository"]["full_name"]);
    event.actor = text(root["sender"]["login"]);
    const std::string action = text(root["action"]);
    const JsonView comment = root["comment"];
    const JsonView issue = root["issue"];
    // Gitea says it beside the issue, too.
    const bool of_pull =
        issue["pull_request"].is_object() || root["is_pull"].boolean().value_or(false);
    if (comment.is_object() && of_pull) {
        if (action != "created") return std::nullopt;
        event.what = What::Commented;
        event.number = issue["number"].integer().value_or(0);
        event.text = text(comment["body"]);
        event.comment = comment["id"].scalar().value_or("");
        if (const auto user = comment["user"]["login"].text()) event.actor = *user;
        return event;
    }
    const JsonView pull = root["pull_request"];
    // Threads of a review are talk among people.
    const bool talk = comment.is_object() || root["thread"].is_object();
    if (!pull.is_object() || talk) return std::nullopt;
    event.number = pull["number"].integer().value_or(0);
    event.head = text(pull["head"]["ref"]);
    event.base = text(pull["base"]["ref"]);
    event.head_commit = text(pull["head"]["sha"]);
    event.fork = differ(pull["head"], "repo", root["repository"]["full_name"]);
    if (root["review"].is_object()) {
        event.what = What::Reviewed;
    } else if (action == "closed") {
        // merge_commit_sha is there for unmerged ones too.
        const bool merged = pull["merged"].boolean().value_or(false);
        event.what = merged ? What::Merged : What::Closed;
    } else if (action == "opened" || action == "reopened") {
        event.what = What::Opened;
    } else if (action == "synchronize" || action == "synchronized") {
        event.what = What::Pushed;
    } else if (action == "labeled" || action == "label_updated") {
        event.what = What::Labelled;
        event.label = text(root["label"]["name"]);
        // Gitea names all labels and not the new one.
        const JsonView labels = pull["labels"];
        for (std::size_t i = 0; event.label.empty() && i < labels.size(); ++i) {
            if (labels[i]["name"].text() == kRebuildLabel) event.label = kRebuildLabel;
        }
    }
    return event;
}

namespace {

bool of_gitlab_fork(const JsonView& request) {
    const auto source = request["source_project_id"].integer();
    const auto target = request["target_project_id"].integer();
    return source && target && source != target;
}

bool is_among(const JsonView& labels, std::string_view title) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i]["title"].text() == title) return true;
    }
    return false;
}

}  // namespace

std::optional<PullRequestEvent> gitlab_merge_request(const JsonView& root) {
    const std::string kind = text(root["object_kind"]);
    const JsonView attributes = root["object_attributes"];
    const bool note = kind == "note" && root["merge_request"].is_object();
    if (kind != "merge_request" && !note) return std::nullopt;
    const JsonView request = note ? root["merge_request"] : attributes;
    PullRequestEvent event;
    event.repository = text(root["project"]["path_with_namespace"]);
    event.actor = text(root["user"]["username"]);
    event.number = request["iid"].integer().value_or(0);
    event.head = text(request["source_branch"]);
    event.base = text(request["target_branch"]);
    event.head_commit = text(request["last_commit"]["id"]);
    event.fork = of_gitlab_fork(request);
    if (note) {
        event.what = What::Commented;
        event.text = text(attributes["note"]);
        event.comment = attributes["id"].scalar().value_or("");
        return event;
    }
    const std::string action = text(attributes["action"]);
    if (action == "merge") {
        event.what = What::Merged;
    } else if (action == "close") {
        event.what = What::Closed;
    } else if (action == "open" || action == "reopen") {
        event.what = What::Opened;
    } else if (action == "approved" || action == "unapproved" || action == "approval" ||
               action == "unapproval") {
        event.what = What::Reviewed;
    } else if (attributes["oldrev"].exists()) {
        event.what = What::Pushed;
    }
    // After a push every label is among the changes, without what there was before.
    const JsonView labels = root["changes"]["labels"];
    if (action == "update" && !attributes["oldrev"].exists() &&
        is_among(labels["current"], kRebuildLabel) &&
        !is_among(labels["previous"], kRebuildLabel)) {
        event.what = What::Labelled;
        event.label = kRebuildLabel;
    }
    return event;
}

std::vector<PullRequestEvent> github_checks(const JsonView& root) {
    PullRequestEvent event;
    event.what = What::Checked;
    event.repository = text(root["repository"]["full_name"]);
    event.actor = text(root["sender"]["login"]);
    std::vector<PullRequestEvent> events;
    const auto on = [&](const JsonView& branch, const JsonView& commit) {
        event.head = text(branch);
        event.head_commit = text(commit);
        if (!event.head.empty()) events.push_back(event);
    };
    const bool completed = root["action"].text() == "completed";
    for (const char* const kind : {"check_suite", "workflow_run"}) {
        if (differ(root[kind], "head_repository", root["repository"]["full_name"])) continue;
        if (completed) on(root[kind]["head_branch"], root[kind]["head_sha"]);
    }
    const JsonView run = root["check_run"];
    if (completed) on(run["check_suite"]["head_branch"], run["head_sha"]);
    const JsonView branches = root["branches"];
    const bool status = root["sha"].text() && root["context"].text();
    for (std::size_t i = 0; status && i < branches.size(); ++i) {
        if (root["state"].text() != "pending") on(branches[i]["name"], root["sha"]);
    }
    return events;
}

std::vector<PullRequestEvent> gitlab_checks(const JsonView& root) {
    const JsonView pipeline = root["object_attributes"];
    if (text(root["object_kind"]) != "pipeline" || !pipeline["finished_at"].text()) return {};
    PullRequestEvent event;
    event.what = What::Checked;
    event.repository = text(root["project"]["path_with_namespace"]);
    event.actor = text(root["user"]["username"]);
    // A pipeline of a merge request has "refs/merge-requests/1/head" or the like as its ref.
    const JsonView request = root["merge_request"];
    event.number = request["iid"].integer().value_or(0);
    event.head = text(request["source_branch"]);
    event.base = text(request["target_branch"]);
    if (event.head.empty() && pipeline["tag"].boolean() != true) event.head = text(pipeline["ref"]);
    event.head_commit = text(pipeline["sha"]);
    if (event.head.empty() || of_gitlab_fork(request)) return {};
    return {event};
}

Result<ParsedDelivery> with_checks(
    Result<ParsedDelivery> parsed, std::vector<PullRequestEvent> checks
) {
    if (parsed.has_value() && parsed->ignored_reason) parsed->pull_requests = std::move(checks);
    return parsed;
}

std::string_view to_string(What what) {
    static constexpr std::string_view kWords[] = {
        "changed",
        "opened",
        "pushed",
        "merged",
        "closed",
        "commented",
        "labelled",
        "reviewed",
        "checked"};
    return kWords[static_cast<std::size_t>(what)];
}

std::string in_words(const PullRequestEvent& event) {
    if (event.number == 0) return fmt::format("branch {} {}", event.head, to_string(event.what));
    return fmt::format(
        "pull request {} {}",
        event.number,
        event.what == What::Pushed ? "pushed to" : to_string(event.what)
    );
}

bool is_about(const PullRequestEvent& event, std::string_view path) {
    const std::string ours = lower(path);
    const std::string named = lower(event.repository);
    if (named.empty()) return false;
    if (!event.without_owner) return ours == named;
    return ours.ends_with("/" + named);
}

ParsedDelivery parsed_pull_request(PullRequestEvent event) {
    ParsedDelivery parsed = ignored(in_words(event));
    if (event.fork) {
        *parsed.ignored_reason += ", of a fork";
        return parsed;
    }
    parsed.pull_requests.push_back(std::move(event));
    return parsed;
}

namespace bitbucket {

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    return header(delivery, "X-Request-UUID");
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    if (!root.is_object()) return root.wrong("is not an object");
    const JsonView pull = root["pullrequest"];
    const std::string key = header(delivery, "X-Event-Key");
    const JsonView status = root["commit_status"];
    if (status["refname"].text() && text(status["state"]) != "INPROGRESS") {
        PullRequestEvent event;
        event.what = What::Checked;
        event.repository = text(root["repository"]["full_name"]);
        event.head = text(status["refname"]);
        return parsed_pull_request(std::move(event));
    }
    if (!pull.is_object()) return ignored("not about a pull request: " + shown(key));
    PullRequestEvent event;
    event.repository = text(root["repository"]["full_name"]);
    event.actor = text(root["actor"]["account_id"]);
    if (event.actor.empty()) event.actor = text(root["actor"]["nickname"]);
    event.number = pull["id"].integer().value_or(0);
    event.head = text(pull["source"]["branch"]["name"]);
    event.base = text(pull["destination"]["branch"]["name"]);
    event.head_commit = text(pull["source"]["commit"]["hash"]);
    event.fork = differ(pull["source"], "repository", root["repository"]["full_name"]);
    if (key == "pullrequest:fulfilled") {
        event.what = What::Merged;
    } else if (key == "pullrequest:rejected") {
        event.what = What::Closed;
    } else if (key == "pullrequest:created") {
        event.what = What::Opened;
    } else if (key == "pullrequest:approved" || key == "pullrequest:unapproved" || key.starts_with("pullrequest:changes_request")) {
        event.what = What::Reviewed;
    } else if (key == "pullrequest:comment_created") {
        event.what = What::Commented;
        event.text = text(root["comment"]["content"]["raw"]);
        event.comment = root["comment"]["id"].scalar().value_or("");
    }
    return parsed_pull_request(std::move(event));
}

}  // namespace bitbucket

namespace bitbucket_server {

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    return header(delivery, "X-Request-Id");
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    std::string key = header(delivery, "X-Event-Key");
    if (key == "diagnostics:ping") return ignored("ping");
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    if (!root.is_object()) return root.wrong("is not an object");
    if (const auto named = root["eventKey"].text()) key = *named;
    const JsonView pull = root["pullRequest"];
    if (!pull.is_object()) return ignored("not about a pull request: " + shown(key));
    PullRequestEvent event;
    const JsonView repository = pull["toRef"]["repository"];
    event.repository = text(repository["project"]["key"]) + "/" + text(repository["slug"]);
    event.actor = text(root["actor"]["name"]);
    event.number = pull["id"].integer().value_or(0);
    event.head = branch(pull["fromRef"]["id"]);
    event.base = branch(pull["toRef"]["id"]);
    event.head_commit = text(pull["fromRef"]["latestCommit"]);
    const JsonView from = pull["fromRef"]["repository"];
    event.fork =
        from.is_object() &&
        lower(text(from["project"]["key"]) + "/" + text(from["slug"])) != lower(event.repository);
    if (key == "pr:merged") {
        event.what = What::Merged;
    } else if (key == "pr:declined" || key == "pr:deleted") {
        event.what = What::Closed;
    } else if (key == "pr:opened" || key == "pr:reopened") {
        event.what = What::Opened;
    } else if (key.starts_with("pr:reviewer:") && key != "pr:reviewer:updated") {
        event.what = What::Reviewed;
    } else if (key == "pr:from_ref_updated") {
        event.what = What::Pushed;
    } else if (key == "pr:comment:added") {
        event.what = What::Commented;
        event.text = text(root["comment"]["text"]);
        event.comment = root["comment"]["id"].scalar().value_or("");
    }
    return parsed_pull_request(std::move(event));
}

}  // namespace bitbucket_server

namespace azuredevops {

// In the body, so that a signature is not needed to tell deliveries apart.
std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    auto document = JsonDocument::parse(delivery.body);
    return document.has_error() ? std::string{} : text(document->root()["id"]);
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    if (!root.is_object()) return root.wrong("is not an object");
    const std::string type = text(root["eventType"]);
    const bool comment = type == "ms.vss-code.git-pullrequest-comment-event";
    if (!comment && !type.starts_with("git.pullrequest.")) {
        return ignored("not about a pull request: " + shown(type));
    }
    const JsonView resource = root["resource"];
    const JsonView pull = comment ? resource["pullRequest"] : resource;
    PullRequestEvent event;
    const JsonView repository = pull["repository"];
    const auto project = repository["project"]["name"].text();
    const auto name = repository["name"].text();
    // The subscription chooses what of the resource is sent.
    if (!project || !name) {
        return ignored(shown(type) + " names no repository: have all resource details sent");
    }
    event.repository = *project + "/" + *name;
    event.without_owner = true;
    event.fork = pull["forkSource"].is_object();
    event.number = pull["pullRequestId"].integer().value_or(0);
    event.head = branch(pull["sourceRefName"]);
    event.base = branch(pull["targetRefName"]);
    event.head_commit = text(pull["lastMergeSourceCommit"]["commitId"]);
    const std::string status = text(pull["status"]);
    if (comment) {
        event.what = What::Commented;
        event.text = text(resource["comment"]["content"]);
        event.comment = resource["comment"]["id"].scalar().value_or("");
        event.actor = text(resource["comment"]["author"]["uniqueName"]);
    } else if (status == "completed") {
        // git.pullrequest.merged comes for every attempt to merge.
        event.what = What::Merged;
    } else if (status == "abandoned") {
        event.what = What::Closed;
    } else if (type == "git.pullrequest.created") {
        event.what = What::Opened;
    }
    return parsed_pull_request(std::move(event));
}

}  // namespace azuredevops

}  // namespace linkspan::webhooks
