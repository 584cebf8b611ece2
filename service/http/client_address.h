// Who is calling, when proxies stand between: X-Forwarded-For, believed only as far as the proxies
// that wrote it are trusted. Pure.
#pragma once

#include "core/result.h"
#include "service/http/server.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::http {

// IPv4 is kept as the IPv4-mapped IPv6 address, so that both compare alike.
using IpBytes = std::array<std::uint8_t, 16>;

class AddressRange {
public:
    // "10.0.0.0/8", "2001:db8::/32", or one address. Errors: InvalidInput, also when bits are set
    // behind the prefix ("10.0.0.1/8"), since it is then unclear what was meant.
    static Result<AddressRange> parse(std::string_view text);
    [[nodiscard]] bool contains(const IpBytes& address) const;

private:
    IpBytes base_{};
    unsigned prefix_ = 128;  // bits
};

class TrustedProxies {
public:
    TrustedProxies() = default;  // none
    // Errors: InvalidInput, with the entry.
    static Result<TrustedProxies> parse(const std::vector<std::string>& ranges);
    [[nodiscard]] bool contains(const IpBytes& address) const;

private:
    std::vector<AddressRange> ranges_;
};

// "192.0.2.1", "192.0.2.1:443", "2001:db8::1", "[2001:db8::1]:443"; nothing for anything else.
std::optional<IpBytes> parse_ip(std::string_view text);
// Without a port or brackets: "192.0.2.1", "2001:db8::1".
std::string to_string(const IpBytes& address);

// The nearest address that is not one of ours: `remote` if it is no trusted proxy, otherwise the
// last entry of `forwarded_for` that is none. A proxy appends what it saw, so everything to the
// left of the first stranger is that stranger's claim. An entry that is no address ends the walk at
// the proxy that passed it on. When all are trusted: the first entry. Without a port.
std::string client_address(
    std::string_view remote,
    const std::vector<std::string_view>& forwarded_for,  // the header's lines, in order
    const TrustedProxies& proxies
);

// The same from a request.
std::string client_address(const Request& request, const TrustedProxies& proxies);

}  // namespace linkspan::http
