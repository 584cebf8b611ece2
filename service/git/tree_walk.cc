#include "service/git/tree_walk.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace linkspan::git {
namespace {

class Walk {
public:
    Walk(git_repository* repository, const Prefixes& prefixes)
        : repository_{repository}, prefixes_{prefixes} {}

    // `path` ends with '/', or is empty for the root.
    Status visit(const git_oid& id, std::string& path, bool inside) {
        TreeHandle tree;
        if (const int e = git_tree_lookup(out(tree), repository_, &id)) {
            return missing_object(e, "reading tree " + to_hex(id));
        }
        const auto length = path.size();
        const auto count = git_tree_entrycount(tree.get());
        for (std::size_t i = 0; i < count; ++i) {
            const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
            path.resize(length);
            path += git_tree_entry_name(entry);
            if (auto status = take(*entry, path, inside); status.has_error()) {
                return status.error();
            }
        }
        path.resize(length);
        return {};
    }

    std::vector<File> files;

private:
    Status take(const git_tree_entry& entry, std::string& path, bool inside) {
        const auto where = inside ? Cover::Inside : prefixes_.cover(path);
        if (where == Cover::Outside) return {};
        const git_oid& id = *git_tree_entry_id(&entry);
        if (git_tree_entry_type(&entry) == GIT_OBJECT_TREE) {
            path += '/';
            return visit(id, path, where == Cover::Inside);
        }
        if (where == Cover::Inside) {
            files.push_back(
                {path,
                 BlobId{to_hex(id)},
                 static_cast<std::uint32_t>(git_tree_entry_filemode_raw(&entry))}
            );
        }
        return {};
    }

    git_repository* repository_;
    const Prefixes& prefixes_;
};

}  // namespace

std::string normal_prefix(std::string_view prefix) {
    for (;;) {
        if (!prefix.empty() && prefix.front() == '/') {
            prefix.remove_prefix(1);
        } else if (prefix.substr(0, 2) == "./") {
            prefix.remove_prefix(2);
        } else {
            break;
        }
    }
    while (!prefix.empty() && prefix.back() == '/') prefix.remove_suffix(1);
    return std::string{prefix == "." ? std::string_view{} : prefix};
}

Prefixes::Prefixes(const std::vector<std::string>& prefixes) {
    for (const auto& prefix : prefixes) prefixes_.push_back(normal_prefix(prefix));
    if (prefixes_.empty()) prefixes_.emplace_back();
}

Cover Prefixes::cover(std::string_view path) const {
    auto result = Cover::Outside;
    for (const std::string_view prefix : prefixes_) {
        const auto common = std::min(path.size(), prefix.size());
        if (path.substr(0, common) != prefix.substr(0, common)) continue;
        if (prefix.empty() || path.size() == prefix.size()) return Cover::Inside;
        if (path.size() > prefix.size()) {
            if (path[prefix.size()] == '/') return Cover::Inside;
        } else if (prefix[path.size()] == '/') {
            result = Cover::Above;
        }
    }
    return result;
}

Result<std::vector<File>> list_files(
    git_repository* repository, const git_oid& tree, const std::vector<std::string>& prefixes
) {
    const Prefixes wanted{prefixes};
    Walk walk{repository, wanted};
    std::string path;
    if (auto status = walk.visit(tree, path, prefixes.empty()); status.has_error()) {
        return status.error();
    }
    return std::move(walk.files);
}

}  // namespace linkspan::git
