// openapi.json describes every route and no other. (That answers are what it says is shown in
// tests/e2e/test_operator.py.)
#include "service/pipeline/openapi.h"

#include "service/pipeline/routes.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <string>

namespace linkspan::pipeline {
namespace {

using Json = nlohmann::json;

std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

TEST(OpenApiTest, DescribesEveryRouteAndNoOther) {
    const Json document = Json::parse(kOpenApi);
    std::set<std::string> described;
    for (const auto& [path, methods] : document.at("paths").items()) {
        for (const auto& [method, call] : methods.items()) described.insert(method + " " + path);
    }
    std::set<std::string> routed;
    for (const auto& [method, path] : route_list()) {
        routed.insert(lower(method) + " " + std::string{path});
    }
    EXPECT_EQ(described, routed);
}

// Every "$ref" leads somewhere, and every "{part}" of a path is a parameter of it.
void check_references(const Json& document, const Json& value) {
    if (value.is_object() && value.contains("$ref")) {
        const auto pointer = value["$ref"].get<std::string>().substr(1);
        EXPECT_TRUE(document.contains(Json::json_pointer{pointer})) << pointer;
    }
    if (!value.is_structured()) return;
    for (const auto& item : value) check_references(document, item);
}

TEST(OpenApiTest, HoldsTogether) {
    const Json document = Json::parse(kOpenApi);
    EXPECT_EQ(document.at("openapi"), "3.1.0");
    check_references(document, document);
    for (const auto& [path, methods] : document.at("paths").items()) {
        SCOPED_TRACE(path);
        const auto braces = std::count(path.begin(), path.end(), '{');
        for (const auto& [method, call] : methods.items()) {
            std::ptrdiff_t parts = 0;
            for (const auto& parameter : call.value("parameters", Json::array())) {
                if (parameter.at("in") != "path") continue;
                ++parts;
                const auto name = "{" + parameter.at("name").get<std::string>() + "}";
                EXPECT_NE(path.find(name), std::string::npos) << name;
            }
            EXPECT_EQ(parts, braces);
            EXPECT_TRUE(call.contains("summary"));
        }
    }
}

}  // namespace
}  // namespace linkspan::pipeline
