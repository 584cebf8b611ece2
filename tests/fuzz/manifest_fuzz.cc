// Any bytes as a manifest: scan, change every place, splice and check. What the check lets through
// must hold the product's promise; what it refuses must only not crash.
//
// The first two bytes choose the file's name and the new tag.
#include "core/manifest/diff.h"
#include "core/manifest/edit.h"
#include "core/manifest/scan.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace linkspan;

[[noreturn]] void fail(const char* why, const std::string& more = {}) {
    std::fprintf(stderr, "broken law: %s %s\n", why, more.c_str());
    std::abort();
}

constexpr std::array<std::string_view, 8> kNames = {
    "f.yaml",
    "kustomization.yaml",
    "f.json",
    "values.yaml",
    ".gitlab-ci.yml",
    "compose.yaml",
    ".argocd-source-x.yaml",
    "Kustomization"};
constexpr std::array<std::string_view, 6> kTags = {
    "1.30", "v2", "1e3", "2024-01-15", "no", "main-0a1b-17"};

manifest::Wanted wish_for(const manifest::Place& place, std::uint8_t choice) {
    static const auto fallback = image::ImageName::parse("r.io/acme/app").value();
    static const auto digest = image::Digest::parse("sha256:" + std::string(64, 'c')).value();
    const auto mode = static_cast<policy::DigestMode>(choice / kTags.size() % 3);
    return {
        place.image.value_or(fallback),
        image::Tag::parse(kTags[choice % kTags.size()]).value(),
        digest,
        mode};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view path = kNames[data[0] % kNames.size()];
    const std::uint8_t choice = data[1];
    const std::string_view bytes{reinterpret_cast<const char*>(data + 2), size - 2};

    (void)manifest::worth_scanning(path, bytes);
    const manifest::Scan scan = manifest::scan(path, bytes);
    if (scan.skipped && !scan.places.empty()) fail("places in a skipped file");

    for (const auto& place : scan.places) {
        (void)manifest::named(place);
        const auto wish = wish_for(place, choice);
        const auto edits = manifest::edits_for(bytes, place, wish);
        if (!edits || edits->empty()) continue;
        const auto after = manifest::apply(bytes, *edits);
        if (!after) fail("a place's own edits don't apply", after.error().message);
        if (manifest::unified_diff(path, bytes, *after).empty())
            fail("an edit without a difference");
        if (!manifest::verify(bytes, *after, *edits)) continue;
        // Checked: then a second look finds the place as it was meant.
        const manifest::Scan again = manifest::scan(path, *after);
        if (again.skipped) fail("checked, but not readable any more", *again.skipped);
        bool found = false;
        for (const auto& other : again.places) {
            if (other.kind != place.kind || other.where != place.where ||
                other.document != place.document) {
                // A new key moves the place's name to it.
                if (place.insertions.empty() && place.removals.empty()) continue;
            }
            const auto more = manifest::edits_for(*after, other, wish);
            found = found || (more && more->empty());
        }
        if (!found) fail("a second time there is something to do", place.where);
    }
    return 0;
}
