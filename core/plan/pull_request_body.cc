#include "core/plan/body_parts.h"
#include "core/plan/markdown.h"
#include "core/plan/pull_request.h"
#include "core/plan/template_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>

namespace linkspan::plan {
namespace {

// From everything down to what a body of 4,000 characters takes.
constexpr Room kRooms[] = {
    {},
    {.rows = 100, .places = 50, .sentences = 20, .whys = true, .links = true, .state = 8000},
    {.rows = 60, .places = 20, .sentences = 10, .whys = true, .links = true, .state = 4000},
    {.rows = 40, .places = 8, .sentences = 5, .whys = false, .links = true, .state = 1200},
    {.rows = 25, .places = 4, .sentences = 3, .whys = false, .links = true, .state = 600},
    {.rows = 25, .places = 0, .sentences = 3, .whys = false, .links = false, .state = 300},
    {.rows = 15, .places = 0, .sentences = 1, .whys = false, .links = false, .state = 300},
    {.rows = 8, .places = 0, .sentences = 0, .whys = false, .links = false, .state = 300},
    {.rows = 2, .places = 0, .sentences = 0, .whys = false, .links = false, .state = 300},
};

BodyState state_of(const Proposal& proposal, const TextOptions& options) {
    BodyState state;
    state.target = proposal.target;
    state.group = proposal.group;
    state.images = carried(proposal.plan);
    state.decision = fingerprint(state.images);
    state.ended = options.ended;
    return state;
}

bool same_letter(char lower, char any) {
    return lower == std::tolower(static_cast<unsigned char>(any));
}

// More than two line breaks in a row are left by parts that are empty.
std::string without_gaps(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n' && (out.empty() || out.ends_with("\n\n"))) continue;
        out += c;
    }
    while (out.ends_with('\n') || out.ends_with(' ')) out.pop_back();
    return out;
}

TemplateData data_for(const Proposal& proposal, const TextOptions& options, const Room& room) {
    TemplateData data = template_data(proposal.plan, options.style, proposal.rollback);
    data.top["target"] = proposal.target;
    data.top["group"] = proposal.group;
    data.top["images"] = std::to_string(carried(proposal.plan).size());
    data.top["reason"] = proposal.reason;
    data.blocks = body_parts(proposal, options, room);
    return data;
}

// GitLab, Gitea and Forgejo make a draft of what begins so; whether it is one is not the title's to
// say.
std::string no_draft(std::string title) {
    for (const std::string_view word : {"draft", "wip"}) {
        const std::size_t open = title.starts_with('[') || title.starts_with('(') ? 1 : 0;
        if (title.size() <= open + word.size()) continue;
        const bool begins = std::equal(
            word.begin(), word.end(), title.begin() + static_cast<std::ptrdiff_t>(open), same_letter
        );
        const char after = title[open + word.size()];
        if (begins && (after == ':' || after == ']' || after == ')' || after == ' ')) {
            title.insert(open + 1, "\u200b");
        }
    }
    return title;
}

Proposal specimen() {
    Proposal proposal;
    proposal.target = "prod";
    proposal.plan = specimen_plan();
    return proposal;
}

}  // namespace

const std::string_view kDefaultTitle = "{{subject}}";
const std::string_view kDefaultBody =
    "{{intro}}\n\n{{table}}\n{{verified}}\n{{refused}}\n{{held}}\n{{builds}}\n{{where}}\n---\n\n"
    "{{help}}\n";

std::vector<CarriedImage> carried(const EditPlan& plan) {
    std::vector<CarriedImage> images;
    for (const auto& change : plan.changes) {
        CarriedImage one{
            change.image.str(), change.policy, change.new_tag, change.new_digest.value_or("")};
        if (std::find(images.begin(), images.end(), one) == images.end()) {
            images.push_back(std::move(one));
        }
    }
    return images;
}

Status check_title(std::string_view text) {
    auto data = data_for(specimen(), {}, kRooms[0]);
    data.blocks.clear();
    auto filled = fill(text, data, TemplateStyle::Title, "title template");
    if (filled.has_error()) return filled.error();
    return {};
}

Status check_body(std::string_view text) {
    auto filled =
        fill(text, data_for(specimen(), {}, kRooms[0]), TemplateStyle::Markdown, "body template");
    if (filled.has_error()) return filled.error();
    return {};
}

Result<std::string> title_of(const Proposal& proposal, const TextOptions& options) {
    auto data = data_for(proposal, options, kRooms[0]);
    data.blocks.clear();
    LINKSPAN_TRY(
        filled,
        fill(
            options.title.empty() ? kDefaultTitle : options.title,
            data,
            TemplateStyle::Title,
            "title template"
        )
    );
    std::replace_if(
        filled.begin(),
        filled.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
        ' '
    );
    // Of values that may be empty, such as a reason: a pull request has a title all the same.
    if (filled.find_first_not_of(' ') == std::string::npos) {
        filled = markdown::title(data.sentences.at("subject"));
    }
    const std::string title = no_draft(std::move(filled));
    if (markdown::length(title) <= options.title_limit) return title;
    return std::string{markdown::cut(title, options.title_limit - 1)} + "…";
}

Result<std::string> body_of(const Proposal& proposal, const TextOptions& options) {
    // For the mark before, and what put_into() adds.
    const std::size_t limit = options.body_limit > 80 ? options.body_limit - 80 : 0;
    std::string body;
    for (const Room& room : kRooms) {
        LINKSPAN_TRY(
            text,
            fill(
                options.body.empty() ? kDefaultBody : options.body,
                data_for(proposal, options, room),
                TemplateStyle::Markdown,
                "body template"
            )
        );
        const std::string state =
            write_state(state_of(proposal, options), options.html_comments, room.state);
        body = without_gaps(text);
        if (markdown::length(body) + 2 + state.size() <= limit) return body + "\n\n" + state;
        // A template of the user's own may not fit however little there is in it.
        if (&room == std::end(kRooms) - 1) {
            const std::size_t rest = limit > state.size() + 4 ? limit - state.size() - 4 : 0;
            return fmt::format("{}…\n\n{}", markdown::cut(body, rest), state);
        }
    }
    return body;
}

}  // namespace linkspan::plan
