#include "core/manifest/ignore.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace linkspan::manifest {
namespace {

namespace fs = std::filesystem;

struct Case {
    const char* text;
    std::vector<std::string> ignored;
    std::vector<std::string> kept;
};

const Case kCases[] = {
    {"", {}, {"a.yaml"}},
    {"# a.yaml\n\n   \n", {}, {"a.yaml"}},
    {"a.yaml\n", {"a.yaml", "x/a.yaml", "a.yaml/b"}, {"ba.yaml", "a.yaml2"}},
    {"/a.yaml\n", {"a.yaml"}, {"x/a.yaml"}},
    {"x/a.yaml\n", {"x/a.yaml"}, {"y/x/a.yaml"}},
    {"tests/\n", {"tests/a.yaml", "x/tests/y/a.yaml"}, {"tests", "x/tests"}},
    {"*.json\n!keep.json\n", {"a.json", "x/b.json"}, {"keep.json", "x/keep.json", "a.yaml"}},
    {"vendor/\n!vendor/a.yaml\n", {"vendor/a.yaml", "vendor/b.yaml"}, {"b.yaml"}},
    {"vendor/*\n!vendor/a.yaml\n", {"vendor/b.yaml"}, {"vendor/a.yaml"}},
    {"**/charts/*.yaml\n", {"charts/a.yaml", "x/y/charts/a.yaml"}, {"charts/x/b.yaml"}},
    {"a/**/z.yaml\n", {"a/z.yaml", "a/b/z.yaml", "a/b/c/z.yaml"}, {"z.yaml", "b/a/z.yaml"}},
    {"a/**\n", {"a/b", "a/b/c"}, {"a", "b/a"}},
    {"a**z\n", {"az", "abz", "x/abz"}, {"b"}},
    {"a?[0-9].yaml\n", {"ab1.yaml"}, {"a1.yaml", "abc.yaml"}},
    {"[^a]b\n[!x]y\n", {"cb", "zy"}, {"ab", "xy"}},
    {"{a,b}.yaml\n", {"{a,b}.yaml"}, {"a.yaml", "b.yaml"}},
    {"\\#a\n\\!b\n", {"#a", "!b"}, {"a", "b"}},
    {"a  \nb\\ \n", {"a", "b "}, {"a  ", "b"}},
    {"a.yaml\r\nb.yaml\r\n", {"a.yaml", "b.yaml"}, {"c.yaml"}},
};

TEST(IgnoreFileTest, ReadsWhatGitReads) {
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.text);
        const IgnoreFile file{c.text};
        for (const auto& path : c.ignored) EXPECT_TRUE(file.ignores(path)) << path;
        for (const auto& path : c.kept) EXPECT_FALSE(file.ignores(path)) << path;
    }
    EXPECT_TRUE(IgnoreFile{}.empty());
    EXPECT_TRUE(IgnoreFile{"# nothing\n"}.empty());
}

// The table above, asked of git itself.
TEST(IgnoreFileTest, GitAgrees) {
    if (std::system("git --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no git";
    std::string folder = (fs::temp_directory_path() / "linkspan-ignore-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    const fs::path root{folder};
    const auto git = [&](const std::string& rest) {
        return std::system(("cd '" + folder + "' && git " + rest + " >/dev/null 2>&1").c_str());
    };
    ASSERT_EQ(git("init -q ."), 0);
    for (const Case& c : kCases) {
        SCOPED_TRACE(c.text);
        std::ofstream{root / ".gitignore", std::ios::binary} << c.text;
        for (const bool ignored : {true, false}) {
            for (const auto& path : ignored ? c.ignored : c.kept) {
                std::string quoted = path;
                EXPECT_EQ(git("check-ignore -q --no-index -- '" + quoted + "'") == 0, ignored)
                    << path;
            }
        }
    }
    fs::remove_all(root);
}

}  // namespace
}  // namespace linkspan::manifest
