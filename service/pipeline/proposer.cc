#include "service/pipeline/proposer.h"

#include "core/plan/branch_name.h"
#include "service/pipeline/pull_request_memory.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <utility>

namespace linkspan::pipeline {
namespace {

// So long, another service with our name may have heard of more than we have.
constexpr std::chrono::minutes kTellsOthers{1};
constexpr int kMostSteps = 60;        // more in one look is a bug, and must not go on forever
constexpr std::size_t kCommits = 50;  // of a branch that are looked at
constexpr std::chrono::minutes kLookAgain{1};
constexpr std::size_t kMostRefusals = 20;

bool has_rebuild_label(const forge::PullRequest& one) {
    return std::any_of(one.labels.begin(), one.labels.end(), [](const auto& label) {
        return std::equal(
            label.begin(),
            label.end(),
            kRebuildLabel.begin(),
            kRebuildLabel.end(),
            [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; }
        );
    });
}

std::string subject_of(const std::string& message) { return message.substr(0, message.find('\n')); }

std::vector<store::PullRequestImage> images_of(
    const plan::EditPlan& plan, const std::vector<store::PullRequestImage>& facts
) {
    std::vector<store::PullRequestImage> images;
    for (const auto& one : plan::carried(plan)) {
        const auto known = std::find_if(facts.begin(), facts.end(), [&](const auto& fact) {
            return fact.image == one.image && fact.policy == one.policy && fact.tag == one.tag;
        });
        if (known != facts.end()) {
            images.push_back(*known);
            images.back().digest = one.digest;
            continue;
        }
        store::PullRequestImage image{
            .image = one.image, .policy = one.policy, .tag = one.tag, .digest = one.digest};
        for (const auto& change : plan.changes) {
            if (change.image.str() == one.image && change.policy == one.policy) {
                image.why = change.why;
                break;
            }
        }
        for (const auto& cause : plan.causes) {
            const auto& event = cause.event;
            if (event.image.str() != one.image || event.tag.str() != one.tag) continue;
            image.delivery = cause.delivery;
            image.pushed_at = event.pushed_at;
            image.revision = event.revision;
            image.source = event.source;
            image.build_url = event.build_url;
            image.actor = event.actor;
            break;
        }
        images.push_back(std::move(image));
    }
    return images;
}

// The places that the branch changes, for the day on which it is merged.
std::string write_changes(const plan::EditPlan& plan) {
    auto json = nlohmann::json::array();
    for (const auto& one : plan.changes) {
        nlohmann::json change{
            {"policy", one.policy},
            {"path", one.path},
            {"document", one.document},
            {"place", one.where},
            {"image", one.image.str()},
            {"old_tag", one.old_tag},
            {"new_tag", one.new_tag}};
        if (one.old_digest) change["old_digest"] = *one.old_digest;
        if (one.new_digest) change["new_digest"] = *one.new_digest;
        json.push_back(std::move(change));
    }
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<store::Write> read_changes(
    const std::string& target,
    const std::string& changes,
    const std::string& commit,
    store::TimePoint at
) {
    std::vector<store::Write> writes;
    const auto json = nlohmann::json::parse(changes, nullptr, false);
    if (!json.is_array()) return writes;
    for (const auto& one : json) {
        if (!one.is_object()) continue;
        const auto text = [&](const char* name) { return one.value(name, std::string{}); };
        const auto digest = [&](const char* name) {
            return one.contains(name) ? std::optional{text(name)} : std::nullopt;
        };
        writes.push_back(
            {.target = target,
             .policy = text("policy"),
             .path = text("path"),
             .document = one.value("document", std::size_t{0}),
             .place = text("place"),
             .image = text("image"),
             .old_tag = text("old_tag"),
             .old_digest = digest("old_digest"),
             .new_tag = text("new_tag"),
             .new_digest = digest("new_digest"),
             .commit = commit,
             .at = at}
        );
    }
    return writes;
}

// Most platforms don't care about letter case, and show it as the label was made.
bool is_same_label(std::string_view a, std::string_view b) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) {
        return lower(x) == lower(y);
    });
}

}  // namespace

Status record(store::Store& store, const ToRecord& change, std::vector<RevisedWork>* revised) {
    if (auto status = store.pull_requests().put(change.row); status.has_error()) return status;
    if (auto status = store.writes().record(change.landed); status.has_error()) return status;
    for (const auto& [image, outcome] : change.became) {
        LINKSPAN_TRY(
            items,
            store.revise(
                change.row.target,
                image.policy,
                image.tag,
                change.became_of,
                outcome,
                change.row.updated_at
            )
        );
        for (auto& item : items) {
            if (revised != nullptr) revised->push_back({std::move(item), outcome});
        }
    }
    for (const auto& hold : change.holds) {
        if (auto id = store.holds().set(hold); id.has_error()) return id.error();
    }
    for (const auto& lifted : change.lifted) {
        LINKSPAN_TRY(
            holds, store.holds().list(lifted.target, lifted.policy, change.row.updated_at)
        );
        for (const auto& hold : holds) {
            if (hold.tag != lifted.tag || hold.digest != lifted.digest) continue;
            if (auto done = store.holds().clear(hold.id); done.has_error()) return done.error();
        }
    }
    return {};
}

std::string pull_request_json(const ProposeAnswer& answer) {
    nlohmann::ordered_json json{{"number", answer.number}, {"url", answer.url}};
    if (answer.number == 0) json = nlohmann::ordered_json::object();
    json["state"] = answer.kind;
    json["notes"] = answer.notes;
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Proposer::Proposer(
    forge::Forge& forge,
    git::Mirror& mirror,
    ProposeRequest request,
    std::optional<store::PullRequest> remembered
)
    : forge_{forge}, mirror_{mirror}, request_{std::move(request)} {
    if (remembered) row_ = std::move(*remembered);
    memory_ = read_memory(row_.memory);
    if (memory_.base.empty() && memory_.number != 0) memory_.base = row_.base;
    const auto& can = forge.capabilities();
    abilities_ = {
        .labels = can.labels,
        .people = can.assignees || can.reviewers || can.team_reviewers,
        .milestones = can.milestones,
        .drafts = can.drafts,
        .auto_merge = can.auto_merge,
        .comments = can.comments,
        .statuses = can.statuses};
}

Status Proposer::prepare() {
    const auto& options = request_.options;
    const auto& proposal = request_.proposal;
    row_.repository = request_.repository;
    row_.target = proposal.target;
    row_.group = proposal.group;
    row_.base = request_.base_branch;
    LINKSPAN_TRY(branch, plan::branch_name(options.branch, proposal.target, proposal.group));
    configured_branch_ = branch;
    // One that is open lives on in its branch; another name counts for the next.
    if (row_.state != "open" || row_.branch.empty()) row_.branch = branch;

    wanted_.base = row_.base;
    wanted_.wanted = !proposal.plan.empty();
    wanted_.gone = request_.gone;
    wanted_.images = plan::carried(proposal.plan);
    wanted_.ignored = request_.ignored;
    wanted_.auto_merge = options.automerge;
    wanted_.window_open = request_.window_open;
    wanted_.window_changes = request_.window_changes;
    wait_for_checks();
    wanted_.delete_branch = options.delete_branch;
    wanted_.draft = options.draft_while_soaking && proposal.soaks_until.has_value();
    wanted_.labels = options.labels;
    wanted_.milestone = options.milestone;
    wanted_.statuses = request_.statuses;
    const auto& can = forge_.capabilities();
    const auto people = [&](const char* role, bool able, const std::vector<std::string>& names) {
        if (!able) return;
        for (const auto& name : names) wanted_.people.push_back(fmt::format("{}:{}", role, name));
    };
    people("assignee", can.assignees, options.assignees);
    people("reviewer", can.reviewers, options.reviewers);
    people("team", can.team_reviewers, options.teams);
    for (const auto& one : request_.people) {
        if (std::find(wanted_.people.begin(), wanted_.people.end(), one) == wanted_.people.end()) {
            wanted_.people.push_back(one);
        }
    }

    const auto& counts = request_.counts;
    // Where this one counts among the open ones, it has ended when it asks for a place.
    const std::size_t others =
        row_.state == "open" && counts.open > 0 ? counts.open - 1 : counts.open;
    const auto free = [&](std::size_t most, std::size_t taken, const std::string& what) {
        if (most == 0) return;
        const auto rest = static_cast<std::int64_t>(most) - static_cast<std::int64_t>(taken) -
                          static_cast<std::int64_t>(counts.waiting_before);
        const std::int64_t may = std::max<std::int64_t>(rest, 0);
        if (wanted_.may_open >= 0 && wanted_.may_open <= may) return;
        wanted_.may_open = may;
        if (may == 0) wanted_.limit = what;
    };
    free(
        options.max_open, others, fmt::format("waits: {} pull requests are open (max_open)", others)
    );
    free(
        options.max_per_hour,
        counts.opened.size(),
        fmt::format("waits: {} were opened within the hour (max_per_hour)", counts.opened.size())
    );
    if (options.max_per_hour != 0 && counts.opened.size() >= options.max_per_hour) {
        wanted_.limit_until = counts.opened.front() + std::chrono::hours{1};
    }
    if (!wanted_.wanted) return {};

    // How the people of this repository write.
    std::vector<std::string> subjects;
    LINKSPAN_TRY(recent, mirror_.log(request_.base, {}, kCommits));
    for (const auto& commit : recent) subjects.push_back(subject_of(commit.message));
    request_.message.style = plan::style_of(subjects);

    plan::TextOptions texts{
        .title = options.title,
        .body = options.body,
        .style = request_.message.style,
        .html_comments = can.html_comments,
        .checkboxes = can.html_comments,
        .closing = std::string{can.closing},
        .title_limit = can.title_limit,
        .body_limit = can.body_limit - plan::kTitleMark,
        .link = request_.link};
    // Ages are as of when these images were proposed first.
    const bool same = memory_.images == wanted_.images && memory_.proposed_at != 0;
    request_.proposal.proposed_at =
        same ? store::TimePoint{std::chrono::seconds{memory_.proposed_at}} : request_.now;
    learn_refusals(same);
    LINKSPAN_TRY(title, plan::title_of(proposal, texts));
    wanted_.title = title;
    LINKSPAN_TRY(body, plan::body_of(proposal, texts));
    wanted_.body = plan::mark_title(body, title, can.html_comments);
    LINKSPAN_TRY(message, plan::commit_message(request_.message, proposal.plan));
    message_ = message;
    // A time that stays while nothing changes, so that an unchanged proposal is the same commit.
    auto time = request_.proposal.proposed_at;
    if (!recent.empty()) time = std::max(time, recent.front().time);
    git::CommitSpec spec{
        .base = request_.base,
        .changes = {},
        .message = message_,
        .author = request_.author,
        .committer = request_.committer,
        .time = time,
        .signing = request_.signing};
    for (const auto& file : proposal.plan.files) {
        spec.changes.push_back({.path = file.path, .content = file.after});
    }
    LINKSPAN_TRY(commit, mirror_.commit(spec));
    commit_ = commit;
    return {};
}

// What a policy's rules dropped is told as of when these images were proposed first, like ages:
// every tag of a new series would be another edit of the body. What a gate refused is told at once.
void Proposer::learn_refusals(bool same_images) {
    auto& known = memory_.refused;
    std::erase_if(known, [&](const auto& one) {
        return !request_.still_newer || !request_.still_newer(one);
    });
    for (const auto& one : request_.refused) {
        if (!one.by_gate && same_images) continue;
        const auto at = std::find_if(known.begin(), known.end(), [&](const auto& other) {
            return other.policy == one.policy && other.tag == one.tag;
        });
        if (at == known.end()) {
            known.push_back(one);
        } else {
            *at = one;
        }
    }
    if (known.size() > kMostRefusals) {
        known.erase(known.begin(), known.end() - static_cast<std::ptrdiff_t>(kMostRefusals));
    }
    for (const auto& one : known) {
        request_.proposal.refused.push_back(fmt::format("{}:{}: {}", one.image, one.tag, one.reason)
        );
    }
}

plan::SeenPullRequest Proposer::seen_of(const forge::PullRequest& one) const {
    plan::SeenPullRequest seen{
        .number = one.number,
        .state = one.state == forge::State::Open     ? plan::SeenState::Open
                 : one.state == forge::State::Merged ? plan::SeenState::Merged
                                                     : plan::SeenState::Closed,
        .draft = one.draft,
        .title = one.title,
        .body = one.body,
        .head = one.head_commit,
        .base = one.base,
        .auto_merge = one.auto_merge,
        .clean = one.mergeable == forge::Mergeable::Clean,
        .conflict = one.mergeable == forge::Mergeable::Conflict,
        .labels = one.labels,
        .merge_commit = one.merge_commit,
        .closed_by = one.closed_by};
    return seen;
}

forge::PullRequest* Proposer::open() {
    const auto at = std::find_if(pulls_.begin(), pulls_.end(), [](const auto& one) {
        return one.state == forge::State::Open;
    });
    return at == pulls_.end() ? nullptr : &*at;
}

// With a state of this target and group in its body.
bool Proposer::is_ours(const forge::PullRequest& one) const {
    const auto state = plan::read_state(one.body);
    return state && state->target == row_.target && state->group == row_.group;
}

Status Proposer::observe() {
    pulls_.clear();
    bool known = false;
    if (memory_.number != 0) {
        auto mine = forge_.get(memory_.number);
        if (mine.has_error() && mine.error().kind != Errc::NotFound) return mine.error();
        if (mine.has_value() && !mine->head.empty() && mine->head != row_.branch) {
            // The repository is another one now, where the number is somebody else's.
            memory_ = {};
            row_.number = 0;
            row_.state = "none";
        } else if (mine.has_value()) {
            known = mine->state == forge::State::Open;
            pulls_.push_back(std::move(*mine));
        } else {
            // Some platforms let people delete one. Nobody said what they meant by it.
            count_ended(memory_.number, "closed");
        }
    }
    if (!known) {
        LINKSPAN_TRY(found, forge_.find(row_.branch, {}, std::nullopt));
        for (auto& one : found) {
            if (memory_.number != 0 && one.number == memory_.number) continue;
            // People may have others from this branch: to other bases those are theirs.
            const bool in_the_way = one.state == forge::State::Open && one.base == row_.base;
            if (in_the_way || is_ours(one)) pulls_.push_back(std::move(one));
        }
        std::sort(pulls_.begin(), pulls_.end(), [](const auto& a, const auto& b) {
            return a.number > b.number;
        });
        // Two may be open, when somebody sent ours elsewhere and opened one to its base.
        std::stable_partition(pulls_.begin(), pulls_.end(), [&](const auto& one) {
            return one.state == forge::State::Open && one.base == row_.base;
        });
    }
    if (const auto* const now = open(); now != nullptr && now->base == row_.base) {
        if (now->number == memory_.number) memory_.base = row_.base;
        std::erase(memory_.said, "retargeted");
    }
    if (auto status = observe_branch(); status.has_error()) return status;
    note_auto_merge();
    recall_interrupted();
    if (auto status = look_for_wishes(); status.has_error()) return status;
    stale_ = false;
    return {};
}

// Whose it is.
void Proposer::note_auto_merge() {
    const auto* const now = open();
    if (now == nullptr || now->number != memory_.number) return;
    if (!now->auto_merge) return;
    if (!memory_.arming.empty()) {
        // Armed just before a crash.
        memory_.armed_head = std::exchange(memory_.arming, {});
    } else if (std::exchange(adopted_, false) && request_.options.automerge) {
        // What we would have armed, before the store was lost.
        memory_.armed_head = now->head_commit;
    }
}

Status Proposer::observe_branch() {
    branch_ = {};
    auto tip = mirror_.fetch(row_.branch);
    if (tip.has_error()) {
        if (tip.error().kind == Errc::NotFound) return {};
        return tip.error().within(row_.branch);
    }
    branch_.head = tip->hex;
    LINKSPAN_TRY(commits, mirror_.log(*tip, request_.base, kCommits));
    branch_.ours = std::all_of(commits.begin(), commits.end(), [&](const auto& commit) {
        return commit.author.email == request_.author.email &&
               commit.committer.email == request_.committer.email;
    });
    branch_.just_made =
        branch_.ours && !commits.empty() && request_.now - commits.front().time < kTellsOthers;
    branch_.on_base = commits.size() == 1 && commits[0].parents.size() == 1 &&
                      commits[0].parents[0] == request_.base;
    branch_.landed =
        commits.empty() || std::any_of(pulls_.begin(), pulls_.end(), [&](const auto& one) {
            return one.state == forge::State::Merged && one.head_commit == branch_.head;
        });
    if (commit_) {
        LINKSPAN_TRY(different, mirror_.changed_files(*commit_, *tip, {}));
        branch_.same_tree = different.empty();
    }
    // Pushed just before a crash, by us before the store was lost, or by another replica.
    const bool by_platform =
        memory_.intended.starts_with("api:") && branch_.on_base && branch_.same_tree;
    const bool as_wanted = branch_.ours && branch_.on_base && branch_.same_tree;
    if (branch_.head == memory_.intended) {
        // What a push does to auto-merge counts also when we were killed after it.
        const auto* const now = open();
        if (now != nullptr && !now->auto_merge) memory_.armed_head.clear();
    }
    if (branch_.head == memory_.intended || by_platform || as_wanted ||
        (memory_.head.empty() && branch_.ours)) {
        memory_.head = branch_.head;
        memory_.intended.clear();
    }
    return {};
}

// What had its effect before we could write that down is ours, and no person's.
void Proposer::recall_interrupted() {
    const forge::PullRequest* const now = open();
    if (now == nullptr || now->number != memory_.number) return;
    if (!wanted_.title.empty() && now->title == wanted_.title) memory_.title = now->title;
    if (memory_.doing == "draft") memory_.draft = now->draft;
    if (memory_.doing == "disarm" && !now->auto_merge) memory_.armed_head.clear();
    memory_.doing.clear();
}

// Only what somebody with write access asked for counts: whoever can edit the body or push can
// write; the author of a comment or a label is asked for.
Status Proposer::look_for_wishes() {
    wanted_.rebuild.clear();
    forge::PullRequest* const now = open();
    if (now == nullptr) return {};
    if (plan::rebuild_is_ticked(now->body)) {
        wanted_.rebuild = "checkbox";
        return {};
    }
    // The event only says who put the label on; that it is there, the platform says.
    const auto labelled = [&](const RebuildWish& wish) {
        return wish.label.empty() ||
               std::any_of(now->labels.begin(), now->labels.end(), [&](const auto& one) {
                   return is_same_label(one, wish.label);
               });
    };
    if (request_.rebuild && request_.rebuild->id != memory_.rebuild_done &&
        labelled(*request_.rebuild)) {
        LINKSPAN_TRY(may, may_write(request_.rebuild->user));
        if (may) {
            wanted_.rebuild = request_.rebuild->id;
            return {};
        }
        answer_.notes.push_back(
            request_.rebuild->user + " asked for a rebuild, but may not write here"
        );
    }
    // No event may have come: where we wait for such a word, we look for it.
    const bool edited = !branch_.head.empty() && branch_.head != memory_.head;
    const bool elsewhere = now->number == memory_.number && now->base != row_.base &&
                           !now->base.empty() && now->base != memory_.base;
    if (!edited && !elsewhere) return {};
    const auto told = [&](const char* key) {
        return std::find(memory_.said.begin(), memory_.said.end(), key) != memory_.said.end();
    };
    // Whoever asked before we noticed, asked before those commits were there.
    const bool noticed = (!edited || told("edited")) && (!elsewhere || told("retargeted"));
    if (!noticed) memory_.heard.clear();
    if (auto status = hear_comments(*now, noticed); status.has_error()) return status;
    if (!wanted_.rebuild.empty()) return {};
    return hear_label(*now, noticed);
}

Status Proposer::hear_comments(const forge::PullRequest& now, bool noticed) {
    if (!forge_.capabilities().comments) return {};
    auto comments = forge_.comments(now);
    if (comments.has_error()) return unless_transient(comments.error(), "reading the comments");
    std::erase_if(*comments, [](const auto& one) { return !plan::asks_for_rebuild(one.body); });
    auto& heard = memory_.heard;
    for (auto at = comments->rbegin(); at != comments->rend(); ++at) {
        if (!noticed) heard.push_back(at->id);
        if (std::find(heard.begin(), heard.end(), at->id) != heard.end()) continue;
        LINKSPAN_TRY(may, may_write(at->author));
        if (!may) continue;
        wanted_.rebuild = "comment:" + at->id;
        return {};
    }
    return {};
}

// Only the platform knows who put it on.
Status Proposer::hear_label(const forge::PullRequest& now, bool noticed) {
    if (!forge_.capabilities().label_events || !has_rebuild_label(now)) return {};
    auto event = forge_.labeled_by(now, std::string{kRebuildLabel});
    if (event.has_error()) {
        return unless_transient(event.error(), "asking who put a label on");
    }
    if (!*event) return {};
    const std::string id = "label:" + (*event)->id;
    auto& heard = memory_.heard;
    if (!noticed) heard.push_back(id);
    if (std::find(heard.begin(), heard.end(), id) != heard.end()) return {};
    LINKSPAN_TRY(may, may_write((*event)->user));
    if (may) {
        wanted_.rebuild = id;
    } else {
        answer_.notes.push_back((*event)->user + " asked for a rebuild, but may not write here");
    }
    return {};
}

Result<bool> Proposer::may_write(const std::string& user) {
    auto may = forge_.may_write(user);
    if (may.has_value()) return may;
    auto status = unless_transient(may.error(), "asking whether " + user + " may write here");
    if (status.has_error()) return status.error();
    return false;
}

// A platform begins checks some time after a push; until then nothing is in the way of merging.
void Proposer::wait_for_checks() {
    wanted_.checks_begin_by.reset();
    const auto pushed = store::TimePoint{std::chrono::seconds{memory_.pushed_at}};
    const store::TimePoint until = pushed + request_.options.checks_within;
    if (until > request_.now) wanted_.checks_begin_by = until;
}

void Proposer::count_ended(std::int64_t number, const std::string& state) {
    row_.state = state;
    // What is said and set belongs to one pull request; the branch and the past go on.
    plan::Memory fresh;
    fresh.handled = std::max(number, memory_.handled);
    fresh.head = memory_.head;
    fresh.intended = memory_.intended;
    fresh.rebuild_done = memory_.rebuild_done;
    fresh.pushed_at = memory_.pushed_at;
    fresh.refused = memory_.refused;
    fresh.merged_head = memory_.merged_head;
    if (row_.branch != configured_branch_ && !configured_branch_.empty()) {
        // The next one has another branch.
        if (state != "ignored" && wanted_.delete_branch && !memory_.head.empty()) {
            (void)forge_.delete_branch(row_.branch, memory_.head);
        }
        row_.branch = configured_branch_;
        fresh.head.clear();
        fresh.intended.clear();
        stale_ = true;
    }
    memory_ = std::move(fresh);
    std::erase_if(pulls_, [&](const auto& one) {
        return one.number <= number && one.state != forge::State::Open;
    });
}

Result<bool> Proposer::decide() {
    if (!prepared_) {
        if (auto status = prepare(); status.has_error()) return status.error();
        prepared_ = true;
    }
    for (;;) {
        if (over_) {
            end();
            return false;
        }
        if (++steps_ > kMostSteps) {
            return Error{
                Errc::Internal,
                fmt::format("a pull request that does not come to rest: {} again", step())};
        }
        if (stale_) {
            if (auto status = observe(); status.has_error()) {
                return status.error().within(forge_.name());
            }
        }
        std::vector<plan::SeenPullRequest> seen;
        for (const auto& one : pulls_) seen.push_back(seen_of(one));
        step_ = plan::next_step(memory_, seen, branch_, wanted_, abilities_);
        if (plan::is_end(step_)) {
            // We were about to close it, and it is wanted after all.
            memory_.closing = false;
            if (wanted_.wanted) {
                std::erase(memory_.said, fmt::format("closing:{}", memory_.number));
            }
            end();
            return false;
        }
        const bool outside = !std::holds_alternative<plan::step::Adopt>(step_) &&
                             !std::holds_alternative<plan::step::RecordMerged>(step_) &&
                             !std::holds_alternative<plan::step::RecordClosed>(step_) &&
                             !std::holds_alternative<plan::step::Ignore>(step_);
        if (!outside) {
            settle_past();
            continue;
        }
        const bool pushes = std::holds_alternative<plan::step::Push>(step_);
        if (pushes && memory_.intended.empty()) {
            memory_.earlier_head = memory_.number != 0 ? memory_.head : std::string{};
            memory_.earlier_images = memory_.images;
            memory_.earlier_changes = row_.changes;
        }
        if (pushes) {
            memory_.intended = request_.options.api_commits && forge_.capabilities().api_commits
                                   ? fmt::format("api:{:x}", plan::fingerprint(wanted_.images))
                                   : commit_->hex;
        }
        if (pushes || std::holds_alternative<plan::step::Open>(step_)) {
            memory_.images = wanted_.images;
            memory_.proposed_at = std::chrono::duration_cast<std::chrono::seconds>(
                                      request_.proposal.proposed_at.time_since_epoch()
            )
                                      .count();
            row_.images = images_of(request_.proposal.plan, request_.facts);
            row_.changes = write_changes(request_.proposal.plan);
        }
        if (std::holds_alternative<plan::step::Arm>(step_)) memory_.arming = memory_.head;
        if (const auto* say = std::get_if<plan::step::Say>(&step_)) {
            interrupted_ = std::exchange(memory_.saying, say->key) == say->key;
        }
        memory_.closing = std::holds_alternative<plan::step::Close>(step_);
        const auto* const update = std::get_if<plan::step::Update>(&step_);
        memory_.doing = update != nullptr && update->draft                  ? "draft"
                        : std::holds_alternative<plan::step::Disarm>(step_) ? "disarm"
                                                                            : "";
        return true;
    }
}

void Proposer::settle_past() {
    if (const auto* adopt = std::get_if<plan::step::Adopt>(&step_)) {
        const auto* const now = open();
        if (now != nullptr && now->number == adopt->number) this->adopt(*now);
    } else if (const auto* merged = std::get_if<plan::step::RecordMerged>(&step_)) {
        record_merged(*merged);
    } else if (const auto* closed = std::get_if<plan::step::RecordClosed>(&step_)) {
        if (!wanted_.wanted && closed->number == row_.number) {
            became(memory_.images, request_.gone_kind, request_.gone, {});
        }
        count_ended(closed->number, "closed");
    } else if (const auto* ignore = std::get_if<plan::step::Ignore>(&step_)) {
        const std::string who = ignore->who.empty() ? "somebody" : ignore->who;
        for (const auto& image : ignore->images) {
            holds_.push_back(
                {.target = row_.target,
                 .policy = image.policy,
                 .tag = image.tag,
                 .digest = image.digest.empty() ? std::nullopt : std::optional{image.digest},
                 .who = who,
                 .why = fmt::format("closed pull request {} without merging", ignore->number),
                 .since = request_.now,
                 .until = std::nullopt,
                 .pull_request = ignore->number}
            );
            wanted_.ignored.push_back(image);
        }
        if (ignore->number == row_.number) {
            became(
                ignore->images,
                "held",
                fmt::format("{} closed pull request {} without merging", who, ignore->number),
                {}
            );
        }
        if (ignore->unknown > 0) {
            answer_.notes.push_back(
                fmt::format("{} more images were in it, which are not known", ignore->unknown)
            );
        }
        answer_.number = ignore->number;
        answer_.url = row_.url;
        count_ended(ignore->number, "ignored");
    }
}

void Proposer::adopt(const forge::PullRequest& now) {
    const auto state = plan::read_state(now.body);
    if (now.number <= memory_.handled) {
        // Opened again by a person: what closing it had meant is taken back.
        for (const auto& image : wanted_.images) {
            lifted_.push_back(
                {.target = row_.target,
                 .policy = image.policy,
                 .tag = image.tag,
                 .digest = image.digest.empty() ? std::nullopt : std::optional{image.digest},
                 .who = {},
                 .why = {},
                 .since = request_.now,
                 .until = std::nullopt}
            );
        }
        wanted_.ignored.clear();
    } else if (row_.number != now.number || !row_.opened_at) {
        row_.opened_at = request_.now;
    }
    memory_.number = now.number;
    // Where it goes is known; who sent it there is not, so that nothing is undone.
    memory_.base = row_.base;
    // A title that is not the one we gave it, or of which nobody knows, is a person's.
    const bool our_title =
        state &&
        (state->title == 0 || state->title == plan::fingerprint(plan::plain_title(now.title)));
    memory_.title = our_title ? now.title : wanted_.title;
    memory_.draft = now.draft && request_.options.draft_while_soaking;
    memory_.body = plan::fingerprint(plan::ours_in(now.body));
    if (memory_.images.empty() && state) memory_.images = state->images;
    row_.state = "open";
    row_.number = now.number;
    row_.url = now.url;
    row_.title = now.title;
    row_.waiting_since.reset();
    // A list does not tell all.
    adopted_ = true;
    stale_ = true;
}

Proposer::Content Proposer::content_of(std::int64_t number) const {
    const auto at = std::find_if(pulls_.begin(), pulls_.end(), [&](const auto& one) {
        return one.number == number;
    });
    Content content{memory_.images, row_.changes};
    if (at == pulls_.end()) return content;
    if (!memory_.earlier_head.empty() && at->head_commit == memory_.earlier_head) {
        return {memory_.earlier_images, memory_.earlier_changes};
    }
    if (content.images.empty()) {
        if (auto state = plan::read_state(at->body)) content.images = std::move(state->images);
    }
    return content;
}

void Proposer::record_merged(const plan::step::RecordMerged& merged) {
    const auto content = content_of(merged.number);
    const auto at = std::find_if(pulls_.begin(), pulls_.end(), [&](const auto& one) {
        return one.number == merged.number;
    });
    const std::string head = at == pulls_.end() ? std::string{} : at->head_commit;
    answer_.reason = fmt::format("pull request {} was merged", merged.number);
    if (!merged.elsewhere.empty()) {
        // Nobody said no to it here.
        answer_.reason += " into " + merged.elsewhere;
        answer_.notes.push_back(answer_.reason);
    } else {
        answer_.kind = "merged";
        answer_.commit = merged.commit;
        answer_.number = merged.number;
        answer_.url = row_.url;
        if (merged.number == row_.number) {
            became(content.images, "merged", answer_.reason, merged.commit);
            landed_ = read_changes(row_.target, content.changes, merged.commit, request_.now);
        }
        // What is wanted was planned on a base without it.
        if (content.images == wanted_.images) wanted_.wanted = false;
    }
    count_ended(merged.number, "merged");
    memory_.merged_head = head;
}

void Proposer::end() {
    memory_.doing.clear();
    const forge::PullRequest* const now = open();
    if (now != nullptr) {
        answer_.number = now->number;
        answer_.url = now->url;
    }
    row_.look_at.reset();
    if (const auto* held = std::get_if<plan::step::Held>(&step_)) {
        answer_.kind = "held";
        answer_.reason = "a person closed the pull request with it without merging";
        answer_.held = held->images;
        if (now == nullptr) row_.state = "ignored";
    } else if (const auto* wait = std::get_if<plan::step::Wait>(&step_)) {
        answer_.kind = "waiting";
        answer_.reason = wait->why;
        answer_.again = wait->until;
        row_.state = "waiting";
        row_.images = images_of(request_.proposal.plan, request_.facts);
        if (!row_.waiting_since) row_.waiting_since = request_.now;
    } else if (const auto* alone = std::get_if<plan::step::LeaveAlone>(&step_)) {
        if (branch_.just_made) answer_.again = request_.now + kTellsOthers;
        answer_.kind = "held";
        answer_.reason = alone->why;
        // What is rebuilt once somebody asks is what is wanted now.
        if (wanted_.wanted) row_.images = images_of(request_.proposal.plan, request_.facts);
    } else {
        const auto* done = std::get_if<plan::step::Done>(&step_);
        if (done != nullptr && done->again) answer_.again = done->again;
        if (now != nullptr) {
            answer_.kind = "pull_request";
            answer_.reason = fmt::format(
                "pull request {} {}", now->number, acted_ ? "carries it" : "carries it already"
            );
            if (done != nullptr && !done->why.empty()) answer_.reason += "; " + done->why;
            answer_.commit = memory_.head;
        } else if (answer_.kind.empty()) {
            answer_.kind = "already_current";
            answer_.reason = request_.gone;
        }
        if (now == nullptr) row_.waiting_since.reset();
        if (now == nullptr && (row_.state.empty() || row_.state == "waiting")) row_.state = "none";
    }
    // Merging by ourselves depends on checks of which no event tells everywhere.
    if (now != nullptr && wanted_.auto_merge && wanted_.window_open && !answer_.again) {
        answer_.again = request_.now + kLookAgain;
    }
    if (answer_.again) row_.look_at = answer_.again;
    row_.note = answer_.reason;
}

ToRecord Proposer::to_record() {
    row_.memory = write_memory(memory_);
    row_.head = memory_.head;
    row_.updated_at = request_.now;
    return {
        .row = row_,
        .holds = std::exchange(holds_, {}),
        .lifted = std::exchange(lifted_, {}),
        .landed = std::exchange(landed_, {}),
        .became = std::exchange(became_, {}),
        .became_of = became_of_};
}

void Proposer::became(
    const std::vector<plan::CarriedImage>& images,
    std::string kind,
    const std::string& reason,
    const std::string& commit
) {
    const nlohmann::json detail{
        {"pull_request", {{"number", row_.number}, {"url", row_.url}, {"state", kind}}}};
    became_of_ = row_.number;
    for (const auto& image : images) {
        became_.push_back(
            {.image =
                 {.image = image.image,
                  .policy = image.policy,
                  .tag = image.tag,
                  .digest = image.digest},
             .outcome =
                 {.kind = kind,
                  .reason = reason,
                  .commit = commit.empty() ? std::nullopt : std::optional{commit},
                  .detail_json = detail.dump()}}
        );
    }
}

}  // namespace linkspan::pipeline
