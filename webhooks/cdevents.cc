#include "webhooks/cdevents.h"

#include "webhooks/form.h"
#include "webhooks/json_view.h"
#include "webhooks/package_url.h"
#include "webhooks/text.h"
#include "webhooks/written_image.h"

namespace linkspan::webhooks::cdevents {
namespace {

constexpr std::string_view kPublished = "dev.cdevents.artifact.published.";

// The repository's full name is in repository_url; without a path there, it is only the registry.
WrittenImage image_of(const PackageUrl& url) {
    const std::string name = url.space.empty() ? url.name : url.space + "/" + url.name;
    const std::string repository_url = url.qualifier("repository_url");
    if (repository_url.empty()) return {{}, name, {}, {}};
    std::string_view bare = repository_url;
    if (const auto scheme = bare.find("://"); scheme != std::string_view::npos) {
        bare.remove_prefix(scheme + 3);
    }
    while (bare.ends_with('/')) bare.remove_suffix(1);
    const auto slash = bare.find('/');
    if (slash == std::string_view::npos) return {std::string{bare}, name, {}, {}};
    return {std::string{bare.substr(0, slash)}, std::string{bare.substr(slash + 1)}, {}, {}};
}

Status read_bare(const JsonView& event, Reading& reading) {
    const JsonView context = event["context"];
    LINKSPAN_TRY(type, context["type"].required_text());
    if (!type.text.starts_with(kPublished)) {
        reading.ignore("not a push: " + shown(type.text));
        return {};
    }
    const JsonView subject = event["subject"];
    LINKSPAN_TRY(id, subject["id"].required_text());
    const auto url = PackageUrl::parse(id.text);
    if (!url || (url->type != "oci" && url->type != "docker")) {
        reading.ignore(
            url ? "package of the type " + shown(url->type) : "the subject is no package URL"
        );
        return {};
    }
    // pkg:oci has the digest as its version, pkg:docker either.
    const bool version_is_digest = url->version.find(':') != std::string::npos;
    std::string tag = url->qualifier("tag");
    if (tag.empty() && !version_is_digest) tag = url->version;
    WrittenImage image = image_of(*url);
    const JsonView content = subject["content"];
    return reading.push({
        .host = std::move(image.host),
        .usual_host = url->type == "docker" ? "docker.io" : "",
        .repository = {std::move(image.repository), id.where},
        .tag = {std::move(tag), id.where},
        .digest = version_is_digest ? std::optional{url->version} : std::nullopt,
        .pushed_at = context["timestamp"].text(),
        .revision = content["change"]["id"].text(),
        .source = content["change"]["source"].text(),
        .actor = content["user"].text(),
    });
}

}  // namespace

Status read(const CloudEvent& event, Reading& reading) { return read_bare(event.data, reading); }

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    const auto document = JsonDocument::parse(delivery.body);
    if (document) {
        const JsonView root = document->root();
        if (auto id = root["context"]["id"].text()) return std::move(*id);
    }
    const auto events = CloudEvents::read(delivery);
    return events ? events->ids() : std::string{};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    Reading reading{receiver};
    if (CloudEvents::is_one(delivery)) {
        LINKSPAN_TRY(events, CloudEvents::read(delivery));
        for (const CloudEvent& event : events.events()) {
            const Status status = read(event, reading);
            if (status.has_error()) return status.error();
        }
        return std::move(reading).finish();
    }
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const Status status = read_bare(document.root(), reading);
    if (status.has_error()) return status.error();
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::cdevents
