#include "service/http/client_address.h"

#include <gtest/gtest.h>

namespace linkspan::http {
namespace {

struct IpCase {
    std::string_view text;
    std::optional<std::string_view> canonical;
};

constexpr IpCase kAddresses[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"192.0.2.1:443", "192.0.2.1"},
    {"2001:DB8::0:1", "2001:db8::1"},
    {"[2001:db8::1]", "2001:db8::1"},
    {"[2001:db8::1]:443", "2001:db8::1"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"::", "::"},
    {"", std::nullopt},
    {"unknown", std::nullopt},
    {"_hidden", std::nullopt},
    {"192.0.2", std::nullopt},
    {"192.0.2.256", std::nullopt},
    {"192.0.2.1:", std::nullopt},
    {"192.0.2.1:http", std::nullopt},
    {"192.0.2.1:123456", std::nullopt},
    {"[192.0.2.1]:80", std::nullopt},
    {"[2001:db8::1", std::nullopt},
    {"[2001:db8::1]x", std::nullopt},
    {"2001:db8::1%eth0", std::nullopt},
    {" 192.0.2.1", std::nullopt},
    {"1111111111111111111111111111111111111111111111111111111111", std::nullopt},
};

TEST(ParseIp, ReadsAddressesWithAndWithoutPorts) {
    for (const auto& c : kAddresses) {
        SCOPED_TRACE(c.text);
        const auto address = parse_ip(c.text);
        ASSERT_EQ(address.has_value(), c.canonical.has_value());
        if (address) {
            EXPECT_EQ(to_string(*address), *c.canonical);
        }
    }
    EXPECT_FALSE(parse_ip(std::string_view{"192.0.2.1\0", 10}));
}

struct RangeCase {
    std::string_view range;
    std::string_view address;
    bool inside;
};

constexpr RangeCase kRanges[] = {
    {"10.0.0.0/8", "10.255.255.255", true},
    {"10.0.0.0/8", "11.0.0.0", false},
    {"192.168.4.0/22", "192.168.7.255", true},
    {"192.168.4.0/22", "192.168.8.0", false},
    {"192.0.2.1", "192.0.2.1", true},
    {"192.0.2.1", "192.0.2.2", false},
    {"192.0.2.1/32", "192.0.2.1", true},
    {"0.0.0.0/0", "203.0.113.9", true},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"::/0", "2001:db8::1", true},
    {"2001:db8::/33", "2001:db8:7fff::1", true},
    {"2001:db8::/33", "2001:db8:8000::1", false},
    {"10.0.0.0/8", "::ffff:10.1.2.3", true},
    {"::1", "::1", true},
    {"::1/128", "127.0.0.1", false},
};

TEST(AddressRangeTest, Contains) {
    for (const auto& c : kRanges) {
        SCOPED_TRACE(testing::Message() << c.address << " in " << c.range);
        const auto range = AddressRange::parse(c.range);
        ASSERT_TRUE(range) << range.error().message;
        EXPECT_EQ(range->contains(*parse_ip(c.address)), c.inside);
    }
}

TEST(AddressRangeTest, RefusesWhatIsNoRange) {
    for (const auto* text :
         {"",
          "10.0.0.0/33",
          "10.0.0.0/",
          "10.0.0.0/-1",
          "10.0.0.0/8x",
          "10.0.0.1/8",
          "::/129",
          "2001:db8::1/32",
          "proxy.example.com",
          "10.0.0.0:80/8",
          "10.0.0.0/8/8"}) {
        SCOPED_TRACE(text);
        const auto range = AddressRange::parse(text);
        ASSERT_TRUE(range.has_error());
        EXPECT_EQ(range.error().kind, Errc::InvalidInput);
        EXPECT_NE(range.error().message.find(text), std::string::npos);
    }
    const auto all = TrustedProxies::parse({"10.0.0.0/8", "bad"});
    ASSERT_TRUE(all.has_error());
    EXPECT_NE(all.error().message.find("\"bad\""), std::string::npos) << all.error().message;
}

struct ClientCase {
    std::string_view name;
    std::string_view remote;
    std::vector<std::string_view> forwarded_for;
    std::string_view expected;
};

TEST(ClientAddress, IsTheNearestStranger) {
    const auto proxies = TrustedProxies::parse({"10.0.0.0/8", "2001:db8:1::/48"});
    ASSERT_TRUE(proxies);
    const ClientCase cases[] = {
        {"direct", "203.0.113.9:5000", {}, "203.0.113.9"},
        {"a stranger's header is not believed",
         "203.0.113.9:5000",
         {"198.51.100.1"},
         "203.0.113.9"},
        {"one proxy", "10.0.0.1:5000", {"198.51.100.1"}, "198.51.100.1"},
        {"two proxies", "10.0.0.1:5000", {"198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
        {"the client's own claim is to the left",
         "10.0.0.1:5000",
         {"1.1.1.1, 198.51.100.1"},
         "198.51.100.1"},
        {"a claim to be a proxy",
         "10.0.0.1:5000",
         {"10.9.9.9, 198.51.100.1, 10.0.0.2"},
         "198.51.100.1"},
        {"several lines are one list",
         "10.0.0.1:5000",
         {"1.1.1.1", "198.51.100.1 ,10.0.0.2"},
         "198.51.100.1"},
        {"all trusted", "10.0.0.1:5000", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
        {"proxy without the header", "10.0.0.1:5000", {}, "10.0.0.1"},
        {"garbage ends at who passed it on",
         "10.0.0.1:5000",
         {"1.1.1.1, unknown, 10.0.0.2"},
         "10.0.0.2"},
        {"empty line", "10.0.0.1:5000", {""}, "10.0.0.1"},
        {"empty entry", "10.0.0.1:5000", {"198.51.100.1,,"}, "10.0.0.1"},
        {"entry with a port", "10.0.0.1:5000", {"198.51.100.1:7000"}, "198.51.100.1"},
        {"IPv6", "[2001:db8:1::5]:5000", {"2001:db8:2::9"}, "2001:db8:2::9"},
        {"IPv6 with a port", "[2001:db8:1::5]:5000", {"[2001:db8:2::9]:443"}, "2001:db8:2::9"},
        {"no address at all", "", {"198.51.100.1"}, ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(client_address(c.remote, c.forwarded_for, *proxies), c.expected);
        Request request;
        request.remote_address = c.remote;
        for (const auto line : c.forwarded_for) {
            request.headers.push_back({"x-forwarded-for", std::string{line}});
        }
        EXPECT_EQ(client_address(request, *proxies), c.expected);
    }
}

TEST(ClientAddress, NobodyIsTrustedByDefault) {
    EXPECT_EQ(client_address("127.0.0.1:9", {"198.51.100.1"}, {}), "127.0.0.1");
}

}  // namespace
}  // namespace linkspan::http
