// Github: what moves branches: merging, commits, deleting.
#include "service/forge/again.h"
#include "service/forge/answer.h"
#include "service/forge/github.h"

namespace linkspan::forge {

using namespace github;

namespace {

// Whether a base without a merge queue has got one is asked again after this.
constexpr std::chrono::hours kQueueIsNews{1};

// nlohmann's own check; text that is none would be changed on its way.
bool is_utf8(const std::string& content) {
    try {
        (void)Json(content).dump();
        return true;
    } catch (const Json::exception&) {
        return false;
    }
}

}  // namespace

Result<MergeAnswer> Github::merge(const PullRequest& now, const MergeRequest& wanted) {
    if (now.state == State::Merged) return MergeAnswer{Merged{now.merge_commit}};
    auto response = caller_.send(merge_pull(repo_, now.number, wanted));
    if (response.has_error()) return look_for_merged(*this, now, response.error());
    bool through_queue = false;
    LINKSPAN_TRY(answer, read_merge(*response, through_queue));
    if (through_queue) {
        return read_arming(mutate(enqueue(now.id, wanted.head_commit)));
    }
    if (std::holds_alternative<Merged>(answer) && wanted.delete_branch) {
        // Merged it is; a branch that stays is for the next sweep.
        (void)delete_branch(now.head, wanted.head_commit);
    }
    if (std::holds_alternative<NotYet>(answer)) {
        // "Not mergeable" is also what is merged already.
        auto again = get(now.number);
        if (again.has_value() && again->state == State::Merged) {
            return MergeAnswer{Merged{again->merge_commit}};
        }
    }
    return std::move(answer);
}

Result<MergeAnswer> Github::arm_auto_merge(const PullRequest& now, const MergeRequest& wanted) {
    if (now.state == State::Merged) return MergeAnswer{Merged{now.merge_commit}};
    return read_arming(mutate(enable_auto_merge(now.id, wanted)));
}

Result<Queue> Github::queue_of(const std::string& id) {
    auto answer = caller_.ask(look_at_queue(id));
    std::optional<Error> error;
    if (answer.has_error()) {
        error = answer.error();
    } else {
        error = read_graphql_errors(*answer);
    }
    if (error && is_transient(error->kind)) return *error;
    return error ? Queue{} : read_queue(*answer);
}

bool Github::is_queued(const PullRequest& now) {
    const auto present = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock{mutex_};
        if (now.id.empty() || present < no_queue_until_) return false;
    }
    const auto queue = queue_of(now.id);
    if (queue.has_error()) return false;  // no reason to know nothing else
    if (!queue->enabled) {
        const std::lock_guard lock{mutex_};
        no_queue_until_ = present + kQueueIsNews;
    }
    return queue->in;
}

Status Github::disarm_auto_merge(const PullRequest& now) {
    LINKSPAN_TRY(queue, queue_of(now.id));
    if (queue.in) {
        // It is said to have failed when it has not: the queue itself tells.
        const auto left = mutate(dequeue(now.id));
        LINKSPAN_TRY(after, queue_of(now.id));
        if (after.in) {
            return Error{
                Errc::Unavailable,
                "GitHub keeps it in the merge queue" +
                    (left.has_error() ? ": " + left.error().message : std::string{})};
        }
    }
    auto status = mutate(disable_auto_merge(now.id));
    // Not armed, merged or closed: there is nothing to disarm.
    if (status.has_error() && status.error().kind == Errc::InvalidInput) return {};
    return status;
}

Status Github::set_status(const std::string& commit, const CheckStatus& status) {
    return caller_.tell(github::set_status(repo_, commit, status));
}

Result<bool> Github::may_write(const std::string& user) {
    auto answer = caller_.ask(permission_of(repo_, user));
    if (answer.has_error()) {
        if (answer.error().kind == Errc::NotFound) return false;
        return answer.error();
    }
    // "maintain" is told as "write" here.
    const std::string permission = text(*answer, {"permission"});
    return permission == "admin" || permission == "write";
}

Result<std::optional<std::string>> Github::head_of(const std::string& branch) {
    auto answer = caller_.ask(get_ref(repo_, branch));
    if (answer.has_error()) {
        if (answer.error().kind == Errc::NotFound) return std::optional<std::string>{};
        return answer.error();
    }
    return std::optional{text(*answer, {"object", "sha"})};
}

Status Github::delete_branch(const std::string& branch, const std::string& expected) {
    LINKSPAN_TRY(head, head_of(branch));
    if (!head) return {};
    if (*head != expected) {
        return Error{Errc::Conflict, "the branch " + branch + " has moved to " + *head};
    }
    LINKSPAN_TRY(response, caller_.send(delete_ref(repo_, branch)));
    const bool gone =
        response.status == 404 ||
        (response.status == 422 && words_of(response).find("does not exist") != std::string::npos);
    if (is_success(response) || gone) return {};
    return explain(ForgeType::Github, response);
}

Result<std::string> Github::write_commit(const ApiCommit& commit) {
    LINKSPAN_TRY(base, caller_.ask(get_commit(repo_, commit.base)));
    std::vector<std::string> blobs(commit.files.size());
    for (std::size_t i = 0; i < commit.files.size(); ++i) {
        if (is_utf8(commit.files[i].content)) continue;
        LINKSPAN_TRY(blob, caller_.ask(create_blob(repo_, commit.files[i].content)));
        blobs[i] = text(blob, {"sha"});
    }
    LINKSPAN_TRY(
        tree, caller_.ask(create_tree(repo_, text(base, {"tree", "sha"}), commit.files, blobs))
    );
    LINKSPAN_TRY(
        made, caller_.ask(create_commit(repo_, commit.message, text(tree, {"sha"}), commit.base))
    );
    return text(made, {"sha"});
}

Result<std::string> Github::commit_through_api(const ApiCommit& commit) {
    const auto moved = [&] {
        return Error{
            Errc::Conflict, "the branch " + commit.branch + " is not where it was expected"};
    };
    LINKSPAN_TRY(head, head_of(commit.branch));
    if (head.value_or("") != commit.expected_head) return moved();
    // Objects alone change nothing; a repeated call makes others.
    LINKSPAN_TRY(made, write_commit(commit));
    auto response = caller_.send(
        head ? force_ref(repo_, commit.branch, made) : create_ref(repo_, commit.branch, made)
    );
    if (response.has_value() && is_success(*response)) return std::move(made);
    Error error = response.has_error() ? response.error() : explain(ForgeType::Github, *response);
    auto after = head_of(commit.branch);
    if (after.has_value() && *after == made) return std::move(made);
    if (after.has_value() && after->value_or("") != commit.expected_head) return moved();
    return error;
}

}  // namespace linkspan::forge
