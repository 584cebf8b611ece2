// prefix_sort(): sorting by a 64-bit number that decides most comparisons, found once per element.
// Private to core/policy.
//
// std::sort over 100,000 versions spends its time in mispredicted branches and in cache misses
// (about 17 comparisons of two far-away keys per element). Radix passes over the numbers have
// neither; only runs of equal numbers are compared in full.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::policy {

struct Prefixed {
    std::uint64_t prefix = 0;
    std::size_t index = 0;
};

// By prefix, stably: least significant byte first; a byte that all share costs no pass.
inline void radix_sort(std::vector<Prefixed>& items) {
    std::array<std::array<std::size_t, 256>, 8> counts{};
    for (const Prefixed& item : items) {
        for (std::size_t byte = 0; byte < 8; ++byte) {
            ++counts[byte][(item.prefix >> (8 * byte)) & 0xffU];
        }
    }
    std::vector<Prefixed> other(items.size());
    for (std::size_t byte = 0; byte < 8; ++byte) {
        auto& count = counts[byte];
        if (std::find(count.begin(), count.end(), items.size()) != count.end()) continue;
        std::size_t begin = 0;
        for (std::size_t& n : count) n = std::exchange(begin, begin + n);
        for (const Prefixed& item : items) {
            other[count[(item.prefix >> (8 * byte)) & 0xffU]++] = item;
        }
        items.swap(other);
    }
}

// The order in which `values` ascend: indices, so that great values are not moved about.
// `prefix(a) < prefix(b)` must imply `less(a, b)`; equal prefixes decide nothing.
template <class T, class Prefix, class Less>
std::vector<Prefixed> prefix_sort(
    const std::vector<T>& values, const Prefix& prefix, const Less& less
) {
    std::vector<Prefixed> items(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) items[i] = {prefix(values[i]), i};
    // Below this the passes cost more than they save.
    constexpr std::size_t kWorthwhile = 256;
    if (items.size() < kWorthwhile) {
        std::sort(items.begin(), items.end(), [](const Prefixed& a, const Prefixed& b) {
            return a.prefix < b.prefix;
        });
    } else {
        radix_sort(items);
    }
    for (auto run = items.begin(); run != items.end();) {
        const auto end = std::find_if(run + 1, items.end(), [&](const Prefixed& item) {
            return item.prefix != run->prefix;
        });
        if (end - run > 1) {
            std::sort(run, end, [&](const Prefixed& a, const Prefixed& b) {
                return less(values[a.index], values[b.index]);
            });
        }
        run = end;
    }
    return items;
}

// Numbers packed from the most significant on, each in so many bits; one that does not fit makes
// everything after it equal, so that the order stays true.
class PrefixPacker {
public:
    PrefixPacker& add(std::uint64_t value, unsigned bits) {
        const std::uint64_t most = (std::uint64_t{1} << bits) - 1;
        full_ |= value >= most;
        out_ = (out_ << bits) | (full_ ? most : value);
        return *this;
    }
    [[nodiscard]] std::uint64_t value() const { return out_; }

private:
    std::uint64_t out_ = 0;
    bool full_ = false;
};

// What all texts begin with says nothing about their order: the eight bytes after it do.
class CommonPrefix {
public:
    template <class T, class Text>
    CommonPrefix(const std::vector<T>& values, const Text& text) {
        if (values.empty()) return;
        const std::string_view first = text(values.front());
        length_ = first.size();
        for (const T& value : values) {
            const std::string_view other = text(value);
            const auto [mine, theirs] = std::mismatch(
                first.begin(),
                first.begin() + static_cast<std::ptrdiff_t>(length_),
                other.begin(),
                other.end()
            );
            length_ = static_cast<std::size_t>(mine - first.begin());
            if (length_ == 0) return;
        }
    }
    // As one number, the first byte most significant; zeros after the end.
    [[nodiscard]] std::uint64_t next_bytes(std::string_view text) const {
        std::uint64_t out = 0;
        for (std::size_t i = 0; i < 8; ++i) {
            const std::size_t at = length_ + i;
            out = (out << 8U) | (at < text.size() ? static_cast<unsigned char>(text[at]) : 0U);
        }
        return out;
    }

private:
    std::size_t length_ = 0;
};

}  // namespace linkspan::policy
