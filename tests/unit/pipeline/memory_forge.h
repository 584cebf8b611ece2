// A platform in memory over a real bare repository: keeps pull requests, labels, people, comments;
// records every call that changes something.
#pragma once

#include "service/forge/forge.h"
#include "tests/support_git/git_repo.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace linkspan::pipeline {

class MemoryForge final : public forge::Forge {
public:
    explicit MemoryForge(testing::RemoteRepo& repo) : repo_{repo} {
        can.labels = can.assignees = can.reviewers = can.team_reviewers = true;
        can.milestones = can.drafts = can.auto_merge = can.comments = true;
        can.statuses = can.reopen = can.api_commits = can.label_events = true;
    }

    forge::Capabilities can;
    std::vector<forge::PullRequest> pulls;  // oldest first
    std::map<std::int64_t, std::vector<forge::Comment>> said;
    std::set<std::string> writers{"ann"};
    std::optional<Error> may_write_answer;
    std::set<std::string> left;                              // people who can't be asked
    forge::Mergeable mergeable = forge::Mergeable::Unknown;  // of new ones
    std::vector<std::string> calls;
    // What the next calls answer in place of doing their work, by name; "after:" does the work
    // first.
    std::map<std::string, Error> broken;
    std::map<std::string, Error> always_broken;
    forge::MergeAnswer arm_answer = forge::Armed{};
    std::function<void()> disarmed;
    std::map<std::int64_t, std::string> milestones;
    std::vector<std::string> statuses;
    std::map<std::string, forge::LabelEvent> labeled;  // by label
    int label_questions = 0;
    std::map<std::string, std::function<void()>> before;  // what people do just before a call

    forge::PullRequest& at(std::int64_t number) {
        return pulls.at(static_cast<std::size_t>(number - 1));
    }
    std::size_t count(const std::string& name) const {
        return static_cast<std::size_t>(std::count_if(calls.begin(), calls.end(), [&](auto& c) {
            return c.starts_with(name);
        }));
    }
    // What people do.
    void person_merges(std::int64_t number) {
        auto& one = at(number);
        one.head_commit = repo_.tip(one.head);
        repo_.git({"update-ref", "refs/heads/" + one.base, one.head_commit});
        one.state = forge::State::Merged;
        one.merge_commit = one.head_commit;
    }
    void person_closes(std::int64_t number, const std::string& who = "ann") {
        at(number).state = forge::State::Closed;
        at(number).closed_by = who;
    }

    const forge::Capabilities& capabilities() const override { return can; }
    std::string name() const override { return "a test platform"; }

    Result<std::vector<forge::PullRequest>> find(
        const std::string& head, const std::string& base, std::optional<forge::State> state
    ) override {
        std::vector<forge::PullRequest> found;
        for (auto at = pulls.rbegin(); at != pulls.rend(); ++at) {
            if (at->head == head && (base.empty() || at->base == base) &&
                (!state || at->state == *state)) {
                found.push_back(fresh(*at));
            }
        }
        return found;
    }
    Result<forge::PullRequest> get(std::int64_t number) override {
        if (number < 1 || static_cast<std::size_t>(number) > pulls.size()) {
            return Error{Errc::NotFound, "no such pull request"};
        }
        return fresh(at(number));
    }
    Result<forge::PullRequest> open(const forge::NewPullRequest& wanted) override {
        return change<forge::PullRequest>("open", [&]() -> Result<forge::PullRequest> {
            for (const auto& one : pulls) {
                if (one.head == wanted.head && one.base == wanted.base &&
                    one.state == forge::State::Open) {
                    return Error{Errc::Conflict, "a pull request already exists"};
                }
            }
            if (repo_.tip(wanted.head) == repo_.tip(wanted.base)) {
                return Error{Errc::InvalidInput, "No commits between"};
            }
            forge::PullRequest made;
            made.number = static_cast<std::int64_t>(pulls.size()) + 1;
            made.url = "https://git.example.com/acme/fleet/pulls/" + std::to_string(made.number);
            made.title = wanted.title;
            made.body = wanted.body;
            made.draft = wanted.draft;
            made.mergeable = mergeable;
            made.head = wanted.head;
            made.base = wanted.base;
            made.author = "linkspan-bot";
            pulls.push_back(made);
            return fresh(pulls.back());
        });
    }
    Result<forge::PullRequest> update(
        const forge::PullRequest& now, const forge::PullRequestChange& wanted
    ) override {
        return change<forge::PullRequest>("update", [&]() -> Result<forge::PullRequest> {
            auto& one = at(now.number);
            if (wanted.title) one.title = *wanted.title;
            if (wanted.body) one.body = *wanted.body;
            if (wanted.draft) one.draft = *wanted.draft;
            if (wanted.base) one.base = *wanted.base;
            return fresh(one);
        });
    }
    Status close(const forge::PullRequest& now) override {
        return change_status("close", [&] {
            at(now.number).state = forge::State::Closed;
            at(now.number).closed_by = "linkspan-bot";
        });
    }
    Result<forge::PullRequest> reopen(const forge::PullRequest& now) override {
        return change<forge::PullRequest>("reopen", [&]() -> Result<forge::PullRequest> {
            at(now.number).state = forge::State::Open;
            return fresh(at(now.number));
        });
    }
    Status add_labels(const forge::PullRequest& now, const std::vector<std::string>& labels)
        override {
        return change_status("add_labels", [&] {
            for (const auto& label : labels) put(at(now.number).labels, label);
        });
    }
    Status remove_labels(const forge::PullRequest& now, const std::vector<std::string>& labels)
        override {
        return change_status("remove_labels", [&] {
            for (const auto& label : labels) std::erase(at(now.number).labels, label);
        });
    }
    Result<std::vector<forge::Unasked>> ask(
        const forge::PullRequest& now, const forge::People& people
    ) override {
        using Unasked = std::vector<forge::Unasked>;
        return change<Unasked>("ask", [&]() -> Result<Unasked> {
            Unasked unasked;
            auto& one = at(now.number);
            const auto each = [&](const auto& names, auto& list) {
                for (const auto& who : names) {
                    if (left.contains(who)) {
                        unasked.push_back({who, "not a member any more"});
                    } else {
                        put(list, who);
                    }
                }
            };
            each(people.assignees, one.assignees);
            each(people.reviewers, one.reviewers);
            each(people.teams, one.teams);
            return unasked;
        });
    }
    Status set_milestone(const forge::PullRequest& now, const std::string& title) override {
        return change_status("set_milestone", [&] { milestones[now.number] = title; });
    }
    Result<std::optional<forge::LabelEvent>> labeled_by(
        const forge::PullRequest&, const std::string& label
    ) override {
        ++label_questions;
        const auto at = labeled.find(label);
        if (at == labeled.end()) return std::optional<forge::LabelEvent>{};
        return std::optional{at->second};
    }
    Result<std::vector<forge::Comment>> comments(const forge::PullRequest& now) override {
        return said[now.number];
    }
    Status comment(const forge::PullRequest& now, const std::string& text) override {
        return change_status("comment", [&] {
            auto& all = said[now.number];
            all.push_back({std::to_string(all.size() + 1), "linkspan-bot", text});
        });
    }
    Result<forge::MergeAnswer> merge(
        const forge::PullRequest& now, const forge::MergeRequest& wanted
    ) override {
        return change<forge::MergeAnswer>("merge", [&]() -> Result<forge::MergeAnswer> {
            if (repo_.tip(now.head) != wanted.head_commit) {
                return forge::MergeAnswer{forge::HeadMoved{}};
            }
            person_merges(now.number);
            return forge::MergeAnswer{forge::Merged{at(now.number).merge_commit}};
        });
    }
    Result<forge::MergeAnswer> arm_auto_merge(
        const forge::PullRequest& now, const forge::MergeRequest& wanted
    ) override {
        return change<forge::MergeAnswer>("arm", [&]() -> Result<forge::MergeAnswer> {
            if (repo_.tip(now.head) != wanted.head_commit) {
                return forge::MergeAnswer{forge::HeadMoved{}};
            }
            if (std::holds_alternative<forge::Armed>(arm_answer)) at(now.number).auto_merge = true;
            return arm_answer;
        });
    }
    Status disarm_auto_merge(const forge::PullRequest& now) override {
        return change_status("disarm", [&] {
            at(now.number).auto_merge = false;
            if (disarmed) disarmed();
        });
    }
    Status set_status(const std::string& commit, const forge::CheckStatus& status) override {
        return change_status("set_status", [&] {
            statuses.push_back(commit + " " + status.context + " " + status.description);
        });
    }
    void stop() override {}
    Result<bool> may_write(const std::string& user) override {
        if (may_write_answer) return *may_write_answer;
        return writers.contains(user);
    }
    Status delete_branch(const std::string& branch, const std::string& expected) override {
        return change_status("delete_branch", [&] {
            repo_.git({"update-ref", "-d", "refs/heads/" + branch, expected});
        });
    }
    Result<std::string> commit_through_api(const forge::ApiCommit& wanted) override {
        return change<std::string>("commit", [&]() -> Result<std::string> {
            // As a platform does it: a person of its own, and its own clock.
            const std::string scratch = "api-scratch";
            repo_.git({"update-ref", "refs/heads/" + scratch, wanted.base});
            testing::Files files;
            for (const auto& file : wanted.files) files[file.path] = file.content;
            const std::string made = repo_.person_commits(files, wanted.message, scratch);
            repo_.git({"update-ref", "refs/heads/" + wanted.branch, made});
            repo_.git({"update-ref", "-d", "refs/heads/" + scratch});
            return made;
        });
    }

private:
    static void put(std::vector<std::string>& list, const std::string& one) {
        if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(one);
    }
    forge::PullRequest fresh(forge::PullRequest one) const {
        if (one.state == forge::State::Open) one.head_commit = repo_.tip(one.head);
        return one;
    }
    template <class T>
    Result<T> change(const std::string& name, const std::function<Result<T>()>& work) {
        calls.push_back(name);
        if (const auto deed = before.find(name); deed != before.end()) {
            const auto done = std::move(deed->second);
            before.erase(deed);
            done();
        }
        if (const auto it = always_broken.find(name); it != always_broken.end()) return it->second;
        if (const auto fault = broken.find(name); fault != broken.end()) {
            const Error error = fault->second;
            broken.erase(fault);
            return error;
        }
        auto result = work();
        if (const auto fault = broken.find("after:" + name); fault != broken.end()) {
            const Error error = fault->second;
            broken.erase(fault);
            return error;
        }
        return result;
    }
    Status change_status(const std::string& name, const std::function<void()>& work) {
        const auto done = change<bool>(name, [&]() -> Result<bool> {
            work();
            return true;
        });
        if (done.has_error()) return done.error();
        return {};
    }

    testing::RemoteRepo& repo_;
};

}  // namespace linkspan::pipeline
