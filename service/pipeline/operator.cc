#include "service/pipeline/operator.h"

#include "core/policy/select.h"
#include "service/pipeline/trail_json.h"
#include "service/store/audit.h"
#include "service/store/known_tags.h"
#include "service/store/policy_states.h"
#include "service/store/writes.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace linkspan::pipeline {
namespace {

using store::Store;

constexpr std::chrono::hours kKeyWindow{72};

store::NewDelivery delivery_of(const Actor& actor, store::TimePoint now) {
    store::NewDelivery delivery;
    delivery.id = store::new_id(now);
    delivery.receiver = config::kOperatorReceiver;
    delivery.sender = config::kOperatorReceiver;
    delivery.key = actor.key;
    delivery.key_window = kKeyWindow;
    delivery.received_at = now;
    delivery.remote_address = actor.remote_address;
    return delivery;
}

image::ImageEvent event_of(const image::ImageName& image, image::Tag tag, const std::string& who) {
    image::ImageEvent event;
    event.image = image;
    event.tag = std::move(tag);
    event.actor = who;
    return event;
}

// Record first: a repeated call leaves no second audit record.
Result<store::Recorded> record(
    Store& store, const config::Config& config, store::NewDelivery delivery, store::AuditEntry audit
) {
    delivery.answer_body = accepted_json(delivery, {}, config.server.public_url);
    LINKSPAN_TRY(recorded, store.record(delivery));
    if (!recorded.duplicate) {
        LINKSPAN_TRY(noted, store.audit().append(audit));
        (void)noted;
    }
    return std::move(recorded);
}

// The tag that the policy would choose among those that we know, or the newest that was pushed.
Result<std::optional<image::Tag>> best_known_tag(Store& store, const policy::Policy& policy) {
    LINKSPAN_TRY(known, store.known_tags().known_tags(policy.image));
    std::vector<policy::KnownTag> tags;
    tags.reserve(known.size());
    for (auto& one : known) {
        tags.push_back(
            {.tag = std::move(one.tag),
             .created = std::move(one.created),
             .first_seen = rfc3339(one.first_seen)}
        );
    }
    std::optional<std::string> best;
    if (const auto chosen = policy::select(policy, tags); chosen.has_value()) {
        best = chosen->selected;
    }
    if (!best) {
        LINKSPAN_TRY(pushed, store.policy_states().newest_tag(policy.image));
        best = std::move(pushed);
    }
    if (!best) return std::optional<image::Tag>{};
    auto tag = image::Tag::parse(*best);
    if (tag.has_error()) return std::optional<image::Tag>{};
    return std::optional{std::move(*tag)};
}

bool watches(
    const config::Config& config, const std::string& target, const policy::Policy& policy
) {
    const auto watched = config::match(config, policy.image);
    return std::any_of(watched.begin(), watched.end(), [&](const auto& watch) {
        return watch.target->name == target && watch.policy == &policy;
    });
}

// nullopt: there is nothing to decide about.
Result<std::optional<store::NewDelivery>> decide_again(
    Store& store,
    const config::Config& config,
    const std::string& target,
    const std::string& policy_name,
    const Actor& actor,
    store::TimePoint now
) {
    const auto* policy = config.policy(policy_name);
    if (policy == nullptr || !watches(config, target, *policy)) {
        return std::optional<store::NewDelivery>{};
    }
    LINKSPAN_TRY(tag, best_known_tag(store, *policy));
    if (!tag) return std::optional<store::NewDelivery>{};
    auto delivery = delivery_of(actor, now);
    delivery.events.push_back(
        {.event = event_of(policy->image, std::move(*tag), actor.who),
         .work = {{.target = target, .policy = policy->full_name()}}}
    );
    return std::optional{std::move(delivery)};
}

}  // namespace

std::string subject_of(const std::string& target, const std::string& policy) {
    return fmt::format("targets/{}/policies/{}", target, policy);
}

std::function<Result<store::Hold>(Store&)> hold_operation(
    HoldRequest request, Actor actor, store::TimePoint now
) {
    return [request = std::move(request), actor = std::move(actor), now](Store& store
           ) -> Result<store::Hold> {
        store::Hold hold{
            .target = request.target,
            .policy = request.policy,
            .tag = request.tag,
            .digest = request.digest,
            .who = actor.who,
            .why = actor.why,
            .since = now,
            .until = request.until};
        LINKSPAN_TRY(id, store.holds().set(hold));
        hold.id = id;
        std::string subject = subject_of(request.target, request.policy);
        if (request.tag) subject += "/tags/" + *request.tag;
        if (request.digest) subject += "/digests/" + *request.digest;
        LINKSPAN_TRY(
            noted,
            store.audit().append(
                {.at = now,
                 .who = actor.who,
                 .action = "hold",
                 .subject = std::move(subject),
                 .why = actor.why}
            )
        );
        (void)noted;
        return hold;
    };
}

std::function<Result<Resumed>(Store&)> resume_operation(
    ConfigPtr config, ResumeRequest request, Actor actor, store::TimePoint now
) {
    return [config = std::move(config),
            request = std::move(request),
            actor = std::move(actor),
            now](Store& store) -> Result<Resumed> {
        LINKSPAN_TRY(holds, store.holds().list(request.target, request.policy, now));
        Resumed resumed;
        for (auto& hold : holds) {
            if (request.tag && hold.tag != request.tag) continue;
            LINKSPAN_TRY(gone, store.holds().clear(hold.id));
            if (gone) resumed.cleared.push_back(std::move(hold));
        }
        // What people undid in Git is forgiven with the whole policy.
        if (!request.tag) {
            LINKSPAN_TRY(forgiven, store.writes().forgive(request.target, request.policy));
            resumed.forgiven = forgiven;
        }
        if (resumed.cleared.empty() && resumed.forgiven == 0) {
            return Error{Errc::NotFound, "nothing is held there; GET /v1/holds lists what is"};
        }
        store::AuditEntry audit{
            .at = now,
            .who = actor.who,
            .action = "resume",
            .subject = subject_of(request.target, request.policy),
            .why = actor.why};
        if (request.tag) audit.subject += "/tags/" + *request.tag;
        LINKSPAN_TRY(
            delivery, decide_again(store, *config, request.target, request.policy, actor, now)
        );
        if (delivery) {
            LINKSPAN_TRY(recorded, record(store, *config, std::move(*delivery), std::move(audit)));
            resumed.delivery = std::move(recorded);
        } else {
            LINKSPAN_TRY(noted, store.audit().append(audit));
            (void)noted;
        }
        return resumed;
    };
}

std::function<Result<store::Recorded>(Store&)> replay_operation(
    ConfigPtr config,
    std::string delivery,
    std::function<bool(const std::string& target)> may,
    Actor actor,
    store::TimePoint now
) {
    return [config = std::move(config),
            delivery = std::move(delivery),
            may = std::move(may),
            actor = std::move(actor),
            now](Store& store) -> Result<store::Recorded> {
        LINKSPAN_TRY(trail, store.trail(delivery));
        if (!trail) return Error{Errc::NotFound, "there is no delivery with this id"};
        auto again = delivery_of(actor, now);
        bool watched = false;
        bool allowed = false;
        for (auto& event : trail->delivery.events) {
            store::NewEvent made{.event = std::move(event.event), .work = {}};
            for (const auto& watch : config::match(*config, made.event.image)) {
                watched = true;
                if (!may(watch.target->name)) continue;
                allowed = true;
                made.work.push_back(
                    {.target = watch.target->name, .policy = watch.policy->full_name()}
                );
            }
            again.events.push_back(std::move(made));
        }
        if (!watched) {
            return Error{
                Errc::Conflict,
                "nothing can be replayed: the delivery has no event, or no target's policy watches "
                "its images"};
        }
        if (!allowed) {
            return Error{
                Errc::Unauthorized, actor.who + " may act on none of the delivery's targets"};
        }
        return record(
            store,
            *config,
            std::move(again),
            {.at = now,
             .who = actor.who,
             .action = "replay",
             .subject = "deliveries/" + delivery,
             .why = actor.why}
        );
    };
}

std::function<Result<bool>(Store&)> resend_operation(
    std::string notification, Actor actor, store::TimePoint now
) {
    return [notification = std::move(notification), actor = std::move(actor), now](Store& store
           ) -> Result<bool> {
        LINKSPAN_TRY(revived, store.outbox().revive(notification, now));
        if (!revived) {
            LINKSPAN_TRY(known, store.outbox().has(notification));
            if (!known) return Error{Errc::NotFound, "there is no notification with this id"};
            return Error{
                Errc::Conflict,
                "this notification was delivered, or is still being tried; only what was given up "
                "on (state \"dead\") is sent again"};
        }
        LINKSPAN_TRY(
            noted,
            store.audit().append(
                {.at = now,
                 .who = actor.who,
                 .action = "replay",
                 .subject = "notifications/" + notification,
                 .why = actor.why}
            )
        );
        (void)noted;
        return true;
    };
}

std::function<Result<std::vector<store::Recorded>>(Store&)> expire_holds_operation(
    ConfigPtr config, store::TimePoint now
) {
    return [config = std::move(config), now](Store& store) -> Result<std::vector<store::Recorded>> {
        LINKSPAN_TRY(ended, store.holds().ended(now));
        std::vector<store::Recorded> made;
        std::set<std::pair<std::string, std::string>> decided;
        for (const auto& hold : ended) {
            LINKSPAN_TRY(gone, store.holds().clear(hold.id));
            if (!gone) continue;
            const Actor actor{
                .who = "linkspan",
                .why = fmt::format("the hold by {} has run out: {}", hold.who, hold.why),
                .remote_address = {},
                .key = {}};
            LINKSPAN_TRY(
                noted,
                store.audit().append(
                    {.at = now,
                     .who = actor.who,
                     .action = "resume",
                     .subject = subject_of(hold.target, hold.policy),
                     .why = actor.why}
                )
            );
            (void)noted;
            if (!decided.emplace(hold.target, hold.policy).second) continue;
            LINKSPAN_TRY(
                delivery, decide_again(store, *config, hold.target, hold.policy, actor, now)
            );
            if (!delivery) continue;
            delivery->answer_body = accepted_json(*delivery, {}, config->server.public_url);
            LINKSPAN_TRY(recorded, store.record(*delivery));
            made.push_back(std::move(recorded));
        }
        return made;
    };
}

std::function<Result<store::Recorded>(Store&)> rollback_operation(
    ConfigPtr config, RollbackRequest request, store::TimePoint now
) {
    return [config = std::move(config), request = std::move(request), now](Store& store) {
        return record_rollback(store, *config, request, now);
    };
}

}  // namespace linkspan::pipeline
