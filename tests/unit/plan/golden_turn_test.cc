// Whole repositories before and after one turn: tests/golden/turn/<case>/{before,after}/….
//
// case.json says what is wanted: {"image": "host/name:tag[@digest]", "policies": ["ns:name"],
// "paths", "ignore", "mirrors": [{"source", "mirror"}]}. The policy is "ns:app". answer.json beside
// it is what was told. LINKSPAN_ACCEPT=1 rewrites after/ and answer.json, and skips.

#include "core/manifest/ignore.h"
#include "core/manifest/scan.h"
#include "core/plan/turn.h"
#include "tests/support/file_tree.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace linkspan::plan {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

fs::path root() { return fs::path{LINKSPAN_SOURCE_DIR} / "tests/golden/turn"; }

Bid bid_of(const Json& wishes) {
    const auto reference =
        image::ImageReference::parse(wishes.at("image").get<std::string>()).value();
    Bid bid;
    bid.target = "prod";
    bid.policy.name_space = "ns";
    bid.policy.name = "app";
    bid.policy.image = reference.name;
    bid.selection.selected = reference.tag->str();
    bid.selection.why = "asked for";
    bid.resolved = reference.digest;
    bid.asked_for = true;
    bid.scope.paths = wishes.value("paths", std::vector<std::string>{});
    bid.scope.ignore = wishes.value("ignore", std::vector<std::string>{});
    std::vector<std::string> names = wishes.value("policies", std::vector<std::string>{"ns:app"});
    std::sort(names.begin(), names.end());
    bid.scope.policies = std::make_shared<const std::vector<std::string>>(std::move(names));
    image::Mirrors mirrors;
    for (const auto& one : wishes.value("mirrors", Json::array())) {
        EXPECT_TRUE(
            mirrors.add(one.at("source").get<std::string>(), one.at("mirror").get<std::string>())
        );
    }
    bid.scope.mirrors = std::make_shared<const image::Mirrors>(std::move(mirrors));
    return bid;
}

Turn plan(const test::FileTree& files, const Bid& bid) {
    const auto own = files.find(std::string{manifest::kIgnoreFile});
    const manifest::IgnoreFile ignore{own == files.end() ? std::string_view{} : own->second};
    Snapshot snapshot;
    snapshot.base = "base";
    for (const auto& [path, bytes] : files) {
        if (ignore.ignores(path) || !manifest::worth_scanning(path, bytes)) continue;
        auto scan = std::make_shared<const manifest::Scan>(manifest::scan(path, bytes));
        snapshot.files.push_back({.path = path, .scan = std::move(scan)});
    }
    snapshot.read = [&files](const std::string& path) -> Result<std::string> {
        return files.at(path);
    };
    return plan_turn(snapshot, std::vector{bid}).value();
}

test::FileTree rewritten(test::FileTree files, const Turn& turn) {
    for (const auto& file : turn.plan.files) files[file.path] = file.after;
    return files;
}

class GoldenTurn : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenTurn, IsAsAccepted) {
    const fs::path folder = root() / GetParam();
    const test::FileTree before = test::read_files(folder / "before");
    ASSERT_FALSE(before.empty());
    const Bid bid = bid_of(Json::parse(test::read_bytes(folder / "case.json")));
    const Turn turn = plan(before, bid);
    const test::FileTree after = rewritten(before, turn);
    const BidAnswer& answer = turn.answers.front();
    const Json told = {
        {"places", answer.places},
        {"changes", answer.changes.size()},
        {"refusals", answer.refusals},
        {"problems", answer.problems}};
    const std::string text = told.dump(2) + "\n";
    if (std::getenv("LINKSPAN_ACCEPT") != nullptr) {
        for (const auto& [path, bytes] : after) test::write_bytes(folder / "after" / path, bytes);
        test::write_bytes(folder / "answer.json", text);
        GTEST_SKIP() << "accepted";
    }
    EXPECT_EQ(after, test::read_files(folder / "after"));
    EXPECT_EQ(text, test::read_bytes(folder / "answer.json"));
    EXPECT_TRUE(plan(after, bid).plan.empty()) << "a second turn has something to do";
}

std::vector<std::string> cases() {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator{root()}) out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
}

INSTANTIATE_TEST_SUITE_P(Turns, GoldenTurn, ::testing::ValuesIn(cases()), [](const auto& test) {
    return test.param;
});

}  // namespace
}  // namespace linkspan::plan
