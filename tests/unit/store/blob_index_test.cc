#include "service/store/blob_index.h"

#include "tests/unit/store/samples.h"

namespace linkspan::store {
namespace {

using Places = std::vector<std::optional<std::string>>;
using Ids = std::vector<std::string>;

class BlobIndexTest : public testing::Test {
protected:
    void put(const std::vector<IndexedBlob>& blobs, int version) {
        must(index_.put_many(blobs, version));
    }
    Places get(const Ids& ids, int version) { return must(index_.get_many(ids, version)); }

    std::unique_ptr<SqliteStore> store_ = open_store();
    BlobIndex& index_ = store_->blob_index();
};

TEST_F(BlobIndexTest, GivesWhatWasPutInTheOrderOfTheQuestion) {
    const std::string bytes{"\0\xff\x01", 3};
    put({{"b", bytes}, {"a", ""}, {std::string{"a\0c", 3}, "x"}}, 1);
    EXPECT_EQ(
        get({"c", "a", "b", std::string{"a\0c", 3}, "b"}, 1),
        (Places{std::nullopt, "", bytes, "x", bytes})
    );
    EXPECT_TRUE(get({}, 1).empty());
}

TEST_F(BlobIndexTest, AnotherVersionKnowsNothing) {
    put({{"a", "old"}, {"b", "old"}}, 1);
    EXPECT_EQ(get({"a"}, 2), (Places{std::nullopt}));
    put({{"a", "new"}}, 2);
    EXPECT_EQ(get({"a", "b"}, 2), (Places{"new", std::nullopt}));
    EXPECT_EQ(get({"a", "b"}, 1), (Places{std::nullopt, "old"}));
}

TEST_F(BlobIndexTest, RetainDeletesEverythingElse) {
    put({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}, 1);
    put({{"d", "5"}}, 2);
    const Ids wanted{"z", "c", "d", "b", "A"};
    EXPECT_EQ(must(index_.retain(wanted, 1)), 2U);
    EXPECT_EQ(get({"a", "b", "c", "d"}, 1), (Places{std::nullopt, "2", "3", std::nullopt}));
    EXPECT_EQ(get({"d"}, 2), (Places{std::nullopt}));
    EXPECT_EQ(must(index_.retain({}, 1)), 2U);
}

TEST_F(BlobIndexTest, IsThereAfterReopening) {
    const TempDir dir;
    must(open_store(dir / "s.db")->blob_index().put_many(std::vector<IndexedBlob>{{"a", "1"}}, 1));
    const auto store = open_store(dir / "s.db");
    EXPECT_EQ(must(store->blob_index().get_many(Ids{"a"}, 1)), (Places{"1"}));
}

}  // namespace
}  // namespace linkspan::store
