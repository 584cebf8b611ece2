#include "service/http/target.h"

#include <boost/beast/core/string.hpp>

#include <utility>

namespace linkspan::http {

namespace {

constexpr std::string_view kSchemes[] = {"http://", "https://"};

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// The byte that text[at..at+2] ("%41") stands for, or -1.
int escape_at(std::string_view text, std::size_t at) {
    if (at + 2 >= text.size()) return -1;
    const int high = hex_value(text[at + 1]);
    const int low = hex_value(text[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool is_control(int byte) { return byte < 0x20 || byte == 0x7f; }

// For text whose escapes are known to be good, or where a bad one stands for itself.
std::string decoded(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int byte = text[i] == '%' ? escape_at(text, i) : -1;
        if (byte >= 0) {
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += text[i] == '+' && plus_is_space ? ' ' : text[i];
        }
    }
    return out;
}

Result<std::string> decoded_path(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '%') {
            out += raw[i];
            continue;
        }
        const int byte = escape_at(raw, i);
        if (byte < 0) {
            return Error{
                Errc::InvalidInput,
                "the path has a '%' that two hexadecimal digits do not follow; write it as %25"};
        }
        if (is_control(byte)) {
            return Error{Errc::InvalidInput, "the path has an escaped control character"};
        }
        if (byte == '/') {
            out += "%2F";
        } else {
            out += static_cast<char>(byte);
        }
        i += 2;
    }
    return out;
}

// "http://host/a?b" → "/a?b"; nothing when `target` is not in absolute form.
std::optional<std::string_view> without_authority(std::string_view target) {
    for (const auto scheme : kSchemes) {
        if (!boost::beast::iequals(target.substr(0, scheme.size()), scheme)) continue;
        auto rest = target.substr(scheme.size());
        const auto end = rest.find_first_of("/?");
        if (end == 0) return std::nullopt;  // no host
        return end == std::string_view::npos ? std::string_view{} : rest.substr(end);
    }
    return std::nullopt;
}

std::string_view path_part(std::string_view target) {
    if (const auto origin = without_authority(target)) target = *origin;
    return target.substr(0, target.find('?'));
}

}  // namespace

Result<Target> parse_target(std::string_view method, std::string_view target) {
    for (const char c : target) {
        if (is_control(static_cast<unsigned char>(c)) || c == ' ' || c == '#') {
            return Error{
                Errc::InvalidInput,
                "the request target has a control character, a space or a fragment; escape it"};
        }
    }
    if (target == "*" && method == "OPTIONS") return Target{"*", {}};
    auto origin = target;
    if (const auto rest = without_authority(target)) {
        origin = *rest;
    } else if (target.empty() || target.front() != '/') {
        return Error{
            Errc::InvalidInput, "the request target is neither a path nor an http or https URL"};
    }
    const auto mark = origin.find('?');
    const auto raw_path = origin.substr(0, mark);
    Target out;
    if (mark != std::string_view::npos) out.query = origin.substr(mark + 1);
    if (raw_path.empty()) {
        out.path = "/";
        return out;
    }
    if (raw_path.find('%') == std::string_view::npos) {
        out.path = raw_path;
        return out;
    }
    LINKSPAN_TRY(path, decoded_path(raw_path));
    out.path = std::move(path);
    return out;
}

std::vector<std::string> path_segments(std::string_view target) {
    auto rest = path_part(target);
    std::vector<std::string> out;
    if (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
    if (rest.empty()) return out;
    for (;;) {
        const auto slash = rest.find('/');
        out.push_back(decoded(rest.substr(0, slash), false));
        if (slash == std::string_view::npos) return out;
        rest.remove_prefix(slash + 1);
    }
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto pair = query.substr(0, end);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
        const auto equals = pair.find('=');
        const auto key = pair.substr(0, equals);
        if (key != name && decoded(key, true) != name) continue;
        if (equals == std::string_view::npos) return std::string{};
        return decoded(pair.substr(equals + 1), true);
    }
    return std::nullopt;
}

}  // namespace linkspan::http
