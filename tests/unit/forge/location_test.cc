#include "service/forge/location.h"

#include <gtest/gtest.h>

namespace linkspan::forge {
namespace {

using Type = ForgeType;

TEST(LocationTest, GitUrlsInEveryForm) {
    const struct {
        Type type;
        const char* url;
        const char* web;
        const char* path;
        const char* api;
    } kCases[] = {
        {Type::Github,
         "https://github.com/acme/fleet.git",
         "",
         "acme/fleet",
         "https://api.github.com"},
        {Type::Github, "git@github.com:acme/fleet.git", "", "acme/fleet", "https://api.github.com"},
        {Type::Github,
         "ssh://git@ssh.github.com:443/acme/fleet.git",
         "",
         "acme/fleet",
         "https://api.github.com"},
        {Type::Github,
         "https://ghe.example.com/acme/fleet",
         "",
         "acme/fleet",
         "https://ghe.example.com/api/v3"},
        {Type::Github,
         "https://acme.ghe.com/acme/fleet",
         "",
         "acme/fleet",
         "https://api.acme.ghe.com"},
        {Type::Github,
         "git@ghe.example.com:acme/fleet",
         "https://ghe.example.com:8443/api/v3",
         "acme/fleet",
         "https://ghe.example.com:8443/api/v3"},
        {Type::Gitlab,
         "https://gitlab.com/acme/platform/apps/fleet.git",
         "",
         "acme/platform/apps/fleet",
         "https://gitlab.com/api/v4"},
        {Type::Gitlab,
         "git@gitlab.example.com:acme/sub/fleet.git",
         "",
         "acme/sub/fleet",
         "https://gitlab.example.com/api/v4"},
        {Type::Gitlab,
         "https://example.com/gitlab/acme/fleet.git",
         "https://example.com/gitlab",
         "acme/fleet",
         "https://example.com/gitlab/api/v4"},
        {Type::Gitlab,
         "https://example.com/gitlab/acme/fleet.git",
         "https://example.com/gitlab/api/v4/",
         "acme/fleet",
         "https://example.com/gitlab/api/v4"},
        {Type::Gitea,
         "https://codeberg.org/acme/fleet.git",
         "",
         "acme/fleet",
         "https://codeberg.org/api/v1"},
        {Type::Gitea,
         "http://git.example.com:3000/acme/fleet.git",
         "",
         "acme/fleet",
         "http://git.example.com:3000/api/v1"},
        {Type::Gitea,
         "https://example.com/git/acme/fleet.git",
         "",
         "acme/fleet",
         "https://example.com/git/api/v1"},
        {Type::Gitea,
         "ssh://git@git.example.com:2222/acme/fleet.git",
         "",
         "acme/fleet",
         "https://git.example.com/api/v1"},
        {Type::BitbucketCloud,
         "https://bitbucket.org/acme/fleet.git",
         "",
         "acme/fleet",
         "https://api.bitbucket.org/2.0"},
        {Type::BitbucketCloud,
         "git@bitbucket.org:acme/fleet.git",
         "",
         "acme/fleet",
         "https://api.bitbucket.org/2.0"},
        {Type::BitbucketDataCenter,
         "https://bb.example.com/scm/ACME/fleet.git",
         "",
         "ACME/fleet",
         "https://bb.example.com"},
        {Type::BitbucketDataCenter,
         "https://example.com/bitbucket/scm/~ann/fleet.git",
         "",
         "~ann/fleet",
         "https://example.com/bitbucket"},
        {Type::BitbucketDataCenter,
         "ssh://git@bb.example.com:7999/ACME/fleet.git",
         "",
         "ACME/fleet",
         "https://bb.example.com"},
        {Type::BitbucketDataCenter,
         "ssh://git@bb.example.com:7999/ACME/fleet.git",
         "https://bb.example.com:8443/ctx",
         "ACME/fleet",
         "https://bb.example.com:8443/ctx"},
        {Type::AzureDevops,
         "https://dev.azure.com/acme/platform/_git/fleet",
         "",
         "acme/platform/fleet",
         "https://dev.azure.com/acme"},
        {Type::AzureDevops,
         "https://acme@dev.azure.com/acme/My%20Platform/_git/fleet",
         "",
         "acme/My Platform/fleet",
         "https://dev.azure.com/acme"},
        {Type::AzureDevops,
         "https://dev.azure.com/acme/_git/fleet",
         "",
         "acme/fleet/fleet",
         "https://dev.azure.com/acme"},
        {Type::AzureDevops,
         "git@ssh.dev.azure.com:v3/acme/platform/fleet",
         "",
         "acme/platform/fleet",
         "https://dev.azure.com/acme"},
        {Type::AzureDevops,
         "acme@vs-ssh.visualstudio.com:v3/acme/platform/fleet",
         "",
         "acme/platform/fleet",
         "https://dev.azure.com/acme"},
        {Type::AzureDevops,
         "https://acme.visualstudio.com/DefaultCollection/platform/_git/fleet",
         "",
         "acme/platform/fleet",
         "https://dev.azure.com/acme"},
        {Type::AzureDevops,
         "https://acme.visualstudio.com/_git/fleet",
         "https://acme.visualstudio.com",
         "acme/fleet/fleet",
         "https://dev.azure.com/acme"},
        {Type::AzureDevops,
         "https://acme.visualstudio.com/platform/_git/fleet",
         "https://gateway.example.com",
         "acme/platform/fleet",
         "https://gateway.example.com/acme"},
        {Type::AzureDevops,
         "https://dev.azure.com/acme/platform/_git/_full/fleet",
         "https://dev.azure.com/acme",
         "acme/platform/fleet",
         "https://dev.azure.com/acme"},
        {Type::AzureDevops,
         "https://tfs.example.com/tfs/Main/_git/fleet",
         "",
         "Main/fleet/fleet",
         "https://tfs.example.com/tfs/Main"},
        {Type::AzureDevops,
         "https://tfs.example.com/Main/_git/fleet",
         "",
         "Main/fleet/fleet",
         "https://tfs.example.com/Main"},
        {Type::AzureDevops,
         "https://ci.example.com/azure/Main/platform/_git/fleet",
         "https://ci.example.com/azure",
         "Main/platform/fleet",
         "https://ci.example.com/azure/Main"},
        {Type::AzureDevops,
         "https://ci.example.com/azure/Main/_git/fleet",
         "https://ci.example.com/azure/Main/",
         "Main/fleet/fleet",
         "https://ci.example.com/azure/Main"},
        {Type::AzureDevops,
         "https://tfs.example.com:8080/tfs/My%20Teams/My%20Platform/_git/fleet",
         "https://tfs.example.com:8080/tfs/My%20Teams",
         "My Teams/My Platform/fleet",
         "https://tfs.example.com:8080/tfs/My%20Teams"},
        {Type::AzureDevops,
         "ssh://tfs.example.com:22/tfs/Main/platform/_git/fleet",
         "",
         "Main/platform/fleet",
         "https://tfs.example.com/tfs/Main"},
        {Type::AzureDevops,
         "https://tfs.example.com/tfs/Main/platform/_git/fleet",
         "",
         "Main/platform/fleet",
         "https://tfs.example.com/tfs/Main"},
    };
    for (const auto& c : kCases) {
        SCOPED_TRACE(c.url);
        const auto found = locate(c.type, c.url, c.web);
        ASSERT_TRUE(found.has_value()) << found.error().message;
        EXPECT_EQ(found->path(), c.path);
        EXPECT_EQ(api_base(c.type, *found, c.web), c.api);
    }
}

TEST(LocationTest, RefusesWhatNamesNoRepository) {
    const struct {
        Type type;
        const char* url;
    } kCases[] = {
        {Type::Github, "/srv/git/fleet.git"},
        {Type::Github, "file:///srv/git/fleet.git"},
        {Type::Github, "https://github.com/fleet.git"},
        {Type::Github, "https://github.com/acme/sub/fleet.git"},
        {Type::Gitlab, "https://gitlab.com/"},
        {Type::BitbucketDataCenter, "https://bb.example.com/scm/fleet.git"},
        {Type::AzureDevops, "https://dev.azure.com/acme/platform/fleet"},
        {Type::AzureDevops, "git@ssh.dev.azure.com:acme/platform/fleet"},
    };
    for (const auto& c : kCases) {
        SCOPED_TRACE(c.url);
        const auto found = locate(c.type, c.url);
        ASSERT_TRUE(found.has_error());
        EXPECT_EQ(found.error().kind, Errc::InvalidInput);
    }
}

TEST(LocationTest, WellKnownHostsSayWhatTheyAre) {
    EXPECT_EQ(guess_type("git@github.com:acme/fleet.git"), Type::Github);
    EXPECT_EQ(guess_type("https://acme.ghe.com/acme/fleet"), Type::Github);
    EXPECT_EQ(guess_type("https://gitlab.com/a/b"), Type::Gitlab);
    EXPECT_EQ(guess_type("https://codeberg.org/a/b"), Type::Gitea);
    EXPECT_EQ(guess_type("git@ssh.dev.azure.com:v3/a/b/c"), Type::AzureDevops);
    EXPECT_EQ(guess_type("https://bitbucket.org/a/b"), Type::BitbucketCloud);
    EXPECT_EQ(guess_type("https://git.example.com/a/b"), std::nullopt);
    EXPECT_EQ(guess_type("https://github.com.example.com/a/b"), std::nullopt);
}

TEST(LocationTest, GraphqlIsBesideTheRestApi) {
    EXPECT_EQ(graphql_base("https://api.github.com"), "https://api.github.com/graphql");
    EXPECT_EQ(graphql_base("https://h/x/api/v3"), "https://h/x/api/graphql");
}

}  // namespace
}  // namespace linkspan::forge
