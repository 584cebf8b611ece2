#include "webhooks/fields.h"

#include "tests/unit/webhooks/support.h"
#include "webhooks/template.h"

#include <fmt/format.h>

#include <chrono>

namespace linkspan::webhooks {
namespace {

using testing::delivery_of;
using testing::error_of;
using testing::names;
using testing::open_receiver;
using testing::read;

const char* const kBody =
    R"({"registry":"r.example.com","repo":{"owner":"Acme","name":"app"},"tags":["1","2"],"build":42,)"
    R"("a/b":"slash","m~n":"tilde","":"empty","list":[{"name":"x","value":"1"},{"name":"y","value":"2"}],)"
    R"("flag":true,"nothing":null,"sha":"0123456789abcdef"})";

TEST(TemplateTest, PlacesAndText) {
    const auto document = JsonDocument::parse(kBody);
    ASSERT_TRUE(document);
    const Headers headers{{"X-Event", "push"}};
    const JsonView root = document->root();
    const struct {
        const char* text;
        std::vector<std::string> values;
    } kCases[] = {
        {"", {}},
        {"plain", {"plain"}},
        {"/repo/name", {"app"}},
        {"{/registry}/{/repo/owner|lower}/{/repo/name}", {"r.example.com/acme/app"}},
        {"v{/build}", {"v42"}},
        {"/flag", {"true"}},
        {"{/sha|first:7}", {"0123456"}},
        {"{/sha|first:99}", {"0123456789abcdef"}},
        {"{/repo/owner|first:2|lower}", {"ac"}},
        {"/tags", {"1", "2"}},
        {"/tags/1", {"2"}},
        {"/tags/*", {"1", "2"}},
        {"x{/tags}-{/tags}", {"x1-1", "x1-2", "x2-1", "x2-2"}},
        {"/list/[name=y]/value", {"2"}},
        {"/list/[name=z]/value", {}},
        {"/list/*/name", {"x", "y"}},
        {"/a~1b", {"slash"}},
        {"/m~0n", {"tilde"}},
        {"/", {"empty"}},
        {"/absent", {}},
        {"/tags/7", {}},
        {"/nothing", {}},
        {"/repo", {}},
        {"{header:x-event}", {"push"}},
        {"{header:X-None}", {}},
        {"{body:/build}", {"42"}},
        {"all or nothing {/absent}", {}},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.text);
        const auto parsed = Template::parse(test.text);
        ASSERT_TRUE(parsed) << error_of(parsed);
        EXPECT_EQ(parsed->values({root, root, headers}, 100), test.values);
    }
}

TEST(TemplateTest, MalformedOnesAreRefused) {
    for (const char* const text :
         {"{/a",
          "{a}",
          "{/a|upper}",
          "{/a|first:}",
          "{/a|first:x}",
          "{header:}",
          "x{}y{b}",
          "/a|nonsense"}) {
        EXPECT_FALSE(Template::parse(text)) << text;
    }
    EXPECT_TRUE(Template::parse("}"));
}

TEST(TemplateTest, HostileBodiesDoNotMultiply) {
    std::string list;
    for (int i = 0; i < 5000; ++i) list += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\"";
    const auto document = JsonDocument::parse(
        R"({"l":[)" + list + R"(],"long":")" + std::string(500000, 'x') + "\"}"
    );
    ASSERT_TRUE(document);
    const JsonView root = document->root();
    const Headers headers;
    EXPECT_EQ(Template::parse("{/l}{/l}{/l}")->values({root, root, headers}, 100).size(), 100U);
    EXPECT_TRUE(Template::parse("{/long}{/l}")->values({root, root, headers}, 100).empty());
}

Receiver receiver_with(FieldMap fields) {
    Receiver receiver = open_receiver("generic", "fallback.example.com");
    receiver.fields = std::move(fields);
    return receiver;
}

FieldMap image_and_tag(std::string image, std::string tag) {
    FieldMap fields;
    fields.image = std::move(image);
    fields.tag = std::move(tag);
    return fields;
}

TEST(FieldsTest, EveryImageWithEveryTag) {
    const struct {
        FieldMap fields;
        std::string body;
        std::vector<std::string> expected;
    } kCases[] = {
        {image_and_tag("{/registry}/acme/{/repo/name}", "/tags"),
         kBody,
         {"r.example.com/acme/app:1", "r.example.com/acme/app:2"}},
        {image_and_tag("/images", ""),
         R"({"images":["a.example.com/x:1","a.example.com/y:2@sha256:ab"]})",
         {"a.example.com/x:1", "a.example.com/y:2@sha256:ab"}},
        {image_and_tag("/images", "/tag"),
         R"({"images":["a.example.com/x:1","y"],"tag":"3"})",
         {"a.example.com/x:3", "fallback.example.com/y:3"}},
        {image_and_tag("acme/app", "{/sha|first:7}"),
         kBody,
         {"fallback.example.com/acme/app:0123456"}},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.fields.image + " " + test.fields.tag);
        const auto parsed = read(test.body, receiver_with(test.fields));
        ASSERT_TRUE(parsed) << error_of(parsed);
        EXPECT_EQ(names(*parsed), test.expected);
    }
}

TEST(FieldsTest, EachElementOfAList) {
    FieldMap fields = image_and_tag("{body:/registry}/{/name}", "/tag");
    fields.each = "/images";
    fields.digest = "/digest";
    fields.revision = "{body:/commit}";
    fields.when = {{"/state", "ok*"}};
    const auto parsed = read(
        R"({"registry":"r.example.com","commit":"abc","images":[)"
        R"({"name":"a","tag":"1","digest":"sha256:01","state":"ok"},)"
        R"({"name":"b","tag":"2","state":"failed"},)"
        R"({"name":"c","tag":"3","state":"okay"}]})",
        receiver_with(fields)
    );
    ASSERT_TRUE(parsed) << error_of(parsed);
    EXPECT_EQ(
        names(*parsed),
        (std::vector<std::string>{"r.example.com/a:1@sha256:01", "r.example.com/c:3"})
    );
    EXPECT_EQ(parsed->events[1].revision, "abc");
    EXPECT_EQ(read("{}", receiver_with(fields))->ignored_reason, "nothing in the list at /images");
}

TEST(FieldsTest, FactsBelongToPushesByPosition) {
    FieldMap fields = image_and_tag("a.example.com/x", "/tags");
    fields.digest = "/digests";
    fields.actor = "/actor";
    const auto parsed = read(
        R"({"tags":["1","2"],"digests":["sha256:01","sha256:02"],"actor":"ann"})",
        receiver_with(fields)
    );
    ASSERT_TRUE(parsed) << error_of(parsed);
    EXPECT_EQ(
        names(*parsed),
        (std::vector<std::string>{"a.example.com/x:1@sha256:01", "a.example.com/x:2@sha256:02"})
    );
    EXPECT_EQ(parsed->events[1].actor, "ann");
}

TEST(FieldsTest, NothingThereIsIgnoredAndNonsenseRefused) {
    const FieldMap fields = image_and_tag("/image", "/tag");
    EXPECT_EQ(
        read(R"({"event":"ping"})", receiver_with(fields))->ignored_reason,
        "names no image at /image"
    );
    EXPECT_EQ(
        read(R"({"image":"r.example.com/a"})", receiver_with(fields))->ignored_reason,
        "names no tag at /tag"
    );
    const auto refused = read(R"({"image":"r.example.com/A B","tag":"1"})", receiver_with(fields));
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().kind, Errc::InvalidInput);
    EXPECT_EQ(refused.error().message.substr(0, 15), "image (/image):");
}

TEST(FieldsTest, MapsAreCheckedBeforeTheyAreUsed) {
    EXPECT_TRUE(check_field_map(image_and_tag("/image", "/tag")));
    EXPECT_EQ(check_field_map(FieldMap{}).error().message, "image: missing");
    FieldMap fields = image_and_tag("/image", "{/tag");
    EXPECT_EQ(check_field_map(fields).error().message, "tag: \"{/tag\": a brace is not closed");
    fields = image_and_tag("/image", "");
    fields.each = "images";
    EXPECT_FALSE(check_field_map(fields));
    fields.each = "";
    fields.when = {{"{x}", "*"}};
    EXPECT_FALSE(check_field_map(fields));
    fields.when.clear();
    fields.actor = "{header:}";
    EXPECT_FALSE(check_field_map(fields));
}

TEST(GenericTest, WithoutFields) {
    const auto parsed = read(R"({"name":"gcr.io/ns/app","tag":"1.1.1"})", open_receiver("generic"));
    ASSERT_TRUE(parsed) << error_of(parsed);
    EXPECT_EQ(names(*parsed), std::vector<std::string>{"gcr.io/ns/app:1.1.1"});
    EXPECT_EQ(
        names(*read(R"({"image":"r.example.com/a:2@sha256:ab"})", open_receiver("generic"))),
        std::vector<std::string>{"r.example.com/a:2@sha256:ab"}
    );
}

TEST(GenericTest, DeliveryIds) {
    Receiver receiver = receiver_with(image_and_tag("/image", "/tag"));
    const auto key = [&](RawDelivery delivery) {
        return verify(std::move(delivery), receiver)->key().value;
    };
    EXPECT_EQ(key(delivery_of("{}", {{"Idempotency-Key", "k"}})), "id:k");
    EXPECT_EQ(key(delivery_of("{}", {{"webhook-id", "w"}, {"Idempotency-Key", "k"}})), "id:w");
    receiver.fields.id = "/id";
    EXPECT_EQ(key(delivery_of(R"({"id":"7"})", {{"webhook-id", "w"}})), "id:7");
    EXPECT_EQ(key(delivery_of("{}", {{"webhook-id", "w"}})), "id:w");
    EXPECT_EQ(key(delivery_of("nonsense")).substr(0, 7), "sha256:");
}

// What the documentation shows for CI systems that post their own events.
TEST(GenericTest, CiSystems) {
    FieldMap circleci =
        image_and_tag("r.example.com/acme/{/project/name}", "{/pipeline/vcs/revision|first:7}");
    circleci.when = {{"/type", "workflow-completed"}, {"/workflow/status", "success"}};
    circleci.id = "/id";
    circleci.revision = "/pipeline/vcs/revision";
    FieldMap buildkite = image_and_tag("r.example.com/acme/{/pipeline/slug}", "{/build/number}");
    buildkite.when = {
        {"/event", "build.finished"}, {"/build/state", "passed"}, {"/build/blocked", "false"}};
    buildkite.revision = "/build/commit";
    FieldMap drone = image_and_tag("r.example.com/{/repo/slug|lower}", "{/build/number}");
    drone.when = {{"{header:X-Drone-Event}", "build"}, {"/build/status", "success"}};
    FieldMap azure = image_and_tag("r.example.com/acme/app", "/resource/buildNumber");
    azure.when = {{"/eventType", "build.complete"}, {"/resource/status", "succeeded"}};
    const struct {
        const char* name;
        FieldMap fields;
        std::string body;
        Headers headers;
        std::vector<std::string> expected;
    } kCases[] = {
        {"CircleCI",
         circleci,
         R"({"type":"workflow-completed","workflow":{"status":"success"},"project":{"name":"app"},)"
         R"("pipeline":{"vcs":{"revision":"1dc6aa69429bff"}}})",
         {},
         {"r.example.com/acme/app:1dc6aa6"}},
        {"CircleCI, failed",
         circleci,
         R"({"type":"workflow-completed","workflow":{"status":"failed"},"project":{"name":"app"}})",
         {},
         {}},
        {"Buildkite",
         buildkite,
         R"({"event":"build.finished","build":{"state":"passed","blocked":false,"number":7,"commit":"a"},)"
         R"("pipeline":{"slug":"app"}})",
         {},
         {"r.example.com/acme/app:7"}},
        {"Buildkite, blocked",
         buildkite,
         R"({"event":"build.finished","build":{"state":"passed","blocked":true,"number":7},"pipeline":{"slug":"app"}})",
         {},
         {}},
        {"Drone",
         drone,
         R"({"build":{"status":"success","number":9},"repo":{"slug":"Acme/App"}})",
         {{"X-Drone-Event", "build"}},
         {"r.example.com/acme/app:9"}},
        {"Azure DevOps",
         azure,
         R"({"eventType":"build.complete","resource":{"status":"succeeded","buildNumber":"20150407.2"}})",
         {},
         {"r.example.com/acme/app:20150407.2"}},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.name);
        EXPECT_TRUE(check_field_map(test.fields));
        const auto parsed = read(delivery_of(test.body, test.headers), receiver_with(test.fields));
        ASSERT_TRUE(parsed) << error_of(parsed);
        EXPECT_EQ(names(*parsed), test.expected);
    }
}

// Half a megabyte of elements, each of which asks for the whole body's lists again.
TEST(FieldsTest, ListsFromTheTopAreNotLookedUpForEachElement) {
    std::string body = R"({"all":[)";
    for (int i = 0; i < 4000; ++i) body += fmt::format(R"({}"{:0>50}")", i == 0 ? "" : ",", i);
    body += R"(],"each":[)";
    for (int i = 0; i < 4000; ++i) {
        body += fmt::format(R"({}{{"tag":"v{}","x":"{:0>40}"}})", i == 0 ? "" : ",", i, i);
    }
    body += "]}";
    Receiver receiver = testing::open_receiver("generic");
    receiver.fields.each = "/each";
    receiver.fields.image = "r.example.com/a";
    receiver.fields.tag = "/tag";
    const auto begin = std::chrono::steady_clock::now();
    receiver.fields.when = {{"{body:/all}", "*"}};
    receiver.fields.actor = "{body:/all}";
    const auto refused = testing::read(body, receiver);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().kind, Errc::InvalidInput);
    EXPECT_NE(testing::error_of(refused).find("200000 values"), std::string::npos);
    // A single one from there is what `body:` is for.
    receiver.fields.when = {{"{body:/all/0}", "*"}};
    receiver.fields.actor = "{body:/all/1}";
    const auto parsed = testing::read(body, receiver);
    ASSERT_TRUE(parsed) << testing::error_of(parsed);
    EXPECT_EQ(parsed->events.size(), 4000U);
    // What is bounded is the number of values, above. Without the bound it took minutes under a
    // sanitizer.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{60});
}

}  // namespace
}  // namespace linkspan::webhooks
