#include "service/http/response_head.h"

#include <gtest/gtest.h>

namespace linkspan::http {
namespace {

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

std::string head(const Response& response, const Framing& framing = {}) {
    std::string out;
    const auto ok = append_head(out, response, framing, kDate);
    EXPECT_TRUE(ok) << ok.error().message;
    return out;
}

TEST(ResponseHead, HasTheLinesOfRfc9112) {
    Response response;
    response.status = 202;
    response.headers = {{"Location", "/v1/deliveries/1"}};
    response.body = "{}";
    EXPECT_EQ(
        head(response),
        "HTTP/1.1 202 Accepted\r\n"
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        "Content-Type: application/json\r\n"
        "Content-Length: 2\r\n"
        "Location: /v1/deliveries/1\r\n"
        "\r\n"
    );
}

TEST(ResponseHead, SaysHowTheConnectionGoesOn) {
    EXPECT_EQ(head({}).find("Connection"), std::string::npos);
    EXPECT_NE(head({}, {.keep_alive = false}).find("Connection: close\r\n"), std::string::npos);
    EXPECT_NE(
        head({}, {.keep_alive = true, .http_1_0 = true}).find("Connection: keep-alive\r\n"),
        std::string::npos
    );
}

TEST(ResponseHead, NoBodyNoLength) {
    for (const unsigned status : {204u, 304u}) {
        Response response;
        response.status = status;
        const auto text = head(response);
        EXPECT_EQ(text.find("Content-Length"), std::string::npos) << text;
        EXPECT_EQ(text.find("Content-Type"), std::string::npos) << text;
    }
}

TEST(ResponseHead, UnknownStatusIsSent) {
    Response response;
    response.status = 299;
    EXPECT_EQ(head(response).rfind("HTTP/1.1 299 ", 0), 0u);
}

struct BadResponse {
    std::string_view name;
    unsigned status;
    std::string content_type;
    std::vector<Header> headers;
};

TEST(ResponseHead, RefusesWhatWouldBreakTheMessage) {
    const BadResponse cases[] = {
        {"line break in a value", 200, "text/plain", {{"Location", "/a\r\nSet-Cookie: x=1"}}},
        {"bare CR", 200, "text/plain", {{"X", "a\rb"}}},
        {"bare LF", 200, "text/plain", {{"X", "a\nb"}}},
        {"NUL", 200, "text/plain", {{"X", std::string("a\0b", 3)}}},
        {"line break in a name", 200, "text/plain", {{"X\r\nY", "1"}}},
        {"colon in a name", 200, "text/plain", {{"X:", "1"}}},
        {"space in a name", 200, "text/plain", {{"X Y", "1"}}},
        {"empty name", 200, "text/plain", {{"", "1"}}},
        {"line break in the content type", 200, "text/plain\r\nX: 1", {}},
        {"its own length", 200, "text/plain", {{"content-length", "5"}}},
        {"its own coding", 200, "text/plain", {{"Transfer-Encoding", "chunked"}}},
        {"its own connection", 200, "text/plain", {{"Connection", "close"}}},
        {"interim status", 100, "text/plain", {}},
        {"no status", 0, "text/plain", {}},
        {"status too large", 1000, "text/plain", {}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        Response response;
        response.status = c.status;
        response.content_type = c.content_type;
        response.headers = c.headers;
        std::string out{"before"};
        const auto ok = append_head(out, response, {}, kDate);
        ASSERT_TRUE(ok.has_error());
        EXPECT_EQ(ok.error().kind, Errc::Internal);
        EXPECT_EQ(out, "before");
        EXPECT_EQ(ok.error().message.find('\n'), std::string::npos);
    }
}

TEST(HttpDate, IsImfFixdate) {
    EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(http_date(1709164800), "Thu, 29 Feb 2024 00:00:00 GMT");
}

}  // namespace
}  // namespace linkspan::http
