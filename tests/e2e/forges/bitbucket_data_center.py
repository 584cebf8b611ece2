"""Bitbucket Data Center."""

import hashlib
import hmac
import uuid

from .core import Answer, Fake, Refused
from .git_repository import ZERO

STATES = {"open": "OPEN", "closed": "DECLINED", "merged": "MERGED"}


class BitbucketDataCenter(Fake):
    kind = "bitbucket_data_center"
    default_repository = "ACME/fleet"
    closes_on_branch_deletion = False

    def route_table(self):
        key, slug = self.repository.split("/")
        repo = f"/rest/api/1.0/projects/{key}/repos/{slug}"
        pulls = repo + "/pull-requests"
        return [
            ("GET", repo, "repository", lambda r: Answer(200, self.repo())), ("GET", pulls, "find", self.list_pulls), ("POST", pulls, "open", self.create),
            ("GET", pulls + "/{n}", "get", lambda r, n: Answer(200, self.shown(self.pull(n)))), ("PUT", pulls + "/{n}", "update", self.update),
            ("POST", pulls + "/{n}/decline", "close", self.decline), ("POST", pulls + "/{n}/reopen", "reopen", self.reopen_call),
            ("GET", pulls + "/{n}/merge", "get", lambda r, n: Answer(200, {"canMerge": self.why_blocked(self.pull(n)) is None, "conflicted": self.conflicts(self.pull(n)), "outcome": "CLEAN", "vetoes": []})),
            ("POST", pulls + "/{n}/merge", lambda r: "auto_merge" if r.json().get("autoMerge") else "merge", self.merge_call),
            ("GET", pulls + "/{n}/auto-merge", "get", lambda r, n: Answer(200, {"createdDate": 0, "fromHash": self.pull(n).head_commit}) if self.pull(n).auto_merge else self.error(404, "No auto-merge was requested.")),
            ("DELETE", pulls + "/{n}/auto-merge", "disarm", self.cancel_auto_merge),
            ("POST", pulls + "/{n}/comments", "comment", self.create_comment),
            ("GET", pulls + "/{n}/activities", "comments", lambda r, n: self.paged(r, self.activities(self.pull(n)))),
            ("GET", "/rest/build-status/1.0/commits/stats/{sha}", "checks", lambda r, sha: Answer(200, self.build_stats(sha))),
            ("POST", "/rest/build-status/1.0/commits/{sha}", "status", self.create_status),
            ("GET", repo + "/permissions/users", "may_write", lambda r: self.paged(r, [{"user": self.user(p.login), "permission": {"admin": "REPO_ADMIN", "write": "REPO_WRITE", "read": "REPO_READ"}[p.role]} for p in self.people.values() if p.role and (r.one("filter") or "") in p.login])),
            ("GET", "/rest/api/1.0/users", "may_write", lambda r: self.paged(r, [self.user(p.login) for p in self.people.values() if p.role in ("admin", "write") and (r.one("filter") or "") in p.login])),
            ("GET", repo + "/branches", "ref", lambda r: self.paged(r, [{"id": "refs/heads/" + b, "displayId": b, "type": "BRANCH", "latestCommit": self.git.head(b)} for b in sorted(self.git.branches(), key=lambda b: (r.one("boostMatches") == "true" and b != r.one("filterText"), b)) if (r.one("filterText") or "") in b])),
            ("DELETE", f"/rest/branch-utils/1.0/projects/{key}/repos/{slug}/branches", "delete_branch", self.delete),
        ]

    def error(self, status, message, exception=None, context=None, **more):
        name = f"com.atlassian.bitbucket.{exception}" if exception else None
        return Answer(status, {"errors": [{"context": context, "message": message, "exceptionName": name, **more}]})

    def not_found(self):
        return self.error(404, "The pull request does not exist.", "pull.NoSuchPullRequestException")

    def unauthorized(self):
        return self.error(401, "Authentication failed. Please check your credentials and try again.", "auth.IncorrectPasswordAuthenticationException")

    def forbidden(self, permission):
        return self.error(401, "You are not permitted to access this resource", "AuthorisationException")

    def login_of(self, request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self.tokens.get(token) if scheme == "Bearer" else None

    def fault_answer(self, rule, request):
        words = {"exists": (409, "Only one pull request may be open for a given source and target branch", "pull.DuplicatePullRequestException"), "no_commits": (409, "The source branch is already up-to-date with the target branch", "pull.EmptyPullRequestException"), "stale": (409, "You are attempting to modify a pull request based on out-of-date information.", "pull.PullRequestOutOfDateException"), "not_mergeable": (409, "The pull request cannot be merged.", "pull.PullRequestMergeVetoedException"), "invalid": (400, "invalid", "validation.ArgumentValidationException")}
        return self.error(*words[rule.fault]) if rule.fault in words else None

    def user(self, login):
        person = self.people.get(login)
        return {"name": login, "slug": login, "id": person.id if person else 1, "displayName": person.name if person else login, "emailAddress": f"{login}@example.invalid", "active": bool(person and person.role), "type": "NORMAL"}

    def repo(self):
        key, slug = self.repository.split("/")
        return {"slug": slug, "id": 1, "name": slug, "project": {"key": key, "id": 1, "name": key, "type": "NORMAL"}, "archived": False, "public": False}

    @staticmethod
    def millis(moment):
        return int(moment.timestamp() * 1000) if moment else None

    def comment(self, c):
        return {"id": c.id, "version": 0, "text": c.body, "author": self.user(c.author), "createdDate": self.millis(c.created), "updatedDate": self.millis(c.created)}

    def shown(self, pull):
        def side(branch, commit):
            repo = {**self.repo(), "id": 2} if pull.from_fork and branch == pull.head else self.repo()
            return {"id": "refs/heads/" + branch, "displayId": branch, "latestCommit": commit, "type": "BRANCH", "repository": repo}

        answer = {
            "id": pull.number, "version": pull.version, "title": pull.title, "description": pull.body, "state": STATES[pull.state], "open": pull.state == "open", "closed": pull.state != "open", "draft": pull.draft, "locked": False,
            "createdDate": self.millis(pull.created), "updatedDate": self.millis(pull.updated), "fromRef": side(pull.head, pull.head_commit), "toRef": side(pull.base, pull.base_commit),
            "author": {"user": self.user(pull.author), "role": "AUTHOR", "approved": False, "status": "UNAPPROVED"}, "participants": [],
            "reviewers": [{"user": self.user(p), "role": "REVIEWER", "approved": pull.reviews.get(p) == "approved", "status": "APPROVED" if pull.reviews.get(p) == "approved" else "UNAPPROVED"} for p in pull.reviewers],
            "links": {"self": [{"href": f"{self.web_url}/projects/{self.repository.split('/')[0]}/repos/fleet/pull-requests/{pull.number}"}]},
        }
        if pull.closed:
            answer["closedDate"] = self.millis(pull.closed)
        if pull.merge_commit:
            answer["properties"] = {"mergeCommit": {"id": pull.merge_commit, "displayId": pull.merge_commit[:11]}}
        return answer

    def activities(self, pull):
        """Newest first."""
        kinds = {"opened": "OPENED", "closed": "DECLINED", "reopened": "REOPENED", "merged": "MERGED", "synchronize": "RESCOPED"}
        found = [{"id": i, "action": kinds[what], "user": self.user(who if what != "synchronize" else pull.author), "createdDate": self.millis(pull.created)} for i, (what, who) in enumerate(pull.history) if what in kinds]
        return found[::-1] + [{"id": c.id, "action": "COMMENTED", "commentAction": "ADDED", "comment": self.comment(c), "user": self.user(c.author), "createdDate": self.millis(c.created)} for c in pull.comments[::-1]]

    def build_stats(self, sha):
        states = [s.state for s in self.statuses_of(sha)] + ["pending"] * (self.settings.optional_checks_running or self.settings.checks_running)
        return {"successful": states.count("success"), "inProgress": states.count("pending"), "failed": states.count("failure"), "cancelled": 0, "unknown": 0}

    def paged(self, request, items, form=lambda x: x):
        start, limit = int(request.one("start", 0)), min(int(request.one("limit", 25)), self.settings.page_limit)
        last = start + limit >= len(items)
        return Answer(200, {"values": [form(x) for x in items[start : start + limit]], "size": len(items[start : start + limit]), "limit": limit, "start": start, "isLastPage": last, "nextPageStart": None if last else start + limit})

    def list_pulls(self, request):
        state, at, outgoing = request.one("state", "OPEN"), request.one("at"), request.one("direction", "INCOMING").upper() == "OUTGOING"
        found = [p for p in self._pulls.values() if state in ("ALL", STATES[p.state]) and at in (None, "refs/heads/" + (p.head if outgoing else p.base))]
        return self.paged(request, sorted(found, key=lambda p: -p.number), self.shown)

    def reviewers(self, body):
        names = [r["user"]["name"] for r in body.get("reviewers") or []]
        bad = [n for n in names if n not in self.people or not self.people[n].role]
        if bad:
            errors = [{"context": n, "message": f"{n} is not a user.", "exceptionName": None} for n in bad]
            raise Refused(self.error(409, "Errors encountered while adding some reviewers to this pull request.", "pull.InvalidPullRequestReviewersException", "reviewers", reviewerErrors=errors, validReviewers=[]))
        return names

    def versioned(self, request, n, version):
        pull = self.pull(n)
        if str(version) != str(pull.version):
            raise Refused(self.error(409, "You are attempting to modify a pull request based on out-of-date information.", "pull.PullRequestOutOfDateException", currentVersion=pull.version, expectedVersion=version))
        return pull

    def create(self, request):
        self.permission(request, "pull_requests")
        body = request.json()
        self.complain(request, set(body) - set("title description state open closed fromRef toRef locked reviewers draft".split()))
        if not body.get("title") or len(body["title"]) > 255:
            raise Refused(self.error(400, "Please enter a title of 1 to 255 characters.", "validation.ArgumentValidationException", "title"))
        self.text(body)
        head, base = (str(body[name]["id"]).removeprefix("refs/heads/") for name in ("fromRef", "toRef"))
        for branch in (head, base):
            if not self.git.head(branch):
                raise Refused(self.error(404, f"Branch \"{branch}\" does not exist", "repository.NoSuchBranchException"))
        old = self.existing(head, base)
        if old:
            raise Refused(self.error(409, "Only one pull request may be open for a given source and target branch", "pull.DuplicatePullRequestException", existingPullRequest=self.shown(old)))
        if not self.git.commits_between(self.git.head(base), self.git.head(head)):
            raise Refused(self.error(409, "The source branch is already up-to-date with the target branch", "pull.EmptyPullRequestException"))
        pull = self.open(request.user.login, head=head, base=base, title=body["title"], body=body.get("description") or "", draft=bool(body.get("draft")), reviewers=self.reviewers(body))
        return Answer(201, self.shown(pull))

    def text(self, body):
        if len(body.get("description") or "") > 32768:
            raise Refused(self.error(400, "The description is too long: at most 32768 characters.", "validation.ArgumentValidationException", "description"))

    def update(self, request, n):
        self.permission(request, "pull_requests")
        body = request.json()
        pull = self.versioned(request, n, body.get("version"))
        self.text(body)
        changes = {own: body.get(name) or empty for own, name, empty in (("title", "title", pull.title), ("body", "description", ""), ("draft", "draft", False))}
        if "toRef" in body:
            changes["base"] = body["toRef"]["id"].removeprefix("refs/heads/")
            if not self.git.head(changes["base"]):
                raise Refused(self.error(404, f"Branch \"{changes['base']}\" does not exist", "repository.NoSuchBranchException"))
        self.edit(pull, request.user.login, **changes, reviewers=self.reviewers(body))
        return Answer(200, self.shown(pull))

    def decline(self, request, n):
        pull = self.versioned(request, n, request.one("version"))
        self.close(pull, request.user.login)
        return Answer(200, self.shown(pull))

    def reopen_call(self, request, n):
        pull = self.versioned(request, n, request.one("version"))
        if not self.git.head(pull.head) or pull.state != "closed":
            raise Refused(self.error(409, "The pull request cannot be reopened.", "pull.IllegalPullRequestStateException"))
        self.reopen(pull, request.user.login)
        return Answer(200, self.shown(pull))

    def merge_call(self, request, n):
        self.permission(request, "contents")
        if request.headers.get("x-atlassian-token") != "no-check" and not request.body:
            raise Refused(Answer(403, text="XSRF check failed", headers={"Content-Type": "text/html"}))
        pull, body = self.versioned(request, n, request.one("version")), request.json()
        why = self.why_blocked(pull)
        method = {"squash": "squash", "squash-ff-only": "squash", "rebase-no-ff": "rebase", "rebase-ff-only": "rebase"}.get(body.get("strategyId"), "merge")
        if body.get("autoMerge") and not self.settings.auto_merge:
            raise Refused(self.error(403, "The setting is not enabled for the repository."))
        message = body.get("message")
        if body.get("autoSubject", True):
            message = f"Pull request #{pull.number}: {pull.title}" + (f"\n\n{message}" if message else "")
        if why and body.get("autoMerge") and why != "conflict":
            self.arm(pull, request.user.login, method=method, title=message)
            return Answer(202, self.shown(pull))
        if why:
            raise Refused(self.error(409, "The pull request cannot be merged.", "pull.PullRequestMergeVetoedException", conflicted=why == "conflict", vetoes=[{"summaryMessage": why, "detailedMessage": why}]))
        self.merge(pull, request.user.login, method, message)
        return Answer(200, self.shown(pull))

    def cancel_auto_merge(self, request, n):
        if not self.pull(n).auto_merge:
            raise Refused(self.error(404, "No auto-merge was requested."))
        self.disarm(self.pull(n), request.user.login)
        return Answer(204)

    def create_comment(self, request, n):
        return Answer(201, self.comment(self.add_comment(self.pull(n), request.user.login, request.json()["text"])))

    def create_status(self, request, sha):
        body, states = request.json(), {"SUCCESSFUL": "success", "FAILED": "failure", "INPROGRESS": "pending"}
        if body.get("state") not in states or not body.get("key") or not body.get("url"):
            raise Refused(self.error(400, "key, state and url are required", "validation.ArgumentValidationException"))
        self.add_status(sha, body["key"], states[body["state"]], body.get("description"), body["url"], request.user.login, body)
        return Answer(204)

    def delete(self, request):
        body = request.json()
        branch = body["name"].removeprefix("refs/heads/")
        if self.git.head(branch) and body.get("endPoint") not in (None, self.git.head(branch)):
            raise Refused(self.error(400, "The branch has moved.", "repository.ref.RefChangedException"))
        if self.git.head(branch):
            self.git.delete_branch(branch)
        return Answer(204)

    def event_bodies(self, event, pull, details):
        key = {"opened": "pr:opened", "closed": "pr:declined", "merged": "pr:merged", "synchronize": "pr:from_ref_updated", "comment": "pr:comment:added", "reopened": "pr:reopened"}.get(event, "pr:modified")
        body = {"eventKey": key, "date": "2026-08-01T00:00:00+0000", "actor": self.user(details["who"]), "pullRequest": self.shown(pull)}
        if event == "comment":
            body["comment"] = self.comment(details["comment"])
        if event == "synchronize":
            body["previousFromHash"] = details["before"]
        yield {"X-Event-Key": key, "X-Request-Id": str(uuid.uuid4())}, body

    def sign(self, headers, body, hook):
        return {"X-Hub-Signature": "sha256=" + hmac.new(hook["secret"].encode(), body, hashlib.sha256).hexdigest()} if hook.get("secret") else {}
