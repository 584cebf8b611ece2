// open_beside(): the store of a service that may be running, to read what it remembers.
#pragma once

#include "core/result.h"
#include "service/store/store.h"

#include <memory>
#include <string>

namespace linkspan::store {

// Without the lock that the service holds, and without changing or creating anything: every write
// through it is an error. SQLite's write-ahead log lets others read while the service writes; each
// transaction of a Writer over it sees one state. Errors: NotFound (there is no such file),
// Conflict (of another program, or another schema than this program's), and Database's.
Result<std::unique_ptr<Store>> open_beside(const std::string& path);

}  // namespace linkspan::store
