#include "service/registry/endpoint.h"

#include "service/registry/client.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

using transport::Url;

RegistryOptions options(const std::string& host, const std::string& endpoint, bool insecure) {
    RegistryOptions out;
    out.host = host;
    out.endpoint = endpoint;
    out.insecure = insecure;
    return out;
}

TEST(EndpointTest, UrlsAreMadeFromHostOrEndpoint) {
    struct Case {
        std::string name;
        RegistryOptions options;
        std::string expected;
    };
    const std::vector<Case> cases{
        {"host",
         options("r.example:5000", "", false),
         "https://r.example:5000/v2/acme/app/tags/list"},
        {"insecure", options("r.example", "", true), "http://r.example/v2/acme/app/tags/list"},
        {"Docker Hub",
         options("docker.io", "", false),
         "https://registry-1.docker.io/v2/acme/app/tags/list"},
        {"endpoint",
         options("r.example", "http://127.0.0.1:5000", false),
         "http://127.0.0.1:5000/v2/acme/app/tags/list"},
        {"endpoint with a path",
         options("r.example", "https://a.example/api/docker/", false),
         "https://a.example/api/docker/v2/acme/app/tags/list"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto endpoint = Endpoint::make(c.options);
        ASSERT_TRUE(endpoint.has_value()) << endpoint.error().message;
        EXPECT_EQ(endpoint->url("acme/app", "tags/list"), c.expected);
    }
}

TEST(EndpointTest, WhatCanNotBeAnEndpointIsRefused) {
    for (const std::string text :
         {"ftp://r.example", "r.example", "https://user:x@r.example", "https://r.example/?a=b"}) {
        SCOPED_TRACE(text);
        const auto endpoint = Endpoint::make(options("r.example", text, false));
        ASSERT_TRUE(endpoint.has_error());
        EXPECT_EQ(endpoint.error().kind, Errc::InvalidInput);
    }
}

TEST(EndpointTest, SecretsMayTravelOverTlsOrToAnInsecureRegistrysOwnHost) {
    const auto secure = Endpoint::make(options("r.example", "", false)).value();
    const auto plain = Endpoint::make(options("r.example:5000", "", true)).value();
    struct Case {
        std::string url;
        bool secure, plain;
    };
    const std::vector<Case> cases{
        {"https://r.example/token", true, true},
        {"https://auth.example/token", true, true},
        {"http://r.example/token", false, true},
        {"http://r.example:9000/token", false, true},
        {"http://auth.example/token", false, false},
        {"http://r.example.evil.example/token", false, false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.url);
        EXPECT_EQ(secure.trusts(Url::parse(c.url).value()), c.secure);
        EXPECT_EQ(plain.trusts(Url::parse(c.url).value()), c.plain);
    }
}

}  // namespace
}  // namespace linkspan::registry
