#include "webhooks/ci.h"

#include "core/image/reference.h"
#include "webhooks/json_view.h"
#include "webhooks/reading.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::webhooks::ci {
namespace {

// The parts of `image` as written; which of them are valid is for the types to say.
struct Written {
    std::string host;
    std::string repository;
    std::string tag;
    std::string digest;
};

// Docker's rule for whether the first component is a host.
bool looks_like_host(std::string_view component) {
    return component == "localhost" || component.find_first_of(".:") != std::string_view::npos ||
           std::any_of(component.begin(), component.end(), [](char c) {
               return c >= 'A' && c <= 'Z';
           });
}

Written split(std::string_view image) {
    Written written;
    if (const auto at = image.find('@'); at != std::string_view::npos) {
        written.digest = image.substr(at + 1);
        image = image.substr(0, at);
    }
    const auto last_slash = image.rfind('/');
    const auto colon = image.rfind(':');
    if (colon != std::string_view::npos &&
        (last_slash == std::string_view::npos || colon > last_slash)) {
        written.tag = image.substr(colon + 1);
        image = image.substr(0, colon);
    }
    const auto slash = image.find('/');
    if (slash != std::string_view::npos && looks_like_host(image.substr(0, slash))) {
        written.host = image.substr(0, slash);
        image.remove_prefix(slash + 1);
    }
    written.repository = image;
    return written;
}

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
    Written written = split(reference.text);
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

std::string delivery_id(const RawDelivery& delivery) {
    return std::string{delivery.headers.get("Idempotency-Key").value_or("")};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    // A familiar name (nginx, acme/app) without a configured registry is Docker's.
    Reading reading{receiver, "docker.io"};
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
