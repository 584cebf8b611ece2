"""The committer on real parts: people win, signatures that git verifies, one connection for a push, groups, reviews, races.

LINKSPAN_RACE says how many commits each side of the race makes (default 40; 500 is the long version).
"""

import json
import os
import re
import socket
import subprocess
import threading
import time
import unittest
import uuid

import real_parts
from real_parts import git, run, wait_until
from test_main_job import APP, Fleet, manifests

RACE = int(os.environ.get("LINKSPAN_RACE", "40"))


class Committer(Fleet):
    def pushed(self, service, registry, tag, app=APP):
        """Pushes an image without notifications and tells Linkspan; the work that came of it."""
        registry.push(app, tag)
        return self.told(service, registry, tag, app)

    def told(self, service, registry, tag, app=APP):
        body = {"image": f"{registry.host}/{app}", "tag": tag}
        # Each is news, also when it says the same as the one before.
        status, body, _ = service.ci(body, headers={"Idempotency-Key": str(uuid.uuid4())})
        self.assertIn(status, (200, 202), body)
        trail = service.trail(body["id"])
        self.assertTrue(trail["settled"], trail)
        return trail["events"][0]["targets"][0]


class PeopleWin(Committer):
    def setUp(self):
        super().setUp()
        self.images = self.registry(notify=False)
        self.fleet = self.repository(self.images.host)
        self.service = self.linkspan(self.config(self.images, f"file://{self.fleet.bare}"))

    def place(self):
        return re.search(rf"{APP}:([^\"]+)\"", self.fleet.show("clusters/prod/app.yaml")).group(1)

    def test_a_reverted_bump_is_not_made_again_until_a_newer_tag_comes(self):
        first = self.pushed(self.service, self.images, "1.1.0")
        self.assertEqual(first["outcome"], "committed", first)
        git("fetch", "--quiet", "origin", cwd=self.fleet.clone)
        git("reset", "--quiet", "--hard", "origin/main", cwd=self.fleet.clone)
        git("revert", "--no-edit", "HEAD", cwd=self.fleet.clone)
        git("push", "--quiet", "origin", "HEAD:main", cwd=self.fleet.clone)
        reverted = self.fleet.tip()

        again = self.told(self.service, self.images, "1.1.0")
        self.assertEqual(again["outcome"], "held", again)
        self.assertIn("Ada Human <ada@example.com>", again["reason"])
        self.assertIn(reverted[:12], again["reason"])
        self.assertIn("clusters/prod/app.yaml:", again["reason"])
        self.assertEqual(self.fleet.tip(), reverted)

        # What was noticed survives a restart, also when Git alone would not show it any more.
        self.service.kill()
        self.service.start()
        self.assertEqual(self.told(self.service, self.images, "1.1.0")["outcome"], "held")

        newer = self.pushed(self.service, self.images, "1.2.0")
        self.assertEqual(newer["outcome"], "committed", newer)
        self.assertEqual(self.place(), "1.2.0")

    def test_a_value_that_a_person_set_stays(self):
        self.assertEqual(self.pushed(self.service, self.images, "1.1.0")["outcome"], "committed")
        text = self.fleet.show("clusters/prod/app.yaml").replace(":1.1.0", ":1.0.5-hotfix")
        self.fleet.human_commit({"clusters/prod/app.yaml": text}, "Hotfix by hand")
        held = self.told(self.service, self.images, "1.1.0")
        self.assertEqual(held["outcome"], "held", held)
        self.assertIn("Hotfix by hand", held["reason"])
        self.assertEqual(self.place(), "1.0.5-hotfix")

    def hook(self, name, text):
        file = self.fleet.bare / "hooks" / name
        file.write_text("#!/bin/sh\n" + text)
        file.chmod(0o755)
        return file

    def revert(self):
        git("fetch", "--quiet", "origin", cwd=self.fleet.clone)
        git("reset", "--quiet", "--hard", "origin/main", cwd=self.fleet.clone)
        git("revert", "--no-edit", "HEAD", cwd=self.fleet.clone)
        git("push", "--quiet", "origin", "HEAD:main", cwd=self.fleet.clone)

    def test_a_push_that_was_refused_is_no_reason_to_forget_what_people_undid(self):
        self.assertEqual(self.pushed(self.service, self.images, "1.1.0")["outcome"], "committed")
        hook = self.hook("pre-receive", "echo frozen >&2; exit 1\n")
        refused = self.pushed(self.service, self.images, "1.2.0")
        self.assertEqual(refused["outcome"], "refused", refused)
        hook.unlink()
        self.revert()
        # The policy takes 1.1.0 for the newest again.
        self.settings = json.loads(self.service.config_file.read_text())
        self.settings["policies"][0]["select"] = {"semver": "<1.2.0"}
        self.service.config_file.write_text(json.dumps(self.settings))
        self.service.reload()
        held = self.told(self.service, self.images, "1.1.0")
        self.assertEqual(held["outcome"], "held", held)
        self.assertEqual(self.place(), "1.0.0")

    def test_a_push_that_lands_after_we_gave_it_up_is_ours_and_people_undo_it_all_the_same(self):
        config = json.loads(self.service.config_file.read_text())
        config["repositories"][0]["timeout"] = "2s"
        self.service.config_file.write_text(json.dumps(config))
        self.service.reload()
        # Only the first push is slow; it lands when nobody listens any more.
        flag = self.directory / "slow"
        flag.write_text("")
        hook = self.hook("pre-receive", f"if rm {flag} 2>/dev/null; then sleep 6; fi; exit 0\n")
        work = self.pushed(self.service, self.images, "1.1.0")
        self.assertEqual(work["outcome"], "committed", work)
        self.assertIn(work["commit"], self.fleet.log())
        hook.unlink()
        self.assertEqual(len(self.fleet.log()), 2)
        self.revert()
        held = self.told(self.service, self.images, "1.1.0")
        self.assertEqual(held["outcome"], "held", held)

    def test_a_place_that_moved_is_still_the_place(self):
        self.assertEqual(self.pushed(self.service, self.images, "1.1.0")["outcome"], "committed")
        text = self.fleet.show("clusters/prod/app.yaml").replace(":1.1.0", ":1.0.0")
        self.fleet.human_commit(
            {"clusters/prod/app.yaml": "kind: ConfigMap\napiVersion: v1\n---\n" + text}, "Back, and a document before")
        held = self.told(self.service, self.images, "1.1.0")
        self.assertEqual(held["outcome"], "held", held)
        self.assertIn("Back, and a document before", held["reason"])
        # Whoever puts it back by hand has decided again.
        self.fleet.human_commit(
            {"clusters/prod/app.yaml": self.fleet.show("clusters/prod/app.yaml").replace(":1.0.0", ":1.1.0")}, "Forward")
        current = self.told(self.service, self.images, "1.1.0")
        self.assertEqual(current["outcome"], "already_current", current)

    def test_who_is_named_changed_the_place_and_not_just_the_file(self):
        self.assertEqual(self.pushed(self.service, self.images, "1.1.0")["outcome"], "committed")
        self.revert()
        text = self.fleet.show("clusters/prod/app.yaml") + "# a note\n"
        self.fleet.human_commit({"clusters/prod/app.yaml": text}, "A note below")
        held = self.told(self.service, self.images, "1.1.0")
        self.assertEqual(held["outcome"], "held", held)
        self.assertIn("Revert", held["reason"])
        self.assertNotIn("A note below", held["reason"])

    def test_a_branch_that_was_rewritten_without_the_bump_gets_it_again(self):
        base = self.fleet.tip()
        self.assertEqual(self.pushed(self.service, self.images, "1.1.0")["outcome"], "committed")
        git("update-ref", "refs/heads/main", base, cwd=self.fleet.bare)
        again = self.told(self.service, self.images, "1.1.0")
        self.assertEqual(again["outcome"], "committed", again)

    def test_other_people_s_changes_to_the_file_hold_nothing(self):
        self.assertEqual(self.pushed(self.service, self.images, "1.1.0")["outcome"], "committed")
        text = self.fleet.show("clusters/prod/app.yaml").replace("# keep me", "# kept")
        self.fleet.human_commit({"clusters/prod/app.yaml": text}, "A better comment")
        self.assertEqual(self.pushed(self.service, self.images, "1.2.0")["outcome"], "committed")
        self.assertIn("# kept", self.fleet.show("clusters/prod/app.yaml"))


class Commits(Committer):
    def start(self, **repository):
        self.images = self.registry(notify=False)
        self.fleet = self.repository(self.images.host)
        config = self.config(self.images, f"file://{self.fleet.bare}", **repository)
        return config

    def test_an_ssh_signature_that_git_verifies(self):
        config = self.start()
        key = self.directory / "signing"
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "test-passphrase", "-C", "test-key-not-real", "-f", str(key)])
        (self.directory / "passphrase").write_text("test-passphrase\n")
        config["repositories"][0]["signing"] = {
            "ssh_key": str(key), "passphrase": {"file": str(self.directory / "passphrase")}}
        config["repositories"][0]["sign_off"] = True
        config["repositories"][0]["skip_ci"] = True
        config["repositories"][0]["committer"] = {"name": "Bridge", "email": "bridge@example.com"}
        service = self.linkspan(config)
        work = self.pushed(service, self.images, "1.1.0")
        self.assertEqual(work["outcome"], "committed", work)
        allowed = self.directory / "allowed"
        allowed.write_text("bridge@example.com " + (self.directory / "signing.pub").read_text())
        done = run(
            ["git", "-c", "safe.directory=*", "-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={allowed}",
             "verify-commit", "main"], cwd=self.fleet.bare, env=real_parts.GIT_ENV, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        message = git("log", "-1", "--format=%cn <%ce> by %an%n%B", "main", cwd=self.fleet.bare)
        self.assertTrue(message.startswith(
            "Bridge <bridge@example.com> by Linkspan\nUpdate app to 1.1.0 in prod [skip ci]\n"), message)
        self.assertIn("\nSigned-off-by: Bridge <bridge@example.com>\n", message)

    def test_a_gpg_signature_that_git_verifies(self):
        config = self.start()
        home = self.directory / "gnupg"
        home.mkdir(mode=0o700)
        gpg = real_parts.need("gpg")
        run([gpg, "--homedir", str(home), "--batch", "--passphrase", "", "--quick-generate-key",
             "Test <test@example.com>", "ed25519", "sign"])
        self.addCleanup(run, ["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
        config["repositories"][0]["signing"] = {"gpg_key": "test@example.com", "gnupg_home": str(home)}
        service = self.linkspan(config)
        work = self.pushed(service, self.images, "1.1.0")
        self.assertEqual(work["outcome"], "committed", work)
        done = run(["git", "-c", "safe.directory=*", "verify-commit", "main"], cwd=self.fleet.bare,
                   env={**real_parts.GIT_ENV, "GNUPGHOME": str(home)}, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_key_that_can_not_sign_makes_no_commit(self):
        config = self.start()
        key = self.directory / "signing"
        key.write_text("not a key\n")
        key.chmod(0o600)
        config["repositories"][0]["signing"] = {"ssh_key": str(key)}
        service = self.linkspan(config)
        base = self.fleet.tip()
        work = self.pushed(service, self.images, "1.1.0")
        self.assertEqual(work["outcome"], "failed", work)
        self.assertEqual(self.fleet.tip(), base)

    def test_groups_are_commits_on_each_other_in_one_push(self):
        config = self.start(group="directory")
        config["targets"][0]["paths"] = ["clusters"]
        service = self.linkspan(config)
        hook = self.fleet.bare / "hooks/post-receive"
        log = self.directory / "pushes"
        hook.write_text(f"#!/bin/sh\ncat >> {log}\n")
        hook.chmod(0o755)
        base = self.fleet.tip()
        work = self.pushed(service, self.images, "1.1.0")
        self.assertEqual(work["outcome"], "committed", work)
        commits = git("rev-list", f"{base}..main", cwd=self.fleet.bare).split()
        self.assertEqual(len(commits), 2)
        self.assertEqual(work["commit"], commits[0])
        self.assertEqual(len(log.read_text().splitlines()), 1)
        for commit, directory in zip(commits, ["clusters/staging", "clusters/prod"]):
            files = git("diff-tree", "-r", "--name-only", "--no-commit-id", commit, cwd=self.fleet.bare).split()
            self.assertEqual({f.rsplit("/", 1)[0] for f in files}, {directory})

    def test_push_options_reach_the_hook(self):
        config = self.start(push_options=["ci.skip", "merge_request.label=images"])
        git("config", "receive.advertisePushOptions", "true", cwd=self.fleet.bare)
        hook = self.fleet.bare / "hooks/pre-receive"
        log = self.directory / "options"
        hook.write_text(f"#!/bin/sh\necho $GIT_PUSH_OPTION_COUNT $GIT_PUSH_OPTION_0 $GIT_PUSH_OPTION_1 > {log}\n")
        hook.chmod(0o755)
        service = self.linkspan(config)
        self.assertEqual(self.pushed(service, self.images, "1.1.0")["outcome"], "committed")
        self.assertEqual(log.read_text(), "2 ci.skip merge_request.label=images\n")

    def test_a_review_leaves_the_branch_alone_and_is_sent_once(self):
        config = self.start(review="refs/for/main")
        service = self.linkspan(config)
        base = self.fleet.tip()
        work = self.pushed(service, self.images, "1.1.0")
        self.assertEqual(work["outcome"], "pull_request", work)
        self.assertEqual(self.fleet.tip(), base)
        sent = git("rev-parse", "refs/for/main", cwd=self.fleet.bare).strip()
        self.assertEqual(sent, work["commit"])
        self.assertRegex(git("log", "-1", "--format=%B", sent, cwd=self.fleet.bare), r"\nChange-Id: I[0-9a-f]{40}\n")
        again = self.told(service, self.images, "1.1.0")
        self.assertEqual(again["outcome"], "held", again)
        self.assertIn("sent for review", again["reason"])
        # Merged by a person: nothing left to do.
        git("update-ref", "refs/heads/main", sent, cwd=self.fleet.bare)
        self.assertEqual(self.told(service, self.images, "1.1.0")["outcome"], "already_current")


class Links(Committer):
    def test_the_message_links_what_changed_between_two_images(self):
        images = self.registry(notify=False)
        fleet = self.repository(images.host)
        service = self.linkspan(self.config(images, f"file://{fleet.bare}"))
        for tag, letter in (("1.1.0", "a"), ("1.2.0", "b")):
            images.push(APP, tag)
            body = {"image": f"{images.host}/{APP}", "tag": tag, "revision": letter * 40, "source": "https://github.com/acme/app"}
            trail = service.trail(service.ci(body)[1]["id"])
            self.assertEqual(trail["events"][0]["targets"][0]["outcome"], "committed", trail)
        message = git("log", "-1", "--format=%B", "main", cwd=fleet.bare)
        self.assertIn(f"https://github.com/acme/app/compare/{'a' * 40}...{'b' * 40}", message)


class Turns(Committer):
    def start(self, **repository):
        self.images = self.registry(notify=False)
        files = {}
        for name in ("one", "two", "three"):
            files[f"clusters/{name}/app.yaml"] = manifests(self.images.host)["clusters/prod/app.yaml"].replace(f"{APP}:", f"acme/{name}:")
        self.fleet = self.repository(self.images.host, files)
        config = self.config(self.images, f"file://{self.fleet.bare}")
        config["repositories"][0].update(repository)
        config["policies"] = [
            {"name": n, "image": f"{self.images.host}/acme/{n}", "select": {"semver": "*"}} for n in ("one", "two", "three")]
        config["targets"] = [
            {"name": n, "repository": "fleet", "paths": [f"clusters/{n}"], "policies": [n]} for n in ("one", "two", "three")]
        return config

    def test_what_the_server_does_not_want_holds_up_nobody_else(self):
        config = self.start()
        for target in config["targets"]:
            target["batch"] = "1s"  # so that they share a push
        service = self.linkspan(config)
        hook = self.fleet.bare / "hooks" / "update"
        hook.write_text('#!/bin/sh\nif git diff --name-only $2 $3 | grep -q clusters/two; then echo "two is frozen" >&2; exit 1; fi\n')
        hook.chmod(0o755)
        for name in ("one", "two", "three"):
            self.images.push(f"acme/{name}", "1.1.0")
        ids = [service.ci({"image": f"{self.images.host}/acme/{n}", "tag": "1.1.0"})[1]["id"] for n in ("one", "two", "three")]
        works = [service.trail(one)["events"][0]["targets"][0] for one in ids]
        self.assertEqual([w["outcome"] for w in works], ["committed", "refused", "committed"], works)
        self.assertIn("two is frozen", works[1]["reason"])
        for name, tag in (("one", "1.1.0"), ("two", "1.0.0"), ("three", "1.1.0")):
            self.assertIn(f"acme/{name}:{tag}", self.fleet.show(f"clusters/{name}/app.yaml"))

    def test_a_batch_waits_for_others_and_others_do_not_wait_for_it(self):
        config = self.start()
        config["targets"][0]["batch"] = "1h"
        service = self.linkspan(config)
        for name in ("one", "two"):
            self.images.push(f"acme/{name}", "1.1.0")
        first = service.ci({"image": f"{self.images.host}/acme/one", "tag": "1.1.0"})[1]["id"]
        self.assertFalse(service.trail(first, wait="1s")["settled"])
        second = service.ci({"image": f"{self.images.host}/acme/two", "tag": "1.1.0"})[1]["id"]
        works = [service.trail(one)["events"][0]["targets"][0] for one in (second, first)]
        self.assertEqual([w["outcome"] for w in works], ["committed", "committed"], works)
        # They share the commit.
        self.assertEqual(works[0]["commit"], works[1]["commit"])


class Connections(Committer):
    def test_a_warm_push_is_one_connection_and_fetches_nothing(self):
        images = self.registry(notify=False)
        fleet = self.repository(images.host)
        web = self.started(real_parts.WebServer(self.directory / "web", fleet))
        file = web.directory / "apache.conf"
        # "combined" and its like are the server's own module in Debian.
        file.write_text(file.read_text() + f'CustomLog {web.directory}/access.log "%m %U%q %k"\n')
        web.end()
        web.start()
        service = self.linkspan(self.config(images, web.url))
        log = web.directory / "access.log"
        # The server writes a line after it has answered: those of the first push may still be on their way.
        def pushes():
            return [line for line in log.read_text().splitlines() if line.startswith("POST /git/fleet.git/git-receive-pack")]

        self.assertEqual(self.pushed(service, images, "1.1.0")["outcome"], "committed")
        wait_until(lambda: len(pushes()) == 1, what="the first push in the access log")
        cold = len(log.read_text().splitlines())
        self.assertEqual(self.pushed(service, images, "1.2.0")["outcome"], "committed")

        def warm():
            lines = log.read_text().splitlines()[cold:]
            return lines if len(pushes()) >= 2 else None

        lines = wait_until(warm, what="two lines in the access log")
        self.assertEqual(len(lines), 2, lines)
        self.assertIn("GET /git/fleet.git/info/refs?service=git-receive-pack", lines[0])
        self.assertIn("POST /git/fleet.git/git-receive-pack", lines[1])
        # A human's push in between costs a look and a fetch, and both commits stay.
        tip = fleet.tip()
        note = git("commit-tree", f"{tip}^{{tree}}", "-p", tip, "-m", "A note", cwd=fleet.bare).strip()
        git("update-ref", "refs/heads/main", note, cwd=fleet.bare)
        fleet.give_to_server()
        self.assertEqual(self.pushed(service, images, "1.3.0")["outcome"], "committed")
        subjects = git("log", "--format=%s", "-2", "main", cwd=fleet.bare).splitlines()
        self.assertEqual(subjects[1], "A note")


class Head(Committer):
    def test_a_default_branch_that_moves_is_followed(self):
        images = self.registry(notify=False)
        fleet = self.repository(images.host)
        config = self.config(images, f"file://{fleet.bare}")
        config["repositories"][0]["branch"] = "HEAD"
        service = self.linkspan(config)
        self.assertEqual(self.pushed(service, images, "1.1.0")["outcome"], "committed")
        self.assertIn(":1.1.0", fleet.show("clusters/prod/app.yaml", "main"))
        git("branch", "--move", "main", "trunk", cwd=fleet.bare)  # HEAD goes with it
        self.assertEqual(git("symbolic-ref", "HEAD", cwd=fleet.bare).strip(), "refs/heads/trunk")
        work = self.pushed(service, images, "1.2.0")
        self.assertEqual(work["outcome"], "committed", work)
        self.assertIn(":1.2.0", fleet.show("clusters/prod/app.yaml", "trunk"))
        self.assertEqual(git("branch", "--list", "main", cwd=fleet.bare), "")
        self.assertIn("HEAD is the branch trunk now", service.process.output())


class Remotes(Committer):
    """What happens to a remote is no reason to give work up: it lands when the remote is as it should be."""

    def setUp(self):
        super().setUp()
        self.images = self.registry(notify=False)
        self.fleet = self.repository(self.images.host)
        self.service = self.linkspan(self.config(self.images, f"file://{self.fleet.bare}"))
        # The mirror knows the branch already.
        self.assertEqual(self.pushed(self.service, self.images, "1.1.0")["outcome"], "committed")

    def waits(self, tag, *reason):
        self.images.push(APP, tag)
        status, body, _ = self.service.ci({"image": f"{self.images.host}/{APP}", "tag": tag})
        self.assertEqual(status, 202, body)
        error = self.tried_again(self.service, body["id"])["last_error"]
        for part in reason:
            self.assertIn(part, error)
        return body["id"]

    def lands(self, delivery, tag):
        work = self.outcome(self.service.trail(delivery))
        self.assertEqual(work["outcome"], "committed", work)
        self.assertIn(f":{tag}", self.fleet.show("clusters/prod/app.yaml"))

    def test_one_that_is_renamed_away_and_back(self):
        away = self.fleet.bare.with_name("away.git")
        self.fleet.bare.rename(away)
        delivery = self.waits("1.2.0", str(self.fleet.bare))
        away.rename(self.fleet.bare)
        self.lands(delivery, "1.2.0")

    def test_one_that_is_emptied_and_filled_again(self):
        tip = self.fleet.tip()
        git("update-ref", "-d", "refs/heads/main", cwd=self.fleet.bare)
        delivery = self.waits("1.2.0", "there is no branch 'main'", "empty")
        git("update-ref", "refs/heads/main", tip, cwd=self.fleet.bare)
        self.lands(delivery, "1.2.0")

    def test_a_mirror_that_lost_a_file_is_made_anew(self):
        (mirror,) = self.service.directory.rglob("fleet.git")
        path = "clusters/prod/app.yaml"
        blob = git("rev-parse", f"main:{path}", cwd=self.fleet.bare).strip()
        loose = mirror / "objects" / blob[:2] / blob[2:]
        self.service.kill()
        # What it wrote itself is there as a file of its own; a power cut leaves half of it.
        loose.chmod(0o644)
        loose.write_bytes(loose.read_bytes()[:20])
        self.service.start()
        self.assertEqual(self.pushed(self.service, self.images, "1.2.0")["outcome"], "committed")
        self.assertIn("made a fresh mirror", self.service.process.output())


class Race(Committer):
    def test_people_and_linkspan_push_to_one_branch_and_nothing_is_lost(self):
        images = self.registry(notify=False)
        files = {"people/log.txt": "start\n"}
        for number in range(8):
            files[f"clusters/prod/app{number}.yaml"] = manifests(images.host)["clusters/prod/app.yaml"].replace(
                f"{APP}:", f"acme/app{number}:")
        fleet = self.repository(images.host, files)
        config = self.config(images, f"file://{fleet.bare}")
        config["policies"] = [
            {"name": f"app{n}", "image": f"{images.host}/acme/app{n}", "select": {"semver": "*"}} for n in range(8)]
        config["targets"][0]["policies"] = [f"app{n}" for n in range(8)]
        # Every bump is to be seen in the log, so each tag is decided by itself.
        service = self.linkspan(config)
        failures = []

        def human():
            clone = fleet.clone
            try:
                for number in range(RACE):
                    with open(clone / "people/log.txt", "a") as out:
                        out.write(f"line {number}\n")
                    git("commit", "--quiet", "-am", f"human {number}", cwd=clone)
                    for _ in range(200):
                        git("pull", "--quiet", "--rebase", "origin", "main", cwd=clone)
                        done = run(["git", "-c", "safe.directory=*", "push", "--quiet", "origin", "HEAD:main"],
                                   cwd=clone, env=real_parts.GIT_ENV, check=False)
                        if done.returncode == 0:
                            break
                    else:
                        raise RuntimeError(f"the human never got through: {done.stderr}")
            except Exception as error:  # for the main thread
                failures.append(error)

        person = threading.Thread(target=human)
        person.start()
        last = {}
        deliveries = []
        try:
            for number in range(RACE):
                app = f"acme/app{number % 8}"
                tag = f"1.{number + 1}.0"
                images.push(app, tag, layers=1)
                last[number % 8] = tag
                deliveries.append(service.ci({"image": f"{images.host}/{app}", "tag": tag})[1]["id"])
        finally:
            person.join(1200)
        self.assertFalse(failures, failures)
        outcomes = []
        for one in deliveries:
            def ended(one=one):
                trail = service.trail(one)
                return trail if trail["settled"] else None
            outcomes.append(wait_until(ended, 600, one)["events"][0]["targets"][0])
        self.assertEqual({w["outcome"] for w in outcomes} - {"committed", "already_current"}, set(), outcomes)
        for number, tag in last.items():
            self.assertIn(f"acme/app{number}:{tag}\"", fleet.show(f"clusters/prod/app{number}.yaml"))
        lines = fleet.show("people/log.txt").splitlines()
        self.assertEqual(lines, ["start", *(f"line {n}" for n in range(RACE))])
        subjects = git("log", "--reverse", "--format=%s", "main", cwd=fleet.bare).splitlines()
        self.assertEqual([s for s in subjects if s.startswith("human")], [f"human {n}" for n in range(RACE)])
        # Every commit that an outcome names is in the branch.
        history = set(fleet.log())
        for work in outcomes:
            if work["outcome"] == "committed":
                self.assertIn(work["commit"], history)
        git("fsck", "--strict", cwd=fleet.bare)


class App(Committer):
    def test_commits_through_the_token_of_a_github_app(self):
        import forges

        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        key = self.directory / "app.pem"
        run(["openssl", "genrsa", "-out", str(key), "2048"])
        public = run(["openssl", "rsa", "-in", str(key), "-pubout"]).stdout
        fake = forges.start("github_enterprise", str(repository.bare), app={"id": 7, "public_key": public})
        self.addCleanup(fake.stop)
        web = self.started(real_parts.WebServer(self.directory / "web", repository, password="test-other-password"))
        config = self.config(registry, web.url)
        config["repositories"][0]["credentials"] = {"github_app": {"app_id": "7", "private_key": {"file": str(key)}}}
        config["repositories"][0]["forge"] = {"type": "github", "url": fake.origin, "project": "acme/fleet", "token": {"file": "secret"}}
        service = self.linkspan(config)
        token = wait_until(lambda: list(fake.installation_tokens), what="a token of the installation")[0]
        # From now on, the server takes this token and nothing else.
        run(["htpasswd", "-bc", str(web.directory / "htpasswd"), "x-access-token", token])
        work = self.pushed(service, registry, "1.1.0")
        self.assertEqual(work["outcome"], "committed", work)
        self.assertEqual(repository.tip(), work["commit"])
        self.assertEqual(len(fake.installation_tokens), 1, "one token for an hour")
        self.assertNotIn(token, service.process.output())


class Plan(Fleet):
    def plan(self, config, *more, env=None):
        file = self.directory / "plan.yaml"
        file.write_text(json.dumps({**config, "store": "sqlite:nowhere.db"}))
        done = subprocess.run(
            [real_parts.linkspan_binary(), "plan", "--config", str(file), *more],
            capture_output=True, text=True, timeout=real_parts.PATIENCE, env={**os.environ, **(env or {})},
        )
        self.assertFalse((self.directory / "nowhere.db").exists(), "nothing is kept")
        return done

    def test_says_what_would_happen_and_changes_nothing(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        web = self.started(real_parts.WebServer(self.directory / "web", repository))
        for tag in ("1.0.0", "1.1.0", "2.0.0"):
            registry.push(APP, tag)
        base = repository.tip()
        config = self.config(registry, web.url)
        done = self.plan(config, "--output", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        said = json.loads(done.stdout)
        decision = said["decisions"][0]
        self.assertEqual((decision["verdict"], decision["selected"]), ("promote", "1.1.0"), decision)
        self.assertEqual(len(said["commits"]), 1)
        self.assertIn(f'+          image: "{registry.host}/{APP}:1.1.0"', said["commits"][0]["diff"])
        self.assertIn("1.1.0", said["commits"][0]["message"])
        self.assertEqual(repository.tip(), base)
        text = self.plan(config).stdout
        self.assertIn("promote", text)
        self.assertIn("commit to main of fleet", text)
        # As if another tag had been pushed, an image that nobody follows, a tag that is not there.
        done = self.plan(config, "--image", f"{registry.host}/{APP}:1.0.0", "--output", "json")
        self.assertEqual(json.loads(done.stdout)["decisions"][0]["selected"], "1.1.0")
        self.assertEqual(self.plan(config, "--image", "nginx:1").returncode, 1)
        done = self.plan(config, "--image", f"{registry.host}/{APP}:9.9.9", "--output", "json")
        self.assertEqual(json.loads(done.stdout)["decisions"][0]["verdict"], "refused", done.stdout)

    def test_windows_and_pull_requests(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        registry.push(APP, "1.1.0")
        year = time.gmtime().tm_year + 2
        config = self.config(registry, str(repository.bare), forge={"type": "gitea", "url": "http://127.0.0.1:1", "project": "acme/fleet", "token": {"env": "FORGE"}})
        config["targets"][0]["windows"] = [f"{year}-01-01/{year}-02-01 UTC"]
        config["targets"].append({"name": "staging", "repository": "fleet", "paths": ["clusters/staging"], "policies": ["flux-system:app"], "deliver": "pull_request"})
        done = self.plan(config, "--output", "json", env={"FORGE": "test-token"})
        self.assertEqual(done.returncode, 0, done.stderr)
        said = json.loads(done.stdout)
        verdicts = {d["target"]: d["verdict"] for d in said["decisions"]}
        self.assertEqual(verdicts, {"prod": "waiting", "staging": "promote"}, said)
        self.assertEqual(said["commits"], [])
        pull = said["pull_requests"][0]
        self.assertEqual((pull["target"], pull["branch"]), ("staging", "linkspan/staging"))
        for word in ("1.0.0", "1.1.0"):
            self.assertIn(word, pull["body"])

    def test_from_a_laptop_with_other_secrets_a_part_of_it_and_until_when(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        web = self.started(real_parts.WebServer(self.directory / "web", repository))
        for tag in ("1.1.0", "1.2.0"):
            registry.push(APP, tag)
        config = self.config(registry, web.url)
        # The service's secrets are not here: nothing of it is needed to look.
        config["receivers"] = [
            {"name": "registry", "type": "distribution", "auth": "bearer", "secret": {"file": "/nowhere/secret"}}]
        config["policies"].append(
            {"name": "slow", "image": f"{registry.host}/{APP}", "select": {"semver": "*"}, "soak": "1h"})
        config["targets"].append(
            {"name": "staging", "repository": "fleet", "paths": ["clusters/staging"], "policies": ["slow"]})
        base = repository.tip()

        def said(*more):
            done = self.plan(config, "--output", "json", *more)
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout)

        both = said()
        self.assertEqual([d["target"] for d in both["decisions"]], ["prod", "staging"])
        waits = both["decisions"][1]
        self.assertEqual(waits["verdict"], "waiting", waits)
        gate = next(g for g in waits["gates"] if g["gate"] == "soak")
        self.assertEqual(gate["outcome"], "waiting")
        self.assertRegex(gate["until"], r"^\d{4}-\d\d-\d\dT")
        self.assertIn("(until ", self.plan(config).stdout)
        for part in (["--target", "prod"], ["--policy", "flux-system:app"], ["--policy", "app"]):
            only = said(*part)
            self.assertEqual([(d["target"], d["selected"]) for d in only["decisions"]], [("prod", "1.2.0")], part)
            self.assertEqual(len(only["commits"]), 1)
        for wrong in (["--target", "produ"], ["--policy", "ap"]):
            done = self.plan(config, *wrong)
            self.assertEqual(done.returncode, 64, wrong)
            self.assertIn(wrong[1], done.stderr)

        # A folder that is kept has the repository for the next time, and is not the service's.
        kept = self.directory / "kept"
        first = said("--target", "prod", "--data-dir", str(kept))
        self.assertTrue((kept / "fleet.git").is_dir())
        self.assertEqual(said("--target", "prod", "--data-dir", str(kept)), first)
        data = self.directory / "data"
        self.assertEqual(self.plan({**config, "data_dir": str(data)}, "--data-dir", str(data)).returncode, 64)
        self.assertFalse(data.exists())
        self.assertEqual(repository.tip(), base)

    def test_beside_a_running_service_what_people_said_counts(self):
        registry = self.registry(notify=False)
        repository = self.repository(registry.host)
        config = self.config(registry, f"file://{repository.bare}")
        config["repositories"][0].update(skip_ci=True, sign_off=True)
        config["targets"].append({**config["targets"][0], "name": "staging", "paths": ["clusters/staging"]})
        service = self.linkspan({**config, "operators": [{"name": "alice", "role": "operator", "token": {"file": "secret"}}]})
        registry.push(APP, "1.1.0")
        _, body, _ = service.ci({"image": f"{registry.host}/{APP}", "tag": "1.1.0"})
        self.assertTrue(service.trail(body["id"])["settled"])
        git("fetch", "--quiet", "origin", cwd=repository.clone)
        git("reset", "--quiet", "--hard", "origin/main", cwd=repository.clone)
        text = repository.show("clusters/prod/app.yaml").replace(":1.1.0", ":1.0.0")
        repository.human_commit({"clusters/prod/app.yaml": text}, "Back to 1.0.0, see #12")
        file = service.config_file.with_name("beside.yaml")
        file.write_text(service.config_file.read_text())

        def said(*more):
            done = subprocess.run(
                [real_parts.linkspan_binary(), "plan", "--config", str(file), "--target", "prod", *more],
                capture_output=True, text=True, timeout=real_parts.PATIENCE, cwd=service.config_file.parent)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        def decided():
            whole = json.loads(said("--output", "json"))
            self.assertEqual(whole["holds"], {"known": True})
            return whole["decisions"][0], whole["commits"]

        decision, commits = decided()
        self.assertEqual((decision["verdict"], commits), ("held", []), decision)
        self.assertIn("Back to 1.0.0", decision["reason"])
        registry.push(APP, "1.2.0")
        decision, commits = decided()
        self.assertEqual((decision["verdict"], decision["selected"]), ("promote", "1.2.0"))
        self.assertRegex(commits[0]["message"].splitlines()[0], r"\[skip ci\]$")
        self.assertIn("Signed-off-by: ", commits[0]["message"])
        status, answer, _ = service.request(
            "POST", "/v1/targets/prod/policies/flux-system:app/hold", json.dumps({"reason": "it is Friday"}),
            {"Authorization": f"Bearer {real_parts.TEST_SECRET}"})
        self.assertIn(status, (200, 201), answer)
        decision, commits = decided()
        self.assertEqual((decision["verdict"], commits), ("held", []), decision)
        self.assertIn("held by alice: it is Friday", decision["reason"])
        # The service has not noticed, and is as it was; without it, the same is known, and its files stay as they are.
        self.assertNotIn("not known here", said())
        service.end()
        before = sorted(f.name for f in service.config_file.parent.iterdir())
        self.assertEqual(decided()[0]["verdict"], "held")
        self.assertEqual(sorted(f.name for f in service.config_file.parent.iterdir()), before)
        # Where there is no store, it says so.
        file.write_text(json.dumps({**json.loads(file.read_text()), "store": "sqlite:nowhere.db"}))
        self.assertIn("is not known here", said())
        self.assertEqual(json.loads(said("--output", "json"))["holds"]["known"], False)

    def test_leaves_no_folder_behind(self):
        registry = self.registry(notify=False)
        registry.push(APP, "1.1.0")
        listener = socket.create_server(("127.0.0.1", 0))  # takes connections, and says nothing
        self.addCleanup(listener.close)
        config = self.config(registry, f"http://127.0.0.1:{listener.getsockname()[1]}/fleet.git")
        file = self.directory / "plan.yaml"
        file.write_text(json.dumps({**config, "store": "sqlite:nowhere.db"}))
        temporary = self.directory / "tmp"
        temporary.mkdir()
        child = subprocess.Popen(
            [real_parts.linkspan_binary(), "plan", "--config", str(file)], stdout=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(temporary)})
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        wait_until(lambda: list(temporary.iterdir()), 30, "the folder")
        connection = listener.accept()[0]  # the fetch is under way
        self.addCleanup(connection.close)
        child.terminate()
        self.assertEqual(child.wait(30), 128 + 15)
        self.assertEqual(list(temporary.iterdir()), [])

    def test_what_cannot_be_asked_is_said(self):
        registry = self.registry(notify=False)
        registry.push(APP, "1.1.0")
        config = self.config(registry, str(self.directory / "nowhere.git"))
        done = self.plan(config)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("failed", done.stdout)


if __name__ == "__main__":
    unittest.main()
