// The short way through simple files holds what it says: where it answers, libyaml answers the
// same.

#include "core/manifest/simple_tree.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace linkspan::manifest {
namespace {

namespace fs = std::filesystem;

// True when the short way answered.
bool agrees(const std::string& text) {
    const auto quick = read_simple_tree(text, {});
    if (!quick) return false;
    const auto slow = read_tree_with_libyaml(text);
    if (!slow) {
        ADD_FAILURE() << "libyaml: " << slow.error().message << "\n" << text;
        return true;
    }
    EXPECT_TRUE(same_tree(*quick, *slow)) << text;
    return true;
}

constexpr const char* kDeployment = R"(# A service.
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: "app"   # quoted
  labels: {app.kubernetes.io/name: app, tier: "backend", empty: '', deep: {a: [1, 2]}}
  annotations:
spec:
  replicas: 2

  template:
    spec:
      containers:
      - name: app
        image: registry.example.com:5000/team/app:1.4.2@sha256:0123
        command: ["--listen", /bin/app, a:b]
        args:
          - --flag=value with blanks
          - 'single: quoted' # comment
          - -x
        ports: []
        env:
      # between
      - name: other
        resources: {}
---
- plain
- key: url://host:80/#fragment
  other:
    deeper: x #comment
- [a, {b: c}]
)";

TEST(SimpleTreeTest, ReadsWhatManifestsLookLike) {
    EXPECT_TRUE(agrees(kDeployment));
    EXPECT_TRUE(agrees(""));
    EXPECT_TRUE(agrees("# only a comment\n"));
    EXPECT_TRUE(agrees("a: 1"));
    EXPECT_TRUE(agrees("  a: 1\n  b:\n"));
    EXPECT_TRUE(agrees("a:\n- b\n- c: d\n  e:\n  - f\ng: h\n"));
    EXPECT_TRUE(agrees("---\na: 1\n--- # second\nb: 2\n"));
    EXPECT_TRUE(agrees("\"a b\": c\n'd':\n  \"e\": \"\"\n"));
}

TEST(SimpleTreeTest, GivesUpWhereItCouldBeWrong) {
    for (const char* text :
         {"a: &x 1\nb: *x\n",
          "a: !!str 1\n",
          "a: |\n  text\n",
          "a: one\n  two\n",
          "a: \"one\n  two\"\n",
          "a: \"\\x41\"\n",
          "a: 'it''s'\n",
          "? a\n: b\n",
          "a : b\n",
          "a: b: c\n",
          "a: \"b\": c\n",
          "a: \"b\"c\n",
          "- - a\n",
          "-\n  a: b\n",
          "a: - b\n",
          "a: {b: c,\n  d: e}\n",
          "a: {b}\n",
          "a: {b: c,}\n",
          "a: {b: }\n",
          "a: [b: c]\n",
          "a: [b c]\n",
          "a: {{ x }}\n",
          "a: b\n c: d\n",
          "  a: b\nc: d\n",
          "a: b\n- c\n",
          "- a\nb: c\n",
          "text\n",
          "a:\n  text\n",
          "---\n",
          "a: 1\n---\n",
          "---\n---\na: 1\n",
          "--- a\n",
          "a: 1\n...\n",
          "%YAML 1.2\n---\na: 1\n",
          "a:\tb\n",
          "a: b\r\n",
          "a: \xC3\xA4\n",
          "a: @b\n",
          "a: `b`\n",
          "a: %b\n",
          "{\"a\": 1}\n"}) {
        EXPECT_FALSE(read_simple_tree(text, {}).has_value()) << text;
    }
}

TEST(SimpleTreeTest, LimitsHold) {
    EXPECT_FALSE(read_simple_tree("a:\n  b:\n    c: d\n", {.depth = 2}).has_value());
    EXPECT_FALSE(read_simple_tree("a: b\nc: d\n", {.nodes = 4}).has_value());
    std::string deep = "a: ";
    for (int i = 0; i < 100; ++i) deep += '[';
    EXPECT_FALSE(read_simple_tree(deep, {}).has_value());
    EXPECT_FALSE(read_simple_tree("a: " + std::string(2'000, 'x') + "\n", {}).has_value());
}

TEST(SimpleTreeTest, GoldensAreReadTheSame) {
    std::size_t answered = 0;
    for (const auto& entry :
         fs::recursive_directory_iterator{fs::path{LINKSPAN_SOURCE_DIR} / "tests/golden/yaml"}) {
        if (!entry.is_regular_file()) continue;
        std::ifstream in{entry.path(), std::ios::binary};
        std::ostringstream text;
        text << in.rdbuf();
        SCOPED_TRACE(entry.path().string());
        answered += agrees(text.str()) ? 1 : 0;
    }
    EXPECT_GT(answered, 20U);
}

// Pieces that YAML is made of, in any order: most are no YAML at all, and some of it is.
TEST(SimpleTreeTest, RandomPiecesAreReadTheSame) {
    const std::vector<std::string> pieces{
        "a",
        "b: ",
        "c:",
        ":",
        "- ",
        "-",
        "--",
        "---",
        "...",
        "\n",
        "\n",
        "\n",
        "\n  ",
        "\n  ",
        "\n    ",
        "\n- ",
        "\n  - ",
        " ",
        "  ",
        "#",
        " #",
        " # x",
        "\"",
        "\"q\"",
        "'s'",
        "''",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ",",
        "{a: b}",
        "[a, b]",
        "{}",
        "[]",
        "&x ",
        "*x",
        "!t ",
        "|",
        ">",
        "?",
        "? ",
        "%",
        "@",
        "1",
        "~",
        "<<: ",
        ".",
        "/",
        "\\",
        "$(X)",
        "{{",
        "}}",
        "=",
        "x:y",
        "::",
        "@",
        "key: value",
        "\nkey: value",
        "\n  key: value",
        "\n- key: value",
        "\n  key:",
        "\nkey:"};
    std::mt19937 random{20'261'121};
    const auto below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>{0, n - 1}(random);
    };
    std::size_t answered = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string text;
        for (std::size_t n = 1 + below(10); n > 0; --n) text += pieces[below(pieces.size())];
        answered += agrees(text) ? 1 : 0;
        if (HasFailure()) return;
    }
    EXPECT_GT(answered, 10'000U);
}

// A file of the kind that is read here, with one or two wounds.
TEST(SimpleTreeTest, DamagedFilesAreReadTheSame) {
    const std::string whole = kDeployment;
    const std::string letters = "\n\n  --::##\"'{}[],a&*!|>%@?=.";
    std::mt19937 random{7};
    const auto below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>{0, n - 1}(random);
    };
    std::size_t answered = 0;
    for (int round = 0; round < 30'000; ++round) {
        std::string text = whole;
        for (std::size_t n = 1 + below(2); n > 0; --n) {
            const std::size_t at = below(text.size());
            switch (below(3)) {
                case 0:
                    text.erase(at, 1 + below(4));
                    break;
                case 1:
                    text.insert(at, 1, letters[below(letters.size())]);
                    break;
                default:
                    text[at] = letters[below(letters.size())];
            }
        }
        answered += agrees(text) ? 1 : 0;
        if (HasFailure()) return;
    }
    EXPECT_GT(answered, 3'000U);
}

}  // namespace
}  // namespace linkspan::manifest
