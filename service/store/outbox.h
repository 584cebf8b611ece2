// Outbox: what others have to be told, until they were told or it was given up.
//
//   pending → delivered | dead        dead → pending, when a person says so
//
// Add a message in the same operation as what it tells of: then there is both or neither. At least
// once: a message whose delivery could not be noted is sent again, with the same id.
//
// Reached through Store::outbox(), on the store's thread. Errors: those of the store.
#pragma once

#include "core/result.h"
#include "service/store/time_point.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::store {

class Database;

struct OutboxMessage {
    std::int64_t seq = 0;  // given by add(): the order in which messages were added
    std::string id;        // what receivers recognise a repetition by; equal ids are one message
    std::string sink;      // name of the notification in the configuration
    std::string kind;      // "committed"
    std::string content;   // what is told; JSON
    TimePoint created_at;
    TimePoint due_at;
    int attempts = 0;
    std::string state = "pending";  // or "delivered", "dead"
    std::optional<std::string> last_error{};
    std::optional<TimePoint> done_at{};
};

class Outbox {
public:
    explicit Outbox(Database& database) : database_{database} {}

    // False when there is one with this id already, in whatever state: nothing is written then.
    Result<bool> add(const OutboxMessage& message);
    enum class Order { Due, Age };
    // The pending ones of a sink, earliest due or oldest first, whether their time has come or not.
    Result<std::vector<OutboxMessage>> pending(
        std::string_view sink, std::size_t limit, Order order = Order::Due
    );
    // Sinks that have pending messages.
    Result<std::vector<std::string>> waiting_sinks();

    // These do nothing when the message is not pending.
    Status delivered(std::string_view id, TimePoint now);
    Status postpone(std::string_view id, TimePoint due, const std::string& error);
    Status give_up(std::string_view id, const std::string& error, TimePoint now);
    // All that is pending for a sink; how many.
    Result<std::size_t> give_up_all(std::string_view sink, const std::string& error, TimePoint now);
    // Dead → pending, due at once and with a new life. False when it is not dead.
    Result<bool> revive(std::string_view id, TimePoint now);

    Result<bool> has(std::string_view id);

    // Newest first; `state` of all when absent; `after` is the seq of the last of the page before.
    Result<std::vector<OutboxMessage>> list(
        std::optional<std::string> state, std::optional<std::int64_t> after, std::size_t limit
    );
    // Deletes at most `limit` that ended before `older_than`; how many. An id is forgotten with its
    // message.
    Result<std::size_t> expire(TimePoint older_than, std::size_t limit);

private:
    Database& database_;
};

}  // namespace linkspan::store
