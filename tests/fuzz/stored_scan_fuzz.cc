// Any bytes as a kept scan: damaged or not, and what reads is written the same again.
#include "core/manifest/stored_scan.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace linkspan;
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    const auto scan = manifest::scan_from_bytes(bytes);
    if (!scan) return 0;
    if (manifest::to_bytes(*scan) != bytes) std::abort();
    return 0;
}
