// Edits: {span, expected bytes, replacement}. Made from places, applied by splicing, and checked
// after splicing by an independent parser (yaml-cpp), which must find the intended scalars changed
// and nothing else.
#pragma once

#include "core/image/reference.h"
#include "core/manifest/place.h"
#include "core/policy/policy.h"
#include "core/result.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::manifest {

struct WrittenKey {
    std::string key;
    std::string value;
    friend bool operator==(const WrittenKey&, const WrittenKey&) = default;
};

struct Edit {
    ByteSpan span;
    std::string expected;  // the bytes at span when the plan was made
    std::string replacement;
    // For people and for the check: the scalar before and after, as YAML reads it.
    std::size_t line = 0;
    std::string old_value;
    std::string new_value;
    // Keys that the edit writes where there were none, in order; `expected` is empty then.
    std::vector<WrittenKey> added;
    // The key that the edit takes out with its value; `replacement` is empty then.
    std::string removed;
    bool embedded = false;  // in YAML that is itself a text
    bool text = false;      // asked for by a pattern or in a file that is not YAML

    friend bool operator==(const Edit&, const Edit&) = default;
};

// What a place should name from now on.
struct Wanted {
    image::ImageName image;
    image::Tag tag;
    std::optional<image::Digest> digest;  // what the registry says the tag is
    policy::DigestMode digest_mode = policy::DigestMode::Keep;
};

// The edits that make `place` name `wanted`; empty when it does already. The written form of the
// name stays (short stays short); a value that YAML 1.1 or 1.2 would read as another type gets
// quoted; a missing digest never erases one unless digest_mode is Never. A marked place takes the
// wanted image's name whatever it names now, as its marker asks. Errors: Conflict when the place
// names another image; when it pins a digest and the one of another tag is not known; when the
// bytes are not those that the place was found in.
Result<std::vector<Edit>> edits_for(
    std::string_view bytes, const Place& place, const Wanted& wanted
);

// Splices. The same edit twice counts once (a marked place may also be found by its shape). Errors:
// Conflict when the bytes at a span are not the expected ones (a stale plan), InvalidInput when
// spans overlap.
Result<std::string> apply(std::string_view bytes, std::span<const Edit> edits);

// Reads both texts with the independent parser: the documents may differ in the scalars of `edits`
// and in nothing else. Edits of plain text (Edit::text) are checked byte by byte, and as part of
// their documents when the file happens to be YAML. Errors: Corrupt, with the line.
Status verify(std::string_view before, std::string_view after, std::span<const Edit> edits);

// What the place names now, for the decision: tag and digest as written.
struct Named {
    std::string tag;
    std::optional<std::string> digest;
};
Named named(const Place& place);

}  // namespace linkspan::manifest
