#include "service/git/remote_url.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::git {
namespace {

using Scheme = RemoteUrl::Scheme;

TEST(RemoteUrlTest, TakesApartWhatGitAccepts) {
    const struct {
        std::string text;
        Scheme scheme;
        std::string user, password, host;
        unsigned port;
        std::string path, display;
    } cases[] = {
        {"https://git.example.com/acme/fleet.git",
         Scheme::Https,
         "",
         "",
         "git.example.com",
         0,
         "/acme/fleet.git",
         "https://git.example.com/acme/fleet.git"},
        {"http://bob:p%40ss@[::1]:8080/f.git/",
         Scheme::Http,
         "bob",
         "p@ss",
         "::1",
         8080,
         "/f.git",
         "http://[::1]:8080/f.git"},
        {"https://token@host/f", Scheme::Https, "token", "", "host", 0, "/f", "https://host/f"},
        {"https://a:b@c@host/f", Scheme::Https, "a", "b@c", "host", 0, "/f", "https://host/f"},
        {"ssh://git@host:2222/srv/f%20g.git",
         Scheme::Ssh,
         "git",
         "",
         "host",
         2222,
         "/srv/f g.git",
         "ssh://host:2222/srv/f g.git"},
        {"ssh://host/~bob/f.git",
         Scheme::Ssh,
         "",
         "",
         "host",
         0,
         "~bob/f.git",
         "ssh://host/~bob/f.git"},
        {"git+ssh://host/f", Scheme::Ssh, "", "", "host", 0, "/f", "ssh://host/f"},
        {"git@github.example.com:acme/fleet.git",
         Scheme::Ssh,
         "git",
         "",
         "github.example.com",
         0,
         "acme/fleet.git",
         "ssh://github.example.com/acme/fleet.git"},
        {"git@[::1]:f.git", Scheme::Ssh, "git", "", "::1", 0, "f.git", "ssh://[::1]/f.git"},
        {"file:///srv/f%20g.git", Scheme::Local, "", "", "", 0, "/srv/f g.git", "/srv/f g.git"},
        {"/srv/fleet.git", Scheme::Local, "", "", "", 0, "/srv/fleet.git", "/srv/fleet.git"},
        {"/srv/a:b.git", Scheme::Local, "", "", "", 0, "/srv/a:b.git", "/srv/a:b.git"},
        {"git://host/f.git", Scheme::Git, "", "", "host", 0, "/f.git", "git://host/f.git"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        const auto url = RemoteUrl::parse(c.text);
        ASSERT_TRUE(url.has_value()) << url.error().message;
        EXPECT_EQ(url->scheme, c.scheme);
        EXPECT_EQ(url->user, c.user);
        EXPECT_EQ(url->password.reveal(), c.password);
        EXPECT_EQ(url->host, c.host);
        EXPECT_EQ(url->port, c.port);
        EXPECT_EQ(url->path, c.path);
        EXPECT_EQ(url->display(), c.display);
    }
}

TEST(RemoteUrlTest, RefusesWhatCouldBecomeAnOptionOrIsNoUrl) {
    for (const std::string text : {
             "",
             "ftp://host/f",
             "ext::sh -c evil",
             "https://host",
             "https://host/",
             "https:///f",
             "https://host:0/f",
             "https://host:65536/f",
             "https://host:8x/f",
             "https://host/f?x=1",
             "https://host/f#x",
             "https://ho st/f",
             "https://[::1/f",
             "https://[::1]x/f",
             "ssh://-oProxyCommand=evil/f",
             "ssh://-oProxyCommand=evil@host/f",
             "-oProxyCommand=evil:f",
             "git@host:-f",
             "ssh://host/f%0ag",
             "ssh://ho%73t/f",
             "file://relative",
         }) {
        SCOPED_TRACE(text);
        const auto url = RemoteUrl::parse(text);
        ASSERT_TRUE(url.has_error()) << url->display();
        EXPECT_EQ(url.error().kind, Errc::InvalidInput);
    }
}

TEST(RemoteUrlTest, ErrorsDoNotShowThePassword) {
    const auto url = RemoteUrl::parse("https://bob:test-secret-not-real@host:0/f");
    ASSERT_TRUE(url.has_error());
    EXPECT_EQ(url.error().message.find("test-secret"), std::string::npos);
    EXPECT_EQ(url.error().message.find("bob"), std::string::npos);
}

}  // namespace
}  // namespace linkspan::git
