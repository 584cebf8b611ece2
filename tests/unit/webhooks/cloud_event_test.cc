#include "webhooks/cloud_event.h"

#include "tests/unit/webhooks/support.h"

namespace linkspan::webhooks {
namespace {

using testing::delivery_of;
using testing::names;
using testing::open_receiver;
using testing::read;

TEST(CloudEventsTest, StructuredBatchedAndBinary) {
    const std::string event =
        R"({"specversion":"1.0","id":"1","source":"/s","type":"t","time":"2026-01-02T03:04:05Z","data":{"a":"b"}})";
    const struct {
        const char* name;
        std::string body;
        Headers headers;
        std::size_t count;
    } kCases[] = {
        {"structured", event, {{"Content-Type", "application/cloudevents+json"}}, 1},
        {"with a character set",
         event,
         {{"content-type", "Application/CloudEvents+JSON; charset=utf-8"}},
         1},
        {"by its shape", event, {{"Content-Type", "application/json"}}, 1},
        {"batch",
         "[" + event + "," + event + "]",
         {{"Content-Type", "application/cloudevents-batch+json"}},
         2},
        {"empty batch", "[]", {{"Content-Type", "application/cloudevents-batch+json"}}, 0},
        {"a list under the structured type",
         "[" + event + "]",
         {{"Content-Type", "application/cloudevents+json"}},
         1},
        {"binary",
         R"({"a":"b"})",
         {{"Content-Type", "application/json"},
          {"Ce-Specversion", "1.0"},
          {"Ce-Id", "1"},
          {"Ce-Source", "/s"},
          {"Ce-Type", "t"},
          {"Ce-Time", "2026-01-02T03:04:05Z"}},
         1},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.name);
        const RawDelivery delivery = delivery_of(test.body, test.headers);
        EXPECT_TRUE(CloudEvents::is_one(delivery));
        const auto events = CloudEvents::read(delivery);
        ASSERT_TRUE(events) << testing::error_of(events);
        ASSERT_EQ(events->events().size(), test.count);
        for (const CloudEvent& one : events->events()) {
            EXPECT_EQ(one.id, "1");
            EXPECT_EQ(one.source, "/s");
            EXPECT_EQ(one.type, "t");
            EXPECT_EQ(one.time, "2026-01-02T03:04:05Z");
            EXPECT_EQ(one.data["a"].text(), "b");
        }
        EXPECT_EQ(events->ids().empty(), test.count == 0);
    }
    EXPECT_FALSE(CloudEvents::is_one(delivery_of(R"({"type":"PUSH_ARTIFACT"})")));
    EXPECT_FALSE(CloudEvents::is_one(delivery_of("nonsense")));
}

TEST(CloudEventsTest, DataOfAllSorts) {
    const auto data = [](const std::string& member) {
        const auto events =
            CloudEvents::read(delivery_of(R"({"specversion":"1.0","type":"t",)" + member + "}"));
        EXPECT_TRUE(events);
        return events->events().at(0).data["a"].text().value_or("-");
    };
    EXPECT_EQ(data(R"("data":{"a":"b"})"), "b");
    EXPECT_EQ(data(R"("data":"{\"a\":\"b\"}")"), "b");
    EXPECT_EQ(data(R"("data_base64":"eyJhIjoiYiJ9")"), "b");
    EXPECT_EQ(data(R"("data":"<xml/>")"), "-");
    EXPECT_EQ(data(R"("data_base64":"...")"), "-");
    EXPECT_EQ(data(R"("data":null)"), "-");
    EXPECT_EQ(data(R"("datacontenttype":"x")"), "-");
}

TEST(CloudEventsTest, HeaderValuesAreDecodedOnce) {
    const auto events = CloudEvents::read(
        delivery_of("", {{"ce-type", "\"a%20b\""}, {"ce-source", "%2525"}, {"ce-id", "1"}})
    );
    ASSERT_TRUE(events);
    EXPECT_EQ(events->events()[0].type, "a b");
    EXPECT_EQ(events->events()[0].source, "%25");
    EXPECT_FALSE(events->events()[0].data.exists());
    EXPECT_FALSE(CloudEvents::read(delivery_of("", {{"ce-type", "%zz"}})));
    EXPECT_FALSE(CloudEvents::read(delivery_of("", {{"ce-type", ""}})));
}

TEST(CloudEventsTest, MalformedOnesSayWhere) {
    const Headers batch{{"Content-Type", "application/cloudevents-batch+json"}};
    const struct {
        const char* body;
        Headers headers;
        const char* error;
    } kCases[] = {
        {R"([{"type":"t"},{"specversion":"1.0"}])", batch, "[1].type: missing"},
        {R"([5])", batch, "[0]: is not an object"},
        {R"({"type":"t"})", batch, "body: is not a list of events"},
        {"{}", {{"Content-Type", "application/cloudevents+json"}}, "type: missing"},
        {"5", {}, "body: is not an object"},
        {"", {}, "body: is empty"},
    };
    for (const auto& test : kCases) {
        EXPECT_EQ(
            testing::error_of(CloudEvents::read(delivery_of(test.body, test.headers))), test.error
        );
    }
}

TEST(CloudEventsSenderTest, KnownTypesAreReadAsTheirSendersSendThem) {
    const struct {
        const char* name;
        std::string event;
        std::vector<std::string> expected;
    } kCases[] = {
        {"zot",
         R"("type":"zotregistry.image.updated","data":{"name":"app","reference":"1"})",
         {"r.example.com/app:1"}},
        {"harbor",
         R"("type":"harbor.artifact.pushed","data":{"repository":{"repo_full_name":"p/app"},)"
         R"("resources":[{"tag":"1","resource_url":"h.example.com/p/app:1"}]})",
         {"h.example.com/p/app:1"}},
        {"acr",
         R"("type":"Microsoft.ContainerRegistry.ImagePushed","data":{"target":{"repository":"app",)"
         R"("tag":"1"},"request":{"host":"a.azurecr.io"}})",
         {"a.azurecr.io/app:1"}},
        {"ecr",
         R"("type":"com.amazon.ecr.image.push","source":"urn:aws:ecr:eu-west-1:123:repository/app",)"
         R"("data":{"repositoryName":"app","imageTag":"1"})",
         {"123.dkr.ecr.eu-west-1.amazonaws.com/app:1"}},
        {"cdevents",
         R"("type":"dev.cdevents.artifact.published.0.1.1","data":{"context":{"type":)"
         R"("dev.cdevents.artifact.published.0.1.1"},"subject":{"id":)"
         R"("pkg:oci/app@sha256%3Aab?repository_url=c.example.com/app&tag=1"}})",
         {"c.example.com/app:1@sha256:ab"}},
        {"container.image.push",
         R"("type":"container.image.push","data":{"repository":"a/b","tag":"1","digest":"sha256:ab",)"
         R"("registryUrl":"https://p.example.com"})",
         {"p.example.com/a/b:1@sha256:ab"}},
        {"unknown", R"("type":"com.example.other","data":{"tag":"1"})", {}},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.name);
        const auto parsed = read(
            R"({"specversion":"1.0","id":"1",)" + test.event + "}",
            open_receiver("cloudevents", "r.example.com")
        );
        ASSERT_TRUE(parsed) << testing::error_of(parsed);
        EXPECT_EQ(names(*parsed), test.expected);
    }
}

TEST(CloudEventsSenderTest, OtherTypesThroughFields) {
    // Tekton Chains writes the image as results of the task; Ce-Type says how the run ended.
    Receiver receiver = open_receiver("cloudevents");
    receiver.fields.when = {{"{header:Ce-Type}", "dev.tekton.event.taskrun.successful.*"}};
    receiver.fields.image = "/taskRun/status/results/[name=IMAGE_URL]/value";
    receiver.fields.digest = "/taskRun/status/results/[name=IMAGE_DIGEST]/value";
    const std::string body =
        R"({"taskRun":{"status":{"results":[{"name":"IMAGE_DIGEST","value":"sha256:ab\n"},)"
        R"({"name":"IMAGE_URL","value":"r.example.com/acme/app:1.0\n"}]}}})";
    const auto parsed = read(
        delivery_of(body, {{"Ce-Type", "dev.tekton.event.taskrun.successful.v1"}, {"Ce-Id", "1"}}),
        receiver
    );
    ASSERT_TRUE(parsed) << testing::error_of(parsed);
    EXPECT_EQ(names(*parsed), std::vector<std::string>{"r.example.com/acme/app:1.0@sha256:ab"});
    const auto started =
        read(delivery_of(body, {{"Ce-Type", "dev.tekton.event.taskrun.started.v1"}}), receiver);
    ASSERT_TRUE(started);
    EXPECT_EQ(
        started->ignored_reason, "{header:Ce-Type} is not dev.tekton.event.taskrun.successful.*"
    );
}

TEST(OptionsHandshakeTest, OnlyForReceiversOfCloudEvents) {
    RawDelivery request = delivery_of(
        "",
        {{"WebHook-Request-Origin", "eventgrid.azure.net"},
         {"WebHook-Request-Callback", "https://evil.example.com"}}
    );
    request.method = "OPTIONS";
    for (const char* const type : {"acr", "cloudevents", "cdevents"}) {
        const auto answer = answer_options(request, open_receiver(type));
        ASSERT_TRUE(answer) << type;
        EXPECT_EQ(answer->status, 200);
        EXPECT_EQ(
            answer->headers[0],
            (std::pair<std::string, std::string>{"WebHook-Allowed-Origin", "eventgrid.azure.net"})
        );
    }
    EXPECT_FALSE(answer_options(request, open_receiver("ci")));
    request.headers = {{"WebHook-Request-Origin", "a\r\nSet-Cookie: x"}};
    EXPECT_FALSE(answer_options(request, open_receiver("acr")));
    request.headers = {};
    EXPECT_FALSE(answer_options(request, open_receiver("acr")));
    request.headers = {{"WebHook-Request-Origin", "x"}};
    request.method = "POST";
    EXPECT_FALSE(answer_options(request, open_receiver("acr")));
}

}  // namespace
}  // namespace linkspan::webhooks
