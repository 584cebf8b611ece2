#include "service/pipeline/branch_index.h"

#include "core/manifest/scan.h"
#include "service/pipeline/branch_view.h"
#include "tests/support_git/git_repo.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <string>
#include <vector>

namespace linkspan::pipeline {
namespace {

using linkspan::testing::Files;
using linkspan::testing::RemoteRepo;
using linkspan::testing::Sandbox;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string naming(const std::string& image) { return "image: " + image + "\n"; }

plan::Bid bid_for(const std::string& image, std::vector<std::string> paths = {}) {
    plan::Bid bid;
    bid.target = "t";
    bid.policy.name = "app";
    bid.policy.name_space = "ns";
    bid.policy.image = image::ImageName::parse(image).value();
    bid.scope.paths = std::move(paths);
    return bid;
}

class BranchIndexTest : public ::testing::Test {
protected:
    // A view as a process has it after its start.
    BranchView view(const std::string& branch = "main", const std::string& name = "mirror") {
        BranchView view;
        view.directory = sandbox_ / name;
        view.remote.url = remote_.path();
        view.branch = branch;
        view.scans = scans_;
        return view;
    }
    void open_store() {
        scans_.reset();
        writer_.reset();
        writer_ =
            std::make_unique<store::Writer>(store::Store::open(sandbox_ / "linkspan.db").value());
        scans_ = std::make_shared<BlobScans>(writer_.get());
    }
    static BranchIndex::Updated look(BranchView& view, const Watches& watches = {}) {
        auto looked = look_ahead(view, watches);
        EXPECT_TRUE(looked.has_value()) << (looked ? "" : looked.error().message);
        return looked.value();
    }
    static std::vector<std::string> files(BranchView& view, const plan::Bid& bid) {
        look(view, {bid.scope.fields.begin(), bid.scope.fields.end()});
        const auto snapshot = take_snapshot(view, view.index->commit(), std::vector{bid}).value();
        std::vector<std::string> out;
        for (const auto& file : snapshot.files) {
            std::string line = file.path;
            if (file.scan->skipped) line += " skipped";
            for (const auto& field : file.fields) {
                line += fmt::format(" {}", field.scan->places.size());
            }
            out.push_back(line);
        }
        return out;
    }
    // Rows of another version, as an older program has left them.
    void make_rows_old() {
        scans_->flush();
        std::promise<void> done;
        writer_->run(
            [](store::Store& store) -> Status {
                // Whatever there is, under a version that is not ours.
                std::vector<std::string> ids;
                auto swept = store.blob_index().sweep("", 10'000, [&](std::string_view id) {
                    ids.emplace_back(id);
                    return true;
                });
                if (swept.has_error()) return swept.error();
                LINKSPAN_TRY(known, store.blob_index().get_many(ids));
                std::vector<store::IndexedBlob> rows;
                for (std::size_t i = 0; i < ids.size(); ++i) {
                    rows.push_back({ids[i], known[i]->places});
                }
                return store.blob_index().put_many(rows, manifest::kScannerVersion - 1);
            },
            [&](Status status) {
                EXPECT_FALSE(status.has_error());
                done.set_value();
            }
        );
        done.get_future().wait();
    }

    Sandbox sandbox_;
    RemoteRepo remote_{sandbox_, "remote"};
    std::unique_ptr<store::Writer> writer_;
    std::shared_ptr<BlobScans> scans_ = std::make_shared<BlobScans>(nullptr);
};

TEST_F(BranchIndexTest, FollowsTheBranchCommitByCommit) {
    remote_.person_commits(
        {{"a/x.yaml", naming("nginx:1")},
         {"a/y.yaml", naming("redis:1")},
         {"b/z.yaml", naming("nginx:2")},
         {"b/notes.txt", naming("nginx:2")},
         {"b/plain.yaml", "a: 1\n"}},
        "first"
    );
    auto view = this->view();
    const auto first = look(view);
    EXPECT_EQ(first.changed, 5U);
    EXPECT_EQ(first.read, 4U);
    EXPECT_THAT(files(view, bid_for("nginx")), ElementsAre("a/x.yaml", "b/z.yaml"));
    EXPECT_THAT(files(view, bid_for("nginx", {"b"})), ElementsAre("b/z.yaml"));
    EXPECT_THAT(files(view, bid_for("redis")), ElementsAre("a/y.yaml"));
    EXPECT_EQ(look(view).changed, 0U);

    remote_.person_commits(
        {{"a/x.yaml", naming("redis:1")}, {"c/new.yaml", naming("nginx:3")}}, "second"
    );
    const auto second = look(view);
    EXPECT_EQ(second.changed, 2U);
    EXPECT_EQ(second.read, 2U);
    EXPECT_THAT(files(view, bid_for("nginx")), ElementsAre("b/z.yaml", "c/new.yaml"));
    EXPECT_THAT(files(view, bid_for("redis")), ElementsAre("a/x.yaml", "a/y.yaml"));
}

TEST_F(BranchIndexTest, ARestartReadsNothingAgain) {
    Files files;
    for (int i = 0; i < 300; ++i) {
        files[fmt::format("apps/{}/values.yaml", i)] = naming(fmt::format("acme/app{}:1", i));
    }
    remote_.import(files);
    open_store();
    {
        auto view = this->view();
        EXPECT_EQ(look(view).read, 300U);
        scans_->flush();
    }
    open_store();
    auto view = this->view();
    const auto again = look(view);
    EXPECT_EQ(again.changed, 300U);
    EXPECT_EQ(again.read, 0U);
    EXPECT_THAT(this->files(view, bid_for("acme/app7")), ElementsAre("apps/7/values.yaml"));

    // A mirror that is made anew needs no reading either, and neither does another branch.
    std::filesystem::remove_all(sandbox_ / "mirror");
    EXPECT_EQ(look(view).changed, 0U);
    remote_.git({"branch", "other", "main"});
    auto other = this->view("other", "other");
    EXPECT_EQ(look(other).read, 0U);
}

TEST_F(BranchIndexTest, AMirrorWithoutTheOldCommitStartsAnew) {
    remote_.person_commits({{"a.yaml", naming("nginx:1")}}, "first");
    auto view = this->view();
    look(view);
    // Somebody rewrote the branch, and the mirror was lost.
    remote_.import({{"b.yaml", naming("nginx:1")}}, "fresh");
    remote_.git({"update-ref", "refs/heads/main", "refs/heads/fresh"});
    remote_.git({"reflog", "expire", "--expire=now", "--all"});
    remote_.git({"gc", "-q", "--prune=now"});
    std::filesystem::remove_all(sandbox_ / "mirror");
    EXPECT_THAT(files(view, bid_for("nginx")), ElementsAre("b.yaml"));
}

TEST_F(BranchIndexTest, FilesOfAnOlderScannerAreUsedAndReadAgainBesideTheTurns) {
    remote_.person_commits(
        {{"a.yaml", naming("nginx:1")}, {"b.yaml", naming("redis:1")}, {"c.yaml", "image: [\n"}},
        "first"
    );
    open_store();
    {
        auto view = this->view();
        look(view);
    }
    make_rows_old();
    auto view = this->view();
    EXPECT_EQ(look(view).read, 0U);
    EXPECT_EQ(view.index->stale(), 3U);
    EXPECT_THAT(files(view, bid_for("nginx")), ElementsAre("a.yaml", "c.yaml skipped"));

    // One of them changes meanwhile.
    remote_.person_commits({{"b.yaml", naming("nginx:1")}}, "second");
    look(view);
    EXPECT_EQ(view.index->stale(), 2U);
    EXPECT_TRUE(view.index->refresh_some(1).value());
    EXPECT_FALSE(view.index->refresh_some(10).value());
    EXPECT_EQ(view.index->stale(), 0U);
    EXPECT_THAT(files(view, bid_for("nginx")), ElementsAre("a.yaml", "b.yaml", "c.yaml skipped"));

    scans_->flush();
    auto next = this->view();
    EXPECT_EQ(look(next).read, 0U);
    EXPECT_EQ(next.index->stale(), 0U);
}

TEST_F(BranchIndexTest, WhatNoBranchHasAnyMoreIsForgotten) {
    remote_.person_commits({{"a.yaml", naming("nginx:1")}, {"b.yaml", naming("redis:1")}}, "one");
    open_store();
    auto view = this->view();
    look(view);
    remote_.person_commits({{"a.yaml", naming("nginx:2")}}, "two");
    look(view);
    scans_->flush();
    EXPECT_EQ(collect(*scans_, {view.index}).value(), 1U);
    EXPECT_EQ(collect(*scans_, {view.index}).value(), 0U);
    auto next = this->view();
    EXPECT_EQ(look(next).read, 0U);
}

TEST_F(BranchIndexTest, TheRepositoryMayIgnoreFiles) {
    remote_.person_commits(
        {{".linkspanignore", "vendor/\n*.json\n!keep.json\n"},
         {"a.yaml", naming("nginx:1")},
         {"vendor/a.yaml", naming("nginx:1")},
         {"vendor/broken.yaml", "image: [\n"},
         {"x.json", "{\"image\": \"nginx:1\"}"},
         {"keep.json", "{\"image\": \"nginx:1\"}"}},
        "first"
    );
    auto view = this->view();
    EXPECT_THAT(files(view, bid_for("nginx")), ElementsAre("a.yaml", "keep.json"));
    remote_.person_commits({{".linkspanignore", "# nothing\n"}}, "second");
    EXPECT_EQ(files(view, bid_for("nginx")).size(), 5U);
}

TEST_F(BranchIndexTest, FilesWithMarkersOfNoPolicyAreLookedAt) {
    const auto marked = [](const std::string& policy) {
        return "image: redis:1 # {\"$imagepolicy\": \"" + policy + "\"}\n";
    };
    remote_.person_commits(
        {{"apps/a.yaml", naming("nginx:1")},
         {"apps/known.yaml", marked("ns:other")},
         {"apps/typo.yaml", marked("ns:aapp")},
         {"else/typo.yaml", marked("ns:aapp")}},
        "first"
    );
    auto view = this->view();
    auto bid = bid_for("nginx", {"apps"});
    EXPECT_THAT(files(view, bid), ElementsAre("apps/a.yaml"));
    bid.scope.policies = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{
        "ns:app", "ns:other"});
    EXPECT_THAT(files(view, bid), ElementsAre("apps/a.yaml", "apps/typo.yaml"));
    bid.scope.markers = false;
    EXPECT_THAT(files(view, bid), ElementsAre("apps/a.yaml"));
}

TEST_F(BranchIndexTest, LinksAreNotFollowed) {
    const std::string tree = sandbox_ / "tree";
    linkspan::testing::git(sandbox_.path(), {"clone", "-q", remote_.path(), tree});
    linkspan::testing::write_file(tree + "/a.yaml", naming("nginx:1"));
    std::filesystem::create_symlink("a.yaml", tree + "/link.yaml");
    linkspan::testing::git(tree, {"checkout", "-q", "-B", "main"});
    linkspan::testing::git(tree, {"add", "."});
    linkspan::testing::git(tree, {"commit", "-q", "-m", "links"});
    linkspan::testing::git(tree, {"push", "-q", "origin", "main"});
    auto view = this->view();
    EXPECT_THAT(files(view, bid_for("nginx")), ElementsAre("a.yaml", "link.yaml skipped"));
}

TEST_F(BranchIndexTest, FieldsAreIndexedForThemselves) {
    remote_.person_commits(
        {{"x/app.json", "{\"ref\": \"nginx:1\"}"},
         {"y/app.json", "{\"ref\": \"redis:1\"}"},
         {"y/bad.json", "{"},
         {"x/.env", "TAG=1\n"}},
        "first"
    );
    open_store();
    auto watch = std::make_shared<plan::FieldWatch>();
    watch->files = "**/*.json";
    watch->rule = manifest::FieldRule::compile({.path = "ref"}).value();
    manifest::Field tag{.path = "TAG"};
    tag.role = manifest::Role::Tag;
    auto env = std::make_shared<plan::FieldWatch>();
    env->files = "x/.env";
    env->rule = manifest::FieldRule::compile(tag).value();
    env->policy = "ns:app";
    auto bid = bid_for("nginx");
    bid.scope.fields = {watch, env};
    auto view = this->view();
    EXPECT_THAT(files(view, bid), ElementsAre("x/.env 1", "x/app.json 1", "y/bad.json 0"));
    // The same question by another configuration's object.
    bid.scope.fields = {std::make_shared<plan::FieldWatch>(*watch)};
    EXPECT_THAT(files(view, bid), ElementsAre("x/app.json 1", "y/bad.json 0"));
    scans_->flush();
    auto next = this->view();
    EXPECT_EQ(look(next, {watch}).read, 0U);
}

TEST_F(BranchIndexTest, MirrorsNameTheSameImage) {
    remote_.person_commits(
        {{"a.yaml", naming("mirror.example.com/hub/library/nginx:1")},
         {"b.yaml", naming("mirror.example.com/hub/nginx:1")},
         {"c.yaml", naming("mirror.example.com/nginx:1")}},
        "first"
    );
    auto view = this->view();
    auto bid = bid_for("nginx");
    EXPECT_THAT(files(view, bid), IsEmpty());
    auto mirrors = std::make_shared<image::Mirrors>();
    ASSERT_TRUE(mirrors->add("docker.io", "mirror.example.com/hub"));
    bid.scope.mirrors = mirrors;
    EXPECT_THAT(files(view, bid), ElementsAre("a.yaml", "b.yaml"));
}

}  // namespace
}  // namespace linkspan::pipeline
