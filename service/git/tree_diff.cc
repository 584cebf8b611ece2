#include "service/git/tree_diff.h"

#include "service/git/tree_walk.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace linkspan::git {
namespace {

constexpr std::uint32_t kTreeMode = 040000;

class Diff {
public:
    Diff(git_repository* repository, const DiffVisitor& visit)
        : repository_{repository}, visit_{visit} {}

    Status trees(const git_oid* before, const git_oid* after) {
        TreeHandle old_tree;
        TreeHandle new_tree;
        if (auto status = open(before, old_tree); status.has_error()) return status.error();
        if (auto status = open(after, new_tree); status.has_error()) return status.error();
        const auto old_count = old_tree ? git_tree_entrycount(old_tree.get()) : 0;
        const auto new_count = new_tree ? git_tree_entrycount(new_tree.get()) : 0;
        // Both are in Git's order, so one pass finds the pairs. A name that is a file on one side
        // and a directory on the other has two places, and is taken as removed and added.
        for (std::size_t i = 0, j = 0; i < old_count || j < new_count;) {
            const git_tree_entry* left =
                i < old_count ? git_tree_entry_byindex(old_tree.get(), i) : nullptr;
            const git_tree_entry* right =
                j < new_count ? git_tree_entry_byindex(new_tree.get(), j) : nullptr;
            const int order = left == nullptr    ? 1
                              : right == nullptr ? -1
                                                 : git_tree_entry_cmp(left, right);
            if (order <= 0) ++i;
            if (order >= 0) ++j;
            auto status = pair(order <= 0 ? left : nullptr, order >= 0 ? right : nullptr);
            if (status.has_error()) return status.error();
        }
        return {};
    }

private:
    Status open(const git_oid* id, TreeHandle& tree) {
        if (id == nullptr) return {};
        if (const int e = git_tree_lookup(out(tree), repository_, id)) {
            return missing_object(e, "reading tree " + to_hex(*id));
        }
        return {};
    }

    Status pair(const git_tree_entry* left, const git_tree_entry* right) {
        EntryDiff diff;
        if (left != nullptr) {
            diff.before = git_tree_entry_id(left);
            diff.before_mode = static_cast<std::uint32_t>(git_tree_entry_filemode_raw(left));
        }
        if (right != nullptr) {
            diff.after = git_tree_entry_id(right);
            diff.after_mode = static_cast<std::uint32_t>(git_tree_entry_filemode_raw(right));
        }
        if (left != nullptr && right != nullptr && diff.before_mode == diff.after_mode &&
            git_oid_equal(diff.before, diff.after) != 0) {
            return {};
        }
        const auto length = path_.size();
        path_ += git_tree_entry_name(left != nullptr ? left : right);
        diff.path = path_;
        LINKSPAN_TRY(descend, visit_(diff));
        const bool old_tree = diff.before_mode == kTreeMode;
        const bool new_tree = diff.after_mode == kTreeMode;
        Status status;
        if (descend == Descend::Yes && (old_tree || new_tree)) {
            path_ += '/';
            status = trees(old_tree ? diff.before : nullptr, new_tree ? diff.after : nullptr);
        }
        path_.resize(length);
        return status;
    }

    git_repository* repository_;
    const DiffVisitor& visit_;
    std::string path_;
};

std::optional<File> side(std::string_view path, const git_oid* id, std::uint32_t mode) {
    if (id == nullptr || mode == kTreeMode) return std::nullopt;
    return File{std::string{path}, BlobId{to_hex(*id)}, mode};
}

}  // namespace

Status diff_trees(
    git_repository* repository,
    const git_oid* before,
    const git_oid* after,
    const DiffVisitor& visit
) {
    if (before != nullptr && after != nullptr && git_oid_equal(before, after) != 0) return {};
    return Diff{repository, visit}.trees(before, after);
}

Result<std::vector<ChangedFile>> list_changes(
    git_repository* repository,
    const git_oid* before,
    const git_oid* after,
    const std::vector<std::string>& prefixes
) {
    const Prefixes wanted{prefixes};
    std::vector<ChangedFile> changes;
    const auto visit = [&](const EntryDiff& diff) -> Result<Descend> {
        const auto where = wanted.cover(diff.path);
        if (where == Cover::Outside) return Descend::No;
        if (where == Cover::Inside) {
            ChangedFile change{
                side(diff.path, diff.before, diff.before_mode),
                side(diff.path, diff.after, diff.after_mode)};
            if (change.before || change.after) changes.push_back(std::move(change));
        }
        return Descend::Yes;
    };
    if (auto status = diff_trees(repository, before, after, visit); status.has_error()) {
        return status.error();
    }
    return changes;
}

}  // namespace linkspan::git
