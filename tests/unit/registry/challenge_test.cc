#include "service/registry/challenge.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

// "scheme[token68]{a=b;c=d}" of each challenge.
std::string show(const std::vector<Challenge>& challenges) {
    std::string out;
    for (const auto& challenge : challenges) {
        out += (out.empty() ? "" : " | ") + challenge.scheme;
        if (!challenge.token68.empty()) out += "[" + challenge.token68 + "]";
        std::string params;
        for (const auto& [name, value] : challenge.params) {
            params += (params.empty() ? "" : ";") + name + "=" + value;
        }
        if (!params.empty()) out += "{" + params + "}";
    }
    return out;
}

TEST(ChallengeTest, FieldsAreRead) {
    struct Case {
        std::string name, field, expected;
    };
    const std::vector<Case> cases{
        {"Docker Hub",
         R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull")",
         "bearer{realm=https://auth.docker.io/token;service=registry.docker.io;"
         "scope=repository:library/nginx:pull}"},
        {"commas in a quoted value",
         R"(Bearer realm="https://a/t",scope="repository:a:pull,push",error="invalid_token")",
         "bearer{realm=https://a/t;scope=repository:a:pull,push;error=invalid_token}"},
        {"basic", R"(Basic realm="Registry Realm")", "basic{realm=Registry Realm}"},
        {"spaces and cases", R"(  BEARER   Realm = "x" ,  SCOPE=y )", "bearer{realm=x;scope=y}"},
        {"escapes", R"(Basic realm="a\"b\\c")", R"(basic{realm=a"b\c})"},
        {"two",
         R"(Basic realm="x", Bearer realm="y",scope="z")",
         "basic{realm=x} | bearer{realm=y;scope=z}"},
        {"RFC 9110 11.6.1",
         R"(Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"")",
         R"(basic{realm=simple} | newauth{realm=apps;type=1;title=Login to "apps"})"},
        {"without parameters", "Negotiate", "negotiate"},
        {"without parameters, then another",
         "Negotiate, Basic realm=x",
         "negotiate | basic{realm=x}"},
        {"token68", "Negotiate YWJj==, Basic realm=x", "negotiate[YWJj==] | basic{realm=x}"},
        {"empty elements", R"(, ,Basic realm="x",, ,)", "basic{realm=x}"},
        {"empty value", R"(Bearer realm="",scope="")", "bearer{realm=;scope=}"},
        {"nothing", "", ""},
        {"only commas", " , ,", ""},
        {"open quote ends it", R"(Basic realm="x", Bearer realm="y)", "basic{realm=x} | bearer"},
        {"rubbish ends it", R"(Basic realm="x" y, Bearer realm="z")", "basic{realm=x}"},
        {"rubbish at the start", "=x", ""},
        {"value is missing, which reads as a token68", "Bearer realm=, scope=x", "bearer[realm=]"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(show(parse_challenges(c.field)), c.expected);
    }
}

TEST(ChallengeTest, ParametersAreFoundByLowerCaseName) {
    const auto challenges = parse_challenges(R"(Bearer Realm="x")");
    ASSERT_EQ(challenges.size(), 1U);
    EXPECT_EQ(challenges[0].param("realm"), "x");
    EXPECT_EQ(challenges[0].param("scope"), std::nullopt);
}

TEST(ChallengeTest, LongFieldsCostTheirLength) {
    EXPECT_TRUE(parse_challenges(std::string(100000, ',')).empty());
    EXPECT_EQ(parse_challenges("Bearer " + std::string(100000, 'a')).size(), 1U);
}

}  // namespace
}  // namespace linkspan::registry
