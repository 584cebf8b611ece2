#include "core/plan/markdown.h"
#include "core/plan/pull_request.h"
#include "core/plan/template_data.h"
#include "core/policy/instant.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <ctime>
#include <set>
#include <utility>

namespace linkspan::plan {
namespace {

using Clock = std::chrono::system_clock;
using markdown::code;
using markdown::prose;

// How much of each part there is room for.
struct Room {
    std::size_t rows = 200;
    std::size_t places = 200;
    std::size_t sentences = 20;
    bool whys = true;
    bool links = true;
    std::size_t state = 30000;  // bytes
};

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
        if (origin.created.empty()) origin.created = event->pushed_at.value_or("");
    }
    return origin;
}

std::string minutes_utc(Clock::time_point time) {
    const std::time_t whole = Clock::to_time_t(time);
    std::tm utc{};
    gmtime_r(&whole, &utc);
    return fmt::format("{:%Y-%m-%d %H:%M} UTC", utc);
}

std::string span(std::chrono::seconds time) {
    const auto minutes = time.count() / 60;
    const auto of = [](std::int64_t n, const char* unit) {
        return fmt::format("{} {}{}", n, unit, n == 1 ? "" : "s");
    };
    if (minutes < 1) return "under a minute";
    if (minutes < 60) return of(minutes, "minute");
    if (minutes < 48 * 60) return of(minutes / 60, "hour");
    return of(minutes / (24 * 60), "day");
}

std::string age_of(const Proposal& proposal, const ImageOrigin& origin) {
    if (origin.created.empty()) return {};
    const auto instant = policy::read_instant(origin.created);
    if (!instant) return {};
    const Clock::time_point at{std::chrono::seconds{instant->seconds}};
    if (at > proposal.proposed_at) return minutes_utc(at);
    return fmt::format(
        "{} ({} old)",
        minutes_utc(at),
        span(std::chrono::duration_cast<std::chrono::seconds>(proposal.proposed_at - at))
    );
}

std::string change_cell(const Proposal& proposal, const Change& change, const Room& room) {
    const std::string from = change.old_tag.empty() ? std::string{"(none)"} : change.old_tag;
    std::string cell = from == change.new_tag ? code(change.new_tag, 128)
                                              : code(from, 128) + " → " + code(change.new_tag, 128);
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

// More rows than this read better without a column of sentences.
constexpr std::size_t kRowsWithWhy = 5;

// The reasons once each, with the images that they are of.
std::string whys_apart(const std::vector<Change>& updates, const Room& room) {
    std::vector<std::pair<std::string, std::vector<std::string>>> whys;
    for (const auto& change : updates) {
        std::string why = prose(change.why, 200);
        if (why.empty()) continue;
        const auto same = std::find_if(whys.begin(), whys.end(), [&](const auto& one) {
            return one.first == why;
        });
        auto& group = same == whys.end()
                          ? whys.emplace_back(std::move(why), std::vector<std::string>{})
                          : *same;
        group.second.push_back(code(change.image.str()));
    }
    if (whys.empty()) return {};
    if (whys.size() == 1 && whys[0].second.size() == updates.size()) {
        return fmt::format("\n**Why:** {}, all of them.\n", whys[0].first);
    }
    constexpr std::size_t kNames = 3;
    std::string out = "\n**Why**\n\n";
    for (std::size_t i = 0; i < std::min(whys.size(), room.places); ++i) {
        const auto& names = whys[i].second;
        const std::size_t shown = names.size() > kNames + 1 ? kNames : names.size();
        out += fmt::format(
            "- {}",
            fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", ")
        );
        if (shown < names.size()) out += fmt::format(" and {} more", names.size() - shown);
        out += ": " + whys[i].first + "\n";
    }
    if (whys.size() > room.places)
        out += fmt::format("- …and {} more\n", whys.size() - room.places);
    return out;
}

// Columns that are empty everywhere are left out.
std::string table_of(const Proposal& proposal, const Room& room) {
    const auto updates = updates_of(proposal.plan);
    const bool why_apart = updates.size() > kRowsWithWhy;
    std::vector<std::vector<std::string>> rows;
    for (const auto& change : updates) {
        if (rows.size() == room.rows) break;
        rows.push_back(
            {code(change.image.str()),
             change_cell(proposal, change, room),
             digest_cell(change),
             code(change.policy),
             room.whys && !why_apart ? prose(change.why, 200) : std::string{},
             age_of(proposal, new_origin(proposal, change))}
        );
    }
    // Images of one CI run came together: said once.
    std::string pushed;
    if (why_apart && std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
            return row[5] == rows[0][5];
        })) {
        pushed = rows[0][5];
        for (auto& row : rows) row[5].clear();
    }
    const std::vector<std::string> heads{"Image", "Change", "Digest", "Policy", "Why", "Pushed"};
    std::string head = "|";
    std::string rule = "|";
    std::vector<std::size_t> columns;
    for (std::size_t i = 0; i < heads.size(); ++i) {
        if (std::all_of(rows.begin(), rows.end(), [&](const auto& row) { return row[i].empty(); }))
            continue;
        columns.push_back(i);
        head += fmt::format(" {} |", heads[i]);
        rule += " --- |";
    }
    std::string table = head + "\n" + rule + "\n";
    for (const auto& row : rows) {
        table += "|";
        for (const auto i : columns) table += fmt::format(" {} |", row[i]);
        table += "\n";
    }
    if (updates.size() > rows.size()) {
        table += fmt::format("\n…and {} more images.\n", updates.size() - rows.size());
    }
    if (!pushed.empty()) table += fmt::format("\n**Pushed:** {}, all of them.\n", pushed);
    if (room.whys && why_apart) table += whys_apart(updates, room);
    return table;
}

// A list of more is folded, where the platform can.
constexpr std::size_t kPlacesUnfolded = 10;

std::string places_of(const Proposal& proposal, const TextOptions& options, const Room& room) {
    const auto& changes = proposal.plan.changes;
    std::set<std::string> files;
    for (const auto& change : changes) files.insert(change.path);
    const std::string head = fmt::format(
        "{} place{} in {} file{}",
        changes.size(),
        changes.size() == 1 ? "" : "s",
        files.size(),
        files.size() == 1 ? "" : "s"
    );
    const bool folded =
        options.html_comments && std::min(changes.size(), room.places) > kPlacesUnfolded;
    std::string out = folded ? fmt::format("<details><summary>{}</summary>\n", head)
                             : fmt::format("**{}**\n", head);
    if (room.places > 0) out += "\n";
    for (std::size_t i = 0; i < std::min(changes.size(), room.places); ++i) {
        out += fmt::format(
            "- {} {}\n",
            code(fmt::format("{}:{}", changes[i].path, changes[i].line)),
            code(changes[i].where)
        );
    }
    if (room.places > 0 && changes.size() > room.places) {
        out += fmt::format("- …and {} more\n", changes.size() - room.places);
    }
    if (folded) out += "\n</details>\n";
    return out;
}

// "registry.example.com/acme/app:1.4.2: signed by …": the image stands out.
std::string sentence(std::string_view text) {
    const auto end = text.find(": ");
    const std::string_view image = text.substr(0, end);
    if (end == std::string_view::npos || image.find('/') == std::string_view::npos ||
        image.find_first_of(" \t\n") != std::string_view::npos) {
        return prose(text);
    }
    return code(image) + prose(text.substr(end));
}

std::string sentences(
    std::string_view title, const std::vector<std::string>& all, const Room& room
) {
    if (all.empty()) return {};
    if (room.sentences == 0) return fmt::format("**{}:** {}.\n", title, all.size());
    std::string out = fmt::format("**{}**\n\n", title);
    for (std::size_t i = 0; i < std::min(all.size(), room.sentences); ++i) {
        out += "- " + sentence(all[i]) + "\n";
    }
    if (all.size() > room.sentences) {
        out += fmt::format("- …and {} more\n", all.size() - room.sentences);
    }
    return out;
}

std::string builds_of(const Proposal& proposal, const TextOptions& options, const Room& room) {
    std::vector<std::string> lines;
    std::set<std::string> seen;
    for (const auto& cause : proposal.plan.causes) {
        const auto& event = cause.event;
        std::string line = code(fmt::format("{}:{}", event.image.str(), event.tag.str()));
        bool says = false;
        if (event.actor) {
            line += " pushed by " + code(*event.actor, 100);
            says = true;
        }
        if (event.build_url && markdown::is_plain_url(*event.build_url)) {
            line += ", " + markdown::link("build", *event.build_url);
            says = true;
        }
        if (!options.link.empty()) {
            std::string url = options.link;
            if (const auto at = url.find("{id}"); at != std::string::npos) {
                url.replace(at, 4, cause.delivery);
            }
            if (markdown::is_plain_url(url)) {
                line += ", " + markdown::link("what Linkspan did", url);
                says = true;
            }
        }
        if (says && seen.insert(line).second) lines.push_back(line);
    }
    if (lines.empty() || room.places == 0) return {};
    std::string out = "**Builds**\n\n";
    for (std::size_t i = 0; i < std::min(lines.size(), room.places); ++i) {
        out += "- " + lines[i] + "\n";
    }
    if (lines.size() > room.places) {
        out += fmt::format("- …and {} more\n", lines.size() - room.places);
    }
    return out;
}

std::string intro_of(const Proposal& proposal) {
    const std::size_t images = carried(proposal.plan).size();
    std::string out = fmt::format(
        "{} {} in {}",
        proposal.rollback ? "Rolls back" : "Updates",
        images == 1 ? std::string{"an image"} : fmt::format("{} images", images),
        code(proposal.target)
    );
    if (!proposal.group.empty()) out += " (" + code(proposal.group) + ")";
    out += ".";
    if (!proposal.reason.empty()) out += " Reason: " + prose(proposal.reason) + ".";
    if (proposal.soaks_until) {
        out += fmt::format(" Soaks until {}.", minutes_utc(*proposal.soaks_until));
    }
    return out;
}

// What can be pasted into a shell as it is: names come from manifests, too.
std::string with_arguments(std::string_view command, const Proposal& proposal) {
    const auto images = carried(proposal.plan);
    const bool one =
        !images.empty() && std::all_of(images.begin(), images.end(), [&](const auto& i) {
            return i.policy == images.front().policy;
        });
    const std::string arguments =
        one ? fmt::format(" {} {}", proposal.target, images.front().policy) : std::string{};
    const bool plain = arguments.find(" -") == std::string::npos && arguments.size() < 120 &&
                       std::all_of(arguments.begin(), arguments.end(), [](char c) {
                           return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                                  std::string_view{" ._:/-"}.find(c) != std::string_view::npos;
                       });
    return code(fmt::format("linkspan {}{}", command, plain ? arguments : std::string{}));
}

std::string help_of(const Proposal& proposal, const TextOptions& options) {
    std::string out;
    if (options.checkboxes) out += rebuild_checkbox(options.html_comments) + "\n\n";
    out += fmt::format(
        "To ignore these tags and digests here: close without merging ({} takes it back). To hold: "
        "{}. Commits of others on this branch stay; comment `linkspan rebuild` to start it anew.",
        with_arguments("resume", proposal),
        with_arguments("hold", proposal)
    );
    return out;
}

BodyState state_of(const Proposal& proposal, const TextOptions& options) {
    BodyState state;
    state.target = proposal.target;
    state.group = proposal.group;
    state.images = carried(proposal.plan);
    state.decision = fingerprint(state.images);
    state.ended = options.ended;
    return state;
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
    data.blocks = {
        {"intro", intro_of(proposal)},
        {"table", table_of(proposal, room)},
        {"where", places_of(proposal, options, room)},
        {"builds", builds_of(proposal, options, room)},
        {"verified", sentences("Checked", proposal.verified, room)},
        {"refused", sentences("Refused", proposal.refused, room)},
        {"held", sentences("Left as people wrote it", proposal.held, room)},
        {"help", help_of(proposal, options)},
    };
    return data;
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
    "{{intro}}\n\n{{table}}\n{{where}}\n{{builds}}\n{{verified}}\n{{refused}}\n{{held}}\n---\n\n"
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
    auto filled = fill(text, data, TemplateStyle::Plain, "title template");
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
            TemplateStyle::Plain,
            "title template"
        )
    );
    std::string title = markdown::one_line(filled, 1000);
    // Titles are not Markdown, but they are looked through for mentions and references.
    std::string safe;
    for (std::size_t i = 0; i < title.size(); ++i) {
        safe += title[i];
        if ((title[i] == '@' && !title.substr(i + 1).starts_with("sha256")) || title[i] == '#') {
            safe += "\u200b";
        }
    }
    if (markdown::length(safe) <= options.title_limit) return safe;
    return std::string{markdown::cut(safe, options.title_limit - 1)} + "…";
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
