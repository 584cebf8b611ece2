// JSON bodies, read with the path at hand, so that an error says where: "events[0].target.tag:
// missing". The library's types stay in json_view.cc.
//
// Bounds: nesting of at most kMaxJsonDepth; the size is bounded by whoever read the body. A member
// that is given twice has its last value, as in every language that our senders are written in.
// Invalid UTF-8 and numbers that no double can hold are refused.
#pragma once

#include "core/result.h"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::webhooks {

inline constexpr std::size_t kMaxJsonDepth = 64;

// A string of the body and the place where it stands.
struct Said {
    std::string text;
    std::string where;
};

// A value inside a JsonDocument, which must outlive it, or the place where one would be. Asking an
// absent view for a member gives an absent view.
class JsonView {
public:
    JsonView(const nlohmann::json* value, std::string path)
        : value_{value}, path_{std::move(path)} {}
    // The same value under another name, for a document inside a document.
    JsonView(const JsonView& other, std::string path)
        : value_{other.value_}, path_{std::move(path)} {}

    JsonView operator[](std::string_view key) const;
    JsonView operator[](const char* key) const { return (*this)[std::string_view{key}]; }
    JsonView operator[](std::size_t index) const;
    JsonView operator[](int index) const { return (*this)[static_cast<std::size_t>(index)]; }
    [[nodiscard]] std::size_t size() const;  // elements of an array; 0 for all else

    [[nodiscard]] bool exists() const;  // false for null: senders write it for "absent"
    [[nodiscard]] bool has(std::string_view key) const;  // true for null as well
    [[nodiscard]] bool is_object() const;
    [[nodiscard]] bool is_array() const;
    [[nodiscard]] bool is_string() const;

    // nullopt unless it is a string that is not empty.
    [[nodiscard]] std::optional<std::string> text() const;
    // nullopt unless it is a number; fractions are cut off.
    [[nodiscard]] std::optional<std::int64_t> integer() const;
    [[nodiscard]] std::optional<bool> boolean() const;
    // A string as it is, a number or boolean as JSON writes it; nullopt for all else.
    [[nodiscard]] std::optional<std::string> scalar() const;
    // Errors: InvalidInput "path: missing", "path: is not a string", "path: is empty".
    [[nodiscard]] Result<Said> required_text() const;

    [[nodiscard]] std::string where() const;  // "body" for the root
    [[nodiscard]] Error wrong(std::string_view problem) const;

private:
    const nlohmann::json* value_;  // null when absent
    std::string path_;
};

class JsonDocument {
public:
    // Errors: InvalidInput with line and column.
    static Result<JsonDocument> parse(std::string_view text);
    [[nodiscard]] JsonView root() const { return {value_.get(), std::string{}}; }

private:
    explicit JsonDocument(std::shared_ptr<const nlohmann::json> value) : value_{std::move(value)} {}
    std::shared_ptr<const nlohmann::json> value_;
};

}  // namespace linkspan::webhooks
