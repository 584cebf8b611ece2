// forge_client: one Forge, driven by lines of JSON on standard input, one answer line for each.
//
//   {"type": "github", "repository_url": …, "url": …, "token": …}        the first line: options
//   {"do": "open", "with": {"head": "bump", "base": "main", "title": "t"}}
//   → {"value": {"number": 1, …}} or {"error": "Conflict", "message": …, "retry_after": 60}
//
// A pull request is passed back as it came: {"do": "close", "pull": {…}}.
#include "service/forge/make_forge.h"

#include <nlohmann/json.hpp>

#include <iostream>
#include <string>

namespace linkspan::forge {
namespace {

using Json = nlohmann::json;

std::string name_of(State state) {
    return state == State::Open ? "open" : state == State::Merged ? "merged" : "closed";
}

std::string name_of(Mergeable mergeable) {
    switch (mergeable) {
        case Mergeable::Clean:
            return "clean";
        case Mergeable::Blocked:
            return "blocked";
        case Mergeable::Behind:
            return "behind";
        case Mergeable::Conflict:
            return "conflict";
        case Mergeable::Unknown:
            break;
    }
    return "unknown";
}

std::optional<State> state_of(const Json& value) {
    if (!value.is_string()) return std::nullopt;
    if (value == "open") return State::Open;
    return value == "merged" ? State::Merged : State::Closed;
}

Json shown(const PullRequest& pull) {
    return {
        {"number", pull.number},
        {"id", pull.id},
        {"url", pull.url},
        {"state", name_of(pull.state)},
        {"draft", pull.draft},
        {"title", pull.title},
        {"body", pull.body},
        {"head", pull.head},
        {"base", pull.base},
        {"head_commit", pull.head_commit},
        {"merge_commit", pull.merge_commit},
        {"author", pull.author},
        {"labels", pull.labels},
        {"assignees", pull.assignees},
        {"reviewers", pull.reviewers},
        {"teams", pull.teams},
        {"auto_merge", pull.auto_merge},
        {"mergeable", name_of(pull.mergeable)},
        {"version", pull.version},
        {"closed_by", pull.closed_by}};
}

PullRequest pull_of(const Json& value) {
    PullRequest out;
    out.number = value.value("number", std::int64_t{0});
    out.id = value.value("id", "");
    out.state = state_of(value.value("state", Json{"open"})).value_or(State::Open);
    out.draft = value.value("draft", false);
    out.title = value.value("title", "");
    out.body = value.value("body", "");
    out.head = value.value("head", "");
    out.base = value.value("base", "");
    out.head_commit = value.value("head_commit", "");
    out.merge_commit = value.value("merge_commit", "");
    out.author = value.value("author", "");
    out.labels = value.value("labels", std::vector<std::string>{});
    out.assignees = value.value("assignees", std::vector<std::string>{});
    out.reviewers = value.value("reviewers", std::vector<std::string>{});
    out.teams = value.value("teams", std::vector<std::string>{});
    out.auto_merge = value.value("auto_merge", false);
    out.version = value.value("version", "");
    return out;
}

Json error_line(const Error& error) {
    Json out{{"error", to_string(error.kind)}, {"message", error.message}};
    if (error.retry_after) out["retry_after"] = error.retry_after->count();
    return out;
}

template <class T, class Show>
Json line(const Result<T>& result, Show show) {
    if (result.has_error()) return error_line(result.error());
    return {{"value", show(*result)}};
}

Json line(const Status& status) {
    if (status.has_error()) return error_line(status.error());
    return {{"value", nullptr}};
}

Json shown(const MergeAnswer& answer) {
    struct Show {
        Json operator()(const Merged& merged) const {
            return {{"is", "merged"}, {"commit", merged.commit}};
        }
        Json operator()(const Armed&) const { return {{"is", "armed"}}; }
        Json operator()(const AlreadyMergeable& why) const {
            return {{"is", "already_mergeable"}, {"why", why.why}};
        }
        Json operator()(const NotYet& why) const { return {{"is", "not_yet"}, {"why", why.why}}; }
        Json operator()(const HeadMoved&) const { return {{"is", "head_moved"}}; }
        Json operator()(const MergeRefused& why) const {
            return {{"is", "refused"}, {"why", why.why}};
        }
    };
    return std::visit(Show{}, answer);
}

MergeRequest merge_of(const Json& with) {
    MergeRequest out;
    out.head_commit = with.value("head_commit", "");
    const std::string method = with.value("method", "squash");
    out.method = method == "merge"    ? MergeMethod::Merge
                 : method == "rebase" ? MergeMethod::Rebase
                                      : MergeMethod::Squash;
    out.title = with.value("title", "");
    out.message = with.value("message", "");
    out.delete_branch = with.value("delete_branch", true);
    return out;
}

template <class T>
std::optional<T> maybe(const Json& with, const char* name) {
    if (!with.contains(name)) return std::nullopt;
    return with.at(name).get<T>();
}

Json run(Forge& forge, const Json& request) {
    const std::string what = request.value("do", "");
    const Json with = request.value("with", Json::object());
    const PullRequest pull = pull_of(request.value("pull", Json::object()));
    const auto show_pull = [](const PullRequest& value) { return shown(value); };
    const auto show_answer = [](const MergeAnswer& value) { return shown(value); };
    if (what == "capabilities") {
        const auto& has = forge.capabilities();
        return {
            {"value",
             {{"labels", has.labels},
              {"assignees", has.assignees},
              {"reviewers", has.reviewers},
              {"team_reviewers", has.team_reviewers},
              {"milestones", has.milestones},
              {"drafts", has.drafts},
              {"auto_merge", has.auto_merge},
              {"reopen", has.reopen},
              {"comments", has.comments},
              {"statuses", has.statuses},
              {"label_events", has.label_events},
              {"api_commits", has.api_commits},
              {"body_limit", has.body_limit},
              {"name", forge.name()}}}};
    }
    if (what == "find") {
        const auto state = state_of(with.value("state", Json{}));
        return line(
            forge.find(with.at("head"), with.at("base"), state),
            [](const std::vector<PullRequest>& pulls) {
                Json list = Json::array();
                for (const auto& one : pulls) list.push_back(shown(one));
                return list;
            }
        );
    }
    if (what == "get") return line(forge.get(with.at("number").get<std::int64_t>()), show_pull);
    if (what == "open") {
        return line(
            forge.open(
                {.head = with.at("head"),
                 .base = with.at("base"),
                 .title = with.at("title"),
                 .body = with.value("body", ""),
                 .draft = with.value("draft", false)}
            ),
            show_pull
        );
    }
    if (what == "update") {
        return line(
            forge.update(
                pull,
                {.title = maybe<std::string>(with, "title"),
                 .body = maybe<std::string>(with, "body"),
                 .draft = maybe<bool>(with, "draft"),
                 .base = maybe<std::string>(with, "base")}
            ),
            show_pull
        );
    }
    if (what == "labeled_by") {
        return line(
            forge.labeled_by(pull, with.at("label")),
            [](const std::optional<LabelEvent>& event) {
                return event ? Json{{"id", event->id}, {"user", event->user}} : Json{};
            }
        );
    }
    if (what == "close") return line(forge.close(pull));
    if (what == "reopen") return line(forge.reopen(pull), show_pull);
    if (what == "add_labels") return line(forge.add_labels(pull, with.at("labels")));
    if (what == "remove_labels") return line(forge.remove_labels(pull, with.at("labels")));
    if (what == "ask") {
        const std::vector<std::string> nobody;
        return line(
            forge.ask(
                pull,
                {.assignees = with.value("assignees", nobody),
                 .reviewers = with.value("reviewers", nobody),
                 .teams = with.value("teams", nobody)}
            ),
            [](const std::vector<Unasked>& unasked) {
                Json list = Json::array();
                for (const auto& one : unasked)
                    list.push_back({{"who", one.who}, {"why", one.why}});
                return list;
            }
        );
    }
    if (what == "set_milestone") return line(forge.set_milestone(pull, with.at("title")));
    if (what == "comments") {
        return line(forge.comments(pull), [](const std::vector<Comment>& comments) {
            Json list = Json::array();
            for (const auto& one : comments) {
                list.push_back({{"id", one.id}, {"author", one.author}, {"body", one.body}});
            }
            return list;
        });
    }
    if (what == "comment") return line(forge.comment(pull, with.at("text")));
    if (what == "merge") return line(forge.merge(pull, merge_of(with)), show_answer);
    if (what == "arm") return line(forge.arm_auto_merge(pull, merge_of(with)), show_answer);
    if (what == "disarm") return line(forge.disarm_auto_merge(pull));
    if (what == "set_status") {
        const std::string state = with.value("state", "pending");
        return line(forge.set_status(
            with.at("commit"),
            {.context = with.at("context"),
             .state = state == "success"   ? CheckState::Success
                      : state == "failure" ? CheckState::Failure
                                           : CheckState::Pending,
             .description = with.value("description", ""),
             .url = with.value("url", "")}
        ));
    }
    if (what == "may_write") {
        return line(forge.may_write(with.at("user")), [](bool may) { return Json(may); });
    }
    if (what == "delete_branch") {
        return line(forge.delete_branch(with.at("branch"), with.at("expected")));
    }
    if (what == "commit") {
        ApiCommit commit{
            .branch = with.at("branch"),
            .expected_head = with.value("expected_head", ""),
            .base = with.at("base"),
            .message = with.at("message")};
        for (const auto& [path, content] : with.at("files").items()) {
            commit.files.push_back({.path = path, .content = content});
        }
        return line(forge.commit_through_api(commit), [](const std::string& id) {
            return Json(id);
        });
    }
    return {{"error", "Internal"}, {"message", "no such call: " + what}};
}

std::optional<ForgeType> type_of(const std::string& name) {
    if (name.starts_with("github")) return ForgeType::Github;
    if (name == "gitlab") return ForgeType::Gitlab;
    if (name == "gitea" || name == "forgejo") return ForgeType::Gitea;
    if (name == "bitbucket_cloud") return ForgeType::BitbucketCloud;
    if (name == "bitbucket_data_center") return ForgeType::BitbucketDataCenter;
    if (name == "azure_devops") return ForgeType::AzureDevops;
    return std::nullopt;
}

int main_loop() {
    std::string text;
    if (!std::getline(std::cin, text)) return 2;
    const Json given = Json::parse(text);
    const auto secret = [](const std::string& value) {
        return [value]() -> Result<Secret> { return Secret{value}; };
    };
    ForgeOptions options{
        .type = type_of(given.at("type")),
        .repository_url = given.at("repository_url"),
        .url = given.value("url", ""),
        .project = given.value("project", "")};
    if (given.contains("token")) options.credentials.token = secret(given.at("token"));
    if (given.contains("app")) {
        const Json& app = given.at("app");
        auto made = make_github_app(
            options,
            {.app_id = app.at("id"),
             .private_key = secret(app.at("private_key").get<std::string>())}
        );
        if (made.has_error()) {
            std::cout << error_line(made.error()) << std::endl;
            return 1;
        }
        options.credentials.app = *made;
    }
    auto forge = make_forge(options);
    if (forge.has_error()) {
        std::cout << error_line(forge.error()) << std::endl;
        return 1;
    }
    std::cout << Json{{"value", (*forge)->name()}} << std::endl;
    while (std::getline(std::cin, text)) {
        std::cout << run(**forge, Json::parse(text)) << std::endl;
    }
    return 0;
}

}  // namespace
}  // namespace linkspan::forge

int main() { return linkspan::forge::main_loop(); }
