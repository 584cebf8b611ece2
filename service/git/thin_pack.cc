#include "service/git/thin_pack.h"

#include "service/git/pack_body.h"
#include "service/git/tree_diff.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

namespace linkspan::git {
namespace {

// More commits than this in one push are rare, and deserve a real delta search.
constexpr int kMaxCommits = 200;
// Objects above this go out whole: building the delta would need both in memory.
constexpr std::size_t kMaxDeltaSource = 32 << 20;
// Equal bytes shorter than this are cheaper to repeat than to refer to.
constexpr std::size_t kMinCopy = 16;
constexpr std::size_t kMaxCopy = 0xffffff;
constexpr std::size_t kMaxInsert = 127;

struct OidLess {
    bool operator()(const git_oid& a, const git_oid& b) const { return git_oid_cmp(&a, &b) < 0; }
};

void put_varint(std::string& bytes, std::size_t value) {
    while (value >= 0x80) {
        bytes += static_cast<char>(0x80 | (value & 0x7f));
        value >>= 7;
    }
    bytes += static_cast<char>(value);
}

void put_copy(std::string& delta, std::size_t offset, std::size_t size) {
    while (size > 0) {
        const auto part = std::min(size, kMaxCopy);
        unsigned op = 0x80;
        std::string arguments;
        for (unsigned i = 0; i < 4; ++i) {
            const auto byte = (offset >> (8 * i)) & 0xff;
            if (byte == 0) continue;
            op |= 1U << i;
            arguments += static_cast<char>(byte);
        }
        for (unsigned i = 0; i < 3; ++i) {
            const auto byte = (part >> (8 * i)) & 0xff;
            if (byte == 0) continue;
            op |= 0x10U << i;
            arguments += static_cast<char>(byte);
        }
        // A size of 0x10000 is written as none at all.
        if (part == 0x10000) {
            op &= ~0x70U;
            arguments.resize(arguments.size() - 1);
        }
        delta += static_cast<char>(op);
        delta += arguments;
        offset += part;
        size -= part;
    }
}

void put_insert(std::string& delta, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto part = bytes.substr(0, kMaxInsert);
        delta += static_cast<char>(part.size());
        delta += part;
        bytes.remove_prefix(part.size());
    }
}

// Same length, as a tree has in which only ids changed: equal stretches at equal places.
void delta_in_place(std::string& delta, std::string_view before, std::string_view after) {
    std::size_t literal = 0;  // where the bytes begin that are not written yet
    for (std::size_t i = 0; i < after.size();) {
        if (before[i] != after[i]) {
            ++i;
            continue;
        }
        auto end = i;
        while (end < after.size() && before[end] == after[end]) ++end;
        if (end - i >= kMinCopy) {
            put_insert(delta, after.substr(literal, i - literal));
            put_copy(delta, i, end - i);
            literal = end;
        }
        i = end;
    }
    put_insert(delta, after.substr(literal));
}

// Other lengths, as a file has in which a tag grew: common beginning, common end.
void delta_in_the_middle(std::string& delta, std::string_view before, std::string_view after) {
    const auto shorter = std::min(before.size(), after.size());
    std::size_t head = 0;
    while (head < shorter && before[head] == after[head]) ++head;
    std::size_t tail = 0;
    while (tail < shorter - head &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
        ++tail;
    }
    if (head < kMinCopy) head = 0;
    if (tail < kMinCopy) tail = 0;
    put_copy(delta, 0, head);
    put_insert(delta, after.substr(head, after.size() - head - tail));
    put_copy(delta, before.size() - tail, tail);
}

class PackWriter {
public:
    PackWriter(git_odb* odb, bool deltas) : odb_{odb}, deltas_{deltas} {}

    // `base`: an object that the server has, or that was added already; may be null.
    Status add(const git_oid& id, const git_oid* base) {
        // What served as a base without having been added is on the server. Adding it as well could
        // close a circle of deltas, when one commit takes back what another did.
        if (assumed_.count(id) != 0 || !added_.insert(id).second) return {};
        LINKSPAN_TRY(object, read(id));
        const auto bytes = bytes_of(object);
        if (deltas_ && base != nullptr && bytes.size() <= kMaxDeltaSource) {
            LINKSPAN_TRY(source, read(*base));
            const auto before = bytes_of(source);
            if (before.size() <= kMaxDeltaSource &&
                git_odb_object_type(source.get()) == git_odb_object_type(object.get())) {
                const auto delta = make_delta(before, bytes);
                if (delta.size() < bytes.size() / 2) {
                    if (added_.count(*base) == 0) assumed_.insert(*base);
                    return body_.add_delta(
                        {reinterpret_cast<const char*>(base->id), GIT_OID_RAWSZ}, delta
                    );
                }
            }
        }
        return body_.add(static_cast<unsigned>(git_odb_object_type(object.get())), bytes);
    }

    std::string finish() { return body_.finish(); }

private:
    Result<OdbObjectHandle> read(const git_oid& id) {
        OdbObjectHandle object;
        if (const int e = git_odb_read(out(object), odb_, &id)) {
            return missing_object(e, "reading object " + to_hex(id));
        }
        return object;
    }
    static std::string_view bytes_of(const OdbObjectHandle& object) {
        return {
            static_cast<const char*>(git_odb_object_data(object.get())),
            git_odb_object_size(object.get())};
    }
    git_odb* odb_;
    bool deltas_;
    PackBody body_;
    std::set<git_oid, OidLess> added_;
    std::set<git_oid, OidLess> assumed_;
};

// The commits above `known`, oldest first; nullopt when there is no short straight line.
Result<std::optional<std::vector<CommitHandle>>> straight_line(
    git_repository* repository, const git_oid& known, const git_oid& target
) {
    std::vector<CommitHandle> line;
    git_oid at = target;
    while (git_oid_equal(&at, &known) == 0) {
        CommitHandle commit;
        if (const int e = git_commit_lookup(out(commit), repository, &at)) {
            return git_failure(e, "reading commit " + to_hex(at));
        }
        if (git_commit_parentcount(commit.get()) != 1 || line.size() >= kMaxCommits) {
            return std::optional<std::vector<CommitHandle>>{};
        }
        at = *git_commit_parent_id(commit.get(), 0);
        line.push_back(std::move(commit));
    }
    std::reverse(line.begin(), line.end());
    return std::optional{std::move(line)};
}

Status add_difference(
    git_repository* repository, PackWriter& pack, const git_oid& before, const git_oid& after
) {
    if (git_oid_equal(&before, &after) != 0) return {};
    if (auto status = pack.add(after, &before); status.has_error()) return status.error();
    const auto visit = [&](const EntryDiff& diff) -> Result<Descend> {
        constexpr std::uint32_t kSubmodule = 0160000;
        // Only one side: a removed tree has nothing to send.
        if (diff.after == nullptr || diff.after_mode == kSubmodule) return Descend::No;
        const bool usable = diff.before != nullptr && diff.before_mode != kSubmodule;
        const bool same = usable && git_oid_equal(diff.before, diff.after) != 0;
        if (same) return Descend::No;  // the mode changed
        auto status = pack.add(*diff.after, usable ? diff.before : nullptr);
        if (status.has_error()) return status.error();
        return Descend::Yes;
    };
    return diff_trees(repository, &before, &after, visit);
}

}  // namespace

std::string make_delta(std::string_view before, std::string_view after) {
    std::string delta;
    put_varint(delta, before.size());
    put_varint(delta, after.size());
    if (before.size() == after.size()) {
        delta_in_place(delta, before, after);
    } else {
        delta_in_the_middle(delta, before, after);
    }
    return delta;
}

Result<std::optional<std::string>> write_thin_pack(
    git_repository* repository,
    const git_oid& known,
    const git_oid& target,
    const PackOptions& options
) {
    LINKSPAN_TRY(line, straight_line(repository, known, target));
    if (!line) return std::optional<std::string>{};
    CommitHandle bottom;
    if (const int e = git_commit_lookup(out(bottom), repository, &known)) {
        return missing_object(e, "reading commit " + to_hex(known));
    }
    OdbHandle odb;
    if (const int e = git_repository_odb(out(odb), repository)) {
        return git_failure(e, "opening the object database");
    }
    PackWriter pack{odb.get(), options.deltas};
    git_oid tree = *git_commit_tree_id(bottom.get());
    for (const auto& commit : *line) {
        if (auto s = pack.add(*git_commit_id(commit.get()), nullptr); s.has_error()) {
            return s.error();
        }
        const git_oid next = *git_commit_tree_id(commit.get());
        if (auto s = add_difference(repository, pack, tree, next); s.has_error()) {
            return s.error();
        }
        tree = next;
    }
    return std::optional{pack.finish()};
}

}  // namespace linkspan::git
