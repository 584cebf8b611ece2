#include "core/policy/gates.h"

#include "core/policy/instant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

namespace chrono = std::chrono;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

// 2026-06-01T12:00:00Z, a Monday.
const TimePoint kNow = chrono::sys_days{2026y / 6 / 1} + 12h;

std::string show(const GateAnswer& answer) {
    std::string out;
    for (const GateLine& line : answer.gates) {
        out += std::string{line.gate} + " " + std::string{outcome_name(line.outcome)} + "\n";
    }
    return out;
}

std::string name_of(const GateVerdict& verdict) {
    if (std::holds_alternative<Open>(verdict)) return "open";
    return std::holds_alternative<Waiting>(verdict) ? "waiting" : "refused";
}

std::string reason_of(const GateVerdict& verdict) {
    if (const auto* w = std::get_if<Waiting>(&verdict)) return w->why;
    if (const auto* r = std::get_if<Refused>(&verdict)) return r->reason;
    return {};
}

Schedule windows(const std::string& text) {
    Schedule out;
    out.windows = {{*Span::parse(text)}};
    return out;
}

TEST(GatesTest, APolicyWithoutGatesIsOpen) {
    const GateAnswer answer = pass_gates({}, {}, {.tag = "1.0.0"}, kNow);
    EXPECT_TRUE(std::holds_alternative<Open>(answer.verdict));
    EXPECT_TRUE(answer.gates.empty());
    EXPECT_FALSE(wants({}).registry());
}

TEST(GatesTest, EachGate) {
    struct Case {
        std::string name;
        Policy policy;
        GateFacts facts;
        std::string verdict;
        std::string reason;
    };
    const Policy soak{.soak = 30min};
    const Policy platforms{.platforms = {{"linux", "amd64", ""}, {"linux", "arm64", ""}}};
    const auto label = [](std::string expected) {
        return Policy{.labels = {{"org.opencontainers.image.source", std::move(expected)}}};
    };
    const auto labelled = [](std::string value) {
        GateFacts facts;
        facts.labels = {{"org.opencontainers.image.source", std::move(value)}};
        return facts;
    };
    const Policy sign{.signature = {{"cosign.pub", "test"}}};
    const std::string source = "https://git.example.com/acme/app";
    const std::vector<Case> cases{
        {"soak: over", soak, {.tag = "1.0.0", .first_seen = kNow - 30min}, "open", ""},
        {"soak: a second too few",
         soak,
         {.tag = "1.0.0", .first_seen = kNow - 30min + 1s},
         "waiting",
         "soak: 1.0.0 soaks for 30m since 2026-06-01T11:30:01Z, until 2026-06-01T12:00:01Z"},
        {"soak: never seen", soak, {.tag = "1.0.0"}, "waiting", "until 2026-06-01T12:30:00Z"},
        {"platforms: all",
         platforms,
         {.platforms =
              {{{"linux", "arm64", "v8"}, {"linux", "amd64", ""}, {"linux", "s390x", ""}}}},
         "open",
         ""},
        {"platforms: one missing",
         platforms,
         {.platforms = {{{"linux", "amd64", ""}}}},
         "refused",
         "platforms: not there for linux/arm64; it is for linux/amd64"},
        {"platforms: unknown", platforms, {}, "refused", "is not known"},
        {"label: equal", label(source), labelled(source), "open", ""},
        {"label: other", label(source), labelled("https://evil.example"), "refused", ", not "},
        {"label: glob", label("https://git.example.com/acme/*"), labelled(source), "open", ""},
        {"label: a glob's star stays in its part",
         label("https://git.example.com/*"),
         labelled(source),
         "refused",
         ""},
        {"label: RE2", label("/^https://git\\.example\\.com//"), labelled(source), "open", ""},
        {"label: RE2 that does not match", label("/^http:/"), labelled(source), "refused", ""},
        {"label: text with a dot is no pattern", label("a.c"), labelled("abc"), "refused", ""},
        {"label: missing", label(source), {.labels = {{}}}, "refused", "labels: it has no label"},
        {"label: unknown", label(source), {}, "refused", "are not known"},
        {"signed", sign, {.signature = SignedBy{"cosign.pub", "tag x"}}, "open", ""},
        {"not signed",
         sign,
         {.signature = NotSigned{"no signature was found"}},
         "refused",
         "signature: no signature was found"},
        {"signature unknown", sign, {}, "refused", "whether it is signed is not known"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const GateAnswer answer = pass_gates(c.policy, {}, c.facts, kNow);
        EXPECT_EQ(name_of(answer.verdict), c.verdict);
        EXPECT_THAT(reason_of(answer.verdict), HasSubstr(c.reason));
        ASSERT_EQ(answer.gates.size(), 1U);
        EXPECT_FALSE(answer.gates[0].reason.empty());
    }
}

TEST(GatesTest, WhatWaitsComesFirst) {
    const Policy policy{
        .soak = 30min,
        .platforms = {{"linux", "amd64", ""}},
        .labels = {{"a", "b"}},
        .signature = {{"cosign.pub", "test"}}};
    const GateFacts facts{
        .tag = "1.0.0",
        .first_seen = kNow,
        .platforms = {},
        .labels = {},
        .signature = NotSigned{"no signature was found"}};
    const GateAnswer answer = pass_gates(policy, windows("Tue UTC"), facts, kNow);
    EXPECT_EQ(
        show(answer),
        "soak waiting\nschedule waiting\nplatforms not_judged\nlabels not_judged\n"
        "signature not_judged\n"
    );
    const auto& waiting = std::get<Waiting>(answer.verdict);
    EXPECT_EQ(waiting.until, kNow + 12h);
    EXPECT_EQ(waiting.why, "schedule: outside the windows Tue UTC; it opens 2026-06-02T00:00:00Z");
    const GateAnswer later = pass_gates(policy, windows("Tue UTC"), facts, kNow + 12h);
    EXPECT_EQ(
        show(later),
        "soak passed\nschedule passed\nplatforms refused\nlabels refused\nsignature refused\n"
    );
    EXPECT_THAT(reason_of(later.verdict), HasSubstr("platforms: "));
}

TEST(GatesTest, PolicyAndTargetMustBothBeOpen) {
    const Policy policy{.schedule = windows("Mon UTC")};
    EXPECT_EQ(name_of(pass_gates(policy, {}, {}, kNow).verdict), "open");
    const GateAnswer answer = pass_gates(policy, windows("18:00-20:00 UTC"), {}, kNow);
    EXPECT_EQ(std::get<Waiting>(answer.verdict).until, kNow + 6h);
}

TEST(GatesTest, AScheduleThatIsOverRefuses) {
    const GateAnswer answer = pass_gates({}, windows("2026-05-01 UTC"), {}, kNow);
    EXPECT_EQ(
        reason_of(answer.verdict),
        "schedule: outside the windows 2026-05-01 UTC; it does not open again"
    );
}

TEST(GatesTest, SaysWhatItWants) {
    const Wants none = wants(Policy{.schedule = windows("Mon UTC")});
    EXPECT_FALSE(none.first_seen || none.registry());
    EXPECT_TRUE(wants(Policy{.soak = 1ms}).first_seen);
    EXPECT_TRUE(wants(Policy{.platforms = {{"linux", "amd64", ""}}}).platforms);
    EXPECT_TRUE(wants(Policy{.labels = {{"a", "b"}}}).labels);
    EXPECT_TRUE(wants(Policy{.signature = {{"a", "b"}}}).signature);
}

}  // namespace
}  // namespace linkspan::policy
