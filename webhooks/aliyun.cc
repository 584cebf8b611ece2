#include "webhooks/aliyun.h"

#include "webhooks/json_view.h"
#include "webhooks/reading.h"
#include "webhooks/text.h"

#include <algorithm>

namespace linkspan::webhooks::aliyun {
namespace {

bool is_region(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

Result<Said> repository_of(const JsonView& repository) {
    if (!repository["repo_full_name"].exists() && repository["name"].exists()) {
        LINKSPAN_TRY(space, repository["namespace"].required_text());
        LINKSPAN_TRY(name, repository["name"].required_text());
        return Said{space.text + "/" + name.text, name.where};
    }
    return repository["repo_full_name"].required_text();
}

}  // namespace

std::string delivery_id(const RawDelivery& /*delivery*/, const Receiver& /*receiver*/) {
    return {};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    const JsonView push = root["push_data"];
    LINKSPAN_TRY(repository, repository_of(root["repository"]));
    repository.text = lower(repository.text);
    LINKSPAN_TRY(tag, push["tag"].required_text());
    const std::string region = root["repository"]["region"].text().value_or("");
    Reading reading{receiver};
    const Status pushed = reading.push({
        .usual_host = is_region(region) ? "registry." + region + ".aliyuncs.com" : "",
        .repository = std::move(repository),
        .tag = std::move(tag),
        .digest = push["digest"].text(),
        .pushed_at = push["pushed_at"].text(),
    });
    if (pushed.has_error()) return pushed.error();
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::aliyun
