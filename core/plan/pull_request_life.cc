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

bool same_title(const std::string& a, const std::string& b) {
    return plain_title(a) == plain_title(b);
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
        // Before all else, which may fail.
        if (is_armed() && !may_merge()) return step::Disarm{};
        if (!wanted_.wanted) return without_wish();
        if (auto held = ignored(); !held.images.empty()) return held;
        if (!branch_.head.empty() && is_a_persons() && !asked()) return left_alone();
        if (is_elsewhere()) {
            if (auto step = bring_back()) return *step;
        }
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
            const bool elsewhere = !ended->base.empty() && ended->base != wanted_.base;
            return step::RecordMerged{
                ended->number, ended->merge_commit, elsewhere ? ended->base : std::string{}};
        }
        const auto state = read_state(ended->body);
        if (memory_.closing || (state && !state->ended.empty())) {
            return step::RecordClosed{ended->number};
        }
        step::Ignore ignore{.number = ended->number, .who = ended->closed_by};
        // Who closed it has not seen what was pushed, or was about to be, meanwhile.
        const bool before = !memory_.earlier_head.empty() && ended->head == memory_.earlier_head;
        ignore.images = before ? memory_.earlier_images : memory_.images;
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

    // It has commits that we did not push.
    bool has_others() const {
        if (branch_.head == memory_.head || branch_.head == memory_.intended) return false;
        // The platform's own commit, made before a crash: its id was not known beforehand.
        if (memory_.intended.starts_with("api:") && branch_.on_base && branch_.same_tree) {
            return false;
        }
        // A head that we know we did not push; without memory its authors say whose it is.
        return !memory_.head.empty() || !branch_.ours;
    }

    bool is_a_persons() const {
        // What was merged can't be lost.
        const bool safe = branch_.landed || branch_.head == memory_.merged_head;
        return has_others() && !(open_ == nullptr && safe);
    }

    bool asked() const {
        return !wanted_.rebuild.empty() && wanted_.rebuild != memory_.rebuild_done;
    }

    step::Held ignored() const {
        step::Held held;
        for (const auto& image : wanted_.images) {
            // Where no digest was written, there was none to say no to: the tag was meant.
            CarriedImage by_tag = image;
            by_tag.digest.clear();
            if (has(wanted_.ignored, image) || has(wanted_.ignored, by_tag)) {
                held.images.push_back(image);
            }
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
        const std::string why = fmt::format(
            "branch has commits that Linkspan did not push ({}): left alone until somebody {}",
            branch_.head.substr(0, 12),
            open_ != nullptr ? "asks for a rebuild" : "deletes the branch"
        );
        // By another service with our name, which heard of an image before we did: ours to hear of
        // it in a moment, and nothing to tell people of.
        if (branch_.just_made) return step::LeaveAlone{why};
        auto step = say_once(
            "edited",
            "Somebody else has pushed to this branch, so Linkspan leaves it alone. To have it "
            "built anew, without those commits, comment `linkspan rebuild`.",
            why
        );
        if (is_elsewhere() && !is_ours_to_bring_back() &&
            std::holds_alternative<step::LeaveAlone>(step)) {
            return sent_elsewhere();
        }
        return step;
    }

    // It goes to another branch than ours do.
    bool is_elsewhere() const {
        return open_ != nullptr && !open_->base.empty() && open_->base != wanted_.base;
    }
    // The configuration names another branch than when we opened it.
    bool is_ours_to_bring_back() const { return open_->base == memory_.base; }

    Step sent_elsewhere() const {
        return say_once(
            "retargeted",
            fmt::format(
                "Somebody has sent this pull request to {}, so Linkspan leaves it alone, and does "
                "not merge it. To have it go to {} again, set it back, or comment `linkspan "
                "rebuild`.",
                markdown::code(open_->base),
                markdown::code(wanted_.base)
            ),
            fmt::format(
                "pull request {} goes to {} and not to {}: left alone until somebody sets that "
                "back, or asks for a rebuild",
                open_->number,
                open_->base,
                wanted_.base
            )
        );
    }

    std::optional<Step> bring_back() const {
        if (!is_ours_to_bring_back() && !asked()) return sent_elsewhere();
        if (abilities_.retarget) {
            return step::Update{.title = false, .body = false, .draft = false, .base = true};
        }
        const std::string sentence = fmt::format(
            "This pull request goes to {}, and Linkspan may not change that. It closes it, and "
            "opens another one to {}.",
            markdown::code(open_->base),
            markdown::code(wanted_.base)
        );
        return say_and_close(sentence, sentence);
    }

    Step say_and_close(const std::string& comment, const std::string& why) const {
        const std::string key = fmt::format("closing:{}", open_->number);
        if (abilities_.comments && !has(memory_.said, key)) return step::Say{key, comment};
        return step::Close{why};
    }

    // By us, or we were about to.
    bool is_armed() const {
        return open_ != nullptr && open_->auto_merge &&
               (!memory_.armed_head.empty() || !memory_.arming.empty());
    }
    bool may_merge() const {
        return wanted_.wanted && wanted_.auto_merge && wanted_.window_open && !wanted_.draft &&
               !open_->draft && !is_elsewhere() && ignored().images.empty() &&
               (branch_.head.empty() || !is_a_persons());
    }

    Step without_wish() const {
        const bool theirs = !branch_.head.empty() && is_a_persons();
        if (theirs && open_ != nullptr) {
            return say_once(
                "no-longer-wanted",
                markdown::prose(wanted_.gone, 1000) +
                    " Somebody else has pushed to this branch, so Linkspan does not close it.",
                "nothing is left to do, and the branch has commits of others: left open"
            );
        }
        if (is_elsewhere() && !is_ours_to_bring_back() && !asked()) return sent_elsewhere();
        if (open_ != nullptr) {
            return say_and_close(
                markdown::prose(wanted_.gone, 1000) + " Linkspan closes this pull request.",
                wanted_.gone
            );
        }
        // With commits of others, also merged ones, it is theirs to delete.
        if (!branch_.head.empty() && !has_others() && wanted_.delete_branch) {
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
        // Armed for one head, and with its message: most platforms would merge the next with it.
        if (is_armed()) return step::Disarm{};
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
        update.title = !same_title(wanted_.title, memory_.title) &&
                       !same_title(wanted_.title, open.title) &&
                       (memory_.title.empty() || same_title(open.title, memory_.title));
        // Line endings and edits around ours are no difference; nor is a tick in our checkbox,
        // which is taken away again with the rebuild that it asked for. One that we were about to
        // close, and did not, must not say that we did.
        const auto state = read_state(open.body);
        update.body = fingerprint(wanted_.body) != memory_.body || rebuild_is_ticked(open.body) ||
                      (state && !state->ended.empty());
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
        const bool may = wanted_.window_open && !wanted_.draft && !open.draft;
        if (!wanted_.auto_merge) return step::Done{};
        if (!may) {
            if (!wanted_.window_open) {
                return step::Done{wanted_.window_changes, "waits for its window to merge"};
            }
            return step::Done{std::nullopt, "a draft is not merged"};
        }
        if (!open.head.empty() && !branch_.head.starts_with(open.head)) {
            return step::Done{std::nullopt, "not merged yet: the platform has not seen the push"};
        }
        // Somebody took it off again: they have a reason.
        const bool once = memory_.armed_head == branch_.head;
        // Platforms that keep it for a new head would merge that with the texts of the old one, and
        // some keep them when they are asked again.
        if (is_armed() && !once) return step::Disarm{};
        if (abilities_.auto_merge && !open.auto_merge && !once) return step::Arm{};
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
