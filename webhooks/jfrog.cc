#include "webhooks/jfrog.h"

#include "webhooks/json_view.h"
#include "webhooks/reading.h"
#include "webhooks/text.h"

#include <algorithm>

namespace linkspan::webhooks::jfrog {
namespace {

// "library/ubuntu/latest/list.manifest.json" → "library/ubuntu"; empty when it is shorter.
std::string image_part(std::string_view path) {
    for (int i = 0; i < 2; ++i) {
        const auto slash = path.rfind('/');
        if (slash == std::string_view::npos) return {};
        path = path.substr(0, slash);
    }
    return std::string{path};
}

std::optional<std::string> digest_of(const JsonView& data) {
    auto hex = data["sha256"].text();
    const bool is_hash =
        hex && hex->size() == 64 && hex->find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!is_hash) return std::nullopt;
    return "sha256:" + *hex;
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
    const std::string domain = root["domain"].text().value_or("");
    const std::string event = root["event_type"].text().value_or("");
    if (domain != "docker" || event != "pushed") {
        reading.ignore(
            domain == "docker" && event == "deleted"
                ? std::string{"deletion"}
                : "not a push: " + shown(domain.empty() ? "no domain" : domain + " " + event)
        );
        return std::move(reading).finish();
    }
    const JsonView data = root["data"];
    LINKSPAN_TRY(key, data["repo_key"].required_text());
    LINKSPAN_TRY(tag, data["tag"].required_text());
    std::string image = image_part(data["path"].text().value_or(""));
    if (image.empty()) {
        LINKSPAN_TRY(name, data["image_name"].required_text());
        image = std::move(name.text);
    }
    std::optional<std::string> artifact;
    if (data["image_type"].text() == "oci") artifact = "a Helm chart or another OCI artifact";
    const Status pushed = reading.push(
        {
            .host = root["jpd_origin"].text().value_or(""),
            .repository = {key.text + "/" + image, data["path"].where()},
            .tag = std::move(tag),
            .digest = digest_of(data),
            .actor = root["source"].text(),
        },
        std::move(artifact)
    );
    if (pushed.has_error()) return pushed.error();
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::jfrog
