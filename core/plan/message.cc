#include "core/plan/message.h"

#include "core/plan/markdown.h"
#include "core/plan/template_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

namespace linkspan::plan {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

bool is_blank(std::string_view text) {
    return text.find_first_not_of(kBlank) == std::string_view::npos;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto line = first_line(text);
        lines.push_back(line);
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return lines;
}

// "Reviewed-by: …", with the key in the template itself.
bool is_trailer(std::string_view line) {
    // Where a list begins or ends there may be a trailer behind it.
    for (auto end = line.find("}}"); line.starts_with("{{#each") || line.starts_with("{{/each");
         end = line.find("}}")) {
        if (end == std::string_view::npos) return false;
        line.remove_prefix(end + 2);
    }
    if (is_blank(line)) return true;
    const auto colon = line.find(':');
    return colon != std::string_view::npos && colon > 0 &&
           std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
           });
}

// Where the template's own trailers begin: its last paragraph, when it has more than one and each
// line of it begins as a trailer does. Looked for in the template and not in what it becomes: a
// value at the beginning of a line must not pass for one.
std::size_t trailers_at(std::string_view text) {
    std::size_t begin = std::string_view::npos;
    for (std::size_t at = 0; at < text.size();) {
        const auto line = first_line(text.substr(at));
        const auto next = at + line.size() + 1;
        if (is_blank(line) && next < text.size()) begin = next;
        at = next;
    }
    if (begin == std::string_view::npos || is_blank(text.substr(0, begin))) return text.size();
    const auto lines = lines_of(text.substr(begin));
    return std::all_of(lines.begin(), lines.end(), is_trailer) ? begin : text.size();
}

std::string trimmed(std::string text) {
    text.erase(text.find_last_not_of(kBlank) + 1);
    return text;
}

struct Filled {
    std::string body;      // never without a first line
    std::string trailers;  // of the template; empty, or whole lines
};

Result<Filled> fill_message(std::string_view text, const TemplateData& data) {
    const auto fill_part = [&](std::string_view part) {
        return fill(part, data, TemplateStyle::Message, "message template");
    };
    // The whole first: positions in errors are those in the template.
    LINKSPAN_TRY(whole, fill_part(text));
    const auto begin = trailers_at(text);
    auto body = fill_part(text.substr(0, begin));
    auto tail = fill_part(text.substr(begin));
    // A list that begins in one part and ends in the other.
    if (body.has_error() || tail.has_error()) return Filled{trimmed(std::move(whole)), {}};
    Filled filled{.body = trimmed(std::move(*body)), .trailers = {}};
    for (const auto line : lines_of(*tail)) {
        if (!is_blank(line)) filled.trailers += std::string{line} + "\n";
    }
    return filled;
}

}  // namespace

const std::string_view kDefaultMessage =
    "{{subject}}\n"
    "\n"
    "{{#each requests}}{{text}}\n\n{{/each}}"
    "{{#each updates}}{{image}}: {{old}} -> {{new}} (policy {{policy}})\n"
    "{{/each}}"
    "{{#each compares}}{{link}}\n"
    "{{/each}}"
    "\n"
    "{{#each changes}}- {{path}}:{{line}} {{where}}\n"
    "{{/each}}";

Status check_template(std::string_view text) {
    if (text.empty()) return {};
    LINKSPAN_TRY(filled, fill_message(text, template_data(specimen_plan(), {})));
    if (!is_blank(first_line(filled.body))) return {};
    return Error{
        Errc::InvalidInput,
        "message template: its first line is empty, and that is the commit's subject; begin with "
        "a text or {{subject}}"};
}

Result<std::string> commit_message(const MessageOptions& options, const EditPlan& plan) {
    const std::string_view text = options.text.empty() ? kDefaultMessage : options.text;
    const auto data = template_data(plan, options.style);
    LINKSPAN_TRY(filled, fill_message(text, data));
    auto& body = filled.body;
    // Of values that may be empty, such as an actor: a commit has a subject all the same.
    if (is_blank(first_line(body))) {
        const auto rest = std::min(body.find_first_not_of(kBlank), body.size());
        body = trimmed(data.sentences.at("subject") + "\n\n" + body.substr(rest));
    }
    if (options.skip_ci) {
        const std::size_t end = std::min(body.find('\n'), body.size());
        body.insert(end, " [skip ci]");
    }
    std::string message = std::move(body) + "\n\n" + filled.trailers;
    std::set<std::string> deliveries;
    for (const auto& cause : plan.causes) deliveries.insert(cause.delivery);
    for (const auto& id : deliveries) {
        message += fmt::format("Linkspan-Delivery: {}\n", markdown::plain(id));
    }
    std::set<std::string> revisions;
    for (const auto& cause : plan.causes) {
        if (!cause.event.revision || cause.event.revision->empty()) continue;
        revisions.insert(markdown::plain(*cause.event.revision));
    }
    for (const auto& revision : revisions) {
        message += fmt::format("Linkspan-Source-Revision: {}\n", revision);
    }
    if (!options.change_id.empty()) {
        message += fmt::format("Change-Id: {}\n", markdown::plain(options.change_id));
    }
    if (!options.signed_off.empty()) {
        message += fmt::format("Signed-off-by: {}\n", markdown::one_line(options.signed_off));
    }
    return message;
}

}  // namespace linkspan::plan
