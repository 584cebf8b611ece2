#include "config/nearest.h"

#include "config/quote.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace linkspan::config {

namespace {

constexpr std::size_t kLongest = 64;
constexpr std::size_t kMostListed = 24;

std::string folded(std::string_view word) {
    std::string out;
    for (const char c : word) {
        if (c == '-' || c == '_') continue;
        out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

// Optimal string alignment: insert, delete, replace, swap neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replace, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known) {
    if (word.size() > kLongest) return std::nullopt;
    const std::string left = folded(word);
    std::optional<std::string> best;
    std::size_t best_distance = 0;
    for (const std::string& candidate : known) {
        const std::string right = folded(candidate);
        const std::size_t d = distance(left, right);
        const std::size_t allowed = std::clamp<std::size_t>(right.size() / 3, 1, 3);
        if (d <= allowed && d < right.size() && (!best || d < best_distance)) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

std::string suggestion(std::string_view word, std::span<const std::string> known) {
    if (const auto near = nearest(word, known)) {
        return "; did you mean " + quote(*near) + "?";
    }
    if (known.empty()) return "; there are none";
    const std::size_t shown = std::min(known.size(), kMostListed);
    std::string out = "; known are ";
    for (std::size_t i = 0; i < shown; ++i) {
        if (i > 0) out += ", ";
        out += printable(known[i]);
    }
    if (shown < known.size()) out += ", …";
    return out;
}

}  // namespace linkspan::config
