#include "service/transport/link.h"

#include <gtest/gtest.h>

namespace linkspan::transport {
namespace {

TEST(LinkTest, NextIsFound) {
    struct Case {
        std::string name, field;
        std::optional<std::string> expected;
    };
    const std::vector<Case> cases{
        {"Distribution",
         R"(</v2/acme/app/tags/list?last=b&n=2>; rel="next")",
         "/v2/acme/app/tags/list?last=b&n=2"},
        {"no quotes", "<https://a.example/x>;rel=next", "https://a.example/x"},
        {"upper case", R"(<x>; REL="NEXT")", "x"},
        {"several relations", R"(<x>; rel="prev next")", "x"},
        {"second link", R"(<a>; rel="prev", <b>; rel="next")", "b"},
        {"comma and semicolon in the target", R"(<a,b;c>; rel="next")", "a,b;c"},
        {"comma in a quoted value", R"(<a>; title="x, <y>"; rel="next")", "a"},
        {"escaped quote", R"(<a>; title="x\"; rel=prev"; rel="next")", "a"},
        {"parameter without value", R"(<a>; crossorigin; rel="next")", "a"},
        {"spaces", R"(  < a >  ;  rel = "next"  )", "a"},
        {"only the first rel counts", R"(<a>; rel="prev"; rel="next")", std::nullopt},
        {"another relation", R"(<a>; rel="last")", std::nullopt},
        {"part of a word", R"(<a>; rel="nextish")", std::nullopt},
        {"no rel", "<a>", std::nullopt},
        {"no brackets", R"(/v2/x; rel="next")", std::nullopt},
        {"open bracket", R"(</v2/x; rel="next")", std::nullopt},
        {"nothing", "", std::nullopt},
        {"empty target", R"(<>; rel="next")", ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(find_next({{"Content-Type", "x"}, {"link", c.field}}), c.expected);
    }
}

TEST(LinkTest, SeveralFieldsAreRead) {
    EXPECT_EQ(find_next({{"Link", "<a>; rel=prev"}, {"LINK", "<b>; rel=next"}}), "b");
    EXPECT_EQ(find_next({}), std::nullopt);
}

}  // namespace
}  // namespace linkspan::transport
