#include "config/narrow.h"

#include "config/nearest.h"
#include "config/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

namespace linkspan::config {
namespace {

using policy::Policy;
using policy::TagFilter;

Error widens(const RepositoryPolicy& wanted, std::string_view key, std::string_view why) {
    return {Errc::InvalidInput, fmt::format("{}: {}: {}", wanted.file, key, why)};
}

Status narrow_select(Policy& out, const RepositoryPolicy& wanted, policy::Narrowing& more) {
    if (!wanted.select) return {};
    const auto* const range = std::get_if<policy::Semver>(&*wanted.select);
    auto* const own = std::get_if<policy::Semver>(&out.select);
    if (range == nullptr || own == nullptr) {
        if (*wanted.select == out.select) return {};
        return widens(
            wanted, "select", "is not the configuration's; only a semver range can be narrowed"
        );
    }
    if (wanted.strict == false && own->strict) {
        return widens(wanted, "select.semver.strict", "the configuration has it true");
    }
    if (wanted.strict == true) own->strict = true;
    if (range->range != own->range) more.range = range->range;
    return {};
}

// What it takes to judge one tag.
std::size_t conditions(const policy::Schedule& schedule) {
    std::size_t count = schedule.freezes.size();
    for (const auto& windows : schedule.windows) count += windows.size();
    return count;
}
std::size_t conditions(const TagFilter& tags) { return 1 + tags.allow.size() + tags.ignore.size(); }
std::size_t conditions(const Policy& policy) {
    std::size_t count = conditions(policy.schedule);
    for (const auto& more : policy.also) count += conditions(more.tags);
    return count + policy.platforms.size() + policy.labels.size();
}
std::size_t conditions(const RepositoryPolicy& entry) {
    return conditions(entry.schedule) + conditions(entry.tags) + entry.platforms.size() +
           entry.labels.size();
}

// Each entry was valid by itself when it was read; whether all of them can be met together is
// check_whole()'s question, which takes longer.
Status add_entry(Policy& out, const RepositoryPolicy& wanted) {
    if (conditions(out) + conditions(wanted) > kMostConditions) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "{}: with it, {} has more than {} tag patterns, windows, freezes, platforms and "
                "labels",
                wanted.file,
                quote(out.full_name()),
                kMostConditions
            )};
    }
    if (wanted.image && !(*wanted.image == out.image)) {
        return widens(wanted, "image", "is not the configuration's");
    }
    policy::Narrowing more{.from = wanted.file, .tags = wanted.tags};
    more.tags.extract.clear();
    more.tags.cap = 0;
    if (const Status s = narrow_select(out, wanted, more); s.has_error()) return s;
    if (more.tags != TagFilter{} || !more.range.empty()) out.also.push_back(std::move(more));

    if (wanted.digest && *wanted.digest != out.digest) {
        if (*wanted.digest != policy::DigestMode::Pin || out.digest != policy::DigestMode::Keep) {
            return widens(wanted, "digest", "can only become pin where the configuration has keep");
        }
        out.digest = policy::DigestMode::Pin;
    }
    if (wanted.allow_downgrade == true && !out.allow_downgrade) {
        return widens(wanted, "allow_downgrade", "the configuration does not allow it");
    }
    if (wanted.allow_downgrade) out.allow_downgrade = *wanted.allow_downgrade;

    out.soak = std::max(out.soak, wanted.soak);
    out.schedule = policy::both(std::move(out.schedule), wanted.schedule);
    const auto add = [](auto& to, const auto& from) {
        for (const auto& item : from) {
            if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
        }
    };
    add(out.platforms, wanted.platforms);
    // Two rules for one label must both hold.
    add(out.labels, wanted.labels);
    return {};
}

// `last` is the entry that was added last, for the message.
Status check_whole(const Policy& policy, const RepositoryPolicy& last) {
    if (policy::can_open(policy.schedule).has_error()) {
        return widens(
            last,
            last.schedule.windows.empty() ? "freezes" : "windows",
            "together with the configuration's, there is never an open window"
        );
    }
    if (const Status valid = policy::validate(policy); valid.has_error()) {
        return valid.error().within(last.file);
    }
    return {};
}

// The policies by their names, for entries to find theirs.
class Names {
public:
    explicit Names(std::span<const Policy> policies) {
        for (std::size_t i = 0; i < policies.size(); ++i) {
            by_full_name_.emplace(policies[i].full_name(), i);
            by_name_[policies[i].name].push_back(i);
        }
    }

    // Index, or what is wrong with the name.
    [[nodiscard]] Result<std::size_t> find(const RepositoryPolicy& wanted) const {
        const std::string name = wanted.full_name();
        if (const auto exact = by_full_name_.find(name); exact != by_full_name_.end()) {
            return exact->second;
        }
        const auto found = by_name_.find(name);
        if (found != by_name_.end() && found->second.size() == 1) return found->second.front();
        if (found != by_name_.end()) {
            return Error{
                Errc::InvalidInput,
                fmt::format("name: several policies are called {}; add a namespace", quote(name))};
        }
        std::vector<std::string> known;
        for (const auto& [full, index] : by_full_name_) known.push_back(full);
        for (const auto& [alone, indexes] : by_name_) {
            if (!by_full_name_.contains(alone)) known.push_back(alone);
        }
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "name: the configuration has no policy {} for this branch{}",
                quote(name),
                suggestion(name, known)
            )};
    }

private:
    std::map<std::string, std::size_t> by_full_name_;
    std::map<std::string, std::vector<std::size_t>> by_name_;
};

struct File {
    const RepositoryFile* file = nullptr;
    std::vector<RepositoryPolicy> entries{};
    std::vector<Diagnostic> problems{};  // any: the file changes nothing

    void refuse(std::size_t line, std::string message) {
        const std::string prefix = file->name + ": ";
        if (message.starts_with(prefix)) message.erase(0, prefix.size());
        problems.push_back({file->name, line, 1, std::move(message)});
    }
};

std::vector<File> load(std::span<const RepositoryFile> files) {
    std::vector<File> loaded;
    for (const RepositoryFile& file : files) loaded.push_back({.file = &file});
    std::sort(loaded.begin(), loaded.end(), [](const File& a, const File& b) {
        return a.file->name < b.file->name;
    });
    std::size_t count = 0;
    for (File& one : loaded) {
        if (!one.file->problem.empty()) {
            one.refuse(1, one.file->problem);
            continue;
        }
        auto read = load_repository_policies(one.file->text, one.file->name);
        one.problems = std::move(read.diagnostics);
        one.entries = std::move(read.policies);
        if (count + one.entries.size() > kMostRepositoryPolicies) {
            const std::size_t line = one.entries[kMostRepositoryPolicies - count].line;
            one.refuse(
                line,
                fmt::format(
                    "is one too many: at most {} are read, of all files", kMostRepositoryPolicies
                )
            );
        }
        if (one.problems.empty()) count += one.entries.size();
    }
    return loaded;
}

class Narrowing {
public:
    Narrowing(std::span<const Policy> allowed, std::span<const RepositoryFile> files)
        : allowed_{allowed}, names_{allowed}, files_{load(files)} {}

    NarrowedPolicies run() {
        NarrowedPolicies out;
        do {
            out.policies.assign(allowed_.begin(), allowed_.end());
            parts_.clear();
            for (File& file : files_) {
                if (file.problems.empty()) add(file, out.policies);
            }
        } while (!whole(out.policies));
        for (File& file : files_) {
            std::move(
                file.problems.begin(), file.problems.end(), std::back_inserter(out.diagnostics)
            );
        }
        return out;
    }

private:
    struct Part {
        File* file;
        const RepositoryPolicy* entry;
    };

    // All of the file, or nothing of it.
    void add(File& file, std::vector<Policy>& policies) {
        std::map<std::size_t, Policy> changed;
        std::vector<std::pair<std::size_t, Part>> parts;
        for (const RepositoryPolicy& wanted : file.entries) {
            const auto index = names_.find(wanted);
            if (index.has_error()) {
                file.refuse(wanted.line, index.error().message);
                continue;
            }
            Policy& policy = changed.try_emplace(*index, policies[*index]).first->second;
            if (const Status added = add_entry(policy, wanted); added.has_error()) {
                file.refuse(wanted.line, added.error().message);
            }
            parts.emplace_back(*index, Part{&file, &wanted});
        }
        if (!file.problems.empty()) return;
        for (auto& [index, policy] : changed) policies[index] = std::move(policy);
        for (const auto& [index, part] : parts) parts_[index].push_back(part);
    }

    // False when a file had to be refused, and the others have to be looked at without it.
    bool whole(const std::vector<Policy>& policies) {
        for (const auto& [index, parts] : parts_) {
            const Status status = check_whole(policies[index], *parts.back().entry);
            if (!status.has_error()) continue;
            refuse_culprit(allowed_[index], parts);
            return false;
        }
        return true;
    }

    // The first entry with which it can't be: what narrows more does not make it possible again, so
    // that halving finds it.
    static void refuse_culprit(const Policy& allowed, const std::vector<Part>& parts) {
        const auto check = [&](std::size_t count) {
            Policy policy = allowed;
            for (std::size_t i = 0; i < count; ++i) {
                const Status added = add_entry(policy, *parts[i].entry);
                if (added.has_error()) return added;
            }
            return check_whole(policy, *parts[count - 1].entry);
        };
        std::size_t good = 0;
        std::size_t bad = parts.size();
        while (bad - good > 1) {
            const std::size_t middle = good + (bad - good) / 2;
            (check(middle).has_error() ? bad : good) = middle;
        }
        const Status status = check(bad);
        parts[bad - 1].file->refuse(parts[bad - 1].entry->line, status.error().message);
    }

    std::span<const Policy> allowed_;
    Names names_;
    std::vector<File> files_;
    std::map<std::size_t, std::vector<Part>> parts_;  // by policy, in order
};

}  // namespace

Result<Policy> narrow(const Policy& allowed, const RepositoryPolicy& wanted) {
    Policy out = allowed;
    if (const Status added = add_entry(out, wanted); added.has_error()) return added.error();
    if (const Status whole = check_whole(out, wanted); whole.has_error()) return whole.error();
    return out;
}

const Policy* NarrowedPolicies::find(const std::string& full_name) const {
    const auto found = std::find_if(policies.begin(), policies.end(), [&](const Policy& policy) {
        return policy.full_name() == full_name;
    });
    return found == policies.end() ? nullptr : &*found;
}

NarrowedPolicies narrow_policies(
    std::span<const Policy> allowed, std::span<const RepositoryFile> files
) {
    return Narrowing{allowed, files}.run();
}

std::vector<Policy> followed_policies(const Config& config, const std::string& repository) {
    std::vector<Policy> followed;
    std::set<std::string> seen;
    for (const auto& target : config.targets) {
        if (target.repository != repository) continue;
        for (const auto& name : target.policies) {
            const auto* const policy = config.policy(name);
            if (policy != nullptr && seen.insert(policy->full_name()).second) {
                followed.push_back(*policy);
            }
        }
    }
    return followed;
}

}  // namespace linkspan::config
