// Where a request may come from: addresses and networks, by text alone.
#pragma once

#include "core/result.h"
#include "webhooks/delivery.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::webhooks {

// An IPv4 or IPv6 address; IPv4 as ::ffff:a.b.c.d, so that both compare alike.
struct Address {
    std::array<std::uint8_t, 16> bytes{};
    // "10.0.0.7", "10.0.0.7:51544", "::1", "[::1]:443", "::ffff:10.0.0.7".
    static std::optional<Address> parse(std::string_view text);
    friend bool operator==(const Address&, const Address&) = default;
};

// "10.0.0.0/8", "2001:db8::/32", or one address. Errors: InvalidInput, also for bits that are set
// beyond the prefix: "10.0.0.7/8" says less than its author meant.
class Network {
public:
    static Result<Network> parse(std::string_view text);
    [[nodiscard]] bool contains(const Address& address) const;

private:
    Address base_;
    unsigned prefix_ = 128;  // bits
};

// The address that counts: the peer's, or, when the peer is a trusted proxy, the last one in
// X-Forwarded-For that is not a trusted proxy itself. What a stranger wrote in front of it does not
// count. Networks that can't be parsed match nothing.
std::optional<Address> client_address(
    const RawDelivery& delivery, const std::vector<std::string>& trusted_proxies
);

bool is_within(const Address& address, const std::vector<std::string>& networks);

}  // namespace linkspan::webhooks
