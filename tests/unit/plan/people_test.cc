// People win: what a person changed after Linkspan wrote it stays.
#include "core/manifest/scan.h"
#include "core/plan/turn.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace linkspan::plan {
namespace {

constexpr const char* kImage = "registry.example.com/acme/app";
const std::string kDigestA = "sha256:" + std::string(64, 'a');
const std::string kDigestB = "sha256:" + std::string(64, 'b');

std::string pod(const std::string& version) {
    return "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: " +
           std::string{kImage} + version + "\n";
}

struct Case {
    std::string name;
    std::string front = "";      // another document, put before it
    std::string now = ":1.0.0";  // what the file says
    std::string selected = "1.1.0";
    std::string resolved = "";
    std::vector<Written> written{};
    bool landed = true;
    bool asked_for = false;
    bool reviewed = false;
    // expected
    std::string verdict = "promote";
    std::size_t noticed = 0;
    std::size_t put_back = 0;
};

const std::string kOtherDocument = "kind: ConfigMap\ndata: {a: b}\n---\n";

Written wrote(std::int64_t id, const std::string& tag, std::optional<std::string> undone = {}) {
    return {
        .id = id,
        .path = "a.yaml",
        .document = 0,
        .where = "spec.containers[0].image",
        .tag = tag,
        .digest = {},
        .commit = "commit-" + tag,
        .undone = std::move(undone)};
}

Written wrote_digest(std::int64_t id, const std::string& tag, const std::string& digest) {
    Written one = wrote(id, tag);
    one.digest = digest;
    return one;
}

class People : public testing::TestWithParam<Case> {};

TEST_P(People, Win) {
    const Case& c = GetParam();
    Bid bid;
    bid.target = "prod";
    bid.policy.name = "app";
    bid.policy.image = *image::ImageName::parse(kImage);
    bid.policy.select = policy::Semver{};
    policy::KnownTag known;
    known.tag = c.selected;
    bid.selection = *policy::select(bid.policy, std::vector{known});
    if (!c.resolved.empty()) bid.resolved = *image::Digest::parse(c.resolved);
    bid.cause.event.image = bid.policy.image;
    bid.cause.event.tag = *image::Tag::parse(c.selected);
    bid.written = c.written;
    bid.asked_for = c.asked_for;
    bid.reviewed = c.reviewed;

    const std::string bytes = c.front + pod(c.now);
    Snapshot snapshot;
    snapshot.base = "base";
    snapshot.files.push_back(
        {.path = "a.yaml",
         .scan = std::make_shared<const manifest::Scan>(manifest::scan("a.yaml", bytes))}
    );
    snapshot.read = [&](const std::string&) -> Result<std::string> { return bytes; };
    snapshot.changed_since = [&](const Written& one) -> Result<std::optional<std::string>> {
        if (!c.landed) return std::optional<std::string>{};
        return std::optional{"Jane changed " + one.path + " after " + one.commit};
    };
    const auto turn = plan_turn(snapshot, std::vector{bid});
    ASSERT_TRUE(turn.has_value());
    const BidAnswer& answer = turn->answers[0];
    EXPECT_EQ(policy::verdict_name(answer.decision.verdict), c.verdict);
    EXPECT_EQ(answer.undone.size(), c.noticed);
    EXPECT_EQ(answer.put_back.size(), c.put_back);
    EXPECT_EQ(turn->plan.empty(), c.verdict != "promote");
    if (c.noticed > 0) {
        if (c.front.empty()) {
            EXPECT_NE(answer.held[0].find("a.yaml:6: "), std::string::npos) << answer.held[0];
        }
        EXPECT_NE(answer.held[0].find("Jane changed a.yaml"), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    People,
    testing::Values(
        Case{.name = "NothingWritten"},
        Case{.name = "Reverted", .written = {wrote(1, "1.1.0")}, .verdict = "held", .noticed = 1},
        Case{
            .name = "SetToAnotherValue",
            .now = ":1.0.9",
            .written = {wrote(1, "1.1.0")},
            .verdict = "held",
            .noticed = 1},
        Case{.name = "ANewerTagComes", .selected = "1.2.0", .written = {wrote(1, "1.1.0")}},
        Case{.name = "OurCommitNeverLanded", .written = {wrote(1, "1.1.0")}, .landed = false},
        Case{
            .name = "SentForReview",
            .written = {wrote(1, "1.1.0")},
            .landed = false,
            .reviewed = true,
            .verdict = "held"},
        Case{
            .name = "NoticedBefore",
            .written = {wrote(1, "1.1.0", "Jane, last week")},
            .verdict = "held"},
        // The older revert still counts after a newer bump was reverted too.
        Case{
            .name = "AnOlderRevertStillCounts",
            .written = {wrote(1, "1.1.0", "Jane, last week"), wrote(2, "1.2.0")},
            .verdict = "held"},
        // Linkspan went back to 1.0.0 by itself (a rollback); 1.1.0 is free again when resumed.
        Case{.name = "OurOwnRollback", .written = {wrote(1, "1.1.0"), wrote(2, "1.0.0")}},
        Case{
            .name = "APersonAskedForIt",
            .written = {wrote(1, "1.1.0", "Jane, last week")},
            .asked_for = true},
        Case{
            .name = "StillThere",
            .now = ":1.1.0",
            .written = {wrote(1, "1.1.0")},
            .verdict = "already_current"},
        Case{
            .name = "UndoneAndPutBack",
            .now = ":1.1.0",
            .written = {wrote(1, "1.1.0", "Jane, last week")},
            .verdict = "already_current",
            .put_back = 1},
        // The place is another one by its number, and still the place that was written.
        Case{
            .name = "RevertedWithADocumentPutBefore",
            .front = kOtherDocument,
            .written = {wrote(1, "1.1.0")},
            .verdict = "held",
            .noticed = 1},
        Case{
            .name = "StillThereWithADocumentPutBefore",
            .front = kOtherDocument,
            .now = ":1.1.0",
            .written = {wrote(1, "1.1.0")},
            .verdict = "already_current"},
        Case{
            .name = "ANewPlaceBesideOneThatIsKnown",
            .front = pod(":1.1.0") + "---\n",
            .written = {wrote(1, "1.1.0")}},
        Case{
            .name = "DigestReverted",
            .now = ":1.1.0@" + kDigestA,
            .resolved = kDigestB,
            .written = {wrote_digest(1, "1.1.0", kDigestB)},
            .verdict = "held",
            .noticed = 1},
        Case{
            .name = "TheTagMovedSince",
            .now = ":1.0.0@" + kDigestA,
            .resolved = kDigestB,
            .written = {wrote_digest(1, "1.1.0", kDigestA)}}
    ),
    [](const auto& one) { return one.param.name; }
);

}  // namespace
}  // namespace linkspan::plan
