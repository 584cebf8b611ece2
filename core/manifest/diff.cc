#include "core/manifest/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace linkspan::manifest {

namespace {

constexpr std::size_t kContext = 3;
// How many added and removed lines the exact algorithm (Myers, "An O(ND) Difference Algorithm")
// looks for in one stretch. Beyond it a stretch is shown as replaced: right, only longer.
constexpr std::ptrdiff_t kLargestDistance = 500;

using Lines = std::vector<std::string_view>;  // with their line breaks

Lines split(std::string_view text) {
    Lines out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        out.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return out;
}

// Marks which lines of either text are not in the other.
class Comparison {
public:
    Comparison(const Lines& before, const Lines& after) : gone(before.size()), come(after.size()) {
        std::unordered_map<std::string_view, std::uint32_t> numbers;
        const auto number = [&](const Lines& lines) {
            std::vector<std::uint32_t> out;
            out.reserve(lines.size());
            for (const std::string_view line : lines) {
                out.push_back(numbers.try_emplace(line, static_cast<std::uint32_t>(numbers.size()))
                                  .first->second);
            }
            return out;
        };
        before_ = number(before);
        after_ = number(after);
        stretch(0, before_.size(), 0, after_.size());
    }

    std::vector<bool> gone;
    std::vector<bool> come;

private:
    // Common ends first. Then lines that are unique in both texts cut the rest into pieces, so that
    // a long file with many small changes is many small problems.
    void stretch(std::size_t a, std::size_t a_end, std::size_t b, std::size_t b_end) {
        while (a < a_end && b < b_end && before_[a] == after_[b]) ++a, ++b;
        while (a < a_end && b < b_end && before_[a_end - 1] == after_[b_end - 1]) --a_end, --b_end;
        if (a == a_end || b == b_end) return replace(a, a_end, b, b_end);
        for (const auto& [i, j] : anchors(a, a_end, b, b_end)) {
            exact(a, i, b, j);
            a = i + 1;
            b = j + 1;
        }
        exact(a, a_end, b, b_end);
    }

    using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

    // Lines that are once in each range, kept where their order agrees (longest increasing run).
    [[nodiscard]] Pairs anchors(std::size_t a, std::size_t a_end, std::size_t b, std::size_t b_end)
        const {
        struct Seen {
            std::size_t in_before = 0, in_after = 0, at = 0;
        };
        std::unordered_map<std::uint32_t, Seen> seen;
        for (std::size_t i = a; i < a_end; ++i) ++seen[before_[i]].in_before;
        for (std::size_t j = b; j < b_end; ++j) {
            Seen& s = seen[after_[j]];
            ++s.in_after;
            s.at = j;
        }
        Pairs candidates;
        for (std::size_t i = a; i < a_end; ++i) {
            const Seen& s = seen[before_[i]];
            if (s.in_before == 1 && s.in_after == 1) candidates.emplace_back(i, s.at);
        }
        std::vector<std::size_t> tails;  // indices into candidates, by length of run
        std::vector<std::size_t> previous(candidates.size());
        for (std::size_t k = 0; k < candidates.size(); ++k) {
            const auto it = std::partition_point(tails.begin(), tails.end(), [&](std::size_t t) {
                return candidates[t].second < candidates[k].second;
            });
            previous[k] = it == tails.begin() ? k : *std::prev(it);
            if (it == tails.end()) {
                tails.push_back(k);
            } else {
                *it = k;
            }
        }
        Pairs out;
        if (tails.empty()) return out;
        for (std::size_t k = tails.back();; k = previous[k]) {
            out.push_back(candidates[k]);
            if (previous[k] == k) break;
        }
        std::reverse(out.begin(), out.end());
        return out;
    }

    void replace(std::size_t a, std::size_t a_end, std::size_t b, std::size_t b_end) {
        for (; a < a_end; ++a) gone[a] = true;
        for (; b < b_end; ++b) come[b] = true;
    }

    void exact(std::size_t a, std::size_t a_end, std::size_t b, std::size_t b_end) {
        while (a < a_end && b < b_end && before_[a] == after_[b]) ++a, ++b;
        while (a < a_end && b < b_end && before_[a_end - 1] == after_[b_end - 1]) --a_end, --b_end;
        const auto n = static_cast<std::ptrdiff_t>(a_end - a);
        const auto m = static_cast<std::ptrdiff_t>(b_end - b);
        if (n == 0 || m == 0) return replace(a, a_end, b, b_end);
        const std::ptrdiff_t most = std::min(n + m, kLargestDistance);
        // furthest[k + most]: how far along `before` diagonal k has come.
        std::vector<std::ptrdiff_t> furthest(static_cast<std::size_t>(2 * most + 3), 0);
        const auto at = [&](std::vector<std::ptrdiff_t>& v, std::ptrdiff_t k) -> std::ptrdiff_t& {
            return v[static_cast<std::size_t>(k + most + 1)];
        };
        std::vector<std::vector<std::ptrdiff_t>> history;
        for (std::ptrdiff_t d = 0; d <= most; ++d) {
            history.push_back(furthest);
            for (std::ptrdiff_t k = -d; k <= d; k += 2) {
                const bool down = k == -d || (k != d && at(furthest, k - 1) < at(furthest, k + 1));
                std::ptrdiff_t x = down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
                while (x < n && x - k < m && x - k >= 0 &&
                       before_[a + static_cast<std::size_t>(x)] ==
                           after_[b + static_cast<std::size_t>(x - k)]) {
                    ++x;
                }
                at(furthest, k) = x;
                if (x >= n && x - k >= m) return walk_back(history, at, d, k, a, b);
            }
        }
        replace(a, a_end, b, b_end);
    }

    template <class At>
    void walk_back(
        std::vector<std::vector<std::ptrdiff_t>>& history,
        const At& at,
        std::ptrdiff_t d,
        std::ptrdiff_t k,
        std::size_t a,
        std::size_t b
    ) {
        for (; d > 0; --d) {
            auto& furthest = history[static_cast<std::size_t>(d)];
            const bool down = k == -d || (k != d && at(furthest, k - 1) < at(furthest, k + 1));
            if (down) {
                ++k;
                const std::ptrdiff_t y = at(furthest, k) - k;
                come[b + static_cast<std::size_t>(y)] = true;
            } else {
                --k;
                gone[a + static_cast<std::size_t>(at(furthest, k))] = true;
            }
        }
    }

    std::vector<std::uint32_t> before_;
    std::vector<std::uint32_t> after_;
};

// Git quotes names with bytes that would confuse a reader of the header.
std::string quoted_path(std::string_view prefix, std::string_view path) {
    std::string out;
    bool plain = true;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
            plain = false;
        } else if (byte < 0x20 || byte >= 0x7f) {
            out += fmt::format("\\{:03o}", byte);
            plain = false;
        } else {
            out += c;
        }
    }
    return plain ? fmt::format("{}{}", prefix, path) : fmt::format("\"{}{}\"", prefix, out);
}

void put_line(std::string& out, char mark, std::string_view line) {
    out += mark;
    out += line;
    if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

std::string range(std::size_t begin, std::size_t count) {
    // An empty range is named by the line before it.
    const std::size_t first = count == 0 ? begin : begin + 1;
    return count == 1 ? fmt::format("{}", first) : fmt::format("{},{}", first, count);
}

}  // namespace

std::string unified_diff(std::string_view path, std::string_view before, std::string_view after) {
    if (before == after) return {};
    const Lines old_lines = split(before);
    const Lines new_lines = split(after);
    const Comparison changes{old_lines, new_lines};
    std::string out =
        fmt::format("--- {}\n+++ {}\n", quoted_path("a/", path), quoted_path("b/", path));

    const auto changed = [&](std::size_t a, std::size_t b) {
        return (a < old_lines.size() && changes.gone[a]) ||
               (b < new_lines.size() && changes.come[b]);
    };
    std::size_t a = 0;
    std::size_t b = 0;
    while (a < old_lines.size() || b < new_lines.size()) {
        if (!changed(a, b)) {
            ++a;
            ++b;
            continue;
        }
        const std::size_t lead = std::min(a, kContext);
        const std::size_t a_begin = a - lead;
        const std::size_t b_begin = b - lead;
        std::string body;
        for (std::size_t i = a_begin; i < a; ++i) put_line(body, ' ', old_lines[i]);
        // A hunk goes on while the next change is within twice the context.
        std::size_t quiet = 0;
        while (a < old_lines.size() || b < new_lines.size()) {
            if (changed(a, b)) {
                quiet = 0;
                while (a < old_lines.size() && changes.gone[a]) put_line(body, '-', old_lines[a++]);
                while (b < new_lines.size() && changes.come[b]) put_line(body, '+', new_lines[b++]);
                continue;
            }
            if (quiet == kContext) {
                std::size_t ahead = 0;
                while (ahead <= kContext && a + ahead < old_lines.size() &&
                       !changed(a + ahead, b + ahead)) {
                    ++ahead;
                }
                if (ahead > kContext || !changed(a + ahead, b + ahead)) break;
            }
            put_line(body, ' ', old_lines[a]);
            ++quiet;
            ++a;
            ++b;
        }
        out += fmt::format(
            "@@ -{} +{} @@\n", range(a_begin, a - a_begin), range(b_begin, b - b_begin)
        );
        out += body;
    }
    return out;
}

}  // namespace linkspan::manifest
