#include "core/manifest/edit.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::manifest {
namespace {

Edit change(std::size_t at, std::string old, std::string now) {
    return {{at, at + old.size()}, old, now, 1, old, now, {}};
}

TEST(VerifyTest, AcceptsWhatWasMeant) {
    EXPECT_TRUE(verify("a: x\nb: x\n", "a: x\nb: new\n", std::vector{change(8, "x", "new")}));
    EXPECT_TRUE(verify("a: x\n", "a: x\n", {}));
    EXPECT_TRUE(verify(
        "a: &t !!str x\nb: *t\n", "a: &t !!str new\nb: *t\n", std::vector{change(12, "x", "new")}
    ));
    Edit quoted{{3, 4}, "x", "\"1\"", 1, "x", "1", {}};
    EXPECT_TRUE(verify("a: x\n", "a: \"1\"\n", std::vector{quoted}));
}

TEST(VerifyTest, RefusesEverythingElse) {
    struct Case {
        const char* name;
        const char* before;
        const char* after;
        std::vector<Edit> edits;
    };
    const Case cases[] = {
        {"no edit, but a change", "a: x\n", "a: new\n", {}},
        {"another value too", "a: x\nb: x\n", "a: new\nb: new\n", {change(3, "x", "new")}},
        {"the wrong one of two", "a: x\nb: x\n", "a: x\nb: new\n", {change(3, "x", "new")}},
        {"a key", "a: x\n", "b: x\n", {}},
        {"a document lost", "a: x\n---\nb: x\n", "a: new\n", {change(3, "x", "new")}},
        {"a document more", "a: x\n", "a: new\n---\nb: x\n", {change(3, "x", "new")}},
        {"an empty document more", "a: x\n", "a: new\n---\n", {change(3, "x", "new")}},
        {"a value more", "- x\n", "- new\n- z\n", {change(2, "x", "new")}},
        {"broken", "{a: x, b: z}\n", "{a: new\n", {change(4, "x", "new")}},
        {"a number now", "a: x\n", "a: 1.30\n", {change(3, "x", "1.30")}},
        {"quotes lost", "a: \"x\"\n", "a: new\n", {change(3, "x", "new")}},
        {"tag lost", "a: !t x\n", "a: new\n", {change(6, "x", "new")}},
        {"anchor lost", "a: &t x\n", "a: new\n", {change(6, "x", "new")}},
        {"alias of another anchor", "a: &s x\nb: &t x\nc: *t\n", "a: &s x\nb: &t x\nc: *s\n", {}},
        {"not what was meant", "a: x\n", "a: z\n", {change(3, "x", "new")}},
        {"not there", "a: x\n", "a: x\n", {change(3, "q", "new")}},
        {"nothing done", "a: x\n", "a: x\n", {change(3, "x", "new")}},
        {"block to flow", "a:\n- x\n", "a: [x]\n", {}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto status = verify(c.before, c.after, c.edits);
        ASSERT_FALSE(status.has_value());
        EXPECT_EQ(status.error().kind, Errc::Corrupt);
        EXPECT_NE(status.error().message.find("line"), std::string::npos) << status.error().message;
    }
}

TEST(VerifyTest, InsertionsAndRemovals) {
    EXPECT_TRUE(verify(
        "- name: a\n",
        "- name: a\n  newTag: v2\n",
        std::vector{Edit{{9, 9}, "", "\n  newTag: v2", 1, "", "v2", "newTag"}}
    ));
    const Edit at_end{{9, 9}, "", "\n  newTag: v2", 1, "", "v2", "newTag"};
    EXPECT_FALSE(verify("- name: a\n", "- name: a\n", std::vector{at_end}));
    EXPECT_FALSE(verify("- name: a\n", "- name: a\n  newTag: v3\n", std::vector{at_end}));
    EXPECT_FALSE(verify("- name: a\n", "- name: a\n  newTab: v2\n", std::vector{at_end}));
    EXPECT_FALSE(
        verify("- name: a\n- b: c\n", "- name: a\n- b: c\n  newTag: v2\n", std::vector{at_end})
    );
    EXPECT_FALSE(verify(
        "- name: a\n",
        "- name: a\n  newTag: 1.3\n",
        std::vector{Edit{{9, 9}, "", "", 1, "", "1.3", "newTag"}}
    ));
    const Edit remove{{9, 22}, "\n  digest: old", "", 2, "old", "", "digest"};
    EXPECT_TRUE(verify("- name: a\n  digest: old\n", "- name: a\n", std::vector{remove}));
    EXPECT_FALSE(verify("- name: a\n  digest: old\n", "- name: b\n", std::vector{remove}));
    EXPECT_FALSE(verify("- name: a\n  digest: new\n", "- name: a\n", std::vector{remove}));
}

}  // namespace
}  // namespace linkspan::manifest
