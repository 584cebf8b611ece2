#include "service/notify/verdict.h"

#include <gtest/gtest.h>

namespace linkspan::notify {
namespace {

Verdict of(unsigned status, std::string body = "", std::string retry_after = "") {
    transport::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    if (!retry_after.empty()) response.headers.emplace_back("Retry-After", retry_after);
    return verdict_of(response);
}

TEST(VerdictTest, ByStatus) {
    for (const unsigned status : {200U, 201U, 202U, 204U}) {
        EXPECT_TRUE(std::holds_alternative<Delivered>(of(status))) << status;
    }
    for (const unsigned status : {408U, 425U, 429U, 500U, 502U, 503U}) {
        EXPECT_TRUE(std::holds_alternative<TryAgain>(of(status))) << status;
    }
    for (const unsigned status : {301U, 307U, 400U, 401U, 403U, 404U, 410U}) {
        EXPECT_TRUE(std::holds_alternative<Refused>(of(status))) << status;
    }
}

TEST(VerdictTest, WaitsAsLongAsItWasAskedTo) {
    EXPECT_EQ(std::get<TryAgain>(of(429, "", "7")).after, std::chrono::seconds{7});
    EXPECT_FALSE(std::get<TryAgain>(of(500)).after);
}

TEST(VerdictTest, QuotesShortAnswersOnly) {
    EXPECT_EQ(std::get<Refused>(of(403, "invalid_token\nmore")).why, "answered 403: invalid_token");
    EXPECT_EQ(std::get<Refused>(of(403, "<html>no")).why, "answered 403");
    EXPECT_EQ(std::get<Refused>(of(403, "a\x1b[31m")).why, "answered 403");
    EXPECT_LT(std::get<Refused>(of(400, std::string(5000, 'a'))).why.size(), 250U);
}

TEST(VerdictTest, ByError) {
    EXPECT_TRUE(std::holds_alternative<TryAgain>(verdict_of(Error{Errc::Timeout, "late"})));
    EXPECT_TRUE(std::holds_alternative<TryAgain>(verdict_of(Error{Errc::Unavailable, "down"})));
    EXPECT_TRUE(std::holds_alternative<Refused>(verdict_of(Error{Errc::InvalidInput, "bad"})));
}

}  // namespace
}  // namespace linkspan::notify
