#include "service/transport/http_client.h"

#include "tests/support/free_port.h"
#include "tests/support/scripted_http_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_ca.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

namespace linkspan::transport {
namespace {

using namespace std::chrono_literals;
using support::ScriptedHttpServer;
using support::ScriptedReply;

// The environment of one test; put back afterwards.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_{name} {
        if (const char* old = std::getenv(name)) old_ = old;
        ::setenv(name, value.c_str(), 1);
    }
    ~Variable() {
        if (old_) {
            ::setenv(name_, old_->c_str(), 1);
        } else {
            ::unsetenv(name_);
        }
    }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
    std::optional<std::string> old_;
};

HttpRequest get(const std::string& url, std::chrono::milliseconds timeout = 60s) {
    HttpRequest request;
    request.url = url;
    request.timeout = timeout;
    return request;
}

TEST(HttpClientTest, RequestAndAnswerArriveAsGiven) {
    ScriptedHttpServer server;
    server.when("POST", "/x")
        .then_return(
            {.status = 418, .headers = {{"X-One", " two "}, {"X-Empty", ""}}, .body = "short"}
        );
    HttpClient client;
    HttpRequest request = get(server.url() + "/x?a=b");
    request.method = "POST";
    request.headers = {{"Authorization", "Bearer test-secret-not-real"}, {"X-Empty", ""}};
    request.body = std::string{"a\0b", 3};
    const auto response = client.send(request);
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->status, 418U);
    EXPECT_EQ(response->body, "short");
    EXPECT_EQ(response->header("x-one"), "two");
    EXPECT_EQ(response->header("X-Empty"), "");
    EXPECT_EQ(response->header("absent"), std::nullopt);
    EXPECT_EQ(response->url, server.url() + "/x?a=b");
    const auto seen = server.requests().at(0);
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.query, "a=b");
    EXPECT_EQ(seen.body, (std::string{"a\0b", 3}));
    EXPECT_EQ(seen.header("Authorization"), "Bearer test-secret-not-real");
    EXPECT_EQ(seen.header("User-Agent"), "linkspan/" LINKSPAN_VERSION);
    EXPECT_EQ(seen.header("Content-Type"), "");
    EXPECT_EQ(seen.header("Expect"), "");
}

TEST(HttpClientTest, HeadHasNoBodyAndIgnoresItsLength) {
    ScriptedHttpServer server;
    server.when("HEAD", "/x").then_return({.claim_length = 1ULL << 40U});
    HttpClient client;
    HttpRequest request = get(server.url() + "/x");
    request.method = "HEAD";
    request.max_response = 10;
    const auto response = client.send(request);
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->status, 200U);
    EXPECT_EQ(response->body, "");
}

TEST(HttpClientTest, ConnectionsAreReused) {
    ScriptedHttpServer server;
    server.when("GET", "/x").then_return({.body = "ok"});
    HttpClient client;
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.send(get(server.url() + "/x")).has_value());
    EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClientTest, ThreadsShareOneClient) {
    ScriptedHttpServer server;
    server.when("GET", "/x").then_return({.body = "ok"});
    HttpClient client;
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i) {
                const auto response = client.send(get(server.url() + "/x"));
                if (response.has_value() && response->body == "ok") ++good;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good, 160);
    EXPECT_LE(server.connections(), 8U);
}

TEST(HttpClientTest, RedirectsAreAnswers) {
    ScriptedHttpServer server;
    server.when("GET", "/x").then_return({.status = 302, .headers = {{"Location", "/y"}}});
    HttpClient client;
    const auto response = client.send(get(server.url() + "/x"));
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 302U);
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpClientTest, FailuresAreNamedWithinTheirDeadline) {
    struct Case {
        std::string name;
        ScriptedReply reply;
        Errc kind;
        std::string text;
    };
    const std::vector<Case> cases{
        {"no answer", {.delay = 1h}, Errc::Timeout, "within 300 ms"},
        {"slow bytes",
         {.body = std::string(1000, 'x'), .piece = 1, .every = 20ms},
         Errc::Timeout,
         "within 300 ms"},
        {"length too large", {.claim_length = 1ULL << 30U}, Errc::InvalidInput, "longer than 1000"},
        {"no length and endless",
         {.stream =
              [](const support::Writer& write) {
                  write("HTTP/1.1 200 OK\r\n\r\n");
                  while (write(std::string(4096, 'x'))) {
                  }
              }},
         Errc::InvalidInput,
         "longer than 1000"},
        {"endless headers",
         {.stream =
              [](const support::Writer& write) {
                  write("HTTP/1.1 200 OK\r\n");
                  while (write("X: " + std::string(1000, 'x') + "\r\n")) {
                  }
              }},
         Errc::InvalidInput,
         "headers"},
        {"cut off", {.body = "abc", .claim_length = 100}, Errc::Unavailable, "97 bytes remaining"},
        {"not HTTP", {.raw = "SSH-2.0-OpenSSH_9.2\r\n"}, Errc::Unavailable, "HTTP/0.9"},
        {"nothing", {.raw = ""}, Errc::Unavailable, "Empty reply"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        ScriptedHttpServer server;
        server.when("GET", "/path").then_return(c.reply);
        HttpClient client;
        // Short where the deadline is what ends it; else long, for a busy machine.
        HttpRequest request =
            get(server.url() + "/path?token=test-secret-not-real",
                c.kind == Errc::Timeout ? 300ms : 60s);
        request.max_response = 1000;
        const auto start = std::chrono::steady_clock::now();
        const auto response = client.send(request);
        EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
        ASSERT_TRUE(response.has_error());
        EXPECT_EQ(response.error().kind, c.kind) << response.error().message;
        EXPECT_NE(response.error().message.find(c.text), std::string::npos)
            << response.error().message;
        EXPECT_NE(response.error().message.find("GET " + server.url()), std::string::npos)
            << response.error().message;
        EXPECT_EQ(response.error().message.find("test-secret"), std::string::npos);
        EXPECT_EQ(response.error().message.find("/path"), std::string::npos);
    }
}

TEST(HttpClientTest, NobodyListensIsUnavailable) {
    HttpClient client;
    const auto response =
        client.send(get("http://127.0.0.1:" + std::to_string(support::free_port()) + "/"));
    ASSERT_TRUE(response.has_error());
    EXPECT_EQ(response.error().kind, Errc::Unavailable);
    EXPECT_NE(response.error().message.find("127.0.0.1"), std::string::npos);
}

TEST(HttpClientTest, NoTimeLeftSendsNothing) {
    ScriptedHttpServer server;
    HttpClient client;
    const auto response = client.send(get(server.url() + "/x", 0ms));
    ASSERT_TRUE(response.has_error());
    EXPECT_EQ(response.error().kind, Errc::Timeout);
    EXPECT_EQ(server.connections(), 0U);
}

TEST(HttpClientTest, WhatCanNotBeSentIsRefused) {
    HttpClient client;
    HttpRequest line_break = get("http://127.0.0.1/");
    line_break.headers = {{"X", "a\r\nY: b"}};
    HttpRequest bad_name = get("http://127.0.0.1/");
    bad_name.headers = {{"X Y", "a"}};
    HttpRequest bad_method = get("http://127.0.0.1/");
    bad_method.method = "GET / HTTP/1.1\r\nX:";
    for (const auto& request :
         {line_break,
          bad_name,
          bad_method,
          get("file:///etc/hostname"),
          get("scp://127.0.0.1/x")}) {
        SCOPED_TRACE(request.url);
        const auto response = client.send(request);
        ASSERT_TRUE(response.has_error());
        EXPECT_EQ(response.error().kind, Errc::InvalidInput);
    }
}

TEST(HttpClientTest, StopEndsCallsUnderWayAndLaterOnes) {
    ScriptedHttpServer server;
    HttpClient client;
    // The first byte of the answer is the sign that the call is under way.
    server.when("GET", "/x").then_return({.stream = [&](const support::Writer& write) {
        write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1");
        client.stop();
        while (write("")) std::this_thread::yield();
    }});
    const auto start = std::chrono::steady_clock::now();
    const auto under_way = client.send(get(server.url() + "/x", 60s));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
    ASSERT_TRUE(under_way.has_error());
    EXPECT_EQ(under_way.error().kind, Errc::Unavailable);
    const auto later = client.send(get(server.url() + "/x"));
    ASSERT_TRUE(later.has_error());
    EXPECT_EQ(later.error().kind, Errc::Unavailable);
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpClientTest, TlsNeedsACaThatIsTrusted) {
    const support::TestCa ca;
    const support::TestCa stranger;
    const auto files = ca.make_server_certificate();
    ScriptedHttpServer server{{files.certificate, files.key}};
    server.when("GET", "/x").then_return({.body = "ok"});

    HttpClient trusting{{.ca_file = ca.certificate()}};
    const auto good = trusting.send(get(server.url() + "/x"));
    ASSERT_TRUE(good.has_value()) << good.error().message;
    EXPECT_EQ(good->body, "ok");

    HttpClient other{{.ca_file = stranger.certificate()}};
    const auto refused = other.send(get(server.url() + "/x"));
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().kind, Errc::Unavailable);
    EXPECT_NE(refused.error().message.find("certificate"), std::string::npos)
        << refused.error().message;

    HttpClient missing{{.ca_file = "/nonexistent/ca.pem"}};
    const auto unreadable = missing.send(get(server.url() + "/x"));
    ASSERT_TRUE(unreadable.has_error());
    EXPECT_EQ(unreadable.error().kind, Errc::InvalidInput);
    EXPECT_NE(unreadable.error().message.find("/nonexistent/ca.pem"), std::string::npos);
}

TEST(HttpClientTest, ProxyComesFromTheEnvironment) {
    ScriptedHttpServer proxy;
    proxy.when("GET", "http://registry.invalid/x").then_return({.body = "by proxy"});
    const Variable set{"http_proxy", proxy.url()};
    const Variable none{"no_proxy", ""};
    const Variable also_none{"NO_PROXY", ""};
    HttpClient client;
    const auto response = client.send(get("http://registry.invalid/x"));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "by proxy");
}

TEST(HttpClientTest, AProxyOfItsOwnCountsBeforeTheEnvironmentAndNoProxyBeforeBoth) {
    ScriptedHttpServer proxy;
    proxy.when("GET", "http://registry.invalid/x").then_return({.body = "by proxy"});
    ScriptedHttpServer direct;
    direct.when("GET", "/x").then_return({.body = "direct"});
    const Variable set{"http_proxy", "http://127.0.0.1:1"};
    const Variable none{"no_proxy", "127.0.0.1"};
    const Variable also_none{"NO_PROXY", ""};
    HttpClient client{{.proxy = proxy.url()}};
    const auto far = client.send(get("http://registry.invalid/x"));
    ASSERT_TRUE(far.has_value()) << far.error().message;
    EXPECT_EQ(far->body, "by proxy");
    const auto near = client.send(get(direct.url() + "/x"));
    ASSERT_TRUE(near.has_value()) << near.error().message;
    EXPECT_EQ(near->body, "direct");
}

TEST(HttpClientTest, NoProxyNamesHostsThatAreAskedDirectly) {
    ScriptedHttpServer proxy;
    ScriptedHttpServer server;
    server.when("GET", "/x").then_return({.body = "direct"});
    const Variable set{"http_proxy", proxy.url()};
    for (const std::string value : {"127.0.0.1", "127.0.0.0/8", "*", "other.example, 127.0.0.1"}) {
        SCOPED_TRACE(value);
        const Variable upper{"NO_PROXY", value};
        ::unsetenv("no_proxy");
        HttpClient client;
        const auto response = client.send(get(server.url() + "/x"));
        ASSERT_TRUE(response.has_value()) << response.error().message;
        EXPECT_EQ(response->body, "direct");
    }
    EXPECT_EQ(proxy.connections(), 0U);
}

TEST(HttpResponseTest, RetryAfterIsReadInBothForms) {
    struct Case {
        std::string name, value, date;
        std::optional<std::chrono::seconds> expected;
    };
    const std::vector<Case> cases{
        {"seconds", "120", "", 120s},
        {"zero", "0", "", 0s},
        {"date", "Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:29 GMT", 30s},
        {"past date", "Fri, 31 Dec 1999 23:59:59 GMT", "Sat, 01 Jan 2000 23:59:29 GMT", 0s},
        {"more than a week", "99999999999999999999", "", 168h},
        {"nonsense", "soon", "", std::nullopt},
        {"negative", "-5", "", std::nullopt},
        {"absent", "", "", std::nullopt},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        HttpResponse response;
        if (!c.value.empty()) response.headers.emplace_back("retry-after", c.value);
        if (!c.date.empty()) response.headers.emplace_back("Date", c.date);
        EXPECT_EQ(response.retry_after(), c.expected);
    }
}

}  // namespace
}  // namespace linkspan::transport
