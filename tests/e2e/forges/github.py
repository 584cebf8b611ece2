"""GitHub and GitHub Enterprise Server: REST and what GraphQL alone can do."""

import base64
import hashlib
import hmac
import json
import subprocess
import tempfile
import time
import urllib.parse
import uuid

from . import github_forms as forms
from .core import Answer, Fake, Refused, Route, iso
from .git_repository import ZERO, Conflict, GitError, Moved
from .github_graphql import answer_graphql
from .graphql import root_fields

DOCS = "https://docs.github.com/rest"
OPERATIONS = {
    "enablePullRequestAutoMerge": "auto_merge",
    "disablePullRequestAutoMerge": "disarm",
    "createCommitOnBranch": "api_commit",
    "markPullRequestReadyForReview": "ready",
    "convertPullRequestToDraft": "draft",
    "enqueuePullRequest": "enqueue",
    "dequeuePullRequest": "dequeue",
    "node": "queue",
}


class GitHub(Fake):
    kind = "github"

    def __init__(self, *arguments, **options):
        self.installation_tokens = {}
        self.old_names = set()  # "owner/name" that it had before it was renamed
        super().__init__(*arguments, **options)

    def rename(self, name):
        """As its owner does: the old name redirects from now on."""
        with self._lock:
            self.old_names.add(self.repository)
            self.repository = name
            self.routes = [Route(*entry) for entry in self.route_table()]

    @property
    def owner(self):
        return self.repository.split("/")[0]

    @property
    def graphql_url(self):
        path = self.base_path[: -len("/v3")] if self.base_path.endswith("/api/v3") else self.base_path
        return self.origin + path + "/graphql"

    def route_table(self):
        repo = "/repos/" + self.repository
        pulls, issues, git = repo + "/pulls", repo + "/issues", repo + "/git"
        return [
            ("GET", "/user", "whoami", lambda r: Answer(200, forms.user(self, r.user.login))),
            ("GET", repo, "repository", lambda r: Answer(200, forms.repository(self, full=True))),
            ("GET", pulls, "find", self.list_pulls),
            ("POST", pulls, "open", self.create),
            ("GET", pulls + "/{n}", "get", lambda r, n: Answer(200, forms.pull(self, self.pull(n)))),
            ("PATCH", pulls + "/{n}", self._update_operation, self.update),
            ("PUT", pulls + "/{n}/merge", "merge", self.merge_call),
            ("GET", pulls + "/{n}/requested_reviewers", "reviewers", self.get_reviewers),
            ("POST", pulls + "/{n}/requested_reviewers", "reviewers", self.add_reviewers),
            ("DELETE", pulls + "/{n}/requested_reviewers", "reviewers", self.remove_reviewers),
            ("GET", pulls + "/{n}/commits", "commits", self.pull_commits),
            ("GET", issues + "/{n}", "get_issue", lambda r, n: Answer(200, forms.issue(self, self.pull(n)))),
            ("PATCH", issues + "/{n}", "milestone", self.update_issue),
            ("GET", issues + "/{n}/labels", "labels", lambda r, n: Answer(200, forms.labels(self, self.pull(n)))),
            ("POST", issues + "/{n}/labels", "labels", self.add_labels),
            ("DELETE", issues + "/{n}/labels/{name+}", "labels", self.remove_label),
            ("POST", issues + "/{n}/assignees", "assignees", self.add_assignees),
            ("GET", issues + "/{n}/comments", "comments", self.list_comments),
            ("GET", issues + "/{n}/events", "label_events", lambda r, n: self.linked(r, self.pull(n).label_events, lambda e: forms.label_event(self, self.pull(n), e))),
            ("POST", issues + "/{n}/comments", "comment", self.create_comment),
            ("GET", repo + "/labels", "repository_labels", self.list_labels),
            ("GET", repo + "/milestones", "milestones", self.list_milestones),
            ("POST", repo + "/statuses/{sha}", "status", self.create_status),
            ("GET", repo + "/commits/{ref+}/status", "statuses", self.combined),
            ("GET", repo + "/commits/{ref+}/statuses", "statuses", self.list_statuses),
            ("GET", repo + "/commits/{ref+}/check-runs", "check_runs", lambda r, ref: Answer(200, {"total_count": 0, "check_runs": []})),
            ("GET", repo + "/collaborators/{user}/permission", "may_write", self.permission_of),
            ("GET", git + "/ref/{ref+}", "ref", self.get_ref),
            ("POST", git + "/refs", "api_commit", self.create_ref),
            ("PATCH", git + "/refs/{ref+}", "api_commit", self.update_ref),
            ("DELETE", git + "/refs/{ref+}", "delete_branch", self.delete_ref),
            ("POST", git + "/blobs", "api_commit", self.create_blob),
            ("POST", git + "/trees", "api_commit", self.create_tree),
            ("POST", git + "/commits", "api_commit", self.create_commit),
            ("GET", git + "/commits/{sha}", "commit", self.get_commit),
            ("GET", repo + "/installation", "app", self.installation),
            ("POST", "/app/installations/{id}/access_tokens", "app", self.access_token),
            ("POST", "/graphql", self._graphql_operation, self.graphql),
        ]

    def _route(self, request):
        # A server's GraphQL is beside its REST root, not below it.
        if request.target.split("?")[0] == self.graphql_url[len(self.origin) :]:
            request.path = "/graphql"
        for name in self.old_names:
            if request.path == f"/repos/{name}" or request.path.startswith(f"/repos/{name}/"):
                request.moved = request.path[len(f"/repos/{name}") :]
        # Where GitHub redirects to: by number, which no name changes.
        if request.path == "/repositories/900" or request.path.startswith("/repositories/900/"):
            request.path = f"/repos/{self.repository}" + request.path[len("/repositories/900") :]
        return super()._route(request)

    @staticmethod
    def _update_operation(request):
        state = request.json().get("state") if request.body[:1] == b"{" else None
        return {"closed": "close", "open": "reopen"}.get(state, "update")

    @staticmethod
    def _graphql_operation(request):
        try:
            fields = root_fields(request.json()["query"])
        except (ValueError, KeyError, TypeError):
            return "graphql"
        return OPERATIONS.get(fields[0], "graphql") if fields else "graphql"

    # Errors

    def error(self, status, message, **more):
        return Answer(status, {"message": message, **more, "documentation_url": DOCS, "status": str(status)})

    def invalid(self, *errors):
        return Refused(self.error(422, "Validation Failed", errors=list(errors)))

    def unauthorized(self):
        return self.error(401, "Bad credentials")

    def forbidden(self, permission):
        answer = self.error(403, "Resource not accessible by integration" if self.app else "Resource not accessible by personal access token")
        answer.headers["X-Accepted-GitHub-Permissions"] = f"{permission}=write"
        return answer

    def before(self, request):
        if not request.headers.get("user-agent"):
            text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
            raise Refused(Answer(403, text=text, headers={"Content-Type": "text/html"}))
        if getattr(request, "moved", None) is not None:
            query = request.target.partition("?")[2]
            place = f"{self.api_url}/repositories/900{request.moved}" + ("?" + query if query else "")
            words = {"message": "Moved Permanently", "url": place, "documentation_url": DOCS}
            raise Refused(Answer(301 if request.method in ("GET", "HEAD") else 307, words, {"Location": place}))
        version = request.headers.get("x-github-api-version")
        if version not in (None, "2022-11-28", "2026-03-10"):
            raise Refused(self.error(400, f"{version} is not a valid version"))

    def common_headers(self, request):
        self.rate_remaining -= 1
        return {
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": str(self.rate_remaining),
            "X-RateLimit-Reset": str(int(time.time()) + 3600),
            "X-RateLimit-Used": str(5000 - self.rate_remaining),
            "X-RateLimit-Resource": "graphql" if request.path == "/graphql" else "core",
            "X-GitHub-Request-Id": uuid.uuid4().hex.upper()[:20],
            "X-GitHub-Media-Type": "github.v3; format=json",
        }

    def fault_answer(self, rule, request):
        graphql = request.path == "/graphql"
        if rule.fault == "secondary_limit":
            answer = self.error(403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
            if rule.retry_after is not None:
                answer.headers["Retry-After"] = str(rule.retry_after)
            return answer
        if rule.fault == "rate_limit":
            if graphql:
                return Answer(200, {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 101."}]}, {"X-RateLimit-Remaining": "0"})
            reset = int(time.time()) + (rule.retry_after or 60)
            return Answer(
                403,
                self.error(403, "API rate limit exceeded for user ID 101.").json,
                {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)},
            )
        if rule.fault == "server_error":
            return Answer(502, {"message": "Server Error"})
        if graphql and rule.fault in ("clean_status", "unstable_status"):
            word = rule.fault.split("_")[0]
            return self.graphql_error("enablePullRequestAutoMerge", f"Pull request Pull request is in {word} status")
        if graphql and rule.fault == "forbidden":
            return self.graphql_error("enablePullRequestAutoMerge", "Resource not accessible by integration", "FORBIDDEN")
        if graphql and rule.fault == "stale":
            return self.graphql_error("createCommitOnBranch", "Expected branch to point to \"0\" but it did not. Pull and try again.", "STALE_DATA")
        words = {
            "exists": lambda: self.error(422, "Validation Failed", errors=[self._exists("a-branch")]),
            "no_commits": lambda: self.error(422, "Validation Failed", errors=[self._no_commits("main", "a-branch")]),
            "stale": lambda: self.error(409, "Head branch was modified. Review and try the merge again."),
            "not_mergeable": lambda: self.error(405, "Pull Request is not mergeable"),
            "invalid": lambda: self.error(422, "Validation Failed", errors=[{"resource": "PullRequest", "field": "base", "code": "invalid"}]),
        }
        return words[rule.fault]() if rule.fault in words else None

    @staticmethod
    def graphql_error(field, message, kind="UNPROCESSABLE"):
        error = {"type": kind, "path": [field], "locations": [{"line": 1, "column": 1}], "message": message}
        return Answer(200, {"data": {field: None}, "errors": [error]})

    def login_of(self, request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "token"):
            return None
        expires = self.installation_tokens.get(token)
        if expires is not None:
            return "linkspan-bot" if expires > time.time() else None
        return self.tokens.get(token)

    # Pull requests

    def linked(self, request, items, form):
        shown, page, _, pages = self.page(request, items)
        links = []
        if page < pages:
            links.append(f'<{self.page_url(request, page=page + 1)}>; rel="next"')
            links.append(f'<{self.page_url(request, page=pages)}>; rel="last"')
        if page > 1:
            links.append(f'<{self.page_url(request, page=page - 1)}>; rel="prev"')
        return Answer(200, [form(item) for item in shown], {"Link": ", ".join(links)} if links else {})

    def list_pulls(self, request):
        state, head, base = request.one("state", "open"), request.one("head"), request.one("base")
        found = []
        for pull in self._pulls.values():
            shown = "open" if pull.state == "open" else "closed"
            owner = pull.from_fork or self.owner
            # A head without an owner is not refused: it filters nothing.
            if state in ("all", shown) and (not head or ":" not in head or head == f"{owner}:{pull.head}") and (not base or base == pull.base):
                found.append(pull)
        key = {"updated": lambda p: (p.updated, p.number)}.get(request.one("sort"), lambda p: p.number)
        found.sort(key=key, reverse=request.one("direction", "desc") == "desc")
        return self.linked(request, found, lambda p: forms.pull_simple(self, p))

    def _exists(self, head):
        return {"resource": "PullRequest", "code": "custom", "message": f"A pull request already exists for {self.owner}:{head}."}

    @staticmethod
    def _no_commits(base, head):
        return {"resource": "PullRequest", "code": "custom", "message": f"No commits between {base} and {head}"}

    def fields(self, request, known, required=()):
        body = request.json()
        if not isinstance(body, dict):
            raise Refused(self.error(400, "Body should be a JSON object"))
        self.complain(request, set(body) - set(known))
        for name in required:
            if name not in body:
                raise Refused(self.error(422, f"Invalid request.\n\n\"{name}\" wasn't supplied."))
        return body

    def check_texts(self, body):
        if len(body.get("title") or "") > 256:
            raise self.invalid({"resource": "PullRequest", "code": "custom", "field": "title", "message": "title is too long (maximum is 256 characters)"})
        if len(body.get("body") or "") > 65536:
            raise self.invalid({"resource": "PullRequest", "code": "custom", "field": "body", "message": "body is too long (maximum is 65536 characters)"})

    def create(self, request):
        self.permission(request, "pull_requests")
        known = ("title", "head", "base", "body", "draft", "maintainer_can_modify", "head_repo", "issue")
        body = self.fields(request, known, ("head", "base"))
        if not body.get("title"):
            raise self.invalid({"resource": "PullRequest", "code": "missing_field", "field": "title"})
        self.check_texts(body)
        head, base = body["head"].split(":")[-1], body["base"]
        for name, field in ((head, "head"), (base, "base")):
            if not self.git.head(name):
                raise self.invalid({"resource": "PullRequest", "field": field, "code": "invalid"})
        if self.existing(head, base):
            raise self.invalid(self._exists(head))
        if not self.git.commits_between(self.git.head(base), self.git.head(head)):
            raise self.invalid(self._no_commits(base, head))
        if body.get("draft") and not self.settings.drafts:
            raise Refused(self.error(422, "Draft pull requests are not supported in this repository."))
        pull = self.open(
            request.user.login, head=head, base=base, title=body["title"], body=body.get("body") or "", draft=bool(body.get("draft"))
        )
        return Answer(201, forms.pull(self, pull), {"Location": forms.pull_url(self, pull)})

    def update(self, request, n):
        self.permission(request, "pull_requests")
        pull = self.pull(n)
        body = self.fields(request, ("title", "body", "state", "base", "maintainer_can_modify"))
        self.check_texts(body)
        state = body.get("state")
        if state not in (None, "open", "closed"):
            raise self.invalid({"resource": "PullRequest", "field": "state", "code": "invalid"})
        if "base" in body and (pull.state != "open" or state == "closed"):
            raise self.invalid({"resource": "PullRequest", "code": "custom", "message": "Cannot change base branch of a closed pull request."})
        who = request.user.login
        self.edit(pull, who, **{k: body[k] or "" for k in ("title", "body", "base") if k in body})
        if state == "closed":
            self.close(pull, who)
        elif state == "open" and pull.state != "open":
            if pull.state == "merged":
                raise self.invalid({"resource": "PullRequest", "code": "invalid", "field": "state", "message": "state cannot be changed. The pull request is merged."})
            if not self.git.head(pull.head):
                raise self.invalid({"resource": "PullRequest", "code": "invalid", "field": "state", "message": f"state cannot be changed. The {pull.head} branch has been deleted."})
            if self.git.head(pull.head) != pull.head_commit and not self.git.is_ancestor(pull.head_commit, self.git.head(pull.head)):
                raise self.invalid({"resource": "PullRequest", "code": "invalid", "field": "state", "message": f"state cannot be changed. The {pull.head} branch was force-pushed or recreated."})
            self.reopen(pull, who)
        return Answer(200, forms.pull(self, pull))

    def emptied(self, pull):
        self.close(pull, pull.author)

    def merge_call(self, request, n):
        self.permission(request, "contents")
        pull = self.pull(n)
        body = self.fields(request, ("commit_title", "commit_message", "sha", "merge_method"))
        method = body.get("merge_method", "merge")
        if method not in ("merge", "squash", "rebase"):
            raise Refused(self.error(422, f"Invalid request.\n\n{method} is not a possible value. Must be one of the following: merge, squash, rebase."))
        if method not in self.settings.methods:
            names = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}
            raise Refused(self.error(405, f"{names[method]} are not allowed on this repository."))
        if pull.state != "open":
            raise Refused(self.error(405, "Pull Request is not mergeable"))
        if body.get("sha") and body["sha"] != pull.head_commit:
            raise Refused(self.error(409, "Head branch was modified. Review and try the merge again."))
        if pull.queued:
            raise Refused(self.error(405, "Pull Request is in the merge queue"))
        if self.settings.merge_queue:
            raise Refused(self.error(405, "Repository rule violations found\n\nChanges must be made through the merge queue\n\n"))
        why = "computing" if self.computing(pull) else self.why_blocked(pull)
        words = {
            "draft": "Pull Request is still a draft",
            "conflict": "Pull Request is not mergeable",
            "computing": "Base branch was modified. Review and try the merge again.",
            "checks": f"{len(self.settings.required_checks)} of {len(self.settings.required_checks)} required status checks are expected.",
            "checks_failed": "Required status check is failing.",
            "reviews": f"At least {self.settings.required_approvals} approving review is required by reviewers with write access.",
            "behind": "Head branch is out of date with the base branch.",
        }
        if why:
            raise Refused(self.error(405, words[why]))
        sha = self.merge(pull, request.user.login, method, body.get("commit_title"), body.get("commit_message"))
        return Answer(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})

    def merge_state(self, pull):
        """(mergeable, mergeable_state)"""
        if pull.state != "open":
            return None, "unknown"
        if self.computing(pull):
            return None, "unknown"
        why = self.why_blocked(pull)
        states = {None: "unstable" if self.settings.optional_checks_running else "clean", "draft": "draft", "conflict": "dirty", "behind": "behind"}
        return why != "conflict", states.get(why, "blocked")

    # People, labels, comments

    def get_reviewers(self, request, n):
        pull = self.pull(n)
        return Answer(200, {"users": [forms.user(self, p) for p in pull.reviewers], "teams": [forms.team(self, t) for t in pull.teams]})

    def add_reviewers(self, request, n):
        self.permission(request, "pull_requests")
        pull = self.pull(n)
        body = self.fields(request, ("reviewers", "team_reviewers"))
        for login in body.get("reviewers", []):
            if login == pull.author:
                raise Refused(self.error(422, "Review cannot be requested from pull request author."))
            if login not in self.people or not self.people[login].role:
                raise Refused(self.error(422, f"Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the {self.repository} repository."))
        for team in body.get("team_reviewers", []):
            if team not in self.teams:
                raise Refused(self.error(422, "Could not resolve to a node with the global id of 'unknown'."))
        pull.reviewers += [p for p in body.get("reviewers", []) if p not in pull.reviewers]
        pull.teams += [t for t in body.get("team_reviewers", []) if t not in pull.teams]
        pull.touch()
        return Answer(201, forms.pull_simple(self, pull))

    def remove_reviewers(self, request, n):
        pull = self.pull(n)
        body = self.fields(request, ("reviewers", "team_reviewers"), ("reviewers",))
        pull.reviewers = [p for p in pull.reviewers if p not in body["reviewers"]]
        return Answer(200, forms.pull_simple(self, pull))

    def add_assignees(self, request, n):
        self.permission(request, "issues")
        pull = self.pull(n)
        if self.settings.assignees_late > 0:
            self.settings.assignees_late -= 1
            raise Refused(self.not_found())
        for login in self.fields(request, ("assignees",)).get("assignees", []):
            # Who can't be assigned is left out without a word.
            if login in self.people and self.people[login].role and login not in pull.assignees:
                pull.assignees.append(login)
                pull.touch()
        return Answer(201, forms.issue(self, pull))

    def add_labels(self, request, n):
        self.permission(request, "issues")
        pull = self.pull(n)
        body = request.json()
        names = body if isinstance(body, list) else body.get("labels")
        if not isinstance(names, list) or not all(isinstance(name, (str, dict)) for name in names):
            raise Refused(self.error(422, "Invalid request.\n\nNo subschema in \"oneOf\" matched."))
        names = [name if isinstance(name, str) else name["name"] for name in names]
        if any(len(name) > 50 for name in names):
            raise self.invalid({"resource": "Label", "code": "custom", "field": "name", "message": "name is too long (maximum is 50 characters)"})
        self.change_labels(pull, request.user.login, add=names)
        return Answer(200, forms.labels(self, pull))

    def remove_label(self, request, n, name):
        self.permission(request, "issues")
        pull = self.pull(n)
        if name not in pull.labels:
            raise Refused(self.error(404, "Label does not exist"))
        self.change_labels(pull, request.user.login, remove=[name])
        return Answer(200, forms.labels(self, pull))

    def update_issue(self, request, n):
        self.permission(request, "issues")
        pull = self.pull(n)
        body = self.fields(request, ("title", "body", "state", "milestone", "labels", "assignees"))
        if "milestone" in body:
            titles = {number: title for title, number in self.milestones.items()}
            if body["milestone"] is not None and body["milestone"] not in titles:
                raise self.invalid({"value": body["milestone"], "resource": "Issue", "field": "milestone", "code": "invalid"})
            self.edit(pull, request.user.login, milestone=titles.get(body["milestone"]))
        return Answer(200, forms.issue(self, pull))

    def list_labels(self, request):
        return self.linked(request, list(self.labels), lambda name: forms.label(self, name))

    def list_milestones(self, request):
        return self.linked(request, list(self.milestones), lambda title: forms.milestone(self, title))

    def list_comments(self, request, n):
        pull = self.pull(n)
        return self.linked(request, pull.comments, lambda c: forms.comment(self, pull, c))

    def create_comment(self, request, n):
        self.permission(request, "issues")
        pull = self.pull(n)
        body = self.fields(request, ("body",), ("body",))
        if not body["body"].strip():
            raise self.invalid({"resource": "IssueComment", "code": "custom", "field": "data", "message": "Body cannot be blank"})
        made = self.add_comment(pull, request.user.login, body["body"])
        return Answer(201, forms.comment(self, pull, made))

    def permission_of(self, request, user):
        if user not in self.people:
            raise Refused(self.error(404, f"{user} is not a user"))
        role = self.people[user].role or "none"
        return Answer(200, {"permission": role, "role_name": role, "user": forms.collaborator(self, user)})

    # Commits

    def create_status(self, request, sha):
        self.permission(request, "statuses")
        body = self.fields(request, ("state", "target_url", "description", "context"), ("state",))
        if body["state"] not in ("error", "failure", "pending", "success"):
            raise self.invalid({"resource": "Status", "code": "custom", "field": "state", "message": "state is not included in the list"})
        if len(body.get("description") or "") > 140:
            raise self.invalid({"resource": "Status", "code": "custom", "field": "description", "message": "description is too long (maximum is 140 characters)"})
        if len(sha) != 40 or not self.git.resolve(sha):
            raise Refused(self.error(422, f"No commit found for SHA: {sha}"))
        state = "failure" if body["state"] == "error" else body["state"]
        made = self.add_status(sha, body.get("context", "default"), state, body.get("description"), body.get("target_url"), request.user.login, body)
        return Answer(201, forms.status(self, made))

    def combined(self, request, ref):
        sha = self.git.resolve(ref) or self._refuse(self.error(422, f"No commit found for SHA: {ref}"))
        found = self.statuses_of(sha)
        states = [status.state for status in found]
        state = "failure" if "failure" in states else "success" if states and set(states) == {"success"} else "pending"
        return Answer(200, forms.combined(self, sha, state, found))

    def list_statuses(self, request, ref):
        sha = self.git.resolve(ref)
        found = [s for s in reversed(self.statuses) if s.commit == sha]
        return self.linked(request, found, lambda s: forms.status(self, s))

    @staticmethod
    def _refuse(answer):
        raise Refused(answer)

    def pull_commits(self, request, n):
        pull = self.pull(n)
        base = self.git.merge_base(pull.base, pull.head_commit) or pull.base_commit
        return self.linked(request, self.git.commits_between(base, pull.head_commit), lambda c: forms.listed_commit(self, c))

    def get_ref(self, request, ref):
        code, sha = self.git.git("rev-parse", "--verify", "--quiet", "refs/" + ref, check=False)
        if code != 0:
            raise Refused(self.not_found())
        return Answer(200, forms.ref(self, "refs/" + ref, sha))

    def create_ref(self, request):
        self.permission(request, "contents")
        body = self.fields(request, ("ref", "sha"), ("ref", "sha"))
        if not body["ref"].startswith("refs/") or body["ref"].count("/") < 2:
            raise Refused(self.error(422, "Reference name must start with 'refs/' and contain at least two slashes."))
        if not self.git.resolve(body["sha"]):
            raise Refused(self.error(422, "Object does not exist"))
        try:
            self.git.set_ref(body["ref"], body["sha"], ZERO)
        except Moved:
            raise Refused(self.error(422, "Reference already exists")) from None
        return Answer(201, forms.ref(self, body["ref"], body["sha"]))

    def update_ref(self, request, ref):
        self.permission(request, "contents")
        body = self.fields(request, ("sha", "force"), ("sha",))
        now_at = self.git.resolve("refs/" + ref)
        if not now_at:
            raise Refused(self.error(422, "Reference does not exist"))
        if not self.git.resolve(body["sha"]):
            raise Refused(self.error(422, "Object does not exist"))
        if not body.get("force") and not self.git.is_ancestor(now_at, body["sha"]):
            raise Refused(self.error(422, "Update is not a fast forward"))
        self.git.set_ref("refs/" + ref, body["sha"])
        return Answer(200, forms.ref(self, "refs/" + ref, body["sha"]))

    def delete_ref(self, request, ref):
        self.permission(request, "contents")
        if not self.git.resolve("refs/" + ref):
            raise Refused(self.error(422, "Reference does not exist"))
        self.git.git("update-ref", "-d", "refs/" + ref)
        self.notice()
        return Answer(204)

    def create_blob(self, request):
        self.permission(request, "contents")
        body = self.fields(request, ("content", "encoding"), ("content",))
        raw = base64.b64decode(body["content"]) if body.get("encoding") == "base64" else body["content"].encode()
        sha = self.git.write_blob(raw)
        return Answer(201, {"sha": sha, "url": f"{self.api_url}/repos/{self.repository}/git/blobs/{sha}"})

    def create_tree(self, request):
        self.permission(request, "contents")
        body = self.fields(request, ("base_tree", "tree"), ("tree",))
        changes = []
        for entry in body["tree"]:
            if entry.get("mode") not in ("100644", "100755", "040000", "160000", "120000"):
                raise Refused(self.error(422, "GitRPC::BadObjectState"))
            blob = self.git.write_blob(entry["content"].encode()) if "content" in entry else entry.get("sha")
            changes.append((entry["path"], entry["mode"], blob))
        try:
            tree = self.git.write_tree(body.get("base_tree"), changes)
        except GitError:
            raise Refused(self.error(404, "Not Found") if body.get("base_tree") else self.error(422, "GitRPC::BadObjectState")) from None
        return Answer(201, forms.tree(self, tree))

    def create_commit(self, request):
        self.permission(request, "contents")
        body = self.fields(request, ("message", "tree", "parents", "author", "committer", "signature"), ("message", "tree"))
        author = (body["author"]["name"], body["author"]["email"]) if body.get("author") else None
        try:
            sha = self.git.commit_tree(body["tree"], body.get("parents", []), body["message"], author)
        except GitError:
            raise Refused(self.error(422, "Tree SHA does not exist")) from None
        return Answer(201, forms.git_commit(self, sha, verified=not (body.get("author") or body.get("committer"))))

    def get_commit(self, request, sha):
        if not self.git.resolve(sha):
            raise Refused(self.not_found())
        return Answer(200, forms.git_commit(self, sha))

    # The app

    def _app_of(self, request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        parts = token.split(".")
        if not self.app or scheme != "Bearer" or len(parts) != 3:
            raise Refused(self.error(401, "A JSON web token could not be decoded"))
        head, claims, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in parts)
        head, claims = json.loads(head), json.loads(claims)
        with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as sign:
            key.write(self.app["public_key"].encode())
            key.flush()
            sign.write(signature)
            sign.flush()
            command = ["openssl", "dgst", "-sha256", "-verify", key.name, "-signature", sign.name]
            good = subprocess.run(command, input=".".join(parts[:2]).encode(), capture_output=True).returncode == 0
        if not good or head.get("alg") != "RS256":
            raise Refused(self.error(401, "A JSON web token could not be decoded"))
        present = time.time()
        if str(claims.get("iss")) not in (str(self.app["id"]), self.app.get("client_id")):
            raise Refused(self.error(401, "'Issuer' claim ('iss') must be an Integer"))
        if claims.get("iat", 1e12) > present + 5 or claims.get("exp", 0) < present:
            raise Refused(self.error(401, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"))
        if claims["exp"] > present + 605:
            raise Refused(self.error(401, "'Expiration time' claim ('exp') is too far in the future"))

    def installation(self, request):
        self._app_of(request)
        return Answer(200, forms.installation(self))

    def access_token(self, request, id):
        self._app_of(request)
        if id != "777":
            raise Refused(self.not_found())
        token = "ghs_test_" + uuid.uuid4().hex
        expires = time.time() + self.app.get("lifetime", 3600)
        self.installation_tokens[token] = expires
        return Answer(201, {"token": token, "expires_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires)), "permissions": request.json().get("permissions", {"contents": "write", "pull_requests": "write", "metadata": "read"}), "repository_selection": "selected"})

    def graphql(self, request):
        return answer_graphql(self, request)

    # Webhooks

    def event_bodies(self, event, pull, details):
        return forms.events(self, event, pull, details)

    def sign(self, headers, body, hook):
        if not hook.get("secret"):
            return {}
        digest = hmac.new(hook["secret"].encode(), body, hashlib.sha256).hexdigest()
        return {"X-Hub-Signature-256": f"sha256={digest}"}


class GitHubEnterprise(GitHub):
    kind = "github_enterprise"
    default_base_path = "/api/v3"
