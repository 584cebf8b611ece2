#include "service/pipeline/prepare.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace linkspan::pipeline {
namespace {

// A tag that the list still names but that is gone when asked for is dropped and the choice made
// again, so often.
constexpr int kMaxVanished = 8;

struct Facts {
    image::Digest pushed;
    std::vector<policy::KnownTag> tags;
    std::vector<std::string> notes;
};

Result<Prepared> prepare_one(
    registry::Client& client,
    const image::ImageEvent& event,
    const policy::Policy& policy,
    const Facts& facts,
    std::map<std::string, image::Digest>& resolved
) {
    std::vector<policy::KnownTag> tags = facts.tags;
    Prepared prepared;
    prepared.notes = facts.notes;
    for (int round = 0;; ++round) {
        LINKSPAN_TRY(selection, policy::select(policy, tags));
        prepared.selection = std::move(selection);
        if (!prepared.selection.selected) return prepared;
        const std::string& winner = *prepared.selection.selected;
        if (const auto known = resolved.find(winner); known != resolved.end()) {
            prepared.resolved = known->second;
            return prepared;
        }
        auto manifest = client.resolve(event.image, winner);
        if (manifest.has_value()) {
            resolved.emplace(winner, manifest->digest);
            prepared.resolved = manifest->digest;
            return prepared;
        }
        if (manifest.error().kind != Errc::NotFound || round == kMaxVanished) {
            return manifest.error().within(fmt::format("resolving {}:{}", event.image.str(), winner)
            );
        }
        prepared.notes.push_back(
            fmt::format("tag \"{}\" is in the registry's list but is gone; passed over", winner)
        );
        std::erase_if(tags, [&](const auto& known) { return known.tag == winner; });
    }
}

}  // namespace

Result<PreparedEvent> prepare(
    registry::Client& client,
    const image::ImageEvent& event,
    const std::vector<policy::Policy>& policies,
    bool insist
) {
    const std::string name = fmt::format("{}:{}", event.image.str(), event.tag.str());
    auto pushed = client.resolve(event.image, event.tag.str());
    if (pushed.has_error()) {
        if (pushed.error().kind == Errc::NotFound) {
            return PreparedEvent{
                .not_yet = NotYet{fmt::format("{} is not in the registry", name)}, .policies = {}};
        }
        return pushed.error().within("confirming " + name);
    }
    Facts facts{.pushed = pushed->digest, .tags = {}, .notes = {}};
    if (event.digest) {
        // A digest that does not read is a sender's abbreviation: as if it were absent.
        const auto claimed = image::Digest::parse(*event.digest);
        if (claimed.has_value() && *claimed != pushed->digest) {
            if (!insist) {
                return PreparedEvent{
                    .not_yet = NotYet{fmt::format(
                        "{} is still {} in the registry, the delivery says {}",
                        name,
                        pushed->digest.str(),
                        claimed->str()
                    )},
                    .policies = {}};
            }
            facts.notes.push_back(fmt::format(
                "the delivery said {}, the registry says {}: the registry has the last word",
                claimed->str(),
                pushed->digest.str()
            ));
        }
    }
    auto listed = client.list_tags(event.image);
    if (listed.has_error()) {
        return listed.error().within("listing the tags of " + event.image.str());
    }
    if (listed->truncated) {
        facts.notes.push_back(
            fmt::format("the registry's tag list was cut at {} tags", listed->tags.size())
        );
    }
    bool has_pushed = false;
    facts.tags.reserve(listed->tags.size() + 1);
    for (auto& tag : listed->tags) {
        has_pushed = has_pushed || tag == event.tag.str();
        policy::KnownTag known;
        known.tag = std::move(tag);
        facts.tags.push_back(std::move(known));
    }
    if (!has_pushed) {
        policy::KnownTag known;
        known.tag = event.tag.str();
        facts.tags.push_back(std::move(known));
    }
    PreparedEvent prepared;
    std::map<std::string, image::Digest> resolved{{event.tag.str(), facts.pushed}};
    for (const auto& policy : policies) {
        LINKSPAN_TRY(one, prepare_one(client, event, policy, facts, resolved));
        prepared.policies.push_back(std::move(one));
    }
    return prepared;
}

}  // namespace linkspan::pipeline
