#include "service/git/loose_objects.h"

#include "tests/unit/git/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace linkspan::git {
namespace {

namespace fs = std::filesystem;

class LooseTest : public ::testing::Test {
protected:
    LooseTest() {
        start_library();
        testing::git(sandbox.path(), {"init", "--bare", "repository"});
    }
    // The file of an object that the real `git` wrote.
    fs::path add(const std::string& content) const {
        testing::write_file(sandbox / "content", content);
        const auto id =
            testing::git(sandbox / "repository", {"hash-object", "-w", sandbox / "content"});
        const fs::path file = objects() / id.substr(0, 2) / id.substr(2);
        fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
        return file;
    }
    fs::path objects() const { return fs::path{sandbox / "repository"} / "objects"; }

    testing::Sandbox sandbox;
};

std::string noise(std::size_t size) {
    std::string text;
    for (std::uint32_t n = 1; text.size() < size;) {
        n = n * 1664525 + 1013904223;
        text += static_cast<char>(n >> 24);
    }
    return text;
}

TEST_F(LooseTest, WholeObjectsAreWhole) {
    EXPECT_FALSE(check_loose(objects()).has_error());
    add("");
    add("hello\n");
    add(std::string(1 << 20, 'a'));
    add(noise(300'000));
    testing::write_file(objects() / "00" / "tmp_obj_abc", "of a write that was cut short");
    EXPECT_EQ(list_loose(objects()).size(), 4U);
    const auto status = check_loose(objects());
    EXPECT_FALSE(status.has_error()) << status.error().message;
}

TEST_F(LooseTest, OneThatEndsEarlyIsNamed) {
    for (const auto& content :
         {std::string{"hello\n"}, noise(100'000), std::string(1 << 20, 'a')}) {
        const auto file = add(content);
        const auto whole = testing::read_file(file);
        for (const std::size_t left :
             {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
            SCOPED_TRACE(fmt::format("{} of {} bytes", left, whole.size()));
            testing::write_file(file, whole.substr(0, left));
            const auto status = check_loose(objects());
            ASSERT_TRUE(status.has_error());
            EXPECT_EQ(status.error().kind, Errc::Corrupt);
            EXPECT_NE(
                status.error().message.find(
                    file.parent_path().filename().string() + file.filename().string()
                ),
                std::string::npos
            ) << status.error().message;
        }
        testing::write_file(file, std::string(whole.size(), '\0'));
        EXPECT_TRUE(check_loose(objects()).has_error());
        testing::write_file(file, whole);
        EXPECT_FALSE(check_loose(objects()).has_error());
    }
}

TEST_F(LooseTest, TheNewestAreReadAndNoMoreThanAllowed) {
    const auto old = add("old\n");
    testing::write_file(old, "cut");
    fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours{1});
    add(std::string(1 << 20, 'a'));
    EXPECT_TRUE(check_loose(objects()).has_error());
    EXPECT_FALSE(check_loose(objects(), {.files = 1}).has_error());
    EXPECT_FALSE(check_loose(objects(), {.bytes = 1000}).has_error());
}

}  // namespace
}  // namespace linkspan::git
