// ProposalWorker: the one who keeps the pull requests of a repository. Everything that waits for a
// target when a look begins shares one plan on the base's tip; each group of it is one Proposer.
//
// It has a mirror of its own, so that a slow platform never stands in the way of commits. What
// starts a look: work, a word about a pull request (an event), a changed hold or configuration, and
// the time that was set for the next look. Lives on the io_context thread, like the pipeline.
#pragma once

#include "config/config.h"
#include "service/forge/forge.h"
#include "service/pipeline/gathering.h"
#include "service/pipeline/kept_view.h"
#include "service/pipeline/proposal_look.h"
#include "service/pipeline/waiting_work.h"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::pipeline {

class Pipeline;

class ProposalWorker {
public:
    ProposalWorker(Pipeline& pipeline, std::string repository);
    ~ProposalWorker();

    // Adds work and sees to it that a look comes.
    void add(WaitingWork work);
    // The target's pull requests are worth a look.
    void look(const std::string& target);
    // Another configuration counts: what waits for a limit is decided again.
    void reconsider();
    // Calls of the platform that are under way end.
    void stop();
    // Null before the first look.
    [[nodiscard]] std::shared_ptr<BranchIndex> index() const;

private:
    boost::asio::awaitable<void> run_guarded();
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> look_at(std::string target, std::vector<WaitingWork> works);
    // False: the look is over, and its work was taken care of.
    boost::asio::awaitable<bool> gather(ProposalLook& look);
    // A soak that was configured anew counts for what is proposed already.
    boost::asio::awaitable<void> renew_soaks(ProposalLook& look);
    boost::asio::awaitable<bool> plan(ProposalLook& look);
    // Of the sides, what is known, and what the registry says of the others.
    boost::asio::awaitable<std::map<std::string, plan::ImageOrigin>> learn_origins(
        std::vector<ImageSide> sides, std::map<std::string, plan::ImageOrigin> known
    );
    // Whom CODEOWNERS of the base names for the plan's files.
    boost::asio::awaitable<Result<std::vector<std::string>>> owners(
        ProposalLook& look, const plan::EditPlan& plan
    );
    // What became of one group; the error of the look at it.
    boost::asio::awaitable<Result<ProposeAnswer>> propose(
        ProposalLook& look, std::string group, GroupLook wanted
    );
    // Step by step until there is nothing to do, each written down before and after.
    boost::asio::awaitable<Status> drive(
        const ProposalLook& look, std::shared_ptr<Proposer> proposer, std::string origins
    );
    // The target does not propose any more: what is open is closed, and forgotten.
    boost::asio::awaitable<void> take_back(ProposalLook& look, std::string target);
    boost::asio::awaitable<Status> take_back_one(ProposalLook& look, store::PullRequest row);
    Status make_forge(const ProposalLook& look);
    boost::asio::awaitable<Status> keep(
        std::shared_ptr<const config::Config> config, ToRecord change, bool end
    );
    boost::asio::awaitable<void> postpone(store::PullRequest row, Error error);
    boost::asio::awaitable<void> settle(ProposalLook& look);
    // The look ends here: its work is tried again, its rows are looked at later.
    boost::asio::awaitable<void> give_up(ProposalLook& look, std::string step, Error error);
    void fail_or_retry(std::vector<WaitingWork> works, std::string step, Error error);
    void start();
    std::shared_ptr<BranchView> view();

    Pipeline& pipeline_;
    std::string repository_;
    Gathering queue_;
    std::map<std::string, std::vector<WaitingWork>> parked_;  // by target: what waits for a limit
    std::set<std::string> looks_;                             // targets
    KeptView view_;
    std::shared_ptr<forge::Forge> forge_;
    std::shared_ptr<const config::Config> forge_config_;
    std::set<std::string> looking_;  // targets of the look that goes on
    // By target and group: what the last look at it was about.
    std::map<std::pair<std::string, std::string>, std::uint64_t> looked_at_;
    std::vector<WaitingWork> in_look_;  // so that an exception does not lose them
    bool running_ = false;
};

}  // namespace linkspan::pipeline
