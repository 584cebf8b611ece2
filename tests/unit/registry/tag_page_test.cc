#include "service/registry/tag_page.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

transport::HttpResponse make(const std::string& type, const std::string& body) {
    transport::HttpResponse response;
    response.status = 200;
    if (!type.empty()) response.headers.emplace_back("Content-Type", type);
    response.body = body;
    return response;
}

TEST(TagPageTest, TagsAreReadInTheirOrder) {
    auto response = make("application/json", R"({"name":"acme/app","tags":["b","a","1.0"]})");
    response.headers.emplace_back("Link", R"(</v2/acme/app/tags/list?last=1.0>; rel="next")");
    const auto page = read_tag_page(response, "r.example");
    ASSERT_TRUE(page.has_value());
    EXPECT_EQ(page->tags, (std::vector<std::string>{"b", "a", "1.0"}));
    EXPECT_EQ(page->unreadable, 0U);
    EXPECT_EQ(page->next, "/v2/acme/app/tags/list?last=1.0");
}

TEST(TagPageTest, NullIsEmptyAndNonsenseIsCounted) {
    const auto empty = read_tag_page(make("", R"({"tags":null})"), "r.example");
    ASSERT_TRUE(empty.has_value());
    EXPECT_TRUE(empty->tags.empty());
    EXPECT_EQ(empty->next, std::nullopt);

    const auto mixed = read_tag_page(
        make("", R"({"tags":["ok",1,null,"-x","a b","\u001b[2J",["x"]]})"), "r.example"
    );
    ASSERT_TRUE(mixed.has_value());
    EXPECT_EQ(mixed->tags, std::vector<std::string>{"ok"});
    EXPECT_EQ(mixed->unreadable, 6U);
}

TEST(TagPageTest, WhatIsNoListIsAnError) {
    const std::pair<std::string, std::string> cases[]{
        {"text/html", "<html>"},
        {"text/html", R"({"tags":[]})"},
        {"application/json", ""},
        {"application/json", R"({"tags":["a","b)"},
        {"application/json", R"({"name":"x"})"},
        {"application/json", R"({"tags":{"a":1}})"},
        {"application/json", R"({"tags":"a"})"},
        {"application/json", R"(["a"])"},
        {"application/json", "{\"tags\":[\"\xff\"]}"},
        {"application/json", std::string(100000, '[')},
    };
    for (const auto& [type, body] : cases) {
        SCOPED_TRACE(body.substr(0, 40));
        const auto page = read_tag_page(make(type, body), "r.example");
        ASSERT_TRUE(page.has_error());
        EXPECT_EQ(page.error().kind, Errc::InvalidInput);
    }
}

}  // namespace
}  // namespace linkspan::registry
