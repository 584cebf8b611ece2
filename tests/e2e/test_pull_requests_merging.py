"""Targets that propose: drafts, statuses, auto-merge, windows, and asking for a rebuild."""

import json
import unittest

import real_parts
import test_policy
from proposing import AUTO_MERGE, FILE, KUSTOMIZATION, LABELS, NEVER, PLACE, WAIT, Proposing, each
from real_parts import git, wait_until
from test_main_job import APP

LINKSPAN = ("Linkspan", "linkspan@example.com")


class Merging(Proposing):
    def guarded(self, reviews=0, **more):
        """A fleet that merges by itself, behind a check that CI reports."""
        self.fleet(pull_request={"automerge": True, "checks_within": "0s", **more.pop("pull_request", {})}, **more)
        self.guard(reviews)

    def guard(self, reviews=0):
        self.forge.settings.required_checks, self.forge.settings.has_ci = {"ci"}, True
        self.forge.settings.required_approvals = reviews

    def ci(self, state, commit=None):
        self.forge.status_as_ci(commit or self.branch(), "ci", state)

    def armed(self, pull):
        now = self.now(pull)
        return now.auto_merge is not None or now.queued

    def gets_armed(self, pull):
        if self.kind in AUTO_MERGE:
            wait_until(lambda: self.armed(pull), WAIT, "it to be armed")


class AutoMerge(Merging):
    @each()
    def test_merged_when_checks_pass_and_nothing_else(self):
        self.guarded()
        delivery, pull = self.proposed("1.1.0")
        self.gets_armed(pull)
        if self.kind not in ("bitbucket_data_center", "azure_devops"):  # which take no expected head
            asked = [r.body for r in self.forge.requests if r.operation == "auto_merge"]
            self.assertEqual([self.branch() in json.dumps(b) for b in asked], [True] * (self.kind in AUTO_MERGE), asked)
        self.ci("failure")
        self.looked(2)
        self.assertEqual(self.now(pull).state, "open")
        self.ci("success")
        self.becomes(delivery, "merged")
        self.assertEqual(self.image("main"), "1.1.0")
        wait_until(lambda: not self.branch(), WAIT, "the branch to be deleted")

    @each()
    def test_merged_directly_where_nothing_is_waited_for(self):
        self.fleet(pull_request={"automerge": True, "checks_within": "0s"})
        delivery = self.push("1.1.0")
        self.becomes(delivery, "merged")
        self.assertEqual((self.image("main"), self.open()), ("1.1.0", []))

    @each("github_enterprise", "gitlab", "bitbucket_cloud")
    def test_not_merged_directly_before_checks_had_time_to_begin(self):
        # Nothing is in the way just after a push: the platform has not begun its checks.
        self.fleet(pull_request={"automerge": True, "checks_within": "1h"})
        delivery, pull = self.proposed("1.1.0")
        self.assertIn("checks", json.dumps(self.work(delivery)))
        self.looked(2)
        self.assertEqual(self.now(pull).state, "open")

    @each("github_enterprise")
    def test_not_merged_directly_while_checks_run_that_nothing_requires(self):
        self.fleet(pull_request={"automerge": True, "checks_within": "0s"}, events=True)
        self.forge.settings.optional_checks_running = True
        delivery, pull = self.proposed("1.1.0")
        self.looked(2)
        self.assertEqual(self.now(pull).state, "open")
        self.forge.settings.optional_checks_running = False
        self.forge.label_as_human(pull.number, add=["a-word"])
        self.becomes(delivery, "merged")

    @each()
    def test_not_without_the_review_that_is_missing(self):
        self.guarded(reviews=1)
        delivery, pull = self.proposed("1.1.0")
        self.gets_armed(pull)
        self.ci("success")
        self.looked(2)
        self.assertEqual(self.now(pull).state, "open")
        self.forge.approve_as_human(pull.number)
        self.becomes(delivery, "merged")

    @each("github_enterprise", "bitbucket_data_center")
    def test_switched_off_on_the_platform_it_is_merged_directly(self):
        self.fleet(start=False, pull_request={"automerge": True, "checks_within": "0s"})
        self.guard()
        self.forge.settings.auto_merge = False
        self.service.start()
        delivery, pull = self.proposed("1.1.0")
        self.looked(2)
        self.assertEqual((self.now(pull).state, self.armed(pull)), ("open", False))
        self.ci("success")
        self.becomes(delivery, "merged")

    @each()
    def test_a_newer_tag_is_armed_anew_for_its_own_head(self):
        self.guarded(start=False, pull_request={"merge_method": "squash"})
        self.guard()
        self.service.start()
        _, pull = self.proposed("1.1.0")
        self.gets_armed(pull)
        old = self.branch()
        delivery, _ = self.proposed("1.2.0")
        self.assertNotEqual(self.branch(), old)
        self.gets_armed(pull)
        self.ci("success", old)
        self.looked(2)
        self.assertEqual(self.now(pull).state, "open")
        self.ci("success")
        work = self.becomes(delivery, "merged")
        self.assertEqual(self.image("main"), "1.2.0")
        subject = git("log", "-1", "--format=%s", work["commit"], cwd=self.git.bare)
        self.assertIn("1.2.0", subject, "the texts are those of what is merged")

    @each(*AUTO_MERGE)
    def test_taken_off_by_a_person_it_is_not_armed_again_for_that_head(self):
        # Gitea and Forgejo do not say whether it is armed; there it is not looked for.
        self.guarded()
        _, pull = self.proposed("1.1.0")
        self.gets_armed(pull)
        self.take_off(pull)
        self.looked(2)
        self.assertFalse(self.armed(pull))
        self.proposed("1.2.0")
        self.gets_armed(pull)

    def take_off(self, pull):
        with self.forge._lock:
            self.forge.disarm(self.now(pull), "alice")

    @each()
    def test_edited_by_a_person_it_is_taken_off_until_the_rebuild(self):
        self.guarded()
        delivery, pull = self.proposed("1.1.0")
        self.gets_armed(pull)
        edited = self.person_pushes({"clusters/prod/extra.yaml": "a: 1\n"})
        wait_until(lambda: self.comments(pull), WAIT, "the sentence")
        self.assertFalse(self.armed(pull))
        self.ci("success", edited)
        self.looked(2)
        self.assertEqual(self.now(pull).state, "open", "nobody asked to merge a person's commits")
        self.forge.comment_as_human(pull.number, "linkspan rebuild", who="bob")
        wait_until(lambda: self.branch() != edited, WAIT, "the rebuild")
        self.gets_armed(pull)
        self.ci("success")
        self.becomes(delivery, "merged")

    @each()
    def test_inside_the_windows_only(self):
        self.guarded(target={"windows": NEVER})
        delivery, pull = self.proposed("1.1.0")
        self.looked(2)
        self.assertFalse(self.armed(pull))
        self.configured(lambda s: s["targets"][0].update(windows=["Mon-Sun 00:00-24:00 UTC"]))
        self.gets_armed(pull)
        self.configured(lambda s: s["targets"][0].update(windows=NEVER))
        wait_until(lambda: not self.armed(pull), WAIT, "it to be taken off")
        self.looked()
        self.ci("success")
        self.looked(2)
        self.assertEqual((self.now(pull).state, self.image("main")), ("open", "1.0.0"))
        self.configured(lambda s: s["targets"][0].pop("windows"))
        self.becomes(delivery, "merged")

    @each()
    def test_no_longer_asked_for_it_is_taken_off(self):
        self.guarded()
        delivery, pull = self.proposed("1.1.0")
        self.gets_armed(pull)
        self.configured(lambda s: s["targets"][0]["pull_request"].update(automerge=False))
        wait_until(lambda: not self.armed(pull), WAIT, "it to be taken off")
        self.ci("success")
        self.looked(2)
        self.assertEqual(self.now(pull).state, "open")

    @each("github_enterprise", "gitlab")
    def test_through_the_merge_queue_or_train(self):
        self.fleet(start=False, pull_request={"automerge": True, "checks_within": "0s"})
        self.guard()
        self.forge.settings.merge_queue = True
        self.service.start()
        delivery, pull = self.proposed("1.1.0")
        self.gets_armed(pull)
        self.looked(2)
        self.assertEqual(self.now(pull).state, "open")
        self.ci("success")
        self.becomes(delivery, "merged")
        self.assertEqual(self.image("main"), "1.1.0")

    @each()
    def test_the_merge_method_is_the_targets(self):
        self.guarded()
        methods = ["merge", "squash"] + ["rebase"] * (self.kind not in ("gitlab",))
        for number, method in enumerate(methods, 1):
            self.configured(lambda s: s["targets"][0]["pull_request"].update(merge_method=method))
            base = self.git.tip()
            delivery, pull = self.proposed(f"1.{number}.0")
            self.gets_armed(pull)
            self.ci("success")
            commit = self.becomes(delivery, "merged")["commit"]
            shown = git("log", "-1", "--format=%P%n%an%n%s", commit, cwd=self.git.bare).splitlines()
            parents = shown[0].split()
            self.assertEqual((parents[0], len(parents)), (base, 2 if method == "merge" else 1), (method, shown))
            if method == "rebase":
                self.assertEqual(shown[1], "Linkspan", shown)
            self.assertIn(f"1.{number}.0", shown[2], method)
            wait_until(lambda: not self.branch(), WAIT, "the branch to be deleted")

    @each("github_enterprise", "gitea", "forgejo")
    def test_a_method_that_is_not_allowed_is_said_and_stops_nothing_else(self):
        self.fleet(start=False, pull_request={"automerge": True, "checks_within": "0s", "merge_method": "squash"})
        self.guard()
        self.forge.settings.methods = {"merge"}
        self.service.start()
        delivery, pull = self.proposed("1.1.0")
        self.ci("success")
        self.looked(2)
        self.assertEqual(self.now(pull).state, "open")
        self.assertIn("refused", json.dumps(self.work(self.push("1.2.0"))["pull_request"]["notes"]))
        self.assertIn("1.2.0", self.now(pull).title)


class Drafts(Merging):
    def soaking(self, soak, **more):
        self.fleet(start=False, pull_request={"draft": "soak", "status": True, **more})
        self.settings["policies"][0]["soak"] = soak
        self.service.write_config(self.settings)
        self.service.start()

    def soak(self, time):
        self.configured(lambda s: s["policies"][0].update(soak=time))

    @each()
    def test_a_draft_while_it_soaks(self):
        self.soaking("1h", automerge=True, checks_within="0s")
        self.guard()
        delivery, pull = self.proposed("1.1.0")
        self.assertTrue(self.is_draft(pull))
        self.assertEqual(self.statuses("linkspan/soak"), ["pending"])
        self.ci("success")
        self.looked(2)
        self.assertEqual((self.now(pull).state, self.armed(pull)), ("open", False), "a draft is not merged")
        self.assertEqual(self.statuses("linkspan/soak"), ["pending"], "said once")
        # A soak that is configured anew counts for what is proposed already.
        head = self.branch()
        self.soak("1s")
        self.becomes(delivery, "merged")
        self.assertFalse(self.is_draft(pull))
        self.assertEqual([s.state for s in self.forge.statuses if s.context == "linkspan/soak" and s.commit == head][-1:], ["success"])

    @each()
    def test_a_draft_that_a_person_makes_stays_one(self):
        self.soaking("1s", automerge=True, checks_within="0s")
        self.forge.settings.required_checks, self.forge.settings.has_ci = {"ci"}, True
        _, pull = self.proposed("1.1.0")
        wait_until(lambda: not self.is_draft(pull), WAIT, "it to be ready")
        prefix = {"gitlab": "Draft: ", "gitea": "WIP: ", "forgejo": "WIP: "}.get(self.kind)
        if prefix:
            self.forge.edit_as_human(pull.number, title=prefix + self.now(pull).title)
        else:
            self.forge.edit_as_human(pull.number, draft=True)
        self.looked(2)
        self.assertTrue(self.is_draft(pull))
        self.assertFalse(self.armed(pull), "a draft is not merged")
        self.proposed("1.2.0")
        wait_until(lambda: self.statuses("linkspan/soak")[-1:] == ["success"], WAIT, "the soak's end")
        self.looked(2)
        self.assertTrue(self.is_draft(pull))
        self.ci("success")
        self.looked(2)
        self.assertEqual(self.now(pull).state, "open")


class HeadStatuses(Merging):
    """Statuses of a pull request's head."""

    # A manifest, its signature and another name for it, in the registry of a test.
    api, blob, manifest, tag, reference, sign = (getattr(test_policy.Gates, name) for name in ("api", "blob", "manifest", "tag", "reference", "sign"))

    @each()
    def test_signatures_that_were_checked(self):
        key = self.directory / "good.pem"
        real_parts.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)])
        real_parts.run(["openssl", "pkey", "-in", str(key), "-pubout", "-out", str(self.directory / "good.pub")])
        self.fleet(start=False, pull_request={"status": True})
        self.settings["retry"]["missing_signature"] = "0s"
        self.settings["policies"][0]["signature"] = {"keys": [str(self.directory / "good.pub")]}
        self.service.write_config(self.settings)
        self.service.start()
        digest = self.images.push(APP, "build-1")
        self.sign(digest, "good", digest)
        self.tag(digest, "1.1.0")
        self.work(self.tell("1.1.0"))
        pull = self.only_open()
        self.assertEqual(self.statuses("linkspan/signature"), ["success"])
        self.assertIn("signed", pull.body)
        # An unsigned one is refused, and told in what is proposed.
        work = self.work(self.push("1.2.0"))
        self.assertEqual((work["outcome"], self.image()), ("refused", "1.1.0"), work)
        self.looked(2)
        self.assertEqual(self.statuses("linkspan/signature"), ["success"], "once")
        self.assertIn("1.2.0", self.now(pull).body)


class Rebuilds(Proposing):
    """Commits of others on the branch, and the words that end it."""

    def edited(self, pull, **more):
        head = self.person_pushes({"clusters/prod/extra.yaml": "a: 1\n"}, **more)
        wait_until(lambda: [c for c in self.comments(pull) if "leaves it alone" in c], WAIT, "the sentence")
        self.looked()
        return head

    def rebuilt(self, pull, edited):
        wait_until(lambda: self.branch() != edited, WAIT, "the rebuild")
        self.assertEqual((len(self.log()), self.changed()), (1, [FILE, KUSTOMIZATION]))

    @each()
    def test_left_alone_said_once_and_asked_for_by_a_comment(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        # Whoever asked before those commits were there did not mean them.
        self.forge.comment_as_human(pull.number, "linkspan rebuild", who="bob")
        edited = self.edited(pull)
        work = self.work(self.push("1.2.0"))
        self.assertEqual(work["outcome"], "held", work)
        self.assertIn("left alone", work["reason"])
        self.looked(2)
        self.assertEqual(self.branch(), edited)
        self.assertEqual(len([c for c in self.comments(pull) if "leaves it alone" in c]), 1, "said once")
        if self.kind != "azure_devops":  # which only says who is in the project
            self.forge.comment_as_human(pull.number, "linkspan rebuild", who="carol")
            self.looked(2)
            self.assertEqual(self.branch(), edited, "somebody who may only read is not heard")
        self.forge.comment_as_human(pull.number, "linkspan rebuild", who="bob")
        self.rebuilt(pull, edited)
        # And the next time is another time.
        again = self.person_pushes({"clusters/prod/extra.yaml": "a: 2\n"})
        wait_until(lambda: len([c for c in self.comments(pull) if "leaves it alone" in c]) == 2, WAIT, "the sentence again")
        self.looked(2)
        self.assertEqual(self.branch(), again)

    @each(*(k for k in ("github_enterprise", "gitlab", "gitea", "forgejo")))
    def test_asked_for_by_the_box(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        for word in ("1", "2"):
            edited = self.edited(pull) if word == "1" else self.person_pushes({"clusters/prod/extra.yaml": "a: 2\n"})
            body = self.now(pull).body
            self.assertIn("- [ ]", body)
            self.forge.edit_as_human(pull.number, body=body.replace("- [ ]", "- [x]"))
            self.rebuilt(pull, edited)
            wait_until(lambda: "- [ ]" in self.now(pull).body, WAIT, "the box to be free again")

    @each(*(k for k in LABELS if k != "azure_devops"))  # whose events say nothing of labels
    def test_asked_for_by_the_label_of_somebody_who_may_write(self):
        self.fleet(events=True, poll="1s")
        _, pull = self.proposed("1.1.0")
        edited = self.edited(pull)
        self.forge.label_as_human(pull.number, add=["linkspan:rebuild"], who="carol")
        self.forge.wait_delivered(WAIT)
        self.looked(2)
        self.assertEqual(self.branch(), edited, "somebody who may only read is not heard")
        self.forge.label_as_human(pull.number, remove=["linkspan:rebuild"])
        self.forge.label_as_human(pull.number, add=["linkspan:rebuild"], who="bob")
        self.rebuilt(pull, edited)
        wait_until(lambda: "linkspan:rebuild" not in self.now(pull).labels, WAIT, "the label to be taken off")

    @each()
    def test_another_author_committer_or_head_is_somebody_elses(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        ada = ("Ada Human", "ada@example.com")
        for author, committer, amend in ((LINKSPAN, ada, True), (ada, LINKSPAN, False), (LINKSPAN, LINKSPAN, True)):
            before = len(self.comments(pull))
            edited = self.person_pushes({"clusters/prod/extra.yaml": "a: 1\n"}, author=author, committer=committer, amend=amend)
            wait_until(lambda: len(self.comments(pull)) > before, WAIT, f"the sentence about {author} {committer}")
            self.looked()
            self.assertEqual(self.branch(), edited)
            self.forge.comment_as_human(pull.number, "linkspan rebuild", who="bob")
            self.rebuilt(pull, edited)

    @each()
    def test_nothing_left_to_do_it_is_said_and_not_closed(self):
        self.fleet()
        delivery, pull = self.proposed("1.1.0")
        edited = self.edited(pull)
        self.post(PLACE + "/hold", {"reason": "release freeze"})
        wait_until(lambda: [c for c in self.comments(pull) if "does not close it" in c], WAIT, "the sentence")
        self.looked(2)
        self.assertEqual((self.now(pull).state, self.branch()), ("open", edited))
        self.assertEqual(len(self.comments(pull)), 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
