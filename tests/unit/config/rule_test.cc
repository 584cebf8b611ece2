#include "config/rule.h"

#include <gtest/gtest.h>

#include <optional>

namespace linkspan::config {
namespace {

struct Case {
    std::string text;
    std::optional<std::string> expected;
};

void expect_all(Result<std::string> (*rule)(std::string_view), const std::vector<Case>& cases) {
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto result = rule(c.text);
        EXPECT_EQ(result.has_value() ? std::optional{*result} : std::nullopt, c.expected)
            << (result.has_error() ? result.error().message : "");
    }
}

TEST(RuleTest, Name) {
    expect_all(
        rule::name,
        {
            {"app", "app"},
            {"App_1.2-x", "App_1.2-x"},
            {std::string(63, 'a'), std::string(63, 'a')},
            {std::string(64, 'a'), std::nullopt},
            {"", std::nullopt},
            {"-app", std::nullopt},
            {".", std::nullopt},
            {"a/b", std::nullopt},
            {"a:b", std::nullopt},
            {"a b", std::nullopt},
            {"ä", std::nullopt},
        }
    );
}

TEST(RuleTest, Listen) {
    expect_all(
        rule::listen,
        {
            {"0.0.0.0:8080", "0.0.0.0:8080"},
            {"localhost:0", "localhost:0"},
            {"[::1]:8080", "[::1]:8080"},
            {":8080", ":8080"},
            {"8080", std::nullopt},
            {"0.0.0.0", std::nullopt},
            {"0.0.0.0:", std::nullopt},
            {"0.0.0.0:http", std::nullopt},
            {"0.0.0.0:65536", std::nullopt},
            {"::1:8080", std::nullopt},
            {"a b:80", std::nullopt},
        }
    );
}

TEST(RuleTest, HttpUrl) {
    expect_all(
        rule::http_url,
        {
            {"https://linkspan.example.com", "https://linkspan.example.com"},
            {"https://example.com/linkspan/", "https://example.com/linkspan"},
            {"http://127.0.0.1:5000", "http://127.0.0.1:5000"},
            {"http://[::1]:5000", "http://[::1]:5000"},
            {"https://[::1]", "https://[::1]"},
            {"linkspan.example.com", std::nullopt},
            {"ftp://example.com", std::nullopt},
            {"https://", std::nullopt},
            {"https:///path", std::nullopt},
            {"https://:80", std::nullopt},
            {"https://example.com:x", std::nullopt},
            {"https://example.com?x=1", std::nullopt},
            {"https://example.com/a b", std::nullopt},
            {"https://me@example.com", std::nullopt},
        }
    );
}

TEST(RuleTest, HttpUrlDoesNotRepeatAPassword) {
    const auto result = rule::http_url("https://me:test-secret-not-real@example.com");
    ASSERT_TRUE(result.has_error());
    EXPECT_EQ(result.error().message.find("test-secret"), std::string::npos);
}

TEST(RuleTest, RegistryHost) {
    expect_all(
        rule::registry_host,
        {
            {"registry.example.com", "registry.example.com"},
            {"Registry.Example.com:5000", "registry.example.com:5000"},
            {"localhost:5000", "localhost:5000"},
            {"index.docker.io", "docker.io"},
            {"https://registry.example.com", std::nullopt},
            {"registry.example.com/acme", std::nullopt},
            {"a b", std::nullopt},
        }
    );
}

TEST(RuleTest, InsideRepository) {
    expect_all(
        rule::inside_repository,
        {
            {"clusters/prod", "clusters/prod"},
            {"./clusters//prod/", "clusters/prod"},
            {".", ""},
            {"**/*.yaml", "**/*.yaml"},
            {"a..b/..c", "a..b/..c"},
            {"/etc", std::nullopt},
            {"..", std::nullopt},
            {"a/../b", std::nullopt},
            {"a\\b", std::nullopt},
        }
    );
}

TEST(RuleTest, Branch) {
    expect_all(
        rule::branch,
        {
            {"main", "main"},         {"env/prod", "env/prod"},      {"refs/heads/main", "main"},
            {"1.0", "1.0"},           {"refs/heads/", std::nullopt}, {"a..b", std::nullopt},
            {"a b", std::nullopt},    {"a/", std::nullopt},          {"/a", std::nullopt},
            {"a//b", std::nullopt},   {".a", std::nullopt},          {"a/.b", std::nullopt},
            {"a.lock", std::nullopt}, {"a.", std::nullopt},          {"-a", std::nullopt},
            {"@", std::nullopt},      {"a@{1}", std::nullopt},       {"a:b", std::nullopt},
            {"a*", std::nullopt},
        }
    );
}

TEST(RuleTest, OtherTexts) {
    expect_all(
        rule::header_name, {{"X-Sig", "X-Sig"}, {"X Sig", std::nullopt}, {"X:", std::nullopt}}
    );
    expect_all(
        rule::line, {{"sha256=", "sha256="}, {"a\nb", std::nullopt}, {"a\tb", std::nullopt}}
    );
    expect_all(rule::person, {{"Fleet bot", "Fleet bot"}, {"A <a@b>", std::nullopt}});
    expect_all(
        rule::image_glob,
        {{"registry.example.com/acme/**", "registry.example.com/acme/**"},
         {"https://registry.example.com/x", std::nullopt},
         {"a b", std::nullopt}}
    );
}

}  // namespace
}  // namespace linkspan::config
