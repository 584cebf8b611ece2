"""The clients of service/forge against every fake: what forge.h promises, on each platform that has it."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import forges  # noqa: E402

CLIENT = os.environ.get("LINKSPAN_FORGE_CLIENT", "")
KINDS = ("github_enterprise", "gitlab", "gitea", "forgejo", "bitbucket_cloud", "bitbucket_data_center", "azure_devops")
ONLY = os.environ.get("LINKSPAN_FORGE_KINDS", "").split()  # empty: all
PLACES = {"bitbucket_data_center": "/scm/ACME/fleet.git", "azure_devops": "/acme/platform/_git/fleet"}


class Client:
    def __init__(self, **options):
        self.process = subprocess.Popen([CLIENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = self.line(options)

    def line(self, value):
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __call__(self, what, pull=None, **arguments):
        return self.line({"do": what, "pull": pull or {}, "with": arguments})

    def end(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def each(*kinds):
    """The test on every platform (or these), each with a fake and a client of its own."""

    def decorate(test):
        def run(self):
            for kind in kinds or KINDS:
                if ONLY and kind not in ONLY:
                    continue
                with self.subTest(kind):
                    fake = self.start(kind)
                    test(self, kind, fake, self.client(kind, fake))
                    self.assertEqual(list(fake.complaints), [], "fields that the platform ignores")

        return run

    return decorate


@unittest.skipUnless(CLIENT, "LINKSPAN_FORGE_CLIENT names the forge_client program")
class ForgeClients(unittest.TestCase):
    maxDiff = None

    def start(self, kind, **options):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work, bare = pathlib.Path(folder.name) / "work", pathlib.Path(folder.name) / "bare.git"
        self.work.mkdir()
        self.git("init", "-q", "-b", "main")
        (self.work / "image.yaml").write_text("image: app:1\n")
        self.git("add", ".")
        self.git("commit", "-qm", "one")
        self.git("checkout", "-q", "-b", "linkspan/prod/app")
        (self.work / "image.yaml").write_text("image: app:2\n")
        self.git("commit", "-qam", "two")
        self.git("clone", "-q", "--bare", ".", str(bare))
        self.git("remote", "add", "origin", str(bare))
        self.main, self.head = self.sha("main"), self.sha("HEAD")
        fake = forges.start(kind, str(bare), **options)
        self.addCleanup(fake.stop)
        self.fake = fake
        return fake

    def git(self, *arguments):
        return subprocess.run(
            ["git", "-c", "user.name=Test", "-c", "user.email=test@example.invalid", *arguments], check=True, capture_output=True, text=True, cwd=self.work
        ).stdout.strip()

    def sha(self, name):
        return self.git("rev-parse", name)

    def client(self, kind, fake, token="test-token", **more):
        base = fake.base_path.removesuffix(fake.default_base_path) if fake.default_base_path else fake.base_path
        url = fake.origin + PLACES.get(kind, "/acme/fleet.git")
        web = fake.origin + base
        client = Client(type=kind, repository_url=url, url="" if kind == "azure_devops" else web, **({"token": token} if token else {}), **more)
        self.addCleanup(client.end)
        self.assertIn("value", client.ready, client.ready)
        return client

    def good(self, answer):
        self.assertIn("value", answer, answer)
        return answer["value"]

    def bad(self, answer, kind):
        self.assertEqual(answer.get("error"), kind, answer)
        return answer["message"]

    def open(self, client, **more):
        return self.good(client("open", head="linkspan/prod/app", base="main", title="Update app", body="The body", **more))

    @each()
    def test_opens_finds_updates_closes_reopens(self, kind, fake, client):
        has = self.good(client("capabilities"))
        self.assertEqual(self.good(client("find", head="linkspan/prod/app", base="main")), [])
        pull = self.open(client)
        self.assertEqual((pull["state"], pull["title"], pull["body"], pull["head"], pull["base"], pull["head_commit"]), ("open", "Update app", "The body", "linkspan/prod/app", "main", self.head))
        self.bad(client("open", head="linkspan/prod/app", base="main", title="Again", body=""), "conflict")
        for state in ("open", None):
            found = self.good(client("find", head="linkspan/prod/app", base="main", state=state))
            self.assertEqual([p["number"] for p in found], [pull["number"]])
        self.assertEqual(self.good(client("find", head="linkspan/prod", base="main")), [])
        before = len(fake.requests)
        self.good(client("update", pull, title="Update app", body="The body"))
        self.assertEqual(len(fake.requests), before, "nothing is sent when nothing would change")
        pull = self.good(client("update", pull, title="Update app to 2", body="Another"))
        self.assertEqual((pull["title"], pull["body"]), ("Update app to 2", "Another"))
        self.assertEqual(fake.pull_request(pull["number"]).title, "Update app to 2")
        self.good(client("close", pull))
        closed = self.good(client("get", number=pull["number"]))
        self.assertEqual(closed["state"], "closed")
        self.good(client("close", closed))
        self.assertEqual([p["number"] for p in self.good(client("find", head="linkspan/prod/app", base="main", state="closed"))], [pull["number"]])
        self.assertEqual(self.good(client("find", head="linkspan/prod/app", base="main", state="open")), [])
        if has["reopen"]:
            self.assertEqual(self.good(client("reopen", closed))["state"], "open")
        else:
            self.bad(client("reopen", closed), "invalid_input")
        self.bad(client("get", number=4711), "not_found")

    @each()
    def test_bodies_are_found_whole(self, kind, fake, client):
        """Azure DevOps' lists cut them, and the line that says whose it is stands at the end."""
        body = "😀" * 500 + "\n\n" + "word " * 500 + "the end"
        self.good(client("open", head="linkspan/prod/app", base="main", title="Update app", body=body))
        found = self.good(client("find", head="linkspan/prod/app", base="main"))
        self.assertEqual([p["body"] for p in found], [body])
        self.good(client("close", found[0]))
        self.assertEqual([p["body"] for p in self.good(client("find", head="linkspan/prod/app", base="main", state="closed"))], [body])

    @each("azure_devops")
    def test_labels_are_in_lists_and_below_one(self, kind, fake, client):
        pull = self.open(client)
        self.good(client("add_labels", pull, labels=["linkspan"]))
        self.assertEqual(self.good(client("find", head="linkspan/prod/app", base="main"))[0]["labels"], ["linkspan"])
        pull = self.good(client("get", number=pull["number"]))
        self.assertEqual(self.good(client("update", pull, title="Another title"))["labels"], ["linkspan"])

    @each("azure_devops")
    def test_a_direct_merge_waits_for_optional_policies_and_statuses(self, kind, fake, client):
        pull = self.open(client)
        fake.settings.optional_checks_running = True
        answer = self.good(client("merge", pull, head_commit=self.head))
        self.assertEqual((answer["is"], "Optional build" in answer["why"]), ("not_yet", True), answer)
        fake.settings.optional_checks_running = False
        fake.status_as_ci(self.head, "ci/build", "failure")
        answer = self.good(client("merge", pull, head_commit=self.head))
        self.assertEqual((answer["is"], "build" in answer["why"]), ("not_yet", True), answer)
        fake.status_as_ci(self.head, "ci/build", "success")
        self.assertEqual(self.good(client("merge", pull, head_commit=self.head))["is"], "merged")

    @each("azure_devops")
    def test_a_push_that_it_has_not_seen_is_waited_for(self, kind, fake, client):
        pull = self.open(client)
        fake.pull_request(pull["number"]).head_commit = self.main
        for what in ("arm", "merge"):
            answer = self.good(client(what, pull, head_commit=self.head))
            self.assertEqual((what, answer["is"]), (what, "not_yet"))

    @each()
    def test_a_fork_with_an_equal_branch_is_not_ours(self, kind, fake, client):
        fake.open_as_human(head="linkspan/prod/app", base="main", title="theirs", who="bob", from_fork="bob")
        self.assertEqual(self.good(client("find", head="linkspan/prod/app", base="main")), [])

    @each()
    def test_drafts(self, kind, fake, client):
        pull = self.open(client, draft=True)
        self.assertEqual((pull["draft"], pull["title"]), (True, "Update app"))
        pull = self.good(client("update", pull, draft=False))
        self.assertEqual((pull["draft"], pull["title"]), (False, "Update app"))
        pull = self.good(client("get", number=pull["number"]))
        self.assertFalse(pull["draft"])
        self.assertTrue(self.good(client("update", pull, draft=True))["draft"])

    @each()
    def test_labels(self, kind, fake, client):
        pull = self.open(client)
        if not self.good(client("capabilities"))["labels"]:
            self.bad(client("add_labels", pull, labels=["a"]), "invalid_input")
            return
        self.good(client("add_labels", pull, labels=["linkspan", "new label"]))
        pull = self.good(client("get", number=pull["number"]))
        self.assertEqual(sorted(pull["labels"]), ["linkspan", "new label"])
        before = len(fake.requests)
        self.good(client("add_labels", pull, labels=["Linkspan"]))
        self.assertEqual(len(fake.requests), before)
        self.good(client("remove_labels", pull, labels=["new label", "never there"]))
        self.assertEqual(self.good(client("get", number=pull["number"]))["labels"], ["linkspan"])

    @each()
    def test_who_put_a_label_on(self, kind, fake, client):
        pull = self.open(client)
        if not self.good(client("capabilities"))["label_events"]:
            self.bad(client("labeled_by", pull, label="linkspan:rebuild"), "invalid_input")
            return
        self.assertIsNone(self.good(client("labeled_by", pull, label="linkspan:rebuild")))
        number = pull["number"]
        fake.label_as_human(number, add=["linkspan:rebuild", "other"], who="bob")
        first = self.good(client("labeled_by", pull, label="linkspan:rebuild"))
        self.assertEqual(first["user"], "bob")
        fake.label_as_human(number, remove=["linkspan:rebuild"], who="alice")
        self.assertIsNone(self.good(client("labeled_by", pull, label="linkspan:rebuild")))
        # Far beyond one page.
        for _ in range(60):
            fake.label_as_human(number, add=["noise"], who="carol")
            fake.label_as_human(number, remove=["noise"], who="carol")
        fake.label_as_human(number, add=["linkspan:rebuild"], who="alice")
        again = self.good(client("labeled_by", pull, label="linkspan:rebuild"))
        self.assertEqual(again["user"], "alice")
        self.assertNotEqual(again["id"], first["id"])

    @each()
    def test_sent_to_another_base_it_is_found_and_sent_back(self, kind, fake, client):
        pull = self.open(client)
        number = pull["number"]
        fake.git.git("branch", "staging", "main")
        fake.edit_as_human(number, base="staging")
        self.assertEqual(self.good(client("find", head="linkspan/prod/app", base="main")), [])
        found = self.good(client("find", head="linkspan/prod/app", base=""))
        self.assertEqual([(p["number"], p["base"]) for p in found], [(number, "staging")])
        now = self.good(client("get", number=number))
        self.assertEqual(now["base"], "staging")
        back = self.good(client("update", now, base="main"))
        self.assertEqual((back["base"], back["title"]), ("main", "Update app"))
        self.assertEqual(fake.pull_request(number).base, "main")
        before = len(fake.requests)
        self.good(client("update", back, base="main"))
        self.assertEqual(len(fake.requests), before, "nothing is sent when nothing would change")

    def person(self, kind, login):
        if kind == "bitbucket_cloud":
            return self.fake.uid(login)
        return f"{login}@example.invalid" if kind == "azure_devops" else login

    @each()
    def test_who_left_does_not_stop_the_others(self, kind, fake, client):
        pull = self.open(client)
        wanted = [self.person(kind, who) for who in ("alice", "left", "bob")]
        unasked = self.good(client("ask", pull, reviewers=wanted))
        self.assertEqual([one["who"] for one in unasked], [wanted[1]], unasked)
        pull = self.good(client("get", number=pull["number"]))
        self.assertEqual(sorted(pull["reviewers"]), sorted([wanted[0], wanted[2]]))
        # An update keeps them.
        self.good(client("update", pull, title="Another"))
        self.assertEqual(len(self.good(client("get", number=pull["number"]))["reviewers"]), 2)

    @each("bitbucket_cloud")
    def test_who_left_does_not_stop_an_access_token(self, kind, fake, client):
        fake.lacks("account")
        pull = self.open(client)
        who = {login: fake.uid(login) for login in ("alice", "bob", "carol")}
        unasked = self.good(client("ask", pull, reviewers=[who["alice"], who["bob"], "carol"]))
        self.assertEqual([one["who"] for one in unasked], ["carol"])
        self.assertIn("account", unasked[0]["why"])
        fake.approve_as_human(1, "alice")
        fake.people["bob"].role = None
        changed = self.good(client("update", pull, title="Another"))
        self.assertEqual((changed["title"], changed["reviewers"]), ("Another", [who["alice"]]))
        self.assertEqual(fake.pull_request(1).reviews, {"alice": "approved"})
        # One whom the refusal does not name.
        self.assertEqual([one["who"] for one in self.good(client("ask", pull, reviewers=["{gone}", who["carol"]]))], ["{gone}"])
        self.assertEqual(fake.pull_request(1).reviewers, ["alice", "carol"])
        self.assertEqual(fake.pull_request(1).reviews, {"alice": "approved"})

    @each("bitbucket_cloud")
    def test_a_change_keeps_everything_else(self, kind, fake, client):
        pull = self.open(client)
        fake.edit_as_human(1, title="By a person", delete_branch=True)
        self.good(client("update", pull, body="new"))
        after = fake.pull_request(1)
        self.assertEqual((after.title, after.body, after.delete_branch), ("By a person", "new", True))
        self.good(client("ask", pull, reviewers=[fake.uid("alice")]))
        self.assertEqual((after.title, after.body, after.delete_branch, after.draft), ("By a person", "new", True, False))

    @each("bitbucket_cloud", "bitbucket_data_center")
    def test_a_branch_with_hundreds_of_merged_ones_is_two_lists(self, kind, fake, client):
        for i in range(120):
            fake.close_as_human(fake.open_as_human(head="linkspan/prod/app", base="main").number)
        before = len(fake.requests)
        found = self.good(client("find", head="linkspan/prod/app", base="main"))
        self.assertEqual((found[0]["number"], found[0]["head_commit"]), (120, self.head))
        self.assertLess(len(fake.requests) - before, 6)
        pull = self.open(client)
        self.assertEqual([p["number"] for p in self.good(client("find", head="linkspan/prod/app", base="main"))], [pull["number"]])

    @each("bitbucket_data_center")
    def test_the_message_is_ours_and_a_draft_stays_one(self, kind, fake, client):
        pull = self.open(client, draft=True)
        pull = self.good(client("update", pull, title="Another"))
        self.assertTrue(fake.pull_request(1).draft)
        pull = self.good(client("update", pull, draft=False))
        self.good(client("merge", pull, head_commit=self.head, title="Update app", message="why"))
        self.git("fetch", "-q", "origin")
        self.assertEqual(self.git("log", "-1", "--format=%B", "origin/main").strip(), "Update app\n\nwhy")

    @each("bitbucket_data_center")
    def test_auto_merge_that_is_switched_off_is_refused(self, kind, fake, client):
        fake.settings.required_checks = {"ci/build"}
        fake.settings.auto_merge = False
        pull = self.open(client)
        self.assertEqual(self.good(client("arm", pull, head_commit=self.head))["is"], "refused")

    @each("bitbucket_cloud", "bitbucket_data_center")
    def test_what_a_person_wrote_meanwhile_is_not_written_over(self, kind, fake, client):
        pull = self.open(client)
        fake.edit_as_human(1, body="The body, and a person's words")
        self.bad(client("update", pull, body="ours"), "conflict")
        self.assertEqual(fake.pull_request(1).body, "The body, and a person's words")
        self.assertEqual(self.good(client("update", pull, title="Another"))["title"], "Another")

    @each("gitea", "forgejo", "bitbucket_cloud", "bitbucket_data_center")
    def test_who_closed_it_is_known(self, kind, fake, client):
        pull = self.open(client)
        fake.close_as_human(pull["number"], "bob")
        self.assertEqual(self.good(client("get", number=pull["number"]))["closed_by"], "bob")

    @each("bitbucket_data_center")
    def test_a_branch_among_many_that_begin_alike(self, kind, fake, client):
        for i in range(130):
            self.git("branch", f"a/linkspan/prod/app-{i}", self.main)
        self.git("push", "-q", "origin", "--all")
        self.bad(client("delete_branch", branch="linkspan/prod/app", expected=self.main), "conflict")

    @each("bitbucket_cloud")
    def test_what_stands_against_merging(self, kind, fake, client):
        pull = self.open(client)
        self.good(client("ask", pull, reviewers=[fake.uid("alice")]))
        state = lambda: self.good(client("get", number=1))["mergeable"]  # noqa: E731
        self.assertEqual(state(), "clean")
        fake.pull_request(1).reviews["alice"] = "changes_requested"
        self.assertEqual(state(), "blocked")
        fake.approve_as_human(1, "alice")
        fake.status_as_ci(self.head, "ci", "pending")
        self.assertEqual(state(), "blocked")
        fake.fail_next(status=403, json={"error": {"message": "no"}}, operation="statuses")
        self.assertEqual(state(), "unknown")

    @each("github_enterprise", "gitlab", "gitea", "forgejo")
    def test_assignees(self, kind, fake, client):
        pull = self.open(client)
        unasked = self.good(client("ask", pull, assignees=["alice", "left"]))
        self.assertEqual([one["who"] for one in unasked], ["left"])
        self.assertEqual(self.good(client("get", number=pull["number"]))["assignees"], ["alice"])

    @each()
    def test_comments(self, kind, fake, client):
        pull = self.open(client)
        self.good(client("comment", pull, text="first"))
        self.good(client("comment", pull, text="second"))
        self.assertEqual([c["body"] for c in self.good(client("comments", pull))], ["first", "second"])
        fake.fail_next("server_error", operation="comment", after=True)
        self.good(client("comment", pull, text="third"))
        self.assertEqual([c["body"] for c in self.good(client("comments", pull))], ["first", "second", "third"])

    @each()
    def test_merges_the_head_that_was_expected(self, kind, fake, client):
        pull = self.open(client)
        moved = self.good(client("merge", pull, head_commit=self.main))
        self.assertEqual(moved["is"], "head_moved", moved)
        merged = self.good(client("merge", pull, head_commit=self.head, title="Update app (#1)", message="why"))
        self.assertEqual(merged["is"], "merged", merged)
        after = self.good(client("get", number=pull["number"]))
        self.assertEqual((after["state"], after["merge_commit"]), ("merged", merged["commit"]))
        self.assertEqual(merged["commit"], self.git("ls-remote", "origin", "refs/heads/main").split()[0])
        again = self.good(client("merge", pull, head_commit=self.head))
        self.assertEqual((again["is"], again.get("commit")), ("merged", merged["commit"]))

    @each()
    def test_a_merge_whose_answer_was_lost_is_seen(self, kind, fake, client):
        pull = self.open(client)
        fake.fail_next("server_error", operation="merge", after=True)
        self.assertEqual(self.good(client("merge", pull, head_commit=self.head))["is"], "merged")

    @each()
    def test_what_is_not_ready_is_tried_later(self, kind, fake, client):
        pull = self.open(client)
        fake.settings.required_checks = {"ci/build"}
        fake.settings.has_ci = True
        self.assertEqual(self.good(client("merge", pull, head_commit=self.head))["is"], "not_yet")

    @each()
    def test_auto_merge(self, kind, fake, client):
        if not self.good(client("capabilities"))["auto_merge"]:
            self.bad(client("arm", {"number": 1}, head_commit=self.head), "invalid_input")
            return
        fake.settings.required_checks = {"ci/build"}
        fake.settings.has_ci = True
        fake.settings.checks_running = True
        pull = self.open(client)
        self.assertEqual(self.good(client("arm", pull, head_commit=self.main))["is"], "head_moved")
        self.assertEqual(self.good(client("arm", pull, head_commit=self.head))["is"], "armed")
        self.assertEqual(self.good(client("arm", pull, head_commit=self.head))["is"], "armed")
        self.good(client("disarm", pull))
        self.good(client("disarm", pull))
        self.assertEqual(self.good(client("arm", pull, head_commit=self.head))["is"], "armed")
        fake.settings.checks_running = False
        fake.status_as_ci(self.head, "ci/build", "success")
        self.assertEqual(self.good(client("get", number=pull["number"]))["state"], "merged")

    @each("gitea", "forgejo")
    def test_what_is_scheduled_is_known_over_pushes(self, kind, fake, client):
        fake.settings.required_checks = {"ci/build"}
        pull = self.open(client)
        self.assertFalse(self.good(client("get", number=pull["number"]))["auto_merge"])
        self.good(client("arm", pull, head_commit=self.head, title="Update app to 2"))
        self.assertTrue(self.good(client("get", number=pull["number"]))["auto_merge"])
        (self.work / "image.yaml").write_text("image: app:3\n")
        self.git("commit", "-qam", "three")
        self.git("push", "-q", "origin", "HEAD")
        now = self.good(client("get", number=pull["number"]))
        self.assertTrue(now["auto_merge"], "a push does not cancel it")
        # The platform would merge with the words of the first time.
        self.assertEqual(self.good(client("arm", now, head_commit=self.sha("HEAD"), title="Update app to 3"))["is"], "armed")
        self.assertEqual(fake.pull_request(pull["number"]).auto_merge["title"], "Update app to 3")
        self.assertTrue(self.good(client("update", now, title="Another"))["auto_merge"])
        self.good(client("disarm", now))
        self.assertFalse(self.good(client("get", number=pull["number"]))["auto_merge"])

    @each("gitea", "forgejo")
    def test_what_another_scheduled_is_theirs(self, kind, fake, client):
        fake.settings.required_checks = {"ci/build"}
        fake.people["linkspan-bot"].role = "write"
        pull = self.open(client)
        fake.arm(fake.pull_request(pull["number"]), "alice", method="merge", title="by hand")
        self.assertEqual(self.good(client("arm", pull, head_commit=self.head, title="ours"))["is"], "armed")
        self.good(client("disarm", pull))
        self.assertEqual(fake.pull_request(pull["number"]).auto_merge["title"], "by hand")

    @each("gitea", "forgejo")
    def test_what_is_green_already_does_not_wait_for_another_event(self, kind, fake, client):
        fake.settings.required_checks = {"ci/build"}
        pull = self.open(client)
        fake.status_as_ci(self.head, "ci/build", "success")
        self.assertEqual(self.good(client("arm", pull, head_commit=self.head))["is"], "merged")

    @each("gitea", "forgejo")
    def test_a_way_of_merging_that_is_not_allowed_is_never_scheduled(self, kind, fake, client):
        fake.settings.required_checks = {"ci/build"}
        fake.settings.methods = {"merge"}
        pull = self.open(client)
        self.assertEqual(self.good(client("arm", pull, head_commit=self.head, method="squash"))["is"], "refused")
        self.assertIsNone(fake.pull_request(pull["number"]).auto_merge)

    @each("gitea", "forgejo", "bitbucket_data_center")
    def test_checks_that_nothing_requires_are_waited_for(self, kind, fake, client):
        pull = self.open(client)
        self.assertEqual(self.good(client("get", number=pull["number"]))["mergeable"], "clean")
        fake.settings.optional_checks_running = True
        self.assertEqual(self.good(client("get", number=pull["number"]))["mergeable"], "blocked")
        self.assertEqual(self.good(client("arm", pull, head_commit=self.head))["is"], "already_mergeable")
        self.assertEqual(fake.pull_request(pull["number"]).state, "open")
        fake.fail_next("server_error", operation="checks", times=9)
        self.assertEqual(self.good(client("get", number=pull["number"]))["mergeable"], "unknown")

    @each("gitea", "forgejo")
    def test_lists_are_read_whatever_address_their_links_carry(self, kind, fake, client):
        pull = self.open(client)
        for i in range(120):
            fake.open_as_human(head=f"change-{i}", base="main", from_fork="bob")
        self.assertEqual([p["number"] for p in self.good(client("find", head="linkspan/prod/app", base="main", state="open"))], [pull["number"]])
        self.assertEqual([p["number"] for p in self.good(client("find", head="linkspan/prod/app", base="main"))], [pull["number"]])
        labels = [f"label-{i}" for i in range(70)]
        fake.label_as_human(1, labels)
        fake.label_as_human(1, remove=labels)
        known = set(fake.labels)
        self.good(client("add_labels", pull, labels=["label-69"]))
        self.assertEqual(set(fake.labels), known)
        self.assertEqual(fake.pull_request(1).labels, ["label-69"])

    @each("gitea", "forgejo")
    def test_a_repository_of_a_user_has_no_teams(self, kind, fake, client):
        pull = self.open(client)
        self.assertEqual(self.good(client("ask", pull, reviewers=["alice"], teams=["acme/platform"])), [])
        self.assertEqual(fake.pull_request(1).teams, ["platform"])
        fake.organization = False
        unasked = self.good(client("ask", pull, reviewers=["bob"], teams=["security"]))
        self.assertEqual([one["who"] for one in unasked], ["security"])
        self.assertEqual(fake.pull_request(1).reviewers, ["alice", "bob"])

    @each("gitea", "forgejo")
    def test_only_an_administrator_learns_who_may_write(self, kind, fake, client):
        fake.people["linkspan-bot"].role = "write"
        self.assertIn("administrators", self.bad(client("may_write", user="bob"), "unauthorized"))
        self.assertTrue(self.good(client("may_write", user="acme")))

    @each("github_enterprise", "gitlab", "gitea", "forgejo", "bitbucket_data_center")
    def test_nothing_to_wait_for_is_merged_directly(self, kind, fake, client):
        pull = self.open(client)
        self.assertEqual(self.good(client("arm", pull, head_commit=self.head))["is"], "already_mergeable")
        self.assertEqual(self.good(client("merge", pull, head_commit=self.head))["is"], "merged")

    @each("github_enterprise", "gitlab")
    def test_a_merge_queue_or_train_counts_as_armed(self, kind, fake, client):
        fake.settings.merge_queue = True
        fake.settings.has_ci = True
        fake.settings.required_checks = {"ci/build"}
        fake.settings.checks_running = True
        pull = self.open(client)
        self.assertEqual(self.good(client("arm", pull, head_commit=self.head))["is"], "armed")

    @each("github_enterprise")
    def test_what_is_in_the_merge_queue_is_armed_and_can_be_taken_out(self, kind, fake, client):
        fake.settings.merge_queue = True
        pull = self.open(client)
        for _ in range(2):
            self.assertEqual(self.good(client("merge", pull, head_commit=self.head))["is"], "armed")
        seen = self.good(client("get", number=pull["number"]))
        self.assertEqual((seen["state"], seen["auto_merge"]), ("open", True))
        self.good(client("disarm", seen))
        self.assertFalse(fake.pull_request(pull["number"]).queued)
        self.assertFalse(self.good(client("get", number=pull["number"]))["auto_merge"])

    @each("gitlab")
    def test_without_a_licence_there_is_no_train(self, kind, fake, client):
        fake.settings.merge_queue = True
        fake.settings.has_ci = True
        fake.settings.required_checks = {"ci/build"}
        fake.settings.checks_running = True
        pull = self.open(client)
        fake.fail_next("forbidden", path="merge_trains", permission="merge")
        self.assertEqual(self.good(client("arm", pull, head_commit=self.head))["is"], "armed")
        self.assertFalse(fake.pull_request(pull["number"]).queued)

    @each("github_enterprise", "gitlab")
    def test_a_renamed_repository_is_found_by_its_old_name(self, kind, fake, client):
        pull = self.open(client)
        fake.rename("globex/fleet-2")
        # The old owner finds nothing; whoever is told that there is one looks under the new.
        self.bad(client("open", head="linkspan/prod/app", base="main", title="Again", body=""), "conflict")
        found = self.good(client("find", head="linkspan/prod/app", base="main", state="open"))
        self.assertEqual([p["number"] for p in found], [pull["number"]])
        self.assertEqual(self.good(client("update", pull, title="Another"))["title"], "Another")
        self.assertEqual(self.good(client("merge", pull, head_commit=self.head))["is"], "merged")

    @each()
    def test_statuses(self, kind, fake, client):
        for state in ("pending", "pending", "success"):
            self.good(client("set_status", commit=self.head, context="linkspan/soak", state=state, description="x" * 300, url="https://linkspan.example.com/1"))
        self.assertEqual(fake.statuses[-1].commit, self.head)

    @each()
    def test_who_may_write(self, kind, fake, client):
        may = {who: self.good(client("may_write", user=self.person(kind, who))) for who in ("alice", "bob", "left")}
        self.assertEqual(may, {"alice": True, "bob": True, "left": False})

    @each()
    def test_a_branch_is_deleted_only_where_it_was_expected(self, kind, fake, client):
        self.bad(client("delete_branch", branch="linkspan/prod/app", expected=self.main), "conflict")
        self.good(client("delete_branch", branch="linkspan/prod/app", expected=self.head))
        self.assertEqual(self.git("ls-remote", "origin", "refs/heads/linkspan/*"), "")
        self.good(client("delete_branch", branch="linkspan/prod/app", expected=self.head))

    @each()
    def test_an_opening_whose_answer_was_lost_is_found(self, kind, fake, client):
        fake.fail_next("server_error", operation="open", after=True)
        pull = self.open(client)
        self.assertEqual([p.number for p in fake.pull_requests()], [pull["number"]])

    @each()
    def test_an_opening_that_failed_is_an_error(self, kind, fake, client):
        fake.fail_next("server_error", operation="open")
        self.bad(client("open", head="linkspan/prod/app", base="main", title="t", body=""), "unavailable")
        self.assertEqual(list(fake.pull_requests()), [])

    @each()
    def test_reads_are_tried_again(self, kind, fake, client):
        pull = self.open(client)
        for fault in ("server_error", "html", "html_error", "drop", "truncated"):
            fake.fail_next(fault, operation="get")
            self.assertEqual(self.good(client("get", number=pull["number"]))["number"], pull["number"], fault)

    @each()
    def test_limits_stop_everything_until_they_have_passed(self, kind, fake, client):
        for fault in ("secondary_limit", "rate_limit"):
            other = self.client(kind, fake)
            fake.fail_next(fault, operation="find", retry_after=60)
            answer = other("find", head="linkspan/prod/app", base="main")
            self.bad(answer, "rate_limited")
            self.assertGreater(answer["retry_after"], 0)
            before = len(fake.requests)
            self.bad(other("get", number=1), "rate_limited")
            self.assertEqual(len(fake.requests), before)

    @each()
    def test_a_missing_permission_is_named(self, kind, fake, client):
        words = {"github_enterprise": "pull_requests=write", "gitlab": "scope api", "gitea": "write:", "forgejo": "write:", "bitbucket_cloud": "pullrequest:write", "azure_devops": "PullRequestContribute"}
        fake.lacks({"gitlab": "api", "gitea": "repository", "forgejo": "repository"}.get(kind, "pull_requests"))
        message = self.bad(client("open", head="linkspan/prod/app", base="main", title="t", body=""), "unauthorized")
        self.assertIn(words.get(kind, "not permitted"), message)
        self.assertNotIn("test-token", message)

    @each()
    def test_a_wrong_token_is_unauthorized(self, kind, fake, client):
        wrong = self.client(kind, fake, token="not-a-secret")
        message = self.bad(wrong("open", head="linkspan/prod/app", base="main", title="t", body=""), "unauthorized")
        self.assertNotIn("not-a-secret", message)

    @each()
    def test_pages_are_read_to_the_end_and_never_elsewhere(self, kind, fake, client):
        if kind == "azure_devops":
            return  # pages of a hundred, and no link to follow
        pull = self.open(client)
        fake.settings.page_limit = 2
        for i in range(5):
            self.good(client("comment", pull, text=f"comment {i}"))
        self.assertEqual(len(self.good(client("comments", pull))), 5)
        if kind in ("github_enterprise", "gitlab", "bitbucket_cloud"):
            fake.settings.foreign_next_page = True
            client = self.client(kind, fake)  # without what the first one remembers
            self.assertIn("elsewhere.invalid", self.bad(client("comments", pull), "invalid_input"))

    @each()
    def test_reads_are_conditional(self, kind, fake, client):
        pull = self.open(client)
        first = self.good(client("get", number=pull["number"]))
        self.assertEqual(self.good(client("get", number=pull["number"])), first)
        self.assertIn(304, [exchange.status for exchange in fake.requests])

    @each()
    def test_commits_through_the_api(self, kind, fake, client):
        commit = dict(branch="linkspan/prod/app", base=self.main, message="Update app", files={"image.yaml": "image: app:3\n"})
        if not self.good(client("capabilities"))["api_commits"]:
            self.bad(client("commit", **commit), "invalid_input")
            return
        self.bad(client("commit", **commit, expected_head=""), "conflict")
        made = self.good(client("commit", **commit, expected_head=self.head))
        self.git("fetch", "-q", "origin")
        self.assertEqual(self.sha("origin/linkspan/prod/app"), made)
        self.assertEqual(self.sha(made + "^"), self.main)
        self.assertEqual(self.git("show", made + ":image.yaml"), "image: app:3")
        fake.fail_next("server_error", operation="api_commit", after=True, skip=2 if kind.startswith("github") else 0)
        again = self.good(client("commit", **{**commit, "branch": "linkspan/new"}, expected_head=""))
        self.assertEqual(self.git("ls-remote", "origin", "refs/heads/linkspan/new").split()[0], again)

    def test_below_a_path(self):
        for kind in KINDS:
            if kind == "azure_devops" or (ONLY and kind not in ONLY):
                continue  # the organization is the path
            with self.subTest(kind):
                fake = self.start(kind)
                self.addCleanup(fake.stop)
                below = forges.start(kind, fake.git.path if hasattr(fake.git, "path") else str(self.work.parent / "bare.git"), base_path="/git" + fake.default_base_path)
                self.addCleanup(below.stop)
                self.open(self.client(kind, below))

    def test_a_github_app(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(lambda: [p.unlink() for p in folder.iterdir()] and folder.rmdir())
        subprocess.run(["openssl", "genrsa", "-out", "key.pem", "2048"], cwd=folder, check=True, capture_output=True)
        public = subprocess.run(["openssl", "rsa", "-in", "key.pem", "-pubout"], cwd=folder, check=True, capture_output=True, text=True).stdout
        fake = self.start("github_enterprise", app={"id": 7, "public_key": public})
        client = self.client("github_enterprise", fake, token=None, app={"id": "7", "private_key": (folder / "key.pem").read_text()})
        self.open(client)
        tokens = [e for e in fake.requests if e.path.endswith("/access_tokens")]
        self.assertEqual(len(tokens), 1, "one token for many requests")
        self.assertEqual(tokens[0].body["repositories"], ["fleet"])
        self.assertEqual(tokens[0].body["permissions"]["contents"], "write")


if __name__ == "__main__":
    unittest.main()
