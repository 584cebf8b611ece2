// The small template language of messages, titles and bodies: {{name}} is replaced, and
// {{#each list}}…{{/each}} repeats. The names are in docs/configuration.md.
//
// Values come from tags and labels, which are hostile. In plain text their control characters and
// line breaks become spaces; in Markdown they are escaped, or fit for a code span where the
// template has one around the name.
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
    TemplateValues blocks{};  // made by us: put in as they are
    std::map<std::string, std::vector<TemplateValues>, std::less<>> lists{};
};

enum class TemplateStyle { Plain, Markdown };

// `what` begins error texts: "message template". `data` must have every list that is known, empty
// ones too. Errors: InvalidInput for an unknown name or an unclosed block, with its position.
Result<std::string> fill(
    std::string_view text, const TemplateData& data, TemplateStyle style, std::string_view what
);

}  // namespace linkspan::plan
