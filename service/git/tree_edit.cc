#include "service/git/tree_edit.h"

#include "service/git/signer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

namespace linkspan::git {
namespace {

struct Change {
    std::string_view rest;  // path below the tree at hand
    const FileChange* file;
};
using Changes = std::vector<Change>;

struct TreeRecord {
    std::string_view mode;
    std::string_view name;
    std::size_t id_at;
};

Error not_a_file(const FileChange& change, std::string_view what) {
    return {
        Errc::NotFound,
        fmt::format("{} is {} in the commit that is to be changed", change.path, what)};
}

// Reads the record at `at`, and moves `at` behind it.
bool read_record(std::string_view tree, std::size_t& at, TreeRecord& record) {
    const auto blank = tree.find(' ', at);
    if (blank == std::string_view::npos) return false;
    const auto nul = tree.find('\0', blank);
    if (nul == std::string_view::npos || tree.size() - nul - 1 < GIT_OID_RAWSZ) return false;
    record = {tree.substr(at, blank - at), tree.substr(blank + 1, nul - blank - 1), nul + 1};
    at = nul + 1 + GIT_OID_RAWSZ;
    return true;
}

std::string_view first_name(std::string_view path) { return path.substr(0, path.find('/')); }

// Where trees are read, and new objects go.
struct Store {
    git_odb* odb;
    NewObjects& fresh;
};

Result<git_oid> write_tree(const Store& store, const git_oid& id, Changes changes);

// The new id of one record, for the changes that are about its name.
Result<git_oid> write_entry(
    const Store& store, const TreeRecord& record, const git_oid& old, Changes changes
) {
    const auto& first = *changes.front().file;
    const bool is_tree = record.mode == "40000" || record.mode == "040000";
    const bool as_directory = changes.front().rest.size() > record.name.size();
    if (as_directory) {
        if (!is_tree) return not_a_file(first, "below something that is no directory");
        for (auto& change : changes) change.rest.remove_prefix(record.name.size() + 1);
        return write_tree(store, old, std::move(changes));
    }
    if (is_tree) return not_a_file(first, "a directory");
    if (record.mode == "120000") return not_a_file(first, "a symbolic link");
    if (record.mode == "160000") return not_a_file(first, "a submodule");
    if (changes.size() > 1) {
        return Error{Errc::InvalidInput, fmt::format("{} is named twice", first.path)};
    }
    return store.fresh.put(first.content, GIT_OBJECT_BLOB);
}

// `changes` are sorted, so those of one name are neighbours.
Result<git_oid> write_tree(const Store& store, const git_oid& id, Changes changes) {
    OdbObjectHandle object;
    if (const int e = git_odb_read(out(object), store.odb, &id)) {
        return missing_object(e, "reading tree " + to_hex(id));
    }
    if (git_odb_object_type(object.get()) != GIT_OBJECT_TREE) {
        return Error{Errc::Corrupt, fmt::format("object {} is no tree", to_hex(id))};
    }
    std::string bytes{
        static_cast<const char*>(git_odb_object_data(object.get())),
        git_odb_object_size(object.get())};
    object.reset();

    std::size_t at = 0;
    TreeRecord record{};
    std::size_t done = 0;
    while (at < bytes.size() && done < changes.size()) {
        if (!read_record(bytes, at, record)) {
            return Error{Errc::Corrupt, fmt::format("tree {} is damaged", to_hex(id))};
        }
        const auto same_name = [&](const Change& c) { return first_name(c.rest) == record.name; };
        const auto begin = std::partition_point(changes.begin(), changes.end(), [&](const auto& c) {
            return first_name(c.rest) < record.name;
        });
        const auto end = std::find_if_not(begin, changes.end(), same_name);
        if (begin == end || begin->file == nullptr) continue;
        git_oid old;
        std::memcpy(old.id, bytes.data() + record.id_at, GIT_OID_RAWSZ);
        LINKSPAN_TRY(fresh, write_entry(store, record, old, Changes(begin, end)));
        std::memcpy(bytes.data() + record.id_at, fresh.id, GIT_OID_RAWSZ);
        done += static_cast<std::size_t>(end - begin);
        for (auto change = begin; change != end; ++change) change->file = nullptr;
    }
    for (const auto& change : changes) {
        if (change.file != nullptr) return not_a_file(*change.file, "not there");
    }
    return store.fresh.put(bytes, GIT_OBJECT_TREE);
}

// "name <email> seconds +0000", or nothing when Git could not read it back.
Result<std::string> person(const Signature& who, std::chrono::system_clock::time_point time) {
    SignatureHandle checked;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    if (const int e = git_signature_new(
            out(checked), who.name.c_str(), who.email.c_str(), seconds, /*offset=*/0
        )) {
        return git_failure(e, fmt::format("author or committer '{}'", who.name));
    }
    const std::string_view name{checked->name};
    const std::string_view email{checked->email};
    for (const auto part : {name, email}) {
        if (part.find_first_of("\n\r<>") != std::string_view::npos) {
            return Error{
                Errc::InvalidInput,
                fmt::format("author or committer '{}': a line break or angle bracket", who.name)};
        }
    }
    return fmt::format("{} <{}> {} +0000", name, email, seconds);
}

// Further lines of a header begin with a blank.
std::string signature_header(std::string_view armour) {
    while (!armour.empty() && armour.back() == '\n') armour.remove_suffix(1);
    std::string header{"gpgsig "};
    for (char c : armour) {
        header += c;
        if (c == '\n') header += ' ';
    }
    return header + "\n";
}

}  // namespace

Result<git_oid> write_changes(
    git_odb* odb, NewObjects& fresh, const git_oid& root, const std::vector<FileChange>& changes
) {
    Changes sorted;
    sorted.reserve(changes.size());
    for (const auto& change : changes) sorted.push_back({change.path, &change});
    // By components, so that "a/b" stands with "a/c" and not behind "a.b".
    std::sort(sorted.begin(), sorted.end(), [](const Change& a, const Change& b) {
        return std::lexicographical_compare(
            a.rest.begin(),
            a.rest.end(),
            b.rest.begin(),
            b.rest.end(),
            [](char x, char y) {
                const auto rank = [](char c) {
                    return c == '/' ? 0 : 1 + static_cast<int>(static_cast<unsigned char>(c));
                };
                return rank(x) < rank(y);
            }
        );
    });
    return write_tree({odb, fresh}, root, std::move(sorted));
}

Result<CommitId> write_commit(
    git_repository* repository, const CommitSpec& spec, const std::string& directory
) {
    if (spec.changes.empty()) return Error{Errc::InvalidInput, "a commit without changes"};
    if (spec.message.find('\0') != std::string::npos) {
        return Error{Errc::InvalidInput, "a commit message with a NUL byte"};
    }
    LINKSPAN_TRY(author, person(spec.author, spec.time));
    LINKSPAN_TRY(committer, person(spec.committer, spec.time));
    LINKSPAN_TRY(base_id, parse_id(spec.base.hex));
    CommitHandle base;
    if (const int e = git_commit_lookup(out(base), repository, &base_id)) {
        return git_failure(e, "reading commit " + spec.base.hex);
    }
    OdbHandle odb;
    if (const int e = git_repository_odb(out(odb), repository)) {
        return git_failure(e, "opening the object database");
    }
    const git_oid base_tree = *git_commit_tree_id(base.get());
    NewObjects fresh{odb.get(), directory, spec.changes.size() >= kWorthPack};
    LINKSPAN_TRY(tree, write_changes(odb.get(), fresh, base_tree, spec.changes));
    if (git_oid_equal(&tree, &base_tree) != 0) {
        return Error{Errc::InvalidInput, "the changes leave every file as it is"};
    }
    const auto headers = fmt::format(
        "tree {}\nparent {}\nauthor {}\ncommitter {}\n",
        to_hex(tree),
        spec.base.hex,
        author,
        committer
    );
    std::string signature;
    if (spec.signing) {
        // What is signed is the commit as it would be without a signature.
        LINKSPAN_TRY(armour, sign(headers + "\n" + spec.message, *spec.signing, directory));
        signature = signature_header(armour);
    }
    const auto bytes = headers + signature + "\n" + spec.message;
    LINKSPAN_TRY(id, fresh.put(bytes, GIT_OBJECT_COMMIT));
    if (auto status = fresh.finish(); status.has_error()) return status.error();
    return CommitId{to_hex(id)};
}

}  // namespace linkspan::git
