#include "tests/unit/http/certificate.h"
#include "tests/unit/http/loopback.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

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

asio::awaitable<Response> subject(Request request) {
    Response response;
    response.body = request.client_subject;
    co_return response;
}

class ServerMutualTls : public ServerTls {
protected:
    Status start_with(bool require) {
        const auto files = authority.issue("server", "server");
        loop.options.tls = TlsOptions{files.certificate, files.key, clients.ca_file(), require};
        return loop.start(subject);
    }
    Client connect_with(const CertificateFiles& files) {
        return Client{loop.port(), authority.ca_file(), files.certificate, files.key};
    }

    CertificateAuthority clients;
};

TEST_F(ServerMutualTls, TheVerifiedSubjectIsHandedOver) {
    ASSERT_TRUE(start_with(false));
    auto client = connect_with(clients.issue("ci", "ci"));
    EXPECT_EQ(client.ask(get("/")).body, "CN=ci");
    EXPECT_EQ(client.ask(get("/")).body, "CN=ci");
}

TEST_F(ServerMutualTls, ASubjectCannotPassForAnother) {
    ASSERT_TRUE(start_with(false));
    auto client = connect_with(clients.issue("ci,O=Acme\r\n", "ci"));
    EXPECT_EQ(client.ask(get("/")).body, "CN=ci\\,O=Acme\\0D\\0A");
}

TEST_F(ServerMutualTls, ACertificateMayBeOptional) {
    ASSERT_TRUE(start_with(false));
    auto client = connect();
    const auto answer = client.ask(get("/"));
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.body, "");
}

TEST_F(ServerMutualTls, ACertificateMayBeRequired) {
    ASSERT_TRUE(start_with(true));
    auto without = connect();
    EXPECT_EQ(without.ask(get("/")).status, 0u);
    auto with = connect_with(clients.issue("ci", "ci"));
    EXPECT_EQ(with.ask(get("/")).body, "CN=ci");
}

TEST_F(ServerMutualTls, ACertificateOfAnotherAuthorityIsRefused) {
    ASSERT_TRUE(start_with(false));
    CertificateAuthority strangers;
    auto client = connect_with(strangers.issue("ci", "ci"));
    EXPECT_EQ(client.ask(get("/")).status, 0u);
}

TEST_F(ServerMutualTls, ACertificateOfTheServersAuthorityIsRefused) {
    ASSERT_TRUE(start_with(false));
    auto client = connect_with(authority.issue("ci", "ci"));
    EXPECT_EQ(client.ask(get("/")).status, 0u);
}

class ServerTlsReload : public ServerTls {
protected:
    void SetUp() override {
        const auto files = authority.issue("first", "server");
        loop.options.tls = TlsOptions{files.certificate, files.key};
        loop.options.tls->reload_interval = milliseconds{5};
        loop.options.tls_reloaded = [this](const Status& status) {
            const std::lock_guard lock{mutex};
            reloads.push_back(status.has_error() ? status.error().message : "");
            changed.notify_all();
        };
        ASSERT_TRUE(loop.start(echo));
    }
    void TearDown() override { loop.stop(); }

    // Waits until the last thing told was a success, or a failure.
    bool wait_for_success(bool success) {
        std::unique_lock lock{mutex};
        return changed.wait_for(lock, kPatience, [&] {
            return !reloads.empty() && reloads.back().empty() == success;
        });
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> reloads;
};

TEST_F(ServerTlsReload, NewConnectionsSeeTheNewCertificate) {
    auto old = connect();
    ASSERT_TRUE(old.ok()) << old.error();
    EXPECT_EQ(old.peer_name(), "first");
    authority.issue("second", "server");
    ASSERT_TRUE(wait_for_success(true));
    auto fresh = connect();
    ASSERT_TRUE(fresh.ok()) << fresh.error();
    EXPECT_EQ(fresh.peer_name(), "second");
    EXPECT_EQ(old.ask(get("/")).status, 200u) << "the old connection goes on";
}

TEST_F(ServerTlsReload, UnusableFilesLeaveTheOldOnesInUse) {
    const auto certificate = loop.options.tls->certificate_file;
    std::ofstream{certificate} << "half written";
    ASSERT_TRUE(wait_for_success(false));
    auto client = connect();
    ASSERT_TRUE(client.ok()) << client.error();
    EXPECT_EQ(client.peer_name(), "first");
    authority.issue("third", "server");
    ASSERT_TRUE(wait_for_success(true));
    auto repaired = connect();
    EXPECT_EQ(repaired.peer_name(), "third");
}

TEST_F(ServerTlsReload, DrainDoesNotWaitForTheNextLook) {
    auto drained = loop.drain(std::chrono::hours{1});
    EXPECT_EQ(drained.wait_for(kPatience), std::future_status::ready);
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
        {"no client CA", {good.certificate, good.key, missing}, missing},
        {"client CA is no PEM", {good.certificate, good.key, garbage}, garbage},
        {"required without a CA", {good.certificate, good.key, "", true}, "no client CA file"},
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
