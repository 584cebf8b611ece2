// Store: deliveries, their events, the work they make, and how each piece of work ended.
//
// SQLite in WAL mode with synchronous=FULL: what commit() returned for is on the disk. One thread
// owns a Store: Writer below is that thread, and puts everything that waits into one transaction
// (group commit). One process owns a file: a second one is refused.
//
// States (migrations.cc has the tables):
//   work: pending → done. `pending` work has a time when it is due, and waits for something until
//   then, or is tried again; `done` work has exactly one outcome. Nothing else is remembered
//   between the two, because every step is idempotent: after a crash a pending piece of work starts
//   again from the beginning, and finds in Git what it had already done.
#pragma once

#include "core/image/event.h"
#include "core/result.h"
#include "service/store/deployments.h"
#include "service/store/time_point.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::store {

struct DeliveryFilter;
struct DeliveryPage;

class Audit;
class BlobIndex;
class Deployments;
class Holds;
class ImageFacts;
class KnownTags;
class PullRequests;
class Writes;
class Outbox;
class PolicyStates;

struct NewWork {
    std::string target;
    std::string policy;  // full name
    // What a person asked for, as JSON (service/pipeline/directive.h); none: decide by policy.
    std::optional<std::string> directive{};
};

struct NewEvent {
    image::ImageEvent event;
    std::vector<NewWork> work;  // empty: nobody watches the image
};

struct NewDelivery {
    std::string id;  // from new_id()
    std::string receiver;
    std::string sender;  // type
    std::string key;
    std::chrono::seconds key_window{};
    TimePoint received_at;
    std::string remote_address;
    bool proven = true;
    std::optional<std::string> ignored;  // reason
    std::vector<NewEvent> events;
    // What the HTTP answer was, so that a duplicate gets it again.
    int answer_status = 202;
    std::string answer_body;
};

struct WorkItem {
    std::int64_t id = 0;
    std::string delivery;
    std::size_t event_index = 0;
    image::ImageEvent event;
    std::string target;
    std::string policy;
    TimePoint created_at;
    // Where its age is counted from: created_at, or the end of what it waited for.
    TimePoint since{};
    int attempts = 0;
    TimePoint due_at;
    // Set before each push, newest first: after a crash, or a push that nobody heard the end of,
    // one of these commits in the branch means that the work is done.
    std::vector<std::string> intended_commits{};
    std::optional<std::string> directive{};
};

struct BuiltFrom {
    std::string tag;
    std::string revision;
    std::string source;  // empty: not told
};

// How a piece of work ended. Kinds: "committed", "already_current", "refused", "failed" (dead
// letter); with pull requests also "pull_request", "merged", "held", "waiting".
struct Outcome {
    std::string kind;
    std::string reason;  // a sentence
    std::optional<std::string> commit;
    // Decision with explanation, plan, attempts: JSON text, shown in the trail as it is.
    std::string detail_json = "{}";
};

struct Recorded {
    std::string id;  // of this delivery, or of the first one with the same key
    bool duplicate = false;
    int answer_status = 0;
    std::string answer_body;
    std::vector<WorkItem> work;  // what to start now; empty for a duplicate
};

// One line of the story of a piece of work: "confirm: registry unreachable, next try 12:03".
struct Step {
    TimePoint at;
    std::string step;  // of the straight line: "confirm", "publish"
    std::string text;  // a sentence
};

struct WorkRow {
    std::int64_t id = 0;
    std::size_t event_index = 0;
    std::string target;
    std::string policy;
    std::string state;  // "pending" or "done"
    int attempts = 0;
    std::optional<TimePoint> due_at;
    std::optional<std::string> waiting;  // what for, until due_at; of pending work
    std::optional<std::string> last_error;
    std::optional<Outcome> outcome;
    std::optional<TimePoint> done_at;
    // In the order they were noted: the first 50 and the last 150, and how many are not kept
    // between them.
    std::vector<Step> steps;
    std::size_t steps_left_out = 0;
    // Of work that found its tag in Git already: the commit of ours that put it there. Absent where
    // a person did, or it is too long ago.
    std::optional<std::string> current_since{};
    // What controllers said of the outcome's commit, or of that one: see Deployments::of().
    std::vector<DeploymentReport> deployments;
};

struct Trail {
    NewDelivery delivery;  // without `work`
    std::vector<WorkRow> work;
    [[nodiscard]] bool settled() const;
};

struct DeliverySummary {
    std::string id;
    std::string receiver;
    std::string sender;
    TimePoint received_at;
    std::optional<std::string> ignored;
    std::size_t events = 0;
    std::size_t pending = 0;
    std::size_t failed = 0;   // dead letters
    std::size_t waiting = 0;  // of the pending
};

class Store {
public:
    // Creates the file, or migrates it. ":memory:" for tests. Errors: Conflict when another
    // process has the file open, or the schema is newer than this program, or the database is some
    // other program's; Corrupt when it is no SQLite database; Unavailable.
    static Result<std::unique_ptr<Store>> open(const std::string& path);
    virtual ~Store();

    // Errors for all: Unavailable (disk full, locked), Corrupt. Those that name a piece of work:
    // NotFound, and Conflict when it has ended already (note() is welcome after the end too).

    // One transaction. A delivery of the same receiver whose key is equal and which was received
    // less than delivery.key_window away from the first one is a duplicate: nothing is written.
    virtual Result<Recorded> record(const NewDelivery& delivery) = 0;
    // Adds to WorkItem::intended_commits; the newest eight are kept.
    virtual Status intend(std::int64_t work, const std::string& commit) = 0;
    // Counts an attempt.
    virtual Status postpone(std::int64_t work, TimePoint due, const std::string& error) = 0;
    // What has to pass first (a soak, a closed window) is no failure: no attempt is counted, and
    // the work's age begins at `until`.
    virtual Status wait(std::int64_t work, TimePoint until, const std::string& reason) = 0;
    virtual Status settle(std::int64_t work, const Outcome& outcome, TimePoint now) = 0;
    // What became, later, of work that ended in a pull request: all for which this policy chose
    // this tag and this pull request carried it. The detail is merged into the one that is there
    // (RFC 7396). Those that it is about.
    virtual Result<std::vector<WorkItem>> revise(
        std::string_view target,
        std::string_view policy,
        std::string_view tag,
        std::int64_t pull_request,
        const Outcome& outcome,
        TimePoint now
    ) = 0;
    // Adds a line to WorkRow::steps.
    virtual Status note(
        std::int64_t work, const std::string& step, const std::string& text, TimePoint now
    ) = 0;
    // Everything that has not ended, oldest due first: what a restart begins with.
    virtual Result<std::vector<WorkItem>> pending() = 0;
    // What senders told of where the image's tags were built, newest first; of the last 500 events
    // of the image, those that told a revision.
    virtual Result<std::vector<BuiltFrom>> built_from(const image::ImageName& image) = 0;
    virtual Result<std::optional<Trail>> trail(std::string_view delivery) = 0;
    // Newest first; `after` is the last id of the page before.
    virtual Result<std::vector<DeliverySummary>> deliveries(
        std::optional<std::string> after, std::size_t limit
    ) = 0;
    // Those that the filter lets through (delivery_filter.h). A page may be short, even empty, and
    // have a next one: one call looks at a bounded number of deliveries.
    virtual Result<DeliveryPage> deliveries(
        const DeliveryFilter& filter,
        std::optional<std::string> after,
        std::size_t limit,
        TimePoint now
    ) = 0;
    // Retention: deletes at most `limit` deliveries received before `older_than` of which all work
    // has ended, oldest first, and says how many; fewer than `limit` means that none is left. A key
    // is forgotten with its delivery, so keep deliveries for longer than any key's window.
    virtual Result<std::size_t> expire(TimePoint older_than, std::size_t limit) = 0;
    // For readiness: a small write, which takes the same way to the disk as every other one. (One
    // that is rolled back would never meet a full disk: SQLite writes when it commits.)
    virtual Status probe() = 0;

    // The other tables, each with a header of its own. What one operation does in several of them
    // is done or not done together.
    virtual KnownTags& known_tags() = 0;
    virtual Holds& holds() = 0;
    virtual Audit& audit() = 0;
    virtual BlobIndex& blob_index() = 0;
    virtual Writes& writes() = 0;
    virtual Outbox& outbox() = 0;
    virtual Deployments& deployments() = 0;
    virtual PolicyStates& policy_states() = 0;
    virtual ImageFacts& image_facts() = 0;
    virtual PullRequests& pull_requests() = 0;

protected:
    Store() = default;
    friend class Writer;
    virtual Status begin() = 0;
    virtual Status commit() = 0;
    virtual void rollback() = 0;
    // SQLite ends a transaction by itself after some errors.
    virtual bool in_transaction() = 0;
    // Savepoints around each operation of a shared transaction.
    virtual Status savepoint() = 0;
    virtual Status release() = 0;
    virtual Status rollback_to() = 0;
};

// A delivery id: 26 characters, sortable by time (ULID, https://github.com/ulid/spec), and in the
// order of the calls within one millisecond of one process. Not guessable: the status URL holds
// it. Any thread.
std::string new_id(TimePoint now);

// The thread that owns a Store. run() may be called from any thread; `done` is called on the
// store's thread, after the transaction that holds the operation is on the disk (or has failed,
// with the error in place of the operation's result). Destruction finishes what is queued, and
// must not happen on the store's thread (in `done`).
//
// There is no waiting for company: a transaction takes whoever comes until nobody is left, and
// while it goes to the disk the next one gathers.
class Writer {
public:
    explicit Writer(std::unique_ptr<Store> store);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // `operation` runs inside a transaction shared with others; its Status error rolls back only
    // itself (savepoint), and so does an exception, which becomes Errc::Internal. `done` gets the
    // operation's status, or the commit's error, and must not throw. After an error nothing of the
    // operation is in the store, with one exception: when the disk failed while committing, the
    // operation may be found there after a restart. So repeat what is idempotent.
    void run(std::function<Status(Store&)> operation, std::function<void(Status)> done);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace linkspan::store
