"""GitLab."""

import base64
import hashlib
import hmac
import time
import urllib.parse
import uuid

from .core import Answer, Fake, Refused, iso
from .git_repository import Conflict, Moved, ZERO

DRAFT = ("draft:", "[draft]", "(draft)")


class GitLab(Fake):
    kind = "gitlab"
    default_base_path = "/api/v4"
    closes_on_branch_deletion = False

    def __init__(self, *arguments, **options):
        self.old_names = set()  # paths that it had before it was moved
        super().__init__(*arguments, **options)

    def rename(self, name):
        with self._lock:
            self.old_names.add(self.repository)
            self.repository = name

    def route_table(self):
        p, merge_requests = "/projects/{p}", "/projects/{p}/merge_requests"
        mr = merge_requests + "/{n}"

        def project(handler):
            def checked(request, p, **more):
                if p in self.old_names:
                    if request.method != "GET":
                        raise Refused(self.error(405, "Non GET methods are not allowed for moved projects"))
                    place = self.origin + request.target.replace("/projects/" + urllib.parse.quote(p, safe=""), "/projects/1", 1)
                    raise Refused(Answer(301, {"message": "This resource has been moved permanently to " + place}, {"Location": place}))
                if p not in ("1", self.repository):
                    raise Refused(self.error(404, "404 Project Not Found"))
                return handler(request, **more)

            return checked

        table = [
            ("GET", p, "repository", lambda r: Answer(200, self.project())),
            ("GET", merge_requests, "find", self.list_mrs),
            ("POST", merge_requests, "open", self.create),
            ("GET", mr, "get", lambda r, n: Answer(200, self.shown_alone(self.pull(n)))),
            ("PUT", mr, lambda r: {"close": "close", "reopen": "reopen"}.get(r.json().get("state_event"), "update"), self.update),
            ("PUT", mr + "/merge", lambda r: "auto_merge" if self.wants_auto(r.json()) else "merge", self.merge_call),
            ("POST", mr + "/cancel_merge_when_pipeline_succeeds", "disarm", self.cancel),
            ("GET", mr + "/resource_label_events", "label_events", lambda r, n: self.paged(r, self.pull(n).label_events, lambda e: self.label_event(self.pull(n), e))),
            ("GET", mr + "/notes", "comments", lambda r, n: self.paged(r, self.pull(n).comments, self.note)),
            ("POST", mr + "/notes", "comment", self.create_note),
            ("GET", mr + "/pipelines", "pipelines", lambda r, n: Answer(200, [self.pipeline(self.pull(n))] if self.settings.has_ci else [])),
            ("POST", p + "/merge_trains/merge_requests/{n}", "auto_merge", self.train),
            ("GET", p + "/milestones", "milestones", lambda r: self.paged(r, [t for t in self.milestones if r.one("title") in (None, t)], lambda t: {"id": self.milestones[t], "iid": 1, "project_id": 1, "title": t, "description": "", "state": "active", "web_url": self.web_url})),
            ("POST", p + "/statuses/{sha}", "status", self.create_status),
            ("GET", p + "/repository/commits/{sha}/statuses", "statuses", lambda r, sha: self.paged(r, [s for s in self.statuses if s.commit == sha], self.status)),
            ("POST", p + "/repository/commits", "api_commit", self.commit),
            ("GET", p + "/repository/branches/{b}", "ref", self.branch),
            ("GET", p + "/repository/commits/{sha}", "commit", self.get_commit),
            ("DELETE", p + "/repository/branches/{b}", "delete_branch", self.delete),
            ("GET", p + "/members/all/{id}", "may_write", self.member),
            ("GET", p + "/members/all", "may_write", lambda r: self.paged(r, [x for x in self.people.values() if x.role and (r.one("query") or "") in x.login], self.member_form)),
        ]
        return [("GET", "/user", "whoami", lambda r: Answer(200, self.user(r.user.login))),
                ("GET", "/users", "user", lambda r: Answer(200, [self.user(x) for x in self.people if x.lower() == (r.one("username") or x).lower()])),
                ("GET", "/version", "version", lambda r: Answer(200, {"version": self.settings.version or "18.2.0-ee", "revision": "abc"}))] + [
            (method, path, operation, project(handler)) for method, path, operation, handler in table]

    def error(self, status, message, **more):
        return Answer(status, {"message": message, **more})

    def not_found(self):
        return self.error(404, "404 Not found")

    def unauthorized(self):
        return self.error(401, "401 Unauthorized")

    def forbidden(self, permission):
        if permission in ("merge", "contents"):
            return self.error(403, "403 Forbidden")
        return Answer(403, {"error": "insufficient_scope", "error_description": "The request requires higher privileges than provided by the access token.", "scope": "api"})

    def login_of(self, request):
        token = request.headers.get("private-token")
        if token is None:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme != "Bearer":
                return None
        return self.tokens.get(token)

    def common_headers(self, request):
        return {"RateLimit-Limit": "2000", "RateLimit-Remaining": "1990", "RateLimit-Reset": str(int(time.time()) + 60), "X-Request-Id": uuid.uuid4().hex}

    def fault_answer(self, rule, request):
        after = {"Retry-After": str(rule.retry_after)} if rule.retry_after is not None else {}
        if rule.fault in ("rate_limit", "secondary_limit"):
            return Answer(429, text="Retry later\n", headers={"Content-Type": "text/plain", "RateLimit-Remaining": "0", **after})
        words = {
            "exists": (409, ["Another open merge request already exists for this source branch: !7"]),
            "stale": (409, "SHA does not match HEAD of source branch: " + ZERO), "not_mergeable": (405, "405 Method Not Allowed"),
            "invalid": (400, {"title": ["can't be blank"]}), "no_commits": (422, "Branch cannot be merged"),
        }
        return self.error(*words[rule.fault]) if rule.fault in words else None

    def user(self, login):
        person = self.people.get(login)
        return {"id": person.id if person else 1, "username": login, "name": person.name if person else login, "state": "active" if person and person.role else "blocked", "locked": False, "avatar_url": None, "web_url": f"{self.web_url}/{login}"}

    def project(self):
        return {"id": 1, "name": "fleet", "path": "fleet", "path_with_namespace": self.repository, "default_branch": "main", "web_url": f"{self.web_url}/{self.repository}", "merge_method": "merge", "squash_option": "default_off", "archived": self.settings.archived, "only_allow_merge_if_pipeline_succeeds": bool(self.settings.required_checks), "merge_trains_enabled": self.settings.merge_queue, "merge_pipelines_enabled": self.settings.merge_queue}

    def pipeline(self, pull):
        status = {"success": "success", None: "success", "pending": "running", "failure": "failed"}[self.checks(pull)]
        return {"id": 4000 + pull.number, "iid": pull.number, "project_id": 1, "sha": pull.head_commit, "ref": pull.head, "status": status, "source": "merge_request_event", "created_at": iso(pull.created), "updated_at": iso(pull.updated), "web_url": f"{self.web_url}/{self.repository}/-/pipelines/1"}

    def is_draft(self, pull):
        return pull.title.lower().startswith(DRAFT)

    def why_blocked(self, pull):
        return "draft" if self.is_draft(pull) else super().why_blocked(pull)

    def keeps_auto_merge_on_push(self):
        return False

    def merge_status(self, pull):
        if pull.state != "open":
            return "not_open"
        if self.computing(pull):
            return "checking"
        if not self.git.head(pull.head):
            return "broken_status"
        why = self.why_blocked(pull)
        return {None: "mergeable", "draft": "draft_status", "conflict": "conflict", "checks": "ci_still_running", "checks_failed": "ci_must_pass", "reviews": "not_approved", "behind": "need_rebase"}[why]

    def shown(self, pull):
        detailed = self.merge_status(pull)
        ref = f"!{pull.number}"
        armed = pull.auto_merge
        return {
            "id": 3000 + pull.number, "iid": pull.number, "project_id": 1, "title": pull.title, "description": pull.body,
            "state": {"open": "opened"}.get(pull.state, pull.state), "created_at": iso(pull.created), "updated_at": iso(pull.updated),
            "merged_by": self.user(pull.merged_by) if pull.merged_by else None, "merge_user": self.user(armed["by"]) if armed else None, "merged_at": iso(pull.merged),
            "closed_by": self.user(pull.closed_by) if pull.closed_by else None, "closed_at": iso(pull.closed) if pull.state == "closed" else None,
            "target_branch": pull.base, "source_branch": pull.head, "user_notes_count": len(pull.comments), "upvotes": 0, "downvotes": 0, "author": self.user(pull.author),
            "assignees": [self.user(p) for p in pull.assignees], "assignee": self.user(pull.assignees[0]) if pull.assignees else None,
            "reviewers": [self.user(p) for p in pull.reviewers], "source_project_id": 2 if pull.from_fork else 1, "target_project_id": 1, "labels": list(pull.labels),
            "draft": self.is_draft(pull), "work_in_progress": self.is_draft(pull), "imported": False, "imported_from": "none",
            "milestone": {"id": self.milestones[pull.milestone], "title": pull.milestone} if pull.milestone else None,
            "merge_when_pipeline_succeeds": bool(armed) or pull.queued, "merge_status": {"mergeable": "can_be_merged", "checking": "checking", "conflict": "cannot_be_merged"}.get(detailed, "can_be_merged"),
            "detailed_merge_status": detailed, "sha": pull.head_commit, "merge_commit_sha": pull.merge_commit, "squash_commit_sha": None, "discussion_locked": None,
            "should_remove_source_branch": None, "force_remove_source_branch": pull.delete_branch, "prepared_at": iso(pull.created), "reference": ref,
            "references": {"short": ref, "relative": ref, "full": self.repository + ref}, "web_url": f"{self.web_url}/{self.repository}/-/merge_requests/{pull.number}",
            "time_stats": {"time_estimate": 0, "total_time_spent": 0, "human_time_estimate": None, "human_total_time_spent": None}, "squash": False,
            "task_completion_status": {"count": 0, "completed_count": 0}, "has_conflicts": detailed == "conflict", "blocking_discussions_resolved": True,
            "approvals_before_merge": None,
        }

    def shown_alone(self, pull):
        """What lists leave out."""
        return {
            **self.shown(pull), "subscribed": True, "changes_count": "1", "head_pipeline": self.pipeline(pull) if self.settings.has_ci else None,
            "diff_refs": {"base_sha": pull.base_commit, "head_sha": pull.head_commit, "start_sha": pull.base_commit}, "merge_error": None, "user": {"can_merge": "merge" not in self.lacking},
        }

    def paged(self, request, items, form):
        shown, page, size, pages = self.page(request, items, default=20)
        headers = {"X-Page": str(page), "X-Per-Page": str(size), "X-Total": str(len(items)), "X-Total-Pages": str(pages), "X-Next-Page": str(page + 1) if page < pages else ""}
        links = [f'<{self.page_url(request, page=page + 1, per_page=size)}>; rel="next"'] if page < pages else []
        headers["Link"] = ", ".join([*links, f'<{self.page_url(request, page=1, per_page=size)}>; rel="first"'])
        return Answer(200, [form(item) for item in shown], headers)

    def list_mrs(self, request):
        state = request.one("state", "all")
        if state not in ("opened", "closed", "merged", "locked", "all"):
            raise Refused(Answer(400, {"error": "state does not have a valid value"}))
        found = [p for p in self._pulls.values() if state in ("all", {"open": "opened"}.get(p.state, p.state)) and request.one("source_branch") in (None, p.head) and request.one("target_branch") in (None, p.base)]
        found.sort(key=lambda p: p.number, reverse=request.one("sort", "desc") == "desc")
        return self.paged(request, found, self.shown)

    def ids(self, wanted):
        logins = {person.id: login for login, person in self.people.items()}
        wanted = wanted if isinstance(wanted, list) else [wanted]
        # Who isn't a member is left out without a word; 0 empties the list.
        return [logins[i] for i in wanted if i in logins and self.people[logins[i]].role]

    @staticmethod
    def names(labels):
        return [x.strip() for x in (labels.split(",") if isinstance(labels, str) else labels) if x.strip()]

    def create(self, request):
        self.permission(request, "api")
        body = request.json()
        for name in ("title", "source_branch", "target_branch"):
            if name not in body:
                raise Refused(Answer(400, {"error": f"{name} is missing"}))
        self.complain(request, set(body) - set("title source_branch target_branch description labels assignee_id assignee_ids reviewer_ids milestone_id remove_source_branch squash target_project_id allow_collaboration approvals_before_merge id merge_after".split()))
        self.texts(body)
        if body["source_branch"] == body["target_branch"]:
            raise Refused(self.error(422, ["You can't use same project/branch for source and target"]))
        for name in ("source_branch", "target_branch"):
            if not self.git.head(body[name]):
                raise Refused(self.error(400, {"validate_branches": [f"{name.capitalize().replace('_', ' ')} \"{body[name]}\" does not exist"]}))
        old = self.existing(body["source_branch"], body["target_branch"])
        if old:
            raise Refused(self.error(409, [f"Another open merge request already exists for this source branch: !{old.number}"]))
        who = request.user.login
        pull = self.open(who, head=body["source_branch"], base=body["target_branch"], title=body["title"], body=body.get("description") or "", delete_branch=bool(body.get("remove_source_branch")), assignees=self.ids(body.get("assignee_ids", [])), reviewers=self.ids(body.get("reviewer_ids", []))[:100])
        self.change_labels(pull, who, add=self.names(body.get("labels", [])))
        return Answer(201, self.shown_alone(pull))

    def texts(self, body):
        if len(body.get("title", "")) > 255:
            raise Refused(self.error(400, {"title": ["is too long (maximum is 255 characters)"]}))
        if len(body.get("description") or "") > 1048576:
            raise Refused(self.error(400, {"description": ["is too long (maximum is 1048576 characters)"]}))

    def update(self, request, n):
        self.permission(request, "api")
        pull, body, who = self.pull(n), request.json(), request.user.login
        known = set("title description target_branch state_event add_labels remove_labels labels assignee_id assignee_ids reviewer_ids milestone_id remove_source_branch squash discussion_locked".split())
        self.complain(request, set(body) - known)
        if not set(body) & known:
            raise Refused(Answer(400, {"error": ", ".join(sorted(known)) + " are missing, at least one parameter must be provided"}))
        self.texts(body)
        if body.get("state_event") not in (None, "close", "reopen"):
            raise Refused(Answer(400, {"error": "state_event does not have a valid value"}))
        changes = {own: body[name] or "" for own, name in (("title", "title"), ("body", "description"), ("base", "target_branch")) if name in body}
        if "reviewer_ids" in body:
            changes["reviewers"] = self.ids(body["reviewer_ids"])
        if "assignee_ids" in body:
            changes["assignees"] = self.ids(body["assignee_ids"])
        if "milestone_id" in body:
            changes["milestone"] = {v: k for k, v in self.milestones.items()}.get(body["milestone_id"])
        if "remove_source_branch" in body:
            changes["delete_branch"] = bool(body["remove_source_branch"])
        self.edit(pull, who, **changes)
        if "labels" in body:
            wanted = self.names(body["labels"])
            self.change_labels(pull, who, add=wanted, remove=[x for x in pull.labels if x not in wanted])
        self.change_labels(pull, who, add=self.names(body.get("add_labels", [])), remove=self.names(body.get("remove_labels", [])))
        if body.get("state_event") == "close":
            self.close(pull, who)
        elif body.get("state_event") == "reopen" and pull.state == "closed":
            old = self.existing(pull.head, pull.base)
            if old:
                raise Refused(self.error(409, [f"Another open merge request already exists for this source branch: !{old.number}"]))
            self.reopen(pull, who)
        return Answer(200, self.shown_alone(pull))

    @staticmethod
    def wants_auto(body):
        return bool(body.get("auto_merge") or body.get("merge_when_pipeline_succeeds"))

    def merge_call(self, request, n):
        pull, body, who = self.pull(n), request.json(), request.user.login
        if "merge" in self.lacking:
            raise Refused(self.error(401, "401 Unauthorized"))
        self.complain(request, set(body) - set("sha squash should_remove_source_branch merge_commit_message squash_commit_message auto_merge merge_when_pipeline_succeeds skip_merge_train".split()))
        if self.settings.require_sha_for_merge and not body.get("sha"):
            raise Refused(self.error(400, "The `sha` parameter must be passed when merging"))
        if body.get("sha") and body["sha"] != pull.head_commit:
            raise Refused(self.error(409, f"SHA does not match HEAD of source branch: {pull.head_commit}"))
        method = "squash" if body.get("squash") else "merge"
        message = body.get("squash_commit_message" if method == "squash" else "merge_commit_message")
        options = {"title": message, "delete_branch": bool(body.get("should_remove_source_branch"))}
        status = self.merge_status(pull)
        if self.wants_auto(body):
            running = self.settings.has_ci and status in ("ci_still_running", "not_approved")
            # As of 18: what has no pipeline, or a green one, is merged at once.
            if not (running or status == "mergeable"):
                raise Refused(self.error(405, "405 Method Not Allowed"))
            if running:
                self.arm(pull, who, method=method, **options)
                return Answer(200, self.shown_alone(pull))
        if status in ("conflict", "broken_status"):
            raise Refused(self.error(422, "Branch cannot be merged"))
        if status != "mergeable":
            raise Refused(self.error(405, "405 Method Not Allowed"))
        self.merge(pull, who, method, **options)
        return Answer(200, self.shown_alone(pull))

    def train(self, request, n):
        pull, body = self.pull(n), request.json()
        if not self.settings.merge_queue:
            raise Refused(self.error(403, "403 Forbidden"))
        if body.get("sha") and body["sha"] != pull.head_commit:
            raise Refused(self.error(409, "SHA does not match HEAD of source branch"))
        pull.queued = True
        return Answer(201 if not body.get("auto_merge") else 202, [])

    def cancel(self, request, n):
        pull = self.pull(n)
        # What the service behind it says is sent as it is, and never as an error.
        if not pull.auto_merge and not pull.queued:
            return Answer(201, {"message": "Can't cancel the automatic merge", "status": "error", "http_status": 406})
        self.disarm(pull, request.user.login)
        return Answer(201, {"status": "success"})

    def note(self, c):
        return {"id": c.id, "type": None, "body": c.body, "author": self.user(c.author), "created_at": iso(c.created), "updated_at": iso(c.created), "system": c.system, "noteable_type": "MergeRequest", "noteable_id": 1, "resolvable": False, "confidential": False, "internal": False, "noteable_iid": 1}

    def label_event(self, pull, e):
        label = {"id": self.labels[e.name].id, "name": e.name, "color": "#" + self.labels[e.name].color, "description": None}
        return {"id": e.id, "user": self.user(e.who), "created_at": iso(e.created), "resource_type": "MergeRequest", "resource_id": pull.number, "label": label, "action": "add" if e.added else "remove"}

    def create_note(self, request, n):
        self.permission(request, "api")
        pull = self.pull(n)
        if not request.json().get("body"):
            raise Refused(Answer(400, {"error": "body is missing"}))
        return Answer(201, self.note(self.add_comment(pull, request.user.login, request.json()["body"])))

    def status(self, s):
        return {"id": s.id, "sha": s.commit, "ref": s.raw.get("ref"), "status": s.raw.get("state"), "name": s.context, "target_url": s.url, "description": s.description, "created_at": iso(s.created), "started_at": None, "finished_at": None, "allow_failure": False, "coverage": None, "pipeline_id": 4000, "author": self.user(s.creator)}

    def create_status(self, request, sha):
        self.permission(request, "api")
        body = {**{k: v[-1] for k, v in request.query.items()}, **request.json()}
        states = {"pending": "pending", "running": "pending", "success": "success", "failed": "failure", "canceled": "failure", "skipped": "success"}
        if body.get("state") not in states:
            raise Refused(Answer(400, {"error": "state does not have a valid value"}))
        if not self.git.resolve(sha):
            raise Refused(self.error(404, "404 Commit Not Found"))
        name = body.get("name") or body.get("context") or "default"
        last = next((s for s in reversed(self.statuses) if s.commit == sha and s.context == name), None)
        if last and last.raw.get("state") == body["state"]:
            raise Refused(self.error(400, "Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via \"enqueue\")"))
        return Answer(201, self.status(self.add_status(sha, name, states[body["state"]], body.get("description"), body.get("target_url"), request.user.login, body)))

    def commit(self, request):
        self.permission(request, "api")
        body = request.json()
        for name in ("branch", "commit_message", "actions"):
            if name not in body:
                raise Refused(Answer(400, {"error": f"{name} is missing"}))
        head = self.git.head(body["branch"])
        start = body.get("start_sha") or self.git.head(body.get("start_branch") or body["branch"])
        if head and (body.get("start_sha") or body.get("start_branch")) and not body.get("force"):
            raise Refused(self.error(400, f"A branch called '{body['branch']}' already exists. Switch to that branch in order to make changes"))
        if not start:
            raise Refused(self.error(400, "You can only create or edit files when you are on a branch"))
        edits = []
        for action in body["actions"]:
            old = self.git.file(start, action["file_path"])
            if action["action"] in ("update", "delete") and not old:
                raise Refused(self.error(400, "A file with this name doesn't exist"))
            if action["action"] == "create" and old:
                raise Refused(self.error(400, "A file with this name already exists"))
            raw = base64.b64decode(action["content"]) if action.get("encoding") == "base64" else action.get("content", "").encode()
            edits.append((action["file_path"], old[0] if old else "100644", None if action["action"] == "delete" else self.git.write_blob(raw)))
        made = self.git.commit_tree(self.git.write_tree(start, edits), [start], body["commit_message"])
        try:
            self.git.set_ref("refs/heads/" + body["branch"], made, head or ZERO)
        except Moved as error:
            raise Refused(self.error(400, str(error))) from None
        return Answer(201, {"id": made, "short_id": made[:8], "title": body["commit_message"].split("\n")[0], "message": body["commit_message"], "parent_ids": [start]})

    def get_commit(self, request, sha):
        made = self.git.commit(sha)
        return Answer(200, {"id": sha, "message": made["message"], "parent_ids": made["parents"]})

    def branch(self, request, b):
        head = self.git.head(b)
        if not head:
            raise Refused(self.error(404, "404 Branch Not Found"))
        return Answer(200, {"name": b, "commit": {"id": head}, "merged": False, "protected": False, "default": b == "main", "can_push": True})

    def delete(self, request, b):
        self.permission(request, "contents")
        if not self.git.head(b):
            raise Refused(self.error(404, "404 Branch Not Found"))
        self.git.delete_branch(b)
        return Answer(204)

    def member_form(self, person):
        return {**self.user(person.login), "access_level": {"admin": 40, "write": 30, "read": 20}[person.role], "expires_at": None}

    def member(self, request, id):
        person = next((x for x in self.people.values() if str(x.id) == id and x.role), None)
        if not person:
            raise Refused(self.error(404, "404 Not found"))
        return Answer(200, self.member_form(person))

    def event_bodies(self, event, pull, details):
        user = self.user(details["who"])
        common = {"user": {**user, "email": "[REDACTED]"}, "project": {**self.project(), "git_http_url": f"{self.web_url}/{self.repository}.git"}, "repository": {"name": "fleet"}}
        shown = self.shown(pull)
        keys = "id iid title description state source_branch target_branch source_project_id target_project_id merge_commit_sha detailed_merge_status draft created_at updated_at".split()
        attributes = {**{k: shown[k] for k in keys}, "url": shown["web_url"], "last_commit": {"id": pull.head_commit}, "labels": [{"title": x} for x in pull.labels]}
        if event == "comment":
            c = details["comment"]
            yield {"X-Gitlab-Event": "Note Hook"}, {"object_kind": "note", "event_type": "note", **common, "object_attributes": {"id": c.id, "note": c.body, "noteable_type": "MergeRequest", "action": "create", "system": False}, "merge_request": attributes}
            return
        changes = {}
        if event in ("labeled", "unlabeled"):
            others, one = [x for x in pull.labels if x != details["label"]], [details["label"]]
            before, after = (others, others + one) if event == "labeled" else (others + one, others)
            changes["labels"] = {"previous": [{"title": x} for x in before], "current": [{"title": x} for x in after]}
        action = {"opened": "open", "closed": "close", "merged": "merge", "reopened": "reopen"}.get(event, "update")
        attributes["action"] = action
        if event == "synchronize":
            attributes["oldrev"] = details["before"]
        yield {"X-Gitlab-Event": "Merge Request Hook"}, {"object_kind": "merge_request", "event_type": "merge_request", **common, "object_attributes": attributes, "labels": attributes["labels"], "changes": changes, "assignees": shown["assignees"], "reviewers": shown["reviewers"]}

    def sign(self, headers, body, hook):
        unique = str(uuid.uuid4())
        answer = {"X-Gitlab-Event-UUID": unique, "Idempotency-Key": unique, "X-Gitlab-Instance": self.web_url, "User-Agent": "GitLab/18.2.0"}
        if hook.get("secret"):
            answer["X-Gitlab-Token"] = hook["secret"]
        if hook.get("signing_token"):
            stamp = str(int(time.time()))
            key = base64.b64decode(hook["signing_token"].removeprefix("whsec_"))
            mac = hmac.new(key, f"{unique}.{stamp}.".encode() + body, hashlib.sha256).digest()
            answer.update({"webhook-id": unique, "webhook-timestamp": stamp, "webhook-signature": "v1," + base64.b64encode(mac).decode()})
        return answer
