#include "service/store/image_facts.h"

#include "tests/unit/store/samples.h"

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

image::Digest digest(char fill) { return *image::Digest::parse("sha256:" + std::string(64, fill)); }

class ImageFactsTest : public testing::Test {
protected:
    std::unique_ptr<SqliteStore> store_ = open_store();
    ImageFacts& facts_ = store_->image_facts();
};

TEST_F(ImageFactsTest, AreKeptByDigestAndVersion) {
    const std::string bytes{"\0\xff{", 3};
    EXPECT_EQ(must(facts_.get(digest('a'), 1)), std::nullopt);
    must(facts_.put(digest('a'), bytes, 1, at(1s)));
    EXPECT_EQ(must(facts_.get(digest('a'), 1)), bytes);
    EXPECT_EQ(must(facts_.get(digest('b'), 1)), std::nullopt);
    EXPECT_EQ(must(facts_.get(digest('a'), 2)), std::nullopt);
    must(facts_.put(digest('a'), "new", 2, at(2s)));
    EXPECT_EQ(must(facts_.get(digest('a'), 2)), "new");
    EXPECT_EQ(must(facts_.get(digest('a'), 1)), std::nullopt);
}

TEST_F(ImageFactsTest, TheOldestExpireFirst) {
    must(facts_.put(digest('a'), "a", 1, at(3s)));
    must(facts_.put(digest('b'), "b", 1, at(1s)));
    must(facts_.put(digest('c'), "c", 1, at(2s)));
    EXPECT_EQ(must(facts_.expire(at(3s), 1)), 1U);
    EXPECT_EQ(must(facts_.get(digest('b'), 1)), std::nullopt);
    EXPECT_EQ(must(facts_.expire(at(3s), 10)), 1U);
    EXPECT_EQ(must(facts_.expire(at(3s), 10)), 0U);
    EXPECT_EQ(must(facts_.get(digest('a'), 1)), "a");
}

}  // namespace
}  // namespace linkspan::store
