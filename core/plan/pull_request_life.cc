#include "core/plan/pull_request_life.h"

#include "core/plan/markdown.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::plan {
namespace {

template <class T>
bool has(const std::vector<T>& all, const T& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

const SeenPullRequest* find(const std::vector<SeenPullRequest>& seen, std::int64_t number) {
    const auto at = std::find_if(seen.begin(), seen.end(), [&](const auto& one) {
        return one.number == number;
    });
    return at == seen.end() ? nullptr : &*at;
}

class Story {
public:
    Story(
        const Memory& memory,
        const std::vector<SeenPullRequest>& seen,
        const SeenBranch& branch,
        const Wanted& wanted,
        const Abilities& abilities
    )
        : memory_{memory}, seen_{seen}, branch_{branch}, wanted_{wanted}, abilities_{abilities} {
        const auto at = std::find_if(seen.begin(), seen.end(), [](const auto& one) {
            return one.state == SeenState::Open;
        });
        if (at != seen.end()) open_ = &*at;
    }

    Step next() const {
        if (auto step = past()) return *step;
        if (open_ != nullptr && open_->number != memory_.number) {
            return step::Adopt{open_->number};
        }
        if (!wanted_.wanted) return without_wish();
        if (auto held = ignored(); !held.images.empty()) return held;
        // What people did and merged is safe: the branch that they left is free again.
        const bool free = branch_.head.empty() || (branch_.landed && open_ == nullptr);
        if (!free && is_a_persons() && !asked()) return left_alone();
        if (auto step = branch_step()) return *step;
        if (open_ == nullptr) return step::Open{};
        return while_open();
    }

private:
    // What has ended, and was not counted yet.
    std::optional<Step> past() const {
        const SeenPullRequest* ended =
            memory_.number != 0 ? find(seen_, memory_.number) : unknown_end();
        if (ended == nullptr || ended->state == SeenState::Open) return std::nullopt;
        if (ended->state == SeenState::Merged) {
            return step::RecordMerged{ended->number, ended->merge_commit};
        }
        const auto state = read_state(ended->body);
        if (memory_.closing || (state && !state->ended.empty())) {
            return step::RecordClosed{ended->number};
        }
        step::Ignore ignore{.number = ended->number, .who = ended->closed_by};
        ignore.images = memory_.images;
        if (ignore.images.empty() && state) {
            ignore.images = state->images;
            ignore.unknown = state->left_out;
        }
        return ignore;
    }

    // The newest, when the store was lost and it is one of ours: older ones told their story
    // before it.
    const SeenPullRequest* unknown_end() const {
        if (open_ != nullptr || seen_.empty()) return nullptr;
        const auto& newest = seen_.front();
        if (newest.number <= memory_.handled || !read_state(newest.body)) return nullptr;
        return &newest;
    }

    bool is_a_persons() const {
        if (branch_.head == memory_.head || branch_.head == memory_.intended) return false;
        // The platform's own commit, made before a crash: its id was not known beforehand.
        if (memory_.intended.starts_with("api:") && branch_.on_base && branch_.same_tree) {
            return false;
        }
        // A head that we know we did not push; without memory its authors say whose it is.
        return !memory_.head.empty() || !branch_.ours;
    }

    bool asked() const {
        return !wanted_.rebuild.empty() && wanted_.rebuild != memory_.rebuild_done;
    }

    step::Held ignored() const {
        step::Held held;
        for (const auto& image : wanted_.images) {
            if (has(wanted_.ignored, image)) held.images.push_back(image);
        }
        return held;
    }

    Step say_once(std::string key, std::string text, std::string why) const {
        if (open_ != nullptr && abilities_.comments && !has(memory_.said, key)) {
            return step::Say{std::move(key), std::move(text)};
        }
        return step::LeaveAlone{std::move(why)};
    }

    Step left_alone() const {
        if (open_ != nullptr && open_->auto_merge && !memory_.armed_head.empty()) {
            return step::Disarm{};
        }
        return say_once(
            "edited",
            "Somebody else has pushed to this branch, so Linkspan leaves it alone. To have it "
            "built anew, without those commits, comment `linkspan rebuild`.",
            fmt::format(
                "branch has commits that Linkspan did not push ({}): left alone until somebody {}",
                branch_.head.substr(0, 12),
                open_ != nullptr ? "asks for a rebuild" : "deletes the branch"
            )
        );
    }

    Step without_wish() const {
        const bool theirs = !branch_.head.empty() && is_a_persons();
        if (theirs && open_ != nullptr) {
            return say_once(
                "no-longer-wanted:" + branch_.head,
                markdown::prose(wanted_.gone, 1000) +
                    " Somebody else has pushed to this branch, so Linkspan does not close it.",
                "nothing is left to do, and the branch has commits of others: left open"
            );
        }
        if (open_ != nullptr) {
            const std::string key = fmt::format("closing:{}", open_->number);
            if (abilities_.comments && !has(memory_.said, key)) {
                return step::Say{
                    key,
                    markdown::prose(wanted_.gone, 1000) + " Linkspan closes this pull request."};
            }
            return step::Close{wanted_.gone};
        }
        if (!branch_.head.empty() && !theirs && wanted_.delete_branch) {
            return step::DeleteBranch{branch_.head};
        }
        return step::Done{std::nullopt, wanted_.gone};
    }

    std::optional<Step> branch_step() const {
        const bool rebuild = asked();
        if (!rebuild && branch_.on_base && branch_.same_tree) {
            // Pushed before a crash, or all is as it should be.
            return limit();
        }
        if (auto wait = limit()) return wait;
        return step::Push{branch_.head, rebuild};
    }

    // Only for new pull requests: those that are open are kept up.
    std::optional<Step> limit() const {
        if (open_ != nullptr || wanted_.may_open != 0) return std::nullopt;
        return step::Wait{wanted_.limit, wanted_.limit_until};
    }

    Step while_open() const {
        const SeenPullRequest& open = *open_;
        if (auto update = differences(open); update.title || update.body || update.draft) {
            return update;
        }
        if (auto label = labels(open); !label.add.empty() || !label.remove.empty()) return label;
        if (abilities_.people) {
            step::Ask ask;
            for (const auto& one : wanted_.people) {
                if (!has(memory_.asked, one)) ask.people.push_back(one);
            }
            if (!ask.people.empty()) return ask;
        }
        if (abilities_.milestones && !wanted_.milestone.empty() &&
            memory_.milestone != wanted_.milestone) {
            return step::SetMilestone{};
        }
        if (abilities_.statuses) {
            for (const auto& status : wanted_.statuses) {
                if (!has(memory_.statuses, status_key(branch_.head, status))) {
                    return step::SetStatus{status};
                }
            }
        }
        return merging(open);
    }

    step::Update differences(const SeenPullRequest& open) const {
        step::Update update;
        // A title that a person gave it stays.
        update.title = wanted_.title != memory_.title && wanted_.title != open.title &&
                       (memory_.title.empty() || open.title == memory_.title);
        // Line endings and edits around ours are no difference; nor is a tick in our checkbox,
        // which is taken away again with the rebuild that it asked for.
        update.body = fingerprint(wanted_.body) != memory_.body || rebuild_is_ticked(open.body);
        update.draft =
            abilities_.drafts && wanted_.draft != memory_.draft && open.draft == memory_.draft;
        return update;
    }

    step::Label labels(const SeenPullRequest& open) const {
        step::Label label;
        if (!abilities_.labels) return label;
        for (const auto& one : wanted_.labels) {
            if (!has(memory_.labels, one)) label.add.push_back(one);
        }
        for (const auto& one : memory_.labels) {
            if (!has(wanted_.labels, one) && has(open.labels, one)) label.remove.push_back(one);
        }
        return label;
    }

    Step merging(const SeenPullRequest& open) const {
        const bool armed = open.auto_merge && !memory_.armed_head.empty();
        const bool may = wanted_.auto_merge && wanted_.window_open && !wanted_.draft && !open.draft;
        // Platforms that keep it for a new head would merge that with the texts of the old one.
        if (armed && (!may || memory_.armed_head != branch_.head)) return step::Disarm{};
        if (!wanted_.auto_merge) return step::Done{};
        if (!may) {
            if (!wanted_.window_open) {
                return step::Done{wanted_.window_changes, "waits for its window to merge"};
            }
            return step::Done{std::nullopt, "a draft is not merged"};
        }
        // Somebody took it off again: they have a reason.
        const bool once = memory_.armed_head == branch_.head;
        // What stays armed over a push would merge the new head with the old one's message.
        const bool for_another = armed && !once;
        if (abilities_.auto_merge && (for_another || (!open.auto_merge && !once))) {
            return step::Arm{};
        }
        if (abilities_.auto_merge) return step::Done{wanted_.window_changes, {}};
        if (wanted_.checks_begin_by) {
            return step::Done{wanted_.checks_begin_by, "not merged yet: checks may begin"};
        }
        if (open.clean) return step::Merge{};
        return step::Done{wanted_.window_changes, "not merged yet: something is in the way of it"};
    }

    const Memory& memory_;
    const std::vector<SeenPullRequest>& seen_;
    const SeenBranch& branch_;
    const Wanted& wanted_;
    const Abilities& abilities_;
    const SeenPullRequest* open_ = nullptr;
};

}  // namespace

bool is_end(const Step& step) {
    return std::holds_alternative<step::Done>(step) || std::holds_alternative<step::Wait>(step) ||
           std::holds_alternative<step::LeaveAlone>(step) ||
           std::holds_alternative<step::Held>(step);
}

std::string_view step_name(const Step& step) {
    static constexpr std::string_view kNames[] = {
        "push",   "open",          "update", "label", "ask",   "milestone",     "status",
        "say",    "arm",           "disarm", "merge", "close", "delete branch", "adopt",
        "merged", "record closed", "ignore", "done",  "wait",  "leave alone",   "held"};
    static_assert(std::size(kNames) == std::variant_size_v<Step>);
    return kNames[step.index()];
}

std::string status_key(const std::string& head, const WantedStatus& status) {
    return fmt::format("{} {} {} {}", head, status.context, status.state, status.description);
}

Step next_step(
    const Memory& memory,
    const std::vector<SeenPullRequest>& seen,
    const SeenBranch& branch,
    const Wanted& wanted,
    const Abilities& abilities
) {
    return Story{memory, seen, branch, wanted, abilities}.next();
}

}  // namespace linkspan::plan
