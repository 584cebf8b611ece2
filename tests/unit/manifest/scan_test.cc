#include "core/manifest/scan.h"

#include "tests/unit/manifest/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::manifest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> places(std::string_view path, std::string_view bytes) {
    std::vector<std::string> out;
    for (const Place& place : scan(path, bytes).places) {
        out.push_back(place.where + " " + (place.image ? place.image->str() : "-"));
    }
    return out;
}

std::string why_skipped(std::string_view bytes) {
    return scan("f.yaml", bytes).skipped.value_or("");
}

TEST(ScanTest, EveryWorkloadByShape) {
    struct Case {
        const char* name;
        const char* text;
        std::vector<std::string> expected;
    };
    const Case cases[] = {
        {"pod",
         R"(apiVersion: v1
kind: Pod
spec:
  initContainers: [{image: init}]
  containers:
  - {name: a, image: nginx:1}
  ephemeralContainers:
  - image: busybox
)",
         {"spec.initContainers[0].image docker.io/library/init",
          "spec.containers[0].image docker.io/library/nginx",
          "spec.ephemeralContainers[0].image docker.io/library/busybox"}},
        {"cron job",
         R"(apiVersion: batch/v1
kind: CronJob
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - image: a/b:1
)",
         {"spec.jobTemplate.spec.template.spec.containers[0].image docker.io/a/b"}},
        {"list of objects",
         R"(apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  spec: {template: {spec: {containers: [{image: a:1}, {image: b:1}]}}}
)",
         {"items[0].spec.template.spec.containers[0].image docker.io/library/a",
          "items[0].spec.template.spec.containers[1].image docker.io/library/b"}},
        {"custom resource",
         R"(apiVersion: example.com/v1
kind: Thing
spec: {podTemplate: {containers: [{image: 'r.io/x/y'}]}}
)",
         {"spec.podTemplate.containers[0].image r.io/x/y"}},
        {"status and metadata are records",
         R"(apiVersion: v1
kind: Pod
metadata: {annotations: {x: y}, containers: [{image: a}]}
status: {containers: [{image: a}]}
)",
         {}},
        {"no object", "spec: {containers: [{image: a}]}\n", {}},
        {"a schema is no list",
         R"(apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec: {containers: {type: array, items: {image: {type: string}}}}
)",
         {}},
        {"placeholders are left alone",
         R"(apiVersion: v1
kind: Pod
spec: {containers: [{image: "${IMAGE}"}, {image: ""}, {image: }, {image: "{{ .x }}"}]}
)",
         {}},
        {"aliases and merge keys",
         R"(apiVersion: v1
kind: Pod
x-image: &i a:1
x-base: &b {image: b:1}
spec:
  initContainers: [{image: *i}]
  containers: [<<: *b]
)",
         {"x-image docker.io/library/a", "x-base.image docker.io/library/b"}},
        {"two documents",
         "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a}]}\n---\n"
         "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: b}]}\n",
         {"spec.containers[0].image docker.io/library/a",
          "spec.containers[0].image docker.io/library/b"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(places("f.yaml", c.text), c.expected);
        EXPECT_THAT(scan("f.yaml", c.text).problems, IsEmpty());
    }
}

TEST(ScanTest, JsonManifests) {
    const char* text =
        "{\n\t\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\t\"spec\": {\"containers\": [\n"
        "\t\t{\"name\": \"\\ud83d\\ude80\", \"image\": \"r.io\\/a:1\"}\n\t]}\n}\n";
    EXPECT_THAT(places("pod.json", text), ElementsAre("spec.containers[0].image r.io/a"));
    EXPECT_EQ(
        test::rewritten("pod.json", text, {{}, {test::wanted("r.io/a:2")}}),
        "{\n\t\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\t\"spec\": {\"containers\": [\n"
        "\t\t{\"name\": \"\\ud83d\\ude80\", \"image\": \"r.io\\/a:2\"}\n\t]}\n}\n"
    );
}

TEST(ScanTest, KustomizeEntries) {
    const char* text = R"(images:
- name: app
  newName: r.io/team/app
  newTag: v1
- name: nginx
- {name: a, newName: r.io:5000/b, digest: "sha256:0"}
)";
    EXPECT_THAT(
        places("x/kustomization.yaml", text),
        ElementsAre(
            "images[0].newTag r.io/team/app",
            "images[1] docker.io/library/nginx",
            "images[2].digest r.io:5000/b"
        )
    );
    EXPECT_THAT(places("x/Kustomization", text), testing::SizeIs(3));
    EXPECT_THAT(places("x/other.yaml", text), IsEmpty());
    EXPECT_THAT(
        places("x/other.yaml", "kind: Component\nimages: [{name: a, newTag: b}]\n"),
        ElementsAre("images[0].newTag docker.io/library/a")
    );
    EXPECT_THAT(
        places(
            "x/flux.yaml",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
            "spec: {images: [{name: a, newTag: b}]}\n"
        ),
        ElementsAre("spec.images[0].newTag docker.io/library/a")
    );
}

TEST(ScanTest, KustomizeEntriesThatCannotBeRead) {
    const char* text = R"(images:
- name: a
  newTag:
- name: a
  newName: r.io/b:1
- name: a
  newTag: [x]
- name: "${X}"
- 7
)";
    const Scan found = scan("kustomization.yml", text);
    EXPECT_THAT(found.places, IsEmpty());
    ASSERT_EQ(found.problems.size(), 3U);
    EXPECT_EQ(found.problems[0].line, 3U);
    EXPECT_EQ(found.problems[1].line, 5U);
    EXPECT_EQ(found.problems[2].line, 6U);
}

TEST(ScanTest, SkippedWithAReason) {
    struct Case {
        const char* name;
        std::string text;
        const char* reason;
    };
    const Case cases[] = {
        {"broken", "a: [b\nimage: c\n", "not YAML: line 2"},
        {"template that does not parse", "a:\n{{- if .x }}\n  image: b\n{{- end }}\n", "template"},
        {"template that parses", "image: {{ .Values.image }}\n", "template"},
        {"template as a key", "{{ .x }}: image\n", "template"},
        {"UTF-16", std::string("\xFF\xFEi\0m\0", 6), "UTF-16"},
        {"not UTF-8", "a: b\nimage: \xFF\n", "line 2: byte 0xff"},
        {"NUL", std::string("image: a\0b\n", 11), "NUL"},
        {"Latin-1", "image: caf\xE9\n", "UTF-8"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_NE(why_skipped(c.text).find(c.reason), std::string::npos) << why_skipped(c.text);
    }
}

TEST(ScanTest, TemplatesInsideTextsAreFine) {
    EXPECT_EQ(why_skipped("expr: '{{ $labels.image }}'\nb: |\n  {{ x }}\n# {{ y }}\n"), "");
}

TEST(ScanTest, WhatIsWorthScanning) {
    EXPECT_TRUE(worth_scanning("a/b.yaml", "image: x"));
    EXPECT_TRUE(worth_scanning("a/b.YML", "images: x"));
    EXPECT_TRUE(worth_scanning("a/b.json", "{\"image\": 1}"));
    EXPECT_TRUE(worth_scanning("Kustomization", "images:"));
    EXPECT_TRUE(worth_scanning("b.yaml", "tag: 1 # {\"$imagepolicy\": \"a:b:tag\"}"));
    EXPECT_TRUE(worth_scanning("b.yaml", "\xFF\xFEi"));
    EXPECT_FALSE(worth_scanning("b.yaml", "kind: ConfigMap"));
    EXPECT_FALSE(worth_scanning("b.txt", "image: x"));
    EXPECT_FALSE(worth_scanning("image", "image: x"));
    EXPECT_FALSE(worth_scanning("", "image: x"));
}

TEST(ScanTest, EmptyDocuments) {
    for (const char* text : {"", "\n", "# image\n", "---\n---\n...\n# image\n", "\xEF\xBB\xBF"}) {
        const Scan found = scan("f.yaml", text);
        EXPECT_FALSE(found.skipped) << text;
        EXPECT_THAT(found.places, IsEmpty());
    }
}

}  // namespace
}  // namespace linkspan::manifest
