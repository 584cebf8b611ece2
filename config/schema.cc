#include "config/schema.h"

#include "config/sections.h"
#include "config/units.h"

#include <nlohmann/json.hpp>

namespace linkspan::config {

namespace {

// Keys in the order of their declaration: a person reads this too.
using Json = nlohmann::ordered_json;

class Generator {
public:
    Json whole(const MappingShape& root) {
        Json schema{
            {"$schema", "http://json-schema.org/draft-07/schema#"},
            {"title", "linkspan.yaml"},
        };
        schema.update(mapping(root));
        schema["definitions"] = std::move(definitions_);
        return schema;
    }

private:
    Json mapping(const MappingShape& shape) {
        Json properties = Json::object();
        Json required = Json::array();
        for (const KeyShape& key : shape.keys) {
            properties[key.name] = described(key);
            if (key.required) required.push_back(key.name);
        }
        Json schema{
            {"description", shape.doc},
            {"type", "object"},
            {"additionalProperties", false},
            {"properties", std::move(properties)},
        };
        if (!required.empty()) schema["required"] = std::move(required);
        if (shape.exactly_one) {
            schema["minProperties"] = 1;
            schema["maxProperties"] = 1;
        }
        return schema;
    }

    Json described(const KeyShape& key) {
        Json schema{{"description", key.doc}};
        Json value = of(key.shape);
        // Draft 7 ignores everything beside a $ref.
        if (value.contains("$ref")) {
            schema["allOf"] = Json::array({std::move(value)});
        } else {
            schema.update(value);
        }
        add_default(schema, key.shape);
        return schema;
    }

    static void add_default(Json& schema, const Shape& shape) {
        if (shape.default_value.empty()) return;
        switch (shape.kind) {
            case Shape::Kind::Boolean:
                schema["default"] = shape.default_value == "true";
                break;
            case Shape::Kind::Integer:
                schema["default"] = std::stoull(shape.default_value);
                break;
            case Shape::Kind::Text:
            case Shape::Kind::Choice:
            case Shape::Kind::Size:
            case Shape::Kind::Duration:
                schema["default"] = shape.default_value;
                break;
            case Shape::Kind::List:
            case Shape::Kind::Table:
            case Shape::Kind::Mapping:
            case Shape::Kind::AnyOf:
                break;
        }
    }

    Json of(const Shape& shape) {
        switch (shape.kind) {
            case Shape::Kind::Text: {
                Json schema{{"type", "string"}};
                if (!shape.may_be_empty) schema["minLength"] = 1;
                if (!shape.pattern.empty()) schema["pattern"] = shape.pattern;
                return schema;
            }
            case Shape::Kind::Boolean:
                return {{"type", "boolean"}};
            case Shape::Kind::Integer:
                return {
                    {"type", "integer"},
                    {"minimum", shape.range.least},
                    {"maximum", shape.range.most},
                };
            case Shape::Kind::Size:
                return {{"type", {"string", "integer"}}, {"pattern", kSizePattern}, {"minimum", 0}};
            case Shape::Kind::Duration:
                return {
                    {"type", {"string", "integer"}},
                    {"pattern", kDurationPattern},
                    {"minimum", 0},
                    {"maximum", 0},
                };
            case Shape::Kind::Choice:
                return {{"enum", shape.choices}};
            case Shape::Kind::List: {
                Json schema{{"type", "array"}, {"items", of(shape.parts.at(0))}};
                if (shape.not_empty) schema["minItems"] = 1;
                return schema;
            }
            case Shape::Kind::Table:
                return {{"type", "object"}, {"additionalProperties", of(shape.parts.at(0))}};
            case Shape::Kind::Mapping:
                return reference(*shape.mapping);
            case Shape::Kind::AnyOf: {
                Json alternatives = Json::array();
                for (const Shape& part : shape.parts) alternatives.push_back(of(part));
                return {{"anyOf", std::move(alternatives)}};
            }
        }
        return {};
    }

    Json reference(const MappingShape& shape) {
        if (!definitions_.contains(shape.name)) {
            Json definition = mapping(shape);
            definitions_[shape.name] = std::move(definition);
        }
        return {{"$ref", "#/definitions/" + shape.name}};
    }

    Json definitions_ = Json::object();
};

}  // namespace

std::string json_schema() { return Generator{}.whole(config_mapping().shape()).dump(2) + "\n"; }

}  // namespace linkspan::config
