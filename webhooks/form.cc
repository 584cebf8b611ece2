#include "webhooks/form.h"

#include "webhooks/text.h"

#include <algorithm>

namespace linkspan::webhooks {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> decode_form(std::string_view text) {
    std::string spaced{text};
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    return percent_decode(spaced);
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

std::optional<std::string> form_field(std::string_view encoded, std::string_view name) {
    while (!encoded.empty()) {
        const auto end = encoded.find('&');
        const std::string_view pair = encoded.substr(0, end);
        const auto equals = pair.find('=');
        if (decode_form(pair.substr(0, equals)) == name) {
            return decode_form(
                equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1)
            );
        }
        if (end == std::string_view::npos) break;
        encoded.remove_prefix(end + 1);
    }
    return std::nullopt;
}

std::string json_text(const RawDelivery& delivery) {
    const auto type = delivery.headers.get("Content-Type").value_or("");
    // curl -d says that it sends a form, whatever it sends.
    const auto first = delivery.body.find_first_not_of(" \t\r\n");
    const bool is_json =
        first != std::string::npos && (delivery.body[first] == '{' || delivery.body[first] == '[');
    if (!is_json && starts_with_ignoring_case(type, "application/x-www-form-urlencoded")) {
        if (auto payload = form_field(delivery.body, "payload")) return std::move(*payload);
    }
    return delivery.body;
}

}  // namespace linkspan::webhooks
