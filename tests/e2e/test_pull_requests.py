"""Targets that propose: the life of a pull request through the running service, on every platform."""

import json
import re
import time
import unittest
import uuid

import real_parts
from proposing import (
    ASSIGNEES, CODEOWNERS, FILE, KUSTOMIZATION, LABELS, MILESTONES, OPERATOR, PLACE, REOPENING, TEAMS, TYPES, WAIT, Proposing, each,
)
from real_parts import git, wait_until
from test_main_job import APP
from test_policy import Policies


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
        self.assertIn("1.2.0", self.now(pull).title)
        self.assertEqual(self.image(), "1.2.0")
        self.assertEqual(len(self.log()), 1, "one commit, on the base")
        self.assertNotEqual(self.branch(), head)
        # Nothing is written when nothing changed.
        head, writes = self.branch(), self.writes()
        work = self.work(self.push("1.2.0"))
        self.assertEqual(work["outcome"], "pull_request", work)
        self.looked(2)
        self.assertEqual(self.branch(), head)
        self.assertEqual(self.writes(), writes)

    @each()
    def test_merged_is_recorded_and_the_branch_deleted(self):
        self.fleet()
        delivery, pull = self.proposed("1.1.0")
        self.forge.merge_as_human(pull.number)
        work = self.becomes(delivery, "merged")
        self.assertEqual(work["commit"], self.now(pull).merge_commit, work)
        self.assertEqual(work["pull_request"]["number"], pull.number, work)
        wait_until(lambda: not self.branch(), WAIT, "the branch to be deleted")
        self.assertEqual(self.image("main"), "1.1.0")
        delivery, second = self.proposed("1.2.0")
        self.assertNotEqual(second.number, pull.number)

    @each()
    def test_merged_with_a_persons_commits_the_branch_stays(self):
        self.fleet()
        delivery, pull = self.proposed("1.1.0")
        edited = self.person_pushes({"clusters/prod/extra.yaml": "a: 1\n"})
        self.looked()
        self.forge.merge_as_human(pull.number)
        self.becomes(delivery, "merged")
        # What they did is in the base now: the next one takes the branch, which nobody deleted before.
        _, newer = self.proposed("1.2.0")
        self.assertNotEqual(newer.number, pull.number)
        self.assertEqual((self.image(), self.changed()), ("1.2.0", [FILE, KUSTOMIZATION]))
        self.assertEqual([r.path for r in self.forge.requests if r.operation == "delete_branch"], [])
        self.assertIn("extra.yaml", git("ls-tree", "-r", "--name-only", "main", cwd=self.git.bare))

    @each()
    def test_closed_with_a_persons_commits_the_trail_says_how_to_go_on(self):
        self.fleet()
        delivery, pull = self.proposed("1.1.0")
        edited = self.person_pushes({"clusters/prod/extra.yaml": "a: 1\n"})
        self.looked()
        self.forge.close_as_human(pull.number)
        self.becomes(delivery, "held")
        work = self.work(self.push("1.2.0"))
        self.assertEqual((work["outcome"], self.branch(), self.open()), ("held", edited, []), work)
        self.assertIn("delete", work["reason"])
        git("update-ref", "-d", "refs/heads/linkspan/prod", cwd=self.git.bare)
        _, newer = self.proposed("1.3.0")
        self.assertEqual(self.changed(), [FILE, KUSTOMIZATION])

    @each()
    def test_closed_by_a_person_is_ignored_until_resumed(self):
        self.fleet()
        delivery, pull = self.proposed("1.1.0")
        self.forge.close_as_human(pull.number)
        work = self.becomes(delivery, "held")
        self.assertIn("without merging", work["reason"])
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

    @each()
    def test_of_a_tag_with_a_digest_that_digest_is_ignored(self):
        self.fleet(start=False)
        self.settings["policies"][0].update(select={"digest": "main"}, digest="pin")
        self.service.write_config(self.settings)
        self.service.start()
        delivery, pull = self.proposed("main", seed="one")
        self.assertRegex(self.git.show(FILE, "linkspan/prod"), r"app:main@sha256:")
        self.forge.close_as_human(pull.number)
        self.becomes(delivery, "held")
        self.assertTrue(self.holds()[0]["digest"].startswith("sha256:"), self.holds())
        self.assertEqual(self.work(self.tell("main"))["outcome"], "held")
        # The same name for another image is another question.
        _, other = self.proposed("main", seed="two")
        self.assertNotEqual(other.number, pull.number)

    @each(*REOPENING)
    def test_opened_again_by_a_person_it_counts_again(self):
        self.fleet(events=True, poll="1h")
        delivery, pull = self.proposed("1.1.0")
        self.forge.close_as_human(pull.number)
        self.becomes(delivery, "held")
        self.forge.reopen_as_human(pull.number)
        wait_until(lambda: not self.holds(), WAIT, "the hold to be lifted")
        wait_until(lambda: self.now(pull).state == "open" and self.branch(), WAIT, "it to be kept up")
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
        kustomization = self.git.show(KUSTOMIZATION).replace("1.0.0", "1.1.0")
        self.git.human_commit({FILE: text, KUSTOMIZATION: kustomization}, "By hand")
        wait_until(lambda: self.now(pull).state == "closed", WAIT, "it to be closed")
        self.becomes(delivery, "already_current")
        self.assertEqual(self.holds(), [], "what Linkspan closes is nobody's no")
        said = self.comments(pull)
        self.assertEqual(len(said), 1, said)
        self.assertIn("already", said[0])
        wait_until(lambda: not self.branch(), WAIT, "the branch to be deleted")
        # Nor is it one when nothing is remembered.
        self.lose_the_store()
        _, newer = self.proposed("1.2.0")
        self.assertEqual(self.holds(), [])

    @each()
    def test_the_branch_stays_where_that_is_asked_for(self):
        self.fleet(pull_request={"delete_branch": False, "branch": "bumps/{target}"})
        delivery, pull = self.proposed("1.1.0")
        self.forge.merge_as_human(pull.number)
        self.becomes(delivery, "merged")
        self.assertTrue(self.branch("bumps/prod"))
        delivery, second = self.proposed("1.2.0")
        self.assertEqual((second.head, self.image("bumps/prod"), len(self.log("bumps/prod"))), ("bumps/prod", "1.2.0", 1))


class Groups(Proposing):
    @each()
    def test_closed_by_a_person_all_that_was_in_it_is_ignored_and_the_rest_goes_on(self):
        self.several("app", "web", target={"batch": "1s"})
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
        self.assertEqual(self.changed(), ["clusters/prod/web/pod.yaml"])
        self.assertEqual(self.work(self.tell("1.1.0", "acme/app"))["outcome"], "held")
        work = self.work(self.push("1.3.0", repository="acme/app"))
        self.assertEqual(work["outcome"], "pull_request", work)
        self.assertEqual(self.only_open().number, alone.number)

    @each()
    def test_one_for_each_policy(self):
        self.several("app", "web", pull_request={"group": "policy"})
        numbers = {}
        for name in ("app", "web"):
            numbers[name] = self.work(self.push("1.1.0", repository=f"acme/{name}"))["pull_request"]["number"]
        self.assertEqual({p.head: p.number for p in self.open()}, {f"linkspan/prod--{n}": numbers[n] for n in numbers})
        # One is closed by a person: the other has nothing to do with it.
        self.forge.close_as_human(numbers["app"])
        wait_until(self.holds, WAIT, "the hold")
        self.assertEqual([(h["policy"], h["tag"]) for h in self.holds()], [("app", "1.1.0")])
        self.assertEqual(self.only_open().number, numbers["web"])

    @each()
    def test_one_for_each_directory(self):
        self.fleet(pull_request={"group": "directory"}, target={"paths": []})
        work = self.work(self.push("1.1.0"))
        self.assertEqual(work["outcome"], "pull_request", work)
        pulls = {p.head: p for p in self.open()}
        self.assertEqual(len(pulls), 2, pulls)
        for head in pulls:
            self.assertEqual(len({c.rsplit("/", 1)[0] for c in self.changed(head)}), 1, self.changed(head))

    @each()
    def test_grouped_otherwise_the_images_go_along(self):
        self.several("app", "web", pull_request={"group": "policy"})
        deliveries = [self.push("1.1.0", repository=f"acme/{name}") for name in ("app", "web")]
        for delivery in deliveries:
            self.assertEqual(self.work(delivery)["outcome"], "pull_request")
        apart = self.open()
        self.assertEqual(len(apart), 2)
        self.configured(lambda s: s["targets"][0]["pull_request"].update(group="all"))
        wait_until(lambda: [p.head for p in self.open()] == ["linkspan/prod"], WAIT, "one for both")
        both = self.only_open()
        for name in ("app", "web"):
            self.assertIn(f"`{name}`", both.body)
        for one in apart:
            wait_until(lambda: self.now(one).state == "closed", WAIT, "it to be closed")
            self.assertIn("Another pull request of this target", " ".join(self.comments(one)))
        self.looked(2)
        self.assertEqual([self.work(d)["outcome"] for d in deliveries], ["pull_request"] * 2)

    @each()
    def test_an_event_costs_a_look_at_its_own_pull_request_only(self):
        self.several("app", "web", events=True, poll="1h", target={"batch": "1s"}, pull_request={"group": "policy"})
        numbers = {}
        for name in ("app", "web"):
            work = self.work(self.push("1.1.0", repository=f"acme/{name}"))
            numbers[name] = work["pull_request"]["number"]
        self.assertEqual(len(self.open()), 2)

        def looks(name, since):
            return [r.path for r in list(self.forge.requests)[since:] if re.search(rf"/{numbers[name]}(?=$|/)", r.path)]

        def comes_to_rest():  # what our own calls made the platform tell is heard first
            self.forge.wait_delivered(WAIT)
            before = self.finished_looks(), len(self.forge.requests)
            time.sleep(1.5)
            return before == (self.finished_looks(), len(self.forge.requests))

        wait_until(comes_to_rest, WAIT, "rest")
        since = len(self.forge.requests)
        for _ in range(3):
            before = len(self.forge.requests)
            self.forge.comment_as_human(numbers["app"], "A word.")
            wait_until(lambda: looks("app", before), WAIT, "the look")
        self.assertEqual(looks("web", since), [])

    @each()
    def test_newer_tags_that_were_refused_are_told(self):
        self.fleet(start=False)
        self.images.push(APP, "2.0.0")
        self.service.start()
        _, pull = self.proposed("1.1.0")
        self.assertIn("2.0.0", pull.body)
        body = pull.body
        self.assertEqual(self.work(self.push("2.1.0"))["decision"]["selected"], "1.1.0")
        self.looked(2)
        self.assertEqual(self.only_open().body, body, "another tag of that series is no reason to write")
        _, pull = self.proposed("1.2.0")
        self.assertIn("2.1.0", pull.body)


class Manners(Proposing):
    @each()
    def test_what_people_change_is_not_fought_and_who_left_stops_nothing(self):
        ours = {"reviewers": [self.bob(), "gone-long-ago"], "milestone": "Q4"}
        ours["assignees"] = ["alice"]
        ours["teams"] = ["platform", "no-such-team"]
        self.fleet(pull_request=ours)
        delivery, pull = self.proposed("1.1.0")
        now = self.now(pull)
        self.assertEqual(now.reviewers, ["bob"])
        if self.kind in ASSIGNEES:
            self.assertEqual([str(a) for a in now.assignees], ["alice"])
        if self.kind in TEAMS:
            self.assertEqual([t.split("/")[-1] for t in now.teams], ["platform"])
        if self.kind in MILESTONES:
            self.assertEqual(now.milestone, "Q4")
        told = json.dumps(self.work(delivery)["pull_request"])
        self.assertIn("gone-long-ago", told, "named in the trail")
        if self.kind in TEAMS:
            self.assertIn("no-such-team", told)
        changes = {"title": "Please look at this one", "body": "Ann: looks good.\n\n" + now.body + "\n\nSee also the runbook.", "reviewers": ["alice"]}
        if self.kind in MILESTONES:
            changes["milestone"] = None
        if self.kind in ASSIGNEES:
            changes["assignees"] = []
        if self.kind in LABELS:
            self.assertEqual(sorted(now.labels), ["images"])
            self.forge.label_as_human(pull.number, add=["urgent"], remove=["images"])
        self.forge.edit_as_human(pull.number, **changes)
        self.proposed("1.2.0")
        self.looked()
        now = self.now(pull)
        self.assertEqual(now.title, "Please look at this one")
        self.assertTrue(now.body.startswith("Ann: looks good."), now.body)
        self.assertTrue(now.body.rstrip().endswith("See also the runbook."), now.body)
        self.assertIn("1.2.0", now.body)
        if self.kind in LABELS:
            self.assertEqual(sorted(now.labels), ["urgent"])
        self.assertEqual(now.reviewers, ["alice"])
        self.assertEqual(([str(a) for a in now.assignees], now.milestone), ([], None))

    @each()
    def test_what_a_platform_has_not_stops_nothing(self):
        self.fleet(pull_request={"labels": ["a label, of words" if self.kind != "gitlab" else "of words"], "milestone": "no such milestone", "assignees": ["left", "gone-long-ago"], "teams": ["x"], "reviewers": ["left"], "draft": "soak", "status": True, "api_commits": True})
        self.forge.settings.drafts = False
        delivery, pull = self.proposed("1.1.0")
        self.assertEqual((pull.milestone, pull.assignees, pull.reviewers, pull.teams), (None, [], [], []))
        told = json.dumps(self.work(delivery)["pull_request"]["notes"])
        if self.kind in MILESTONES:
            self.assertIn("no such milestone", told)
        if self.kind in ASSIGNEES:
            self.assertIn("gone-long-ago", told)
        writes = self.writes()
        self.looked(2)
        self.assertEqual(self.writes(), writes, "asked once")

    @each(*CODEOWNERS)
    def test_owners_of_the_files_are_asked(self):
        self.fleet(start=False, pull_request={"codeowners": True})
        text = "clusters/prod/.* @bob\n" if self.kind in ("gitea", "forgejo") else "* @alice\n/clusters/prod/ @bob\n"
        self.git.human_commit({"CODEOWNERS": text}, "Owners")
        self.service.start()
        _, pull = self.proposed("1.1.0")
        self.assertEqual([str(r) for r in self.now(pull).reviewers], ["bob"])

    @each()
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

    @each()
    def test_the_sources_of_both_images_are_compared(self):
        self.fleet(start=False)
        for tag, letter in (("1.0.0", "a"), ("1.1.0", "b")):
            self.labelled(tag, {"org.opencontainers.image.revision": letter * 40, "org.opencontainers.image.source": "https://github.com/acme/app"})
        self.service.start()
        self.work(self.tell("1.1.0"))
        self.assertIn(f"https://github.com/acme/app/compare/{'a' * 40}...{'b' * 40}", self.only_open().body)

    # An image with these labels, in the registry of a test.
    labelled, api, blob, manifest, reference = Policies.image, Policies.api, Policies.blob, Policies.manifest, Policies.reference


class Limits(Proposing):
    def waits(self, delivery, word):
        wait_until(lambda: self.state(delivery)["state"] == "waiting", WAIT, "waiting")
        self.assertIn(word, json.dumps(self.state(delivery)))

    @each()
    def test_one_at_a_time_and_the_rest_in_order(self):
        names = ("one", "two", "three")
        self.several(*names, pull_request={"group": "policy", "max_open": 1})
        deliveries = []
        for name in names:
            deliveries.append(self.push("1.1.0", repository=f"acme/{name}"))
            if name == "one":
                self.work(deliveries[0])
            else:
                self.waits(deliveries[-1], "max_open")
        # What is open is kept up all the same.
        newer = self.work(self.push("1.2.0", repository="acme/one"))
        self.assertEqual(newer["outcome"], "pull_request", newer)
        for name, delivery in zip(names, deliveries):
            work = self.work(delivery)
            self.assertEqual(work["outcome"], "pull_request", work)
            pull = self.only_open()
            self.assertIn(name, pull.title)
            self.forge.merge_as_human(pull.number)
            wait_until(lambda: self.now(pull).state == "merged" and not self.branch(pull.head), WAIT, "it to be recorded")
        self.assertEqual(self.open(), [])

    @each()
    def test_so_many_in_an_hour_and_the_rest_in_order(self):
        names = ("one", "two", "three")
        self.several(*names, pull_request={"group": "policy", "max_per_hour": 1})
        deliveries = []
        for name in names:
            deliveries.append(self.push("1.1.0", repository=f"acme/{name}"))
            if name == "one":
                self.work(deliveries[0])
            else:
                self.waits(deliveries[-1], "max_per_hour")
        # An end makes no place in this hour; nor does a restart.
        self.forge.merge_as_human(self.only_open().number)
        self.becomes(deliveries[0], "merged")
        self.service.end()
        self.service.start()
        self.waits(deliveries[1], "max_per_hour")
        self.assertEqual(self.open(), [])
        until = self.state(deliveries[1])["waiting_until"]
        self.assertTrue(until, "when it is worth looking again")
        # The hour is over, as far as the limit goes: one more, and it is the one that came first.
        self.configured(lambda s: s["targets"][0]["pull_request"].update(max_per_hour=2))
        self.work(deliveries[1])
        self.assertIn("two", self.only_open().title)
        self.waits(deliveries[2], "max_per_hour")
        self.configured(lambda s: s["targets"][0]["pull_request"].update(max_per_hour=0))
        self.work(deliveries[2])
        self.assertEqual([re.search("two|three", p.title)[0] for p in self.open()], ["two", "three"])


class People(Proposing):
    @each()
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
        self.looked(2)  # further looks do not take it back
        self.assertEqual(self.only_open().number, back.number)
        work = self.work(self.tell("1.1.0"))
        self.assertEqual(work["outcome"], "held", work)
        self.assertEqual(self.image(), "1.0.0")
        self.forge.merge_as_human(back.number)
        self.becomes(answer["id"], "merged")
        self.assertEqual(self.image("main"), "1.0.0")

    @each()
    def test_a_hold_closes_what_is_proposed_and_its_end_brings_it_back(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        self.post(PLACE + "/hold", {"reason": "release freeze"})
        wait_until(lambda: self.now(pull).state == "closed", WAIT, "it to be closed")
        said = self.comments(pull)
        self.assertEqual(len(said), 1, said)
        self.assertIn("release freeze", said[0])
        self.assertEqual(self.work(self.push("1.2.0"))["outcome"], "held")
        self.post(PLACE + "/resume", {"reason": "over"})
        wait_until(self.open, WAIT, "it to be proposed again")
        wait_until(lambda: self.image() == "1.2.0", WAIT, "the newest to be proposed")

    @each()
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

    @each()
    def test_no_longer_configured_it_is_closed_with_a_sentence(self):
        self.fleet(pull_request={"automerge": True})
        self.forge.settings.required_checks = {"ci/build"}
        delivery, pull = self.proposed("1.1.0")
        self.configured(lambda s: s["targets"][0].update(deliver="commit") or s["targets"][0].pop("pull_request"))
        wait_until(lambda: self.now(pull).state == "closed", WAIT, "it to be closed")
        self.assertIn("The configuration proposes nothing", " ".join(self.comments(pull)))
        self.assertFalse(self.now(pull).auto_merge)
        wait_until(lambda: not self.branch(), WAIT, "the branch to be deleted")
        work = self.work(self.push("1.2.0"))
        self.assertEqual(work["outcome"], "committed", work)
        # Closed by Linkspan, it is no person's no.
        self.configured(lambda s: s["targets"][0].update(deliver="pull_request"))
        self.assertEqual(self.work(self.push("1.3.0"))["outcome"], "pull_request")

    @each()
    def test_a_target_that_is_removed_takes_its_pull_request_along(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        self.configured(lambda s: s["targets"][0].update(name="production"))
        wait_until(lambda: self.now(pull).state == "closed", WAIT, "it to be closed")
        self.proposed("1.2.0")

    @each()
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
        # An edit, too: a push, and a word that asks for a rebuild.
        delivery, pull = self.proposed("1.3.0")
        edited = self.person_pushes({"clusters/prod/extra.yaml": "a: 1\n"})
        wait_until(lambda: self.comments(pull), WAIT, "the sentence")
        self.forge.comment_as_human(pull.number, "linkspan rebuild", who="bob")
        wait_until(lambda: self.branch() != edited, WAIT, "the rebuild")

    @each()
    def test_events_of_others_are_refused(self):
        self.fleet(events=True, poll="1h")
        delivery, pull = self.proposed("1.1.0")
        self.forge.wait_delivered(WAIT)
        self.forge.webhook_to(f"http://127.0.0.1:{self.linkspan_port}/hooks/forge", "another-secret-not-a-secret")
        self.forge.close_as_human(pull.number)
        self.assertTrue(self.forge.wait_delivered(WAIT))
        self.assertEqual([status for _, status in self.forge.deliveries[-1:]], [401])
        self.assertEqual(self.work(delivery)["outcome"], "pull_request")


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
        wait_until(lambda: self.now(pull).state == "closed", WAIT, "it to be closed")
        said = self.comments(pull)
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


class SourceStatuses(Proposing):
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


if __name__ == "__main__":
    unittest.main(verbosity=2)
