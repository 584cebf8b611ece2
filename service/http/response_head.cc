#include "service/http/response_head.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace linkspan::http {
namespace beast = boost::beast;

namespace {

constexpr std::string_view kFramingFields[] = {
    "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Trailer", "Upgrade"};

constexpr std::array<bool, 256> make_token_table() {
    std::array<bool, 256> table{};
    for (unsigned char c = '0'; c <= '9'; ++c) table[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = true;
    for (unsigned char c = 'A'; c <= 'Z'; ++c) table[c] = true;
    for (const char c : std::string_view{"!#$%&'*+-.^_`|~"}) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}

constexpr auto kToken = make_token_table();

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return kToken[static_cast<unsigned char>(c)];
    });
}

bool is_field_value(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && byte != '\t') || byte == 0x7f;
    });
}

bool is_framing_field(std::string_view name) {
    return std::any_of(
        std::begin(kFramingFields),
        std::end(kFramingFields),
        [name](std::string_view field) { return beast::iequals(field, name); }
    );
}

Status check(const Response& response) {
    if (response.status < 200 || response.status > 599) {
        return Error{
            Errc::Internal, fmt::format("a handler answered with status {}", response.status)};
    }
    if (!is_field_value(response.content_type)) {
        return Error{Errc::Internal, "a handler's Content-Type has a control character"};
    }
    for (const auto& header : response.headers) {
        if (!is_token(header.name)) {
            return Error{Errc::Internal, "a handler's response header has a name that is no token"};
        }
        if (!is_field_value(header.value)) {
            return Error{
                Errc::Internal,
                fmt::format("a handler's response header {} has a control character", header.name)};
        }
        if (is_framing_field(header.name)) {
            return Error{
                Errc::Internal,
                fmt::format("a handler set {}; the server frames answers", header.name)};
        }
    }
    return {};
}

}  // namespace

bool may_have_body(unsigned status) { return status != 204 && status != 304; }

Status append_head(
    std::string& out, const Response& response, const Framing& framing, std::string_view date
) {
    if (auto ok = check(response); ok.has_error()) return ok;
    const auto reason =
        beast::http::obsolete_reason(static_cast<beast::http::status>(response.status));
    out.reserve(out.size() + 192);
    auto to = std::back_inserter(out);
    fmt::format_to(to, "HTTP/1.1 {} ", response.status);
    out.append(reason.data(), reason.size());
    out.append("\r\nDate: ").append(date);
    if (!response.content_type.empty() && may_have_body(response.status)) {
        out.append("\r\nContent-Type: ").append(response.content_type);
    }
    if (may_have_body(response.status)) {
        fmt::format_to(to, "\r\nContent-Length: {}", response.body.size());
    }
    if (!framing.keep_alive) {
        out.append("\r\nConnection: close");
    } else if (framing.http_1_0) {
        out.append("\r\nConnection: keep-alive");
    }
    for (const auto& header : response.headers) {
        out.append("\r\n").append(header.name).append(": ").append(header.value);
    }
    out.append("\r\n\r\n");
    return {};
}

std::string http_date(std::time_t when) {
    // Not strftime: the names must not follow the locale.
    static constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::string_view kMonths[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm t{};
    ::gmtime_r(&when, &t);
    return fmt::format(
        "{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
        kDays[t.tm_wday],
        t.tm_mday,
        kMonths[t.tm_mon],
        1900 + t.tm_year,
        t.tm_hour,
        t.tm_min,
        t.tm_sec
    );
}

}  // namespace linkspan::http
