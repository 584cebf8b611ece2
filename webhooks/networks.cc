#include "webhooks/networks.h"

#include "webhooks/text.h"

#include <fmt/format.h>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace linkspan::webhooks {
namespace {

constexpr std::array<std::uint8_t, 12> kIpv4Prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::string_view without_port(std::string_view text) {
    if (text.starts_with('[')) {
        const auto bracket = text.find(']');
        return bracket == std::string_view::npos ? text : text.substr(1, bracket - 1);
    }
    // One colon parts a port from an IPv4 address; more are an IPv6 address.
    const auto colon = text.find(':');
    const bool one_colon = colon != std::string_view::npos && text.rfind(':') == colon;
    return one_colon ? text.substr(0, colon) : text;
}

// All values of a header that may come several times, in order, parted by commas.
std::vector<std::string_view> list_values(const Headers& headers, std::string_view name) {
    std::vector<std::string_view> values;
    for (const auto& [key, value] : headers.all()) {
        if (!equal_ignoring_case(key, name)) continue;
        std::string_view rest = value;
        while (true) {
            const auto comma = rest.find(',');
            values.push_back(trim(rest.substr(0, comma)));
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return values;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
    const std::string plain{without_port(text)};
    Address address;
    if (inet_pton(AF_INET6, plain.c_str(), address.bytes.data()) == 1) return address;
    std::copy(kIpv4Prefix.begin(), kIpv4Prefix.end(), address.bytes.begin());
    if (inet_pton(AF_INET, plain.c_str(), address.bytes.data() + kIpv4Prefix.size()) == 1) {
        return address;
    }
    return std::nullopt;
}

Result<Network> Network::parse(std::string_view text) {
    const auto wrong = [&](std::string_view why) {
        return Error{Errc::InvalidInput, fmt::format("network \"{}\": {}", text, why)};
    };
    const auto slash = text.find('/');
    const std::string_view base = text.substr(0, slash);
    const bool is_v4 = base.find(':') == std::string_view::npos;
    const auto address = Address::parse(base);
    if (!address) return wrong("is not an IPv4 or IPv6 network like 10.0.0.0/8");
    Network network;
    network.base_ = *address;
    if (slash == std::string_view::npos) return network;

    const std::string_view digits = text.substr(slash + 1);
    const unsigned longest = is_v4 ? 32 : 128;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), network.prefix_);
    if (error != std::errc{} || end != digits.data() + digits.size() || network.prefix_ > longest) {
        return wrong(fmt::format("the prefix length is not from 0 to {}", longest));
    }
    network.prefix_ += 128 - longest;
    for (unsigned bit = network.prefix_; bit < 128; ++bit) {
        if ((network.base_.bytes[bit / 8] & (0x80U >> (bit % 8))) != 0) {
            return wrong("has bits set beyond its prefix");
        }
    }
    return network;
}

bool Network::contains(const Address& address) const {
    for (unsigned bit = 0; bit < prefix_; ++bit) {
        const unsigned mask = 0x80U >> (bit % 8);
        if ((base_.bytes[bit / 8] & mask) != (address.bytes[bit / 8] & mask)) return false;
    }
    return true;
}

bool is_within(const Address& address, const std::vector<std::string>& networks) {
    return std::any_of(networks.begin(), networks.end(), [&](const std::string& text) {
        const auto network = Network::parse(text);
        return network && network->contains(address);
    });
}

std::optional<Address> client_address(
    const RawDelivery& delivery, const std::vector<std::string>& trusted_proxies
) {
    auto address = Address::parse(delivery.remote_address);
    if (!address || !is_within(*address, trusted_proxies)) return address;
    const auto forwarded = list_values(delivery.headers, "X-Forwarded-For");
    for (auto one = forwarded.rbegin(); one != forwarded.rend(); ++one) {
        address = Address::parse(*one);
        if (!address || !is_within(*address, trusted_proxies)) return address;
    }
    return address;
}

}  // namespace linkspan::webhooks
