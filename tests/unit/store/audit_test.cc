#include "service/store/audit.h"

#include "tests/unit/store/samples.h"

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

class AuditTest : public testing::Test {
protected:
    std::int64_t append(const std::string& subject, std::chrono::seconds when) {
        return must(audit_.append({
            .id = 0,
            .at = at(when),
            .who = "ann",
            .action = "hold",
            .subject = subject,
            .why = "it is Friday",
        }));
    }
    std::unique_ptr<SqliteStore> store_ = open_store();
    Audit& audit_ = store_->audit();
};

TEST_F(AuditTest, AnEntryIsWhole) {
    const auto id = append("targets/prod", 5s);
    const auto list = must(audit_.list(std::nullopt, 10));
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].id, id);
    EXPECT_EQ(list[0].at, at(5s));
    EXPECT_EQ(list[0].who, "ann");
    EXPECT_EQ(list[0].action, "hold");
    EXPECT_EQ(list[0].subject, "targets/prod");
    EXPECT_EQ(list[0].why, "it is Friday");
}

TEST_F(AuditTest, IsListedNewestFirstInPages) {
    std::vector<std::int64_t> ids;
    for (int i = 0; i < 7; ++i) {
        ids.insert(ids.begin(), append(i % 2 == 0 ? "even" : "odd", std::chrono::seconds{i}));
    }
    std::vector<std::int64_t> seen;
    std::optional<std::int64_t> after;
    for (;;) {
        const auto page = must(audit_.list(after, 3));
        if (page.empty()) break;
        for (const auto& entry : page) seen.push_back(entry.id);
        after = page.back().id;
    }
    EXPECT_EQ(seen, ids);
    const auto odd = must(audit_.list("odd", std::nullopt, 2));
    ASSERT_EQ(odd.size(), 2U);
    EXPECT_EQ(odd[0].id, ids[1]);
    EXPECT_EQ(must(audit_.list("odd", odd[1].id, 2)).size(), 1U);
    EXPECT_TRUE(must(audit_.list("none", std::nullopt, 2)).empty());
}

TEST_F(AuditTest, OldEntriesGoInChunksAndIdsAreNotUsedAgain) {
    append("a", 3s);
    append("a", 1s);
    const auto last = append("a", 2s);
    EXPECT_EQ(must(audit_.expire(at(3s), 1)), 1U);
    EXPECT_EQ(must(audit_.list(std::nullopt, 10)).back().at, at(3s));
    EXPECT_EQ(must(audit_.expire(at(9s), 10)), 2U);
    EXPECT_EQ(must(audit_.expire(at(9s), 10)), 0U);
    EXPECT_GT(append("a", 4s), last);
}

TEST_F(AuditTest, AnEntryAndWhatItIsAboutAreOneOperation) {
    const TempDir dir;
    Status told;
    {
        Writer writer{open_store(dir / "s.db")};
        writer.run(
            [](Store& store) -> Status {
                must(store.audit().append({0, kStart, "ann", "hold", "x", "y"}));
                must(store.holds().set(
                    {0, "prod", "app", std::nullopt, std::nullopt, "ann", "y", kStart, std::nullopt}
                ));
                return Error{Errc::Conflict, "changed my mind"};
            },
            [&](Status status) { told = std::move(status); }
        );
    }
    EXPECT_TRUE(told.has_error());
    const auto store = open_store(dir / "s.db");
    EXPECT_TRUE(must(store->audit().list(std::nullopt, 10)).empty());
    EXPECT_TRUE(must(store->holds().list(kStart)).empty());
}

}  // namespace
}  // namespace linkspan::store
