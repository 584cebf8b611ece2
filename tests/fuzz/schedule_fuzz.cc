// Any lines as a schedule, the first a window and the others freezes: they read or say in one line
// why not; what opens is open then and was not before.
#include "core/policy/schedule.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace linkspan::policy;
using namespace std::chrono_literals;

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libFuzzer's interface
    std::string_view text{reinterpret_cast<const char*>(data), size};
    Schedule schedule;
    for (int line = 0; line < 3 && !text.empty(); ++line) {
        const std::string_view one = text.substr(0, text.find('\n'));
        text.remove_prefix(one.size() == text.size() ? one.size() : one.size() + 1);
        const auto span = Span::parse(one);
        if (span.has_error()) {
            require(!span.error().message.empty());
            for (const char c : span.error().message)
                require(static_cast<unsigned char>(c) >= 0x20);
            continue;
        }
        require(*Span::parse(span->text()) == *span);
        if (schedule.windows.empty()) {
            schedule.windows.push_back({*span});
        } else {
            schedule.freezes.push_back(*span);
        }
    }
    const UtcTime now = std::chrono::sys_days{2026y / 10 / 24};
    if (const auto next = next_open(schedule, now)) {
        require(*next >= now && opening(schedule, *next).open);
        require(opening(schedule, now).open == (*next == now));
        if (*next > now) require(!opening(schedule, *next - 1s).open);
    } else {
        require(!opening(schedule, now).open);
    }
    return 0;
}
