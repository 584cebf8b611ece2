#include "service/pipeline/turn.h"

#include "core/plan/message.h"

#include <utility>

namespace linkspan::pipeline {

Result<PlannedTurn> plan_on_tip(
    BranchView& view,
    std::span<const plan::Bid> bids,
    std::span<const std::optional<std::string>> intended,
    const CommitOptions& options
) {
    if (!view.mirror) {
        auto opened = git::Mirror::open(view.directory, view.remote);
        if (opened.has_error()) return opened.error();
        view.mirror.emplace(std::move(*opened));
    }
    PlannedTurn planned;
    LINKSPAN_TRY(tip, view.mirror->fetch(view.branch));
    planned.base = tip;

    for (const auto& commit : intended) {
        bool landed = false;
        if (commit) {
            // A commit that never left this machine may be unknown to a fresh mirror: then it did
            // not land.
            auto contains = view.mirror->contains(tip, git::CommitId{*commit});
            landed = contains.has_value() && *contains;
        }
        planned.landed.push_back(landed);
    }
    std::vector<plan::Bid> open;
    std::vector<std::size_t> index;
    for (std::size_t i = 0; i < bids.size(); ++i) {
        if (planned.landed[i]) continue;
        open.push_back(bids[i]);
        index.push_back(i);
    }

    plan::Snapshot snapshot;
    if (open.empty()) {
        snapshot.base = tip.hex;
    } else {
        LINKSPAN_TRY(taken, take_snapshot(view, tip, open));
        snapshot = std::move(taken);
    }
    auto turn = plan::plan_turn(snapshot, open);
    if (turn.has_error()) return turn.error().within("planning");

    planned.turn.plan = std::move(turn->plan);
    planned.turn.answers.resize(bids.size());
    for (std::size_t i = 0; i < index.size(); ++i) {
        planned.turn.answers[index[i]] = std::move(turn->answers[i]);
    }
    if (planned.turn.plan.empty()) return planned;

    LINKSPAN_TRY(message, plan::commit_message(options.message, planned.turn.plan));
    planned.message = message;
    git::CommitSpec spec{
        .base = tip,
        .changes = {},
        .message = message,
        .author = options.author,
        .committer = options.author,
        .time = options.time};
    for (const auto& file : planned.turn.plan.files) {
        spec.changes.push_back({.path = file.path, .content = file.after});
    }
    LINKSPAN_TRY(commit, view.mirror->commit(spec));
    planned.commit = commit;
    return planned;
}

Result<git::PushAnswer> publish(BranchView& view, const PlannedTurn& planned) {
    return view.mirror->push(
        {.branch = view.branch, .expected = planned.base, .target = *planned.commit}
    );
}

}  // namespace linkspan::pipeline
