#include "service/notify/request.h"

#include "core/secret.h"
#include "tests/unit/notify/samples.h"
#include "webhooks/hash.h"
#include "webhooks/receiver.h"
#include "webhooks/standard_webhooks.h"

namespace linkspan::notify {
namespace {

using test::body_of;
using test::header;
using test::request_of;
using test::sample;
using test::sink;

const std::string kSecret = "test-secret-not-real";

std::string hex_hmac(const std::string& body) {
    return "sha256=" +
           webhooks::to_hex(webhooks::hmac(webhooks::HashAlgorithm::Sha256, kSecret, body));
}

TEST(RequestTest, WhatAllTypesShare) {
    for (const Type type :
         {Type::FluxReceiver, Type::ArgoCd, Type::Slack, Type::CloudEvents, Type::Webhook}) {
        Sink to = sink(type);
        to.token = Secret{"test-token"};
        to.headers = {{"X-Team", "platform"}};
        to.timeout = std::chrono::milliseconds{1234};
        const auto request = request_of(to, sample());
        EXPECT_EQ(request.method, "POST");
        EXPECT_EQ(request.url, to.url);
        EXPECT_EQ(request.timeout, to.timeout);
        EXPECT_EQ(header(request, "Authorization"), "Bearer test-token");
        EXPECT_EQ(header(request, "X-Team"), "platform");
        EXPECT_TRUE(body_of(request).is_object());
    }
}

TEST(RequestTest, FluxReceiver) {
    Sink to = sink(Type::FluxReceiver);
    const auto plain = request_of(to, sample());
    EXPECT_EQ(header(plain, "X-Signature"), "");
    to.secret = Secret{kSecret};
    const auto request = request_of(to, sample());
    EXPECT_EQ(header(request, "X-Signature"), hex_hmac(request.body));
    EXPECT_EQ(body_of(request)["commit"], test::kCommit);
    EXPECT_EQ(body_of(request)["branch"], "main");
}

TEST(RequestTest, ArgoCd) {
    Sink to = sink(Type::ArgoCd);
    to.secret = Secret{kSecret};
    const auto request = request_of(to, sample());
    EXPECT_EQ(header(request, "X-GitHub-Event"), "push");
    EXPECT_EQ(header(request, "X-Hub-Signature-256"), hex_hmac(request.body));
    const auto body = body_of(request);
    EXPECT_EQ(body["ref"], "refs/heads/main");
    EXPECT_EQ(body["before"], test::kParent);
    EXPECT_EQ(body["after"], test::kCommit);
    EXPECT_EQ(body["repository"]["html_url"], "https://git.example.com/acme/fleet");
    EXPECT_EQ(body["repository"]["full_name"], "acme/fleet");
    EXPECT_EQ(body["repository"]["default_branch"], "main");
    EXPECT_EQ(body["commits"][0]["modified"], nlohmann::json::array({"clusters/prod/app.yaml"}));
}

// Argo CD leaves applications alone whose files are not named, and copies what it cached for
// `before`: without certainty there are no files, and it looks at all.
TEST(RequestTest, ArgoCdWithoutTheParentLooksAtEverything) {
    Message message = sample();
    message.before.clear();
    const auto body = body_of(request_of(sink(Type::ArgoCd), message));
    EXPECT_TRUE(body["commits"][0]["modified"].empty());
    EXPECT_EQ(body["before"], std::string(40, '0'));
}

TEST(RequestTest, ArgoCdKnowsNoFolders) {
    Message message = sample();
    message.repository_url = "file:///srv/fleet.git";
    const auto request = make_request(sink(Type::ArgoCd), message, test::kAt);
    ASSERT_TRUE(request.has_error());
    EXPECT_EQ(request.error().kind, Errc::InvalidInput);
}

TEST(RequestTest, CloudEvents) {
    const auto request = request_of(sink(Type::CloudEvents), sample());
    EXPECT_EQ(header(request, "Content-Type"), "application/cloudevents+json");
    const auto body = body_of(request);
    EXPECT_EQ(body["specversion"], "1.0");
    EXPECT_EQ(body["id"], "msg_test");
    EXPECT_EQ(body["source"], "https://linkspan.example.com");
    EXPECT_EQ(body["type"], "dev.linkspan.promotion.committed");
    EXPECT_EQ(body["time"], "2026-01-02T03:04:05.678Z");
    EXPECT_EQ(body["subject"], "registry.example.com/acme/app:1.4.2");
    EXPECT_EQ(body["data"]["promotions"][0]["changes"][0]["new_tag"], "1.4.2");
    EXPECT_TRUE(body["data"]["pull_request_url"].is_null());
}

TEST(RequestTest, TypesOfEvents) {
    const struct {
        const char* kind;
        const char* type;
    } cases[] = {
        {"committed", "promotion.committed"},
        {"refused", "promotion.refused"},
        {"applied", "deployment.applied"},
        {"apply_failed", "deployment.failed"},
    };
    for (const auto& c : cases) {
        Message message = sample();
        message.kind = c.kind;
        EXPECT_EQ(body_of(request_of(sink(Type::Webhook), message))["type"], c.type);
    }
}

TEST(RequestTest, StandardWebhooksAreWhatOurOwnReceiverLetsIn) {
    const std::string secret = "whsec_dGVzdCBrZXksIG5vdCByZWFsLCAyNCBieXRlcw==";
    for (const Type type : {Type::Webhook, Type::CloudEvents}) {
        Sink to = sink(type);
        to.secret = Secret{secret};
        const auto request = request_of(to, sample());
        EXPECT_EQ(header(request, "webhook-id"), "msg_test");
        webhooks::RawDelivery delivery;
        for (const auto& [name, value] : request.headers) delivery.headers.add(name, value);
        delivery.body = request.body;
        delivery.received_at = test::kAt;
        const auto check = [&](const webhooks::RawDelivery& raw) {
            return webhooks::check_standard_webhooks(
                raw, std::chrono::seconds{10}, {Secret{secret}}
            );
        };
        EXPECT_EQ(check(delivery).kind, webhooks::Verdict::Kind::Passed);
        delivery.body += ' ';
        EXPECT_EQ(check(delivery).kind, webhooks::Verdict::Kind::Refused);
    }
}

TEST(RequestTest, ASecretThatCantSignIsSaidSoWithoutIt) {
    Sink to = sink(Type::Webhook);
    to.secret = Secret{"not base64 !!"};
    const auto request = make_request(to, sample(), test::kAt);
    ASSERT_TRUE(request.has_error());
    EXPECT_EQ(request.error().kind, Errc::InvalidInput);
    EXPECT_EQ(request.error().message.find("not base64 !!"), std::string::npos);
}

}  // namespace
}  // namespace linkspan::notify
