#include "service/transport/url.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::transport {
namespace {

TEST(UrlTest, IsTakenApart) {
    struct Case {
        std::string name, input, origin, path, query;
        unsigned port;
    };
    const std::vector<Case> cases{
        {"plain", "https://Registry.Example.com", "https://registry.example.com", "/", "", 443},
        {"port", "http://127.0.0.1:5000/v2/", "http://127.0.0.1:5000", "/v2/", "", 5000},
        {"usual port written",
         "https://a.example:443/x?y=z",
         "https://a.example",
         "/x",
         "y=z",
         443},
        {"fragment dropped", "https://a.example/x#y", "https://a.example", "/x", "", 443},
        {"ipv6", "http://[::1]:5000/", "http://[::1]:5000", "/", "", 5000},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto url = Url::parse(c.input);
        ASSERT_TRUE(url.has_value()) << url.error().message;
        EXPECT_EQ(url->origin(), c.origin);
        EXPECT_EQ(url->path(), c.path);
        EXPECT_EQ(url->query(), c.query);
        EXPECT_EQ(url->port(), c.port);
        EXPECT_EQ(url->str().find('#'), std::string::npos);
    }
}

TEST(UrlTest, WhatIsNotAPlainHttpUrlIsRefused) {
    for (const std::string input :
         {"",
          "registry.example.com/v2/",
          "/v2/",
          "ftp://a.example/",
          "file:///etc/passwd",
          "https://",
          "https://user:test-secret-not-real@a.example/",
          "https://a.example/a b",
          "https://a.example/\r\nX: y",
          "https://a.example:99999/",
          "gopher://a.example/"}) {
        SCOPED_TRACE(input);
        const auto url = Url::parse(input);
        ASSERT_TRUE(url.has_error());
        EXPECT_EQ(url.error().kind, Errc::InvalidInput);
        EXPECT_EQ(url.error().message.find("test-secret"), std::string::npos);
    }
}

TEST(UrlTest, ReferencesResolveAgainstTheirBase) {
    const auto base = Url::parse("https://a.example:5000/v2/acme/app/tags/list?n=2").value();
    struct Case {
        std::string name, reference, expected;
    };
    const std::vector<Case> cases{
        {"path",
         "/v2/acme/app/tags/list?last=b",
         "https://a.example:5000/v2/acme/app/tags/list?last=b"},
        {"query", "?last=b", "https://a.example:5000/v2/acme/app/tags/list?last=b"},
        {"sibling", "other", "https://a.example:5000/v2/acme/app/tags/other"},
        {"absolute", "http://b.example/x", "http://b.example/x"},
        {"other host", "//b.example/x", "https://b.example/x"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto url = base.resolve(c.reference);
        ASSERT_TRUE(url.has_value()) << url.error().message;
        EXPECT_EQ(url->str(), c.expected);
    }
    EXPECT_TRUE(base.resolve("javascript:alert(1)").has_error());
    EXPECT_TRUE(base.resolve("https://user:x@a.example:5000/").has_error());
    EXPECT_TRUE(base.resolve("").has_error());
}

TEST(UrlTest, OriginIsSchemeHostAndPort) {
    const auto base = Url::parse("https://a.example/x").value();
    EXPECT_TRUE(base.same_origin(Url::parse("https://A.example:443/y?z").value()));
    EXPECT_FALSE(base.same_origin(Url::parse("http://a.example/x").value()));
    EXPECT_FALSE(base.same_origin(Url::parse("https://a.example:444/x").value()));
    EXPECT_FALSE(base.same_origin(Url::parse("https://a.example.evil.example/x").value()));
}

TEST(UrlTest, PercentEncodingLeavesOnlyUnreserved) {
    EXPECT_EQ(percent_encode("repository:acme/app:pull"), "repository%3Aacme%2Fapp%3Apull");
    EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encode("a&b=c d\xc3\xa9"), "a%26b%3Dc%20d%C3%A9");
}

}  // namespace
}  // namespace linkspan::transport
