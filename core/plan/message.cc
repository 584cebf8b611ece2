#include "core/plan/message.h"

#include "core/plan/template_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

namespace linkspan::plan {
namespace {

// Tags, actors and labels come from outside: nothing in them may start a line of its own.
std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 512)) {
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
    return out;
}

}  // namespace

const std::string_view kDefaultMessage =
    "{{subject}}\n"
    "\n"
    "{{#each requests}}{{text}}\n\n{{/each}}"
    "{{#each updates}}{{image}}: {{old}} -> {{new}} (policy {{policy}})\n"
    "{{/each}}"
    "\n"
    "{{#each changes}}- {{path}}:{{line}} {{where}}\n"
    "{{/each}}";

Status check_template(std::string_view text) {
    auto rendered =
        fill(text, template_data(specimen_plan(), {}), TemplateStyle::Plain, "message template");
    if (rendered.has_error()) return rendered.error();
    return {};
}

Result<std::string> commit_message(const MessageOptions& options, const EditPlan& plan) {
    const std::string_view text = options.text.empty() ? kDefaultMessage : options.text;
    LINKSPAN_TRY(
        body,
        fill(text, template_data(plan, options.style), TemplateStyle::Plain, "message template")
    );
    while (!body.empty() && std::isspace(static_cast<unsigned char>(body.back()))) body.pop_back();
    if (options.skip_ci) {
        const std::size_t end = std::min(body.find('\n'), body.size());
        body.insert(end, " [skip ci]");
    }
    std::string message = std::move(body) + "\n\n";
    std::set<std::string> deliveries;
    for (const auto& cause : plan.causes) deliveries.insert(cause.delivery);
    for (const auto& id : deliveries) {
        message += fmt::format("Linkspan-Delivery: {}\n", one_line(id));
    }
    std::set<std::string> revisions;
    for (const auto& cause : plan.causes) {
        if (!cause.event.revision || cause.event.revision->empty()) continue;
        revisions.insert(one_line(*cause.event.revision));
    }
    for (const auto& revision : revisions) {
        message += fmt::format("Linkspan-Source-Revision: {}\n", revision);
    }
    if (!options.change_id.empty()) {
        message += fmt::format("Change-Id: {}\n", one_line(options.change_id));
    }
    if (!options.signed_off.empty()) {
        message += fmt::format("Signed-off-by: {}\n", one_line(options.signed_off));
    }
    return message;
}

}  // namespace linkspan::plan
