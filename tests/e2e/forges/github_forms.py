"""GitHub's objects in its own form, with every field that its published description requires."""

import base64
import uuid

from .core import iso

USER_LINKS = "followers following gists starred subscriptions organizations repos events received_events".split()
REPOSITORY_LINKS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events forks "
    "git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges milestones notifications pulls "
    "releases stargazers statuses subscribers subscription tags teams trees"
).split()


def node(kind, number):
    return f"{kind}_" + base64.urlsafe_b64encode(f"{kind}:{number}".encode()).decode().rstrip("=")


def api(fake, *parts):
    return "/".join([fake.api_url, *map(str, parts)])


def user(fake, login):
    person = fake.people.get(login)
    number = person.id if person else 10137
    url = api(fake, "users", login)
    answer = {
        "login": login, "id": number, "node_id": node("U", number), "avatar_url": f"{fake.web_url}/avatars/{number}", "gravatar_id": "",
        "url": url, "html_url": f"{fake.web_url}/{login}", "type": "Bot" if person and person.bot else "User", "site_admin": False,
    }
    answer.update({name + "_url": f"{url}/{name}" for name in USER_LINKS})
    return answer


def collaborator(fake, login):
    role = fake.people[login].role
    rights = {"pull": bool(role), "triage": role in ("write", "admin"), "push": role in ("write", "admin"), "maintain": role == "admin", "admin": role == "admin"}
    return {**user(fake, login), "permissions": rights, "role_name": role or "none"}


def team(fake, slug):
    number = fake.teams[slug]
    url = api(fake, "organizations", 9, "team", number)
    return {
        "id": number, "node_id": node("T", number), "name": slug.title(), "slug": slug, "description": "", "privacy": "closed", "permission": "push",
        "url": url, "html_url": f"{fake.web_url}/orgs/{fake.owner}/teams/{slug}", "members_url": url + "/members{/member}",
        "repositories_url": url + "/repos", "parent": None, "notification_setting": "notifications_enabled", "type": "organization",
    }


def repository(fake, full=False):
    url = api(fake, "repos", fake.repository)
    web = f"{fake.web_url}/{fake.repository}"
    settings = fake.settings
    answer = {
        "id": 900, "node_id": "R_test", "name": fake.repository.split("/")[1], "full_name": fake.repository,
        "owner": {**user(fake, fake.owner), "type": "Organization"}, "private": True, "html_url": web, "description": None, "fork": False, "url": url,
        "clone_url": web + ".git", "git_url": web + ".git", "ssh_url": web + ".git", "svn_url": web, "mirror_url": None, "homepage": None,
        "language": None, "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "size": 1,
        "default_branch": "main", "open_issues": 0, "open_issues_count": 0, "has_issues": not settings.issues_disabled, "has_projects": False,
        "has_wiki": False, "has_pages": False, "has_downloads": False, "has_discussions": False, "archived": settings.archived, "disabled": False,
        "license": None, "pushed_at": "2026-08-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-08-01T00:00:00Z",
        "visibility": "private", "allow_forking": False, "is_template": False, "topics": [], "web_commit_signoff_required": False,
    }
    answer.update({name + "_url": f"{url}/{name}" for name in REPOSITORY_LINKS})
    if full:
        answer.update(
            network_count=0, subscribers_count=0, allow_auto_merge=settings.auto_merge, allow_merge_commit="merge" in settings.methods,
            allow_squash_merge="squash" in settings.methods, allow_rebase_merge="rebase" in settings.methods,
            delete_branch_on_merge=settings.delete_branch_on_merge,
            permissions={"admin": False, "maintain": False, "push": True, "triage": True, "pull": True},
        )
    return answer


def label(fake, name):
    found = fake.labels[name]
    return {"id": found.id, "node_id": node("LA", found.id), "url": api(fake, "repos", fake.repository, "labels", name), "name": name, "color": found.color, "default": False, "description": ""}


def labels(fake, pull):
    return [label(fake, name) for name in pull.labels]


def milestone(fake, title):
    number = fake.milestones[title]
    url = api(fake, "repos", fake.repository, "milestones", number)
    return {
        "url": url, "html_url": f"{fake.web_url}/{fake.repository}/milestone/{number}", "labels_url": url + "/labels", "id": number,
        "node_id": node("MI", number), "number": number, "title": title, "description": None, "creator": user(fake, "alice"), "open_issues": 0,
        "closed_issues": 0, "state": "open", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "due_on": None, "closed_at": None,
    }


def pull_url(fake, pull):
    return api(fake, "repos", fake.repository, "pulls", pull.number)


def side(fake, pull, branch, commit):
    owner = pull.from_fork if pull.from_fork and branch == pull.head else fake.owner
    repo = repository(fake)
    if owner != fake.owner:
        repo = {**repo, "full_name": f"{owner}/{repo['name']}", "owner": user(fake, owner), "fork": True, "id": 901}
    return {"label": f"{owner}:{branch}", "ref": branch, "sha": commit, "user": user(fake, owner), "repo": repo}


def pull_simple(fake, pull):
    url, web = pull_url(fake, pull), f"{fake.web_url}/{fake.repository}/pull/{pull.number}"
    issue_url = api(fake, "repos", fake.repository, "issues", pull.number)
    status_url = api(fake, "repos", fake.repository, "statuses", pull.head_commit)
    links = {
        "self": url, "html": web, "issue": issue_url, "comments": issue_url + "/comments", "review_comments": url + "/comments",
        "review_comment": api(fake, "repos", fake.repository, "pulls", "comments{/number}"), "commits": url + "/commits", "statuses": status_url,
    }
    armed = None if pull.queued else pull.auto_merge  # what is queued is no longer called armed
    return {
        "url": url, "id": 100000 + pull.number, "node_id": node("PR", pull.number), "html_url": web, "diff_url": web + ".diff", "patch_url": web + ".patch",
        "issue_url": issue_url, "commits_url": links["commits"], "review_comments_url": links["review_comments"], "review_comment_url": links["review_comment"],
        "comments_url": links["comments"], "statuses_url": status_url, "number": pull.number, "state": "open" if pull.state == "open" else "closed",
        "locked": False, "title": pull.title, "user": user(fake, pull.author), "body": pull.body or None, "labels": labels(fake, pull),
        "milestone": milestone(fake, pull.milestone) if pull.milestone else None, "active_lock_reason": None, "created_at": iso(pull.created),
        "updated_at": iso(pull.updated), "closed_at": iso(pull.closed), "merged_at": iso(pull.merged), "merge_commit_sha": pull.merge_commit or pull.head_commit,
        "assignee": user(fake, pull.assignees[0]) if pull.assignees else None, "assignees": [user(fake, p) for p in pull.assignees],
        "requested_reviewers": [user(fake, p) for p in pull.reviewers], "requested_teams": [team(fake, t) for t in pull.teams],
        "head": side(fake, pull, pull.head, pull.head_commit), "base": side(fake, pull, pull.base, pull.base_commit),
        "_links": {name: {"href": link} for name, link in links.items()}, "author_association": "CONTRIBUTOR", "draft": pull.draft,
        "auto_merge": {
            "enabled_by": user(fake, armed["by"]), "merge_method": armed.get("method", "merge"), "commit_title": armed.get("title") or "",
            "commit_message": armed.get("message") or "",
        } if armed else None,
    }


def pull(fake, it):
    mergeable, state = fake.merge_state(it)
    base = fake.git.merge_base(it.base_commit, it.head_commit) or it.base_commit
    added, deleted, files = fake.git.numbers(base, it.head_commit)
    return {
        **pull_simple(fake, it), "merged": it.state == "merged", "mergeable": mergeable, "rebaseable": mergeable, "mergeable_state": state,
        "merged_by": user(fake, it.merged_by) if it.merged_by else None, "comments": len(it.comments), "review_comments": 0,
        "maintainer_can_modify": False, "commits": len(fake.git.commits_between(base, it.head_commit)), "additions": added, "deletions": deleted,
        "changed_files": files,
    }


def issue(fake, pull):
    simple = pull_simple(fake, pull)
    url = simple["issue_url"]
    keys = "number state title body user labels milestone locked active_lock_reason created_at updated_at closed_at assignee assignees author_association html_url draft".split()
    return {
        **{key: simple[key] for key in keys}, "id": 200000 + pull.number, "node_id": simple["node_id"], "url": url,
        "repository_url": api(fake, "repos", fake.repository), "labels_url": url + "/labels{/name}", "comments_url": url + "/comments",
        "events_url": url + "/events", "comments": len(pull.comments), "state_reason": None,
        "pull_request": {"url": simple["url"], "html_url": simple["html_url"], "diff_url": simple["diff_url"], "patch_url": simple["patch_url"], "merged_at": simple["merged_at"]},
    }


def comment(fake, pull, it):
    web = f"{fake.web_url}/{fake.repository}/pull/{pull.number}#issuecomment-{it.id}"
    return {
        "url": api(fake, "repos", fake.repository, "issues", "comments", it.id), "html_url": web, "issue_url": api(fake, "repos", fake.repository, "issues", pull.number),
        "id": it.id, "node_id": node("IC", it.id), "user": user(fake, it.author), "created_at": iso(it.created), "updated_at": iso(it.created),
        "author_association": "COLLABORATOR", "body": it.body, "performed_via_github_app": None,
    }


def label_event(fake, pull, it):
    return {
        "id": it.id, "node_id": node("LE", it.id), "url": api(fake, "repos", fake.repository, "issues", "events", it.id), "actor": user(fake, it.who),
        "event": "labeled" if it.added else "unlabeled", "commit_id": None, "commit_url": None, "created_at": iso(it.created),
        "label": {"name": it.name, "color": fake.labels[it.name].color}, "performed_via_github_app": None,
    }


def status(fake, it):
    return {
        "url": api(fake, "repos", fake.repository, "statuses", it.commit), "avatar_url": None, "id": it.id, "node_id": node("SC", it.id),
        "state": it.raw.get("state", it.state), "description": it.description, "target_url": it.url, "context": it.context,
        "created_at": iso(it.created), "updated_at": iso(it.created), "creator": user(fake, it.creator),
    }


def combined(fake, sha, state, found):
    short = [{k: v for k, v in status(fake, s).items() if k != "creator"} for s in found]
    repo = {k: v for k, v in repository(fake).items()}
    url = api(fake, "repos", fake.repository, "commits", sha)
    return {"state": state, "statuses": short, "sha": sha, "total_count": len(found), "repository": repo, "commit_url": url, "url": url + "/status"}


def ref(fake, name, sha):
    return {"ref": name, "node_id": node("REF", name), "url": api(fake, "repos", fake.repository, "git", name), "object": {"sha": sha, "type": "commit", "url": api(fake, "repos", fake.repository, "git/commits", sha)}}


def tree(fake, sha):
    entries = []
    for line in fake.git.git("ls-tree", sha).splitlines():
        mode, kind, rest = line.split(" ", 2)
        entries.append({"mode": mode, "type": kind, "sha": rest.split("\t")[0], "path": rest.split("\t")[1]})
    return {"sha": sha, "url": api(fake, "repos", fake.repository, "git/trees", sha), "tree": entries, "truncated": False}


def git_commit(fake, sha, verified=False):
    found = fake.git.commit(sha)
    url = api(fake, "repos", fake.repository, "git/commits")

    def person(who):
        import time

        return {"name": who["name"], "email": who["email"], "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(who["time"]))}

    return {
        "sha": sha, "node_id": node("C", sha), "url": f"{url}/{sha}", "html_url": f"{fake.web_url}/{fake.repository}/commit/{sha}",
        "author": person(found["author"]), "committer": person(found["committer"]), "message": found["message"],
        "tree": {"sha": found["tree"], "url": api(fake, "repos", fake.repository, "git/trees", found["tree"])},
        "parents": [{"sha": p, "url": f"{url}/{p}", "html_url": f"{fake.web_url}/{fake.repository}/commit/{p}"} for p in found["parents"]],
        "verification": {"verified": verified, "reason": "valid" if verified else "unsigned", "signature": None, "payload": None, "verified_at": None},
    }


def listed_commit(fake, sha):
    made = git_commit(fake, sha)
    inner = {k: made[k] for k in ("author", "committer", "message", "tree", "url", "verification")}
    return {
        "sha": sha, "node_id": made["node_id"], "url": made["url"], "html_url": made["html_url"], "comments_url": made["url"] + "/comments",
        "commit": {**inner, "comment_count": 0}, "author": None, "committer": None, "parents": made["parents"],
    }


def installation(fake):
    return {
        "id": 777, "account": user(fake, fake.owner), "access_tokens_url": api(fake, "app/installations/777/access_tokens"),
        "repositories_url": api(fake, "installation/repositories"), "html_url": f"{fake.web_url}/installations/777", "app_id": int(fake.app["id"]),
        "app_slug": "linkspan", "target_id": 9, "target_type": "Organization", "permissions": {"contents": "write", "pull_requests": "write", "metadata": "read"},
        "events": ["pull_request"], "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "single_file_name": None,
        "repository_selection": "selected", "suspended_by": None, "suspended_at": None,
    }


ACTIONS = {
    "opened": "opened", "closed": "closed", "merged": "closed", "reopened": "reopened", "synchronize": "synchronize", "edited": "edited",
    "labeled": "labeled", "unlabeled": "unlabeled", "draft": "converted_to_draft", "ready": "ready_for_review",
    "auto_merge_enabled": "auto_merge_enabled", "auto_merge_disabled": "auto_merge_disabled",
}


def events(fake, event, it, details):
    common = {"repository": repository(fake), "sender": user(fake, details["who"])}
    headers = {"User-Agent": "GitHub-Hookshot/test", "X-GitHub-Delivery": str(uuid.uuid4()), "X-GitHub-Hook-ID": "1"}
    if event == "comment":
        body = {"action": "created", "issue": issue(fake, it), "comment": comment(fake, it, details["comment"]), **common}
        yield {**headers, "X-GitHub-Event": "issue_comment"}, body
        return
    if event not in ACTIONS:
        return
    body = {"action": ACTIONS[event], "number": it.number, "pull_request": pull(fake, it), **common}
    if event == "synchronize":
        body.update(before=details["before"], after=it.head_commit)
    if event in ("labeled", "unlabeled"):
        body["label"] = label(fake, details["label"])
    if event == "edited":
        body["changes"] = {name: {"from": before} for name, before in details["changes"].items() if name in ("title", "body")}
    yield {**headers, "X-GitHub-Event": "pull_request"}, body
