#include "service/git/tcp_wire.h"

#include "tests/support/free_port.h"
#include "tests/support_git/scripted_server.h"
#include "tests/support_git/server_process.h"
#include "tests/unit/git/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <string>
#include <variant>

namespace linkspan::git {
namespace {

class DaemonTest : public GitTest {
protected:
    testing::ServerProcess daemon;
    std::uint16_t port = 0;

    void SetUp() override {
        if (::access("/usr/lib/git-core/git-daemon", X_OK) != 0)
            GTEST_SKIP() << "git daemon is not installed";
        remote.import({{"a", "1"}, {"d/b", "1"}});
        port = support::free_port();
        daemon = testing::ServerProcess::start(
            {"git",
             "daemon",
             "--listen=127.0.0.1",
             fmt::format("--port={}", port),
             "--reuseaddr",
             "--export-all",
             "--enable=receive-pack",
             "--informative-errors",
             "--base-path=" + sandbox.path(),
             sandbox.path()},
            sandbox / "daemon.log"
        );
        ASSERT_TRUE(testing::wait_for_port(port));
    }
    Mirror mirror_of(const std::string& name) {
        return must(Mirror::open(
            sandbox / "mirror", remote_at(fmt::format("git://127.0.0.1:{}/{}", port, name))
        ));
    }
};

TEST_F(DaemonTest, FetchesAndPushes) {
    auto mirror = mirror_of("fleet.git");
    const auto base = must(mirror.fetch("main"));
    EXPECT_EQ(base.hex, remote.tip());
    const auto commit = must(mirror.commit(spec_on(base, {{"a", "2"}})));
    EXPECT_TRUE(std::holds_alternative<Pushed>(must(mirror.push({"main", base, commit}))));
    EXPECT_EQ(remote.tip(), commit.hex);
    EXPECT_TRUE(remote.is_sound());
    EXPECT_EQ(must(mirror.fetch("main")), commit);
}

TEST_F(DaemonTest, AMissingRepositoryIsNotFound) {
    auto mirror = mirror_of("nothing.git");
    const auto error = failure_of(mirror.fetch("main"));
    EXPECT_EQ(error.kind, Errc::NotFound) << error.message;
}

class SilentTest : public GitTest {};

TEST_F(SilentTest, SilenceEndsInTimeoutAndNobodyListeningIsUnavailable) {
    const testing::ScriptedServer silent{
        [](testing::ScriptedPeer& peer, const std::string&) { peer.hang(); }};
    auto options = remote_at(fmt::format("git://127.0.0.1:{}/f.git", silent.port()));
    options.timeout = std::chrono::milliseconds{300};
    auto mirror = must(Mirror::open(sandbox / "mirror", options));
    EXPECT_EQ(failure_of(mirror.fetch("main")).kind, Errc::Timeout);
    options.url = fmt::format("git://127.0.0.1:{}/f.git", support::free_port());
    auto nobody = must(Mirror::open(sandbox / "nobody", options));
    EXPECT_EQ(failure_of(nobody.fetch("main")).kind, Errc::Unavailable);
}

}  // namespace
}  // namespace linkspan::git
