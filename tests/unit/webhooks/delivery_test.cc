#include "webhooks/delivery.h"

#include "tests/unit/webhooks/support.h"

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
    EXPECT_EQ(key.window, std::chrono::hours{1});
    EXPECT_NE(key_for("ci", "abd").value, key.value);
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
