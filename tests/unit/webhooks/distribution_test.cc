#include "webhooks/distribution.h"

#include "tests/unit/webhooks/support.h"

#include <fmt/format.h>

namespace linkspan::webhooks {
namespace {

using testing::delivery_of;
using testing::error_of;
using testing::names;
using testing::open_receiver;
using testing::read;

std::string push(const std::string& target, const std::string& more = "") {
    return fmt::format(
        R"({{"id":"1","timestamp":"2026-01-02T03:04:05Z","action":"push","target":{{{}}},)"
        R"("request":{{"host":"r.example.com:5000"}},"actor":{{"name":"ann"}}{}}})",
        target,
        more
    );
}

std::string envelope(const std::string& events) { return R"({"events":[)" + events + "]}"; }

TEST(DistributionTest, TaggedManifestIsAnEvent) {
    const std::string body = envelope(
        push(R"("mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:12",)"
             R"("repository":"acme/app","tag":"1.0")")
    );
    for (const char* type :
         {"application/vnd.docker.distribution.events.v1+json",
          "application/vnd.docker.distribution.events.v2+json",
          "application/json"}) {
        SCOPED_TRACE(type);
        const auto parsed =
            read(delivery_of(body, {{"Content-Type", type}}), open_receiver("distribution"));
        ASSERT_TRUE(parsed) << error_of(parsed);
        ASSERT_EQ(
            names(*parsed), std::vector<std::string>{"r.example.com:5000/acme/app:1.0@sha256:12"}
        );
        const image::ImageEvent& event = parsed->events[0];
        EXPECT_EQ(event.media_type, "application/vnd.oci.image.index.v1+json");
        EXPECT_EQ(event.pushed_at, "2026-01-02T03:04:05Z");
        EXPECT_EQ(event.actor, "ann");
    }
}

TEST(DistributionTest, HostComesFromPayloadOrReceiver) {
    const std::string with_host = envelope(push(R"("repository":"acme/app","tag":"1")"));
    const std::string without =
        R"({"events":[{"action":"push","target":{"repository":"acme/app","tag":"1"}}]})";
    const struct {
        std::string body;
        std::string registry;
        bool override_host;
        std::string expected;
    } kCases[] = {
        {with_host, "", false, "r.example.com:5000/acme/app:1"},
        {with_host, "other.example.com", false, "r.example.com:5000/acme/app:1"},
        {with_host, "other.example.com", true, "other.example.com/acme/app:1"},
        {without, "other.example.com", false, "other.example.com/acme/app:1"},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.body + " with " + test.registry);
        Receiver receiver = open_receiver("distribution", test.registry);
        receiver.override_host = test.override_host;
        const auto parsed = read(test.body, receiver);
        ASSERT_TRUE(parsed) << error_of(parsed);
        EXPECT_EQ(names(*parsed), std::vector<std::string>{test.expected});
    }
    EXPECT_EQ(
        error_of(read(without, open_receiver("distribution"))),
        "events[0].target.repository: no registry host is given with it; set `registry` on the "
        "receiver"
    );
}

TEST(DistributionTest, AllElseIsIgnoredWithTheReason) {
    const struct {
        std::string events;
        std::string reason;
    } kCases[] = {
        {"", "no events in it"},
        {push(R"("mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip")"), "layer push"},
        {push(R"("mediaType":"application/vnd.oci.image.layer.v1.tar+gzip")"), "layer push"},
        {push(R"("mediaType":"application/vnd.oci.image.config.v1+json")"), "config push"},
        {push(R"("mediaType":"application/octet-stream","url":"https://r/v2/a/blobs/sha256:1")"),
         "layer or config push"},
        {push(R"("mediaType":"application/vnd.oci.image.manifest.v1+json")"),
         "push of a manifest without a tag"},
        {push(R"("mediaType":"application/vnd.oci.image.index.v1+json","tag":"")"),
         "push of a manifest without a tag"},
        {push(
             R"("mediaType":"application/vnd.oci.image.manifest.v1+json","repository":"a","tag":"sha256:)" +
             std::string(64, 'a') + "\""
         ),
         "push of a manifest without a tag"},
        {R"({"action":"pull","target":{"tag":"1"}})", "pull"},
        {R"({"action":"mount","target":{}})", "mount"},
        {R"({"action":"delete","target":{"tag":"1"}})", "deletion of a tag"},
        {R"({"action":"delete","target":{"digest":"sha256:12"}})", "deletion"},
        {R"({"action":"ponder"})", "not a push"},
        {R"({"action":"pull"},{"action":"delete"},{"action":"pull"})", "pull; deletion"},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.events);
        const auto parsed = read(envelope(test.events), open_receiver("distribution"));
        ASSERT_TRUE(parsed) << error_of(parsed);
        EXPECT_TRUE(parsed->events.empty());
        EXPECT_EQ(parsed->ignored_reason, test.reason);
    }
    EXPECT_EQ(
        read(R"({"events":null})", open_receiver("distribution"))->ignored_reason, "no events in it"
    );
}

TEST(DistributionTest, EveryTagOfAnEnvelopeIsAnEvent) {
    const auto parsed = read(
        envelope(
            push(R"("repository":"a","tag":"1")") + R"(,{"action":"pull"},)" +
            push(R"("repository":"b/c","tag":"2")")
        ),
        open_receiver("distribution")
    );
    ASSERT_TRUE(parsed) << error_of(parsed);
    EXPECT_EQ(
        names(*parsed),
        (std::vector<std::string>{"r.example.com:5000/a:1", "r.example.com:5000/b/c:2"})
    );
    EXPECT_FALSE(parsed->ignored_reason);
}

TEST(DistributionTest, ErrorsSayWhatAndWhere) {
    const struct {
        std::string body;
        std::string expected;
    } kCases[] = {
        {"[]", "body: is not an object with \"events\""},
        {"{}", "events: missing"},
        {R"({"events":{}})", "events: is not a list"},
        {R"({"events":[1]})", "events[0]: is not an object"},
        {R"({"events":[{}]})", "events[0].action: missing"},
        {envelope(push(R"("tag":"1")")), "events[0].target.repository: missing"},
        {envelope(push(R"("repository":"a","tag":"a b")")), "events[0].target.tag: "},
        {envelope(push(R"("repository":"a b","tag":"a")")), "events[0].target.repository: "},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.body);
        const auto parsed = read(test.body, open_receiver("distribution"));
        ASSERT_TRUE(parsed.has_error());
        EXPECT_EQ(parsed.error().kind, Errc::InvalidInput);
        EXPECT_EQ(parsed.error().message.substr(0, test.expected.size()), test.expected);
    }
}

TEST(DistributionTest, TooManyPushesAreRefused) {
    std::string events;
    for (int i = 0; i < 4097; ++i) {
        events += (i == 0 ? "" : ",") + push(fmt::format(R"("repository":"a","tag":"{}")", i));
    }
    const auto parsed = read(envelope(events), open_receiver("distribution"));
    EXPECT_EQ(error_of(parsed), "events[4096].target.tag: more than 4096 pushes in one delivery");
}

}  // namespace
}  // namespace linkspan::webhooks
