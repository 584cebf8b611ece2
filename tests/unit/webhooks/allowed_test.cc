#include "webhooks/allowed.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::webhooks {
namespace {

TEST(GlobTest, StarsStopAtSlashesUnlessDoubled) {
    const struct {
        const char* pattern;
        const char* text;
        bool matches;
    } kCases[] = {
        {"registry.example.com/acme/app", "registry.example.com/acme/app", true},
        {"registry.example.com/acme/app", "registry.example.com/acme/apps", false},
        {"registry.example.com/acme/*", "registry.example.com/acme/app", true},
        {"registry.example.com/acme/*", "registry.example.com/acme/team/app", false},
        {"registry.example.com/acme/**", "registry.example.com/acme/team/app", true},
        {"registry.example.com/*/app", "registry.example.com/acme/app", true},
        {"registry.example.com/**/app", "registry.example.com/a/b/c/app", true},
        {"**", "registry.example.com/acme/app", true},
        {"*", "registry.example.com/acme/app", false},
        {"registry.example.com/acme/ap?", "registry.example.com/acme/app", true},
        {"registry.example.com?acme/app", "registry.example.com/acme/app", false},
        // A dot is a dot.
        {"registry.example.com/acme/app", "registryxexample.com/acme/app", false},
        {"a*b*c", "aXbXbXc", true},
        {"a*b*c", "aXbXbX", false},
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(std::string{test.pattern} + " on " + test.text);
        EXPECT_EQ(glob_matches(test.pattern, test.text), test.matches);
    }
}

TEST(GlobTest, ManyStarsTakeNoExponentialTime) {
    std::string pattern;
    for (int i = 0; i < 100; ++i) pattern += "**a";
    EXPECT_FALSE(glob_matches(pattern + "b", std::string(500, 'a')));
}

image::ImageEvent event_for(const std::string& image) {
    image::ImageEvent event;
    event.image = *image::ImageName::parse(image);
    event.tag = *image::Tag::parse("1.0");
    return event;
}

TEST(CheckAllowedTest, ReceiverWithoutListSpeaksForAll) {
    EXPECT_TRUE(check_allowed(Receiver{}, {event_for("registry.example.com/acme/app")}));
}

TEST(CheckAllowedTest, OneForeignImageRefusesTheWholeDelivery) {
    Receiver receiver;
    receiver.name = "ci";
    receiver.images = {"registry.example.com/acme/*", "docker.io/acme/*"};
    EXPECT_TRUE(check_allowed(receiver, {}));
    EXPECT_TRUE(check_allowed(
        receiver, {event_for("registry.example.com/acme/app"), event_for("acme/tool")}
    ));
    const Status refused = check_allowed(
        receiver,
        {event_for("registry.example.com/acme/app"), event_for("registry.example.com/other/app")}
    );
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().kind, Errc::Unauthorized);
    EXPECT_EQ(
        refused.error().message, "receiver ci may not speak for registry.example.com/other/app"
    );
}

}  // namespace
}  // namespace linkspan::webhooks
