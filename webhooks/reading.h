// Reading: what one delivery says, gathered push by push, with the rules that hold for every
// sender: names are normalised, untagged pushes and things that are no images to run are put aside
// with a reason, facts that could not be shown safely are dropped.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/json_view.h"
#include "webhooks/receiver.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::webhooks {

// A tagged push in the sender's words.
struct Claim {
    std::string host{};        // empty when the payload has none; a scheme and a path are dropped
    std::string usual_host{};  // where such images live when neither payload nor receiver say so
    Said repository;
    Said tag;
    std::optional<std::string> digest{};
    std::optional<std::string> media_type{};
    std::optional<std::string> pushed_at{};
    std::optional<std::string> revision{};
    std::optional<std::string> source{};
    std::optional<std::string> build_url{};
    std::optional<std::string> actor{};
};

class Reading {
public:
    // More pushes than this in one delivery are refused: no sender comes near.
    static constexpr std::size_t kMaxEvents = 4096;

    // The receiver must outlive the reading.
    explicit Reading(const Receiver& receiver) : receiver_{receiver} {}

    // A part of the delivery that is understood and asks for nothing.
    void ignore(std::string reason);
    // A push that names a tag, or turns out not to. `artifact` says what was pushed when it is not
    // an image to run ("a Helm chart"). Errors: InvalidInput with the place.
    Status push(Claim claim, std::optional<std::string> artifact = std::nullopt);

    // True when nothing at all was noted yet.
    [[nodiscard]] bool empty() const;
    [[nodiscard]] ParsedDelivery finish() &&;

private:
    [[nodiscard]] Result<image::ImageName> name_of(const Claim& claim) const;
    [[nodiscard]] Result<image::ImageName> rewritten(image::ImageName name) const;

    const Receiver& receiver_;
    ParsedDelivery parsed_;
    std::vector<std::string> reasons_;  // each once, in order
};

// True for what senders write in place of a tag when an image was pushed by digest: nothing, or the
// digest itself.
bool is_untagged(std::string_view tag);

// What a media type says was pushed, when it is not an image to run: "a Helm chart", "an SBOM", ….
std::optional<std::string> artifact_of(std::string_view media_type);

// A fact fit to be shown and stored: nullopt when absent, longer than `longest` bytes, or holding
// control characters.
std::optional<std::string> fact(std::optional<std::string> text, std::size_t longest = 256);

}  // namespace linkspan::webhooks
