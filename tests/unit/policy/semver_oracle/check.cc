// Compares our ranges with the rows that rows.js printed. A disagreement has to belong to one of
// the classes below, which docs/policies.md explains; and each class has to occur, or the
// explanation is out of date.
#include "core/policy/range.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::policy {
namespace {

struct Row {
    std::string range;
    std::string text;
    Version version;
    bool ours = false;
    bool theirs = false;
};

struct Class {
    const char* name;
    bool (*holds)(const Row& row);
    std::size_t count = 0;
};

bool has(const std::string& text, const char* pattern) {
    return re2::RE2::PartialMatch(text, pattern);
}

// An operator, or a hyphen, before a version that is left open altogether. npm: ^*, <=* and "1 - *"
// are any version, >* and <* are none. Masterminds compares with 0.0.0.
bool open_with_operator(const Row& row) {
    return has(row.range, R"((?:>|<|<=|\^) *v?[*xX])") || has(row.range, R"( - v?[*xX])");
}

// npm: >=0.0.0 <0.1.0. Masterminds: every version.
bool tilde_zero(const Row& row) { return row.ours && has(row.range, R"(~>? *v?0\.0\.0)"); }

// npm lets a pre-release in only where its own three numbers are named with a pre-release;
// Masterminds where any comparator of the group names one.
bool prerelease_of_another(const Row& row) {
    const auto named =
        fmt::format("{}.{}.{}-", row.version.major, row.version.minor, row.version.patch);
    return row.ours && !row.version.pre.empty() && row.range.find(named) == std::string::npos;
}

// "<2" is <2.0.0-0 to npm, which leaves the pre-releases of 2.0.0 out.
bool prerelease_below_bound(const Row& row) {
    return row.ours && !row.version.pre.empty() && has(row.range, "<|-");
}

Class classes[] = {
    {"an operator before an open version", open_with_operator},
    {"~0.0.0", tilde_zero},
    {"a pre-release of a version that the range does not name", prerelease_of_another},
    {"a pre-release of an upper bound", prerelease_below_bound},
};

std::vector<std::string> split(std::string_view line) {
    std::vector<std::string> out;
    while (true) {
        const std::size_t tab = line.find('\t');
        out.emplace_back(line.substr(0, tab));
        if (tab == std::string_view::npos) return out;
        line.remove_prefix(tab + 1);
    }
}

// False: disagreement.
bool agree_on_order(const std::string& a, const std::string& b, const std::string& theirs) {
    const auto left = read_version(a);
    const auto right = read_version(b);
    if (left.has_error() || right.has_error()) return false;
    const auto step = order(*left, *right);
    return (step < 0 ? "-1" : step > 0 ? "1" : "0") == theirs;
}

int run(std::istream& in) {
    constexpr std::size_t kFewest = 50000;
    std::size_t rows = 0;
    std::size_t agreed = 0;
    std::size_t unexplained = 0;
    const auto complain = [&](const std::string& line, std::string_view why) {
        if (++unexplained <= 20) fmt::print("unexplained: {} ({})\n", line, why);
    };
    for (std::string line; std::getline(in, line);) {
        ++rows;
        const auto fields = split(line);
        if (fields.size() != 4) {
            complain(line, "not a row");
            continue;
        }
        if (fields[0] == "compare") {
            if (agree_on_order(fields[1], fields[2], fields[3])) {
                ++agreed;
            } else {
                complain(line, "another order");
            }
            continue;
        }
        const auto range = Range::parse(fields[1]);
        const auto version = read_version(fields[2]);
        if (range.has_error() || version.has_error()) {
            complain(line, range.has_error() ? range.error().message : "not a version");
            continue;
        }
        const Row row{fields[1], fields[2], *version, range->contains(*version), fields[3] == "1"};
        if (row.ours == row.theirs) {
            ++agreed;
            continue;
        }
        bool explained = false;
        for (Class& c : classes) {
            explained = c.holds(row);
            if (!explained) continue;
            ++c.count;
            break;
        }
        if (!explained) complain(line, row.ours ? "ours: in" : "ours: out");
    }
    fmt::print("{} rows, {} agree\n", rows, agreed);
    bool stale = false;
    for (const Class& c : classes) {
        fmt::print("{:6} differ: {}\n", c.count, c.name);
        stale |= c.count == 0;
    }
    if (stale)
        fmt::print("a class of differences no longer occurs: take it out, here and in docs\n");
    if (rows < kFewest) fmt::print("too few rows: {} of {}\n", rows, kFewest);
    return unexplained != 0 || stale || rows < kFewest ? 1 : 0;
}

}  // namespace
}  // namespace linkspan::policy

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: semver_oracle_check ROWS\n");
        return 2;
    }
    std::ifstream in{argv[1]};
    if (!in) {
        fmt::print(stderr, "{}: can't be read\n", argv[1]);
        return 2;
    }
    return linkspan::policy::run(in);
}
