#include "webhooks/json_view.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace linkspan::webhooks {
namespace {

struct Position {
    std::size_t line = 1;
    std::size_t column = 1;
};

Position position_of(std::string_view text, std::size_t offset) {
    Position at;
    for (const char c : text.substr(0, std::min(offset, text.size()))) {
        at.column = c == '\n' ? 1 : at.column + 1;
        at.line += c == '\n' ? 1 : 0;
    }
    return at;
}

Error not_json(std::string_view text, std::size_t offset, std::string_view problem) {
    const Position at = position_of(text, offset);
    return {
        Errc::InvalidInput,
        fmt::format("body: {} at line {}, column {}", problem, at.line, at.column)};
}

// The offset of the bracket that nests too deep. Done before parsing: one pass over bytes costs
// little, and no deep tree is ever built.
std::optional<std::size_t> too_deep_at(std::string_view text) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > kMaxJsonDepth) return i;
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return std::nullopt;
}

}  // namespace

Result<JsonDocument> JsonDocument::parse(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return Error{Errc::InvalidInput, "body: is empty"};
    }
    if (const auto offset = too_deep_at(text)) {
        return not_json(text, *offset, fmt::format("nested deeper than {}", kMaxJsonDepth));
    }
    try {
        return JsonDocument{std::make_shared<const nlohmann::json>(nlohmann::json::parse(text))};
    } catch (const nlohmann::json::parse_error& e) {
        // The library's own words quote the body; ours only say where.
        return not_json(text, e.byte == 0 ? 0 : e.byte - 1, "is not JSON");
    } catch (const nlohmann::json::exception&) {
        return Error{Errc::InvalidInput, "body: holds a number that is too large"};
    }
}

JsonView JsonView::operator[](std::string_view key) const {
    std::string path = path_;
    if (!path.empty()) path += '.';
    path += key;
    if (value_ == nullptr || !value_->is_object()) return {nullptr, std::move(path)};
    const auto member = value_->find(key);
    return {member == value_->end() ? nullptr : &*member, std::move(path)};
}

JsonView JsonView::operator[](std::size_t index) const {
    std::string path = fmt::format("{}[{}]", path_, index);
    return {index < size() ? &(*value_)[index] : nullptr, std::move(path)};
}

std::size_t JsonView::size() const { return is_array() ? value_->size() : 0; }

bool JsonView::exists() const { return value_ != nullptr && !value_->is_null(); }
bool JsonView::has(std::string_view key) const { return is_object() && value_->contains(key); }
bool JsonView::is_object() const { return value_ != nullptr && value_->is_object(); }
bool JsonView::is_array() const { return value_ != nullptr && value_->is_array(); }
bool JsonView::is_string() const { return value_ != nullptr && value_->is_string(); }

std::optional<std::string> JsonView::text() const {
    if (!is_string()) return std::nullopt;
    const auto& text = value_->get_ref<const std::string&>();
    if (text.empty()) return std::nullopt;
    return text;
}

std::optional<std::int64_t> JsonView::integer() const {
    if (value_ == nullptr || !value_->is_number()) return std::nullopt;
    if (value_->is_number_integer()) {
        if (value_->is_number_unsigned() &&
            value_->get<std::uint64_t>() > std::uint64_t{INT64_MAX}) {
            return std::nullopt;
        }
        return value_->get<std::int64_t>();
    }
    const double number = value_->get<double>();
    // 2^63 itself does not fit.
    if (!std::isfinite(number) || std::fabs(number) >= 9223372036854775808.0) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

std::optional<bool> JsonView::boolean() const {
    if (value_ == nullptr || !value_->is_boolean()) return std::nullopt;
    return value_->get<bool>();
}

std::optional<std::string> JsonView::scalar() const {
    if (is_string()) return value_->get_ref<const std::string&>();
    if (value_ == nullptr || !value_->is_primitive() || value_->is_null()) return std::nullopt;
    return value_->dump();
}

Result<Said> JsonView::required_text() const {
    if (!exists()) return wrong("missing");
    if (!is_string()) return wrong("is not a string");
    auto value = text();
    if (!value) return wrong("is empty");
    return Said{std::move(*value), where()};
}

std::string JsonView::where() const { return path_.empty() ? "body" : path_; }

Error JsonView::wrong(std::string_view problem) const {
    return {Errc::InvalidInput, fmt::format("{}: {}", where(), problem)};
}

}  // namespace linkspan::webhooks
