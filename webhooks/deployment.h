// What the senders that are controllers share.
#pragma once

#include "webhooks/delivery.h"

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::webhooks {

// "main@sha1:0123…", "main/0123…" (before Flux 2), "sha1:0123…", "0123…".
struct Revision {
    std::string branch;  // empty: not said
    std::string commit;  // 40 hex digits, lower case
};
// nullopt for what names no commit of Git: a chart's version, a digest.
std::optional<Revision> parse_revision(std::string_view text);

// A controller's words fit to be stored: on one line, cut.
std::string report_text(std::string_view text);

std::string_view to_string(DeploymentReport::State state);  // "applied"

}  // namespace linkspan::webhooks
