#include "config/narrow.h"
#include "core/policy/select.h"
#include "tests/unit/config/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace linkspan::config {
namespace {

using namespace std::chrono_literals;
using policy::Policy;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kFile = ".linkspan/policies/prod.yaml";

Policy app() {
    return {
        .name = "app",
        .name_space = "flux",
        .image = *image::ImageName::parse("registry.example.com/acme/app"),
        .tags = {.ignore = {"*-debug"}},
        .select = policy::Semver{.range = ">=1.0.0 <3.0.0"},
        .soak = 30min,
        .schedule = {.windows = {{*policy::Span::parse("Mon-Fri UTC")}}},
        .platforms = {{"linux", "amd64", ""}},
        .signature = {{"cosign.pub", "test"}}};
}

NarrowedPolicies narrow_with(const Policy& policy, const std::string& text) {
    const std::vector<Policy> allowed{policy};
    const std::vector<RepositoryFile> files{{kFile, text}};
    return narrow_policies(allowed, files);
}

// With their files.
std::vector<std::string> told(const NarrowedPolicies& narrowed) {
    std::vector<std::string> out;
    for (const Diagnostic& d : narrowed.diagnostics) out.push_back(d.str());
    return out;
}

std::vector<std::string> selected(const Policy& policy, const std::vector<std::string>& tags) {
    std::vector<policy::KnownTag> known;
    for (const std::string& tag : tags) known.push_back({.tag = tag});
    return policy::select_every(policy, known)->candidates;
}

TEST(RepositoryPolicyTest, Narrows) {
    const auto narrowed = narrow_with(
        app(),
        "policies:\n"
        "- name: app\n"
        "  namespace: flux\n"
        "  image: registry.example.com/acme/app\n"
        "  tags: { pattern: '^1', allow: ['*0'], ignore: ['*.1.*'] }\n"
        "  select: { semver: { range: '<2.5.0', strict: true } }\n"
        "  digest: pin\n"
        "  allow_downgrade: false\n"
        "  soak: 2h\n"
        "  windows: ['09:00-17:00 UTC']\n"
        "  freezes: ['2026-12-25 UTC']\n"
        "  platforms: [linux/arm64]\n"
        "  labels: { a: b }\n"
    );
    EXPECT_EQ(test::lines(narrowed.diagnostics), std::vector<std::string>{});
    const Policy& out = narrowed.policies.at(0);
    EXPECT_EQ(out.digest, policy::DigestMode::Pin);
    EXPECT_EQ(out.soak, 2h);
    EXPECT_EQ(out.schedule.windows.size(), 2U);
    EXPECT_EQ(out.schedule.freezes.size(), 1U);
    EXPECT_EQ(out.platforms.size(), 2U);
    EXPECT_EQ(out.labels.size(), 1U);
    EXPECT_EQ(out.signature.size(), 1U);
    const std::vector<std::string> tags{"1.0.0", "1.1.0", "1.2.0", "1.2.5", "2.0.0", "0.1.0"};
    EXPECT_THAT(selected(out, tags), ElementsAre("1.2.0", "1.0.0"));
    std::vector<policy::KnownTag> known;
    for (const std::string& tag : tags) known.push_back({.tag = tag});
    const auto explanation = policy::select(out, known);
    EXPECT_EQ(explanation->rejected.at("1.1.0"), kFile + ": tags.ignore names it: \"*.1.*\"");
    EXPECT_EQ(explanation->rejected.at("1.2.5"), kFile + ": no entry of tags.allow names it");
    EXPECT_EQ(explanation->rejected.at("2.0.0"), kFile + ": does not match tags.pattern \"^1\"");
    EXPECT_THAT(
        explanation->why,
        HasSubstr("the greatest version in \">=1.0.0 <3.0.0\" and \"<2.5.0\" of " + kFile)
    );
}

TEST(RepositoryPolicyTest, NeverLoosensWhatIsLess) {
    const auto narrowed = narrow_with(app(), "name: app\nsoak: 1m\n");
    EXPECT_TRUE(narrowed.diagnostics.empty());
    EXPECT_EQ(narrowed.policies.at(0).soak, 30min);
}

TEST(RepositoryPolicyTest, OneEntryPerDocumentAndSeveralFiles) {
    const std::vector<Policy> allowed{app()};
    const std::vector<RepositoryFile> files{
        {"b.yaml",
         "---\n# first\nname: app\nselect: { semver: '>=1.2' }\n---\nname: app\nsoak: 3h\n"},
        {"a.yaml", "name: app\nselect: { semver: '<1.4' }\n"}};
    const auto narrowed = narrow_policies(allowed, files);
    EXPECT_TRUE(narrowed.diagnostics.empty());
    const Policy& out = narrowed.policies.at(0);
    EXPECT_EQ(out.soak, 3h);
    ASSERT_EQ(out.also.size(), 2U);
    EXPECT_EQ(out.also[0].from, "a.yaml");
    EXPECT_THAT(selected(out, {"1.1.0", "1.3.0", "1.5.0"}), ElementsAre("1.3.0"));
}

TEST(RepositoryPolicyTest, WhatWidensIsAnErrorAndChangesNothing) {
    struct Case {
        std::string entry;
        std::string message;
    };
    const std::vector<Case> cases{
        {"image: nginx", "image: is not the configuration's"},
        {"select: { numerical: asc }", "select: is not the configuration's"},
        {"select: { semver: { range: '*', strict: false } }", "select.semver.strict: "},
        {"digest: never", "digest: can only become pin"},
        {"allow_downgrade: true", "allow_downgrade: the configuration does not allow it"},
        {"windows: [ 'Sat UTC' ]", "windows: together with the configuration's"},
        {"freezes: [ 'Mon-Fri UTC' ]", "freezes: together with the configuration's"},
        {"signature: { keys: [ a ] }", "signature: is said by the configuration alone"},
        {"poll: 1m", "poll: is said by the configuration alone"},
        {"tags: { extract: $1 }", "tags.extract: is said by the configuration alone"},
        {"tags: { cap: 1 }", "tags.cap: is said by the configuration alone"},
        {"tags: { pattern: '(' }", "tags.pattern: "},
        {"select: { semver: '>>1' }", "select.semver: "},
        {"soack: 1h", "unknown key \"soack\"; did you mean \"soak\"?"},
        {"labels: { a: '/(/' }", "labels.a: "},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.entry);
        // The first entry is fine, but the file is not.
        const auto narrowed = narrow_with(
            app(), "policies:\n- { name: app, soak: 9h }\n- name: app\n  " + c.entry + "\n"
        );
        ASSERT_EQ(narrowed.diagnostics.size(), 1U);
        EXPECT_EQ(narrowed.diagnostics[0].file, kFile);
        EXPECT_GT(narrowed.diagnostics[0].line, 2U);
        EXPECT_THAT(narrowed.diagnostics[0].message, HasSubstr(c.message));
        EXPECT_EQ(narrowed.policies.at(0).soak, 30min);
        EXPECT_TRUE(narrowed.policies.at(0).also.empty());
    }
}

TEST(RepositoryPolicyTest, NamesFileAndKey) {
    RepositoryPolicy wanted{.file = kFile, .name = "app"};
    wanted.allow_downgrade = true;
    EXPECT_EQ(
        narrow(app(), wanted).error().message,
        kFile + ": allow_downgrade: the configuration does not allow it"
    );
}

TEST(RepositoryPolicyTest, OtherFilesStillCount) {
    const std::vector<Policy> allowed{app()};
    const std::vector<RepositoryFile> files{
        {"a.yaml", "not: a policy\n"}, {"b.yaml", "name: app\nsoak: 3h\n"}};
    const auto narrowed = narrow_policies(allowed, files);
    EXPECT_FALSE(narrowed.diagnostics.empty());
    EXPECT_EQ(narrowed.policies.at(0).soak, 3h);
}

TEST(RepositoryPolicyTest, NamesThatAreNotThere) {
    const auto unknown = narrow_with(app(), "\nname: ap\n");
    ASSERT_EQ(unknown.diagnostics.size(), 1U);
    EXPECT_EQ(
        unknown.diagnostics[0].str(),
        kFile +
            ":2:1: name: the configuration has no policy \"ap\" for this branch; did you mean "
            "\"app\"?"
    );
    Policy other = app();
    other.name_space = "argo";
    const std::vector<Policy> allowed{app(), other};
    const std::vector<RepositoryFile> files{{kFile, "name: app\n"}};
    EXPECT_THAT(
        narrow_policies(allowed, files).diagnostics.at(0).message, HasSubstr("several policies")
    );
}

TEST(RepositoryPolicyTest, StrategiesOtherThanSemverMayBeRepeated) {
    Policy policy = app();
    policy.select = policy::Numerical{};
    EXPECT_TRUE(narrow_with(policy, "name: app\nselect: { numerical: asc }\n").diagnostics.empty());
    EXPECT_FALSE(narrow_with(policy, "name: app\nselect: { numerical: desc }\n").diagnostics.empty()
    );
    EXPECT_FALSE(narrow_with(policy, "name: app\nselect: { semver: '*' }\n").diagnostics.empty());
}

// The law of narrowing: whatever a file asks for, nothing passes that the configuration alone would
// refuse, and no gate is lower.
RC_GTEST_PROP(NarrowProperty, NothingIsEverWidened, ()) {
    const auto range = rc::gen::element<std::string>(
        "*", "1.x", ">=1.0.0", "<2", "~1.2", "^1.1 || 3.x", ">=1.0.0-0", "1.0 - 2.1", "!=1.1.1"
    );
    const auto entry = rc::gen::element<std::string>("*", "1*", "*-rc*", "/^2/", "/[02]$/", "v*");
    const auto entries = rc::gen::container<std::vector<std::string>>(entry);
    const auto pattern = rc::gen::element<std::string>("", "^1", "[0-3]$", "-");

    Policy allowed = app();
    allowed.select = policy::Semver{*range, *rc::gen::arbitrary<bool>()};
    allowed.tags = {.pattern = *pattern, .allow = *entries, .ignore = *entries};
    allowed.allow_downgrade = *rc::gen::arbitrary<bool>();
    RepositoryPolicy wanted{.file = kFile, .name = "app"};
    wanted.tags = {.pattern = *pattern, .allow = *entries, .ignore = *entries};
    if (*rc::gen::arbitrary<bool>()) wanted.select = policy::Semver{.range = *range};
    wanted.strict = *rc::gen::element<std::optional<bool>>(std::nullopt, true, false);
    wanted.allow_downgrade = *rc::gen::element<std::optional<bool>>(std::nullopt, true, false);
    wanted.soak = std::chrono::minutes{*rc::gen::inRange(0, 60)};

    std::set<std::string> tags;
    for (const std::string& v : *rc::gen::container<std::vector<std::string>>(
             20,
             rc::gen::map(
                 rc::gen::tuple(
                     rc::gen::inRange(0, 4),
                     rc::gen::inRange(0, 4),
                     rc::gen::inRange(0, 4),
                     rc::gen::element<std::string>("", "", "-rc.1", "-0")
                 ),
                 [](const auto& t) {
                     return std::to_string(std::get<0>(t)) + "." + std::to_string(std::get<1>(t)) +
                            "." + std::to_string(std::get<2>(t)) + std::get<3>(t);
                 }
             )
         )) {
        tags.insert(v);
    }
    tags.insert({"1.2", "1", "v1.1.0", "latest"});

    const auto narrowed = narrow(allowed, wanted);
    if (narrowed.has_error()) {
        // Only these can widen here.
        RC_ASSERT(
            (wanted.allow_downgrade == true && !allowed.allow_downgrade) ||
            (wanted.strict == false && std::get<policy::Semver>(allowed.select).strict)
        );
        return;
    }
    const std::vector<std::string> all{tags.begin(), tags.end()};
    const auto before = selected(allowed, all);
    const auto after = selected(*narrowed, all);
    // A part of them, in the same order.
    auto at = before.begin();
    for (const std::string& tag : after) {
        at = std::find(at, before.end(), tag);
        RC_ASSERT(at != before.end());
    }
    RC_ASSERT(narrowed->soak >= allowed.soak);
    RC_ASSERT(allowed.allow_downgrade || !narrowed->allow_downgrade);
    RC_ASSERT(narrowed->signature == allowed.signature);
}

TEST(RepositoryPolicyTest, AFileMaySpeakOfAllThatTheRepositoryFollows) {
    Config config;
    config.policies = {app(), app(), app()};
    config.policies[1].name = "web";
    config.policies[2].name = "elsewhere";
    for (const char* name : {"flux:app", "flux:web"}) {
        Target target;
        target.repository = "fleet";
        target.policies = {name};
        config.targets.push_back(std::move(target));
    }
    const std::string both =
        "policies:\n- { name: app, tags: { ignore: ['1.*'] } }\n"
        "- { name: web, tags: { ignore: ['2.*'] } }\n";
    const std::vector<RepositoryFile> files{{kFile, both}};
    const auto chosen = [](const Policy& policy) {
        const std::vector<policy::KnownTag> tags{{.tag = "1.2.0"}, {.tag = "2.2.0"}};
        return policy::select(policy, tags)->selected.value_or("");
    };
    const auto followed = followed_policies(config, "fleet");
    EXPECT_TRUE(followed_policies(config, "other").empty());
    const auto narrowed = narrow_policies(followed, files);
    EXPECT_TRUE(narrowed.diagnostics.empty());
    EXPECT_EQ(chosen(*narrowed.find("flux:app")), "2.2.0");
    EXPECT_EQ(chosen(*narrowed.find("flux:web")), "1.2.0");
    // Of what the repository does not follow it may not speak.
    EXPECT_EQ(narrowed.find("flux:elsewhere"), nullptr);
    const std::vector<RepositoryFile> strange{{kFile, "name: elsewhere\ntags: { ignore: [x] }\n"}};
    const auto kept = narrow_policies(followed, strange);
    EXPECT_EQ(kept.diagnostics.size(), 1U);
    EXPECT_EQ(chosen(*kept.find("flux:app")), "2.2.0");
}

TEST(RepositoryPolicyTest, TheFileWithWhichNothingIsPossibleIsTheOneLeftOut) {
    Policy always = app();
    always.schedule = {};
    const std::vector<Policy> allowed{always};
    const std::vector<RepositoryFile> files{
        {"a.yaml", "name: app\nwindows: [ 'Mon-Fri UTC' ]\n"},
        {"b.yaml", "name: app\nsoak: 2h\n---\nname: app\nwindows: [ 'Sat UTC' ]\n"},
        {"c.yaml", "name: app\nsoak: 3h\n"},
        {"d.yaml", "name: app\nfreezes: [ 'Mon-Fri UTC' ]\nsoak: 9h\n"}};
    const auto narrowed = narrow_policies(allowed, files);
    EXPECT_THAT(
        told(narrowed),
        ElementsAre(
            HasSubstr("b.yaml:4:1: windows: together with"),
            HasSubstr("d.yaml:1:1: freezes: together with")
        )
    );
    EXPECT_EQ(narrowed.policies.at(0).soak, 3h);
    EXPECT_EQ(narrowed.policies.at(0).schedule.windows.size(), 1U);
    EXPECT_TRUE(narrowed.policies.at(0).schedule.freezes.empty());
}

std::string entries(std::size_t count, const std::string& separator) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += separator + "name: app\n";
    return out;
}

TEST(RepositoryPolicyTest, HasALimitOfEntries) {
    const std::vector<Policy> allowed{app()};
    const auto limited = [&](const std::vector<RepositoryFile>& files) {
        return told(narrow_policies(allowed, files));
    };
    const std::string list = "policies:\n";
    EXPECT_TRUE(limited({{"a.yaml", list + entries(1000, "- ")}}).empty());
    EXPECT_TRUE(limited({{"a.yaml", entries(1000, "---\n")}}).empty());
    EXPECT_THAT(
        limited({{"a.yaml", list + entries(20'000, "- ")}}),
        ElementsAre(HasSubstr("a.yaml:1002:3: policies[1000]: is one too many: at most 1000"))
    );
    EXPECT_THAT(
        limited({{"a.yaml", entries(20'000, "---\n")}}).front(), HasSubstr("a.yaml:2002:1: ")
    );
    // The file with which there are too many is left out, and those after it have their room.
    EXPECT_THAT(
        limited(
            {{"a.yaml", list + entries(900, "- ")},
             {"b.yaml", list + entries(101, "- ")},
             {"c.yaml", list + entries(100, "- ")}}
        ),
        ElementsAre(HasSubstr("b.yaml:102:1: is one too many: at most 1000"))
    );
}

TEST(RepositoryPolicyTest, HasALimitOfConditionsForOnePolicy) {
    const std::vector<Policy> allowed{app()};
    const auto file = [](const std::string& key, const std::string& word, int count) {
        std::string text = "name: app\nsoak: 5h\n" + key + ": [ ";
        for (int i = 0; i < count; ++i) text += word + std::to_string(i) + ", ";
        return text + "]\n";
    };
    const std::vector<RepositoryFile> files{
        {"a.yaml", file("platforms", "linux/p", 20'000)},
        {"b.yaml", "name: app\ntags:\n  " + file("ignore", "v", 600).substr(19)},
        {"c.yaml", "name: app\ntags:\n  " + file("allow", "v", 600).substr(19)},
        {"d.yaml", "name: app\nsoak: 6h\n"}};
    const auto narrowed = narrow_policies(allowed, files);
    EXPECT_THAT(
        told(narrowed),
        ElementsAre(
            HasSubstr("a.yaml:1:1: with it, \"flux:app\" has more than 1000 "),
            HasSubstr("c.yaml:1:1: with it, \"flux:app\" has more than 1000 ")
        )
    );
    EXPECT_EQ(narrowed.policies.at(0).soak, 6h);
    EXPECT_EQ(narrowed.policies.at(0).also.size(), 1U);
    EXPECT_EQ(narrowed.policies.at(0).platforms.size(), 1U);
}

TEST(RepositoryPolicyTest, OfManyProblemsSomeAreTold) {
    std::string text = "policies:\n";
    for (int i = 0; i < 500; ++i) text += "- soack: 1h\n";
    EXPECT_EQ(narrow_with(app(), text).diagnostics.size(), 21U);
    EXPECT_EQ(narrow_with(app(), text + "---\n" + text).diagnostics.size(), 21U);
}

TEST(RepositoryPolicyTest, AFileThatCanNotBeReadIsReported) {
    const std::vector<Policy> allowed{app()};
    const std::vector<RepositoryFile> files{
        {.name = "a.yaml", .text = {}, .problem = "is not read: too large"},
        {.name = "b.yaml", .text = "name: app\nsoak: 3h\n"}};
    const auto narrowed = narrow_policies(allowed, files);
    EXPECT_THAT(told(narrowed), ElementsAre("a.yaml:1:1: is not read: too large"));
    EXPECT_EQ(narrowed.policies.at(0).soak, 3h);
}

}  // namespace
}  // namespace linkspan::config
