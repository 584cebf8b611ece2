#include "service/http/target.h"

#include <gtest/gtest.h>

namespace linkspan::http {
namespace {

struct TargetCase {
    std::string_view name;
    std::string_view method;
    std::string_view target;
    std::string_view path;
    std::string_view query;
};

constexpr TargetCase kGood[] = {
    {"root", "GET", "/", "/", ""},
    {"path", "POST", "/hooks/ci", "/hooks/ci", ""},
    {"query", "GET", "/v1/deliveries?limit=5&after=x", "/v1/deliveries", "limit=5&after=x"},
    {"empty query", "GET", "/a?", "/a", ""},
    {"second question mark", "GET", "/a?b?c", "/a", "b?c"},
    {"escape", "GET", "/caf%C3%A9%20x", "/caf\xc3\xa9 x", ""},
    {"lower-case escape", "GET", "/%7euser", "/~user", ""},
    {"escaped slash stays", "GET", "/a%2Fb%2fc", "/a%2Fb%2Fc", ""},
    {"escaped percent is decoded once", "GET", "/%2541", "/%41", ""},
    {"plus is a plus in a path", "GET", "/a+b", "/a+b", ""},
    {"query is left as it is", "GET", "/?a=%20%zz", "/", "a=%20%zz"},
    {"absolute", "GET", "http://example.com/a?b", "/a", "b"},
    {"absolute, no path", "GET", "http://example.com", "/", ""},
    {"absolute, query only", "GET", "http://example.com?x=1", "/", "x=1"},
    {"absolute, scheme in capitals", "GET", "HTTPS://example.com:8443/a", "/a", ""},
    {"asterisk", "OPTIONS", "*", "*", ""},
    {"dot segments are left alone", "GET", "/a/../b", "/a/../b", ""},
    {"two slashes are left alone", "GET", "//a", "//a", ""},
};

TEST(Target, IsReadAsWritten) {
    for (const auto& c : kGood) {
        SCOPED_TRACE(c.name);
        const auto target = parse_target(c.method, c.target);
        ASSERT_TRUE(target) << target.error().message;
        EXPECT_EQ(target->path, c.path);
        EXPECT_EQ(target->query, c.query);
    }
}

struct BadCase {
    std::string_view name;
    std::string_view method;
    std::string_view target;
};

constexpr BadCase kBad[] = {
    {"empty", "GET", ""},
    {"no slash", "GET", "hooks/ci"},
    {"asterisk for GET", "GET", "*"},
    {"authority", "CONNECT", "example.com:443"},
    {"other scheme", "GET", "ftp://example.com/"},
    {"no host", "GET", "http:///a"},
    {"fragment", "GET", "/a#b"},
    {"escaped NUL", "GET", "/a%00b"},
    {"escaped line break", "GET", "/a%0d%0ab"},
    {"escaped delete", "GET", "/a%7f"},
    {"control character", "GET", "/a\x01"},
    {"broken escape", "GET", "/a%4"},
    {"escape at the end", "GET", "/a%"},
    {"no hexadecimal digits", "GET", "/a%zz"},
    {"escape cut by the query", "GET", "/a%4?1"},
};

TEST(Target, RefusesWhatIsNoTarget) {
    for (const auto& c : kBad) {
        SCOPED_TRACE(c.name);
        const auto target = parse_target(c.method, c.target);
        ASSERT_TRUE(target.has_error());
        EXPECT_EQ(target.error().kind, Errc::InvalidInput);
        EXPECT_FALSE(target.error().message.empty());
    }
    EXPECT_TRUE(parse_target("GET", std::string_view{"/a\0b", 4}).has_error());
}

TEST(PathSegments, AreDecodedInFull) {
    const std::vector<std::string> expected{"v1", "images", "host/a b", ""};
    EXPECT_EQ(path_segments("/v1/images/host%2Fa%20b/?x=/y"), expected);
    EXPECT_EQ(path_segments("http://example.com/v1?x"), std::vector<std::string>{"v1"});
    EXPECT_TRUE(path_segments("/").empty());
    EXPECT_TRUE(path_segments("http://example.com").empty());
    EXPECT_TRUE(path_segments("*").size() == 1);
}

struct ParameterCase {
    std::string_view name;
    std::string_view query;
    std::string_view key;
    std::optional<std::string_view> value;
};

constexpr ParameterCase kParameters[] = {
    {"simple", "wait=30s", "wait", "30s"},
    {"second", "a=1&wait=30s", "wait", "30s"},
    {"first of two", "a=1&a=2", "a", "1"},
    {"absent", "a=1", "b", std::nullopt},
    {"not a prefix", "waiting=1", "wait", std::nullopt},
    {"empty value", "a=", "a", ""},
    {"no value", "a&b=1", "a", ""},
    {"equals sign in the value", "a=b=c", "a", "b=c"},
    {"escapes", "q=a%20b%2Fc", "q", "a b/c"},
    {"plus is a space", "q=a+b", "q", "a b"},
    {"escaped plus", "q=a%2Bb", "q", "a+b"},
    {"escaped name", "%61=1", "a", "1"},
    {"broken escape stands for itself", "q=100%", "q", "100%"},
    {"empty pairs", "&&a=1", "a", "1"},
    {"empty query", "", "a", std::nullopt},
};

TEST(QueryParameter, IsFoundAndDecoded) {
    for (const auto& c : kParameters) {
        SCOPED_TRACE(c.name);
        const auto value = query_parameter(c.query, c.key);
        ASSERT_EQ(value.has_value(), c.value.has_value());
        if (value) {
            EXPECT_EQ(*value, *c.value);
        }
    }
}

}  // namespace
}  // namespace linkspan::http
