// The commit message of a plan.
//
// The template language is in template_text.h: no value can forge a trailer.
#pragma once

#include "core/plan/commit_style.h"
#include "core/plan/plan.h"
#include "core/result.h"

#include <string>
#include <string_view>

namespace linkspan::plan {

// The default: a subject worth reading in `git log --oneline`, a line per image, then trailers.
extern const std::string_view kDefaultMessage;

// Errors: InvalidInput for an unknown name or an unclosed block, with its position, and for a
// template that never has a first line.
Status check_template(std::string_view text);

struct MessageOptions {
    std::string text{};                      // template; empty: kDefaultMessage
    CommitStyle style = CommitStyle::Plain;  // of {{subject}}
    bool skip_ci = false;                    // "[skip ci]" at the end of the subject
    std::string signed_off{};  // "Name <address>" for a Signed-off-by trailer; empty: none
    std::string change_id{};   // for Gerrit; empty: none
};

// Trailers ("Linkspan-Delivery: …", one per cause) are appended whatever the template says, to
// those that its last paragraph has. Where its first line comes out empty, {{subject}} is the
// subject.
Result<std::string> commit_message(const MessageOptions& options, const EditPlan& plan);

}  // namespace linkspan::plan
