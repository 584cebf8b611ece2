#include "core/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan {
namespace {

struct Case {
    const char* pattern;
    const char* text;
    bool expected;
};

TEST(Glob, MatchesTheWholeText) {
    const Case cases[] = {
        {"a", "a", true},
        {"a", "ab", false},
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "abc", true},
        {"*", "a/b", false},
        {"**", "a/b/c", true},
        {"**/*.yaml", "a.yaml", true},
        {"**/*.yaml", "x/y/a.yaml", true},
        {"**/*.yaml", "x/y/a.yml", false},
        {"x/**/z", "x/z", true},
        {"x/**/z", "x/y/y/z", true},
        {"x/**", "x/y/z", true},
        {"x/**", "x", false},
        {"a*c", "abbbc", true},
        {"a*c", "ab/c", false},
        {"*-debug", "1.2.3-debug", true},
        {"*-debug", "1.2.3-debug2", false},
        {"v?", "v1", true},
        {"v?", "v/", false},
        {"v?", "v", false},
        {"[a-c]x", "bx", true},
        {"[a-c]x", "dx", false},
        {"[!a-c]x", "dx", true},
        {"[]]", "]", true},
        {"[a", "[a", true},
        {"\\*", "*", true},
        {"\\*", "x", false},
        {"{a,b}.yaml", "b.yaml", true},
        {"{a,b}.yaml", "c.yaml", false},
        {"{a,b}{1,2}", "b2", true},
        {"{a", "{a", true},
        {"registry.example.com/acme/*", "registry.example.com/acme/app", true},
        {"registry.example.com/acme/*", "registry.example.com/acme/app/x", false},
        {"registryXexample.com/*", "registry.example.com/a", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string{c.pattern} + " on " + c.text);
        EXPECT_EQ(glob_matches(c.pattern, c.text), c.expected);
    }
}

// A backtracking matcher needs more than the age of the universe here.
TEST(Glob, TakesBoundedTime) {
    std::string pattern;
    for (int i = 0; i < 100; ++i) pattern += "*a";
    pattern += "b";
    EXPECT_FALSE(glob_matches(pattern, std::string(5000, 'a')));
    std::string braces;
    for (int i = 0; i < 40; ++i) braces += "{a,b}";
    EXPECT_FALSE(glob_matches(braces, "c"));
}

}  // namespace
}  // namespace linkspan
