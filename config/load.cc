// From bytes to a Config: read the tree, walk the mappings, put the problems in order.
#include "config/config.h"
#include "config/file.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/yaml.h"

#include <algorithm>
#include <filesystem>
#include <tuple>

namespace linkspan::config {

namespace {

namespace fs = std::filesystem;

std::string directory_of(const std::string& file_name) {
    std::error_code error;
    const fs::path whole = fs::absolute(file_name.empty() ? "." : file_name, error);
    return error ? "/" : whole.lexically_normal().parent_path().string();
}

std::vector<Diagnostic> diagnostics(const std::string& file, std::vector<Problem> problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.mark.line, a.mark.column) < std::tie(b.mark.line, b.mark.column);
    });
    std::vector<Diagnostic> out;
    for (Problem& problem : problems) {
        out.push_back({file, problem.mark.line, problem.mark.column, std::move(problem.message)});
    }
    return out;
}

void append(std::vector<Problem>& to, std::vector<Problem> from) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
}

// Defaults that depend on other values.
void complete(Config& config) {
    const fs::path database = fs::path{config.directory} / config.store.sqlite_path;
    config.store.sqlite_path = database.lexically_normal().string();
    if (config.data_dir.empty()) {
        config.data_dir = (fs::path{config.store.sqlite_path}.parent_path() / "data").string();
    }
}

}  // namespace

Loaded load_file(const std::string& path, LoadOptions options) {
    const auto content = read_file(path, kMaxText);
    if (content.has_error()) {
        return {.config = nullptr, .diagnostics = {{path, 1, 1, content.error().message}}};
    }
    return load_text(content->bytes, path, options);
}

Loaded load_text(std::string_view text, const std::string& file_name, LoadOptions options) {
    ParsedYaml parsed = parse_yaml(text);
    std::vector<Problem> problems = std::move(parsed.problems);
    auto config = std::make_shared<Config>();
    config->file = file_name;
    config->directory = directory_of(file_name);
    if (parsed.root) {
        Reader reader{config->directory, options};
        config_mapping().read(reader, *parsed.root, *config);
        append(problems, reader.take());
    }
    if (!problems.empty()) {
        return {.config = nullptr, .diagnostics = diagnostics(file_name, std::move(problems))};
    }
    complete(*config);
    return {.config = std::move(config), .diagnostics = {}};
}

LoadedPolicy load_policy(std::string_view text, const std::string& file_name) {
    ParsedYaml parsed = parse_yaml(text);
    std::vector<Problem> problems = std::move(parsed.problems);
    LoadedPolicy loaded;
    if (parsed.root) {
        // Selecting needs none of the files that it names.
        Reader reader{directory_of(file_name), {.check_references = false}};
        const Node* node = parsed.root.get();
        // Copied from a config with its dash.
        if (node->kind == Node::Kind::Sequence && node->items.size() == 1) {
            node = node->items[0].get();
        }
        lone_policy_mapping().read(reader, *node, loaded.policy.emplace());
        append(problems, reader.take());
    }
    loaded.diagnostics = diagnostics(file_name, std::move(problems));
    if (!loaded.diagnostics.empty()) loaded.policy.reset();
    return loaded;
}

}  // namespace linkspan::config
