// What an answer says, without trusting that it is there: an absent or oddly typed field is empty.
#pragma once

#include "core/result.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::forge {

using Json = nlohmann::json;
using Path = std::initializer_list<std::string_view>;

// A null value where the path leads nowhere.
const Json& field(const Json& value, Path path);
std::string text(const Json& value, Path path = {});
std::int64_t number(const Json& value, Path path);  // 0
bool flag(const Json& value, Path path);            // false
// `inner` of every item of the array.
std::vector<std::string> texts(const Json& array, Path inner = {});

// Bytes that are no UTF-8 are replaced: nothing throws.
std::string write_json(const Json& value);
// Errors: Unavailable: an answer that was cut off, or is no JSON.
Result<Json> read_json(std::string_view body);

}  // namespace linkspan::forge
