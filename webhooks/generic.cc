#include "webhooks/generic.h"

#include "webhooks/fields.h"
#include "webhooks/form.h"
#include "webhooks/json_view.h"
#include "webhooks/reading.h"

namespace linkspan::webhooks::generic {
namespace {

FieldMap usual_fields(const JsonView& root) {
    FieldMap fields;
    fields.image = "/image";
    if (!root["image"].exists()) fields.image = "/name";
    fields.tag = "/tag";
    fields.digest = "/digest";
    fields.revision = "/revision";
    return fields;
}

}  // namespace

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver) {
    if (std::string id = field_id(receiver.fields, delivery); !id.empty()) return id;
    for (const char* const name : {"webhook-id", "Idempotency-Key"}) {
        if (const auto id = delivery.headers.get(name)) return std::string{*id};
    }
    return {};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(json_text(delivery)));
    const JsonView root = document.root();
    Reading reading{receiver};
    const FieldMap fields = receiver.fields.empty() ? usual_fields(root) : receiver.fields;
    const Status read = read_fields(fields, root, delivery, reading);
    if (read.has_error()) return read.error();
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::generic
