#include "webhooks/delivery.h"

#include "core/base64.h"
#include "tests/unit/webhooks/support.h"
#include "webhooks/hash.h"

namespace linkspan::webhooks {
namespace {

using testing::delivery_of;
using testing::error_of;
using testing::open_receiver;

TEST(HeadersTest, NamesHaveNoCaseAndTheFirstWins) {
    Headers headers{{"X-Id", "one"}, {"x-id", "two"}};
    headers.add("Empty", "");
    EXPECT_EQ(headers.get("x-ID"), "one");
    EXPECT_EQ(headers.get("EMPTY"), "");
    EXPECT_FALSE(headers.get("X-I"));
    EXPECT_FALSE(headers.get("X-Ids"));
}

DeliveryKey key_for(const char* type, std::string body, Headers headers = {}) {
    auto verified = verify(delivery_of(std::move(body), std::move(headers)), open_receiver(type));
    EXPECT_TRUE(verified) << error_of(verified);
    return verified ? verified->key() : DeliveryKey{};
}

TEST(DeliveryKeyTest, SendersIdCountsLong) {
    const DeliveryKey key = key_for("ci", "{}", {{"Idempotency-Key", "build-7"}});
    EXPECT_EQ(key.value, "id:build-7");
    EXPECT_EQ(key.window, std::chrono::hours{72});
}

TEST(DeliveryKeyTest, BodyHashCountsOnlyAsLongAsRetries) {
    const DeliveryKey key = key_for("ci", "abc");
    EXPECT_EQ(key.value, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(key.window, std::chrono::minutes{5});
    EXPECT_NE(key_for("ci", "abd").value, key.value);
}

// Quay's body of the next push of `latest` is the same, byte for byte.
TEST(DeliveryKeyTest, EqualBodiesAreNewPushesOnceTheSenderHasNoMoreRetries) {
    EXPECT_EQ(key_for("quay", "{}").window, std::chrono::minutes{5});
    EXPECT_EQ(key_for("generic", "{}").window, std::chrono::minutes{5});
    EXPECT_EQ(key_for("jfrog", "{}").window, std::chrono::minutes{5});
    // Theirs names the time of the push.
    EXPECT_EQ(key_for("dockerhub", "{}").window, std::chrono::hours{1});
    EXPECT_EQ(key_for("aliyun", "{}").window, std::chrono::hours{1});
}

// The key of a delivery that is let in by `scheme`.
DeliveryKey signed_key_for(
    const char* type, AuthScheme scheme, std::string body, Headers headers, const char* id = ""
) {
    Receiver receiver = open_receiver(type);
    receiver.auth.scheme = scheme;
    receiver.auth.tolerance = std::chrono::seconds{0};
    receiver.auth.secrets = testing::secrets({testing::kSecret});
    receiver.fields.image = "/image";
    receiver.fields.id = id;
    auto verified = verify(delivery_of(std::move(body), std::move(headers)), receiver);
    EXPECT_TRUE(verified) << error_of(verified);
    return verified ? verified->key() : DeliveryKey{};
}

std::string code(std::string_view text) {
    return hmac(HashAlgorithm::Sha256, testing::kSecret, text);
}

TEST(DeliveryKeyTest, StandardWebhooksSignsTheId) {
    const std::string key = "test-key-not-real-test-key";
    for (const char* const type : {"ci", "generic", "cloudevents", "gitlab"}) {
        for (const AuthScheme scheme : {AuthScheme::StandardWebhooks, AuthScheme::Own}) {
            SCOPED_TRACE(type);
            Receiver receiver = open_receiver(type);
            receiver.auth.scheme = scheme;
            receiver.auth.tolerance = std::chrono::seconds{0};
            receiver.auth.secrets = testing::secrets({"whsec_" + to_base64(key)});
            const std::string signature =
                "v1," + to_base64(hmac(HashAlgorithm::Sha256, key, "msg_1.7.{}"));
            const auto verified = verify(
                delivery_of(
                    "{}",
                    {{"webhook-id", "msg_1"},
                     {"webhook-timestamp", "7"},
                     {"webhook-signature", signature},
                     {"Idempotency-Key", "somebody-else's"}}
                ),
                receiver
            );
            ASSERT_TRUE(verified) << error_of(verified);
            EXPECT_EQ(verified->key().value, "id:msg_1");
        }
    }
}

TEST(DeliveryKeyTest, WhatWasCapturedIsNotNewUnderAnotherId) {
    const std::string body = R"({"id":"in-the-body"})";
    const std::string digest = "SHA-256=" + to_base64(sha256(body));
    const std::string date = "Sat, 21 Nov 2026 00:00:00 GMT";
    const std::string buildkite = to_hex(code("7." + body));
    const struct {
        const char* name;
        AuthScheme scheme;
        Headers first;
        Headers again;  // the same signature, in another form
    } cases[] = {
        {"buildkite",
         AuthScheme::Buildkite,
         {{"X-Buildkite-Signature", "timestamp=7,signature=" + buildkite}},
         {{"X-Buildkite-Signature", "x=y, signature=" + buildkite + ", timestamp=7"}}},
        {"circleci",
         AuthScheme::CircleCi,
         {{"circleci-signature", "v1=" + to_hex(code(body))}},
         {{"circleci-signature", "v2=x,v1=" + to_hex(code(body))}}},
        {"drone",
         AuthScheme::Drone,
         {{"Date", date},
          {"Digest", digest},
          {"Signature",
           R"(keyId="hmac-key",algorithm="hmac-sha256",headers="date digest",signature=")" +
               to_base64(code("date: " + date + "\ndigest: " + digest)) + '"'}},
         {{"Date", date},
          {"Digest", digest},
          {"Signature",
           R"(algorithm="hmac-sha256",headers="date digest",signature=")" +
               to_base64(code("date: " + date + "\ndigest: " + digest)) + '"'}}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        Headers first = c.first;
        first.add("Idempotency-Key", "one");
        Headers again = c.again;
        again.add("Idempotency-Key", "two");
        const DeliveryKey key = signed_key_for("generic", c.scheme, body, first);
        EXPECT_EQ(key.window, std::chrono::hours{72});
        EXPECT_EQ(signed_key_for("generic", c.scheme, body, again).value, key.value);
        const char* const header = "{header:Idempotency-Key}";
        EXPECT_EQ(signed_key_for("generic", c.scheme, body, again, header).value, key.value);
        const DeliveryKey by_id = signed_key_for("generic", c.scheme, body, again, "/id");
        EXPECT_EQ(by_id.value, "id:in-the-body");
    }
}

TEST(DeliveryKeyTest, OddIdsAreHashed) {
    for (const std::string& id : {std::string(500, 'x'), std::string{"two words"}}) {
        const DeliveryKey key = key_for("ci", "{}", {{"Idempotency-Key", id}});
        EXPECT_EQ(key.value.substr(0, 10), "id-sha256:");
        EXPECT_EQ(key.value.size(), 10U + 64U);
        EXPECT_EQ(key.window, std::chrono::hours{72});
    }
}

TEST(DeliveryKeyTest, DistributionEventsHaveIds) {
    EXPECT_EQ(key_for("distribution", R"({"events":[{"id":"a"},{"id":"b"}]})").value, "id:a,b");
    EXPECT_EQ(
        key_for("distribution", R"({"events":[{"id":"a"},{}]})").window, std::chrono::hours{1}
    );
    EXPECT_EQ(key_for("distribution", "not JSON").window, std::chrono::hours{1});
    EXPECT_EQ(key_for("distribution", R"({"events":[]})").window, std::chrono::hours{1});
}

TEST(VerifyTest, OnlyAuthenticatedCallersAreProven) {
    EXPECT_FALSE(verify(delivery_of("{}"), open_receiver("ci"))->proven());
    Receiver receiver = open_receiver("ci");
    receiver.auth.scheme = AuthScheme::Bearer;
    receiver.auth.secrets = testing::secrets({testing::kSecret});
    const auto refused = verify(delivery_of("{}"), receiver);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().kind, Errc::Unauthorized);
    const auto verified = verify(
        delivery_of("{}", {{"Authorization", std::string{"Bearer "} + testing::kSecret}}), receiver
    );
    ASSERT_TRUE(verified) << error_of(verified);
    EXPECT_TRUE(verified->proven());
    EXPECT_EQ(verified->raw().body, "{}");
}

TEST(ParseTest, UnknownTypeIsOurBug) {
    const Receiver receiver = open_receiver("no-such-type");
    const auto verified = verify(delivery_of("{}"), receiver);
    ASSERT_TRUE(verified);
    const auto parsed = parse(*verified, receiver);
    ASSERT_TRUE(parsed.has_error());
    EXPECT_EQ(parsed.error().kind, Errc::Internal);
}

}  // namespace
}  // namespace linkspan::webhooks
