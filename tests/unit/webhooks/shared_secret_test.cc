#include "webhooks/shared_secret.h"

#include "core/base64.h"
#include "tests/unit/webhooks/support.h"
#include "webhooks/authenticate.h"
#include "webhooks/hash.h"

#include <fmt/format.h>

namespace linkspan::webhooks {
namespace {

using testing::delivery_of;
using testing::kSecret;
using Clock = std::chrono::system_clock;

constexpr std::int64_t kNow = 1700000000;

RawDelivery now_delivery(std::string body, Headers headers) {
    RawDelivery delivery = delivery_of(std::move(body), std::move(headers));
    delivery.received_at = Clock::time_point{std::chrono::seconds{kNow}};
    return delivery;
}

Receiver receiver_with(AuthScheme scheme, const std::string& type = "generic") {
    Receiver receiver = testing::open_receiver(type);
    receiver.auth = auth_of(type, scheme);
    receiver.auth.secrets = testing::secrets({"old-test-secret-not-real", kSecret});
    return receiver;
}

bool lets_in(const RawDelivery& delivery, const Receiver& receiver) {
    return authenticate(delivery, receiver).has_value();
}

TEST(HeaderAuthTest, TheHeaderIsTheSecret) {
    const Receiver receiver = receiver_with(AuthScheme::Header, "gitlab");
    EXPECT_EQ(receiver.auth.header, "X-Gitlab-Token");
    EXPECT_TRUE(lets_in(delivery_of("{}", {{"x-gitlab-token", kSecret}}), receiver));
    EXPECT_TRUE(
        lets_in(delivery_of("{}", {{"X-Gitlab-Token", "old-test-secret-not-real"}}), receiver)
    );
    for (const char* const wrong : {"", "test-secret-not-rea", "test-secret-not-real "}) {
        EXPECT_FALSE(lets_in(delivery_of("{}", {{"X-Gitlab-Token", wrong}}), receiver)) << wrong;
    }
    EXPECT_FALSE(lets_in(delivery_of("{}"), receiver));
}

TEST(BasicAuthTest, NameAndPassword) {
    Receiver receiver = receiver_with(AuthScheme::Basic);
    const auto with = [](const std::string& pair) {
        return delivery_of("{}", {{"Authorization", "basic " + to_base64(pair)}});
    };
    const std::string secret = kSecret;
    EXPECT_TRUE(lets_in(with("anybody:" + secret), receiver));
    EXPECT_TRUE(lets_in(with(":" + secret), receiver));
    receiver.auth.username = "zot";
    EXPECT_TRUE(lets_in(with("zot:" + secret), receiver));
    for (const std::string& wrong :
         {"zoT:" + secret, ":" + secret, std::string{"zot:"}, secret, "zot:x:" + secret}) {
        EXPECT_FALSE(lets_in(with(wrong), receiver)) << wrong;
    }
    EXPECT_FALSE(lets_in(delivery_of("{}", {{"Authorization", "Basic !"}}), receiver));
    EXPECT_FALSE(lets_in(delivery_of("{}", {{"Authorization", secret}}), receiver));
}

TEST(TokenAuthTest, TheSecretInTheUrl) {
    const Receiver receiver = receiver_with(AuthScheme::Token);
    const auto with = [](std::string path, std::string query) {
        RawDelivery delivery = delivery_of("{}");
        delivery.path_token = std::move(path);
        delivery.query = std::move(query);
        return delivery;
    };
    EXPECT_TRUE(lets_in(with(kSecret, ""), receiver));
    EXPECT_TRUE(lets_in(with("", "type=x&secret=test-secret-not-real"), receiver));
    EXPECT_TRUE(lets_in(with("", "token=test%2Dsecret%2Dnot%2Dreal"), receiver));
    EXPECT_TRUE(lets_in(with("", "access_token=test-secret-not-real"), receiver));
    EXPECT_FALSE(lets_in(with("", ""), receiver));
    EXPECT_FALSE(lets_in(with("test-secret", "token="), receiver));
    EXPECT_FALSE(lets_in(with("", "other=test-secret-not-real"), receiver));
    // Whoever reads a log has the URL: such a caller has proven nothing.
    const auto verified = verify(with(kSecret, ""), receiver);
    ASSERT_TRUE(verified);
    EXPECT_FALSE(verified->proven());
}

TEST(HmacAuthTest, AlgorithmsAndEncodings) {
    const std::string body = R"({"a":"z"})";
    const struct {
        HashAlgorithm hash;
        SignatureEncoding encoding;
    } kCases[] = {
        {HashAlgorithm::Sha1, SignatureEncoding::Hex},
        {HashAlgorithm::Sha256, SignatureEncoding::Base64},
        {HashAlgorithm::Sha384, SignatureEncoding::Hex},
        {HashAlgorithm::Sha512, SignatureEncoding::Base64},
    };
    for (const auto& test : kCases) {
        Receiver receiver = receiver_with(AuthScheme::Hmac);
        receiver.auth.header = "X-Sig";
        receiver.auth.prefix = "v0=";
        receiver.auth.hash = test.hash;
        receiver.auth.encoding = test.encoding;
        const std::string code = hmac(test.hash, kSecret, body);
        const std::string text =
            test.encoding == SignatureEncoding::Hex ? to_hex(code) : to_base64(code);
        EXPECT_TRUE(lets_in(delivery_of(body, {{"X-Sig", "v0=" + text}}), receiver));
        EXPECT_FALSE(lets_in(delivery_of(body, {{"X-Sig", text}}), receiver));
        EXPECT_FALSE(lets_in(delivery_of(body + " ", {{"X-Sig", "v0=" + text}}), receiver));
    }
}

TEST(CircleCiAuthTest, OnlyVersionOneCounts) {
    const Receiver receiver = receiver_with(AuthScheme::CircleCi);
    const std::string good = to_hex(hmac(HashAlgorithm::Sha256, kSecret, "body"));
    const auto with = [](const std::string& value) {
        return delivery_of("body", {{"circleci-signature", value}});
    };
    EXPECT_TRUE(lets_in(with("v1=" + good), receiver));
    EXPECT_TRUE(lets_in(with("v2=abc,v1=" + good + ",v3=d"), receiver));
    EXPECT_TRUE(lets_in(with("v2=abc, v1=" + good), receiver));
    for (const std::string& wrong :
         {good,
          "v2=" + good,
          "xv1=" + good,
          "v1=," + good,
          std::string{"v1="},
          std::string{},
          std::string{"v1"}}) {
        EXPECT_FALSE(lets_in(with(wrong), receiver)) << wrong;
    }
}

TEST(BuildkiteAuthTest, TimestampIsSignedAndRecent) {
    Receiver receiver = receiver_with(AuthScheme::Buildkite);
    const auto with = [](std::int64_t time, const std::string& body) {
        const std::string code =
            to_hex(hmac(HashAlgorithm::Sha256, kSecret, fmt::format("{}.body", time)));
        return now_delivery(
            body, {{"X-Buildkite-Signature", fmt::format("timestamp={},signature={}", time, code)}}
        );
    };
    EXPECT_TRUE(lets_in(with(kNow, "body"), receiver));
    EXPECT_TRUE(lets_in(with(kNow - 300, "body"), receiver));
    EXPECT_TRUE(lets_in(with(kNow + 300, "body"), receiver));
    EXPECT_FALSE(lets_in(with(kNow - 301, "body"), receiver));
    EXPECT_FALSE(lets_in(with(kNow + 301, "body"), receiver));
    EXPECT_FALSE(lets_in(with(kNow, "bodz"), receiver));
    receiver.auth.tolerance = {};
    EXPECT_TRUE(lets_in(with(kNow - 100000, "body"), receiver));
    for (const char* const wrong :
         {"", "timestamp=1700000000", "signature=abc", "timestamp=x,signature=y", "timestamp=1,"}) {
        EXPECT_FALSE(lets_in(now_delivery("body", {{"X-Buildkite-Signature", wrong}}), receiver))
            << wrong;
    }
}

TEST(DroneAuthTest, DateAndDigestAreSigned) {
    const Receiver receiver = receiver_with(AuthScheme::Drone);
    const std::string date = "Fri, 12 Nov 2021 23:33:47 GMT";
    const std::string digest = "SHA-256=" + to_base64(sha256("body"));
    const std::string code =
        to_base64(hmac(HashAlgorithm::Sha256, kSecret, "date: " + date + "\ndigest: " + digest));
    const auto with = [&](const std::string& body,
                          const std::string& said_digest,
                          const std::string& covered,
                          const std::string& algorithm) {
        return delivery_of(
            body,
            {{"Date", date},
             {"Digest", said_digest},
             {"Signature",
              fmt::format(
                  R"(keyId="hmac-key",algorithm="{}",signature="{}",headers="{}")",
                  algorithm,
                  code,
                  covered
              )}}
        );
    };
    EXPECT_TRUE(lets_in(with("body", digest, "date digest", "hmac-sha256"), receiver));
    EXPECT_FALSE(lets_in(with("bodz", digest, "date digest", "hmac-sha256"), receiver));
    const std::string other = "SHA-256=" + to_base64(sha256("bodz"));
    EXPECT_FALSE(lets_in(with("bodz", other, "date digest", "hmac-sha256"), receiver));
    // A signature over fewer headers would leave the body out.
    EXPECT_FALSE(lets_in(with("body", digest, "date", "hmac-sha256"), receiver));
    EXPECT_FALSE(lets_in(with("body", digest, "date digest", "hmac-sha1"), receiver));
    EXPECT_FALSE(lets_in(delivery_of("body", {{"Signature", "\""}}), receiver));
    EXPECT_FALSE(lets_in(delivery_of("body"), receiver));
}

TEST(DroneAuthTest, SignatureOfARealServer) {
    // drone 2.4.0 with the key "webhook-secret"; its body does not matter for the signature.
    const std::string text =
        "date: Fri, 12 Nov 2021 23:33:47 GMT\n"
        "digest: SHA-256=kCit1zUa+1aDpnZhDSBCa0iVYPTeF6k2jCjHwE2lnQY=";
    EXPECT_EQ(
        to_base64(hmac(HashAlgorithm::Sha256, "webhook-secret", text)),
        "nMQOWQSyloFPh3ZB8Uoh/D9QyzCtnVf0tk/jemJm058="
    );
}

TEST(ClientCertificateAuthTest, NamesAreMatched) {
    Receiver receiver = receiver_with(AuthScheme::ClientCertificate);
    receiver.auth.secrets = nullptr;
    receiver.auth.certificate_names = {"*.ci.example.com"};
    RawDelivery delivery = delivery_of("{}");
    EXPECT_FALSE(lets_in(delivery, receiver));
    delivery.client_names = {"other.example.com"};
    EXPECT_FALSE(lets_in(delivery, receiver));
    delivery.client_names = {"other.example.com", "build.ci.example.com"};
    EXPECT_TRUE(lets_in(delivery, receiver));
    receiver.auth.certificate_names.clear();
    EXPECT_FALSE(lets_in(delivery, receiver));
}

TEST(OwnAuthTest, AnyOfTheSendersWays) {
    const Receiver github = receiver_with(AuthScheme::Own, "github");
    const std::string sha256_code = to_hex(hmac(HashAlgorithm::Sha256, kSecret, "{}"));
    const std::string sha1_code = to_hex(hmac(HashAlgorithm::Sha1, kSecret, "{}"));
    EXPECT_TRUE(
        lets_in(delivery_of("{}", {{"X-Hub-Signature-256", "sha256=" + sha256_code}}), github)
    );
    EXPECT_TRUE(lets_in(delivery_of("{}", {{"X-Hub-Signature", "sha1=" + sha1_code}}), github));
    EXPECT_FALSE(lets_in(delivery_of("{}", {{"Authorization", kSecret}}), github));
    EXPECT_FALSE(lets_in(delivery_of("{}"), github));
    // Gitea without a secret sends its headers all the same.
    const Receiver gitea = receiver_with(AuthScheme::Own, "gitea");
    EXPECT_FALSE(lets_in(
        delivery_of("{}", {{"X-Gitea-Signature", ""}, {"X-Hub-Signature-256", "sha256="}}), gitea
    ));
    EXPECT_TRUE(lets_in(delivery_of("{}", {{"X-Forgejo-Signature", sha256_code}}), gitea));
}

TEST(OwnAuthTest, WithoutSecretsNobodyComesIn) {
    for (const Sender& sender : senders()) {
        SCOPED_TRACE(std::string{sender.type});
        for (const auto& values : {std::vector<std::string>{}, std::vector<std::string>{""}}) {
            Receiver receiver = testing::open_receiver(std::string{sender.type});
            receiver.auth.scheme = AuthScheme::Own;
            receiver.auth.secrets = testing::secrets(values);
            RawDelivery delivery = delivery_of(
                "{}",
                {{"Authorization", "Bearer "},
                 {"X-Gitlab-Token", ""},
                 {"X-JFrog-Event-Auth", ""},
                 {"X-Api-Key", ""},
                 {"X-Hub-Signature-256", "sha256=" + to_hex(hmac(HashAlgorithm::Sha256, "", "{}"))}}
            );
            delivery.query = "token=&secret=";
            const auto verdict = authenticate(delivery, receiver);
            ASSERT_TRUE(verdict.has_error());
            EXPECT_EQ(verdict.error().kind, Errc::Unauthorized);
        }
    }
}

TEST(OwnAuthTest, WhatIsPublicProvesNothingWhenItIsShown) {
    const std::string public_key = "whpk_MCowBQYDK2VwAyEAtest";
    const std::string certificate =
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    for (const std::string& shown : {public_key, certificate}) {
        for (const Sender& sender : senders()) {
            SCOPED_TRACE(std::string{sender.type} + " " + shown);
            Receiver receiver = testing::open_receiver(std::string{sender.type});
            receiver.auth.scheme = AuthScheme::Own;
            receiver.auth.secrets = testing::secrets({shown});
            const std::string code = to_hex(hmac(HashAlgorithm::Sha256, shown, "{}"));
            for (const std::string& authorization :
                 {shown, "Bearer " + shown, "Basic " + to_base64("x:" + shown)}) {
                RawDelivery delivery = delivery_of(
                    "{}",
                    {{"Authorization", authorization},
                     {"X-Gitlab-Token", shown},
                     {"X-Api-Key", shown},
                     {"X-Webhook-Secret", shown},
                     {"X-JFrog-Event-Auth", shown},
                     {"X-Hub-Signature-256", "sha256=" + code},
                     {"X-Linkspan-Signature-256", "sha256=" + code},
                     {"X-Gitea-Signature", code}}
                );
                delivery.path_token = shown;
                EXPECT_FALSE(lets_in(delivery, receiver));
            }
        }
    }
}

TEST(OwnAuthTest, MessagesSayWhichCheckFailedAndNoSecret) {
    const Receiver receiver = receiver_with(AuthScheme::Own, "github");
    EXPECT_EQ(
        authenticate(delivery_of("{}", {{"X-Hub-Signature-256", "sha256=00"}}), receiver)
            .error()
            .message,
        "the signature in X-Hub-Signature-256 is wrong"
    );
    EXPECT_EQ(
        authenticate(delivery_of("{}"), receiver).error().message,
        "no X-Hub-Signature-256 header; no X-Hub-Signature header"
    );
}

TEST(AuthSchemeTest, NamesGoBothWays) {
    for (const AuthSchemeName& row : auth_scheme_names()) {
        EXPECT_EQ(parse_auth_scheme(row.name), row.scheme);
        EXPECT_EQ(to_string(row.scheme), row.name);
    }
    EXPECT_FALSE(parse_auth_scheme("HMAC"));
}

TEST(AuthSchemeTest, SendersFillInTheirOwnHeaders) {
    const Auth nexus = auth_of("nexus", AuthScheme::Hmac);
    EXPECT_EQ(nexus.header, "X-Nexus-Webhook-Signature");
    EXPECT_EQ(nexus.prefix, "");
    EXPECT_EQ(nexus.hash, HashAlgorithm::Sha1);
    EXPECT_EQ(auth_of("github", AuthScheme::Hmac).header, "X-Hub-Signature-256");
    EXPECT_EQ(auth_of("harbor", AuthScheme::Hmac).header, Auth{}.header);
    EXPECT_EQ(auth_of("google", AuthScheme::Oidc).oidc.issuer, "https://accounts.google.com");
    EXPECT_EQ(auth_of("no-such-type", AuthScheme::Basic).scheme, AuthScheme::Basic);
}

}  // namespace
}  // namespace linkspan::webhooks
