#include "config/secret_source.h"

#include "tests/unit/config/support.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace linkspan::config {
namespace {

using test::Environment;
using test::TempDir;
namespace fs = std::filesystem;

SecretRef file_ref(const std::string& path) { return {SecretRef::Kind::File, path}; }

std::vector<std::string> revealed(const FollowedSecrets& secrets) {
    std::vector<std::string> out;
    for (const Secret& secret : secrets.current()) out.push_back(secret.reveal());
    return out;
}

using Values = std::vector<std::string>;

TEST(SecretRefTest, DropsOneLineBreakAtTheEnd) {
    struct Case {
        std::string content;
        std::string expected;
    };
    const Case cases[] = {
        {"test-secret-not-real", "test-secret-not-real"},
        {"test-secret-not-real\n", "test-secret-not-real"},
        {"test-secret-not-real\r\n", "test-secret-not-real"},
        {"test-secret-not-real\n\n", "test-secret-not-real\n"},
        {" test-secret-not-real ", " test-secret-not-real "},
        {"a\nb", "a\nb"},
    };
    const TempDir dir;
    for (const Case& c : cases) {
        SCOPED_TRACE(c.content);
        const auto secret = file_ref(dir.write("s", c.content)).read();
        ASSERT_TRUE(secret.has_value());
        EXPECT_EQ(secret->reveal(), c.expected);
    }
}

TEST(SecretRefTest, ErrorsNameThePlaceAndItsKind) {
    const TempDir dir;
    EXPECT_EQ(file_ref(dir.path("none")).read().error().kind, Errc::NotFound);
    EXPECT_EQ(file_ref(dir.write("empty", "")).read().error().kind, Errc::InvalidInput);
    EXPECT_EQ(file_ref(dir.write("blank", "\n")).read().error().kind, Errc::InvalidInput);
    EXPECT_EQ(file_ref(dir.path()).read().error().kind, Errc::InvalidInput);
    EXPECT_EQ(
        file_ref(dir.write("huge", std::string(100'000, 'x'))).read().error().kind,
        Errc::InvalidInput
    );
    EXPECT_NE(
        file_ref(dir.path("none")).read().error().message.find(dir.path("none")), std::string::npos
    );
}

TEST(SecretRefTest, ReadsTheEnvironment) {
    const Environment set{"LINKSPAN_TEST_SECRET", "test-secret-not-real"};
    const SecretRef ref{SecretRef::Kind::Env, "LINKSPAN_TEST_SECRET"};
    EXPECT_EQ(ref.read()->reveal(), "test-secret-not-real");
    const Environment unset{"LINKSPAN_TEST_SECRET", nullptr};
    EXPECT_EQ(ref.read().error().kind, Errc::NotFound);
    const Environment empty{"LINKSPAN_TEST_SECRET", ""};
    EXPECT_EQ(ref.read().error().kind, Errc::InvalidInput);
}

TEST(FollowedSecretsTest, AChangedFileCountsAtOnce) {
    const TempDir dir;
    const std::string path = dir.write("s", "test-secret-not-real-1");
    const FollowedSecrets secrets{{file_ref(path)}};
    EXPECT_EQ(revealed(secrets), Values{"test-secret-not-real-1"});
    // Same size, and most likely the same time stamp.
    dir.write("s", "test-secret-not-real-2");
    EXPECT_EQ(revealed(secrets), Values{"test-secret-not-real-2"});
}

TEST(FollowedSecretsTest, AReplacedFileCountsAtOnce) {
    const TempDir dir;
    const std::string path = dir.write("s", "test-secret-not-real-1");
    const auto old = fs::file_time_type::clock::now() - std::chrono::hours{1};
    fs::last_write_time(path, old);
    const FollowedSecrets secrets{{file_ref(path)}};
    EXPECT_EQ(revealed(secrets), Values{"test-secret-not-real-1"});
    // As Kubernetes does it: another inode, even with the same size and time.
    const std::string next = dir.write("next", "test-secret-not-real-2");
    fs::last_write_time(next, old);
    fs::rename(next, path);
    EXPECT_EQ(revealed(secrets), Values{"test-secret-not-real-2"});
}

TEST(FollowedSecretsTest, AnUnchangedFileIsNotReadAgain) {
    const TempDir dir;
    const std::string path = dir.write("s", "test-secret-not-real-1");
    const auto old = fs::file_time_type::clock::now() - std::chrono::hours{1};
    fs::last_write_time(path, old);
    const FollowedSecrets secrets{{file_ref(path)}};
    // Same inode, size and time: only a second reading would notice.
    dir.write("s", "test-secret-not-real-2");
    fs::last_write_time(path, old);
    EXPECT_EQ(revealed(secrets), Values{"test-secret-not-real-1"});
}

TEST(FollowedSecretsTest, TheLastGoodValueStaysWhileTheFileIsUnreadable) {
    const TempDir dir;
    const std::string path = dir.write("s", "test-secret-not-real-1");
    const FollowedSecrets secrets{{file_ref(path)}};
    fs::remove(path);
    EXPECT_EQ(revealed(secrets), Values{"test-secret-not-real-1"});
    dir.write("s", "");
    EXPECT_EQ(revealed(secrets), Values{"test-secret-not-real-1"});
    dir.write("s", "test-secret-not-real-2");
    EXPECT_EQ(revealed(secrets), Values{"test-secret-not-real-2"});
}

TEST(FollowedSecretsTest, AFileThatWasNeverReadableGivesNothing) {
    const TempDir dir;
    const FollowedSecrets secrets{{file_ref(dir.path("s"))}};
    EXPECT_EQ(revealed(secrets), Values{});
    dir.write("s", "test-secret-not-real");
    EXPECT_EQ(revealed(secrets), Values{"test-secret-not-real"});
}

TEST(FollowedSecretsTest, SeveralInTheirOrder) {
    const Environment env{"LINKSPAN_TEST_SECRET", "test-secret-not-real-2"};
    const TempDir dir;
    const FollowedSecrets secrets{{
        file_ref(dir.write("a", "test-secret-not-real-1")),
        {SecretRef::Kind::Env, "LINKSPAN_TEST_SECRET"},
    }};
    EXPECT_EQ(revealed(secrets), (Values{"test-secret-not-real-1", "test-secret-not-real-2"}));
}

TEST(FollowedSecretsTest, ReadersOnSeveralThreadsSeeWholeValues) {
    const TempDir dir;
    const std::string path = dir.write("s", std::string(100, 'a'));
    const FollowedSecrets secrets{{file_ref(path)}};
    std::atomic<int> torn{0};
    std::vector<std::thread> readers;
    for (int t = 0; t < 4; ++t) {
        readers.emplace_back([&] {
            for (int i = 0; i < 300; ++i) {
                for (const Secret& secret : secrets.current()) {
                    const std::string& value = secret.reveal();
                    if (value.size() != 100 ||
                        value.find_first_not_of(value[0]) != std::string::npos) {
                        ++torn;
                    }
                }
            }
        });
    }
    for (int i = 0; i < 100; ++i) {
        const std::string next = dir.write("next", std::string(100, i % 2 == 0 ? 'b' : 'a'));
        fs::rename(next, path);
    }
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace linkspan::config
