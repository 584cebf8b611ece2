#include "core/manifest/diff.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::manifest {
namespace {

TEST(DiffTest, AsGitPrintsIt) {
    struct Case {
        const char* name;
        std::string before;
        std::string after;
        std::string expected;  // without the two header lines
    };
    const std::string ten = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
    const Case cases[] = {
        {"one line", "a\nb\nc\n", "a\nB\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
        {"context of three",
         ten,
         "1\n2\n3\n4\nX\n6\n7\n8\n9\n10\n",
         "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n"},
        {"two hunks",
         ten,
         "X\n2\n3\n4\n5\n6\n7\n8\nY\n10\n",
         "@@ -1,4 +1,4 @@\n-1\n+X\n 2\n 3\n 4\n@@ -6,5 +6,5 @@\n 6\n 7\n 8\n-9\n+Y\n 10\n"},
        {"hunks that touch are one",
         ten,
         "X\n2\n3\n4\n5\n6\n7\nY\n9\n10\n",
         "@@ -1,10 +1,10 @@\n-1\n+X\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+Y\n 9\n 10\n"},
        {"added", "a\n", "a\nb\n", "@@ -1 +1,2 @@\n a\n+b\n"},
        {"removed", "a\nb\n", "a\n", "@@ -1,2 +1 @@\n a\n-b\n"},
        {"from nothing", "", "a\n", "@@ -0,0 +1 @@\n+a\n"},
        {"to nothing", "a\n", "", "@@ -1 +0,0 @@\n-a\n"},
        {"no final newline",
         "a\nb",
         "a\nc",
         "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n"
         "+c\n\\ No newline at end of file\n"},
        {"newline added", "a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
        {"context without newline",
         "a\nb",
         "x\nb",
         "@@ -1,2 +1,2 @@\n-a\n+x\n b\n\\ No newline at end of file\n"},
        {"CR LF stays", "a\r\n", "b\r\n", "@@ -1 +1 @@\n-a\r\n+b\r\n"},
        {"insert among equal lines",
         "a\na\na\n",
         "a\na\na\na\n",
         "@@ -1,3 +1,4 @@\n a\n a\n a\n+a\n"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(
            unified_diff("d/f.yaml", c.before, c.after),
            "--- a/d/f.yaml\n+++ b/d/f.yaml\n" + c.expected
        );
    }
    EXPECT_EQ(unified_diff("f", "a\n", "a\n"), "");
    EXPECT_EQ(
        unified_diff("a\tb\xC3\xA9", "a\n", "b\n").substr(0, 22), "--- \"a/a\\011b\\303\\251\""
    );
}

TEST(DiffTest, LargeTextsStayCheap) {
    std::string before;
    std::string after;
    for (int i = 0; i < 200'000; ++i) {
        before += i % 2 == 0 ? "same\n" : "image: a:1\n";
        after += i % 2 == 0 ? "same\n" : "image: a:2\n";
    }
    EXPECT_FALSE(unified_diff("f", before, after).empty());
}

}  // namespace
}  // namespace linkspan::manifest
