#include "core/manifest/key_value.h"

#include <algorithm>

namespace linkspan::manifest {

namespace {

constexpr std::string_view kBlanks = " \t\r\f";

std::size_t skip_blanks(std::string_view text, std::size_t at) {
    return std::min(text.find_first_not_of(kBlanks, at), text.size());
}

std::size_t trim_end(std::string_view text, std::size_t begin, std::size_t end) {
    while (end > begin && kBlanks.find(text[end - 1]) != std::string_view::npos) --end;
    return end;
}

// [begin, end) of the value in a line, from behind the '='.
bool dotenv_value(std::string_view line, std::size_t& begin, std::size_t& end) {
    begin = skip_blanks(line, begin);
    if (begin < line.size() && (line[begin] == '"' || line[begin] == '\'')) {
        const char quote = line[begin++];
        end = line.find(quote, begin);
        return end != std::string_view::npos &&
               line.substr(begin, end - begin).find('\\') == std::string_view::npos;
    }
    end = line.size();
    for (std::size_t i = begin; i < line.size(); ++i) {
        if (line[i] == '#' && (i == begin || line[i - 1] == ' ' || line[i - 1] == '\t')) {
            end = i;
            break;
        }
    }
    end = trim_end(line, begin, end);
    return true;
}

}  // namespace

std::vector<KeyValue> read_key_values(std::string_view bytes, KeyValueFormat format) {
    std::vector<KeyValue> out;
    const bool dotenv = format == KeyValueFormat::Dotenv;
    bool continued = false;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t line_end = std::min(bytes.find('\n', at), bytes.size());
        const std::string_view line = bytes.substr(at, line_end - at);
        const std::size_t offset = at;
        at = line_end + 1;

        // A properties line that ends with '\' goes on.
        const std::size_t text_end = trim_end(line, 0, line.size());
        const bool part = continued;
        continued = !dotenv && text_end > 0 && line[text_end - 1] == '\\';
        if (part || continued) continue;

        std::size_t key =
            skip_blanks(line, offset == 0 && line.starts_with("\xEF\xBB\xBF") ? 3 : 0);
        if (key >= line.size() || line[key] == '#' || (!dotenv && line[key] == '!')) continue;
        if (dotenv && line.substr(key).starts_with("export ")) key = skip_blanks(line, key + 7);
        const std::size_t separator = line.find_first_of(dotenv ? "=" : "=:", key);
        if (separator == std::string_view::npos) continue;
        const std::size_t key_end = trim_end(line, key, separator);
        std::size_t begin = separator + 1;
        std::size_t end = 0;
        if (dotenv) {
            if (!dotenv_value(line, begin, end)) continue;
        } else {
            begin = skip_blanks(line, begin);
            end = trim_end(line, begin, std::max(begin, line.size()));
        }
        if (begin > end) continue;
        out.push_back({line.substr(key, key_end - key), {offset + begin, offset + end}});
    }
    return out;
}

}  // namespace linkspan::manifest
