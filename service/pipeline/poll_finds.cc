#include "service/pipeline/poll_finds.h"

#include "service/pipeline/trail_json.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

namespace linkspan::pipeline {
namespace {

// By newest, all are equal until somebody asked; so none is best, and any may be an event.
policy::Policy without_times(policy::Policy policy) {
    if (std::holds_alternative<policy::Newest>(policy.select)) {
        policy.select = policy::Alphabetical{};
    }
    return policy;
}

// The best kMostEvents of each, in its order; the policies have different names.
template <class Visit>
Status each_selected(
    std::span<const policy::Policy> policies, std::span<const std::string> tags, Visit visit
) {
    std::vector<policy::KnownTag> known(tags.size());
    for (std::size_t i = 0; i < tags.size(); ++i) known[i].tag = tags[i];
    for (const auto& policy : policies) {
        LINKSPAN_TRY(all, policy::select_every(without_times(policy), known));
        if (all.candidates.size() > kMostEvents) all.candidates.resize(kMostEvents);
        visit(policy.full_name(), std::move(all.candidates));
    }
    return {};
}

}  // namespace

std::vector<policy::Policy> watching(const config::Config& config, const image::ImageName& image) {
    std::vector<policy::Policy> out;
    std::set<std::string> seen;
    for (const auto& watch : config::match(config, image)) {
        if (seen.insert(watch.policy->full_name()).second) out.push_back(*watch.policy);
    }
    return out;
}

std::vector<std::string> missing_from(
    const std::vector<policy::KnownTag>& known, std::span<const std::string> listed
) {
    std::vector<std::string> out;
    for (const auto& tag : listed) {
        const auto at = std::lower_bound(
            known.begin(),
            known.end(),
            tag,
            [](const policy::KnownTag& a, const std::string& b) { return a.tag < b; }
        );
        if (at == known.end() || at->tag != tag) out.push_back(tag);
    }
    return out;
}

Result<std::vector<Wish>> wishes_of(
    std::span<const policy::Policy> policies, std::span<const std::string> tags
) {
    std::vector<Wish> out;
    auto status = each_selected(
        policies,
        tags,
        [&out](std::string policy, std::vector<std::string> candidates) {
            Wish wish{.policy = std::move(policy), .tags = {}};
            for (const auto& text : candidates) {
                auto tag = image::Tag::parse(text);
                if (tag.has_value()) wish.tags.push_back(std::move(*tag));
            }
            if (!wish.tags.empty()) out.push_back(std::move(wish));
        }
    );
    if (status.has_error()) return status.error();
    return out;
}

Result<NewTags> new_tags_of(
    std::span<const policy::Policy> policies, std::span<const std::string> tags
) {
    NewTags out;
    auto status = each_selected(
        policies,
        tags,
        [&out](const std::string& policy, const std::vector<std::string>& candidates) {
            for (const auto& tag : candidates) out[tag].push_back(policy);
        }
    );
    if (status.has_error()) return status.error();
    return out;
}

std::vector<store::NewWork> work_of(
    const config::Config& config,
    const image::ImageName& image,
    std::span<const std::string> policies
) {
    std::vector<store::NewWork> out;
    for (const auto& watch : config::match(config, image)) {
        auto name = watch.policy->full_name();
        if (std::find(policies.begin(), policies.end(), name) == policies.end()) continue;
        out.push_back({.target = watch.target->name, .policy = std::move(name)});
    }
    return out;
}

store::NewDelivery delivery_of(
    const config::Config& config,
    const image::ImageName& image,
    const image::Tag& tag,
    const std::optional<image::Digest>& digest,
    std::vector<store::NewWork> work,
    store::TimePoint now
) {
    store::NewDelivery delivery;
    delivery.id = store::new_id(now);
    delivery.receiver = kPollReceiver;
    delivery.sender = kPollReceiver;
    delivery.key = delivery.id;
    delivery.received_at = now;
    delivery.events.push_back(
        {.event =
             {.image = image,
              .tag = tag,
              .digest = digest ? std::optional{digest->str()} : std::nullopt,
              .media_type = std::nullopt,
              .pushed_at = std::nullopt,
              .revision = std::nullopt,
              .source = std::nullopt,
              .build_url = std::nullopt,
              .actor = std::nullopt},
         .work = std::move(work)}
    );
    delivery.answer_status = 202;
    delivery.answer_body = accepted_json(delivery, {}, config.server.public_url);
    return delivery;
}

Status record_event(
    store::Store& store,
    const store::NewDelivery& delivery,
    const PassedOver& passed_over,
    std::vector<store::WorkItem>& work
) {
    LINKSPAN_TRY(recorded, store.record(delivery));
    for (auto& item : recorded.work) {
        if (const auto notes = passed_over.find(item.policy); notes != passed_over.end()) {
            for (const auto& text : notes->second) {
                auto status = store.note(item.id, "list", text, delivery.received_at);
                if (status.has_error()) return status;
            }
        }
        work.push_back(std::move(item));
    }
    return {};
}

void log_event(const store::NewDelivery& delivery, std::string_view from) {
    const auto& event = delivery.events.front().event;
    spdlog::info(
        "delivery {} from {}: {}:{}", delivery.id, from, event.image.str(), event.tag.str()
    );
}

}  // namespace linkspan::pipeline
