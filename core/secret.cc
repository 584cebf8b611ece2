#include "core/secret.h"

#include <cstddef>

namespace linkspan {

bool equal_constant_time(std::string_view a, std::string_view b) {
    // volatile keeps the compiler from turning the loop into an early exit.
    volatile unsigned char difference = a.size() == b.size() ? 0 : 1;
    const std::size_t n = b.size();
    for (std::size_t i = 0; i < n; ++i) {
        const auto left = static_cast<unsigned char>(a.empty() ? 0 : a[i % a.size()]);
        difference =
            static_cast<unsigned char>(difference | (left ^ static_cast<unsigned char>(b[i])));
    }
    return difference == 0;
}

bool Secret::equals(std::string_view other) const { return equal_constant_time(value_, other); }

}  // namespace linkspan
