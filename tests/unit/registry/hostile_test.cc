// A registry that means harm, or is broken: each call ends in a named error within its deadline.
#include "service/registry/client.h"
#include "tests/support/scripted_http_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace linkspan::registry {
namespace {

using namespace std::chrono_literals;
using support::ScriptedHttpServer;
using support::ScriptedReply;
using support::ScriptedRequest;

const std::string kManifests = "/v2/acme/app/manifests/1.0";
const std::string kTags = "/v2/acme/app/tags/list";
constexpr const char* kOci = "application/vnd.oci.image.manifest.v1+json";
// Where the deadline is what ends the call.
constexpr auto kDeadline = 400ms;
// Elsewhere, for a busy machine.
constexpr auto kEnough = 60s;
// Below kEnough, and far below "waits until somebody gives up".
constexpr auto kLate = 30s;

RegistryOptions options_for(const ScriptedHttpServer& server) {
    RegistryOptions options;
    options.host = "r.example";
    options.endpoint = server.url();
    options.timeout = kEnough;
    options.retry.tries = 1;
    options.max_manifest = 1 << 20;
    options.max_tags = 100;
    options.credentials = []() -> Result<std::optional<Credentials>> {
        return std::optional{Credentials{"robot", Secret{"test-secret-not-real"}}};
    };
    return options;
}

image::ImageName app() { return image::ImageName::parse("r.example/acme/app").value(); }

template <class T>
void expect_error(const Result<T>& result, Errc kind, const std::string& text) {
    ASSERT_TRUE(result.has_error());
    EXPECT_EQ(result.error().kind, kind) << result.error().message;
    EXPECT_NE(result.error().message.find(text), std::string::npos) << result.error().message;
    EXPECT_EQ(result.error().message.find("test-secret"), std::string::npos);
}

void endless(const support::Writer& write) {
    write(
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n"
        "Docker-Content-Digest: sha256:1\r\n\r\n{"
    );
    while (write(std::string(65536, ' '))) {
    }
}

TEST(HostileRegistryTest, ResolveEndsInANamedError) {
    struct Case {
        std::string name;
        ScriptedReply head;
        ScriptedReply get;
        Errc kind;
        std::string text;
    };
    const ScriptedReply no_head{.status = 405};
    const std::string other = "sha256:" + std::string(64, '0');
    const std::vector<Case> cases{
        {"silence", {.delay = 1h}, {}, Errc::Timeout, "within"},
        {"slow bytes",
         no_head,
         {.headers = {{"Content-Type", kOci}},
          .body = std::string(1000, ' '),
          .piece = 1,
          .every = 20ms},
         Errc::Timeout,
         "within"},
        {"a gigabyte, announced", no_head, {.claim_length = 1 << 30}, Errc::InvalidInput, "longer"},
        {"a gigabyte, streamed", no_head, {.stream = endless}, Errc::InvalidInput, "longer"},
        {"cut off",
         no_head,
         {.headers = {{"Content-Type", kOci}}, .body = "{\"schema", .claim_length = 500},
         Errc::Unavailable,
         "http://127.0.0.1"},
        {"cut off in silence",
         no_head,
         {.headers = {{"Content-Type", kOci}}, .body = "{\"schema"},
         Errc::InvalidInput,
         "not the JSON"},
        {"wrong digest",
         no_head,
         {.headers = {{"Content-Type", kOci}, {"Docker-Content-Digest", other}}, .body = "{}"},
         Errc::InvalidInput,
         "Docker-Content-Digest"},
        {"a login page",
         {.headers = {{"Content-Type", "text/html"}}},
         {.headers = {{"Content-Type", "text/html"}}, .body = "<html>"},
         Errc::InvalidInput,
         "web page"},
        {"429",
         {.status = 429, .headers = {{"Retry-After", "30"}}},
         {},
         Errc::RateLimited,
         "answered 429"},
        {"503", {.status = 503}, {}, Errc::Unavailable, "answered 503"},
        {"not HTTP", {.raw = "\x16\x03\x01"}, {}, Errc::Unavailable, "http://127.0.0.1"},
        {"a digest that is a header of its own",
         {.raw = "HTTP/1.1 200 OK\r\nContent-Type: " + std::string{kOci} +
                 "\r\nDocker-Content-Digest: sha256:zz\r\n\r\n"},
         {.status = 404},
         Errc::NotFound,
         "answered 404"},
        {"an error body with escapes",
         no_head,
         {.status = 404,
          .headers = {{"Content-Type", "application/json"}},
          .body = R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"\u001b[2Jx"}]})"},
         Errc::NotFound,
         "MANIFEST_UNKNOWN: ?[2Jx"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        ScriptedHttpServer server;
        server.when("HEAD", kManifests).then_return(c.head);
        server.when("GET", kManifests).then_return(c.get);
        auto options = options_for(server);
        if (c.kind == Errc::Timeout) options.timeout = kDeadline;
        Client client{options};
        const auto start = std::chrono::steady_clock::now();
        const auto manifest = client.resolve(app(), "1.0");
        EXPECT_LT(std::chrono::steady_clock::now() - start, kLate);
        expect_error(manifest, c.kind, c.text);
        EXPECT_EQ(manifest.error().message.find("resolving r.example/acme/app:1.0: "), 0U)
            << manifest.error().message;
    }
}

TEST(HostileRegistryTest, A429StormIsOneRequestAndItsRetryAfter) {
    ScriptedHttpServer server;
    server.when("*", "/*").then_return({.status = 429, .headers = {{"Retry-After", "30"}}});
    Client client{options_for(server)};
    const auto manifest = client.resolve(app(), "1.0");
    ASSERT_TRUE(manifest.has_error());
    EXPECT_EQ(manifest.error().retry_after, 30s);
    // Further calls, for whatever image, don't even ask.
    for (int i = 0; i < 100; ++i) {
        const auto list = client.list_tags(app());
        ASSERT_TRUE(list.has_error());
        EXPECT_EQ(list.error().kind, Errc::RateLimited);
        EXPECT_GE(list.error().retry_after, 1s);
    }
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HostileRegistryTest, AnotherDigestThanTheOneAskedForIsRefused) {
    const std::string asked = "sha256:" + std::string(64, 'a');
    ScriptedHttpServer server;
    server.when("HEAD", "/v2/acme/app/manifests/" + asked)
        .then_return(
            {.headers =
                 {{"Content-Type", kOci},
                  {"Docker-Content-Digest", "sha256:" + std::string(64, 'b')}}}
        );
    Client client{options_for(server)};
    expect_error(client.resolve(app(), asked), Errc::InvalidInput, "asked for");
}

TEST(HostileRegistryTest, ReferencesThatAreNoTagOrDigestAreNotSent) {
    ScriptedHttpServer server;
    Client client{options_for(server)};
    for (const std::string reference :
         {"", "../../x", "a/b", "a?b", "a b", "sha256:abc", "-x", "a#b"}) {
        SCOPED_TRACE(reference);
        const auto manifest = client.resolve(app(), reference);
        ASSERT_TRUE(manifest.has_error());
        EXPECT_EQ(manifest.error().kind, Errc::InvalidInput);
    }
    EXPECT_EQ(server.connections(), 0U);
}

// A page with its own tag and a Link that `next` makes from the page's number.
void serve_pages(ScriptedHttpServer& server, std::function<std::string(int)> next, bool tags) {
    auto page = std::make_shared<std::atomic<int>>(0);
    server.when("GET", kTags).then([=](const ScriptedRequest&) {
        const int number = ++*page;
        return ScriptedReply{
            .headers = {{"Link", "<" + next(number) + R"(>; rel="next")"}},
            .body = R"({"tags":[)" + (tags ? "\"t" + std::to_string(number) + "\"" : "") + "]}"};
    });
}

TEST(HostileRegistryTest, EndlessPagesAreCutAtTheLimit) {
    ScriptedHttpServer server;
    serve_pages(
        server, [](int n) { return kTags + "?last=" + std::to_string(n); }, true
    );
    auto options = options_for(server);
    Client client{options};
    const auto list = client.list_tags(app());
    ASSERT_TRUE(list.has_value()) << list.error().message;
    EXPECT_TRUE(list->truncated);
    EXPECT_EQ(list->tags.size(), 100U);
}

TEST(HostileRegistryTest, PagesThatLeadNowhereAreAnError) {
    struct Case {
        std::string name;
        std::function<std::string(int)> next;
        bool tags;
        std::string text;
        std::size_t requests;
    };
    ScriptedHttpServer elsewhere;
    const std::vector<Case> cases{
        {"circle",
         [](int n) { return kTags + "?last=" + std::to_string(n % 3); },
         true,
         "circle",
         4},
        {"empty pages",
         [](int n) { return kTags + "?last=" + std::to_string(n); },
         false,
         "without end",
         10},
        {"another host", [&](int) { return elsewhere.url() + kTags; }, true, elsewhere.url(), 1},
        {"another name",
         [&](int) { return "http://localhost" + kTags; },
         true,
         "http://localhost",
         1},
        {"another scheme",
         [](int) { return "https://127.0.0.1" + kTags; },
         true,
         "https://127.0.0.1",
         1},
        {"host without scheme",
         [](int) { return "//evil.example" + kTags; },
         true,
         "http://evil.example",
         1},
        {"another protocol",
         [](int) { return std::string{"file:///etc/passwd"}; },
         true,
         "Link",
         1},
        {"empty", [](int) { return std::string{}; }, true, "Link", 1},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        ScriptedHttpServer server;
        serve_pages(server, c.next, c.tags);
        auto options = options_for(server);
        Client client{options};
        expect_error(client.list_tags(app()), Errc::InvalidInput, c.text);
        EXPECT_EQ(server.requests().size(), c.requests);
    }
    EXPECT_EQ(elsewhere.connections(), 0U);
}

// Pages without end, each after a while.
void serve_slow_pages(ScriptedHttpServer& server, std::chrono::milliseconds delay, int last = -1) {
    auto page = std::make_shared<std::atomic<int>>(0);
    server.when("GET", kTags).then([=](const ScriptedRequest&) {
        const int count = ++*page;
        const auto number = std::to_string(count);
        ScriptedReply reply{.body = R"({"tags":["t)" + number + "\"]}", .delay = delay};
        if (count != last) {
            reply.headers.emplace_back("Link", "<?last=" + number + R"(>; rel="next")");
        }
        return reply;
    });
}

TEST(HostileRegistryTest, EachPageHasADeadlineOfItsOwn) {
    ScriptedHttpServer server;
    serve_slow_pages(server, 400ms, 8);
    auto options = options_for(server);
    options.timeout = 3s;
    Client client{options};
    const auto start = std::chrono::steady_clock::now();
    const auto list = client.list_tags(app());
    ASSERT_TRUE(list.has_value()) << list.error().message;
    EXPECT_EQ(list->tags.size(), 8U);
    EXPECT_GT(std::chrono::steady_clock::now() - start, options.timeout);
}

TEST(HostileRegistryTest, AllPagesTogetherHaveADeadlineToo) {
    ScriptedHttpServer server;
    serve_slow_pages(server, 50ms);
    auto options = options_for(server);
    options.list_timeout = kDeadline;
    options.max_tags = 1000000;
    Client client{options};
    const auto start = std::chrono::steady_clock::now();
    expect_error(
        client.list_tags(app()),
        Errc::Timeout,
        "listing tags of r.example/acme/app: r.example did not list all tags within 400 ms"
    );
    EXPECT_LT(std::chrono::steady_clock::now() - start, kLate);
}

TEST(HostileRegistryTest, TheWholeListHasTwentyTimesThePagesTime) {
    ScriptedHttpServer server;
    serve_slow_pages(server, 10ms);
    auto options = options_for(server);
    options.timeout = 50ms;
    options.max_tags = 1000000;
    Client client{options};
    const auto start = std::chrono::steady_clock::now();
    // On a slow machine one page is late by itself.
    expect_error(client.list_tags(app()), Errc::Timeout, "within");
    EXPECT_LT(std::chrono::steady_clock::now() - start, kLate);
}

TEST(HostileRegistryTest, ASilentPageEndsTheListAndIsAskedForAgain) {
    ScriptedHttpServer server;
    const std::string link = R"(<?last=a>; rel="next")";
    server.when("GET", kTags)
        .then_return({.headers = {{"Link", link}}, .body = R"({"tags":["a"]})"})
        .then_return({.delay = 1h})
        .then_return({.body = R"({"tags":["b"]})"});
    auto options = options_for(server);
    options.timeout = 2s;
    Client client{options};
    TagListing listing{app()};
    ASSERT_FALSE(client.fetch_page(listing).has_error());
    const auto start = std::chrono::steady_clock::now();
    const Status silent = client.fetch_page(listing);
    EXPECT_LT(std::chrono::steady_clock::now() - start, kLate);
    ASSERT_TRUE(silent.has_error());
    EXPECT_EQ(silent.error().kind, Errc::Timeout) << silent.error().message;
    EXPECT_FALSE(listing.done());
    ASSERT_FALSE(client.fetch_page(listing).has_error());
    EXPECT_TRUE(listing.done());
    EXPECT_EQ(listing.take().tags, (std::vector<std::string>{"a", "b"}));
    ASSERT_EQ(server.requests().size(), 3U);
    EXPECT_EQ(server.requests().at(2).query, "last=a");
}

TEST(HostileRegistryTest, LinksMayBeRelativeAbsoluteOrOnlyAQuery) {
    ScriptedHttpServer server;
    const auto page = [](const std::string& tag, const std::string& next) {
        ScriptedReply reply{.body = R"({"tags":[")" + tag + "\"]}"};
        if (!next.empty()) reply.headers.emplace_back("Link", "<" + next + ">; rel=\"next\"");
        return reply;
    };
    server.when("GET", kTags)
        .then_return(page("a", "/v2/acme/app/tags/list?last=a"))
        .then_return(page("b", server.url() + "/v2/acme/app/tags/list?last=b"))
        .then_return(page("c", "?last=c"))
        .then_return(page("d", ""));
    Client client{options_for(server)};
    const auto list = client.list_tags(app());
    ASSERT_TRUE(list.has_value()) << list.error().message;
    EXPECT_EQ(list->tags, (std::vector<std::string>{"a", "b", "c", "d"}));
    EXPECT_FALSE(list->truncated);
    EXPECT_EQ(server.requests().at(0).query, "n=1000");
    EXPECT_EQ(server.requests().at(2).query, "last=b");
    EXPECT_EQ(server.connections(), 1U);
}

TEST(HostileRegistryTest, AListEndsInANamedError) {
    struct Case {
        std::string name;
        ScriptedReply reply;
        Errc kind;
        std::string text;
    };
    const std::vector<Case> cases{
        {"silence", {.delay = 1h}, Errc::Timeout, "within"},
        {"slow bytes",
         {.body = std::string(1000, ' '), .piece = 1, .every = 20ms},
         Errc::Timeout,
         "within"},
        {"a gigabyte, announced", {.claim_length = 1 << 30}, Errc::InvalidInput, "longer"},
        {"a gigabyte, streamed", {.stream = endless}, Errc::InvalidInput, "longer"},
        {"cut off",
         {.body = R"({"tags":[)", .claim_length = 500},
         Errc::Unavailable,
         "http://127.0.0.1"},
        {"something else", {.body = R"({"tags":7})"}, Errc::InvalidInput, "not the JSON"},
        {"429", {.status = 429}, Errc::RateLimited, "answered 429"},
        {"not HTTP", {.raw = "\x16\x03\x01"}, Errc::Unavailable, "http://127.0.0.1"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        ScriptedHttpServer server;
        server.when("GET", kTags).then_return(c.reply);
        auto options = options_for(server);
        if (c.kind == Errc::Timeout) options.timeout = kDeadline;
        Client client{options};
        const auto start = std::chrono::steady_clock::now();
        const auto list = client.list_tags(app());
        EXPECT_LT(std::chrono::steady_clock::now() - start, kLate);
        expect_error(list, c.kind, c.text);
    }
}

TEST(HostileRegistryTest, AChallengeThatLeadsAstrayEndsInANamedError) {
    struct Case {
        std::string name;
        std::string challenge;  // the token server's URL goes where {} is
        ScriptedReply token;
        Errc kind;
        std::string text;
    };
    const std::string here = R"(Bearer realm="{}/token")";
    const std::vector<Case> cases{
        {"another host name",
         R"(Bearer realm="http://localhost:1/token")",
         {},
         Errc::Unauthorized,
         "asks for a token from http://localhost:1: refused"},
        {"another scheme", R"(Bearer realm="file:///etc/passwd")", {}, Errc::InvalidInput, "realm"},
        {"no realm", "Bearer", {}, Errc::InvalidInput, "without a realm"},
        {"another way", "Negotiate", {}, Errc::Unauthorized, "negotiate"},
        {"a circle",
         here,
         {.status = 401, .headers = {{"WWW-Authenticate", here}}},
         Errc::Unauthorized,
         "answered 401"},
        {"silence", here, {.delay = 1h}, Errc::Timeout, "getting a token of http://127.0.0.1"},
        {"slow bytes",
         here,
         {.body = std::string(1000, ' '), .piece = 1, .every = 20ms},
         Errc::Timeout,
         "getting a token of http://127.0.0.1"},
        {"a gigabyte", here, {.stream = endless}, Errc::InvalidInput, "longer"},
        {"no token", here, {.body = "{}"}, Errc::InvalidInput, "no usable token"},
        {"lines of its own",
         here,
         {.body = R"({"token":"a\r\nX-Other: b"})"},
         Errc::InvalidInput,
         "no usable token"},
        {"429",
         here,
         {.status = 429, .headers = {{"Retry-After", "30"}}},
         Errc::RateLimited,
         "answered 429"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        ScriptedHttpServer server;
        std::string challenge = c.challenge;
        if (const auto at = challenge.find("{}"); at != std::string::npos) {
            challenge.replace(at, 2, server.url());
        }
        server.when("GET", "/token").then_return(c.token);
        server.when("*", "/v2/*")
            .then_return({.status = 401, .headers = {{"WWW-Authenticate", challenge}}});
        auto options = options_for(server);
        if (c.kind == Errc::Timeout) options.timeout = kDeadline;
        Client client{options};
        const auto start = std::chrono::steady_clock::now();
        const auto manifest = client.resolve(app(), "1.0");
        EXPECT_LT(std::chrono::steady_clock::now() - start, kLate);
        expect_error(manifest, c.kind, c.text);
        EXPECT_LE(server.requests().size(), 3U);
    }
}

TEST(HostileRegistryTest, BlobsAreWhatTheirDigestSaysAndNotTooLong) {
    const auto digest = image::Digest::parse("sha256:" + std::string(64, 'a')).value();
    const std::string path = "/v2/acme/app/blobs/" + digest.str();
    struct Case {
        std::string name;
        ScriptedReply reply;
        Errc kind;
        std::string text;
    };
    const std::vector<Case> cases{
        {"other bytes", {.body = "hello"}, Errc::InvalidInput, "whose digest is sha256:2cf24dba"},
        {"a layer", {.claim_length = 1 << 30}, Errc::InvalidInput, "longer than 1000 bytes"},
        {"endless", {.stream = endless}, Errc::InvalidInput, "longer than 1000 bytes"},
        {"missing", {.status = 404}, Errc::NotFound, "answered 404"},
        {"slow bytes",
         {.body = std::string(900, ' '), .piece = 1, .every = 20ms},
         Errc::Timeout,
         "within"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        ScriptedHttpServer server;
        server.when("GET", path).then_return(c.reply);
        auto options = options_for(server);
        options.max_blob = 1000;
        if (c.kind == Errc::Timeout) options.timeout = kDeadline;
        Client client{options};
        expect_error(client.fetch_blob(app(), digest), c.kind, c.text);
    }
}

TEST(ClientTest, WhatIsOverInAMomentIsTriedAgain) {
    const auto good = ScriptedReply{.body = R"({"tags":["1.0"]})"};
    for (const auto& bad :
         {ScriptedReply{.status = 502}, ScriptedReply{.status = 503}, ScriptedReply{.raw = ""}}) {
        ScriptedHttpServer server;
        server.when("GET", kTags).then_return(bad).then_return(bad).then_return(good);
        auto options = options_for(server);
        options.retry = {1ms, 2ms, 3};
        Client client{options};
        const auto list = client.list_tags(app());
        ASSERT_TRUE(list.has_value()) << list.error().message;
        EXPECT_EQ(list->tags, std::vector<std::string>{"1.0"});
    }
}

TEST(ClientTest, TriesEndAndOtherAnswersAreNotTriedAgain) {
    for (const unsigned status : {400U, 404U, 500U, 503U}) {
        SCOPED_TRACE(status);
        ScriptedHttpServer server;
        server.when("GET", kTags).then_return({.status = status});
        auto options = options_for(server);
        options.retry = {1ms, 2ms, 3};
        Client client{options};
        EXPECT_TRUE(client.list_tags(app()).has_error());
        EXPECT_EQ(server.requests().size(), status == 503 ? 3U : 1U);
    }
}

TEST(ClientTest, RequestsAtOnceAreBounded) {
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    ScriptedHttpServer server;
    server.when("HEAD", kManifests).then([&](const ScriptedRequest&) {
        const int here = ++inside;
        int seen = most;
        while (here > seen && !most.compare_exchange_weak(seen, here)) {
        }
        std::this_thread::yield();
        --inside;
        return ScriptedReply{
            .headers = {
                {"Content-Type", kOci},
                {"Docker-Content-Digest", "sha256:" + std::string(64, 'a')}}};
    });
    auto options = options_for(server);
    options.limits.concurrent = 2;
    Client client{options};
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 10; ++i) good += client.resolve(app(), "1.0").has_value() ? 1 : 0;
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good, 80);
    EXPECT_LE(most, 2);
}

TEST(ClientTest, AnEndpointThatCanNotBeIsAnErrorOfEveryCall) {
    RegistryOptions options;
    options.host = "r.example";
    options.endpoint = "ftp://r.example";
    Client client{options};
    expect_error(client.resolve(app(), "1.0"), Errc::InvalidInput, "endpoint");
    expect_error(client.list_tags(app()), Errc::InvalidInput, "endpoint");
}

TEST(ClientTest, StopRefusesLaterCalls) {
    ScriptedHttpServer server;
    Client client{options_for(server)};
    client.stop();
    expect_error(client.resolve(app(), "1.0"), Errc::Unavailable, "shutting down");
    EXPECT_EQ(server.connections(), 0U);
}

}  // namespace
}  // namespace linkspan::registry
