#include "core/manifest/diff.h"
#include "core/manifest/ignore.h"
#include "core/manifest/scan.h"
#include "core/plan/turn.h"
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"
#include "service/cli/files.h"
#include "service/runtime/all_cores.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
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
    std::string written;  // as it was given, for people
    plan::Bid bid;
};

struct Report {
    plan::EditPlan plan;
    std::map<std::string, fs::path> on_disk;
    std::vector<std::string> problems;  // "path:line: …"
    bool refused = false;               // something that was asked for was not done
};

// What a person asks for by hand may go backwards, and is the only tag there is.
plan::Bid bid_for(const image::ImageReference& reference, plan::Scope scope) {
    plan::Bid bid;
    bid.policy.image = reference.name;
    bid.selection.selected = reference.tag->str();
    bid.selection.why = "asked for";
    bid.resolved = reference.digest;
    bid.scope = std::move(scope);
    bid.asked_for = true;
    return bid;
}

Result<std::vector<Asked>> read_asked(const Options& options) {
    std::vector<Asked> asked;
    const auto reference = [](const std::string& text) -> Result<image::ImageReference> {
        LINKSPAN_TRY(parsed, image::ImageReference::parse(text));
        if (!parsed.tag) {
            return Error{Errc::InvalidInput, fmt::format("\"{}\": a tag is missing", text)};
        }
        return std::move(parsed);
    };
    // Given twice: the last one counts.
    const auto add = [&](std::string written, plan::Bid bid) {
        std::erase_if(asked, [&](const Asked& one) { return one.written == written; });
        bid.target = written;
        asked.push_back({std::move(written), std::move(bid)});
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
        const std::string policy = marker.substr(0, equals);
        auto bid = bid_for(*parsed, {.markers = true, .images = false});
        const std::size_t colon = policy.find(':');
        if (colon != std::string::npos) bid.policy.name_space = policy.substr(0, colon);
        bid.policy.name = policy.substr(colon == std::string::npos ? 0 : colon + 1);
        add(fmt::format("is marked \"{}\"", policy), std::move(bid));
    }
    for (const auto& text : options.images) {
        auto parsed = reference(text);
        if (parsed.has_error()) return parsed.error().within("--image " + text);
        add(fmt::format("names {}", parsed->name.str()),
            bid_for(*parsed, {.markers = false, .images = true}));
    }
    if (asked.empty()) {
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

// A digest that is marked by itself stays when the new one is not known; beside a new tag it is the
// old image's.
void warn_of_stale_digests(
    std::span<const plan::Bid> bids, const plan::SnapshotFile& file, Report& report
) {
    for (const auto& place : file.scan->places) {
        if (place.kind != manifest::PlaceKind::Marker || place.scalars.size() != 1) continue;
        const auto& scalar = place.scalars.front();
        if (scalar.role != manifest::Role::Digest || scalar.value.empty()) continue;
        const bool unknown = std::any_of(bids.begin(), bids.end(), [&](const plan::Bid& bid) {
            return !bid.resolved && plan::follows(bid.scope, bid.policy, place);
        });
        if (!unknown) continue;
        report.problems.push_back(fmt::format(
            "{}:{}: the digest stays as it is, since the reference has none: give it as "
            "TAG@sha256:…",
            file.path,
            scalar.line
        ));
    }
}

manifest::IgnoreFile read_ignore_file(const fs::path& root) {
    const fs::path file = root / manifest::kIgnoreFile;
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(file, error))) return {};
    const auto bytes = read_file(file.string());
    return bytes.has_error() ? manifest::IgnoreFile{} : manifest::IgnoreFile{*bytes};
}

// The same look at the files as the service takes at a commit's.
plan::Snapshot take_snapshot(const fs::path& root, bool directory, Report& report) {
    plan::Snapshot snapshot;
    const auto ignore = directory ? read_ignore_file(root) : manifest::IgnoreFile{};
    for (const auto& file : directory ? files_below(root) : std::vector<fs::path>{root}) {
        const std::string path =
            directory ? file.lexically_relative(root).generic_string() : file.filename().string();
        if (!manifest::readable_name(path) || ignore.ignores(path)) continue;
        auto bytes = read_file(file.string());
        if (bytes.has_error()) {
            report.problems.push_back(bytes.error().message);
            report.refused = true;
            continue;
        }
        if (!manifest::worth_scanning(path, *bytes)) continue;
        auto scan = manifest::scan(path, *bytes);
        if (scan.skipped) {
            report.problems.push_back(fmt::format("{}: skipped: {}", path, *scan.skipped));
        }
        for (const auto& problem : scan.problems) {
            report.problems.push_back(fmt::format("{}:{}: {}", path, problem.line, problem.message)
            );
        }
        if (scan.places.empty()) continue;
        report.on_disk.emplace(path, file);
        snapshot.files.push_back(
            {.path = path, .scan = std::make_shared<const manifest::Scan>(std::move(scan))}
        );
    }
    snapshot.each = runtime::on_all_cores;
    snapshot.read = [&report](const std::string& path) {
        return read_file(report.on_disk.at(path).string());
    };
    return snapshot;
}

Status plan_edits(
    const std::vector<Asked>& asked, const fs::path& root, bool directory, Report& report
) {
    const plan::Snapshot snapshot = take_snapshot(root, directory, report);
    std::vector<plan::Bid> bids;
    for (const auto& one : asked) bids.push_back(one.bid);
    for (const auto& file : snapshot.files) warn_of_stale_digests(bids, file, report);
    LINKSPAN_TRY(turn, plan::plan_turn(snapshot, bids));
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const plan::BidAnswer& answer = turn.answers[i];
        for (const auto& refusal : answer.refusals) report.problems.push_back(refusal);
        report.refused = report.refused || !answer.refusals.empty();
        if (answer.places == 0) {
            report.problems.push_back(fmt::format("no place {}", asked[i].written));
        }
    }
    report.plan = std::move(turn.plan);
    return {};
}

void print(const Options& options, const Report& report) {
    if (options.output == "text") {
        for (const auto& file : report.plan.files) {
            std::fputs(manifest::unified_diff(file.path, file.before, file.after).c_str(), stdout);
        }
        return;
    }
    nlohmann::ordered_json changes = nlohmann::ordered_json::array();
    for (const auto& file : report.plan.files) {
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
    if (!fs::is_regular_file(status) && !fs::is_directory(status)) {
        fmt::print(stderr, "linkspan: {}: no such file or directory\n", options.path);
        return kNoInput;
    }
    Report report;
    if (auto planned = plan_edits(*asked, root, fs::is_directory(status), report);
        planned.has_error()) {
        fmt::print(stderr, "linkspan: {}\n", planned.error().message);
        return kNoInput;
    }
    if (options.write) {
        for (const auto& file : report.plan.files) {
            const auto written = replace_file(report.on_disk.at(file.path).string(), file.after);
            if (written.has_error()) {
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
