#include "core/plan/template_data.h"

#include "core/plan/markdown.h"

#include <fmt/format.h>

#include <set>
#include <utility>

namespace linkspan::plan {
namespace {

using Values = TemplateValues;

// Of words that mean nothing alone, see TemplateData::sentences.
std::string subject_of(const EditPlan& plan, bool rollback) {
    const std::string_view verb = rollback ? "Roll back" : "Update";
    std::set<std::string> images;
    std::set<std::string> targets;
    for (const auto& change : plan.changes) {
        images.insert(change.image.str());
        targets.insert(markdown::plain(change.target));
    }
    const std::string where = fmt::format("{}", fmt::join(targets, ", "));
    if (images.size() != 1) return fmt::format("{} {} images in {}", verb, images.size(), where);
    const Change& first = plan.changes.front();
    const std::string tag = markdown::plain(first.new_tag);
    std::string to = "to " + tag;
    if (first.old_tag == first.new_tag && first.new_digest) {
        to = fmt::format("{} to {}", tag, markdown::plain(short_digest(*first.new_digest)));
    }
    return fmt::format("{} {} {} in {}", verb, short_name(first.image), to, where);
}

Values values_of(const Change& change) {
    return {
        {"target", change.target},
        {"policy", change.policy},
        {"path", change.path},
        {"line", std::to_string(change.line)},
        {"where", change.where},
        {"image", change.image.str()},
        {"old_tag", change.old_tag},
        {"new_tag", change.new_tag},
        {"old_digest", change.old_digest.value_or("")},
        {"new_digest", change.new_digest.value_or("")},
        {"old", shown(change.old_tag, change.old_digest)},
        {"new", shown(change.new_tag, change.new_digest)},
        {"why", change.why},
        {"compare", change.compare},
    };
}

Values values_of(const Cause& cause) {
    const auto& event = cause.event;
    return {
        {"delivery", cause.delivery},
        {"image", event.image.str()},
        {"tag", event.tag.str()},
        {"digest", event.digest.value_or("")},
        {"revision", event.revision.value_or("")},
        {"source", event.source.value_or("")},
        {"actor", event.actor.value_or("")},
        {"build_url", event.build_url.value_or("")},
    };
}

}  // namespace

std::string short_name(const image::ImageName& image) {
    const std::string& repository = image.repository();
    return repository.substr(repository.rfind('/') + 1);
}

std::string shown(const std::string& tag, const std::optional<std::string>& digest) {
    if (tag.empty()) return digest ? *digest : "(none)";
    return digest ? tag + "@" + *digest : tag;
}

std::string short_digest(std::string_view digest) {
    const auto colon = digest.find(':');
    if (colon != std::string_view::npos) digest.remove_prefix(colon + 1);
    return std::string{digest.substr(0, 12)};
}

std::vector<Change> updates_of(const EditPlan& plan) {
    std::vector<Change> updates;
    std::set<std::string> seen;
    for (const auto& change : plan.changes) {
        const std::string key = fmt::format(
            "{}\n{}\n{}\n{}",
            change.target,
            change.image.str(),
            shown(change.old_tag, change.old_digest),
            shown(change.new_tag, change.new_digest)
        );
        if (seen.insert(key).second) updates.push_back(change);
    }
    return updates;
}

TemplateData template_data(const EditPlan& plan, CommitStyle style, bool rollback) {
    TemplateData data;
    data.lists = {
        {"changes", {}}, {"updates", {}}, {"causes", {}}, {"requests", {}}, {"compares", {}}};
    std::set<std::string> targets;
    std::set<std::string> requests;
    for (const auto& change : plan.changes) {
        targets.insert(change.target);
        if (change.asked_for && requests.insert(change.why).second) {
            data.lists["requests"].push_back({{"text", change.why}});
        }
        data.lists["changes"].push_back(values_of(change));
    }
    for (const auto& update : updates_of(plan)) data.lists["updates"].push_back(values_of(update));
    for (const auto& update : updates_of(plan)) {
        if (update.compare.empty()) continue;
        data.lists["compares"].push_back({{"image", update.image.str()}, {"link", update.compare}});
    }
    std::set<std::string> seen;
    for (const auto& cause : plan.causes) {
        if (seen.insert(cause.delivery + cause.event.image.str() + cause.event.tag.str()).second) {
            data.lists["causes"].push_back(values_of(cause));
        }
    }
    data.top = {
        {"targets", fmt::format("{}", fmt::join(targets, ", "))},
        {"base", plan.base},
        {"places", std::to_string(plan.changes.size())},
        {"files", std::to_string(plan.files.size())},
    };
    data.sentences = {
        {"subject", subject_in(style, subject_of(plan, rollback || !requests.empty()))}};
    return data;
}

EditPlan specimen_plan() {
    auto image = image::ImageName::parse("registry.example.com/acme/app");
    auto tag = image::Tag::parse("1");
    EditPlan plan;
    Change change;
    change.target = "prod";
    change.policy = "app";
    change.path = "app.yaml";
    change.line = 1;
    change.where = "image";
    change.why = "newer";
    change.old_tag = "1";
    change.new_tag = "2";
    change.old_digest = change.new_digest = "sha256:0";
    change.image = *image;
    change.asked_for = true;
    change.compare = "https://git.example.com/acme/app/compare/a...b";
    plan.changes.push_back(change);
    plan.causes.push_back(
        {.delivery = "x",
         .event =
             {.image = *image,
              .tag = *tag,
              .digest = "sha256:0",
              .media_type = {},
              .pushed_at = {},
              .revision = "0",
              .source = "https://example.com/app",
              .build_url = "https://example.com/1",
              .actor = "somebody"},
         .target = "prod",
         .policy = "app"}
    );
    plan.base = "0";
    return plan;
}

}  // namespace linkspan::plan
