#include "webhooks/json_output.h"

#include "tests/unit/webhooks/support.h"

namespace linkspan::webhooks {
namespace {

using testing::open_receiver;
using testing::read;

TEST(JsonOutputTest, AbsentFactsAreNull) {
    EXPECT_EQ(
        to_json(*read(R"({"image":"nginx:1","revision":"abc"})", open_receiver("ci"))),
        R"({"events":[{"image":"docker.io/library/nginx","tag":"1","digest":null,)"
        R"("media_type":null,"pushed_at":null,"revision":"abc","source":null}],"ignored":null})"
    );
}

TEST(JsonOutputTest, IgnoredSaysWhy) {
    EXPECT_EQ(
        to_json(*read("[]", open_receiver("ci"))), R"({"events":[],"ignored":"no images in it"})"
    );
}

TEST(JsonOutputTest, PushesSetAsideAreShownWithTheReason) {
    EXPECT_EQ(
        to_json(*read(
            R"({"image":"r.example.com/a:v1","media_type":"application/vnd.cncf.helm.config.v1+json"})",
            open_receiver("ci")
        )),
        R"({"events":[{"image":"r.example.com/a","tag":"v1","digest":null,)"
        R"("media_type":"application/vnd.cncf.helm.config.v1+json","pushed_at":null,)"
        R"("revision":null,"source":null,"ignored":"push of a Helm chart"}],"ignored":null})"
    );
}

}  // namespace
}  // namespace linkspan::webhooks
