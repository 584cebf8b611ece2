#include "core/plan/grouping.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace linkspan::plan {
namespace {

std::string key_of(const Change& change, Grouping grouping) {
    switch (grouping) {
        case Grouping::All:
            return {};
        case Grouping::Directory: {
            const auto slash = change.path.rfind('/');
            return slash == std::string::npos ? std::string{} : change.path.substr(0, slash);
        }
        case Grouping::Policy:
            return change.target + '\n' + change.policy;
    }
    return {};
}

// A file on its way through the groups.
struct Progress {
    const FileEdit* file = nullptr;
    std::set<manifest::ByteSpan> done;
    std::string now;
};

// The file with the edits of one more group; nullopt when they all were made before.
Result<std::optional<FileEdit>> advance(
    Progress& progress, const std::set<manifest::ByteSpan>& wanted
) {
    std::vector<manifest::Edit> fresh;
    std::vector<manifest::Edit> all;
    for (const auto& edit : progress.file->edits) {
        const bool before = progress.done.contains(edit.span);
        if (!before && wanted.contains(edit.span)) fresh.push_back(edit);
        if (before || wanted.contains(edit.span)) all.push_back(edit);
    }
    if (fresh.empty()) return std::optional<FileEdit>{};
    LINKSPAN_TRY(after, manifest::apply(progress.file->before, all));
    // Every commit is a state that somebody may deploy.
    if (auto sound = manifest::verify(progress.file->before, after, all); sound.has_error()) {
        return sound.error().within(progress.file->path);
    }
    for (const auto& edit : fresh) progress.done.insert(edit.span);
    FileEdit file{
        .path = progress.file->path,
        .edits = std::move(fresh),
        .before = std::exchange(progress.now, after),
        .after = std::move(after)};
    return std::optional{std::move(file)};
}

}  // namespace

Result<std::vector<EditPlan>> split(const EditPlan& plan, Grouping grouping) {
    std::map<std::string, std::vector<const Change*>> groups;
    for (const auto& change : plan.changes) groups[key_of(change, grouping)].push_back(&change);
    if (groups.size() <= 1) return std::vector<EditPlan>{plan};

    std::map<std::string, Progress> files;
    for (const auto& file : plan.files) {
        files.emplace(file.path, Progress{.file = &file, .done = {}, .now = file.before});
    }
    std::vector<EditPlan> plans;
    for (const auto& [key, changes] : groups) {
        EditPlan part;
        part.base = plan.base;
        std::map<std::string, std::set<manifest::ByteSpan>> wanted;
        std::set<std::pair<std::string, std::string>> questions;
        for (const Change* change : changes) {
            part.changes.push_back(*change);
            questions.emplace(change->target, change->policy);
            wanted[change->path].insert(change->spans.begin(), change->spans.end());
        }
        for (const auto& [path, spans] : wanted) {
            LINKSPAN_TRY(file, advance(files.at(path), spans));
            if (file) part.files.push_back(std::move(*file));
        }
        for (const auto& cause : plan.causes) {
            if (questions.contains({cause.target, cause.policy})) part.causes.push_back(cause);
        }
        // All of it is in an earlier group's commit: that one tells of it.
        if (!part.files.empty()) {
            plans.push_back(std::move(part));
        } else if (!plans.empty()) {
            EditPlan& last = plans.back();
            last.changes.insert(last.changes.end(), part.changes.begin(), part.changes.end());
            last.causes.insert(last.causes.end(), part.causes.begin(), part.causes.end());
        }
    }
    return plans;
}

Result<std::vector<GroupPlan>> split_apart(const EditPlan& plan, Grouping grouping) {
    const auto name_of = [grouping](const Change& change) {
        if (grouping == Grouping::Policy) return change.policy;
        const auto key = key_of(change, grouping);
        return grouping == Grouping::Directory && key.empty() ? std::string{"."} : key;
    };
    std::map<std::string, std::vector<const Change*>> groups;
    for (const auto& change : plan.changes) groups[name_of(change)].push_back(&change);
    std::vector<GroupPlan> apart;
    for (const auto& [name, changes] : groups) {
        if (groups.size() == 1) {
            apart.push_back({.name = name, .plan = plan});
            break;
        }
        EditPlan part;
        part.base = plan.base;
        std::map<std::string, std::set<manifest::ByteSpan>> wanted;
        std::set<std::pair<std::string, std::string>> questions;
        for (const Change* change : changes) {
            part.changes.push_back(*change);
            questions.emplace(change->target, change->policy);
            wanted[change->path].insert(change->spans.begin(), change->spans.end());
        }
        for (const auto& file : plan.files) {
            const auto spans = wanted.find(file.path);
            if (spans == wanted.end()) continue;
            Progress progress{.file = &file, .done = {}, .now = file.before};
            LINKSPAN_TRY(alone, advance(progress, spans->second));
            if (alone) part.files.push_back(std::move(*alone));
        }
        for (const auto& cause : plan.causes) {
            if (questions.contains({cause.target, cause.policy})) part.causes.push_back(cause);
        }
        apart.push_back({.name = name, .plan = std::move(part)});
    }
    return apart;
}

}  // namespace linkspan::plan
