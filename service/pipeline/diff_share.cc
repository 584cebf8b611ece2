#include "service/pipeline/diff_share.h"

#include "core/manifest/diff.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>
#include <utility>

namespace linkspan::pipeline {

DiffShare::DiffShare(const plan::EditPlan& plan) {
    for (const auto& file : plan.files) {
        files_.emplace(
            file.path, split(manifest::unified_diff(file.path, file.before, file.after))
        );
    }
}

DiffShare::FileDiff DiffShare::split(const std::string& diff) {
    FileDiff file;
    std::size_t at = 0;
    while (at < diff.size()) {
        const std::size_t end = std::min(diff.find('\n', at), diff.size() - 1) + 1;
        const std::string_view line{diff.data() + at, end - at};
        if (line.starts_with("@@ -")) {
            Hunk hunk;
            std::size_t count = 1;
            const char* p = line.data() + 4;
            const char* const stop = line.data() + line.size();
            auto read = std::from_chars(p, stop, hunk.first);
            if (read.ptr < stop && *read.ptr == ',') std::from_chars(read.ptr + 1, stop, count);
            hunk.last = hunk.first + count;
            file.hunks.push_back(std::move(hunk));
        }
        (file.hunks.empty() ? file.head : file.hunks.back().text) += line;
        at = end;
    }
    return file;
}

std::string DiffShare::of(const plan::BidAnswer& answer) const {
    std::map<std::string, std::set<std::size_t>> lines;
    for (const auto& change : answer.changes) lines[change.path].insert(change.line);
    std::string out;
    for (const auto& [path, mine] : lines) {
        const auto file = files_.find(path);
        if (file == files_.end()) continue;
        std::string hunks;
        for (const auto& hunk : file->second.hunks) {
            const auto line = mine.lower_bound(hunk.first);
            if (line != mine.end() && *line <= hunk.last) hunks += hunk.text;
        }
        if (!hunks.empty()) out += file->second.head + hunks;
    }
    return out;
}

}  // namespace linkspan::pipeline
