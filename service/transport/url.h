// Url: an absolute http or https URL, taken apart once.
//
// It is read by libcurl's own parser, so what is checked here (same host? still https?) is what
// libcurl will connect to: two parsers that disagree are how a token ends up at another host.
// Plain value. Errors: Errc::InvalidInput, with no part of the URL in the text but its origin.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace linkspan::transport {

class Url {
public:
    // http and https only, with a host, without user:password@ (credentials travel in headers).
    static Result<Url> parse(std::string_view text);
    // A reference as in Link and Location headers: absolute, "//host/…", "/path", "path" or
    // "?query", against this URL (RFC 3986 part 5).
    [[nodiscard]] Result<Url> resolve(std::string_view reference) const;

    [[nodiscard]] const std::string& str() const { return text_; }
    [[nodiscard]] const std::string& scheme() const { return scheme_; }
    [[nodiscard]] const std::string& host() const { return host_; }  // lower case, no port
    [[nodiscard]] std::uint16_t port() const { return port_; }       // 80 or 443 when not written
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const std::string& query() const { return query_; }  // without '?'
    [[nodiscard]] bool is_https() const { return scheme_ == "https"; }
    // "https://registry.example.com:5000", the only part that belongs in messages: paths and
    // queries may hold tokens.
    [[nodiscard]] std::string origin() const;
    [[nodiscard]] bool same_origin(const Url& other) const;

private:
    std::string text_;
    std::string scheme_;
    std::string host_;
    std::string path_;
    std::string query_;
    std::uint16_t port_ = 0;
};

// Everything but the unreserved characters of RFC 3986, for one query value.
std::string percent_encode(std::string_view text);

}  // namespace linkspan::transport
