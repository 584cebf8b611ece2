#include "core/manifest/edit.h"

#include "core/manifest/scan.h"
#include "tests/unit/manifest/rewrite.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::manifest {
namespace {

using policy::DigestMode;
using test::kDigestA;
using test::kDigestB;
using test::wanted;

std::string pod(const std::string& image) {
    return "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: " + image +
           "\n    name: x\n";
}

std::string tagged(const std::string& value) {
    return "a: 'q'\nb: 'q'\ntag: " + value + " # {\"$imagepolicy\": \"flux-system:app:tag\"}\n";
}

TEST(EditTest, TheWrittenFormOfANameStays) {
    struct Case {
        const char* before;
        const char* wish;
        const char* after;
    };
    const Case cases[] = {
        {"nginx:1.25", "nginx:1.27", "nginx:1.27"},
        {"nginx", "nginx:1.27", "nginx:1.27"},
        {"docker.io/nginx:1", "nginx:2", "docker.io/nginx:2"},
        {"docker.io/library/nginx:1", "nginx:2", "docker.io/library/nginx:2"},
        {"library/nginx:1", "docker.io/library/nginx:2", "library/nginx:2"},
        {"index.docker.io/acme/app:1", "acme/app:2", "index.docker.io/acme/app:2"},
        {"R.io:5000/a/b:1", "r.io:5000/a/b:2", "R.io:5000/a/b:2"},
        {"localhost/app:1", "localhost/app:2", "localhost/app:2"},
        {"'nginx:1.25'", "nginx:1.27", "'nginx:1.27'"},
        {"\"nginx:1.25\"", "nginx:1.27", "\"nginx:1.27\""},
        {"nginx:1.25   # why", "nginx:1.27", "nginx:1.27   # why"},
        {"!!str nginx:1", "nginx:2", "!!str nginx:2"},
        {"&a nginx:1", "nginx:2", "&a nginx:2"},
        {"!custom &a \"nginx:1\"", "nginx:2", "!custom &a \"nginx:2\""},
        {"\"r.io\\x2Fapp:1\"", "r.io/app:2", "\"r.io\\x2Fapp:2\""},
        {"\"\\u0072.io/app:\\x31\"", "r.io/app:2", "\"\\u0072.io/app:2\""},
        {"|-\n      nginx:1", "nginx:2", "|-\n      nginx:2"},
        {">-\n      nginx:1\n", "nginx:2", ">-\n      nginx:2\n"},
        {"\n      nginx:1", "nginx:2", "\n      nginx:2"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.before);
        EXPECT_EQ(test::imaged(pod(c.before), c.wish), pod(c.after));
        EXPECT_EQ(test::imaged(pod(c.after), c.wish), pod(c.after));
    }
}

TEST(EditTest, OtherImagesAreNeverConfused) {
    for (const char* other :
         {"app-debug:1", "other-team/app:1", "r.io/app:1", "appx:1", "team/app:1"}) {
        SCOPED_TRACE(other);
        EXPECT_EQ(test::imaged(pod(other), "app:2"), pod(other));
    }
    const Scan found = scan("f.yaml", pod("a:1"));
    const auto edits = edits_for(pod("a:1"), found.places.at(0), wanted("b:1"));
    ASSERT_FALSE(edits.has_value());
    EXPECT_EQ(edits.error().kind, Errc::Conflict);
}

TEST(EditTest, ValuesOfOtherTypesAreQuoted) {
    struct Case {
        const char* before;
        const char* tag;
        const char* after;
    };
    const Case cases[] = {
        {"v1", "v2", "v2"},
        {"v1", "1.30", "'1.30'"},
        {"v1", "1e10", "'1e10'"},
        {"v1", "20240115", "'20240115'"},
        {"v1", "2024-01-15", "'2024-01-15'"},
        {"v1", "0x1F", "'0x1F'"},
        {"v1", "no", "'no'"},
        {"v1", "null", "'null'"},
        {"v1", "1_000", "'1_000'"},
        {"1.0", "2.0.0", "2.0.0"},
        {"\"1.0\"", "1.30", "\"1.30\""},
        {"!!str 1.0", "1.30", "!!str 1.30"},
        {"~", "1.2.3", "1.2.3"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string{c.before} + " to " + c.tag);
        EXPECT_EQ(
            test::marked(tagged(c.before), "r.io/app:" + std::string{c.tag}), tagged(c.after)
        );
    }
    // Double quotes where the file has no habit of its own.
    EXPECT_EQ(
        test::marked("tag: v1 # {\"$imagepolicy\": \"flux-system:app:tag\"}\n", "a:1.30"),
        "tag: \"1.30\" # {\"$imagepolicy\": \"flux-system:app:tag\"}\n"
    );
    EXPECT_EQ(
        test::marked("[v1 # {\"$imagepolicy\": \"flux-system:app:tag\"}\n]\n", "a:1.30"),
        "[\"1.30\" # {\"$imagepolicy\": \"flux-system:app:tag\"}\n]\n"
    );
}

TEST(EditTest, Digests) {
    struct Case {
        const char* name;
        std::string before;
        std::string wish;
        DigestMode mode;
        std::string after;  // empty: refused
    };
    const std::string a = "@" + kDigestA;
    const std::string b = "@" + kDigestB;
    const Case cases[] = {
        {"keep updates one that is there", "x:1" + a, "x:2" + b, DigestMode::Keep, "x:2" + b},
        {"keep adds none", "x:1", "x:2" + b, DigestMode::Keep, "x:2"},
        {"keep, same tag, moved digest", "x:1" + a, "x:1" + b, DigestMode::Keep, "x:1" + b},
        {"keep, same tag, digest unknown", "x:1" + a, "x:1", DigestMode::Keep, "x:1" + a},
        {"keep never erases", "x:1" + a, "x:2", DigestMode::Keep, ""},
        {"keep, digest alone", "x" + a, "x:2" + b, DigestMode::Keep, "x" + b},
        {"pin adds one", "x:1", "x:2" + b, DigestMode::Pin, "x:2" + b},
        {"pin, digest unknown, none there", "x:1", "x:2", DigestMode::Pin, "x:2"},
        {"pin never erases", "x:1" + a, "x:2", DigestMode::Pin, ""},
        {"never drops it", "x:1" + a, "x:2" + b, DigestMode::Never, "x:2"},
        {"never, digest alone", "x" + a, "x:2", DigestMode::Never, "x:2"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const std::string before = pod(c.before);
        const auto result =
            test::rewrite(before, scan("f.yaml", before), {{}, {wanted(c.wish, c.mode)}});
        EXPECT_EQ(result.bytes, c.after.empty() ? before : pod(c.after));
        EXPECT_EQ(result.refused.size(), c.after.empty() ? 1U : 0U);
    }
}

TEST(EditTest, TagAndDigestByMarker) {
    const auto text = [](const std::string& value, const char* part) {
        return "tag: " + value + " # {\"$imagepolicy\": \"flux-system:app:" + part + "\"}\n";
    };
    const std::string wish = "r.io/app:2@" + kDigestB;
    EXPECT_EQ(test::marked(text("v1", "tag@digest"), wish), text("2@" + kDigestB, "tag@digest"));
    EXPECT_EQ(test::marked(text("v1", "tag@digest"), "a:v2"), text("v2", "tag@digest"));
    EXPECT_EQ(
        test::marked(text("'1@" + kDigestA + "'", "tag"), wish), text("'2@" + kDigestB + "'", "tag")
    );
    EXPECT_EQ(test::marked(text(kDigestA, "digest"), wish), text(kDigestB, "digest"));
}

struct KustomizeCase {
    const char* name;
    std::string before;
    std::string wish;
    std::string after;
    DigestMode mode = DigestMode::Keep;
};

TEST(EditTest, KustomizeEntries) {
    const std::string a = kDigestA;
    const std::string b = kDigestB;
    const KustomizeCase cases[] = {
        {"tag",
         "images:\n- name: app # n\n  newTag: v1 # t\n",
         "app:v2",
         "images:\n- name: app # n\n  newTag: v2 # t\n"},
        {"float tag",
         "images:\n- name: app\n  newTag: 1.0\n",
         "app:2.0.0",
         "images:\n- name: app\n  newTag: 2.0.0\n"},
        {"numeric tag",
         "images:\n- name: app\n  newTag: 1.2.3\n",
         "app:1.30",
         "images:\n- name: app\n  newTag: \"1.30\"\n"},
        {"digest",
         "images:\n- name: app\n  digest: " + a + "\n",
         "app:2@" + b,
         "images:\n- name: app\n  digest: " + b + "\n"},
        {"both",
         "images:\n- name: app\n  newTag: v1\n  digest: " + a + "\n",
         "app:v2@" + b,
         "images:\n- name: app\n  newTag: v2\n  digest: " + b + "\n"},
        {"newTag with a digest in it",
         "images:\n- name: app\n  newTag: v1@" + a + "\n",
         "app:v2@" + b,
         "images:\n- name: app\n  newTag: v2@" + b + "\n"},
        {"new tag",
         "images:\n- name: app # n\n\n- name: b\n",
         "app:v2",
         "images:\n- name: app # n\n  newTag: v2\n\n- name: b\n"},
        {"new tag behind newName",
         "images:\n  -   newName: r.io/app\n      name: x\n",
         "r.io/app:v2",
         "images:\n  -   newName: r.io/app\n      newTag: v2\n      name: x\n"},
        {"new tag, CR LF",
         "images:\r\n- name: app\r\n- name: b\r\n",
         "app:v2",
         "images:\r\n- name: app\r\n  newTag: v2\r\n- name: b\r\n"},
        {"new tag, no final newline",
         "images:\n- name: app",
         "app:v2",
         "images:\n- name: app\n  newTag: v2"},
        {"new tag in the name's quotes",
         "images:\n- name: 'app'\n",
         "app:v2",
         "images:\n- name: 'app'\n  newTag: 'v2'\n"},
        {"new numeric tag",
         "images:\n- name: app\n",
         "app:1.30",
         "images:\n- name: app\n  newTag: \"1.30\"\n"},
        {"new tag in flow",
         "images: [{name: app}, {name: b}]\n",
         "app:v2",
         "images: [{name: app, newTag: v2}, {name: b}]\n"},
        {"new tag in flow, first of two",
         "images: [{name: app, newName: r.io/app }]\n",
         "r.io/app:v2",
         "images: [{name: app, newName: r.io/app, newTag: v2 }]\n"},
        {"new tag in JSON form",
         "{\"images\": [\n  {\n    \"name\": \"app\"\n  }\n]}\n",
         "app:v2",
         "{\"images\": [\n  {\n    \"name\": \"app\",\n    \"newTag\": \"v2\"\n  }\n]}\n"},
        {"new tag in JSON form, not last",
         "{\"images\": [\n  {\n    \"newName\": \"app\", # c\n    \"name\": \"x\"\n  }\n]}\n",
         "app:v2",
         "{\"images\": [\n  {\n    \"newName\": \"app\", # c\n    \"newTag\": \"v2\",\n    "
         "\"name\": \"x\"\n  }\n]}\n"},
        {"first pin",
         "images:\n- name: app\n  newTag: v1\n  # end\n",
         "app:v2@" + b,
         "images:\n- name: app\n  newTag: v2\n  digest: " + b + "\n  # end\n",
         DigestMode::Pin},
        {"first pin of a bare entry",
         "images:\n- name: app\n",
         "app:v2@" + b,
         "images:\n- name: app\n  newTag: v2\n  digest: " + b + "\n",
         DigestMode::Pin},
        {"pin dropped",
         "images:\n- name: app\n  newTag: v1\n  digest: " + a + " # d\n- name: b\n",
         "app:v2",
         "images:\n- name: app\n  newTag: v2\n- name: b\n",
         DigestMode::Never},
        {"pin dropped for a tag",
         "images:\n- name: app\n  digest: " + a + "\n",
         "app:v2",
         "images:\n- name: app\n  newTag: v2\n",
         DigestMode::Never},
        {"anchored tag",
         "images:\n- name: app\n  newTag: &t v1\n- name: b\n  newTag: *t\n",
         "app:v2",
         "images:\n- name: app\n  newTag: &t v2\n- name: b\n  newTag: *t\n"},
    };
    for (const KustomizeCase& c : cases) {
        SCOPED_TRACE(c.name);
        const test::Wishes wishes{{}, {wanted(c.wish, c.mode)}};
        const std::string file = "k/kustomization.yaml";
        EXPECT_EQ(test::rewritten(file, c.before, wishes), c.after);
        EXPECT_EQ(test::rewritten(file, c.after, wishes), c.after) << "the second time";
    }
}

TEST(EditTest, AnInsertionThatIsNotSafeIsRefused) {
    for (const char* text : {
             "images:\n- name: |-\n    app\n",
             "images:\n- ? name\n  : app\n",
             "x: &n {name: app}\nimages:\n- <<: *n\n",
         }) {
        SCOPED_TRACE(text);
        const auto result =
            test::rewrite(text, scan("kustomization.yaml", text), {{}, {wanted("app:v2")}});
        EXPECT_EQ(result.bytes, text);
        EXPECT_EQ(result.refused.size(), 1U);
    }
}

TEST(ApplyTest, AStalePlanDoesNotLand) {
    const std::string before = pod("x:1");
    const Scan found = scan("f.yaml", before);
    const auto edits = edits_for(before, found.places.at(0), wanted("x:2"));
    ASSERT_TRUE(edits.has_value());
    EXPECT_EQ(manifest::apply(before, *edits).value(), pod("x:2"));
    for (const std::string& stale : {pod("x:3"), pod(" x:1"), std::string{}}) {
        const auto applied = manifest::apply(stale, *edits);
        ASSERT_FALSE(applied.has_value());
        EXPECT_EQ(applied.error().kind, Errc::Conflict);
    }
}

TEST(ApplyTest, TheSameEditTwiceCountsOnceAndOverlapsAreRefused) {
    const Edit edit{{0, 1}, "a", "b", 1, "a", "b", {}, {}, false};
    EXPECT_EQ(manifest::apply("ac", std::vector{edit, edit}).value(), "bc");
    const Edit other{{0, 2}, "ac", "x", 1, "ac", "x", {}, {}, false};
    const auto applied = manifest::apply("ac", std::vector{edit, other});
    ASSERT_FALSE(applied.has_value());
    EXPECT_EQ(applied.error().kind, Errc::InvalidInput);
    EXPECT_EQ(manifest::apply("ac", {}).value(), "ac");
}

TEST(NamedTest, WhatAPlaceSaysNow) {
    const auto named_in = [](const char* path, const std::string& text) {
        return named(scan(path, text).places.at(0));
    };
    EXPECT_EQ(named_in("f.yaml", pod("x")).tag, "");
    const Named full = named_in("f.yaml", pod("x:1@" + kDigestA));
    EXPECT_EQ(full.tag, "1");
    EXPECT_EQ(full.digest, kDigestA);
    const Named entry = named_in(
        "kustomization.yaml", "images:\n- name: a\n  newTag: v1\n  digest: " + kDigestB + "\n"
    );
    EXPECT_EQ(entry.tag, "v1");
    EXPECT_EQ(entry.digest, kDigestB);
}

}  // namespace
}  // namespace linkspan::manifest
