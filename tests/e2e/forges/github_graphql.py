"""What of GitHub's GraphQL pull requests need: auto-merge, drafts, queues, commits on a branch, and looking at them."""

import base64

from . import github_forms as forms
from .core import Answer
from .git_repository import Moved, ZERO
from .graphql import GraphQLError, execute

STATES = {"open": "OPEN", "closed": "CLOSED", "merged": "MERGED"}


def answer_graphql(fake, request):
    body = request.json()
    if not isinstance(body.get("query"), str):
        return Answer(400, {"message": "A query attribute must be specified and must be a string.", "documentation_url": "https://docs.github.com/graphql"})
    return Answer(200, execute(body["query"], body.get("variables"), roots(fake, request)))


def roots(fake, request):
    who = request.user.login

    def need(permission):
        if permission in fake.lacking:
            raise GraphQLError("Resource not accessible by integration", "FORBIDDEN")

    def by_id(name):
        for pull in fake._pulls.values():
            if forms.node("PR", pull.number) == name:
                return pull
        raise GraphQLError(f"Could not resolve to a node with the global id of '{name}'", "NOT_FOUND")

    def page(items):
        return lambda **_: {"__typename": "Connection", "nodes": items, "totalCount": len(items), "pageInfo": {"hasNextPage": False, "endCursor": None}}

    def shown(pull):
        mergeable, state = fake.merge_state(pull)
        armed = pull.auto_merge
        return {
            "__typename": "PullRequest", "id": forms.node("PR", pull.number), "number": pull.number, "title": pull.title, "body": pull.body,
            "state": STATES[pull.state], "isDraft": pull.draft, "merged": pull.state == "merged", "headRefName": pull.head, "baseRefName": pull.base,
            "headRefOid": pull.head_commit, "baseRefOid": pull.base_commit, "url": f"{fake.web_url}/{fake.repository}/pull/{pull.number}",
            "isCrossRepository": bool(pull.from_fork), "isInMergeQueue": pull.queued, "isMergeQueueEnabled": fake.settings.merge_queue,
            "mergeable": {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}[mergeable], "mergeStateStatus": state.upper(),
            "autoMergeRequest": {"__typename": "AutoMergeRequest", "mergeMethod": armed.get("method", "merge").upper(), "enabledBy": {"login": armed["by"]}} if armed else None,
            "mergeQueueEntry": {"__typename": "MergeQueueEntry", "id": "MQE_1", "position": 1, "state": "QUEUED"} if pull.queued else None,
            "author": {"login": pull.author}, "labels": page([{"name": n} for n in pull.labels]),
            "mergeCommit": {"oid": pull.merge_commit} if pull.merge_commit else None,
        }

    def reference(qualifiedName=None, **_):
        branch = (qualifiedName or "").removeprefix("refs/heads/")
        head = fake.git.head(branch)
        return {"__typename": "Ref", "id": "REF_" + branch, "name": branch, "target": {"__typename": "Commit", "oid": head}} if head else None

    def pull_requests(headRefName=None, baseRefName=None, states=None, **_):
        states = [states] if isinstance(states, str) else states
        found = [p for p in fake._pulls.values() if headRefName in (None, p.head) and baseRefName in (None, p.base) and (not states or STATES[p.state] in states)]
        return page([shown(p) for p in reversed(found)])()

    def repository(owner, name, **_):
        if f"{owner}/{name}" != fake.repository:
            raise GraphQLError(f"Could not resolve to a Repository with the name '{owner}/{name}'.", "NOT_FOUND")
        settings = fake.settings

        def one(number):
            if number not in fake._pulls:
                raise GraphQLError(f"Could not resolve to a PullRequest with the number of {number}.", "NOT_FOUND")
            return shown(fake._pulls[number])

        return {
            "__typename": "Repository", "id": "R_test", "nameWithOwner": fake.repository, "autoMergeAllowed": settings.auto_merge, "isArchived": settings.archived,
            "mergeCommitAllowed": "merge" in settings.methods, "squashMergeAllowed": "squash" in settings.methods, "rebaseMergeAllowed": "rebase" in settings.methods,
            "mergeQueue": lambda **_: {"__typename": "MergeQueue", "id": "MQ_1"} if settings.merge_queue else None, "viewerPermission": "WRITE",
            "defaultBranchRef": lambda **_: reference("main"), "ref": reference, "pullRequest": one, "pullRequests": pull_requests,
        }

    def enable(input):
        need("pull_requests")
        pull = by_id(input["pullRequestId"])
        method = (input.get("mergeMethod") or "MERGE").lower()
        if method not in ("merge", "squash", "rebase"):
            raise GraphQLError(f"Expected \"{input['mergeMethod']}\" to be one of: MERGE, REBASE, SQUASH", code="argumentLiteralsIncompatible")
        if not fake.settings.auto_merge:
            raise GraphQLError("Pull request Auto merge is not allowed for this repository", "UNPROCESSABLE")
        if pull.state != "open":
            raise GraphQLError("Pull request is closed", "UNPROCESSABLE")
        if input.get("expectedHeadOid") and input["expectedHeadOid"] != pull.head_commit:
            raise GraphQLError("Head sha didn't match expected head oid", "STALE_DATA")
        if pull.auto_merge:
            raise GraphQLError("Pull request Auto merge is already enabled", "UNPROCESSABLE")
        if method not in fake.settings.methods and not fake.settings.merge_queue:
            raise GraphQLError(f"Merge method {method} merging is not allowed on this repository", "UNPROCESSABLE")
        if fake.why_blocked(pull) is None and not fake.settings.merge_queue:
            word = "unstable" if fake.settings.optional_checks_running else "clean"
            raise GraphQLError(f"Pull request Pull request is in {word} status", "UNPROCESSABLE")
        fake.arm(pull, who, method=method, title=input.get("commitHeadline"), message=input.get("commitBody"))
        return {"__typename": "EnablePullRequestAutoMergePayload", "clientMutationId": input.get("clientMutationId"), "actor": {"login": who}, "pullRequest": shown(pull)}

    def disable(input):
        need("pull_requests")
        pull = by_id(input["pullRequestId"])
        if not pull.auto_merge:
            raise GraphQLError("Can't disable auto-merge for this pull request.", "UNPROCESSABLE")
        fake.disarm(pull, who)
        return {"__typename": "DisablePullRequestAutoMergePayload", "clientMutationId": None, "actor": {"login": who}, "pullRequest": shown(pull)}

    def set_draft(draft):
        def change(input):
            need("pull_requests")
            pull = by_id(input["pullRequestId"])
            fake.edit(pull, who, draft=draft)
            return {"__typename": "Payload", "clientMutationId": None, "pullRequest": shown(pull)}

        return change

    def enqueue(input):
        pull = by_id(input["pullRequestId"])
        if not fake.settings.merge_queue:
            raise GraphQLError("Merge queue is not enabled", "UNPROCESSABLE")
        if input.get("expectedHeadOid") not in (None, pull.head_commit):
            raise GraphQLError("Head sha didn't match expected head oid", "STALE_DATA")
        if pull.queued:
            raise GraphQLError("Pull request is already in the queue", "UNPROCESSABLE")
        pull.queued = True
        return {"__typename": "EnqueuePullRequestPayload", "clientMutationId": None, "mergeQueueEntry": {"id": "MQE_1", "position": 1, "state": "QUEUED"}}

    def dequeue(input):
        pull = by_id(input["id"])
        if not pull.queued:
            raise GraphQLError(f"Failed to remove PR #{pull.number}", "UNPROCESSABLE")
        pull.queued, pull.auto_merge = False, None
        return {"__typename": "DequeuePullRequestPayload", "clientMutationId": input.get("clientMutationId"), "mergeQueueEntry": None}

    def commit_on_branch(input):
        need("contents")
        branch = input["branch"].get("branchName") or input["branch"].get("id", "").removeprefix("REF_")
        head = fake.git.head(branch.removeprefix("refs/heads/"))
        if not head:
            raise GraphQLError(f"A branch with the name \"{branch}\" could not be found.", "NOT_FOUND")
        if head != input["expectedHeadOid"]:
            raise GraphQLError(f"Expected branch to point to \"{head}\" but it did not. Pull and try again.", "STALE_DATA")
        changes = input.get("fileChanges") or {}
        edits = []
        for addition in changes.get("additions") or []:
            old = fake.git.file(head, addition["path"])
            edits.append((addition["path"], old[0] if old else "100644", fake.git.write_blob(base64.b64decode(addition["contents"]))))
        edits += [(deletion["path"], "0", None) for deletion in changes.get("deletions") or []]
        message = input["message"]["headline"] + ("\n\n" + input["message"]["body"] if input["message"].get("body") else "") + "\n"
        made = fake.git.commit_tree(fake.git.write_tree(head, edits), [head], message, (who, fake.people[who].email))
        try:
            fake.git.set_ref("refs/heads/" + branch.removeprefix("refs/heads/"), made, head)
        except Moved:
            raise GraphQLError("Branch moved", "STALE_DATA") from None
        commit = {"__typename": "Commit", "oid": made, "url": f"{fake.web_url}/{fake.repository}/commit/{made}", "signature": {"isValid": True}}
        return {"__typename": "CreateCommitOnBranchPayload", "clientMutationId": None, "commit": commit, "ref": {"__typename": "Ref", "name": branch, "target": commit}}

    return {
        "query": {
            "repository": repository, "viewer": {"__typename": "User", "login": who, "id": "U_test"}, "node": lambda id: shown(by_id(id)),
            "rateLimit": {"__typename": "RateLimit", "limit": 5000, "remaining": fake.rate_remaining, "cost": 1, "resetAt": "2026-08-01T00:00:00Z"},
        },
        "mutation": {
            "enablePullRequestAutoMerge": enable, "disablePullRequestAutoMerge": disable, "markPullRequestReadyForReview": set_draft(False),
            "convertPullRequestToDraft": set_draft(True), "enqueuePullRequest": enqueue, "dequeuePullRequest": dequeue, "createCommitOnBranch": commit_on_branch,
        },
    }
