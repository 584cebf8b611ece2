#include "service/http/request_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::http {
namespace {

// Feeds `bytes` in pieces of `step`, as packets would come; gives what was left over.
std::string feed(RequestReader& reader, std::string_view bytes, std::size_t step) {
    std::string pending;
    std::size_t at = 0;
    while (!reader.done()) {
        std::size_t used = 0;
        while (!pending.empty() && !reader.done() && (used = reader.feed(pending)) > 0) {
            pending.erase(0, used);
        }
        if (reader.done() || at >= bytes.size()) break;
        pending += bytes.substr(at, step);
        at += step;
    }
    if (at < bytes.size()) pending += bytes.substr(at);
    return pending;
}

constexpr std::size_t kSteps[] = {1, 2, 3, 7, 64, 100000};

struct GoodCase {
    std::string_view name;
    std::string_view bytes;
    std::string_view body;
    std::string_view left_over;
    bool keep_alive;
};

constexpr GoodCase kGood[] = {
    {"get", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "", "", true},
    {"post", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "hello", "", true},
    {"pipelined",
     "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET /b",
     "hello",
     "GET /b",
     true},
    {"close", "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "", "", false},
    {"1.0", "GET /a HTTP/1.0\r\n\r\n", "", "", false},
    {"1.0 keep-alive", "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "", "", true},
    {"empty lines before", "\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n", "", "", true},
    {"chunked",
     "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
     "5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\nGET",
     "hello world",
     "GET",
     true},
    {"chunked, capitals",
     "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
     "Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
     "0123456789",
     "",
     true},
    {"chunked, empty",
     "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     "",
     "",
     true},
    {"trailers are dropped",
     "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
     "1\r\nx\r\n0\r\nAuthorization: Bearer test-secret-not-real\r\n\r\n",
     "x",
     "",
     true},
};

TEST(RequestReaderTest, ReadsARequestHoweverItIsCut) {
    for (const auto& c : kGood) {
        for (const auto step : kSteps) {
            SCOPED_TRACE(testing::Message() << c.name << ", step " << step);
            RequestReader reader{{}};
            EXPECT_FALSE(reader.started());
            auto left = feed(reader, c.bytes, step);
            ASSERT_TRUE(reader.done());
            ASSERT_FALSE(reader.refusal()) << reader.refusal()->body;
            EXPECT_EQ(reader.request().path, "/a");
            EXPECT_EQ(reader.request().body, c.body);
            EXPECT_EQ(left, c.left_over);
            EXPECT_EQ(reader.keep_alive(), c.keep_alive);
            EXPECT_FALSE(reader.request().header("Authorization"));
        }
    }
}

TEST(RequestReaderTest, GivesHeadersAsSent) {
    RequestReader reader{{}};
    feed(
        reader,
        "POST /h HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256:  sha256=ab \r\nx-EMPTY:\r\n"
        "Folded: a\r\n b\r\nLatin: \xe9\r\n\r\n",
        100000
    );
    ASSERT_TRUE(reader.done());
    const auto& request = reader.request();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.headers[1].name, "X-Hub-Signature-256");
    EXPECT_EQ(request.headers[1].value, "sha256=ab");
    EXPECT_EQ(request.header("X-Empty"), "");
    EXPECT_EQ(request.header("Folded"), "a b");
    EXPECT_EQ(request.header("Latin"), "\xe9");
}

TEST(RequestReaderTest, BeginsAnew) {
    RequestReader reader{{}};
    feed(reader, kGood[1].bytes, 100000);
    ASSERT_TRUE(reader.done());
    reader.reset();
    EXPECT_FALSE(reader.started());
    EXPECT_FALSE(reader.done());
    feed(reader, kGood[0].bytes, 100000);
    EXPECT_TRUE(reader.done());
    EXPECT_EQ(reader.request().body, "");
    EXPECT_EQ(reader.request().headers.size(), 1u);
}

struct RefusedCase {
    std::string_view name;
    std::string_view bytes;
    unsigned status;
};

constexpr RefusedCase kRefused[] = {
    {"garbage", "\x16\x03\x01\x02garbage\r\n\r\n", 400},
    {"no version", "GET /\r\n\r\n", 400},
    {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"HTTP/0.9", "GET / HTTP/0.9\r\n\r\n", 505},
    // Beast looks for an empty line with CRLF before it looks again at what came in pieces.
    {"bare LF", "GET / HTTP/1.1\nHost: x\n\n\r\n\r\n", 400},
    {"bare LF after a header", "GET / HTTP/1.1\r\nHost: x\n\r\n\r\n", 400},
    {"bare CR in a value", "GET / HTTP/1.1\r\nHost: x\rY: z\r\n\r\n", 400},
    {"space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
    {"header without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n", 400},
    {"header without a colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", 400},
    {"space before the first header", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
    {"control character in a value", "GET / HTTP/1.1\r\nHost: x\x01\r\n\r\n", 400},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
    {"two spaces in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"NUL in the path", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"unknown expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417},
    // Smuggling: each of these lets a proxy and us disagree about where the request ends.
    {"two lengths",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
     400},
    {"the same length twice",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
     400},
    {"a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", 400},
    {"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400},
    {"negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx", 400},
    {"hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx", 400},
    {"empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nx", 400},
    {"length past 64 bits",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\nx",
     400},
    {"length, then coding",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0\r\n\r\n",
     400},
    {"coding, then length",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: "
     "5\r\n\r\n0\r\n\r\n",
     400},
    {"coding twice",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n"
     "0\r\n\r\n",
     400},
    {"other coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
    {"coding that ends in chunked",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
     501},
    {"chunked not last",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
     501},
    {"almost chunked",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
     501},
    {"quoted chunked",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
     501},
    {"empty coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n", 501},
    {"coding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"chunk size is no number",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n",
     400},
    {"chunk longer than announced",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
     400},
    {"chunk size past 64 bits",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     "10000000000000001\r\nabc\r\n0\r\n\r\n",
     400},
    {"signed chunk size",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
     400},
    {"bare LF after a chunk size",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
     400},
    {"length in a trailer",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: "
     "5\r\n\r\n",
     400},
};

TEST(RequestReaderTest, RefusesHoweverItIsCut) {
    for (const auto& c : kRefused) {
        for (const auto step : kSteps) {
            SCOPED_TRACE(testing::Message() << c.name << ", step " << step);
            RequestReader reader{{}};
            feed(reader, c.bytes, step);
            EXPECT_TRUE(reader.done());
            if (!reader.refusal()) {
                ADD_FAILURE() << "not refused";
                continue;
            }
            EXPECT_EQ(reader.refusal()->status, c.status) << reader.refusal()->body;
        }
    }
}

TEST(RequestReaderTest, CountsAllHeaderBytes) {
    const std::string line = "X-Padding: 0123456789\r\n";
    const std::string start = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (const auto step : kSteps) {
        SCOPED_TRACE(step);
        std::string exact = start;
        while (exact.size() < 1000) exact += line;
        exact += "\r\n";
        RequestReader fits{{.max_headers = exact.size(), .max_body = 10}};
        feed(fits, exact, step);
        ASSERT_TRUE(fits.done());
        EXPECT_FALSE(fits.refusal());

        RequestReader tight{{.max_headers = exact.size() - 1, .max_body = 10}};
        feed(tight, exact, step);
        ASSERT_TRUE(tight.refusal());
        EXPECT_EQ(tight.refusal()->status, 431u);
    }
}

TEST(RequestReaderTest, LongRequestLineIs414) {
    for (const auto step : kSteps) {
        RequestReader reader{{.max_headers = 200, .max_body = 10}};
        feed(reader, "GET /" + std::string(300, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", step);
        ASSERT_TRUE(reader.refusal());
        EXPECT_EQ(reader.refusal()->status, 414u);
    }
}

TEST(RequestReaderTest, BodyLimit) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
    struct Case {
        std::string_view name;
        std::string bytes;
        unsigned status;  // 0: accepted
    };
    const Case cases[] = {
        {"exact", head + "Content-Length: 10\r\n\r\n0123456789", 0},
        {"one more", head + "Content-Length: 11\r\n\r\n", 413},
        {"huge", head + "Content-Length: 18446744073709551615\r\n\r\n", 413},
        {"chunked, exact",
         head + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n",
         0},
        {"chunked, one more", head + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n", 413},
        {"chunked, huge", head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 413},
    };
    for (const auto& c : cases) {
        for (const auto step : kSteps) {
            SCOPED_TRACE(testing::Message() << c.name << ", step " << step);
            RequestReader reader{{.max_headers = 1000, .max_body = 10}};
            feed(reader, c.bytes, step);
            ASSERT_TRUE(reader.done());
            EXPECT_EQ(reader.refusal() ? reader.refusal()->status : 0u, c.status);
        }
    }
}

TEST(RequestReaderTest, ChunkExtensionsAndTrailersAreBounded) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string many = head;
    for (int i = 0; i < 100; ++i) many += "1;" + std::string(1000, 'e') + "\r\nx\r\n";
    const std::string one = head + "1;" + std::string(100000, 'e');
    const std::string trailers = head + "0\r\nX: " + std::string(100000, 't');
    for (const auto& bytes : {many, one, trailers}) {
        for (const std::size_t step : {1u, 1000u, 1000000u}) {
            RequestReader reader{{}};
            feed(reader, bytes, step);
            ASSERT_TRUE(reader.refusal());
            EXPECT_GE(reader.refusal()->status, 400u);
        }
    }
}

TEST(RequestReaderTest, StopsAtTheHeader) {
    // So that "100 Continue" can be sent, or the body never read.
    RequestReader reader{{}};
    const std::string_view bytes =
        "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok";
    const auto used = reader.feed(bytes);
    EXPECT_EQ(used, bytes.size() - 2);
    EXPECT_TRUE(reader.header_done());
    EXPECT_FALSE(reader.done());
    EXPECT_TRUE(reader.expects_continue());
    EXPECT_EQ(reader.feed(bytes.substr(used)), 2u);
    EXPECT_TRUE(reader.done());
}

}  // namespace
}  // namespace linkspan::http
