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
    // Known to this version.
    Places get(const Ids& ids, int version) {
        Places out;
        for (auto& known : must(index_.get_many(ids))) {
            const bool ours = known && known->scanner_version == version;
            out.push_back(ours ? std::optional{known->places} : std::nullopt);
        }
        return out;
    }

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

TEST_F(BlobIndexTest, SweepDeletesWhatIsNotKeptInChunks) {
    put({{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"}}, 1);
    const auto keep = [](std::string_view id) { return id == "b" || id == "e"; };
    std::string after;
    std::size_t deleted = 0;
    std::size_t chunks = 0;
    for (;;) {
        const Swept swept = must(index_.sweep(after, 2, keep));
        deleted += swept.deleted;
        ++chunks;
        if (!swept.next) break;
        after = *swept.next;
    }
    EXPECT_EQ(chunks, 3U);
    EXPECT_EQ(deleted, 3U);
    EXPECT_EQ(
        get({"a", "b", "c", "d", "e"}, 1),
        (Places{std::nullopt, "2", std::nullopt, std::nullopt, "5"})
    );
}

TEST_F(BlobIndexTest, IsThereAfterReopening) {
    const TempDir dir;
    must(open_store(dir / "s.db")->blob_index().put_many(std::vector<IndexedBlob>{{"a", "1"}}, 1));
    const auto store = open_store(dir / "s.db");
    EXPECT_EQ(must(store->blob_index().get_many(Ids{"a"})).at(0)->places, "1");
}

}  // namespace
}  // namespace linkspan::store
