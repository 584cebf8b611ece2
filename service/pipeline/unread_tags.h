// UnreadTags: tags that could not be read lately, and why, so that not every event asks for them
// again. A tag that is refused to us is none that may run: it is passed over, with the reason in
// the trail.
//
// In memory alone: after a restart each is asked once more. Pure but for what it remembers; time
// comes in.
#pragma once

#include "core/image/reference.h"
#include "core/policy/select.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>

namespace linkspan::pipeline {

class UnreadTags {
public:
    using Time = std::chrono::steady_clock::time_point;
    enum class What {
        Digest,  // of no use to anybody
        Image,   // its time is not known; who does not ask for times may have it
    };

    static constexpr std::chrono::minutes kFor{5};
    static constexpr std::size_t kMost = 10'000;

    void note(
        const image::ImageName& image, const image::Tag& tag, What what, std::string why, Time now
    );
    // It was read after all.
    void clear(const image::ImageName& image, const image::Tag& tag);
    // `times`: with those whose time alone is not known.
    [[nodiscard]] policy::Unreadable of(const image::ImageName& image, bool times, Time now) const;

private:
    struct Entry {
        What what;
        std::string why;
        Time until;
    };
    std::unordered_map<std::string, std::map<std::string, Entry>> by_image_;
    std::size_t size_ = 0;
};

}  // namespace linkspan::pipeline
