// Any bytes as a marker's comment, and as a file with markers.
#include "core/manifest/marker.h"
#include "core/manifest/scan.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace linkspan;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto marker = manifest::parse_marker(text);
    if (marker && (marker->policy.empty() || marker->policy.front() == ':')) std::abort();
    if (!marker && marker.error().message.empty()) std::abort();

    const std::string line = "image: a:1 # {\"$imagepolicy\": \"" + std::string{text} + "\n";
    for (const auto& place : manifest::scan("f.yaml", line).places) {
        if (place.kind == manifest::PlaceKind::Marker && place.policy.empty()) std::abort();
    }
    return 0;
}
