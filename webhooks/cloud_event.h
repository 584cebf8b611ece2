// CloudEvents 1.0 over HTTP: structured, batched and binary, and bodies that are one by their shape
// although no header says so.
//
// https://github.com/cloudevents/spec, bindings/http-protocol-binding.md, formats/json-format.md
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/json_view.h"

#include <string>
#include <vector>

namespace linkspan::webhooks {

struct CloudEvent {
    std::string id;      // empty when absent
    std::string source;  // empty when absent
    std::string type;
    std::string subject;  // empty when absent
    std::string time;     // empty when absent
    std::string actor;    // Harbor's extension `operator`; empty when absent
    JsonView data;        // absent when there is none, or it is not JSON
};

class CloudEvents {
public:
    // Errors: InvalidInput: malformed JSON, an event without a type, a header that does not decode.
    static Result<CloudEvents> read(const RawDelivery& delivery);

    // True when headers or shape say that this is a CloudEvent.
    static bool is_one(const RawDelivery& delivery);

    // They point into this object.
    [[nodiscard]] const std::vector<CloudEvent>& events() const { return events_; }

    // "source id" of every event, which is what makes it unique; empty when one lacks its id.
    [[nodiscard]] std::string ids() const;

private:
    std::vector<JsonDocument> documents_;
    std::vector<CloudEvent> events_;
};

}  // namespace linkspan::webhooks
