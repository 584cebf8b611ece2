#include "service/transport/url.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace linkspan::transport {
namespace {

struct CurlUrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlUrl = std::unique_ptr<CURLU, CurlUrlDeleter>;

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
    std::string out{text};
    curl_free(text);
    return out;
}

bool has_unprintable(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) {
        return c <= 0x20 || c == 0x7f;
    });
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
    // libcurl forgives some of these; a URL from a header or a config has no reason to hold them.
    if (text.empty() || text.size() > 8192 || has_unprintable(text)) {
        return Error{Errc::InvalidInput, "not a URL: empty, too long, or with spaces in it"};
    }
    CurlUrl url{curl_url()};
    const std::string terminated{text};
    const CURLUcode code =
        curl_url_set(url.get(), CURLUPART_URL, terminated.c_str(), CURLU_DISALLOW_USER);
    if (code == CURLUE_USER_NOT_ALLOWED) {
        return Error{Errc::InvalidInput, "a URL must not hold a user name or password"};
    }
    if (code != CURLUE_OK) {
        return Error{Errc::InvalidInput, fmt::format("not a URL: {}", curl_url_strerror(code))};
    }
    Url out;
    out.scheme_ = part(url.get(), CURLUPART_SCHEME);
    if (out.scheme_ != "http" && out.scheme_ != "https") {
        return Error{Errc::InvalidInput, "a URL must start with https:// or http://"};
    }
    out.host_ = part(url.get(), CURLUPART_HOST);
    std::transform(out.host_.begin(), out.host_.end(), out.host_.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (out.host_.empty()) return Error{Errc::InvalidInput, "a URL must name a host"};
    const std::string port = part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    std::from_chars(port.data(), port.data() + port.size(), out.port_);
    out.path_ = part(url.get(), CURLUPART_PATH);
    out.query_ = part(url.get(), CURLUPART_QUERY);
    // A fragment is for browsers; it is never sent.
    curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
    out.text_ = part(url.get(), CURLUPART_URL);
    return out;
}

Result<Url> Url::resolve(std::string_view reference) const {
    if (reference.empty() || reference.size() > 8192 || has_unprintable(reference)) {
        return Error{Errc::InvalidInput, "not a URL: empty, too long, or with spaces in it"};
    }
    CurlUrl url{curl_url()};
    curl_url_set(url.get(), CURLUPART_URL, text_.c_str(), 0);
    const std::string terminated{reference};
    const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, terminated.c_str(), 0);
    if (code != CURLUE_OK) {
        return Error{Errc::InvalidInput, fmt::format("not a URL: {}", curl_url_strerror(code))};
    }
    return parse(part(url.get(), CURLUPART_URL));
}

std::string Url::origin() const {
    const bool usual = port_ == (is_https() ? 443 : 80);
    return usual ? fmt::format("{}://{}", scheme_, host_)
                 : fmt::format("{}://{}:{}", scheme_, host_, port_);
}

bool Url::same_origin(const Url& other) const {
    return scheme_ == other.scheme_ && host_ == other.host_ && port_ == other.port_;
}

std::string percent_encode(std::string_view text) {
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char raw : text) {
        const auto c = static_cast<unsigned char>(raw);
        const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                                c == '~';
        if (unreserved) {
            out.push_back(raw);
        } else {
            out.push_back('%');
            out.push_back(kHex[c >> 4U]);
            out.push_back(kHex[c & 15U]);
        }
    }
    return out;
}

}  // namespace linkspan::transport
