#include "service/git/process_wire.h"

#include "tests/support/free_port.h"
#include "tests/support_git/scripted_server.h"
#include "tests/support_git/ssh_server.h"
#include "tests/unit/git/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <variant>

namespace linkspan::git {
namespace {

using testing::SshServer;

class SshTest : public GitTest {
protected:
    void SetUp() override {
        if (const auto missing = SshServer::missing(); !missing.empty()) GTEST_SKIP() << missing;
        remote.import({{"a.yaml", "tag: 1\n"}, {"d/b", "1"}});
    }
    RemoteOptions options_for(const SshServer& server, const std::string& path) {
        auto options = remote_at(server.url(path));
        options.known_hosts = server.known_hosts();
        options.credentials = [key = server.key()] {
            Credentials credentials;
            credentials.ssh_key = key;
            return credentials;
        };
        return options;
    }
    Mirror mirror_of(RemoteOptions options) {
        return must(Mirror::open(sandbox / "mirror", std::move(options)));
    }
};

TEST_F(SshTest, FetchesAndPushesWithAKey) {
    const SshServer server{sandbox};
    auto mirror = mirror_of(options_for(server, remote.path()));
    const auto base = must(mirror.fetch("main"));
    EXPECT_EQ(base.hex, remote.tip());
    const auto commit = must(mirror.commit(spec_on(base, {{"a.yaml", "tag: 2\n"}})));
    EXPECT_TRUE(std::holds_alternative<Pushed>(must(mirror.push({"main", base, commit}))));
    EXPECT_EQ(remote.tip(), commit.hex);
    EXPECT_TRUE(remote.is_sound());
    EXPECT_EQ(must(mirror.fetch("main")), commit);
    EXPECT_TRUE(std::holds_alternative<AlreadyThere>(must(mirror.push({"main", base, commit}))));
    const auto human = remote.person_commits({{"d/b", "2"}}, "by hand");
    const auto next = must(mirror.commit(spec_on(commit, {{"a.yaml", "tag: 3\n"}})));
    const auto answer = must(mirror.push({"main", commit, next}));
    ASSERT_TRUE(std::holds_alternative<Moved>(answer));
    EXPECT_EQ(std::get<Moved>(answer).actual, CommitId{human});
}

TEST_F(SshTest, AHooksWordsComeThrough) {
    remote.hook("pre-receive", "#!/bin/sh\necho 'No.'\nexit 1\n");
    const SshServer server{sandbox};
    auto mirror = mirror_of(options_for(server, remote.path()));
    const auto base = must(mirror.fetch("main"));
    const auto commit = must(mirror.commit(spec_on(base, {{"a.yaml", "tag: 2\n"}})));
    const auto answer = must(mirror.push({"main", base, commit}));
    ASSERT_TRUE(std::holds_alternative<Rejected>(answer));
    EXPECT_EQ(std::get<Rejected>(answer).message, "No.\npre-receive hook declined");
}

TEST_F(SshTest, AnOddPathIsOnePath) {
    const auto odd = sandbox / "it's $(a) dir.git";
    testing::git(sandbox.path(), {"clone", "-q", "--bare", remote.path(), odd});
    const SshServer server{sandbox};
    auto options = options_for(server, odd);
    auto mirror = mirror_of(options);
    EXPECT_EQ(must(mirror.fetch("main")).hex, remote.tip());
}

TEST_F(SshTest, AWrongOrUnknownHostKeyIsRefused) {
    const SshServer server{sandbox};
    auto options = options_for(server, remote.path());
    options.known_hosts = server.wrong_known_hosts();
    auto wrong = must(Mirror::open(sandbox / "wrong", options));
    auto error = failure_of(wrong.fetch("main"));
    EXPECT_EQ(error.kind, Errc::Unauthorized) << error.message;
    EXPECT_NE(error.message.find("known_hosts"), std::string::npos) << error.message;

    testing::write_file(sandbox / "empty", "");
    for (const auto& file : {sandbox / "empty", sandbox / "no such file"}) {
        options.known_hosts = file;
        auto unknown = must(Mirror::open(sandbox / "unknown", options));
        error = failure_of(unknown.fetch("main"));
        EXPECT_EQ(error.kind, Errc::Unauthorized) << error.message;
        EXPECT_NE(error.message.find("known_hosts"), std::string::npos) << error.message;
    }
    options.known_hosts.clear();
    auto none = must(Mirror::open(sandbox / "none", options));
    EXPECT_EQ(failure_of(none.fetch("main")).kind, Errc::InvalidInput);
}

TEST_F(SshTest, AStrangersKeyIsUnauthorized) {
    const SshServer server{sandbox};
    auto options = options_for(server, remote.path());
    options.credentials = [key = server.stranger_key()] {
        Credentials credentials;
        credentials.ssh_key = key;
        return credentials;
    };
    auto mirror = mirror_of(options);
    EXPECT_EQ(failure_of(mirror.fetch("main")).kind, Errc::Unauthorized);
    options.credentials = [] {
        Credentials credentials;
        credentials.ssh_key = "/nonexistent/key";
        return credentials;
    };
    auto keyless = must(Mirror::open(sandbox / "keyless", options));
    const auto error = failure_of(keyless.fetch("main"));
    EXPECT_EQ(error.kind, Errc::Unauthorized);
    EXPECT_NE(error.message.find("/nonexistent/key"), std::string::npos);
}

TEST_F(SshTest, AKeyWithAPassphraseNeedsTheRightOne) {
    const SshServer server{sandbox};
    auto options = options_for(server, remote.path());
    const auto with = [&](const std::string& passphrase) {
        options.credentials = [key = server.locked_key(), passphrase] {
            Credentials credentials;
            credentials.ssh_key = key;
            credentials.ssh_passphrase = Secret{passphrase};
            return credentials;
        };
        return must(Mirror::open(sandbox / "mirror", options));
    };
    auto right = with(SshServer::kPassphrase);
    EXPECT_EQ(must(right.fetch("main")).hex, remote.tip());
    auto wrong = with("test-secret-wrong");
    const auto error = failure_of(wrong.fetch("main"));
    EXPECT_EQ(error.kind, Errc::Unauthorized) << error.message;
    EXPECT_EQ(error.message.find("test-secret"), std::string::npos) << error.message;
    auto none = with("");
    EXPECT_EQ(failure_of(none.fetch("main")).kind, Errc::Unauthorized);
    // Nothing of the answer is left behind.
    const auto left = testing::run_program({"find", sandbox / "mirror", "-name", "askpass*"});
    EXPECT_EQ(left.out, "");
}

TEST_F(SshTest, WithoutAKeyTheAgentsKeysCount) {
    const SshServer server{sandbox};
    const auto socket = sandbox / "agent";
    const auto agent = testing::ServerProcess::start(
        {testing::program_path("ssh-agent"), "-D", "-a", socket}, sandbox / "agent.log"
    );
    ::setenv("SSH_AUTH_SOCK", socket.c_str(), 1);
    // The socket's file is there a moment before anybody listens.
    auto added = testing::run_program({"ssh-add", "-q", server.key()});
    for (int i = 0; i < 6'000 && added.code != 0; ++i) {
        ::poll(nullptr, 0, 10);
        added = testing::run_program({"ssh-add", "-q", server.key()});
    }
    auto options = options_for(server, remote.path());
    options.credentials = nullptr;
    auto mirror = mirror_of(options);
    const auto tip = mirror.fetch("main");
    ::unsetenv("SSH_AUTH_SOCK");
    ASSERT_EQ(added.code, 0) << added.err;
    EXPECT_EQ(must(tip).hex, remote.tip());
    EXPECT_EQ(failure_of(mirror.push({"main", {}, {remote.tip()}})).kind, Errc::Unauthorized);
}

TEST_F(SshTest, AMissingRepositoryIsNotFound) {
    const SshServer server{sandbox};
    auto mirror = mirror_of(options_for(server, sandbox / "nothing.git"));
    const auto error = failure_of(mirror.fetch("main"));
    EXPECT_EQ(error.kind, Errc::NotFound) << error.message;
}

TEST_F(SshTest, SilenceEndsInTimeoutAndNobodyListeningIsUnavailable) {
    testing::write_file(sandbox / "known", "host ssh-ed25519 AAAA\n");
    const testing::ScriptedServer silent{
        [](testing::ScriptedPeer& peer, const std::string&) { peer.hang(); }};
    auto options = remote_at(fmt::format("ssh://git@127.0.0.1:{}/f.git", silent.port()));
    options.known_hosts = sandbox / "known";
    options.timeout = std::chrono::milliseconds{500};
    auto mirror = must(Mirror::open(sandbox / "mirror", options));
    const auto begin = std::chrono::steady_clock::now();
    auto error = failure_of(mirror.fetch("main"));
    EXPECT_EQ(error.kind, Errc::Timeout) << error.message;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{60});

    options.url = fmt::format("ssh://git@127.0.0.1:{}/f.git", support::free_port());
    options.timeout = std::chrono::minutes{2};
    auto nobody = must(Mirror::open(sandbox / "nobody", options));
    error = failure_of(nobody.fetch("main"));
    EXPECT_EQ(error.kind, Errc::Unavailable) << error.message;
}

}  // namespace
}  // namespace linkspan::git
