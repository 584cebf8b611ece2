#include "webhooks/google.h"

#include "core/base64.h"
#include "webhooks/json_view.h"
#include "webhooks/reading.h"
#include "webhooks/text.h"
#include "webhooks/written_image.h"

namespace linkspan::webhooks::google {
namespace {

Status read_inner(
    const JsonView& inner, const std::optional<std::string>& published, Reading& reading
) {
    if (!inner.is_object()) return inner.wrong("is not an object");
    LINKSPAN_TRY(action, inner["action"].required_text());
    const auto tag = inner["tag"].text();
    if (action.text != "INSERT") {
        const bool is_deletion = action.text == "DELETE";
        if (is_deletion) {
            reading.ignore(tag ? "deletion of a tag" : "deletion");
        } else {
            reading.ignore("not a push: " + shown(action.text));
        }
        return {};
    }
    if (!tag) {
        reading.ignore("push without a tag");
        return {};
    }
    const std::string where = inner["tag"].where();
    WrittenImage image = split_image(*tag);
    if (image.tag.empty()) return inner["tag"].wrong("has no tag behind a colon");
    const std::string digest = split_image(inner["digest"].text().value_or("")).digest;
    return reading.push({
        .host = std::move(image.host),
        .repository = {std::move(image.repository), where},
        .tag = {std::move(image.tag), where},
        .digest = digest,
        .pushed_at = published,
    });
}

}  // namespace

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    if (const auto header = delivery.headers.get("x-goog-pubsub-message-id")) {
        return std::string{*header};
    }
    const auto document = JsonDocument::parse(delivery.body);
    if (document.has_error()) return {};
    const JsonView root = document->root();
    return root["message"]["messageId"].text().value_or("");
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    const JsonView message = root["message"];
    Reading reading{receiver};
    if (!message.exists()) {
        const auto published = delivery.headers.get("x-goog-pubsub-publish-time");
        const Status read = read_inner(
            root, published ? std::optional{std::string{*published}} : std::nullopt, reading
        );
        if (read.has_error()) return read.error();
        return std::move(reading).finish();
    }
    LINKSPAN_TRY(data, message["data"].required_text());
    const auto bytes = from_base64(data.text);
    if (!bytes) return message["data"].wrong("is not base64");
    auto inner = JsonDocument::parse(*bytes);
    if (inner.has_error()) return inner.error().within(data.where);
    const Status read =
        read_inner(JsonView{inner->root(), data.where}, message["publishTime"].text(), reading);
    if (read.has_error()) return read.error();
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::google
