#include "service/git/upkeep.h"

#include "service/git/each_file.h"
#include "service/git/loose_objects.h"

#include <fmt/format.h>
#include <git2/sys/odb_backend.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

namespace linkspan::git {
namespace {

namespace fs = std::filesystem;

// One of the 256 folders is counted, as Git itself does; ids are spread evenly.
std::size_t estimate_loose(const fs::path& objects) {
    std::size_t count = 0;
    each_file(objects / "17", [&](const fs::path&) { ++count; });
    return count * 256;
}

std::vector<fs::path> list_packs(const fs::path& objects) {
    std::vector<fs::path> packs;
    each_file(objects / "pack", [&](const fs::path& file) {
        if (file.extension() == ".pack") packs.push_back(file);
    });
    return packs;
}

// A database of one pack only.
Result<OdbHandle> open_pack(const fs::path& pack) {
    auto index = pack;
    index.replace_extension(".idx");
    OdbHandle odb;
    if (const int e = git_odb_new(out(odb))) return git_failure(e, "opening a pack");
    git_odb_backend* backend = nullptr;
    if (const int e = git_odb_backend_one_pack(&backend, index.c_str())) {
        return git_failure(e, "opening " + index.string());
    }
    if (const int e = git_odb_add_backend(odb.get(), backend, 1)) {
        backend->free(backend);
        return git_failure(e, "opening " + index.string());
    }
    return odb;
}

int collect_id(const git_oid* id, void* payload) {
    try {
        static_cast<std::vector<git_oid>*>(payload)->push_back(*id);
        return 0;
    } catch (...) {
        return GIT_EUSER;
    }
}

Status list_objects(const fs::path& pack, std::vector<git_oid>& ids) {
    LINKSPAN_TRY(odb, open_pack(pack));
    if (const int e = git_odb_foreach(odb.get(), collect_id, &ids)) {
        return git_failure(e, "listing " + pack.string());
    }
    return {};
}

Result<fs::path> write_pack(
    git_repository* repository, const fs::path& folder, const std::vector<git_oid>& ids
) {
    PackbuilderHandle builder;
    if (const int e = git_packbuilder_new(out(builder), repository)) {
        return git_failure(e, "packing the mirror");
    }
    git_packbuilder_set_threads(builder.get(), 1);
    for (const auto& id : ids) {
        if (const int e = git_packbuilder_insert(builder.get(), &id, nullptr)) {
            return git_failure(e, "packing the mirror");
        }
    }
    if (const int e = git_packbuilder_write(builder.get(), folder.c_str(), 0, nullptr, nullptr)) {
        return git_failure(e, "packing the mirror");
    }
    return folder / fmt::format("pack-{}.pack", git_packbuilder_name(builder.get()));
}

void remove_pack(const fs::path& pack) {
    std::error_code ignored;
    // The index last: a pack without one is no pack to anybody.
    for (const char* extension : {".pack", ".rev", ".bitmap", ".idx"}) {
        auto file = pack;
        fs::remove(file.replace_extension(extension), ignored);
    }
}

}  // namespace

Result<bool> tidy(
    git_repository* repository, const std::string& directory, const UpkeepLimits& limits
) {
    const auto objects = fs::path{directory} / "objects";
    auto packs = list_packs(objects);
    if (estimate_loose(objects) < limits.loose && packs.size() < limits.packs) return false;

    std::error_code error;
    packs.erase(
        std::remove_if(
            packs.begin(),
            packs.end(),
            [&](const fs::path& pack) { return fs::file_size(pack, error) > limits.small_pack; }
        ),
        packs.end()
    );
    const auto loose = list_loose(objects);
    std::vector<git_oid> ids;
    for (const auto& object : loose) ids.push_back(object.id);
    for (const auto& pack : packs) {
        if (auto status = list_objects(pack, ids); status.has_error()) return status.error();
    }
    if (ids.empty() || (loose.empty() && packs.size() < 2)) return false;

    LINKSPAN_TRY(fresh, write_pack(repository, objects / "pack", ids));
    LINKSPAN_TRY(check, open_pack(fresh));
    for (const auto& id : ids) {
        if (git_odb_exists(check.get(), &id) == 0) {
            return Error{
                Errc::Corrupt, fmt::format("{} lacks object {}", fresh.string(), to_hex(id))};
        }
    }
    for (const auto& object : loose) fs::remove(object.file, error);
    for (const auto& pack : packs) {
        if (pack != fresh) remove_pack(pack);
    }
    return true;
}

}  // namespace linkspan::git
