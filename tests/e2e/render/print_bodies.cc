// print_bodies FOLDER: bodies of pull requests as Markdown, one file for each kind.
#include "../../unit/plan/pull_request_samples.h"
#include "core/plan/pull_request_state.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace linkspan::plan;

struct Body {
    std::string name;
    Proposal proposal;
    TextOptions options{};
};

TextOptions as_on(const char* platform) {
    TextOptions options;
    options.link = "https://linkspan.example.com/v1/deliveries/{id}";
    const std::string_view name = platform;
    if (name == "azure") {
        options.body_limit = 4000;
        options.closing = "Abandon";
    } else if (name == "bitbucket") {
        options.body_limit = 32768;
        options.html_comments = false;
        options.checkboxes = false;
        options.closing = "Decline";
    }
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 64;
    namespace s = samples;
    std::vector<Body> bodies{
        {"single", s::single(), as_on("github")},
        {"group-of-30", s::group(30), as_on("github")},
        {"digest-only", s::digest_only(), as_on("github")},
        {"rollback", s::rollback(), as_on("github")},
        {"refused-signature", s::refused(), as_on("github")},
        {"soaking", s::soaking(), as_on("github")},
        {"longest", s::longest(), as_on("github")},
        {"other-scripts", s::other_scripts(), as_on("github")},
        {"hostile", s::hostile(), as_on("github")},
        {"group-of-300", s::group(300), as_on("github")},
        {"single-azure", s::single(), as_on("azure")},
        {"group-of-30-azure", s::group(30), as_on("azure")},
        {"longest-azure", s::longest(), as_on("azure")},
        {"hostile-azure", s::hostile(), as_on("azure")},
        {"soaking-bitbucket", s::soaking(), as_on("bitbucket")},
        {"group-of-300-bitbucket", s::group(300), as_on("bitbucket")},
        {"hostile-bitbucket", s::hostile(), as_on("bitbucket")},
    };
    for (std::size_t i = 0; i < s::kHostileTexts.size(); ++i) {
        for (const char* platform : {"github", "bitbucket"}) {
            bodies.push_back(
                {"hostile-" + std::to_string(i) + "-" + platform,
                 s::hostile(s::kHostileTexts[i]),
                 as_on(platform)}
            );
        }
    }
    for (const auto& one : bodies) {
        const auto text = body_of(one.proposal, one.options);
        if (text.has_error()) {
            std::fprintf(stderr, "%s: %s\n", one.name.c_str(), text.error().message.c_str());
            return 1;
        }
        std::ofstream{std::string{argv[1]} + "/" + one.name + ".md"}
            << put_into("", *text, one.options.html_comments, one.options.body_limit) << "\n";
    }
    return 0;
}
