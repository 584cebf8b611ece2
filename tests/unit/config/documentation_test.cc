// docs/configuration.md describes every key, no other, with its default; its examples load.
#include "config/schema.h"
#include "tests/unit/config/support.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <regex>
#include <set>

namespace linkspan::config {
namespace {

using Json = nlohmann::json;

struct Row {
    std::string default_value;
    std::string meaning;
};

// Anchor of a section (the name of its mapping) → its table.
std::map<std::string, std::map<std::string, Row>> tables(const std::string& text) {
    std::map<std::string, std::map<std::string, Row>> out;
    const std::regex anchor{R"re(<a id="(\w+)"></a>)re"};
    const std::regex row{R"(\| `(\w+)` \| ([^|]*) \|([^|]*)\| (.*) \|)"};
    std::string section;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) {
        std::smatch m;
        if (std::regex_match(line, m, anchor)) {
            section = m[1];
            out[section];  // a mapping may have no key
        }
        if (std::regex_match(line, m, row)) {
            EXPECT_TRUE(out[section].emplace(m[1], Row{m[3], m[4]}).second) << line;
        }
    }
    return out;
}

const std::string& document() {
    static const std::string text =
        test::read(std::string{LINKSPAN_SOURCE_DIR} + "/docs/configuration.md");
    return text;
}

TEST(DocumentationTest, DescribesEveryKeyAndNoOther) {
    const auto documented = tables(document());
    const Json schema = Json::parse(json_schema());
    Json mappings = schema.at("definitions");
    mappings["linkspan"] = schema;
    for (const auto& [name, mapping] : mappings.items()) {
        SCOPED_TRACE(name);
        ASSERT_TRUE(documented.contains(name));
        std::set<std::string> known;
        std::set<std::string> described;
        for (const auto& [key, value] : mapping.at("properties").items()) known.insert(key);
        for (const auto& [key, row] : documented.at(name)) described.insert(key);
        EXPECT_EQ(described, known);
    }
    EXPECT_EQ(documented.size(), mappings.size());
}

TEST(DocumentationTest, SaysTheDefaultsAndWhatIsRequired) {
    const auto documented = tables(document());
    const Json schema = Json::parse(json_schema());
    Json mappings = schema.at("definitions");
    mappings["linkspan"] = schema;
    for (const auto& [name, mapping] : mappings.items()) {
        const Json required = mapping.value("required", Json::array());
        for (const auto& [key, value] : mapping.at("properties").items()) {
            SCOPED_TRACE(name + "." + key);
            const std::string& said = documented.at(name).at(key).default_value;
            const bool is_required =
                std::find(required.begin(), required.end(), key) != required.end();
            EXPECT_EQ(said.find("*required*") != std::string::npos, is_required);
            if (value.contains("default")) {
                const Json& fallback = value.at("default");
                const std::string text =
                    fallback.is_string() ? fallback.get<std::string>() : fallback.dump();
                EXPECT_NE(said.find(text), std::string::npos) << text;
            }
        }
    }
}

TEST(DocumentationTest, NamesEveryChoice) {
    const auto documented = tables(document());
    const Json definitions = Json::parse(json_schema()).at("definitions");
    for (const auto& [name, mapping] : definitions.items()) {
        for (const auto& [key, value] : mapping.at("properties").items()) {
            for (const Json& choice : value.value("enum", Json::array())) {
                SCOPED_TRACE(name + "." + key);
                const std::string word = "`" + choice.get<std::string>() + "`";
                EXPECT_NE(documented.at(name).at(key).meaning.find(word), std::string::npos)
                    << word;
            }
        }
    }
}

TEST(DocumentationTest, ItsExamplesLoad) {
    const std::regex block{R"(```yaml\n([^`]*)```)"};
    int examples = 0;
    for (std::sregex_iterator i{document().begin(), document().end(), block}, end; i != end; ++i) {
        SCOPED_TRACE((*i)[1]);
        ++examples;
        const Loaded loaded = load_text((*i)[1].str(), "c.yaml", {.check_references = false});
        for (const Diagnostic& d : loaded.diagnostics) {
            // An example of one section may name things of another.
            EXPECT_TRUE(d.message.ends_with("; there are none")) << d.str();
        }
    }
    EXPECT_GE(examples, 7);
}

}  // namespace
}  // namespace linkspan::config
