// The schema as version 7 has it, for migrations_test.cc: written down once, never changed again.
#pragma once

namespace linkspan::store {

inline constexpr const char* kSchema7 = R"sql(
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
    detail          TEXT, directive TEXT, waiting TEXT, since INTEGER,
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
    created    TEXT, digest_at INTEGER,
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
    until  INTEGER, pull_request INTEGER NOT NULL DEFAULT 0,
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
CREATE INDEX work_ended ON work (target, policy, done_at) WHERE done_at IS NOT NULL;
CREATE INDEX work_failed ON work (delivery) WHERE outcome = 'failed';
CREATE INDEX events_image ON events (host, repository, delivery);
CREATE TABLE image_facts (
    digest   TEXT PRIMARY KEY,
    version  INTEGER NOT NULL,
    asked_at INTEGER NOT NULL,
    facts    BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX image_facts_asked_at ON image_facts (asked_at);
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

INSERT INTO writes (id, target, policy, path, document, place, image, old_tag, new_tag, commit_id, at)
    VALUES (1, 'prod', 'app', 'a.yaml', 0, 'spec.image', 'registry.example.com/acme/app', '1.0.0',
            '1.1.0', 'abc', 1700000000000000000);
PRAGMA application_id = 1280004944;
PRAGMA user_version = 7;
)sql";

}  // namespace linkspan::store
