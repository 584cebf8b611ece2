#include "service/pipeline/registry_questions.h"

#include "service/registry/inspect.h"
#include "service/registry/signature.h"

#include <chrono>
#include <utility>
#include <variant>

namespace linkspan::pipeline {

TimeAnswers ask_times(
    registry::Client& client,
    const image::ImageName& image,
    const std::vector<TimeQuestion>& questions
) {
    TimeAnswers out;
    for (const auto& [tag, known] : questions) {
        // Before asking: what another one learns meanwhile is newer.
        const auto at = std::chrono::system_clock::now();
        std::optional<image::Digest> digest = known;
        if (!digest) {
            auto resolved = client.resolve(image, tag.str());
            if (resolved.has_error()) {
                Error error = resolved.error();
                if (error.kind == Errc::NotFound) {
                    out.gone.push_back(tag);
                } else if (is_unreadable(error.kind)) {
                    out.unread.push_back({tag, true, std::move(error.message)});
                } else {
                    out.error = std::move(error);
                    return out;
                }
                continue;
            }
            digest = resolved->digest;
        }
        auto details = registry::inspect(client, image, *digest);
        if (details.has_error()) {
            Error error = details.error();
            // Something below the tag: a child of the index, or a config, that was deleted.
            if (error.kind != Errc::NotFound && !is_unreadable(error.kind)) {
                out.error = std::move(error);
                return out;
            }
            out.unread.push_back({tag, false, std::move(error.message)});
            continue;
        }
        out.notes.push_back(
            {.tag = tag,
             .digest = digest->str(),
             .created = details->created.value_or(std::string{}),
             .at = at}
        );
    }
    return out;
}

Result<policy::SignatureFact> ask_signature(
    registry::Client& client,
    const image::ImageName& image,
    const image::Digest& digest,
    const std::vector<policy::SigningKey>& wanted
) {
    std::vector<registry::PublicKey> keys;
    for (const auto& one : wanted) {
        auto key = registry::PublicKey::parse(one.pem);
        if (key.has_error()) return key.error().within(one.name);
        keys.push_back(std::move(*key));
    }
    LINKSPAN_TRY(candidates, registry::fetch_signatures(client, image, digest));
    const auto verdict = registry::verify(candidates, digest, keys);
    if (const auto* none = std::get_if<registry::NotSigned>(&verdict)) {
        return policy::SignatureFact{policy::NotSigned{none->reason}};
    }
    const auto& by = std::get<registry::Signed>(verdict);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i].name() == by.key) {
            return policy::SignatureFact{policy::SignedBy{wanted[i].name, by.found_in}};
        }
    }
    return policy::SignatureFact{policy::SignedBy{by.key, by.found_in}};
}

}  // namespace linkspan::pipeline
