#include "webhooks/standard_webhooks.h"

#include "core/base64.h"
#include "tests/unit/webhooks/key_maker.h"
#include "tests/unit/webhooks/support.h"
#include "webhooks/hash.h"

#include <fmt/format.h>

namespace linkspan::webhooks {
namespace {

using Clock = std::chrono::system_clock;

constexpr std::int64_t kNow = 1700000000;
const std::string kKey = "test-key-not-real-test-key";

std::string whsec(const std::string& key) { return "whsec_" + to_base64(key); }

std::string v1(const std::string& key, std::int64_t time, const std::string& body) {
    return "v1," +
           to_base64(hmac(HashAlgorithm::Sha256, key, fmt::format("msg_1.{}.{}", time, body)));
}

RawDelivery message(const std::string& signature, std::int64_t time = kNow) {
    RawDelivery delivery = testing::delivery_of(
        "body",
        {{"webhook-id", "msg_1"},
         {"webhook-timestamp", std::to_string(time)},
         {"webhook-signature", signature}}
    );
    delivery.received_at = Clock::time_point{std::chrono::seconds{kNow}};
    return delivery;
}

bool passes(const RawDelivery& delivery, const std::vector<std::string>& secrets) {
    Secrets list;
    for (const std::string& secret : secrets) list.emplace_back(secret);
    return check_standard_webhooks(delivery, std::chrono::seconds{300}, list).kind ==
           Verdict::Kind::Passed;
}

TEST(StandardWebhooksTest, RotationOnBothSides) {
    const std::string other = "another-test-key-not-real";
    EXPECT_TRUE(passes(message(v1(kKey, kNow, "body")), {whsec(kKey)}));
    EXPECT_TRUE(passes(message(v1(kKey, kNow, "body")), {whsec(other), whsec(kKey)}));
    EXPECT_TRUE(
        passes(message(v1(other, kNow, "body") + " v9,xx " + v1(kKey, kNow, "body")), {whsec(kKey)})
    );
    EXPECT_FALSE(passes(message(v1(other, kNow, "body")), {whsec(kKey)}));
}

TEST(StandardWebhooksTest, ToleranceOnBothSides) {
    EXPECT_TRUE(passes(message(v1(kKey, kNow - 300, "body"), kNow - 300), {whsec(kKey)}));
    EXPECT_TRUE(passes(message(v1(kKey, kNow + 300, "body"), kNow + 300), {whsec(kKey)}));
    EXPECT_FALSE(passes(message(v1(kKey, kNow - 301, "body"), kNow - 301), {whsec(kKey)}));
    EXPECT_FALSE(passes(message(v1(kKey, kNow + 301, "body"), kNow + 301), {whsec(kKey)}));
    // Extremes of the number, with a right signature.
    for (const std::int64_t time : {INT64_MAX, INT64_MIN, std::int64_t{0}}) {
        EXPECT_FALSE(passes(message(v1(kKey, time, "body"), time), {whsec(kKey)})) << time;
    }
}

TEST(StandardWebhooksTest, MalformedHeadersAreRefused) {
    const std::string good = v1(kKey, kNow, "body");
    for (const std::string& signature :
         {std::string{},
          std::string{"v1,"},
          std::string{"v1"},
          std::string{","},
          good.substr(3),
          "v2" + good.substr(2),
          good + "x",
          good.substr(0, good.size() - 1),
          "v1a" + good.substr(2)}) {
        EXPECT_FALSE(passes(message(signature), {whsec(kKey)})) << signature;
    }
    RawDelivery twice = message(good);
    twice.headers = {{"webhook-id", "msg_1"}, {"webhook-signature", good}};
    EXPECT_FALSE(passes(twice, {whsec(kKey)}));
    twice.headers.add("webhook-timestamp", fmt::format("{} ", kNow));
    EXPECT_FALSE(passes(twice, {whsec(kKey)}));
}

TEST(StandardWebhooksTest, UselessSecretsLetNobodyIn) {
    const std::string empty_key = v1("", kNow, "body");
    for (const char* const secret : {"whsec_", "whsec_!", "whsec_=", "whpk_", "whpk_AAAA"}) {
        EXPECT_FALSE(passes(message(empty_key), {secret})) << secret;
    }
}

TEST(StandardWebhooksTest, Ed25519SignaturesAndPublicKeys) {
    const auto key = testing::SigningKey::ed25519();
    const std::string public_key = "whpk_" + to_base64(*from_base64url(key.jwk_member("x")));
    const std::string text = fmt::format("msg_1.{}.body", kNow);
    const std::string good = "v1a," + to_base64(key.sign("EdDSA", text));
    EXPECT_TRUE(passes(message(good), {public_key}));
    EXPECT_TRUE(passes(message("v1,xxxx " + good), {whsec(kKey), public_key}));
    EXPECT_FALSE(passes(message("v1" + good.substr(3)), {public_key}));
    const auto stranger = testing::SigningKey::ed25519();
    EXPECT_FALSE(passes(message("v1a," + to_base64(stranger.sign("EdDSA", text))), {public_key}));
    // A public key is public: as an HMAC key it must not count.
    const std::string confused =
        "v1," + to_base64(hmac(HashAlgorithm::Sha256, *from_base64(public_key.substr(5)), text));
    EXPECT_FALSE(passes(message(confused), {public_key}));
}

}  // namespace
}  // namespace linkspan::webhooks
