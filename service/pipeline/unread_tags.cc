#include "service/pipeline/unread_tags.h"

#include <utility>

namespace linkspan::pipeline {

void UnreadTags::note(
    const image::ImageName& image, const image::Tag& tag, What what, std::string why, Time now
) {
    if (size_ >= kMost) {
        size_ = 0;
        for (auto& [name, tags] : by_image_) {
            std::erase_if(tags, [now](const auto& one) { return one.second.until <= now; });
            size_ += tags.size();
        }
        std::erase_if(by_image_, [](const auto& one) { return one.second.empty(); });
        if (size_ >= kMost) {
            by_image_.clear();
            size_ = 0;
        }
    }
    auto& tags = by_image_[image.str()];
    const bool fresh =
        tags.insert_or_assign(tag.str(), Entry{what, std::move(why), now + kFor}).second;
    if (fresh) ++size_;
}

void UnreadTags::clear(const image::ImageName& image, const image::Tag& tag) {
    const auto tags = by_image_.find(image.str());
    if (tags == by_image_.end()) return;
    size_ -= tags->second.erase(tag.str());
    if (tags->second.empty()) by_image_.erase(tags);
}

policy::Unreadable UnreadTags::of(const image::ImageName& image, bool times, Time now) const {
    policy::Unreadable out;
    const auto tags = by_image_.find(image.str());
    if (tags == by_image_.end()) return out;
    for (const auto& [tag, entry] : tags->second) {
        if (entry.until <= now || (entry.what == What::Image && !times)) continue;
        out.emplace(tag, entry.why);
    }
    return out;
}

}  // namespace linkspan::pipeline
