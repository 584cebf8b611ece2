#include "core/plan/turn.h"

#include "core/manifest/scan.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace linkspan::plan {
namespace {

constexpr const char* kImage = "registry.example.com/acme/app";

std::string pod(const std::string& image, const std::string& marker = "") {
    return "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: " + image +
           marker + "\n";
}

policy::Policy policy_of(const std::string& name, const std::string& image = kImage) {
    policy::Policy policy;
    policy.name = name;
    policy.name_space = "flux-system";
    policy.image = *image::ImageName::parse(image);
    policy.select = policy::Semver{};
    return policy;
}

Bid bid_of(
    const policy::Policy& policy, const std::string& tag, std::vector<std::string> tags = {}
) {
    if (tags.empty()) tags = {tag};
    std::vector<policy::KnownTag> known;
    for (const auto& one : tags) {
        policy::KnownTag k;
        k.tag = one;
        known.push_back(k);
    }
    Bid bid;
    bid.target = "prod";
    bid.policy = policy;
    bid.selection = *policy::select(policy, known);
    bid.cause.delivery = "delivery-" + tag;
    bid.cause.event.image = policy.image;
    bid.cause.event.tag = *image::Tag::parse(tag);
    return bid;
}

// A repository in memory.
struct Repository {
    std::map<std::string, std::string> files;

    Result<Turn> plan(const std::vector<Bid>& bids) const {
        Snapshot snapshot;
        snapshot.base = "base";
        for (const auto& [path, bytes] : files) {
            SnapshotFile file{
                .path = path,
                .scan = std::make_shared<const manifest::Scan>(
                    manifest::worth_scanning(path, bytes) ? manifest::scan(path, bytes)
                                                          : manifest::Scan{}
                )};
            for (const auto& bid : bids) {
                for (const auto& watch : bid.scope.fields) {
                    if (!watch->wants(path)) continue;
                    const std::vector rules{watch->rule};
                    file.fields.push_back(
                        {watch,
                         std::make_shared<const manifest::Scan>(
                             manifest::scan_fields(path, bytes, rules)
                         )}
                    );
                }
            }
            snapshot.files.push_back(std::move(file));
        }
        snapshot.read = [this](const std::string& path) -> Result<std::string> {
            return files.at(path);
        };
        return plan_turn(snapshot, bids);
    }
};

std::string after(const Turn& turn, const std::string& path) {
    for (const auto& file : turn.plan.files) {
        if (file.path == path) return file.after;
    }
    return "(not in the plan)";
}

std::string reason(const BidAnswer& answer) {
    const auto* refused = std::get_if<policy::Refused>(&answer.decision.verdict);
    return refused != nullptr ? refused->reason
                              : std::string{policy::verdict_name(answer.decision.verdict)};
}

const std::string kOld = std::string{kImage} + ":1.0.0";
const std::string kNew = std::string{kImage} + ":1.1.0";

TEST(PlanTurn, ChangesEveryPlaceInScopeAndNoOther) {
    Repository repository{
        {{"prod/a.yaml", pod(kOld)},
         {"prod/sub/b.yaml", pod("\"" + kOld + "\"")},
         {"production/c.yaml", pod(kOld)},
         {"prod/ignored.yaml", pod(kOld)}}};
    Bid bid = bid_of(policy_of("app"), "1.1.0");
    bid.scope = {.paths = {"prod"}, .ignore = {"prod/ignored*"}};
    const Turn turn = *repository.plan({bid});
    ASSERT_EQ(turn.plan.files.size(), 2U);
    EXPECT_EQ(after(turn, "prod/a.yaml"), pod(kNew));
    EXPECT_EQ(after(turn, "prod/sub/b.yaml"), pod("\"" + kNew + "\""));
    EXPECT_EQ(turn.answers[0].places, 2U);
    EXPECT_EQ(reason(turn.answers[0]), "promote");
    EXPECT_EQ(turn.plan.changes[0].line, 6U);
    EXPECT_EQ(turn.plan.changes[0].old_tag, "1.0.0");
}

TEST(PlanTurn, AMarkerGovernsItsScalar) {
    // The marker's policy says nothing in this turn, so the image rule of the other must not step
    // in.
    Repository repository{
        {{"a.yaml", pod(kOld, " # {\"$imagepolicy\": \"flux-system:other\"}")},
         {"b.yaml", pod(kOld)}}};
    const Turn turn = *repository.plan({bid_of(policy_of("app"), "1.1.0")});
    ASSERT_EQ(turn.plan.files.size(), 1U);
    EXPECT_EQ(turn.plan.files[0].path, "b.yaml");
}

TEST(PlanTurn, MarkersCanBeSwitchedOff) {
    Repository repository{{{"a.yaml", pod(kOld, " # {\"$imagepolicy\": \"flux-system:app\"}")}}};
    Bid bid = bid_of(policy_of("app"), "1.1.0");
    bid.scope.markers = false;
    EXPECT_TRUE(repository.plan({bid})->plan.empty());
    bid.scope = {.paths = {}, .ignore = {}, .markers = true, .images = false};
    EXPECT_FALSE(repository.plan({bid})->plan.empty());
}

TEST(PlanTurn, BidsOfOnePolicyShareTheBestSelection) {
    Repository repository{{{"a.yaml", pod(kOld)}}};
    const auto policy = policy_of("app");
    const Turn turn = *repository.plan(
        {bid_of(policy, "1.3.0", {"1.3.0", "1.2.0"}), bid_of(policy, "1.2.0", {"1.2.0"})}
    );
    EXPECT_EQ(after(turn, "a.yaml"), pod(std::string{kImage} + ":1.3.0"));
    ASSERT_EQ(turn.answers.size(), 2U);
    for (const auto& answer : turn.answers) {
        EXPECT_EQ(*answer.decision.explanation.selected, "1.3.0");
        EXPECT_EQ(answer.changes.size(), 1U);
    }
    EXPECT_EQ(turn.plan.causes.size(), 2U);
}

TEST(PlanTurn, NeverBackwards) {
    Repository repository{{{"a.yaml", pod(std::string{kImage} + ":1.5.0")}}};
    const Turn turn = *repository.plan({bid_of(policy_of("app"), "1.1.0")});
    EXPECT_TRUE(turn.plan.empty());
    EXPECT_NE(reason(turn.answers[0]).find("a.yaml:6: "), std::string::npos)
        << reason(turn.answers[0]);
}

TEST(PlanTurn, ARefusedTagLeavesItsDigestAlone) {
    const std::string digest = "sha256:" + std::string(64, 'a');
    const std::string text =
        "image: { repository: x, tag: 1.5.0 }\n"
        "a:\n  tag: 1.5.0 # {\"$imagepolicy\": \"flux-system:app:tag\"}\n"
        "  digest: " +
        digest + " # {\"$imagepolicy\": \"flux-system:app:digest\"}\n";
    Repository repository{{{"values.yaml", text}}};
    Bid bid = bid_of(policy_of("app"), "1.1.0");
    bid.resolved = *image::Digest::parse("sha256:" + std::string(64, 'b'));
    EXPECT_TRUE(repository.plan({bid})->plan.empty());
    bid = bid_of(policy_of("app"), "1.6.0");
    bid.resolved = *image::Digest::parse("sha256:" + std::string(64, 'b'));
    const Turn turn = *repository.plan({bid});
    EXPECT_NE(after(turn, "values.yaml").find("tag: 1.6.0"), std::string::npos);
    EXPECT_NE(after(turn, "values.yaml").find("sha256:bbb"), std::string::npos);
}

TEST(PlanTurn, TwoPoliciesThatWantOnePlaceAreToldSo) {
    Repository repository{{{"a.yaml", pod(kOld)}}};
    const Turn turn =
        *repository.plan({bid_of(policy_of("one"), "1.1.0"), bid_of(policy_of("two"), "1.2.0")});
    EXPECT_EQ(after(turn, "a.yaml"), pod(kNew));
    EXPECT_EQ(reason(turn.answers[0]), "promote");
    EXPECT_NE(reason(turn.answers[1]).find("a.yaml:6: another policy"), std::string::npos)
        << reason(turn.answers[1]);
}

TEST(PlanTurn, NothingToDoIsAlreadyCurrent) {
    Repository repository{{{"a.yaml", pod(kNew)}}};
    const Turn turn = *repository.plan({bid_of(policy_of("app"), "1.1.0")});
    EXPECT_TRUE(turn.plan.empty());
    EXPECT_EQ(reason(turn.answers[0]), "already_current");
}

TEST(PlanTurn, AGateStandsOnlyBeforeAChange) {
    const policy::TimePoint noon{std::chrono::hours{12}};
    Bid bid = bid_of(policy_of("app"), "1.1.0");
    const struct {
        policy::GateVerdict gate;
        std::string verdict;
    } cases[] = {
        {policy::Waiting{.until = noon, .why = "soak: young"}, "waiting"},
        {policy::Refused{"signature: none"}, "refused"},
        {policy::Open{}, "promote"},
    };
    for (const auto& one : cases) {
        bid.gate = one.gate;
        const Turn changing = *Repository{{{"a.yaml", pod(kOld)}}}.plan({bid});
        EXPECT_EQ(policy::verdict_name(changing.answers[0].decision.verdict), one.verdict);
        EXPECT_EQ(changing.plan.empty(), one.verdict != "promote");
        const Turn current = *Repository{{{"a.yaml", pod(kNew)}}}.plan({bid});
        EXPECT_EQ(reason(current.answers[0]), "already_current");
        EXPECT_TRUE(current.plan.empty());
    }
}

TEST(PlanTurn, WhatAGateStopsTakesNothingAlong) {
    Bid open = bid_of(policy_of("app"), "1.1.0");
    Bid waits = bid_of(policy_of("app"), "1.2.0");
    waits.gate = policy::Waiting{.until = {}, .why = "soak"};
    Bid refused = bid_of(policy_of("app"), "1.3.0");
    refused.gate = policy::Refused{"signature: none"};
    const Turn turn = *Repository{{{"a.yaml", pod(kOld)}}}.plan({waits, open, refused});
    ASSERT_EQ(turn.plan.changes.size(), 1U);
    EXPECT_EQ(turn.plan.changes[0].new_tag, "1.1.0");
    EXPECT_TRUE(std::holds_alternative<policy::Waiting>(turn.answers[0].decision.verdict));
    EXPECT_TRUE(std::holds_alternative<policy::Promote>(turn.answers[1].decision.verdict));
    EXPECT_TRUE(std::holds_alternative<policy::Refused>(turn.answers[2].decision.verdict));
}

TEST(PlanTurn, NoPlaceSaysWhereItLooked) {
    Repository repository{{{"a.yaml", pod("registry.example.com/acme/other:1.0.0")}}};
    Bid bid = bid_of(policy_of("app"), "1.1.0");
    bid.scope.paths = {"."};
    EXPECT_EQ(
        reason(repository.plan({bid})->answers[0]),
        "no place found: no marker names \"flux-system:app\" and no image field names "
        "registry.example.com/acme/app in . (1 candidate files)"
    );
}

TEST(PlanTurn, NoTagIsRefusedWithThePolicysWords) {
    Repository repository{{{"a.yaml", pod(kOld)}}};
    auto policy = policy_of("app");
    policy.select = policy::Semver{.range = ">=2.0.0"};
    const Turn turn = *repository.plan({bid_of(policy, "1.1.0")});
    EXPECT_TRUE(turn.plan.empty());
    EXPECT_FALSE(reason(turn.answers[0]).empty());
    EXPECT_NE(reason(turn.answers[0]), "promote");
}

TEST(PlanTurn, SkippedFilesAreNamed) {
    Repository repository{{{"a.yaml", pod(kOld)}, {"b.yaml", "spec: [\nimage: " + kOld + "\n"}}};
    const Turn turn = *repository.plan({bid_of(policy_of("app"), "1.1.0")});
    ASSERT_EQ(turn.answers[0].problems.size(), 1U);
    EXPECT_EQ(turn.answers[0].problems[0].substr(0, 16), "b.yaml: skipped:");
}

std::shared_ptr<const FieldWatch> watch_of(
    const std::string& files, manifest::Field field, const std::string& policy = ""
) {
    return std::make_shared<const FieldWatch>(FieldWatch{
        files, manifest::FieldRule::compile(field).value(), policy});
}

TEST(PlanTurn, FieldsLeadToValuesInAnyFile) {
    Repository repository{
        {{"app.json", "{\"spec\": {\"ref\": \"" + kOld + "\"}}\n"},
         {"main.tf", "image = \"" + kOld + "\"\n"},
         {"x/.env", "APP_TAG=1.0.0\nOTHER=1.0.0\n"}}};
    Bid bid = bid_of(policy_of("app"), "1.1.0");
    manifest::Field by_path{.path = "spec.ref"};
    manifest::Field by_pattern{};
    by_pattern.pattern = "image = \"(?P<image>[^\"]+)\"";
    manifest::Field tag{.path = "APP_TAG"};
    tag.role = manifest::Role::Tag;
    bid.scope.fields = {
        watch_of("**/*.json", by_path),
        watch_of("*.tf", by_pattern),
        watch_of("**/.env", tag, "flux-system:app")};
    const Turn turn = *repository.plan({bid});
    EXPECT_EQ(reason(turn.answers[0]), "promote");
    EXPECT_EQ(after(turn, "app.json"), "{\"spec\": {\"ref\": \"" + kNew + "\"}}\n");
    EXPECT_EQ(after(turn, "main.tf"), "image = \"" + kNew + "\"\n");
    EXPECT_EQ(after(turn, "x/.env"), "APP_TAG=1.1.0\nOTHER=1.0.0\n");
    EXPECT_EQ(turn.answers[0].places, 3U);

    // Another policy of the target has no say over a tag that is app's.
    Bid other = bid_of(policy_of("other"), "1.2.0");
    other.scope = bid.scope;
    const Turn theirs = *repository.plan({other});
    EXPECT_EQ(after(theirs, "x/.env"), "(not in the plan)");
    EXPECT_NE(after(theirs, "main.tf"), "(not in the plan)");
}

TEST(PlanTurn, AFieldThatAShapeHasFoundIsOnePlace) {
    Repository repository{
        {{"a.yaml", pod(kOld)},
         {"b.yaml", pod(kOld, " # {\"$imagepolicy\": \"flux-system:other\"}")}}};
    Bid bid = bid_of(policy_of("app"), "1.1.0");
    manifest::Field by_pattern{};
    by_pattern.pattern = "image: (?P<image>\\S+)";
    bid.scope.fields = {
        watch_of("*.yaml", {.path = "spec.containers[0].image"}), watch_of("*.yaml", by_pattern)};
    const Turn turn = *repository.plan({bid});
    EXPECT_EQ(turn.answers[0].changes.size(), 1U);
    EXPECT_TRUE(turn.answers[0].refusals.empty());
    EXPECT_EQ(after(turn, "a.yaml"), pod(kNew));
    EXPECT_EQ(after(turn, "b.yaml"), "(not in the plan)");
}

TEST(PlanTurn, AFileThatWasAskedForAndCantBeReadIsARefusal) {
    Repository repository{{{"a.json", "{"}, {"b.json", "{}"}}};
    Bid bid = bid_of(policy_of("app"), "1.1.0");
    bid.scope.fields = {watch_of("*.json", {.path = "spec.ref"})};
    const Turn turn = *repository.plan({bid});
    EXPECT_EQ(
        reason(turn.answers[0]).substr(0, 50),
        "a.json: asked for by \"fields\", and can't be read: "
    );
    ASSERT_EQ(turn.answers[0].problems.size(), 2U);
    EXPECT_EQ(turn.answers[0].problems[1], "b.json: nothing here has the path \"spec.ref\"");

    repository.files["c.yaml"] = pod(kOld);
    EXPECT_EQ(reason(repository.plan({bid})->answers[0]), "promote");
}

TEST(PlanTurn, ANameThroughAMirrorStaysAsItIs) {
    image::Mirrors mirrors;
    ASSERT_TRUE(mirrors.add("registry.example.com", "mirror.example.com/hub"));
    Repository repository{
        {{"a.yaml", pod("mirror.example.com/hub/acme/app:1.0.0")},
         {"b.yaml",
          pod("mirror.example.com/hub/acme/app:1.0.0",
              " # {\"$imagepolicy\": \"flux-system:app\"}")},
         {"c.yaml", pod("mirror.example.com/acme/app:1.0.0")}}};
    Bid bid = bid_of(policy_of("app"), "1.1.0");
    EXPECT_EQ(repository.plan({bid})->plan.files.size(), 1U);
    bid.scope.mirrors = std::make_shared<const image::Mirrors>(mirrors);
    const Turn turn = *repository.plan({bid});
    EXPECT_EQ(after(turn, "a.yaml"), pod("mirror.example.com/hub/acme/app:1.1.0"));
    EXPECT_NE(
        after(turn, "b.yaml").find("mirror.example.com/hub/acme/app:1.1.0"), std::string::npos
    );
    EXPECT_EQ(after(turn, "c.yaml"), "(not in the plan)");
}

TEST(PlanTurn, AMarkedPlaceTakesThePolicysNameEvenWhenTheTagIsRight) {
    const std::string marker = " # {\"$imagepolicy\": \"flux-system:app\"}";
    Repository repository{{{"a.yaml", pod("old.example.com/app:1.1.0", marker)}}};
    const Turn turn = *repository.plan({bid_of(policy_of("app"), "1.1.0")});
    EXPECT_EQ(after(turn, "a.yaml"), pod(kNew, marker));
}

TEST(Scope, PrefixesAreWholePathParts) {
    const Scope scope{
        .paths = {"clusters/prod/", "./apps", "one.yaml"}, .ignore = {"**/skip.yaml"}};
    EXPECT_TRUE(scope.holds("clusters/prod/a.yaml"));
    EXPECT_TRUE(scope.holds("apps/a.yaml"));
    EXPECT_TRUE(scope.holds("one.yaml"));
    EXPECT_FALSE(scope.holds("clusters/production/a.yaml"));
    EXPECT_FALSE(scope.holds("one.yaml.bak"));
    EXPECT_FALSE(scope.holds("apps/x/skip.yaml"));
    EXPECT_TRUE((Scope{.paths = {}, .ignore = {}}).holds("anything"));
}

TEST(PlanTurn, LeavesWhatIsHeldAsItIs) {
    Repository repository{{{"prod/a.yaml", pod(kOld)}}};
    auto bid = bid_of(policy_of("app"), "1.1.0");
    bid.holds = {{.tag = "1.1.0", .who = "alice", .why = "login is broken"}};
    auto turn = repository.plan({bid});
    ASSERT_TRUE(turn.has_value());
    EXPECT_TRUE(turn->plan.empty());
    const auto* held = std::get_if<policy::Held>(&turn->answers[0].decision.verdict);
    ASSERT_NE(held, nullptr);
    EXPECT_EQ(held->by, "alice");
    EXPECT_EQ(turn->answers[0].decision.explanation.selected, "1.1.0");

    // A newer tag is free, for both who ask.
    auto newer = bid_of(policy_of("app"), "1.2.0");
    newer.holds = bid.holds;
    turn = repository.plan({bid, newer});
    ASSERT_TRUE(turn.has_value());
    EXPECT_EQ(after(*turn, "prod/a.yaml"), pod(std::string{kImage} + ":1.2.0"));
    EXPECT_EQ(policy::verdict_name(turn->answers[0].decision.verdict), "promote");
}

}  // namespace
}  // namespace linkspan::plan
