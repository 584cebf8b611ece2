#include "service/http/client_address.h"

#include <boost/beast/core/string.hpp>
#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace linkspan::http {

namespace {

constexpr std::size_t kMappedBytes = 12;  // of ::ffff:0:0/96
constexpr unsigned kMappedBits = 96;
constexpr IpBytes kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_v4(const IpBytes& address) {
    return std::equal(kMapped.begin(), kMapped.begin() + kMappedBytes, address.begin());
}

// Neither a port nor brackets.
std::optional<IpBytes> parse_bare(std::string_view text) {
    std::array<char, INET6_ADDRSTRLEN> copy{};
    if (text.empty() || text.size() >= copy.size()) return std::nullopt;
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    std::memcpy(copy.data(), text.data(), text.size());
    IpBytes out = kMapped;
    if (::inet_pton(AF_INET, copy.data(), out.data() + kMappedBytes) == 1) return out;
    if (::inet_pton(AF_INET6, copy.data(), out.data()) == 1) return out;
    return std::nullopt;
}

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Whether the first `bits` of both are the same.
bool same_prefix(const IpBytes& a, const IpBytes& b, unsigned bits) {
    const std::size_t whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) {
        return false;
    }
    const unsigned rest = bits % 8;
    if (rest == 0) return true;
    const unsigned shift = 8 - rest;
    return (a[whole] >> shift) == (b[whole] >> shift);
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::optional<IpBytes> parse_ip(std::string_view text) {
    if (!text.empty() && text.front() == '[') {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        const auto rest = text.substr(close + 1);
        if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
        const auto inside = text.substr(1, close - 1);
        if (inside.find(':') == std::string_view::npos) return std::nullopt;
        return parse_bare(inside);
    }
    const auto colon = text.find(':');
    if (colon != std::string_view::npos && colon == text.rfind(':')) {
        if (!is_port(text.substr(colon + 1))) return std::nullopt;
        return parse_bare(text.substr(0, colon));
    }
    return parse_bare(text);
}

std::string to_string(const IpBytes& address) {
    std::array<char, INET6_ADDRSTRLEN> out{};
    if (is_v4(address)) {
        ::inet_ntop(AF_INET, address.data() + kMappedBytes, out.data(), out.size());
    } else {
        ::inet_ntop(AF_INET6, address.data(), out.data(), out.size());
    }
    return out.data();
}

Result<AddressRange> AddressRange::parse(std::string_view text) {
    const auto wrong = [text](std::string_view why) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "\"{}\" {}; write an address or a range such as 10.0.0.0/8 or 2001:db8::/32",
                text,
                why
            )};
    };
    const auto slash = text.find('/');
    const auto base = parse_bare(text.substr(0, slash));
    if (!base) return wrong("is no IP address");
    AddressRange out;
    out.base_ = *base;
    if (slash == std::string_view::npos) return out;
    const auto digits = text.substr(slash + 1);
    unsigned prefix = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    const bool v4 = text.find(':') == std::string_view::npos;
    if (digits.empty() || ec != std::errc{} || end != digits.data() + digits.size() ||
        prefix > (v4 ? 32U : 128U)) {
        return wrong("has no prefix length that fits");
    }
    out.prefix_ = v4 ? prefix + kMappedBits : prefix;
    for (unsigned bit = out.prefix_; bit < 128; ++bit) {
        if ((out.base_[bit / 8] >> (7 - bit % 8) & 1) != 0) {
            return wrong("has bits set behind its prefix");
        }
    }
    return out;
}

bool AddressRange::contains(const IpBytes& address) const {
    // 0.0.0.0/0 is all of IPv4 and ::/0 everything, because IPv4 is mapped.
    return same_prefix(base_, address, prefix_);
}

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& ranges) {
    TrustedProxies out;
    for (const auto& text : ranges) {
        auto range = AddressRange::parse(text);
        if (range.has_error()) return range.error().within("trusted proxies");
        out.ranges_.push_back(*range);
    }
    return out;
}

bool TrustedProxies::contains(const IpBytes& address) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const AddressRange& range) {
        return range.contains(address);
    });
}

std::string client_address(
    std::string_view remote,
    const std::vector<std::string_view>& forwarded_for,
    const TrustedProxies& proxies
) {
    const auto peer = parse_ip(remote);
    if (!peer) return std::string{remote};
    IpBytes nearest = *peer;
    for (auto line = forwarded_for.rbegin(); line != forwarded_for.rend(); ++line) {
        auto rest = *line;
        for (;;) {
            if (!proxies.contains(nearest)) return to_string(nearest);
            const auto comma = rest.rfind(',');
            const auto entry =
                trimmed(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
            const auto address = parse_ip(entry);
            if (!address) return to_string(nearest);
            nearest = *address;
            if (comma == std::string_view::npos) break;
            rest = rest.substr(0, comma);
        }
    }
    return to_string(nearest);
}

std::string client_address(const Request& request, const TrustedProxies& proxies) {
    std::vector<std::string_view> lines;
    for (const auto& header : request.headers) {
        if (boost::beast::iequals(header.name, "X-Forwarded-For")) lines.push_back(header.value);
    }
    return client_address(request.remote_address, lines, proxies);
}

}  // namespace linkspan::http
