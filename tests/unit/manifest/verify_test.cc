#include "core/manifest/edit.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::manifest {
namespace {

Edit change(std::size_t at, std::string old, std::string now) {
    return {{at, at + old.size()}, old, now, 1, old, now, {}, {}, false};
}

TEST(VerifyTest, AcceptsWhatWasMeant) {
    EXPECT_TRUE(verify("a: x\nb: x\n", "a: x\nb: new\n", std::vector{change(8, "x", "new")}));
    EXPECT_TRUE(verify("a: x\n", "a: x\n", {}));
    EXPECT_TRUE(verify(
        "a: &t !!str x\nb: *t\n", "a: &t !!str new\nb: *t\n", std::vector{change(12, "x", "new")}
    ));
    Edit quoted{{3, 4}, "x", "\"1\"", 1, "x", "1", {}, {}, false};
    EXPECT_TRUE(verify("a: x\n", "a: \"1\"\n", std::vector{quoted}));
}

TEST(VerifyTest, AcceptsWhatItsReaderIsStrictAbout) {
    EXPECT_TRUE(
        verify("a: b\n\t\nc: x\n", "a: b\n\t\nc: new\n", std::vector{change(10, "x", "new")})
    );
    EXPECT_TRUE(
        verify("a: b\n\t# c\nc: x\n", "a: b\n\t# c\nc: new\n", std::vector{change(13, "x", "new")})
    );
    EXPECT_TRUE(verify("a: b\rc: x\r", "a: b\rc: new\r", std::vector{change(8, "x", "new")}));
    EXPECT_TRUE(verify(
        "a: \"\\ud83d\\ude80\"\nc: x\n",
        "a: \"\\ud83d\\ude80\"\nc: new\n",
        std::vector{change(21, "x", "new")}
    ));
    EXPECT_FALSE(
        verify("a: [\n\t\nc: x\n", "a: [\n\t\nc: new\n", std::vector{change(10, "x", "new")})
    );
}

TEST(VerifyTest, RefusesOtherBytes) {
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
        {"a comment lost", "a: x # c\n", "a: new\n", {change(3, "x", "new")}},
        {"a final newline", "a: x", "a: new\n", {change(3, "x", "new")}},
        {"not what was meant", "a: x\n", "a: z\n", {change(3, "x", "new")}},
        {"nothing done", "a: x\n", "a: x\n", {change(3, "x", "new")}},
        {"past the end", "a: x\n", "a: x\n", {change(30, "x", "new")}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto status = verify(c.before, c.after, c.edits);
        ASSERT_FALSE(status.has_value());
        EXPECT_EQ(status.error().kind, Errc::Corrupt);
    }
}

// The bytes are those of the edit, but they don't read as it says.
TEST(VerifyTest, RefusesWhatReadsOtherwise) {
    struct Case {
        const char* name;
        std::string before;
        std::string old_token;
        std::string new_token;
        std::string old_value;
        std::string new_value;
    };
    const Case cases[] = {
        {"a number now", "a: x\n", "x", "1.30", "x", "1.30"},
        {"a bool now", "a: x\n", "x", "no", "x", "no"},
        {"quotes lost", "a: \"x\"\n", "\"x\"", "new", "x", "new"},
        {"tag lost", "a: !t x\n", "!t x", "new", "x", "new"},
        {"tag gained", "a: x\n", "x", "!t new", "x", "new"},
        {"anchor lost", "a: &t x\n", "&t x", "new", "x", "new"},
        {"anchor gained", "a: x\n", "x", "&t new", "x", "new"},
        {"an alias now", "a: &t new\nb: x\n", "x", "*t", "x", "new"},
        {"a key more", "a: x\n", "x", "new\nb: c", "x", "new"},
        {"a document more", "a: x\n", "x", "new\n---\nb: c", "x", "new"},
        {"an empty document more", "a: x\n", "x", "new\n---", "x", "new"},
        {"a comment cuts it", "a: x\n", "x", "new #b", "x", "new #b"},
        {"an item more", "- x\n", "x", "new\n- z", "x", "new"},
        {"a list now", "a: x\n", "x", "[new]", "x", "new"},
        {"an entry swallowed", "{a: x, b: z}\n", "x, ", "new", "x", "new"},
        {"broken", "{a: x, b: z}\n", "x", "new]", "x", "new]"},
        {"a key", "a: x\n", "a", "b", "x", "new"},
        {"a value that is not there", "a: x\n", "x", "new", "q", "new"},
        {"another value than meant", "a: x\n", "x", "new", "x", "other"},
        {"the block goes on", "a: |-\n  x\nb: c\n", "|-\n  x\n", "|-\n  new\n  ", "x", "new"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const std::size_t at = c.before.find(c.old_token);
        Edit edit;
        edit.span = {at, at + c.old_token.size()};
        edit.expected = c.old_token;
        edit.replacement = c.new_token;
        edit.line = 1;
        edit.old_value = c.old_value;
        edit.new_value = c.new_value;
        const auto after = manifest::apply(c.before, std::vector{edit});
        ASSERT_TRUE(after.has_value());
        const auto status = verify(c.before, *after, std::vector{edit});
        ASSERT_FALSE(status.has_value()) << *after;
        EXPECT_EQ(status.error().kind, Errc::Corrupt);
        EXPECT_NE(status.error().message.find("line"), std::string::npos) << status.error().message;
    }
}

TEST(VerifyTest, TextsThatAreYamlThemselves) {
    const auto embedded = [](std::string_view text,
                             std::string old_token,
                             std::string new_token,
                             std::string old_value,
                             std::string new_value) {
        const std::size_t at = text.find(old_token);
        Edit edit;
        edit.span = {at, at + old_token.size()};
        edit.expected = std::move(old_token);
        edit.replacement = std::move(new_token);
        edit.old_value = std::move(old_value);
        edit.new_value = std::move(new_value);
        edit.line = 2;
        edit.embedded = true;
        const auto after = manifest::apply(text, std::vector{edit});
        return verify(text, after.value(), std::vector{edit}).has_value();
    };
    const std::string text = "values: |\n  # c\n  tag: old\n  z: 1\nb: c\n";
    EXPECT_TRUE(embedded(text, "old", "new", "old", "new"));
    EXPECT_TRUE(embedded(text, "old", "\"1.0\"", "old", "1.0"));
    EXPECT_FALSE(embedded(text, "old", "1.0", "old", "1.0"));
    EXPECT_FALSE(embedded(text, "old", "new\n  y: 2", "old", "new"));
    EXPECT_FALSE(embedded(text, "old", "new\nx: 2", "old", "new"));
    EXPECT_FALSE(embedded(text, "old", "[new", "old", "new"));
    EXPECT_FALSE(embedded(text, "z: 1", "z: 2", "old", "new"));
    EXPECT_FALSE(embedded(text, "b: c", "b: d", "c", "d"));
}

TEST(VerifyTest, PlainTextIsCheckedByItsBytes) {
    const auto text_edit = [](std::size_t at, std::string old, std::string now) {
        Edit edit = change(at, std::move(old), std::move(now));
        edit.text = true;
        return edit;
    };
    EXPECT_TRUE(verify("FROM a:1\n\t{", "FROM a:2\n\t{", std::vector{text_edit(7, "1", "2")}));
    EXPECT_FALSE(verify("FROM a:1\n\t{", "FROM a:2\n\t}", std::vector{text_edit(7, "1", "2")}));
    // In a comment of a file that is YAML, and in a part of a value.
    EXPECT_TRUE(verify("a: b # x:1\n", "a: b # x:2\n", std::vector{text_edit(9, "1", "2")}));
    EXPECT_TRUE(verify("a: go x:1\n", "a: go x:2\n", std::vector{text_edit(8, "1", "2")}));
    EXPECT_FALSE(verify("a: go x:1\n", "a: go x:: 2\n", std::vector{text_edit(8, "1", ": 2")}));
}

TEST(VerifyTest, InsertionsAndRemovals) {
    EXPECT_TRUE(verify(
        "- name: a\n",
        "- name: a\n  newTag: v2\n",
        std::vector{Edit{{9, 9}, "", "\n  newTag: v2", 1, "", "v2", {{"newTag", "v2"}}, {}, false}}
    ));
    const Edit at_end{{9, 9}, "", "\n  newTag: v2", 1, "", "v2", {{"newTag", "v2"}}, {}, false};
    EXPECT_FALSE(verify("- name: a\n", "- name: a\n", std::vector{at_end}));
    EXPECT_FALSE(verify("- name: a\n", "- name: a\n  newTag: v3\n", std::vector{at_end}));
    EXPECT_FALSE(verify("- name: a\n", "- name: a\n  newTab: v2\n", std::vector{at_end}));
    EXPECT_FALSE(
        verify("- name: a\n- b: c\n", "- name: a\n- b: c\n  newTag: v2\n", std::vector{at_end})
    );
    EXPECT_FALSE(verify(
        "- name: a\n",
        "- name: a\n  newTag: 1.3\n",
        std::vector{Edit{{9, 9}, "", "", 1, "", "1.3", {{"newTag", "1.3"}}, {}, false}}
    ));
    const Edit remove{{9, 23}, "\n  digest: old", "", 2, "old", "", {}, "digest", false};
    EXPECT_TRUE(verify("- name: a\n  digest: old\n", "- name: a\n", std::vector{remove}));
    EXPECT_FALSE(verify("- name: a\n  digest: old\n", "- name: b\n", std::vector{remove}));
    EXPECT_FALSE(verify("- name: a\n  digest: new\n", "- name: a\n", std::vector{remove}));
}

}  // namespace
}  // namespace linkspan::manifest
