#include "webhooks/json_view.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::webhooks {
namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonDocumentTest, HostileBodiesAreRefusedWithThePlace) {
    const struct {
        const char* name;
        std::string text;
        std::string expected;
    } kCases[] = {
        {"nothing", "", "body: is empty"},
        {"too deep", nested(65), "body: nested deeper than 64 at line 1, column 65"},
        {"far too deep", std::string(1 << 20, '['), "body: nested deeper than 64"},
        {"objects too deep",
         [] {
             std::string text;
             for (int i = 0; i < 100; ++i) text += R"({"a":)";
             return text;
         }(),
         "body: nested deeper than 64"},
        {"not closed", "{\"a\":1", "body: is not JSON at line 1"},
        {"trailing text", "{} x", "body: is not JSON at line 1, column 4"},
        {"second line", "{\n\"a\": nope}", "body: is not JSON at line 2"},
        {"UTF-8 cut off", "{\"a\":\"\xC3\"}", "body: is not JSON at line 1"},
        {"overlong UTF-8", "{\"a\":\"\xC0\xAF\"}", "body: is not JSON at line 1"},
        {"lone surrogate", R"({"a":"\ud800"})", "body: is not JSON at line 1"},
        {"UTF-16", std::string("\xFF\xFE{\0}\0", 6), "body: is not JSON at line 1"},
        {"control character in a string", "{\"a\":\"\n\"}", "body: is not JSON at line 1"},
        {"number beyond double", R"({"a":1e999})", "body: holds a number that is too large"},
        {"NUL bytes", std::string(4, '\0'), "body: is not JSON at line 1, column 1"},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.name);
        const auto parsed = JsonDocument::parse(test.text);
        ASSERT_TRUE(parsed.has_error());
        EXPECT_EQ(parsed.error().kind, Errc::InvalidInput);
        EXPECT_EQ(parsed.error().message.substr(0, test.expected.size()), test.expected);
    }
}

TEST(JsonDocumentTest, BracketsInStringsDoNotNest) {
    EXPECT_TRUE(JsonDocument::parse(nested(64)));
    EXPECT_TRUE(JsonDocument::parse(R"({"a":"\"[[[[)" + std::string(100, '[') + "\"}"));
}

TEST(JsonViewTest, PathsNameThePlace) {
    const auto document = JsonDocument::parse(R"({"a":[{"b":null,"c":7,"d":"","e":"x"}]})");
    ASSERT_TRUE(document);
    const JsonView root = document->root();
    EXPECT_EQ(root["a"][0]["b"].required_text().error().message, "a[0].b: missing");
    EXPECT_EQ(root["a"][0]["c"].required_text().error().message, "a[0].c: is not a string");
    EXPECT_EQ(root["a"][0]["d"].required_text().error().message, "a[0].d: is empty");
    EXPECT_EQ(root["a"][0]["e"].required_text()->text, "x");
    EXPECT_EQ(root["a"][1]["e"].required_text().error().message, "a[1].e: missing");
    EXPECT_EQ(root["x"]["y"][3]["z"].required_text().error().message, "x.y[3].z: missing");
    EXPECT_EQ(root.required_text().error().message, "body: is not a string");
}

TEST(JsonViewTest, NumbersOfAllKinds) {
    const auto document = JsonDocument::parse(
        R"([1417566161, 1.417566161e+09, -1, 18446744073709551615, 1e300, "1", 123456789012345678901234567890, 9.9])"
    );
    ASSERT_TRUE(document);
    const JsonView root = document->root();
    EXPECT_EQ(root[0].integer(), 1417566161);
    EXPECT_EQ(root[1].integer(), 1417566161);
    EXPECT_EQ(root[2].integer(), -1);
    EXPECT_FALSE(root[3].integer());
    EXPECT_FALSE(root[4].integer());
    EXPECT_FALSE(root[5].integer());
    EXPECT_FALSE(root[6].integer());
    EXPECT_EQ(root[7].integer(), 9);
    EXPECT_FALSE(root[99].integer());
}

}  // namespace
}  // namespace linkspan::webhooks
