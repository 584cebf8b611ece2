#include "webhooks/ci.h"

#include "core/image/reference.h"
#include "webhooks/json_view.h"
#include "webhooks/reading.h"
#include "webhooks/written_image.h"

#include <fmt/format.h>

namespace linkspan::webhooks::ci {
namespace {

// The value that `image` carries and the one beside it, which may not differ.
Result<Said> one_of(const std::string& in_image, const JsonView& image, const JsonView& beside) {
    if (!beside.exists()) return Said{in_image, in_image.empty() ? beside.where() : image.where()};
    LINKSPAN_TRY(said, beside.required_text());
    if (!in_image.empty() && said.text != in_image) {
        return beside.wrong(fmt::format("differs from the one in {}", image.where()));
    }
    return std::move(said);
}

Status read_push(const JsonView& push, Reading& reading) {
    if (!push.is_object()) return push.wrong("is not an object");
    const JsonView image = push["image"];
    LINKSPAN_TRY(reference, image.required_text());
    WrittenImage written = split_image(reference.text);
    LINKSPAN_TRY(tag, one_of(written.tag, image, push["tag"]));
    if (tag.text.empty()) return push["tag"].wrong("missing");
    LINKSPAN_TRY(digest, one_of(written.digest, image, push["digest"]));
    if (!digest.text.empty()) {
        const auto valid = image::Digest::parse(digest.text);
        if (valid.has_error()) return valid.error().within(digest.where);
    }
    std::string host = std::move(written.host);
    return reading.push({
        .host = std::move(host),
        // A familiar name (nginx, acme/app) without a configured registry is Docker's.
        .usual_host = "docker.io",
        .repository = {std::move(written.repository), reference.where},
        .tag = std::move(tag),
        .digest = digest.text.empty() ? std::nullopt : std::optional{std::move(digest.text)},
        .media_type = push["media_type"].text(),
        .pushed_at = push["pushed_at"].text(),
        .revision = push["revision"].text(),
        .source = push["source"].text(),
        .build_url = push["build_url"].text(),
        .actor = push["actor"].text(),
    });
}

}  // namespace

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    return std::string{delivery.headers.get("Idempotency-Key").value_or("")};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    Reading reading{receiver};
    if (!root.is_array()) {
        const Status read = read_push(root, reading);
        if (read.has_error()) return read.error();
        return std::move(reading).finish();
    }
    if (root.size() == 0) reading.ignore("no images in it");
    for (std::size_t i = 0; i < root.size(); ++i) {
        const Status read = read_push(root[i], reading);
        if (read.has_error()) return read.error();
    }
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::ci
