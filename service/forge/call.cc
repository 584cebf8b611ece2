#include "service/forge/call.h"

#include "service/transport/url.h"

namespace linkspan::forge {

std::string make_query(const std::vector<std::pair<std::string_view, std::string>>& parameters) {
    std::string out;
    for (const auto& [name, value] : parameters) {
        out += out.empty() ? '?' : '&';
        out += name;
        out += '=';
        out += transport::percent_encode(value);
    }
    return out;
}

std::string encode_path(std::string_view text) {
    std::string out;
    while (true) {
        const auto slash = text.find('/');
        out += transport::percent_encode(text.substr(0, slash));
        if (slash == std::string_view::npos) return out;
        out += '/';
        text.remove_prefix(slash + 1);
    }
}

}  // namespace linkspan::forge
