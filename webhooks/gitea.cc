#include "webhooks/gitea.h"

#include "webhooks/form.h"
#include "webhooks/json_view.h"
#include "webhooks/pull_request_event.h"
#include "webhooks/reading.h"
#include "webhooks/text.h"

namespace linkspan::webhooks::gitea {

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    for (const char* const name : {"X-Forgejo-Delivery", "X-Gitea-Delivery"}) {
        if (const auto id = delivery.headers.get(name)) return std::string{*id};
    }
    return {};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(json_text(delivery)));
    const JsonView root = document.root();
    if (!root.is_object()) return root.wrong("is not an object");
    Reading reading{receiver};
    const auto ignored = [&](std::string reason) {
        reading.ignore(std::move(reason));
        return std::move(reading).finish();
    };
    const JsonView package = root["package"];
    if (!package.exists()) {
        if (auto event = github_pull_request(root)) return parsed_pull_request(std::move(*event));
        const auto event = delivery.headers.get("X-Gitea-Event");
        return with_checks(
            ignored("not a package event" + (event ? ": " + shown(*event) : std::string{})),
            github_checks(root)
        );
    }
    const std::string type = package["type"].text().value_or("");
    if (type != "container") return ignored("package of the type " + shown(type));
    LINKSPAN_TRY(action, root["action"].required_text());
    if (action.text == "deleted") return ignored("deletion");
    if (action.text != "created") return ignored("not a push: " + shown(action.text));

    LINKSPAN_TRY(owner, package["owner"]["login"].required_text());
    LINKSPAN_TRY(name, package["name"].required_text());
    LINKSPAN_TRY(version, package["version"].required_text());
    auto actor = root["sender"]["login"].text();
    if (!actor) actor = package["creator"]["login"].text();
    const Status pushed = reading.push({
        .host = package["html_url"].text().value_or(""),
        .repository = {lower(owner.text + "/" + name.text), name.where},
        .tag = std::move(version),
        .pushed_at = package["created_at"].text(),
        .source = package["repository"]["html_url"].text(),
        .actor = std::move(actor),
    });
    if (pushed.has_error()) return pushed.error();
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::gitea
