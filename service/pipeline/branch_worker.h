// BranchWorker: the one writer of a repository's branch. Everything that waits for it when a turn
// begins shares one plan, one commit and one push.
#pragma once

#include "config/config.h"
#include "core/plan/turn.h"
#include "core/policy/gates.h"
#include "service/pipeline/turn.h"
#include "service/store/store.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace linkspan::pipeline {

class Pipeline;

struct WaitingWork {
    store::WorkItem item;
    plan::Bid bid;
    std::vector<std::string> notes;
    std::vector<policy::GateLine> gates;  // that it passed
    std::chrono::milliseconds batch{0};
};

class BranchWorker {
public:
    BranchWorker(Pipeline& pipeline, std::string repository);

    // Adds work and sees to it that a turn comes.
    void add(WaitingWork work);

private:
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> run_guarded();
    boost::asio::awaitable<void> turn(std::vector<WaitingWork> waiting);
    // Settles what needs no commit, and returns what takes part in it.
    boost::asio::awaitable<std::vector<WaitingWork>> settle_without_commit(
        std::shared_ptr<PlannedTurn> planned, std::vector<WaitingWork> waiting
    );
    boost::asio::awaitable<void> settle_committed(
        std::shared_ptr<PlannedTurn> planned, std::vector<WaitingWork> waiting
    );
    void fail_or_retry(std::vector<WaitingWork> waiting, std::string step, Error error);
    boost::asio::awaitable<void> come_back(
        std::vector<WaitingWork> waiting, std::string step, Error error
    );
    std::shared_ptr<BranchView> view();

    Pipeline& pipeline_;
    std::string repository_;
    std::vector<WaitingWork> queue_;
    std::shared_ptr<BranchView> view_;
    std::string view_key_;  // what the view was made for: a changed URL makes another one
    std::shared_ptr<const config::Config> view_config_;
    std::vector<WaitingWork> in_turn_;  // so that an exception does not lose them
    bool running_ = false;
};

}  // namespace linkspan::pipeline
