#include "service/registry/answer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace linkspan::registry {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kLongestRetryAfter{600};

Errc kind_of(unsigned status, bool is_page) {
    if (status == 401 || status == 403) return Errc::Unauthorized;
    if (status == 429) return Errc::RateLimited;
    if (status == 408 || status >= 500) return Errc::Unavailable;
    // A web server's 404 says nothing about the image.
    if (status == 404 && !is_page) return Errc::NotFound;
    return Errc::InvalidInput;
}

}  // namespace

std::string quote(std::string_view text, std::size_t longest) {
    std::string out;
    for (const char c : text.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(c);
        out.push_back(byte < 0x20 || byte >= 0x7f ? '?' : c);
    }
    if (text.size() > longest) out += "...";
    return out;
}

std::string media_type_of(const transport::HttpResponse& response) {
    const auto field = response.header("Content-Type");
    if (!field) return {};
    std::string out{field->substr(0, field->find(';'))};
    out.erase(out.find_last_not_of(" \t") + 1);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::optional<std::string> read_error_code(std::string_view body) {
    if (body.size() > (64 << 10)) return std::nullopt;
    const json document = json::parse(body, nullptr, false);
    if (!document.is_object()) return std::nullopt;
    const auto errors = document.find("errors");
    // Token servers: {"details": …} (Docker Hub), {"error": …} (OAuth).
    if (errors == document.end() || !errors->is_array() || errors->empty()) {
        for (const char* key : {"details", "error_description", "error", "message"}) {
            const auto it = document.find(key);
            if (it != document.end() && it->is_string()) return quote(it->get<std::string>());
        }
        return std::nullopt;
    }
    const json& first = errors->front();
    if (!first.is_object()) return std::nullopt;
    const auto text = [&](const char* key) {
        const auto it = first.find(key);
        return it != first.end() && it->is_string() ? it->get<std::string>() : std::string{};
    };
    const auto code = text("code");
    const auto message = text("message");
    if (code.empty() && message.empty()) return std::nullopt;
    return quote(code.empty() || message.empty() ? code + message : code + ": " + message);
}

Error explain(const transport::HttpResponse& response, std::string_view who) {
    const auto media_type = media_type_of(response);
    const bool is_page = media_type == "text/html";
    std::string text = fmt::format("{} answered {}", who, response.status);
    if (const auto code = read_error_code(response.body)) {
        text += " " + *code;
    } else if (is_page) {
        text += " with a web page; is this the registry's API?";
    }
    Error error{kind_of(response.status, is_page), std::move(text)};
    error.retry_after = response.retry_after();
    // More than this nobody waits for, whatever a registry says.
    if (error.retry_after) error.retry_after = std::min(*error.retry_after, kLongestRetryAfter);
    return error;
}

Error explain_not_json(const transport::HttpResponse& response, std::string_view who) {
    const auto media_type = media_type_of(response);
    if (media_type == "text/html") {
        return {
            Errc::InvalidInput,
            fmt::format("{} answered with a web page; is this the registry's API?", who)};
    }
    return {
        Errc::InvalidInput,
        fmt::format(
            "{} answered {} bytes of {} that are not the JSON that the API promises",
            who,
            response.body.size(),
            media_type.empty() ? "no content type" : quote(media_type, 80)
        )};
}

}  // namespace linkspan::registry
