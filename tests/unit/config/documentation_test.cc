// docs/configuration.md describes every key, no other, with its default; its examples load.
#include "config/schema.h"
#include "tests/unit/config/support.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <re2/re2.h>

#include <filesystem>
#include <map>
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
    std::string section;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) {
        if (RE2::FullMatch(line, R"re(<a id="(\w+)"></a>)re", &section)) {
            out[section];  // a mapping may have no key
        }
        std::string key;
        Row row;
        if (RE2::FullMatch(
                line,
                R"(\| `(\w+)` \| [^|]* \|([^|]*)\| (.*) \|)",
                &key,
                &row.default_value,
                &row.meaning
            )) {
            EXPECT_TRUE(out[section].emplace(key, row).second) << line;
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

std::vector<std::string> yaml_blocks(const std::string& text) {
    re2::StringPiece rest{text};
    std::vector<std::string> blocks;
    for (std::string one; RE2::FindAndConsume(&rest, "```yaml\n([^`]*)```", &one);) {
        blocks.push_back(one);
    }
    return blocks;
}

TEST(DocumentationTest, ItsExamplesLoad) {
    const auto blocks = yaml_blocks(document());
    EXPECT_GE(blocks.size(), 7U);
    for (const std::string& example : blocks) {
        SCOPED_TRACE(example);
        const Loaded loaded = load_text(example, "c.yaml", {.check_references = false});
        for (const Diagnostic& d : loaded.diagnostics) {
            // An example of one section may name things of another.
            EXPECT_TRUE(d.message.ends_with("; there are none")) << d.str();
        }
    }
}

// Other pages show receivers too: whole sections, or entries of one.
TEST(DocumentationTest, ReceiversOnOtherPagesLoad) {
    const std::string docs = std::string{LINKSPAN_SOURCE_DIR} + "/docs";
    int receivers = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{docs}) {
        if (entry.path().extension() != ".md") continue;
        const bool is_senders = entry.path().filename() == "senders.md";
        for (std::string block : yaml_blocks(test::read(entry.path().string()))) {
            if (is_senders && block.starts_with("- ")) block.insert(0, "receivers:\n");
            if (!block.starts_with("receivers:")) continue;
            SCOPED_TRACE(entry.path().filename().string() + ":\n" + block);
            ++receivers;
            const Loaded loaded = load_text(block, "c.yaml", {.check_references = false});
            EXPECT_EQ(test::lines(loaded.diagnostics), std::vector<std::string>{});
        }
    }
    EXPECT_GE(receivers, 20);
}

// Every block of yaml in a document that is a receiver, several, or a config with `receivers`.
std::vector<std::string> receiver_examples(const std::string& path) {
    std::vector<std::string> found;
    const std::string text = test::read(path);
    re2::StringPiece rest{text};
    for (std::string block; RE2::FindAndConsume(&rest, "(?s)```yaml\n(.*?)```", &block);) {
        if (block.starts_with("receivers:")) {
            found.push_back(block);
        } else if (RE2::PartialMatch(block, R"((?m)^- (?:\{ )?name: .*[\s,]+type: [a-z]+)") && !RE2::PartialMatch(block, R"((?m)^- name: .*\n  (?:image|http|container):)")) {
            found.push_back("receivers:\n" + block);
        } else if (block.starts_with("  fields:")) {
            found.push_back(
                "receivers:\n- name: r\n  type: github\n  secret: { env: SECRET }\n" + block
            );
        }
    }
    return found;
}

TEST(DocumentationTest, ReceiversOfSendersAndCiSystemsLoad) {
    const std::string docs = std::string{LINKSPAN_SOURCE_DIR} + "/docs/";
    std::vector<std::string> files{docs + "senders.md"};
    for (const auto& entry : std::filesystem::directory_iterator{docs + "ci"}) {
        if (entry.path().extension() == ".md") files.push_back(entry.path().string());
    }
    std::size_t examples = 0;
    for (const std::string& file : files) {
        for (const std::string& example : receiver_examples(file)) {
            SCOPED_TRACE(file + "\n" + example);
            ++examples;
            const Loaded loaded = load_text(example, "c.yaml", {.check_references = false});
            for (const Diagnostic& d : loaded.diagnostics) {
                EXPECT_TRUE(d.message.ends_with("; there are none")) << d.str();
            }
        }
    }
    EXPECT_GE(examples, 20U);
}

// What the documents advise exists, and answers that are promised are given.
TEST(DocumentationTest, SendersPromiseNothingThatIsNotThere) {
    const std::string text = test::read(std::string{LINKSPAN_SOURCE_DIR} + "/docs/senders.md");
    EXPECT_EQ(text.find("linkspan replay"), std::string::npos);
    EXPECT_EQ(text.find("429"), std::string::npos);
}

}  // namespace
}  // namespace linkspan::config
