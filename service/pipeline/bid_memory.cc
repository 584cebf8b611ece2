#include "service/pipeline/bid_memory.h"

#include "service/pipeline/store_access.h"
#include "service/store/writes.h"

#include <map>
#include <memory>
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
    using Origins = std::map<std::string, plan::ImageOrigin>;
    struct Known {
        std::map<Key, std::vector<plan::Written>> written;
        std::map<image::ImageName, std::shared_ptr<const Origins>> origins;
    };
    std::set<Key> keys;
    std::set<image::ImageName> images;
    for (const auto* bid : bids) {
        keys.emplace(bid->target, bid->policy.full_name());
        images.insert(bid->policy.image);
    }
    std::function<Result<Known>(store::Store&)> read = [keys, images](store::Store& store
                                                       ) -> Result<Known> {
        Known known;
        for (const auto& key : keys) {
            LINKSPAN_TRY(rows, store.writes().current(key.first, key.second));
            for (auto& row : rows) known.written[key].push_back(written_of(std::move(row)));
        }
        for (const auto& image : images) {
            LINKSPAN_TRY(told, store.built_from(image));
            Origins origins;
            // The newest first: what was told again counts.
            for (auto& one : told) {
                origins.try_emplace(
                    std::move(one.tag),
                    plan::ImageOrigin{
                        .revision = std::move(one.revision),
                        .source = std::move(one.source),
                        .created = {}}
                );
            }
            known.origins[image] = std::make_shared<const Origins>(std::move(origins));
        }
        return known;
    };
    auto known = co_await in_store<Known>(writer, std::move(read));
    if (known.has_error()) co_return known.error();
    for (auto* bid : bids) {
        bid->written = known->written[{bid->target, bid->policy.full_name()}];
        bid->origins = known->origins[bid->policy.image];
    }
    co_return Status{};
}

}  // namespace linkspan::pipeline
