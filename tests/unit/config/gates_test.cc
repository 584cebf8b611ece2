// The keys of gates and schedules, of policies and of targets.
#include "config/config.h"
#include "tests/unit/config/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace linkspan::config {
namespace {

using namespace std::chrono_literals;
using test::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string with(const std::string& policy, const std::string& target = {}) {
    return "repositories: [ { name: r, url: r.git, repository_policies: true } ]\n"
           "policies:\n- { name: a, image: nginx, select: { semver: 1.x }" +
           policy + " }\ntargets:\n- { name: t, repository: r, policies: [ a ]" + target + " }\n";
}

TEST(GateKeysTest, AreRead) {
    const TempDir dir;
    dir.write("keys/cosign.pub", test::kPublicKey);
    const Loaded loaded = load_file(dir.write(
        "linkspan.yaml",
        with(
            ", soak: 30m, windows: [ 'Mon-Fri 09:00-17:00 Europe/London' ], freezes: [ '2026-12-25 "
            "UTC' ], platforms: [ linux/amd64, linux/arm64/v8 ], labels: { org.opencontainers.image"
            ".source: 'https://x/*' }, signature: { keys: [ keys/cosign.pub ] }, poll: 5m, resync: "
            "6h",
            ", windows: [ Mon UTC ], freezes: [ '2026-12-26 UTC' ]"
        )
    ));
    EXPECT_EQ(test::lines(loaded.diagnostics), std::vector<std::string>{});
    ASSERT_TRUE(loaded.config);
    EXPECT_TRUE(loaded.config->repositories[0].repository_policies);
    const policy::Policy& policy = loaded.config->policies[0];
    EXPECT_EQ(policy.soak, 30min);
    ASSERT_EQ(policy.schedule.windows.size(), 1U);
    EXPECT_EQ(policy.schedule.windows[0].at(0).text(), "Mon-Fri 09:00-17:00 Europe/London");
    EXPECT_EQ(policy.schedule.freezes.at(0).text(), "2026-12-25 UTC");
    EXPECT_EQ(policy.platforms.at(1), (image::Platform{"linux", "arm64", "v8"}));
    EXPECT_THAT(
        policy.labels,
        ElementsAre(policy::LabelRule{"org.opencontainers.image.source", "https://x/*"})
    );
    EXPECT_THAT(
        policy.signature, ElementsAre(policy::SigningKey{"keys/cosign.pub", test::kPublicKey})
    );
    EXPECT_EQ(policy.poll, 5min);
    EXPECT_EQ(policy.resync, 6h);
    const Target& target = loaded.config->targets[0];
    EXPECT_EQ(target.schedule.windows.at(0).at(0).text(), "Mon UTC");
    EXPECT_EQ(target.schedule.freezes.at(0).text(), "2026-12-26 UTC");
}

TEST(GateKeysTest, SayWhatIsWrong) {
    struct Case {
        std::string policy;
        std::string target;
        std::string expected;
    };
    const std::vector<Case> cases{
        {", soak: 91d", "", "policies[0].soak: "},
        {", poll: 1s", "", "policies[0].poll: "},
        {", resync: 1s", "", "policies[0].resync: "},
        {", windows: []", "", "3:62: policies[0].windows: the list is empty; name at least one"},
        {", windows: [ Mon Europe/Lodnon ]",
         "",
         "policies[0].windows[0]: \"Mon Europe/Lodnon\": there is no time zone \"Europe/Lodnon\" "
         "on "
         "this system; did you mean \"Europe/London\"?"},
        {", freezes: [ Mon europe/london ]", "", "did you mean \"Europe/London\"?"},
        {", freezes: [ Mon-Sun UTC ]",
         "",
         "policies[0].freezes: is always in force, so nothing can ever be changed"},
        {", windows: [ Mon UTC ], freezes: [ Mon-Fri UTC ]",
         "",
         "policies[0].windows: never open together, or only in freezes"},
        {", platforms: [ linux ]", "", "policies[0].platforms[0]: \"linux\" is not a platform"},
        {", labels: [ a ]", "", "policies[0].labels: must be a mapping of labels to their values"},
        {", labels: { a: '/(/' }", "", "policies[0].labels.a: "},
        {", signature: {}", "", "policies[0].signature: "},
        {"", ", windows: [ Mon ]", "targets[0].windows[0]: \"Mon\": names no time zone"},
        {", windows: [ Mon UTC ]",
         ", windows: [ Tue UTC ]",
         "targets[0].policies[0]: the windows of \"a\" and of this target never open together"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.policy + c.target);
        const Loaded loaded =
            load_text(with(c.policy, c.target), "/c/linkspan.yaml", {.check_references = false});
        ASSERT_EQ(loaded.diagnostics.size(), 1U);
        EXPECT_THAT(loaded.diagnostics[0].str(), HasSubstr(c.expected));
    }
}

TEST(GateKeysTest, AKeyMustBeOneThatCanBeUsed) {
    const TempDir dir;
    const auto pem = [](const std::string& kind, const std::string& content) {
        return "-----BEGIN " + kind + "-----\n" + content + "-----END " + kind + "-----\n";
    };
    dir.write("text", "test");
    dir.write("broken", pem("PUBLIC KEY", "test\n"));
    dir.write("cut", std::string{test::kPublicKey}.substr(0, 60));
    dir.write("private", pem("PRIVATE KEY", "AAAA\n"));
    dir.write(
        "p384",
        pem("PUBLIC KEY",
            "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEOrC5Tbq2xubNCPdL4KA6j+IOE0AsBSPT\n"
            "5TOkxlw4MgAbpUYEgDvD97tpLfqs7DLtALQ/ZmNrfx7hz4d4rDsAUdmvBnI12S0O\n"
            "tFtJ6oukc8u3AM69pPs/tTSVgCxdZ9xJ\n")
    );
    const std::vector<std::pair<std::string, std::string>> cases{
        {"text", "is not a public key: PEM with"},
        {"broken", "is not a public key: PEM with"},
        {"cut", "is not a public key: PEM with"},
        {"private", "is not a public key: PEM with"},
        {"p384", "is a public key on the curve secp384r1; only P-256 can be used"},
        {"missing", "missing"},
    };
    for (const auto& [name, expected] : cases) {
        SCOPED_TRACE(name);
        const Loaded loaded =
            load_file(dir.write("linkspan.yaml", with(", signature: { keys: [ " + name + " ] }")));
        ASSERT_EQ(loaded.diagnostics.size(), 1U);
        EXPECT_EQ(loaded.diagnostics[0].line, 3U);
        EXPECT_THAT(loaded.diagnostics[0].message, HasSubstr("policies[0].signature.keys[0]: "));
        EXPECT_THAT(loaded.diagnostics[0].message, HasSubstr(expected));
    }
}

}  // namespace
}  // namespace linkspan::config
