"""Bitbucket Cloud."""

import base64
import hashlib
import hmac
import json
import re
import uuid

from .core import Answer, Fake, Refused, iso

STATES = {"open": "OPEN", "closed": "DECLINED", "merged": "MERGED"}
STRATEGIES = {"merge_commit": "merge", "squash": "squash", "fast_forward": "ff", "squash_fast_forward": "squash", "rebase_fast_forward": "rebase", "rebase_merge": "merge"}


class BitbucketCloud(Fake):
    kind = "bitbucket_cloud"
    default_base_path = "/2.0"
    closes_on_branch_deletion = False

    def route_table(self):
        repo = "/repositories/" + self.repository
        pulls = repo + "/pullrequests"
        return [
            ("GET", "/user", "whoami", lambda r: Answer(200, self.user(r.user.login))), ("GET", repo, "repository", lambda r: Answer(200, self.repo())),
            ("GET", pulls, "find", self.list_pulls), ("POST", pulls, "open", self.create),
            ("GET", pulls + "/{n}", "get", lambda r, n: Answer(200, self.shown(self.pull(n)))), ("PUT", pulls + "/{n}", "update", self.update),
            ("POST", pulls + "/{n}/decline", "close", self.decline), ("POST", pulls + "/{n}/merge", "merge", self.merge_call),
            ("GET", pulls + "/{n}/comments", "comments", lambda r, n: self.paged(r, self.pull(n).comments, lambda c: self.comment(self.pull(n), c))),
            ("POST", pulls + "/{n}/comments", "comment", self.create_comment), ("GET", repo + "/commit/{sha}", "commit", lambda r, sha: Answer(200, {"type": "commit", "hash": self.git.resolve(sha)})), ("POST", repo + "/commit/{sha}/statuses/build", "status", self.create_status),
            ("GET", repo + "/commit/{sha}/statuses", "statuses", lambda r, sha: self.paged(r, self.statuses_of(sha), self.status)),
            ("GET", repo + "/refs/branches/{b+}", "ref", self.branch), ("DELETE", repo + "/refs/branches/{b+}", "delete_branch", self.delete),
            ("GET", f"/workspaces/{self.repository.split('/')[0]}/members/{{id}}", "member", self.member),
            ("GET", f"/workspaces/{self.repository.split('/')[0]}/members", "members", self.members),
            ("GET", repo + "/permissions-config/users/{id}", "may_write", self.role),
        ]

    def error(self, status, message, **more):
        return Answer(status, {"type": "error", "error": {"message": message, **more}})

    def unauthorized(self):
        return self.error(401, "Token is invalid, expired, or not supported for this endpoint.")

    def forbidden(self, permission):
        scope = {"contents": "repository:write"}.get(permission, "pullrequest:write")
        answer = self.error(403, "Your credentials lack one or more required privilege scopes.", detail={"required": [scope], "granted": ["repository"]})
        answer.headers.update({"X-OAuth-Scopes": "repository", "X-Accepted-OAuth-Scopes": scope})
        return answer

    def login_of(self, request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            token = base64.b64decode(token).decode().partition(":")[2]
        return self.tokens.get(token)

    def fault_answer(self, rule, request):
        words = {"exists": (409, "A pull request already exists"), "stale": (409, "Refs have changed; try again"), "not_mergeable": (400, "This pull request can't be merged yet."), "no_commits": (400, "There are no changes to be pulled"), "invalid": (400, "Bad request"), "timeout_of_the_platform": (555, "The merge took too long and timed out.")}
        return self.error(*words[rule.fault]) if rule.fault in words else None

    def uid(self, login):
        return "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, "test:" + login)) + "}"

    def user(self, login):
        person = self.people.get(login)
        return {"type": "user", "uuid": self.uid(login), "account_id": f"test:{login}", "nickname": login, "display_name": person.name if person else login, "links": {"html": {"href": f"{self.web_url}/{login}"}}}

    def repo(self):
        return {"type": "repository", "uuid": "{test-repository}", "name": "fleet", "full_name": self.repository, "mainbranch": {"type": "branch", "name": "main"}, "links": {"html": {"href": f"{self.web_url}/{self.repository}"}}}

    def comment(self, pull, c):
        return {"type": "pullrequest_comment", "id": c.id, "content": {"type": "rendered", "raw": c.body, "markup": "markdown", "html": ""}, "user": self.user(c.author), "created_on": iso(c.created), "updated_on": iso(c.created), "deleted": False}

    def status(self, s):
        return {"type": "build", "uuid": str(s.id), "key": s.context, "name": s.raw.get("name"), "state": s.raw.get("state") or {"success": "SUCCESSFUL", "failure": "FAILED", "pending": "INPROGRESS"}[s.state], "url": s.url, "description": s.description, "created_on": iso(s.created), "updated_on": iso(s.created)}

    def shown(self, pull):
        own = f"{self.api_url}/repositories/{self.repository}/pullrequests/{pull.number}"

        def side(branch, commit):
            repo = self.repo()
            if pull.from_fork and branch == pull.head:
                repo = {**repo, "full_name": f"{pull.from_fork}/fleet", "uuid": "{test-fork}"}
            return {"branch": {"name": branch}, "commit": {"type": "commit", "hash": commit[:12]}, "repository": repo}

        return {
            "type": "pullrequest", "id": pull.number, "title": pull.title, "description": pull.body, "summary": {"type": "rendered", "raw": pull.body, "markup": "markdown", "html": ""},
            "state": STATES[pull.state], "draft": pull.draft, "author": self.user(pull.author), "source": side(pull.head, pull.head_commit), "destination": side(pull.base, pull.base_commit),
            "merge_commit": {"type": "commit", "hash": pull.merge_commit[:12]} if pull.merge_commit else None, "comment_count": len(pull.comments), "task_count": 0,
            "close_source_branch": pull.delete_branch, "closed_by": self.user(pull.closed_by or pull.merged_by) if pull.state != "open" else None, "reason": "",
            "created_on": iso(pull.created), "updated_on": iso(pull.updated), "reviewers": [self.user(p) for p in pull.reviewers],
            "participants": [{"type": "participant", "user": self.user(p), "role": "REVIEWER", "approved": pull.reviews.get(p) == "approved", "state": pull.reviews.get(p)} for p in pull.reviewers],
            "links": {"self": {"href": own}, "html": {"href": f"{self.web_url}/{self.repository}/pull-requests/{pull.number}"}},
        }

    def paged(self, request, items, form):
        shown, page, size, pages = self.page(request, items, "pagelen", 10)
        answer = {"values": [form(x) for x in shown], "pagelen": size, "size": len(items), "page": page}
        if page < pages:
            answer["next"] = self.page_url(request, page=page + 1)
        return Answer(200, answer)

    def list_pulls(self, request):
        states, query = request.query.get("state"), request.one("q", "")
        if set(states or ()) - {"OPEN", "MERGED", "DECLINED", "SUPERSEDED"}:
            raise Refused(self.error(400, "Invalid state"))
        if states is None:
            named = re.findall(r'state\s*=\s*"(\w+)"', query)
            states = named or ["OPEN"]
        source = re.search(r'source\.branch\.name\s*=\s*"([^"]*)"', query)
        target = re.search(r'destination\.branch\.name\s*=\s*"([^"]*)"', query)
        found = [p for p in self._pulls.values() if STATES[p.state] in states and (not source or source[1] == p.head) and (not target or target[1] == p.base)]
        return self.paged(request, sorted(found, key=lambda p: -p.number), self.shown)

    def reviewers(self, body):
        found = []
        for entry in body.get("reviewers") or []:
            login = next((x for x in self.people if self.uid(x) == entry.get("uuid")), None)
            if login is None:
                raise Refused(self.error(400, "reviewers: Malformed reviewers list", fields={"reviewers": ["Malformed reviewers list"]}))
            if not self.people[login].role:
                text = f"{self.people[login].name} is not a member of this workspace and cannot be added to this pull request"
                raise Refused(self.error(400, "reviewers: " + text, fields={"reviewers": [text]}))
            found.append(login)
        return found

    def create(self, request):
        self.permission(request, "pull_requests")
        body, who = request.json(), request.user.login
        self.complain(request, set(body) - set("title description source destination close_source_branch reviewers draft".split()))
        if not body.get("title"):
            raise Refused(self.error(400, "title: This field is required.", fields={"title": ["This field is required."]}))
        head, base = body["source"]["branch"]["name"], (body.get("destination") or {}).get("branch", {}).get("name", "main")
        for field, branch in (("source", head), ("destination", base)):
            if not self.git.head(branch):
                raise Refused(self.error(400, f"{field}: branch not found: {branch}", fields={field: [f"branch not found: {branch}"]}))
        if not self.git.commits_between(self.git.head(base), self.git.head(head)):
            raise Refused(self.error(400, "There are no changes to be pulled"))
        reviewers = self.reviewers(body)
        old = self.existing(head, base)
        if old:  # the platform updates the one that is open
            self.edit(old, who, title=body["title"], body=body.get("description") or "")
            return Answer(201, self.shown(old))
        pull = self.open(who, head=head, base=base, title=body["title"], body=body.get("description") or "", draft=bool(body.get("draft")), delete_branch=bool(body.get("close_source_branch")), reviewers=reviewers)
        return Answer(201, self.shown(pull))

    def update(self, request, n):
        self.permission(request, "pull_requests")
        pull, body = self.pull(n), request.json()
        if pull.state != "open":
            raise Refused(self.error(400, "Only open pull requests can be mutated"))
        changes = {own: "" if body[name] is None else body[name] for own, name in (("title", "title"), ("body", "description"), ("draft", "draft")) if name in body}
        changes["delete_branch"] = bool(body.get("close_source_branch"))  # "omitting a parameter causes the server to drop the existing value"
        reviewers = self.reviewers(body)
        pull.reviews = {who: how for who, how in pull.reviews.items() if who in reviewers}
        if "destination" in body:
            changes["base"] = body["destination"]["branch"]["name"]
            if not self.git.head(changes["base"]):
                text = f"branch not found: {changes['base']}"
                raise Refused(self.error(400, "destination: " + text, fields={"destination": [text]}))
        self.edit(pull, request.user.login, **changes, reviewers=reviewers)
        return Answer(200, self.shown(pull))

    def decline(self, request, n):
        pull = self.pull(n)
        if pull.state != "open":
            raise Refused(self.error(400, "This pull request is already closed."))
        self.close(pull, request.user.login)
        return Answer(200, self.shown(pull))

    def merge_call(self, request, n):
        self.permission(request, "contents")
        pull, body = self.pull(n), request.json()
        strategy = body.get("merge_strategy", "merge_commit")
        if strategy not in STRATEGIES:
            raise Refused(self.error(400, "merge_strategy: invalid"))
        if pull.state != "open":
            raise Refused(self.error(400, "This pull request is already closed."))
        why = self.why_blocked(pull)
        if why:
            raise Refused(self.error(409 if why == "conflict" else 400, f"This pull request can't be merged: {why}."))
        self.merge(pull, request.user.login, STRATEGIES[strategy], body.get("message"), delete_branch=bool(body.get("close_source_branch")))
        return Answer(200, self.shown(pull))

    def create_comment(self, request, n):
        pull = self.pull(n)
        return Answer(201, self.comment(pull, self.add_comment(pull, request.user.login, request.json()["content"]["raw"])))

    def create_status(self, request, sha):
        body, states = request.json(), {"SUCCESSFUL": "success", "FAILED": "failure", "INPROGRESS": "pending", "STOPPED": "failure"}
        if body.get("state") not in states or not body.get("key") or not body.get("url"):
            raise Refused(self.error(400, "key, state and url are required"))
        return Answer(201, self.status(self.add_status(self.git.resolve(sha), body["key"], states[body["state"]], body.get("description"), body["url"], request.user.login, body)))

    def branch(self, request, b):
        if not self.git.head(b):
            raise Refused(self.error(404, f"Branch \"{b}\" does not exist"))
        return Answer(200, {"type": "branch", "name": b, "target": {"type": "commit", "hash": self.git.head(b)}})

    def delete(self, request, b):
        self.permission(request, "contents")
        self.branch(request, b)
        self.git.delete_branch(b)
        return Answer(204)

    def member_login(self, id):
        login = next((x for x in self.people if id in (self.uid(x), f"test:{x}") and self.people[x].role), None)
        if not login:
            raise Refused(self.not_found())
        return login

    def account_permission(self, request):
        """An access token is no user: it has no scope for accounts."""
        if "account" in self.lacking:
            answer = self.error(403, "Your credentials lack one or more required privilege scopes.", detail={"required": ["account"], "granted": ["pullrequest:write", "repository:write"]})
            raise Refused(answer)

    def members(self, request):
        self.account_permission(request)
        return self.paged(request, [p for p in self.people if self.people[p].role], self.membership)

    def member(self, request, id):
        self.account_permission(request)
        return Answer(200, self.membership(self.member_login(id)))

    def membership(self, login):
        return {"type": "workspace_membership", "user": self.user(login), "workspace": {"type": "workspace", "slug": self.repository.split("/")[0]}}

    def role(self, request, id):
        login = self.member_login(id)
        return Answer(200, {"type": "repository_user_permission", "permission": self.people[login].role, "user": self.user(login)})

    def event_bodies(self, event, pull, details):
        key = {"opened": "created", "closed": "rejected", "merged": "fulfilled", "comment": "comment_created"}.get(event, "updated")
        body = {"pullrequest": self.shown(pull), "repository": self.repo(), "actor": self.user(details["who"])}
        if event == "comment":
            body["comment"] = self.comment(pull, details["comment"])
        yield {"X-Event-Key": "pullrequest:" + key, "X-Hook-UUID": str(uuid.uuid4()), "X-Request-UUID": str(uuid.uuid4()), "X-Attempt-Number": "1"}, body

    def sign(self, headers, body, hook):
        return {"X-Hub-Signature": "sha256=" + hmac.new(hook["secret"].encode(), body, hashlib.sha256).hexdigest()} if hook.get("secret") else {}
