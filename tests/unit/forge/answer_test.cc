#include "service/forge/answer.h"

#include <gtest/gtest.h>

namespace linkspan::forge {
namespace {

using transport::HttpResponse;
using Headers = std::vector<std::pair<std::string, std::string>>;

HttpResponse answer(unsigned status, std::string body, Headers headers = {}) {
    HttpResponse out;
    out.status = status;
    out.headers = std::move(headers);
    out.body = std::move(body);
    return out;
}

TEST(AnswerTest, WordsOfEveryPlatform) {
    const struct {
        const char* body;
        const char* words;
    } kCases[] = {
        {R"({"message":"Validation Failed","errors":[{"resource":"PullRequest","code":"custom","message":"No commits between main and a"}]})",
         "Validation Failed; No commits between main and a"},
        {R"({"message":["Another open merge request already exists for this source branch: !5"]})",
         "Another open merge request already exists for this source branch: !5"},
        {R"({"message":{"title":["can't be blank"]}})", "title: can't be blank"},
        {R"({"error":"insufficient_scope","error_description":"Higher privileges.","scope":"api"})",
         "insufficient_scope; Higher privileges."},
        {R"({"type":"error","error":{"message":"Bad request","fields":{"reviewers":["Malformed reviewers list"]}}})",
         "Bad request; reviewers: Malformed reviewers list"},
        {R"({"errors":[{"context":null,"message":"Out of date.","exceptionName":"a.b.C"}]})",
         "Out of date."},
        {R"({"$id":"1","message":"TF401179: An active pull request exists.","typeKey":"GitPullRequestExistsException"})",
         "TF401179: An active pull request exists."},
        {"<html><body>Bad gateway</body></html>", ""},
        {"", ""},
        {"not json", ""},
        {"[]", ""},
        {"{\"message\":\"two\\nlines\"}", "two lines"},
    };
    for (const auto& c : kCases) EXPECT_EQ(words_of(answer(400, c.body)), c.words) << c.body;
    const std::string longer = R"({"message":")" + std::string(5000, 'x') + R"("})";
    EXPECT_LT(words_of(answer(400, longer)).size(), 510U);
}

TEST(AnswerTest, NamesThePermissionThatIsMissing) {
    const struct {
        HttpResponse response;
        const char* permission;
    } kCases[] = {
        {answer(
             403,
             R"({"message":"Resource not accessible by integration"})",
             {{"X-Accepted-GitHub-Permissions", "contents=write; pull_requests=write"}}
         ),
         "contents=write; pull_requests=write"},
        {answer(
             404,
             R"({"message":"Not Found"})",
             {{"X-OAuth-Scopes", "read:org"}, {"X-Accepted-OAuth-Scopes", "repo"}}
         ),
         "scope repo (it has: read:org)"},
        {answer(403, R"({"error":"insufficient_scope","error_description":"x","scope":"api"})"),
         "scope api"},
        {answer(
             401,
             "",
             {{"WWW-Authenticate",
               R"(Bearer realm="Protected by OAuth", error="insufficient_scope", scope="api")"}}
         ),
         "scope api"},
        {answer(
             403,
             R"({"message":"token does not have at least one of required scope(s): [write:issue]"})"
         ),
         "scope write:issue"},
        {answer(
             403,
             R"({"type":"error","error":{"message":"m","detail":{"required":["pullrequest:write"],"granted":["repository"]}}})"
         ),
         "scope pullrequest:write (it has: repository)"},
        {answer(
             403,
             R"({"message":"TF401027: You need the Git 'PullRequestContribute' permission to perform this action."})"
         ),
         "PullRequestContribute"},
        {answer(403, R"({"message":"no"})"), ""},
    };
    for (const auto& c : kCases) {
        EXPECT_EQ(missing_permission(c.response), c.permission);
        if (c.permission[0] != '\0') {
            EXPECT_NE(
                explain(ForgeType::Github, c.response).message.find(c.permission), std::string::npos
            );
        }
    }
}

TEST(AnswerTest, LimitsAreToldInManyWays) {
    const auto now = std::chrono::system_clock::from_time_t(1'000'000);
    const auto limit = [&](const HttpResponse& response) -> std::string {
        const auto found = limit_of(response, now);
        if (!found) return "none";
        return std::to_string(found->wait.count()) + (found->refused ? " refused" : "");
    };
    EXPECT_EQ(limit(answer(429, "", {{"Retry-After", "30"}})), "30 refused");
    EXPECT_EQ(limit(answer(429, "Retry later")), "60 refused");
    EXPECT_EQ(limit(answer(429, "", {{"RateLimit-Reset", "1000100"}})), "101 refused");
    EXPECT_EQ(
        limit(answer(403, "{}", {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1000200"}})
        ),
        "201 refused"
    );
    EXPECT_EQ(
        limit(answer(403, R"({"message":"You have exceeded a secondary rate limit."})")),
        "60 refused"
    );
    EXPECT_EQ(limit(answer(403, R"({"message":"x"})", {{"retry-after", "5"}})), "5 refused");
    EXPECT_EQ(
        limit(answer(
            403, R"({"message":"Resource not accessible"})", {{"x-ratelimit-remaining", "10"}}
        )),
        "none"
    );
    // The last request of the window went through; the next would not.
    EXPECT_EQ(
        limit(answer(200, "{}", {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1000010"}})
        ),
        "11"
    );
    EXPECT_EQ(limit(answer(200, "{}", {{"Retry-After", "7"}})), "7");  // Azure
    EXPECT_EQ(limit(answer(202, "{}", {{"Retry-After", "7"}})), "none");
    EXPECT_EQ(limit(answer(503, "", {{"Retry-After", "9"}})), "9");
    // A clock that is a year off does not stop us for a year.
    EXPECT_EQ(limit(answer(429, "", {{"x-ratelimit-reset", "99999999"}})), "3600 refused");
}

TEST(AnswerTest, KindsByStatus) {
    const struct {
        unsigned status;
        Errc kind;
    } kCases[] = {
        {400, Errc::InvalidInput},
        {401, Errc::Unauthorized},
        {403, Errc::Unauthorized},
        {404, Errc::NotFound},
        {408, Errc::Unavailable},  // GitLab, when its database was too slow
        {409, Errc::Conflict},
        {412, Errc::Conflict},
        {422, Errc::InvalidInput},
        {429, Errc::RateLimited},
        {500, Errc::Unavailable},
        {555, Errc::Unavailable},
    };
    for (const auto& c : kCases)
        EXPECT_EQ(explain(ForgeType::Gitlab, answer(c.status, "{}")).kind, c.kind) << c.status;
    // No permission helps here.
    EXPECT_EQ(
        explain(
            ForgeType::Github,
            answer(403, R"({"message":"Repository was archived so is read-only."})")
        )
            .message.find("needs"),
        std::string::npos
    );
    // A platform that refuses without a word: what is needed is said in its place.
    EXPECT_NE(
        explain(ForgeType::BitbucketDataCenter, answer(403, "{}")).message.find("Repository write"),
        std::string::npos
    );
    EXPECT_NE(
        explain(ForgeType::Gitlab, answer(401, R"({"message":"401 Unauthorized"})"))
            .message.find("the token needs the scope api"),
        std::string::npos
    );
    EXPECT_NE(
        explain(ForgeType::Gitlab, answer(404, "<html></html>")).message.find("HTML page"),
        std::string::npos
    );
}

}  // namespace
}  // namespace linkspan::forge
