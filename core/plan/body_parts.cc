#include "core/plan/body_parts.h"

#include "core/plan/markdown.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>
#include <utility>

namespace linkspan::plan {
namespace {

using Clock = std::chrono::system_clock;
using markdown::code;
using markdown::prose;

// A list of more is folded; where the platform can't, it is cut.
constexpr std::size_t kPlacesUnfolded = 10;
constexpr std::size_t kPlacesWhereNoneFold = 30;
// So many images are named before "and 7 more".
constexpr std::size_t kNames = 3;

std::string places_of(const Proposal& proposal, const TextOptions& options, const Room& room) {
    const auto& changes = proposal.plan.changes;
    const std::size_t most =
        options.html_comments ? room.places : std::min(room.places, kPlacesWhereNoneFold);
    std::set<std::string> files;
    for (const auto& change : changes) files.insert(change.path);
    const std::string head =
        fmt::format("{} in {}", count_of(changes.size(), "place"), count_of(files.size(), "file"));
    const bool folded = options.html_comments && std::min(changes.size(), most) > kPlacesUnfolded;
    std::string out = folded ? fmt::format("<details><summary>{}</summary>\n", head)
                             : fmt::format("**{}**\n", head);
    if (most > 0) out += "\n";
    for (std::size_t i = 0; i < std::min(changes.size(), most); ++i) {
        out += fmt::format(
            "- {} {}\n",
            code(fmt::format("{}:{}", changes[i].path, changes[i].line)),
            code(changes[i].where)
        );
    }
    if (most > 0 && changes.size() > most) {
        out += fmt::format("- …and {} more\n", changes.size() - most);
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

// Who pushed it, the build, and the page about the delivery; empty: nobody told.
std::string build_of(const Cause& cause, const TextOptions& options) {
    const auto& event = cause.event;
    std::vector<std::string> facts;
    if (event.actor && !event.actor->empty())
        facts.push_back("pushed by " + code(*event.actor, 100));
    if (event.build_url && markdown::is_plain_url(*event.build_url)) {
        facts.push_back(markdown::link("build", *event.build_url));
    }
    if (!options.link.empty() && !cause.delivery.empty()) {
        std::string url = options.link;
        if (const auto at = url.find("{id}"); at != std::string::npos) {
            url.replace(at, 4, cause.delivery);
        }
        if (markdown::is_plain_url(url)) facts.push_back(markdown::link("what Linkspan did", url));
    }
    return fmt::format("{}", fmt::join(facts, ", "));
}

// Each build once, with the images that came of it.
std::string builds_of(
    const Proposal& proposal, const TextOptions& options, const ImageNames& names, const Room& room
) {
    if (room.places == 0) return {};
    std::set<std::string> told;
    std::vector<std::pair<std::string, std::vector<std::string>>> builds;
    for (const auto& cause : proposal.plan.causes) {
        std::string build = build_of(cause, options);
        const std::string image =
            fmt::format("{}:{}", names.of(cause.event.image), cause.event.tag.str());
        if (build.empty() || !told.insert(build + image).second) continue;
        const auto same = std::find_if(builds.begin(), builds.end(), [&](const auto& one) {
            return one.first == build;
        });
        auto& of = same == builds.end()
                       ? builds.emplace_back(std::move(build), std::vector<std::string>{})
                       : *same;
        of.second.push_back(code(image));
    }
    if (builds.empty()) return {};
    if (builds.size() == 1 && builds[0].second.size() >= carried(proposal.plan).size()) {
        return fmt::format("**Build:** {}\n", builds[0].first);
    }
    std::string out = "**Builds**\n\n";
    for (std::size_t i = 0; i < std::min(builds.size(), room.places); ++i) {
        const auto& [build, images] = builds[i];
        const std::size_t shown = images.size() > kNames + 1 ? kNames : images.size();
        out += fmt::format(
            "- {}{}: {}\n",
            fmt::join(images.begin(), images.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
            shown < images.size() ? fmt::format(" and {} more", images.size() - shown) : "",
            build
        );
    }
    if (builds.size() > room.places) {
        out += fmt::format("- …and {} more\n", builds.size() - room.places);
    }
    return out;
}

std::string minutes_utc(Clock::time_point time) {
    return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(Clock::to_time_t(time)));
}

std::string intro_of(const Proposal& proposal, const ImageNames& names) {
    std::set<std::string> images;
    for (const auto& change : proposal.plan.changes) images.insert(change.image.str());
    std::string what = count_of(images.size(), "image");
    if (images.size() == 1) {
        what = code(*images.begin());
    } else if (!names.common().empty()) {
        what += " of " + code(names.common());
    }
    std::string out = fmt::format(
        "{} {} in {}", proposal.rollback ? "Rolls back" : "Updates", what, code(proposal.target)
    );
    if (!proposal.group.empty()) out += " (" + code(proposal.group) + ")";
    if (!proposal.reason.empty()) out += ": " + prose(proposal.reason);
    if (!out.ends_with('.')) out += ".";
    if (proposal.soaks_until) {
        out += fmt::format(
            "\n\n**Soaks until {}:** not meant to be merged before.",
            minutes_utc(*proposal.soaks_until)
        );
    }
    return out;
}

// What can be pasted into a shell as it is: names come from manifests, too.
bool fits_a_shell(std::string_view word) {
    return !word.empty() && word.front() != '-' && word.size() < 100 &&
           std::all_of(word.begin(), word.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                      std::string_view{"._:/-"}.find(c) != std::string_view::npos;
           });
}

std::string command(std::string_view verb, const Proposal& proposal) {
    const auto images = carried(proposal.plan);
    const bool one =
        !images.empty() && std::all_of(images.begin(), images.end(), [&](const auto& i) {
            return i.policy == images.front().policy;
        });
    const bool named = one && fits_a_shell(images.front().policy);
    return code(fmt::format(
        "linkspan {} {} {} --reason …",
        verb,
        fits_a_shell(proposal.target) ? proposal.target : std::string{"TARGET"},
        named ? images.front().policy : std::string{"POLICY"}
    ));
}

std::string help_of(const Proposal& proposal, const TextOptions& options) {
    const bool one = carried(proposal.plan).size() == 1;
    const std::string rebuild =
        options.checkboxes
            ? rebuild_checkbox(options.html_comments) +
                  ": drops commits of others, which stay until then. A comment `linkspan rebuild` "
                  "does the same."
            : "- Commits of others on this branch stay until a comment says `linkspan rebuild`, "
              "which drops them.";
    const std::string out = fmt::format(
        "- {} this to ignore {} here; newer ones come again. {} takes that back.\n"
        "- {} holds {} until somebody resumes it, and closes this.\n"
        "{}",
        options.closing,
        one ? "this tag and digest" : "these tags and digests",
        command("resume", proposal),
        command("hold", proposal),
        one ? "the policy" : "a policy",
        rebuild
    );
    return out;
}

}  // namespace

TemplateValues body_parts(const Proposal& proposal, const TextOptions& options, const Room& room) {
    const ImageNames names{proposal.plan};
    return {
        {"intro", intro_of(proposal, names)},
        {"table", body_table(proposal, names, room)},
        {"where", places_of(proposal, options, room)},
        {"builds", builds_of(proposal, options, names, room)},
        {"verified", sentences("Checked", proposal.verified, room)},
        {"refused", sentences("Refused", proposal.refused, room)},
        {"held", sentences("Left as people wrote it", proposal.held, room)},
        {"help", help_of(proposal, options)},
    };
}

}  // namespace linkspan::plan
