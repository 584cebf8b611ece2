#include "config/git_url.h"

#include <gtest/gtest.h>

#include <optional>

namespace linkspan::config {
namespace {

TEST(GitUrlTest, Reads) {
    struct Case {
        std::string text;
        GitTransport transport;
        std::string expected;
    };
    const Case cases[] = {
        {"https://git.example.com/acme/fleet.git",
         GitTransport::Https,
         "https://git.example.com/acme/fleet.git"},
        {"http://127.0.0.1:3000/acme/fleet",
         GitTransport::Http,
         "http://127.0.0.1:3000/acme/fleet"},
        {"ssh://git@git.example.com:2222/acme/fleet.git",
         GitTransport::Ssh,
         "ssh://git@git.example.com:2222/acme/fleet.git"},
        {"git@git.example.com:acme/fleet.git",
         GitTransport::Ssh,
         "git@git.example.com:acme/fleet.git"},
        {"file:///srv/git/fleet.git", GitTransport::File, "file:///srv/git/fleet.git"},
        {"/srv/git/fleet.git", GitTransport::File, "/srv/git/fleet.git"},
        {"fleet.git", GitTransport::File, "/etc/linkspan/fleet.git"},
        {"../fleet.git", GitTransport::File, "/etc/fleet.git"},
        {"./a:b/fleet.git", GitTransport::File, "/etc/linkspan/a:b/fleet.git"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto result = parse_git_url(c.text, "/etc/linkspan");
        ASSERT_TRUE(result.has_value()) << result.error().message;
        EXPECT_EQ(result->transport, c.transport);
        EXPECT_EQ(result->text, c.expected);
    }
}

TEST(GitUrlTest, Refuses) {
    const char* const cases[] = {
        "git://git.example.com/acme/fleet.git",
        "ftp://git.example.com/fleet.git",
        "ext::sh -c true",
        "ext::sh",
        "git.example.com:acme/fleet.git",
        "git@git.example.com:",
        "@git.example.com:fleet",
        "-oProxyCommand=x@host:fleet",
        "git@-oProxyCommand=x:fleet",
        "ssh://-oProxyCommand=x/fleet",
        "ssh://git@/fleet",
        "ssh://git@git.example.com",
        "file://fleet.git",
        "https://",
        "https://git.example.com/a b",
    };
    for (const char* text : cases) {
        SCOPED_TRACE(text);
        const auto result = parse_git_url(text, "/etc/linkspan");
        ASSERT_TRUE(result.has_error());
        EXPECT_EQ(result.error().kind, Errc::InvalidInput);
    }
}

TEST(GitUrlTest, CredentialsAreRefusedAndNotRepeated) {
    const char* const cases[] = {
        "https://me:test-secret-not-real@git.example.com/fleet.git",
        "https://test-secret-not-real@git.example.com/fleet.git",
        "ssh://git:test-secret-not-real@git.example.com/fleet.git",
        "ftp://git:test-secret-not-real@git.example.com/fleet.git",
    };
    for (const char* text : cases) {
        SCOPED_TRACE(text);
        const auto result = parse_git_url(text, "/etc/linkspan");
        ASSERT_TRUE(result.has_error());
        EXPECT_EQ(result.error().message.find("test-secret"), std::string::npos);
    }
}

}  // namespace
}  // namespace linkspan::config
