#include "service/pipeline/rollback.h"

#include "service/pipeline/directive.h"
#include "service/pipeline/trail_json.h"
#include "service/store/audit.h"
#include "service/store/holds.h"
#include "service/store/writes.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace linkspan::pipeline {
namespace {

struct Way {
    std::string bad_tag;
    std::optional<std::string> bad_digest;
    std::string tag;
    std::optional<std::string> digest;
};

using Value = std::pair<std::string, std::optional<std::string>>;  // tag, digest

// What a person holds is nothing to go back to: one that was left by a rollback above all.
bool is_held(const std::vector<store::Hold>& holds, const Value& value) {
    return std::any_of(holds.begin(), holds.end(), [&](const auto& hold) {
        if (!hold.tag || *hold.tag != value.first) return false;
        return !hold.digest || !value.second || *hold.digest == *value.second;
    });
}

// Where the place of the newest write came from, along what was written there.
std::optional<Value> value_before(
    const std::vector<store::Write>& writes, const std::vector<store::Hold>& holds
) {
    const Value now{writes.front().new_tag, writes.front().new_digest};
    const auto place = [](const store::Write& one) {
        return std::tie(one.path, one.document, one.place);
    };
    // Places that never had a tag have nothing to go back to: another one that was written with the
    // newest may have.
    std::vector<const store::Write*> starts;
    for (const auto& one : writes) {
        const bool known = std::any_of(starts.begin(), starts.end(), [&](const auto* other) {
            return place(*other) == place(one);
        });
        if (!known && one.new_tag == now.first) starts.push_back(&one);
    }
    for (const auto* start : starts) {
        for (const auto& one : writes) {
            if (place(one) != place(*start) || one.old_tag.empty()) continue;
            Value before{one.old_tag, one.old_digest};
            const bool same = before.first == now.first &&
                              (!before.second || !now.second || before.second == now.second);
            if (!same && !is_held(holds, before)) return before;
        }
    }
    return std::nullopt;
}

Result<Way> way_back(
    store::Store& store,
    const RollbackRequest& request,
    const std::string& policy,
    store::TimePoint now
) {
    LINKSPAN_TRY(writes, store.writes().history(request.target, policy));
    if (writes.empty() && !request.to) {
        return Error{
            Errc::Conflict,
            fmt::format(
                "Linkspan has written nothing for policy \"{}\" in target \"{}\" yet; name the tag "
                "to go to",
                policy,
                request.target
            )};
    }
    Way way;
    if (!writes.empty()) {
        way.bad_tag = writes.front().new_tag;
        way.bad_digest = writes.front().new_digest;
    }
    if (request.to) {
        way.tag = *request.to;
    } else {
        LINKSPAN_TRY(holds, store.holds().list(now));
        std::erase_if(holds, [&](const auto& hold) {
            return hold.target != request.target || hold.policy != policy;
        });
        if (auto before = value_before(writes, holds)) {
            way.tag = std::move(before->first);
            way.digest = std::move(before->second);
        }
    }
    if (way.tag.empty()) {
        return Error{
            Errc::Conflict,
            "no tag was written there before that is not held; name the tag to go to"};
    }
    if (way.tag == way.bad_tag && (!way.digest || way.digest == way.bad_digest)) {
        return Error{
            Errc::Conflict, fmt::format("\"{}\" is what Linkspan wrote last already", way.tag)};
    }
    return way;
}

}  // namespace

Result<store::Recorded> record_rollback(
    store::Store& store,
    const config::Config& config,
    const RollbackRequest& request,
    store::TimePoint now
) {
    const auto* target = config.target(request.target);
    const auto* policy = config.policy(request.policy);
    const bool follows =
        target != nullptr && policy != nullptr &&
        std::any_of(target->policies.begin(), target->policies.end(), [&](const auto& name) {
            return config.policy(name) == policy;
        });
    if (!follows) {
        return Error{
            Errc::NotFound,
            fmt::format(
                "target \"{}\" does not follow a policy \"{}\"", request.target, request.policy
            )};
    }
    const std::string full_name = policy->full_name();
    LINKSPAN_TRY(way, way_back(store, request, full_name, now));
    auto tag = image::Tag::parse(way.tag);
    if (tag.has_error()) return tag.error();

    store::NewDelivery delivery;
    delivery.id = store::new_id(now);
    delivery.receiver = "operator";
    delivery.sender = kRollbackSender;
    delivery.key = delivery.id;
    delivery.received_at = now;
    image::ImageEvent event{
        .image = policy->image,
        .tag = *tag,
        .digest = way.digest,
        .media_type = {},
        .pushed_at = {},
        .revision = {},
        .source = {},
        .build_url = {},
        .actor = request.who};
    Directive directive{.who = request.who, .why = request.why};
    // The same tag with another digest: only that digest is bad.
    const bool moved = way.bad_tag == way.tag && way.bad_digest && way.digest;
    if (!way.bad_tag.empty() && (way.bad_tag != way.tag || moved)) {
        auto held = store.holds().set(
            {.id = 0,
             .target = target->name,
             .policy = full_name,
             .tag = way.bad_tag,
             .digest = moved ? way.bad_digest : std::nullopt,
             .who = request.who,
             .why = request.why,
             .since = now,
             .until = {}}
        );
        if (held.has_error()) return held.error();
        directive.hold = *held;
    }
    delivery.events.push_back(
        {.event = std::move(event),
         .work = {{.target = target->name, .policy = full_name, .directive = directive.json()}}}
    );
    delivery.answer_body = accepted_json(delivery, {}, config.server.public_url);
    LINKSPAN_TRY(recorded, store.record(delivery));

    auto noted = store.audit().append(
        {.id = 0,
         .at = now,
         .who = request.who,
         .action = "rollback",
         .subject = fmt::format("targets/{}/policies/{}", target->name, full_name),
         .why = fmt::format("{} (to {})", request.why, way.tag)}
    );
    if (noted.has_error()) return noted.error();
    return std::move(recorded);
}

}  // namespace linkspan::pipeline
