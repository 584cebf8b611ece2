#include "core/policy/pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

TEST(PatternTest, UnderstandsBothSpellingsOfNamedGroups) {
    for (const std::string& text : std::vector<std::string>{
             "(?P<ts>[0-9]+)",
             "(?<ts>[0-9]+)",
             "[(?<x>]*(?<ts>[0-9]+)",
             "[]([]*(?<ts>[0-9]+)",
             "[^](]?(?<ts>[0-9]+)",
             "\\((?<ts>[0-9]+)|x\\(?<ts",
             "\\Q(?<no>\\E|(?<ts>[0-9]+)",
         }) {
        SCOPED_TRACE(text);
        const auto pattern = compile_pattern(text);
        ASSERT_TRUE(pattern.has_value()) << pattern.error().message;
        EXPECT_EQ((*pattern)->NamedCapturingGroups().count("ts"), 1U);
        EXPECT_EQ((*pattern)->NumberOfCapturingGroups(), 1);
    }
}

TEST(PatternTest, RefusesWhatRe2Refuses) {
    for (const std::string& text : std::vector<std::string>{
             "(", "[", "a{2000}", "(?=x)", "(?<!x)", "\\1", "*", "(?<a", "\\"}) {
        SCOPED_TRACE(text);
        const auto pattern = compile_pattern(text);
        ASSERT_FALSE(pattern.has_value());
        EXPECT_EQ(pattern.error().kind, Errc::InvalidInput);
    }
}

TEST(PatternTest, EntriesAreGlobsOrSlashedPatterns) {
    struct Case {
        std::string entry;
        std::vector<std::string> yes;
        std::vector<std::string> no;
    };
    const std::vector<Case> cases{
        {"*-debug", {"1-debug", "-debug"}, {"1-debug2", "debug"}},
        {"latest", {"latest"}, {"latest2", "xlatest"}},
        {"v?.0", {"v1.0"}, {"v10.0", "v1x0"}},
        {"*", {"", "anything"}, {}},
        {"[a-c]1", {"a1", "c1"}, {"d1", "-1"}},
        {"[^a-c]1", {"d1"}, {"a1"}},
        {"[a\\-c]1", {"a1", "-1"}, {"b1"}},
        {"[.]1", {".1"}, {"x1"}},
        {"a\\*", {"a*"}, {"ab"}},
        {"1.2(3)+", {"1.2(3)+"}, {"1.233"}},
        {"/^rc/", {"rc1", "rc"}, {"1rc"}},
        {"/rc/", {"1rc1"}, {"r"}},
        {"/(?i)RC/", {"1rc1"}, {"r"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.entry);
        const auto pattern = compile_entry(c.entry);
        ASSERT_TRUE(pattern.has_value()) << pattern.error().message;
        for (const std::string& text : c.yes) EXPECT_TRUE(matches(**pattern, text)) << text;
        for (const std::string& text : c.no) EXPECT_FALSE(matches(**pattern, text)) << text;
    }
    for (const std::string& text :
         std::vector<std::string>{"", "/", "//", "/rc", "/(/", "[a", "[", "a\\", "[a\\", "[c-a]"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(compile_entry(text).has_value());
    }
}

TEST(TemplateTest, ExpandsLikeGo) {
    const auto pattern = compile_pattern("(?P<a>x+)(y+)?(?P<a1>z*)");
    ASSERT_TRUE(pattern.has_value());
    struct Case {
        std::string text;
        std::string expected;
        int only_group;
    };
    const std::vector<Case> cases{
        {"$1", "xx", 1},
        {"${1}", "xx", 1},
        {"$a", "xx", 1},
        {"${a}", "xx", 1},
        {"$a1", "zzz", 3},  // as long a name as possible
        {"${a}1", "xx1", -1},
        {"$0", "xxzzz", 0},
        {"$2", "", 2},  // took no part in the match
        {"$1.$3", "xx.zzz", -1},
        {"$1-$a", "xx-xx", -1},
        {"$$$1", "$xx", -1},
        {"a$1", "axx", -1},
    };
    std::vector<re2::StringPiece> submatches(4);
    const std::string tag = "xxzzz";
    ASSERT_TRUE((*pattern)->Match(tag, 0, tag.size(), re2::RE2::UNANCHORED, submatches.data(), 4));
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto parsed = Template::parse(c.text, **pattern);
        ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
        std::string out;
        parsed->expand(submatches, out);
        EXPECT_EQ(out, c.expected);
        EXPECT_EQ(parsed->only_group(), c.only_group);
    }
}

TEST(TemplateTest, RefusesWhatWouldCollapseAllTags) {
    const auto pattern = compile_pattern("(?P<a>x+)(y+)?");
    ASSERT_TRUE(pattern.has_value());
    for (const std::string& text : std::vector<std::string>{
             "$1x",
             "$3",
             "$01",
             "$b",
             "${b}",
             "$",
             "${",
             "${}",
             "${1",
             "$-",
             "x",
             "$$",
             "$99999999999"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(Template::parse(text, **pattern).has_value());
    }
    EXPECT_NE(Template::parse("$1x", **pattern).error().message.find("${1}"), std::string::npos);
}

}  // namespace
}  // namespace linkspan::policy
