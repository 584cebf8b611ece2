"""What the suites of pull requests share: a target that proposes, on every platform, beside each other."""

import concurrent.futures
import functools
import json
import os
import pathlib
import re
import shutil
import unittest
import uuid

import forges
import real_parts
from real_parts import git, wait_until
from test_main_job import APP, Fleet

KINDS = ("github_enterprise", "gitlab", "gitea", "forgejo", "bitbucket_cloud", "bitbucket_data_center", "azure_devops")
# Who has what, as docs/forges.md says.
BITBUCKET = ("bitbucket_cloud", "bitbucket_data_center")
LABELS = tuple(k for k in KINDS if k not in BITBUCKET)
ASSIGNEES = MILESTONES = ("github_enterprise", "gitlab", "gitea", "forgejo")
TEAMS = ("github_enterprise", "gitea", "forgejo")
AUTO_MERGE = tuple(k for k in KINDS if k != "bitbucket_cloud")
REOPENING = AUTO_MERGE
CODEOWNERS = tuple(k for k in KINDS if k != "azure_devops")
API_COMMITS = ("github_enterprise", "gitlab")

ONLY = os.environ.get("LINKSPAN_FORGE_KINDS", "").split()  # empty: all
# So many platforms at a time: a test waits more than it works.
BESIDE = int(os.environ.get("LINKSPAN_FORGES_BESIDE", "6"))
TYPES = {"github_enterprise": "github"}
PLACES = {"bitbucket_data_center": "ACME/fleet", "azure_devops": "acme/platform/fleet"}
RECEIVERS = {"github_enterprise": "github", "bitbucket_cloud": "bitbucket", "bitbucket_data_center": "bitbucket_server", "azure_devops": "azuredevops", "forgejo": "gitea"}
SECRET = "test-forge-secret-not-a-secret"
OPERATOR = {"Authorization": "Bearer test-operator-token"}
FILE = "clusters/prod/app.yaml"
KUSTOMIZATION = "clusters/prod/kustomization.yaml"
PLACE = "/v1/targets/prod/policies/flux-system%3Aapp"
WAIT = real_parts.PATIENCE
NEVER = ["2020-01-01/2020-01-02 UTC", "2099-01-01/2099-01-02 UTC"]  # windows that are closed


def each(*kinds):
    """The test on every platform (or these), each in an object of its own with its own registry, repository, platform and service."""

    def decorate(test):
        @functools.wraps(test)
        def run(self):
            wanted = [kind for kind in kinds or KINDS if not ONLY or kind in ONLY]
            with concurrent.futures.ThreadPoolExecutor(BESIDE) as threads:
                ends = {kind: threads.submit(self.alone, kind, test) for kind in wanted}
            for kind, end in ends.items():
                with self.subTest(kind):
                    if end.exception() is not None:
                        raise end.exception()

        return run

    return decorate


class Proposing(Fleet):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.root = self.directory
        self._cleanups.clear()  # each platform's parts end with it; the folder ends in tearDown()

    def tearDown(self):
        if not os.environ.get("LINKSPAN_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)

    def alone(self, kind, test):
        one = type(self)(self._testMethodName)
        one.kind = kind
        one.directory = self.root / kind
        one.directory.mkdir()
        os.chmod(one.directory, 0o755)
        one.linkspan_port = real_parts.free_port()
        try:
            test(one)
            one.assertEqual(list(one.forge.complaints), [], "fields that the platform ignores")
        finally:
            one.doCleanups()

    def fleet(self, pull_request=None, target=None, poll="1s", policies=None, files=None, forge=None, start=True, events=False, url=None):
        self.images = self.registry(notify=False)
        self.images.push(APP, "1.0.0")
        self.git = self.repository(self.images.host, files)
        self.forge = forges.start(self.kind, str(self.git.bare))
        self.addCleanup(self.forge.stop)
        web = self.forge.origin + (self.forge.base_path.removesuffix(self.forge.default_base_path) if self.forge.default_base_path else self.forge.base_path)
        settings = {"type": TYPES.get(self.kind, self.kind), "url": web, "project": PLACES.get(self.kind, "acme/fleet"),
                    "token": {"env": "FORGE"}, "poll": poll}
        if self.kind == "azure_devops":
            settings["url"] = self.forge.origin
        config = self.config(self.images, url() if url else str(self.git.bare), forge={**settings, **(forge or {})})
        config["targets"] = [{
            "name": "prod", "repository": "fleet", "paths": ["clusters/prod"], "policies": ["flux-system:app"],
            "deliver": "pull_request", "pull_request": {"labels": ["images"], **(pull_request or {})}, **(target or {}),
        }]
        if policies:
            config["policies"] = policies
        config["operators"] = [{"name": "alice", "role": "operator", "token": {"env": "ALICE"}}]
        if events:
            kind = RECEIVERS.get(self.kind, self.kind)
            config["receivers"] = [
                {"name": "ci", "type": "ci", "auth": "hmac", "secret": {"file": "secret"}},
                {"name": "forge", "type": kind, "secret": {"env": "FORGE_SECRET"}},
            ]
            self.forge.webhook_to(f"http://127.0.0.1:{self.linkspan_port}/hooks/forge", SECRET)
        self.settings = config
        self.service = self.another("linkspan", self.linkspan_port)
        return self.service.start() if start else self.service

    def another(self, name, port=None):
        """A service with a store of its own and the same configuration."""
        return self.started(real_parts.Linkspan(
            self.directory / name, self.settings, port or real_parts.free_port(),
            env={"FORGE": "test-token", "ALICE": "test-operator-token", "FORGE_SECRET": SECRET}))

    def configured(self, change):
        """The service with other settings, at once: change(settings)."""
        change(self.settings)
        self.service.write_config(self.settings)
        self.service.reload()

    def lose_the_store(self):
        """Ends the service, and starts it without anything that it knew."""
        self.service.end()
        for file in self.service.directory.glob("linkspan.db*"):
            file.unlink()
        self.service.start()

    def tell(self, tag, repository=APP, service=None):
        """Says that the tag was pushed; the delivery's id."""
        status, answer, _ = (service or self.service).ci(
            {"image": f"{self.images.host}/{repository}", "tag": tag}, headers={"Idempotency-Key": str(uuid.uuid4())})
        self.assertEqual(status, 202, answer)
        return answer["id"]

    def push(self, tag, repository=APP, seed=""):
        self.images.push(repository, tag, seed=seed)
        return self.tell(tag, repository)

    def work(self, delivery, wait="60s", service=None):
        trail = (service or self.service).trail(delivery, wait=wait)
        self.assertTrue(trail["settled"], trail)
        return trail["events"][0]["targets"][0]

    def state(self, delivery):
        """What the trail says now, settled or not."""
        return self.service.trail(delivery, wait="0s")["events"][0]["targets"][0]

    def proposed(self, tag, **more):
        """Pushes the tag; what became of it, and the one pull request."""
        delivery = self.push(tag, **more)
        work = self.work(delivery)
        self.assertEqual(work["outcome"], "pull_request", work)
        pull = self.only_open()
        self.assertEqual(work["pull_request"]["number"], pull.number, work)
        return delivery, pull

    def open(self):
        return self.forge.pull_requests("open")

    def only_open(self):
        pulls = self.open()
        self.assertEqual(len(pulls), 1, pulls)
        return pulls[0]

    def now(self, pull):
        return self.forge.pull_request(pull.number)

    def becomes(self, delivery, outcome):
        def now():
            work = self.work(delivery)
            return work if work["outcome"] == outcome else None

        return wait_until(now, WAIT, f"{delivery} to become {outcome}: {self.work(delivery)}")

    def finished_looks(self):
        _, text, _ = self.service.request("GET", "/metrics")
        found = re.search(r'^linkspan_step_seconds_count\{step="propose"\} (\d+)', str(text), re.M)
        return int(found[1]) if found else 0

    def looked(self, times=1):
        """So many whole looks at a pull request, begun after now: one that is under way may end first."""
        until = self.finished_looks() + times + 1
        wait_until(lambda: self.finished_looks() >= until, WAIT, "more looks")

    def comments(self, pull):
        return [c.body for c in self.now(pull).comments]

    def holds(self):
        return self.service.request("GET", "/v1/holds", headers=OPERATOR)[1]["holds"]

    def branch(self, name="linkspan/prod"):
        return git("rev-parse", "--verify", "--quiet", f"refs/heads/{name}", cwd=self.git.bare, check=False).strip()

    def log(self, name="linkspan/prod"):
        return git("log", "--format=%H", f"main..{name}", cwd=self.git.bare).split()

    def changed(self, name="linkspan/prod"):
        return sorted(git("diff", "--name-only", f"main...{name}", cwd=self.git.bare).split())

    def image(self, at="linkspan/prod", path=FILE):
        return re.findall(r"image: \"?\S+?/acme/app:([\w.-]+)", self.git.show(path, at))[0]

    def person_pushes(self, files, branch="linkspan/prod", amend=False, author=None, committer=None):
        """A person's commit on the branch (or in place of its head); the new head."""
        clone = self.directory / f"editor-{uuid.uuid4().hex[:8]}"
        git("clone", "--quiet", "--branch", branch, self.git.bare, clone)
        for path, text in files.items():
            (clone / path).write_text(text)
        git("add", "--all", cwd=clone)
        environment = {f"GIT_{role.upper()}_{part}": value for role, who in (("author", author), ("committer", committer)) if who for part, value in zip(("NAME", "EMAIL"), who)}
        command = ["git", "-c", "safe.directory=*", "commit", "--quiet", "--allow-empty", "-m", "My fix"]
        if amend:
            command += ["--amend", "--reset-author"]
        real_parts.run(command, cwd=clone, env={**real_parts.GIT_ENV, **environment})
        git("push", "--quiet", "--force", "origin", branch, cwd=clone)
        return self.branch(branch)

    def post(self, path, body, status=200):
        got, answer, _ = self.service.request("POST", path, json.dumps(body), OPERATOR)
        self.assertEqual(got, status, answer)
        return answer

    def bob(self):
        return "bob@example.invalid" if self.kind == "azure_devops" else "bob"

    def is_draft(self, pull):  # a flag, or a prefix of the title
        now = self.now(pull)
        return now.draft or now.title.startswith(("Draft:", "WIP:"))

    def statuses(self, context):
        """The states that the branch's head was given, oldest first."""
        return [s.state for s in self.forge.statuses if s.context == context and s.commit == self.branch()]

    def writes(self):
        """What was sent to change something; GraphQL's questions are no changes."""

        def asks(request):
            return request.method in ("GET", "HEAD") or (isinstance(request.body, dict) and str(request.body.get("query", "")).startswith("query"))

        return [(r.method, r.path, r.body) for r in list(self.forge.requests) if not asks(r)]

    def pods(self, *names):
        """A file for each: clusters/prod/NAME/pod.yaml, with the image acme/NAME."""
        text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: {}/acme/{}:1.0.0\n"
        return {f"clusters/prod/{name}/pod.yaml": text.format(self.images.host, name) for name in names}

    def several(self, *names, target=None, **more):
        """A fleet of these images, each with a policy of its own."""
        self.fleet(start=False, files={"README.md": "\n"}, **more)
        self.git.human_commit(self.pods(*names), "Pods")
        self.settings["policies"] = [{"name": n, "image": f"{self.images.host}/acme/{n}", "select": {"semver": "*"}} for n in names]
        self.settings["targets"][0].update(policies=list(names), **(target or {}))
        self.service.write_config(self.settings)
        for name in names:
            self.images.push(f"acme/{name}", "1.0.0")
        self.service.start()
