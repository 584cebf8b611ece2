#include "service/pipeline/directive.h"

#include <nlohmann/json.hpp>

namespace linkspan::pipeline {

std::string Directive::json() const {
    using Json = nlohmann::json;
    return Json{{"rollback", {{"who", who}, {"why", why}, {"hold", hold}}}}.dump(
        -1, ' ', false, Json::error_handler_t::replace
    );
}

Result<Directive> Directive::parse(std::string_view text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    const auto found = json.is_object() ? json.find("rollback") : json.end();
    if (!json.is_object() || found == json.end() || !found->is_object()) {
        return Error{Errc::Corrupt, "the work asks for something that this version does not know"};
    }
    return Directive{
        .who = found->value("who", ""),
        .why = found->value("why", ""),
        .hold = found->value("hold", std::int64_t{0})};
}

}  // namespace linkspan::pipeline
