#include "config/yaml.h"

#include <gtest/gtest.h>

namespace linkspan::config {
namespace {

std::vector<std::string> problems(std::string_view text) {
    std::vector<std::string> out;
    for (const Problem& p : parse_yaml(text).problems) {
        out.push_back(
            std::to_string(p.mark.line) + ":" + std::to_string(p.mark.column) + ": " + p.message
        );
    }
    return out;
}

using Problems = std::vector<std::string>;

TEST(YamlTest, ReadsATreeWithPositions) {
    const auto parsed = parse_yaml("a: 1\nb:\n  - x\n  - \"y\"\nc: {d: , e: ~}\n");
    ASSERT_TRUE(parsed.root);
    ASSERT_TRUE(parsed.problems.empty());
    const Node& root = *parsed.root;
    ASSERT_EQ(root.members.size(), 3U);
    EXPECT_EQ(root.find("a")->text, "1");
    EXPECT_FALSE(root.find("a")->quoted);
    EXPECT_EQ(root.find("a")->mark.line, 1U);
    EXPECT_EQ(root.find("a")->mark.column, 4U);
    EXPECT_EQ(root.members[1].mark.line, 2U);
    EXPECT_EQ(root.members[1].mark.column, 1U);
    const Node& list = *root.find("b");
    ASSERT_EQ(list.items.size(), 2U);
    EXPECT_TRUE(list.items[1]->quoted);
    EXPECT_EQ(list.items[1]->mark.line, 4U);
    EXPECT_EQ(list.items[1]->mark.column, 5U);
    EXPECT_EQ(root.find("c")->find("d")->kind, Node::Kind::Null);
    EXPECT_EQ(root.find("c")->find("e")->kind, Node::Kind::Null);
    EXPECT_EQ(root.find("z"), nullptr);
}

TEST(YamlTest, ColumnsCountCharacters) {
    const auto parsed = parse_yaml("\xEF\xBB\xBF{\"äöü\": x}\n");
    ASSERT_TRUE(parsed.root);
    EXPECT_EQ(parsed.root->members[0].value->mark.column, 9U);
}

TEST(YamlTest, LineBreaksOfEveryKind) {
    const auto parsed = parse_yaml("a: 1\r\nb: 2\r\n");
    ASSERT_TRUE(parsed.root);
    EXPECT_EQ(parsed.root->find("b")->text, "2");
    EXPECT_EQ(parsed.root->find("b")->mark.line, 2U);
}

TEST(YamlTest, AliasesShareTheirValue) {
    const auto parsed = parse_yaml("a: &x {b: 1}\nc: *x\n");
    ASSERT_TRUE(parsed.root);
    EXPECT_EQ(parsed.root->find("c")->find("b")->text, "1");
}

TEST(YamlTest, Problems) {
    struct Case {
        std::string name;
        std::string text;
        Problems expected;
    };
    const Case cases[] = {
        {"empty", "", {"1:1: the file is empty"}},
        {"only white space", "\n\n  \n", {"1:1: the file is empty"}},
        {"only comments", "# nothing\n", {"1:1: the file is empty"}},
        {"only a document mark", "---\n", {"1:1: the file is empty"}},
        {"null", "~\n", {"1:1: the file is empty"}},
        {"duplicate key",
         "a: 1\nb: 2\na: 3\n",
         {"3:1: the key \"a\" is given twice; it is on line 1 already"}},
        {"duplicate key inside",
         "x:\n  - {k: 1, k: 2}\n",
         {"2:12: the key \"k\" is given twice; it is on line 2 already"}},
        {"second document",
         "a: 1\n---\nb: 2\n",
         {"2:1: a second YAML document; the configuration is one document, remove the \"---\""}},
        {"tag",
         "a: !!binary aGk=\n",
         {"1:4: the tag \"tag:yaml.org,2002:binary\" has no meaning here; remove it"}},
        {"own tag", "a: !vault x\n", {"1:4: the tag \"!vault\" has no meaning here; remove it"}},
        {"merge key",
         "a: &a {b: 1}\nc:\n  <<: *a\n",
         {"3:3: merge keys (\"<<\") are not understood; give an alias as a whole value"}},
        {"mapping as key", "{a: 1}: 2\n", {"1:1: a key has to be plain text"}},
        {"template left over", "a: {{ secret }}\n", {"1:5: a key has to be plain text"}},
        {"not UTF-8",
         "a: 1\nb: x\xFFy\n",
         {"2:5: byte 0xff is not UTF-8; save the file in that encoding"}},
        {"UTF-16",
         std::string{
             "\xFF\xFE"
             "a\0",
             4},
         {"1:1: byte 0xff is not UTF-8; save the file in that encoding"}},
        {"surrogate",
         "a: \xED\xA0\x80\n",
         {"1:4: byte 0xed is not UTF-8; save the file in that encoding"}},
        {"overlong",
         "a: \xC0\xAF\n",
         {"1:4: byte 0xc0 is not UTF-8; save the file in that encoding"}},
        {"cut sequence",
         "a: \xE2\x82",
         {"1:4: byte 0xe2 is not UTF-8; save the file in that encoding"}},
        {"NUL", std::string{"a: \0\n", 5}, {"1:4: control character 0x00; remove it"}},
        {"what the parser takes for the end",
         "a: 1\n\x04\nb: 2\n",
         {"2:1: control character 0x04; remove it"}},
        {"alias to itself", "a: &a [*a]\n", {"1:8: this alias refers to a value that holds it"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(problems(c.text), c.expected);
    }
}

TEST(YamlTest, SyntaxErrorsHaveTheirPlace) {
    const char* const cases[] = {
        "a: [1, 2\n",
        "a: b: c\n",
        "a: 'x",
        "a: \"x\n",
        "a:\n\t- x\n",
        "a: *nothing\n",
        "- a\nb: c\n",
        "a: \"\\q\"\n",
        "%YAML 9.9\n---\na: 1\n"};
    for (const char* text : cases) {
        SCOPED_TRACE(text);
        const auto parsed = parse_yaml(text);
        EXPECT_FALSE(parsed.root);
        ASSERT_EQ(parsed.problems.size(), 1U);
        EXPECT_TRUE(parsed.problems[0].message.starts_with("YAML syntax: "));
        EXPECT_GE(parsed.problems[0].mark.line, 1U);
    }
    EXPECT_EQ(parse_yaml("a: 1\nb: b: c\n").problems[0].mark.line, 2U);
}

TEST(YamlTest, QuotedTextsEndWhereTheyShould) {
    struct Case {
        std::string text;
        std::string expected;  // value of a; empty: refused
    };
    const Case cases[] = {
        {"a: 'it''s'\n", "it's"},
        {"a: \"say \\\"x\\\"\"\n", "say \"x\""},
        {"a: &anchor 'x'\nb: *anchor\n", "x"},
        {"a: !!str \"x\" # it's\n", "x"},
        {"a: |\n  it's\n", "it's\n"},
        {"a: it's\n", "it's"},
        {"a: 'x\nb: 1\n", ""},
        {"a: 'x''\n", ""},
        {"a: \"x\\\"\nb: 1\n", ""},
        {"a: &anchor \"x\n", ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto parsed = parse_yaml(c.text);
        ASSERT_EQ(parsed.root != nullptr, !c.expected.empty());
        if (parsed.root) {
            EXPECT_EQ(parsed.root->find("a")->text, c.expected);
        }
    }
}

TEST(YamlTest, DepthIsBounded) {
    EXPECT_TRUE(parse_yaml(std::string(kMaxDepth, '[') + std::string(kMaxDepth, ']')).root);
    for (const char* opening : {"[", "{a: ", "- ", "? "}) {
        SCOPED_TRACE(opening);
        std::string text;
        for (int i = 0; i < 20'000; ++i) text += opening;
        const auto parsed = parse_yaml(text);
        EXPECT_FALSE(parsed.root);
        EXPECT_EQ(parsed.problems.size(), 1U);
    }
}

TEST(YamlTest, AliasBombsAreRefused) {
    std::string text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
    for (int i = 1; i < 12; ++i) {
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int k = 0; k < 9; ++k) text += (k > 0 ? ", *a" : "*a") + std::to_string(i - 1);
        text += "]\n";
    }
    const auto parsed = parse_yaml(text);
    EXPECT_FALSE(parsed.root);
    ASSERT_EQ(parsed.problems.size(), 1U);
    EXPECT_EQ(
        parsed.problems[0].message, "the aliases expand to more than a configuration can need"
    );
}

TEST(YamlTest, ALongTextThatIsRepeatedByAliasesIsRefused) {
    std::string text = "a: &a \"" + std::string(1 << 20, 'x') + "\"\nb: [";
    for (int i = 0; i < 20; ++i) text += "*a, ";
    EXPECT_FALSE(parse_yaml(text + "]\n").root);
}

TEST(YamlTest, AHugeFileIsRefused) {
    EXPECT_EQ(
        problems(std::string(kMaxText + 1, '#')),
        (Problems{"1:1: the file has 4194305 bytes; at most 4194304 are read"})
    );
}

}  // namespace
}  // namespace linkspan::config
