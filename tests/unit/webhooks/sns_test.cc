#include "webhooks/sns.h"

#include "core/base64.h"
#include "tests/unit/webhooks/key_maker.h"
#include "tests/unit/webhooks/support.h"
#include "webhooks/authenticate.h"

#include <nlohmann/json.hpp>

namespace linkspan::webhooks {
namespace {

using nlohmann::json;
using testing::SigningKey;

const std::string kTopic = "arn:aws:sns:us-west-2:123456789012:ecr-push";
const std::string kCertificateUrl = "https://sns.us-west-2.amazonaws.com/Test-1.pem";

const SigningKey& key() {
    static const SigningKey made = SigningKey::rsa();
    return made;
}

struct Certificates final : CertificateSource {
    mutable std::vector<std::string> asked;
    bool fetched = true;
    [[nodiscard]] std::optional<std::string> certificate(std::string_view url) const override {
        asked.emplace_back(url);
        if (!fetched) return std::nullopt;
        return key().certificate();
    }
};

json unsigned_message(const std::string& type) {
    json message{
        {"Type", type},
        {"MessageId", "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf321"},
        {"TopicArn", kTopic},
        {"Message", "{\"detail-type\":\"ECR Image Scan\"}"},
        {"Timestamp", "2026-01-02T03:04:05.000Z"},
        {"SignatureVersion", "2"},
        {"SigningCertURL", kCertificateUrl},
    };
    if (type != "Notification") {
        message["Token"] = "token-1";
        message["SubscribeURL"] =
            "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + kTopic +
            "&Token=token-1";
    }
    return message;
}

// The text that Amazon's documentation says is signed, written down apart from our own function.
std::string documented_text(const json& message) {
    std::vector<std::string> names{
        "Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"};
    if (message["Type"] != "Notification") {
        names = {"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"};
    }
    std::string text;
    for (const std::string& name : names) {
        if (message.contains(name)) text += name + "\n" + message[name].get<std::string>() + "\n";
    }
    return text;
}

RawDelivery delivery_of(json message) {
    if (!message.contains("Signature")) {
        const std::string algorithm = message["SignatureVersion"] == "1" ? "SHA1" : "RS256";
        message["Signature"] = to_base64(key().sign(algorithm, documented_text(message)));
    }
    RawDelivery delivery = testing::delivery_of(
        message.dump(), {{"x-amz-sns-message-type", message.value("Type", "Notification")}}
    );
    delivery.received_at =
        std::chrono::sys_days{std::chrono::year{2026} / 1 / 2} + std::chrono::hours{4};
    return delivery;
}

Receiver receiver_with(std::shared_ptr<const CertificateSource> certificates) {
    Receiver receiver = testing::open_receiver("ecr");
    receiver.auth.scheme = AuthScheme::Sns;
    receiver.auth.sns.topics = {kTopic};
    receiver.auth.sns.certificates = std::move(certificates);
    return receiver;
}

TEST(SnsTest, SignaturesOfBothVersionsAndAllTypes) {
    const Receiver receiver = receiver_with(std::make_shared<Certificates>());
    for (const char* const type :
         {"Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"}) {
        for (const char* const version : {"1", "2"}) {
            SCOPED_TRACE(std::string{type} + " " + version);
            json message = unsigned_message(type);
            message["SignatureVersion"] = version;
            const auto way = authenticate(delivery_of(message), receiver);
            EXPECT_TRUE(way) << testing::error_of(way);
        }
    }
    json with_subject = unsigned_message("Notification");
    with_subject["Subject"] = "a subject";
    EXPECT_TRUE(authenticate(delivery_of(with_subject), receiver));
}

TEST(SnsTest, EverySignedMemberCounts) {
    const Receiver receiver = receiver_with(std::make_shared<Certificates>());
    for (const char* const type : {"Notification", "SubscriptionConfirmation"}) {
        const json message = json::parse(delivery_of(unsigned_message(type)).body);
        for (const char* const name :
             {"Message",
              "MessageId",
              "Timestamp",
              "TopicArn",
              "Type",
              "Token",
              "SubscribeURL",
              "Signature",
              "SignatureVersion"}) {
            if (!message.contains(name)) continue;
            SCOPED_TRACE(name);
            json altered = message;
            std::string value = altered[name];
            value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 1);
            altered[name] = value;
            EXPECT_FALSE(authenticate(delivery_of(altered), receiver));
            altered.erase(name);
            if (std::string{name} == "Signature") altered[name] = "";
            EXPECT_FALSE(authenticate(delivery_of(altered), receiver));
        }
    }
}

TEST(SnsTest, CertificatesOnlyFromTheProvider) {
    const auto certificates = std::make_shared<Certificates>();
    const Receiver receiver = receiver_with(certificates);
    for (const char* const url :
         {"http://sns.us-west-2.amazonaws.com/x.pem",
          "https://evil.example.com/x.pem",
          "https://sns.us-west-2.amazonaws.com.evil.example.com/x.pem",
          "https://evil.example.com/sns.us-west-2.amazonaws.com/x.pem",
          "https://sns.us-west-2.amazonaws.com@evil.example.com/x.pem",
          "https://sns.us-west-2.amazonaws.com:8443/x.pem",
          "https://sns.us-west-2.amazonaws.com\\@evil.example.com/x.pem",
          "https://sns.evil.example.com/x.amazonaws.com/x.pem",
          "https://sns.a.b.amazonaws.com/x.pem",
          "https://sns.amazonaws.com/x.pem",
          "https://sns..amazonaws.com/x.pem",
          "https://s3.us-west-2.amazonaws.com/x.pem",
          "https://sns.us-west-2.amazonaws.com/x.txt",
          "https://sns.us-west-2.amazonaws.com/x?y=.pem",
          "https://sns.us-west-2.amazonaws.com/x#.pem",
          "https://sns.us-west-2.amazonaws.com"}) {
        SCOPED_TRACE(url);
        json message = unsigned_message("Notification");
        message["SigningCertURL"] = url;
        const RawDelivery delivery = delivery_of(message);
        EXPECT_FALSE(sns::certificate_url(delivery));
        const auto way = authenticate(delivery, receiver);
        ASSERT_TRUE(way.has_error());
        EXPECT_EQ(way.error().kind, Errc::Unauthorized);
    }
    EXPECT_TRUE(certificates->asked.empty());
    EXPECT_EQ(sns::certificate_url(delivery_of(unsigned_message("Notification"))), kCertificateUrl);
    EXPECT_TRUE(sns::is_trusted_url("https://sns.cn-north-1.amazonaws.com.cn/x.pem"));
}

TEST(SnsTest, CertificatesThatAreNotThereYet) {
    const auto certificates = std::make_shared<Certificates>();
    certificates->fetched = false;
    const RawDelivery delivery = delivery_of(unsigned_message("Notification"));
    const auto way = authenticate(delivery, receiver_with(certificates));
    ASSERT_TRUE(way.has_error());
    EXPECT_EQ(way.error().kind, Errc::Unavailable);
    EXPECT_EQ(authenticate(delivery, receiver_with(nullptr)).error().kind, Errc::Unavailable);
    // A certificate in place of a secret, where nothing may be fetched.
    Receiver pinned = receiver_with(nullptr);
    pinned.auth.secrets = testing::secrets({key().certificate()});
    EXPECT_TRUE(authenticate(delivery, pinned));
}

TEST(SnsTest, AnybodyHasATopic) {
    Receiver receiver = receiver_with(std::make_shared<Certificates>());
    const RawDelivery delivery = delivery_of(unsigned_message("Notification"));
    receiver.auth.sns.topics = {};
    EXPECT_FALSE(authenticate(delivery, receiver));
    receiver.auth.sns.topics = {"arn:aws:sns:us-west-2:210987654321:*"};
    EXPECT_FALSE(authenticate(delivery, receiver));
    receiver.auth.sns.topics = {"arn:aws:sns:*:123456789012:ecr-*"};
    EXPECT_TRUE(authenticate(delivery, receiver));
}

TEST(SnsTest, OldMessagesAreRefused) {
    Receiver receiver = receiver_with(std::make_shared<Certificates>());
    RawDelivery delivery = delivery_of(unsigned_message("Notification"));
    delivery.received_at += std::chrono::hours{71};
    EXPECT_TRUE(authenticate(delivery, receiver));
    delivery.received_at += std::chrono::hours{1};
    EXPECT_FALSE(authenticate(delivery, receiver));
    receiver.auth.sns.max_age = {};
    EXPECT_TRUE(authenticate(delivery, receiver));
}

TEST(SnsTest, SubscriptionsAreConfirmedOnlyWhenAllIsRight) {
    const Receiver receiver = receiver_with(std::make_shared<Certificates>());
    const json good = unsigned_message("SubscriptionConfirmation");
    const auto parsed = testing::read(delivery_of(good), receiver);
    ASSERT_TRUE(parsed) << testing::error_of(parsed);
    EXPECT_EQ(parsed->confirm_url, good["SubscribeURL"].get<std::string>());
    EXPECT_EQ(parsed->ignored_reason, "confirmation of a subscription");

    for (const std::string& url :
         {"https://evil.example.com/?Action=ConfirmSubscription&TopicArn=" + kTopic,
          "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&TopicArn=" + kTopic,
          std::string{"https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x"},
          std::string{"https://sns.us-west-2.amazonaws.com/"}}) {
        SCOPED_TRACE(url);
        json message = good;
        message["SubscribeURL"] = url;
        const auto read = testing::read(delivery_of(message), receiver);
        ASSERT_TRUE(read) << testing::error_of(read);
        EXPECT_FALSE(read->confirm_url);
    }
    // Let in by another way: the signature was nobody's business, so the address is not called.
    Receiver by_token = receiver;
    by_token.auth.scheme = AuthScheme::Token;
    by_token.auth.secrets = testing::secrets({testing::kSecret});
    json forged = good;
    forged["Signature"] = "AAAA";
    RawDelivery delivery = delivery_of(forged);
    delivery.path_token = testing::kSecret;
    const auto read = testing::read(delivery, by_token);
    ASSERT_TRUE(read) << testing::error_of(read);
    EXPECT_FALSE(read->confirm_url);
    // The end of a subscription: its address would subscribe again.
    const auto unsubscribed =
        testing::read(delivery_of(unsigned_message("UnsubscribeConfirmation")), receiver);
    ASSERT_TRUE(unsubscribed);
    EXPECT_FALSE(unsubscribed->confirm_url);
}

TEST(SnsTest, RawDeliveriesHaveNoSignature) {
    const Receiver receiver = receiver_with(std::make_shared<Certificates>());
    EXPECT_FALSE(authenticate(
        testing::delivery_of(R"({"detail-type":"x"})", {{"x-amz-sns-rawdelivery", "true"}}),
        receiver
    ));
    EXPECT_FALSE(authenticate(testing::delivery_of("not JSON"), receiver));
}

}  // namespace
}  // namespace linkspan::webhooks
