"""Targets that propose: the life of a pull request through the running service, on every platform."""

import json
import os
import pathlib
import re
import time
import unittest
import uuid

import forges
import real_parts
from real_parts import git, wait_until
from test_main_job import APP, Fleet

KINDS = ("github_enterprise", "gitlab", "gitea", "forgejo", "bitbucket_cloud", "bitbucket_data_center", "azure_devops")
ONLY = os.environ.get("LINKSPAN_FORGE_KINDS", "").split()  # empty: all
TYPES = {"github_enterprise": "github"}
PLACES = {"bitbucket_data_center": "ACME/fleet", "azure_devops": "acme/platform/fleet"}
RECEIVERS = {"github_enterprise": "github", "bitbucket_cloud": "bitbucket", "bitbucket_data_center": "bitbucket_server", "azure_devops": "azuredevops", "forgejo": "gitea"}
SECRET = "test-forge-secret-not-a-secret"
OPERATOR = {"Authorization": "Bearer test-operator-token"}
FILE = "clusters/prod/app.yaml"
WAIT = real_parts.PATIENCE


def each(*kinds):
    """The test on every platform (or these), each with its own registry, repository, platform and service."""

    def decorate(test):
        def run(self):
            for kind in kinds or KINDS:
                if ONLY and kind not in ONLY:
                    continue
                with self.subTest(kind):
                    self.kind = kind
                    self.directory = self.root / kind
                    self.directory.mkdir()
                    os.chmod(self.directory, 0o755)
                    self.linkspan_port = real_parts.free_port()
                    try:
                        test(self)
                        self.assertEqual(list(self.forge.complaints), [], "fields that the platform ignores")
                    finally:
                        self.doCleanups()

        return run

    return decorate


class Proposing(Fleet):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.root = self.directory
        self._cleanups.clear()  # each platform's parts end with it; the folder ends in tearDown()

    def tearDown(self):
        import shutil

        if not os.environ.get("LINKSPAN_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)

    def fleet(self, pull_request=None, target=None, poll="1s", policies=None, files=None, forge=None, start=True, events=False):
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
        config = self.config(self.images, str(self.git.bare), forge={**settings, **(forge or {})})
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
        self.service = self.started(real_parts.Linkspan(
            self.directory / "linkspan", config, self.linkspan_port,
            env={"FORGE": "test-token", "ALICE": "test-operator-token", "FORGE_SECRET": SECRET}))
        return self.service.start() if start else self.service

    def push(self, tag, repository=APP, seed=""):
        self.images.push(repository, tag, seed=seed)
        status, answer, _ = self.service.ci({"image": f"{self.images.host}/{repository}", "tag": tag}, headers={"Idempotency-Key": str(uuid.uuid4())})
        self.assertEqual(status, 202, answer)
        return answer["id"]

    def work(self, delivery, wait="60s"):
        trail = self.service.trail(delivery, wait=wait)
        self.assertTrue(trail["settled"], trail)
        return trail["events"][0]["targets"][0]

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

    def becomes(self, delivery, outcome):
        def now():
            work = self.work(delivery)
            return work if work["outcome"] == outcome else None

        return wait_until(now, WAIT, f"{delivery} to become {outcome}: {self.work(delivery)}")

    def branch(self, name="linkspan/prod"):
        return git("rev-parse", "--verify", "--quiet", f"refs/heads/{name}", cwd=self.git.bare, check=False).strip()

    def log(self, name="linkspan/prod"):
        return git("log", "--format=%H", f"main..{name}", cwd=self.git.bare).split()

    def image(self, at="linkspan/prod", path=FILE):
        return re.findall(r"image: \"?\S+?/acme/app:([\w.-]+)", self.git.show(path, at))[0]

    def post(self, path, body, status=200):
        got, answer, _ = self.service.request("POST", path, json.dumps(body), OPERATOR)
        self.assertEqual(got, status, answer)
        return answer


PLACE = "/v1/targets/prod/policies/flux-system%3Aapp"


class Life(Proposing):
    @each()
    def test_a_push_opens_one_and_the_next_tag_goes_into_it(self):
        self.fleet()
        base = self.git.tip()
        _, pull = self.proposed("1.1.0")
        self.assertEqual((pull.head, pull.base), ("linkspan/prod", "main"))
        self.assertEqual(self.git.tip(), base, "the base stays as it is")
        self.assertEqual(self.image(), "1.1.0")
        self.assertEqual(len(self.log()), 1)
        self.assertIn("1.1.0", pull.title)
        for word in ("1.0.0", "1.1.0", "acme/app"):
            self.assertIn(word, pull.body)
        head = self.branch()
        _, again = self.proposed("1.2.0")
        self.assertEqual(again.number, pull.number)
        self.assertIn("1.2.0", self.forge.pull_request(pull.number).title)
        self.assertEqual(self.image(), "1.2.0")
        self.assertEqual(len(self.log()), 1, "one commit, on the base")
        self.assertNotEqual(self.branch(), head)
        # Nothing is written when nothing changed.
        head, writes = self.branch(), self.writes()
        work = self.work(self.push("1.2.0"))
        self.assertEqual(work["outcome"], "pull_request", work)
        self.assertEqual(self.branch(), head)
        self.assertEqual(self.writes(), writes)

    def writes(self):
        return [(r.method, r.path, r.body) for r in self.forge.requests if r.method not in ("GET", "HEAD") and "graphql" not in r.path]

    @each()
    def test_merged_is_recorded_and_the_branch_deleted(self):
        self.fleet()
        delivery, pull = self.proposed("1.1.0")
        self.forge.merge_as_human(pull.number)
        work = self.becomes(delivery, "merged")
        self.assertEqual(work["commit"], self.forge.pull_request(pull.number).merge_commit, work)
        wait_until(lambda: not self.branch(), WAIT, "the branch to be deleted")
        self.assertEqual(self.image("main"), "1.1.0")
        delivery, second = self.proposed("1.2.0")
        self.assertNotEqual(second.number, pull.number)

    @each()
    def test_closed_by_a_person_is_ignored_until_resumed(self):
        self.fleet()
        delivery, pull = self.proposed("1.1.0")
        self.forge.close_as_human(pull.number)
        self.becomes(delivery, "held")
        work = self.work(self.push("1.1.0"))
        self.assertEqual(work["outcome"], "held", work)
        self.assertEqual(self.open(), [])
        # A newer one is another question.
        _, newer = self.proposed("1.2.0")
        self.assertNotEqual(newer.number, pull.number)
        self.forge.close_as_human(newer.number)
        wait_until(lambda: len(self.holds()) == 2, WAIT, "both to be held")
        self.assertEqual({h["tag"] for h in self.holds()}, {"1.1.0", "1.2.0"})
        self.post(PLACE + "/resume", {"reason": "we want it after all"})
        wait_until(lambda: [p for p in self.open() if "1.2.0" in p.title], WAIT, "the newest to be proposed again")

    def holds(self):
        return self.service.request("GET", "/v1/holds", headers=OPERATOR)[1]["holds"]

    @each("github_enterprise", "gitlab", "gitea", "azure_devops")
    def test_opened_again_by_a_person_it_counts_again(self):
        self.fleet(events=True, poll="1h")
        delivery, pull = self.proposed("1.1.0")
        self.forge.close_as_human(pull.number)
        self.becomes(delivery, "held")
        self.forge.reopen_as_human(pull.number)
        wait_until(lambda: not self.holds(), WAIT, "the hold to be lifted")
        wait_until(lambda: self.forge.pull_request(pull.number).state == "open" and self.branch(), WAIT, "it to be kept up")
        work = self.work(self.push("1.1.0"))
        self.assertEqual((work["outcome"], work["pull_request"]["number"]), ("pull_request", pull.number), work)

    @each()
    def test_the_base_moves_and_it_is_rebuilt(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        head = self.branch()
        tip = self.git.human_commit({"README.md": "Another word.\n"}, "Say more")
        wait_until(lambda: self.branch() != head, WAIT, "the branch to be rebuilt")
        self.assertEqual(git("rev-parse", "linkspan/prod^", cwd=self.git.bare).strip(), tip)
        self.assertEqual(len(self.log()), 1)
        self.assertEqual(self.only_open().number, pull.number)

    @each()
    def test_in_the_base_already_it_is_closed_with_a_sentence(self):
        self.fleet()
        delivery, pull = self.proposed("1.1.0")
        text = self.git.show(FILE).replace(":1.0.0", ":1.1.0")
        kustomization = self.git.show("clusters/prod/kustomization.yaml").replace("1.0.0", "1.1.0")
        self.git.human_commit({FILE: text, "clusters/prod/kustomization.yaml": kustomization}, "By hand")
        wait_until(lambda: self.forge.pull_request(pull.number).state == "closed", WAIT, "it to be closed")
        self.becomes(delivery, "already_current")
        self.assertEqual(self.holds(), [], "what Linkspan closes is nobody's no")
        said = [c.body for c in self.forge.pull_request(pull.number).comments]
        self.assertTrue([t for t in said if "already" in t], said)
        wait_until(lambda: not self.branch(), WAIT, "the branch to be deleted")

    @each()
    def test_edited_by_a_person_it_is_left_alone_until_asked_for(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        clone = self.directory / "editor"
        git("clone", "--quiet", "--branch", "linkspan/prod", self.git.bare, clone)
        (clone / "clusters/prod/extra.yaml").write_text("a: 1\n")
        git("add", "--all", cwd=clone)
        git("commit", "--quiet", "-m", "My fix", cwd=clone)
        git("push", "--quiet", "origin", "linkspan/prod", cwd=clone)
        edited = self.branch()
        work = self.work(self.push("1.2.0"))
        self.assertEqual(work["outcome"], "held", work)
        self.assertIn("left alone", work["reason"] + str(work))
        self.assertEqual(self.branch(), edited)

        def said():
            return [c.body for c in self.forge.pull_request(pull.number).comments if "leaves it alone" in c.body]

        wait_until(said, WAIT, "the sentence")
        time.sleep(2.5)  # two more looks
        self.assertEqual(len(said()), 1, "said once")
        self.assertEqual(self.branch(), edited)
        # Somebody who may only read is not heard.
        if self.kind != "azure_devops":  # which only says who is in the project
            self.forge.comment_as_human(pull.number, "linkspan rebuild", who="carol")
            time.sleep(2.5)
            self.assertEqual(self.branch(), edited)
        self.forge.comment_as_human(pull.number, "linkspan rebuild", who="bob")
        wait_until(lambda: self.branch() != edited, WAIT, "the rebuild")
        self.assertEqual(len(self.log()), 1)
        self.assertNotIn("extra.yaml", git("ls-tree", "-r", "--name-only", "linkspan/prod", cwd=self.git.bare))

    @each()
    def test_merged_by_itself_when_asked_for(self):
        self.fleet(pull_request={"automerge": True, "merge_method": "merge", "checks_within": "0s"})
        delivery = self.push("1.1.0")
        self.becomes(delivery, "merged")
        self.assertEqual(self.image("main"), "1.1.0")
        self.assertEqual(self.open(), [])

    @each("github_enterprise", "gitlab", "gitea", "forgejo", "bitbucket_cloud", "bitbucket_data_center")
    def test_not_merged_by_itself_before_checks_had_time_to_begin(self):
        # Nothing is in the way just after a push: the platform has not begun its checks.
        self.fleet(pull_request={"automerge": True, "checks_within": "1h"})
        delivery, pull = self.proposed("1.1.0")
        self.assertIn("checks", json.dumps(self.work(delivery)))
        time.sleep(2.5)
        self.assertEqual(self.forge.pull_request(pull.number).state, "open")

    @each("github_enterprise", "gitea", "forgejo", "bitbucket_data_center")
    def test_not_merged_by_itself_while_checks_run_that_nothing_requires(self):
        self.fleet(pull_request={"automerge": True, "checks_within": "0s"}, events=True)
        self.forge.settings.optional_checks_running = True
        delivery, pull = self.proposed("1.1.0")
        time.sleep(2.5)
        self.assertEqual(self.forge.pull_request(pull.number).state, "open")
        self.forge.settings.optional_checks_running = False
        self.forge.comment_as_human(pull.number, "the checks have ended")
        self.becomes(delivery, "merged")

    @each("github_enterprise", "gitea", "forgejo", "bitbucket_data_center")
    def test_armed_for_our_commits_only(self):
        self.fleet(pull_request={"automerge": True})
        self.forge.settings.required_checks = {"ci/build"}
        _, pull = self.proposed("1.1.0")
        armed = lambda: self.forge.pull_request(pull.number).auto_merge  # noqa: E731
        wait_until(armed, WAIT, "auto-merge")
        self.proposed("1.2.0")
        if self.kind != "github_enterprise":  # which keeps what was armed first
            wait_until(lambda: armed() and "1.2.0" in str(armed()), WAIT, "auto-merge with the message of the new commit")
        clone = self.directory / "editor"
        git("clone", "--quiet", "--branch", "linkspan/prod", self.git.bare, clone)
        (clone / "clusters/prod/extra.yaml").write_text("a: 1\n")
        git("add", "--all", cwd=clone)
        git("commit", "--quiet", "-m", "My fix", cwd=clone)
        git("push", "--quiet", "origin", "linkspan/prod", cwd=clone)
        wait_until(lambda: not armed(), WAIT, "auto-merge to be taken off")
        self.forge.status_as_ci(self.branch(), "ci/build", "success")
        self.assertEqual(self.forge.pull_request(pull.number).state, "open")

    @each("github_enterprise", "gitlab", "gitea", "azure_devops", "bitbucket_data_center")
    def test_not_merged_outside_of_the_windows(self):
        self.fleet(pull_request={"automerge": True}, target={"windows": ["2020-01-01/2020-01-02 UTC", "2099-01-01/2099-01-02 UTC"]})
        _, pull = self.proposed("1.1.0")
        time.sleep(2.5)
        self.assertEqual(self.forge.pull_request(pull.number).state, "open")
        self.assertEqual(self.image("main"), "1.0.0")


class Trouble(Proposing):
    @each()
    def test_limits_errors_and_pages_of_proxies_end_in_one_pull_request(self):
        self.fleet()
        for fault, operation, more in (
            ("html_error", "open", {}),
            ("rate_limit", "open", {"retry_after": 1}),
            ("server_error", "open", {"after": True}),
            ("unavailable", "comment", {"retry_after": 1}),
        ):
            self.forge.fail_next(fault, operation=operation, **more)
        _, pull = self.proposed("1.1.0")
        self.assertEqual(len(self.forge.pull_requests()), 1)
        # Nothing is lost on the way to an end, either.
        self.post(PLACE + "/hold", {"reason": "not now"})
        wait_until(lambda: self.forge.pull_request(pull.number).state == "closed", WAIT, "it to be closed")
        said = [c.body for c in self.forge.pull_request(pull.number).comments]
        self.assertEqual(len([t for t in said if "not now" in t]), 1, said)

    @each()
    def test_a_permission_that_lacks_is_named_in_the_trail(self):
        self.fleet()
        self.forge.lacks({"gitlab": "api", "gitea": "repository", "forgejo": "repository"}.get(self.kind, "pull_requests"))
        delivery = self.push("1.1.0")

        def told():
            return "the token " in json.dumps(self.service.trail(delivery, wait="0s"))

        wait_until(told, WAIT, "the reason in the trail")
        text = json.dumps(self.service.trail(delivery, wait="0s"))
        self.assertRegex(text, r"the token (lacks|needs) .{4,}")
        self.assertNotIn("test-token", text)


class Replicas(Proposing):
    def second(self):
        """Another service with a store of its own, that hears the same."""
        settings = {**self.settings}
        other = self.started(real_parts.Linkspan(
            self.directory / "second", settings, real_parts.free_port(),
            env={"FORGE": "test-token", "ALICE": "test-operator-token", "FORGE_SECRET": SECRET}))
        return other.start()

    @each()
    def test_two_that_hear_the_same_end_in_one(self):
        self.fleet()
        other = self.second()
        for tag in ("1.1.0", "1.2.0"):
            self.images.push(APP, tag)
            body = {"image": f"{self.images.host}/{APP}", "tag": tag}
            told = [s.ci(body, headers={"Idempotency-Key": str(uuid.uuid4())})[1]["id"] for s in (self.service, other)]
            for service, delivery in zip((self.service, other), told):
                trail = service.trail(delivery, wait="60s")
                self.assertEqual(trail["events"][0]["targets"][0]["outcome"], "pull_request", trail)
            self.assertEqual(len(self.forge.pull_requests()), 1)
            self.assertEqual(self.image(), tag)
            self.assertEqual(len(self.log()), 1)
            self.assertIn(tag, self.only_open().title)
            said = [c.body for c in self.only_open().comments]
            self.assertEqual(said, [], "neither takes the other for a person")


class Groups(Proposing):
    def two(self, **more):
        self.fleet(start=False, files={"README.md": "\n"}, **more)
        names = ("app", "web")
        pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: {}/acme/{}:1.0.0\n"
        self.git.human_commit({f"clusters/prod/{n}.yaml": pod.format(self.images.host, n) for n in names}, "Pods")
        self.settings["policies"] = [{"name": n, "image": f"{self.images.host}/acme/{n}", "select": {"semver": "*"}} for n in names]
        self.settings["targets"][0].update(policies=list(names), batch="1s")
        self.service.write_config(self.settings)
        for n in names:
            self.images.push(f"acme/{n}", "1.0.0")
        self.service.start()

    @each("github_enterprise", "bitbucket_cloud", "azure_devops")
    def test_closed_by_a_person_all_that_was_in_it_is_ignored_and_the_rest_goes_on(self):
        self.two()
        for name in ("app", "web"):
            delivery = self.push("1.1.0", repository=f"acme/{name}")
            self.assertEqual(self.work(delivery)["outcome"], "pull_request")
        both = self.only_open()
        self.assertIn("acme/app", both.body)
        self.assertIn("acme/web", both.body)
        self.forge.close_as_human(both.number)
        self.becomes(delivery, "held")
        # A newer tag of one is proposed without the other.
        self.assertEqual(self.work(self.push("1.2.0", repository="acme/web"))["outcome"], "pull_request")
        alone = self.only_open()
        self.assertNotIn("acme/app", alone.body)
        self.assertEqual(self.image(path="clusters/prod/app.yaml"), "1.0.0")
        self.assertEqual(self.work(self.push("1.1.0", repository="acme/app"))["outcome"], "held")
        work = self.work(self.push("1.3.0", repository="acme/app"))
        self.assertEqual(work["outcome"], "pull_request", work)
        self.assertEqual(self.only_open().number, alone.number)


    @each("github_enterprise", "gitea")
    def test_an_event_costs_a_look_at_its_own_pull_request_only(self):
        self.two(events=True, poll="1h", pull_request={"group": "policy"})
        numbers = {}
        for name in ("app", "web"):
            work = self.work(self.push("1.1.0", repository=f"acme/{name}"))
            numbers[name] = work["pull_request"]["number"]
        self.assertEqual(len(self.open()), 2)

        def looks(name, since):
            return [r.path for r in self.forge.requests[since:] if r.path.endswith(f"/pulls/{numbers[name]}")]

        # What our own calls made the platform tell is heard first.
        self.forge.wait_delivered()
        quiet = [0]

        def rests():
            before, quiet[0] = quiet[0], len(self.forge.requests)
            time.sleep(1.5)
            return before == len(self.forge.requests)

        wait_until(rests, WAIT, "rest")
        since = len(self.forge.requests)
        for _ in range(3):
            before = len(self.forge.requests)
            self.forge.comment_as_human(numbers["app"], "A word.")
            wait_until(lambda: looks("app", before), WAIT, "the look")
        self.assertEqual(looks("web", since), [])

    @each("github_enterprise")
    def test_newer_tags_that_were_refused_are_told(self):
        self.fleet(start=False)
        self.images.push(APP, "2.0.0")
        self.service.start()
        _, pull = self.proposed("1.1.0")
        self.assertIn("2.0.0", pull.body)
        body = pull.body
        self.push("2.1.0")
        time.sleep(2.5)
        self.assertEqual(self.only_open().body, body, "another tag of that series is no reason to write")
        _, pull = self.proposed("1.2.0")
        self.assertIn("2.1.0", pull.body)


class Manners(Proposing):
    LABELS = {"github_enterprise", "gitlab", "gitea", "forgejo", "azure_devops"}
    ASSIGNEES = {"github_enterprise", "gitlab", "gitea", "forgejo"}

    @each()
    def test_what_people_change_is_not_fought_and_who_left_stops_nothing(self):
        bob = "bob@example.invalid" if self.kind == "azure_devops" else "bob"
        ours = {"reviewers": [bob, "gone-long-ago"]}
        if self.kind in self.ASSIGNEES:
            ours["assignees"] = ["alice"]
        self.fleet(pull_request=ours)
        _, pull = self.proposed("1.1.0")
        now = self.forge.pull_request(pull.number)
        self.assertEqual(len(now.reviewers), 1, now.reviewers)
        if self.kind in self.ASSIGNEES:
            self.assertEqual([str(a) for a in now.assignees], ["alice"])
        changes = {"title": "Please look at this one", "body": "Ann: looks good.\n\n" + now.body + "\n\nSee also the runbook."}
        if self.kind in self.LABELS:
            self.assertEqual(sorted(now.labels), ["images"])
            self.forge.label_as_human(pull.number, add=["urgent"], remove=["images"])
        self.forge.edit_as_human(pull.number, **changes)
        self.proposed("1.2.0")
        now = self.forge.pull_request(pull.number)
        self.assertEqual(now.title, "Please look at this one")
        self.assertTrue(now.body.startswith("Ann: looks good."), now.body)
        self.assertTrue(now.body.rstrip().endswith("See also the runbook."), now.body)
        self.assertIn("1.2.0", now.body)
        if self.kind in self.LABELS:
            self.assertEqual(sorted(now.labels), ["urgent"])
        self.assertEqual(len(now.reviewers), 1, now.reviewers)

    @each("github_enterprise")
    def test_texts_are_templates_and_the_commit_style_is_noticed(self):
        self.fleet(start=False, pull_request={"branch": "bumps/{target}", "title": "[{{target}}] {{subject}}", "body": "{{table}}\n\nAsk in #releases."})
        for i in range(6):
            self.git.human_commit({"README.md": f"{i}\n"}, f"feat(docs): say {i}")
        self.service.start()
        _, pull = self.proposed("1.1.0")
        self.assertEqual(pull.head, "bumps/prod")
        self.assertRegex(pull.title, r"^\[prod\] chore\(images\): update .*1\.1\.0")
        self.assertIn("Ask in #releases.", pull.body)
        subject = git("log", "-1", "--format=%s", "bumps/prod", cwd=self.git.bare).strip()
        self.assertRegex(subject, r"^chore\(images\): update .*1\.1\.0")


class ThroughTheApi(Proposing):
    @each("github_enterprise", "gitlab")
    def test_commits_are_the_platforms_and_are_no_persons(self):
        self.fleet(pull_request={"api_commits": True})
        _, pull = self.proposed("1.1.0")
        self.assertEqual(self.image(), "1.1.0")
        committer = git("log", "-1", "--format=%ce", "linkspan/prod", cwd=self.git.bare).strip()
        self.assertNotEqual(committer, "linkspan@example.com")
        self.assertIn("1.1.0", git("log", "-1", "--format=%s", "linkspan/prod", cwd=self.git.bare))
        changed = git("diff", "--name-only", "main", "linkspan/prod", cwd=self.git.bare).split()
        self.assertEqual(sorted(changed), [FILE, "clusters/prod/kustomization.yaml"])
        head = self.branch()
        self.work(self.push("1.1.0"))
        time.sleep(2.5)  # further looks
        self.assertEqual(self.branch(), head, "nothing is written when nothing changed")
        # Replaced, not added to: by a newer tag, and when the base moves.
        self.proposed("1.2.0")
        self.assertEqual((self.image(), len(self.log())), ("1.2.0", 1))
        head = self.branch()
        tip = self.git.human_commit({"README.md": "Another word.\n"}, "Say more")
        wait_until(lambda: self.branch() != head, WAIT, "the branch to be rebuilt")
        self.assertEqual(git("rev-parse", "linkspan/prod^", cwd=self.git.bare).strip(), tip)
        self.assertEqual([c.body for c in self.forge.pull_request(pull.number).comments], [])
        delivery = self.push("1.3.0")
        self.work(delivery)
        self.forge.merge_as_human(pull.number)
        self.becomes(delivery, "merged")
        wait_until(lambda: not self.branch(), WAIT, "the branch to be deleted")
        self.assertEqual(self.image("main"), "1.3.0")

    @each("github_enterprise", "gitlab")
    def test_killed_at_any_moment_there_is_one_commit(self):
        self.fleet(pull_request={"api_commits": True})
        for tag, pause in (("1.1.0", 0.1), ("1.2.0", 0.2), ("1.3.0", 0.35)):
            delivery = self.push(tag)
            time.sleep(pause)
            self.service.kill()
            self.service.start()
        work = self.work(delivery)
        self.assertEqual(work["outcome"], "pull_request", work)
        self.assertEqual(len(self.forge.pull_requests()), 1)
        wait_until(lambda: self.image() == "1.3.0", WAIT, "the newest tag on the branch")
        self.assertEqual(len(self.log()), 1)
        self.assertEqual([c.body for c in self.only_open().comments], [])


class Details(Proposing):
    @each("github_enterprise", "gitea")
    def test_a_draft_while_it_soaks(self):
        self.fleet(start=False, pull_request={"draft": "soak", "status": True})
        self.settings["policies"][0]["soak"] = "1h"
        self.service.write_config(self.settings)
        self.service.start()
        _, pull = self.proposed("1.1.0")

        def draft():  # a flag, or a prefix of the title
            now = self.forge.pull_request(pull.number)
            return now.draft or now.title.startswith(("Draft:", "WIP:"))

        self.assertTrue(draft())
        # A soak that is configured anew counts for what is proposed already.
        self.settings["policies"][0]["soak"] = "1s"
        self.service.write_config(self.settings)
        self.service.reload()
        wait_until(lambda: not draft(), WAIT, "it to be ready")
        self.assertEqual(len(self.open()), 1)

        def soaked():
            return [s.state for s in self.forge.statuses_of(self.branch()) if s.context == "linkspan/soak"][-1:] == ["success"]

        wait_until(soaked, WAIT, "the status to say so")

    @each("github_enterprise", "gitea")
    def test_owners_of_the_files_are_asked(self):
        self.fleet(start=False, pull_request={"codeowners": True})
        text = "clusters/prod/.* @bob\n" if self.kind == "gitea" else "* @alice\n/clusters/prod/ @bob\n"
        self.git.human_commit({"CODEOWNERS": text}, "Owners")
        self.service.start()
        _, pull = self.proposed("1.1.0")
        self.assertIn("bob", [str(r) for r in self.forge.pull_request(pull.number).reviewers])

    @each("github_enterprise", "bitbucket_data_center")
    def test_one_for_each_directory(self):
        self.fleet(start=False, pull_request={"group": "directory"}, target={"paths": []})
        self.service.start()
        work = self.work(self.push("1.1.0"))
        self.assertEqual(work["outcome"], "pull_request", work)
        pulls = {p.head: p for p in self.open()}
        self.assertEqual(len(pulls), 2, pulls)
        for head in pulls:
            changed = git("diff", "--name-only", "main", head, cwd=self.git.bare).split()
            self.assertEqual(len({c.rsplit("/", 1)[0] for c in changed}), 1, changed)

    @each("github_enterprise")
    def test_the_sources_of_both_images_are_compared(self):
        self.fleet(start=False)
        for tag, letter in (("1.0.0", "a"), ("1.1.0", "b")):
            self.labelled(tag, {"org.opencontainers.image.revision": letter * 40, "org.opencontainers.image.source": "https://github.com/acme/app"})
        self.service.start()
        status, answer, _ = self.service.ci({"image": f"{self.images.host}/{APP}", "tag": "1.1.0"})
        self.assertEqual(status, 202, answer)
        self.work(answer["id"])
        self.assertIn(f"https://github.com/acme/app/compare/{'a' * 40}...{'b' * 40}", self.only_open().body)

    def labelled(self, tag, labels):
        from test_policy import Policies

        Policies.image(self, tag, labels)

    def api(self, *arguments, **more):
        from test_policy import Policies

        return Policies.api(self, *arguments, **more)

    def blob(self, data, repository=APP):
        from test_policy import Policies

        return Policies.blob(self, data, repository)

    def manifest(self, tag, document):
        from test_policy import Policies

        return Policies.manifest(self, tag, document)

    def reference(self, reference, repository=APP):
        return f"/v2/{repository}/manifests/{reference}"


class Rules(Proposing):
    @each("github_enterprise")
    def test_policies_of_the_repository_narrow_what_is_proposed(self):
        self.fleet(start=False)
        self.settings["repositories"][0]["repository_policies"] = True
        self.service.write_config(self.settings)
        self.service.start()
        _, pull = self.proposed("1.1.0")
        rules = "name: app\nnamespace: flux-system\nselect:\n  semver: '>=1.0.0 <1.2.0'\n"
        self.git.human_commit({".linkspan/policies/app.yaml": rules}, "No 1.2 yet")
        work = self.work(self.push("1.2.0"))
        self.assertEqual((work["outcome"], work["decision"]["selected"]), ("pull_request", "1.1.0"), work)
        self.assertEqual(self.image(), "1.1.0")


class Statuses(Proposing):
    @each("github_enterprise", "gitlab", "gitea", "forgejo", "bitbucket_data_center")
    def test_the_source_commit_shows_what_became_of_it(self):
        self.fleet(start=False, target={"deliver": "commit"})
        del self.settings["targets"][0]["pull_request"]
        web = self.settings["repositories"][0]["forge"]["url"]
        self.settings["notifications"] = [{"name": "sources", "type": "commit_status", "forge": TYPES.get(self.kind, self.kind), "url": web, "token": {"env": "FORGE"}}]
        self.service.write_config(self.settings)
        self.service.start()
        source = web + {"bitbucket_data_center": "/projects/ACME/repos/fleet"}.get(self.kind, "/acme/fleet")
        revision = self.git.tip()
        for tag, states in (("1.1.0", ("pending",)), ("1.0.5", ("success",))):
            self.images.push(APP, tag)
            body = {"image": f"{self.images.host}/{APP}", "tag": tag, "revision": revision, "source": source}
            status, answer, _ = self.service.ci(body, headers={"Idempotency-Key": str(uuid.uuid4())})
            self.assertEqual(status, 202, answer)
            self.work(answer["id"])

            def shown():
                found = [s for s in self.forge.statuses_of(revision) if s.context == "linkspan/prod"]
                return found and found[-1].state in states and found[-1]

            one = wait_until(shown, WAIT, f"the status: {self.forge.statuses_of(revision)}")
            self.assertIn(answer["id"], one.url)
        # The word of an image about its source sends no token anywhere else.
        before = len(self.forge.requests)
        body = {"image": f"{self.images.host}/{APP}", "tag": "1.1.0", "revision": revision, "source": "http://127.0.0.1:1/acme/fleet"}
        _, answer, _ = self.service.ci(body, headers={"Idempotency-Key": str(uuid.uuid4())})
        self.work(answer["id"])
        wait_until(lambda: {n["state"] for n in self.service.request("GET", "/v1/notifications", headers=OPERATOR)[1]["notifications"]} == {"delivered"}, WAIT, "all told")
        self.assertEqual(len(self.forge.requests), before)


class People(Proposing):
    @each("github_enterprise", "gitea")
    def test_rolled_back_by_a_pull_request(self):
        self.fleet()
        delivery, pull = self.proposed("1.1.0")
        self.forge.merge_as_human(pull.number)
        self.becomes(delivery, "merged")
        answer = self.post(PLACE + "/rollback", {"reason": "it leaks"}, 202)
        work = self.work(answer["id"])
        self.assertEqual(work["outcome"], "pull_request", work)
        back = self.only_open()
        self.assertEqual(self.image(), "1.0.0")
        self.assertIn("it leaks", back.body)
        time.sleep(2.5)  # further looks do not take it back
        self.assertEqual(self.only_open().number, back.number)
        work = self.work(self.push("1.1.0"))
        self.assertEqual(work["outcome"], "held", work)
        self.assertEqual(self.image(), "1.0.0")

    @each("github_enterprise", "gitea")
    def test_a_hold_closes_what_is_proposed_and_its_end_brings_it_back(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        self.post(PLACE + "/hold", {"reason": "release freeze"})
        wait_until(lambda: self.forge.pull_request(pull.number).state == "closed", WAIT, "it to be closed")
        said = " ".join(c.body for c in self.forge.pull_request(pull.number).comments)
        self.assertIn("release freeze", said)
        self.post(PLACE + "/resume", {"reason": "over"})
        wait_until(lambda: self.open(), WAIT, "it to be proposed again")

    @each("github_enterprise", "gitlab")
    def test_commit_and_pull_request_side_by_side(self):
        self.fleet(start=False)
        self.settings["targets"].append({"name": "staging", "repository": "fleet", "paths": ["clusters/staging"], "policies": ["flux-system:app"]})
        self.service.write_config(self.settings)
        self.service.start()
        delivery = self.push("1.1.0")
        trail = self.service.trail(delivery, wait="60s")
        outcomes = {t["target"]: t["outcome"] for t in trail["events"][0]["targets"]}
        self.assertEqual(outcomes, {"prod": "pull_request", "staging": "committed"})
        self.assertEqual(self.image("main", "clusters/staging/app.yaml"), "1.1.0")
        self.assertEqual(self.image("main"), "1.0.0")


class Limits(Proposing):
    def pods(self, *names):
        return {f"clusters/prod/{name}/pod.yaml": f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: {self.images_host()}/acme/{name}:1.0.0\n" for name in names}

    def images_host(self):
        return self.images.host

    @each("github_enterprise", "gitlab")
    def test_one_at_a_time_and_the_rest_in_order(self):
        names = ("one", "two", "three")
        self.fleet(pull_request={"group": "policy", "max_open": 1}, start=False, files={"README.md": "\n"})
        self.git.human_commit(self.pods(*names), "Pods")
        self.settings["policies"] = [{"name": n, "image": f"{self.images.host}/acme/{n}", "select": {"semver": "*"}} for n in names]
        self.settings["targets"][0]["policies"] = list(names)
        self.service.write_config(self.settings)
        for name in names:
            self.images.push(f"acme/{name}", "1.0.0")
        self.service.start()
        deliveries = []
        for name in names:
            deliveries.append(self.push("1.1.0", repository=f"acme/{name}"))
            if name == "one":
                self.work(deliveries[0])
            else:
                wait_until(lambda: self.service.trail(deliveries[-1], wait="0s")["events"][0]["targets"][0]["state"] == "waiting", WAIT, "waiting")
        waiting = self.service.trail(deliveries[1], wait="0s")["events"][0]["targets"][0]
        self.assertIn("max_open", json.dumps(waiting))
        for name, delivery in zip(names, deliveries):
            work = self.work(delivery)
            self.assertEqual(work["outcome"], "pull_request", work)
            pull = self.only_open()
            self.assertIn(name, pull.title)
            self.forge.merge_as_human(pull.number)
            self.becomes(delivery, "merged")
        self.assertEqual(self.open(), [])


class Events(Proposing):
    @each()
    def test_what_people_do_is_heard_without_polling(self):
        self.fleet(events=True, poll="1h")
        delivery, pull = self.proposed("1.1.0")
        self.forge.close_as_human(pull.number)
        self.becomes(delivery, "held")
        delivery, pull = self.proposed("1.2.0")
        self.forge.merge_as_human(pull.number)
        self.becomes(delivery, "merged")


class Crashes(Proposing):
    @each("github_enterprise", "gitlab", "gitea", "bitbucket_cloud", "azure_devops")
    def test_killed_at_any_moment_there_is_one_in_the_right_state(self):
        self.fleet(pull_request={"reviewers": ["bob"]} if self.kind != "bitbucket_cloud" else {})
        delivery = None
        for tag, pause in (("1.1.0", 0.05), ("1.2.0", 0.12), ("1.3.0", 0.2), ("1.4.0", 0.3), ("1.5.0", 0.45)):
            delivery = self.push(tag)
            time.sleep(pause)
            self.service.kill()
            self.service.start()
        work = self.work(delivery)
        self.assertEqual(work["outcome"], "pull_request", work)
        self.assertEqual(len(self.forge.pull_requests()), 1, "never opened twice")
        wait_until(lambda: self.image() == "1.5.0", WAIT, "the newest tag on the branch")
        pull = self.only_open()
        self.assertIn("1.5.0", pull.title)
        self.assertEqual(len(self.log()), 1)
        self.assertEqual(sorted(pull.labels), ["images"] if pull.labels else [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
