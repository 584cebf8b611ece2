#include "core/manifest/edit.h"

#include "core/manifest/diff.h"
#include "core/manifest/scan.h"
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"
#include "service/cli/files.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace linkspan::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
    bool write = false;
    std::vector<std::string> markers;
    std::vector<std::string> images;
    std::string path;
    std::string output = "text";
};

struct Asked {
    std::map<std::string, image::ImageReference> markers;  // policy → reference
    std::map<image::ImageName, image::ImageReference> images;
};

struct Edited {
    std::string path;  // as shown
    std::string file;  // on disk
    std::string before;
    std::string after;
    std::vector<manifest::Edit> edits;
};

struct Report {
    std::vector<Edited> files;
    std::vector<std::string> problems;  // "path:line: …"
    std::set<std::string> found;        // markers and images that a place was found for
    bool refused = false;               // something that was asked for was not done
};

Result<Asked> read_asked(const Options& options) {
    Asked asked;
    const auto reference = [](const std::string& text) -> Result<image::ImageReference> {
        LINKSPAN_TRY(parsed, image::ImageReference::parse(text));
        if (!parsed.tag) {
            return Error{Errc::InvalidInput, fmt::format("\"{}\": a tag is missing", text)};
        }
        return std::move(parsed);
    };
    for (const auto& marker : options.markers) {
        const std::size_t equals = marker.find('=');
        if (equals == std::string::npos || equals == 0) {
            return Error{
                Errc::InvalidInput,
                fmt::format("--marker {}: write it as NAMESPACE:NAME=REFERENCE", marker)};
        }
        auto parsed = reference(marker.substr(equals + 1));
        if (parsed.has_error()) return parsed.error().within("--marker " + marker);
        asked.markers.insert_or_assign(marker.substr(0, equals), std::move(*parsed));
    }
    for (const auto& text : options.images) {
        auto parsed = reference(text);
        if (parsed.has_error()) return parsed.error().within("--image " + text);
        auto name = parsed->name;
        asked.images.insert_or_assign(std::move(name), std::move(*parsed));
    }
    if (asked.markers.empty() && asked.images.empty()) {
        return Error{Errc::InvalidInput, "nothing to do: give at least one --marker or --image"};
    }
    return asked;
}

// Regular files below a directory in the order of their names. Links are not followed, `.git` is
// not entered.
std::vector<fs::path> files_below(const fs::path& root) {
    std::vector<fs::path> files;
    std::error_code ignored;
    for (auto it =
             fs::recursive_directory_iterator{
                 root, fs::directory_options::skip_permission_denied, ignored};
         it != fs::recursive_directory_iterator{};
         it.increment(ignored)) {
        if (it->is_symlink(ignored)) continue;
        if (it->is_directory(ignored) && it->path().filename() == ".git") {
            it.disable_recursion_pending();
        } else if (it->is_regular_file(ignored)) {
            files.push_back(it->path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

const image::ImageReference* wanted_for(
    const Asked& asked, const manifest::Scan& scan, const manifest::Place& place
) {
    if (place.kind == manifest::PlaceKind::Marker) {
        const auto found = asked.markers.find(place.policy);
        return found == asked.markers.end() ? nullptr : &found->second;
    }
    if (!place.image) return nullptr;
    const auto found = asked.images.find(*place.image);
    if (found == asked.images.end()) return nullptr;
    // What a marker governs is the marker's, as in the service.
    for (const auto& other : scan.places) {
        if (other.kind != manifest::PlaceKind::Marker) continue;
        for (const auto& theirs : other.scalars) {
            for (const auto& ours : place.scalars) {
                if (theirs.span.begin < ours.span.end && ours.span.begin < theirs.span.end) {
                    return nullptr;
                }
            }
        }
    }
    return &found->second;
}

// A digest that is marked by itself stays when the new one is not known; beside a new tag it is the
// old image's.
void warn_of_stale_digest(
    const image::ImageReference& wanted,
    const std::string& shown,
    const manifest::Place& place,
    Report& report
) {
    if (place.kind != manifest::PlaceKind::Marker || wanted.digest || place.scalars.size() != 1)
        return;
    const auto& scalar = place.scalars.front();
    if (scalar.role != manifest::Role::Digest || scalar.value.empty()) return;
    report.problems.push_back(fmt::format(
        "{}:{}: the digest stays as it is, since the reference has none: give it as TAG@sha256:…",
        shown,
        scalar.line
    ));
}

void edit_file(const Asked& asked, const std::string& shown, const fs::path& file, Report& report) {
    auto bytes = read_file(file.string());
    if (bytes.has_error()) {
        report.problems.push_back(bytes.error().message);
        report.refused = true;
        return;
    }
    if (!manifest::worth_scanning(shown, *bytes)) return;
    const manifest::Scan scan = manifest::scan(shown, *bytes);
    if (scan.skipped) {
        report.problems.push_back(fmt::format("{}: skipped: {}", shown, *scan.skipped));
        return;
    }
    for (const auto& problem : scan.problems) {
        report.problems.push_back(fmt::format("{}:{}: {}", shown, problem.line, problem.message));
    }
    Edited edited{.path = shown, .file = file.string(), .before = *bytes, .after = {}, .edits = {}};
    for (const auto& place : scan.places) {
        const auto* reference = wanted_for(asked, scan, place);
        if (reference == nullptr) continue;
        report.found.insert(
            place.kind == manifest::PlaceKind::Marker ? place.policy : place.image->str()
        );
        warn_of_stale_digest(*reference, shown, place, report);
        auto edits = manifest::edits_for(
            *bytes,
            place,
            {.image = reference->name,
             .tag = *reference->tag,
             .digest = reference->digest,
             .digest_mode = policy::DigestMode::Keep}
        );
        const std::size_t line = place.scalars.empty() ? 0 : place.scalars.front().line;
        if (edits.has_error()) {
            report.problems.push_back(fmt::format("{}:{}: {}", shown, line, edits.error().message));
            report.refused = true;
            continue;
        }
        for (auto& edit : *edits) {
            // An anchor reached twice is edited once.
            if (std::find(edited.edits.begin(), edited.edits.end(), edit) == edited.edits.end()) {
                edited.edits.push_back(std::move(edit));
            }
        }
    }
    if (edited.edits.empty()) return;
    std::sort(edited.edits.begin(), edited.edits.end(), [](const auto& a, const auto& b) {
        return a.span < b.span;
    });
    auto after = manifest::apply(*bytes, edited.edits);
    Status sound =
        after.has_error() ? Status{after.error()} : manifest::verify(*bytes, *after, edited.edits);
    if (sound.has_error()) {
        report.problems.push_back(fmt::format("{}: not edited: {}", shown, sound.error().message));
        report.refused = true;
        return;
    }
    edited.after = std::move(*after);
    report.files.push_back(std::move(edited));
}

void print(const Options& options, const Report& report) {
    if (options.output == "text") {
        for (const auto& file : report.files) {
            std::fputs(manifest::unified_diff(file.path, file.before, file.after).c_str(), stdout);
        }
        return;
    }
    nlohmann::ordered_json changes = nlohmann::ordered_json::array();
    for (const auto& file : report.files) {
        for (const auto& edit : file.edits) {
            changes.push_back(
                {{"path", file.path},
                 {"line", edit.line},
                 {"old", edit.old_value},
                 {"new", edit.new_value}}
            );
        }
    }
    const nlohmann::ordered_json out{
        {"changes", changes}, {"problems", report.problems}, {"written", options.write}};
    fmt::print("{}\n", out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

int edit(const Options& options) {
    const auto asked = read_asked(options);
    if (asked.has_error()) {
        fmt::print(stderr, "linkspan: {}\n", asked.error().message);
        return kMalformed;
    }
    std::error_code error;
    const fs::path root{options.path};
    const auto status = fs::status(root, error);
    Report report;
    if (fs::is_regular_file(status)) {
        edit_file(*asked, root.filename().string(), root, report);
    } else if (fs::is_directory(status)) {
        for (const auto& file : files_below(root)) {
            edit_file(*asked, file.lexically_relative(root).generic_string(), file, report);
        }
    } else {
        fmt::print(stderr, "linkspan: {}: no such file or directory\n", options.path);
        return kNoInput;
    }
    for (const auto& [marker, reference] : asked->markers) {
        if (!report.found.contains(marker)) {
            report.problems.push_back(fmt::format("no place is marked \"{}\"", marker));
        }
    }
    for (const auto& [name, reference] : asked->images) {
        if (!report.found.contains(name.str())) {
            report.problems.push_back(fmt::format("no place names {}", name.str()));
        }
    }
    if (options.write) {
        for (const auto& file : report.files) {
            if (auto written = replace_file(file.file, file.after); written.has_error()) {
                fmt::print(stderr, "linkspan: {}\n", written.error().message);
                return kNoInput;
            }
        }
    }
    print(options, report);
    for (const auto& problem : report.problems) fmt::print(stderr, "{}\n", problem);
    return report.refused ? kNegative : kOk;
}

}  // namespace

void add_edit(CLI::App& app, Run& run) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "edit", "Rewrite the places that name an image, in a directory, without a service"
    );
    command->footer(
        "Prints a unified diff; with --write also changes the files. Only the bytes of the values "
        "change.\n"
        "Problems go to standard error; exit code 1 when a place that was asked for could not be "
        "edited.\n"
        "Example: linkspan edit --marker flux-system:app=registry.example.com/acme/app:1.4.0 "
        "clusters/prod\n"
        "         linkspan edit --write --image nginx:1.27.3 ."
    );
    command->add_flag("--write", options->write, "Change the files");
    command
        ->add_option(
            "--marker",
            options->markers,
            "NAMESPACE:NAME=HOST/REPO:TAG[@DIGEST]: places with this $imagepolicy marker"
        )
        ->expected(1)
        ->take_all();
    command
        ->add_option(
            "--image", options->images, "HOST/REPO:TAG[@DIGEST]: image fields of this repository"
        )
        ->expected(1)
        ->take_all();
    command->add_option("PATH", options->path, "A directory or a file")->required();
    command->add_option("--output", options->output, "text (a diff) or json")
        ->check(CLI::IsMember({"json", "text"}))
        ->capture_default_str();
    command->callback([options, &run] { run = [options] { return edit(*options); }; });
}

}  // namespace linkspan::cli
