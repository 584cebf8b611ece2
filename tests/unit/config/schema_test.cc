#include "config/schema.h"

#include "config/config.h"
#include "tests/unit/config/support.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <set>

namespace linkspan::config {
namespace {

using Json = nlohmann::json;
using test::TempDir;

const Json& schema() {
    static const Json parsed = Json::parse(json_schema());
    return parsed;
}

const Json& definition(const std::string& name) { return schema().at("definitions").at(name); }

TEST(SchemaTest, IsTheSameAtEveryCall) { EXPECT_EQ(json_schema(), json_schema()); }

// config/linkspan.schema.json is what editors are pointed at.
TEST(SchemaTest, TheFileInTheRepositoryIsCurrent) {
    const std::string file = std::string{LINKSPAN_SOURCE_DIR} + "/config/linkspan.schema.json";
    if (std::getenv("LINKSPAN_ACCEPT") != nullptr) {
        std::ofstream{file} << json_schema();
        GTEST_SKIP() << "written: " << file;
    }
    EXPECT_EQ(test::read(file), json_schema()) << "run unit_config with LINKSPAN_ACCEPT=1";
}

TEST(SchemaTest, EveryMappingRefusesUnknownKeysAndSaysWhatItIs) {
    const auto check = [](const std::string& name, const Json& mapping) {
        SCOPED_TRACE(name);
        EXPECT_EQ(mapping.at("additionalProperties"), false);
        EXPECT_FALSE(mapping.at("description").get<std::string>().empty());
        for (const auto& [key, value] : mapping.at("properties").items()) {
            SCOPED_TRACE(key);
            EXPECT_FALSE(value.at("description").get<std::string>().empty());
        }
    };
    check("linkspan", schema());
    for (const auto& [name, mapping] : schema().at("definitions").items()) check(name, mapping);
}

TEST(SchemaTest, DefaultsAreThoseOfTheTypes) {
    const Json& server = definition("server").at("properties");
    EXPECT_EQ(server.at("listen").at("default"), "0.0.0.0:8080");
    EXPECT_EQ(server.at("max_body").at("default"), "1MiB");
    EXPECT_EQ(server.at("idle_timeout").at("default"), "1m");
    EXPECT_EQ(server.at("max_connections").at("default"), 4096);
    EXPECT_EQ(definition("retry").at("properties").at("give_up_after").at("default"), "72h");
    EXPECT_EQ(definition("policy").at("properties").at("digest").at("default"), "keep");
    EXPECT_EQ(definition("registry").at("properties").at("insecure").at("default"), false);
    EXPECT_EQ(schema().at("properties").at("store").at("default"), "sqlite:linkspan.db");
}

TEST(SchemaTest, RequiredKeysAndChoices) {
    EXPECT_EQ(definition("target").at("required"), (Json{"name", "repository", "policies"}));
    EXPECT_EQ(
        definition("policy").at("properties").at("digest").at("enum"),
        (Json{"keep", "pin", "never"})
    );
    EXPECT_EQ(definition("secret").at("maxProperties"), 1);
}

// Asks python's jsonschema, which knows nothing of our loader.
class Validator {
public:
    Validator() {
        dir_.write("schema.json", json_schema());
        dir_.write("validate.py", R"(import json, sys
try:
    import jsonschema, yaml
except ImportError:
    sys.exit(77)
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
class Yaml12(yaml.SafeLoader):  # as we and editors read it: "on" is a text
    yaml_implicit_resolvers = {
        c: [(tag, expression) for tag, expression in rules if c in 'tTfF' or tag != 'tag:yaml.org,2002:bool']
        for c, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}
for name in sys.argv[2:]:
    errors = list(validator.iter_errors(yaml.load(open(name), Yaml12)))
    print('no:' if errors else 'yes', *(e.json_path + ' ' + e.message.replace('\n', ' ') for e in errors))
)");
    }
    // A line for each file: "yes", or "no:" and why. None when the packages are not installed.
    [[nodiscard]] std::vector<std::string> check(const std::vector<std::string>& files) const {
        std::string command =
            "python3 '" + dir_.path("validate.py") + "' '" + dir_.path("schema.json") + "'";
        for (const std::string& file : files) command += " '" + file + "'";
        command += " >'" + dir_.path("out") + "'";
        const int status = std::system(command.c_str());
        std::vector<std::string> answers;
        if (!WIFEXITED(status) || WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127) {
            return answers;
        }
        EXPECT_EQ(WEXITSTATUS(status), 0);
        std::istringstream out{test::read(dir_.path("out"))};
        for (std::string line; std::getline(out, line);) answers.push_back(line);
        return answers;
    }

private:
    TempDir dir_;
};

TEST(SchemaTest, AcceptsTheExamples) {
    std::vector<std::string> files;
    for (const std::string& name : test::example_names()) files.push_back(test::example(name));
    const auto answers = Validator{}.check(files);
    if (answers.empty()) GTEST_SKIP() << "needs python3 with jsonschema and yaml";
    ASSERT_EQ(answers.size(), files.size());
    for (std::size_t i = 0; i < files.size(); ++i) EXPECT_EQ(answers[i], "yes") << files[i];
}

TEST(SchemaTest, RefusesWhatTheLoaderRefuses) {
    const char* const cases[] = {
        "recievers: []\n",
        "server: { lisen: x }\n",
        "server: { tls: { certificate: a, key: b, chain: c } }\n",
        "server: { read_token: { file: a, mode: b } }\n",
        "server: { read_token: abc }\n",
        "server: { read_token: { file: a, env: B } }\n",
        "server: { max_connections: many }\n",
        "server: { max_connections: 0 }\n",
        "server: { max_body: 1MB }\n",
        "server: { idle_timeout: 30 }\n",
        "server: { listen: '' }\n",
        "retry: { inital: 1s }\n",
        "store: mysql://db\n",
        "receivers: [ { type: ci, auth: none } ]\n",
        "receivers: [ { name: a, type: nothing, auth: none } ]\n",
        "receivers: [ { name: a/b, type: ci, auth: none } ]\n",
        "receivers: [ { name: a, type: ci, auth: none, nmae: b } ]\n",
        "receivers: [ { name: a, type: ci, secrets: [] } ]\n",
        "receivers: [ { name: a, type: ci, auth: oidc, audience: [ { b: c } ] } ]\n",
        "receivers: [ { name: a, type: ci, auth: oidc, claims: { b: [ { c: d } ] } } ]\n",
        "receivers: [ { name: a, type: ci, auth: none, rewrites: [ { form: b, to: c } ] } ]\n",
        "receivers: [ { name: a, type: generic, auth: none, fields: { image: a, tags: b } } ]\n",
        "registries: [ { host: a, credentials: { user: b } } ]\n",
        "registries: [ { host: a, insecure: 'true' } ]\n",
        "repositories: [ { name: a, url: b, brnach: c } ]\n",
        "repositories: [ { name: a, url: b, author: { mail: c } } ]\n",
        "repositories: [ { name: a, url: b, credentials: { key: c } } ]\n",
        "policies: [ { name: a, image: b, select: { semvr: c } } ]\n",
        "policies: [ { name: a, image: b, select: { semver: { rnge: c } } } ]\n",
        "policies: [ { name: a, image: b, select: { semver: c, numerical: asc } } ]\n",
        "policies: [ { name: a, image: b, select: {} } ]\n",
        "policies: [ { name: a, image: b, select: { newest: { by: c } } } ]\n",
        "policies: [ { name: a, image: b, select: { regex: { patern: c } } } ]\n",
        "policies: [ { name: a, image: b, select: { regex: { pattern: c, compare: [ { nmae: d } ] "
        "} } } ]\n",
        "policies: [ { name: a, image: b, select: { numerical: up } } ]\n",
        "policies: [ { name: a, image: b, select: { semver: c }, tags: { patern: d } } ]\n",
        "policies: [ { name: a, image: b, select: { semver: c }, soak: half an hour } ]\n",
        "targets: [ { name: a, repository: b, policies: [ c ], path: d } ]\n",
        "targets: [ { name: a, repository: b, policies: [] } ]\n",
        "targets: [ { name: a, repository: b, policies: [ c ], find: [ all ] } ]\n",
        "targets: [ { name: a, repository: b, policies: [ c ], deliver: merge_request } ]\n",
    };
    const TempDir dir;
    std::vector<std::string> files;
    for (const char* text : cases) {
        EXPECT_FALSE(load_text(text, "c.yaml", {.check_references = false}).config) << text;
        files.push_back(dir.write(std::to_string(files.size()) + ".yaml", text));
    }
    const auto answers = Validator{}.check(files);
    if (answers.empty()) GTEST_SKIP() << "needs python3 with jsonschema and yaml";
    ASSERT_EQ(answers.size(), files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        EXPECT_TRUE(answers[i].starts_with("no:")) << cases[i];
    }
}

}  // namespace
}  // namespace linkspan::config
