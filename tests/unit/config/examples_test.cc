// Every example loads, with its secrets and files in place.
#include "config/config.h"
#include "tests/unit/config/support.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <memory>

namespace linkspan::config {
namespace {

using test::Environment;
using test::TempDir;

// What the first group of the pattern finds.
std::vector<std::string> all(const std::string& text, const std::string& pattern) {
    std::vector<std::string> found;
    re2::StringPiece rest{text};
    for (std::string one; RE2::FindAndConsume(&rest, pattern, &one);) found.push_back(one);
    return found;
}

class ExampleTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ExampleTest, Loads) {
    const TempDir dir;
    std::string text = test::read(test::example(GetParam()));
    // Absolute paths move under the temporary folder.
    RE2::GlobalReplace(&text, ": (/(run|etc|var)/)", ": " + dir.path() + "\\1");
    RE2::GlobalReplace(&text, "sqlite:(/var/)", "sqlite:" + dir.path() + "\\1");
    const std::string file_pattern =
        R"(\b(?:file|docker_config|ssh_key|known_hosts|ca_file|certificate|key): ([^ ,}\n]+))";
    for (const std::string& file : all(text, file_pattern)) {
        dir.write(
            file.starts_with('/') ? file.substr(dir.path().size() + 1) : file,
            "test-secret-not-real\n"
        );
    }
    for (const std::string& file : all(text, R"(\bkeys: \[([^\]]+)\])")) {
        dir.write(file, test::kPublicKey);
    }
    std::vector<std::unique_ptr<Environment>> variables;
    for (const std::string& name : all(text, R"(\benv: ([A-Z_]+))")) {
        variables.push_back(std::make_unique<Environment>(name, "test-secret-not-real"));
    }
    const Loaded loaded = load_file(dir.write("linkspan.yaml", text));
    EXPECT_EQ(test::lines(loaded.diagnostics), std::vector<std::string>{});
    ASSERT_TRUE(loaded.config);
    EXPECT_FALSE(loaded.config->receivers.empty());
    EXPECT_FALSE(loaded.config->targets.empty());
    // Nothing in an example is there without a use.
    for (const policy::Policy& policy : loaded.config->policies) {
        EXPECT_FALSE(match(*loaded.config, policy.image).empty()) << policy.name;
    }
}

TEST_P(ExampleTest, LoadsAsItStandsWithoutItsSecrets) {
    const Loaded loaded = load_file(test::example(GetParam()), {.check_references = false});
    EXPECT_EQ(test::lines(loaded.diagnostics), std::vector<std::string>{});
}

// GitHub's `sub` is not of one form: patterns over it would fit no repository made after July 2026.
TEST_P(ExampleTest, MatchesGithubTokensByTheirClaims) {
    const Loaded loaded = load_file(test::example(GetParam()), {.check_references = false});
    ASSERT_TRUE(loaded.config);
    for (const webhooks::Receiver& receiver : loaded.config->receivers) {
        if (receiver.auth.oidc.issuer != "https://token.actions.githubusercontent.com") continue;
        EXPECT_EQ(receiver.auth.oidc.subjects, std::vector<std::string>{}) << receiver.name;
        EXPECT_FALSE(receiver.auth.oidc.claims.empty()) << receiver.name;
    }
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
    std::string name = info.param;
    RE2::GlobalReplace(&name, "[^a-zA-Z0-9]", "_");
    return name;
}

INSTANTIATE_TEST_SUITE_P(
    Examples, ExampleTest, ::testing::ValuesIn(test::example_names()), test_name
);

}  // namespace
}  // namespace linkspan::config
