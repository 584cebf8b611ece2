#include "service/store/store.h"

#include <sys/random.h>

#include <array>
#include <cstring>
#include <mutex>
#include <system_error>

namespace linkspan::store {

namespace {

// Crockford's base 32: no I, L, O, U.
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

struct Randomness {
    std::uint16_t high = 0;
    std::uint64_t low = 0;
};

void fill(void* bytes, std::size_t size) {
    // Up to 256 bytes come whole or not at all.
    while (::getrandom(bytes, size, 0) != static_cast<ssize_t>(size)) {
        if (errno != EINTR) throw std::system_error{errno, std::generic_category(), "getrandom"};
    }
}

// 80 bits. Within a millisecond each is above the one before it, by a step that can't be guessed.
Randomness next_randomness(std::int64_t millisecond) {
    static std::mutex mutex;
    static std::int64_t last_millisecond = -1;
    static Randomness last;
    const std::lock_guard lock{mutex};
    if (millisecond != last_millisecond) {
        last_millisecond = millisecond;
        fill(&last.high, sizeof last.high);
        fill(&last.low, sizeof last.low);
        last.high &= 0x7fff;  // room to count up
        return last;
    }
    std::uint32_t step = 0;
    fill(&step, sizeof step);
    const std::uint64_t low = last.low + step + 1;
    if (low < last.low) ++last.high;
    last.low = low;
    return last;
}

}  // namespace

std::string new_id(TimePoint now) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    const auto ms = duration_cast<milliseconds>(now.time_since_epoch()).count();
    const auto [high, low] = next_randomness(ms);
    std::string id(26, '0');
    auto time = static_cast<std::uint64_t>(ms) & 0xffff'ffff'ffffU;
    for (std::size_t i = 10; i-- > 0; time >>= 5U) id[i] = kAlphabet[time & 31U];
    std::uint64_t head = (static_cast<std::uint64_t>(high) << 24U) | (low >> 40U);  // 40 bits
    std::uint64_t tail = low & 0xff'ffff'ffffU;                                     // 40 bits
    for (std::size_t i = 18; i-- > 10; head >>= 5U) id[i] = kAlphabet[head & 31U];
    for (std::size_t i = 26; i-- > 18; tail >>= 5U) id[i] = kAlphabet[tail & 31U];
    return id;
}

}  // namespace linkspan::store
