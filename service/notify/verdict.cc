#include "service/notify/verdict.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::notify {
namespace {

constexpr std::size_t kMaxSaid = 200;

// The first line of a body, when it is short text: "invalid_token".
std::string said(const std::string& body) {
    std::string text = body.substr(0, std::min(body.find_first_of("\r\n"), kMaxSaid));
    const bool odd = std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f;
    });
    return text.empty() || odd || text.starts_with('<') ? std::string{} : ": " + text;
}

}  // namespace

Verdict verdict_of(const Result<transport::HttpResponse>& answer) {
    if (answer.has_error()) {
        const Error& error = answer.error();
        if (is_transient(error.kind)) {
            return TryAgain{.why = error.message, .after = error.retry_after};
        }
        return Refused{error.message};
    }
    const unsigned status = answer->status;
    if (status >= 200 && status < 300) return Delivered{};
    std::string why = fmt::format("answered {}{}", status, said(answer->body));
    if (status == 408 || status == 425 || status == 429 || status >= 500) {
        return TryAgain{.why = std::move(why), .after = answer->retry_after()};
    }
    if (status >= 300 && status < 400) {
        return Refused{fmt::format(
            "answered {}: redirects are not followed; write the URL that it leads to", status
        )};
    }
    return Refused{std::move(why)};
}

}  // namespace linkspan::notify
