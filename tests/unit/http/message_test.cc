#include "service/http/server.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace linkspan::http {
namespace {

TEST(RequestTest, FindsHeadersWithoutRegardToCase) {
    Request request;
    request.headers = {{"Content-Type", "text/plain"}, {"X-A", "1"}, {"x-a", "2"}};
    EXPECT_EQ(request.header("content-type"), "text/plain");
    EXPECT_EQ(request.header("X-A"), "1");
    EXPECT_FALSE(request.header("X-B"));
}

TEST(RequestTest, FindsParametersAndSegments) {
    Request request;
    request.target = "/a/b%2Fc?wait=30%73";
    request.query = "wait=30%73";
    EXPECT_EQ(request.parameter("wait"), "30s");
    EXPECT_FALSE(request.parameter("limit"));
    EXPECT_EQ(request.segments(), (std::vector<std::string>{"a", "b/c"}));
}

TEST(Problem, IsRfc9457) {
    const auto response = problem(404, "Unknown receiver", "there is no receiver \"x\"\n");
    EXPECT_EQ(response.status, 404u);
    EXPECT_EQ(response.content_type, "application/problem+json");
    const auto body = nlohmann::json::parse(response.body);
    EXPECT_EQ(body["type"], "about:blank");
    EXPECT_EQ(body["title"], "Unknown receiver");
    EXPECT_EQ(body["status"], 404);
    EXPECT_EQ(body["detail"], "there is no receiver \"x\"\n");
}

TEST(Problem, LeavesAnEmptyDetailOut) {
    EXPECT_FALSE(nlohmann::json::parse(problem(500, "x", "").body).contains("detail"));
}

TEST(Problem, TakesAnyBytes) {
    const auto response = problem(400, "x", "\xff\xfe tag");
    EXPECT_TRUE(nlohmann::json::accept(response.body));
}

}  // namespace
}  // namespace linkspan::http
