"""A pull request that is no longer as Linkspan made it: sent to another base, or asked for anew by a label of which no event tells."""

import time
import unittest

from proposing import FILE, KINDS, WAIT, Proposing, each
from real_parts import git, wait_until

LABELLED = ("github_enterprise", "gitlab", "gitea", "forgejo")
LABEL = "linkspan:rebuild"


class Changed(Proposing):
    def said(self, number, words):
        return [c.body for c in self.forge.pull_request(number).comments if words in c.body]

    def looks(self, count=2):
        """So many more looks at the pull request, all of which read it."""
        before = len(self.forge.requests)

        def seen():
            return [r for r in list(self.forge.requests)[before:] if r.operation == "get"]

        wait_until(lambda: len(seen()) >= count, WAIT, f"{count} looks")

    def person_pushes(self):
        clone = self.directory / f"editor-{time.monotonic_ns()}"
        git("clone", "--quiet", "--branch", "linkspan/prod", self.git.bare, clone)
        (clone / "clusters/prod/extra.yaml").write_text("a: 1\n")
        git("add", "--all", cwd=clone)
        git("commit", "--quiet", "-m", "My fix", cwd=clone)
        git("push", "--quiet", "origin", "linkspan/prod", cwd=clone)
        return self.branch()

    def files(self):
        return git("ls-tree", "-r", "--name-only", "linkspan/prod", cwd=self.git.bare)


class ByLabel(Changed):
    @each(*LABELLED)
    def test_a_label_asks_without_an_event(self):
        self.fleet()
        _, pull = self.proposed("1.1.0")
        edited = self.person_pushes()
        wait_until(lambda: self.said(pull.number, "leaves it alone"), WAIT, "the sentence")
        self.assertEqual(self.work(self.push("1.2.0"))["outcome"], "held")
        # Of somebody who may only read it is not heard.
        self.forge.label_as_human(pull.number, add=[LABEL], who="carol")
        tells_alone = self.kind in ("github_enterprise", "gitlab")  # the others' timeline is read with every look
        if tells_alone:
            wait_until(lambda: [r for r in list(self.forge.requests) if r.operation == "label_events"], WAIT, "the question who it was")
        self.looks()
        self.assertEqual(self.branch(), edited)
        self.forge.label_as_human(pull.number, remove=[LABEL], who="bob")
        self.forge.label_as_human(pull.number, add=[LABEL], who="bob")
        wait_until(lambda: self.branch() != edited, WAIT, "the rebuild")
        self.assertEqual(len(self.log()), 1)
        self.assertNotIn("extra.yaml", self.files())
        self.assertEqual(self.image(), "1.2.0", "the newest, though it was held when it came")
        wait_until(lambda: LABEL not in self.forge.pull_request(pull.number).labels, WAIT, "the label to be taken off")
        # Off again, it costs nothing.
        wait_until(lambda: "1.2.0" in self.only_open().title, WAIT, "the rest of the look")
        self.looks()
        before = len(self.forge.requests)
        self.looks(1)
        self.assertNotIn("label_events", [r.operation for r in list(self.forge.requests)[before:]])


class Elsewhere(Changed):
    def sent_away(self, **more):
        self.fleet(**more)
        git("branch", "staging", "main", cwd=self.git.bare)
        _, pull = self.proposed("1.1.0")
        self.forge.edit_as_human(pull.number, base="staging")
        wait_until(lambda: self.said(pull.number, "leaves it alone"), WAIT, "the sentence")
        return pull

    @each()
    def test_left_alone_said_once_and_set_back_when_asked(self):
        pull = self.sent_away()
        head = self.branch()
        work = self.work(self.push("1.2.0"))
        self.assertEqual(work["outcome"], "held", work)
        self.assertIn("staging", work["reason"])
        self.looks()
        self.assertEqual(len(self.said(pull.number, "leaves it alone")), 1)
        self.assertEqual(self.branch(), head)
        self.assertEqual([p.number for p in self.open()], [pull.number], "no second one from the same branch")
        self.forge.comment_as_human(pull.number, "linkspan rebuild", who="bob")
        wait_until(lambda: self.branch() != head, WAIT, "the rebuild")
        now = self.only_open()
        self.assertEqual((now.number, now.base), (pull.number, "main"))
        self.assertEqual(self.image(), "1.2.0")

    @each("gitlab", "bitbucket_data_center", "azure_devops")
    def test_set_back_by_a_person_it_goes_on(self):
        pull = self.sent_away()
        head = self.branch()
        self.assertEqual(self.work(self.push("1.2.0"))["outcome"], "held")
        self.forge.edit_as_human(pull.number, base="main")
        wait_until(lambda: self.branch() != head, WAIT, "it to be kept up")
        self.assertEqual(self.image(), "1.2.0")

    @each("azure_devops")
    def test_where_it_cant_be_set_back_another_one_is_opened(self):
        pull = self.sent_away()
        self.forge.settings.retargeting = False
        self.forge.comment_as_human(pull.number, "linkspan rebuild", who="bob")
        wait_until(lambda: self.forge.pull_request(pull.number).state == "closed", WAIT, "it to be closed")
        self.assertTrue(self.said(pull.number, "opens another one"))
        wait_until(self.open, WAIT, "another one")
        self.assertEqual(self.only_open().base, "main")

    @each()
    def test_never_merged_by_itself(self):
        self.fleet(pull_request={"automerge": True, "checks_within": "0s"})
        git("branch", "staging", "main", cwd=self.git.bare)
        self.forge.settings.required_checks = {"ci/test"}
        self.forge.settings.has_ci = True
        _, pull = self.proposed("1.1.0")
        self.forge.edit_as_human(pull.number, base="staging")
        wait_until(lambda: self.said(pull.number, "leaves it alone"), WAIT, "the sentence")
        self.assertIsNone(self.forge.pull_request(pull.number).auto_merge, "taken off")
        self.forge.status_as_ci(self.branch(), "ci/test", "success")
        self.looks()
        self.assertEqual(self.forge.pull_request(pull.number).state, "open")

    @each("github_enterprise", "gitea", "bitbucket_cloud")
    def test_merged_elsewhere_another_one_is_opened_here(self):
        pull = self.sent_away()
        self.forge.merge_as_human(pull.number)
        wait_until(lambda: [p for p in self.open() if p.number != pull.number], WAIT, "another one")
        self.assertEqual(self.only_open().base, "main")
        self.assertEqual(self.image("main"), "1.0.0")
        self.assertEqual(self.image(), "1.1.0")

    @each("github_enterprise", "gitlab", "gitea", "azure_devops")
    def test_the_configuration_names_another_base(self):
        self.fleet()
        git("branch", "release", "main", cwd=self.git.bare)
        _, pull = self.proposed("1.1.0")
        self.settings["repositories"][0]["branch"] = "release"
        self.service.end()
        self.service.write_config(self.settings)
        self.service.start()
        wait_until(lambda: self.only_open().base == "release", WAIT, "it to go there")
        self.assertEqual(self.only_open().number, pull.number)
        self.assertEqual(git("show", f"linkspan/prod:{FILE}", cwd=self.git.bare).count("1.1.0"), 1)


assert set(LABELLED) <= set(KINDS)

if __name__ == "__main__":
    unittest.main()
