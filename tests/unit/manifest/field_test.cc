#include "core/manifest/field.h"

#include "core/manifest/edit.h"
#include "core/manifest/field_path.h"
#include "tests/unit/manifest/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::manifest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> values_at(std::string_view path, std::string_view text) {
    const auto parsed = FieldPath::parse(path);
    if (!parsed) return {"error: " + parsed.error().message};
    const auto tree = read_tree(text);
    std::vector<std::string> out;
    for (const NodeId root : tree->roots) {
        for (const NodeId id : parsed->find(*tree, root)) {
            out.emplace_back((*tree)[id].kind == NodeKind::Scalar ? (*tree)[id].text : "{}");
        }
    }
    return out;
}

TEST(FieldPathTest, LeadsToValues) {
    const char* text = R"(kind: A
spec:
  containers:
  - {name: app, image: a}
  - {name: side, image: b, "x.y": c}
  - &last {name: "z]", image: d, meta: {id: 7}}
  copy: *last
  "*": star
---
kind: B
spec: {containers: [{name: app, image: e}]}
)";
    struct Case {
        const char* path;
        std::vector<std::string> expected;
    };
    const Case cases[] = {
        {"kind", {"A", "B"}},
        {".kind", {"A", "B"}},
        {"$.kind", {"A", "B"}},
        {"$['kind']", {"A", "B"}},
        {"spec.containers[name=app].image", {"a", "e"}},
        {"spec.containers[0].image", {"a", "e"}},
        {"spec.containers[-1].image", {"d", "e"}},
        {"spec.containers[1].image", {"b"}},
        {"spec.containers[7].image", {}},
        {"spec.containers[*].image", {"a", "b", "d", "e"}},
        {"spec.*[*].image", {"a", "b", "d", "e"}},
        {"spec.containers.*.image", {"a", "b", "d", "e"}},
        {"spec.containers[1][\"x.y\"]", {"c"}},
        {"spec.containers[1].x\\.y", {"c"}},
        {"spec.containers[name=\"z]\"].image", {"d"}},
        {"spec.containers[meta.id=7].image", {"d"}},
        {"spec.copy.image", {"d"}},
        {"spec[\"*\"]", {"star"}},
        {"spec.\\*", {"star"}},
        {"[kind=B].spec.containers[0].image", {"e"}},
        {"**.image", {"a", "b", "d", "e"}},
        {"spec.**.image", {"a", "b", "d", "e"}},
        {"**[name=side].image", {"b"}},
        {"spec.containers", {"{}", "{}"}},
        {"nothing.at.all", {}},
        {"kind.deeper", {}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.path);
        EXPECT_EQ(values_at(c.path, text), c.expected);
    }
}

TEST(FieldPathTest, BadPathsNameTheColumn) {
    struct Case {
        const char* path;
        const char* message;
    };
    const Case cases[] = {
        {"", "column 1: the path is empty"},
        {"a..b", "column 3: expected a key"},
        {"a.", "column 3: expected a key"},
        {"a[", "column 3: the '[' is not closed"},
        {"a[]", "expected a key"},
        {"a[x]", "key=value"},
        {"a[x=]", "expected a key"},
        {"a[\"x\"", "key=value"},
        {"a[\"x]", "not closed"},
        {"a]b", "expected '.' or '['"},
        {"$a", "expected '.' or '['"},
        {"a\\", "'\\' at the end"},
        {"**b", "behind '**'"},
        {"a[0]b", "expected '.' or '['"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.path);
        const auto parsed = FieldPath::parse(c.path);
        ASSERT_FALSE(parsed.has_value());
        EXPECT_EQ(parsed.error().kind, Errc::InvalidInput);
        EXPECT_NE(parsed.error().message.find(c.message), std::string::npos)
            << parsed.error().message;
    }
}

std::string after(
    std::string_view path, std::string_view text, const Field& field, std::string_view wish
) {
    const auto rule = FieldRule::compile(field);
    if (!rule) return "error: " + rule.error().message;
    const Scan found = scan_fields(path, text, std::vector{*rule});
    if (found.skipped) return "skipped: " + *found.skipped;
    if (found.places.empty()) {
        return found.problems.empty() ? "nothing" : "problem: " + found.problems[0].message;
    }
    return test::rewrite(text, found, {{}, {test::wanted(wish)}}).bytes;
}

TEST(FieldTest, OfDocuments) {
    EXPECT_EQ(
        after(
            "x.json", "{\"spec\": {\"image\": \"r.io/a:1\"}}", {.path = "spec.image"}, "r.io/a:2"
        ),
        "{\"spec\": {\"image\": \"r.io/a:2\"}}"
    );
    EXPECT_EQ(
        after("x.yaml", "a: {image: r.io/a}\n", {.path = "a.image"}, "r.io/a:2"),
        "a: {image: r.io/a:2}\n"
    );
    const auto image = image::ImageName::parse("r.io/a").value();
    EXPECT_EQ(
        after(
            "x.yaml",
            "version: 1.2 # v\n",
            {.path = "version", .role = Role::Tag, .image = image},
            "r.io/a:1.3"
        ),
        "version: \"1.3\" # v\n"
    );
    EXPECT_EQ(
        after("x.yaml", "app: {repository: r.io/a, tag: 1}\n", {.path = "app"}, "r.io/a:v2"),
        "app: {repository: r.io/a, tag: v2}\n"
    );
    EXPECT_EQ(
        after("x.yaml", "name: r.io/b\n", {.path = "name", .role = Role::Name}, "r.io/a:2"),
        "name: r.io/b\n"
    );
}

TEST(FieldTest, WhatCannotBeReadIsSaid) {
    EXPECT_EQ(
        after("x.yaml", "a: b\n", {.path = "spec.image"}, "a:1"),
        "problem: nothing here has the path \"spec.image\""
    );
    EXPECT_EQ(
        after("x.yaml", "a: [b]\n", {.path = "a"}, "a:1"), "problem: path \"a\" leads to a list"
    );
    EXPECT_THAT(
        after("x.yaml", "a: 'B C'\n", {.path = "a"}, "a:1"), testing::HasSubstr("problem: a: ")
    );
    EXPECT_THAT(
        after("x.yaml", "a: [b\n", {.path = "a"}, "a:1"), testing::StartsWith("skipped: not YAML")
    );
    EXPECT_THAT(
        after("x.yaml", "\xFF\xFE", {.path = "a"}, "a:1"), testing::StartsWith("skipped: not UTF-8")
    );
}

TEST(FieldTest, OfDotenvAndProperties) {
    const auto image = image::ImageName::parse("r.io/a").value();
    struct Case {
        const char* file;
        const char* before;
        const char* key;
        Role role;
        const char* expected;
    };
    const Case cases[] = {
        {".env",
         "# c\nAPP_IMAGE=r.io/a:1 # why\nX=y\n",
         "APP_IMAGE",
         Role::Reference,
         "# c\nAPP_IMAGE=r.io/a:2 # why\nX=y\n"},
        {"prod.env", "export TAG=\"1\"\r\n", "TAG", Role::Tag, "export TAG=\"2\"\r\n"},
        {".env.prod", "TAG='1'", "TAG", Role::Tag, "TAG='2'"},
        {".env", "TAG=1\nTAG=1\n", "TAG", Role::Tag, "TAG=1\nTAG=2\n"},
        {".env", "TAG=\n", "TAG", Role::Tag, "TAG=2\n"},
        {"app.properties",
         "! c\nimage.tag = 1\nx=\\\n image.tag=3\n",
         "image.tag",
         Role::Tag,
         "! c\nimage.tag = 2\nx=\\\n image.tag=3\n"},
        {"app.properties", "image: r.io/a:1  \n", "image", Role::Reference, "image: r.io/a:2  \n"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.before);
        EXPECT_EQ(
            after(c.file, c.before, {.path = c.key, .role = c.role, .image = image}, "r.io/a:2"),
            c.expected
        );
    }
    EXPECT_THAT(
        after(".env", "A=1\n", {.path = "B"}, "a:1"), testing::StartsWith("problem: nothing")
    );
}

TEST(FieldTest, ByPattern) {
    const auto image = image::ImageName::parse("r.io/a").value();
    // Outside of the macro, which can't read the quotes in it.
    const std::string tag_pattern = R"re(tag = "(?P<tag>[^"]*)")re";
    EXPECT_EQ(
        after(
            "Dockerfile",
            "FROM r.io/a:1 AS x\nFROM r.io/b:1\n",
            {.pattern = R"((?m)^FROM (?P<image>\S+))"},
            "r.io/a:2"
        ),
        "FROM r.io/a:2 AS x\nFROM r.io/b:1\n"
    );
    EXPECT_EQ(
        after(
            "main.tf",
            "x = {\n  tag = \"1.0\"\n}\n",
            {.pattern = tag_pattern, .image = image},
            "r.io/a:1.30"
        ),
        "x = {\n  tag = \"1.30\"\n}\n"
    );
    EXPECT_EQ(
        after(
            "main.jsonnet",
            "{r: 'r.io', n: 'a', t: '1'}\n",
            {.pattern = R"(r: '(?P<registry>.*?)', n: '(?P<name>.*?)', t: '(?P<tag>.*?)')"},
            "r.io/a:2"
        ),
        "{r: 'r.io', n: 'a', t: '2'}\n"
    );
    EXPECT_EQ(
        after(
            "x.yaml",
            "run: go r.io/a:1 # r.io/a:1\n",
            {.pattern = R"((?P<image>r\.io/a:\S+))"},
            "r.io/a:2"
        ),
        "run: go r.io/a:2 # r.io/a:2\n"
    );
    EXPECT_THAT(
        after("x", "y\n", {.pattern = "z(?P<tag>x)"}, "a:1"),
        testing::StartsWith("problem: nothing")
    );
    // An empty match goes on.
    EXPECT_EQ(after("x", "aaa\n", {.pattern = "(?P<tag>b*)"}, "a:1"), "aaa\n");
}

TEST(FieldTest, RulesThatDoNotRead) {
    const auto message = [](const Field& field) {
        const auto rule = FieldRule::compile(field);
        return rule ? std::string{} : rule.error().message;
    };
    EXPECT_THAT(message({}), testing::HasSubstr("either a path or a pattern"));
    EXPECT_THAT(message({.path = "a", .pattern = "b"}), testing::HasSubstr("either"));
    EXPECT_THAT(message({.path = "a["}), testing::HasSubstr("field path"));
    EXPECT_THAT(message({.pattern = "("}), testing::HasSubstr("pattern \"(\""));
    EXPECT_THAT(
        message({.pattern = "(?P<version>x)"}), testing::HasSubstr("\"version\" is not one of")
    );
    EXPECT_THAT(message({.pattern = "x"}), testing::HasSubstr("name a group"));
    EXPECT_THAT(message({.pattern = "(?P<image>x)(?P<tag>y)"}), testing::HasSubstr("use it alone"));
}

TEST(FieldTest, HostileRulesAndFilesStayBounded) {
    std::string deep;
    for (int i = 0; i < 60; ++i) deep += "**.";
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "- {a: {b: [c]}}\n";
    const auto rule = FieldRule::compile({.path = deep + "a"});
    ASSERT_TRUE(rule.has_value());
    EXPECT_LE(scan_fields("x.yaml", text, std::vector{*rule}).places.size(), 20'000U);
    const auto bomb = FieldRule::compile({.path = "**.**.**.image"});
    EXPECT_THAT(
        scan_fields(
            "x.yaml",
            "a: &a [*a, *a]\nb: &b [*a, *a, {image: x}]\nc: [*b, *b]\n",
            std::vector{*bomb}
        )
            .places,
        testing::SizeIs(1)
    );
    const auto pattern = FieldRule::compile({.pattern = "(a*)*(?P<tag>b?)"});
    EXPECT_LE(
        scan_fields("x", std::string(1'000'000, 'a'), std::vector{*pattern}).places.size(), 20'000U
    );
}

TEST(FieldScanTest, AnEmptyFileHasNothing) {
    Field field;
    field.path = "a";
    const FieldRule by_path = FieldRule::compile(field).value();
    field = {};
    field.pattern = "(?P<tag>x)";
    const FieldRule by_pattern = FieldRule::compile(field).value();
    for (const char* file : {"f.yaml", "f.env", "f.txt"}) {
        const Scan found = scan_fields(file, std::string_view{}, std::vector{by_path, by_pattern});
        EXPECT_FALSE(found.skipped);
        EXPECT_THAT(found.places, IsEmpty());
        EXPECT_EQ(found.problems.size(), 2U);
    }
}

}  // namespace
}  // namespace linkspan::manifest
