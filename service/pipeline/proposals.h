// What a look at a target's pull requests is made of, as values: bids from what waits and from what
// is proposed already, and what each group's Proposer is asked for. Pure, but for the clock that
// is handed in.
#pragma once

#include "config/config.h"
#include "core/plan/grouping.h"
#include "core/plan/turn.h"
#include "service/pipeline/proposer.h"
#include "service/pipeline/turn.h"
#include "service/pipeline/waiting_work.h"
#include "service/store/holds.h"
#include "service/store/pull_requests.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace linkspan::pipeline {

// One image that wants to be proposed: a piece of work asks for it, or it is proposed already.
struct Candidate {
    plan::Bid bid;
    store::PullRequestImage fact;
    std::optional<std::size_t> work;  // index of the work that asks
};

Candidate candidate_of(const WaitingWork& work, std::size_t index);

// nullopt: the configuration has nothing to do with this image any more.
std::optional<Candidate> candidate_of(
    const config::Config& config, const config::Target& target, const store::PullRequestImage& image
);

// The work's, and what is proposed already. Rows that ended count when somebody spoke of them
// since.
std::vector<Candidate> candidates_of(
    const config::Config& config,
    const config::Target& target,
    const std::vector<WaitingWork>& works,
    const std::vector<store::PullRequest>& rows
);

// Operators' holds go into the bids; what came of closed pull requests is returned, for the
// Proposer to judge: a person may have opened it again.
std::vector<plan::CarriedImage> apply_holds(
    std::vector<Candidate>& candidates, const std::vector<store::Hold>& holds
);

// Takes out the work that a hold answers while the target proposes something else for its policy:
// that is what the hold was set for (a rollback), and goes on.
std::vector<Candidate> take_held(std::vector<Candidate>& candidates);

// Images that the plan of a group does not have: why a pull request with them is not wanted.
// Of what is proposed already: whatever a work asks anew about.
void drop_superseded(std::vector<Candidate>& candidates);

struct Gone {
    std::string kind;    // of outcome
    std::string reason;  // a sentence
};
Gone why_gone(
    const store::PullRequest& row,
    const std::vector<Candidate>& candidates,
    const std::vector<plan::BidAnswer>& answers
);

// By group name: what is to be proposed, and what is remembered of it.
struct GroupLook {
    std::optional<store::PullRequest> row;
    plan::EditPlan plan;  // empty: nothing
};
std::map<std::string, GroupLook> groups_of(
    std::vector<plan::GroupPlan> parts, const std::vector<store::PullRequest>& rows
);

// Whether a look has nothing to do there: it is open, nobody spoke of it, its time has not come,
// no work asks for a policy of it, and it is about the same as the last look (`print`, of
// look_print()).
bool may_rest(
    const GroupLook& look,
    const std::vector<Candidate>& candidates,
    std::optional<std::uint64_t> last_print,
    store::TimePoint now
);
std::uint64_t look_print(const plan::EditPlan& plan);

// Texts and facts of one group's proposal.
plan::Proposal proposal_of(
    const std::string& target,
    const std::string& group,
    plan::EditPlan plan,
    const std::vector<Candidate>& candidates,
    const std::vector<plan::BidAnswer>& answers,
    store::TimePoint now
);

// Newer tags than the plan's, of its policies, that their policies dropped or a gate stopped: what
// the work of this look tells of them.
std::vector<plan::RefusedTag> refused_tags_of(
    const plan::EditPlan& plan,
    const std::vector<Candidate>& candidates,
    const std::vector<plan::BidAnswer>& answers
);
// Whether the tag would still be preferred to what the plan has.
bool is_newer(
    const plan::RefusedTag& refused,
    const plan::EditPlan& plan,
    const std::vector<Candidate>& candidates
);

// For soak and signature, where some image of the plan has one.
std::vector<plan::WantedStatus> statuses_of(
    const plan::EditPlan& plan,
    const std::vector<store::PullRequestImage>& facts,
    store::TimePoint now
);

// RebuildWish as the store keeps it.
std::string write_wish(const RebuildWish& wish);
std::optional<RebuildWish> read_wish(const std::string& text);

// plan::Proposal::origins as the store keeps them.
std::string write_origins(const std::map<std::string, plan::ImageOrigin>& origins);
std::map<std::string, plan::ImageOrigin> read_origins(const std::string& text);

}  // namespace linkspan::pipeline
