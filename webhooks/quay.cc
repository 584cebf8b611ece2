#include "webhooks/quay.h"

#include "webhooks/json_view.h"
#include "webhooks/reading.h"
#include "webhooks/written_image.h"

namespace linkspan::webhooks::quay {
namespace {

std::string other_notification(const JsonView& root) {
    if (root["build_id"].exists()) return "build notification";
    if (root["vulnerability"].exists() || root["vulnerabilities"].exists()) {
        return "vulnerability notification";
    }
    return "notification without updated_tags";
}

Result<Said> repository_of(const JsonView& root) {
    const JsonView url = root["docker_url"];
    std::string path = split_image(url.text().value_or("")).repository;
    if (root["repository"].exists() || path.empty()) return root["repository"].required_text();
    return Said{std::move(path), url.where()};
}

}  // namespace

std::string delivery_id(const RawDelivery& /*delivery*/, const Receiver& /*receiver*/) {
    return {};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    if (!root.is_object()) return root.wrong("is not an object");
    Reading reading{receiver};
    const JsonView tags = root["updated_tags"];
    if (!tags.exists() || root["build_id"].exists()) {
        reading.ignore(other_notification(root));
        return std::move(reading).finish();
    }
    if (!tags.is_array()) return tags.wrong("is not a list");
    LINKSPAN_TRY(repository, repository_of(root));
    const std::string host = root["docker_url"].text().value_or("");
    if (tags.size() == 0) reading.ignore("no updated tags");
    for (std::size_t i = 0; i < tags.size(); ++i) {
        LINKSPAN_TRY(tag, tags[i].required_text());
        const Status pushed = reading.push({
            .host = host,
            .usual_host = "quay.io",
            .repository = repository,
            .tag = std::move(tag),
        });
        if (pushed.has_error()) return pushed.error();
    }
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::quay
