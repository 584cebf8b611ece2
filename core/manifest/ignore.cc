#include "core/manifest/ignore.h"

#include "core/glob.h"

#include <cstddef>
#include <utility>

namespace linkspan::manifest {
namespace {

constexpr std::size_t kMostRules = 10'000;

// Spaces at the end count only behind a backslash.
std::string_view without_trailing_spaces(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
    return line;
}

}  // namespace

IgnoreFile::IgnoreFile(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty() && rules_.size() < kMostRules) {
        const std::size_t end = text.find('\n');
        std::string_view line = without_trailing_spaces(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.front() == '#') continue;
        Rule rule;
        if (line.front() == '!') {
            rule.keep = true;
            line.remove_prefix(1);
        }
        if (line.ends_with('/')) {
            rule.folders_only = true;
            line.remove_suffix(1);
        }
        rule.by_name = line.find('/') == std::string_view::npos;
        if (line.starts_with('/')) line.remove_prefix(1);
        if (line.empty()) continue;
        rule.glob = glob_from_git(line);
        rules_.push_back(std::move(rule));
    }
}

bool IgnoreFile::drops(std::string_view path, bool folder) const {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
        if (rule->folders_only && !folder) continue;
        if (glob_matches(rule->glob, rule->by_name ? name : path)) return !rule->keep;
    }
    return false;
}

bool IgnoreFile::ignores(std::string_view path) const {
    if (rules_.empty()) return false;
    for (std::size_t at = path.find('/'); at != std::string_view::npos;
         at = path.find('/', at + 1)) {
        if (drops(path.substr(0, at), true)) return true;
    }
    return drops(path, false);
}

}  // namespace linkspan::manifest
