#include "tests/unit/http/loopback.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<Response> at_gate(Gate* gate, Request request) {
    if (request.path == "/wait") co_await gate->pass();
    co_return co_await echo(std::move(request));
}

class Drain : public testing::Test {
protected:
    void SetUp() override {
        auto handler = [g = &loop.gate](Request request) { return at_gate(g, std::move(request)); };
        ASSERT_TRUE(loop.start(handler));
    }

    static bool ended(std::future<void>& drained) {
        return drained.wait_for(kPatience) == std::future_status::ready;
    }

    Loopback loop;
};

TEST_F(Drain, WithoutConnectionsEndsAtOnce) {
    auto drained = loop.drain(1h);
    EXPECT_TRUE(ended(drained));
    EXPECT_FALSE(Client{loop.port()}.ok()) << "the port is still open";
}

TEST_F(Drain, ClosesIdleConnectionsAtOnce) {
    Client fresh{loop.port()};
    Client used{loop.port()};
    EXPECT_EQ(used.ask(get("/")).status, 200u);
    auto drained = loop.drain(1h);
    EXPECT_TRUE(ended(drained));
    EXPECT_TRUE(used.closed());
    EXPECT_TRUE(fresh.closed());
}

TEST_F(Drain, AnswersWhatIsInFlight) {
    Client client{loop.port()};
    client.send(get("/wait"));
    ASSERT_TRUE(loop.gate.wait_for(1));
    auto drained = loop.drain(1h);
    EXPECT_NE(drained.wait_for(0s), std::future_status::ready);
    loop.gate.open();
    const auto answer = client.receive();
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_TRUE(client.closed());
    client.close_sending();
    EXPECT_TRUE(ended(drained));
}

TEST_F(Drain, LetsAnArrivingRequestArrive) {
    Client waiting{loop.port()};
    waiting.send(get("/wait"));
    ASSERT_TRUE(loop.gate.wait_for(1));
    Client client{loop.port()};
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receive(true).status, 100u);  // the server has begun to read it
    auto drained = loop.drain(1h);
    client.send("ok");
    const auto answer = client.receive();
    EXPECT_EQ(answer.status, 200u);
    loop.gate.open();
    EXPECT_EQ(waiting.receive().header("Connection"), "close");
    client.close_sending();
    waiting.close_sending();
    EXPECT_TRUE(ended(drained));
}

TEST_F(Drain, ClosesWhatIsLeftAfterPatience) {
    Client client{loop.port()};
    client.send(get("/wait"));
    ASSERT_TRUE(loop.gate.wait_for(1));
    Client half{loop.port()};
    half.send("GET / HT");
    auto drained = loop.drain(1ms);  // the gate stays shut
    EXPECT_TRUE(ended(drained));
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(half.closed());
    EXPECT_TRUE(loop.failures().empty()) << loop.failures().front();
}

TEST_F(Drain, TwiceIsHarmless) {
    Client client{loop.port()};
    client.send(get("/wait"));
    ASSERT_TRUE(loop.gate.wait_for(1));
    auto first = loop.drain(1h);
    auto second = loop.drain(1ms);
    EXPECT_TRUE(ended(first));
    EXPECT_TRUE(ended(second));
}

TEST_F(Drain, DestroyingTheServerEndsItsConnections) {
    Client client{loop.port()};
    client.send(get("/wait"));
    ASSERT_TRUE(loop.gate.wait_for(1));
    loop.stop();  // joins the loop's thread: run() returns only when no coroutine is left
    EXPECT_TRUE(client.closed());
}

}  // namespace
}  // namespace linkspan::http
