// The commit message of a plan.
//
// The template language is small on purpose: {{name}} is replaced, {{#each changes}}…{{/each}}
// repeats. The names are in docs/configuration.md. Values come from tags and labels, which are
// hostile: control characters and line breaks in them become spaces, so that no value can forge a
// trailer.
#pragma once

#include "core/plan/plan.h"
#include "core/result.h"

#include <string>
#include <string_view>

namespace linkspan::plan {

// The default: a subject worth reading in `git log --oneline`, a line per image, then trailers.
extern const std::string_view kDefaultMessage;

// Errors: InvalidInput for an unknown name or an unclosed block, with its position.
Status check_template(std::string_view text);

struct MessageOptions {
    std::string text{};        // template; empty: kDefaultMessage
    bool skip_ci = false;      // "[skip ci]" at the end of the subject
    std::string signed_off{};  // "Name <address>" for a Signed-off-by trailer; empty: none
    std::string change_id{};   // for Gerrit; empty: none
};

// Trailers ("Linkspan-Delivery: …", one per cause) are appended whatever the template says.
Result<std::string> commit_message(const MessageOptions& options, const EditPlan& plan);

}  // namespace linkspan::plan
