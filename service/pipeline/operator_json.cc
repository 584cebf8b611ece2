#include "service/pipeline/operator_json.h"

#include "core/image/reference.h"
#include "core/policy/instant.h"
#include "service/pipeline/trail_json.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestReason = 1000;  // bytes

Json optional_text(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
}

Error wrong(std::string_view key, std::string_view what) {
    return {Errc::InvalidInput, fmt::format("{}: {}", key, what)};
}

}  // namespace

Json hold_json(const store::Hold& hold) {
    return {
        {"id", hold.id},
        {"target", hold.target},
        {"policy", hold.policy},
        {"tag", optional_text(hold.tag)},
        {"digest", optional_text(hold.digest)},
        {"who", hold.who},
        {"why", hold.why},
        {"since", rfc3339(hold.since)},
        {"until", hold.until ? Json(rfc3339(*hold.until)) : Json(nullptr)},
        {"pull_request", hold.pull_request != 0 ? Json(hold.pull_request) : Json(nullptr)},
    };
}

std::optional<store::TimePoint> read_time(std::string_view text) {
    const auto instant = policy::read_instant(text);
    // Times are kept as nanoseconds in 64 bits.
    if (!instant || instant->seconds < 0 || instant->seconds > 9'000'000'000) return std::nullopt;
    return store::TimePoint{std::chrono::seconds{instant->seconds}};
}

Result<ActionBody> read_action(
    std::string_view body, std::initializer_list<std::string_view> allowed
) {
    const auto json = nlohmann::json::parse(body, nullptr, false);
    if (!json.is_object()) {
        return Error{Errc::InvalidInput, "the body must be a JSON object: {\"reason\": \"…\"}"};
    }
    ActionBody action;
    for (const auto& [key, value] : json.items()) {
        const bool known =
            key == "reason" || std::find(allowed.begin(), allowed.end(), key) != allowed.end();
        if (!known) return Error{Errc::InvalidInput, "the body has a key that is not known here"};
        if (value.is_null()) continue;
        if (!value.is_string()) return wrong(key, "must be text");
        auto text = value.get<std::string>();
        if (text.empty() || text.size() > kLongestReason) {
            return wrong(key, fmt::format("must have 1 to {} bytes", kLongestReason));
        }
        // It ends in lists, logs and messages of one line.
        std::replace_if(
            text.begin(),
            text.end(),
            [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
            ' '
        );
        if (key == "reason") action.reason = std::move(text);
        if (key == "tag") action.tag = std::move(text);
        if (key == "digest") action.digest = std::move(text);
        if (key == "until") action.until = std::move(text);
        if (key == "to") action.to = std::move(text);
    }
    if (action.reason.find_first_not_of(' ') == std::string::npos) {
        return wrong("reason", "say why; it stands in the audit record");
    }
    for (const auto& [key, tag] : {std::pair{"tag", &action.tag}, std::pair{"to", &action.to}}) {
        if (!*tag) continue;
        const auto parsed = image::Tag::parse(**tag);
        if (parsed.has_error()) return wrong(key, parsed.error().message);
    }
    if (action.digest) {
        const auto parsed = image::Digest::parse(*action.digest);
        if (parsed.has_error()) return wrong("digest", parsed.error().message);
    }
    return action;
}

}  // namespace linkspan::pipeline
