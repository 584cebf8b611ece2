// A manifest repository made by the real git, a platform in memory, a store in memory, and looks
// at the pull request of target "prod".
#pragma once

#include "service/pipeline/proposer.h"
#include "tests/unit/pipeline/memory_forge.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace linkspan::pipeline {

template <class T>
T must(Result<T> result) {
    if (result.has_error()) throw std::runtime_error{result.error().message};
    return std::move(*result);
}
inline void must(const Status& status) {
    if (status.has_error()) throw std::runtime_error{status.error().message};
}

// Thrown where a crash is acted.
struct Killed {};

class Proposing : public ::testing::Test {
protected:
    Proposing() {
        remote.person_commits({{"app.yaml", "image: app:1.0.0\n"}}, "Deploy app");
        git::RemoteOptions at;
        at.url = remote.path();
        mirror = std::make_unique<git::Mirror>(must(git::Mirror::open(sandbox / "mirror", at)));
    }

    // What a turn would plan for the tag on the branch as it is now.
    ProposeRequest wanting(const std::string& tag, const std::string& digest = "") {
        ProposeRequest request;
        request.repository = "fleet";
        request.base_branch = base_branch;
        request.base = must(mirror->fetch(base_branch));
        request.author = {"Linkspan", "linkspan@example.com"};
        request.committer = request.author;
        request.now = now;
        request.options = options;
        request.proposal.target = "prod";
        request.proposal.plan.base = request.base.hex;
        const std::string before = remote.show("app.yaml");
        std::string after = "image: app:" + tag + "\n";
        if (!digest.empty()) after = "image: app:" + tag + "@" + digest + "\n";
        if (before == after) return request;
        plan::Change change;
        change.target = "prod";
        change.policy = "app";
        change.path = "app.yaml";
        change.line = 1;
        change.where = "image";
        change.image = *image::ImageName::parse("registry.example.com/acme/app");
        change.old_tag = "1.0.0";
        change.new_tag = tag;
        if (!digest.empty()) change.new_digest = digest;
        change.why = "the greatest version";
        request.proposal.plan.changes.push_back(change);
        request.proposal.plan.files.push_back(
            {.path = "app.yaml", .edits = {}, .before = before, .after = after}
        );
        return request;
    }

    // One look, as the worker takes it. `kill_after`: the process dies after so many writes and
    // actions.
    ProposeAnswer look(ProposeRequest request, int kill_after = -1) {
        int left = kill_after;
        const auto maybe_die = [&] {
            if (left >= 0 && left-- == 0) throw Killed{};
        };
        auto remembered = must(store->pull_requests().get("fleet", "prod", ""));
        request.counts = must(store->pull_requests().counts("prod", "", now));
        Proposer proposer{forge, *mirror, std::move(request), std::move(remembered)};
        while (must(proposer.decide())) {
            must(record(*store, proposer.to_record()));
            maybe_die();
            must(proposer.act());
            maybe_die();
            must(record(*store, proposer.to_record()));
        }
        maybe_die();
        must(record(*store, proposer.to_record()));
        return proposer.answer();
    }

    store::PullRequest row() {
        return must(store->pull_requests().get("fleet", "prod", "")).value();
    }
    std::string branch_file() { return remote.show("app.yaml", "linkspan/prod"); }
    void person_pushes_to_branch() {
        remote.person_commits({{"other.yaml", "a: 1\n"}}, "My fix", "linkspan/prod");
    }
    void lose_the_store() { store = must(store::Store::open(":memory:")); }

    testing::Sandbox sandbox;
    testing::RemoteRepo remote{sandbox, "fleet"};
    MemoryForge forge{remote};
    std::unique_ptr<store::Store> store = must(store::Store::open(":memory:"));
    std::unique_ptr<git::Mirror> mirror;
    config::PullRequest options;
    std::string base_branch = "main";
    store::TimePoint now{std::chrono::seconds{1'790'000'000}};
};

}  // namespace linkspan::pipeline
