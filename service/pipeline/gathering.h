// Gathering: work that waits for company, so that what comes close together shares one turn.
//
// On the io_context thread, like whoever owns it.
#pragma once

#include "service/pipeline/waiting_work.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace linkspan::pipeline {

class Pipeline;

class Gathering {
public:
    explicit Gathering(Pipeline& pipeline) : pipeline_{pipeline} {}

    void add(WaitingWork work);
    // There is something else to do: the next wait() does not wait for work.
    void hurry();
    [[nodiscard]] bool empty() const { return works_.empty(); }

    // Until a turn is to begin: the first whose batch has waited long enough takes all others
    // along. Without work, at once. Turns that would follow each other closely wait a little: a
    // thousand images that are pushed at once are to be a few commits. False when stopping.
    boost::asio::awaitable<bool> wait();
    // All of it, once the first has waited long enough; else nothing.
    std::vector<WaitingWork> take();
    // The turn is over.
    void rest();

private:
    // When the first of the works is ready.
    [[nodiscard]] std::chrono::steady_clock::time_point first() const;

    Pipeline& pipeline_;
    std::vector<WaitingWork> works_;
    bool hurry_ = false;
    std::chrono::steady_clock::time_point last_end_{};
    std::shared_ptr<boost::asio::steady_timer> timer_;  // in wait()
};

}  // namespace linkspan::pipeline
