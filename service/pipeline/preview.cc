#include "service/pipeline/preview.h"

#include "core/manifest/diff.h"
#include "core/plan/branch_name.h"
#include "core/plan/commit_style.h"
#include "core/plan/pull_request.h"
#include "core/plan/template_data.h"
#include "service/pipeline/bid_memory.h"
#include "service/pipeline/branch_view.h"
#include "service/pipeline/decider.h"
#include "service/pipeline/forge_clients.h"
#include "service/pipeline/hold_reader.h"
#include "service/pipeline/proposals.h"
#include "service/pipeline/repository_rules.h"
#include "service/pipeline/target_scope.h"
#include "service/pipeline/turn.h"
#include "service/runtime/blocking.h"

#include <boost/asio/thread_pool.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;

constexpr std::size_t kThreads = 2;
constexpr std::size_t kStyleCommits = 50;

// A repository as it is seen once.
struct Seen {
    std::shared_ptr<BranchView> view;
    std::optional<Error> error;
    RepositoryRulesPtr rules;  // null where there may be none
};

std::string diff_of(const plan::EditPlan& plan) {
    std::string diff;
    for (const auto& file : plan.files) {
        diff += manifest::unified_diff(file.path, file.before, file.after);
    }
    return diff;
}

void tell(PreviewItem& item, const plan::BidAnswer& answer) {
    const auto& verdict = answer.decision.verdict;
    item.verdict = policy::verdict_name(verdict);
    if (const auto* held = std::get_if<policy::Held>(&verdict)) item.reason = held_reason(*held);
    if (const auto* refused = std::get_if<policy::Refused>(&verdict)) item.reason = refused->reason;
    if (const auto* waiting = std::get_if<policy::Waiting>(&verdict)) item.reason = waiting->why;
    item.notes.insert(item.notes.end(), answer.held.begin(), answer.held.end());
    item.notes.insert(item.notes.end(), answer.refusals.begin(), answer.refusals.end());
    item.notes.insert(item.notes.end(), answer.problems.begin(), answer.problems.end());
}

// Signing and secrets are not needed for a message.
config::Repository unsigned_one(config::Repository repository) {
    repository.signing.reset();
    return repository;
}

// Of so many tags of one look their sources are asked for.
constexpr std::size_t kMostOrigins = 40;

class Previewer {
public:
    Previewer(
        asio::any_io_executor executor,
        ConfigPtr config,
        store::Writer& writer,
        store::Writer* known,
        PreviewOptions options
    )
        : known_{known},
          config_{std::move(config)},
          options_{std::move(options)},
          pool_{kThreads},
          clients_{executor, config_},
          book_{writer},
          decider_{executor, clients_, book_, writer} {}

    asio::awaitable<Preview> run() {
        for (const auto& target : config_->targets) {
            if (!wants(options_.targets, target.name)) continue;
            for (const auto& name : target.policies) {
                const auto* policy = config_->policy(name);
                if (policy == nullptr || !wants(*policy)) continue;
                if (options_.images.empty()) {
                    co_await decide(target, *policy, std::nullopt);
                    continue;
                }
                for (const auto& wanted : options_.images) {
                    if (!(wanted.image == policy->image)) continue;
                    co_await decide(target, *policy, wanted.tag);
                }
            }
        }
        for (const auto& repository : config_->repositories) co_await plan(repository);
        co_return std::move(out_);
    }

private:
    using Origins = std::map<std::string, plan::ImageOrigin>;  // as plan::Proposal has them
    // A bid, and where its answer belongs.
    struct Asked {
        plan::Bid bid;
        std::size_t item = 0;
    };

    static bool wants(const std::vector<std::string>& names, const std::string& name) {
        return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
    }
    [[nodiscard]] bool wants(const policy::Policy& policy) const {
        return options_.policies.empty() ||
               std::any_of(
                   options_.policies.begin(),
                   options_.policies.end(),
                   [&](const auto& name) { return config_->policy(name) == &policy; }
               );
    }

    asio::awaitable<void> decide(
        const config::Target& target, const policy::Policy& policy, std::optional<image::Tag> tag
    ) {
        const std::size_t index = out_.items.size();
        out_.items.push_back(
            {.target = target.name, .policy = policy.full_name(), .image = policy.image.str()}
        );
        const auto fail = [this, index](std::string verdict, std::string reason) {
            out_.items[index].verdict = std::move(verdict);
            out_.items[index].reason = std::move(reason);
        };
        const auto* repository = config_->repository(target.repository);
        co_await see(*repository);
        const Seen& seen = seen_.at(repository->name);
        if (seen.error) {
            fail("failed", seen.error->message);
            co_return;
        }
        Question question{.policy = policy, .schedule = target.schedule};
        if (target.deliver == config::Deliver::PullRequest) question.schedule = {};
        if (seen.rules) {
            question.policy = seen.rules->of(policy);
            out_.items[index].notes = seen.rules->notes();
        }
        if (!tag) {
            auto listed = co_await newest(question.policy);
            if (listed.has_error()) {
                fail("failed", listed.error().message);
                co_return;
            }
            if (!*listed) {
                fail("refused", "the registry has no tag of this image");
                co_return;
            }
            tag = std::move(*listed);
        }
        image::ImageEvent event{
            .image = policy.image,
            .tag = std::move(*tag),
            .digest = std::nullopt,
            .media_type = std::nullopt,
            .pushed_at = std::nullopt,
            .revision = std::nullopt,
            .source = std::nullopt,
            .build_url = std::nullopt,
            .actor = std::nullopt};
        std::vector<Question> questions{question};
        const Patience patience{.insist = true};
        auto decided = co_await decider_.decide(event, std::move(questions), patience);
        if (decided.has_error()) {
            fail("failed", decided.error().message);
            co_return;
        }
        if (decided->not_yet) {
            fail("refused", decided->not_yet->what);
            co_return;
        }
        if (decided->policies.front().has_error()) {
            fail("failed", decided->policies.front().error().message);
            co_return;
        }
        auto& chosen = *decided->policies.front();
        auto& item = out_.items[index];
        item.selected = chosen.selection.selected;
        item.why = chosen.selection.why;
        item.gates = chosen.gates.gates;
        item.notes.insert(item.notes.end(), chosen.notes.begin(), chosen.notes.end());
        plan::Bid bid{
            .target = target.name,
            .policy = question.policy,
            .scope = scope_of(*config_, target),
            .selection = std::move(chosen.selection),
            .resolved = std::move(chosen.resolved),
            .cause = {.delivery = {}, .event = std::move(event), .target = {}, .policy = {}},
            .gate = std::move(chosen.gates.verdict)};
        asked_[repository->name].push_back({.bid = std::move(bid), .item = index});
    }

    // The tag that the policy would choose from the registry's list, or any.
    asio::awaitable<Result<std::optional<image::Tag>>> newest(policy::Policy policy) {
        using Found = std::optional<image::Tag>;
        if (const auto failed = unlisted_.find(policy.image); failed != unlisted_.end()) {
            co_return failed->second;
        }
        auto page = co_await book_.open(policy.image, false);
        if (page.has_error()) co_return page.error();
        if (!page->listed) {
            auto listed = co_await list(policy.image);
            if (listed.has_error()) {
                unlisted_.emplace(policy.image, listed.error());
                co_return listed.error();
            }
            page = co_await book_.open(policy.image, false);
            if (page.has_error()) co_return page.error();
        }
        const auto& known = page->table->tags;
        if (known.empty()) co_return Found{};
        auto selected = policy::select(policy, known);
        const std::string name =
            selected.has_value() && selected->selected ? *selected->selected : known.front().tag;
        auto tag = image::Tag::parse(name);
        if (tag.has_error()) co_return tag.error();
        co_return Found{std::move(*tag)};
    }

    // Once for an image, however many policies follow it; the Decider finds it in the book.
    asio::awaitable<Status> list(image::ImageName image) {
        const auto at = Clock::now();
        auto listed = co_await clients_.list_tags(image);
        const bool none = listed.has_error() && listed.error().kind == Errc::NotFound;
        if (listed.has_error() && !none) co_return listed.error();
        const bool complete = none || !listed->truncated;
        auto tags = std::make_shared<const std::vector<std::string>>(
            none ? std::vector<std::string>{} : std::move(listed->tags)
        );
        auto kept = co_await book_.keep_listing(image, std::move(tags), at, complete);
        if (kept.has_error()) co_return kept.error();
        co_return Status{};
    }

    // Fetches the branch, once.
    asio::awaitable<void> see(const config::Repository& repository) {
        if (seen_.contains(repository.name)) co_return;
        auto view = std::make_shared<BranchView>();
        view->directory = options_.directory + "/" + repository.name + ".git";
        view->branch = repository.branch;
        view->remote = remote_of(config_, repository, nullptr);
        auto work = [view,
                     config = config_,
                     name = repository.name,
                     follows_head = repository.follows_head,
                     rules = repository.repository_policies]() -> Result<RepositoryRulesPtr> {
            if (auto opened = open_mirror(*view); opened.has_error()) return opened.error();
            if (follows_head) {
                LINKSPAN_TRY(branch, view->mirror->default_branch());
                if (branch) view->branch = std::move(*branch);
            }
            LINKSPAN_TRY(tip, view->mirror->fetch(view->branch));
            if (!rules) return RepositoryRulesPtr{};
            return read_rules(*view->mirror, tip, config, name);
        };
        auto looked = co_await runtime::blocking(pool_, std::move(work));
        Seen seen{.view = std::move(view), .error = std::nullopt, .rules = {}};
        if (looked.has_error()) {
            seen.error = looked.error().within(repository.name);
        } else {
            seen.rules = std::move(*looked);
        }
        seen_.emplace(repository.name, std::move(seen));
    }

    asio::awaitable<void> plan(const config::Repository& repository) {
        const auto asked = asked_.find(repository.name);
        if (asked == asked_.end()) co_return;
        std::vector<Asked> commits;
        std::map<std::string, std::vector<Asked>> proposals;  // by target
        for (auto& one : asked->second) {
            const auto* target = config_->target(one.bid.target);
            if (target->deliver == config::Deliver::PullRequest) {
                const std::string name = one.bid.target;
                proposals[name].push_back(std::move(one));
            } else {
                commits.push_back(std::move(one));
            }
        }
        if (!commits.empty()) {
            auto planned = co_await turn(repository, commits, repository.group);
            if (planned.has_value()) {
                for (auto& commit : planned->commits) {
                    out_.commits.push_back(
                        {.repository = repository.name,
                         .branch = seen_.at(repository.name).view->branch,
                         .message = std::move(commit.message),
                         .diff = diff_of(commit.part)}
                    );
                }
            }
        }
        for (auto& [name, bids] : proposals) {
            const auto* target = config_->target(name);
            auto planned = co_await turn(repository, bids, plan::Grouping::All);
            if (!planned.has_value()) continue;
            const auto origins = co_await learn_origins(planned->turn.plan);
            propose(repository, *target, bids, *planned, origins);
        }
    }

    // What the service remembers of people, for its targets.
    asio::awaitable<void> remember(std::shared_ptr<std::vector<plan::Bid>> bids) {
        if (known_ == nullptr || out_.forgotten) co_return;
        auto held = co_await read_holds(*known_, bids, Clock::now());
        std::vector<plan::Bid*> all;
        for (auto& bid : *bids) all.push_back(&bid);
        auto wrote = co_await recall_writes(*known_, std::move(all));
        if (held.has_error()) out_.forgotten = held.error().message;
        if (wrote.has_error()) out_.forgotten = wrote.error().message;
    }

    asio::awaitable<Result<PlannedTurn>> turn(
        const config::Repository& repository,
        const std::vector<Asked>& asked,
        plan::Grouping grouping
    ) {
        auto options = commit_options_of(unsigned_one(repository), Clock::now());
        if (options.has_error()) co_return options.error();
        options->dry_run = true;
        options->group = grouping;
        options->rules = false;
        auto bids = std::make_shared<std::vector<plan::Bid>>();
        for (const auto& one : asked) bids->push_back(one.bid);
        co_await remember(bids);
        auto work = [view = seen_.at(repository.name).view, bids, how = *options] {
            const std::vector<std::vector<std::string>> intended(bids->size());
            return plan_on_tip(*view, *bids, intended, how, Look::KnownTip);
        };
        auto planned = co_await runtime::blocking(pool_, std::move(work));
        for (std::size_t i = 0; i < asked.size(); ++i) {
            auto& item = out_.items[asked[i].item];
            if (planned.has_error()) {
                item.verdict = "failed";
                item.reason = planned.error().message;
            } else {
                tell(item, planned->turn.answers[i]);
            }
        }
        co_return planned;
    }

    // Where the images were built from. A registry that is away costs a link.
    asio::awaitable<Origins> learn_origins(const plan::EditPlan& plan) {
        Origins origins;
        for (const auto& change : plan::updates_of(plan)) {
            for (const bool now : {false, true}) {
                auto tag = image::Tag::parse(now ? change.new_tag : change.old_tag);
                if (tag.has_error() || origins.size() >= kMostOrigins) continue;
                const std::string name = change.image.str() + ":" + tag->str();
                auto digest = now ? change.new_digest : change.old_digest;
                auto origin = co_await decider_.origin(change.image, *tag, std::move(digest));
                if (origin.has_value()) origins.emplace(name, std::move(*origin));
            }
        }
        co_return origins;
    }

    void propose(
        const config::Repository& repository,
        const config::Target& target,
        const std::vector<Asked>& asked,
        PlannedTurn& planned,
        const Origins& origins
    ) {
        const auto fail = [&](const Error& error) {
            for (const auto& one : asked) {
                out_.items[one.item].verdict = "failed";
                out_.items[one.item].reason = error.message;
            }
        };
        auto made = forge_of(config_, repository);
        if (made.has_error()) return fail(made.error());
        const auto& can = (*made)->capabilities();
        std::vector<std::string> subjects;
        const auto recent =
            seen_.at(repository.name).view->mirror->log(planned.base, {}, kStyleCommits);
        if (recent.has_value()) {
            for (const auto& commit : *recent) {
                subjects.push_back(commit.message.substr(0, commit.message.find('\n')));
            }
        }
        const auto style = plan::style_of(subjects);
        const auto how = commit_options_of(unsigned_one(repository), Clock::now());
        if (how.has_error()) return fail(how.error());
        auto groups = plan::split_apart(planned.turn.plan, target.pull_request.group);
        if (groups.has_error()) return fail(groups.error());
        std::vector<Candidate> candidates;
        for (const auto& one : asked) {
            WaitingWork work;
            work.bid = one.bid;
            work.gates = out_.items[one.item].gates;
            candidates.push_back(candidate_of(work, one.item));
        }
        for (auto& group : *groups) {
            const auto now = Clock::now();
            const auto refused = refused_tags_of(group.plan, candidates, planned.turn.answers);
            auto proposal = proposal_of(
                target.name,
                group.name,
                std::move(group.plan),
                candidates,
                planned.turn.answers,
                now
            );
            proposal.proposed_at = now;
            proposal.origins = origins;
            for (const auto& one : refused) {
                proposal.refused.push_back(fmt::format("{}:{}: {}", one.image, one.tag, one.reason)
                );
            }
            const plan::TextOptions texts{
                .title = target.pull_request.title,
                .body = target.pull_request.body,
                .style = style,
                .html_comments = can.html_comments,
                .checkboxes = can.html_comments,
                .closing = std::string{can.closing},
                .title_limit = can.title_limit,
                .body_limit = can.body_limit};
            plan::MessageOptions message = how->message;
            message.style = style;
            auto branch = plan::branch_name(target.pull_request.branch, target.name, group.name);
            auto title = plan::title_of(proposal, texts);
            auto body = plan::body_of(proposal, texts);
            auto text = plan::commit_message(message, proposal.plan);
            if (branch.has_error()) return fail(branch.error());
            if (title.has_error()) return fail(title.error());
            if (body.has_error()) return fail(body.error());
            if (text.has_error()) return fail(text.error());
            out_.proposals.push_back(
                {.repository = repository.name,
                 .target = target.name,
                 .group = group.name,
                 .branch = std::move(*branch),
                 .title = std::move(*title),
                 .body = std::move(*body),
                 .message = std::move(*text),
                 .diff = diff_of(proposal.plan)}
            );
        }
    }

    store::Writer* known_;
    ConfigPtr config_;
    PreviewOptions options_;
    asio::thread_pool pool_;
    RegistryClients clients_;
    TagBook book_;
    Decider decider_;
    std::map<std::string, Seen> seen_;
    std::map<image::ImageName, Error> unlisted_;
    std::map<std::string, std::vector<Asked>> asked_;  // by repository
    Preview out_;
};

}  // namespace

asio::awaitable<Preview> preview(
    asio::any_io_executor executor,
    ConfigPtr config,
    store::Writer& writer,
    store::Writer* known,
    PreviewOptions options
) {
    Previewer previewer{std::move(executor), std::move(config), writer, known, std::move(options)};
    co_return co_await previewer.run();
}

}  // namespace linkspan::pipeline
