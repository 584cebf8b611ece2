#include "service/notify/commit_status.h"

#include <algorithm>
#include <string_view>

namespace linkspan::notify {
namespace {

constexpr std::size_t kMaxDescription = 140;

bool is_commit(std::string_view text) {
    return (text.size() == 40 || text.size() == 64) &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

CommitStatus::State state_of(const std::string& kind) {
    using State = CommitStatus::State;
    if (kind == "committed" || kind == "pull_request" || kind == "held") return State::Pending;
    if (kind == "already_current" || kind == "merged" || kind == "applied") return State::Success;
    return State::Failure;
}

std::string one_line(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = ' ';
    }
    if (text.size() <= kMaxDescription) return text;
    std::size_t end = kMaxDescription;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    text.resize(end);
    return text;
}

}  // namespace

std::optional<CommitStatus> commit_status_of(const Message& message) {
    if (message.items.empty()) return std::nullopt;
    const Item& item = message.items.front();
    if (item.source.empty() || !is_commit(item.revision)) return std::nullopt;
    const CommitStatus::State state = state_of(message.kind);
    std::string description = summary(message);
    if (state == CommitStatus::State::Failure && !item.reason.empty()) description = item.reason;
    return CommitStatus{
        .source = item.source,
        .revision = item.revision,
        .state = state,
        .context = "linkspan/" + item.target + (item.one_of_several ? "/" + item.policy : ""),
        .description = one_line(std::move(description)),
        .url = item.status_url,
    };
}

}  // namespace linkspan::notify
