// SqliteStore: the Store over a Database. Private to service/store and its tests, which open one
// with failing disks and look at its database.
#pragma once

#include "service/store/audit.h"
#include "service/store/blob_index.h"
#include "service/store/database.h"
#include "service/store/delivery_filter.h"
#include "service/store/deployments.h"
#include "service/store/holds.h"
#include "service/store/image_facts.h"
#include "service/store/known_tags.h"
#include "service/store/outbox.h"
#include "service/store/policy_states.h"
#include "service/store/pull_requests.h"
#include "service/store/store.h"
#include "service/store/writes.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::store {

class SqliteStore final : public Store {
public:
    static Result<std::unique_ptr<SqliteStore>> open(
        const std::string& path, const Database::Options& options
    );

    // See beside.h.
    static Result<std::unique_ptr<SqliteStore>> open_read_only(const std::string& path);

    Result<Recorded> record(const NewDelivery& delivery) override;
    Status intend(std::int64_t work, const std::string& commit) override;
    Status postpone(std::int64_t work, TimePoint due, const std::string& error) override;
    Status wait(std::int64_t work, TimePoint until, const std::string& reason) override;
    Status settle(std::int64_t work, const Outcome& outcome, TimePoint now) override;
    Result<std::vector<WorkItem>> revise(
        std::string_view target,
        std::string_view policy,
        std::string_view tag,
        std::int64_t pull_request,
        const Outcome& outcome,
        TimePoint now
    ) override;
    Status note(std::int64_t work, const std::string& step, const std::string& text, TimePoint now)
        override;
    Result<std::vector<WorkItem>> pending() override;
    Result<std::vector<BuiltFrom>> built_from(const image::ImageName& image) override;
    Result<std::optional<Trail>> trail(std::string_view delivery) override;
    Result<std::vector<DeliverySummary>> deliveries(
        std::optional<std::string> after, std::size_t limit
    ) override;
    Result<DeliveryPage> deliveries(
        const DeliveryFilter& filter,
        std::optional<std::string> after,
        std::size_t limit,
        TimePoint now
    ) override;
    Result<std::size_t> expire(TimePoint older_than, std::size_t limit) override;
    Status probe() override;
    KnownTags& known_tags() override { return known_tags_; }
    Holds& holds() override { return holds_; }
    Audit& audit() override { return audit_; }
    BlobIndex& blob_index() override { return blob_index_; }
    Writes& writes() override { return writes_; }
    Outbox& outbox() override { return outbox_; }
    Deployments& deployments() override { return deployments_; }
    PolicyStates& policy_states() override { return policy_states_; }
    ImageFacts& image_facts() override { return image_facts_; }
    PullRequests& pull_requests() override { return pull_requests_; }

    [[nodiscard]] Database& database() { return *database_; }

protected:
    Status begin() override { return database_->begin(); }
    Status commit() override { return database_->commit(); }
    void rollback() override { database_->rollback(); }
    bool in_transaction() override { return database_->in_transaction(); }
    Status savepoint() override { return database_->savepoint(); }
    Status release() override { return database_->release(); }
    Status rollback_to() override { return database_->rollback_to(); }

private:
    explicit SqliteStore(std::unique_ptr<Database> database)
        : database_{std::move(database)},
          known_tags_{*database_},
          holds_{*database_},
          audit_{*database_},
          blob_index_{*database_},
          writes_{*database_},
          outbox_{*database_},
          deployments_{*database_},
          policy_states_{*database_},
          image_facts_{*database_},
          pull_requests_{*database_} {}

    // What an equal, live key leads to: nothing (nullopt), or the answer of the first delivery.
    Result<std::optional<Recorded>> find_duplicate(const NewDelivery& delivery);
    Status insert_event(
        std::int64_t seq, std::size_t index, const NewDelivery& delivery, Recorded& recorded
    );
    // After an UPDATE of pending work that changed no row: why not.
    Status explain_unchanged(std::int64_t work);
    Status read_events(std::int64_t seq, Trail& trail);
    Status read_work(std::int64_t seq, Trail& trail);
    Status read_steps(std::int64_t seq, Trail& trail);
    Status read_deployments(Trail& trail);
    Result<std::optional<std::string>> current_since(std::int64_t work);

    std::unique_ptr<Database> database_;
    KnownTags known_tags_;
    Holds holds_;
    Audit audit_;
    BlobIndex blob_index_;
    Writes writes_;
    Outbox outbox_;
    Deployments deployments_;
    PolicyStates policy_states_;
    ImageFacts image_facts_;
    PullRequests pull_requests_;
};

// The columns of an event, in the order of kEventColumns, from `first` on. Errors: Corrupt.
Result<image::ImageEvent> read_event(const Query& row, int first);

}  // namespace linkspan::store
