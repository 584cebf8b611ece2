#include "service/forge/again.h"

namespace linkspan::forge {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return lower(x) == lower(y);
    });
}

bool contains_ignoring_case(const std::vector<std::string>& list, std::string_view wanted) {
    return std::any_of(list.begin(), list.end(), [&](const std::string& item) {
        return equal_ignoring_case(item, wanted);
    });
}

std::vector<std::string> missing_from(
    const std::vector<std::string>& have, const std::vector<std::string>& wanted
) {
    std::vector<std::string> out;
    for (const auto& item : wanted) {
        if (!contains_ignoring_case(have, item) && !contains_ignoring_case(out, item)) {
            out.push_back(item);
        }
    }
    return out;
}

std::string shortened(const std::string& text, std::size_t most) {
    std::size_t characters = 0;
    std::size_t last = 0;  // where the last character that fits begins
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) continue;
        if (characters == most) return text.substr(0, last) + "…";
        ++characters;
        last = i;
    }
    return text;
}

Title read_title(std::string_view title, const std::vector<std::string_view>& prefixes) {
    Title out;
    for (bool found = true; found;) {
        found = false;
        for (const auto prefix : prefixes) {
            if (title.size() < prefix.size() ||
                !equal_ignoring_case(title.substr(0, prefix.size()), prefix)) {
                continue;
            }
            title.remove_prefix(prefix.size());
            while (title.starts_with(' ')) title.remove_prefix(1);
            out.draft = found = true;
        }
    }
    out.text = title;
    return out;
}

}  // namespace linkspan::forge
