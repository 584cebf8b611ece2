#include "core/plan/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace linkspan::plan {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t kMaxListed = 50;  // lines of one kind in the default message

// Tags, actors and labels come from outside: nothing in them may start a line of its own.
std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 512)) {
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
    return out;
}

std::string shown(const std::string& tag, const std::optional<std::string>& digest) {
    if (tag.empty()) return digest ? *digest : "(none)";
    return digest ? tag + "@" + *digest : tag;
}

std::string subject_of(const EditPlan& plan) {
    std::set<std::string> images;
    std::set<std::string> targets;
    for (const auto& change : plan.changes) {
        images.insert(change.image.str());
        targets.insert(change.target);
    }
    if (images.size() == 1 && !plan.changes.empty()) {
        const Change& first = plan.changes.front();
        const std::string& repository = first.image.repository();
        const std::string short_name = repository.substr(repository.rfind('/') + 1);
        return fmt::format(
            "Update {} to {} in {}", short_name, first.new_tag, fmt::join(targets, ", ")
        );
    }
    return fmt::format("Update {} images in {}", images.size(), fmt::join(targets, ", "));
}

Values values_of(const Change& change) {
    return {
        {"target", change.target},
        {"policy", change.policy},
        {"path", change.path},
        {"line", std::to_string(change.line)},
        {"where", change.where},
        {"image", change.image.str()},
        {"old_tag", change.old_tag},
        {"new_tag", change.new_tag},
        {"old_digest", change.old_digest.value_or("")},
        {"new_digest", change.new_digest.value_or("")},
        {"old", shown(change.old_tag, change.old_digest)},
        {"new", shown(change.new_tag, change.new_digest)},
        {"why", change.why},
    };
}

Values values_of(const Cause& cause) {
    const auto& event = cause.event;
    return {
        {"delivery", cause.delivery},
        {"image", event.image.str()},
        {"tag", event.tag.str()},
        {"digest", event.digest.value_or("")},
        {"revision", event.revision.value_or("")},
        {"source", event.source.value_or("")},
        {"actor", event.actor.value_or("")},
        {"build_url", event.build_url.value_or("")},
    };
}

// The same image going from the same to the same, once, however many places name it.
std::vector<Change> updates_of(const EditPlan& plan) {
    std::vector<Change> updates;
    std::set<std::string> seen;
    for (const auto& change : plan.changes) {
        const std::string key = fmt::format(
            "{}\n{}\n{}\n{}",
            change.target,
            change.image.str(),
            shown(change.old_tag, change.old_digest),
            shown(change.new_tag, change.new_digest)
        );
        if (seen.insert(key).second) updates.push_back(change);
    }
    return updates;
}

struct Lists {
    std::map<std::string, std::vector<Values>, std::less<>> lists;
    Values top;
};

Lists data_of(const EditPlan& plan) {
    Lists data;
    std::set<std::string> targets;
    for (const auto& change : plan.changes) {
        targets.insert(change.target);
        data.lists["changes"].push_back(values_of(change));
    }
    for (const auto& update : updates_of(plan)) data.lists["updates"].push_back(values_of(update));
    std::set<std::string> seen;
    for (const auto& cause : plan.causes) {
        if (seen.insert(cause.delivery + cause.event.image.str() + cause.event.tag.str()).second) {
            data.lists["causes"].push_back(values_of(cause));
        }
    }
    data.top = {
        {"subject", subject_of(plan)},
        {"targets", fmt::format("{}", fmt::join(targets, ", "))},
        {"base", plan.base},
        {"places", std::to_string(plan.changes.size())},
        {"files", std::to_string(plan.files.size())},
    };
    return data;
}

Error at(std::size_t position, const std::string& what) {
    return {Errc::InvalidInput, fmt::format("message template, byte {}: {}", position, what)};
}

// The known names, taken from the data itself so that the two can't drift apart.
Lists specimen() {
    auto image = image::ImageName::parse("registry.example.com/acme/app");
    auto tag = image::Tag::parse("1");
    EditPlan plan;
    Change change;
    change.image = *image;
    plan.changes.push_back(change);
    plan.causes.push_back(
        {.delivery = "x",
         .event =
             {.image = *image,
              .tag = *tag,
              .digest = {},
              .media_type = {},
              .pushed_at = {},
              .revision = {},
              .source = {},
              .build_url = {},
              .actor = {}},
         .target = {},
         .policy = {}}
    );
    return data_of(plan);
}

// Walks a template; `scope` is the list entry inside a block.
Result<std::string> render(
    std::string_view text, std::size_t offset, const Lists& data, const Values* scope
) {
    std::string out;
    std::size_t i = 0;
    while (i < text.size()) {
        const std::size_t open = text.find("{{", i);
        out += text.substr(i, open - i);
        if (open == std::string_view::npos) break;
        const std::size_t close = text.find("}}", open);
        if (close == std::string_view::npos) return at(offset + open, "\"{{\" without \"}}\"");
        std::string_view name = text.substr(open + 2, close - open - 2);
        while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
        while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
        i = close + 2;
        if (name.starts_with("#each ")) {
            if (scope != nullptr) return at(offset + open, "a block inside a block");
            const std::string_view list = name.substr(6);
            const auto found = data.lists.find(list);
            const std::size_t end = text.find("{{/each}}", i);
            if (end == std::string_view::npos) {
                return at(offset + open, "{{#each}} without {{/each}}");
            }
            static const std::set<std::string, std::less<>> known{"changes", "updates", "causes"};
            if (!known.contains(list)) {
                return at(
                    offset + open,
                    fmt::format("unknown list \"{}\"; known: causes, changes, updates", list)
                );
            }
            const std::string_view body = text.substr(i, end - i);
            if (found != data.lists.end()) {
                std::size_t listed = 0;
                for (const Values& entry : found->second) {
                    if (listed++ == kMaxListed) {
                        out += fmt::format("… and {} more\n", found->second.size() - kMaxListed);
                        break;
                    }
                    LINKSPAN_TRY(part, render(body, offset + i, data, &entry));
                    out += part;
                }
            }
            i = end + 9;
            continue;
        }
        const Values::const_iterator in_scope =
            scope != nullptr ? scope->find(name) : data.top.end();
        if (scope != nullptr && in_scope != scope->end()) {
            out += one_line(in_scope->second);
            continue;
        }
        const auto in_top = data.top.find(name);
        if (in_top == data.top.end()) {
            return at(
                offset + open,
                fmt::format(
                    "unknown name \"{}\"; the names are in docs/configuration.md", one_line(name)
                )
            );
        }
        out += one_line(in_top->second);
    }
    return out;
}

}  // namespace

const std::string_view kDefaultMessage =
    "{{subject}}\n"
    "\n"
    "{{#each updates}}{{image}}: {{old}} -> {{new}} (policy {{policy}})\n"
    "{{/each}}"
    "\n"
    "{{#each changes}}- {{path}}:{{line}} {{where}}\n"
    "{{/each}}";

Status check_template(std::string_view text) {
    auto rendered = render(text, 0, specimen(), nullptr);
    if (rendered.has_error()) return rendered.error();
    return {};
}

Result<std::string> commit_message(const MessageOptions& options, const EditPlan& plan) {
    const std::string_view text = options.text.empty() ? kDefaultMessage : options.text;
    LINKSPAN_TRY(body, render(text, 0, data_of(plan), nullptr));
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
