// Reading a body by a receiver's FieldMap.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/json_view.h"
#include "webhooks/reading.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks {

// Every image × every tag that `fields` finds in `body` is a push; the other facts are taken
// position by position where there are as many as pushes, else the first is everybody's. A place
// that holds nothing is a reason to ignore, because one hook brings many kinds of events. Errors:
// InvalidInput for a map that check_field_map() would refuse and for names that are no names.
Status read_fields(
    const FieldMap& fields, const JsonView& body, const RawDelivery& delivery, Reading& reading
);

// The value of `fields.id`; empty when there is none.
std::string field_id(const FieldMap& fields, const RawDelivery& delivery);

}  // namespace linkspan::webhooks
