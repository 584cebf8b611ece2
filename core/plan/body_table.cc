#include "core/plan/body_parts.h"
#include "core/plan/markdown.h"
#include "core/plan/template_data.h"
#include "core/policy/instant.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <utility>

namespace linkspan::plan {
namespace {

using Clock = std::chrono::system_clock;
using markdown::code;
using markdown::prose;

// More rows than this read better without a column of sentences.
constexpr std::size_t kRowsWithWhy = 5;
// So many images are named before "and 7 more".
constexpr std::size_t kNames = 3;
// Images that are built to be the same again say they are of 1970, or of 1980.
constexpr std::int64_t kFirstBelieved = 1356998400;  // 2013-01-01: older than any image
constexpr std::int64_t kLastBelieved = 4102444800;   // 2100-01-01

const image::ImageEvent* event_of(const EditPlan& plan, const Change& change) {
    for (const auto& cause : plan.causes) {
        if (cause.event.image == change.image && cause.event.tag.str() == change.new_tag) {
            return &cause.event;
        }
    }
    return nullptr;
}

ImageOrigin origin_of(
    const Proposal& proposal, const image::ImageName& image, const std::string& tag
) {
    const auto known = proposal.origins.find(image.str() + ":" + tag);
    return known == proposal.origins.end() ? ImageOrigin{} : known->second;
}

ImageOrigin new_origin(const Proposal& proposal, const Change& change) {
    ImageOrigin origin = origin_of(proposal, change.image, change.new_tag);
    if (const auto* event = event_of(proposal.plan, change)) {
        if (origin.revision.empty()) origin.revision = event->revision.value_or("");
        if (origin.source.empty()) origin.source = event->source.value_or("");
    }
    return origin;
}

std::string minutes_utc(std::int64_t seconds) {
    const auto whole = static_cast<std::time_t>(seconds);
    std::tm utc{};
    gmtime_r(&whole, &utc);
    return fmt::format("{:%Y-%m-%d %H:%M} UTC", utc);
}

std::string span(std::int64_t seconds) {
    const auto minutes = seconds / 60;
    const auto of = [](std::int64_t n, std::string_view unit) {
        return count_of(static_cast<std::size_t>(n), unit);
    };
    if (minutes < 1) return "under a minute";
    if (minutes < 60) return of(minutes, "minute");
    if (minutes < 48 * 60) return of(minutes / 60, "hour");
    return of(minutes / (24 * 60), "day");
}

// "2026-08-01 10:00 UTC (12 minutes old when proposed)"; empty for what can't be believed.
std::string age_at(const Proposal& proposal, const std::string& time) {
    const auto instant = policy::read_instant(time);
    if (!instant || instant->seconds < kFirstBelieved || instant->seconds > kLastBelieved) {
        return {};
    }
    const auto proposed = static_cast<std::int64_t>(Clock::to_time_t(proposal.proposed_at));
    const std::string when = minutes_utc(instant->seconds);
    if (instant->seconds > proposed) return when;
    return fmt::format("{} ({} old when proposed)", when, span(proposed - instant->seconds));
}

// When it was pushed, as whoever told of it says; else when it was built, as its label says.
std::string age_of(const Proposal& proposal, const Change& change) {
    if (const auto* event = event_of(proposal.plan, change); event && event->pushed_at) {
        if (auto age = age_at(proposal, *event->pushed_at); !age.empty()) return age;
    }
    auto age = age_at(proposal, origin_of(proposal, change.image, change.new_tag).created);
    return age.empty() ? age : "built " + age;
}

std::string change_cell(const Proposal& proposal, const Change& change, const Room& room) {
    std::string cell = code(change.new_tag, 128);
    if (change.old_tag != change.new_tag) {
        cell = (change.old_tag.empty() ? "(none)" : code(change.old_tag, 128)) + " → " + cell;
    }
    if (!room.links) return cell;
    const ImageOrigin now = new_origin(proposal, change);
    const ImageOrigin before = origin_of(proposal, change.image, change.old_tag);
    if (const auto url = compare_link(before, now)) {
        cell += " " + markdown::link("compare", *url);
    } else if (const auto commit = commit_link(now)) {
        cell += " " + markdown::link("commit", *commit);
    }
    return cell;
}

std::string digest_cell(const Change& change) {
    if (!change.new_digest) return {};
    const std::string now = code(short_digest(*change.new_digest));
    if (!change.old_digest || *change.old_digest == *change.new_digest) return now;
    return code(short_digest(*change.old_digest)) + " → " + now;
}

// What the first line says already is not said again.
std::string why_of(const Proposal& proposal, const Change& change) {
    return change.why == proposal.reason ? std::string{} : prose(change.why, 200);
}

// The reasons once each, with the images that they are of.
std::string whys_apart(
    const Proposal& proposal,
    const std::vector<Change>& updates,
    const ImageNames& names,
    const Room& room
) {
    std::vector<std::pair<std::string, std::vector<std::string>>> whys;
    for (const auto& change : updates) {
        std::string why = why_of(proposal, change);
        if (why.empty()) continue;
        const auto same = std::find_if(whys.begin(), whys.end(), [&](const auto& one) {
            return one.first == why;
        });
        auto& group = same == whys.end()
                          ? whys.emplace_back(std::move(why), std::vector<std::string>{})
                          : *same;
        group.second.push_back(code(names.of(change.image)));
    }
    if (whys.empty()) return {};
    if (whys.size() == 1 && whys[0].second.size() == updates.size()) {
        return fmt::format("\n**Why, of all:** {}\n", whys[0].first);
    }
    std::string out = "\n**Why**\n\n";
    for (std::size_t i = 0; i < std::min(whys.size(), room.places); ++i) {
        const auto& of = whys[i].second;
        const std::size_t shown = of.size() > kNames + 1 ? kNames : of.size();
        out += fmt::format(
            "- {}", fmt::join(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(shown), ", ")
        );
        if (shown < of.size()) out += fmt::format(" and {} more", of.size() - shown);
        out += ": " + whys[i].first + "\n";
    }
    if (whys.size() > room.places)
        out += fmt::format("- …and {} more\n", whys.size() - room.places);
    return out;
}

}  // namespace

std::string count_of(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

ImageNames::ImageNames(const EditPlan& plan) {
    if (plan.changes.empty()) return;
    const auto parent = [](const image::ImageName& image) {
        const std::string text = image.str();
        return text.substr(0, text.rfind('/'));
    };
    const auto& changes = plan.changes;
    const auto& first = changes.front().image;
    if (std::all_of(changes.begin(), changes.end(), [&](const auto& change) {
            return parent(change.image) == parent(first);
        })) {
        common_ = parent(first);
    } else if (std::all_of(changes.begin(), changes.end(), [&](const auto& change) {
                   return change.image.host() == first.host();
               })) {
        common_ = first.host();
    }
}

std::string ImageNames::of(const image::ImageName& image) const {
    const std::string name = image.str();
    const bool within = !common_.empty() && name.starts_with(common_ + "/");
    return within ? name.substr(common_.size() + 1) : name;
}

std::string body_table(const Proposal& proposal, const ImageNames& names, const Room& room) {
    constexpr std::array kHeads{"Image", "Change", "Digest", "Policy", "Why", "Pushed"};
    constexpr std::size_t kPushed = 5;
    const auto updates = updates_of(proposal.plan);
    const bool why_apart = updates.size() > kRowsWithWhy;
    std::vector<std::array<std::string, kHeads.size()>> rows;
    for (const auto& change : updates) {
        if (rows.size() == room.rows) break;
        rows.push_back(
            {code(names.of(change.image)),
             change_cell(proposal, change, room),
             digest_cell(change),
             code(change.policy),
             room.whys && !why_apart ? why_of(proposal, change) : std::string{},
             age_of(proposal, change)}
        );
    }
    // Images of one CI run came together: said once.
    std::string pushed;
    if (why_apart && std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
            return row[kPushed] == rows[0][kPushed];
        })) {
        pushed = rows[0][kPushed];
        for (auto& row : rows) row[kPushed].clear();
    }
    std::string head = "|";
    std::string rule = "|";
    std::vector<std::size_t> columns;
    for (std::size_t i = 0; i < kHeads.size(); ++i) {
        if (std::all_of(rows.begin(), rows.end(), [&](const auto& row) { return row[i].empty(); }))
            continue;
        columns.push_back(i);
        head += fmt::format(" {} |", kHeads[i]);
        rule += " --- |";
    }
    std::string table = head + "\n" + rule + "\n";
    for (const auto& row : rows) {
        table += "|";
        for (const auto i : columns) table += fmt::format(" {} |", row[i]);
        table += "\n";
    }
    if (updates.size() > rows.size()) {
        table += fmt::format(
            "\n…and {}: see the changed files.\n",
            count_of(updates.size() - rows.size(), "more update")
        );
    }
    if (!pushed.empty()) table += fmt::format("\n**Pushed, all:** {}\n", pushed);
    if (room.whys && why_apart) table += whys_apart(proposal, updates, names, room);
    return table;
}

}  // namespace linkspan::plan
