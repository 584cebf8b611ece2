// The pipeline's share in what operators do: rollbacks, and holds that run out.
#include "service/pipeline/operator.h"
#include "service/pipeline/pipeline.h"
#include "service/pipeline/store_access.h"

#include <spdlog/spdlog.h>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;

// A clock that is set, or a call that was missed: looked at again after this long at the latest.
constexpr std::chrono::minutes kLookAgain{5};
constexpr std::chrono::seconds kAfterFailure{5};

}  // namespace

asio::awaitable<Result<std::string>> Pipeline::rollback(RollbackRequest request) {
    auto operation = rollback_operation(config_, std::move(request), Clock::now());
    auto recorded = co_await in_store<store::Recorded>(writer_, std::move(operation));
    if (recorded.has_error()) co_return recorded.error();
    start(std::move(recorded->work));
    co_return recorded->id;
}

void Pipeline::holds_changed() {
    if (next_hold_end_) next_hold_end_->cancel();
    if (!stopping_) spawn(nudge_proposals());
}

asio::awaitable<void> Pipeline::release_holds_guarded() {
    while (!stopping_) {
        using Made = std::vector<store::Recorded>;
        auto operation = expire_holds_operation(config_, Clock::now());
        auto made = co_await in_store<Made>(writer_, std::move(operation));
        std::chrono::milliseconds wait = kLookAgain;
        if (made.has_error()) {
            spdlog::warn("holds that have run out stay in force: {}", made.error().message);
            wait = kAfterFailure;
        } else {
            for (auto& one : *made) {
                spdlog::info("delivery {}: a hold has run out", one.id);
                start(std::move(one.work));
            }
        }
        using End = std::optional<store::TimePoint>;
        std::function<Result<End>(store::Store&)> ask = [](store::Store& store) {
            return store.holds().next_end(Clock::now());
        };
        auto next = co_await in_store<End>(writer_, std::move(ask));
        if (next.has_value() && *next) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(**next - Clock::now());
            wait = std::clamp(left, std::chrono::milliseconds{1}, wait);
        }
        if (stopping_) co_return;
        next_hold_end_ = std::make_shared<asio::steady_timer>(executor_, wait);
        co_await sleep(next_hold_end_);
    }
}

}  // namespace linkspan::pipeline
