// The client against Distribution's own registry, with images that skopeo pushed.
#include "service/registry/client.h"
#include "tests/support/registry_server.h"
#include "tests/support/token_server.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace linkspan::registry {
namespace {

using namespace std::chrono_literals;
using support::OciImageSpec;
using support::RegistryServer;
using support::RegistryServerOptions;

RegistryOptions options_for(const RegistryServer& server) {
    RegistryOptions options;
    options.host = server.host();
    options.endpoint = server.url();
    return options;
}

std::function<Result<std::optional<Credentials>>()> login(
    const std::string& user, const std::string& password
) {
    return [=]() -> Result<std::optional<Credentials>> {
        return std::optional{Credentials{user, Secret{password}}};
    };
}

image::ImageName name(const RegistryServer& server, const std::string& repository) {
    return image::ImageName::from_parts(server.host(), repository).value();
}

class DistributionTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!RegistryServer::available()) GTEST_SKIP() << "needs docker-registry and skopeo";
    }
};

TEST_F(DistributionTest, TagsAndDigestsResolve) {
    const RegistryServer server;
    const auto plain = server.push("acme/app", {.tag = "1.0.0"});
    const auto index =
        server.push("acme/app", {.tag = "2.0.0", .platforms = {"linux/amd64", "linux/arm64/v8"}});
    Client client{options_for(server)};
    const auto app = name(server, "acme/app");

    auto manifest = client.resolve(app, "1.0.0");
    ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
    EXPECT_EQ(manifest->digest.str(), plain.digest);
    EXPECT_EQ(manifest->media_type, "application/vnd.oci.image.manifest.v1+json");

    manifest = client.resolve(app, "2.0.0");
    ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
    EXPECT_EQ(manifest->digest.str(), index.digest);
    EXPECT_EQ(manifest->media_type, "application/vnd.oci.image.index.v1+json");

    manifest = client.resolve(app, index.children.at("linux/arm64/v8"));
    ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
    EXPECT_EQ(manifest->digest.str(), index.children.at("linux/arm64/v8"));
}

TEST_F(DistributionTest, MissingTagsAndRepositoriesAreNotFound) {
    const RegistryServer server;
    server.push("acme/app", {.tag = "1.0.0"});
    Client client{options_for(server)};
    EXPECT_EQ(client.resolve(name(server, "acme/app"), "9").error().kind, Errc::NotFound);
    EXPECT_EQ(client.resolve(name(server, "acme/none"), "1.0.0").error().kind, Errc::NotFound);
    const auto list = client.list_tags(name(server, "acme/none"));
    ASSERT_TRUE(list.has_error());
    EXPECT_EQ(list.error().kind, Errc::NotFound);
    EXPECT_NE(list.error().message.find("NAME_UNKNOWN"), std::string::npos) << list.error().message;
}

TEST_F(DistributionTest, ATagThatMovesAndOneThatVanishes) {
    const RegistryServer server;
    Client client{options_for(server)};
    const auto app = name(server, "acme/app");
    const auto first = server.push("acme/app", {.tag = "latest", .content = "one"});
    EXPECT_EQ(client.resolve(app, "latest").value().digest.str(), first.digest);
    const auto second = server.push("acme/app", {.tag = "latest", .content = "two"});
    ASSERT_NE(first.digest, second.digest);
    EXPECT_EQ(client.resolve(app, "latest").value().digest.str(), second.digest);
    server.remove_tag("acme/app", "latest");
    EXPECT_EQ(client.resolve(app, "latest").error().kind, Errc::NotFound);
}

TEST_F(DistributionTest, ThousandsOfTagsComeInPages) {
    for (const bool relative : {false, true}) {
        SCOPED_TRACE(relative ? "relative links" : "absolute links");
        RegistryServerOptions options;
        options.relative_links = relative;
        const RegistryServer server{options};
        server.push("acme/app", {.tag = "first"});
        std::vector<std::string> expected;
        for (int i = 0; i < (relative ? 1100 : 10000); ++i) {
            expected.push_back("1.0." + std::to_string(i));
        }
        server.add_tags("acme/app", "first", expected);
        expected.emplace_back("first");
        std::sort(expected.begin(), expected.end());

        Client client{options_for(server)};
        auto list = client.list_tags(name(server, "acme/app"));
        ASSERT_TRUE(list.has_value()) << list.error().message;
        std::sort(list->tags.begin(), list->tags.end());
        EXPECT_EQ(list->tags, expected);
        EXPECT_FALSE(list->truncated);

        auto few = options_for(server);
        few.max_tags = 1050;
        Client short_client{few};
        list = short_client.list_tags(name(server, "acme/app"));
        ASSERT_TRUE(list.has_value()) << list.error().message;
        EXPECT_EQ(list->tags.size(), 1050U);
        EXPECT_TRUE(list->truncated);
    }
}

TEST_F(DistributionTest, PasswordsOfHtpasswd) {
    RegistryServerOptions options;
    options.htpasswd = {"robot", "test-secret-not-real"};
    const RegistryServer server{options};
    const auto image = server.push("acme/app", {.tag = "1.0.0"});
    const auto app = name(server, "acme/app");

    auto with_login = options_for(server);
    with_login.credentials = login("robot", "test-secret-not-real");
    Client client{with_login};
    const auto manifest = client.resolve(app, "1.0.0");
    ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
    EXPECT_EQ(manifest->digest.str(), image.digest);
    EXPECT_EQ(client.list_tags(app).value().tags, std::vector<std::string>{"1.0.0"});

    auto with_wrong = options_for(server);
    with_wrong.credentials = login("robot", "test-secret-wrong");
    Client wrong{with_wrong};
    const auto refused = wrong.list_tags(app);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().kind, Errc::Unauthorized);
    EXPECT_NE(refused.error().message.find("UNAUTHORIZED"), std::string::npos)
        << refused.error().message;
    EXPECT_EQ(refused.error().message.find("test-secret"), std::string::npos);

    Client anonymous{options_for(server)};
    EXPECT_EQ(anonymous.resolve(app, "1.0.0").error().kind, Errc::Unauthorized);
}

TEST_F(DistributionTest, TokensOfATokenServer) {
    support::TokenServer tokens;
    RegistryServerOptions options;
    options.token = tokens.auth();
    const RegistryServer server{options};
    const auto image = server.push("acme/app", {.tag = "1.0.0"});
    const auto app = name(server, "acme/app");
    const auto asked_before = tokens.server().requests().size();

    auto with_login = options_for(server);
    with_login.credentials = login("robot", "test-secret-not-real");
    Client client{with_login};
    for (int i = 0; i < 3; ++i) {
        const auto manifest = client.resolve(app, "1.0.0");
        ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
        EXPECT_EQ(manifest->digest.str(), image.digest);
    }
    ASSERT_TRUE(client.list_tags(app).has_value());
    // One scope, one token: Distribution asks the same of lists and manifests.
    const auto asked = tokens.server().requests();
    ASSERT_EQ(asked.size(), asked_before + 1);
    EXPECT_EQ(asked.back().query, "service=test-service&scope=repository%3Aacme%2Fapp%3Apull");
    EXPECT_EQ(asked.back().header("Authorization"), "Basic cm9ib3Q6dGVzdC1zZWNyZXQtbm90LXJlYWw=");
}

TEST_F(DistributionTest, TlsWithACaOfOurOwn) {
    const support::TestCa ca;
    RegistryServerOptions options;
    options.tls = ca.make_server_certificate();
    const RegistryServer server{options};
    const auto image = server.push("acme/app", {.tag = "1.0.0"});
    const auto app = name(server, "acme/app");

    RegistryOptions trusting;
    trusting.host = server.host();
    trusting.ca_file = ca.certificate();
    Client client{trusting};
    const auto manifest = client.resolve(app, "1.0.0");
    ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
    EXPECT_EQ(manifest->digest.str(), image.digest);

    RegistryOptions plain;
    plain.host = server.host();
    Client other{plain};
    const auto refused = other.resolve(app, "1.0.0");
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().kind, Errc::Unavailable);
    EXPECT_NE(refused.error().message.find("certificate"), std::string::npos)
        << refused.error().message;
}

TEST_F(DistributionTest, ClientCertificates) {
    const support::TestCa ca;
    RegistryServerOptions options;
    options.tls = ca.make_server_certificate();
    options.client_ca = ca.certificate();
    const RegistryServer server{options};
    const auto app = name(server, "acme/app");
    RegistryOptions with;
    with.host = server.host();
    with.ca_file = ca.certificate();
    Client without{with};
    EXPECT_EQ(without.resolve(app, "1.0.0").error().kind, Errc::Unavailable);
    const auto files = ca.make_client_certificate("robot");
    with.client_certificate = files.certificate;
    with.client_key = files.key;
    Client client{with};
    // The registry is empty: that it says so is the proof that it let us in.
    EXPECT_EQ(client.resolve(app, "1.0.0").error().kind, Errc::NotFound);
}

}  // namespace
}  // namespace linkspan::registry
