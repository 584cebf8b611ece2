// What operators say and are told, as JSON and text.
#pragma once

#include "core/result.h"
#include "service/store/holds.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::pipeline {

nlohmann::ordered_json hold_json(const store::Hold& hold);

// RFC 3339; nullopt when it is none, or outside of what the store can hold.
std::optional<store::TimePoint> read_time(std::string_view text);

// The body of an action: a JSON object with a reason and nothing that is not asked for.
struct ActionBody {
    std::string reason;
    std::optional<std::string> tag;
    std::optional<std::string> digest;
    std::optional<std::string> until;
    std::optional<std::string> to;
};
// Errors: InvalidInput; names the key. `allowed`: keys beside "reason".
Result<ActionBody> read_action(
    std::string_view body, std::initializer_list<std::string_view> allowed
);

}  // namespace linkspan::pipeline
