#include "webhooks/github.h"

#include "webhooks/fields.h"
#include "webhooks/form.h"
#include "webhooks/json_view.h"
#include "webhooks/pull_request_event.h"
#include "webhooks/reading.h"
#include "webhooks/text.h"
#include "webhooks/written_image.h"

namespace linkspan::webhooks::github {
namespace {

bool is_container(const JsonView& package) {
    for (const char* const member : {"package_type", "ecosystem"}) {
        const std::string kind = lower(package[member].text().value_or(""));
        if (kind == "container" || kind == "docker") return true;
    }
    return false;
}

// The registry before GHCR: owner/repository/image, the tag is the version.
bool is_old_registry(const JsonView& package) {
    return package["registry"]["type"].text() == "docker" &&
           !package["package_version"]["container_metadata"].exists();
}

Result<Said> repository_of(const JsonView& root, const JsonView& package) {
    const JsonView url = package["package_version"]["package_url"];
    if (const auto text = url.text()) {
        const WrittenImage image = split_image(*text);
        if (!image.host.empty() && !image.repository.empty()) {
            return Said{lower(image.repository), url.where()};
        }
    }
    LINKSPAN_TRY(name, package["name"].required_text());
    JsonView owner = package["namespace"];
    if (!owner.text()) owner = package["owner"]["login"];
    if (is_old_registry(package)) owner = root["repository"]["full_name"];
    LINKSPAN_TRY(space, owner.required_text());
    return Said{lower(space.text + "/" + name.text), name.where};
}

// Zero times stand for unknown ones.
std::optional<std::string> time_of(const JsonView& package) {
    auto time = package["updated_at"].text();
    return time && time->starts_with("0001-") ? std::nullopt : time;
}

template <class... Views>
std::optional<std::string> first_text(const Views&... views) {
    std::optional<std::string> found;
    static_cast<void>(((found = views.text()).has_value() || ...));
    return found;
}

Status read_package(const JsonView& root, const JsonView& package, Reading& reading) {
    if (!is_container(package)) {
        reading.ignore("package of the type " + shown(package["package_type"].text().value_or("")));
        return {};
    }
    LINKSPAN_TRY(action, root["action"].required_text());
    if (action.text != "published" && action.text != "updated" && action.text != "create" &&
        action.text != "created") {
        reading.ignore("not a push: " + shown(action.text));
        return {};
    }
    LINKSPAN_TRY(repository, repository_of(root, package));
    const JsonView version = package["package_version"];
    const JsonView metadata = version["container_metadata"];
    const JsonView manifest = metadata["manifest"];
    const JsonView labels = metadata["labels"];
    const bool old = is_old_registry(package);
    const JsonView tag = old ? version["version"] : metadata["tag"]["name"];

    auto digest = first_text(metadata["tag"]["digest"], manifest["digest"], version["version"]);
    if (digest && digest->find(':') == std::string::npos) digest.reset();
    const JsonView all_labels = labels["all_labels"];
    return reading.push(
        {
            .host = split_image(version["package_url"].text().value_or("")).host,
            .usual_host = old ? "docker.pkg.github.com" : "ghcr.io",
            .repository = std::move(repository),
            .tag = {tag.text().value_or(""), tag.where()},
            .digest = std::move(digest),
            .media_type = manifest["media_type"].text(),
            .pushed_at = time_of(package),
            .revision = first_text(
                labels["revision"],
                all_labels["org.opencontainers.image.revision"],
                version["target_oid"]
            ),
            .source = first_text(
                labels["source"],
                all_labels["org.opencontainers.image.source"],
                root["repository"]["html_url"]
            ),
            .actor = root["sender"]["login"].text(),
        },
        artifact_of(manifest["config"]["media_type"].text().value_or(""))
    );
}

std::string event_name(const RawDelivery& delivery, const JsonView& root) {
    if (const auto name = delivery.headers.get("X-GitHub-Event")) return shown(*name);
    if (root["hook_id"].exists() && root["zen"].exists()) return "ping";
    for (const char* const name : {"workflow_run", "workflow_job", "check_suite", "check_run"}) {
        if (root[name].exists()) return name;
    }
    return "an event without a package";
}

}  // namespace

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    return std::string{delivery.headers.get("X-GitHub-Delivery").value_or("")};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(json_text(delivery)));
    const JsonView root = document.root();
    if (!root.is_object()) return root.wrong("is not an object");
    Reading reading{receiver};
    for (const char* const kind : {"package", "registry_package"}) {
        if (!root[kind].is_object()) continue;
        const Status read = read_package(root, root[kind], reading);
        if (read.has_error()) return read.error();
        return std::move(reading).finish();
    }
    if (auto event = github_pull_request(root)) return parsed_pull_request(std::move(*event));
    const std::string event = event_name(delivery, root);
    if (event == "ping") {
        reading.ignore("ping");
    } else if (!receiver.fields.empty()) {
        const Status read = read_fields(receiver.fields, root, delivery, reading);
        if (read.has_error()) return read.error();
    } else {
        reading.ignore(event + " names no image");
    }
    return with_checks(std::move(reading).finish(), github_checks(root));
}

}  // namespace linkspan::webhooks::github
