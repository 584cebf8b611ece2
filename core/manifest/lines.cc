#include "core/manifest/lines.h"

#include <algorithm>
#include <iterator>

namespace linkspan::manifest {

std::size_t LineIndex::index_of(std::size_t offset) const {
    if (starts_.empty()) {
        starts_.push_back(0);
        for (std::size_t i = 0; i < bytes_.size(); ++i) {
            if (bytes_[i] == '\n' ||
                (bytes_[i] == '\r' && (i + 1 == bytes_.size() || bytes_[i + 1] != '\n'))) {
                starts_.push_back(i + 1);
            }
        }
    }
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    return static_cast<std::size_t>(std::distance(starts_.begin(), after)) - 1;
}

std::size_t LineIndex::line(std::size_t offset) const { return index_of(offset) + 1; }

std::size_t LineIndex::column(std::size_t offset) const { return offset - begin_of(offset) + 1; }

std::size_t LineIndex::begin_of(std::size_t offset) const { return starts_[index_of(offset)]; }

std::size_t LineIndex::end_of(std::size_t offset) const {
    return std::min(bytes_.size(), bytes_.find_first_of("\r\n", offset));
}

}  // namespace linkspan::manifest
