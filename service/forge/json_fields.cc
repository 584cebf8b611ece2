#include "service/forge/json_fields.h"

namespace linkspan::forge {

const Json& field(const Json& value, Path path) {
    static const Json kNull;
    const Json* at = &value;
    for (const std::string_view name : path) {
        if (!at->is_object()) return kNull;
        const auto it = at->find(std::string{name});
        if (it == at->end()) return kNull;
        at = &*it;
    }
    return *at;
}

std::string text(const Json& value, Path path) {
    const Json& at = field(value, path);
    if (at.is_string()) return at.get<std::string>();
    // Some identifiers are numbers in one version and texts in the next.
    if (at.is_number_integer()) return at.dump();
    return {};
}

std::int64_t number(const Json& value, Path path) {
    const Json& at = field(value, path);
    return at.is_number_integer() ? at.get<std::int64_t>() : 0;
}

bool flag(const Json& value, Path path) {
    const Json& at = field(value, path);
    return at.is_boolean() && at.get<bool>();
}

std::vector<std::string> texts(const Json& array, Path inner) {
    std::vector<std::string> out;
    if (!array.is_array()) return out;
    for (const Json& item : array) {
        if (auto found = text(item, inner); !found.empty()) out.push_back(std::move(found));
    }
    return out;
}

std::string write_json(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Json> read_json(std::string_view body) {
    Json value = Json::parse(body, nullptr, false);
    if (value.is_discarded()) return Error{Errc::Unavailable, "the answer is no JSON"};
    return value;
}

}  // namespace linkspan::forge
