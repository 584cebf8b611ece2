// What a list of an image's tags leads to: which of them are events, and for which policies. And
// the deliveries that such events become, of the built-in receiver "poll".
//
// Pure but for record_event(), and long for long lists.
#pragma once

#include "config/config.h"
#include "core/image/reference.h"
#include "core/policy/policy.h"
#include "core/policy/select.h"
#include "core/result.h"
#include "service/store/store.h"

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::pipeline {

// The name of the receiver and of the sender of what polling found. No receiver of the
// configuration may have it.
inline constexpr std::string_view kPollReceiver = "poll";

// New tags of one image at one time that are events; the others are known from then on.
inline constexpr std::size_t kMostEvents = 50;

// Those that a target uses, each once.
std::vector<policy::Policy> watching(const config::Config& config, const image::ImageName& image);

// The listed tags that `known`, in the order of its bytes, lacks.
std::vector<std::string> missing_from(
    const std::vector<policy::KnownTag>& known, std::span<const std::string> listed
);

// One policy's one decision: about the first of these tags that is really there, best first.
struct Wish {
    std::string policy;  // full name
    std::vector<image::Tag> tags;
};
// Errors, here and below: those of select().
Result<std::vector<Wish>> wishes_of(
    std::span<const policy::Policy> policies, std::span<const std::string> tags
);

// Every new tag that a policy may select: the tag → full names of the policies.
using NewTags = std::map<std::string, std::vector<std::string>>;
Result<NewTags> new_tags_of(
    std::span<const policy::Policy> policies, std::span<const std::string> tags
);

// For every target that uses one of the policies, given by full name.
std::vector<store::NewWork> work_of(
    const config::Config& config,
    const image::ImageName& image,
    std::span<const std::string> policies
);

// One event, which nobody called about. Its key is its own.
store::NewDelivery delivery_of(
    const config::Config& config,
    const image::ImageName& image,
    const image::Tag& tag,
    const std::optional<image::Digest>& digest,
    std::vector<store::NewWork> work,
    store::TimePoint now
);

// For whom a better tag than the event's was passed over, in words; by policy.
using PassedOver = std::map<std::string, std::vector<std::string>>;

// On the store's thread: the delivery, and a line in the trail for what was passed over. Its work
// goes to the end of `work`, to be started when the transaction is on the disk.
Status record_event(
    store::Store& store,
    const store::NewDelivery& delivery,
    const PassedOver& passed_over,
    std::vector<store::WorkItem>& work
);
// `from`: "polling".
void log_event(const store::NewDelivery& delivery, std::string_view from);

}  // namespace linkspan::pipeline
