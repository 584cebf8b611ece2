#include "tests/unit/http/certificate.h"
#include "tests/unit/http/loopback.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace linkspan::http {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

class ServerTls : public testing::Test {
protected:
    Status start(Handler handler = echo) {
        const auto files = authority.issue("server", "server");
        loop.options.tls = TlsOptions{files.certificate, files.key};
        return loop.start(std::move(handler));
    }
    Client connect() { return Client{loop.port(), authority.ca_file()}; }

    CertificateAuthority authority;
    Loopback loop;
};

TEST_F(ServerTls, Answers) {
    ASSERT_TRUE(start());
    auto client = connect();
    ASSERT_TRUE(client.ok()) << client.error();
    EXPECT_EQ(client.tls_version(), "TLSv1.3");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(post("/a", "x")).body, "POST /a [] x");
}

TEST_F(ServerTls, CarriesLargeBodiesBothWays) {
    loop.options.max_body = 4 << 20;
    ASSERT_TRUE(start());
    auto client = connect();
    ASSERT_TRUE(client.ok()) << client.error();
    const std::string body(3 << 20, 'z');
    EXPECT_EQ(client.ask(post("/", body)).body.size(), body.size() + 10);
}

TEST_F(ServerTls, ALongBodyIsRefusedWhileItIsSent) {
    loop.options.max_body = 1000;
    ASSERT_TRUE(start());
    auto client = connect();
    ASSERT_TRUE(client.ok()) << client.error();
    EXPECT_TRUE(client.send(post("/", std::string(10 << 20, 'x'))));
    EXPECT_EQ(client.receive().status, 413u);
}

TEST_F(ServerTls, SaysGoodbye) {
    ASSERT_TRUE(start());
    auto client = connect();
    ASSERT_TRUE(client.ok()) << client.error();
    EXPECT_EQ(client.ask(get("/", "Connection: close\r\n")).status, 200u);
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTls, ASilentHandshakeIsCutOff) {
    loop.options.header_timeout = milliseconds{40};
    ASSERT_TRUE(start());
    Client client{loop.port()};
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTls, PlainHttpIsClosed) {
    ASSERT_TRUE(start());
    Client client{loop.port()};
    EXPECT_EQ(client.ask(get("/")).status, 0u);
    auto proper = connect();
    EXPECT_EQ(proper.ask(get("/")).status, 200u);
}

TEST_F(ServerTls, SurplusConnectionsAreToldToComeBack) {
    loop.options.max_connections = 1;
    ASSERT_TRUE(start());
    auto first = connect();
    EXPECT_EQ(first.ask(get("/")).status, 200u);
    auto second = connect();
    ASSERT_TRUE(second.ok()) << second.error();
    EXPECT_EQ(second.ask(get("/")).status, 503u);
}

TEST_F(ServerTls, DrainEndsHandshakesAndIdleConnections) {
    ASSERT_TRUE(start());
    auto idle = connect();
    EXPECT_EQ(idle.ask(get("/")).status, 200u);
    Client silent{loop.port()};
    auto drained = loop.drain(std::chrono::hours{1});
    EXPECT_EQ(drained.wait_for(kPatience), std::future_status::ready);
    EXPECT_TRUE(idle.closed());
    EXPECT_TRUE(silent.closed());
}

struct BadFiles {
    std::string_view name;
    TlsOptions files;
    std::string_view says;
};

TEST_F(ServerTls, UnusableFilesAreNamedAtStart) {
    const auto good = authority.issue("server", "server");
    const auto other = authority.issue("other", "other");
    const auto garbage = (authority.directory() / "garbage.pem").string();
    std::ofstream{garbage} << "not a certificate";
    const auto missing = (authority.directory() / "missing.pem").string();
    const BadFiles cases[] = {
        {"no certificate", {missing, good.key}, missing},
        {"no key", {good.certificate, missing}, missing},
        {"certificate is no PEM", {garbage, good.key}, garbage},
        {"key is no PEM", {good.certificate, garbage}, garbage},
        {"key of another certificate", {good.certificate, other.key}, other.key},
        {"empty name", {"", good.key}, "no certificate file is given"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        loop.options.tls = c.files;
        const auto started = loop.start(echo);
        ASSERT_TRUE(started.has_error());
        EXPECT_EQ(started.error().kind, Errc::InvalidInput);
        EXPECT_NE(started.error().message.find(c.says), std::string::npos)
            << started.error().message;
    }
}

}  // namespace
}  // namespace linkspan::http
