// ProposalLook: one look at the pull requests of a target, as it goes on, and what is made of it as
// values. ProposalWorker fills it, step by step; nothing here waits or reads a clock.
#pragma once

#include "config/config.h"
#include "service/pipeline/branch_view.h"
#include "service/pipeline/outcomes.h"
#include "service/pipeline/proposals.h"
#include "service/pipeline/proposer.h"
#include "service/pipeline/turn.h"
#include "service/pipeline/waiting_work.h"
#include "service/store/pull_requests.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace linkspan::pipeline {

struct ProposalLook {
    std::shared_ptr<const config::Config> config;
    const config::Target* target = nullptr;
    const config::Repository* repository = nullptr;
    std::shared_ptr<BranchView> view;
    std::vector<WaitingWork> works;
    CommitOptions options{};
    std::vector<store::PullRequest> rows;
    std::vector<Candidate> candidates;
    std::vector<plan::CarriedImage> ignored;  // by people, who closed pull requests
    std::vector<plan::CarriedImage> held;     // of these, what is asked for all the same
    std::shared_ptr<PlannedTurn> planned;
    // By group.
    std::map<std::string, GroupLook> groups;
    std::map<std::string, ProposeAnswer> answers;
    std::map<std::string, Error> errors;
    store::TimePoint now{};
    std::set<std::size_t> answered;  // of the works

    // The works that have no answer yet.
    std::vector<WaitingWork> take_rest();
    // Names of the groups, those first that are open: one of them may have ended, and make a place
    // for whoever waits. Then those that wait, the longest first.
    [[nodiscard]] std::vector<std::string> in_order() const;
    // What the plan is made for. What a person closed is left out, once the Proposer has said that
    // it counts.
    [[nodiscard]] std::vector<plan::Bid> bids() const;
};

// An image before or after, whose sources are worth comparing.
struct ImageSide {
    image::ImageName image;
    image::Tag tag;
    std::optional<std::string> digest;
};
std::vector<ImageSide> sides_of(const plan::EditPlan& plan);

// What is asked elsewhere for one group.
struct GroupFacts {
    store::PullRequestCounts counts{};
    std::map<std::string, plan::ImageOrigin> origins{};
    std::vector<std::string> people{};  // of CODEOWNERS
};
ProposeRequest request_of(
    const ProposalLook& look, const std::string& group, GroupLook wanted, GroupFacts facts
);

// What becomes of the look's works; takes them.
struct LookEnd {
    struct Later {
        store::WorkItem item;
        policy::Waiting until;
    };
    std::vector<Ended> ended;
    std::vector<Later> later;         // decided anew then
    std::vector<WaitingWork> parked;  // until a limit has a place for them
    std::optional<store::TimePoint> parked_until;
    std::string parked_why;
    std::vector<WaitingWork> failed;
    Error failure;
};
LookEnd end_of(ProposalLook& look);

}  // namespace linkspan::pipeline
