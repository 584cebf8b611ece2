#include "service/store/database.h"

#include "tests/unit/store/samples.h"

#include <sqlite3.h>

#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <limits>

namespace linkspan::store {
namespace {

std::unique_ptr<Database> memory() { return must(Database::open(":memory:")); }

std::string file_bytes(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(DatabaseTest, KeepsEveryKindOfValue) {
    auto db = memory();
    must(db->script("CREATE TABLE t (a, b, c, d, e, f)"));
    const std::string text{"a\0b\xff", 4};
    must(db->run(
        "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)",
        {text,
         std::string_view{},
         std::nullopt,
         std::numeric_limits<std::int64_t>::min(),
         Blob{text},
         std::optional<std::string>{}}
    ));
    auto row = must(db->query("SELECT a, b, c, d, e, f, typeof(a), typeof(e) FROM t"));
    ASSERT_TRUE(must(row.next()));
    EXPECT_EQ(row.text(0), text);
    EXPECT_FALSE(row.is_null(1));
    EXPECT_EQ(row.optional_text(1), "");
    EXPECT_EQ(row.optional_text(2), std::nullopt);
    EXPECT_EQ(row.integer(3), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(row.text(4), text);
    EXPECT_TRUE(row.is_null(5));
    EXPECT_EQ(row.text(6), "text");
    EXPECT_EQ(row.text(7), "blob");
    EXPECT_FALSE(must(row.next()));
}

TEST(DatabaseTest, KeepsTimesToTheNanosecond) {
    auto db = memory();
    for (const TimePoint t : {kStart, at(std::chrono::nanoseconds{1}), TimePoint{}}) {
        auto row = must(db->query("SELECT ?", {t}));
        ASSERT_TRUE(must(row.next()));
        EXPECT_EQ(row.time(0), t);
    }
}

TEST(DatabaseTest, RefusesAWrongNumberOfValues) {
    auto db = memory();
    EXPECT_ERROR(Errc::Internal, db->run("SELECT ?", {}));
    EXPECT_ERROR(Errc::Internal, db->run("SELECT ?", {1, 2}));
}

TEST(DatabaseTest, RefusesAStatementThatIsRunning) {
    auto db = memory();
    // One literal, so one kept statement.
    const auto start = [&] { return db->query("SELECT 1 UNION SELECT 2"); };
    auto first = must(start());
    ASSERT_TRUE(must(first.next()));
    EXPECT_ERROR(Errc::Internal, start());
}

TEST(DatabaseTest, AStatementCanRunAgainAfterItFailed) {
    auto db = memory();
    must(db->script("CREATE TABLE t (a INTEGER PRIMARY KEY)"));
    const auto insert = [&](int n) { return db->run("INSERT INTO t VALUES (?)", {n}); };
    must(insert(1));
    EXPECT_ERROR(Errc::Conflict, insert(1));
    must(insert(2));
    EXPECT_EQ(must(db->integer("SELECT count(*) FROM t")), 2);
}

TEST(DatabaseTest, WrongSqlIsOurBug) { EXPECT_ERROR(Errc::Internal, memory()->run("SELEKT 1")); }

TEST(TransactionTest, RollsBackUnlessCommitted) {
    auto db = memory();
    must(db->script("CREATE TABLE t (a)"));
    {
        auto transaction = must(Transaction::begin(*db));
        must(db->run("INSERT INTO t VALUES (1)"));
    }
    EXPECT_EQ(must(db->integer("SELECT count(*) FROM t")), 0);
    auto transaction = must(Transaction::begin(*db));
    must(db->run("INSERT INTO t VALUES (1)"));
    must(transaction.commit());
    EXPECT_FALSE(db->in_transaction());
    EXPECT_EQ(must(db->integer("SELECT count(*) FROM t")), 1);
}

TEST(TransactionTest, ANestedOneTakesOnlyItsOwnChangesBack) {
    auto db = memory();
    must(db->script("CREATE TABLE t (a)"));
    auto outer = must(Transaction::begin(*db));
    must(db->run("INSERT INTO t VALUES (1)"));
    {
        auto inner = must(Transaction::begin(*db));
        must(db->run("INSERT INTO t VALUES (2)"));
        {
            auto innermost = must(Transaction::begin(*db));
            must(db->run("INSERT INTO t VALUES (3)"));
            must(innermost.commit());
        }
    }
    must(outer.commit());
    EXPECT_EQ(must(db->integer("SELECT sum(a) FROM t")), 1);
}

TEST(DatabaseOpenTest, TwoInOneProcessAreRefused) {
    const TempDir dir;
    auto first = must(Database::open(dir / "s.db"));
    auto second = Database::open(dir / "s.db");
    ASSERT_TRUE(second.has_error());
    EXPECT_EQ(second.error().kind, Errc::Conflict);
    EXPECT_NE(second.error().message.find("in use by another process"), std::string::npos);
    EXPECT_NE(second.error().message.find(fmt::format("pid {}", ::getpid())), std::string::npos)
        << second.error().message;
    // The refused attempt did not take the first one's locks away.
    must(first->script("CREATE TABLE t (a)"));
    EXPECT_ERROR(Errc::Conflict, Database::open(dir / "s.db"));
    first.reset();
    EXPECT_FALSE(Database::open(dir / "s.db").has_error());
}

TEST(DatabaseOpenTest, AnotherProcessIsRefusedUnderEveryNameOfTheFile) {
    const TempDir dir;
    auto first = must(Database::open(dir / "s.db"));
    must(first->script("CREATE TABLE t (a)"));
    std::filesystem::create_symlink(dir / "s.db", dir / "link.db");
    for (const std::string name : {"s.db", "./s.db", "link.db"}) {
        SCOPED_TRACE(name);
        const pid_t child = ::fork();
        if (child == 0) {
            const auto second = Database::open(dir / name);
            const bool refused = second.has_error() && second.error().kind == Errc::Conflict;
            ::_exit(refused ? 0 : 1);
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
}

TEST(DatabaseOpenTest, AKilledOwnerLeavesNoLock) {
    const TempDir dir;
    const pid_t child = ::fork();
    if (child == 0) {
        const auto mine = Database::open(dir / "s.db");
        ::kill(::getpid(), SIGKILL);
        ::_exit(mine.has_error() ? 1 : 2);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_TRUE(std::filesystem::exists(dir / "s.db.lock"));
    EXPECT_FALSE(Database::open(dir / "s.db").has_error());
}

TEST(DatabaseOpenTest, RefusesWhatIsNoDatabase) {
    const TempDir dir;
    const std::string text(5000, 'x');
    std::ofstream{dir / "notes.txt"} << text;
    const auto opened = Database::open(dir / "notes.txt");
    ASSERT_TRUE(opened.has_error());
    EXPECT_EQ(opened.error().kind, Errc::Corrupt);
    EXPECT_NE(opened.error().message.find("notes.txt"), std::string::npos);
    EXPECT_NE(opened.error().message.find("not a database"), std::string::npos)
        << opened.error().message;
    EXPECT_EQ(file_bytes(dir / "notes.txt"), text);
}

TEST(DatabaseOpenTest, SaysWhatIsWrongWithThePath) {
    const TempDir dir;
    std::filesystem::create_directory(dir / "folder");
    for (const auto& [name, kind] : std::vector<std::pair<std::string, Errc>>{
             {"missing/s.db", Errc::Unavailable}, {"folder", Errc::Unavailable}}) {
        SCOPED_TRACE(name);
        const auto opened = Database::open(dir / name);
        ASSERT_TRUE(opened.has_error());
        EXPECT_EQ(opened.error().kind, kind);
        EXPECT_NE(opened.error().message.find(name), std::string::npos) << opened.error().message;
    }
    EXPECT_ERROR(Errc::InvalidInput, Database::open(""));
}

TEST(DatabaseOpenTest, ANameIsNoUri) {
    const TempDir dir;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(dir / ".");
    const bool opened = !Database::open("file:x?mode=memory").has_error();
    std::filesystem::current_path(before);
    EXPECT_TRUE(opened);
    EXPECT_TRUE(std::filesystem::exists(dir / "file:x?mode=memory"));
}

TEST(DatabaseOpenTest, IsDurable) {
    const TempDir dir;
    auto db = must(Database::open(dir / "s.db"));
    must(db->make_durable());
    EXPECT_EQ(must(db->integer("PRAGMA synchronous")), 2);
    EXPECT_EQ(must(db->integer("PRAGMA foreign_keys")), 1);
    auto row = must(db->query("PRAGMA journal_mode"));
    ASSERT_TRUE(must(row.next()));
    EXPECT_EQ(row.text(0), "wal");
}

}  // namespace
}  // namespace linkspan::store
