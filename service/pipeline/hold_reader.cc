#include "service/pipeline/hold_reader.h"

#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"
#include "service/store/holds.h"

#include <fmt/format.h>

namespace linkspan::pipeline {
namespace asio = boost::asio;

asio::awaitable<Status> read_holds(
    store::Writer& writer, std::shared_ptr<std::vector<plan::Bid>> bids, store::TimePoint now
) {
    // All of them in one query: people hold a handful, and a turn may have a thousand bids.
    std::function<Result<std::vector<store::Hold>>(store::Store&)> read =
        [now](store::Store& store) { return store.holds().list(now); };
    auto holds = co_await in_store<std::vector<store::Hold>>(writer, std::move(read));
    if (holds.has_error()) co_return holds.error().within("reading the holds");
    for (plan::Bid& bid : *bids) {
        bid.holds.clear();
        const std::string policy = bid.policy.full_name();
        for (const store::Hold& hold : *holds) {
            if (hold.target != bid.target || hold.policy != policy) continue;
            bid.holds.push_back(
                {.tag = hold.tag,
                 .digest = hold.digest,
                 .who = hold.who,
                 .why = hold.why,
                 .until = hold.until}
            );
        }
    }
    co_return Status{};
}

std::string held_reason(const policy::Held& held) {
    std::string reason = fmt::format("held by {}: {}", held.by, held.why);
    if (held.until) reason += fmt::format(" (until {})", rfc3339(*held.until));
    return reason;
}

}  // namespace linkspan::pipeline
