#include "core/plan/markdown.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::plan {
namespace {

// What platforms make links, mentions, pictures, lists or commands of.
TEST(Markdown, ProseMeansNothing) {
    const std::string z = "\u200b";
    const struct {
        const char* text;
        std::string expected;
    } cases[] = {
        {"ask @team", "ask @" + z + "team"},
        {"@acme/platform", "@" + z + "acme/platform"},
        {"#1 acme/fleet#1 AB#1", "#" + z + "1 acme/fleet#" + z + "1 AB#" + z + "1"},
        {"GH-1 gh-1 JIRA-12", "GH-" + z + "1 gh-" + z + "1 JIRA-" + z + "12"},
        {"release-1 high-2", "release-1 high-2"},
        {"!1 &2 ~bug %3 $4 ^5",
         "!" + z + "1 &amp;" + z + "2 \\~" + z + "bug %" + z + "3 \\$" + z + "4 ^" + z + "5"},
        {"ann@example.com", "ann@" + z + "example.com"},
        {"mailto:ann@example.com", "mailto:ann@" + z + "example.com"},
        {"www.example.com WWW.example.com", "www" + z + ".example.com WWW" + z + ".example.com"},
        {"https://x ftp://y", "https:" + z + "//x ftp:" + z + "//y"},
        {"at 6be916f by", "at 6be916" + z + "f by"},
        {"main-6be916f3a28e625154a7b3a2a0fc5553e92efd19",
         "main-6be916" + z + "f3a28e" + z + "625154" + z + "a7b3a2" + z + "a0fc55" + z + "53e92e" +
             z + "fd19"},
        {"acme/fleet@6be916f3", "acme/fleet@" + z + "6be916" + z + "f3"},
        {"1700000000 deadbee facade1x", "1700000000 deadbee facade1x"},
        {"well :tada: done", "well :" + z + "tada: done"},
        {"app:1.4.2: signed", "app:1.4.2: signed"},
        {"1. one", "1\\. one"},
        {"1) one", "1\\) one"},
        {"v1. one", "v1. one"},
        {"/close", "\\/close"},
        {"    code", "code"},
        {"- item", "\\- item"},
        {"===", "\\==="},
        {"<b>x</b> <!-- y -->", "&lt;b&gt;x&lt;/b&gt; &lt;!" + z + "-- y --&gt;"},
        {"a | b", "a ¦ b"},
        {"`x` ```", "ˋxˋ ˋˋˋ"},
        {"**b** _i_ ~~s~~", "\\*\\*b\\*\\* \\_i\\_ \\~" + z + "\\~" + z + "s\\~" + z + "\\~" + z},
        {"[x](y) ![z](y) [^1]", "\\[x\\](y) !" + z + "\\[z\\](y) \\[^" + z + "1\\]"},
        {"a\u202eb\u2066c\u200fd\x1b[0m\ae\tf\ng", "a b c d \\[0m e f g"},
        {"\xff\xc0\xaf", "\ufffd\ufffd\ufffd"},
        {"", ""},
        {"    ", ""},
    };
    for (const auto& one : cases) EXPECT_EQ(markdown::prose(one.text), one.expected) << one.text;
}

}  // namespace
}  // namespace linkspan::plan
