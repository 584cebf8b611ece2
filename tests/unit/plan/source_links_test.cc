#include "core/plan/source_links.h"

#include <gtest/gtest.h>

namespace linkspan::plan {
namespace {

TEST(SourceLinks, Compare) {
    const auto link = [](const char* source) {
        return compare_link({"aaa111", source, ""}, {"bbb222", source, ""}).value_or("none");
    };
    EXPECT_EQ(
        link("https://github.com/acme/app"), "https://github.com/acme/app/compare/aaa111...bbb222"
    );
    EXPECT_EQ(
        link("git@github.com:acme/app.git"), "https://github.com/acme/app/compare/aaa111...bbb222"
    );
    EXPECT_EQ(
        link("https://gitlab.example.com/acme/sub/app.git"),
        "https://gitlab.example.com/acme/sub/app/-/compare/aaa111...bbb222"
    );
    EXPECT_EQ(
        link("https://codeberg.org/acme/app"),
        "https://codeberg.org/acme/app/compare/aaa111...bbb222"
    );
    EXPECT_EQ(
        link("https://bitbucket.org/acme/app"),
        "https://bitbucket.org/acme/app/branches/compare/bbb222..aaa111#diff"
    );
    for (const char* bad :
         {"", "javascript:alert(1)", "https://u:p@h/a/b", "https://h/a", "https://h/a/b)[x](y"}) {
        EXPECT_EQ(link(bad), "none") << bad;
    }
}

TEST(SourceLinks, OnlyBetweenTwoRevisionsOfOneSource) {
    const std::string source = "https://github.com/acme/app";
    EXPECT_FALSE(compare_link({"a1", source, ""}, {"a1", source, ""}));
    EXPECT_FALSE(compare_link({"", source, ""}, {"a1", source, ""}));
    EXPECT_FALSE(compare_link({"a1", "https://github.com/acme/old", ""}, {"b1", source, ""}));
    EXPECT_FALSE(compare_link({"a1", source, ""}, {"b1/../../x", source, ""}));
    EXPECT_EQ(commit_link({"a1", source, ""}), "https://github.com/acme/app/commit/a1");
}

}  // namespace
}  // namespace linkspan::plan
