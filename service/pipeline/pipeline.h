// Pipeline: from a recorded delivery to an outcome for each piece of its work.
//
// Lives on the io_context thread, like everything that has mutable state; blocking steps run on two
// pools (registry, git) and come back as values. One BranchWorker per repository serialises its
// turns; repositories go side by side. Every piece of work ends in exactly one outcome; after a
// crash it starts again from its row in the store.
#pragma once

#include "config/config.h"
#include "service/pipeline/decider.h"
#include "service/pipeline/head_branches.h"
#include "service/pipeline/metrics.h"
#include "service/pipeline/notifier.h"
#include "service/pipeline/operator.h"
#include "service/pipeline/outcomes.h"
#include "service/pipeline/registry_clients.h"
#include "service/pipeline/repository_rules.h"
#include "service/pipeline/tag_book.h"
#include "service/store/store.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace linkspan::pipeline {

class BlobScans;
class BranchWorker;
class Poller;
class ProposalWorker;
struct WaitingWork;

class Pipeline {
public:
    Pipeline(
        boost::asio::any_io_executor executor,
        ConfigPtr config,
        store::Writer& writer,
        Metrics& metrics
    );
    ~Pipeline();
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    // Takes up what an earlier life left pending. Errors: those of the store.
    boost::asio::awaitable<Status> resume();

    // Starts the work of a delivery that is on the disk.
    void start(std::vector<store::WorkItem> work);

    // Records the wish with its hold and its audit record, and starts its work. The delivery's id;
    // its trail shows what became of it. Errors: Conflict (what to go back to is not known),
    // NotFound, InvalidInput, and those of the store.
    boost::asio::awaitable<Result<std::string>> rollback(RollbackRequest request);

    // A hold was set or ended: its end may come before the one that is waited for, and what is
    // proposed may be wanted no more, or again.
    void holds_changed();

    // Pull requests were spoken of in the store (PullRequests::nudge).
    void pull_requests_nudged();

    // From the next event on, this config counts. Work in flight ends with the one it began with.
    void use(ConfigPtr config);
    [[nodiscard]] const ConfigPtr& config() const { return config_; }

    // Stops taking turns, and waits for what is in flight; what has not ended stays pending in the
    // store. False when `patience` passed first: the caller may end the process all the same.
    boost::asio::awaitable<bool> stop(std::chrono::milliseconds patience);

    // Returns when all work of the delivery has ended, or after `patience`.
    boost::asio::awaitable<void> wait_settled(
        std::string delivery, std::chrono::milliseconds patience
    );

    // Whoever waits in wait_settled() is answered now, and nobody waits from here on: before a
    // drain, which would otherwise wait for them.
    void release_watchers();

    [[nodiscard]] std::size_t pending() const { return pending_; }
    // Lives as long as the pipeline; started, reloaded and stopped with it.
    [[nodiscard]] Notifier& notifier() { return notifier_; }

private:
    friend class BranchWorker;
    friend class Gathering;
    friend class Poller;
    friend class ProposalWorker;

    // Every coroutine of the pipeline starts here, so that stop() can wait for it.
    void spawn(boost::asio::awaitable<void> task);
    boost::asio::awaitable<void> process_event(std::vector<store::WorkItem> items);
    boost::asio::awaitable<void> process_event_guarded(std::vector<store::WorkItem> items);
    // Each event by itself, from its beginning.
    void decide_again(std::vector<store::WorkItem> work);
    // By repository, where it may have rules of its own. Items whose repository does not say in
    // time are taken out of `live` and decided by themselves, so that none waits for another's.
    boost::asio::awaitable<std::map<std::string, RepositoryRulesPtr>> rules_of(
        ConfigPtr config, std::vector<store::WorkItem>& live
    );
    struct RulesLooks;
    boost::asio::awaitable<void> look_at_rules(
        std::string repository, std::shared_ptr<RulesLooks> looks
    );
    // Tags that soak while another one goes on get work of their own.
    boost::asio::awaitable<void> await_soaks(
        image::ImageName image,
        const std::vector<store::WorkItem>& items,
        const DecidedEvent& decided
    );
    struct Undecided {
        store::WorkItem item;
        Error error;
    };
    // The questions that had no answer, when it is time; the others went on without them.
    void try_again(std::vector<Undecided> undecided);
    // Waits, and is decided anew after a pause (a window may have closed meanwhile, the tag may
    // have moved), unless it is given up on.
    void retry(std::vector<store::WorkItem> items, std::string step, Error error);
    boost::asio::awaitable<void> retry_guarded(
        std::vector<store::WorkItem> items, std::string step, Error error
    );
    // What a repository's work is retried for. A remote that was emptied or renamed may come back,
    // and a branch too: no answer for good, also where nobody pushes another image. Where HEAD is
    // followed, the next try asks for it first.
    Error for_now(const std::string& repository, Error error);
    // Work that a person asked for: no policy chooses.
    boost::asio::awaitable<void> process_directive(std::vector<store::WorkItem> items);
    // In one transaction: a turn may end a thousand pieces of work.
    boost::asio::awaitable<void> settle(std::vector<Ended> ended);
    boost::asio::awaitable<void> settle_all(
        std::vector<store::WorkItem> items, store::Outcome outcome
    );
    void count_settled(const Ended& ended, store::TimePoint now);
    // Remembers that the work waits, and waits. False when stopping, or when the work was given up
    // on (and settled).
    boost::asio::awaitable<bool> retry_later(
        std::vector<store::WorkItem>& items, std::string step, Error error
    );
    boost::asio::awaitable<bool> pause(std::chrono::milliseconds time);
    // Until the timer has run out or is cancelled; stop() cancels it.
    boost::asio::awaitable<void> sleep(std::shared_ptr<boost::asio::steady_timer> timer);
    // Before the next try, after so many and this error.
    std::chrono::milliseconds pause_after(int attempts, const Error& error);
    // The work waits, in the store and here, and is decided anew when the time has come or the
    // configuration has changed.
    boost::asio::awaitable<void> wait_until(
        std::vector<store::WorkItem> items, store::TimePoint until, std::string reason
    );
    [[nodiscard]] bool stopping() const { return stopping_; }
    // Deletes old deliveries, for as long as the pipeline runs.
    boost::asio::awaitable<void> expire_guarded();
    // Has every repository fetched and indexed before an event needs it.
    void look_ahead();
    // Forgets what was found in files that are gone, for as long as the pipeline runs.
    boost::asio::awaitable<void> collect_guarded();
    // Clears holds that have run out, and has their policies decided again.
    boost::asio::awaitable<void> release_holds_guarded();
    // Which branch a repository that follows HEAD is at, when it is time to ask; blocks nobody but
    // the caller, who has the view to itself. What can't be asked is only logged: the fetch that
    // follows says it to whoever waits.
    boost::asio::awaitable<void> find_branch(
        std::string repository, std::shared_ptr<BranchView> view
    );
    BranchWorker& worker(const std::string& repository);
    ProposalWorker& proposals(const std::string& repository);
    // To whoever delivers for the target.
    void hand_over(const config::Target& target, WaitingWork work);
    // Looks at pull requests when it is time, for as long as the pipeline runs.
    boost::asio::awaitable<void> look_at_proposals_guarded();
    // Something that all of them depend on has changed.
    boost::asio::awaitable<void> nudge_proposals();
    // A look has ended; the next one may be due earlier than was known.
    void proposals_looked();

    boost::asio::any_io_executor executor_;
    ConfigPtr config_;  // with the branches that are known of heads_
    HeadBranches heads_;
    store::Writer& writer_;
    std::shared_ptr<BlobScans> blob_scans_;
    Metrics& metrics_;
    Notifier notifier_;
    boost::asio::thread_pool git_pool_;
    RegistryClients clients_;
    TagBook book_;
    Decider decider_;
    std::unique_ptr<Poller> poller_;
    std::map<std::string, std::unique_ptr<BranchWorker>> workers_;  // by repository name
    std::map<std::string, std::unique_ptr<ProposalWorker>> proposals_;
    std::map<std::string, std::vector<std::shared_ptr<boost::asio::steady_timer>>> watchers_;
    std::map<std::string, std::size_t> open_;  // delivery → pieces of work that have not ended
    std::vector<std::weak_ptr<boost::asio::steady_timer>> sleepers_;
    std::vector<std::weak_ptr<boost::asio::steady_timer>> waiters_;  // in wait_until()
    std::minstd_rand random_;
    std::size_t pending_ = 0;
    std::size_t running_ = 0;  // coroutines in flight
    std::shared_ptr<boost::asio::steady_timer> next_hold_end_;
    std::shared_ptr<boost::asio::steady_timer> next_proposals_look_;
    bool look_at_proposals_ = false;  // there may be something due
    bool stopping_ = false;
    // Ends what the git pool has under way.
    std::shared_ptr<std::atomic<bool>> git_stop_ = std::make_shared<std::atomic<bool>>(false);
    bool released_ = false;
    std::shared_ptr<boost::asio::steady_timer> all_done_;
};

}  // namespace linkspan::pipeline
