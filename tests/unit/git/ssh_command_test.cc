#include "service/git/ssh_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace linkspan::git {
namespace {

SshOptions usual() {
    SshOptions options;
    options.known_hosts = "/etc/known hosts";
    options.user = "git";
    options.timeout = std::chrono::seconds{60};
    return options;
}

std::vector<std::string> arguments(const std::string& url, const SshOptions& options) {
    const auto parsed = RemoteUrl::parse(url);
    EXPECT_TRUE(parsed.has_value());
    const auto argv = ssh_arguments(*parsed, options, Service::ReceivePack);
    EXPECT_TRUE(argv.has_value());
    return *argv;
}

bool has(const std::vector<std::string>& argv, const std::string& argument) {
    return std::find(argv.begin(), argv.end(), argument) != argv.end();
}

TEST(SshCommandTest, ChecksTheHostAndAsksNothing) {
    const auto argv = arguments("ssh://host:2222/srv/f.git", usual());
    EXPECT_TRUE(has(argv, "StrictHostKeyChecking=yes"));
    EXPECT_TRUE(has(argv, "UserKnownHostsFile=\"/etc/known hosts\""));
    EXPECT_TRUE(has(argv, "GlobalKnownHostsFile=/dev/null"));
    EXPECT_TRUE(has(argv, "BatchMode=yes"));
    EXPECT_TRUE(has(argv, "2222"));
    EXPECT_FALSE(has(argv, "IdentitiesOnly=yes"));
    EXPECT_EQ(argv[argv.size() - 3], "--");
    EXPECT_EQ(argv[argv.size() - 2], "host");
    EXPECT_EQ(argv.back(), "git-receive-pack '/srv/f.git'");
}

TEST(SshCommandTest, APathCanNotLeaveItsQuotes) {
    const auto argv = arguments("ssh://host/it's!$(x).git", usual());
    EXPECT_EQ(argv.back(), "git-receive-pack '/it'\\''s'\\!'$(x).git'");
}

TEST(SshCommandTest, AKeyIsTheOnlyOneThatIsOffered) {
    auto options = usual();
    options.key_file = "/run/secrets/key";
    options.asks = true;
    const auto argv = arguments("ssh://host/f", options);
    EXPECT_TRUE(has(argv, "IdentitiesOnly=yes"));
    EXPECT_TRUE(has(argv, "/run/secrets/key"));
    EXPECT_TRUE(has(argv, "BatchMode=no"));
}

TEST(SshCommandTest, WithoutKnownHostsThereIsNoConnection) {
    auto options = usual();
    options.known_hosts.clear();
    const auto argv =
        ssh_arguments(*RemoteUrl::parse("ssh://host/f"), options, Service::UploadPack);
    ASSERT_TRUE(argv.has_error());
    EXPECT_EQ(argv.error().kind, Errc::InvalidInput);
    EXPECT_NE(argv.error().message.find("known_hosts"), std::string::npos);
}

TEST(SshCommandTest, MessagesHaveKinds) {
    const struct {
        std::string text;
        Errc kind;
    } cases[] = {
        {"git@host: Permission denied (publickey).", Errc::Unauthorized},
        {"No ED25519 host key is known for host and you have requested strict checking.\n"
         "Host key verification failed.",
         Errc::Unauthorized},
        {"ssh: connect to host h port 22: Connection refused", Errc::Unavailable},
        {"ssh: Could not resolve hostname h: Name or service not known", Errc::Unavailable},
        {"ssh: connect to host h port 22: Connection timed out", Errc::Timeout},
        {"fatal: '/x' does not appear to be a git repository", Errc::NotFound},
        {"ERROR: Repository not found.", Errc::NotFound},
        {"something else", Errc::Unavailable},
    };
    const auto url = *RemoteUrl::parse("ssh://bob@host/f");
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_EQ(remote_program_failure(url, 255, c.text).kind, c.kind);
    }
}

}  // namespace
}  // namespace linkspan::git
