// What a decision asks a registry beside the digest of a tag: when images were created, and who
// signed them.
//
// Blocks on the network: call it on the registry pool.
#pragma once

#include "core/image/reference.h"
#include "core/policy/gates.h"
#include "core/policy/policy.h"
#include "core/result.h"
#include "service/pipeline/tag_book.h"
#include "service/registry/client.h"

#include <optional>
#include <string>
#include <vector>

namespace linkspan::pipeline {

// An answer about one tag or image that will not be another one for asking again: refused, or not
// what the API says. It takes that tag out, and nothing else.
constexpr bool is_unreadable(Errc kind) {
    return kind == Errc::Unauthorized || kind == Errc::InvalidInput;
}

struct TimeQuestion {
    image::Tag tag;
    std::optional<image::Digest> digest;  // where it is known already
};

struct TimeAnswers {
    struct Unread {
        image::Tag tag;
        bool at_all = false;  // not even its digest
        std::string why;
    };
    std::vector<TagNote> notes;
    std::vector<image::Tag> gone;
    std::vector<Unread> unread;
    std::optional<Error> error;  // after which the rest was not asked
};

TimeAnswers ask_times(
    registry::Client& client,
    const image::ImageName& image,
    const std::vector<TimeQuestion>& questions
);

// Errors: those of fetch_signatures(), and InvalidInput for a key that does not read.
Result<policy::SignatureFact> ask_signature(
    registry::Client& client,
    const image::ImageName& image,
    const image::Digest& digest,
    const std::vector<policy::SigningKey>& wanted
);

}  // namespace linkspan::pipeline
