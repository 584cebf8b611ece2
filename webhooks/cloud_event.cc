#include "webhooks/cloud_event.h"

#include "core/base64.h"
#include "webhooks/form.h"
#include "webhooks/text.h"

#include <fmt/format.h>

namespace linkspan::webhooks {
namespace {

enum class Mode { None, Binary, Structured, Batch };

bool looks_structured(const JsonView& value) {
    return value["type"].is_string() &&
           (value["specversion"].is_string() ||
            (value["source"].is_string() && (value.has("data") || value.has("data_base64"))));
}

// The batch's media type begins with the structured one's.
Mode mode_of_headers(const Headers& headers) {
    const auto type = headers.get("Content-Type").value_or("");
    if (starts_with_ignoring_case(type, "application/cloudevents-batch")) return Mode::Batch;
    if (starts_with_ignoring_case(type, "application/cloudevents")) return Mode::Structured;
    if (headers.get("ce-type")) return Mode::Binary;
    return Mode::None;
}

Mode mode_of(const Headers& headers, const JsonView& body) {
    const Mode said = mode_of_headers(headers);
    // Some send an array under the structured type.
    if (said == Mode::Structured && body.is_array()) return Mode::Batch;
    if (said != Mode::None) return said;
    if (body.is_array() && body.size() > 0 && looks_structured(body[0])) return Mode::Batch;
    return looks_structured(body) ? Mode::Structured : Mode::None;
}

// Header values: double quotes come off, then one round of percent-decoding (binding, 3.1.3.2).
Result<std::string> header_value(const Headers& headers, const char* name) {
    std::string_view value = headers.get(name).value_or("");
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
    }
    auto decoded = percent_decode(value);
    if (!decoded) {
        return Error{Errc::InvalidInput, fmt::format("header {}: malformed escapes", name)};
    }
    return std::move(*decoded);
}

}  // namespace

bool CloudEvents::is_one(const RawDelivery& delivery) {
    if (mode_of_headers(delivery.headers) != Mode::None) return true;
    const auto document = JsonDocument::parse(delivery.body);
    return document && mode_of(delivery.headers, document->root()) != Mode::None;
}

Result<CloudEvents> CloudEvents::read(const RawDelivery& delivery) {
    CloudEvents read;
    const bool is_binary = mode_of_headers(delivery.headers) == Mode::Binary;
    auto document = JsonDocument::parse(delivery.body);
    // In binary mode the body is the data, which may be anything, or nothing.
    if (document.has_error() && !is_binary) return document.error();
    const JsonView body = document ? document->root() : JsonView{nullptr, ""};
    if (document) read.documents_.push_back(*document);

    if (is_binary) {
        CloudEvent event{{}, {}, {}, {}, {}, {}, body};
        const std::pair<const char*, std::string*> attributes[] = {
            {"ce-id", &event.id},
            {"ce-source", &event.source},
            {"ce-type", &event.type},
            {"ce-subject", &event.subject},
            {"ce-time", &event.time},
        };
        for (const auto& [name, field] : attributes) {
            auto value = header_value(delivery.headers, name);
            if (value.has_error()) return value.error();
            *field = std::move(*value);
        }
        if (event.type.empty()) return Error{Errc::InvalidInput, "header ce-type: is empty"};
        read.events_.push_back(std::move(event));
        return read;
    }

    const auto add = [&](const JsonView& value) -> Status {
        if (!value.is_object()) return value.wrong("is not an object");
        LINKSPAN_TRY(type, value["type"].required_text());
        JsonView data = value["data"];
        // JSON inside a string, or inside base64, is what a producer of another mind sends.
        std::optional<std::string> inner;
        if (const auto text = data.text()) {
            inner = *text;
        } else if (const auto base64 = value["data_base64"].text()) {
            inner = from_base64(*base64);
        }
        if (inner) {
            auto parsed = JsonDocument::parse(*inner);
            if (parsed) {
                data = JsonView{parsed->root(), data.where()};
                read.documents_.push_back(*parsed);
            }
        }
        read.events_.push_back({
            value["id"].text().value_or(""),
            value["source"].text().value_or(""),
            std::move(type.text),
            value["subject"].text().value_or(""),
            value["time"].text().value_or(""),
            value["operator"].text().value_or(""),
            std::move(data),
        });
        return {};
    };
    if (mode_of(delivery.headers, body) != Mode::Batch) {
        const Status added = add(body);
        if (added.has_error()) return added.error();
        return read;
    }
    if (!body.is_array()) return body.wrong("is not a list of events");
    for (std::size_t i = 0; i < body.size(); ++i) {
        const Status added = add(body[i]);
        if (added.has_error()) return added.error();
    }
    return read;
}

std::string CloudEvents::ids() const {
    std::string ids;
    for (const CloudEvent& event : events_) {
        if (event.id.empty()) return {};
        ids += fmt::format("{}{} {}", ids.empty() ? "" : ",", event.source, event.id);
    }
    return ids;
}

}  // namespace linkspan::webhooks
