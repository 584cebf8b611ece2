#include "tests/unit/store/samples.h"

#include <algorithm>
#include <set>
#include <thread>

namespace linkspan::store {
namespace {

TEST(NewIdTest, IsAUlid) {
    const std::string id = new_id(kStart);
    EXPECT_EQ(id.size(), 26U);
    EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), std::string::npos) << id;
}

TEST(NewIdTest, BeginsWithTheTimeInMilliseconds) {
    // The example of the specification: 1469918176385 ms.
    EXPECT_EQ(
        new_id(TimePoint{std::chrono::milliseconds{1469918176385}}).substr(0, 10), "01ARYZ6S41"
    );
    EXPECT_EQ(new_id(TimePoint{}).substr(0, 10), "0000000000");
}

TEST(NewIdTest, SortsByTime) {
    const std::string early = new_id(kStart);
    const std::string late = new_id(at(std::chrono::milliseconds{1}));
    const std::string again = new_id(kStart);
    EXPECT_LT(early, late);
    EXPECT_LT(again, late);
}

TEST(NewIdTest, KeepsTheOrderWithinAMillisecond) {
    std::vector<std::string> ids;
    for (int i = 0; i < 10'000; ++i) ids.push_back(new_id(kStart));
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
}

TEST(NewIdTest, IsUniqueAmongThreads) {
    std::vector<std::vector<std::string>> made(4);
    std::vector<std::thread> threads;
    for (auto& mine : made) {
        threads.emplace_back([&mine] {
            for (int i = 0; i < 1000; ++i) mine.push_back(new_id(kStart));
        });
    }
    for (auto& thread : threads) thread.join();
    std::set<std::string> all;
    for (auto& mine : made) all.insert(mine.begin(), mine.end());
    EXPECT_EQ(all.size(), 4000U);
}

TEST(NewIdTest, CantBeGuessedFromTheTime) {
    // The random part of two ids of different milliseconds has nothing in common.
    const std::string a = new_id(at(std::chrono::seconds{1})).substr(10);
    const std::string b = new_id(at(std::chrono::seconds{2})).substr(10);
    EXPECT_NE(a.substr(0, 8), b.substr(0, 8));
}

}  // namespace
}  // namespace linkspan::store
