#include "tests/unit/manifest/rewrite.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

namespace linkspan::manifest::test {

Wanted wanted(std::string_view reference, policy::DigestMode mode) {
    auto parsed = image::ImageReference::parse(reference);
    if (!parsed) throw std::invalid_argument{parsed.error().message};
    if (!parsed->tag) throw std::invalid_argument{"a reference without a tag"};
    return {parsed->name, *parsed->tag, parsed->digest, mode};
}

Rewritten rewrite(std::string_view bytes, const Scan& scan, const Wishes& wishes) {
    Rewritten out;
    const auto plan = [&](const Place& place, const Wanted& wish) {
        auto edits = edits_for(bytes, place, wish);
        if (!edits) {
            out.refused.push_back(edits.error().message);
            return;
        }
        for (Edit& edit : *edits) out.edits.push_back(std::move(edit));
    };
    for (const Place& place : scan.places) {
        if (place.kind == PlaceKind::Marker) {
            const auto wish = wishes.markers.find(place.policy);
            if (wish != wishes.markers.end()) plan(place, wish->second);
            continue;
        }
        for (const Wanted& wish : wishes.images) {
            if (place.image == wish.image) plan(place, wish);
        }
    }
    if (out.edits.empty()) {
        out.bytes = bytes;
        return out;
    }
    auto after = manifest::apply(bytes, out.edits);
    if (!after) {
        ADD_FAILURE() << after.error().message;
        return out;
    }
    const auto status = verify(bytes, *after, out.edits);
    if (!status) ADD_FAILURE() << status.error().message << "\n" << *after;
    out.bytes = std::move(*after);
    return out;
}

std::string rewritten(std::string_view path, std::string_view bytes, const Wishes& wishes) {
    return rewrite(bytes, scan(path, bytes), wishes).bytes;
}

std::string marked(std::string_view bytes, std::string_view reference) {
    return rewritten("file.yaml", bytes, {{{"flux-system:app", wanted(reference)}}, {}});
}

std::string imaged(std::string_view bytes, std::string_view reference) {
    return rewritten("file.yaml", bytes, {{}, {wanted(reference)}});
}

std::string kustomized(std::string_view bytes, std::string_view reference) {
    return rewritten("base/kustomization.yaml", bytes, {{}, {wanted(reference)}});
}

}  // namespace linkspan::manifest::test
