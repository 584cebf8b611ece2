#include "config/zone_names.h"

#include "config/file.h"

#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace linkspan::config {

namespace {

// tzdata.zi is zic's input: "Z name …" is a zone, "L target name" another name of one.
std::vector<std::string> read_names() {
    constexpr std::size_t kMost = 1 << 20;
    const char* const directory = std::getenv("TZDIR");
    const auto content = read_file(
        std::string{directory == nullptr ? "/usr/share/zoneinfo" : directory} + "/tzdata.zi", kMost
    );
    std::vector<std::string> out{"UTC"};
    if (content.has_error()) return out;
    for (std::string_view text = content->bytes; !text.empty();) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
        const bool link = line.starts_with("L ");
        if (!link && !line.starts_with("Z ")) continue;
        line.remove_prefix(2);
        if (link) line.remove_prefix(line.find(' ') == line.npos ? 0 : line.find(' ') + 1);
        out.emplace_back(line.substr(0, line.find(' ')));
    }
    return out;
}

}  // namespace

const std::vector<std::string>& zone_names() {
    static const std::vector<std::string> names = read_names();
    return names;
}

}  // namespace linkspan::config
