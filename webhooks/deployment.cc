#include "webhooks/deployment.h"

#include "webhooks/text.h"

#include <algorithm>

namespace linkspan::webhooks {
namespace {

constexpr std::size_t kCommitSize = 40;
constexpr std::size_t kMostText = 1000;

bool is_commit(std::string_view text) {
    return text.size() == kCommitSize && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

}  // namespace

std::optional<Revision> parse_revision(std::string_view text) {
    Revision revision;
    std::string_view hash = text;
    if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
        revision.branch = text.substr(0, at);
        hash = text.substr(at + 1);
        if (!hash.starts_with("sha1:")) return std::nullopt;
    } else if (const std::size_t slash = text.rfind('/'); slash != std::string_view::npos) {
        revision.branch = text.substr(0, slash);
        hash = text.substr(slash + 1);
    }
    if (hash.starts_with("sha1:")) hash.remove_prefix(5);
    revision.commit = lower(hash);
    if (!is_commit(revision.commit)) return std::nullopt;
    constexpr std::string_view kHeads = "refs/heads/";
    if (revision.branch.starts_with(kHeads)) revision.branch.erase(0, kHeads.size());
    if (revision.branch == "HEAD") revision.branch.clear();
    return revision;
}

std::string report_text(std::string_view text) {
    std::string out{text.substr(0, kMostText)};
    // Not inside a character.
    if (text.size() > kMostText) {
        std::size_t end = kMostText;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
        out.resize(end);
    }
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') c = ' ';
    }
    return out;
}

std::string_view to_string(DeploymentReport::State state) {
    switch (state) {
        case DeploymentReport::State::Applied:
            return "applied";
        case DeploymentReport::State::Failed:
            return "failed";
        case DeploymentReport::State::Progressing:
            break;
    }
    return "progressing";
}

}  // namespace linkspan::webhooks
