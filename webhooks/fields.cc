#include "webhooks/fields.h"

#include "webhooks/form.h"
#include "webhooks/template.h"
#include "webhooks/text.h"
#include "webhooks/time_text.h"
#include "webhooks/written_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace linkspan::webhooks {
namespace {

constexpr std::size_t kLimit = Reading::kMaxEvents + 1;

// Facts beside image and tag, each with its place in the map and in the claim.
struct Fact {
    const char* name;
    std::string FieldMap::*field;
    std::optional<std::string> Claim::*claim;
};
constexpr Fact kFacts[] = {
    {"digest", &FieldMap::digest, &Claim::digest},
    {"media_type", &FieldMap::media_type, &Claim::media_type},
    {"pushed_at", &FieldMap::pushed_at, &Claim::pushed_at},
    {"revision", &FieldMap::revision, &Claim::revision},
    {"source", &FieldMap::source, &Claim::source},
    {"build_url", &FieldMap::build_url, &Claim::build_url},
    {"actor", &FieldMap::actor, &Claim::actor},
};

// Values that one delivery may make: lists from the top of the body, taken again for each of
// thousands of elements, would keep a worker busy for seconds.
constexpr std::size_t kMostValues = 200'000;

// The templates of one delivery, each parsed once, and the work that they did.
class Work {
public:
    Result<std::vector<std::string>> values_of(const std::string& text, Scope scope) {
        auto known = templates_.find(text);
        if (known == templates_.end()) {
            LINKSPAN_TRY(parsed, Template::parse(text));
            known = templates_.emplace(text, std::move(parsed)).first;
        }
        scope.found = &found_;
        auto values = known->second.values(scope, kLimit);
        const Status spent = spend(values.size());
        if (spent.has_error()) return spent.error();
        return values;
    }

    Status spend(std::size_t values) {
        spent_ += values;
        if (spent_ <= kMostValues) return {};
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "body: the receiver's fields make more than {} values of it; look up single values "
                "with {{body:…}} where there is `each`",
                kMostValues
            )};
    }

private:
    std::map<std::string, Template> templates_;  // a map: places stay where they are
    Found found_;
    std::size_t spent_ = 0;
};

std::optional<std::string> pick(
    const std::vector<std::string>& values, std::size_t index, std::size_t count
) {
    if (values.empty()) return std::nullopt;
    return values[values.size() == count ? index : 0];
}

Status read_element(
    const FieldMap& fields,
    const Scope& scope,
    const std::string& where,
    Work& work,
    Reading& reading
) {
    for (const auto& condition : fields.when) {
        const std::string& pattern = condition.second;
        LINKSPAN_TRY(values, work.values_of(condition.first, scope));
        const bool holds = std::any_of(values.begin(), values.end(), [&](const std::string& value) {
            return wildcard_matches(pattern, value);
        });
        if (!holds) {
            reading.ignore(fmt::format("{} is not {}", condition.first, pattern));
            return {};
        }
    }
    LINKSPAN_TRY(images, work.values_of(fields.image, scope));
    if (images.empty()) {
        reading.ignore(fmt::format("names no image at {}", fields.image));
        return {};
    }
    LINKSPAN_TRY(tags, work.values_of(fields.tag, scope));
    const Status combined = work.spend(images.size() * tags.size());
    if (combined.has_error()) return combined.error();
    struct Push {
        WrittenImage image;
        std::string tag;
    };
    std::vector<Push> pushes;
    for (const std::string& text : images) {
        WrittenImage written = split_image(text);
        if (tags.empty() && !written.tag.empty()) {
            std::string tag = written.tag;
            pushes.push_back({std::move(written), std::move(tag)});
            continue;
        }
        for (const std::string& tag : tags) {
            if (pushes.size() < kLimit) pushes.push_back({written, tag});
        }
    }
    if (pushes.empty()) {
        reading.ignore(
            fmt::format("names no tag at {}", fields.tag.empty() ? fields.image : fields.tag)
        );
        return {};
    }
    std::vector<std::pair<const Fact*, std::vector<std::string>>> facts;
    for (const Fact& fact : kFacts) {
        LINKSPAN_TRY(values, work.values_of(fields.*fact.field, scope));
        facts.emplace_back(&fact, std::move(values));
    }
    for (std::size_t i = 0; i < pushes.size(); ++i) {
        Claim claim;
        claim.host = std::move(pushes[i].image.host);
        claim.repository = {
            std::move(pushes[i].image.repository),
            fmt::format("{}image ({})", where, fields.image)};
        claim.tag = {std::move(pushes[i].tag), fmt::format("{}tag ({})", where, fields.tag)};
        if (!pushes[i].image.digest.empty()) claim.digest = std::move(pushes[i].image.digest);
        for (const auto& [fact, values] : facts) {
            if (auto value = pick(values, i, pushes.size())) {
                claim.*(fact->claim) = std::move(*value);
            }
        }
        const Status pushed = reading.push(std::move(claim));
        if (pushed.has_error()) return pushed.error();
    }
    return {};
}

}  // namespace

Status read_fields(
    const FieldMap& fields, const JsonView& body, const RawDelivery& delivery, Reading& reading
) {
    Work work;
    if (fields.each.empty()) {
        return read_element(fields, {body, body, delivery.headers}, "", work, reading);
    }
    LINKSPAN_TRY(pointer, parse_pointer(fields.each));
    std::size_t elements = 0;
    for (const JsonView& list : resolve(body, pointer, kLimit)) {
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (++elements > Reading::kMaxEvents) return list.wrong("holds too many elements");
            const JsonView element = list[i];
            const Status read = read_element(
                fields, {element, body, delivery.headers}, element.where() + ": ", work, reading
            );
            if (read.has_error()) return read.error();
        }
    }
    if (elements == 0) reading.ignore(fmt::format("nothing in the list at {}", fields.each));
    return {};
}

std::string field_id(const FieldMap& fields, const RawDelivery& delivery) {
    if (fields.id.empty()) return {};
    const auto parsed = Template::parse(fields.id);
    if (parsed.has_error()) return {};
    const auto document = JsonDocument::parse(json_text(delivery));
    const JsonView body = document ? document->root() : JsonView{nullptr, ""};
    const auto values = parsed->values({body, body, delivery.headers}, 1);
    return values.empty() ? std::string{} : values.front();
}

Status check_field_map(const FieldMap& fields) {
    const auto check = [](const char* name, const std::string& text) -> Status {
        const auto parsed = Template::parse(text);
        if (parsed.has_error()) return parsed.error().within(name);
        return {};
    };
    const auto each = parse_pointer(fields.each);
    if (each.has_error()) return each.error().within("each");
    for (const auto& [text, pattern] : fields.when) {
        const Status checked = check("when", text);
        if (checked.has_error()) return checked.error();
    }
    const std::pair<const char*, std::string FieldMap::*> names[] = {
        {"id", &FieldMap::id}, {"image", &FieldMap::image}, {"tag", &FieldMap::tag}};
    for (const auto& [name, field] : names) {
        const Status checked = check(name, fields.*field);
        if (checked.has_error()) return checked.error();
    }
    for (const Fact& fact : kFacts) {
        const Status checked = check(fact.name, fields.*fact.field);
        if (checked.has_error()) return checked.error();
    }
    if (fields.image.empty()) return Error{Errc::InvalidInput, "image: missing"};
    return {};
}

}  // namespace linkspan::webhooks
