// Files made to hurt: bounded time and memory, a reason instead of a crash.

#include "core/manifest/edit.h"
#include "core/manifest/scan.h"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace linkspan::manifest {
namespace {

std::string repeat(std::string_view text, std::size_t times) {
    std::string out;
    out.reserve(text.size() * times);
    for (std::size_t i = 0; i < times; ++i) out += text;
    return out;
}

TEST(HostileTest, SkippedWithAReason) {
    struct Case {
        const char* name;
        std::string text;
        const char* reason;
    };
    const Case cases[] = {
        {"brackets 100,000 deep", "image: " + repeat("[", 100'000), "nested deeper"},
        {"closed brackets 100,000 deep",
         "image: " + repeat("[", 100'000) + repeat("]", 100'000),
         "nested deeper"},
        {"braces 100,000 deep", "image: " + repeat("{a: ", 100'000), "nested deeper"},
        {"dashes 100,000 deep", repeat("- ", 100'000) + "image", "nested deeper"},
        {"keys 100,000 deep", repeat("? ", 100'000) + "image", "nested deeper"},
        {"three million values",
         "image: [" + repeat("a,", 3'000'000) + "]",
         "more than 1000000 values"},
        {"100 MB in one scalar", "image: " + std::string(100'000'000, 'x'), "larger than"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Scan found = scan("f.yaml", c.text);
        ASSERT_TRUE(found.skipped);
        EXPECT_NE(found.skipped->find(c.reason), std::string::npos) << *found.skipped;
        EXPECT_LT(found.skipped->size(), 300U);
    }
}

TEST(HostileTest, BillionLaughs) {
    std::string text = "a0: &a0 x:1\n";
    for (int i = 1; i < 60; ++i) {
        const std::string of = "*a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + of;
        for (int k = 0; k < 9; ++k) text += "," + of;
        text += "]\n";
    }
    text += "apiVersion: v1\nkind: Pod\nspec: {containers: *a59}\n";
    const Scan found = scan("f.yaml", text);
    EXPECT_FALSE(found.skipped);
    const std::string after = "b" + text.substr(1);
    EXPECT_TRUE(verify(text, text, {}));
    EXPECT_FALSE(verify(text, after, {}));
}

TEST(HostileTest, AliasesIntoThemselves) {
    const std::string text =
        "apiVersion: v1\nkind: Pod\nspec: &s\n  <<: *s\n  containers: &c\n  - *c\n  - <<: [*s, "
        "*s]\n";
    EXPECT_FALSE(scan("f.yaml", text).skipped);
    EXPECT_FALSE(scan("kustomization.yaml", "images: &i [*i, {<<: *i, name: *i}]\n").skipped);
}

TEST(HostileTest, ManyMergesOfOneLargeMapping) {
    std::string text = "apiVersion: v1\nkind: Pod\nbase: &b {";
    for (int i = 0; i < 30'000; ++i) text += "k" + std::to_string(i) + ": 1, ";
    text += "}\nspec:\n  containers:\n" + repeat("  - <<: *b\n", 30'000);
    EXPECT_FALSE(scan("f.yaml", text).skipped);
}

TEST(HostileTest, OneLongListOrTextFromManyPlaces) {
    std::string list =
        "apiVersion: v1\nkind: Pod\nx: &c [" + repeat("{image: a:1},", 20'000) + "]\n";
    list += "y: [" + repeat("{containers: *c},", 20'000) + "]\n";
    EXPECT_FALSE(scan("f.yaml", list).skipped);
    std::string text = "x: &t |\n" + repeat("  - {op: add, path: /image, value: 'a:1'}\n", 20'000);
    text += "patches: [" + repeat("{patch: *t},", 20'000) + "]\n";
    EXPECT_EQ(scan("kustomization.yaml", text).places.size(), 20'000U);
    std::string map = "apiVersion: v1\nkind: Pod\nx: &m {";
    for (int i = 0; i < 30'000; ++i) map += "k" + std::to_string(i) + ": 1, ";
    map += "}\ncontainers: [" + repeat("*m,", 30'000) + "]\n";
    EXPECT_FALSE(scan("f.yaml", map).skipped);
}

TEST(HostileTest, ManyMarkers) {
    const std::string marker = "# {\"$imagepolicy\": \"a:b\"}\n";
    const Scan comments = scan("f.yaml", repeat(marker, 60'000) + "a: x:1\n");
    EXPECT_LE(comments.problems.size(), 1'000U);
    const Scan places = scan("f.yaml", repeat("- x:1 " + marker, 25'000));
    EXPECT_EQ(places.places.size(), 20'000U);
    EXPECT_EQ(places.problems.size(), 1U);
    const Scan text = scan("f.yaml", "a: |\n" + repeat("  $imagepolicy\n", 60'000));
    EXPECT_TRUE(text.places.empty());
}

// In a process of its own, whose most memory is asked for afterwards; MiB.
template <class F>
long most_memory(const F& body) {
    const pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    int status = 0;
    rusage used{};
    if (wait4(child, &status, 0, &used) != child || status != 0) return -1;
    return used.ru_maxrss / 1024;
}

TEST(HostileTest, MemoryIsBounded) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer takes memory of its own";
#endif
    const std::size_t almost = 15'000'000;
    struct Case {
        const char* name;
        const char* path;
        std::string text;
    };
    std::string laughs = "a0: &a0 x:1\n";
    for (int i = 1; i < 200'000; ++i) {
        const std::string of = "*a" + std::to_string(i - 1);
        laughs +=
            "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + of + "," + of + "]\n";
    }
    const Case cases[] = {
        {"aliases of aliases", "f.yaml", laughs},
        {"short lines", "f.yaml", repeat("image: x:1\n", almost / 11)},
        {"items", "f.yaml", "image:\n" + repeat("- a\n", almost / 4)},
        {"brackets", "f.yaml", "image: " + repeat("[", almost)},
        {"one scalar", "f.yaml", "image: " + std::string(almost, 'x')},
        {"one quoted scalar", "f.yaml", "image: \"" + repeat("\\n", almost / 2) + "\""},
        {"one block", "f.yaml", "image: |\n" + repeat("  x\n", almost / 4)},
        {"a quoted patch",
         "kustomization.yaml",
         "patches: [{patch: \"" + repeat("- image: x:1\\n", almost / 14) + "\"}]"},
        {"a patch",
         "kustomization.yaml",
         "patches:\n- patch: |\n" + repeat("    - image: x:1\n", almost / 17)},
        {"markers", "f.yaml", repeat("- x:1 # {\"$imagepolicy\": \"a:b\"}\n", almost / 35)},
        {"100 MB", "f.yaml", "image: " + std::string(100'000'000, 'x')},
    };
    const long before = most_memory([] {});
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const long most = most_memory([&] { (void)scan(c.path, c.text); });
        ASSERT_GE(most, 0) << "the scan did not end well";
        EXPECT_LT(most - before, 500) << "MiB";
    }
}

TEST(HostileTest, VerifyRefusesDepthItself) {
    const std::string deep = repeat("[", 100'000) + repeat("]", 100'000);
    const auto status = verify(deep, deep, {});
    ASSERT_FALSE(status.has_value());
    EXPECT_EQ(status.error().kind, Errc::Corrupt);
}

}  // namespace
}  // namespace linkspan::manifest
