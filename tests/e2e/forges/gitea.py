"""Gitea and Forgejo."""

import hashlib
import hmac
import uuid

from .core import Answer, Fake, Refused, iso
from .git_repository import Conflict
from .store import Label, now

DRAFT = ("WIP:", "[WIP]")
METHODS = {"merge": "merge", "squash": "squash", "rebase": "rebase", "rebase-merge": "merge", "fast-forward-only": "ff"}


class Gitea(Fake):
    kind = "gitea"
    header = "Gitea"
    default_base_path = "/api/v1"
    notices_merges_by_push = False  # autodetect_manual_merge is off unless asked for
    looks_when_scheduled = True  # else with the next status or review

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        # Only an administrator of the repository may ask what others may do in it.
        self.people["linkspan-bot"].role = "admin"
        self.organization = True  # owns the repository; a user has no teams
        self.labels["deploy"] = Label(self.new_id(), "deploy")

    def route_table(self):
        repo = "/repos/" + self.repository
        pulls, issues = repo + "/pulls", repo + "/issues"
        return [
            ("GET", "/version", "version", lambda r: Answer(200, {"version": self.settings.version or "1.24.0"})),
            ("GET", "/user", "whoami", lambda r: Answer(200, self.user(r.user.login))),
            ("GET", repo, "repository", lambda r: Answer(200, self.repo())),
            ("GET", pulls, "find", self.list_pulls),
            ("POST", pulls, "open", self.create),
            ("GET", pulls + "/{n}", "get", lambda r, n: Answer(200, self.shown(self.pull(n)))),
            ("PATCH", pulls + "/{n}", lambda r: {"closed": "close", "open": "reopen"}.get(r.json().get("state"), "update"), self.update),
            ("POST", pulls + "/{n}/merge", lambda r: "auto_merge" if r.json().get("merge_when_checks_succeed") else "merge", self.merge_call),
            ("DELETE", pulls + "/{n}/merge", "disarm", self.cancel),
            ("POST", pulls + "/{n}/requested_reviewers", "reviewers", self.add_reviewers),
            ("DELETE", pulls + "/{n}/requested_reviewers", "reviewers", self.remove_reviewers),
            ("GET", pulls + "/{base}/{head+}", "find", self.by_branches),
            ("GET", issues + "/{n}/timeline", "timeline", self.timeline),
            ("GET", repo + "/assignees", "assignees", lambda r: Answer(200, [self.user(p) for p in self.people if self.people[p].role])),
            ("GET", repo + "/commits/{sha}/status", "checks", self.combined),
            ("GET", repo + "/labels", "repository_labels", lambda r: self.paged(r, list(self.labels), self.label, linked=False)),
            ("POST", repo + "/labels", "create_label", self.create_label),
            ("GET", "/orgs/{org}/labels", "repository_labels", lambda r, org: Answer(200, []) if self.organization else self.not_found()),
            ("GET", issues + "/{n}/labels", "labels", lambda r, n: Answer(200, [self.label(x) for x in self.pull(n).labels])),
            ("POST", issues + "/{n}/labels", "labels", self.add_labels),
            ("DELETE", issues + "/{n}/labels/{id}", "labels", self.remove_label),
            ("GET", issues + "/{n}/comments", "comments", lambda r, n: Answer(200, [self.comment(self.pull(n), c) for c in self.pull(n).comments])),
            ("POST", issues + "/{n}/comments", "comment", self.create_comment),
            ("GET", repo + "/milestones", "milestones", lambda r: self.paged(r, list(self.milestones), self.milestone, linked=False)),
            ("POST", repo + "/statuses/{sha}", "status", self.create_status),
            ("GET", repo + "/commits/{sha}/statuses", "statuses", lambda r, sha: self.paged(r, [s for s in self.statuses if s.commit == sha], self.status)),
            ("GET", repo + "/collaborators/{user}/permission", "may_write", self.permission_of),
            ("GET", repo + "/branches/{branch+}", "ref", self.get_branch),
            ("DELETE", repo + "/branches/{branch+}", "delete_branch", self.delete),
        ]

    def error(self, status, message, **more):
        return Answer(status, {"message": message, "url": self.origin + "/api/swagger", **more})

    def not_found(self):
        return Answer(404, {"errors": None, "message": "The target couldn't be found.", "url": self.origin + "/api/swagger"})

    def unauthorized(self):
        return self.error(401, "user does not exist [uid: 0, name: ]")

    def forbidden(self, permission):
        return self.error(403, f"token does not have at least one of required scope(s), required=[write:{permission}], token scope=read:repository")

    def login_of(self, request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self.tokens.get(token) if scheme.lower() in ("token", "bearer") else None

    def fault_answer(self, rule, request):
        words = {
            "exists": (409, "pull request already exists for these targets [id: 7, issue_id: 7, head_repo_id: 1, base_repo_id: 1, head_branch: bump, base_branch: main]"),
            "stale": (409, "head out of date"),
            "not_mergeable": (405, "Please try again later"),
            "invalid": (422, "invalid input"),
            "no_commits": (422, "the branches have no differences"),
        }
        return self.error(*words[rule.fault]) if rule.fault in words else None

    def user(self, login):
        person = self.people.get(login)
        number = person.id if person else 9
        return {
            "id": number, "login": login, "login_name": "", "source_id": 0, "full_name": person.name if person else login, "email": f"{login}@example.invalid",
            "avatar_url": f"{self.web_url}/avatars/{number}", "html_url": f"{self.web_url}/{login}", "language": "", "is_admin": False, "last_login": "0001-01-01T00:00:00Z",
            "created": "2026-01-01T00:00:00Z", "restricted": False, "active": True, "prohibit_login": False, "location": "", "website": "", "description": "",
            "visibility": "public", "followers_count": 0, "following_count": 0, "starred_repos_count": 0, "username": login,
        }

    def repo(self):
        owner, name = self.repository.split("/")
        web = f"{self.web_url}/{self.repository}"
        return {
            "id": 1, "owner": self.user(owner), "name": name, "full_name": self.repository, "html_url": web, "url": f"{self.api_url}/repos/{self.repository}",
            "clone_url": web + ".git", "default_branch": "main", "archived": self.settings.archived, "private": True, "has_pull_requests": True,
            "allow_merge_commits": "merge" in self.settings.methods, "allow_rebase": "rebase" in self.settings.methods,
            "allow_squash_merge": "squash" in self.settings.methods, "permissions": {"admin": False, "push": True, "pull": True},
        }

    def label(self, name):
        found = self.labels[name]
        return {"id": found.id, "name": name, "exclusive": False, "is_archived": False, "color": found.color, "description": "", "url": f"{self.api_url}/repos/{self.repository}/labels/{found.id}"}

    def milestone(self, title):
        return {"id": self.milestones[title], "title": title, "description": "", "state": "open", "open_issues": 0, "closed_issues": 0, "created_at": "2026-01-01T00:00:00Z", "updated_at": None, "closed_at": None, "due_on": None}

    def comment(self, pull, c):
        web = f"{self.web_url}/{self.repository}/pulls/{pull.number}"
        return {"id": c.id, "html_url": f"{web}#issuecomment-{c.id}", "pull_request_url": web, "issue_url": "", "user": self.user(c.author), "original_author": "", "original_author_id": 0, "body": c.body, "assets": [], "created_at": iso(c.created), "updated_at": iso(c.created)}

    def status(self, s):
        return {"id": s.id, "status": s.raw.get("state", s.state), "target_url": s.url or "", "description": s.description or "", "url": f"{self.api_url}/repos/{self.repository}/statuses/{s.commit}", "context": s.context, "creator": self.user(s.creator), "created_at": iso(s.created), "updated_at": iso(s.created)}

    def shown(self, pull):
        web = f"{self.web_url}/{self.repository}/pulls/{pull.number}"

        def side(branch, commit):
            return {"label": branch, "ref": branch, "sha": commit, "repo_id": 2 if pull.from_fork and branch == pull.head else 1, "repo": self.repo()}

        return {
            "id": 3000 + pull.number, "url": web, "number": pull.number, "user": self.user(pull.author), "title": pull.title, "body": pull.body,
            "labels": [self.label(name) for name in pull.labels], "milestone": self.milestone(pull.milestone) if pull.milestone else None,
            "assignee": self.user(pull.assignees[0]) if pull.assignees else None, "assignees": [self.user(p) for p in pull.assignees] or None,
            "requested_reviewers": [self.user(p) for p in pull.reviewers], "state": "open" if pull.state == "open" else "closed",
            "requested_reviewers_teams": [{"id": self.teams[t], "name": t} for t in pull.teams], "draft": pull.title.upper().startswith(DRAFT),
            "is_locked": False, "comments": len(pull.comments), "html_url": web, "diff_url": web + ".diff", "patch_url": web + ".patch",
            "mergeable": pull.state == "open" and not self.computing(pull) and not self.conflicts(pull), "merged": pull.state == "merged",
            "merged_at": iso(pull.merged), "merge_commit_sha": pull.merge_commit, "merged_by": self.user(pull.merged_by) if pull.merged_by else None,
            "allow_maintainer_edit": False, "base": side(pull.base, pull.base_commit), "head": side(pull.head, pull.head_commit),
            "merge_base": self.git.merge_base(pull.base_commit, pull.head_commit) or "", "due_date": None, "created_at": iso(pull.created),
            "updated_at": iso(pull.updated), "closed_at": iso(pull.closed), "pin_order": 0,
        }

    def paged(self, request, items, form, linked=True):
        shown, page, _, pages = self.page(request, items, "limit", 30)
        headers = {"X-Total-Count": str(len(items))}
        if page < pages and linked:
            # ROOT_URL is what people type; inside a cluster it is asked at another address.
            links = [self.page_url(request, page=n).replace(self.origin, "https://git.example.invalid") for n in (page + 1, pages)]
            headers["Link"] = f'<{links[0]}>; rel="next",<{links[1]}>; rel="last"'
        return Answer(200, [form(item) for item in shown], headers)

    def timeline(self, request, n):
        pull = self.pull(n)
        kinds = {"auto_merge_armed": "pull_scheduled_merge", "auto_merge_disarmed": "pull_cancel_scheduled_merge", "synchronize": "pull_push", "closed": "close", "reopened": "reopen", "merged": "merge_pull"}
        web = f"{self.web_url}/{self.repository}/pulls/{pull.number}"
        events = [
            {"id": i + 1, "type": kinds[what], "html_url": f"{web}#issuecomment-{i + 1}", "pull_request_url": web, "issue_url": "", "user": self.user(pull.author if what == "synchronize" else who), "body": "", "created_at": iso(pull.created), "updated_at": iso(pull.created)}
            for i, (what, who) in enumerate(pull.history) if what in kinds
        ]
        events += [
            {"id": e.id, "type": "label", "html_url": f"{web}#issuecomment-{e.id}", "pull_request_url": web, "issue_url": "", "user": self.user(e.who),
             "body": "1" if e.added else "", "created_at": iso(e.created), "updated_at": iso(e.created), "label": self.label(e.name)}
            for e in pull.label_events
        ]
        size = max(1, min(int(request.one("limit", 30)), 50, self.settings.page_limit))
        page = max(1, int(request.one("page", 1)))
        shown = events[(page - 1) * size : page * size]
        return Answer(200, shown or None, {"X-Total-Count": str(len(shown))}) if shown else Answer(200, text="null", headers={"Content-Type": "application/json", "X-Total-Count": "0"})

    def combined(self, request, sha):
        newest = self.statuses_of(sha)
        shown = [self.status(s) for s in newest]
        if self.settings.optional_checks_running or self.settings.checks_running:
            shown.append({"id": 1, "status": "pending", "target_url": "", "description": "", "url": "", "context": "ci/optional", "creator": None, "created_at": iso(now()), "updated_at": iso(now())})
        if not shown:
            return Answer(200, {"state": "", "sha": "", "total_count": 0, "statuses": None, "repository": None, "commit_url": "", "url": ""})
        items, _, _, _ = self.page(request, shown, "limit", 30)
        worst = next((s for s in ("error", "failure", "pending") if any(i["status"] == s for i in items)), "success")
        return Answer(200, {"state": worst, "sha": sha, "total_count": len(items), "statuses": items, "repository": self.repo(), "commit_url": "", "url": ""}, {"X-Total-Count": str(len(shown))})

    def list_pulls(self, request):
        state = request.one("state", "open")
        found = [p for p in self._pulls.values() if state in ("all", "open" if p.state == "open" else "closed")]
        found.sort(key=lambda p: (p.updated, p.number) if request.one("sort") == "recentupdate" else (p.created, p.number), reverse=True)
        return self.paged(request, found, self.shown)

    def by_branches(self, request, base, head):
        found = [p for p in self._pulls.values() if p.base == base and p.head == head and not p.from_fork]
        if not found:
            raise Refused(self.not_found())
        return Answer(200, self.shown(found[-1]))

    def why_blocked(self, pull):
        if pull.auto_merge and not pull.auto_merge.get("allowed", True):
            return "style"
        return "draft" if pull.title.upper().startswith(DRAFT) else super().why_blocked(pull)

    def checks(self, pull):
        # Without a rule for the branch nothing is waited for.
        return super().checks(pull) if self.settings.required_checks else None

    def create(self, request):
        self.permission(request, "repository")
        body = request.json()
        self.complain(request, set(body) - set("base head title body assignee assignees labels milestone due_date reviewers team_reviewers allow_maintainer_edit".split()))
        if self.settings.archived:
            raise Refused(self.error(423, f"{self.repository} is archived"))
        for name in ("head", "base"):
            if not self.git.head(str(body.get(name, "")).split(":")[-1]):
                raise Refused(self.not_found())
        if not body.get("title"):
            raise Refused(self.error(422, "[Title]: Required"))
        head = body["head"].split(":")[-1]
        old = self.existing(head, body["base"])
        if old:
            raise Refused(self.error(409, f"pull request already exists for these targets [id: {old.number}, issue_id: {old.number}, head_repo_id: 1, base_repo_id: 1, head_branch: {head}, base_branch: {body['base']}]"))
        ids = {label.id: name for name, label in self.labels.items()}
        pull = self.open(request.user.login, head=head, base=body["base"], title=body["title"], body=body.get("body") or "")
        pull.labels = [ids[i] for i in body.get("labels") or [] if i in ids]
        pull.assignees = [p for p in body.get("assignees") or [] if p in self.people]
        return Answer(201, self.shown(pull))

    def update(self, request, n):
        self.permission(request, "issue")
        pull, body, who = self.pull(n), request.json(), request.user.login
        self.complain(request, set(body) - set("title body base assignee assignees milestone labels state due_date unset_due_date allow_maintainer_edit".split()))
        changes = {name: body[name] for name in ("title", "body", "base") if body.get(name) is not None}
        if body.get("milestone") is not None:
            titles = {number: title for title, number in self.milestones.items()}
            changes["milestone"] = titles.get(body["milestone"])
        self.edit(pull, who, **changes)
        if body.get("assignees") is not None:
            for login in body["assignees"]:
                if login not in self.people:
                    raise Refused(self.error(422, f"Assignee does not exist: [name: user does not exist [uid: 0, name: {login}]]"))
                if not self.people[login].role:
                    raise Refused(self.error(500, ""))
            pull.assignees = list(body["assignees"])
        if body.get("labels") is not None:
            ids = {label.id: name for name, label in self.labels.items()}
            wanted = [ids[i] for i in body["labels"] if i in ids]
            self.change_labels(pull, who, add=wanted, remove=[x for x in pull.labels if x not in wanted])
        if body.get("state") == "closed":
            if pull.state == "merged":
                raise Refused(self.error(412, "cannot change state of this pull request, it was already merged"))
            self.close(pull, who)
        elif body.get("state") == "open" and pull.state == "closed":
            if not self.git.head(pull.head):
                raise Refused(self.error(422, "head branch does not exist"))
            self.reopen(pull, who)
        return Answer(201, self.shown(pull))

    def merge_call(self, request, n):
        self.permission(request, "repository")
        pull, body = self.pull(n), request.json()
        self.complain(request, set(body) - set("Do MergeCommitID MergeTitleField MergeMessageField head_commit_id delete_branch_after_merge force_merge merge_when_checks_succeed".split()))
        how = body.get("Do")
        if how not in (*METHODS, "manually-merged"):
            raise Refused(self.error(422, "[Do]: Required"))
        if pull.state != "open":
            raise Refused(self.not_found() if pull.state == "closed" else Answer(404, {"message": ""}))
        why = self.why_blocked(pull)
        if why == "draft":
            raise Refused(self.error(405, "Work in progress PRs cannot be merged"))
        if self.computing(pull) or why == "conflict":
            raise Refused(self.error(405, "Please try again later"))
        options = {"title": body.get("MergeTitleField") or None, "message": body.get("MergeMessageField") or None, "delete_branch": bool(body.get("delete_branch_after_merge"))}
        if body.get("merge_when_checks_succeed"):
            # Neither the expected head nor the style is looked at here.
            if pull.auto_merge:
                raise Refused(self.error(409, f"pull request is already scheduled to auto merge when checks succeed [pull_id: {pull.number}]"))
            self.arm(pull, request.user.login, method=METHODS[how], allowed=METHODS[how] in self.settings.methods | {"ff"}, **options)
            if self.looks_when_scheduled:
                self.try_auto_merge()
            return Answer(201)
        if body.get("head_commit_id") and body["head_commit_id"] != pull.head_commit:
            raise Refused(self.error(409, "head out of date"))
        if METHODS[how] not in self.settings.methods | {"ff"}:
            raise Refused(self.error(405, f"{how} is not allowed an allowed merge style for this repository"))
        if why and not body.get("force_merge"):
            raise Refused(self.error(405, "Not all required status checks successful" if why.startswith("checks") else "Does not have enough approvals"))
        try:
            self.merge(pull, request.user.login, METHODS[how], **options)
        except Conflict as error:
            raise Refused(self.error(409, str(error)[:80])) from None
        return Answer(200)

    def cancel(self, request, n):
        pull = self.pull(n)
        if not pull.auto_merge:
            raise Refused(self.not_found())
        if pull.auto_merge["by"] != request.user.login and request.user.role != "admin":
            raise Refused(self.error(403, "user has no permission to cancel the scheduled auto merge"))
        self.disarm(pull, request.user.login)
        return Answer(204)

    def add_reviewers(self, request, n):
        self.permission(request, "repository")
        pull, body = self.pull(n), request.json()
        for login in body.get("reviewers") or []:
            if login not in self.people:
                raise Refused(self.error(404, f"user does not exist [uid: 0, name: {login}]"))
            if login == pull.author:
                raise Refused(self.error(422, "poster of pr can't be reviewer"))
            if not self.people[login].role:
                raise Refused(self.error(422, f"reviewer can't read the repository [user_id: {self.people[login].id}]"))
        new = [p for p in body.get("reviewers") or [] if p not in pull.reviewers]
        pull.reviewers += new
        reviews = [self.review(pull, user=self.user(p)) for p in new]
        for team in (body.get("team_reviewers") or []) if self.organization else []:
            if team not in self.teams:
                raise Refused(self.error(404, f"Team '{team}' not exist"))
            if team not in pull.teams:
                pull.teams.append(team)
                reviews.append(self.review(pull, team={"id": self.teams[team], "name": team}))
        return Answer(201, reviews)

    def review(self, pull, user=None, team=None):
        return {"id": self.new_id(), "user": user, "team": team, "state": "REQUEST_REVIEW", "body": "", "commit_id": pull.head_commit, "stale": False, "official": False, "dismissed": False, "comments_count": 0, "html_url": "", "pull_request_url": ""}

    def remove_reviewers(self, request, n):
        pull, body = self.pull(n), request.json()
        pull.reviewers = [p for p in pull.reviewers if p not in body.get("reviewers", [])]
        return Answer(204)

    def create_label(self, request):
        self.permission(request, "issue")
        body = request.json()
        if not body.get("name") or not body.get("color"):
            raise Refused(self.error(422, "[Name]: Required" if not body.get("name") else "[Color]: Required"))
        self.labels[body["name"]] = Label(self.new_id(), body["name"], body["color"].lstrip("#"))
        return Answer(201, self.label(body["name"]))

    def add_labels(self, request, n):
        self.permission(request, "issue")
        pull, ids = self.pull(n), {label.id: name for name, label in self.labels.items()}
        names = []
        for wanted in request.json().get("labels") or []:
            name = ids.get(wanted) if isinstance(wanted, int) else wanted
            if name in self.labels:  # the others are left out without a word
                names.append(name)
        self.change_labels(pull, request.user.login, add=names)
        return Answer(200, [self.label(name) for name in pull.labels])

    def remove_label(self, request, n, id):
        pull, ids = self.pull(n), {str(label.id): name for name, label in self.labels.items()}
        name = ids.get(id, id if id in self.labels else None)
        if name is None:
            raise Refused(self.error(422, f"label does not exist [label_id: {id}]"))
        self.change_labels(pull, request.user.login, remove=[name])
        return Answer(204)

    def create_comment(self, request, n):
        self.permission(request, "issue")
        pull = self.pull(n)
        if not request.json().get("body"):
            raise Refused(self.error(422, "[Body]: Required"))
        return Answer(201, self.comment(pull, self.add_comment(pull, request.user.login, request.json()["body"])))

    def create_status(self, request, sha):
        self.permission(request, "repository")
        body = request.json()
        states = {"pending": "pending", "success": "success", "error": "failure", "failure": "failure", "warning": "success"}
        if body.get("state") not in states or not self.git.resolve(sha):
            raise Refused(self.error(400, "invalid commit status"))
        return Answer(201, self.status(self.add_status(sha, body.get("context") or "default", states[body["state"]], body.get("description"), body.get("target_url"), request.user.login, body)))

    def permission_of(self, request, user):
        if user not in self.people:
            raise Refused(self.not_found())
        if request.user.role != "admin" and request.user.login != user:
            raise Refused(self.error(403, "Only admins can query all permissions, repo admins can query all repo permissions, collaborators can query only their own"))
        role = self.people[user].role or "none"
        return Answer(200, {"permission": role, "role_name": role, "user": self.user(user)})

    def get_branch(self, request, branch):
        head = self.git.head(branch)
        if not head:
            raise Refused(self.not_found())
        ruled = branch == "main" and bool(self.settings.required_checks or self.settings.required_approvals)
        rule = {"protected": ruled, "required_approvals": self.settings.required_approvals if ruled else 0, "enable_status_check": ruled and bool(self.settings.required_checks), "status_check_contexts": sorted(self.settings.required_checks) if ruled else [], "user_can_push": True, "user_can_merge": True, "effective_branch_protection_name": ""}
        return Answer(200, {"name": branch, "commit": {"id": head, "message": self.git.commit(head)["message"]}, **rule})

    def delete(self, request, branch):
        self.permission(request, "repository")
        if not self.git.head(branch):
            raise Refused(self.not_found())
        self.git.delete_branch(branch)
        self.notice()
        return Answer(204)

    def event_bodies(self, event, pull, details):
        common = {"repository": self.repo(), "sender": self.user(details["who"])}
        if event == "comment":
            kind, subtype, body = "issue_comment", "pull_request_comment", {"action": "created", "issue": self.shown(pull), "comment": self.comment(pull, details["comment"]), "is_pull": True}
        else:
            action = {"merged": "closed", "synchronize": "synchronized", "labeled": "label_updated", "unlabeled": "label_updated", "draft": "edited", "ready": "edited"}.get(event, event)
            if event.startswith("auto_merge"):
                return
            subtype = {"synchronized": "pull_request_sync", "label_updated": "pull_request_label"}.get(action, "pull_request")
            kind, body = "pull_request", {"action": action, "number": pull.number, "pull_request": self.shown(pull), "requested_reviewer": None, "commit_id": "", "review": None}
        delivery = str(uuid.uuid4())
        headers = {}
        for name in {self.header, "Gitea", "Gogs", "GitHub"}:
            headers.update({f"X-{name}-Delivery": delivery, f"X-{name}-Event": kind, f"X-{name}-Event-Type": subtype})
        yield headers, {**body, **common}

    def sign(self, headers, body, hook):
        if not hook.get("secret"):
            return {}
        digest = hmac.new(hook["secret"].encode(), body, hashlib.sha256).hexdigest()
        return {f"X-{name}-Signature": digest for name in {self.header, "Gitea", "Gogs"}} | {"X-Hub-Signature-256": "sha256=" + digest}


class Forgejo(Gitea):
    kind = "forgejo"
    header = "Forgejo"
    looks_when_scheduled = False
