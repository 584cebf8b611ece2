#include "service/cli/commands.h"
#include "service/cli/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace linkspan::cli {
namespace {

// "serve", "policy select", …: made from the parser itself, so that it can't fall behind.
void collect(
    const CLI::App& app,
    const std::string& prefix,
    std::vector<std::pair<std::string, std::string>>& out
) {
    std::string words;
    for (const auto* child : app.get_subcommands([](const CLI::App*) { return true; })) {
        words += child->get_name() + " ";
        collect(*child, prefix + "_" + child->get_name(), out);
    }
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) words += "--" + name + " ";
    }
    out.emplace_back(prefix, words);
}

int completion(const CLI::App& app, const std::string& shell) {
    std::vector<std::pair<std::string, std::string>> lists;
    collect(app, "", lists);
    if (shell == "zsh") fmt::print("autoload -U +X bashcompinit && bashcompinit\n");
    fmt::print("_linkspan() {{\n");
    fmt::print("  local cur=${{COMP_WORDS[COMP_CWORD]}} path=\"\" w\n");
    fmt::print("  for w in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n");
    fmt::print(
        "    case \"$w\" in -*) ;; *) case \" $_linkspan_paths \" in *\" ${{path}}_$w \"*) "
        "path=${{path}}_$w ;; esac ;; esac\n"
    );
    fmt::print("  done\n  local words\n  case \"$path\" in\n");
    std::string paths;
    for (const auto& [path, words] : lists) {
        fmt::print("    \"{}\") words=\"{}\" ;;\n", path, words);
        paths += path + " ";
    }
    fmt::print("  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n");
    fmt::print("  [ ${{#COMPREPLY[@]}} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}}\n");
    fmt::print("_linkspan_paths=\"{}\"\ncomplete -F _linkspan linkspan\n", paths);
    return kOk;
}

}  // namespace

void add_completion(CLI::App& app, Run& run) {
    auto shell = std::make_shared<std::string>();
    auto* command = app.add_subcommand("completion", "Print shell completion");
    command->footer("Example: linkspan completion bash > /etc/bash_completion.d/linkspan");
    command->add_option("SHELL", *shell, "bash or zsh")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh"}));
    command->callback([&app, shell, &run] {
        run = [&app, shell] { return completion(app, *shell); };
    });
}

}  // namespace linkspan::cli
