#include "webhooks/ci.h"

#include "tests/unit/webhooks/support.h"

namespace linkspan::webhooks {
namespace {

using testing::delivery_of;
using testing::error_of;
using testing::names;
using testing::open_receiver;
using testing::read;

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(CiTest, AllFactsOfOneImage) {
    const auto parsed = read(
        R"({"image":"Registry.Example.com:5000/acme/app","tag":"1.4.2","digest":")" + kDigest +
            R"(","revision":"abc","source":"https://git.example.com/acme/app",)"
            R"("build_url":"https://ci.example.com/1","actor":"ann","more":{"x":[1]}})",
        open_receiver("ci")
    );
    ASSERT_TRUE(parsed) << error_of(parsed);
    ASSERT_EQ(parsed->events.size(), 1U);
    EXPECT_FALSE(parsed->ignored_reason);
    const image::ImageEvent& event = parsed->events[0];
    EXPECT_EQ(event.image.str(), "registry.example.com:5000/acme/app");
    EXPECT_EQ(event.tag.str(), "1.4.2");
    EXPECT_EQ(event.digest, kDigest);
    EXPECT_EQ(event.revision, "abc");
    EXPECT_EQ(event.source, "https://git.example.com/acme/app");
    EXPECT_EQ(event.build_url, "https://ci.example.com/1");
    EXPECT_EQ(event.actor, "ann");
    EXPECT_FALSE(event.media_type);
    EXPECT_FALSE(event.pushed_at);
}

TEST(CiTest, WaysToWriteAnImage) {
    const struct {
        std::string body;
        std::string registry;
        bool override_host;
        std::vector<std::string> expected;
    } kCases[] = {
        {R"({"image":"nginx:1.25"})", "", false, {"docker.io/library/nginx:1.25"}},
        {R"({"image":"acme/app","tag":"v1"})", "", false, {"docker.io/acme/app:v1"}},
        // A receiver's registry stands in for a host that is not there, not for one that is.
        {R"({"image":"acme/app:v1"})", "r.example.com", false, {"r.example.com/acme/app:v1"}},
        {R"({"image":"docker.io/acme/app:v1"})", "r.example.com", false, {"docker.io/acme/app:v1"}},
        {R"({"image":"internal:80/acme/app:v1"})",
         "r.example.com",
         true,
         {"r.example.com/acme/app:v1"}},
        {R"({"image":"localhost:5000/a:v1"})", "", false, {"localhost:5000/a:v1"}},
        {R"({"image":"r.example.com/a:v1@)" + kDigest + R"("})",
         "",
         false,
         {"r.example.com/a:v1@" + kDigest}},
        {R"({"image":"r.example.com/a:v1@)" + kDigest + R"(","tag":"v1","digest":")" + kDigest +
             R"("})",
         "",
         false,
         {"r.example.com/a:v1@" + kDigest}},
        {R"([{"image":"r.example.com/a:v1"},{"image":"r.example.com/b","tag":"v2"}])",
         "",
         false,
         {"r.example.com/a:v1", "r.example.com/b:v2"}},
        {R"({"image":"r.example.com/a","tag":"v1","digest":null})",
         "",
         false,
         {"r.example.com/a:v1"}},
        // The last of two is the one, as JSON parsers have it.
        {R"({"image":"r.example.com/a","tag":"v1","tag":"v2"})", "", false, {"r.example.com/a:v2"}},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.body);
        Receiver receiver = open_receiver("ci", test.registry);
        receiver.override_host = test.override_host;
        const auto parsed = read(test.body, receiver);
        ASSERT_TRUE(parsed) << error_of(parsed);
        EXPECT_EQ(names(*parsed), test.expected);
    }
}

TEST(CiTest, ErrorsSayWhatAndWhere) {
    const struct {
        std::string body;
        std::string expected;  // the error begins with it
    } kCases[] = {
        {"", "body: is empty"},
        {"  \n", "body: is empty"},
        {"{", "body: is not JSON at line 1"},
        {"{\"image\":\n \"a\" \"b\"}", "body: is not JSON at line 2"},
        {"3", "body: is not an object"},
        {"{}", "image: missing"},
        {R"({"image":null})", "image: missing"},
        {R"({"image":1})", "image: is not a string"},
        {R"({"image":""})", "image: is empty"},
        {R"({"image":"r.example.com/a"})", "tag: missing"},
        {R"([{"image":"r.example.com/a:1"},{"image":"r.example.com/a"}])", "[1].tag: missing"},
        {R"([{"image":"r.example.com/a:1"},7])", "[1]: is not an object"},
        {R"({"image":"r.example.com/a","tag":5})", "tag: is not a string"},
        {R"({"image":"r.example.com/a","tag":"-x"})", "tag: "},
        {R"({"image":"r.example.com/a:v1","tag":"v2"})", "tag: differs from the one in image"},
        {R"({"image":"r.example.com/A B","tag":"v1"})", "image: "},
        {R"({"image":"r.example.com/a:v1","digest":"sha256:12"})", "digest: "},
        {R"({"image":"r.example.com/a:v1@sha256:12"})", "image: "},
        {R"([[{"image":"r.example.com/a:1"}]])", "[0]: is not an object"},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.body);
        const auto parsed = read(test.body, open_receiver("ci"));
        ASSERT_TRUE(parsed.has_error());
        EXPECT_EQ(parsed.error().kind, Errc::InvalidInput);
        EXPECT_EQ(parsed.error().message.substr(0, test.expected.size()), test.expected);
    }
}

TEST(CiTest, EmptyListIsIgnored) {
    const auto parsed = read("[]", open_receiver("ci"));
    ASSERT_TRUE(parsed) << error_of(parsed);
    EXPECT_TRUE(parsed->events.empty());
    EXPECT_EQ(parsed->ignored_reason, "no images in it");
}

TEST(CiTest, FactsThatCouldNotBeShownAreDropped) {
    const auto parsed = read(
        R"({"image":"r.example.com/a:v1","actor":"ann\nSigned-off-by: eve","revision":")" +
            std::string(300, 'a') + R"("})",
        open_receiver("ci")
    );
    ASSERT_TRUE(parsed) << error_of(parsed);
    EXPECT_FALSE(parsed->events.at(0).actor);
    EXPECT_FALSE(parsed->events.at(0).revision);
}

TEST(CiTest, SignatureTagIsSetAside) {
    const auto parsed = read(
        R"({"image":"r.example.com/a","tag":"sha256-)" + std::string(64, 'a') + R"(.sig"})",
        open_receiver("ci")
    );
    ASSERT_TRUE(parsed) << error_of(parsed);
    EXPECT_TRUE(parsed->events.empty());
    EXPECT_EQ(parsed->set_aside.size(), 1U);
    EXPECT_EQ(parsed->ignored_reason, "push of a signature, attestation or SBOM");
}

TEST(CiTest, IdempotencyKeyIsTheId) {
    const Receiver receiver = open_receiver("ci");
    EXPECT_EQ(
        ci::delivery_id(delivery_of("{}", {{"idempotency-key", "build-7"}}), receiver), "build-7"
    );
    EXPECT_EQ(ci::delivery_id(delivery_of("{}"), receiver), "");
}

}  // namespace
}  // namespace linkspan::webhooks
