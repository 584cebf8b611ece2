#include "webhooks/dockerhub.h"

#include "webhooks/form.h"
#include "webhooks/json_view.h"
#include "webhooks/reading.h"
#include "webhooks/time_text.h"

namespace linkspan::webhooks::dockerhub {
namespace {

Result<Said> repository_of(const JsonView& repository) {
    if (repository["repo_name"].text()) return repository["repo_name"].required_text();
    LINKSPAN_TRY(name, repository["name"].required_text());
    if (const auto space = repository["namespace"].text()) name.text = *space + "/" + name.text;
    return std::move(name);
}

}  // namespace

std::string delivery_id(const RawDelivery& /*delivery*/, const Receiver& /*receiver*/) {
    return {};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(json_text(delivery)));
    const JsonView root = document.root();
    const JsonView push = root["push_data"];
    Reading reading{receiver};
    LINKSPAN_TRY(repository, repository_of(root["repository"]));
    LINKSPAN_TRY(tag, push["tag"].required_text());
    const auto seconds = push["pushed_at"].integer();
    const Status pushed = reading.push({
        .usual_host = "docker.io",
        .repository = std::move(repository),
        .tag = std::move(tag),
        .media_type = push["media_type"].text(),
        .pushed_at = seconds ? rfc3339_of(*seconds) : std::nullopt,
        .actor = push["pusher"].text(),
    });
    if (pushed.has_error()) return pushed.error();
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::dockerhub
