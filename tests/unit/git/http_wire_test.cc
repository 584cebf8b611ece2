#include "service/git/http_wire.h"

#include "tests/support/free_port.h"
#include "tests/support_git/scripted_server.h"
#include "tests/support_git/server_process.h"
#include "tests/support_git/web_server.h"
#include "tests/unit/git/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

namespace linkspan::git {
namespace {

using testing::ScriptedPeer;
using testing::ScriptedServer;
using testing::WebOptions;
using testing::WebServer;
using Clock = std::chrono::steady_clock;

constexpr const char* kPassword = "test-secret-not-real";

Credentials basic(const std::string& user, const std::string& password) {
    Credentials credentials;
    credentials.username = user;
    credentials.password = Secret{password};
    return credentials;
}

class WebTest : public GitTest {
protected:
    void SetUp() override {
        if (const auto missing = WebServer::missing(); !missing.empty()) GTEST_SKIP() << missing;
        testing::Files files{{"a.yaml", "tag: 1\n"}};
        // Enough that the pack does not fit into one read.
        for (int i = 0; i < 300; ++i)
            files[fmt::format("d/{}.txt", i)] =
                std::string(997, static_cast<char>('a' + i % 26)) + std::to_string(i * 7919);
        remote.import(files);
    }
    WebServer serve(WebOptions options = {}) {
        options.root = sandbox.path();
        return WebServer{sandbox, options};
    }
    Mirror mirror_of(RemoteOptions options) {
        return must(Mirror::open(sandbox / "mirror", std::move(options)));
    }
    // Fetches, commits and pushes; the id that is on the remote then.
    void round_trip(Mirror& mirror) {
        const auto base = must(mirror.fetch("main"));
        EXPECT_EQ(must(mirror.files(base, {})).size(), 301U);
        const auto commit = must(mirror.commit(spec_on(base, {{"a.yaml", "tag: 2\n"}})));
        EXPECT_TRUE(std::holds_alternative<Pushed>(must(mirror.push({"main", base, commit}))));
        EXPECT_EQ(remote.tip(), commit.hex);
        EXPECT_TRUE(remote.is_sound());
        EXPECT_EQ(must(mirror.fetch("main")), commit);
    }
};

TEST_F(WebTest, FetchesAndPushesWithoutAuthentication) {
    const auto server = serve();
    auto mirror = mirror_of(remote_at(server.url("fleet.git")));
    round_trip(mirror);
}

TEST_F(WebTest, FetchesOnTopOfWhatItHas) {
    const auto server = serve();
    auto mirror = mirror_of(remote_at(server.url("fleet.git")));
    must(mirror.fetch("main"));
    for (int i = 0; i < 30; ++i)
        remote.person_commits({{"a.yaml", fmt::format("tag: p{}\n", i)}}, "person");
    const auto tip = must(mirror.fetch("main"));
    EXPECT_EQ(tip.hex, remote.tip());
    EXPECT_EQ(must(mirror.read(must(mirror.find(tip, "a.yaml"))->blob, 100)), "tag: p29\n");
}

TEST_F(WebTest, BasicAuthenticationWithCredentials) {
    WebOptions web;
    web.user = "bob";
    web.password = kPassword;
    const auto server = serve(web);
    auto options = remote_at(server.url("fleet.git"));
    options.credentials = [] { return basic("bob", kPassword); };
    auto mirror = mirror_of(options);
    round_trip(mirror);
    // No request was refused first.
    EXPECT_EQ(server.access_log().find(" 401 "), std::string::npos) << server.access_log();
}

TEST_F(WebTest, CredentialsInTheUrlCountAndAreNeverShown) {
    WebOptions web;
    web.user = "bob";
    web.password = kPassword;
    const auto server = serve(web);
    const auto with = [&](const std::string& userinfo) {
        return fmt::format("http://{}@127.0.0.1:{}/fleet.git", userinfo, server.port());
    };
    auto good =
        must(Mirror::open(sandbox / "one", remote_at(with(fmt::format("bob:{}", kPassword)))));
    EXPECT_EQ(must(good.fetch("main")).hex, remote.tip());
    auto bad = must(Mirror::open(sandbox / "two", remote_at(with("bob:test-secret-wrong"))));
    const auto error = failure_of(bad.fetch("main"));
    EXPECT_EQ(error.kind, Errc::Unauthorized);
    EXPECT_EQ(error.message.find("test-secret"), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find("bob"), std::string::npos) << error.message;
}

TEST_F(WebTest, WrongOrMissingCredentialsAreUnauthorizedAndAskedForOnce) {
    WebOptions web;
    web.user = "bob";
    web.password = kPassword;
    const auto server = serve(web);
    auto mirror = must(Mirror::open(sandbox / "none", remote_at(server.url("fleet.git"))));
    EXPECT_EQ(failure_of(mirror.fetch("main")).kind, Errc::Unauthorized);

    int asked = 0;
    auto options = remote_at(server.url("fleet.git"));
    options.credentials = [&asked] {
        ++asked;
        return basic("bob", "test-secret-wrong");
    };
    auto wrong = must(Mirror::open(sandbox / "wrong", options));
    EXPECT_EQ(failure_of(wrong.fetch("main")).kind, Errc::Unauthorized);
    EXPECT_EQ(failure_of(wrong.default_branch()).kind, Errc::Unauthorized);
    // Each time at the connection, and once more after the 401.
    EXPECT_EQ(asked, 4);
    const auto log = server.access_log_of(3);
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 3) << log;
}

TEST_F(WebTest, ARotatedSecretIsTakenAfterA401) {
    WebOptions web;
    web.user = "bob";
    web.password = kPassword;
    const auto server = serve(web);
    int asked = 0;
    auto options = remote_at(server.url("fleet.git"));
    options.credentials = [&asked] {
        return basic("bob", ++asked == 1 ? "test-secret-old" : kPassword);
    };
    auto mirror = mirror_of(options);
    EXPECT_EQ(must(mirror.fetch("main")).hex, remote.tip());
    EXPECT_EQ(asked, 2);
}

TEST_F(WebTest, FailingToGetCredentialsEndsTheOperation) {
    const auto server = serve();
    auto options = remote_at(server.url("fleet.git"));
    options.credentials = []() -> Result<Credentials> {
        return Error{Errc::NotFound, "the secret file is gone"};
    };
    auto mirror = mirror_of(options);
    EXPECT_EQ(failure_of(mirror.fetch("main")).message, "the secret file is gone");
}

TEST_F(WebTest, TlsNeedsTheRightAuthority) {
    WebOptions web;
    web.tls = true;
    const auto server = serve(web);
    auto options = remote_at(server.url("fleet.git"));
    {
        auto mirror = must(Mirror::open(sandbox / "untrusting", options));
        const auto error = failure_of(mirror.fetch("main"));
        EXPECT_EQ(error.kind, Errc::Unauthorized) << error.message;
        EXPECT_NE(error.message.find("ca_file"), std::string::npos) << error.message;
    }
    options.ca_file = server.ca_file();
    auto mirror = mirror_of(options);
    round_trip(mirror);
    options.ca_file = sandbox / "none.pem";
    auto without = must(Mirror::open(sandbox / "without", options));
    EXPECT_EQ(failure_of(without.fetch("main")).kind, Errc::InvalidInput);
}

TEST_F(WebTest, AMissingRepositoryIsNotFound) {
    const auto server = serve();
    auto mirror = mirror_of(remote_at(server.url("nothing.git")));
    EXPECT_EQ(failure_of(mirror.fetch("main")).kind, Errc::NotFound);
}

TEST_F(WebTest, AHooksWordsComeThrough) {
    remote.hook("pre-receive", "#!/bin/sh\necho 'No.'\nexit 1\n");
    const auto server = serve();
    auto mirror = mirror_of(remote_at(server.url("fleet.git")));
    const auto base = must(mirror.fetch("main"));
    const auto commit = must(mirror.commit(spec_on(base, {{"a.yaml", "tag: 2\n"}})));
    const auto answer = must(mirror.push({"main", base, commit}));
    ASSERT_TRUE(std::holds_alternative<Rejected>(answer));
    EXPECT_EQ(std::get<Rejected>(answer).message, "No.\npre-receive hook declined");
}

// The credentials were not refused (that is 401): the permission may come.
TEST_F(WebTest, PushWithoutPermissionMayWorkLater) {
    remote.git({"config", "http.receivepack", "false"});
    const auto server = serve();
    auto mirror = mirror_of(remote_at(server.url("fleet.git")));
    const auto base = must(mirror.fetch("main"));
    const auto commit = must(mirror.commit(spec_on(base, {{"a.yaml", "tag: 2\n"}})));
    const auto error = failure_of(mirror.push({"main", base, commit}));
    EXPECT_EQ(error.kind, Errc::Unavailable) << error.message;
    EXPECT_NE(error.message.find("does not allow this"), std::string::npos) << error.message;
}

TEST_F(WebTest, RedirectsAreFollowedWithinTheOriginOnly) {
    WebOptions web;
    web.extra =
        "rewrite ^/old/(.*)$ /$1 redirect; rewrite ^/away/(.*)$ http://localhost:$server_port/$1 "
        "redirect;"
        " rewrite ^/loop/(.*)$ /loop/$1 redirect;";
    const auto server = serve(web);
    auto mirror = mirror_of(remote_at(server.url("old/fleet.git")));
    round_trip(mirror);
    auto away = must(Mirror::open(sandbox / "away", remote_at(server.url("away/fleet.git"))));
    const auto error = failure_of(away.fetch("main"));
    EXPECT_EQ(error.kind, Errc::InvalidInput) << error.message;
    auto loop = must(Mirror::open(sandbox / "loop", remote_at(server.url("loop/fleet.git"))));
    EXPECT_EQ(failure_of(loop.fetch("main")).kind, Errc::InvalidInput);
}

TEST_F(WebTest, AServerThatWantsAClientCertificateGetsIt) {
    WebOptions web;
    web.tls = true;
    web.client_certificate = true;
    const auto server = serve(web);
    auto options = remote_at(server.url("fleet.git"));
    options.ca_file = server.ca_file();
    auto without = must(Mirror::open(sandbox / "without", options));
    EXPECT_TRUE(without.fetch("main").has_error());
    options.client_cert = server.client_cert();
    options.client_key = server.client_key();
    auto mirror = mirror_of(options);
    round_trip(mirror);
    // Both in one file, as some tools write them.
    testing::write_file(
        sandbox / "both.pem",
        testing::read_file(server.client_key()) + testing::read_file(server.client_cert())
    );
    options.client_cert = sandbox / "both.pem";
    options.client_key.clear();
    auto one_file = must(Mirror::open(sandbox / "one", options));
    EXPECT_EQ(must(one_file.fetch("main")).hex, remote.tip());
    options.client_cert = sandbox / "none.pem";
    auto missing = must(Mirror::open(sandbox / "missing", options));
    EXPECT_EQ(failure_of(missing.fetch("main")).kind, Errc::InvalidInput);
}

TEST_F(WebTest, OnePushIsTwoRequestsAndOneConnection) {
    const auto server = serve();
    auto mirror = mirror_of(remote_at(server.url("fleet.git")));
    const auto base = must(mirror.fetch("main"));
    const auto commit = must(mirror.commit(spec_on(base, {{"a.yaml", "tag: 2\n"}})));
    const auto before = server.access_log_of(2);
    const auto connections_before = server.connections().size();
    must(mirror.push({"main", base, commit}));
    std::vector<std::string> pushed;
    std::istringstream lines{server.access_log_of(4).substr(before.size())};
    for (std::string line; std::getline(lines, line);) pushed.push_back(line);
    ASSERT_EQ(pushed.size(), 2U);
    EXPECT_TRUE(pushed[0].starts_with("GET /fleet.git/info/refs?service=git-receive-pack 200"));
    EXPECT_TRUE(pushed[1].starts_with("POST /fleet.git/git-receive-pack 200"));
    // The one that the fetch opened; on a slow machine the server may have closed that one
    // meanwhile, and then both requests share a new one.
    EXPECT_LE(server.connections().size() - connections_before, 1U);
}

// --- servers that misbehave ---

class BadServerTest : public GitTest {
protected:
    // Where the deadline is what ends it; elsewhere it is long, for a busy machine.
    static constexpr std::chrono::milliseconds kShort{400};
    // Far above the short one, far below the long one.
    static constexpr std::chrono::seconds kLate{60};

    Error fetch_from(const ScriptedServer& server) {
        return fetch_within(remote_at({}).timeout, server);
    }
    Error fetch_within(std::chrono::milliseconds timeout, const ScriptedServer& server) {
        auto options = remote_at(server.url("/f.git"));
        options.timeout = timeout;
        auto mirror = must(Mirror::open(sandbox / "mirror", options));
        const auto begin = Clock::now();
        auto error = failure_of(mirror.fetch("main"));
        EXPECT_LT(Clock::now() - begin, kLate);
        return error;
    }
    static std::string head(
        const std::string& type = "application/x-git-upload-pack-advertisement"
    ) {
        return "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\n";
    }
};

TEST_F(BadServerTest, SilenceEndsInTimeout) {
    const ScriptedServer server{[](ScriptedPeer& peer, const std::string&) { peer.hang(); }};
    const auto error = fetch_within(kShort, server);
    EXPECT_EQ(error.kind, Errc::Timeout) << error.message;
}

TEST_F(BadServerTest, SilenceAfterTheHeadersEndsInTimeout) {
    const ScriptedServer server{[](ScriptedPeer& peer, const std::string&) {
        peer.send(head() + "Content-Length: 100\r\n\r\n001e# service");
        peer.hang();
    }};
    EXPECT_EQ(fetch_within(kShort, server).kind, Errc::Timeout);
}

TEST_F(BadServerTest, ATrickleEndsInTimeout) {
    const ScriptedServer server{[](ScriptedPeer& peer, const std::string&) {
        peer.send(head() + "Content-Length: 100000\r\n\r\n001e# service=git-upload-pack\n0000ff00");
        while (peer.send("0") && peer.pause(10)) {
        }
    }};
    EXPECT_EQ(fetch_within(kShort, server).kind, Errc::Timeout);
}

TEST_F(BadServerTest, AnEarlyEndIsUnavailable) {
    for (const std::string& body :
         {std::string{},
          std::string{"001e# servi"},
          std::string{"001e# service=git-upload-pack\n0000"}}) {
        SCOPED_TRACE(body);
        const ScriptedServer lengthless{[&](ScriptedPeer& peer, const std::string&) {
            peer.send(head() + "Connection: close\r\n\r\n" + body);
        }};
        EXPECT_EQ(fetch_from(lengthless).kind, Errc::Unavailable);
        const ScriptedServer truncating{[&](ScriptedPeer& peer, const std::string&) {
            peer.send(head() + "Content-Length: 5000\r\n\r\n" + body);
        }};
        EXPECT_EQ(fetch_from(truncating).kind, Errc::Unavailable);
    }
}

TEST_F(BadServerTest, NoHttpAtAllIsUnavailable) {
    const ScriptedServer server{
        [](ScriptedPeer& peer, const std::string&) { peer.send("SSH-2.0-nope\r\n"); }};
    EXPECT_EQ(fetch_from(server).kind, Errc::Unavailable);
}

TEST_F(BadServerTest, APageInsteadOfGitIsNamed) {
    const ScriptedServer server{[](ScriptedPeer& peer, const std::string&) {
        peer.send(head("text/html") + "Content-Length: 6\r\n\r\n<html>");
    }};
    const auto error = fetch_from(server);
    EXPECT_EQ(error.kind, Errc::NotFound);
    EXPECT_NE(error.message.find("text/html"), std::string::npos) << error.message;
}

TEST_F(BadServerTest, ATipThatIsNeverSentIsUnavailable) {
    const std::string id(40, 'a');
    const ScriptedServer server{[&](ScriptedPeer& peer, const std::string& request) {
        if (request.rfind("GET ", 0) == 0) {
            std::string body = "001e# service=git-upload-pack\n0000";
            const std::string line =
                id + " refs/heads/main" + std::string(1, '\0') + "side-band-64k ofs-delta\n";
            body += fmt::format("{:04x}", line.size() + 4) + line + "0000";
            peer.send(
                head() +
                fmt::format("Content-Length: {}\r\nConnection: close\r\n\r\n", body.size()) + body
            );
        } else {
            // An empty pack: valid, and without what was advertised.
            std::string pack{"PACK\0\0\0\2\0\0\0\0", 12};
            pack +=
                "\x02\x9d\x08\x82\x3b\xd8\xa8\xea\xb5\x10\xad\x6a\xc7\x5c\x82\x3c\xfd\x3e\xd3\x1e";
            const auto body =
                "0008NAK\n" + fmt::format("{:04x}\x01", pack.size() + 5) + pack + "0000";
            peer.send(
                head("application/x-git-upload-pack-result") +
                fmt::format("Content-Length: {}\r\nConnection: close\r\n\r\n", body.size()) + body
            );
        }
    }};
    const auto error = fetch_from(server);
    EXPECT_EQ(error.kind, Errc::Unavailable) << error.message;
}

TEST_F(BadServerTest, AStopDoesNotWaitForTheDeadline) {
    auto stop = std::make_shared<std::atomic<bool>>(false);
    const ScriptedServer server{[&](ScriptedPeer& peer, const std::string&) {
        *stop = true;
        peer.hang();
    }};
    auto options = remote_at(server.url("/f.git"));
    options.stop = stop;
    auto mirror = must(Mirror::open(sandbox / "mirror", options));
    const auto begin = Clock::now();
    EXPECT_EQ(failure_of(mirror.fetch("main")).kind, Errc::Unavailable);
    EXPECT_LT(Clock::now() - begin, options.timeout / 2);
}

TEST_F(BadServerTest, TooManyRequestsKeepsTheWaitingTime) {
    const ScriptedServer server{[](ScriptedPeer& peer, const std::string&) {
        peer.send("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n");
    }};
    const auto error = fetch_from(server);
    EXPECT_EQ(error.kind, Errc::RateLimited);
    EXPECT_EQ(error.retry_after, std::chrono::seconds{17});
}

TEST_F(BadServerTest, NobodyListeningIsUnavailable) {
    auto options = remote_at(fmt::format("http://127.0.0.1:{}/f.git", support::free_port()));
    auto mirror = must(Mirror::open(sandbox / "mirror", options));
    EXPECT_EQ(failure_of(mirror.fetch("main")).kind, Errc::Unavailable);
}

TEST_F(BadServerTest, AProxyIsAskedWhenOneIsSetOrInTheEnvironment) {
    const ScriptedServer proxy{[](ScriptedPeer& peer, const std::string&) {
        peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }};
    auto options = remote_at("http://git.invalid/f.git");
    options.proxy = proxy.url("");
    auto set = must(Mirror::open(sandbox / "set", options));
    EXPECT_EQ(failure_of(set.fetch("main")).kind, Errc::NotFound);
    options.proxy.clear();
    ::setenv("http_proxy", proxy.url("").c_str(), 1);
    auto environment = must(Mirror::open(sandbox / "environment", options));
    const auto error = failure_of(environment.fetch("main"));
    ::unsetenv("http_proxy");
    EXPECT_EQ(error.kind, Errc::NotFound) << error.message;
    ASSERT_EQ(proxy.requests().size(), 2U);
    for (const auto& request : proxy.requests()) {
        EXPECT_EQ(request.rfind("GET http://git.invalid/f.git/info/refs", 0), 0U) << request;
    }
}

TEST_F(BadServerTest, APushThatHangsOrIsCutOffEndsInTime) {
    remote.import({{"a", "1"}});
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto commit = must(mirror.commit(spec_on(base, {{"a", "2"}})));
    for (const bool hang : {true, false}) {
        SCOPED_TRACE(hang);
        const ScriptedServer server{[&](ScriptedPeer& peer, const std::string& request) {
            if (request.rfind("GET ", 0) == 0) {
                std::string body = "001f# service=git-receive-pack\n0000";
                const std::string line = base.hex + " refs/heads/main" + std::string(1, '\0') +
                                         "report-status side-band-64k\n";
                body += fmt::format("{:04x}", line.size() + 4) + line + "0000";
                peer.send(
                    head("application/x-git-receive-pack-advertisement") +
                    fmt::format("Content-Length: {}\r\nConnection: close\r\n\r\n", body.size()) +
                    body
                );
                return;
            }
            if (hang) peer.hang();
            peer.send(
                head("application/x-git-receive-pack-result") +
                "Connection: close\r\n\r\n0030\x01"
                "000eunpack"
            );
        }};
        auto options = remote_at(server.url("/f.git"));
        // The short one may end it before the push has begun: a Timeout all the same.
        if (hang) options.timeout = kShort;
        auto sender = must(Mirror::open(sandbox / "mirror", options));
        const auto begin = Clock::now();
        const auto error = failure_of(sender.push({"main", base, commit}));
        EXPECT_EQ(error.kind, hang ? Errc::Timeout : Errc::Unavailable) << error.message;
        EXPECT_LT(Clock::now() - begin, kLate);
    }
}

TEST_F(BadServerTest, CredentialsNeverFollowARedirect) {
    const ScriptedServer elsewhere{[](ScriptedPeer& peer, const std::string&) {
        peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }};
    const ScriptedServer server{[&](ScriptedPeer& peer, const std::string&) {
        peer.send(
            "HTTP/1.1 302 Found\r\nLocation: " +
            elsewhere.url("/f.git/info/refs?service=git-upload-pack") +
            "\r\nContent-Length: 0\r\n\r\n"
        );
    }};
    auto options = remote_at(server.url("/f.git"));
    options.credentials = [] { return basic("bob", kPassword); };
    auto mirror = must(Mirror::open(sandbox / "mirror", options));
    EXPECT_EQ(failure_of(mirror.fetch("main")).kind, Errc::InvalidInput);
    EXPECT_TRUE(elsewhere.requests().empty());
    EXPECT_NE(server.requests().at(0).find("Authorization: Basic "), std::string::npos);
}

}  // namespace
}  // namespace linkspan::git
