#include "service/transport/link.h"

#include <algorithm>

namespace linkspan::transport {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return lower(x) == lower(y);
    });
}

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void skip(std::string_view& text, std::string_view what) {
    text.remove_prefix(std::min(text.find_first_not_of(what), text.size()));
}

// A quoted string or everything up to the next ';' or ','.
std::string take_value(std::string_view& text) {
    std::string out;
    if (text.empty() || text.front() != '"') {
        const auto end = std::min(text.find_first_of(";,"), text.size());
        out = trim(text.substr(0, end));
        text.remove_prefix(end);
        return out;
    }
    std::size_t i = 1;
    for (; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        out.push_back(text[i]);
    }
    text.remove_prefix(std::min(i + 1, text.size()));
    return out;
}

}  // namespace

bool Link::is(std::string_view relation) const {
    const auto rel =
        std::find_if(params.begin(), params.end(), [](const auto& p) { return p.first == "rel"; });
    if (rel == params.end()) return false;
    std::string_view rest = rel->second;
    while (!rest.empty()) {
        skip(rest, " \t");
        const auto end = std::min(rest.find_first_of(" \t"), rest.size());
        if (end > 0 && equal_ignoring_case(rest.substr(0, end), relation)) return true;
        rest.remove_prefix(end);
    }
    return false;
}

std::vector<Link> parse_links(std::string_view field) {
    std::vector<Link> out;
    for (skip(field, " \t,"); !field.empty(); skip(field, " \t,")) {
        const auto end = field.find('>');
        if (field.front() != '<' || end == std::string_view::npos) return out;
        Link link;
        link.target = trim(field.substr(1, end - 1));
        field.remove_prefix(end + 1);
        skip(field, " \t");
        while (!field.empty() && field.front() == ';') {
            skip(field, " \t;");
            const auto name_end = std::min(field.find_first_of("=;,"), field.size());
            std::string name{trim(field.substr(0, name_end))};
            std::transform(name.begin(), name.end(), name.begin(), lower);
            field.remove_prefix(name_end);
            std::string value;
            if (!field.empty() && field.front() == '=') {
                field.remove_prefix(1);
                skip(field, " \t");
                value = take_value(field);
            }
            link.params.emplace_back(std::move(name), std::move(value));
            skip(field, " \t");
        }
        out.push_back(std::move(link));
        if (!field.empty() && field.front() != ',') return out;
    }
    return out;
}

std::optional<std::string> find_next(const std::vector<std::pair<std::string, std::string>>& headers
) {
    for (const auto& [name, value] : headers) {
        if (!equal_ignoring_case(name, "link")) continue;
        for (auto& link : parse_links(value)) {
            if (link.is("next")) return std::move(link.target);
        }
    }
    return std::nullopt;
}

}  // namespace linkspan::transport
