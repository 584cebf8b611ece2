#include "service/git/http_answer.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <string>

namespace linkspan::git {
namespace {

TEST(HttpAnswerTest, EveryStatusHasAKind) {
    const struct {
        long status;
        Errc kind;
    } cases[] = {
        {301, Errc::InvalidInput},
        {400, Errc::InvalidInput},
        {401, Errc::Unauthorized},
        {403, Errc::Unavailable},
        {404, Errc::NotFound},
        {407, Errc::Unauthorized},
        {408, Errc::Timeout},
        {413, Errc::InvalidInput},
        {429, Errc::RateLimited},
        {500, Errc::Unavailable},
        {503, Errc::Unavailable},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.status);
        HttpAnswer answer;
        answer.status = c.status;
        EXPECT_EQ(status_failure("https://host/f", answer, false).kind, c.kind);
    }
}

TEST(HttpAnswerTest, ShowsPlainTextAndNotPages) {
    HttpAnswer answer;
    answer.status = 403;
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = "Write access not granted.\nAsk \x1b[31man owner.";
    const auto text = status_failure("https://host/f", answer, true).message;
    EXPECT_NE(text.find("Write access not granted. Ask [31man owner."), std::string::npos) << text;
    answer.content_type = "text/html";
    EXPECT_EQ(
        status_failure("https://host/f", answer, true).message.find("access not"), std::string::npos
    );
}

TEST(HttpAnswerTest, RetryAfterIsKept) {
    HttpAnswer answer;
    answer.status = 429;
    answer.retry_after = "30";
    EXPECT_EQ(status_failure("h", answer, false).retry_after, std::chrono::seconds{30});
    answer.retry_after = "Fri, 31 Dec 1999 23:59:59 GMT";
    EXPECT_FALSE(status_failure("h", answer, false).retry_after);
}

TEST(HttpAnswerTest, CurlErrorsHaveKinds) {
    const struct {
        int code;
        Errc kind;
    } cases[] = {
        {CURLE_COULDNT_RESOLVE_HOST, Errc::Unavailable},
        {CURLE_COULDNT_CONNECT, Errc::Unavailable},
        {CURLE_OPERATION_TIMEDOUT, Errc::Timeout},
        {CURLE_PEER_FAILED_VERIFICATION, Errc::Unauthorized},
        {CURLE_SSL_CACERT_BADFILE, Errc::InvalidInput},
        {CURLE_PARTIAL_FILE, Errc::Unavailable},
        {CURLE_SSL_CONNECT_ERROR, Errc::Unavailable},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.code);
        EXPECT_EQ(curl_failure("https://host/f", c.code, "detail").kind, c.kind);
    }
}

}  // namespace
}  // namespace linkspan::git
