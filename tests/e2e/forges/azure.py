"""Azure DevOps: repositories of one project."""

import base64
import uuid

from .core import Answer, Fake, Refused, iso
from .git_repository import ZERO

STRATEGIES = {"noFastForward": "merge", "squash": "squash", "rebase": "rebase", "rebaseMerge": "merge"}
STATUS = {"open": "active", "closed": "abandoned", "merged": "completed"}


def guid(name):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "test:" + str(name)))


def units(text):
    """As .NET counts."""
    return len((text or "").encode("utf-16-le")) // 2


class AzureDevOps(Fake):
    kind = "azure_devops"
    default_repository = "acme/platform/fleet"  # organisation, project, repository
    closes_on_branch_deletion = False
    notices_merges_by_push = False

    def route_table(self):
        organisation, project, name = self.repository.split("/")
        repo = f"/{organisation}/{project}/_apis/git/repositories/{{repo}}"
        teams = f"/{organisation}/_apis/projects/{project}/teams"
        table = [
            ("GET", teams, "teams", lambda r: self.values([{"id": guid("team"), "name": "platform team"}])),
            ("GET", teams + "/{team}/members", "teams", lambda r, team: self.values([{"identity": self.identity(p.login)} for p in self.people.values() if p.role])),
        ]
        for word in ("pullrequests", "pullRequests"):
            pulls = f"{repo}/{word}"
            table += [
                ("GET", pulls, "find", self.list_pulls), ("POST", pulls, "open", self.create),
                ("GET", pulls + "/{n}", "get", lambda r, repo, n: Answer(200, self.alone(self.pull(n)))),
                ("PATCH", pulls + "/{n}", self.patch_operation, self.update),
                ("GET", pulls + "/{n}/labels", "labels", lambda r, repo, n: self.values([self.label(x) for x in self.pull(n).labels])),
                ("POST", pulls + "/{n}/labels", "labels", self.add_label), ("DELETE", pulls + "/{n}/labels/{name+}", "labels", self.remove_label),
                ("PUT", pulls + "/{n}/reviewers/{id}", "reviewers", self.add_reviewer),
                ("GET", pulls + "/{n}/threads", "comments", lambda r, repo, n: self.values([self.thread(c) for c in self.pull(n).comments])),
                ("POST", pulls + "/{n}/threads", "comment", self.create_thread),
            ]
        return table + [
            ("GET", repo, "repository", lambda r, repo: Answer(200, self.repo())),
            ("POST", repo + "/commits/{sha}/statuses", "status", self.create_status),
            ("GET", repo + "/commits/{sha}/statuses", "statuses", lambda r, repo, sha: self.values([self.status(s) for s in self.statuses_of(sha)])),
            ("GET", repo + "/refs", "ref", self.refs), ("POST", repo + "/refs", "delete_branch", self.update_refs),
            ("POST", repo + "/pushes", "api_commit", self.push),
            ("GET", f"/{organisation}/{project}/_apis/policy/evaluations", "policies", self.policies),
            ("GET", f"/{organisation}/_apis/connectionData", "whoami", lambda r: Answer(200, {"authenticatedUser": {"id": self.identity(r.user.login)["id"]}})),
        ]

    @staticmethod
    def patch_operation(request):
        body = request.json()
        known = {"abandoned": "close", "active": "reopen", "completed": "merge"}.get(body.get("status"))
        return known or ("auto_merge" if "autoCompleteSetBy" in body else "update")

    def error(self, status, message, key="GitArgumentException", **more):
        return Answer(status, {"$id": "1", "innerException": None, "message": message, "typeName": f"Microsoft.TeamFoundation.Git.Server.{key}, Microsoft.TeamFoundation.Git.Server", "typeKey": key, "errorCode": 0, "eventId": 3000})

    def not_found(self):
        return self.error(404, "TF401180: The requested pull request was not found.", "GitPullRequestNotFoundException")

    def unauthorized(self):
        return Answer(401, text="<html><body>Access Denied: The Personal Access Token used has expired.</body></html>", headers={"Content-Type": "text/html", "WWW-Authenticate": f'Basic realm="{self.origin}"'})

    def forbidden(self, permission):
        right = {"contents": "GenericContribute", "pull_requests": "PullRequestContribute"}.get(permission, permission)
        return self.error(403, f"TF401027: You need the Git '{right}' permission to perform this action.", "GitNeedsPermissionException")

    def login_of(self, request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            try:
                token = base64.b64decode(token).decode().split(":", 1)[1]
            except (ValueError, IndexError):
                return None
        return self.tokens.get(token)

    def before(self, request):
        if not request.one("api-version") and "preview" not in request.headers.get("accept", "") and request.method != "GET":
            raise Refused(self.error(400, "No api-version was supplied for the request. The api-version must be supplied either as part of the Accept header or as a query parameter.", "VssVersionNotSpecifiedException"))

    def fault_answer(self, rule, request):
        words = {
            "exists": (409, "TF401179: An active pull request for the source and target branch already exists.", "GitPullRequestExistsException"),
            "stale": (409, "TF401192: The source commit has changed.", "GitPullRequestStaleException"),
            "not_mergeable": (400, "TF401181: The pull request cannot be edited due to its state.", "GitPullRequestNotEditableException"),
            "invalid": (400, "TF401175: invalid argument", "InvalidArgumentValueException"),
            "no_commits": (400, "TF401398: no changes", "GitPullRequestCannotBeActivated"),
        }
        return self.error(*words[rule.fault]) if rule.fault in words else None

    @staticmethod
    def values(items):
        return Answer(200, {"value": items, "count": len(items)})

    def identity(self, login):
        person = self.people.get(login)
        return {"id": guid(login), "displayName": person.name if person else login, "uniqueName": f"{login}@example.invalid", "url": f"{self.origin}/_apis/Identities/{guid(login)}", "imageUrl": f"{self.origin}/image"}

    def repo(self):
        organisation, project, name = self.repository.split("/")
        return {"id": guid(self.repository), "name": name, "url": f"{self.api_url}/{organisation}/{project}/_apis/git/repositories/{guid(self.repository)}", "project": {"id": guid(project), "name": project, "state": "wellFormed", "visibility": "private"}, "defaultBranch": "refs/heads/main", "remoteUrl": f"{self.web_url}/{self.repository}", "webUrl": f"{self.web_url}/{organisation}/{project}/_git/{name}"}

    @staticmethod
    def label(name):
        return {"id": guid("label" + name), "name": name, "active": True}

    def thread(self, c):
        return {"id": c.id, "status": "active", "publishedDate": iso(c.created), "comments": [{"id": 1, "parentCommentId": 0, "content": c.body, "commentType": "text", "author": self.identity(c.author), "publishedDate": iso(c.created)}]}

    def shown(self, pull):
        why = "conflict" if pull.state == "open" and self.conflicts(pull) else None
        answer = {
            "pullRequestId": pull.number, "codeReviewId": pull.number, "repository": self.repo(), "status": STATUS[pull.state], "createdBy": self.identity(pull.author),
            "creationDate": iso(pull.created), "title": pull.title, "description": pull.body, "sourceRefName": "refs/heads/" + pull.head, "targetRefName": "refs/heads/" + pull.base,
            "mergeStatus": "queued" if self.computing(pull) else "conflicts" if why else "succeeded", "isDraft": pull.draft, "mergeId": guid(pull.number),
            "lastMergeSourceCommit": {"commitId": pull.head_commit}, "lastMergeTargetCommit": {"commitId": pull.base_commit},
            "reviewers": [{**self.identity(p), "vote": 10 if pull.reviews.get(p) == "approved" else 0, "isRequired": False} for p in pull.reviewers],
            "labels": [self.label(x) for x in pull.labels], "url": f"{self.repo()['url']}/pullRequests/{pull.number}", "supportsIterations": True,
        }
        if pull.merge_commit:
            answer["lastMergeCommit"] = {"commitId": pull.merge_commit}
        if pull.closed:
            answer.update(closedDate=iso(pull.closed), closedBy=self.identity(pull.closed_by or pull.merged_by or "somebody"))
        if pull.auto_merge:
            answer.update(autoCompleteSetBy=self.identity(pull.auto_merge["by"]), completionOptions=pull.auto_merge.get("options", {}))
        if pull.from_fork:
            answer["forkSource"] = {"name": "refs/heads/" + pull.head, "repository": {"id": guid("fork")}}
        return answer

    def alone(self, pull):
        """Of one pull request: only lists have its labels."""
        return {name: value for name, value in self.shown(pull).items() if name != "labels"}

    def listed(self, pull):
        """In a list: the description is cut."""
        answer = self.shown(pull)
        return {**answer, "description": answer["description"][:400]}

    def policies(self, request):
        """Optional ones, too: completing asks for the blocking ones only."""
        self.complain(request, set() if "preview" in request.one("api-version", "") else {"api-version"})
        project, number = request.one("artifactId", "").removeprefix("vstfs:///CodeReview/CodeReviewId/").split("/")
        if project != self.repo()["project"]["id"]:
            return self.error(404, "TF200016: The following project does not exist.", "ProjectDoesNotExistException")
        pull = self.pull(number)
        words = {"success": "approved", "failure": "rejected", "pending": "running"}
        states = {s.context: words[s.state] for s in self.statuses_of(pull.head_commit)}
        found = [(name, True, states.get(name, "queued")) for name in sorted(self.settings.required_checks)]
        if self.settings.required_approvals:
            found.append(("Minimum number of reviewers", True, "approved" if self.approved(pull) else "queued"))
        if self.settings.optional_checks_running:
            found.append(("Optional build", False, "running"))
        made = [{"evaluationId": guid(name), "status": status, "configuration": {"id": n, "isEnabled": True, "isBlocking": blocking, "type": {"id": guid(name), "displayName": name}}} for n, (name, blocking, status) in enumerate(found)]
        return self.values(made[int(request.one("$skip", 0)) :])

    def list_pulls(self, request, repo):
        status = request.one("searchCriteria.status", "active")
        source, target = request.one("searchCriteria.sourceRefName"), request.one("searchCriteria.targetRefName")
        found = [p for p in self._pulls.values() if status in ("all", STATUS[p.state]) and source in (None, "refs/heads/" + p.head) and target in (None, "refs/heads/" + p.base)]
        found.sort(key=lambda p: -p.number)
        skip, top = int(request.one("$skip", 0)), int(request.one("$top", 101))
        return self.values([self.listed(p) for p in found[skip : skip + min(top, self.settings.page_limit)]])

    def texts(self, body):
        if units(body.get("description")) > 4000:
            raise Refused(self.error(400, "Invalid argument value.\r\nParameter name: A description for a pull request must not be longer than 4000 characters.", "InvalidArgumentValueException"))
        if units(body.get("title")) > 400:
            raise Refused(self.error(400, "Invalid argument value.\r\nParameter name: A title must not be longer than 400 characters.", "InvalidArgumentValueException"))

    def create(self, request, repo):
        self.permission(request, "pull_requests")
        body = request.json()
        self.complain(request, set(body) - set("sourceRefName targetRefName title description isDraft labels reviewers workItemRefs completionOptions autoCompleteSetBy forkSource".split()))
        self.texts(body)
        head, base = (str(body.get(name, "")).removeprefix("refs/heads/") for name in ("sourceRefName", "targetRefName"))
        if not all(str(body.get(n, "")).startswith("refs/heads/") for n in ("sourceRefName", "targetRefName")) or not (self.git.head(head) and self.git.head(base)):
            raise Refused(self.error(400, "TF401398: The pull request cannot be activated because the source and/or the target branch no longer exists, or the requested refs are not branches", "GitPullRequestCannotBeActivated"))
        if self.existing(head, base):
            raise Refused(self.error(409, "TF401179: An active pull request for the source and target branch already exists.", "GitPullRequestExistsException"))
        reviewers = [self.person(r["id"]) for r in body.get("reviewers", [])]
        pull = self.open(request.user.login, head=head, base=base, title=body.get("title") or head, body=body.get("description") or "", draft=bool(body.get("isDraft")), reviewers=reviewers)
        self.change_labels(pull, request.user.login, add=[x["name"] for x in body.get("labels", [])])
        return Answer(201, self.alone(pull))

    def person(self, identity):
        for login, person in self.people.items():
            if guid(login) == identity and person.role:
                return login
        raise Refused(self.error(400, f"VS402881: The identity {identity} could not be resolved.", "InvalidArgumentValueException"))

    def update(self, request, repo, n):
        self.permission(request, "pull_requests")
        pull, body, who = self.pull(n), request.json(), request.user.login
        self.complain(request, set(body) - set("status title description completionOptions autoCompleteSetBy targetRefName isDraft lastMergeSourceCommit mergeOptions".split()))
        self.texts(body)
        status, options = body.get("status"), body.get("completionOptions") or {}
        if status not in (None, "active", "abandoned", "completed") or options.get("mergeStrategy") not in (None, *STRATEGIES):
            raise Refused(self.error(400, "Invalid argument value.\r\nParameter name: status", "InvalidArgumentValueException"))
        if pull.state != "open" and not (status == "active" and pull.state == "closed" and set(body) == {"status"}):
            raise Refused(self.error(400, "TF401181: The pull request cannot be edited due to its state.", "GitPullRequestNotEditableException"))
        changes = {own: body[name] for own, name in (("title", "title"), ("body", "description"), ("draft", "isDraft")) if name in body}
        if "targetRefName" in body:
            base = body["targetRefName"].removeprefix("refs/heads/")
            if not self.settings.retargeting:
                raise Refused(self.error(400, "TF401398: The target branch of the pull request cannot be changed.", "GitPullRequestUpdateRejectedException"))
            changes["base"] = base
        self.edit(pull, who, **changes)
        if status == "abandoned":
            self.close(pull, who)
        elif status == "active" and pull.state == "closed":
            if not self.git.head(pull.head):
                raise Refused(self.error(400, "TF401398: The pull request cannot be activated because the source and/or the target branch no longer exists, or the requested refs are not branches", "GitPullRequestCannotBeActivated"))
            self.reopen(pull, who)
        arguments = {"method": STRATEGIES[options.get("mergeStrategy", "noFastForward")], "title": options.get("mergeCommitMessage"), "delete_branch": bool(options.get("deleteSourceBranch"))}
        if "autoCompleteSetBy" in body:
            setter = (body["autoCompleteSetBy"] or {}).get("id")
            if setter in (None, guid(""), "00000000-0000-0000-0000-000000000000"):
                self.disarm(pull, who)
            else:
                self.arm(pull, self.person(setter), options=options, **arguments)
                self.try_auto_merge()
        if status == "completed":
            if (body.get("lastMergeSourceCommit") or {}).get("commitId") != pull.head_commit:
                raise Refused(self.error(409, "TF401192: The source branch has been modified since the last merge attempt.", "GitPullRequestStaleException"))
            why = self.why_blocked(pull)
            if why == "conflict":
                raise Refused(self.error(409, "TF401192: The pull request has conflicts.", "GitPullRequestStaleException"))
            if why:
                raise Refused(self.error(403, "TF401027: The pull request does not meet all branch policies.", "GitPullRequestUpdateRejectedByPolicyException"))
            self.merge(pull, who, **arguments)
        return Answer(200, self.alone(pull))

    def add_label(self, request, repo, n):
        if not request.json().get("name"):
            raise Refused(self.error(400, "Value cannot be null. Parameter name: name", "ArgumentNullException"))
        self.change_labels(self.pull(n), request.user.login, add=[request.json()["name"]])
        return Answer(200, self.label(request.json()["name"]))

    def remove_label(self, request, repo, n, name):
        self.change_labels(self.pull(n), request.user.login, remove=[x for x in self.pull(n).labels if name in (x, guid("label" + x))])
        return Answer(200)

    def add_reviewer(self, request, repo, n, id):
        pull, login = self.pull(n), self.person(id)
        if login not in pull.reviewers:
            pull.reviewers.append(login)
        return Answer(200, {**self.identity(login), "vote": 0, "isRequired": False})

    def create_thread(self, request, repo, n):
        pull = self.pull(n)
        return Answer(200, self.thread(self.add_comment(pull, request.user.login, request.json()["comments"][0]["content"])))

    def status(self, s):
        genre, _, name = s.context.rpartition("/")
        state = {"success": "succeeded", "failure": "failed"}.get(s.state, s.state)
        return {"id": s.id, "state": s.raw.get("state", state), "description": s.description, "context": s.raw.get("context", {"genre": genre, "name": name}), "creationDate": iso(s.created), "createdBy": self.identity(s.creator), "targetUrl": s.url}

    def create_status(self, request, repo, sha):
        body = request.json()
        states = {"notSet": "pending", "pending": "pending", "succeeded": "success", "failed": "failure", "error": "failure", "notApplicable": "success"}
        context = body.get("context") or {}
        if body.get("state") not in states or not context.get("name"):
            raise Refused(self.error(400, "The status context name is required.", "InvalidArgumentValueException"))
        name = "/".join(filter(None, (context.get("genre"), context["name"])))
        return Answer(201, self.status(self.add_status(sha, name, states[body["state"]], body.get("description"), body.get("targetUrl"), request.user.login, body)))

    def refs(self, request, repo):
        wanted = "refs/" + request.one("filter", "")
        return self.values([{"name": "refs/heads/" + b, "objectId": c, "url": ""} for b, c in self.git.branches().items() if ("refs/heads/" + b).startswith(wanted)])

    def update_refs(self, request, repo):
        self.permission(request, "contents")
        answers = []
        for change in request.json():
            branch, now_at = change["name"].removeprefix("refs/heads/"), self.git.head(change["name"].removeprefix("refs/heads/"))
            good, status = (now_at or ZERO) == change["oldObjectId"], "succeeded"
            if now_at is None and change["newObjectId"] == ZERO:
                good, status = True, "succeededNonExistentRef"
            elif good and change["newObjectId"] == ZERO:
                self.git.delete_branch(branch)
            elif good:
                self.git.set_ref(change["name"], change["newObjectId"])
            answers.append({**change, "success": good, "updateStatus": status if good else "staleOldObjectId"})
        return self.values(answers)

    def push(self, request, repo):
        self.permission(request, "contents")
        update, commit = request.json()["refUpdates"][0], request.json()["commits"][0]
        now_at = self.git.head(update["name"].removeprefix("refs/heads/")) or ZERO
        base = update["oldObjectId"]
        if now_at != base and now_at != ZERO:
            raise Refused(self.error(409, f"TF401028: The reference '{update['name']}' has already been updated by another client, so you cannot update it. Please try again.", "GitReferenceStaleException"))
        edits = []
        for change in commit["changes"]:
            content = change["newContent"]
            raw = base64.b64decode(content["content"]) if content.get("contentType") == "base64encoded" else content["content"].encode()
            edits.append((change["item"]["path"].lstrip("/"), "100644", self.git.write_blob(raw)))
        made = self.git.commit_tree(self.git.write_tree(base, edits), [base], commit["comment"])
        self.git.set_ref(update["name"], made)
        return Answer(201, {"pushId": 1, "commits": [{"commitId": made}], "refUpdates": [{**update, "newObjectId": made}]})

    def event_bodies(self, event, pull, details):
        kind = {"opened": "created", "merged": "merged"}.get(event, "updated")
        name = "ms.vss-code.git-pullrequest-comment-event" if event == "comment" else "git.pullrequest." + kind
        resource = {"comment": self.thread(details["comment"])["comments"][0], "pullRequest": self.shown(pull)} if event == "comment" else self.shown(pull)
        yield {}, {"subscriptionId": guid("hook"), "notificationId": self.new_id(), "id": str(uuid.uuid4()), "eventType": name, "publisherId": "tfs", "message": {"text": event}, "resource": resource, "resourceVersion": "1.0", "createdDate": iso(pull.updated)}

    def sign(self, headers, body, hook):
        return {"Authorization": "Basic " + base64.b64encode(f"linkspan:{hook['secret']}".encode()).decode()} if hook.get("secret") else {}
