#include "service/pipeline/packed_rows.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace linkspan::pipeline {
namespace {

using Rows = std::map<std::string, std::string>;

Rows taken(PackedRows& rows, std::size_t chunk) {
    Rows out;
    while (!rows.empty()) {
        const auto some = rows.take(chunk);
        EXPECT_LE(some.size(), chunk);
        for (const auto& row : some) EXPECT_TRUE(out.emplace(row.blob_id, row.places).second);
    }
    return out;
}

TEST(PackedRowsTest, GivesBackEveryRowOnceOverManyBlocks) {
    PackedRows rows;
    Rows expected;
    for (int i = 0; i < 5'000; ++i) {
        const std::string key = "key" + std::to_string(i);
        std::string places(static_cast<std::size_t>(i % 1'000), static_cast<char>('a' + i % 26));
        rows.add(key, places);
        expected.emplace(key, std::move(places));
    }
    // Larger than a block.
    rows.add("large", std::string(3'000'000, 'x'));
    expected.emplace("large", std::string(3'000'000, 'x'));
    PackedRows more;
    more.add("", "no key");
    more.add("no places", "");
    expected.emplace("", "no key");
    expected.emplace("no places", "");
    rows.append(std::move(more));
    EXPECT_EQ(rows.size(), expected.size());
    EXPECT_EQ(taken(rows, 512), expected);
}

TEST(PackedRowsTest, TakesRowsWhileOthersCome) {
    PackedRows rows;
    EXPECT_TRUE(rows.take(10).empty());
    rows.add("a", "1");
    rows.add("b", "2");
    EXPECT_EQ(rows.take(1).size(), 1U);
    rows.add("c", "3");
    EXPECT_EQ(taken(rows, 1), (Rows{{"a", "1"}, {"c", "3"}}));
    rows.add("d", "4");
    EXPECT_EQ(taken(rows, 1), (Rows{{"d", "4"}}));
}

}  // namespace
}  // namespace linkspan::pipeline
