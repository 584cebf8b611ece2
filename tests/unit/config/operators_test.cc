#include "tests/unit/config/support.h"

#include <gtest/gtest.h>

namespace linkspan::config {
namespace {

using namespace std::chrono_literals;

Loaded load(std::string_view text) {
    return load_text(text, "linkspan.yaml", {.check_references = false});
}

TEST(OperatorsTest, AreReadWithTheirDefaults) {
    const auto loaded = load(
        "operators:\n"
        "- { name: alice, role: operator, token: { file: /tokens/alice } }\n"
        "- { name: bot, role: operator, token: { env: BOT }, targets: ['staging-*', test] }\n"
        "- { name: wall, token: { env: WALL } }\n"
    );
    ASSERT_TRUE(loaded.config) << loaded.diagnostics.at(0).str();
    const auto& operators = loaded.config->operators;
    ASSERT_EQ(operators.size(), 3U);
    EXPECT_EQ(operators[0].name, "alice");
    EXPECT_EQ(operators[0].role, Operator::Role::Operator);
    EXPECT_EQ(operators[0].token.name, "/tokens/alice");
    EXPECT_EQ(operators[0].targets, std::vector<std::string>{"*"});
    EXPECT_EQ(operators[1].token.kind, SecretRef::Kind::Env);
    EXPECT_EQ(operators[1].targets, (std::vector<std::string>{"staging-*", "test"}));
    EXPECT_EQ(operators[2].role, Operator::Role::Reader);
}

TEST(OperatorsTest, SayWhatIsWrong) {
    struct Case {
        std::string text;
        std::string said;
    };
    for (const Case& c : std::vector<Case>{
             {"operators: [{ name: a }]", "token"},
             {"operators: [{ name: a, token: secret }]", "by reference"},
             {"operators: [{ name: a, role: admin, token: { env: A } }]", "admin"},
             {"operators: [{ name: a, token: { env: A }, targets: [] }]", "targets"},
             {"operators: [{ name: a, token: { env: A } }, { name: a, token: { env: B } }]",
              "is taken by line"},
             {"receivers: [{ name: operator, type: ci, secret: { env: A } }]",
              "deliveries that operators make"},
             {"retention: 3d", "retention"},
         }) {
        SCOPED_TRACE(c.text);
        const auto loaded = load(c.text);
        EXPECT_FALSE(loaded.config);
        ASSERT_EQ(loaded.diagnostics.size(), 1U);
        EXPECT_NE(loaded.diagnostics[0].message.find(c.said), std::string::npos)
            << loaded.diagnostics[0].message;
    }
}

TEST(RetentionTest, HasADefaultAndIsWholeHours) {
    EXPECT_EQ(load("retention: 30d\n").config->retention, 720h);
    EXPECT_EQ(load("retry: {}\n").config->retention, 2160h);
}

}  // namespace
}  // namespace linkspan::config
