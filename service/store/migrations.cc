// The tables, and what their states are.
//
//   deliveries ──< events            what was received
//       └──────< work ──< steps      what is to be done about an event for one target and policy
//
//   work      pending: done_at and outcome are NULL; due_at says when it is tried (again).
//             waiting: pending, and `waiting` says what for; due_at is when that ends.
//             done:    done_at and outcome are set, once. There is no way back.
//   delivery  settled: none of its work is pending. Not stored; counted.
//   key       A delivery's key is live from the start until an equal one arrives after its window,
//             which then has the live one. The unique index holds live keys only.
//
//   images ──< known_tags            what registries and pushes told us
//   holds                            '' in tag or digest: any
//   pull_requests ──< images         one for each target and group; see pull_requests.h
//   writes                           what was written where; see writes.h
//   audit                            appended only
//   blob_index, image_facts          caches
//
//   outbox                           what others are told: pending → delivered or dead
//   branches ──< commits ──< reports what controllers said of commits that we pushed
//
// Times are nanoseconds since 1970, windows seconds. Every step below is frozen once released: a
// change is a new step.
#include "service/store/migrations.h"

#include "service/store/database.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>

namespace linkspan::store {

namespace {

// seq counts up with arrival; id is what people see. AUTOINCREMENT for work: an id that was given
// out must never come to mean something else.
constexpr const char* kDeliveriesAndWork = R"sql(
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
)sql";

// images.complete_at: when a list was last taken that was not cut short. A tag that was listed
// again and again is not written again and again; its last_seen is the greater of the two.
constexpr const char* kTagsHoldsAuditBlobs = R"sql(
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
)sql";

// writes.forgiven: somebody resumed the policy; the row is kept for rollbacks. work.directive: what
// a person asked for, as JSON; NULL: decide by policy.
constexpr const char* kWritesAndDirectives = R"sql(
CREATE TABLE writes (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    target     TEXT NOT NULL,
    policy     TEXT NOT NULL,
    path       TEXT NOT NULL,
    document   INTEGER NOT NULL,
    place      TEXT NOT NULL,
    image      TEXT NOT NULL,
    old_tag    TEXT NOT NULL,
    old_digest TEXT,
    new_tag    TEXT NOT NULL,
    new_digest TEXT,
    commit_id  TEXT NOT NULL,
    at         INTEGER NOT NULL,
    undone     TEXT,
    forgiven   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX writes_place ON writes (target, policy, path, document, place, id);
CREATE INDEX writes_policy ON writes (target, policy, id);
CREATE INDEX writes_undone ON writes (id) WHERE undone IS NOT NULL;

ALTER TABLE work ADD COLUMN directive TEXT;
)sql";

// reports.place: the newest commit of ours that the report's revision contains; NULL while nobody
// has looked. A report stands for that commit and for all before it in its branch.
constexpr const char* kOutboxAndDeployments = R"sql(
CREATE TABLE outbox (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    sink       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    content    TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    state      TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    last_error TEXT,
    done_at    INTEGER,
    CHECK ((done_at IS NULL) = (state = 'pending'))
) STRICT;
CREATE INDEX outbox_pending ON outbox (sink, due_at, seq) WHERE state = 'pending';
CREATE INDEX outbox_done_at ON outbox (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE branches (
    id         INTEGER PRIMARY KEY,
    repository TEXT NOT NULL,
    name       TEXT NOT NULL,
    UNIQUE (repository, name)
) STRICT;
CREATE TABLE commits (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    branch INTEGER NOT NULL REFERENCES branches (id) ON DELETE CASCADE,
    id     TEXT NOT NULL,
    at     INTEGER NOT NULL,
    UNIQUE (branch, id)
) STRICT;
CREATE INDEX commits_id ON commits (id);
CREATE TABLE reports (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    branch      INTEGER REFERENCES branches (id) ON DELETE CASCADE,
    place       INTEGER REFERENCES commits (seq) ON DELETE CASCADE,
    controller  TEXT NOT NULL,
    object      TEXT NOT NULL,
    state       TEXT NOT NULL,
    revision    TEXT NOT NULL,
    followed    TEXT NOT NULL,
    message     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    CHECK ((branch IS NULL) = (place IS NULL))
) STRICT;
CREATE INDEX reports_branch ON reports (branch, place);
CREATE INDEX reports_place ON reports (place);
CREATE INDEX reports_object ON reports (branch, controller, object, state, place);

CREATE INDEX work_outcome_commit ON work (outcome_commit) WHERE outcome_commit IS NOT NULL;
)sql";

// What is asked of one policy in one target, and of one image, whatever else there is.
constexpr const char* kLookups = R"sql(
CREATE INDEX work_ended ON work (target, policy, done_at) WHERE done_at IS NOT NULL;
CREATE INDEX work_failed ON work (delivery) WHERE outcome = 'failed';
CREATE INDEX events_image ON events (host, repository, delivery);
)sql";

// work.since: where the age of waiting work is counted from, since it did not fail while it waited.
// known_tags.digest_at: when this tag was first seen with this digest; NULL in rows from before.
constexpr const char* kWaitingAndFacts = R"sql(
ALTER TABLE work ADD COLUMN waiting TEXT;
ALTER TABLE work ADD COLUMN since INTEGER;
ALTER TABLE known_tags ADD COLUMN digest_at INTEGER;

CREATE TABLE image_facts (
    digest   TEXT PRIMARY KEY,
    version  INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    facts    BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX image_facts_asked_at ON image_facts (asked_at);
)sql";

// One row for each target and group, live or ended; see pull_requests.h. Openings are kept for the
// hourly limit.
constexpr const char* kPullRequests = R"sql(
CREATE TABLE pull_requests (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    repository    TEXT NOT NULL,
    target        TEXT NOT NULL,
    grp           TEXT NOT NULL,
    branch        TEXT NOT NULL,
    base          TEXT NOT NULL,
    state         TEXT NOT NULL,
    number        INTEGER NOT NULL,
    url           TEXT NOT NULL,
    title         TEXT NOT NULL,
    head          TEXT NOT NULL,
    note          TEXT NOT NULL,
    memory        TEXT NOT NULL,
    waiting_since INTEGER,
    opened_at     INTEGER,
    look_at       INTEGER,
    updated_at    INTEGER NOT NULL,
    changes       TEXT NOT NULL,
    origins       TEXT NOT NULL,
    nudged_at     INTEGER,
    wish          TEXT NOT NULL DEFAULT '',
    UNIQUE (repository, target, grp)
) STRICT;
CREATE INDEX pull_requests_branch ON pull_requests (repository, branch);
CREATE TABLE pull_request_images (
    pull_request INTEGER NOT NULL REFERENCES pull_requests (id) ON DELETE CASCADE,
    n            INTEGER NOT NULL,
    image        TEXT NOT NULL,
    policy       TEXT NOT NULL,
    tag          TEXT NOT NULL,
    digest       TEXT NOT NULL,
    why          TEXT NOT NULL,
    delivery     TEXT NOT NULL,
    pushed_at    TEXT,
    revision     TEXT,
    source       TEXT,
    build_url    TEXT,
    actor        TEXT,
    signed_by    TEXT NOT NULL,
    soaks_until  INTEGER,
    asked_for    TEXT NOT NULL,
    PRIMARY KEY (pull_request, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE pull_request_openings (
    target TEXT NOT NULL,
    grp    TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (target, grp, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_in_pull_request ON work (target, policy) WHERE outcome = 'pull_request';
-- The number of the one that a person closed: 0 for what was held in another way.
ALTER TABLE holds ADD COLUMN pull_request INTEGER NOT NULL DEFAULT 0;
)sql";

// writes.landed: 0 while nobody knows whether the push that carries it went through.
constexpr const char* kLandedWrites = R"sql(
ALTER TABLE writes ADD COLUMN landed INTEGER NOT NULL DEFAULT 1;
CREATE INDEX writes_commit ON writes (commit_id);
)sql";

constexpr std::array kSteps{
    kDeliveriesAndWork,
    kTagsHoldsAuditBlobs,
    kWritesAndDirectives,
    kOutboxAndDeployments,
    kLookups,
    kWaitingAndFacts,
    kPullRequests,
    kLandedWrites,
};

}  // namespace

int schema_version() { return static_cast<int>(kSteps.size()); }

Status check_schema(Database& database) {
    LINKSPAN_TRY(application, database.integer("PRAGMA application_id"));
    LINKSPAN_TRY(version, database.integer("PRAGMA user_version"));
    LINKSPAN_TRY(objects, database.integer("SELECT count(*) FROM sqlite_schema"));
    const bool fresh = application == 0 && version == 0 && objects == 0;
    if (fresh) return {};
    if (application != kApplicationId) {
        return Error{
            Errc::Conflict,
            fmt::format(
                "{} is an SQLite database of another program; it was not touched. Point `store` "
                "at another path",
                database.path()
            )};
    }
    if (version > schema_version()) {
        return Error{
            Errc::Conflict,
            fmt::format(
                "{} was written by a newer linkspan (schema {}, this program knows {}); it was "
                "not touched. Run that version again, or restore a backup from before the upgrade",
                database.path(),
                version,
                schema_version()
            )};
    }
    return {};
}

Status migrate(Database& database, int version) {
    if (auto status = check_schema(database); status.has_error()) return status;
    LINKSPAN_TRY(current, database.integer("PRAGMA user_version"));
    for (auto step = static_cast<int>(current); step < version; ++step) {
        LINKSPAN_TRY(transaction, Transaction::begin(database));
        // The version is part of the transaction: a step is either taken and counted, or neither.
        auto status = database.script(fmt::format(
            "{} PRAGMA user_version = {}; PRAGMA application_id = {};",
            kSteps.at(static_cast<std::size_t>(step)),
            step + 1,
            kApplicationId
        ));
        if (!status.has_error()) status = transaction.commit();
        if (status.has_error()) {
            return status.error().within(fmt::format("migrating the store to schema {}", step + 1));
        }
    }
    return {};
}

}  // namespace linkspan::store
