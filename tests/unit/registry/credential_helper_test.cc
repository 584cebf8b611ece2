#include "service/registry/credential_helper.h"

#include "service/registry/docker_config.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>

namespace linkspan::registry {
namespace {

using namespace std::chrono_literals;

// Helpers are shell scripts in a directory at the front of PATH.
class CredentialHelperTest : public ::testing::Test {
protected:
    void SetUp() override {
        old_path_ = std::getenv("PATH");
        ::setenv("PATH", (dir_.path() + ":" + old_path_).c_str(), 1);
    }
    void TearDown() override { ::setenv("PATH", old_path_.c_str(), 1); }

    void make_helper(const std::string& name, const std::string& script) {
        const auto path = dir_.write("docker-credential-" + name, "#!/bin/sh\n" + script);
        ::chmod(path.c_str(), 0700);
    }
    std::string config(const std::string& content) { return dir_.write("config.json", content); }

    support::TempDir dir_;
    std::string old_path_;
};

// Echoes what it was asked as the user name.
const std::string kEcho =
    "read server; test \"$1\" = get || exit 9\n"
    "printf '{\"ServerURL\":\"%s\",\"Username\":\"for %s\",\"Secret\":\"test-secret-not-real\"}' "
    "\"$server\" \"$server\"\n";

TEST_F(CredentialHelperTest, IsAskedForTheServer) {
    make_helper("echo", kEcho);
    const auto answer = run_credential_helper("echo", "r.example:5000", 60s);
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    const auto login = read_helper_answer(*answer, "echo");
    ASSERT_TRUE(login.has_value()) << login.error().message;
    EXPECT_EQ((*login)->username, "for r.example:5000");
    EXPECT_EQ((*login)->password.reveal(), "test-secret-not-real");
}

TEST_F(CredentialHelperTest, NamesThatCouldBePathsAreRefused) {
    for (const std::string name : {"", "../x", "a/b", "a b", "a\n", "$(x)"}) {
        SCOPED_TRACE(name);
        const auto answer = run_credential_helper(name, "r.example", 60s);
        ASSERT_TRUE(answer.has_error());
        EXPECT_EQ(answer.error().kind, Errc::InvalidInput);
    }
}

TEST_F(CredentialHelperTest, MissingSlowAndTalkativeHelpersAreNamed) {
    auto answer = run_credential_helper("none-of-that-name", "r.example", 60s);
    ASSERT_TRUE(answer.has_error());
    EXPECT_EQ(answer.error().kind, Errc::NotFound);
    EXPECT_NE(
        answer.error().message.find("docker-credential-none-of-that-name"), std::string::npos
    );

    // With a child that keeps the output open, as shells do.
    make_helper("slow", "sleep 600 & sleep 600\n");
    const auto start = std::chrono::steady_clock::now();
    answer = run_credential_helper("slow", "r.example", 200ms);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
    ASSERT_TRUE(answer.has_error());
    EXPECT_EQ(answer.error().kind, Errc::Timeout);

    make_helper("lingering", "exec 1>&-\nsleep 600\n");
    answer = run_credential_helper("lingering", "r.example", 200ms);
    ASSERT_TRUE(answer.has_error());
    EXPECT_EQ(answer.error().kind, Errc::Timeout);

    make_helper("talkative", "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done\n");
    answer = run_credential_helper("talkative", "r.example", 60s);
    ASSERT_TRUE(answer.has_error());
    EXPECT_EQ(answer.error().kind, Errc::InvalidInput);

    make_helper("deaf", "exit 0\n");
    ASSERT_TRUE(run_credential_helper("deaf", "r.example", 60s).has_value());
}

TEST_F(CredentialHelperTest, GetsNoDescriptorsOfOurs) {
    make_helper("nosy", "ls /proc/self/fd | tr '\\n' ' '\n");
    const support::TempDir other;
    const auto answer = run_credential_helper("nosy", "r.example", 60s);
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->output.substr(0, 6), "0 1 2 ");
    EXPECT_LE(answer->output.size(), 8U);  // and ls's own
}

TEST(HelperAnswerTest, WordsAreReadAndSecretsAreNotShown) {
    struct Case {
        std::string name;
        HelperAnswer answer;
        std::optional<Errc> error;
        std::string text;
    };
    for (const auto& c : std::vector<Case>{
             {"not found", {1, "credentials not found in native keychain\n"}, std::nullopt, ""},
             {"empty", {0, R"({"Username":"","Secret":""})"}, std::nullopt, ""},
             {"words", {1, "no session\nmore\n"}, Errc::Unavailable, "exit code 1: no session"},
             {"silence", {3, ""}, Errc::Unavailable, "exit code 3"},
             {"JSON and a failure",
              {1, R"({"Secret":"test-secret-not-real"})"},
              Errc::Unavailable,
              "exit code 1"},
             {"nonsense", {0, "test-secret-not-real"}, Errc::InvalidInput, "did not answer with"},
             {"no secret", {0, R"({"Username":"x"})"}, Errc::InvalidInput, "did not answer with"},
         }) {
        SCOPED_TRACE(c.name);
        const auto login = read_helper_answer(c.answer, "x");
        ASSERT_EQ(login.has_error(), c.error.has_value());
        if (!c.error) {
            EXPECT_FALSE(login->has_value());
            continue;
        }
        EXPECT_EQ(login.error().kind, *c.error);
        EXPECT_NE(login.error().message.find(c.text), std::string::npos) << login.error().message;
        EXPECT_EQ(login.error().message.find("test-secret"), std::string::npos);
    }
}

TEST_F(CredentialHelperTest, TheConfigSaysWhichHelperAndInWhichOrder) {
    make_helper("one", "read s; printf '{\"Username\":\"one %s\",\"Secret\":\"x\"}' \"$s\"\n");
    make_helper("two", "read s; printf '{\"Username\":\"two %s\",\"Secret\":\"x\"}' \"$s\"\n");
    make_helper("none", "echo 'credentials not found in native keychain'; exit 1\n");
    make_helper("broken", "exit 7\n");
    const std::string written = R"("auths":{"r.example":{"username":"written","password":"x"}})";
    struct Case {
        std::string name, config, host, user;
    };
    for (const auto& c : std::vector<Case>{
             {"for the host", R"("credHelpers":{"r.example":"one"})", "r.example", "one r.example"},
             {"store", R"("credsStore":"two")", "r.example", "two r.example"},
             {"the host's wins",
              R"("credHelpers":{"r.example":"one"},"credsStore":"two",)" + written,
              "r.example",
              "one r.example"},
             {"what is written wins over the store",
              R"("credsStore":"broken",)" + written,
              "r.example",
              "written"},
             {"Docker's empty entries are no login",
              R"("credsStore":"two","auths":{"r.example":{}})",
              "r.example",
              "two r.example"},
             {"a helper that knows nothing",
              R"("credHelpers":{"r.example":"none"},)" + written,
              "r.example",
              "written"},
             {"another host", R"("credHelpers":{"other.example":"one"})", "r.example", ""},
             {"Docker Hub",
              R"("credHelpers":{"docker.io":"one"})",
              "docker.io",
              "one https://index.docker.io/v1/"},
         }) {
        SCOPED_TRACE(c.name);
        const auto login = docker_config_credentials(config("{" + c.config + "}"), c.host);
        ASSERT_TRUE(login.has_value()) << login.error().message;
        ASSERT_EQ(login->has_value(), !c.user.empty());
        if (login->has_value()) {
            EXPECT_EQ((*login)->username, c.user);
        }
    }
    const auto failed =
        docker_config_credentials(config(R"({"credHelpers":{"r.example":"broken"}})"), "r.example");
    ASSERT_TRUE(failed.has_error());
    EXPECT_EQ(failed.error().kind, Errc::Unavailable);
    EXPECT_NE(
        failed.error().message.find("config.json: docker-credential-broken"), std::string::npos
    ) << failed.error().message;
}

}  // namespace
}  // namespace linkspan::registry
