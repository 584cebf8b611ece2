#include "service/http/server.h"

#include "tests/unit/http/loopback.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace linkspan::http {
namespace {

namespace asio = boost::asio;

asio::awaitable<Response> throwing(Request request) {
    if (request.path == "/other") throw 42;
    if (request.path == "/throw") throw std::runtime_error{"table users has no column x"};
    co_return co_await echo(std::move(request));
}

asio::awaitable<Response> injecting(Request request) {
    Response response;
    response.headers = {{"Location", request.body}};
    co_return response;
}

asio::awaitable<Response> at_gate(Gate* gate, Request request) {
    if (request.path == "/wait") co_await gate->pass();
    co_return co_await echo(std::move(request));
}

Handler waiting_at(Gate& gate) {
    return [g = &gate](Request request) { return at_gate(g, std::move(request)); };
}

TEST(ServerTest, AnswersARequest) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    EXPECT_NE(loop.port(), 0);
    Client client{loop.port()};
    const auto answer = client.ask(post("/hooks/a%20b?x=1", "hello"));
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.body, "POST /hooks/a b [x=1] hello");
    EXPECT_EQ(answer.header("Content-Type"), "text/plain");
    EXPECT_TRUE(answer.header("Date"));
    EXPECT_FALSE(answer.header("Connection"));
}

asio::awaitable<Response> facts(Request request) {
    Response response;
    response.body = request.remote_address + "|" + request.target + "|" +
                    std::string{request.header("x-thing").value_or("none")};
    co_return response;
}

TEST(ServerTest, HandsOverWhatWasSent) {
    Loopback loop;
    ASSERT_TRUE(loop.start(facts));
    Client client{loop.port()};
    const auto answer = client.ask(get("http://example.com/a%2Fb?c", "X-Thing: 1\r\n"));
    EXPECT_EQ(answer.body.rfind("127.0.0.1:", 0), 0u) << answer.body;
    EXPECT_NE(answer.body.find("|http://example.com/a%2Fb?c|1"), std::string::npos) << answer.body;
}

TEST(ServerTest, KeepsTheConnection) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    for (int i = 0; i < 100; ++i) {
        const auto body = std::to_string(i);
        EXPECT_EQ(client.ask(post("/", body)).body, "POST / [] " + body);
    }
}

TEST(ServerTest, AnswersPipelinedRequestsInOrder) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    std::string all;
    for (int i = 0; i < 500; ++i) all += post("/" + std::to_string(i), std::string(500, 'x'));
    ASSERT_TRUE(client.send(all));
    for (int i = 0; i < 500; ++i) {
        const auto expected = "POST /" + std::to_string(i) + " [] " + std::string(500, 'x');
        ASSERT_EQ(client.receive().body, expected);
    }
}

TEST(ServerTest, PipelinedRequestsWaitForASlowAnswer) {
    Loopback loop;
    ASSERT_TRUE(loop.start(waiting_at(loop.gate)));
    Client client{loop.port()};
    client.send(get("/wait") + get("/fast"));
    ASSERT_TRUE(loop.gate.wait_for(1));
    loop.gate.open();
    EXPECT_EQ(client.receive().body, "GET /wait [] ");
    EXPECT_EQ(client.receive().body, "GET /fast [] ");
}

TEST(ServerTest, HeadHasTheLengthButNoBody) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answer = client.receive(true);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.header("Content-Length"), "11");  // "HEAD /a [] "
    EXPECT_EQ(client.ask(get("/b")).body, "GET /b [] ");
}

asio::awaitable<Response> no_content(Request request) {
    Response response;
    response.status = 204;
    response.body = request.body;
    co_return response;
}

TEST(ServerTest, NoContentHasNoBody) {
    Loopback loop;
    ASSERT_TRUE(loop.start(no_content));
    Client client{loop.port()};
    const auto first = client.ask(post("/", "dropped"));
    EXPECT_EQ(first.status, 204u);
    EXPECT_FALSE(first.header("Content-Length"));
    EXPECT_EQ(client.ask(post("/", "")).status, 204u);
}

TEST(ServerTest, SpeaksHttp10) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    Client once{loop.port()};
    const auto answer = once.ask("GET /a HTTP/1.0\r\n\r\n");
    EXPECT_EQ(answer.body, "GET /a [] ");
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_TRUE(once.closed());

    Client kept{loop.port()};
    EXPECT_EQ(
        kept.ask("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").header("Connection"),
        "keep-alive"
    );
    EXPECT_EQ(kept.ask("GET /b HTTP/1.0\r\n\r\n").body, "GET /b [] ");
    EXPECT_TRUE(kept.closed());
}

TEST(ServerTest, ClosesWhenAsked) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    const auto answer = client.ask(get("/", "Connection: close\r\n"));
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_TRUE(client.closed());
}

TEST(ServerTest, ContinuesWhenExpected) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receive(true).status, 100u);
    client.send("ok");
    EXPECT_EQ(client.receive().body, "POST / [] ok");
}

TEST(ServerTest, DoesNotContinueWhenTheBodyIsThere) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    EXPECT_EQ(client.ask(post("/", "ok", "Expect: 100-continue\r\n")).body, "POST / [] ok");
}

TEST(ServerTest, MalformedIsAProblemAndTheEnd) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    const auto answer =
        client.ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nGET / HTTP/1.1\r\n");
    EXPECT_EQ(answer.status, 400u);
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_EQ(nlohmann::json::parse(answer.body)["status"], 400);
    EXPECT_TRUE(client.closed());
}

TEST(ServerTest, AnExceptionIsAProblemWithoutInternals) {
    Loopback loop;
    ASSERT_TRUE(loop.start(throwing));
    Client client{loop.port()};
    for (const auto* path : {"/throw", "/other"}) {
        const auto answer = client.ask(get(path));
        EXPECT_EQ(answer.status, 500u);
        EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
        EXPECT_EQ(answer.body.find("column"), std::string::npos);
    }
    EXPECT_EQ(client.ask(get("/fine")).status, 200u);
    const auto failures = loop.failures();
    ASSERT_EQ(failures.size(), 2u);
    EXPECT_EQ(failures[0], "table users has no column x");
}

TEST(ServerTest, AnExceptionBeforeTheFirstSuspensionIsCaughtToo) {
    Loopback loop;
    auto handler = [](Request) -> asio::awaitable<Response> {
        throw std::runtime_error{"not even a coroutine"};
    };
    ASSERT_TRUE(loop.start(handler));
    Client client{loop.port()};
    EXPECT_EQ(client.ask(get("/")).status, 500u);
}

TEST(ServerTest, AnInjectedHeaderIsNotSent) {
    Loopback loop;
    ASSERT_TRUE(loop.start(injecting));
    Client client{loop.port()};
    const auto answer = client.ask(post("/", "/a\r\nSet-Cookie: session=stolen"));
    EXPECT_EQ(answer.status, 500u);
    EXPECT_FALSE(answer.header("Set-Cookie"));
    EXPECT_EQ(loop.failures().size(), 1u);
    EXPECT_EQ(client.ask(post("/", "/a")).header("Location"), "/a");
}

TEST(ServerTest, ServesManyConnectionsAtOnce) {
    constexpr int kConnections = 300;
    Loopback loop;
    ASSERT_TRUE(loop.start(waiting_at(loop.gate)));
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < kConnections; ++i) {
        clients.push_back(std::make_unique<Client>(loop.port()));
        ASSERT_TRUE(clients.back()->ok());
        clients.back()->send(post("/wait", std::to_string(i)));
    }
    ASSERT_TRUE(loop.gate.wait_for(kConnections)) << "all are in their handlers at the same time";
    loop.gate.open();
    for (int i = 0; i < kConnections; ++i) {
        EXPECT_EQ(
            clients[static_cast<std::size_t>(i)]->receive().body,
            "POST /wait [] " + std::to_string(i)
        );
    }
}

TEST(ServerTest, AClientThatLeavesWhileItsHandlerWaitsHarmsNobody) {
    Loopback loop;
    ASSERT_TRUE(loop.start(waiting_at(loop.gate)));
    {
        Client polite{loop.port()};
        polite.send(get("/wait"));
        Client rude{loop.port()};
        rude.send(get("/wait"));
        ASSERT_TRUE(loop.gate.wait_for(2));
        rude.reset();
    }
    loop.gate.open();
    EXPECT_EQ(loop.seen(2).size(), 2u);
    Client other{loop.port()};
    EXPECT_EQ(other.ask(get("/")).status, 200u);
}

TEST(ServerTest, AClientThatClosedItsSendingSideIsAnswered) {
    Loopback loop;
    ASSERT_TRUE(loop.start(waiting_at(loop.gate)));
    Client client{loop.port()};
    client.send(get("/wait"));
    client.close_sending();
    ASSERT_TRUE(loop.gate.wait_for(1));
    loop.gate.open();
    EXPECT_EQ(client.receive().status, 200u);
    EXPECT_TRUE(client.closed());
}

TEST(ServerTest, AConnectionThatEndsInTheMiddleIsForgotten) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    for (const auto* part :
         {"", "POST / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"}) {
        Client client{loop.port()};
        client.send(part);
        client.close_sending();
        EXPECT_TRUE(client.closed());
    }
}

TEST(ServerTest, TellsTheObserverOncePerRequest) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    client.ask(post(
        "/a?b=1", "secret", "User-Agent: harbor\r\nAuthorization: Bearer test-secret-not-real\r\n"
    ));
    client.ask("nonsense\r\n\r\n");
    const auto seen = loop.seen(2);
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].request.method, "POST");
    EXPECT_EQ(seen[0].request.path, "/a");
    EXPECT_EQ(seen[0].request.body, "");
    EXPECT_EQ(seen[0].request.header("user-agent"), "harbor");
    EXPECT_FALSE(seen[0].request.header("authorization"));
    EXPECT_FALSE(seen[0].request.remote_address.empty());
    EXPECT_EQ(seen[0].response.status, 200u);
    EXPECT_GT(seen[0].took.count(), 0);
    EXPECT_EQ(seen[1].response.status, 400u);
}

TEST(ServerTest, SendsALargeAnswer) {
    Loopback loop;
    auto handler = [](Request request) { return echo(std::move(request)); };
    loop.options.max_body = 8 << 20;
    ASSERT_TRUE(loop.start(handler));
    Client client{loop.port()};
    const std::string body(5 << 20, 'b');
    const auto answer = client.ask(post("/", body));
    EXPECT_EQ(answer.body.size(), body.size() + 10);
    EXPECT_EQ(client.ask(get("/")).status, 200u);
}

TEST(ServerTest, AnAddressInUseIsUnavailable) {
    Loopback first;
    ASSERT_TRUE(first.start(echo));
    Loopback second;
    second.options.port = first.port();
    const auto started = second.start(echo);
    ASSERT_TRUE(started.has_error());
    EXPECT_EQ(started.error().kind, Errc::Unavailable);
    EXPECT_NE(started.error().message.find(std::to_string(first.port())), std::string::npos);
}

TEST(ServerTest, AnUnknownHostIsInvalidInput) {
    Loopback loop;
    loop.options.host = "host.invalid";
    const auto started = loop.start(echo);
    ASSERT_TRUE(started.has_error());
    EXPECT_EQ(started.error().kind, Errc::InvalidInput);
}

TEST(ServerTest, ListensOnAName) {
    Loopback loop;
    loop.options.host = "localhost";
    ASSERT_TRUE(loop.start(echo));
}

}  // namespace
}  // namespace linkspan::http
