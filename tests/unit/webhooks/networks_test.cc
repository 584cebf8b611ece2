#include "webhooks/networks.h"

#include "tests/unit/webhooks/support.h"
#include "webhooks/authenticate.h"

namespace linkspan::webhooks {
namespace {

TEST(NetworkTest, AddressesInsideAndOutside) {
    const struct {
        const char* network;
        const char* address;
        bool inside;
    } kCases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/8", "10.0.0.7:51544", true},
        {"10.0.0.0/8", "::ffff:10.0.0.7", true},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.6", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "203.0.113.9", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"2001:db8::/32", "[2001:db8::1]:443", true},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(std::string{test.network} + " and " + test.address);
        const auto network = Network::parse(test.network);
        const auto address = Address::parse(test.address);
        ASSERT_TRUE(network);
        ASSERT_TRUE(address);
        EXPECT_EQ(network->contains(*address), test.inside);
    }
}

TEST(NetworkTest, MalformedOnesAreRefused) {
    for (const char* const text :
         {"",
          "example.com",
          "10.0.0.0/33",
          "10.0.0.0/-1",
          "10.0.0.0/",
          "10.0.0.0/8x",
          "10.0.0.7/8",
          "10.0.0/8",
          "2001:db8::/129",
          "2001:db8::1/64",
          "1.2.3.4.5"}) {
        EXPECT_FALSE(Network::parse(text)) << text;
    }
    for (const char* const text : {"", "unix:", "10.0.0", "host"}) {
        EXPECT_FALSE(Address::parse(text)) << text;
    }
}

RawDelivery from(const std::string& peer, Headers headers = {}) {
    RawDelivery delivery = testing::delivery_of("{}", std::move(headers));
    delivery.remote_address = peer;
    return delivery;
}

TEST(ClientAddressTest, ForwardedForCountsOnlyBehindOurProxies) {
    const std::vector<std::string> proxies{"10.0.0.0/8"};
    const auto address = [&](const RawDelivery& delivery) {
        return client_address(delivery, proxies);
    };
    const auto is = [](const char* text) { return Address::parse(text); };
    EXPECT_EQ(address(from("192.0.2.1")), is("192.0.2.1"));
    EXPECT_EQ(address(from("192.0.2.1", {{"X-Forwarded-For", "203.0.113.1"}})), is("192.0.2.1"));
    EXPECT_EQ(address(from("10.0.0.1", {{"X-Forwarded-For", "203.0.113.1"}})), is("203.0.113.1"));
    // What the stranger himself wrote comes first and does not count.
    EXPECT_EQ(
        address(from("10.0.0.1", {{"X-Forwarded-For", "198.51.100.1, 203.0.113.1, 10.0.0.2"}})),
        is("203.0.113.1")
    );
    EXPECT_EQ(
        address(from(
            "10.0.0.1", {{"X-Forwarded-For", "198.51.100.1"}, {"x-forwarded-for", "203.0.113.1"}}
        )),
        is("203.0.113.1")
    );
    EXPECT_EQ(address(from("10.0.0.1")), is("10.0.0.1"));
    EXPECT_FALSE(address(from("10.0.0.1", {{"X-Forwarded-For", "unknown"}})));
}

TEST(ClientAddressTest, ReceiversMayBeLimitedToNetworks) {
    Receiver receiver = testing::open_receiver("ci");
    receiver.networks = {"192.0.2.0/24"};
    EXPECT_TRUE(authenticate(from("192.0.2.1"), receiver));
    const auto refused = authenticate(from("203.0.113.1"), receiver);
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().kind, Errc::Unauthorized);
    EXPECT_FALSE(authenticate(from("nonsense"), receiver));
}

}  // namespace
}  // namespace linkspan::webhooks
