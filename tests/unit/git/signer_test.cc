#include "service/git/signer.h"

#include "tests/support_git/server_process.h"
#include "tests/support_git/ssh_server.h"
#include "tests/unit/git/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace linkspan::git {
namespace {

constexpr const char* kPassphrase = "test-secret-not-real";

class SigningTest : public GitTest {
protected:
    CommitId commit_with(Mirror& mirror, const Signing& signing) {
        const auto base = must(mirror.fetch("main"));
        auto spec = spec_on(base, {{"a", "2"}});
        spec.message = "Signed\n\nBody \xC3\xA9\n";
        spec.signing = signing;
        return must(mirror.commit(spec));
    }
    Error refusal(Mirror& mirror, const Signing& signing) {
        auto spec = spec_on(must(mirror.fetch("main")), {{"a", "2"}});
        spec.signing = signing;
        return failure_of(mirror.commit(spec));
    }
    testing::Ran verify(
        const CommitId& commit,
        const std::vector<std::string>& config,
        const testing::RunOptions& options = {}
    ) {
        std::vector<std::string> argv{"git", "-C", sandbox / "mirror"};
        for (const auto& c : config) argv.insert(argv.end(), {"-c", c});
        argv.insert(argv.end(), {"verify-commit", "-v", commit.hex});
        return testing::run_program(argv, options);
    }
    void SetUp() override { remote.person_commits({{"a", "1"}}, "first"); }
};

class GpgTest : public SigningTest {
protected:
    std::string home;

    void SetUp() override {
        if (!testing::has_program("gpg")) GTEST_SKIP() << "gpg is not installed";
        SigningTest::SetUp();
        home = sandbox / "gpg";
        std::filesystem::create_directory(home);
        ::chmod(home.c_str(), 0700);
        // Few rounds of hashing the passphrase: the secret is none.
        testing::write_file(home + "/gpg-agent.conf", "s2k-count 1024\n");
    }
    void TearDown() override {
        if (!home.empty()) testing::run_program({"gpgconf", "--homedir", home, "--kill", "all"});
    }
    void make_key(const std::string& address, const std::string& passphrase) {
        const auto ran = testing::run_program(
            {"gpg",
             "--homedir",
             home,
             "--batch",
             "--pinentry-mode",
             "loopback",
             "--passphrase",
             passphrase,
             "--quick-generate-key",
             fmt::format("Test <{}>", address),
             "ed25519",
             "sign",
             "never"}
        );
        ASSERT_EQ(ran.code, 0) << ran.err;
        // The agent must not remember the passphrase from making the key.
        testing::run_program({"gpgconf", "--homedir", home, "--kill", "all"});
    }
    Signing with(const std::string& key, const std::string& passphrase = {}) {
        return {Signing::Kind::Gpg, key, Secret{passphrase}, home};
    }
};

TEST_F(GpgTest, GitVerifiesTheCommit) {
    make_key("plain@example.com", "");
    auto mirror = open_mirror();
    const auto commit = commit_with(mirror, with("plain@example.com"));
    testing::RunOptions options;
    options.env = {{"GNUPGHOME", home}};
    const auto ran = verify(commit, {}, options);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.err.find("Good signature"), std::string::npos) << ran.err;
    EXPECT_EQ(
        testing::git(sandbox / "mirror", {"log", "-1", "--format=%B", commit.hex}),
        "Signed\n\nBody \xC3\xA9\n"
    );
    EXPECT_EQ(testing::run_program({"git", "-C", sandbox / "mirror", "fsck", "--strict"}).code, 0);
}

TEST_F(GpgTest, APassphraseIsHandedOver) {
    make_key("locked@example.com", kPassphrase);
    auto mirror = open_mirror();
    const auto error = refusal(mirror, with("locked@example.com", "test-secret-wrong"));
    EXPECT_EQ(error.kind, Errc::Unauthorized);
    EXPECT_EQ(error.message.find("test-secret"), std::string::npos) << error.message;
    const auto commit = commit_with(mirror, with("locked@example.com", kPassphrase));
    testing::RunOptions options;
    options.env = {{"GNUPGHOME", home}};
    EXPECT_EQ(verify(commit, {}, options).code, 0);
}

TEST_F(GpgTest, AnUnknownKeySaysSo) {
    auto mirror = open_mirror();
    const auto error = refusal(mirror, with("nobody@example.com"));
    EXPECT_EQ(error.kind, Errc::Unauthorized);
    EXPECT_NE(error.message.find("nobody@example.com"), std::string::npos) << error.message;
}

class SshSigningTest : public SigningTest {
protected:
    void SetUp() override {
        if (!testing::has_program("ssh-keygen")) GTEST_SKIP() << "ssh-keygen is not installed";
        SigningTest::SetUp();
    }
    std::string make_key(const std::string& name, const std::string& passphrase) {
        const auto path = sandbox / name;
        const auto ran = testing::run_program(
            {"ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", path}
        );
        EXPECT_EQ(ran.code, 0) << ran.err;
        return path;
    }
    testing::Ran verify_with(const CommitId& commit, const std::string& key) {
        testing::write_file(
            sandbox / "signers", "bridge@example.com " + testing::read_file(key + ".pub")
        );
        return verify(
            commit, {"gpg.format=ssh", "gpg.ssh.allowedSignersFile=" + (sandbox / "signers")}
        );
    }
};

TEST_F(SshSigningTest, GitVerifiesTheCommit) {
    const auto key = make_key("key", "");
    auto mirror = open_mirror();
    const auto commit = commit_with(mirror, {Signing::Kind::Ssh, key, {}, {}});
    const auto ran = verify_with(commit, key);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(
        (ran.out + ran.err).find("Good \"git\" signature for bridge@example.com"), std::string::npos
    ) << ran.err;
    const auto stranger = make_key("stranger", "");
    EXPECT_NE(verify_with(commit, stranger).code, 0);
    EXPECT_EQ(testing::run_program({"git", "-C", sandbox / "mirror", "fsck", "--strict"}).code, 0);
}

TEST_F(SshSigningTest, APassphraseIsHandedOver) {
    const auto key = make_key("key", kPassphrase);
    auto mirror = open_mirror();
    const auto error = refusal(mirror, {Signing::Kind::Ssh, key, Secret{"test-secret-wrong"}, {}});
    EXPECT_EQ(error.kind, Errc::Unauthorized);
    EXPECT_EQ(error.message.find("test-secret"), std::string::npos) << error.message;
    EXPECT_EQ(refusal(mirror, {Signing::Kind::Ssh, key, {}, {}}).kind, Errc::Unauthorized);
    const auto commit = commit_with(mirror, {Signing::Kind::Ssh, key, Secret{kPassphrase}, {}});
    EXPECT_EQ(verify_with(commit, key).code, 0);
}

TEST_F(SshSigningTest, KeysThatCanNotBeUsedAreNamed) {
    auto mirror = open_mirror();
    EXPECT_EQ(
        refusal(mirror, {Signing::Kind::Ssh, "/nonexistent/key", {}, {}}).kind, Errc::Unauthorized
    );
    EXPECT_EQ(refusal(mirror, {Signing::Kind::Ssh, "-oops", {}, {}}).kind, Errc::InvalidInput);
    EXPECT_EQ(refusal(mirror, {Signing::Kind::Ssh, "", {}, {}}).kind, Errc::InvalidInput);
}

}  // namespace
}  // namespace linkspan::git
