#include "service/registry/referrers.h"

#include "service/registry/client.h"
#include "service/registry/digest.h"
#include "tests/support/scripted_http_server.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

using namespace std::chrono_literals;
using support::ScriptedHttpServer;
using support::ScriptedReply;

constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";
const image::Digest kSubject = image::Digest::parse("sha256:" + std::string(64, 'a')).value();
const std::string kReferrers = "/v2/acme/app/referrers/" + kSubject.str();
const std::string kFallback = "/v2/acme/app/manifests/sha256-" + std::string(64, 'a');

std::string index_of(const std::vector<std::pair<char, std::string>>& entries) {
    std::string out;
    for (const auto& [digit, type] : entries) {
        out += (out.empty() ? "" : ",") + std::string{R"({"digest":"sha256:)"} +
               std::string(64, digit) + R"(","size":1,"artifactType":")" + type + "\"}";
    }
    return R"({"schemaVersion":2,"manifests":[)" + out + "]}";
}

ScriptedReply reply(const std::string& body) {
    return {.headers = {{"Content-Type", kIndexType}}, .body = body};
}

Client client_for(const ScriptedHttpServer& server) {
    RegistryOptions options;
    options.host = "r.example";
    options.endpoint = server.url();
    options.timeout = 60s;
    options.retry.tries = 1;
    return Client{options};
}

// The first hex digit of each referrer.
Result<std::string> list(const ScriptedHttpServer& server, const std::string& type = "sig") {
    auto client = client_for(server);
    auto found = client.list_referrers(
        image::ImageName::parse("r.example/acme/app").value(), kSubject, type
    );
    if (found.has_error()) return found.error();
    std::string out;
    for (const auto& entry : *found) out += entry.digest.hex().substr(0, 1);
    return out;
}

TEST(ReferrersTest, FallbackTagIsTheDigestWithADash) {
    EXPECT_EQ(fallback_tag(kSubject), "sha256-" + std::string(64, 'a'));
    EXPECT_EQ(
        fallback_tag(image::Digest::parse("sha512:" + std::string(128, 'b')).value()),
        "sha512-" + std::string(64, 'b')
    );
}

TEST(ReferrersTest, TheApiIsAskedInPagesAndFilteredAgain) {
    ScriptedHttpServer server;
    auto first = reply(index_of({{'1', "sig"}, {'2', "sbom"}}));
    first.headers.emplace_back("Link", "<?page=2>; rel=\"next\"");
    server.when("GET", kReferrers).then_return(first).then_return(reply(index_of({{'3', "sig"}})));
    EXPECT_EQ(list(server, "sig").value(), "13");
    EXPECT_EQ(server.requests().at(0).query, "artifactType=sig");
    EXPECT_EQ(server.requests().at(1).query, "page=2");
}

TEST(ReferrersTest, NothingAttachedIsEmpty) {
    ScriptedHttpServer server;
    server.when("GET", kReferrers).then_return(reply(index_of({})));
    EXPECT_EQ(list(server).value(), "");
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST(ReferrersTest, RegistriesWithoutTheApiAreAskedForTheTag) {
    for (const unsigned status : {400U, 401U, 404U, 405U, 406U, 501U, 200U}) {
        SCOPED_TRACE(status);
        ScriptedHttpServer server;
        server.when("GET", kReferrers)
            .then_return(
                {.status = status, .headers = {{"Content-Type", "text/html"}}, .body = "<html>"}
            );
        server.when("GET", kFallback).then_return(reply(index_of({{'1', "sig"}, {'2', "x"}})));
        EXPECT_EQ(list(server).value(), "1");
        EXPECT_EQ(list(server, "").value(), "12");
    }
}

TEST(ReferrersTest, WhatTheTagMayHoldInstead) {
    struct Case {
        std::string name;
        ScriptedReply reply;
        std::optional<Errc> error;
    };
    ScriptedReply manifest = reply(R"({"schemaVersion":2,"config":{}})");
    manifest.headers = {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"}};
    for (const auto& c : std::vector<Case>{
             {"nothing", {.status = 404}, std::nullopt},
             {"somebody's image", manifest, std::nullopt},
             {"trouble", {.status = 503}, Errc::Unavailable},
             {"no access", {.status = 403}, Errc::Unauthorized},
         }) {
        SCOPED_TRACE(c.name);
        ScriptedHttpServer server;
        server.when("GET", kFallback).then_return(c.reply);
        const auto found = list(server);
        if (c.error) {
            ASSERT_TRUE(found.has_error());
            EXPECT_EQ(found.error().kind, *c.error);
        } else {
            ASSERT_TRUE(found.has_value()) << found.error().message;
            EXPECT_EQ(*found, "");
        }
    }
}

// oras-project/oras-go issue 1396: GitLab answers "sha256-<hex>" with the manifest of that digest.
TEST(ReferrersTest, TheSubjectItselfIsNotItsOwnReferrers) {
    const std::string body = index_of({{'1', ""}, {'2', ""}});
    const auto digest = compute_digest(body);
    ScriptedHttpServer server;
    server.when("GET", "/v2/acme/app/manifests/" + fallback_tag(digest)).then_return(reply(body));
    auto client = client_for(server);
    const auto found =
        client.list_referrers(image::ImageName::parse("r.example/acme/app").value(), digest, "");
    ASSERT_TRUE(found.has_value()) << found.error().message;
    EXPECT_TRUE(found->empty());
}

TEST(ReferrersTest, PagesAreBounded) {
    ScriptedHttpServer server;
    int page = 0;
    server.when("GET", kReferrers).then([&](const support::ScriptedRequest&) {
        auto out = reply(index_of({{'1', "sig"}}));
        out.headers.emplace_back("Link", "<?page=" + std::to_string(++page) + ">; rel=\"next\"");
        return out;
    });
    // The fallback is asked then, and knows of nothing.
    EXPECT_EQ(list(server).value(), "");
    EXPECT_LT(server.requests().size(), 100U);
}

TEST(ReferrersTest, ALinkToAnotherHostIsNotFollowed) {
    ScriptedHttpServer elsewhere;
    ScriptedHttpServer server;
    auto first = reply(index_of({{'1', "sig"}}));
    first.headers.emplace_back("Link", "<" + elsewhere.url() + "/x>; rel=\"next\"");
    server.when("GET", kReferrers).then_return(first);
    EXPECT_EQ(list(server).value(), "");
    EXPECT_EQ(elsewhere.connections(), 0U);
}

}  // namespace
}  // namespace linkspan::registry
