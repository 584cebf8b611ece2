#include "tests/unit/store/fault_vfs.h"

#include <sqlite3.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace linkspan::store {

namespace {

// A write that no sync has covered: what was there before, to be put back when the power goes.
struct Unsynced {
    sqlite3_int64 offset;
    std::string before;
    sqlite3_int64 size_before;
};

struct File {
    sqlite3_file base;  // first: SQLite sees a File as this
    sqlite3_file* real;
    std::string* path;  // null: a temporary file
};

Faults state;
sqlite3_vfs* real_vfs = nullptr;
std::map<std::string, std::vector<Unsynced>> unsynced;

File& self(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return self(file).real; }
const sqlite3_io_methods* methods(sqlite3_file* file) { return real(file)->pMethods; }

// Each write is lost or kept by itself, newest first: disks reorder.
void lose_power() {
    std::mt19937 random{state.seed};
    for (auto& [path, writes] : unsynced) {
        const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        if (fd < 0) continue;
        for (auto it = writes.rbegin(); it != writes.rend(); ++it) {
            if (random() % 3 == 0) continue;
            [[maybe_unused]] auto n =
                ::pwrite(fd, it->before.data(), it->before.size(), it->offset);
            if (random() % 2 == 0) {
                [[maybe_unused]] auto cut = ::ftruncate(fd, it->size_before);
            }
        }
        // Closing drops our POSIX locks on the file, which no longer matters.
        ::close(fd);
    }
}

void count_call() {
    if (++state.calls != state.end_at || state.end == Faults::End::Never) return;
    if (state.end == Faults::End::PowerCut) lose_power();
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
}

void remember(File& file, sqlite3_int64 offset, int amount) {
    if (state.end != Faults::End::PowerCut || file.path == nullptr) return;
    sqlite3_int64 size = 0;
    file.real->pMethods->xFileSize(file.real, &size);
    Unsynced write{offset, {}, size};
    const auto there = std::clamp<sqlite3_int64>(size - offset, 0, amount);
    write.before.resize(static_cast<std::size_t>(there));
    if (there > 0) {
        file.real->pMethods->xRead(file.real, write.before.data(), static_cast<int>(there), offset);
    }
    unsynced[*file.path].push_back(std::move(write));
}

int on_close(sqlite3_file* file) {
    const int code = methods(file)->xClose(real(file));
    delete self(file).path;
    return code;
}

int on_read(sqlite3_file* file, void* into, int amount, sqlite3_int64 offset) {
    return methods(file)->xRead(real(file), into, amount, offset);
}

int on_write(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
    ++state.writes;
    count_call();
    if (state.room >= 0) {
        sqlite3_int64 size = 0;
        methods(file)->xFileSize(real(file), &size);
        const auto growth = std::max<sqlite3_int64>(offset + amount - size, 0);
        if (growth > state.room) return SQLITE_FULL;
        state.room -= growth;
    }
    remember(self(file), offset, amount);
    return methods(file)->xWrite(real(file), from, amount, offset);
}

int on_truncate(sqlite3_file* file, sqlite3_int64 size) {
    count_call();
    if (state.room >= 0) {
        sqlite3_int64 before = 0;
        methods(file)->xFileSize(real(file), &before);
        state.room += std::max<sqlite3_int64>(before - size, 0);
    }
    return methods(file)->xTruncate(real(file), size);
}

int on_sync(sqlite3_file* file, int flags) {
    ++state.syncs;
    count_call();
    if (state.syncs_fail) return SQLITE_IOERR_FSYNC;
    if (self(file).path != nullptr) unsynced[*self(file).path].clear();
    return state.syncs_reach_the_disk ? methods(file)->xSync(real(file), flags) : SQLITE_OK;
}

const sqlite3_io_methods kMethods{
    .iVersion = 2,  // no memory mapping
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = [](sqlite3_file* f,
                    sqlite3_int64* n) { return methods(f)->xFileSize(real(f), n); },
    .xLock = [](sqlite3_file* f, int level) { return methods(f)->xLock(real(f), level); },
    .xUnlock = [](sqlite3_file* f, int level) { return methods(f)->xUnlock(real(f), level); },
    .xCheckReservedLock = [](sqlite3_file* f,
                             int* out) { return methods(f)->xCheckReservedLock(real(f), out); },
    .xFileControl = [](sqlite3_file* f, int op, void* arg
                    ) { return methods(f)->xFileControl(real(f), op, arg); },
    .xSectorSize = [](sqlite3_file* f) { return methods(f)->xSectorSize(real(f)); },
    .xDeviceCharacteristics = [](sqlite3_file* f
                              ) { return methods(f)->xDeviceCharacteristics(real(f)); },
    .xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out
               ) { return methods(f)->xShmMap(real(f), page, size, extend, out); },
    .xShmLock = [](sqlite3_file* f, int offset, int n, int flags
                ) { return methods(f)->xShmLock(real(f), offset, n, flags); },
    .xShmBarrier = [](sqlite3_file* f) { methods(f)->xShmBarrier(real(f)); },
    .xShmUnmap = [](sqlite3_file* f, int del) { return methods(f)->xShmUnmap(real(f), del); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int on_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    File& f = self(file);
    f.base.pMethods = nullptr;
    f.real = reinterpret_cast<sqlite3_file*>(&f + 1);
    f.path = nullptr;
    const int code = real_vfs->xOpen(real_vfs, name, f.real, flags, out_flags);
    if (code == SQLITE_OK) {
        if (name != nullptr) f.path = new std::string{name};
        f.base.pMethods = &kMethods;
    }
    return code;
}

int on_delete(sqlite3_vfs*, const char* name, int sync_directory) {
    count_call();
    unsynced.erase(name);
    return real_vfs->xDelete(real_vfs, name, sync_directory);
}

}  // namespace

const char* fault_vfs() {
    static sqlite3_vfs vfs;
    if (real_vfs == nullptr) {
        real_vfs = sqlite3_vfs_find(nullptr);
        vfs = *real_vfs;
        vfs.pNext = nullptr;
        vfs.zName = "faults";
        vfs.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
        vfs.xOpen = on_open;
        vfs.xDelete = on_delete;
        sqlite3_vfs_register(&vfs, 0);
    }
    return vfs.zName;
}

Faults& faults() { return state; }

void reset_faults() {
    state.writes = 0;
    state.syncs = 0;
    state.room = -1;
    state.syncs_fail = false;
    state.syncs_reach_the_disk = true;
    state.end = Faults::End::Never;
    state.end_at = 0;
    state.seed = 1;
    state.calls = 0;
    unsynced.clear();
}

}  // namespace linkspan::store
