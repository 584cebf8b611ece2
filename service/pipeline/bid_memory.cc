#include "service/pipeline/bid_memory.h"

#include "service/pipeline/store_access.h"
#include "service/store/writes.h"

#include <map>
#include <set>
#include <string>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

plan::Written written_of(store::Write row) {
    return {
        .id = row.id,
        .path = std::move(row.path),
        .document = row.document,
        .where = std::move(row.place),
        .tag = std::move(row.new_tag),
        .digest = std::move(row.new_digest),
        .commit = std::move(row.commit),
        .undone = std::move(row.undone),
        .landed = row.landed};
}

}  // namespace

asio::awaitable<Status> recall_writes(store::Writer& writer, std::vector<plan::Bid*> bids) {
    using Key = std::pair<std::string, std::string>;
    using Known = std::map<Key, std::vector<plan::Written>>;
    std::set<Key> keys;
    for (const auto* bid : bids) keys.emplace(bid->target, bid->policy.full_name());
    std::function<Result<Known>(store::Store&)> read = [keys](store::Store& store
                                                       ) -> Result<Known> {
        Known known;
        for (const auto& key : keys) {
            LINKSPAN_TRY(rows, store.writes().current(key.first, key.second));
            for (auto& row : rows) known[key].push_back(written_of(std::move(row)));
        }
        return known;
    };
    auto known = co_await in_store<Known>(writer, std::move(read));
    if (known.has_error()) co_return known.error();
    for (auto* bid : bids) bid->written = (*known)[{bid->target, bid->policy.full_name()}];
    co_return Status{};
}

}  // namespace linkspan::pipeline
