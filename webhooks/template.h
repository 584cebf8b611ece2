// Templates over a delivery (field_map.h says how they are written).
#pragma once

#include "core/result.h"
#include "webhooks/delivery.h"
#include "webhooks/json_view.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::webhooks {

// What places in body and headers hold, by the place: the same for every element of a list.
using Found = std::map<const void*, std::vector<std::string>>;

// What a template is looked up in. The views and headers must outlive the call.
struct Scope {
    JsonView element;  // what `each` narrowed the view to
    JsonView body;
    const Headers& headers;
    Found* found = nullptr;  // of this delivery; the templates must outlive it and stay in place
};

class Template {
public:
    // Errors: InvalidInput: an open brace, an unknown change, a pointer that does not begin with
    // '/'.
    static Result<Template> parse(std::string_view text);

    // The text for every combination of values; empty when a place holds nothing. More than `limit`
    // are cut off.
    [[nodiscard]] std::vector<std::string> values(const Scope& scope, std::size_t limit) const;

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    enum class Root { Element, Body, Header };
    enum class Change { Lower, First };
    struct Place {
        Root root = Root::Element;
        std::string header;
        std::vector<std::string> pointer;
        std::vector<std::pair<Change, std::size_t>> changes;
    };
    struct Piece {
        std::string text;            // in front of the place
        std::optional<Place> place;  // none: only text
    };

    static Result<Place> parse_place(std::string_view text);
    static std::vector<std::string> look_up(
        const Place& place, const Scope& scope, std::size_t limit
    );

    std::string text_;
    std::vector<Piece> pieces_;
};

// The values that a JSON Pointer names; more than one when it goes through '*'. Errors as above.
Result<std::vector<std::string>> parse_pointer(std::string_view text);
std::vector<JsonView> resolve(
    const JsonView& from, const std::vector<std::string>& pointer, std::size_t limit
);

}  // namespace linkspan::webhooks
