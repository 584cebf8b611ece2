// A store that is read while its service has it.
#include "service/store/beside.h"

#include "service/store/holds.h"
#include "service/store/writes.h"
#include "tests/unit/store/samples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>

namespace linkspan::store {
namespace {

Hold hold_of(const std::string& tag) {
    return {
        .target = "prod",
        .policy = "app",
        .tag = tag,
        .digest = std::nullopt,
        .who = "ann",
        .why = "login is broken",
        .since = TimePoint{std::chrono::seconds{1}},
        .until = std::nullopt};
}

// When the transaction is over: the next call is not in it, and sees what came since.
std::size_t holds_in(Writer& writer) {
    std::size_t count = 99;
    std::promise<void> over;
    writer.run(
        [&count](Store& store) -> Status {
            auto holds = store.holds().list(TimePoint{std::chrono::seconds{10}});
            if (holds.has_value()) count = holds->size();
            return {};
        },
        [&over](const Status&) { over.set_value(); }
    );
    over.get_future().wait();
    return count;
}

std::vector<std::string> files_in(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

class Beside : public testing::Test {
protected:
    TempDir directory;
    std::string path = directory / "a%2Fb?#.db";
};

TEST_F(Beside, SeesWhatTheOwnerWrites) {
    auto owner = Store::open(path);
    ASSERT_TRUE(owner.has_value()) << owner.error().message;
    ASSERT_TRUE((*owner)->holds().set(hold_of("1")).has_value());
    const auto before = files_in(directory / "");
    auto beside = open_beside(path);
    ASSERT_TRUE(beside.has_value()) << beside.error().message;
    EXPECT_TRUE((*beside)->holds().set(hold_of("2")).has_error());
    Writer reader{std::move(*beside)};
    EXPECT_EQ(holds_in(reader), 1U);
    ASSERT_TRUE((*owner)->holds().set(hold_of("3")).has_value());
    EXPECT_EQ(holds_in(reader), 2U);
    EXPECT_EQ(files_in(directory / ""), before);
}

TEST_F(Beside, AStoreThatNobodyHasOpenIsLeftAsItIs) {
    {
        auto owner = Store::open(path);
        ASSERT_TRUE(owner.has_value());
        ASSERT_TRUE((*owner)->holds().set(hold_of("1")).has_value());
    }
    const auto before = files_in(directory / "");
    {
        auto beside = open_beside(path);
        ASSERT_TRUE(beside.has_value()) << beside.error().message;
        Writer reader{std::move(*beside)};
        EXPECT_EQ(holds_in(reader), 1U);
        EXPECT_EQ(files_in(directory / ""), before);
    }
    EXPECT_EQ(files_in(directory / ""), before);
    EXPECT_TRUE(Store::open(path).has_value());
}

TEST_F(Beside, WhatIsNoStoreOfOursIsNamed) {
    const auto missing = open_beside(path);
    ASSERT_TRUE(missing.has_error());
    EXPECT_EQ(missing.error().kind, Errc::NotFound);
    EXPECT_EQ(files_in(directory / "").size(), 0U);
    std::ofstream{path} << "something else, and long enough not to be an empty database";
    EXPECT_TRUE(open_beside(path).has_error());
}

}  // namespace
}  // namespace linkspan::store
