#include "webhooks/text.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::webhooks {
namespace {

TEST(WildcardTest, StarsMatchAnything) {
    const struct {
        const char* pattern;
        const char* text;
        bool matches;
    } kCases[] = {
        {"repo:acme/*:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main", true},
        {"repo:acme/*:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/dev", false},
        {"repo:acme/*:ref:refs/heads/main", "repo:evil/app:ref:refs/heads/main", false},
        {"repo:acme/app:*", "repo:acme/app:ref:refs/heads/main", true},
        {"repo:acme/app:*", "repo:acme/app2:ref:refs/heads/main", false},
        {"*", "", true},
        {"", "", true},
        {"", "a", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"**a", "bba", true},
        {"a.c", "abc", false},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(std::string{test.pattern} + " on " + test.text);
        EXPECT_EQ(wildcard_matches(test.pattern, test.text), test.matches);
    }
}

TEST(WildcardTest, ManyStarsTakeNoExponentialTime) {
    std::string pattern;
    for (int i = 0; i < 200; ++i) pattern += "*a";
    EXPECT_FALSE(wildcard_matches(pattern + "b", std::string(5000, 'a')));
}

TEST(ShownTest, NothingThatCouldBreakALineOrALog) {
    EXPECT_EQ(shown("build.finished"), "build.finished");
    EXPECT_EQ(shown("a\nb\x1b[31m\xC3\xA9"), "a?b?[31m??");
    EXPECT_EQ(shown(std::string(100, 'x')), std::string(80, 'x') + "...");
}

TEST(TextTest, CaseAndBlanks) {
    EXPECT_TRUE(equal_ignoring_case("X-Id", "x-iD"));
    EXPECT_FALSE(equal_ignoring_case("X-Id", "X-Ids"));
    EXPECT_TRUE(starts_with_ignoring_case("Bearer x", "bearer "));
    EXPECT_FALSE(starts_with_ignoring_case("Bear", "bearer "));
    EXPECT_EQ(trim(" \t a b \t"), "a b");
    EXPECT_EQ(trim("  "), "");
    EXPECT_EQ(lower("AbC-\xC3"), "abc-\xC3");
}

}  // namespace
}  // namespace linkspan::webhooks
