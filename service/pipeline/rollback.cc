#include "service/pipeline/rollback.h"

#include "service/pipeline/directive.h"
#include "service/pipeline/trail_json.h"
#include "service/store/audit.h"
#include "service/store/holds.h"
#include "service/store/writes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace linkspan::pipeline {
namespace {

struct Way {
    std::string bad_tag;
    std::optional<std::string> bad_digest;
    std::string tag;
    std::optional<std::string> digest;
};

Result<Way> way_back(
    store::Store& store, const RollbackRequest& request, const std::string& policy
) {
    LINKSPAN_TRY(writes, store.writes().newest(request.target, policy));
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
        // Places that never had a tag have nothing to go back to.
        const auto had = std::find_if(writes.begin(), writes.end(), [&](const auto& one) {
            return one.new_tag == way.bad_tag && !one.old_tag.empty();
        });
        if (had != writes.end()) {
            way.tag = had->old_tag;
            way.digest = had->old_digest;
        }
    }
    if (request.to) {
        way.tag = *request.to;
        way.digest.reset();
    }
    if (way.tag.empty()) {
        return Error{Errc::Conflict, "no tag was written there before; name the tag to go to"};
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
    LINKSPAN_TRY(way, way_back(store, request, full_name));
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
    const Directive directive{.who = request.who, .why = request.why};
    delivery.events.push_back(
        {.event = std::move(event),
         .work = {{.target = target->name, .policy = full_name, .directive = directive.json()}}}
    );
    delivery.answer_body = accepted_json(delivery, {}, config.server.public_url);
    LINKSPAN_TRY(recorded, store.record(delivery));

    if (!way.bad_tag.empty() && way.bad_tag != way.tag) {
        auto held = store.holds().set(
            {.id = 0,
             .target = target->name,
             .policy = full_name,
             .tag = way.bad_tag,
             .digest = {},
             .who = request.who,
             .why = request.why,
             .since = now,
             .until = {}}
        );
        if (held.has_error()) return held.error();
    }
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
