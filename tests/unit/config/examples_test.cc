// Every example loads, with its secrets and files in place.
#include "config/config.h"
#include "tests/unit/config/support.h"

#include <gtest/gtest.h>

#include <memory>
#include <regex>

namespace linkspan::config {
namespace {

using test::Environment;
using test::TempDir;

std::vector<std::string> all(const std::string& text, const std::regex& pattern) {
    std::vector<std::string> found;
    for (std::sregex_iterator i{text.begin(), text.end(), pattern}, end; i != end; ++i) {
        found.push_back((*i)[2]);
    }
    return found;
}

class ExampleTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ExampleTest, Loads) {
    const TempDir dir;
    std::string text = test::read(test::example(GetParam()));
    // Absolute paths move under the temporary folder.
    text = std::regex_replace(text, std::regex{R"(: (/(run|etc|var)/))"}, ": " + dir.path() + "$1");
    text = std::regex_replace(text, std::regex{R"(sqlite:(/var/))"}, "sqlite:" + dir.path() + "$1");
    for (const std::string& file :
         all(text,
             std::regex{
                 R"(\b(file|docker_config|ssh_key|known_hosts|ca_file|certificate|key): ([^ ,}\n]+))"}
         )) {
        dir.write(
            file.starts_with('/') ? file.substr(dir.path().size() + 1) : file,
            "test-secret-not-real\n"
        );
    }
    std::vector<std::unique_ptr<Environment>> variables;
    for (const std::string& name : all(text, std::regex{R"(\b(env): ([A-Z_]+))"})) {
        variables.push_back(std::make_unique<Environment>(name, "test-secret-not-real"));
    }
    const Loaded loaded = load_file(dir.write("linkspan.yaml", text));
    EXPECT_EQ(test::lines(loaded.diagnostics), std::vector<std::string>{});
    ASSERT_TRUE(loaded.config);
    EXPECT_FALSE(loaded.config->receivers.empty());
    EXPECT_FALSE(loaded.config->targets.empty());
    // Nothing in an example is there without a use.
    for (const policy::Policy& policy : loaded.config->policies) {
        EXPECT_FALSE(match(*loaded.config, policy.image).empty()) << policy.name;
    }
}

TEST_P(ExampleTest, LoadsAsItStandsWithoutItsSecrets) {
    const Loaded loaded = load_file(test::example(GetParam()), {.check_references = false});
    EXPECT_EQ(test::lines(loaded.diagnostics), std::vector<std::string>{});
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
    return std::regex_replace(info.param, std::regex{"[^a-zA-Z0-9]"}, "_");
}

INSTANTIATE_TEST_SUITE_P(
    Examples, ExampleTest, ::testing::ValuesIn(test::example_names()), test_name
);

}  // namespace
}  // namespace linkspan::config
