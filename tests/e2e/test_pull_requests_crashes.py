"""Targets that propose, killed at every moment that matters, beside others that do the same, and without their memory."""

import http.client
import itertools
import threading
import time
import unittest
import uuid

from forges.git_http import GitServer
from proposing import API_COMMITS, ASSIGNEES, AUTO_MERGE, LABELS, MILESTONES, PLACE, WAIT, Proposing, each
from real_parts import git, wait_until
from test_main_job import APP


class Crashing(Proposing):
    """Kills the service at the N-th thing that it changes outside: a push, or a request that writes."""

    def watched_fleet(self, **more):
        self.lock, self.at, self.effects, self.kills = threading.Lock(), None, 0, []

        def served():
            server = GitServer(self.git.bare, lambda moment: self.comes(moment, "push"))
            self.addCleanup(server.stop)
            return server.url

        self.fleet(url=served, **more)
        self.forge.on_write = lambda moment, request: self.comes(moment, request.operation or request.path)

    def comes(self, moment, what):
        """The fake's and the Git server's word around an effect. True: the service is dead, and hears nothing."""
        with self.lock:
            if self.at is None or len(self.kills) == 2:
                return False
            if not self.kills:  # the first kill: before the effect, which is lost
                self.effects += moment == "before"
                if moment != "before" or self.effects != self.at:
                    return False
            elif moment != "after":  # the second: after the next one, of which nobody hears
                return False
            self.service.kill()
            self.kills.append(f"{moment} {what}")
            return True

    def through(self, number, *parts):
        """The parts of a story, (what happens, how it ends), with the service killed and started again on the way."""
        self.effects, self.kills, self.at = 0, [], number
        restarted = 0
        for act, ended in parts:
            pending = [act]

            def over():
                nonlocal restarted
                time.sleep(0.1)
                try:
                    if len(self.kills) > restarted:
                        restarted = len(self.kills)
                        self.service.start()
                    if pending:
                        pending[0]()
                        pending.clear()
                    return ended()
                except (OSError, http.client.HTTPException, RuntimeError):
                    return False  # it is dead: asked again

            try:
                wait_until(over, WAIT, f"the end of {getattr(ended, '__name__', ended)}")
            except TimeoutError as late:
                raise AssertionError(f"{late}; effect {number}, killed {self.kills}; {self.told()}") from late
        with self.lock:
            self.at = None
        if len(self.kills) > restarted:
            self.service.start()
        return bool(self.kills)

    def told(self):
        return {"pulls": self.forge.pull_requests(), "branch": self.branch(), "log": self.service.process.tail()[-3000:]}

    def telling(self, tag):
        """Says that the tag was pushed, once however often it has to be said."""
        key = {"Idempotency-Key": str(uuid.uuid4())}

        def tell():
            _, answer, _ = self.service.ci({"image": f"{self.images.host}/{APP}", "tag": tag}, headers=key)
            self.delivery = answer["id"]

        return tell

    def outcome(self):
        trail = self.service.trail(self.delivery, wait="0s")
        return trail["events"][0]["targets"][0].get("outcome") if trail["settled"] else None

    def requests_of(self, since, *operations):
        return [r for r in list(self.forge.requests)[since:] if r.operation in operations and r.method != "GET" and r.effect]


class Killed(Crashing):
    """Before each effect, and again after the first one that follows: the same from the beginning ends in one pull request in
    the right state."""

    def wishes(self, **more):
        return {
            "automerge": True, "checks_within": "0s", "reviewers": [self.bob()], "assignees": ["alice"], "milestone": "Q4", "draft": "soak",
            "status": True, "merge_method": "merge", **more,
        }

    def from_push_to_merge(self, **more):
        self.watched_fleet(pull_request=self.wishes(**more), start=False)
        self.forge.settings.required_checks, self.forge.settings.has_ci = {"ci"}, True
        self.settings["policies"][0]["soak"] = "1s"
        self.service.write_config(self.settings)
        self.service.start()
        for number in itertools.count(1):
            before, asked = len(self.forge.pull_requests()), len(self.forge.requests)
            tag = f"1.{number}.0"
            self.images.push(APP, tag)

            def proposed_and_armed():
                pulls = self.forge.pull_requests()[before:]
                return (
                    len(pulls) == 1 and self.outcome() == "pull_request" and not self.is_draft(pulls[0])
                    and self.statuses("linkspan/soak")[-1:] == ["success"]
                    and (self.kind not in AUTO_MERGE or pulls[0].auto_merge is not None)
                )

            def checked():
                pull = self.forge.pull_requests()[before]
                self.assertEqual((pull.head_commit, self.image(), len(self.log())), (self.branch(), tag, 1), self.kills)
                self.assertEqual(pull.state, "open")
                self.forge.status_as_ci(self.branch(), "ci", "success")

            def merged():
                return self.outcome() == "merged" and not self.branch()

            killed = self.through(number, (self.telling(tag), proposed_and_armed), (checked, merged))
            pulls = self.forge.pull_requests()[before:]
            self.assertEqual(len(pulls), 1, f"never opened twice; {self.kills}")
            pull = pulls[0]
            about = f"{self.kind}, killed {self.kills}: {pull}"
            self.assertEqual((pull.state, pull.base), ("merged", "main"), about)
            self.assertIn(tag, pull.title, about)
            self.assertIn(tag, pull.body, about)
            self.assertEqual((pull.comments, self.holds(), self.image("main")), ([], [], tag), about)
            self.assertEqual(pull.reviewers, ["bob"], about)
            self.assertEqual(pull.labels, ["images"] if self.kind in LABELS else [], about)
            self.assertEqual([str(a) for a in pull.assignees], ["alice"] if self.kind in ASSIGNEES else [], about)
            self.assertEqual(pull.milestone, "Q4" if self.kind in MILESTONES else None, about)
            self.assertLessEqual(len(self.requests_of(asked, "reviewers")), 1, about)
            self.assertLessEqual(len(self.requests_of(asked, "assignees")), 1, about)
            work = self.work(self.delivery)
            self.assertEqual((work["pull_request"]["number"], work["commit"]), (pull.number, pull.merge_commit), about)
            if not killed:
                break
        # Every step was one of the moments: push, open, two statuses, what else the platform has.
        self.assertGreater(number, 5)

    @each()
    def test_from_the_push_to_the_merge(self):
        self.from_push_to_merge()

    @each(*API_COMMITS)
    def test_from_the_platforms_commit_to_the_merge(self):
        self.from_push_to_merge(api_commits=True)

    @each()
    def test_a_newer_tag_an_edit_and_a_rebuild(self):
        self.watched_fleet(pull_request={"automerge": True, "checks_within": "0s"})
        self.forge.settings.required_checks, self.forge.settings.has_ci = {"ci"}, True
        _, pull = self.proposed("1.0.1")

        def armed():
            return self.kind not in AUTO_MERGE or self.now(pull).auto_merge is not None

        def at_rest(tag):
            return armed() and self.branch() and len(self.log()) == 1 and self.image() == tag and tag in self.now(pull).title

        wait_until(lambda: at_rest("1.0.1"), WAIT, "the beginning")
        for number in itertools.count(1):
            tag = f"1.{number}.0"
            self.images.push(APP, tag)
            said = len(self.comments(pull))

            def newer():
                return self.outcome() == "pull_request" and at_rest(tag)

            def edit():
                self.edited = self.person_pushes({"clusters/prod/extra.yaml": f"a: {number}\n"})

            def left_alone():
                return len(self.comments(pull)) > said and self.now(pull).auto_merge is None and self.left_alone_twice()

            def ask():
                self.assertEqual(self.branch(), self.edited, self.kills)
                self.forge.comment_as_human(pull.number, "linkspan rebuild", who="bob")

            def rebuilt():
                return self.branch() != self.edited and at_rest(tag)

            killed = self.through(number, (self.telling(tag), newer), (edit, left_alone), (ask, rebuilt))
            about = f"{self.kind}, killed {self.kills}: {self.now(pull)}"
            self.assertEqual(len(self.forge.pull_requests()), 1, about)
            self.assertEqual(["leaves it alone" in c for c in self.comments(pull)[said:]], [True, False], about)
            self.assertNotIn("extra.yaml", git("ls-tree", "-r", "--name-only", "linkspan/prod", cwd=self.git.bare), about)
            self.assertEqual(self.holds(), [], about)
            if not killed:
                break
        self.assertGreater(number, 3)

    def left_alone_twice(self):
        """A whole look since the comment: what is written down after it is written down."""
        if getattr(self, "alone_since", None) != (self.service.process.child.pid, self.edited):
            self.alone_since, self.looks_then = (self.service.process.child.pid, self.edited), self.finished_looks()
        return self.finished_looks() >= self.looks_then + 2

    @each()
    def test_closing_with_a_sentence(self):
        self.watched_fleet()
        self.proposed("1.1.0")
        for number in itertools.count(1):
            pull = self.only_open()
            self.delivery = self.tell("1.1.0")
            self.work(self.delivery)

            def hold():
                self.post(PLACE + "/hold", {"reason": "release freeze"})

            def closed():
                return self.now(pull).state == "closed" and not self.branch() and self.outcome() == "held"

            killed = self.through(number, (hold, closed))
            about = f"{self.kind}, killed {self.kills}: {self.now(pull)}"
            self.assertEqual((self.open(), len(self.comments(pull))), ([], 1), about)
            self.assertEqual([h["why"] for h in self.holds() if "closed" in h["why"]], [], "nobody's no; " + about)
            self.post(PLACE + "/resume", {"reason": "over"})
            wait_until(self.open, WAIT, "it to be proposed again")
            if not killed:
                break
        self.assertGreater(number, 3)


class Replicas(Proposing):
    """Services with stores of their own that hear the same at the same moment."""

    def both(self, other, tag):
        """Told to both at once; the deliveries."""
        self.images.push(APP, tag)
        told, start = {}, threading.Barrier(2)

        def tell(service):
            start.wait()
            told[service] = self.tell(tag, service=service)

        threads = [threading.Thread(target=tell, args=(service,)) for service in (self.service, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return told

    def becomes_at_both(self, told, outcome):
        for service, delivery in told.items():
            wait_until(lambda: self.work(delivery, service=service)["outcome"] == outcome, WAIT, f"{outcome}: {self.work(delivery, service=service)}")

    @each()
    def test_two_that_hear_the_same_end_in_one(self):
        self.fleet()
        other = self.another("second").start()
        for tag in ("1.1.0", "1.2.0", "1.3.0", "1.4.0"):
            self.becomes_at_both(self.both(other, tag), "pull_request")
            self.assertEqual(len(self.forge.pull_requests()), 1)
            wait_until(lambda: (self.image(), len(self.log())) == (tag, 1) and tag in self.only_open().title, WAIT, "the tag")
        # And both at rest: neither takes the other for a person, nor writes what is written.
        self.looked(2)
        head, writes = self.branch(), self.writes()
        self.looked(2)
        self.assertEqual((self.branch(), self.writes(), self.comments(self.only_open())), (head, writes, []))

    @each()
    def test_two_that_merge(self):
        self.fleet(pull_request={"automerge": True, "checks_within": "0s"})
        other = self.another("second").start()
        self.forge.settings.required_checks, self.forge.settings.has_ci = {"ci"}, True
        for count, tag in enumerate(("1.1.0", "1.2.0", "1.3.0"), 1):
            told = self.both(other, tag)
            self.becomes_at_both(told, "pull_request")
            pulls = self.forge.pull_requests()
            self.assertEqual(len(pulls), count, pulls)
            pull = pulls[-1]
            if self.kind in AUTO_MERGE:
                wait_until(lambda: self.now(pull).auto_merge, WAIT, "it to be armed")
            self.forge.status_as_ci(self.branch(), "ci", "success")
            self.becomes_at_both(told, "merged")
            wait_until(lambda: not self.branch(), WAIT, "the branch to be deleted")
            self.assertEqual((self.now(pull).comments, self.image("main"), self.holds()), ([], tag, []))


class LostStores(Proposing):
    @each()
    def test_the_open_one_is_found_again(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        if self.kind in LABELS:
            self.forge.label_as_human(pull.number, remove=["images"], add=["urgent"])
        head, title = self.branch(), self.now(pull).title
        self.lose_the_store()
        _, again = self.proposed("1.1.0")
        self.assertEqual((again.number, self.branch(), self.now(pull).title), (pull.number, head, title))
        if self.kind in LABELS:  # what people took off can't be known then
            self.assertEqual(sorted(self.now(pull).labels), ["images", "urgent"])
        self.lose_the_store()
        _, again = self.proposed("1.2.0")
        self.assertEqual((again.number, self.image(), len(self.log()), self.comments(pull)), (pull.number, "1.2.0", 1, []))
        self.forge.merge_as_human(pull.number)
        wait_until(lambda: not self.branch(), WAIT, "the branch to be deleted")
        self.assertEqual(len(self.forge.pull_requests()), 1)

    @each()
    def test_a_persons_commits_are_known_by_their_authors(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        edited = self.person_pushes({"clusters/prod/extra.yaml": "a: 1\n"})
        wait_until(lambda: self.comments(pull), WAIT, "the sentence")
        self.lose_the_store()
        work = self.work(self.push("1.2.0"))
        self.assertEqual((work["outcome"], self.branch(), self.only_open().number), ("held", edited, pull.number), work)

    @each()
    def test_a_persons_no_is_known_by_the_body(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        self.service.end()
        self.forge.close_as_human(pull.number)
        self.service.start()
        self.lose_the_store()
        work = self.work(self.tell("1.1.0"))
        self.assertEqual((work["outcome"], self.open()), ("held", []), work)
        self.assertEqual([h["tag"] for h in self.holds()], ["1.1.0"])
        _, newer = self.proposed("1.2.0")
        self.assertNotEqual(newer.number, pull.number)

    @each(*API_COMMITS)
    def test_the_platforms_commit_counts_as_a_persons_until_asked_for(self):
        self.fleet(pull_request={"api_commits": True})
        _, pull = self.proposed("1.1.0")
        head = self.branch()
        self.lose_the_store()
        work = self.work(self.push("1.2.0"))
        self.assertEqual((work["outcome"], self.branch()), ("held", head), work)
        wait_until(lambda: self.comments(pull), WAIT, "the sentence")
        self.looked()
        self.forge.comment_as_human(pull.number, "linkspan rebuild", who="bob")
        wait_until(lambda: self.branch() != head, WAIT, "the rebuild")
        self.assertEqual((self.image(), len(self.log()), len(self.forge.pull_requests())), ("1.2.0", 1, 1))


class ThroughTheApi(Proposing):
    @each(*API_COMMITS)
    def test_commits_are_the_platforms_and_are_no_persons(self):
        self.fleet(pull_request={"api_commits": True})
        _, pull = self.proposed("1.1.0")
        self.assertEqual(self.image(), "1.1.0")
        committer = git("log", "-1", "--format=%ce", "linkspan/prod", cwd=self.git.bare).strip()
        self.assertNotEqual(committer, "linkspan@example.com")
        self.assertIn("1.1.0", git("log", "-1", "--format=%s", "linkspan/prod", cwd=self.git.bare))
        self.assertEqual(self.changed(), ["clusters/prod/app.yaml", "clusters/prod/kustomization.yaml"])
        head = self.branch()
        self.work(self.push("1.1.0"))
        self.looked(2)
        self.assertEqual(self.branch(), head, "nothing is written when nothing changed")
        # Replaced, not added to: by a newer tag, and when the base moves.
        self.proposed("1.2.0")
        self.assertEqual((self.image(), len(self.log())), ("1.2.0", 1))
        head = self.branch()
        tip = self.git.human_commit({"README.md": "Another word.\n"}, "Say more")
        wait_until(lambda: self.branch() != head, WAIT, "the branch to be rebuilt")
        self.assertEqual(git("rev-parse", "linkspan/prod^", cwd=self.git.bare).strip(), tip)
        self.assertEqual(self.comments(pull), [])
        delivery = self.push("1.3.0")
        self.work(delivery)
        self.forge.merge_as_human(pull.number)
        self.becomes(delivery, "merged")
        wait_until(lambda: not self.branch(), WAIT, "the branch to be deleted")
        self.assertEqual(self.image("main"), "1.3.0")


if __name__ == "__main__":
    unittest.main(verbosity=2)
