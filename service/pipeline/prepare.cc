#include "service/pipeline/prepare.h"

#include <fmt/format.h>

namespace linkspan::pipeline {

std::optional<image::Digest> claimed_digest(const image::ImageEvent& event) {
    if (!event.digest) return std::nullopt;
    auto digest = image::Digest::parse(*event.digest);
    if (digest.has_error()) return std::nullopt;
    return std::move(*digest);
}

Result<Confirmed> confirm(registry::Client& client, const image::ImageEvent& event, bool insist) {
    const std::string name = fmt::format("{}:{}", event.image.str(), event.tag.str());
    Confirmed out;
    auto pushed = client.resolve(event.image, event.tag.str());
    if (pushed.has_error()) {
        if (pushed.error().kind != Errc::NotFound) return pushed.error();
        out.not_yet = NotYet{fmt::format("{} is not in the registry", name)};
        return out;
    }
    const auto claimed = claimed_digest(event);
    if (claimed && *claimed != pushed->digest) {
        if (!insist) {
            out.not_yet = NotYet{fmt::format(
                "{} is still {} in the registry, the delivery says {}",
                name,
                pushed->digest.str(),
                claimed->str()
            )};
            return out;
        }
        out.notes.push_back(fmt::format(
            "the delivery said {}, the registry says {}: the registry has the last word",
            claimed->str(),
            pushed->digest.str()
        ));
    }
    out.digest = pushed->digest;
    return out;
}

}  // namespace linkspan::pipeline
