#include "service/notify/slack.h"

#include "service/notify/payload.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace linkspan::notify::slack {
namespace {

using Json = nlohmann::ordered_json;

// Of one section's text; Slack refuses the whole message above it.
constexpr std::size_t kMaxText = 3000;
constexpr std::size_t kMaxReason = 500;
constexpr std::size_t kMaxLines = 10;

// At most `most` bytes, not ending inside a character.
std::string cut(std::string text, std::size_t most) {
    if (text.size() <= most) return text;
    std::size_t end = most - 3;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    text.resize(end);
    return text + "…";
}

// U+202A–U+202E and U+2066–U+2069 turn text around: "e2 80 aa" … "e2 81 a9".
bool turns_text_around(std::string_view text, std::size_t at) {
    if (text.size() - at < 3 || text[at] != '\xe2') return false;
    const auto second = static_cast<unsigned char>(text[at + 1]);
    const auto third = static_cast<unsigned char>(text[at + 2]);
    return (second == 0x80 && third >= 0xaa && third <= 0xae) ||
           (second == 0x81 && third >= 0xa6 && third <= 0xa9);
}

// Slack's three control characters, and on one line.
std::string escaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (turns_text_around(text, i)) {
            i += 2;
        } else if (c == '&') {
            out += "&amp;";
        } else if (c == '<') {
            out += "&lt;";
        } else if (c == '>') {
            out += "&gt;";
        } else {
            out += static_cast<unsigned char>(c) < 0x20 || c == '\x7f' ? ' ' : c;
        }
    }
    return out;
}

// What stands between backquotes is taken as it is: no bold, no italics, no emoji.
std::string code(std::string_view text) {
    std::string inner = escaped(text);
    std::replace(inner.begin(), inner.end(), '`', '\'');
    return inner.empty() ? std::string{} : "`" + inner + "`";
}

// A link, when the address is one and can't end it early.
std::string link(const std::string& url, std::string_view name) {
    const bool http = url.starts_with("https://") || url.starts_with("http://");
    const bool plain = std::all_of(url.begin(), url.end(), [](char c) {
        return c > ' ' && c < '\x7f' && c != '<' && c != '>' && c != '|' && c != '"';
    });
    if (!http || !plain || url.size() > 1000) return escaped(name);
    return fmt::format("<{}|{}>", escaped(url), escaped(name));
}

struct Look {
    std::string_view kind;
    std::string_view emoji;
    std::string_view words;
};
constexpr Look kLooks[] = {
    {"committed", ":package:", "Committed"},
    {"pull_request", ":twisted_rightwards_arrows:", "Pull request"},
    {"merged", ":package:", "Merged"},
    {"already_current", ":information_source:", "Already current"},
    {"refused", ":no_entry:", "Refused"},
    {"failed", ":x:", "Failed"},
    {"held", ":pause_button:", "Held"},
    {"applied", ":white_check_mark:", "Applied"},
    {"apply_failed", ":rotating_light:", "Not applied"},
};

Look look_of(const std::string& kind) {
    const auto* const found = std::find_if(
        std::begin(kLooks), std::end(kLooks), [&](const Look& look) { return look.kind == kind; }
    );
    return found == std::end(kLooks) ? Look{kind, ":information_source:", kind} : *found;
}

// "• `acme/app` `1.4.1` → `1.4.2` in *prod* — reason"
std::string line_of(const Item& item, bool with_reason) {
    std::string out = "• ";
    if (!item.changes.empty() && !item.changes.front().new_tag.empty()) {
        const Change& change = item.changes.front();
        out += code(change.image.empty() ? item.image : change.image) + " ";
        if (!change.old_tag.empty()) out += code(change.old_tag) + " → ";
        out += code(change.new_tag);
    } else {
        out += code(item.image + ":" + item.tag);
    }
    out += " in " + code(item.target);
    if (!item.status_url.empty()) out += " (" + link(item.status_url, "trail") + ")";
    if (with_reason && !item.reason.empty()) {
        out += "\n    " + cut(escaped(item.reason), kMaxReason);
    }
    return out;
}

Json section(std::string text) {
    return {
        {"type", "section"},
        {"text", {{"type", "mrkdwn"}, {"text", cut(std::move(text), kMaxText)}}},
    };
}

std::string context_of(const Message& message) {
    std::vector<std::string> parts;
    if (!message.repository.empty()) {
        parts.push_back(
            escaped(message.repository) + (message.branch.empty() ? "" : " " + code(message.branch))
        );
    }
    if (!message.commit.empty()) parts.push_back("commit " + code(message.commit.substr(0, 12)));
    if (!message.pull_request_url.empty()) {
        parts.push_back(link(message.pull_request_url, "pull request"));
    }
    if (!message.items.empty()) {
        const Item& first = message.items.front();
        if (!first.build_url.empty()) parts.push_back(link(first.build_url, "build"));
        if (!first.actor.empty()) parts.push_back("by " + code(first.actor));
    }
    return fmt::format("{}", fmt::join(parts, " · "));
}

}  // namespace

Result<transport::HttpRequest> make_request(const Sink& /*sink*/, const Message& message) {
    const Look look = look_of(message.kind);
    const bool went_well = message.kind == "committed" || message.kind == "merged" ||
                           message.kind == "applied" || message.kind == "already_current";
    std::string lines = fmt::format("{} *{}*", look.emoji, look.words);
    if (message.deployment) lines += " by " + code(message.deployment->object);
    std::size_t shown = 0;
    for (const Item& item : message.items) {
        std::string line = "\n" + line_of(item, !went_well);
        if (shown == kMaxLines || lines.size() + line.size() > kMaxText - 100) break;
        lines += line;
        ++shown;
    }
    const std::size_t total = std::max(message.items_total, message.items.size());
    if (total > shown) lines += fmt::format("\n… and {} more", total - shown);
    if (message.deployment && !went_well && !message.deployment->message.empty()) {
        lines += "\n" + cut(escaped(message.deployment->message), kMaxReason);
    }
    Json blocks = Json::array({section(std::move(lines))});
    if (std::string context = context_of(message); !context.empty()) {
        blocks.push_back({
            {"type", "context"},
            {"elements",
             Json::array({{{"type", "mrkdwn"}, {"text", cut(std::move(context), kMaxText)}}})},
        });
    }
    transport::HttpRequest request;
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = dump({
        {"text", cut(escaped(summary(message)), kMaxText)},
        {"blocks", std::move(blocks)},
        {"unfurl_links", false},
        {"unfurl_media", false},
    });
    return request;
}

}  // namespace linkspan::notify::slack
