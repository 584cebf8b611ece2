// What a caller may not do: be too large, too slow, or too many.
#include "tests/unit/http/loopback.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace linkspan::http {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// For what the server gives up on; long enough for a client of a busy machine to get its first
// bytes out.
constexpr milliseconds kShort{500};

TEST(ServerLimits, ALongBodyIsRefusedBeforeItIsSent) {
    Loopback loop;
    loop.options.max_body = 1000;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    // No byte of the body is sent.
    const auto answer = client.ask(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n"
    );
    EXPECT_EQ(answer.status, 413u);
    EXPECT_TRUE(client.closed());
}

TEST(ServerLimits, ALongBodyIsRefusedWhileItIsSent) {
    Loopback loop;
    loop.options.max_body = 1000;
    ASSERT_TRUE(loop.start(echo));
    // Sends everything before it looks at the answer, as many clients do.
    Client plain{loop.port()};
    EXPECT_TRUE(plain.send(post("/", std::string(10 << 20, 'x'))));
    EXPECT_EQ(plain.receive().status, 413u);

    Client chunked{loop.port()};
    chunked.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    for (int i = 0; i < 160; ++i) ASSERT_TRUE(chunked.send(chunk));
    EXPECT_EQ(chunked.receive().status, 413u);
}

TEST(ServerLimits, ManyHeadersAreRefused) {
    Loopback loop;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    std::string request = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (int i = 0; i < 100000; ++i) request += "X-" + std::to_string(i) + ": y\r\n";
    client.send(request + "\r\n");
    EXPECT_EQ(client.receive().status, 431u);
}

TEST(ServerLimits, ALongHeaderIsRefused) {
    Loopback loop;
    loop.options.max_headers = 4096;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    client.send(get("/", "X: " + std::string(5000, 'y') + "\r\n"));
    EXPECT_EQ(client.receive().status, 431u);
    Client line{loop.port()};
    line.send(get("/" + std::string(5000, 'y')));
    EXPECT_EQ(line.receive().status, 414u);
    const auto seen = loop.seen(2);
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].response.status, 431u);
}

TEST(ServerLimits, ASlowHeaderIsAnswered) {
    Loopback loop;
    loop.options.header_timeout = kShort;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    const auto answer = client.ask("GET / HTTP/1.1\r\nHost:");
    EXPECT_EQ(answer.status, 408u);
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_TRUE(client.closed());
}

TEST(ServerLimits, DrippingBytesDoesNotExtendTheHeaderTimeout) {
    Loopback loop;
    loop.options.header_timeout = kShort;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    client.send("GET / HTTP/1.1\r\nX: ");
    int sent = 0;
    while (!client.readable(milliseconds{2}) && sent < 5000) {
        client.send("a");
        ++sent;
    }
    EXPECT_LT(sent, 5000);
    EXPECT_EQ(client.receive().status, 408u);
}

TEST(ServerLimits, AConnectionWithoutARequestIsClosedInSilence) {
    Loopback loop;
    loop.options.header_timeout = kShort;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(loop.seen(0).empty());
}

TEST(ServerLimits, AnIdleConnectionIsClosedInSilence) {
    Loopback loop;
    loop.options.idle_timeout = kShort;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    EXPECT_EQ(client.ask(get("/")).status, 200u);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(loop.seen(1).size(), 1u);
}

TEST(ServerLimits, ASlowBodyIsAnswered) {
    Loopback loop;
    loop.options.body_timeout = kShort;
    ASSERT_TRUE(loop.start(echo));
    for (const auto* framing :
         {"Content-Length: 5\r\n\r\nab", "Transfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
        Client client{loop.port()};
        const auto answer = client.ask(std::string{"POST / HTTP/1.1\r\nHost: x\r\n"} + framing);
        EXPECT_EQ(answer.status, 408u);
        EXPECT_TRUE(client.closed());
    }
}

TEST(ServerLimits, AHandlerMayTakeLongerThanEveryTimeout) {
    Loopback loop;
    loop.options.header_timeout = kShort;
    loop.options.body_timeout = kShort;
    loop.options.idle_timeout = kShort;
    loop.options.write_timeout = kShort;
    auto slow = [](Request request) -> asio::awaitable<Response> {
        asio::steady_timer timer{co_await asio::this_coro::executor, kShort * 4};
        co_await timer.async_wait(asio::use_awaitable);
        co_return co_await echo(std::move(request));
    };
    ASSERT_TRUE(loop.start(slow));
    Client client{loop.port()};
    EXPECT_EQ(client.ask(post("/", "x")).status, 200u);
}

TEST(ServerLimits, TimeoutsMayBeNone) {
    Loopback loop;
    loop.options.header_timeout = milliseconds::max();
    loop.options.body_timeout = milliseconds::max();
    loop.options.idle_timeout = milliseconds::max();
    loop.options.write_timeout = milliseconds::max();
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port()};
    client.send("POST / HTTP/1.1\r\nHost: x\r\n");
    EXPECT_EQ(client.ask("Content-Length: 1\r\n\r\nx").status, 200u);
    EXPECT_EQ(client.ask(get("/", "Connection: close\r\n")).status, 200u);
}

asio::awaitable<Response> huge(Request) {
    Response response;
    response.body.assign(64 << 20, 'x');
    co_return response;
}

TEST(ServerLimits, AClientThatDoesNotReadIsCutOff) {
    Loopback loop;
    loop.options.write_timeout = kShort;
    ASSERT_TRUE(loop.start(huge));
    Client client{loop.port(), 4096};
    client.send(get("/"));
    ASSERT_EQ(loop.seen(1).size(), 1u);  // told when the server gave up
    EXPECT_LT(client.rest().size(), std::size_t{64} << 20);
}

TEST(ServerLimits, SurplusConnectionsAreToldToComeBack) {
    Loopback loop;
    loop.options.max_connections = 2;
    ASSERT_TRUE(loop.start(echo));
    Client first{loop.port()};
    auto second = std::make_unique<Client>(loop.port());
    EXPECT_EQ(first.ask(get("/")).status, 200u);
    EXPECT_EQ(second->ask(get("/")).status, 200u);

    Client third{loop.port()};
    const auto answer = third.ask(post("/", "x"));
    EXPECT_EQ(answer.status, 503u);
    EXPECT_TRUE(answer.header("Retry-After"));
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_TRUE(third.closed());
    EXPECT_EQ(first.ask(get("/")).status, 200u);

    // Room again once the server has seen that the second is gone.
    second.reset();
    unsigned status = 503;
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    while (status == 503 && std::chrono::steady_clock::now() < give_up)
        status = Client{loop.port()}.ask(get("/")).status;
    EXPECT_EQ(status, 200u);
}

TEST(ServerLimits, AFloodBeyondTheSurplusIsClosed) {
    Loopback loop;
    loop.options.max_connections = 1;
    ASSERT_TRUE(loop.start(echo));
    Client kept{loop.port()};
    EXPECT_EQ(kept.ask(get("/")).status, 200u);
    std::vector<std::unique_ptr<Client>> flood;
    for (int i = 0; i < 200; ++i) flood.push_back(std::make_unique<Client>(loop.port()));
    // Those that the server keeps wait for a request; the others end without one.
    EXPECT_TRUE(flood.back()->closed());
    EXPECT_EQ(kept.ask(get("/")).status, 200u);
}

TEST(ServerLimits, PipeliningDoesNotGrowTheBuffer) {
    // Requests are read only as fast as they are answered: a sender that never reads is stopped by
    // the write timeout, not by memory.
    Loopback loop;
    loop.options.write_timeout = kShort;
    ASSERT_TRUE(loop.start(echo));
    Client client{loop.port(), 4096};
    const auto request = post("/", std::string(100000, 'x'));
    int sent = 0;
    while (sent < 2000 && client.send(request)) ++sent;
    EXPECT_LT(sent, 2000);
}

}  // namespace
}  // namespace linkspan::http
