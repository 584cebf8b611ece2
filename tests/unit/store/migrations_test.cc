#include "service/store/migrations.h"

#include "tests/unit/store/samples.h"
#include "tests/unit/store/schema_7.h"

#include <fstream>
#include <map>

namespace linkspan::store {
namespace {

// Schema 1 as it was released, with a settled and a pending delivery. Never changes, whatever
// migrations.cc becomes.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE deliveries (
    seq            INTEGER PRIMARY KEY,
    id             TEXT NOT NULL UNIQUE,
    receiver       TEXT NOT NULL,
    sender         TEXT NOT NULL,
    key            TEXT NOT NULL,
    key_window     INTEGER NOT NULL,
    key_live       INTEGER NOT NULL,
    received_at    INTEGER NOT NULL,
    remote_address TEXT NOT NULL,
    proven         INTEGER NOT NULL,
    ignored        TEXT,
    answer_status  INTEGER NOT NULL,
    answer_body    TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX deliveries_live_key ON deliveries (receiver, key) WHERE key_live = 1;
CREATE INDEX deliveries_received_at ON deliveries (received_at);

CREATE TABLE events (
    delivery   INTEGER NOT NULL REFERENCES deliveries (seq) ON DELETE CASCADE,
    idx        INTEGER NOT NULL,
    host       TEXT NOT NULL,
    repository TEXT NOT NULL,
    tag        TEXT NOT NULL,
    digest     TEXT,
    media_type TEXT,
    pushed_at  TEXT,
    revision   TEXT,
    source     TEXT,
    build_url  TEXT,
    actor      TEXT,
    PRIMARY KEY (delivery, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE work (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery        INTEGER NOT NULL REFERENCES deliveries (seq) ON DELETE CASCADE,
    event           INTEGER NOT NULL,
    target          TEXT NOT NULL,
    policy          TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    due_at          INTEGER NOT NULL,
    last_error      TEXT,
    intended_commit TEXT,
    done_at         INTEGER,
    outcome         TEXT,
    reason          TEXT,
    outcome_commit  TEXT,
    detail          TEXT,
    CHECK ((done_at IS NULL) = (outcome IS NULL))
) STRICT;
CREATE INDEX work_delivery ON work (delivery);
CREATE INDEX work_pending ON work (due_at, id) WHERE done_at IS NULL;

CREATE TABLE steps (
    work INTEGER NOT NULL REFERENCES work (id) ON DELETE CASCADE,
    n    INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    step TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (work, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), n INTEGER NOT NULL) STRICT;
INSERT INTO probe VALUES (1, 0);

INSERT INTO deliveries VALUES
    (1, '01HF7YAT00AAAAAAAAAAAAAAAA', 'harbor', 'harbor', 'k1', 3600, 1, 1700000000000000000,
     '192.0.2.7', 1, NULL, 202, '{"id":"1"}'),
    (2, '01HF7YAT00BBBBBBBBBBBBBBBB', 'harbor', 'harbor', 'k2', 3600, 1, 1700000001000000000,
     '192.0.2.7', 1, NULL, 202, '{"id":"2"}');
INSERT INTO events (delivery, idx, host, repository, tag) VALUES
    (1, 0, 'registry.example.com', 'acme/app', '1.0.0'),
    (2, 0, 'registry.example.com', 'acme/app', '1.1.0');
INSERT INTO work VALUES
    (1, 1, 0, 'prod', 'flux-system:app', 1700000000000000000, 2, 1700000000000000000, 'was slow',
     'abc', 1700000005000000000, 'committed', 'because', 'abc', '{"a":1}'),
    (2, 2, 0, 'prod', 'flux-system:app', 1700000001000000000, 0, 1700000001000000000, NULL,
     NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO steps VALUES (1, 0, 1700000002000000000, 'confirm', 'found');
PRAGMA user_version = 1;
PRAGMA application_id = 1280004944;
)sql";

// What schema 2 added, as it was released.
constexpr const char* kVersion2 = R"sql(
CREATE TABLE images (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    listed_at   INTEGER,
    listed_tags INTEGER NOT NULL DEFAULT 0,
    complete_at INTEGER
) STRICT;
CREATE TABLE known_tags (
    image      INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    tag        TEXT NOT NULL,
    digest     TEXT,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    created    TEXT,
    PRIMARY KEY (image, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    policy TEXT NOT NULL,
    tag    TEXT NOT NULL,
    digest TEXT NOT NULL,
    who    TEXT NOT NULL,
    why    TEXT NOT NULL,
    since  INTEGER NOT NULL,
    until  INTEGER,
    UNIQUE (target, policy, tag, digest)
) STRICT;

CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    who     TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,
    why     TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_subject ON audit (subject);

CREATE TABLE blob_index (
    blob    BLOB PRIMARY KEY,
    version INTEGER NOT NULL,
    places  BLOB NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO images VALUES (1, 'registry.example.com/acme/app', 1700000000000000000, 1,
     1700000000000000000);
INSERT INTO known_tags VALUES (1, '1.0.0', 'sha256:a', 1700000000000000000, 1700000000000000000,
     NULL);
INSERT INTO holds VALUES (1, 'prod', 'app', '', '', 'ann', 'Friday', 1700000000000000000, NULL);
INSERT INTO audit VALUES (1, 1700000000000000000, 'ann', 'hold', 'prod', 'Friday');
INSERT INTO blob_index VALUES (x'61', 1, x'62');
PRAGMA user_version = 2;
)sql";

std::map<std::string, std::string> schema_of(Database& db) {
    std::map<std::string, std::string> schema;
    auto row = must(db.query("SELECT name, coalesce(sql, '') FROM sqlite_schema"));
    while (must(row.next())) schema[row.text(0)] = row.text(1);
    return schema;
}

void write_fixture(const std::string& path, const std::string& sql) {
    auto db = must(Database::open(path));
    must(db->script(sql));
}

TEST(MigrationsTest, ANewFileGetsTheNewestSchema) {
    auto store = open_store();
    EXPECT_EQ(must(store->database().integer("PRAGMA user_version")), schema_version());
    EXPECT_EQ(must(store->database().integer("PRAGMA application_id")), kApplicationId);
}

TEST(MigrationsTest, Version1IsAsItWasReleased) {
    auto released = must(Database::open(":memory:"));
    must(released->script(kVersion1));
    auto ours = must(Database::open(":memory:"));
    must(migrate(*ours, 1));
    EXPECT_EQ(schema_of(*ours), schema_of(*released));
}

TEST(MigrationsTest, Version2IsAsItWasReleased) {
    auto released = must(Database::open(":memory:"));
    must(released->script(std::string{kVersion1} + kVersion2));
    auto ours = must(Database::open(":memory:"));
    must(migrate(*ours, 2));
    EXPECT_EQ(schema_of(*ours), schema_of(*released));
}

TEST(MigrationsTest, Version7IsAsItWasReleased) {
    auto released = must(Database::open(":memory:"));
    must(released->script(kSchema7));
    auto ours = must(Database::open(":memory:"));
    must(migrate(*ours, 7));
    EXPECT_EQ(schema_of(*ours), schema_of(*released));
}

TEST(MigrationsTest, FromVersion7) {
    const TempDir dir;
    write_fixture(dir / "s.db", kSchema7);
    auto store = open_store(dir / "s.db");
    EXPECT_EQ(schema_of(store->database()), schema_of(open_store()->database()));
    // What was written before the difference was known counts as it did.
    const auto writes = must(store->writes().current("prod", "app"));
    ASSERT_EQ(writes.size(), 1U);
    EXPECT_TRUE(writes[0].landed);
}

TEST(MigrationsTest, FromVersion2) {
    const TempDir dir;
    write_fixture(dir / "s.db", std::string{kVersion1} + kVersion2);
    auto store = open_store(dir / "s.db");
    EXPECT_EQ(must(store->database().integer("PRAGMA user_version")), schema_version());
    const auto image = *image::ImageName::parse("registry.example.com/acme/app");
    const auto known = must(store->known_tags().known_tags(image)).at(0);
    EXPECT_EQ(known.digest, "sha256:a");
    EXPECT_EQ(known.digest_seen, known.first_seen);
    EXPECT_EQ(must(store->holds().list(kStart)).at(0).tag, std::nullopt);
    EXPECT_EQ(must(store->audit().list(std::nullopt, 1)).at(0).who, "ann");
    EXPECT_EQ(must(store->blob_index().get_many(std::vector<std::string>{"a"})).at(0)->places, "b");
    const auto pending = must(store->pending());
    ASSERT_EQ(pending.size(), 1U);
    EXPECT_EQ(pending[0].since, pending[0].created_at);
}

TEST(MigrationsTest, FromVersion1) {
    const TempDir dir;
    write_fixture(dir / "s.db", kVersion1);
    auto store = open_store(dir / "s.db");
    EXPECT_EQ(must(store->database().integer("PRAGMA user_version")), schema_version());
    EXPECT_EQ(schema_of(store->database()), schema_of(open_store()->database()));

    const auto trail = trail_of(*store, "01HF7YAT00AAAAAAAAAAAAAAAA");
    ASSERT_EQ(trail.work.size(), 1U);
    EXPECT_TRUE(trail.settled());
    EXPECT_EQ(trail.work[0].outcome->detail_json, "{\"a\":1}");
    EXPECT_EQ(trail.work[0].steps.at(0).text, "found");
    const auto pending = must(store->pending());
    ASSERT_EQ(pending.size(), 1U);
    EXPECT_EQ(pending[0].event.tag.str(), "1.1.0");
    EXPECT_TRUE(must(store->record(sample("k1", kStart))).duplicate);
    EXPECT_FALSE(must(store->record(sample("k3", kStart))).duplicate);
}

TEST(MigrationsTest, EveryPastVersionLeadsToTheSameSchema) {
    const auto newest = schema_of(open_store()->database());
    for (int version = 0; version <= schema_version(); ++version) {
        SCOPED_TRACE(version);
        const TempDir dir;
        {
            auto db = must(Database::open(dir / "s.db"));
            must(migrate(*db, version));
        }
        auto store = open_store(dir / "s.db");
        EXPECT_EQ(schema_of(store->database()), newest);
        must(store->record(sample("key")));
    }
}

TEST(MigrationsTest, OpeningAgainChangesNothing) {
    const TempDir dir;
    open_store(dir / "s.db").reset();
    auto store = open_store(dir / "s.db");
    const auto version = must(store->database().integer("PRAGMA schema_version"));
    store.reset();
    store = open_store(dir / "s.db");
    EXPECT_EQ(must(store->database().integer("PRAGMA schema_version")), version);
}

TEST(MigrationsTest, ANewerSchemaIsRefusedWithAdviceAndUntouched) {
    const TempDir dir;
    {
        auto store = open_store(dir / "s.db");
        must(store->database().script("PRAGMA user_version = 999"));
    }
    const auto opened = Store::open(dir / "s.db");
    ASSERT_TRUE(opened.has_error());
    EXPECT_EQ(opened.error().kind, Errc::Conflict);
    EXPECT_NE(opened.error().message.find("newer linkspan"), std::string::npos);
    EXPECT_NE(opened.error().message.find("999"), std::string::npos);
    EXPECT_EQ(must(must(Database::open(dir / "s.db"))->integer("PRAGMA user_version")), 999);
}

TEST(MigrationsTest, AnotherProgramsDatabaseIsRefusedAndUntouched) {
    for (const char* sql :
         {"CREATE TABLE theirs (a)", "PRAGMA user_version = 1", "PRAGMA application_id = 7"}) {
        SCOPED_TRACE(sql);
        const TempDir dir;
        write_fixture(dir / "theirs.db", sql);
        std::ifstream before_file{dir / "theirs.db", std::ios::binary};
        const std::string before{std::istreambuf_iterator<char>{before_file}, {}};
        EXPECT_ERROR(Errc::Conflict, Store::open(dir / "theirs.db"));
        std::ifstream after_file{dir / "theirs.db", std::ios::binary};
        const std::string after{std::istreambuf_iterator<char>{after_file}, {}};
        EXPECT_EQ(before, after);
    }
}

TEST(MigrationsTest, AStepThatFailsLeavesTheVersionBefore) {
    auto db = must(Database::open(":memory:"));
    must(db->script("PRAGMA application_id = 1280004944; CREATE TABLE work (in_the_way)"));
    EXPECT_TRUE(migrate(*db).has_error());
    EXPECT_EQ(must(db->integer("PRAGMA user_version")), 0);
    EXPECT_EQ(must(db->integer("SELECT count(*) FROM sqlite_schema")), 1);
}

}  // namespace
}  // namespace linkspan::store
