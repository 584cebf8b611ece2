"""The fakes by themselves: open, refuse a second, close, reopen, merge with plain requests on every platform."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import forges  # noqa: E402

A, R = "/acme/platform/_apis/git/repositories/fleet/pullrequests", "/rest/api/1.0/projects/ACME/repos/fleet/pull-requests"
VERSION = "?api-version=7.1"
JSON = {"User-Agent": "test", "Content-Type": "application/json", "X-Atlassian-Token": "no-check"}
# kind: collection, body that opens, (method, suffix, body) that close, reopen and merge; {sha}, {version} are filled in.
GITHUB = ("/repos/acme/fleet/pulls", {"title": "t", "head": "bump", "base": "main"}, ("PATCH", "/1", {"state": "closed"}), ("PATCH", "/1", {"state": "open"}), ("PUT", "/1/merge", {"sha": "{sha}", "merge_method": "rebase"}))
GITEA = (GITHUB[0], GITHUB[1], GITHUB[2], GITHUB[3], ("POST", "/1/merge", {"Do": "squash", "head_commit_id": "{sha}"}))
CALLS = {
    "github": GITHUB, "github_enterprise": GITHUB, "gitea": GITEA, "forgejo": GITEA,
    "gitlab": ("/projects/acme%2Ffleet/merge_requests", {"title": "t", "source_branch": "bump", "target_branch": "main"}, ("PUT", "/1", {"state_event": "close"}), ("PUT", "/1", {"state_event": "reopen"}), ("PUT", "/1/merge", {"sha": "{sha}"})),
    "azure_devops": (A, {"title": "t", "sourceRefName": "refs/heads/bump", "targetRefName": "refs/heads/main"}, ("PATCH", "/1" + VERSION, {"status": "abandoned"}), ("PATCH", "/1" + VERSION, {"status": "active"}), ("PATCH", "/1" + VERSION, {"status": "completed", "lastMergeSourceCommit": {"commitId": "{sha}"}})),
    "bitbucket_cloud": ("/repositories/acme/fleet/pullrequests", {"title": "t", "source": {"branch": {"name": "bump"}}, "destination": {"branch": {"name": "main"}}}, None, None, ("POST", "/1/merge", {"merge_strategy": "squash"})),
    "bitbucket_data_center": (R, {"title": "t", "fromRef": {"id": "refs/heads/bump"}, "toRef": {"id": "refs/heads/main"}}, ("POST", "/1/decline?version={version}", {}), ("POST", "/1/reopen?version={version}", {}), ("POST", "/1/merge?version={version}", {})),
}
STATUS_OF_SECOND = {"github": 422, "github_enterprise": 422, "bitbucket_cloud": 201}


class Fakes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        work, self.bare = pathlib.Path(folder.name) / "work", pathlib.Path(folder.name) / "bare.git"

        def git(*arguments):
            subprocess.run(["git", "-c", "user.name=Test", "-c", "user.email=test@example.invalid", *arguments], check=True, capture_output=True, cwd=work)

        self.git, self.work = git, work
        work.mkdir()
        git("init", "-q", "-b", "main")
        (work / "image.yaml").write_text("image: app:1\n")
        git("add", ".")
        git("commit", "-qm", "one")
        git("checkout", "-q", "-b", "bump")
        (work / "image.yaml").write_text("image: app:2\n")
        git("commit", "-qam", "two")
        git("clone", "-q", "--bare", ".", str(self.bare))

    def ask(self, fake, method, path, body=None, token="test-token"):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(fake.api_url + path, data=data, method=method, headers={**JSON, "Authorization": "Bearer " + token})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def each(self):
        for kind in CALLS:
            with self.subTest(kind), forges.start(kind, self.bare) as fake:
                yield kind, fake, CALLS[kind]

    def opened(self, kind, fake):
        collection, body = CALLS[kind][:2]
        return self.ask(fake, "POST", collection + (VERSION if kind == "azure_devops" else ""), body)

    def test_walk_from_open_to_merged(self):
        def fill(thing, pull):
            text = json.dumps(thing).replace("{sha}", pull.head_commit).replace("{version}", str(pull.version))
            return json.loads(text)

        for kind in CALLS:
            with self.subTest(kind):
                self.git("push", "-qf", str(self.bare), "bump", "bump~1:main")
                with forges.start(kind, self.bare) as fake:
                    self.assertEqual(self.opened(kind, fake)[0], 201)
                    self.assertEqual(self.opened(kind, fake)[0], STATUS_OF_SECOND.get(kind, 409))
                    self.assertEqual(len(fake.pull_requests()), 1)
                    collection, _, close, reopen, merge = CALLS[kind]
                    for call, state in ((close, "closed"), (reopen, "open"), (merge, "merged")):
                        if call is None:
                            continue
                        method, suffix, body = fill(call, fake.pull_request(1))
                        status, text = self.ask(fake, method, collection + suffix, body)
                        self.assertIn(status, (200, 201), text)
                        self.assertEqual(fake.pull_request(1).state, state)
                    content = subprocess.run(["git", "--git-dir", str(self.bare), "show", "main:image.yaml"], capture_output=True, text=True).stdout
                    self.assertEqual(content, "image: app:2\n")
                    self.assertEqual(fake.complaints, [])

    def test_wrong_tokens_are_refused(self):
        for kind, fake, (collection, *_) in self.each():
            self.assertEqual(self.ask(fake, "GET", collection, token="another-test-token")[0], 401)

    def test_a_fault_after_the_effect_leaves_the_effect(self):
        for kind, fake, _ in self.each():
            fake.fail_next("html_error", operation="open", after=True)
            status, text = self.opened(kind, fake)
            self.assertEqual(status, 502)
            self.assertIn(b"<html", text)
            self.assertEqual(len(fake.pull_requests("open")), 1)

    def test_a_push_moves_the_head(self):
        for kind, fake, _ in self.each():
            self.assertEqual(self.opened(kind, fake)[0], 201)
            before = fake.pull_request(1).head_commit
            self.git("commit", "-q", "--allow-empty", "--amend", "-m", "rebuilt for " + kind)
            self.git("push", "-qf", str(self.bare), "bump")
            self.assertNotEqual(fake.pull_request(1).head_commit, before)


if __name__ == "__main__":
    unittest.main()
