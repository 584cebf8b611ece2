// BranchWorker: the one writer of a repository's branch. Everything that waits for it when a turn
// begins shares one plan, one commit and one push.
#pragma once

#include "config/config.h"
#include "service/pipeline/gathering.h"
#include "service/pipeline/kept_view.h"
#include "service/pipeline/repository_rules.h"
#include "service/pipeline/turn.h"
#include "service/pipeline/waiting_work.h"
#include "service/runtime/async_mutex.h"
#include "service/store/store.h"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::pipeline {

class Pipeline;

class BranchWorker {
public:
    BranchWorker(Pipeline& pipeline, std::string repository);

    // Adds work and sees to it that a turn comes.
    void add(WaitingWork work);
    // Fetches and indexes the branch while there is nothing else to do.
    void look_ahead();
    // Null before the first look.
    [[nodiscard]] std::shared_ptr<BranchIndex> index() const;

    // The rules of the repository at the tip that is known; fetched when there is none, or
    // when that is asked for.
    boost::asio::awaitable<Result<RepositoryRulesPtr>> rules(bool fetch = false);

    // The first of `commits` that `revision` is or contains; nullopt: none. Asks between turns, and
    // fetches when the revision is not known yet. Errors: NotFound when the branch has no such
    // revision; those of the mirror.
    boost::asio::awaitable<Result<std::optional<std::string>>> first_contained(
        std::string revision, std::vector<std::string> commits
    );

private:
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> run_guarded();
    void start();
    boost::asio::awaitable<void> look_now();
    // Reads again what an older scanner has read, beside the turns.
    boost::asio::awaitable<void> refresh(std::shared_ptr<BranchIndex> index);
    boost::asio::awaitable<void> turn(std::vector<WaitingWork> waiting);
    // Before the push: after a crash, these commits in the branch mean that the work is done.
    boost::asio::awaitable<Status> intend(
        std::shared_ptr<PlannedTurn> planned, std::vector<WaitingWork>& waiting, PublishOptions how
    );
    // What was decided under other rules than those at the base goes back to be decided again.
    std::vector<WaitingWork> keep_current(
        const PlannedTurn& planned, std::vector<WaitingWork> waiting
    );
    boost::asio::awaitable<void> remember(std::shared_ptr<PlannedTurn> planned);
    // What the remote said of the turn's commits.
    boost::asio::awaitable<void> settle_writes(std::shared_ptr<PlannedTurn> planned, bool landed);
    // Settles what needs no commit, and returns what takes part in it.
    boost::asio::awaitable<std::vector<WaitingWork>> settle_without_commit(
        std::shared_ptr<PlannedTurn> planned, std::vector<WaitingWork> waiting
    );
    boost::asio::awaitable<void> settle_committed(
        std::shared_ptr<PlannedTurn> planned, std::vector<WaitingWork> waiting, PublishOptions how
    );
    void fail_or_retry(std::vector<WaitingWork> waiting, std::string step, Error error);
    std::shared_ptr<BranchView> view();

    Pipeline& pipeline_;
    std::string repository_;
    Gathering queue_;
    RepositoryRulesPtr rules_;  // as they were read last
    KeptView view_;
    runtime::AsyncMutex mirror_;        // the mirror is a turn's, or a question's
    std::vector<WaitingWork> in_turn_;  // so that an exception does not lose them
    int refusals_ = 0;                  // of pushes in this turn
    bool running_ = false;
    bool ahead_ = false;  // a look is wanted
    bool refreshing_ = false;
};

}  // namespace linkspan::pipeline
