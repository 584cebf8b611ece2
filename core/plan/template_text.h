// The small template language of messages, titles and bodies: {{name}} is replaced, and
// {{#each list}}…{{/each}} repeats. The names are in docs/configuration.md.
//
// Values come from tags and labels, which are hostile. In plain text they are on one line and refer
// to nothing (markdown::plain); in Markdown they are escaped, or fit for a code span where the
// template has one around the name, and as the address of a link, "[build]({{build_url}})", only
// plain http(s) addresses are put in. What the template itself says is its author's.
#pragma once

#include "core/result.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::plan {

using TemplateValues = std::map<std::string, std::string, std::less<>>;

struct TemplateData {
    TemplateValues top{};
    // Of ours, about words that mean nothing alone: in a commit message they stay as they are.
    TemplateValues sentences{};
    TemplateValues blocks{};  // made by us: put in as they are
    std::map<std::string, std::vector<TemplateValues>, std::less<>> lists{};
};

enum class TemplateStyle { Message, Title, Markdown };

// `what` begins error texts: "message template". `data` must have every list that is known, empty
// ones too. Errors: InvalidInput for an unknown name or an unclosed block, with its position.
Result<std::string> fill(
    std::string_view text, const TemplateData& data, TemplateStyle style, std::string_view what
);

}  // namespace linkspan::plan
