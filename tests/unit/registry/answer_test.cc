#include "service/registry/answer.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

using namespace std::chrono_literals;

transport::HttpResponse make(unsigned status, const std::string& type, const std::string& body) {
    transport::HttpResponse response;
    response.status = status;
    if (!type.empty()) response.headers.emplace_back("Content-Type", type);
    response.body = body;
    return response;
}

TEST(AnswerTest, StatusAndErrorCodeAreExplained) {
    struct Case {
        std::string name;
        transport::HttpResponse response;
        Errc kind;
        std::string message;
    };
    const std::vector<Case> cases{
        {"missing",
         make(
             404,
             "application/json",
             R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}}]})"
         ),
         Errc::NotFound,
         "r.example answered 404 MANIFEST_UNKNOWN: manifest unknown"},
        {"missing without body", make(404, "", ""), Errc::NotFound, "r.example answered 404"},
        {"a web server's 404",
         make(404, "text/html; charset=utf-8", "<html>"),
         Errc::InvalidInput,
         "r.example answered 404 with a web page; is this the registry's API?"},
        {"denied",
         make(403, "application/json", R"({"errors":[{"code":"DENIED"}]})"),
         Errc::Unauthorized,
         "r.example answered 403 DENIED"},
        {"Docker Hub's token server",
         make(401, "application/json", R"({"details":"incorrect username or password"})"),
         Errc::Unauthorized,
         "r.example answered 401 incorrect username or password"},
        {"too many", make(429, "", ""), Errc::RateLimited, "r.example answered 429"},
        {"broken",
         make(502, "text/html", "<html>Bad gateway"),
         Errc::Unavailable,
         "r.example answered 502 with a web page; is this the registry's API?"},
        {"bad name",
         make(
             400,
             "application/json",
             R"({"errors":[{"code":"NAME_INVALID","message":"x\ny\u0007"}]})"
         ),
         Errc::InvalidInput,
         "r.example answered 400 NAME_INVALID: x?y?"},
        {"errors of another form",
         make(418, "", R"({"errors":"no"})"),
         Errc::InvalidInput,
         "r.example answered 418"},
        {"errors of numbers",
         make(418, "", R"({"errors":[1]})"),
         Errc::InvalidInput,
         "r.example answered 418"},
        {"not JSON", make(418, "", "{"), Errc::InvalidInput, "r.example answered 418"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto error = explain(c.response, "r.example");
        EXPECT_EQ(error.kind, c.kind);
        EXPECT_EQ(error.message, c.message);
    }
}

TEST(AnswerTest, RetryAfterIsKept) {
    auto response = make(429, "", "");
    response.headers.emplace_back("Retry-After", "17");
    EXPECT_EQ(explain(response, "r.example").retry_after, 17s);
}

TEST(AnswerTest, LongMessagesAreCut) {
    const auto code = read_error_code(
        R"({"errors":[{"code":"X","message":")" + std::string(5000, 'y') + R"("}]})"
    );
    ASSERT_TRUE(code);
    EXPECT_LT(code->size(), 250U);
}

TEST(AnswerTest, MediaTypeIsWithoutParameters) {
    EXPECT_EQ(media_type_of(make(200, "Application/JSON ; charset=utf-8", "")), "application/json");
    EXPECT_EQ(media_type_of(make(200, "", "")), "");
}

}  // namespace
}  // namespace linkspan::registry
