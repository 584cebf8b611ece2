// A disk that fails on purpose: an SQLite VFS over the real one that counts, fills up, loses power
// or stops the process at a chosen call. One per process; not for several threads at a time,
// except for the counters.
#pragma once

#include <atomic>
#include <cstdint>

namespace linkspan::store {

struct Faults {
    enum class End {
        Never,
        Kill,      // SIGKILL: what was written stays in the kernel's hands
        PowerCut,  // what was not synced is lost in part, then SIGKILL
    };

    std::atomic<std::int64_t> writes{0};
    std::atomic<std::int64_t> syncs{0};
    // Bytes that still fit on the disk; negative: no limit. Overwriting takes no room.
    std::atomic<std::int64_t> room{-1};
    std::atomic<bool> syncs_fail{false};
    std::atomic<bool> syncs_reach_the_disk{true};  // false: faster, enough for Kill

    End end = End::Never;
    std::int64_t end_at = 0;  // the number of the call (write, sync, truncate, delete) that dies
    std::uint32_t seed = 1;   // which of the writes that were not synced are lost
    std::int64_t calls = 0;
};

// The name to open a Database with; registers the VFS when first called.
const char* fault_vfs();
Faults& faults();
void reset_faults();

}  // namespace linkspan::store
