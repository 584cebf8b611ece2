#include "webhooks/template.h"

#include "webhooks/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace linkspan::webhooks {
namespace {

Error bad(std::string_view text, std::string_view why) {
    return {Errc::InvalidInput, fmt::format("\"{}\": {}", text, why)};
}

// "~1" is '/', "~0" is '~' (RFC 6901, 4).
std::string unescaped(std::string_view segment) {
    std::string out;
    for (std::size_t i = 0; i < segment.size(); ++i) {
        const bool escape = segment[i] == '~' && i + 1 < segment.size() &&
                            (segment[i + 1] == '0' || segment[i + 1] == '1');
        out += escape ? (segment[++i] == '1' ? '/' : '~') : segment[i];
    }
    return out;
}

std::optional<std::size_t> index_of(std::string_view segment) {
    std::size_t index = 0;
    const auto [end, error] =
        std::from_chars(segment.data(), segment.data() + segment.size(), index);
    if (error != std::errc{} || end != segment.data() + segment.size()) return std::nullopt;
    return index;
}

// "[name=IMAGE_URL]" → {"name", "IMAGE_URL"}
std::optional<std::pair<std::string_view, std::string_view>> selection_of(std::string_view segment
) {
    const auto equals = segment.find('=');
    if (!segment.starts_with('[') || !segment.ends_with(']') || equals == std::string_view::npos) {
        return std::nullopt;
    }
    return std::pair{
        segment.substr(1, equals - 1), segment.substr(equals + 1, segment.size() - equals - 2)};
}

void step(
    const JsonView& from, const std::string& segment, std::size_t limit, std::vector<JsonView>& to
) {
    if (!from.is_array()) {
        to.push_back(from[std::string_view{segment}]);
        return;
    }
    if (const auto index = index_of(segment)) {
        to.push_back(from[*index]);
        return;
    }
    const auto selection = selection_of(segment);
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (segment == "*") {
            if (to.size() < limit) to.push_back(from[i]);
        } else if (selection && from[i][selection->first].scalar() == selection->second) {
            to.push_back(from[i]);
            return;
        }
    }
}

}  // namespace

Result<std::vector<std::string>> parse_pointer(std::string_view text) {
    std::vector<std::string> pointer;
    if (text.empty()) return pointer;
    if (text.front() != '/') return bad(text, "a JSON Pointer begins with '/'");
    text.remove_prefix(1);
    while (true) {
        const auto slash = text.find('/');
        pointer.push_back(unescaped(text.substr(0, slash)));
        if (slash == std::string_view::npos) return pointer;
        text.remove_prefix(slash + 1);
    }
}

std::vector<JsonView> resolve(
    const JsonView& from, const std::vector<std::string>& pointer, std::size_t limit
) {
    std::vector<JsonView> views{from};
    for (const std::string& segment : pointer) {
        std::vector<JsonView> next;
        for (const JsonView& view : views) {
            if (next.size() < limit) step(view, segment, limit, next);
        }
        views = std::move(next);
    }
    std::erase_if(views, [](const JsonView& view) { return !view.exists(); });
    return views;
}

Result<Template::Place> Template::parse_place(std::string_view text) {
    Place place;
    std::string_view rest = text;
    const auto bar = rest.find('|');
    std::string_view where = rest.substr(0, bar);
    rest = bar == std::string_view::npos ? std::string_view{} : rest.substr(bar + 1);

    if (where.starts_with("header:")) {
        place.root = Root::Header;
        place.header = where.substr(7);
        if (place.header.empty()) return bad(text, "the header's name is missing");
    } else {
        if (where.starts_with("body:")) {
            place.root = Root::Body;
            where.remove_prefix(5);
        }
        LINKSPAN_TRY(pointer, parse_pointer(where));
        place.pointer = std::move(pointer);
    }
    while (!rest.empty()) {
        const auto next = rest.find('|');
        const std::string_view change = rest.substr(0, next);
        if (change == "lower") {
            place.changes.emplace_back(Change::Lower, 0);
        } else if (change.starts_with("first:") && index_of(change.substr(6))) {
            place.changes.emplace_back(Change::First, *index_of(change.substr(6)));
        } else {
            return bad(text, "changes are lower and first:N");
        }
        rest = next == std::string_view::npos ? std::string_view{} : rest.substr(next + 1);
    }
    return place;
}

Result<Template> Template::parse(std::string_view text) {
    Template parsed;
    parsed.text_ = text;
    if (text.starts_with('/')) {
        LINKSPAN_TRY(place, parse_place(text));
        parsed.pieces_.push_back({{}, std::move(place)});
        return parsed;
    }
    while (!text.empty()) {
        const auto open = text.find('{');
        if (open == std::string_view::npos) {
            parsed.pieces_.push_back({std::string{text}, std::nullopt});
            break;
        }
        const auto close = text.find('}', open);
        if (close == std::string_view::npos) return bad(parsed.text_, "a brace is not closed");
        LINKSPAN_TRY(place, parse_place(text.substr(open + 1, close - open - 1)));
        parsed.pieces_.push_back({std::string{text.substr(0, open)}, std::move(place)});
        text.remove_prefix(close + 1);
    }
    return parsed;
}

// Longer values are as good as absent: repeated for every element of a list, they would fill
// memory.
constexpr std::size_t kLongestValue = 2048;

std::vector<std::string> Template::look_up(
    const Place& place, const Scope& scope, std::size_t limit
) {
    std::vector<std::string> values;
    const auto add = [&](std::string_view value) {
        // Results of build steps often end in a line break.
        while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) {
            value.remove_suffix(1);
        }
        std::string text{trim(value)};
        for (const auto& [change, count] : place.changes) {
            if (change == Change::Lower) text = lower(text);
            if (change == Change::First) text = text.substr(0, count);
        }
        if (!text.empty() && text.size() <= kLongestValue) values.push_back(std::move(text));
    };
    if (place.root == Root::Header) {
        if (const auto value = scope.headers.get(place.header)) add(*value);
        return values;
    }
    const JsonView& root = place.root == Root::Body ? scope.body : scope.element;
    for (const JsonView& view : resolve(root, place.pointer, limit)) {
        if (values.size() >= limit) break;
        if (const auto value = view.scalar()) add(*value);
        for (std::size_t i = 0; i < view.size() && values.size() < limit; ++i) {
            if (const auto value = view[i].scalar()) add(*value);
        }
    }
    if (values.size() > limit) values.resize(limit);
    return values;
}

std::vector<std::string> Template::values(const Scope& scope, std::size_t limit) const {
    std::vector<std::string> values;
    if (pieces_.empty()) return values;
    // All places first: where one holds nothing, there is nothing to combine.
    std::vector<std::vector<std::string>> at_places;
    for (const Piece& piece : pieces_) {
        if (!piece.place) continue;
        const bool varies = scope.found == nullptr || piece.place->root == Root::Element;
        const auto known = varies ? Found::iterator{} : scope.found->find(&*piece.place);
        if (!varies && known != scope.found->end()) {
            at_places.push_back(known->second);
        } else {
            at_places.push_back(look_up(*piece.place, scope, limit));
            if (!varies) scope.found->emplace(&*piece.place, at_places.back());
        }
        if (at_places.back().empty()) return values;
    }
    values.emplace_back();
    auto here = at_places.begin();
    for (const Piece& piece : pieces_) {
        for (std::string& value : values) value += piece.text;
        if (!piece.place) continue;
        std::vector<std::string> combined;
        for (const std::string& value : values) {
            for (const std::string& one : *here) {
                if (combined.size() >= limit) break;
                combined.push_back(value + one);
            }
        }
        values = std::move(combined);
        ++here;
    }
    return values;
}

}  // namespace linkspan::webhooks
