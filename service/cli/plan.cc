// linkspan plan: what the service would do now, without doing it.
#include "config/config.h"
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"
#include "service/pipeline/preview.h"
#include "service/pipeline/trail_json.h"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::cli {
namespace asio = boost::asio;
namespace {

struct Options {
    std::string config;
    std::vector<std::string> images;
    std::string output = "text";
};

// A folder that goes away with everything in it.
class Folder {
public:
    Folder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "linkspan-plan-XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

Result<std::vector<pipeline::PreviewImage>> read_images(const std::vector<std::string>& texts) {
    std::vector<pipeline::PreviewImage> images;
    for (const auto& text : texts) {
        auto reference = image::ImageReference::parse(text);
        if (reference.has_error()) return reference.error().within("--image");
        images.push_back({.image = reference->name, .tag = reference->tag});
    }
    return images;
}

std::string indented(const std::string& text) {
    std::string out;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, end - at);
        out += line.empty() ? "\n" : "    " + line + "\n";
        at = end + 1;
    }
    return out;
}

void print_text(const pipeline::Preview& preview) {
    for (const auto& item : preview.items) {
        fmt::print(
            "{} {} {}:{}: {}{}{}\n",
            item.target,
            item.policy,
            item.image,
            item.selected.value_or("-"),
            item.verdict,
            item.reason.empty() ? "" : ": ",
            item.reason
        );
        if (!item.why.empty()) fmt::print("    {}\n", item.why);
        for (const auto& line : item.gates) {
            fmt::print(
                "    {}: {}: {}{}\n",
                line.gate,
                policy::outcome_name(line.outcome),
                line.reason,
                line.until ? " (until " + pipeline::rfc3339(*line.until) + ")" : std::string{}
            );
        }
        for (const auto& note : item.notes) fmt::print("    {}\n", note);
    }
    for (const auto& commit : preview.commits) {
        fmt::print("\ncommit to {} of {}\n\n", commit.branch, commit.repository);
        fmt::print("{}\n{}", indented(commit.message), commit.diff);
    }
    for (const auto& one : preview.proposals) {
        fmt::print("\npull request from {} in {}\n\n", one.branch, one.repository);
        fmt::print("    {}\n\n{}\n{}", one.title, indented(one.body), one.diff);
    }
}

void print_json(const pipeline::Preview& preview) {
    using Json = nlohmann::ordered_json;
    Json items = Json::array();
    for (const auto& item : preview.items) {
        Json gates = Json::array();
        for (const auto& line : item.gates) {
            Json gate{
                {"gate", std::string{line.gate}},
                {"outcome", std::string{policy::outcome_name(line.outcome)}},
                {"reason", line.reason}};
            if (line.until) gate["until"] = pipeline::rfc3339(*line.until);
            gates.push_back(std::move(gate));
        }
        items.push_back(
            {{"target", item.target},
             {"policy", item.policy},
             {"image", item.image},
             {"verdict", item.verdict},
             {"selected", item.selected ? Json(*item.selected) : Json(nullptr)},
             {"why", item.why},
             {"reason", item.reason},
             {"gates", std::move(gates)},
             {"notes", item.notes}}
        );
    }
    Json commits = Json::array();
    for (const auto& commit : preview.commits) {
        commits.push_back(
            {{"repository", commit.repository},
             {"branch", commit.branch},
             {"message", commit.message},
             {"diff", commit.diff}}
        );
    }
    Json proposals = Json::array();
    for (const auto& one : preview.proposals) {
        proposals.push_back(
            {{"repository", one.repository},
             {"target", one.target},
             {"group", one.group},
             {"branch", one.branch},
             {"title", one.title},
             {"body", one.body},
             {"message", one.message},
             {"diff", one.diff}}
        );
    }
    const Json out{{"decisions", items}, {"commits", commits}, {"pull_requests", proposals}};
    fmt::print("{}\n", out.dump(-1, ' ', false, Json::error_handler_t::replace));
}

int plan(const Options& options) {
    config::Loaded loaded = config::load_file(options.config);
    if (!loaded.config) {
        for (const auto& problem : loaded.diagnostics) fmt::print(stderr, "{}\n", problem.str());
        return kMalformed;
    }
    auto images = read_images(options.images);
    if (images.has_error()) {
        fmt::print(stderr, "linkspan: {}\n", images.error().message);
        return kMalformed;
    }
    const Folder folder;
    if (folder.path().empty()) {
        fmt::print(stderr, "linkspan: no folder can be made for temporary files\n");
        return kNoInput;
    }
    auto store = store::Store::open(":memory:");
    if (store.has_error()) {
        fmt::print(stderr, "linkspan: {}\n", store.error().message);
        return kNoInput;
    }
    store::Writer writer{std::move(*store)};
    asio::io_context context;
    std::optional<pipeline::Preview> preview;
    pipeline::PreviewOptions how{.directory = folder.path(), .images = std::move(*images)};
    asio::co_spawn(
        context,
        pipeline::preview(context.get_executor(), loaded.config, writer, std::move(how)),
        [&preview](std::exception_ptr failure, pipeline::Preview made) {
            if (failure) std::rethrow_exception(failure);
            preview = std::move(made);
        }
    );
    context.run();
    if (options.output == "json") {
        print_json(*preview);
    } else {
        print_text(*preview);
    }
    const auto& items = preview->items;
    if (items.empty()) {
        fmt::print(stderr, "linkspan: no target follows a policy for such an image\n");
        return kNegative;
    }
    const bool failed = std::any_of(items.begin(), items.end(), [](const auto& item) {
        return item.verdict == "failed";
    });
    return failed ? kNegative : kOk;
}

}  // namespace

void add_plan(CLI::App& app, Run& run) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "plan", "Show what the service would do now: decisions, diffs, messages. Changes nothing"
    );
    command->footer(
        "Asks the registries and fetches the repositories of the configuration into a temporary "
        "folder. What only a running\nservice knows is not part of it: holds, what people undid, "
        "since when an image is known.\n"
        "Exit code 1 when something could not be asked.\n"
        "Example: linkspan plan --config linkspan.yaml\n"
        "         linkspan plan --config linkspan.yaml --image registry.example.com/acme/app:1.4.0"
    );
    command->add_option("--config", options->config, "The configuration")->required();
    command
        ->add_option(
            "--image", options->images, "HOST/REPO[:TAG]: only this image, as if TAG was pushed"
        )
        ->expected(1)
        ->take_all();
    command->add_option("--output", options->output, "text or json")
        ->check(CLI::IsMember({"json", "text"}))
        ->capture_default_str();
    command->callback([options, &run] { run = [options] { return plan(*options); }; });
}

}  // namespace linkspan::cli
