#include "service/git/readable_text.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::git {
namespace {

TEST(ReadableTextTest, WordsStayAndControlCharactersGo) {
    const struct {
        std::string name, text, lines;
    } cases[] = {
        {"plain", "Not on Fridays:\n  ask ops\n", "Not on Fridays:\n  ask ops\n"},
        {"utf-8", "\xC3\xA4 \xE2\x80\xA6\n", "\xC3\xA4 \xE2\x80\xA6\n"},
        {"colours", "\x1b[31mno\x1b[0m\n", "[31mno[0m\n"},
        {"progress",
         "Resolving:  50%\rResolving: 100%\rResolving: 100%, done.\n",
         "Resolving: 100%, done.\n"},
        {"other line ends", "one\r\ntwo\r\n", "one\ntwo\n"},
        {"unfinished progress", "50%\r", "50%"},
        {"bell, NUL, delete", std::string{"a\a\0b\x7f", 5}, "ab"},
        {"tabs stay", "a\tb", "a\tb"},
        {"C1",
         "a\xC2\x9B"
         "b\xC2\xA0"
         "c",
         "ab\xC2\xA0"
         "c"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(readable_lines(c.text), c.lines);
    }
}

TEST(ReadableTextTest, OneLineHasALengthAndWholeCharacters) {
    EXPECT_EQ(readable_line(" a\n\n\tb  c\n"), "a b c");
    EXPECT_EQ(readable_line("abcdef", 6), "abcdef");
    EXPECT_EQ(readable_line("abcdefg", 6), "abcdef\xE2\x80\xA6");
    EXPECT_EQ(readable_line("abc \xC3\xA4xyz", 5), "abc\xE2\x80\xA6");
    EXPECT_EQ(readable_line(""), "");
}

}  // namespace
}  // namespace linkspan::git
