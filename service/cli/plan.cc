// linkspan plan: what the service would do now, without doing it.
#include "config/config.h"
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"
#include "service/pipeline/preview.h"
#include "service/pipeline/trail_json.h"
#include "service/store/beside.h"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <stdlib.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
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
    std::vector<std::string> targets;
    std::vector<std::string> policies;
    std::string data_dir;
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
    ~Folder() { remove(); }
    void remove() const {
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

// A typing error must not look like "nothing to do".
Status check_names(const config::Config& config, const Options& options) {
    for (const auto& name : options.targets) {
        if (config.target(name) == nullptr) {
            return Error{
                Errc::InvalidInput,
                fmt::format("--target: there is no target \"{}\" in {}", name, config.file)};
        }
    }
    for (const auto& name : options.policies) {
        if (config.policy(name) == nullptr) {
            return Error{
                Errc::InvalidInput,
                fmt::format("--policy: there is no policy \"{}\" in {}", name, config.file)};
        }
    }
    return {};
}

// The service's own mirrors have one user: it.
bool is_of_the_service(const std::string& directory, const config::Config& config) {
    std::error_code ignored;
    const auto given = std::filesystem::weakly_canonical(directory, ignored);
    const auto service = std::filesystem::weakly_canonical(config.data_dir, ignored);
    return given == service || given == service / "mirrors";
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
        fmt::print("    {}\n\n{}\n", one.title, indented(one.body));
        fmt::print("commit message\n\n{}\n{}", indented(one.message), one.diff);
    }
}

void print_forgotten(const pipeline::Preview& preview) {
    if (!preview.forgotten) return;
    fmt::print(
        "\nWhat people hold, closed or undid is not known here ({}): what is shown may be held.\n",
        *preview.forgotten
    );
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
    Json holds{{"known", !preview.forgotten}};
    if (preview.forgotten) holds["why"] = *preview.forgotten;
    const Json out{
        {"decisions", items}, {"commits", commits}, {"pull_requests", proposals}, {"holds", holds}};
    fmt::print("{}\n", out.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// Ctrl-C leaves no folder behind. What the threads have under way ends with the process.
void end_at_signal(asio::signal_set& signals, const Folder& folder) {
    signals.async_wait([&folder](const boost::system::error_code& error, int signal) {
        if (error) return;
        folder.remove();
        std::_Exit(128 + signal);
    });
}

int plan(const Options& options) {
    // A laptop has other secrets than the service: who needs one that is not there says so.
    config::Loaded loaded =
        config::load_file(options.config, {.check_references = false, .read_what_is_there = true});
    if (!loaded.config) {
        for (const auto& problem : loaded.diagnostics) fmt::print(stderr, "{}\n", problem.str());
        return kNegative;
    }
    const auto complain = [](const std::string& text, ExitCode code) {
        fmt::print(stderr, "linkspan: {}\n", text);
        return code;
    };
    auto images = read_images(options.images);
    if (images.has_error()) return complain(images.error().message, kMalformed);
    if (auto known = check_names(*loaded.config, options); known.has_error()) {
        return complain(known.error().message, kUsage);
    }
    const Folder folder;
    if (folder.path().empty()) {
        return complain("no folder can be made for temporary files", kNoInput);
    }
    std::string directory = folder.path();
    if (!options.data_dir.empty()) {
        if (is_of_the_service(options.data_dir, *loaded.config)) {
            return complain("--data-dir: this is the service's own; name another folder", kUsage);
        }
        directory = options.data_dir;
        std::error_code failure;
        std::filesystem::create_directories(directory, failure);
        if (failure) return complain(directory + ": " + failure.message(), kNoInput);
    }
    auto store = store::Store::open(":memory:");
    if (store.has_error()) return complain(store.error().message, kNoInput);
    store::Writer writer{std::move(*store)};
    // Of the service, which may be running: only read.
    std::unique_ptr<store::Writer> known;
    auto beside = store::open_beside(loaded.config->store.sqlite_path);
    if (beside.has_value()) known = std::make_unique<store::Writer>(std::move(*beside));
    asio::io_context context;
    std::optional<pipeline::Preview> preview;
    pipeline::PreviewOptions how{
        .directory = directory,
        .images = std::move(*images),
        .targets = options.targets,
        .policies = options.policies};
    asio::signal_set signals{context, SIGINT, SIGTERM};
    end_at_signal(signals, folder);
    asio::co_spawn(
        context,
        pipeline::preview(
            context.get_executor(), loaded.config, writer, known.get(), std::move(how)
        ),
        [&preview, &signals](std::exception_ptr failure, pipeline::Preview made) {
            signals.cancel();
            if (failure) std::rethrow_exception(failure);
            preview = std::move(made);
        }
    );
    context.run();
    if (beside.has_error()) preview->forgotten = beside.error().message;
    if (options.output == "json") {
        print_json(*preview);
    } else {
        print_text(*preview);
        print_forgotten(*preview);
    }
    const auto& items = preview->items;
    if (items.empty()) {
        return complain("no target follows such an image or policy", kNegative);
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
        "folder. Only the secrets that this\nneeds must be there. Where the service's store is on "
        "this machine, it is read, beside a running service too: what\npeople hold, closed or "
        "undid "
        "counts. Since when an image is known does not: a soak begins now.\n"
        "Exit code 1 when something could not be asked, 64 for a name that the configuration does "
        "not have.\n"
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
    command->add_option("--target", options->targets, "Only this target")->expected(1)->take_all();
    command->add_option("--policy", options->policies, "Only this policy: NAME or NAMESPACE:NAME")
        ->expected(1)
        ->take_all();
    command->add_option(
        "--data-dir",
        options->data_dir,
        "Keep the fetched repositories in this folder, so that the next look is quicker"
    );
    command->add_option("--output", options->output, "text or json")
        ->check(CLI::IsMember({"json", "text"}))
        ->capture_default_str();
    command->callback([options, &run] { run = [options] { return plan(*options); }; });
}

}  // namespace linkspan::cli
